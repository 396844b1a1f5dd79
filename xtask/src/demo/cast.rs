//! The example's processes: one that sends, those that work, and one that collects dead letters.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::ledger::{Attempt, Ledger, Letter, Sent};
use super::process::Process;
use super::stop::Stop;
use super::tail::Tail;

/// The account of Counter Promo's development environment.
const ACCOUNT: &str = "437064342167";
/// Its region.
const REGION: &str = "eu-west-2";
/// A short task of the example: starting Python is most of it.
const TASK_MAX: Duration = Duration::from_secs(60);
/// A worker that is told to stop finishes the batch in its hands.
const END_MAX: Duration = Duration::from_secs(30);

/// Everyone who is a client of Cloudlet.
pub struct Cast {
    python: PathBuf,
    example: PathBuf,
    place: PathBuf,
    url: String,
    sender: Option<Process>,
    sent: Tail,
    workers: Vec<Worker>,
    hired: usize,
    attempts: Vec<Tail>,
    collector: Process,
    letters: Tail,
}

struct Worker {
    process: Process,
}

impl Cast {
    /// Creates the queues and starts to collect dead letters. Journals and logs go to `place`.
    pub fn new(python: &Path, example: &Path, place: &Path, url: &str, stop: &Stop) -> Result<Self> {
        let _ = (python, example, place, url, stop);
        unimplemented!()
    }
}
