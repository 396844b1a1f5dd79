//! The disk alone: how long an append of 4 KiB takes to be on it.

use crate::stats::Latencies;
use serde::Serialize;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// One page: what a small commit has to write at least.
const APPEND_BYTES: usize = 4096;
/// 256 MiB: a bound on what a fast disk may write within one sample.
const APPENDS_MAX: usize = 65_536;
/// A kernel constant: where a sync costs nothing because nothing is kept.
const TMPFS_MAGIC: i128 = 0x0102_1994;

/// Latency of append + fdatasync.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DiskFigures {
    pub appends: u64,
    pub p50_us: f64,
    pub p99_us: f64,
    /// The directory is in memory; the figures say nothing about a disk.
    pub in_memory: bool,
}

/// Appends and syncs for `duration` in a file in `directory` that has no name and is gone afterwards.
pub fn sample(directory: &Path, duration: Duration) -> io::Result<Latencies> {
    let mut file = tempfile::tempfile_in(directory)?;
    let page = [0x5a; APPEND_BYTES];
    let mut latencies = Latencies::default();
    let start = Instant::now();
    for _ in 0..APPENDS_MAX {
        let before = Instant::now();
        if before - start >= duration {
            break;
        }
        file.write_all(&page)?;
        file.sync_data()?;
        latencies.record(before.elapsed());
    }
    Ok(latencies)
}

/// The figures of some samples; nothing if there was none.
pub fn figures(latencies: &Latencies, directory: &Path) -> Option<DiskFigures> {
    Some(DiskFigures {
        appends: latencies.count(),
        p50_us: latencies.percentile_us(50.0)?,
        p99_us: latencies.percentile_us(99.0)?,
        in_memory: is_in_memory(directory),
    })
}

fn is_in_memory(directory: &Path) -> bool {
    rustix::fs::statfs(directory).is_ok_and(|found| i128::from(found.f_type) == TMPFS_MAGIC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_leaves_nothing_behind() {
        let directory = tempfile::tempdir().expect("a directory");
        let latencies = sample(directory.path(), Duration::from_millis(50)).expect("a sample");
        let figures = figures(&latencies, directory.path()).expect("figures");
        assert!(
            figures.appends > 0 && figures.p50_us > 0.0 && figures.p50_us <= figures.p99_us,
            "{figures:?}"
        );
        assert_eq!(std::fs::read_dir(directory.path()).expect("readable").count(), 0);
        assert!(sample(Path::new("/nowhere/at/all"), Duration::ZERO).is_err());
    }

    #[test]
    fn memory_is_told_from_disk() {
        assert!(is_in_memory(Path::new("/dev/shm")));
        assert!(!is_in_memory(Path::new("/proc")));
    }
}
