//! The data directory: whose it is, which format it has, and who holds it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::error::OpenError;
use crate::log::files::{remove_if_there, sync_dir};

/// The newest format this program reads and the one it writes.
pub(crate) const FORMAT: u32 = 1;
const ENGINE: &str = "redb";
const FORMAT_FILE: &str = "FORMAT";
const FORMAT_FILE_NEXT: &str = "FORMAT.next";
const LOCK_FILE: &str = "LOCK";
const TITLE: &str = "cloudlet store";
/// A file system's own directory, no data of anyone.
const LOST_AND_FOUND: &str = "lost+found";
/// A FORMAT file is a few short lines.
const FORMAT_BYTES_MAX: u64 = 4096;

/// How far a directory has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing there, or its creation was interrupted before anything could be acknowledged.
    New,
    /// A restore into it was begun and not finished.
    Restoring,
    /// It holds data.
    Ready,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            State::New => "new",
            State::Restoring => "restoring",
            State::Ready => "ready",
        }
    }
}

/// A data directory, locked for as long as this lives.
pub(crate) struct DataDir {
    path: PathBuf,
    /// Keeps the lock.
    _lock: File,
}

impl DataDir {
    /// Locks the directory, creating it if need be, and says what state it is in.
    pub fn open_or_create(path: &Path) -> Result<(DataDir, State), OpenError> {
        match path.metadata() {
            Ok(meta) if !meta.is_dir() => {
                return Err(OpenError::NotAStore { dir: path.to_owned(), why: "it is a file".into() });
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut builder = DirBuilder::new();
                builder.recursive(true).mode(0o700).create(path).map_err(OpenError::io("create", path))?;
            }
            Err(error) => return Err(OpenError::io("examine", path)(error)),
        }
        DataDir::lock(path)
    }

    /// Locks an existing directory.
    pub fn open(path: &Path) -> Result<(DataDir, State), OpenError> {
        path.read_dir().map_err(OpenError::io("list", path))?;
        DataDir::lock(path)
    }

    pub fn base(&self) -> PathBuf {
        self.path.join("base.redb")
    }

    pub fn log(&self) -> PathBuf {
        self.path.join("log")
    }

    /// Creates the log's directory anew and removes what an interrupted creation left.
    pub fn clear(&self) -> Result<(), OpenError> {
        let (base, log) = (self.base(), self.log());
        remove_if_there(&base).map_err(OpenError::io("remove", &base))?;
        match std::fs::remove_dir_all(&log) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(OpenError::io("remove", &log)(error));
            }
            _ => {}
        }
        DirBuilder::new().mode(0o700).create(&log).map_err(OpenError::io("create", &log))
    }

    /// Records the state, on disk when this returns.
    pub fn set_state(&self, state: State) -> Result<(), OpenError> {
        let text = format!("{TITLE}\nformat {FORMAT}\nengine {ENGINE}\nstate {}\n", state.word());
        let (next, path) = (self.path.join(FORMAT_FILE_NEXT), self.path.join(FORMAT_FILE));
        let write = || -> io::Result<()> {
            let mut file =
                OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&next)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&next, &path)?;
            sync_dir(&self.path)
        };
        write().map_err(OpenError::io("write", &path))
    }

    fn lock(path: &Path) -> Result<(DataDir, State), OpenError> {
        // Looked at before the lock file is created: a foreign or newer directory is not touched.
        let state = state_of(path)?;
        let lock_path = path.join(LOCK_FILE);
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&lock_path)
            .map_err(OpenError::io("open", &lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                // Only to say who it is; the holder may be about to write it.
                let read = (&lock).take(32).read_to_string(&mut pid);
                let known = read.is_ok() && !pid.trim().is_empty();
                let pid = if known { pid.trim().to_owned() } else { "unknown".to_owned() };
                return Err(OpenError::Locked { dir: path.to_owned(), pid });
            }
            Err(TryLockError::Error(error)) => return Err(OpenError::io("lock", &lock_path)(error)),
        }
        let write_pid = (|| {
            lock.set_len(0)?;
            lock.rewind()?;
            writeln!(lock, "{}", std::process::id())
        })();
        // A full disk must not keep the data from being read.
        match write_pid.map_err(OpenError::io("write", &lock_path)) {
            Err(error @ OpenError::ReadOnly { .. }) => return Err(error),
            Err(error) => tracing::warn!(%error, "the lock file does not name this process"),
            Ok(()) => {}
        }
        // Another process may have created or changed it before the lock was ours.
        let state = if state == State::New { state_of(path)? } else { state };
        Ok((DataDir { path: path.to_owned(), _lock: lock }, state))
    }
}

fn state_of(path: &Path) -> Result<State, OpenError> {
    let format_path = path.join(FORMAT_FILE);
    let mut text = String::new();
    match File::open(&format_path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return state_without_format(path),
        Err(error) => return Err(OpenError::io("open", &format_path)(error)),
        Ok(file) => {
            file.take(FORMAT_BYTES_MAX).read_to_string(&mut text).map_err(|error| match error.kind() {
                io::ErrorKind::InvalidData => OpenError::corrupt(&format_path, 0, "it is not text"),
                _ => OpenError::io("read", &format_path)(error),
            })?;
        }
    }
    let corrupt = |why: &str| OpenError::corrupt(&format_path, 0, why);
    let mut lines = text.lines();
    if lines.next() != Some(TITLE) {
        return Err(corrupt("it does not name a store"));
    }
    let format: u32 = lines
        .next()
        .and_then(|line| line.strip_prefix("format "))
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| corrupt("it names no format"))?;
    // What follows in a newer format is not for this program to judge.
    if format > FORMAT {
        return Err(OpenError::NewerFormat { dir: path.to_owned(), found: format, known: FORMAT });
    }
    if format == 0 {
        return Err(corrupt("format 0 was never written"));
    }
    if lines.next().and_then(|line| line.strip_prefix("engine ")) != Some(ENGINE) {
        return Err(corrupt("it names another engine"));
    }
    let word = lines.next().and_then(|line| line.strip_prefix("state ")).unwrap_or_default();
    [State::New, State::Restoring, State::Ready]
        .into_iter()
        .find(|state| state.word() == word)
        .ok_or_else(|| corrupt("it names no state"))
}

/// Without a FORMAT file a directory may hold nothing but the beginnings of one: whatever else is there is someone's.
fn state_without_format(path: &Path) -> Result<State, OpenError> {
    for entry in path.read_dir().map_err(OpenError::io("list", path))? {
        let name = entry.map_err(OpenError::io("list", path))?.file_name();
        if ![LOCK_FILE, FORMAT_FILE_NEXT, LOST_AND_FOUND].iter().any(|known| name == *known) {
            let why = format!("it has no {FORMAT_FILE} file but holds {}", name.to_string_lossy());
            return Err(OpenError::NotAStore { dir: path.to_owned(), why });
        }
    }
    Ok(State::New)
}
