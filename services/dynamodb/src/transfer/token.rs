//! Client tokens: a request that comes again finds what it began.

use sha2::{Digest as _, Sha256};
use store::{KeyRange, RangeOptions, Record as _, Tx};
use wire::Structure;

use super::job::{Job, Way};
use super::records::Used;
use crate::error::Failure;
use crate::keys::Place;
use crate::limits::{TRANSFER_LIFETIME_MS, TRANSFER_TOKEN_LIFETIME_MS};

/// A token with what was asked.
pub struct Asked {
    pub token: String,
    request: [u8; 32],
}

impl Asked {
    /// A request with its token, or with a new one.
    pub fn new(token: Option<&String>, request: &dyn Structure, fresh: impl FnOnce() -> String) -> Self {
        let said = Sha256::digest(wire::to_json(request)).into();
        Self { token: token.cloned().unwrap_or_else(fresh), request: said }
    }

    /// What the same request has begun already. `conflict` is what to answer if it was another with the same token.
    pub fn found(
        &self,
        tx: &mut Tx,
        (way, place): (Way, &Place),
        now_ms: i64,
        conflict: impl FnOnce() -> Failure,
    ) -> Result<Option<Job>, Failure> {
        let found = tx.get(&place.transfer_token(way, &self.token))?;
        let used = found.map(|found| Used::decode(&found)).transpose()?;
        match used.filter(|used| used.expires_ms > now_ms) {
            None => Ok(None),
            Some(used) if used.request != self.request => Err(conflict()),
            Some(Used { table, id, .. }) => Ok(Some(Job { way, place: place.clone(), table, id })),
        }
    }

    /// Notes what the request has begun, that there is something to do, and when it is to be forgotten.
    pub fn note(&self, tx: &mut Tx, job: &Job, now_ms: i64) {
        let used = Used {
            table: job.table.clone(),
            id: job.id.clone(),
            request: self.request,
            expires_ms: now_ms + TRANSFER_TOKEN_LIFETIME_MS,
        };
        tx.put(job.place.transfer_token(job.way, &self.token), used.encode());
        tx.put(job.in_progress(), bytes::Bytes::new());
        tx.put(job.place.transfer_end(now_ms + TRANSFER_LIFETIME_MS, job), bytes::Bytes::new());
    }
}

/// Whether so many are in progress that one more is too many.
pub fn are_too_many(tx: &Tx, (way, place): (Way, &Place), max: usize) -> Result<bool, store::Error> {
    let range = KeyRange::prefix(place.all_in_progress(way));
    Ok(tx.range_unchecked(range, RangeOptions::limit(max))?.entries.len() >= max)
}

/// Forgets a token, if it still stands for this.
pub fn forget(tx: &mut Tx, job: &Job, token: &str) -> Result<(), Failure> {
    let row = job.place.transfer_token(job.way, token);
    if let Some(found) = tx.get(&row)?
        && Used::decode(&found)?.id == job.id
    {
        tx.delete(row);
    }
    Ok(())
}
