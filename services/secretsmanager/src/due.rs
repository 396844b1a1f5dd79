//! What is due next, and waiting for it.

use kernel::{Clock, Timestamp};
use store::{KeyRange, RangeOptions, Record as _, Store, Tx, Watch};

use crate::error::{Failure, corrupt};
use crate::keys::{self, Due, DueSecret};
use crate::records::Secret;
use crate::secrets::Found;

/// The row that is due first.
pub fn first(store: &Store, due: Due) -> Result<Option<DueSecret>, store::Error> {
    let rows = store.snapshot().range(KeyRange::prefix(due.all()), RangeOptions::limit(1))?;
    rows.entries.first().map(|(key, _)| due.read(key).map_err(corrupt)).transpose()
}

/// Waits until it is due, or until the rows are changed.
pub async fn wait(clock: &Clock, next: Option<DueSecret>, changed: &mut Watch) {
    match next {
        Some(next) => tokio::select! {
            () = clock.sleep_until(Timestamp::from_millis(next.due_ms)) => {}
            _ = changed.changed() => {}
        },
        None => {
            let _ = changed.changed().await;
        }
    }
}

/// The secret of a row, if the row is right; one that is not is removed.
pub fn secret(
    tx: &mut Tx,
    due: Due,
    row: &DueSecret,
    due_ms: impl Fn(&Secret) -> Option<i64>,
) -> Result<Option<Found>, Failure> {
    let bytes = tx.get(&keys::secret(&row.account, &row.region, &row.name))?;
    let secret = bytes.map(|bytes| Secret::decode(&bytes)).transpose()?;
    let secret = secret.filter(|secret| due_ms(secret) == Some(row.due_ms));
    if secret.is_none() {
        tx.delete(due.row(row.due_ms, &row.account, &row.region, &row.name));
    }
    let (account, region) = (row.account.clone(), row.region.clone());
    Ok(secret.map(|secret| Found { account, region, secret }))
}
