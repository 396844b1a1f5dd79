//! Where blobs lie: files, or memory for tests of services.

use std::io;

use crate::BlobId;
use crate::format::Epoch;

/// A place for blobs. Its methods block, but for those that do a thing at once or not at all.
pub(crate) trait Disk: Send + Sync + 'static {
    /// Begins a blob. Nobody sees it before it is published.
    fn create(&self, id: BlobId) -> io::Result<Box<dyn Draft>>;
    /// Opens a blob; what is opened stays readable when the blob is removed.
    fn open(&self, id: BlobId) -> io::Result<Box<dyn Source>>;
    /// Opens a blob if that can be done without waiting; where that cannot be said, it is as if it could not.
    fn open_at_once(&self, _id: BlobId) -> Option<Box<dyn Source>> {
        None
    }
    /// Bytes of a blob's file.
    fn len(&self, id: BlobId) -> io::Result<u64>;
    /// Removes a blob; `NotFound` if there is none.
    fn remove(&self, id: BlobId) -> io::Result<()>;
    /// All blobs, in no order. What comes or goes meanwhile may be among them or not.
    fn walk(&self) -> Walk;
    /// How many were begun in other epochs and never published.
    fn abandoned(&self, ours: Epoch) -> io::Result<u64>;
    /// Removes what was begun in other epochs and never published; how many.
    fn remove_abandoned(&self, ours: Epoch) -> io::Result<u64>;
}

/// Goes through blobs.
pub(crate) type Walk = Box<dyn Iterator<Item = io::Result<BlobId>> + Send>;

/// A blob that is being written. Dropped, it leaves nothing.
pub(crate) trait Draft: Send {
    /// Writes the next bytes.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Gives it its name; durable when this returns. If it fails, nothing is left.
    fn publish(self: Box<Self>) -> io::Result<()>;
}

/// A blob that can be read.
pub(crate) trait Source: Send {
    /// Bytes of its file.
    fn len(&self) -> u64;
    /// Fills the buffer with the bytes from `at` on.
    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()>;
    /// Does the same if that can be done without waiting, and says whether it did; the buffer may be changed even if not.
    fn read_at_once(&self, _bytes: &mut [u8], _at: u64) -> bool {
        false
    }
    /// Lets go of what of it is in memory, so that it is read from where it is kept.
    fn forget(&self);
}
