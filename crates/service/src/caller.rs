//! Who asked for work that goes on behind the answer, in a form that can be stored with the work.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use kernel::{Call, Endpoint, Principal, PrincipalKind, Session, Timestamp};
use serde::{Deserialize, Serialize};

/// The caller of an operation, whose work calls other services later in the caller's name: with the permissions that the
/// caller has then. A session lends its name for as long as the work takes, as the real service does, even beyond its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    kind: Kind,
    account: String,
    arn: String,
    user_id: String,
    access_key: String,
    session: Option<Box<Lent>>,
    source_ip: Option<IpAddr>,
    secure: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    Root,
    User,
    AssumedRole,
    FederatedUser,
    Service,
    Anonymous,
}

/// A session as it is stored: see [`Session`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Lent {
    issuer_arn: String,
    issuer_id: String,
    name: String,
    issued_ms: i64,
    expires_ms: i64,
    mfa_ms: Option<i64>,
    tags: BTreeMap<String, String>,
    transitive: Vec<String>,
    source_identity: Option<String>,
    policies: Vec<String>,
    policy_arns: Vec<String>,
    provider: Option<String>,
    claims: BTreeMap<String, Vec<String>>,
    chained: bool,
}

impl Caller {
    /// Who makes this call.
    pub fn of(call: &Call) -> Self {
        let principal = &call.principal;
        Self {
            kind: match principal.kind {
                PrincipalKind::Root => Kind::Root,
                PrincipalKind::User => Kind::User,
                PrincipalKind::AssumedRole => Kind::AssumedRole,
                PrincipalKind::FederatedUser => Kind::FederatedUser,
                PrincipalKind::Service => Kind::Service,
                PrincipalKind::Anonymous => Kind::Anonymous,
            },
            account: principal.account.clone(),
            arn: principal.arn.to_string(),
            user_id: principal.user_id.clone(),
            access_key: principal.access_key.clone(),
            session: principal.session.as_deref().map(|session| Box::new(Lent::of(session))),
            source_ip: call.source_ip,
            secure: call.endpoint.scheme == "https",
        }
    }

    /// The account that called.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// A call of another service that `via`, as in `dynamodb`, makes for the caller in a region. None if what was stored
    /// names nobody.
    pub fn call(&self, via: &'static str, region: &str, request_id: String, now: Timestamp) -> Option<Call> {
        let principal = Principal {
            kind: match self.kind {
                Kind::Root => PrincipalKind::Root,
                Kind::User => PrincipalKind::User,
                Kind::AssumedRole => PrincipalKind::AssumedRole,
                Kind::FederatedUser => PrincipalKind::FederatedUser,
                Kind::Service => PrincipalKind::Service,
                Kind::Anonymous => PrincipalKind::Anonymous,
            },
            account: self.account.clone(),
            arn: self.arn.parse().ok()?,
            user_id: self.user_id.clone(),
            access_key: self.access_key.clone(),
            session: self.session.as_deref().map(|lent| Arc::new(lent.session())),
        };
        let scheme = if self.secure { "https" } else { "http" };
        let call = Call {
            principal,
            source_ip: self.source_ip,
            endpoint: Endpoint { scheme, authority: String::new() },
            ..Call::of_service(via, (&self.account, region), request_id, now)
        };
        Some(call.forward())
    }
}

impl Lent {
    fn of(session: &Session) -> Self {
        Self {
            issuer_arn: session.issuer_arn.clone(),
            issuer_id: session.issuer_id.clone(),
            name: session.name.clone(),
            issued_ms: session.issued.millis(),
            expires_ms: session.expires.millis(),
            mfa_ms: session.mfa.map(Timestamp::millis),
            tags: session.tags.clone(),
            transitive: session.transitive.clone(),
            source_identity: session.source_identity.clone(),
            policies: session.policies.clone(),
            policy_arns: session.policy_arns.clone(),
            provider: session.provider.clone(),
            claims: session.claims.clone(),
            chained: session.chained,
        }
    }

    fn session(&self) -> Session {
        Session {
            issuer_arn: self.issuer_arn.clone(),
            issuer_id: self.issuer_id.clone(),
            name: self.name.clone(),
            issued: Timestamp::from_millis(self.issued_ms),
            expires: Timestamp::from_millis(self.expires_ms),
            mfa: self.mfa_ms.map(Timestamp::from_millis),
            tags: self.tags.clone(),
            transitive: self.transitive.clone(),
            source_identity: self.source_identity.clone(),
            policies: self.policies.clone(),
            policy_arns: self.policy_arns.clone(),
            provider: self.provider.clone(),
            claims: self.claims.clone(),
            chained: self.chained,
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::Arn;

    use super::*;

    #[test]
    fn a_session_of_a_role_comes_back_whole() {
        let session = Session {
            issuer_arn: "arn:aws:iam::123456789012:role/deploy".to_owned(),
            issuer_id: "AROA".to_owned(),
            name: "ci".to_owned(),
            issued: Timestamp::from_secs(1_750_000_000),
            expires: Timestamp::from_secs(1_750_003_600),
            mfa: Some(Timestamp::from_secs(1_749_999_999)),
            tags: BTreeMap::from([("team".to_owned(), "red".to_owned())]),
            transitive: vec!["team".to_owned()],
            source_identity: Some("ann".to_owned()),
            policies: vec!["{}".to_owned()],
            policy_arns: vec!["arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned()],
            provider: Some("example.com".to_owned()),
            claims: BTreeMap::from([("example.com:sub".to_owned(), vec!["a".to_owned()])]),
            chained: true,
        };
        let principal = Principal {
            kind: PrincipalKind::AssumedRole,
            account: "123456789012".to_owned(),
            arn: Arn::aws("sts", "", "123456789012", "assumed-role/deploy/ci"),
            user_id: "AROA:ci".to_owned(),
            access_key: "ASIA".to_owned(),
            session: Some(Arc::new(session)),
        };
        let now = Timestamp::from_secs(1_750_000_001);
        let call = Call {
            principal: principal.clone(),
            source_ip: Some(IpAddr::from([127, 0, 0, 1])),
            endpoint: Endpoint { scheme: "https", authority: "localhost".to_owned() },
            ..Call::of_service("dynamodb", ("123456789012", "us-east-1"), "id".to_owned(), now)
        };
        let later = Caller::of(&call).call("dynamodb", "us-east-1", "other".to_owned(), now).expect("a call");
        assert_eq!(later.principal, principal);
        assert_eq!((later.source_ip, later.endpoint.scheme), (call.source_ip, "https"));
        assert_eq!(later.called_via, ["dynamodb"]);
        assert_eq!((later.account.as_str(), later.region.as_str()), ("123456789012", "us-east-1"));
    }
}
