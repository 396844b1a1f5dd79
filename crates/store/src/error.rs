//! What can go wrong, in the caller's terms.

use crate::key::KeyError;
use crate::record::RecordError;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why a read or a commit failed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Something this transaction read was changed by a later commit. Nothing was written; run it again.
    #[error("the transaction read data that another commit has changed since")]
    Conflict,
    /// The transaction or snapshot outlived [`crate::Limits::tx_age_max`]. Nothing was written; run it again.
    #[error("the transaction or snapshot is too old to be used")]
    TooOld,
    /// A key, value or transaction is larger than its limit.
    #[error("{what} of {size} bytes exceeds the limit of {max}")]
    TooLarge {
        /// What is too large: "key", "value", "transaction".
        what: &'static str,
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        max: usize,
    },
    /// [`crate::Store::run`] used up its attempts.
    #[error("the transaction kept conflicting with others and was given up")]
    Contention,
    /// The committer stopped before it answered; the transaction may or may not be kept.
    #[error("the outcome of the commit is not known")]
    Unknown,
    /// No space is left, on disk or in the memory the store may use. Nothing was written.
    #[error("no space is left for the data")]
    Full,
    /// The file system refuses writes. Nothing was written.
    #[error("the data directory cannot be written to")]
    ReadOnly,
    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
    /// A key begins with the byte 0xFF, which the store keeps for itself.
    #[error("keys beginning with the byte 0xFF are reserved")]
    ReservedKey,
    /// `add_i64` met a value that is not 8 bytes long, or the sum does not fit.
    #[error("the counter does not hold an 8-byte integer, or the sum overflows")]
    Counter,
    /// One transaction emitted more than 65,535 records of one topic: their stamps could not be told apart.
    #[error("too many change records in one transaction")]
    TooManyChanges,
    /// Stored data does not make sense.
    #[error("stored data is corrupt: {0}")]
    Corrupt(String),
    /// The disk failed.
    #[error("input/output error: {0}")]
    Io(Arc<io::Error>),
}

impl Error {
    /// Whether running the transaction again may succeed.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Error::Conflict | Error::TooOld)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::*;
        match error.kind() {
            StorageFull | QuotaExceeded | FileTooLarge => Error::Full,
            ReadOnlyFilesystem => Error::ReadOnly,
            _ => Error::Io(Arc::new(error)),
        }
    }
}

/// Why a directory could not be opened, checked or restored into. Nothing was changed in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process, or another handle of this one, has the directory open.
    #[error("{dir} is in use by process {pid}", dir = dir.display())]
    Locked {
        /// The data directory.
        dir: PathBuf,
        /// Process id of the holder as it wrote it, or "unknown".
        pid: String,
    },
    /// The directory was written by a later version of this program.
    #[error("{dir} has format {found}, this program knows up to {known}: use a newer program", dir = dir.display())]
    NewerFormat {
        /// The data directory.
        dir: PathBuf,
        /// The format found.
        found: u32,
        /// The newest format known.
        known: u32,
    },
    /// The directory is not a data directory of this store.
    #[error("{dir} is not a data directory: {why}", dir = dir.display())]
    NotAStore {
        /// The directory.
        dir: PathBuf,
        /// What is odd about it.
        why: String,
    },
    /// A file is damaged or missing.
    #[error("{file} is damaged at byte {offset}: {why}", file = file.display())]
    Corrupt {
        /// The damaged file.
        file: PathBuf,
        /// Where in it, in bytes; 0 when the whole file is concerned.
        offset: u64,
        /// What is wrong.
        why: String,
    },
    /// The directory or its file system refuses writes.
    #[error("{path} cannot be written to: {source}", path = path.display())]
    ReadOnly {
        /// What was to be written.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The operating system refused something else.
    #[error("cannot {action} {path}: {source}", path = path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

impl OpenError {
    /// For `map_err`: says what was being done to which path.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> OpenError {
        let path = path.to_owned();
        move |source| match source.kind() {
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                OpenError::ReadOnly { path, source }
            }
            _ => OpenError::Io { action, path, source },
        }
    }

    pub(crate) fn corrupt(file: &Path, offset: u64, why: impl Into<String>) -> OpenError {
        OpenError::Corrupt { file: file.to_owned(), offset, why: why.into() }
    }
}

/// A stored value that is not the record it should be is damage, like any other.
impl From<RecordError> for Error {
    fn from(error: RecordError) -> Self {
        Self::Corrupt(error.to_string())
    }
}

/// So is a stored key that does not read as it was written.
impl From<KeyError> for Error {
    fn from(error: KeyError) -> Self {
        Self::Corrupt(error.to_string())
    }
}
