//! Where logs go, and whether they may: the log bucket's policy or list has to let the logging service write. This is asked
//! when a log is written, not when it is configured: the real service configures what it may not do (recorded).

use kernel::{Call, Principal, PrincipalKind};
use model_s3::Error;
use model_s3::types::{AccessControlPolicy, Grant, LoggingEnabled, Permission};
use wire::Open;

use crate::acl_input::{AclInput, Owners, private};
use crate::bucket::Bucket;
use crate::public;
use crate::records::{self, Acl, Ownership};
use crate::resource;
use crate::s3::S3;

/// The service that writes logs, as policies name it without its domain.
const SERVICE: &str = "logging.s3";

/// A call of the logging service for a bucket that is logged.
pub fn logger(s3: &S3, source: &Bucket) -> Call {
    let place = (source.owner(), source.place.region.as_str());
    Call {
        principal: Principal::service(SERVICE, source.owner()),
        source: Some(source.arn.clone()),
        ..Call::of_service("s3", place, s3.ids.uuid(), s3.clock.now())
    }
}

/// Whether this is the logging service.
pub fn is_logger(call: &Call) -> bool {
    call.principal.kind == PrincipalKind::Service && call.principal.user_id == "logging.s3.amazonaws.com"
}

/// Whether the log bucket lets a log be written. What it allows for the prefix itself, it allows for all logs with it.
pub fn may_write(s3: &S3, call: &Call, target: &Bucket, (prefix, key): (&str, &str)) -> bool {
    [key, prefix].into_iter().any(|name| {
        let acl = Some((&target.record.acl, records::Permission::Write));
        let asked = resource::target(s3, call, target, target.object_arn(name), acl);
        s3.may(call, &asked.for_actions(["s3:PutObject"]))
    })
}

/// The list of a log: its bucket's owner's, and what the configuration grants.
///
/// # Errors
/// `AccessControlListNotSupported` where lists do not count, `AccessDenied` where they may not be public, and those of
/// grants.
pub fn acl_of_logs(s3: &S3, configuration: &LoggingEnabled, target: &Bucket) -> Result<Option<Acl>, Error> {
    let grants = configuration.target_grants.as_deref().unwrap_or_default();
    if grants.is_empty() {
        return Ok(None);
    }
    if target.record.ownership == Ownership::BucketOwnerEnforced {
        return Err(crate::error::acl_not_supported().into());
    }
    let of = |grant: &model_s3::types::TargetGrant| Grant {
        grantee: grant.grantee.clone(),
        // The permissions of logs are among those of all lists, by the same names.
        permission: grant.permission.as_ref().map(|permission| known(permission.as_str())),
    };
    let document = AccessControlPolicy {
        grants: Some(grants.iter().map(of).collect()),
        owner: Some(crate::acl_input::owner(s3, target.owner())),
    };
    let said = AclInput { document: Some(&document), ..Default::default() };
    let owners = Owners { resource: target.owner(), bucket: target.owner() };
    let Some(granted) = said.list(s3, owners)? else { return Ok(None) };
    let mut acl = private(target.owner());
    acl.grants.extend(granted.grants);
    public::check_acl(s3.public_access(target), &acl)?;
    Ok(Some(acl))
}

fn known(name: &str) -> Open<Permission> {
    use wire::Enum as _;
    Permission::parse(name).map_or_else(|| Open::Unknown(name.to_owned()), Open::Known)
}
