//! HeadBucket and GetBucketLocation.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;
use wire::{Enum as _, Open};

use crate::bucket::Bucket;
use crate::region;
use crate::s3::S3;

impl S3 {
    pub async fn head_bucket(
        self: Arc<Self>,
        _call: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        _input: HeadBucketInput,
    ) -> Result<HeadBucketOutput, Error> {
        Ok(HeadBucketOutput {
            bucket_arn: Some(bucket.arn.to_string()),
            bucket_region: Some(bucket.place.region.clone()),
            access_point_alias: Some(bucket.way.as_ref().is_some_and(|way| way.by_alias)),
            ..Default::default()
        })
    }

    /// The first region is known by having no constraint.
    pub async fn get_bucket_location(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        _: GetBucketLocationInput,
    ) -> Result<GetBucketLocationOutput, Error> {
        let region = match bucket.place.region.as_str() {
            region::FIRST => {
                return Ok(GetBucketLocationOutput { location_constraint: Some(Open::default()) });
            }
            _ if bucket.record.eu => region::EU,
            region => region,
        };
        let constraint = BucketLocationConstraint::parse(region);
        let constraint = constraint.map_or_else(|| Open::Unknown(region.to_owned()), Open::Known);
        Ok(GetBucketLocationOutput { location_constraint: Some(constraint) })
    }
}
