//! Resolvers of lists of what lies in a bucket.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::{Resource, Target};

use crate::bucket::Bucket;
use crate::records::Permission;
use crate::resource::bucket_by_acl;
use crate::s3::S3;

pub fn list_objects(s3: &S3, call: &Call, input: &ListObjectsInput) -> Result<Resource<Arc<Bucket>>, Error> {
    let name = (input.bucket.as_str(), input.expected_bucket_owner.as_deref());
    bucket_by_acl(s3, call, name, Permission::Read, |target| {
        listed(target, input.prefix.as_deref(), input.delimiter.as_deref(), input.max_keys)
    })
}

pub fn list_objects_v2(
    s3: &S3,
    call: &Call,
    input: &ListObjectsV2Input,
) -> Result<Resource<Arc<Bucket>>, Error> {
    let name = (input.bucket.as_str(), input.expected_bucket_owner.as_deref());
    bucket_by_acl(s3, call, name, Permission::Read, |target| {
        listed(target, input.prefix.as_deref(), input.delimiter.as_deref(), input.max_keys)
    })
}

pub fn list_object_versions(
    s3: &S3,
    call: &Call,
    input: &ListObjectVersionsInput,
) -> Result<Resource<Arc<Bucket>>, Error> {
    let name = (input.bucket.as_str(), input.expected_bucket_owner.as_deref());
    bucket_by_acl(s3, call, name, Permission::Read, |target| {
        listed(target, input.prefix.as_deref(), input.delimiter.as_deref(), input.max_keys)
    })
}

pub fn list_multipart_uploads(
    s3: &S3,
    call: &Call,
    input: &ListMultipartUploadsInput,
) -> Result<Resource<Arc<Bucket>>, Error> {
    let name = (input.bucket.as_str(), input.expected_bucket_owner.as_deref());
    bucket_by_acl(s3, call, name, Permission::Read, |target| {
        listed(target, input.prefix.as_deref(), input.delimiter.as_deref(), None)
    })
}

/// What a list is limited to, for policies that let only some of it be listed.
fn listed(
    mut target: Target,
    prefix: Option<&str>,
    delimiter: Option<&str>,
    max_keys: Option<i32>,
) -> Target {
    for (name, value) in [("s3:prefix", prefix), ("s3:delimiter", delimiter)] {
        if let Some(value) = value {
            target = target.with_key(name, value.to_owned());
        }
    }
    match max_keys {
        Some(max_keys) => target.with_key("s3:max-keys", i64::from(max_keys)),
        None => target,
    }
}
