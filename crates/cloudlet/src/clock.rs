//! The clock of a data directory: advanced time stays advanced.

use std::time::Duration;

use anyhow::Result;
use kernel::Clock;
use store::{KeyWriter, Store};

/// The farthest the clock can be moved ahead in all: a hundred years.
const MAX_ADVANCE: Duration = Duration::from_secs(100 * 366 * 86_400);

/// `("cloudlet", "clock")` holds by how many milliseconds the clock is ahead, 8 bytes, big-endian.
fn key() -> Vec<u8> {
    KeyWriter::new().str("cloudlet").str("clock").finish().into()
}

/// The clock as it was left.
pub fn open(store: &Store) -> Result<Clock> {
    let stored = store.snapshot().get(&key())?;
    let ms = stored.and_then(|bytes| Some(u64::from_be_bytes(bytes.as_ref().try_into().ok()?))).unwrap_or(0);
    Ok(Clock::system(Duration::from_millis(ms)))
}

/// Moves the clock ahead, durably before anyone sees it. `None` when that would be too far.
pub async fn advance(store: &Store, clock: &Clock, by: Duration) -> Result<Option<()>, store::Error> {
    let total = clock.advanced().saturating_add(by);
    if total > MAX_ADVANCE {
        return Ok(None);
    }
    let mut tx = store.begin();
    let ms = u64::try_from(total.as_millis()).unwrap_or(u64::MAX);
    tx.put(key(), ms.to_be_bytes().to_vec());
    tx.commit().await?;
    clock.advance(by);
    Ok(Some(()))
}
