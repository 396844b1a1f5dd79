//! Roles.

use std::sync::Arc;

use identity::keys;
use identity::records::{self, Identity};
use kernel::Call;
use model_iam::types::*;
use policy::PolicyKind;
use policy::limits::{TRUST_POLICY, counted_size};
use service::Allowed;
use store::{Record as _, Tx};

use crate::error::{Error, delete_conflict, exists, over_quota};
use crate::holder::Holder as _;
use crate::iam::Iam;
use crate::limits::{ROLES, SESSION_SECS_DEFAULT};
use crate::ops::instance_profiles;
use crate::page::Wanted;
use crate::read::Reader as _;
use crate::{attach, check, find, quota, shape, trust};

impl Iam {
    pub async fn create_role(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: CreateRoleInput,
    ) -> Result<CreateRoleOutput, Error> {
        let account = &call.account;
        let path = check::path(input.path)?;
        let tags = check::tags(&input.tags.unwrap_or_default())?;
        check_trust(&input.assume_role_policy_document)?;
        if path.starts_with("/aws-service-role/") {
            let text = "Cannot create a role with a path that begins with /aws-service-role/; it is reserved for \
                        service-linked roles.";
            return Err(Error::invalid_input_exception(text));
        }
        let role = records::Role {
            name: input.role_name.into_inner(),
            path,
            id: self.unique_id("AROA"),
            created_ms: call.now.millis(),
            trust: String::new(),
            description: input.description,
            max_session_secs: seconds(input.max_session_duration),
            policies: records::Policies::default(),
            boundary: input.permissions_boundary,
            tags,
            used: None,
            linked_to: None,
        };
        let document = input.assume_role_policy_document.as_str();
        let shown = self
            .transact(|tx| {
                if tx.bytes(&keys::role(account, &role.name))?.is_some() {
                    return Err(exists("Role", &role.name));
                }
                if let Some(boundary) = &role.boundary {
                    attach::set_boundary(tx, account, boundary, "boundary-role", &role.name)?;
                }
                let role = records::Role { trust: trust::stored(tx, account, document)?, ..role.clone() };
                add(tx, account, &role)?;
                shape::role(tx, account, &role)
            })
            .await?;
        let max_session_duration = input.max_session_duration;
        Ok(CreateRoleOutput { role: Some(Role { max_session_duration, role_last_used: None, ..shown }) })
    }

    pub async fn get_role(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: GetRoleInput,
    ) -> Result<GetRoleOutput, Error> {
        let mut snapshot = self.store.snapshot();
        let role = find::role(&mut snapshot, &call.account, &input.role_name)?;
        Ok(GetRoleOutput { role: Some(shape::role(&mut snapshot, &call.account, &role)?) })
    }

    pub async fn list_roles(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: ListRolesInput,
    ) -> Result<ListRolesOutput, Error> {
        let account = &call.account;
        let prefix = input.path_prefix.unwrap_or_default();
        let mut snapshot = self.store.snapshot();
        let part = Wanted::new(input.max_items, input.marker.as_deref())?.records(
            &mut snapshot,
            &keys::all(account, "role"),
            |role: &records::Role| role.path.starts_with(&prefix),
            |role| &role.name,
        )?;
        let show = |role| shape::listed_role(&mut snapshot, account, role);
        Ok(ListRolesOutput {
            is_truncated: part.truncated(),
            roles: Some(part.entries.iter().map(show).collect::<Result<_, _>>()?),
            marker: part.marker,
        })
    }

    pub async fn update_role(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: UpdateRoleInput,
    ) -> Result<UpdateRoleOutput, Error> {
        let account = &call.account;
        self.transact(|tx| {
            let mut role = find::role(tx, account, &input.role_name)?;
            if input.description.is_some() {
                role.description.clone_from(&input.description);
            }
            // A length that is not given goes back to that of a new role.
            role.max_session_secs = seconds(input.max_session_duration);
            save(tx, account, &role);
            Ok(())
        })
        .await?;
        Ok(UpdateRoleOutput {})
    }

    pub async fn update_role_description(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: UpdateRoleDescriptionInput,
    ) -> Result<UpdateRoleDescriptionOutput, Error> {
        let account = &call.account;
        let shown = self
            .transact(|tx| {
                let mut role = find::role(tx, account, &input.role_name)?;
                role.description = Some(input.description.to_string());
                save(tx, account, &role);
                shape::role(tx, account, &role)
            })
            .await?;
        Ok(UpdateRoleDescriptionOutput { role: Some(shown) })
    }

    pub async fn update_assume_role_policy(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: UpdateAssumeRolePolicyInput,
    ) -> Result<UpdateAssumeRolePolicyOutput, Error> {
        check_trust(&input.policy_document)?;
        self.transact(|tx| {
            records::Role::change(tx, &call.account, &input.role_name, |tx, role| {
                role.trust = trust::stored(tx, &call.account, &input.policy_document)?;
                Ok(())
            })
        })
        .await?;
        Ok(UpdateAssumeRolePolicyOutput {})
    }

    pub async fn delete_role(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: DeleteRoleInput,
    ) -> Result<DeleteRoleOutput, Error> {
        let account = &call.account;
        self.transact(|tx| {
            let role = find::role(tx, account, &input.role_name)?;
            role.check_modifiable()?;
            if !instance_profiles::of_role(tx, account, &role.name)?.is_empty() {
                return Err(delete_conflict("must remove roles from instance profile first."));
            }
            if !role.policies.attached.is_empty() {
                return Err(delete_conflict("must detach all policies first."));
            }
            if !role.policies.inline.is_empty() {
                return Err(delete_conflict("must delete policies first."));
            }
            remove(tx, account, &role);
            Ok(())
        })
        .await?;
        Ok(DeleteRoleOutput {})
    }
}

/// Writes a new role, and what tells of it.
pub fn add(tx: &mut Tx, account: &str, role: &records::Role) -> Result<(), Error> {
    quota::take(tx, account, "role", "RolesPerAccount", ROLES)?;
    let identity = Identity { account: account.to_owned(), is_role: true, name: role.name.clone() };
    tx.put(keys::unique_id(&role.id), identity.encode());
    save(tx, account, role);
    Ok(())
}

/// Removes a role, and what tells of it.
pub fn remove(tx: &mut Tx, account: &str, role: &records::Role) {
    for arn in &role.policies.attached {
        tx.delete(keys::attached(account, arn, "role", &role.name));
    }
    if let Some(boundary) = &role.boundary {
        tx.delete(keys::attached(account, boundary, "boundary-role", &role.name));
    }
    tx.delete(keys::unique_id(&role.id));
    tx.delete_range(store::KeyRange::prefix(keys::all_accessed(account, &role.id)));
    tx.delete(keys::role(account, &role.name));
    quota::give_back(tx, account, "role");
}

/// Writes a role.
pub fn save(tx: &mut Tx, account: &str, role: &records::Role) {
    tx.put(keys::role(account, &role.name), role.encode());
}

fn check_trust(document: &str) -> Result<(), Error> {
    check::document(document, PolicyKind::Trust)?;
    if counted_size(document) > TRUST_POLICY {
        return Err(over_quota("ACLSizePerRole", TRUST_POLICY));
    }
    Ok(())
}

fn seconds(given: Option<i32>) -> u32 {
    given.and_then(|secs| u32::try_from(secs).ok()).unwrap_or(SESSION_SECS_DEFAULT)
}
