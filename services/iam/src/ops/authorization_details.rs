//! Everybody and everything that policies are about, at once.

use std::collections::HashMap;
use std::sync::Arc;

use identity::keys;
use identity::records::{self, Group as GroupRecord, InstanceProfile, ManagedPolicy, Role as RoleRecord};
use kernel::Call;
use model_iam::types::*;
use service::Allowed;

use crate::error::Error;
use crate::iam::Iam;
use crate::ops::policies::all_uses;
use crate::page::Wanted;
use crate::read::Reader;
use crate::{arn, check, encode, shape, trust};

/// One entry of any of the lists.
enum Entry {
    User(Box<records::User>),
    Group(GroupRecord),
    Role(Box<RoleRecord>),
    Policy(ManagedPolicy),
    Aws(managed_policies::ManagedPolicy),
}

impl Entry {
    /// In the order of kinds and names.
    fn key(&self) -> String {
        match self {
            Self::User(user) => format!("1{}", user.name.to_ascii_lowercase()),
            Self::Group(group) => format!("2{}", group.name.to_ascii_lowercase()),
            Self::Role(role) => format!("3{}", role.name.to_ascii_lowercase()),
            Self::Policy(policy) => format!("4{}", policy.name.to_ascii_lowercase()),
            Self::Aws(policy) => format!("5{}", policy.arn),
        }
    }
}

impl Iam {
    pub async fn get_account_authorization_details(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: GetAccountAuthorizationDetailsInput,
    ) -> Result<GetAccountAuthorizationDetailsOutput, Error> {
        let account = &call.account;
        let wanted = Wanted::new(input.max_items, input.marker.as_deref())?;
        let filter: Vec<EntityType> =
            input.filter.iter().flatten().filter_map(|filter| filter.known()).collect();
        let wants = |kind| filter.is_empty() || filter.contains(&kind);
        let mut snapshot = self.store.snapshot();
        let uses = all_uses(&mut snapshot, account)?;
        let mut all = Vec::new();
        if wants(EntityType::User) {
            let users: Vec<records::User> = snapshot.records(&keys::all(account, "user"))?;
            all.extend(users.into_iter().map(|user| Entry::User(Box::new(user))));
        }
        if wants(EntityType::Group) {
            let groups: Vec<GroupRecord> = snapshot.records(&keys::all(account, "group"))?;
            all.extend(groups.into_iter().map(Entry::Group));
        }
        if wants(EntityType::Role) {
            let roles: Vec<RoleRecord> = snapshot.records(&keys::all(account, "role"))?;
            all.extend(roles.into_iter().map(|role| Entry::Role(Box::new(role))));
        }
        if wants(EntityType::LocalManagedPolicy) {
            let policies: Vec<ManagedPolicy> = snapshot.records(&keys::all(account, "policy"))?;
            all.extend(policies.into_iter().map(Entry::Policy));
        }
        if wants(EntityType::AwsManagedPolicy) {
            // Those in use.
            let mut used: Vec<&String> = uses.keys().collect();
            used.sort();
            all.extend(used.into_iter().filter_map(|arn| managed_policies::find(arn)).map(Entry::Aws));
        }
        let part = wanted.of(all, Entry::key);
        let mut details = Details { account, uses: &uses, profiles: None, output: Default::default() };
        for entry in part.entries {
            details.add(&mut snapshot, entry)?;
        }
        Ok(GetAccountAuthorizationDetailsOutput {
            is_truncated: Some(part.marker.is_some()),
            marker: part.marker,
            ..details.output
        })
    }
}

/// The lists as they grow.
struct Details<'a> {
    account: &'a str,
    uses: &'a HashMap<String, (i32, i32)>,
    /// All instance profiles, once the first role asks for its own.
    profiles: Option<Vec<InstanceProfile>>,
    output: GetAccountAuthorizationDetailsOutput,
}

