//! Blobs in memory, for tests of services.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::BlobId;
use crate::disk::{Disk, Draft, Source, Walk};
use crate::format::Epoch;

/// Blobs in memory, bounded.
pub(crate) struct Memory(Arc<Inner>);

struct Inner {
    bytes_max: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Bytes of blobs and drafts.
    bytes: usize,
    blobs: BTreeMap<BlobId, Arc<Vec<u8>>>,
}

impl Memory {
    /// Blobs of up to `bytes_max` bytes together, as they would be in files.
    pub fn new(bytes_max: usize) -> Self {
        Self(Arc::new(Inner { bytes_max, state: Mutex::default() }))
    }

    fn blob(&self, id: BlobId) -> io::Result<Arc<Vec<u8>>> {
        self.0.state.lock().blobs.get(&id).cloned().ok_or(io::ErrorKind::NotFound.into())
    }
}

impl Disk for Memory {
    fn create(&self, id: BlobId) -> io::Result<Box<dyn Draft>> {
        Ok(Box::new(MemoryDraft { memory: self.0.clone(), id, bytes: Vec::new() }))
    }

    fn open(&self, id: BlobId) -> io::Result<Box<dyn Source>> {
        Ok(Box::new(MemorySource(self.blob(id)?)))
    }

    fn open_at_once(&self, id: BlobId) -> Option<Box<dyn Source>> {
        self.open(id).ok()
    }

    fn len(&self, id: BlobId) -> io::Result<u64> {
        Ok(self.blob(id)?.len() as u64)
    }

    fn remove(&self, id: BlobId) -> io::Result<()> {
        let mut state = self.0.state.lock();
        let blob = state.blobs.remove(&id).ok_or(io::ErrorKind::NotFound)?;
        state.bytes -= blob.len();
        Ok(())
    }

    fn walk(&self) -> Walk {
        let names: Vec<_> = self.0.state.lock().blobs.keys().copied().map(Ok).collect();
        Box::new(names.into_iter())
    }

    fn abandoned(&self, _ours: Epoch) -> io::Result<u64> {
        Ok(0)
    }

    fn remove_abandoned(&self, _ours: Epoch) -> io::Result<u64> {
        // Memory has no earlier epoch.
        Ok(0)
    }
}

struct MemoryDraft {
    memory: Arc<Inner>,
    id: BlobId,
    bytes: Vec<u8>,
}

impl Draft for MemoryDraft {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.memory.state.lock();
        if bytes.len() > self.memory.bytes_max - state.bytes {
            return Err(io::ErrorKind::StorageFull.into());
        }
        state.bytes += bytes.len();
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn publish(mut self: Box<Self>) -> io::Result<()> {
        let blob = Arc::new(std::mem::take(&mut self.bytes));
        self.memory.state.lock().blobs.insert(self.id, blob);
        Ok(())
    }
}

impl Drop for MemoryDraft {
    fn drop(&mut self) {
        self.memory.state.lock().bytes -= self.bytes.len();
    }
}

struct MemorySource(Arc<Vec<u8>>);

impl Source for MemorySource {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
        let found = usize::try_from(at).ok().and_then(|at| self.0.get(at..at.checked_add(bytes.len())?));
        bytes.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn read_at_once(&self, bytes: &mut [u8], at: u64) -> bool {
        self.read_at(bytes, at).is_ok()
    }

    fn forget(&self) {}
}
