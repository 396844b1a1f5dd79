//! The files of objects, beside what the store says of them.

use std::fmt;
use std::io::IsTerminal as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use blob::{BlobId, Blobs, Error};
use console::Term;
use s3::{Files, InUse, Known};
use store::Store;

use super::uses;

/// Faults that are listed; those beyond are counted. More say nothing new of a disk, and each may name objects.
const FAULTS_MAX: usize = 1_000;
/// Objects that are named of a file. Copies share one, and most have one user.
const OBJECTS_MAX: usize = 10;
/// Rows read at once.
const PAGE: usize = 1_000;
/// Often enough for somebody who watches.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

/// What was found.
#[derive(Default)]
pub struct Report {
    /// Files in use.
    pub files: u64,
    /// Bytes of objects and parts in them.
    pub bytes: u64,
    /// Files that were read and are as they were written.
    pub verified: u64,
    /// Files that nobody uses and that are to be removed.
    pub garbage: u64,
    /// Files that the store knows nothing of: the next start removes them.
    pub left_over: u64,
    /// Files that were never finished: the next start removes them.
    pub unfinished: u64,
    /// The first of what is wrong.
    pub faults: Vec<Fault>,
    /// How much is wrong.
    pub faults_in_all: u64,
}

/// Something that is wrong.
pub struct Fault {
    /// With which file, if with one.
    pub file: Option<BlobId>,
    pub why: String,
    /// Buckets and keys of what is, or was, in it: some of them.
    pub objects: Vec<(String, String)>,
}

impl Report {
    /// Whether nothing is wrong. What was left over is no fault.
    pub fn is_sound(&self) -> bool {
        self.faults_in_all == 0
    }

    pub fn fault(&mut self, file: Option<BlobId>, why: impl ToString, object: Option<(&str, &str)>) {
        self.faults_in_all += 1;
        if self.faults.len() < FAULTS_MAX {
            let mut fault = Fault { file, why: why.to_string(), objects: Vec::new() };
            fault.objects.extend(object.map(|(bucket, key)| (bucket.to_owned(), key.to_owned())));
            self.faults.push(fault);
        }
    }
}

impl Fault {
    /// Notes whose bytes are concerned.
    pub fn concerns(&mut self, bucket: &str, key: &str) {
        let known = self.objects.iter().any(|(b, k)| b == bucket && k == key);
        if !known && self.objects.len() < OBJECTS_MAX {
            self.objects.push((bucket.to_owned(), key.to_owned()));
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)?;
        match self.file {
            // A missing or damaged one says so itself.
            Some(id) if !self.why.contains(&id.to_string()) => write!(f, " ({id})")?,
            _ => {}
        }
        for (number, (bucket, key)) in self.objects.iter().enumerate() {
            write!(f, "{} {bucket}/{key}", if number == 0 { ":" } else { "," })?;
        }
        Ok(())
    }
}

/// Compares them, and with `verify` reads them.
pub async fn check(data: &Path, store: &Store, verify: bool) -> Result<Report> {
    let dir = data.join("blobs");
    let files = Files::of(store)?;
    let mut report = Report::default();
    if !dir.exists() && files.in_use(None, 1)?.is_empty() {
        return Ok(report);
    }
    let blobs = Blobs::open(&dir, blob::Options::default())
        .with_context(|| format!("cannot open the directory {}", dir.display()))?;
    let mut progress = Progress::new();
    let mut after = None;
    loop {
        let page = files.in_use(after.as_deref(), PAGE)?;
        for file in &page {
            match examine(&blobs, file, verify, &mut progress).await {
                Ok(verified) => report.verified += u64::from(verified),
                Err(error @ (Error::Missing(_) | Error::Corrupt { .. } | Error::Io(_))) => {
                    report.fault(Some(file.id), error, None);
                }
                Err(error) => return Err(error.into()),
            }
            report.files += 1;
            report.bytes += file.size;
        }
        let Some(last) = page.last() else { break };
        after = Some(last.position.clone());
    }
    uses::check(&files, &mut report)?;
    let mut listing = blobs.list();
    while let Some(id) = listing.next().await {
        match files.known(&id?)? {
            Known::Used => {}
            Known::Garbage => report.garbage += 1,
            Known::No => report.left_over += 1,
        }
    }
    report.unfinished = blobs.abandoned().await?;
    progress.end();
    Ok(report)
}

/// Says whether the file was read and has a checksum that is right.
async fn examine(blobs: &Blobs, file: &InUse, verify: bool, progress: &mut Progress) -> Result<bool, Error> {
    let mut proof = blobs.proof(file.id, file.size).await?;
    progress.files += 1;
    progress.show();
    if !verify {
        return Ok(false);
    }
    while let Some(read) = proof.next().await {
        progress.bytes += read?;
        progress.show();
    }
    Ok(proof.has_checksum())
}

/// A line on the terminal, if there is one.
struct Progress {
    terminal: Option<Term>,
    shown: Instant,
    files: u64,
    bytes: u64,
}

impl Progress {
    fn new() -> Self {
        let terminal = std::io::stderr().is_terminal().then(Term::stderr);
        Self { terminal, shown: Instant::now(), files: 0, bytes: 0 }
    }

    fn show(&mut self) {
        let Some(terminal) = &self.terminal else { return };
        if self.shown.elapsed() < PROGRESS_EVERY {
            return;
        }
        self.shown = Instant::now();
        let line = format!("{} files, {} MiB read", self.files, self.bytes >> 20);
        // Only for the eye: if it cannot be shown, nothing is missed.
        let _ = terminal.clear_line().and_then(|()| terminal.write_str(&line));
    }

    fn end(&self) {
        if let Some(terminal) = &self.terminal {
            let _ = terminal.clear_line();
        }
    }
}
