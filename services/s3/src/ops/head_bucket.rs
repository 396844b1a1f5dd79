//! HeadBucket and GetBucketLocation.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;

use crate::bucket::Bucket;
use crate::s3::S3;

impl S3 {
    pub async fn head_bucket(
        self: Arc<Self>,
        _call: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        _input: HeadBucketInput,
    ) -> Result<HeadBucketOutput, Error> {
        Ok(HeadBucketOutput {
            bucket_region: Some(bucket.place.region.clone()),
            access_point_alias: Some(false),
            ..Default::default()
        })
    }
}
