//! What a user has beside its record: rows under the user's unique id, which stays when it is renamed.

use identity::keys;
use model_iam::types::StatusType;
use store::{KeyRange, Record};

use crate::error::{Error, validation};
use crate::find;
use crate::read::Reader;
use crate::resource::Owner;

/// Under what the belongings of a user, or of the root user, are kept; and the name to show.
pub fn owner(
    from: &mut impl Reader,
    account: &str,
    owner: &Owner,
) -> Result<(String, Option<String>), Error> {
    match owner {
        Owner::Root => Ok(("root".to_owned(), None)),
        Owner::User(name) => {
            let user = find::user(from, account, name)?;
            Ok((user.id, Some(user.name)))
        }
    }
}

/// The records of a kind that an owner has. Quotas bound how many those are.
pub fn all<R: Record>(
    from: &mut impl Reader,
    account: &str,
    kind: &str,
    owner: &str,
) -> Result<Vec<R>, Error> {
    from.records(&keys::belongings(account, kind, owner))
}

/// What a user must part with before it can be deleted, besides what its record says.
pub fn in_the_way(from: &mut impl Reader, account: &str, owner: &str) -> Result<Option<&'static str>, Error> {
    for (kind, what) in [
        ("signing", "must delete signing certificates first."),
        ("ssh", "must delete SSH public keys first."),
        ("service-cred", "must delete service-specific credentials first."),
    ] {
        let mut found = false;
        let rows = KeyRange::prefix(keys::belongings(account, kind, owner));
        from.visit(rows, |_, _| {
            found = true;
            Ok(false)
        })?;
        if found {
            return Ok(Some(what));
        }
    }
    Ok(None)
}

/// Whether a status that is given means active.
pub fn is_active(status: Option<StatusType>) -> Result<bool, Error> {
    match status {
        Some(StatusType::Active) => Ok(true),
        Some(StatusType::Inactive) => Ok(false),
        _ => Err(validation("The status must be Active or Inactive.")),
    }
}

/// A status as answers show it.
pub fn status(active: bool) -> StatusType {
    if active { StatusType::Active } else { StatusType::Inactive }
}
