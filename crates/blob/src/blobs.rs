//! The handle of a place for blobs.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kernel::Ids;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::buffers::Buffers;
use crate::disk::Disk;
use crate::files::Files;
use crate::format::Epoch;
use crate::job::Job;
use crate::memory::Memory;
use crate::{BlobId, Error, Key, OpenError, Proof, Reading, Writer};

/// Blobs being written at once. Each has an open file and up to two buffers of 256 KiB: 64 MiB in all.
const WRITERS_MAX: usize = 128;
/// Blobs being read at once. Each has an open file and up to two buffers of 256 KiB. Together with the writers they
/// leave more than half of 1,024 open files, the usual limit of a process, to connections.
const READERS_MAX: usize = 256;
/// How long a request waits for its turn: within the 60 seconds after which clients give a request up.
const TURN_WAIT: Duration = Duration::from_secs(20);
/// Bytes of all blobs in memory: they serve tests.
const MEMORY_BYTES: usize = 256 << 20;

/// How a directory of blobs is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether blobs are on disk when [`Writer::finish`] returns. Without, they outlive the program's end but not that
    /// of the machine.
    pub sync: bool,
}

impl Options {
    /// Nothing has to outlive the machine.
    pub const fn ephemeral() -> Self {
        Self { sync: false }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self { sync: true }
    }
}

/// A place for blobs. Cheap to clone; its asynchronous methods need a tokio runtime with time.
#[derive(Clone)]
pub struct Blobs(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    pub disk: Box<dyn Disk>,
    pub epoch: Epoch,
    pub buffers: Buffers,
    writers: Arc<Semaphore>,
    readers: Arc<Semaphore>,
}

/// The right to have one more blob open.
pub(crate) type Turn = OwnedSemaphorePermit;

impl Blobs {
    /// Opens a directory of blobs, which is created if need be and locked until the last handle is dropped.
    pub fn open(dir: impl AsRef<Path>, options: Options) -> Result<Self, OpenError> {
        let epoch = Ids.bytes();
        Ok(Self::on(Box::new(Files::open(dir.as_ref(), epoch, options.sync)?), epoch))
    }

    /// Blobs in memory, 256 MiB at most, for tests.
    pub fn in_memory() -> Self {
        Self::on(Box::new(Memory::new(MEMORY_BYTES)), Ids.bytes())
    }

    pub(crate) fn on(disk: Box<dyn Disk>, epoch: Epoch) -> Self {
        Self(Arc::new(Shared {
            disk,
            epoch,
            buffers: Buffers::default(),
            writers: Arc::new(Semaphore::new(WRITERS_MAX)),
            readers: Arc::new(Semaphore::new(READERS_MAX)),
        }))
    }

    /// Begins a blob encrypted under `key`. Waits its turn, 20 seconds at most, when 128 are being written.
    pub async fn create(&self, key: &Key) -> Result<Writer, Error> {
        let turn = turn(&self.0.writers).await?;
        Ok(Writer::new(self.0.clone(), key, turn))
    }

    /// Reads `range`, in bytes, of a blob of `size` bytes. Waits its turn, 20 seconds at most, when 256 are being read.
    ///
    /// When this returns, the blob is open and its first bytes have been read and authenticated: what removes the blob
    /// afterwards does not disturb, and a blob that is missing or of the wrong length, version or key is known.
    pub async fn read(&self, id: BlobId, key: &Key, range: Range<u64>, size: u64) -> Result<Reading, Error> {
        if range.start > range.end || range.end > size {
            return Err(Error::Range { start: range.start, end: range.end, size });
        }
        let turn = turn(&self.0.readers).await?;
        Reading::open(self.0.clone(), id, key.clone(), range, size, turn).await
    }

    /// Reads a blob of `size` bytes to its end and says whether it is what was written.
    pub async fn verify(&self, id: BlobId, key: &Key, size: u64) -> Result<(), Error> {
        let mut reading = self.read(id, key, 0..size, size).await?;
        while let Some(bytes) = reading.next().await {
            bytes?;
        }
        Ok(())
    }

    /// Begins to compare the file of a blob of `size` bytes with its checksum, for which no key is needed. When this
    /// returns, the file is known to be there and to have its length. Waits its turn as [`Blobs::read`] does.
    pub async fn proof(&self, id: BlobId, size: u64) -> Result<Proof, Error> {
        let turn = turn(&self.0.readers).await?;
        Proof::open(self.0.clone(), id, size, turn).await
    }

    /// How many blobs earlier runs of the program began and never finished: [`Blobs::sweep`] removes them.
    pub async fn abandoned(&self) -> Result<u64, Error> {
        let shared = self.0.clone();
        Ok(Job::start(move || shared.disk.abandoned(shared.epoch)).await??)
    }

    /// Removes a blob; nothing happens if there is none. Readings under way go on.
    pub async fn delete(&self, id: BlobId) -> Result<(), Error> {
        let shared = self.0.clone();
        match Job::start(move || shared.disk.remove(id)).await? {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// How many bytes a blob's file has; none if there is no such blob.
    pub async fn size_on_disk(&self, id: BlobId) -> Result<Option<u64>, Error> {
        let shared = self.0.clone();
        match Job::start(move || shared.disk.len(id)).await? {
            Ok(len) => Ok(Some(len)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether there is such a blob.
    pub async fn exists(&self, id: BlobId) -> Result<bool, Error> {
        Ok(self.size_on_disk(id).await?.is_some())
    }
}

impl fmt::Debug for Blobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blobs").finish_non_exhaustive()
    }
}

/// Turns are given in the order of asking.
async fn turn(turns: &Arc<Semaphore>) -> Result<Turn, Error> {
    match timeout(TURN_WAIT, turns.clone().acquire_owned()).await {
        Ok(Ok(turn)) => Ok(turn),
        // The semaphores are never closed.
        Ok(Err(_)) => Err(Error::Ending),
        Err(_) => Err(Error::Busy),
    }
}
