//! The store alone: how many small transactions a second it makes durable.

use crate::stats::{Latencies, Spread};
use serde::Serialize;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};
use store::{Options, Store};
use tempfile::TempDir;
use tokio::task::JoinSet;

/// About what a message of 100 bytes with its attributes takes.
const VALUE: [u8; 256] = [0x5a; 256];

/// Why the store could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("store directory: {0}")]
    Directory(#[from] io::Error),
    #[error("store: {0}")]
    Open(#[from] store::OpenError),
    #[error("store commit: {0}")]
    Commit(#[from] store::Error),
}

/// Commits of one put each, with one number of concurrent committers, over all rounds.
#[derive(Debug)]
pub struct EngineSeries {
    committers: u16,
    rates: Vec<f64>,
    latencies: Latencies,
    syncs: u64,
}

/// What was measured of the store.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EngineFigures {
    pub committers: u16,
    pub per_second: Spread,
    pub p50_us: f64,
    pub p99_us: f64,
    pub commits: u64,
    /// How many transactions shared a sync, on average.
    pub commits_per_sync: f64,
}

impl EngineSeries {
    pub fn new(committers: u16) -> Self {
        Self { committers, rates: Vec::new(), latencies: Latencies::default(), syncs: 0 }
    }

    /// One round: a fresh durable store under `parent`, removed afterwards, takes commits for `duration`.
    pub async fn run(&mut self, parent: &Path, duration: Duration) -> Result<(), EngineError> {
        let directory = TempDir::with_prefix_in("cloudlet-bench-", parent)?;
        let store = Store::open(&directory.path().join("store"), Options::default())?;
        let syncs_before = store.stats().syncs;
        let start = Instant::now();
        let mut committers = JoinSet::new();
        for committer in 0..self.committers {
            committers.spawn(commit_repeatedly(store.clone(), committer, start, duration));
        }
        let mut commits = 0;
        while let Some(latencies) = committers.join_next().await {
            let latencies = latencies.map_err(io::Error::other)??;
            commits += latencies.count();
            self.latencies.add(&latencies);
        }
        self.rates.push(commits as f64 / start.elapsed().as_secs_f64());
        self.syncs += store.stats().syncs.saturating_sub(syncs_before);
        store.close();
        Ok(())
    }

    /// The figures of the rounds so far; nothing if there was none.
    pub fn figures(&self) -> Option<EngineFigures> {
        let commits = self.latencies.count();
        Some(EngineFigures {
            committers: self.committers,
            per_second: Spread::of(&self.rates)?,
            p50_us: self.latencies.percentile_us(50.0)?,
            p99_us: self.latencies.percentile_us(99.0)?,
            commits,
            commits_per_sync: commits as f64 / self.syncs.max(1) as f64,
        })
    }
}

async fn commit_repeatedly(
    store: Store,
    committer: u16,
    start: Instant,
    duration: Duration,
) -> Result<Latencies, store::Error> {
    let mut latencies = Latencies::default();
    let mut now = start;
    let mut count: u64 = 0;
    while now - start < duration {
        let mut transaction = store.begin();
        let key = [&committer.to_be_bytes()[..], &count.to_be_bytes()[..]].concat();
        transaction.put(key, &VALUE[..]);
        transaction.commit().await?;
        let end = Instant::now();
        latencies.record(end - now);
        now = end;
        count += 1;
    }
    Ok(latencies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn commits_are_counted_and_nothing_is_left_behind() {
        let parent = tempfile::tempdir().expect("a directory");
        let mut series = EngineSeries::new(4);
        assert_eq!(series.figures(), None);
        for _ in 0..2 {
            series.run(parent.path(), Duration::from_millis(50)).await.expect("commits");
        }
        let figures = series.figures().expect("figures");
        assert!(figures.commits >= 8 && figures.commits_per_sync >= 1.0, "{figures:?}");
        assert!(figures.per_second.min > 0.0 && figures.p50_us <= figures.p99_us, "{figures:?}");
        assert_eq!(std::fs::read_dir(parent.path()).expect("readable").count(), 0);
        let nowhere = series.run(Path::new("/nowhere/at/all"), Duration::ZERO).await;
        assert!(matches!(nowhere, Err(EngineError::Directory(_))));
    }
}
