//! What operations touch: buckets and objects, with their policies and access control lists.

mod acl;
mod bucket;
mod object;

use std::sync::Arc;

use kernel::{Arn, Call, PrincipalKind};
use model_s3::Error;
use policy::AclGrant;
use service::Target;

use crate::bucket::Bucket;
use crate::error::{invalid_argument, no_such_bucket};
use crate::public;
use crate::records::{Acl, Ownership, Permission};
use crate::s3::S3;

pub use bucket::*;
pub use object::*;

/// The bucket that a request names, where the request's expectations of its owner hold.
pub fn named(s3: &S3, name: &str, expected_owner: Option<&str>) -> Result<Arc<Bucket>, Error> {
    let bucket = s3.bucket(name)?;
    if expected_owner.is_some_and(|owner| owner != bucket.owner()) {
        return Err(crate::error::access_denied().into());
    }
    Ok(bucket)
}

/// What policies are asked about a bucket or something in it.
///
/// `acl` is the list that counts, with what it has to give.
pub fn target(s3: &S3, call: &Call, bucket: &Bucket, arn: Arn, acl: Option<(&Acl, Permission)>) -> Target {
    let mut target = Target::new(arn).owned_by(bucket.owner());
    let outside = call.principal.account != bucket.owner() && call.principal.kind != PrincipalKind::Service;
    let public_access = bucket.record.public_access.unwrap_or_default();
    match &bucket.policy {
        None => {}
        // What cannot be read denies.
        Some(Err(())) => target = target.with_policy(""),
        Some(Ok(policy)) if outside && public_access.restrict && public::policy_is_public(policy) => {}
        Some(Ok(policy)) => target = target.with_parsed_policy(policy.clone()),
    }
    let given = match acl {
        Some((acl, permission)) if bucket.record.ownership != Ownership::BucketOwnerEnforced => {
            acl::given(acl, permission, call, public_access.ignore_acls)
        }
        _ => AclGrant::Nothing,
    };
    if given != AclGrant::Nothing || bucket.policy.is_some() {
        let account = &call.principal.account;
        let id = (!account.is_empty()).then(|| s3.accounts.owner(account).canonical_id);
        target = target.with_acl(given, id);
    }
    target
}

/// A bucket's name that no bucket can have.
pub fn check_name(name: &str) -> Result<(), Error> {
    if name.is_empty() { Err(no_such_bucket(name).into()) } else { Ok(()) }
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
    Ok(())
}