impl Details<'_> {
    fn add(&mut self, from: &mut impl Reader, entry: Entry) -> Result<(), Error> {
        match entry {
            Entry::User(user) => {
                let shown = user_detail(self.account, &user);
                self.output.user_detail_list.get_or_insert_default().push(shown);
            }
            Entry::Group(group) => {
                let shown = group_detail(self.account, &group);
                self.output.group_detail_list.get_or_insert_default().push(shown);
            }
            Entry::Role(role) => {
                let shown = self.role_detail(from, &role)?;
                self.output.role_detail_list.get_or_insert_default().push(shown);
            }
            Entry::Policy(policy) => {
                let shown = shape::listed_policy(
                    self.account,
                    &policy,
                    self.uses(&arn::policy(self.account, &policy)),
                );
                let version = |version: &records::PolicyVersion| PolicyVersion {
                    document: Some(encode::document(&version.document)),
                    ..shape::listed_version(version.number, version.created_ms, policy.default_version)
                };
                let versions = policy.versions.iter().rev().map(version).collect();
                let description = policy.description.clone();
                self.policy(Policy { description, ..shown }, versions);
            }
            Entry::Aws(policy) => {
                let uses = self.uses.get(policy.arn).copied().unwrap_or_default();
                let version = PolicyVersion {
                    document: Some(encode::document(policy.document)),
                    version_id: Some(policy.version.to_owned()),
                    is_default_version: Some(true),
                    create_date: Some(policy.updated),
                };
                self.policy(shape::aws_policy(&policy, uses), vec![version]);
            }
        }
        Ok(())
    }

    fn uses(&self, arn: &kernel::Arn) -> (i32, i32) {
        self.uses.get(arn.as_str()).copied().unwrap_or_default()
    }

    fn policy(&mut self, policy: Policy, versions: Vec<PolicyVersion>) {
        let detail = ManagedPolicyDetail {
            policy_name: policy.policy_name,
            policy_id: policy.policy_id,
            arn: policy.arn,
            path: policy.path,
            default_version_id: policy.default_version_id,
            attachment_count: policy.attachment_count,
            permissions_boundary_usage_count: policy.permissions_boundary_usage_count,
            is_attachable: policy.is_attachable,
            description: policy.description,
            create_date: policy.create_date,
            update_date: policy.update_date,
            policy_version_list: Some(versions),
        };
        self.output.policies.get_or_insert_default().push(detail);
    }

    fn role_detail(&mut self, from: &mut impl Reader, role: &RoleRecord) -> Result<RoleDetail, Error> {
        if self.profiles.is_none() {
            self.profiles = Some(from.records(&keys::all(self.account, "profile"))?);
        }
        let mut profiles = Vec::new();
        for profile in self.profiles.iter().flatten() {
            if profile.role.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(&role.name)) {
                profiles.push(shape::listed_instance_profile(from, self.account, profile)?);
            }
        }
        Ok(RoleDetail {
            path: Some(role.path.clone()),
            role_name: Some(role.name.clone()),
            role_id: Some(role.id.clone()),
            arn: Some(arn::role(self.account, role).to_string()),
            create_date: shape::time(role.created_ms),
            assume_role_policy_document: Some(encode::document(&trust::shown(from, &role.trust)?)),
            instance_profile_list: Some(profiles),
            role_policy_list: Some(shape::inline(&role.policies)),
            attached_managed_policies: Some(shape::attached(&role.policies)),
            permissions_boundary: shape::boundary(role.boundary.as_deref()),
            tags: Some(check::shown_tags(&role.tags)),
            role_last_used: Some(shape::last_used(role)),
        })
    }
}

fn user_detail(account: &str, user: &records::User) -> UserDetail {
    UserDetail {
        path: Some(user.path.clone()),
        user_name: Some(user.name.clone()),
        user_id: Some(user.id.clone()),
        arn: Some(arn::user(account, user).to_string()),
        create_date: shape::time(user.created_ms),
        user_policy_list: shape::unless_empty(shape::inline(&user.policies)),
        group_list: Some(user.groups.clone()),
        attached_managed_policies: Some(shape::attached(&user.policies)),
        permissions_boundary: shape::boundary(user.boundary.as_deref()),
        tags: Some(check::shown_tags(&user.tags)),
    }
}

fn group_detail(account: &str, group: &GroupRecord) -> GroupDetail {
    GroupDetail {
        path: Some(group.path.clone()),
        group_name: Some(group.name.clone()),
        group_id: Some(group.id.clone()),
        arn: Some(arn::group(account, group).to_string()),
        create_date: shape::time(group.created_ms),
        group_policy_list: Some(shape::inline(&group.policies)),
        attached_managed_policies: Some(shape::attached(&group.policies)),
    }
}
