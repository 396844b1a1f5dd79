//! Who has a policy.

use std::sync::Arc;

use identity::keys;
use identity::records::{Group, Role, User};
use kernel::Call;
use model_iam::types::*;
use service::Allowed;

use crate::attach;
use crate::error::{Error, no_policy, validation};
use crate::iam::Iam;
use crate::page::Wanted;
use crate::read::Reader as _;

impl Iam {
    pub async fn list_entities_for_policy(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: ListEntitiesForPolicyInput,
    ) -> Result<ListEntitiesForPolicyOutput, Error> {
        let account = &call.account;
        let wanted = Wanted::new(input.max_items, input.marker.as_deref())?;
        let only = match input.entity_filter.and_then(|filter| filter.known()) {
            None => None,
            Some(EntityType::User) => Some("user"),
            Some(EntityType::Group) => Some("group"),
            Some(EntityType::Role) => Some("role"),
            Some(_) => return Err(validation("EntityFilter must be User, Role or Group.")),
        };
        let usage = input.policy_usage_filter.and_then(|usage| usage.known());
        let prefix = input.path_prefix.unwrap_or_default();
        let mut snapshot = self.store.snapshot();
        attach::managed(&mut snapshot, account, &input.policy_arn)?
            .ok_or_else(|| no_policy(&input.policy_arn))?;
        // One that has the policy in both ways is listed once.
        let mut found: Vec<(String, String)> = Vec::new();
        for (kind, name) in attach::users_of(&mut snapshot, account, &input.policy_arn)? {
            let (bounds, kind) = match kind.strip_prefix("boundary-") {
                Some(kind) => (true, kind.to_owned()),
                None => (false, kind),
            };
            let used = match usage {
                None => true,
                Some(PolicyUsageType::PermissionsBoundary) => bounds,
                Some(PolicyUsageType::PermissionsPolicy) => !bounds,
            };
            if used && only.is_none_or(|only| only == kind) {
                found.push((kind, name));
            }
        }
        found.sort();
        found.dedup();
        let (mut users, mut groups, mut roles) = (Vec::new(), Vec::new(), Vec::new());
        let mut shown: Vec<Entity> = Vec::new();
        for (kind, name) in found {
            let entity = match kind.as_str() {
                "user" => snapshot.record::<User>(&keys::user(account, &name))?.map(Entity::User),
                "group" => snapshot.record::<Group>(&keys::group(account, &name))?.map(Entity::Group),
                _ => snapshot.record::<Role>(&keys::role(account, &name))?.map(Entity::Role),
            };
            shown.extend(entity.filter(|entity| entity.path().starts_with(&prefix)));
        }
        let part = wanted.of(shown, Entity::key);
        for entity in part.entries {
            match entity {
                Entity::User(user) => {
                    users.push(PolicyUser { user_name: Some(user.name), user_id: Some(user.id) });
                }
                Entity::Group(group) => {
                    groups.push(PolicyGroup { group_name: Some(group.name), group_id: Some(group.id) });
                }
                Entity::Role(role) => {
                    roles.push(PolicyRole { role_name: Some(role.name), role_id: Some(role.id) });
                }
            }
        }
        Ok(ListEntitiesForPolicyOutput {
            policy_groups: Some(groups),
            policy_users: Some(users),
            policy_roles: Some(roles),
            is_truncated: Some(part.marker.is_some()),
            marker: part.marker,
        })
    }
}

enum Entity {
    Group(Group),
    Role(Role),
    User(User),
}

impl Entity {
    fn path(&self) -> &str {
        match self {
            Self::Group(group) => &group.path,
            Self::Role(role) => &role.path,
            Self::User(user) => &user.path,
        }
    }

    /// In the order of kinds and names.
    fn key(&self) -> String {
        let (kind, name) = match self {
            Self::Group(group) => ("group", &group.name),
            Self::Role(role) => ("role", &role.name),
            Self::User(user) => ("user", &user.name),
        };
        format!("{kind}/{}", name.to_ascii_lowercase())
    }
}
