//! Every limit of the store, as data, each with its reason.

use std::time::Duration;

/// The limits a [`crate::Store`] enforces. Sizes are in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest key. PostgreSQL refuses b-tree entries above a third of a page (2,704 bytes), so a longer key could
    /// never move to a SQL engine.
    pub key_bytes_max: usize,
    /// Largest value. The largest record of a service is a queue message of 1 MiB with its attributes.
    pub value_bytes_max: usize,
    /// Largest transaction: keys and values written plus keys read. FoundationDB's limit; it bounds one log record.
    pub tx_bytes_max: usize,
    /// How long a transaction or snapshot may be used. FoundationDB's limit; it bounds the old versions kept.
    pub tx_age_max: Duration,
    /// Most entries in one page of a range.
    pub page_entries_max: usize,
    /// Most bytes in one page of a range; a page always holds at least one entry.
    pub page_bytes_max: usize,
    /// Transactions waiting for the committer; more callers wait their turn outside the queue.
    pub queue_depth: usize,
    /// Most transactions committed by one sync. Bounds the delay of the first of them.
    pub group_txs_max: usize,
    /// A group takes no further transaction once it holds this much, so a log record stays below this plus one
    /// transaction.
    pub group_bytes_max: usize,
    /// Recent writes remembered for conflict checks. Beyond it the oldest are forgotten, and transactions begun
    /// before them are refused as too old.
    pub recent_writes_max: usize,
    /// Attempts of [`crate::Store::run`] before it gives up. With the back-off this is about half a second.
    pub run_tries_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            key_bytes_max: 2_600,
            value_bytes_max: 1_536 * 1024,
            tx_bytes_max: 10_000_000,
            tx_age_max: Duration::from_secs(5),
            page_entries_max: 10_000,
            page_bytes_max: 4 * 1024 * 1024,
            queue_depth: 1_024,
            group_txs_max: 1_024,
            group_bytes_max: 4 * 1024 * 1024,
            recent_writes_max: 1_000_000,
            run_tries_max: 32,
        }
    }
}
