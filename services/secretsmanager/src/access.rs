//! When secrets were last read, to the day. Reading a secret writes nothing itself: the first read of a day is noted
//! down afterwards.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use kernel::Timestamp;
use model_secretsmanager::Error;
use parking_lot::Mutex;
use store::Record as _;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::error::{Failure, of_store};
use crate::limits::{ACCESS_MEMORY, ACCESS_QUEUE, DAY_MS};
use crate::records::Accessed;
use crate::secrets::{Found, Secrets, current};

/// What memory knows of reads.
pub struct Accesses {
    /// The day of the last read by row, for what was read since the start.
    days: Mutex<HashMap<Bytes, i64>>,
    to_write: Sender<Read>,
    /// Taken by the work that writes.
    queue: Mutex<Option<Receiver<Read>>>,
}

/// One read to be noted down.
struct Read {
    found: Found,
    version: String,
    day_ms: i64,
}

impl Default for Accesses {
    fn default() -> Self {
        let (to_write, queue) = channel(ACCESS_QUEUE);
        Self { days: Mutex::default(), to_write, queue: Mutex::new(Some(queue)) }
    }
}

impl Secrets {
    /// Takes note that a version was read.
    pub fn touch(&self, found: &Found, version: &str, now: Timestamp) {
        let day_ms = now.millis() - now.millis().rem_euclid(DAY_MS);
        let row = found.rows().accessed(version);
        let mut days = self.accesses.days.lock();
        if days.get(&row).is_some_and(|known| *known >= day_ms) {
            return;
        }
        let read = Read { found: found.clone(), version: version.to_owned(), day_ms };
        // When too many wait, a later read of that day is noted.
        if self.accesses.to_write.try_send(read).is_err() {
            return;
        }
        if days.len() + 2 > ACCESS_MEMORY {
            days.clear();
        }
        days.insert(row, day_ms);
        days.insert(found.rows().accessed(""), day_ms);
    }

    /// The day a version (`""`: the secret) was last read.
    pub fn accessed(&self, found: &Found, version: &str) -> Result<Option<Timestamp>, Error> {
        let row = found.rows().accessed(version);
        let known = self.accesses.days.lock().get(&row).copied();
        let written = match self.store.snapshot().get(&row).map_err(of_store)? {
            Some(bytes) => {
                let read = Accessed::decode(&bytes);
                Some(read.map_err(|error| of_store(crate::error::corrupt(error)))?.day_ms)
            }
            None => None,
        };
        Ok(known.max(written).map(Timestamp::from_millis))
    }
}

/// Writes down what was read, for ever.
pub async fn run(secrets: Arc<Secrets>) {
    let Some(mut queue) = secrets.accesses.queue.lock().take() else { return };
    while let Some(read) = queue.recv().await {
        if let Err(error) = write(&secrets, &read).await {
            // A secret that is gone has nothing to be noted.
            tracing::debug!(?error, "a read was not noted down");
        }
    }
}

async fn write(secrets: &Secrets, read: &Read) -> Result<(), Failure> {
    secrets
        .store
        .transact(|tx| {
            current(tx, &read.found)?;
            for version in ["", &read.version] {
                let row = read.found.rows().accessed(version);
                let before = tx.get(&row)?.map(|bytes| Accessed::decode(&bytes)).transpose()?;
                if before.is_none_or(|before| before.day_ms < read.day_ms) {
                    tx.put(row, Accessed { day_ms: read.day_ms }.encode());
                }
            }
            Ok(())
        })
        .await
}
