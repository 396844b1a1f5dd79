//! Resolvers of operations on buckets as such: on one that is to be, on all of an account, and on access control lists.

use std::sync::Arc;

use kernel::{Arn, Call};
use model_s3::Error;
use model_s3::types::*;
use service::{Resource, Target};

use crate::acl_input::{AclInput, acl_headers};
use crate::bucket::{Bucket, bucket_arn};
use crate::ops::bucket::create_bucket::{NewBucket, acl_of, begins_anew};
use crate::records::Permission;
use crate::region;
use crate::resource::bucket_by_acl;
use crate::s3::S3;

/// A bucket that is to be: whatever is said of it at once needs the permission to say it.
pub fn create_bucket(s3: &S3, call: &Call, input: &CreateBucketInput) -> Result<Resource<NewBucket>, Error> {
    crate::bucket_name::check(&input.bucket)?;
    let configuration = input.create_bucket_configuration.as_ref();
    let acl = acl_of(input);
    let mut actions = vec!["s3:CreateBucket"];
    if !acl.is_empty() {
        actions.push("s3:PutBucketAcl");
    }
    if input.object_lock_enabled_for_bucket == Some(true) {
        actions.extend(["s3:PutBucketObjectLockConfiguration", "s3:PutBucketVersioning"]);
    }
    if input.object_ownership.is_some() {
        actions.push("s3:PutBucketOwnershipControls");
    }
    let tags = configuration.and_then(|configuration| configuration.tags.as_deref()).unwrap_or_default();
    if !tags.is_empty() {
        actions.push("s3:TagResource");
    }
    let mut target =
        Target::new(bucket_arn(&input.bucket)).owned_by(call.account.clone()).for_actions(actions);
    let tags = tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()));
    target = with_acl_keys(target.with_request_tags(tags), &acl);
    let region = region::wanted(call, configuration)?;
    if let Some(constraint) = configuration.and_then(|found| found.location_constraint.as_ref()) {
        target = target.with_key("s3:locationconstraint", constraint.as_str().to_owned());
    }
    let Some(before) = s3.find_bucket(&input.bucket)? else {
        return Ok(Resource::new(target, NewBucket { region, before: None }));
    };
    if !begins_anew(s3, call, input, &before) {
        return Ok(Resource::new(target, NewBucket { region, before: None }));
    }
    // The list of a bucket that is there is changed, about which the bucket's policy may have something to say.
    let counts = Some((&before.record.acl, Permission::WriteAcp));
    let there = super::target(s3, call, &before, before.arn.clone(), counts).for_actions(["s3:PutBucketAcl"]);
    let there = with_acl_keys(there, &acl);
    Ok(Resource::new(target, NewBucket { region, before: Some(before) }).and(there))
}

/// All buckets of the caller's account.
pub fn list_buckets(_: &S3, call: &Call, _: &ListBucketsInput) -> Result<Resource<()>, Error> {
    let target = Target::new(Arn::aws("s3", "", "", "*")).owned_by(call.account.clone());
    Ok(Resource::new(target, ()))
}

/// A bucket whose list is read.
pub fn get_bucket_acl(
    s3: &S3,
    call: &Call,
    input: &GetBucketAclInput,
) -> Result<Resource<Arc<Bucket>>, Error> {
    let name = (input.bucket.as_str(), input.expected_bucket_owner.as_deref());
    bucket_by_acl(s3, call, name, Permission::ReadAcp, |target| target)
}

/// A bucket whose list is written.
pub fn put_bucket_acl(
    s3: &S3,
    call: &Call,
    input: &PutBucketAclInput,
) -> Result<Resource<Arc<Bucket>>, Error> {
    let name = (input.bucket.as_str(), input.expected_bucket_owner.as_deref());
    let acl = AclInput { write: input.grant_write.as_deref(), ..acl_headers!(input) };
    bucket_by_acl(s3, call, name, Permission::WriteAcp, |target| with_acl_keys(target, &acl))
}

/// The same with what policies may know of the list that a request brings.
pub fn with_acl_keys(mut target: Target, acl: &AclInput<'_>) -> Target {
    for (key, value) in acl.condition_keys() {
        target = target.with_key(key, value);
    }
    target
}
