//! Records as answers show them.

use identity::records;
use kernel::Timestamp;
use model_iam::types::*;

use crate::check::shown_tags;
use crate::error::Error;
use crate::read::Reader;
use crate::{arn, encode, find, trust};

/// A moment that is stored in milliseconds.
pub fn time(ms: i64) -> Option<Timestamp> {
    Some(Timestamp::from_millis(ms))
}

/// A list that answers leave out when it is empty.
pub fn unless_empty<T>(list: Vec<T>) -> Option<Vec<T>> {
    Some(list).filter(|list| !list.is_empty())
}

/// A user as lists show it: without tags and boundary.
pub fn listed_user(account: &str, user: &records::User) -> User {
    User {
        path: Some(user.path.clone()),
        user_name: Some(user.name.clone()),
        user_id: Some(user.id.clone()),
        arn: Some(arn::user(account, user).to_string()),
        create_date: time(user.created_ms),
        password_last_used: user.password_used_ms.and_then(time),
        ..User::default()
    }
}

/// A user with everything.
pub fn user(account: &str, user: &records::User) -> User {
    User {
        permissions_boundary: boundary(user.boundary.as_deref()),
        tags: unless_empty(shown_tags(&user.tags)),
        ..listed_user(account, user)
    }
}

/// A permissions boundary.
pub fn boundary(arn: Option<&str>) -> Option<AttachedPermissionsBoundary> {
    arn.map(|arn| AttachedPermissionsBoundary {
        permissions_boundary_type: Some(PermissionsBoundaryAttachmentType::PermissionsBoundaryPolicy.into()),
        permissions_boundary_arn: Some(arn.to_owned()),
    })
}

/// A group.
pub fn group(account: &str, group: &records::Group) -> Group {
    Group {
        path: Some(group.path.clone()),
        group_name: Some(group.name.clone()),
        group_id: Some(group.id.clone()),
        arn: Some(arn::group(account, group).to_string()),
        create_date: time(group.created_ms),
    }
}

/// A version of a managed policy, without its document.
pub fn listed_version(number: u32, created_ms: i64, default: u32) -> PolicyVersion {
    PolicyVersion {
        document: None,
        version_id: Some(format!("v{number}")),
        is_default_version: Some(number == default),
        create_date: time(created_ms),
    }
}

/// Inline policies with their documents.
pub fn inline(policies: &records::Policies) -> Vec<PolicyDetail> {
    let show = |(name, document): (&String, &String)| PolicyDetail {
        policy_name: Some(name.clone()),
        policy_document: Some(encode::document(document)),
    };
    policies.inline.iter().map(show).collect()
}

/// Managed policies that are attached.
pub fn attached(policies: &records::Policies) -> Vec<AttachedPolicy> {
    policies.attached.iter().map(|arn| attached_policy(arn)).collect()
}

/// A managed policy that is attached.
pub fn attached_policy(arn: &str) -> AttachedPolicy {
    let name = arn.rsplit('/').next().unwrap_or(arn);
    AttachedPolicy { policy_name: Some(name.to_owned()), policy_arn: Some(arn.to_owned()) }
}

/// A role as lists show it: without tags, boundary and last use.
pub fn listed_role(from: &mut impl Reader, account: &str, role: &records::Role) -> Result<Role, Error> {
    Ok(Role {
        path: Some(role.path.clone()),
        role_name: Some(role.name.clone()),
        role_id: Some(role.id.clone()),
        arn: Some(arn::role(account, role).to_string()),
        create_date: time(role.created_ms),
        assume_role_policy_document: Some(encode::document(&trust::shown(from, &role.trust)?)),
        description: role.description.clone(),
        max_session_duration: i32::try_from(role.max_session_secs).ok(),
        ..Role::default()
    })
}

/// A role with everything.
pub fn role(from: &mut impl Reader, account: &str, role: &records::Role) -> Result<Role, Error> {
    Ok(Role {
        permissions_boundary: boundary(role.boundary.as_deref()),
        tags: unless_empty(shown_tags(&role.tags)),
        role_last_used: Some(last_used(role)),
        ..listed_role(from, account, role)?
    })
}

/// When a role was last used; empty if it never was.
pub fn last_used(role: &records::Role) -> RoleLastUsed {
    match &role.used {
        Some((ms, region)) => RoleLastUsed { last_used_date: time(*ms), region: Some(region.clone()) },
        None => RoleLastUsed::default(),
    }
}

/// An instance profile as lists show it, with its role.
pub fn listed_instance_profile(
    from: &mut impl Reader,
    account: &str,
    profile: &records::InstanceProfile,
) -> Result<InstanceProfile, Error> {
    let mut roles = Vec::new();
    if let Some(name) = &profile.role {
        let role = find::role(from, account, name)?;
        roles.push(Role {
            description: None,
            max_session_duration: None,
            ..listed_role(from, account, &role)?
        });
    }
    Ok(InstanceProfile {
        path: Some(profile.path.clone()),
        instance_profile_name: Some(profile.name.clone()),
        instance_profile_id: Some(profile.id.clone()),
        arn: Some(arn::instance_profile(account, profile).to_string()),
        create_date: time(profile.created_ms),
        roles: Some(roles),
        tags: None,
    })
}

/// An instance profile with everything.
pub fn instance_profile(
    from: &mut impl Reader,
    account: &str,
    profile: &records::InstanceProfile,
) -> Result<InstanceProfile, Error> {
    let tags = unless_empty(shown_tags(&profile.tags));
    Ok(InstanceProfile { tags, ..listed_instance_profile(from, account, profile)? })
}

/// A managed policy as lists show it, without description and tags. `uses` are those as a policy and as a boundary.
pub fn listed_policy(account: &str, policy: &records::ManagedPolicy, uses: (i32, i32)) -> Policy {
    Policy {
        policy_name: Some(policy.name.clone()),
        policy_id: Some(policy.id.clone()),
        arn: Some(arn::policy(account, policy).to_string()),
        path: Some(policy.path.clone()),
        default_version_id: Some(format!("v{}", policy.default_version)),
        attachment_count: Some(uses.0),
        permissions_boundary_usage_count: Some(uses.1),
        is_attachable: Some(true),
        create_date: time(policy.created_ms),
        update_date: time(policy.updated_ms),
        ..Policy::default()
    }
}

/// A policy that AWS manages.
pub fn aws_policy(policy: &managed_policies::ManagedPolicy, uses: (i32, i32)) -> Policy {
    Policy {
        policy_name: Some(policy.name.to_owned()),
        policy_id: Some(policy.id.clone()),
        arn: Some(policy.arn.to_owned()),
        path: Some(policy.path.to_owned()),
        default_version_id: Some(policy.version.to_owned()),
        attachment_count: Some(uses.0),
        permissions_boundary_usage_count: Some(uses.1),
        is_attachable: Some(true),
        create_date: Some(policy.created),
        update_date: Some(policy.updated),
        ..Policy::default()
    }
}
