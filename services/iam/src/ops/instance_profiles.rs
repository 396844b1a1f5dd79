//! Instance profiles.

use std::sync::Arc;

use identity::keys;
use identity::records;
use kernel::Call;
use model_iam::types::*;
use service::Allowed;
use store::{Record as _, Tx};

use crate::error::{Error, delete_conflict, over_quota};
use crate::holder::Holder as _;
use crate::iam::Iam;
use crate::limits::{INSTANCE_PROFILES, ROLES_PER_INSTANCE_PROFILE};
use crate::page::Wanted;
use crate::read::Reader;
use crate::{check, find, quota, shape};

impl Iam {
    pub async fn create_instance_profile(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: CreateInstanceProfileInput,
    ) -> Result<CreateInstanceProfileOutput, Error> {
        let account = &call.account;
        let profile = records::InstanceProfile {
            name: input.instance_profile_name.into_inner(),
            path: check::path(input.path)?,
            id: self.unique_id("AIPA"),
            created_ms: call.now.millis(),
            tags: check::tags(&input.tags.unwrap_or_default())?,
            role: None,
        };
        let shown = self
            .transact(|tx| {
                if tx.bytes(&keys::instance_profile(account, &profile.name))?.is_some() {
                    let text = format!("Instance Profile {} already exists.", profile.name);
                    return Err(Error::entity_already_exists_exception(text));
                }
                quota::take(tx, account, "profile", "InstanceProfilesPerAccount", INSTANCE_PROFILES)?;
                save(tx, account, &profile);
                shape::instance_profile(tx, account, &profile)
            })
            .await?;
        Ok(CreateInstanceProfileOutput { instance_profile: Some(shown) })
    }

    pub async fn get_instance_profile(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: GetInstanceProfileInput,
    ) -> Result<GetInstanceProfileOutput, Error> {
        let mut snapshot = self.store.snapshot();
        let profile = find::instance_profile(&mut snapshot, &call.account, &input.instance_profile_name)?;
        let shown = shape::instance_profile(&mut snapshot, &call.account, &profile)?;
        Ok(GetInstanceProfileOutput { instance_profile: Some(shown) })
    }

    pub async fn list_instance_profiles(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: ListInstanceProfilesInput,
    ) -> Result<ListInstanceProfilesOutput, Error> {
        let account = &call.account;
        let prefix = input.path_prefix.unwrap_or_default();
        let mut snapshot = self.store.snapshot();
        let part = Wanted::new(input.max_items, input.marker.as_deref())?.records(
            &mut snapshot,
            &keys::all(account, "profile"),
            |profile: &records::InstanceProfile| profile.path.starts_with(&prefix),
            |profile| &profile.name,
        )?;
        let show = |profile| shape::listed_instance_profile(&mut snapshot, account, profile);
        Ok(ListInstanceProfilesOutput {
            is_truncated: part.truncated(),
            instance_profiles: Some(part.entries.iter().map(show).collect::<Result<_, _>>()?),
            marker: part.marker,
        })
    }

    pub async fn list_instance_profiles_for_role(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: ListInstanceProfilesForRoleInput,
    ) -> Result<ListInstanceProfilesForRoleOutput, Error> {
        let account = &call.account;
        let wanted = Wanted::new(input.max_items, input.marker.as_deref())?;
        let mut snapshot = self.store.snapshot();
        let role = find::role(&mut snapshot, account, &input.role_name)?;
        let all = of_role(&mut snapshot, account, &role.name)?;
        let part = wanted.of(all, |profile| profile.name.to_ascii_lowercase());
        let show = |profile| shape::listed_instance_profile(&mut snapshot, account, profile);
        Ok(ListInstanceProfilesForRoleOutput {
            is_truncated: part.truncated(),
            instance_profiles: Some(part.entries.iter().map(show).collect::<Result<_, _>>()?),
            marker: part.marker,
        })
    }

    pub async fn delete_instance_profile(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: DeleteInstanceProfileInput,
    ) -> Result<DeleteInstanceProfileOutput, Error> {
        let account = &call.account;
        self.transact(|tx| {
            let profile = find::instance_profile(tx, account, &input.instance_profile_name)?;
            if profile.role.is_some() {
                return Err(delete_conflict("must remove roles from instance profile first."));
            }
            tx.delete(keys::instance_profile(account, &profile.name));
            quota::give_back(tx, account, "profile");
            Ok(())
        })
        .await?;
        Ok(DeleteInstanceProfileOutput {})
    }

    pub async fn add_role_to_instance_profile(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: AddRoleToInstanceProfileInput,
    ) -> Result<AddRoleToInstanceProfileOutput, Error> {
        let account = &call.account;
        self.transact(|tx| {
            let mut profile = find::instance_profile(tx, account, &input.instance_profile_name)?;
            let role = find::role(tx, account, &input.role_name)?;
            role.check_modifiable()?;
            if profile.role.is_some() {
                let quota = "InstanceSessionsPerInstanceProfile";
                return Err(over_quota(quota, ROLES_PER_INSTANCE_PROFILE));
            }
            profile.role = Some(role.name);
            save(tx, account, &profile);
            Ok(())
        })
        .await?;
        Ok(AddRoleToInstanceProfileOutput {})
    }

    pub async fn remove_role_from_instance_profile(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: RemoveRoleFromInstanceProfileInput,
    ) -> Result<RemoveRoleFromInstanceProfileOutput, Error> {
        let account = &call.account;
        self.transact(|tx| {
            let mut profile = find::instance_profile(tx, account, &input.instance_profile_name)?;
            let role = find::role(tx, account, &input.role_name)?;
            if !profile.role.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(&role.name)) {
                let text = format!("Role {} is not in instance profile {}.", role.name, profile.name);
                return Err(Error::no_such_entity_exception(text));
            }
            profile.role = None;
            save(tx, account, &profile);
            Ok(())
        })
        .await?;
        Ok(RemoveRoleFromInstanceProfileOutput {})
    }
}

/// The instance profiles that a role is in.
pub fn of_role(
    from: &mut impl Reader,
    account: &str,
    role: &str,
) -> Result<Vec<records::InstanceProfile>, Error> {
    let mut all: Vec<records::InstanceProfile> = from.records(&keys::all(account, "profile"))?;
    all.retain(|profile| profile.role.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(role)));
    Ok(all)
}

fn save(tx: &mut Tx, account: &str, profile: &records::InstanceProfile) {
    tx.put(keys::instance_profile(account, &profile.name), profile.encode());
}
