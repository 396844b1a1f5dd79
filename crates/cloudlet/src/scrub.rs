//! Reads every file of objects through once in a while, slowly, and compares it with its checksum: what a disk has lost is
//! to be known before somebody wants to read it. Nothing is ever removed.

mod settings;

use std::sync::Arc;
use std::time::{Duration, Instant};

use blob::{Blobs, Error};
use bytes::Bytes;
use kernel::{Clock, Timestamp};
use parking_lot::Mutex;
use s3::{Files, InUse, Known};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{KeyWriter, Record as _, Store};

pub use settings::{Scrub, Settings};

/// Files whose rows are read at once.
const PAGE: usize = 100;
/// How long a restart goes back at most, but for a file that takes longer.
const SAVE_EVERY: Duration = Duration::from_secs(60);
/// After an error that may pass.
const REST: Duration = Duration::from_secs(60);
/// Attempts to read a file, each after a rest: what cannot be read for so long cannot be read.
const ATTEMPTS: u32 = 10;

/// How far it has come, as it is kept: one row. Times are milliseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct State {
    /// When the pass under way began, or the last one if none is.
    begun_ms: i64,
    /// Whether one is under way.
    under_way: bool,
    /// The position of the last file it has read.
    after: Option<Bytes>,
    seen: Seen,
    last: Option<Finished>,
}
store::record!(State, kind = 0x0021);

/// What a pass has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Seen {
    files: u64,
    bytes: u64,
    /// Files that are missing, damaged or cannot be read.
    faults: u64,
}

/// A pass that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Finished {
    ended_ms: i64,
    seen: Seen,
}

/// What others may know of it.
#[derive(Clone, Default)]
pub struct Watch(Arc<Mutex<State>>);

impl Watch {
    /// For `/_cloudlet/health`.
    pub fn show(&self) -> Value {
        let state = self.0.lock();
        let shown = |seen: &Seen| json!({ "files": seen.files, "bytes": seen.bytes, "faults": seen.faults });
        let last = state.last.map(|last| {
            let mut shown = shown(&last.seen);
            shown["ended"] = Timestamp::from_millis(last.ended_ms).to_string().into();
            shown
        });
        json!({ "under_way": state.under_way.then(|| shown(&state.seen)), "last": last })
    }
}

/// Scrubs until the program ends.
pub async fn run(store: Store, blobs: Blobs, clock: Clock, scrub: Scrub, watch: Watch) {
    let scrubber = Scrubber { store, blobs, clock, scrub, watch };
    let mut state = loop {
        match scrubber.load() {
            Ok(state) => break state,
            Err(error) => scrubber.rest(&error).await,
        }
    };
    loop {
        scrubber.show(&state);
        if !state.under_way {
            scrubber.begin(&mut state).await;
        }
        while let Err(error) = scrubber.pass(&mut state).await {
            scrubber.rest(&error).await;
        }
    }
}

fn key() -> Bytes {
    KeyWriter::new().str("cloudlet").str("scrub").finish()
}

struct Scrubber {
    store: Store,
    blobs: Blobs,
    clock: Clock,
    scrub: Scrub,
    watch: Watch,
}

impl Scrubber {
    fn load(&self) -> Result<State, store::Error> {
        let kept = self.store.snapshot().get(&key())?;
        Ok(kept.map(|kept| State::decode(&kept)).transpose()?.unwrap_or_default())
    }

    fn show(&self, state: &State) {
        self.watch.0.lock().clone_from(state);
    }

    async fn rest(&self, error: &store::Error) {
        tracing::error!(%error, "the scrub waits");
        tokio::time::sleep(REST).await;
    }

    /// Waits until a pass is due and begins it.
    async fn begin(&self, state: &mut State) {
        // Where there has been none yet, one is due.
        if state.begun_ms > 0 {
            let due = Timestamp::from_millis(state.begun_ms).plus(self.scrub.every);
            self.clock.sleep_until(due).await;
        }
        *state = State {
            begun_ms: self.clock.now().millis(),
            under_way: true,
            after: None,
            seen: Seen::default(),
            last: state.last,
        };
    }

    /// Goes on with a pass to its end.
    async fn pass(&self, state: &mut State) -> Result<(), store::Error> {
        let mut saved = Instant::now();
        loop {
            // Each time anew: there may be new accounts.
            let files = Files::of(&self.store)?;
            let page = files.in_use(state.after.as_deref(), PAGE)?;
            if page.is_empty() {
                break;
            }
            for file in page {
                let fault = self.examine(&files, &file, state).await?;
                state.seen.files += 1;
                state.seen.faults += u64::from(fault);
                state.after = Some(file.position);
                self.show(state);
                if saved.elapsed() >= SAVE_EVERY {
                    self.save(state).await?;
                    saved = Instant::now();
                }
            }
        }
        state.under_way = false;
        state.after = None;
        state.last = Some(Finished { ended_ms: self.clock.now().millis(), seen: state.seen });
        let Seen { files, bytes, faults } = state.seen;
        if files > 0 {
            self.save(state).await?;
            tracing::info!(files, bytes, faults, "the files of objects were read through");
        }
        Ok(())
    }

    /// Reads a file; says whether there is a fault.
    async fn examine(&self, files: &Files, file: &InUse, state: &mut State) -> Result<bool, store::Error> {
        let mut attempt = 1;
        loop {
            let error = match self.read(file, state).await {
                Ok(()) => return Ok(false),
                Err(error) => error,
            };
            // It may have been removed since its row was read.
            if files.known(&file.id)? != Known::Used {
                return Ok(false);
            }
            let certain = matches!(error, Error::Missing(_) | Error::Corrupt { .. });
            if certain || attempt == ATTEMPTS {
                tracing::error!(file = %file.id, %error, "an object is lost; `cloudlet check` says which");
                return Ok(true);
            }
            tracing::warn!(file = %file.id, %error, attempt, "a file cannot be read");
            attempt += 1;
            tokio::time::sleep(REST).await;
        }
    }

    /// Reads a file no faster than it may be.
    async fn read(&self, file: &InUse, state: &mut State) -> Result<(), Error> {
        let mut proof = self.blobs.proof(file.id, file.size).await?;
        loop {
            let begun = Instant::now();
            let Some(read) = proof.next().await else { return Ok(()) };
            let read = read?;
            state.seen.bytes += read;
            self.show(state);
            tokio::time::sleep(self.scrub.time_for(read).saturating_sub(begun.elapsed())).await;
        }
    }

    async fn save(&self, state: &State) -> Result<(), store::Error> {
        let mut tx = self.store.begin();
        tx.put(key(), state.encode());
        tx.commit().await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes as version 1 writes them: kept so that they stay readable.
    const STATE_V1: &[u8] = b"\x21\0\x01\0\x02\x01\x01\x01k\x02\x03\x04\x01\x0a\x05\x06\x07";

    #[test]
    fn the_stored_form_stays_readable() {
        let state = State {
            begun_ms: 1,
            under_way: true,
            after: Some(Bytes::from_static(b"k")),
            seen: Seen { files: 2, bytes: 3, faults: 4 },
            last: Some(Finished { ended_ms: 5, seen: Seen { files: 5, bytes: 6, faults: 7 } }),
        };
        assert_eq!(&state.encode()[..], STATE_V1);
        assert_eq!(State::decode(STATE_V1), Ok(state));
    }
}
