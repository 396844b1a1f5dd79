//! Managed policies.

use std::collections::HashMap;
use std::sync::Arc;

use identity::keys;
use identity::records::{self, ManagedPolicy};
use kernel::Call;
use model_iam::types::*;
use policy::limits::{MANAGED_POLICY, counted_size};
use service::Allowed;
use store::{KeyRange, KeyReader, Record as _, Tx};

use crate::attach::{self, Managed};
use crate::error::{Error, malformed, no_policy, over_quota};
use crate::iam::Iam;
use crate::limits::POLICIES;
use crate::page::Wanted;
use crate::read::Reader;
use crate::{arn, check, find, quota, shape};

impl Iam {
    pub async fn create_policy(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: CreatePolicyInput,
    ) -> Result<CreatePolicyOutput, Error> {
        let account = &call.account;
        check_document(&input.policy_document)?;
        let now = call.now.millis();
        let document = input.policy_document.into_inner();
        let policy = ManagedPolicy {
            name: input.policy_name.into_inner(),
            path: check::path(input.path)?,
            id: self.unique_id("ANPA"),
            created_ms: now,
            updated_ms: now,
            description: input.description,
            tags: check::tags(&input.tags.unwrap_or_default())?,
            default_version: 1,
            next_version: 2,
            versions: vec![records::PolicyVersion { number: 1, created_ms: now, document }],
        };
        self.transact(|tx| {
            if tx.bytes(&keys::policy(account, &policy.name))?.is_some() {
                let name = &policy.name;
                let text = format!("A policy called {name} already exists. Duplicate names are not allowed.");
                return Err(Error::entity_already_exists_exception(text));
            }
            quota::take(tx, account, "policy", "PoliciesPerAccount", POLICIES)?;
            save(tx, account, &policy);
            Ok(())
        })
        .await?;
        // What is new shows its tags; a description is shown by GetPolicy alone.
        let tags = shape::unless_empty(check::shown_tags(&policy.tags));
        Ok(CreatePolicyOutput {
            policy: Some(Policy { tags, ..shape::listed_policy(account, &policy, (0, 0)) }),
        })
    }

    pub async fn get_policy(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: GetPolicyInput,
    ) -> Result<GetPolicyOutput, Error> {
        let account = &call.account;
        let mut snapshot = self.store.snapshot();
        let found = attach::managed(&mut snapshot, account, &input.policy_arn)?;
        let uses = uses_of(&mut snapshot, account, &input.policy_arn)?;
        let policy = match found.ok_or_else(|| no_policy(&input.policy_arn))? {
            Managed::Aws(policy) => shape::aws_policy(&policy, uses),
            Managed::Own(policy) => Policy {
                description: policy.description.clone(),
                tags: Some(check::shown_tags(&policy.tags)),
                ..shape::listed_policy(account, &policy, uses)
            },
        };
        Ok(GetPolicyOutput { policy: Some(policy) })
    }

    pub async fn list_policies(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: ListPoliciesInput,
    ) -> Result<ListPoliciesOutput, Error> {
        let account = &call.account;
        let wanted = Wanted::new(input.max_items, input.marker.as_deref())?;
        let prefix = input.path_prefix.unwrap_or_default();
        let scope = input.scope.and_then(|scope| scope.known()).unwrap_or(PolicyScopeType::All);
        let usage = input.policy_usage_filter.and_then(|usage| usage.known());
        let only_attached = input.only_attached.unwrap_or_default();
        let mut snapshot = self.store.snapshot();
        let uses = all_uses(&mut snapshot, account)?;
        let wants = |arn: &str, path: &str| {
            let (attached, bounds) = uses.get(arn).copied().unwrap_or_default();
            let used = match usage {
                None => !only_attached || attached + bounds > 0,
                Some(PolicyUsageType::PermissionsBoundary) => bounds > 0,
                Some(PolicyUsageType::PermissionsPolicy) => attached > 0 || (!only_attached && bounds == 0),
            };
            (path.starts_with(&prefix) && used).then_some((attached, bounds))
        };
        // The account's own come first, each in the order of its name or ARN.
        let mut all: Vec<(String, Policy)> = Vec::new();
        if scope != PolicyScopeType::Aws {
            for policy in snapshot.records::<ManagedPolicy>(&keys::all(account, "policy"))? {
                if let Some(uses) = wants(arn::policy(account, &policy).as_str(), &policy.path) {
                    let shown = shape::listed_policy(account, &policy, uses);
                    all.push((format!("1{}", policy.name.to_ascii_lowercase()), shown));
                }
            }
        }
        if scope != PolicyScopeType::Local {
            for policy in managed_policies::all() {
                if let Some(uses) = wants(policy.arn, policy.path) {
                    all.push((format!("2{}", policy.arn), shape::aws_policy(&policy, uses)));
                }
            }
        }
        let part = wanted.of(all, |(key, _)| key.clone());
        Ok(ListPoliciesOutput {
            is_truncated: part.truncated(),
            policies: Some(part.entries.into_iter().map(|(_, policy)| policy).collect()),
            marker: part.marker,
        })
    }

