//! Who owns objects: Get-, Put- and DeleteBucketOwnershipControls.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;
use wire::Open;

use crate::acl_input::private;
use crate::bucket::Bucket;
use crate::error::{malformed_xml, not_configured};
use crate::ops::bucket::acl::not_with_enforced_owner;
use crate::records::Ownership;
use crate::s3::S3;

impl S3 {
    pub async fn get_bucket_ownership_controls(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        _: GetBucketOwnershipControlsInput,
    ) -> Result<GetBucketOwnershipControlsOutput, Error> {
        if !bucket.record.ownership_controls {
            let text = "The bucket ownership controls were not found";
            return Err(not_configured("OwnershipControlsNotFoundError", text, &bucket.name).into());
        }
        let ownership = Open::Known(ObjectOwnership::from(bucket.record.ownership));
        let rules = vec![OwnershipControlsRule { object_ownership: ownership.into() }];
        Ok(GetBucketOwnershipControlsOutput {
            ownership_controls: Some(OwnershipControls { rules: rules.into() }),
        })
    }

    pub async fn put_bucket_ownership_controls(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        input: PutBucketOwnershipControlsInput,
    ) -> Result<PutBucketOwnershipControlsOutput, Error> {
        let [rule] = input.ownership_controls.rules.as_slice() else { return Err(malformed_xml().into()) };
        let ownership = rule.object_ownership.known().map(Ownership::from).ok_or_else(malformed_xml)?;
        self.change(&bucket, |record, _| {
            let enforced = ownership == Ownership::BucketOwnerEnforced;
            if enforced && record.acl != private(bucket.owner()) {
                return Err(not_with_enforced_owner().into());
            }
            (record.ownership, record.ownership_controls) = (ownership, true);
            Ok(())
        })
        .await?;
        Ok(PutBucketOwnershipControlsOutput {})
    }

    /// Without controls, whoever writes an object owns it.
    pub async fn delete_bucket_ownership_controls(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        _: DeleteBucketOwnershipControlsInput,
    ) -> Result<DeleteBucketOwnershipControlsOutput, Error> {
        self.change(&bucket, |record, _| {
            (record.ownership, record.ownership_controls) = (Ownership::ObjectWriter, false);
            Ok(())
        })
        .await?;
        Ok(DeleteBucketOwnershipControlsOutput {})
    }
}
