//! What keeps a bucket from being public: Get-, Put- and DeletePublicAccessBlock.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;

use crate::bucket::Bucket;
use crate::error::not_configured;
use crate::records::PublicAccess;
use crate::s3::S3;

impl S3 {
    pub async fn get_public_access_block(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        _: GetPublicAccessBlockInput,
    ) -> Result<GetPublicAccessBlockOutput, Error> {
        let Some(found) = bucket.record.public_access else {
            let text = "The public access block configuration was not found";
            return Err(not_configured("NoSuchPublicAccessBlockConfiguration", text, &bucket.name).into());
        };
        let configuration = PublicAccessBlockConfiguration {
            block_public_acls: Some(found.block_acls),
            ignore_public_acls: Some(found.ignore_acls),
            block_public_policy: Some(found.block_policy),
            restrict_public_buckets: Some(found.restrict),
        };
        Ok(GetPublicAccessBlockOutput { public_access_block_configuration: Some(configuration) })
    }

    pub async fn put_public_access_block(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        input: PutPublicAccessBlockInput,
    ) -> Result<PutPublicAccessBlockOutput, Error> {
        let said = input.public_access_block_configuration.into_inner();
        let access = PublicAccess {
            block_acls: said.block_public_acls.unwrap_or(false),
            ignore_acls: said.ignore_public_acls.unwrap_or(false),
            block_policy: said.block_public_policy.unwrap_or(false),
            restrict: said.restrict_public_buckets.unwrap_or(false),
        };
        self.change(&bucket, |record, _| {
            record.public_access = Some(access);
            Ok(())
        })
        .await?;
        Ok(PutPublicAccessBlockOutput {})
    }

    pub async fn delete_public_access_block(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        _: DeletePublicAccessBlockInput,
    ) -> Result<DeletePublicAccessBlockOutput, Error> {
        self.change(&bucket, |record, _| {
            record.public_access = None;
            Ok(())
        })
        .await?;
        Ok(DeletePublicAccessBlockOutput {})
    }
}
