//! Buffers that are used again: fresh memory of this size costs a page fault for every 4 KiB of it.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::format::{CHECKSUM, HEADER, SEALED, SEGMENT};

/// Segments that are read or written at once: 256 KiB, where the cost of a system call and of a change of threads no
/// longer counts.
pub(crate) const CHUNK_SEGMENTS: usize = 4;
/// Bytes of a blob in a chunk.
pub(crate) const CHUNK: usize = CHUNK_SEGMENTS * SEGMENT;
/// A chunk as it is in the file, the first with the header and the last with the checksum.
pub(crate) const BUFFER: usize = HEADER + CHUNK_SEGMENTS * SEALED + CHECKSUM;
/// Buffers kept for later: 4 MiB of them, what eight requests at once use.
const KEPT_MAX: usize = 16;

/// Buffers for later.
#[derive(Clone, Default)]
pub(crate) struct Buffers(Arc<Mutex<Vec<Vec<u8>>>>);

/// A buffer of [`BUFFER`] bytes, of any contents. It goes back when it is dropped.
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    home: Buffers,
}

impl Buffers {
    /// A buffer, used or new.
    pub fn get(&self) -> Buffer {
        let used = self.0.lock().pop();
        Buffer { bytes: used.unwrap_or_else(|| vec![0; BUFFER]), home: self.clone() }
    }
}

impl Buffer {
    /// Stands where a buffer was taken from.
    pub fn none() -> Self {
        Self { bytes: Vec::new(), home: Buffers::default() }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if self.bytes.len() != BUFFER {
            return;
        }
        let mut kept = self.home.0.lock();
        if kept.len() < KEPT_MAX {
            kept.push(std::mem::take(&mut self.bytes));
        }
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bounded_number_of_buffers_is_kept() {
        let buffers = Buffers::default();
        let taken: Vec<_> = (0..KEPT_MAX + 3).map(|_| buffers.get()).collect();
        assert!(taken.iter().all(|buffer| buffer.len() == BUFFER));
        drop(taken);
        assert_eq!(buffers.0.lock().len(), KEPT_MAX);
        let again = buffers.get();
        assert_eq!((again.len(), buffers.0.lock().len()), (BUFFER, KEPT_MAX - 1));
    }
}
