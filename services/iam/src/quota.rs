//! How many there are of what accounts have many of, counted in the store.

use identity::keys;
use store::Tx;

use crate::error::{Error, corrupt, over_quota};
use crate::read::Reader;

/// How many records of a kind (`"user"`, …) the account has.
pub fn count(from: &mut impl Reader, account: &str, kind: &str) -> Result<usize, Error> {
    let Some(bytes) = from.bytes(&keys::count(account, kind))? else { return Ok(0) };
    let bytes = <[u8; 8]>::try_from(&bytes[..]).map_err(|_| corrupt("a counter is not 8 bytes long"))?;
    usize::try_from(i64::from_le_bytes(bytes)).map_err(corrupt)
}

/// Counts one more, up to the quota of this name.
pub fn take(tx: &mut Tx, account: &str, kind: &str, quota: &str, max: usize) -> Result<(), Error> {
    if count(tx, account, kind)? >= max {
        return Err(over_quota(quota, max));
    }
    tx.add_i64(keys::count(account, kind), 1);
    Ok(())
}

/// Counts one less.
pub fn give_back(tx: &mut Tx, account: &str, kind: &str) {
    tx.add_i64(keys::count(account, kind), -1);
}
