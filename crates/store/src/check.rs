//! Verifying a data directory that nobody has open.

use std::path::Path;

use crate::base::BaseFile;
use crate::dir::{DataDir, FORMAT, State};
use crate::error::OpenError;
use crate::log::recover;
use crate::options::Options;

/// What a check found in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckReport {
    /// Format of the directory.
    pub format: u32,
    /// The newest version committed.
    pub version: u64,
    /// The version up to which the base holds everything.
    pub flushed_version: u64,
    /// Entries in the base, the store's own included.
    pub base_entries: u64,
    /// Size of the base file in bytes.
    pub base_bytes: u64,
    /// Log segments in use.
    pub log_segments: u64,
    /// Intact records in them.
    pub log_records: u64,
    /// Bytes of these records.
    pub log_bytes: u64,
}

/// Verifies the data directory `dir`: its format, every checksum of the log, and every page of the base. The directory
/// is locked meanwhile. The log is only read; the base file is changed only in what every opening changes (its mark of
/// a clean shutdown).
pub fn check(dir: &Path) -> Result<CheckReport, OpenError> {
    let (data, state) = DataDir::open(dir)?;
    if state != State::Ready {
        return Err(OpenError::NotAStore { dir: dir.to_owned(), why: "it holds no finished store".into() });
    }
    let path = data.base();
    let base = BaseFile::open(&path, Options::default().cache_bytes)?.verified()?;
    let snapshot = base.snapshot()?;
    let mark = snapshot.mark();
    let end = recover::replay(&data.log(), mark.live_segment, mark.flushed, drop)?;
    let entries = snapshot.entries().map_err(|error| OpenError::corrupt(&path, 0, error.to_string()))?;
    Ok(CheckReport {
        format: FORMAT,
        version: end.version,
        flushed_version: mark.flushed,
        base_entries: entries,
        base_bytes: path.metadata().map_err(OpenError::io("examine", &path))?.len(),
        log_segments: end.segments as u64,
        log_records: end.records,
        log_bytes: end.bytes,
    })
}