    pub async fn delete_policy(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: DeletePolicyInput,
    ) -> Result<DeletePolicyOutput, Error> {
        let account = &call.account;
        self.transact(|tx| {
            let policy = own(tx, account, &input.policy_arn)?;
            if !attach::users_of(tx, account, &input.policy_arn)?.is_empty() {
                return Err(Error::delete_conflict_exception("Cannot delete a policy attached to entities."));
            }
            if policy.versions.len() > 1 {
                return Err(Error::delete_conflict_exception(
                    "This policy has more than one version. Before you delete a policy, you must delete the policy's \
                     versions. The default version is deleted with the policy.",
                ));
            }
            tx.delete(keys::policy(account, &policy.name));
            quota::give_back(tx, account, "policy");
            Ok(())
        })
        .await?;
        Ok(DeletePolicyOutput {})
    }
}

/// A policy that the account may change.
pub fn own(from: &mut impl Reader, account: &str, arn: &str) -> Result<ManagedPolicy, Error> {
    if managed_policies::find(arn).is_some() {
        let text = format!("Policy {arn} is managed by AWS and cannot be changed.");
        return Err(wire::CommonError::AccessDenied(text).into());
    }
    find::policy(from, account, arn)
}

/// Writes a policy.
pub fn save(tx: &mut Tx, account: &str, policy: &ManagedPolicy) {
    tx.put(keys::policy(account, &policy.name), policy.encode());
}

/// Checks the document of a managed policy.
pub fn check_document(document: &str) -> Result<(), Error> {
    policy::Policy::parse_managed(document.as_bytes()).map_err(|error| malformed(&error))?;
    if counted_size(document) > MANAGED_POLICY {
        return Err(over_quota("PolicySize", MANAGED_POLICY));
    }
    Ok(())
}

/// How often a policy is used as a policy, and as a boundary.
pub fn uses_of(from: &mut impl Reader, account: &str, arn: &str) -> Result<(i32, i32), Error> {
    let mut uses = (0, 0);
    for (kind, _) in attach::users_of(from, account, arn)? {
        count(&mut uses, &kind);
    }
    Ok(uses)
}

/// The same of all policies that are used.
pub fn all_uses(from: &mut impl Reader, account: &str) -> Result<HashMap<String, (i32, i32)>, Error> {
    let prefix = keys::all(account, "attached");
    let mut uses: HashMap<String, (i32, i32)> = HashMap::new();
    from.visit(KeyRange::prefix(&prefix), |key, _| {
        if let Some(mut rest) = KeyReader::after_prefix(key, &prefix) {
            let arn = rest.str()?.into_owned();
            let kind = rest.str()?;
            count(uses.entry(arn).or_default(), &kind);
        }
        Ok(true)
    })?;
    Ok(uses)
}

fn count(uses: &mut (i32, i32), kind: &str) {
    if kind.starts_with("boundary-") { uses.1 += 1 } else { uses.0 += 1 }
}
