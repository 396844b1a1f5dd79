//! Records as answers show them.

use identity::records;
use kernel::Timestamp;
use model_iam::types::*;

use crate::check::shown_tags;
use crate::{arn, encode};

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
