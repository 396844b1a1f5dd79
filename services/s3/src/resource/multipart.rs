//! Resolvers of uploads in parts.

use kernel::{Arn, Call, PrincipalKind};
use model_s3::Error;
use model_s3::types::*;
use policy::AclGrant;
use service::{Resource, Target};

use crate::attributes::{said, wanted};
use crate::records::Upload;
use crate::resource::{
    Copy, Place, check_key, check_regions, copy_source, named, of_write, target, to_write,
};
use crate::s3::S3;
use crate::uploads;

type Found = Result<Resource<Place>, Error>;

/// Beginning an upload needs what putting the object needs.
pub fn create_multipart_upload(s3: &S3, call: &Call, input: &CreateMultipartUploadInput) -> Found {
    let bucket = (input.bucket.as_str(), input.expected_bucket_owner.as_deref());
    let (target, place) = to_write(s3, call, bucket, &input.key)?;
    let target = of_write(s3, (target, &place.bucket), call, &said!(input), &wanted!(input), false);
    Ok(Resource::new(target, place))
}

pub fn upload_part(s3: &S3, call: &Call, input: &UploadPartInput) -> Found {
    let bucket = (input.bucket.as_str(), input.expected_bucket_owner.as_deref());
    let (target, place) = to_write(s3, call, bucket, &input.key)?;
    Ok(Resource::new(target, place))
}

pub fn upload_part_copy(s3: &S3, call: &Call, input: &UploadPartCopyInput) -> Result<Resource<Copy>, Error> {
    let bucket = (input.bucket.as_str(), input.expected_bucket_owner.as_deref());
    let (target, to) = to_write(s3, call, bucket, &input.key)?;
    let target =
        target.with_key("s3:x-amz-copy-source", input.copy_source.trim_start_matches('/').to_owned());
    let (source, from) =
        copy_source(s3, call, &input.copy_source, input.expected_source_bucket_owner.as_deref())?;
    check_regions(&to.bucket, &from.bucket)?;
    Ok(Resource::new(target, Copy { to, from }).and(source))
}

pub fn complete_multipart_upload(s3: &S3, call: &Call, input: &CompleteMultipartUploadInput) -> Found {
    let bucket = (input.bucket.as_str(), input.expected_bucket_owner.as_deref());
    let (mut target, place) = to_write(s3, call, bucket, &input.key)?;
    if let Some(tag) = &input.if_none_match {
        target = target.with_key("s3:if-none-match", tag.clone());
    }
    if input.if_match.is_some() {
        // It tells what is there.
        target = target.for_actions(["s3:PutObject", "s3:GetObject"]);
    }
    Ok(Resource::new(target, place))
}

pub fn abort_multipart_upload(s3: &S3, call: &Call, input: &AbortMultipartUploadInput) -> Found {
    let (target, place) = of_upload(
        s3,
        call,
        (&input.bucket, input.expected_bucket_owner.as_deref()),
        (&input.key, &input.upload_id),
    )?;
    Ok(Resource::new(target, place))
}

pub fn list_parts(s3: &S3, call: &Call, input: &ListPartsInput) -> Found {
    let (target, place) = of_upload(
        s3,
        call,
        (&input.bucket, input.expected_bucket_owner.as_deref()),
        (&input.key, &input.upload_id),
    )?;
    Ok(Resource::new(target, place))
}

/// An upload that is under way. No access control list speaks of it: besides those whom policies let, it is its
/// initiator's.
fn of_upload(
    s3: &S3,
    call: &Call,
    (bucket, expected_owner): (&str, Option<&str>),
    (key, id): (&str, &str),
) -> Result<(Target, Place), Error> {
    let bucket = named(s3, call, bucket, expected_owner)?;
    check_key(key)?;
    let mut target = target(s3, call, &bucket, bucket.object_arn(key), None);
    let upload = uploads::find(&mut s3.store.snapshot(), bucket.inside(), key, id)?;
    if upload.is_some_and(|upload| is_initiator(s3, call, &upload)) {
        target.acl = AclGrant::Account;
    }
    Ok((target, Place { bucket, key: key.to_owned() }))
}

/// Whether the caller began the upload, or is the account of the user who did.
fn is_initiator(s3: &S3, call: &Call, upload: &Upload) -> bool {
    if call.principal.kind == PrincipalKind::Anonymous {
        return false;
    }
    let account = || upload.initiator.parse::<Arn>().is_ok_and(|arn| arn.account() == call.principal.account);
    upload.initiator == s3.initiator(call).0 || (call.principal.kind == PrincipalKind::Root && account())
}
