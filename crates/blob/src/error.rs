//! What can go wrong, in the caller's terms.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::BlobId;

/// What of a blob is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// The file does not begin as a blob does.
    #[error("its header is not that of a blob")]
    Header,
    /// The file says that it is of a version this program does not know.
    #[error("its version {0} is not known")]
    Version(u32),
    /// The file has another length than a blob of this size.
    #[error("its file has {found} bytes instead of {expected}")]
    Length {
        /// Bytes of the file of a blob of this size.
        expected: u64,
        /// Bytes of the file.
        found: u64,
    },
    /// The file's checksum is that of other bytes.
    #[error("its file does not hold what was written")]
    Checksum,
    /// A segment is not what was written there, or the key is not the blob's.
    #[error("its segment {0} is not what was written, or the key is another's")]
    Segment(u64),
}

/// Why something could not be done with a blob.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such blob.
    #[error("blob {0} is missing")]
    Missing(BlobId),
    /// The blob is there and cannot be read. No byte of what is damaged was handed out.
    #[error("blob {id} is damaged: {damage}")]
    Corrupt {
        /// Which blob.
        id: BlobId,
        /// What of it.
        damage: Damage,
    },
    /// The range does not lie within the blob.
    #[error("bytes {start} to {end} do not lie within a blob of {size} bytes")]
    Range {
        /// The first byte asked for.
        start: u64,
        /// The byte after the last asked for.
        end: u64,
        /// Bytes of the blob.
        size: u64,
    },
    /// No space is left, on disk or in the memory that blobs may use. Nothing of the blob was kept.
    #[error("no space is left for the blob")]
    Full,
    /// The file system refuses writes.
    #[error("the directory of blobs cannot be written to")]
    ReadOnly,
    /// Too many blobs are being read or written, and have been for as long as a request may wait.
    #[error("too many blobs are being read or written")]
    Busy,
    /// An earlier write of the same writer failed or was given up, so that the blob could not be whole.
    #[error("an earlier write of the blob was not completed")]
    Broken,
    /// The program is ending.
    #[error("the program is ending")]
    Ending,
    /// The disk failed.
    #[error("input/output error: {0}")]
    Io(Arc<io::Error>),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::*;
        match error.kind() {
            StorageFull | QuotaExceeded | FileTooLarge => Self::Full,
            ReadOnlyFilesystem => Self::ReadOnly,
            _ => Self::Io(Arc::new(error)),
        }
    }
}

impl Error {
    /// For `map_err` where a missing file means a missing blob.
    pub(crate) fn of(id: BlobId) -> impl FnOnce(io::Error) -> Self {
        move |error| match error.kind() {
            io::ErrorKind::NotFound => Self::Missing(id),
            _ => error.into(),
        }
    }
}

/// Why a directory of blobs could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process, or another handle of this one, has it open.
    #[error("{dir} is in use by another process", dir = dir.display())]
    Locked {
        /// The directory.
        dir: PathBuf,
    },
    /// The operating system refused.
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
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}
