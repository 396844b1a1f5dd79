//! One API call as a handler sees it: who calls, in which account and region, when, through which address.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

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
    /// The client's own description of itself.
    pub user_agent: Option<String>,
    /// The page that the client says it came from.
    pub referer: Option<String>,
    /// The services through which the caller's request came, the first called first, as in `secretsmanager`.
    pub called_via: Vec<&'static str>,
    /// For a service that acts for a resource: which one.
    pub source: Option<Arn>,
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
    /// The access key that signed; empty for services and for those who did not sign.
    pub access_key: String,
    /// For temporary credentials: what the session was given.
    pub session: Option<Arc<Session>>,
}

/// What temporary credentials carry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// The ARN, with its path, of the role or user behind the session.
    pub issuer_arn: String,
    /// The unique id of that role or user: a new one of the same name is another.
    pub issuer_id: String,
    /// The session's name, where it has one.
    pub name: String,
    /// When the credentials were issued.
    pub issued: Timestamp,
    /// When they end.
    pub expires: Timestamp,
    /// When the caller showed a second factor, if so.
    pub mfa: Option<Timestamp>,
    /// Tags of the session.
    pub tags: BTreeMap<String, String>,
    /// Those of them that pass on to the next session of a chain.
    pub transitive: Vec<String>,
    /// Who is behind the session, said once and passed on.
    pub source_identity: Option<String>,
    /// Policies that limit the session: documents.
    pub policies: Vec<String>,
    /// ARNs of managed policies that limit the session.
    pub policy_arns: Vec<String>,
    /// The provider that vouched for the caller.
    pub provider: Option<String>,
    /// Condition keys the provider's proof set, as in `token.actions.githubusercontent.com:sub`.
    pub claims: BTreeMap<String, Vec<String>>,
    /// Whether the session was begun by another session of a role.
    pub chained: bool,
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
    /// A session of `sts:GetFederationToken`.
    FederatedUser,
    /// One of our own services acting for a resource.
    Service,
    /// Nobody: the request is not signed.
    Anonymous,
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
            session: None,
        }
    }

    /// The service `name`, as in `sns`, in an account.
    pub fn service(name: &str, account: &str) -> Self {
        Self {
            kind: PrincipalKind::Service,
            account: account.to_owned(),
            arn: Arn::aws("iam", "", "", &format!("service/{name}.amazonaws.com")),
            user_id: format!("{name}.amazonaws.com"),
            access_key: String::new(),
            session: None,
        }
    }

    /// Nobody.
    pub fn anonymous() -> Self {
        Self {
            kind: PrincipalKind::Anonymous,
            account: String::new(),
            arn: Arn::aws("iam", "", "", "anonymous"),
            user_id: "anonymous".to_owned(),
            access_key: String::new(),
            session: None,
        }
    }
}

impl Call {
    /// A call that the service `name`, as in `s3`, makes of its own accord, in an account and region: for the work that
    /// goes on behind all requests. Nobody called it, by no operation, and from no address.
    pub fn of_service(
        name: &'static str,
        (account, region): (&str, &str),
        request_id: String,
        now: Timestamp,
    ) -> Self {
        Self {
            request_id,
            service: name,
            operation: "",
            account: account.to_owned(),
            region: region.to_owned(),
            now,
            principal: Principal::service(name, account),
            endpoint: Endpoint { scheme: "http", authority: String::new() },
            source_ip: None,
            user_agent: None,
            referer: None,
            called_via: Vec::new(),
            source: None,
        }
    }

    /// The ARN of `resource` of this call's service, in its region and account.
    pub fn arn(&self, resource: &str) -> Arn {
        Arn::aws(self.service, &self.region, &self.account, resource)
    }

    /// The caller's call of another service, made for the caller by this one: policies see it as `aws:CalledVia` and
    /// `kms:ViaService`.
    pub fn forward(&self) -> Self {
        let mut call = self.clone();
        call.called_via.push(self.service);
        call
    }

    /// A call of another service that this one makes in its own name for the resource `source`, in the resource's
    /// account.
    pub fn as_service(&self, source: Arn) -> Self {
        Self {
            principal: Principal::service(self.service, source.account()),
            account: source.account().to_owned(),
            source: Some(source),
            source_ip: None,
            user_agent: None,
            referer: None,
            called_via: Vec::new(),
            ..self.clone()
        }
    }
}
