//! What operations touch: buckets and objects, with their policies and access control lists.

mod acl;
mod bucket;
mod listing;
mod multipart;
mod new_bucket;
mod object;
mod on_bucket;
mod on_object;
mod writes;

use std::sync::Arc;

use kernel::{Arn, Call, PrincipalKind};
use model_s3::Error;
use policy::{AclGrant, Policy};
use service::Target;

use crate::bucket::Bucket;
use crate::error::invalid_argument;
pub use crate::ops::bucket::policy::of_policy;
pub use crate::ops::bucket::replication::put_bucket_replication;
use crate::records::{Acl, Ownership, Permission};
use crate::s3::S3;

pub use bucket::*;
pub use listing::*;
pub use multipart::*;
pub use new_bucket::*;
pub use object::*;
pub use on_bucket::*;
pub use on_object::*;
pub use writes::*;

/// The bucket that a request names, or an access point that it names leads to, where the request's expectations of its
/// owner hold.
pub fn named(s3: &S3, call: &Call, name: &str, expected_owner: Option<&str>) -> Result<Arc<Bucket>, Error> {
    if let Some(owner) = expected_owner.filter(|owner| !is_account(owner)) {
        let text = format!(
            "The value of the expected bucket owner parameter must be an AWS Account ID... [{owner}]"
        );
        return Err(wire::Detailed::new("InvalidBucketOwnerAWSAccountID", 400, text).into());
    }
    let bucket = s3.reach(call, name)?;
    if expected_owner.is_some_and(|owner| owner != bucket.owner()) {
        return Err(crate::error::access_denied().into());
    }
    Ok(bucket)
}

fn is_account(text: &str) -> bool {
    const DIGITS: usize = 12;
    text.len() == DIGITS && text.bytes().all(|b| b.is_ascii_digit())
}

/// What policies are asked about a bucket or something in it.
///
/// `acl` is the list that counts, with what it has to give.
pub fn target(s3: &S3, call: &Call, bucket: &Bucket, arn: Arn, acl: Option<(&Acl, Permission)>) -> Target {
    let mut target =
        Target::new(arn).owned_by(bucket.owner()).with_key("s3:ResourceAccount", bucket.owner().to_owned());
    let lists = bucket.record.ownership != Ownership::BucketOwnerEnforced;
    let point = bucket.way.as_ref().map(|way| &way.point);
    let outside =
        |owner: &str| call.principal.account != owner && call.principal.kind != PrincipalKind::Service;
    // Whether a policy lets everybody in and the caller is one of these.
    let by_public_policy = (outside(bucket.owner())
        && (bucket.policy_is_public || point.is_some_and(|point| point.is_public)))
        || point.is_some_and(|point| point.is_public && outside(&point.place.account));
    // Most buckets are not public in any way, and then nobody has to look.
    let public_access = if by_public_policy || (lists && acl.is_some()) {
        s3.public_access(bucket)
    } else {
        Default::default()
    };
    let closed = by_public_policy && public_access.restrict;
    if let Some(point) = point {
        let door = point.door(bucket, &target.arn, closed);
        target = point.known_to(target).through(door);
    }
    if closed {
        // A policy that cannot be read: nobody from outside gets in, whatever lists give.
        return target.with_policy("");
    }
    match &bucket.policy {
        None => {}
        // What cannot be read denies.
        Some(Err(())) => target = target.with_policy(""),
        Some(Ok(policy)) => target = target.with_parsed_policy(policy.clone()),
    }
    let given = match acl {
        Some((acl, permission)) if lists => acl::given(acl, permission, call, public_access.ignore_acls),
        _ => AclGrant::Nothing,
    };
    if given != AclGrant::Nothing || bucket.policy.is_some() {
        target = target.with_acl(given, caller_id(s3, call));
    }
    target
}

/// What would be asked about a bucket if it had this policy.
pub fn target_with(s3: &S3, call: &Call, bucket: &Bucket, policy: Arc<Policy>) -> Target {
    let target = Target::new(bucket.arn.clone()).owned_by(bucket.owner()).with_parsed_policy(policy);
    target.with_acl(AclGrant::Nothing, caller_id(s3, call))
}

fn caller_id(s3: &S3, call: &Call) -> Option<String> {
    let account = &call.principal.account;
    (!account.is_empty()).then(|| s3.accounts.owner(account).canonical_id)
}

/// A key that no object can have.
pub fn check_key(key: &str) -> Result<(), Error> {
    use crate::limits::KEY_BYTES_MAX;
    if key.len() > KEY_BYTES_MAX {
        let error = wire::Detailed::new("KeyTooLongError", 400, "Your key is too long")
            .with("Size", key.len().to_string())
            .with("MaxSizeAllowed", KEY_BYTES_MAX.to_string());
        return Err(error.into());
    }
    if key.contains('\0') {
        return Err(invalid_argument("Object keys cannot contain NUL", "key", "").into());
    }
    if leads_out(key) {
        let error = wire::Detailed::new("InvalidURI", 400, "Couldn't parse the specified URI.");
        return Err(error.with("URI", key).into());
    }
    Ok(())
}

/// Whether `..` leads above the bucket anywhere in a key, read from the left ("Naming Amazon S3 objects": only such keys
/// are refused, and to others `..` is a name like any).
fn leads_out(key: &str) -> bool {
    let mut depth = 0_usize;
    for segment in key.split('/') {
        match segment {
            ".." if depth == 0 => return true,
            ".." => depth -= 1,
            "" | "." => {}
            _ => depth += 1,
        }
    }
    false
}
