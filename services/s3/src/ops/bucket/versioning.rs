//! GetBucketVersioning and PutBucketVersioning.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;
use wire::{Detailed, Open};

use crate::bucket::{Bucket, kind};
use crate::error::not_implemented;
use crate::records::Versioning;
use crate::s3::S3;

impl S3 {
    pub async fn get_bucket_versioning(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        _: GetBucketVersioningInput,
    ) -> Result<GetBucketVersioningOutput, Error> {
        let status = match bucket.record.versioning {
            Versioning::Never => None,
            Versioning::Enabled => Some(BucketVersioningStatus::Enabled),
            Versioning::Suspended => Some(BucketVersioningStatus::Suspended),
        };
        Ok(GetBucketVersioningOutput { status: status.map(Open::Known), ..Default::default() })
    }

    pub async fn put_bucket_versioning(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        input: PutBucketVersioningInput,
    ) -> Result<PutBucketVersioningOutput, Error> {
        let said = &input.versioning_configuration;
        if input.mfa.is_some() || said.mfa_delete.as_ref().and_then(Open::known) == Some(MfaDelete::Enabled) {
            return Err(not_implemented("MfaDelete").into());
        }
        let versioning = match said.status.as_ref().and_then(Open::known) {
            Some(BucketVersioningStatus::Enabled) => Versioning::Enabled,
            Some(BucketVersioningStatus::Suspended) => Versioning::Suspended,
            None => {
                let text = "The Versioning element must be specified";
                return Err(Detailed::new("IllegalVersioningConfigurationException", 400, text).into());
            }
        };
        self.change(&bucket, |record, _| {
            if versioning == Versioning::Suspended && record.lock {
                return Err(bound("An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.").into());
            }
            if versioning == Versioning::Suspended && record.has(kind::REPLICATION) {
                let text = "A replication configuration is present on this bucket, so you cannot change the versioning state. To change the versioning state, first delete the replication configuration.";
                return Err(bound(text).into());
            }
            record.versioning = versioning;
            Ok(())
        })
        .await?;
        Ok(PutBucketVersioningOutput {})
    }
}

fn bound(text: &'static str) -> Detailed {
    Detailed::new("InvalidBucketState", 409, text)
}
