//! What users, groups and roles have in common: policies.

use bytes::Bytes;
use identity::keys;
use identity::records::{Group, Policies, Role, User};
use policy::limits::{INLINE_GROUP, INLINE_ROLE, INLINE_USER};
use store::{Record, Tx};

use crate::error::Error;
use crate::find;
use crate::read::Reader;

/// Something that has policies.
pub trait Holder: Record {
    /// As index keys, ARNs and error texts name it: `user`.
    const WORD: &'static str;
    /// The most characters of all its inline policies together.
    const INLINE_MAX: usize;

    fn find(from: &mut impl Reader, account: &str, name: &str) -> Result<Self, Error>;
    fn key(account: &str, name: &str) -> Bytes;
    fn name(&self) -> &str;
    fn policies(&self) -> &Policies;
    fn policies_mut(&mut self) -> &mut Policies;

    /// Whether it is its owner's to change.
    fn check_modifiable(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Changes one in a transaction.
    fn change<T>(
        tx: &mut Tx,
        account: &str,
        name: &str,
        body: impl FnOnce(&mut Tx, &mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut found = Self::find(tx, account, name)?;
        found.check_modifiable()?;
        let value = body(tx, &mut found)?;
        tx.put(Self::key(account, found.name()), found.encode());
        Ok(value)
    }
}

macro_rules! holder {
    ($record:ty, $kind:literal, $max:expr, $find:path, $key:path $(, $check:item)?) => {
        impl Holder for $record {
            const WORD: &'static str = $kind;
            const INLINE_MAX: usize = $max;

            fn find(from: &mut impl Reader, account: &str, name: &str) -> Result<Self, Error> {
                $find(from, account, name)
            }
            fn key(account: &str, name: &str) -> Bytes {
                $key(account, name)
            }
            fn name(&self) -> &str {
                &self.name
            }
            fn policies(&self) -> &Policies {
                &self.policies
            }
            fn policies_mut(&mut self) -> &mut Policies {
                &mut self.policies
            }
            $($check)?
        }
    };
}

holder!(User, "user", INLINE_USER, find::user, keys::user);
holder!(Group, "group", INLINE_GROUP, find::group, keys::group);
holder!(
    Role,
    "role",
    INLINE_ROLE,
    find::role,
    keys::role,
    fn check_modifiable(&self) -> Result<(), Error> {
        match &self.linked_to {
            None => Ok(()),
            Some(_) => Err(Error::unmodifiable_entity_exception(format!(
                "Cannot perform the operation on the protected role '{}' - this role is only modifiable by AWS",
                self.name
            ))),
        }
    }
);
