//! GetBucketLogging and PutBucketLogging.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;
use wire::Detailed;

use crate::bucket::{Bucket, kind};
use crate::error::malformed_xml;
use crate::s3::S3;
use crate::{logging, region, resource};

impl S3 {
    pub async fn get_bucket_logging(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        _: GetBucketLoggingInput,
    ) -> Result<GetBucketLoggingOutput, Error> {
        let found = bucket.configuration::<LoggingEnabled>(&self, kind::LOGGING)?;
        Ok(GetBucketLoggingOutput { logging_enabled: found.map(|found| (*found).clone()) })
    }

    /// Without a target, logging ends.
    pub async fn put_bucket_logging(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        input: PutBucketLoggingInput,
    ) -> Result<PutBucketLoggingOutput, Error> {
        match &input.bucket_logging_status.logging_enabled {
            None => self.delete_configuration(&bucket, kind::LOGGING).await?,
            Some(logging) => {
                check_format(logging)?;
                let target = self.log_target(&bucket, &logging.target_bucket)?;
                logging::acl_of_logs(&self, logging, &target)?;
                // Before anybody can see it, in case that the caller does not wait; and after, in case that somebody has
                // not seen it yet and forgets it.
                self.logs.remember(&bucket.name);
                self.put_configuration(&bucket, kind::LOGGING, logging).await?;
                self.logs.remember(&bucket.name);
            }
        }
        Ok(PutBucketLoggingOutput {})
    }

    /// Logs go to a bucket of the same owner in the same region, which neither charges its readers nor keeps what it gets.
    fn log_target(&self, bucket: &Bucket, name: &str) -> Result<Arc<Bucket>, Error> {
        let invalid =
            |text| Detailed::new("InvalidTargetBucketForLogging", 400, text).with("TargetBucket", name);
        let Some(target) = self.find_bucket(name)? else {
            return Err(invalid("The target bucket for logging does not exist").into());
        };
        if target.owner() != bucket.owner() {
            let text = "The owner for the bucket to be logged and the target bucket must be the same.";
            return Err(invalid(text).into());
        }
        if target.place.region != bucket.place.region {
            let text = "Cross S3 location logging not allowed. ";
            let mut error = Detailed::new("CrossLocationLoggingProhibitted", 403, text);
            // The first region is not named.
            for (name, found) in [("SourceBucketLocation", bucket), ("TargetBucketLocation", &*target)] {
                if found.place.region != region::FIRST {
                    error = error.with(name, found.place.region.as_str());
                }
            }
            return Err(error.into());
        }
        if target.record.requester_pays {
            return Err(invalid("The target bucket for logging must not be a Requester Pays bucket.").into());
        }
        if target.record.lock_default.is_some() {
            let text = "The target bucket for logging must not have a default retention period.";
            return Err(invalid(text).into());
        }
        Ok(target)
    }
}

/// A prefix cannot be longer than a key that begins with it, and formats are known or none.
fn check_format(logging: &LoggingEnabled) -> Result<(), Error> {
    resource::check_key(&logging.target_prefix)?;
    let Some(format) = &logging.target_object_key_format else { return Ok(()) };
    match (&format.simple_prefix, &format.partitioned_prefix) {
        (Some(_), None) => Ok(()),
        (None, Some(partitioned))
            if partitioned.partition_date_source.as_ref().is_none_or(|source| source.known().is_some()) =>
        {
            Ok(())
        }
        _ => Err(malformed_xml().into()),
    }
}
