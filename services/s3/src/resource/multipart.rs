//! Resolvers of uploads in parts.

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::{Resource, Target};

use crate::acl_input::acl_headers;
use crate::object_tags;
use crate::resource::{Place, check_key, named, target, to_write};
use crate::s3::S3;

type Found = Result<Resource<Place>, Error>;

/// Beginning an upload needs what putting the object needs.
pub fn create_multipart_upload(s3: &S3, call: &Call, input: &CreateMultipartUploadInput) -> Found {
    let bucket = (input.bucket.as_str(), input.expected_bucket_owner.as_deref());
    let (mut target, place) = to_write(s3, call, bucket, &input.key)?;
    let mut actions = vec!["s3:PutObject"];
    let acl = acl_headers!(input);
    if !acl.is_empty() {
        actions.push("s3:PutObjectAcl");
        for (name, value) in acl.condition_keys() {
            target = target.with_key(name, value);
        }
    }
    if let Some(tagging) = &input.tagging {
        actions.push("s3:PutObjectTagging");
        // What is wrong with them, the operation says.
        for (key, value) in object_tags::of_header(tagging).unwrap_or_default() {
            target = target.with_key(format!("s3:RequestObjectTag/{key}"), value);
        }
        let keys: Vec<String> = object_tags::of_header(tagging).unwrap_or_default().into_keys().collect();
        target = target.with_keys("s3:RequestObjectTagKeys", keys);
    }
    if input.object_lock_mode.is_some() || input.object_lock_retain_until_date.is_some() {
        actions.push("s3:PutObjectRetention");
    }
    if input.object_lock_legal_hold_status.is_some() {
        actions.push("s3:PutObjectLegalHold");
    }
    let said = [
        ("s3:x-amz-server-side-encryption", input.server_side_encryption.as_ref().map(wire::Open::as_str)),
        ("s3:x-amz-server-side-encryption-aws-kms-key-id", input.ssekms_key_id.as_deref()),
        ("s3:x-amz-server-side-encryption-customer-algorithm", input.sse_customer_algorithm.as_deref()),
        ("s3:x-amz-storage-class", input.storage_class.as_ref().map(wire::Open::as_str)),
        ("s3:x-amz-website-redirect-location", input.website_redirect_location.as_deref()),
        ("s3:object-lock-mode", input.object_lock_mode.as_ref().map(wire::Open::as_str)),
        ("s3:object-lock-legal-hold", input.object_lock_legal_hold_status.as_ref().map(wire::Open::as_str)),
    ];
    for (name, value) in said {
        if let Some(value) = value {
            target = target.with_key(name, value.to_owned());
        }
    }
    Ok(Resource::new(target.for_actions(actions), place))
}

pub fn upload_part(s3: &S3, call: &Call, input: &UploadPartInput) -> Found {
    let bucket = (input.bucket.as_str(), input.expected_bucket_owner.as_deref());
    let (target, place) = to_write(s3, call, bucket, &input.key)?;
    Ok(Resource::new(target, place))
}

pub fn complete_multipart_upload(s3: &S3, call: &Call, input: &CompleteMultipartUploadInput) -> Found {
    let bucket = (input.bucket.as_str(), input.expected_bucket_owner.as_deref());
    let (mut target, place) = to_write(s3, call, bucket, &input.key)?;
    for (name, value) in [("s3:if-match", &input.if_match), ("s3:if-none-match", &input.if_none_match)] {
        if let Some(value) = value {
            target = target.with_key(name, value.clone());
        }
    }
    Ok(Resource::new(target, place))
}

pub fn abort_multipart_upload(s3: &S3, call: &Call, input: &AbortMultipartUploadInput) -> Found {
    let (target, place) = of_upload(s3, call, &input.bucket, input.expected_bucket_owner.as_deref(), &input.key)?;
    Ok(Resource::new(target, place))
}

pub fn list_parts(s3: &S3, call: &Call, input: &ListPartsInput) -> Found {
    let (target, place) = of_upload(s3, call, &input.bucket, input.expected_bucket_owner.as_deref(), &input.key)?;
    Ok(Resource::new(target, place))
}

/// An upload that is under way: no access control list speaks of it.
fn of_upload(
    s3: &S3,
    call: &Call,
    bucket: &str,
    expected_owner: Option<&str>,
    key: &str,
) -> Result<(Target, Place), Error> {
    let bucket = named(s3, bucket, expected_owner)?;
    check_key(key)?;
    let target = target(s3, call, &bucket, bucket.object_arn(key), None);
    Ok((target, Place { bucket, key: key.to_owned() }))
}
