//! Managed policies that users, groups and roles have: the lists in their records, and the index by policy.

use identity::keys;
use identity::records::{ManagedPolicy, Policies};
use kernel::Arn;
use store::{KeyRange, Tx};

use crate::error::{Error, no_policy, not_attachable, over_quota};
use crate::find;
use crate::limits::ATTACHED_POLICIES;
use crate::read::Reader;

/// A managed policy: the account's own, or one of those that AWS manages.
pub enum Managed {
    Own(Box<ManagedPolicy>),
    Aws(Box<managed_policies::ManagedPolicy>),
}

impl Managed {
    /// The document in force.
    pub fn document(&self) -> Option<&str> {
        match self {
            Self::Aws(policy) => Some(policy.document),
            Self::Own(policy) => {
                let mut versions = policy.versions.iter();
                let found = versions.find(|version| version.number == policy.default_version);
                found.map(|version| version.document.as_str())
            }
        }
    }
}

/// The managed policy with this ARN.
pub fn managed(from: &mut impl Reader, account: &str, arn: &str) -> Result<Option<Managed>, Error> {
    if let Some(policy) = managed_policies::find(arn) {
        return Ok(Some(Managed::Aws(Box::new(policy))));
    }
    Ok(find::policy_at(from, account, arn)?.map(|policy| Managed::Own(Box::new(policy))))
}

/// Checks that a text is an ARN at all.
pub fn check_arn(arn: &str) -> Result<(), Error> {
    match arn.parse::<Arn>() {
        Ok(parsed) if parsed.service() == "iam" => Ok(()),
        _ => Err(Error::invalid_input_exception(format!("ARN {arn} is not valid."))),
    }
}

/// Attaches a policy to an identity of a kind (`"user"`, …); nothing happens if it is attached already.
pub fn attach(
    tx: &mut Tx,
    account: &str,
    policies: &mut Policies,
    arn: &str,
    kind: &str,
    name: &str,
) -> Result<(), Error> {
    check_arn(arn)?;
    if managed(tx, account, arn)?.is_none() {
        return Err(not_attachable(arn));
    }
    if policies.attached.iter().any(|have| have == arn) {
        return Ok(());
    }
    if policies.attached.len() >= ATTACHED_POLICIES {
        let quota = match kind {
            "user" => "PoliciesPerUser",
            "group" => "PoliciesPerGroup",
            _ => "PoliciesPerRole",
        };
        return Err(over_quota(quota, ATTACHED_POLICIES));
    }
    policies.attached.push(arn.to_owned());
    tx.put(keys::attached(account, arn, kind, name), Vec::new());
    Ok(())
}

/// Detaches a policy.
pub fn detach(
    tx: &mut Tx,
    account: &str,
    policies: &mut Policies,
    arn: &str,
    kind: &str,
    name: &str,
) -> Result<(), Error> {
    check_arn(arn)?;
    let Some(at) = policies.attached.iter().position(|have| have == arn) else {
        return Err(no_policy(arn));
    };
    policies.attached.remove(at);
    tx.delete(keys::attached(account, arn, kind, name));
    Ok(())
}

/// Makes a policy the boundary of a user or role: `kind` is `"boundary-user"` or `"boundary-role"`.
pub fn set_boundary(tx: &mut Tx, account: &str, arn: &str, kind: &str, name: &str) -> Result<(), Error> {
    check_arn(arn)?;
    if managed(tx, account, arn)?.is_none() {
        let text = format!("Scope ARN: {arn} does not exist or is not attachable.");
        return Err(Error::no_such_entity_exception(text));
    }
    tx.put(keys::attached(account, arn, kind, name), Vec::new());
    Ok(())
}

/// All that have a policy, as kinds (`"user"`, `"boundary-role"`, …) and names in lower case.
pub fn users_of(from: &mut impl Reader, account: &str, arn: &str) -> Result<Vec<(String, String)>, Error> {
    let prefix = keys::attachments(account, arn);
    let mut found = Vec::new();
    from.visit(KeyRange::prefix(&prefix), |key, _| {
        if let Some(mut rest) = store::KeyReader::after_prefix(key, &prefix) {
            let kind = rest.str()?.into_owned();
            found.push((kind, rest.str()?.into_owned()));
        }
        Ok(true)
    })?;
    Ok(found)
}
