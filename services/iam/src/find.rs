//! What is there, by its name.

use identity::keys;
use identity::records::{Account, Group, InstanceProfile, ManagedPolicy, Role, User};
use kernel::Arn;

use crate::arn;
use crate::error::{Error, no_group, no_instance_profile, no_policy, no_role, no_user};
use crate::read::Reader;

/// A user.
pub fn user(from: &mut impl Reader, account: &str, name: &str) -> Result<User, Error> {
    from.record(&keys::user(account, name))?.ok_or_else(|| no_user(name))
}

/// A group.
pub fn group(from: &mut impl Reader, account: &str, name: &str) -> Result<Group, Error> {
    from.record(&keys::group(account, name))?.ok_or_else(|| no_group(name))
}

/// A role.
pub fn role(from: &mut impl Reader, account: &str, name: &str) -> Result<Role, Error> {
    from.record(&keys::role(account, name))?.ok_or_else(|| no_role(name))
}

/// An instance profile.
pub fn instance_profile(from: &mut impl Reader, account: &str, name: &str) -> Result<InstanceProfile, Error> {
    from.record(&keys::instance_profile(account, name))?.ok_or_else(|| no_instance_profile(name))
}

/// A managed policy of the account's own, by its ARN; `None` where there is none with exactly this ARN.
pub fn policy_at(from: &mut impl Reader, account: &str, at: &str) -> Result<Option<ManagedPolicy>, Error> {
    let Ok(parsed) = at.parse::<Arn>() else { return Ok(None) };
    if parsed.account() != account {
        return Ok(None);
    }
    let Some(name) = arn::name_in(&parsed, "policy/") else { return Ok(None) };
    let found: Option<ManagedPolicy> = from.record(&keys::policy(account, name))?;
    Ok(found.filter(|policy| arn::policy(account, policy) == parsed))
}

/// The same, which must be there.
pub fn policy(from: &mut impl Reader, account: &str, at: &str) -> Result<ManagedPolicy, Error> {
    policy_at(from, account, at)?.ok_or_else(|| no_policy(at))
}

/// What the account itself has.
pub fn account(from: &mut impl Reader, account: &str) -> Result<Account, Error> {
    Ok(from.record(&keys::account(account))?.unwrap_or_default())
}
