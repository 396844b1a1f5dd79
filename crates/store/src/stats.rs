//! What the store has done and holds.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts since the store was opened, and sizes now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Transactions committed.
    pub commits: u64,
    /// Groups they were committed in.
    pub groups: u64,
    /// Syncs of the log.
    pub syncs: u64,
    /// Transactions refused for a conflict.
    pub conflicts: u64,
    /// Transactions refused as too old.
    pub too_old: u64,
    /// Transactions that failed because nothing could be written.
    pub write_failures: u64,
    /// Generations written to the base.
    pub flushes: u64,
    /// Bytes appended to the log.
    pub log_bytes: u64,
    /// Memory held by the overlay, in bytes, approximately.
    pub overlay_bytes: u64,
    /// Size of the base file in bytes.
    pub base_bytes: u64,
    /// Versions at which snapshots or transactions are open.
    pub open_versions: u64,
    /// Prefixes watched.
    pub watches: u64,
}

#[derive(Default)]
pub(crate) struct Counters {
    pub commits: AtomicU64,
    pub groups: AtomicU64,
    pub syncs: AtomicU64,
    pub conflicts: AtomicU64,
    pub too_old: AtomicU64,
    pub write_failures: AtomicU64,
    pub flushes: AtomicU64,
    pub log_bytes: AtomicU64,
}

impl Counters {
    pub fn add(counter: &AtomicU64, n: u64) {
        counter.fetch_add(n, Relaxed);
    }

    pub fn read(&self) -> Stats {
        Stats {
            commits: self.commits.load(Relaxed),
            groups: self.groups.load(Relaxed),
            syncs: self.syncs.load(Relaxed),
            conflicts: self.conflicts.load(Relaxed),
            too_old: self.too_old.load(Relaxed),
            write_failures: self.write_failures.load(Relaxed),
            flushes: self.flushes.load(Relaxed),
            log_bytes: self.log_bytes.load(Relaxed),
            ..Stats::default()
        }
    }
}
