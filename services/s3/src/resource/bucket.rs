//! Resolvers of operations on buckets.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::{Resource, Target};

use crate::bucket::Bucket;
use crate::records::Permission;
use crate::resource::{named, target};
use crate::s3::S3;

/// Whoever may list a bucket may know that it is there.
pub fn head_bucket(s3: &S3, call: &Call, input: &HeadBucketInput) -> Result<Resource<Arc<Bucket>>, Error> {
    let name = (input.bucket.as_str(), input.expected_bucket_owner.as_deref());
    bucket_by_acl(s3, call, name, Permission::Read, |target| target)
}

/// A bucket as the target of an operation that its access control list does not speak of.
pub fn bucket(
    s3: &S3,
    call: &Call,
    name: &str,
    expected_owner: Option<&str>,
) -> Result<Resource<Arc<Bucket>>, Error> {
    let bucket = named(s3, call, name, expected_owner)?;
    Ok(Resource::new(target(s3, call, &bucket, bucket.arn.clone(), None), bucket))
}

/// The same of one that the list speaks of, with more for the policies to know.
pub fn bucket_by_acl(
    s3: &S3,
    call: &Call,
    (name, expected_owner): (&str, Option<&str>),
    permission: Permission,
    more: impl FnOnce(Target) -> Target,
) -> Result<Resource<Arc<Bucket>>, Error> {
    let bucket = named(s3, call, name, expected_owner)?;
    let acl = Some((&bucket.record.acl, permission));
    Ok(Resource::new(more(target(s3, call, &bucket, bucket.arn.clone(), acl)), bucket))
}
