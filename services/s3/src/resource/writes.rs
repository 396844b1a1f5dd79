//! Resolvers of the operations that write and delete objects.

use std::borrow::Cow;
use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::{Each, Resource, Target};

use crate::attributes::{Said, said, wanted};
use crate::bucket::Bucket;
use crate::copy_source::CopySource;
use crate::error::{invalid_request, malformed_xml};
use crate::limits::DELETE_MAX;
use crate::object_tags;
use crate::records::Permission;
use crate::resource::on_object::{with_tags, with_until};
use crate::resource::{Asked, Place, asked, named, target as target_of, to_write};
use crate::s3::S3;
use crate::sealing::Wanted;

/// What a write needs besides `s3:PutObject`, and what policies may know of it.
pub fn of_write(
    s3: &S3,
    (mut target, bucket): (Target, &Bucket),
    call: &Call,
    said: &Said<'_>,
    wanted: &Wanted<'_>,
    reads: bool,
) -> Target {
    let mut actions: Vec<Cow<'static, str>> = vec!["s3:PutObject".into()];
    if reads {
        actions.push("s3:GetObject".into());
    }
    if !said.acl.is_empty() {
        if !said.acl.is_for_bucket_owner(s3, bucket.owner()) {
            actions.push("s3:PutObjectAcl".into());
        }
        target = said.acl.condition_keys().fold(target, |target, (name, value)| target.with_key(name, value));
    }
    if let Some(tagging) = said.tagging {
        actions.push("s3:PutObjectTagging".into());
        // What is malformed is refused by the handler.
        let tags = object_tags::of_header(tagging).unwrap_or_default();
        target = with_tags(target, tags.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    }
    if let Some(mode) = said.lock.mode {
        target = target.with_key("s3:object-lock-mode", mode.to_owned());
    }
    if said.lock.mode.is_some() || said.lock.until.is_some() {
        actions.push("s3:PutObjectRetention".into());
    }
    if let Some(until) = said.lock.until {
        target = with_until(target, call, until);
    }
    if let Some(hold) = said.lock.hold {
        actions.push("s3:PutObjectLegalHold".into());
        target = target.with_key("s3:object-lock-legal-hold", hold.to_owned());
    }
    let class = said.storage_class.map(|class| ("s3:x-amz-storage-class", class));
    let algorithm = wanted.algorithm.map(|algorithm| ("s3:x-amz-server-side-encryption", algorithm));
    let key = wanted.kms_key.map(|key| ("s3:x-amz-server-side-encryption-aws-kms-key-id", key));
    let customer = wanted.customer.algorithm;
    let customer = customer.map(|name| ("s3:x-amz-server-side-encryption-customer-algorithm", name));
    for (name, value) in [class, algorithm, key, customer].into_iter().flatten() {
        target = target.with_key(name, value.to_owned());
    }
    target.for_actions(actions)
}

pub fn put_object(s3: &S3, call: &Call, input: &PutObjectInput) -> Result<Resource<Place>, Error> {
    let (target, place) =
        to_write(s3, call, (&input.bucket, input.expected_bucket_owner.as_deref()), &input.key)?;
    let target =
        of_write(s3, (target, &place.bucket), call, &said!(input), &wanted!(input), input.if_match.is_some());
    let target = match &input.if_none_match {
        Some(tag) => target.with_key("s3:if-none-match", tag.clone()),
        None => target,
    };
    Ok(Resource::new(target, place))
}

/// The destination, and what is to be copied.
pub struct Copy {
    pub to: Place,
    pub from: Asked,
}

pub fn copy_object(s3: &S3, call: &Call, input: &CopyObjectInput) -> Result<Resource<Copy>, Error> {
    let (target, to) =
        to_write(s3, call, (&input.bucket, input.expected_bucket_owner.as_deref()), &input.key)?;
    let mut target =
        of_write(s3, (target, &to.bucket), call, &said!(input), &wanted!(input), input.if_match.is_some());
    if let Some(directive) = &input.metadata_directive {
        target = target.with_key("s3:x-amz-metadata-directive", directive.as_str().to_owned());
    }
    target = target.with_key("s3:x-amz-copy-source", input.copy_source.trim_start_matches('/').to_owned());
    let (source, from) =
        copy_source(s3, call, &input.copy_source, input.expected_source_bucket_owner.as_deref())?;
    check_regions(&to.bucket, &from.bucket)?;
    Ok(Resource::new(target, Copy { to, from }).and(source))
}

/// Access points take copies within their region only.
pub fn check_regions(to: &Bucket, from: &Bucket) -> Result<(), Error> {
    if to.place.region == from.place.region || (to.way.is_none() && from.way.is_none()) {
        return Ok(());
    }
    let text = "Copying through access points is only supported within the same Region.";
    Err(invalid_request(text).into())
}

/// The object that a copy reads, and what policies are asked about it.
pub fn copy_source(
    s3: &S3,
    call: &Call,
    header: &str,
    expected_owner: Option<&str>,
) -> Result<(Target, Asked), Error> {
    let source = CopySource::parse(header)?;
    let (target, from) = asked(
        s3,
        call,
        (&source.bucket, expected_owner),
        (&source.key, source.version.as_deref()),
        Permission::Read,
    )?;
    let action = if source.version.is_some() { "s3:GetObjectVersion" } else { "s3:GetObject" };
    let target = target.for_actions([action]);
    if from.found.is_none() && s3.may_list(call, &from.bucket, &from.key) {
        // Who may list the bucket may be told that it is not there.
        let acl = Some((&from.bucket.record.acl, Permission::Read));
        let bucket = target_of(s3, call, &from.bucket, from.bucket.arn.clone(), acl);
        let bucket = bucket.with_key("s3:prefix", from.key.clone()).for_actions(["s3:ListBucket"]);
        return Ok((bucket, from));
    }
    Ok((target, from))
}

/// What is to be deleted.
pub struct Deletion {
    pub bucket: Arc<Bucket>,
    pub key: String,
    pub version: Option<String>,
}

pub fn delete_object(s3: &S3, call: &Call, input: &DeleteObjectInput) -> Result<Resource<Deletion>, Error> {
    let (target, place) =
        to_write(s3, call, (&input.bucket, input.expected_bucket_owner.as_deref()), &input.key)?;
    if let Some(id) = &input.version_id {
        super::object::check_version(id)?;
    }
    let bypass = input.bypass_governance_retention == Some(true);
    let conditional = input.if_match.is_some();
    let target = of_deletion(target, input.version_id.as_deref(), bypass, conditional);
    let version = input.version_id.clone();
    Ok(Resource::new(target, Deletion { bucket: place.bucket, key: place.key, version }))
}

/// What deleting an object or a version asks for.
pub fn of_deletion(target: Target, version: Option<&str>, bypass: bool, conditional: bool) -> Target {
    let mut actions = match version {
        Some(_) => vec!["s3:DeleteObjectVersion"],
        None => vec!["s3:DeleteObject"],
    };
    // Only versions are retained: without a version nothing is lost.
    if bypass && version.is_some() {
        actions.push("s3:BypassGovernanceRetention");
    }
    if conditional {
        actions.push("s3:GetObject");
    }
    let target = match version {
        Some(version) => target.with_key("s3:VersionId", version.to_owned()),
        None => target,
    };
    target.for_actions(actions)
}

/// Each object is asked about by itself: one that may not be deleted is an error in the answer.
pub fn delete_objects(
    s3: &S3,
    call: &Call,
    input: &DeleteObjectsInput,
) -> Result<Each<Arc<Bucket>, Deletion>, Error> {
    let bucket = named(s3, call, &input.bucket, input.expected_bucket_owner.as_deref())?;
    let objects = &input.delete.objects;
    if objects.is_empty() || objects.len() > DELETE_MAX {
        return Err(malformed_xml().into());
    }
    let bypass = input.bypass_governance_retention == Some(true);
    let part = |object: &ObjectIdentifier| {
        let acl = Some((&bucket.record.acl, Permission::Write));
        let target = target_of(s3, call, &bucket, bucket.object_arn(&object.key), acl);
        let target = of_deletion(target, object.version_id.as_deref(), bypass, object.e_tag.is_some());
        let (key, version) = (object.key.to_string(), object.version_id.clone());
        (target, Deletion { bucket: bucket.clone(), key, version })
    };
    let parts = objects.iter().map(part).collect();
    Ok(Each::new(bucket, parts))
}
