//! The condition keys of a call: what the gateway knows of it, and what the resource's service says of it.

use kernel::{Call, PrincipalKind, Session};
use policy::{Context, Value};
use service::{ConditionKey, Target};

use crate::authority::shared;

/// Fills in the global keys that are known, then those of the target. `tags` are the identity's.
pub(crate) fn fill<'a>(
    keys: &mut Context<'a>,
    call: &'a Call,
    tags: impl Iterator<Item = (&'a str, &'a str)>,
    target: &'a Target,
) {
    request(keys, call);
    principal(keys, call);
    for (key, value) in tags {
        keys.set_under("aws:PrincipalTag/", key, value);
    }
    // A session's tags come over the identity's.
    if let Some(session) = &call.principal.session {
        of_session(keys, call, session);
    }
    via(keys, call);
    let owner = target.owner.as_deref().unwrap_or_else(|| target.arn.account());
    keys.set("aws:ResourceAccount", if owner.is_empty() { call.account.as_str() } else { owner });
    for (name, values) in &target.keys {
        keys.set_many(name.as_ref(), values.iter().map(shared));
    }
}

/// The keys that a service has worked out for a policy that asks for one of them.
pub(crate) fn told(keys: Vec<ConditionKey>) -> Context<'static> {
    let mut told = Context::with_capacity(keys.len());
    for (name, values) in keys {
        told.set_many(name, values);
    }
    told
}

fn request<'a>(keys: &mut Context<'a>, call: &'a Call) {
    keys.set("aws:CurrentTime", Value::Time(call.now.millis()));
    keys.set("aws:EpochTime", call.now.secs());
    keys.set("aws:RequestedRegion", call.region.as_str());
    keys.set("aws:SecureTransport", call.endpoint.scheme == "https");
    if let Some(address) = call.source_ip {
        keys.set("aws:SourceIp", address);
    }
    if let Some(agent) = &call.user_agent {
        keys.set("aws:UserAgent", agent.as_str());
    }
    if let Some(referer) = &call.referer {
        keys.set("aws:Referer", referer.as_str());
    }
}

fn principal<'a>(keys: &mut Context<'a>, call: &'a Call) {
    let caller = &call.principal;
    let kind = match caller.kind {
        PrincipalKind::Root => "Account",
        PrincipalKind::User => "User",
        PrincipalKind::AssumedRole => "AssumedRole",
        PrincipalKind::FederatedUser => "FederatedUser",
        PrincipalKind::Service => {
            keys.set("aws:PrincipalIsAWSService", true);
            keys.set("aws:PrincipalServiceName", caller.user_id.as_str());
            keys.set("aws:PrincipalServiceNamesList", caller.user_id.as_str());
            if let Some(source) = &call.source {
                keys.set("aws:SourceArn", source.as_str());
                // Names of buckets say no account: it is that of the service's call.
                let account = Some(source.account()).filter(|account| !account.is_empty());
                keys.set("aws:SourceAccount", account.unwrap_or(&caller.account));
            }
            return;
        }
        PrincipalKind::Anonymous => {
            keys.set("aws:PrincipalIsAWSService", false);
            keys.set("aws:PrincipalType", "Anonymous");
            keys.set("aws:userid", "anonymous");
            return;
        }
    };
    keys.set("aws:PrincipalIsAWSService", false);
    keys.set("aws:PrincipalType", kind);
    keys.set("aws:PrincipalAccount", caller.account.as_str());
    keys.set("aws:userid", caller.user_id.as_str());
    // A session of a role has the role's ARN here.
    let arn = match (&caller.session, caller.kind) {
        (Some(session), PrincipalKind::AssumedRole) => session.issuer_arn.as_str(),
        _ => caller.arn.as_str(),
    };
    keys.set("aws:PrincipalArn", arn);
    if caller.kind == PrincipalKind::User {
        keys.set("aws:username", crate::authority::name_of(&caller.arn));
    }
}

fn of_session<'a>(keys: &mut Context<'a>, call: &'a Call, session: &'a Session) {
    for (key, value) in &session.tags {
        keys.set_under("aws:PrincipalTag/", key.as_str(), value.as_str());
    }
    keys.set("aws:TokenIssueTime", Value::Time(session.issued.millis()));
    keys.set("aws:MultiFactorAuthPresent", session.mfa.is_some());
    if let Some(at) = session.mfa {
        keys.set("aws:MultiFactorAuthAge", (call.now.secs() - at.secs()).max(0));
    }
    if let Some(source) = &session.source_identity {
        keys.set("aws:SourceIdentity", source.as_str());
    }
    if let Some(provider) = &session.provider {
        keys.set("aws:FederatedProvider", provider.as_str());
    }
    for (name, values) in &session.claims {
        keys.set_many(name.as_str(), values.iter().map(String::as_str));
    }
}

fn via<'a>(keys: &mut Context<'a>, call: &'a Call) {
    keys.set("aws:ViaAWSService", !call.called_via.is_empty());
    if let (Some(first), Some(last)) = (call.called_via.first(), call.called_via.last()) {
        let full = |service: &str| format!("{service}.amazonaws.com");
        keys.set("aws:CalledViaFirst", full(first));
        keys.set("aws:CalledViaLast", full(last));
        keys.set_many("aws:CalledVia", call.called_via.iter().map(|service| full(service)));
    }
}
