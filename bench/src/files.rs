//! The disk with objects alone: how many files of 1 MiB a second can be written and synced.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use tempfile::TempDir;

use crate::stats::Spread;

const FILE_BYTES: usize = 1 << 20;
/// Files of each writer, written again and again in turn, so that a run takes bounded room.
const FILES: usize = 4;

/// Files written by one number of writers at once, over all rounds.
#[derive(Debug)]
pub struct FilesSeries {
    writers: u16,
    rates: Vec<f64>,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FilesFigures {
    pub writers: u16,
    /// Files of 1 MiB a second.
    pub per_second: Spread,
}

impl FilesSeries {
    pub fn new(writers: u16) -> Self {
        Self { writers, rates: Vec::new() }
    }

    /// One round, in a directory under `parent` that is removed afterwards.
    pub fn run(&mut self, parent: &Path, duration: Duration) -> io::Result<()> {
        let directory = TempDir::with_prefix_in("cloudlet-bench-", parent)?;
        let body: Arc<[u8]> = (0..FILE_BYTES).map(|at| ((at * 31) >> 3) as u8).collect();
        let start = Instant::now();
        let writers: Vec<_> = (0..self.writers)
            .map(|writer| {
                let (body, prefix) = (Arc::clone(&body), directory.path().join(writer.to_string()));
                std::thread::spawn(move || write_repeatedly(&prefix, &body, start, duration))
            })
            .collect();
        let mut files = 0;
        for writer in writers {
            files += writer.join().map_err(|_| io::Error::other("a writer panicked"))??;
        }
        self.rates.push(files as f64 / start.elapsed().as_secs_f64());
        Ok(())
    }

    /// The figures of the rounds so far; nothing if there was none.
    pub fn figures(&self) -> Option<FilesFigures> {
        Some(FilesFigures { writers: self.writers, per_second: Spread::of(&self.rates)? })
    }
}

fn write_repeatedly(prefix: &Path, body: &[u8], start: Instant, duration: Duration) -> io::Result<u64> {
    let mut count = 0;
    while start.elapsed() < duration {
        let path: PathBuf = prefix.with_extension((count % FILES as u64).to_string());
        let mut file: File = OpenOptions::new().create(true).write(true).truncate(true).open(path)?;
        file.write_all(body)?;
        file.sync_all()?;
        count += 1;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_counted_and_nothing_is_left_behind() {
        let parent = tempfile::tempdir().expect("a directory");
        let mut series = FilesSeries::new(2);
        assert_eq!(series.figures(), None);
        series.run(parent.path(), Duration::from_millis(50)).expect("files");
        let figures = series.figures().expect("figures");
        assert!(figures.writers == 2 && figures.per_second.min > 0.0, "{figures:?}");
        assert_eq!(std::fs::read_dir(parent.path()).expect("readable").count(), 0);
        assert!(series.run(Path::new("/nowhere/at/all"), Duration::ZERO).is_err());
    }
}
