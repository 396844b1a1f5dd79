//! Versions of managed policies.

use std::sync::Arc;

use identity::records::{self, ManagedPolicy};
use kernel::Call;
use model_iam::types::*;
use service::Allowed;

use crate::attach::{self, Managed};
use crate::error::{Error, no_policy, no_version};
use crate::iam::Iam;
use crate::limits::POLICY_VERSIONS;
use crate::ops::policies::{check_document, own, save};
use crate::page::Wanted;
use crate::{encode, shape};

impl Iam {
    pub async fn create_policy_version(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: CreatePolicyVersionInput,
    ) -> Result<CreatePolicyVersionOutput, Error> {
        let account = &call.account;
        check_document(&input.policy_document)?;
        let created_ms = call.now.millis();
        let shown = self
            .transact(|tx| {
                let mut policy = own(tx, account, &input.policy_arn)?;
                if policy.versions.len() >= POLICY_VERSIONS {
                    return Err(Error::limit_exceeded_exception(format!(
                        "A managed policy can have up to {POLICY_VERSIONS} versions. Before you create a new version, \
                         you must delete an existing version."
                    )));
                }
                let number = policy.next_version;
                let document = input.policy_document.to_string();
                policy.versions.push(records::PolicyVersion { number, created_ms, document });
                policy.next_version += 1;
                policy.updated_ms = created_ms;
                if input.set_as_default == Some(true) {
                    policy.default_version = number;
                }
                save(tx, account, &policy);
                Ok(shape::listed_version(number, created_ms, policy.default_version))
            })
            .await?;
        Ok(CreatePolicyVersionOutput { policy_version: Some(shown) })
    }

    pub async fn get_policy_version(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: GetPolicyVersionInput,
    ) -> Result<GetPolicyVersionOutput, Error> {
        let (arn, id) = (&input.policy_arn, &input.version_id);
        let found = attach::managed(&mut self.store.snapshot(), &call.account, arn)?;
        let version = match found.ok_or_else(|| no_policy(arn))? {
            Managed::Aws(policy) => {
                if policy.version != id.as_str() {
                    return Err(no_version(arn, id));
                }
                PolicyVersion { document: Some(encode::document(policy.document)), ..aws_version(&policy) }
            }
            Managed::Own(policy) => {
                let version = find(&policy, arn, id)?;
                let shown = shape::listed_version(version.number, version.created_ms, policy.default_version);
                PolicyVersion { document: Some(encode::document(&version.document)), ..shown }
            }
        };
        Ok(GetPolicyVersionOutput { policy_version: Some(version) })
    }

    pub async fn list_policy_versions(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: ListPolicyVersionsInput,
    ) -> Result<ListPolicyVersionsOutput, Error> {
        let wanted = Wanted::new(input.max_items, input.marker.as_deref())?;
        let found = attach::managed(&mut self.store.snapshot(), &call.account, &input.policy_arn)?;
        let all = match found.ok_or_else(|| no_policy(&input.policy_arn))? {
            Managed::Aws(policy) => vec![aws_version(&policy)],
            Managed::Own(policy) => {
                let show = |version: &records::PolicyVersion| {
                    shape::listed_version(version.number, version.created_ms, policy.default_version)
                };
                // The newest first.
                policy.versions.iter().rev().map(show).collect()
            }
        };
        let part = wanted.by_place(all)?;
        Ok(ListPolicyVersionsOutput {
            is_truncated: part.truncated(),
            versions: Some(part.entries),
            marker: part.marker,
        })
    }

    pub async fn set_default_policy_version(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: SetDefaultPolicyVersionInput,
    ) -> Result<SetDefaultPolicyVersionOutput, Error> {
        self.transact(|tx| {
            let mut policy = own(tx, &call.account, &input.policy_arn)?;
            policy.default_version = find(&policy, &input.policy_arn, &input.version_id)?.number;
            save(tx, &call.account, &policy);
            Ok(())
        })
        .await?;
        Ok(SetDefaultPolicyVersionOutput {})
    }

    pub async fn delete_policy_version(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: DeletePolicyVersionInput,
    ) -> Result<DeletePolicyVersionOutput, Error> {
        self.transact(|tx| {
            let mut policy = own(tx, &call.account, &input.policy_arn)?;
            let number = find(&policy, &input.policy_arn, &input.version_id)?.number;
            if number == policy.default_version {
                let text = "Cannot delete the default version of a policy.";
                return Err(Error::delete_conflict_exception(text));
            }
            policy.versions.retain(|version| version.number != number);
            save(tx, &call.account, &policy);
            Ok(())
        })
        .await?;
        Ok(DeletePolicyVersionOutput {})
    }
}

fn find<'p>(policy: &'p ManagedPolicy, arn: &str, id: &str) -> Result<&'p records::PolicyVersion, Error> {
    let found = policy.versions.iter().find(|version| id == format!("v{}", version.number));
    found.ok_or_else(|| no_version(arn, id))
}

/// The one version that is known of a policy that AWS manages.
fn aws_version(policy: &managed_policies::ManagedPolicy) -> PolicyVersion {
    PolicyVersion {
        document: None,
        version_id: Some(policy.version.to_owned()),
        is_default_version: Some(true),
        create_date: Some(policy.updated),
    }
}
