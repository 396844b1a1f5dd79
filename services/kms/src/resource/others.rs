//! A key that is yet to be made, and grants that are given back.

use std::sync::Arc;

use kernel::{Arn, Call};
use model_kms::Error;
use model_kms::types::{CreateKeyInput, ReplicateKeyInput, RetireGrantInput, UpdatePrimaryRegionInput};
use policy::{Policy, PolicyKind};
use service::{Resource, Target};

use crate::error::invalid;
use crate::grant_token::{GrantToken, bad_token};
use crate::kms::Kms;
use crate::records::Grant;
use crate::resource::{Asked, Found, Looked, Subject, key, look_up, target};
use crate::{grants, key_policy};

/// A new key: what it will be is known from the request only.
pub fn new_key(_: &Kms, call: &Call, input: &CreateKeyInput) -> Result<Resource<()>, Error> {
    let spec = input
        .key_spec
        .as_ref()
        .map(|spec| spec.as_str())
        .or(input.customer_master_key_spec.as_ref().map(|spec| spec.as_str()))
        .unwrap_or("SYMMETRIC_DEFAULT");
    let usage = input.key_usage.as_ref().map_or("ENCRYPT_DECRYPT", |usage| usage.as_str());
    let origin = input.origin.as_ref().map_or("AWS_KMS", |origin| origin.as_str());
    let multi_region = input.multi_region.unwrap_or(false);
    let tags = input.tags.iter().flatten().map(|tag| (&**tag.tag_key, &**tag.tag_value));
    let asked = Asked::default()
        .key("kms:CallerAccount", Some(call.principal.account.clone()))
        .key("kms:KeySpec", Some(spec.to_owned()))
        .key("kms:KeyUsage", Some(usage.to_owned()))
        .key("kms:KeyOrigin", Some(origin.to_owned()))
        .key("kms:MultiRegion", Some(multi_region))
        .key("kms:MultiRegionKeyType", multi_region.then_some("PRIMARY"))
        .key(
            "kms:ViaService",
            call.called_via.last().map(|via| format!("{via}.{}.amazonaws.com", call.region)),
        )
        .key(
            "kms:BypassPolicyLockoutSafetyCheck",
            Some(input.bypass_policy_lockout_safety_check.unwrap_or(false)),
        )
        .tags(tags);
    Ok(Resource::new(asked.fill(Target::new(call.arn("key/*"))), ()))
}

/// A primary key, and the replica that is made of it in another region.
pub fn replicated_key(kms: &Kms, call: &Call, input: &ReplicateKeyInput) -> Result<Resource<Subject>, Error> {
    let arn = Arn::aws("kms", &input.replica_region, &call.account, "key/*");
    let tags = input.tags.iter().flatten().map(|tag| (&**tag.tag_key, &**tag.tag_value));
    let asked = Asked::default()
        .for_action("kms:CreateKey")
        .key("kms:CallerAccount", Some(call.principal.account.clone()))
        .key("kms:MultiRegion", Some(true))
        .key("kms:MultiRegionKeyType", Some("REPLICA"))
        .tags(tags);
    Ok(key(kms, call, input)?.and(asked.fill(Target::new(arn))))
}

/// A primary key, and the replica that takes its place.
pub fn new_primary(
    kms: &Kms,
    call: &Call,
    input: &UpdatePrimaryRegionInput,
) -> Result<Resource<Subject>, Error> {
    let snapshot = kms.store.snapshot();
    let looked = look_up(kms, call, &snapshot, &input.key_id, false, false)?;
    let asked = Asked::default().key("kms:PrimaryRegion", Some(input.primary_region.to_string()));
    let primary = target(kms, call, &snapshot, &looked, &asked)?;
    let replica = match looked.key() {
        Some(key) => kms.find_at(&snapshot, &key.account, &input.primary_region, &key.id)?,
        None => None,
    };
    let replica = replica.map(|key| target(kms, call, &snapshot, &Looked::found(key), &asked)).transpose()?;
    let resource = Resource::new(primary, looked.subject);
    Ok(match replica {
        Some(replica) => resource.and(replica),
        None => resource,
    })
}

/// A grant that is given back: its key and its id.
pub struct RetiredGrant {
    pub subject: Subject,
    pub grant_id: String,
}

/// The key of the grant. Besides those whom the key's policy lets, its retiring principal may, the account that
/// issued it, and its grantee if the grant says so.
pub fn retired_grant(
    kms: &Kms,
    call: &Call,
    input: &RetireGrantInput,
) -> Result<Resource<RetiredGrant>, Error> {
    let snapshot = kms.store.snapshot();
    let (looked, grant_id) = match (&input.grant_token, &input.key_id, &input.grant_id) {
        (Some(token), None, None) => {
            match GrantToken::decode(token).filter(|token| token.region == call.region) {
                Some(token) => {
                    (look_up(kms, call, &snapshot, token.key_arn().as_str(), false, true)?, token.grant_id)
                }
                None => (Looked::missing(call.arn("key/*"), bad_token()), String::new()),
            }
        }
        (None, Some(key_id), Some(grant_id)) => {
            (look_up(kms, call, &snapshot, key_id, false, true)?, grant_id.clone())
        }
        _ => {
            let error = invalid("Grant token OR (grant ID, key ID) must be specified");
            (Looked::missing(call.arn("key/*"), error), String::new())
        }
    };
    let grant = match looked.key() {
        Some(key) => kms.grants(&snapshot, key)?.get(&grant_id).cloned(),
        None => None,
    };
    let context =
        grant.as_ref().and_then(|grant| grant.context_equals.as_ref().or(grant.context_subset.as_ref()));
    let kind = grant.as_ref().and_then(|grant| match (&grant.context_equals, &grant.context_subset) {
        (Some(_), _) => Some("EncryptionContextEquals"),
        (None, Some(_)) => Some("EncryptionContextSubset"),
        (None, None) => None,
    });
    let asked = Asked::default().context(context).key("kms:GrantConstraintType", kind);
    let mut target = target(kms, call, &snapshot, &looked, &asked)?;
    if let (Some(grant), Found::Key(key)) = (&grant, &looked.subject.found)
        && let Some(policy) = retirers(call, grant, &key.record.policy)
    {
        target = target.with_parsed_policy(policy);
    }
    Ok(Resource::new(target, RetiredGrant { subject: looked.subject, grant_id }))
}

/// The key's policy, where whoever may retire the grant may.
fn retirers(call: &Call, grant: &Grant, document: &str) -> Option<Arc<Policy>> {
    let issuer = crate::records::Principal::Arn(grant.issuer.clone());
    let grantee =
        grant.operations.iter().any(|operation| operation == "RetireGrant").then_some(&grant.grantee);
    let statements: Vec<String> = [grant.retiring.as_ref(), grantee, Some(&issuer)]
        .into_iter()
        .flatten()
        .filter(|principal| grants::is(call, principal))
        .filter_map(|principal| grants::statement(principal, "kms:RetireGrant"))
        .collect();
    if statements.is_empty() {
        return Policy::parse(document.as_bytes(), PolicyKind::Resource).ok().map(Arc::new);
    }
    key_policy::with_statements(document, &statements).map(Arc::new)
}
