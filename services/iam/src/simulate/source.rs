//! The policies that take part in a simulation, and where their statements stand.

use std::ops::Range;

use identity::keys;
use identity::records::{Group, Policies, Role, User};
use kernel::Arn;
use model_iam::types::*;
use policy::{Policy, PolicyKind, PolicyRef};
use wire::Open;

use crate::error::{Error, corrupt};
use crate::find;
use crate::read::Reader;
use crate::{arn, attach, json};

/// A policy that takes part.
pub struct Source {
    /// As results name it.
    pub name: String,
    /// What it is, for lists of policies to leave out.
    pub origin: Origin,
    pub policy: Policy,
    document: String,
    places: Vec<Range<usize>>,
}

/// Where a policy comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The request.
    Given,
    /// A managed policy, by its ARN.
    Managed(String),
    /// An inline policy of a holder: kind (`user`), name, and the policy's name.
    Inline(&'static str, String, String),
}

impl Source {
    /// A policy from a document that has been checked before.
    pub fn new(name: String, origin: Origin, policy: Policy, document: &str) -> Self {
        // What has been parsed as a policy has statements.
        let places = json::statements(document).unwrap_or_default();
        Self { name, origin, policy, document: document.to_owned(), places }
    }

    /// The same from the store.
    fn stored(name: String, origin: Origin, document: &str) -> Result<Self, Error> {
        let policy = Policy::parse(document.as_bytes(), PolicyKind::Identity).map_err(corrupt)?;
        Ok(Self::new(name, origin, policy, document))
    }

    pub fn as_ref(&self) -> PolicyRef<'_> {
        PolicyRef { name: &self.name, policy: &self.policy }
    }

    pub fn document(&self) -> &str {
        &self.document
    }

    /// A statement as results show it.
    pub fn statement(&self, index: usize) -> Statement {
        let kind = match self.policy.kind() {
            PolicyKind::Resource => "Resource Policy",
            _ => "IAM Policy",
        };
        let place = self.places.get(index);
        Statement {
            source_policy_id: Some(self.name.clone()),
            source_policy_type: Some(Open::Unknown(kind.to_owned())),
            start_position: place.map(|place| position(&self.document, place.start)),
            end_position: place.map(|place| position(&self.document, place.end)),
        }
    }
}

/// Line and column of a byte, both from 1.
fn position(document: &str, at: usize) -> Position {
    let before = document.get(..at).unwrap_or(document);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or(before).chars().count() + 1;
    Position { line: i32::try_from(line).ok(), column: i32::try_from(column).ok() }
}

/// A user, group or role that an ARN names.
pub enum Holder {
    User(User),
    Group(Group),
    Role(Role),
}

/// The user, group or role with exactly this ARN.
pub fn holder(from: &mut impl Reader, account: &str, given: &str) -> Result<Holder, Error> {
    let absent = || Error::no_such_entity_exception(format!("ARN {given} does not exist."));
    let parsed: Arn =
        given.parse().map_err(|_| Error::invalid_input_exception(format!("ARN {given} is not valid.")))?;
    if parsed.account() != account {
        return Err(absent());
    }
    if let Some(name) = arn::name_in(&parsed, "user/") {
        let user: Option<User> = from.record(&keys::user(account, name))?;
        return user.filter(|user| arn::user(account, user) == parsed).map(Holder::User).ok_or_else(absent);
    }
    if let Some(name) = arn::name_in(&parsed, "role/") {
        let role: Option<Role> = from.record(&keys::role(account, name))?;
        return role.filter(|role| arn::role(account, role) == parsed).map(Holder::Role).ok_or_else(absent);
    }
    if let Some(name) = arn::name_in(&parsed, "group/") {
        let group: Option<Group> = from.record(&keys::group(account, name))?;
        let same = |group: &Group| arn::group(account, group) == parsed;
        return group.filter(same).map(Holder::Group).ok_or_else(absent);
    }
    Err(Error::invalid_input_exception(format!(
        "Invalid Entity Arn: {given} does not clearly define entity type or name."
    )))
}

impl Holder {
    /// All policies, those of a user's groups included.
    pub fn sources(&self, from: &mut impl Reader, account: &str) -> Result<Vec<Source>, Error> {
        let mut found = Vec::new();
        match self {
            Self::Role(role) => gather(from, account, "role", &role.name, &role.policies, &mut found)?,
            Self::Group(group) => gather(from, account, "group", &group.name, &group.policies, &mut found)?,
            Self::User(user) => {
                gather(from, account, "user", &user.name, &user.policies, &mut found)?;
                for name in &user.groups {
                    let group = find::group(from, account, name)?;
                    gather(from, account, "group", &group.name, &group.policies, &mut found)?;
                }
            }
        }
        Ok(found)
    }

    /// The permissions boundary.
    pub fn boundary(&self, from: &mut impl Reader, account: &str) -> Result<Option<Source>, Error> {
        let boundary = match self {
            Self::User(user) => user.boundary.as_deref(),
            Self::Role(role) => role.boundary.as_deref(),
            Self::Group(_) => None,
        };
        boundary.map(|arn| managed(from, account, arn)).transpose()
    }
}

fn gather(
    from: &mut impl Reader,
    account: &str,
    kind: &'static str,
    holder: &str,
    policies: &Policies,
    into: &mut Vec<Source>,
) -> Result<(), Error> {
    for (name, document) in &policies.inline {
        let origin = Origin::Inline(kind, holder.to_owned(), name.clone());
        into.push(Source::stored(format!("{kind}_{holder}_{name}"), origin, document)?);
    }
    for arn in &policies.attached {
        into.push(managed(from, account, arn)?);
    }
    Ok(())
}

fn managed(from: &mut impl Reader, account: &str, arn: &str) -> Result<Source, Error> {
    let found = attach::managed(from, account, arn)?;
    let document = found.as_ref().and_then(attach::Managed::document);
    let document = document.ok_or_else(|| corrupt(format!("the policy {arn} is attached and not there")))?;
    let name = arn.rsplit('/').next().unwrap_or(arn).to_owned();
    Source::stored(name, Origin::Managed(arn.to_owned()), document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one() {
        let at = |at| {
            let position = position("ab\nc\u{e9}d", at);
            (position.line.unwrap(), position.column.unwrap())
        };
        assert_eq!((at(0), at(2), at(3), at(6)), ((1, 1), (1, 3), (2, 1), (2, 3)));
    }
}
