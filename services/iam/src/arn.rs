//! The ARNs of what IAM keeps, and what they say.

use identity::records::{Group, InstanceProfile, ManagedPolicy, Role, User};
use kernel::Arn;

/// `arn:aws:iam::account:resource`
pub fn of(account: &str, resource: &str) -> Arn {
    Arn::aws("iam", "", account, resource)
}

/// Of something with a kind (`user`, …), a path and a name.
pub fn named(account: &str, kind: &str, path: &str, name: &str) -> Arn {
    of(account, &format!("{kind}{path}{name}"))
}

/// Of a user.
pub fn user(account: &str, user: &User) -> Arn {
    named(account, "user", &user.path, &user.name)
}

/// Of a group.
pub fn group(account: &str, group: &Group) -> Arn {
    named(account, "group", &group.path, &group.name)
}

/// Of a role.
pub fn role(account: &str, role: &Role) -> Arn {
    named(account, "role", &role.path, &role.name)
}

/// Of a managed policy of the account's own.
pub fn policy(account: &str, policy: &ManagedPolicy) -> Arn {
    named(account, "policy", &policy.path, &policy.name)
}

/// Of an instance profile.
pub fn instance_profile(account: &str, profile: &InstanceProfile) -> Arn {
    named(account, "instance-profile", &profile.path, &profile.name)
}

/// The last part of an ARN's resource: the name. `kind` is what the resource must begin with, as in `policy/`.
pub fn name_in<'a>(arn: &'a Arn, kind: &str) -> Option<&'a str> {
    let rest = arn.resource().strip_prefix(kind)?;
    let name = rest.rsplit('/').next().unwrap_or(rest);
    (arn.service() == "iam" && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_arns() {
        let arn: Arn = "arn:aws:iam::123456789012:policy/a/b/name".parse().unwrap();
        assert_eq!(name_in(&arn, "policy/"), Some("name"));
        assert_eq!(name_in(&arn, "user/"), None);
        assert_eq!(named("123456789012", "policy", "/a/b/", "name"), arn);
        let other: Arn = "arn:aws:sts::123456789012:policy/name".parse().unwrap();
        assert_eq!(name_in(&other, "policy/"), None);
    }
}
