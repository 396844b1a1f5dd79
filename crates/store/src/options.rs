//! How a store is opened.

use crate::limits::Limits;

/// Settings of a store; [`Default`] suits a server. Sizes are in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What callers may do.
    pub limits: Limits,
    /// The overlay's active generation is handed to the flusher when it holds this much.
    /// Larger means fewer, more orderly writes to the base and more memory.
    pub overlay_freeze_bytes: usize,
    /// Commits wait for the flusher when the overlay holds this much, and fail when the flusher cannot proceed. It also
    /// bounds what is read back after a crash.
    pub overlay_bytes_max: usize,
    /// The active generation is also handed over when its log has grown this long, which bounds recovery time for
    /// data that comes and goes quickly.
    pub log_freeze_bytes: u64,
    /// Size of the first log segment of a fresh store: small, so that an empty store starts at once.
    pub segment_bytes_first: u64,
    /// Size of the later, recycled log segments.
    pub segment_bytes: u64,
    /// Page cache of the base file.
    pub cache_bytes: usize,
    /// Most data a memory store may hold before commits fail as full.
    pub memory_bytes_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Options {
            limits: Limits::default(),
            overlay_freeze_bytes: 16 * MIB,
            overlay_bytes_max: 64 * MIB,
            log_freeze_bytes: 32 * MIB as u64,
            segment_bytes_first: MIB as u64,
            segment_bytes: 16 * MIB as u64,
            cache_bytes: 64 * MIB,
            memory_bytes_max: 4096 * MIB,
        }
    }
}
