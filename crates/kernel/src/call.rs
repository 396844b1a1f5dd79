//! One API call as a handler sees it: who calls, in which account and region, when, through which address.

use std::net::IpAddr;

use crate::{Arn, Timestamp};

/// Everything a handler may know of the call besides its input. Made by the gateway, once per request.
#[derive(Clone, Debug)]
pub struct Call {
    /// Unique per request; goes out in `x-amzn-RequestId` and into every log line.
    pub request_id: String,
    /// The operation's service, by its endpoint prefix (`sqs`).
    pub service: &'static str,
    /// The operation's name.
    pub operation: &'static str,
    /// The caller's account, 12 digits: where new resources go and where names are looked up.
    pub account: String,
    /// The region the request was signed for.
    pub region: String,
    /// When the request arrived. A handler uses this one moment throughout.
    pub now: Timestamp,
    /// Who calls.
    pub principal: Principal,
    /// The address by which the caller reached us, for the URLs that answers contain.
    pub endpoint: Endpoint,
    /// The peer's address; `None` for calls from inside.
    pub source_ip: Option<IpAddr>,
}

/// An authenticated caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// What kind of caller.
    pub kind: PrincipalKind,
    /// The caller's account.
    pub account: String,
    /// The ARN that `sts:GetCallerIdentity` shows.
    pub arn: Arn,
    /// The unique id that `sts:GetCallerIdentity` shows as `UserId`.
    pub user_id: String,
    /// The access key that signed.
    pub access_key: String,
}

/// Kinds of caller, as policies tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrincipalKind {
    /// An account's root user.
    Root,
    /// A user of an account.
    User,
    /// A session of a role.
    AssumedRole,
    /// One of our own services acting for a resource.
    Service,
}

/// Scheme and authority of the address that the caller used, as in `http` and `localhost:4566`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// `http` or `https`.
    pub scheme: &'static str,
    /// Host and, where it is not the scheme's own, port.
    pub authority: String,
}

impl Principal {
    /// The root user of `account`, signing with `access_key`.
    pub fn root(account: &str, access_key: &str) -> Self {
        Self {
            kind: PrincipalKind::Root,
            account: account.to_owned(),
            arn: Arn::aws("iam", "", account, "root"),
            user_id: account.to_owned(),
            access_key: access_key.to_owned(),
        }
    }
}

impl Call {
    /// The ARN of `resource` of this call's service, in its region and account.
    pub fn arn(&self, resource: &str) -> Arn {
        Arn::aws(self.service, &self.region, &self.account, resource)
    }
}
