//! Resolvers of operations on objects.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use service::Target;
use store::Snapshot;

use crate::bucket::Bucket;
use crate::error::invalid_argument;
use crate::readers::Pin;
use crate::records::{Object, Ownership, Permission, Version};
use crate::resource::{check_key, named, target};
use crate::s3::S3;
use crate::versions;

/// Where an object is to be written.
pub struct Place {
    pub bucket: Arc<Bucket>,
    pub key: String,
}

/// A version that was asked for.
pub struct Asked {
    pub bucket: Arc<Bucket>,
    pub key: String,
    /// The version id that the request names.
    pub version: Option<String>,
    /// What is there.
    pub found: Option<Version>,
    /// Keeps the files of what is there from being removed.
    pub pin: Arc<Pin>,
    /// What the store held when it was found: its other rows are there, too.
    pub snapshot: Snapshot,
}

/// The object, and what policies are asked about it. Which actions they are asked for depends on whether a version is
/// named: `current` or `versioned`.
pub fn asked(
    s3: &S3,
    call: &Call,
    (bucket, expected_owner): (&str, Option<&str>),
    (key, version): (&str, Option<&str>),
    permission: Permission,
) -> Result<(Target, Asked), Error> {
    let bucket = named(s3, call, bucket, expected_owner)?;
    check_key(key)?;
    if let Some(id) = version {
        check_version(id)?;
    }
    // Before the record is read: what it names is there from then on.
    let pin = s3.readers.pin();
    let mut snapshot = s3.store.snapshot();
    let found = match version {
        None => versions::current(&mut snapshot, bucket.inside(), key)?.map(Version::Object),
        Some(id) => versions::find(&mut snapshot, bucket.inside(), key, id)?,
    };
    let object = match &found {
        Some(Version::Object(object)) => Some(object),
        _ => None,
    };
    let acl = object.and_then(|object| object.acl.as_ref()).map(|acl| (acl, permission));
    let mut target = target(s3, call, &bucket, bucket.object_arn(key), acl);
    if let Some(object) = object {
        target = of_object(target, &bucket, object);
    }
    if let Some(version) = version {
        target = target.with_key("s3:VersionId", version.to_owned());
    }
    let asked =
        Asked { bucket, key: key.to_owned(), version: version.map(str::to_owned), found, pin, snapshot };
    Ok((target, asked))
}

/// What policies may know of an object that exists. The bucket's policy says nothing of objects that others own.
fn of_object(mut target: Target, bucket: &Bucket, object: &Object) -> Target {
    let enforced = bucket.record.ownership == Ownership::BucketOwnerEnforced;
    if object.owner != bucket.owner() && !enforced {
        target.policy = None;
        target = target.owned_by(object.owner.clone());
    }
    for (key, value) in &object.tags {
        target = target.with_key(format!("s3:ExistingObjectTag/{key}"), value.clone());
    }
    target
}

/// What policies are asked about an object that is to be written: the bucket's list has to let the caller write.
pub fn to_write(
    s3: &S3,
    call: &Call,
    (bucket, expected_owner): (&str, Option<&str>),
    key: &str,
) -> Result<(Target, Place), Error> {
    let bucket = named(s3, call, bucket, expected_owner)?;
    check_key(key)?;
    let acl = Some((&bucket.record.acl, Permission::Write));
    let target = target(s3, call, &bucket, bucket.object_arn(key), acl);
    Ok((target, Place { bucket, key: key.to_owned() }))
}

/// A version id that no version can have.
pub fn check_version(id: &str) -> Result<(), Error> {
    if id == versions::NULL || versions::sequence_of(id).is_some() {
        return Ok(());
    }
    Err(invalid_argument("Invalid version id specified", "versionId", id).into())
}
