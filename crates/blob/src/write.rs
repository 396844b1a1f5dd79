//! Writes a blob.
//!
//! Bytes are gathered in a buffer. When it is full and more follow, a job encrypts and writes it while the next one is
//! filled: two buffers at most, and the sender waits for the disk.

use std::fmt;
use std::mem;
use std::sync::Arc;

use bytes::Bytes;
use checksum::Hasher;
use tokio::runtime::Handle;

use crate::blobs::{Shared, Turn};
use crate::buffers::{Buffer, CHUNK, CHUNK_SEGMENTS};
use crate::disk::Draft;
use crate::format::{self, CHECKSUM, Cipher, HEADER, SEALED, SEGMENT};
use crate::job::Job;
use crate::{BlobId, Error, Key};

/// A blob that was written and is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its name.
    pub id: BlobId,
    /// Its bytes.
    pub size: u64,
}

/// Takes the bytes of one blob. Dropped before [`Writer::finish`] has returned, it leaves nothing.
pub struct Writer {
    shared: Arc<Shared>,
    id: BlobId,
    /// Where the blob's beginning is; none while a job has it, or after one failed.
    body: Option<Body>,
    job: Option<Job<Result<Body, Error>>>,
    filling: Buffer,
    /// Bytes of the blob in `filling`.
    filled: usize,
    size: u64,
    /// A write was begun and did not end well.
    broken: bool,
}

/// What is needed to write the next chunk.
struct Body {
    cipher: Cipher,
    /// Of all that is in the file.
    checksum: Hasher,
    /// None before the first chunk is written.
    draft: Option<Box<dyn Draft>>,
    /// The number of the next segment.
    next: u64,
    /// Last, so that the draft is gone before another has its turn.
    _turn: Turn,
}

impl Writer {
    pub(crate) fn new(shared: Arc<Shared>, key: &Key, turn: Turn) -> Self {
        let id = BlobId::random();
        let cipher = Cipher::new(key, &format::header(shared.epoch), id);
        let filling = shared.buffers.get();
        let body = Body { cipher, checksum: format::hasher(), draft: None, next: 0, _turn: turn };
        Self { shared, id, body: Some(body), job: None, filling, filled: 0, size: 0, broken: false }
    }

    /// Bytes taken so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Takes the next bytes, waiting for the disk if it is behind. After an error, or if this is given up before it
    /// returns, the blob can only be dropped.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        if mem::replace(&mut self.broken, true) {
            return Err(Error::Broken);
        }
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            // Only when more follow: the last segment is sealed as such.
            if self.filled == CHUNK {
                self.flush().await?;
            }
            rest = self.fill(rest);
        }
        self.size += bytes.len() as u64;
        self.broken = false;
        Ok(())
    }

    /// Makes the blob durable and gives its name. If this fails or is given up before it returns, nothing is left.
    pub async fn finish(mut self) -> Result<Written, Error> {
        if mem::replace(&mut self.broken, true) {
            return Err(Error::Broken);
        }
        let mut body = self.body().await?;
        let (shared, id, size, filled) = (self.shared.clone(), self.id, self.size, self.filled);
        let mut chunk = mem::replace(&mut self.filling, Buffer::none());
        let job = Job::start(move || {
            body.write(&shared, id, &mut chunk, filled, true)?;
            // Before the wait for the disk: others can use it meanwhile.
            drop(chunk);
            if let Some(draft) = body.draft.take() {
                draft.publish()?;
            }
            Ok(Unclaimed { shared: Some(shared), id })
        });
        let published: Result<Unclaimed, Error> = job.await?;
        Ok(published?.claim(size))
    }

    /// Has the full buffer written, once the one before it has been.
    async fn flush(&mut self) -> Result<(), Error> {
        let mut body = self.body().await?;
        let (shared, id) = (self.shared.clone(), self.id);
        let mut chunk = mem::replace(&mut self.filling, self.shared.buffers.get());
        self.filled = 0;
        self.job = Some(Job::start(move || {
            body.write(&shared, id, &mut chunk, CHUNK, false)?;
            Ok(body)
        }));
        Ok(())
    }

    /// Waits for the job under way.
    async fn body(&mut self) -> Result<Body, Error> {
        if let Some(job) = &mut self.job {
            let done = job.await;
            self.job = None;
            self.body = Some(done??);
        }
        self.body.take().ok_or(Error::Broken)
    }

    /// Copies what fits into the buffer; returns the rest.
    fn fill<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let mut rest = bytes;
        while !rest.is_empty() && self.filled < CHUNK {
            let (segment, within) = (self.filled / SEGMENT, self.filled % SEGMENT);
            let (now, later) = rest.split_at(rest.len().min(SEGMENT - within));
            let at = HEADER + segment * SEALED + within;
            self.filling[at..at + now.len()].copy_from_slice(now);
            self.filled += now.len();
            rest = later;
        }
        rest
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("id", &self.id).field("size", &self.size).finish_non_exhaustive()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // A job under way removes its draft at its end. Here it is done on a thread that may block: to remove a large
        // file takes a while.
        let Some(body) = self.body.take() else { return };
        if body.draft.is_some()
            && let Ok(runtime) = Handle::try_current()
        {
            drop(runtime.spawn_blocking(move || drop(body)));
        }
    }
}

impl Body {
    /// Encrypts and writes a chunk with `filled` bytes of the blob.
    fn write(
        &mut self,
        shared: &Shared,
        id: BlobId,
        chunk: &mut [u8],
        filled: usize,
        is_last: bool,
    ) -> Result<(), Error> {
        let is_first = self.next == 0;
        if is_first {
            chunk[..HEADER].copy_from_slice(&format::header(shared.epoch));
        }
        let segments = filled.div_ceil(SEGMENT).max(1);
        debug_assert!(segments <= CHUNK_SEGMENTS);
        let mut end = HEADER;
        for segment in 0..segments {
            let text = (filled - segment * SEGMENT).min(SEGMENT);
            let begin = end;
            end += format::sealed_len_of(text);
            self.cipher.seal(self.next, is_last && segment == segments - 1, &mut chunk[begin..end]);
            self.next += 1;
        }
        let draft = match &mut self.draft {
            Some(draft) => draft,
            None => self.draft.insert(shared.disk.create(id)?),
        };
        let begin = if is_first { 0 } else { HEADER };
        self.checksum.update(&chunk[begin..end]);
        if is_last {
            let checksum = mem::replace(&mut self.checksum, format::hasher()).finish();
            chunk[end..end + CHECKSUM].copy_from_slice(checksum.bytes());
            end += CHECKSUM;
        }
        draft.append(&chunk[begin..end])?;
        Ok(())
    }
}

/// A blob that is durable and that nobody knows of yet. Dropped, it is removed.
struct Unclaimed {
    shared: Option<Arc<Shared>>,
    id: BlobId,
}

impl Unclaimed {
    fn claim(mut self, size: u64) -> Written {
        self.shared = None;
        Written { id: self.id, size }
    }
}

impl Drop for Unclaimed {
    fn drop(&mut self) {
        let Some(shared) = self.shared.take() else { return };
        if let Err(error) = shared.disk.remove(self.id) {
            // It is swept after the next start.
            tracing::warn!(%error, id = %self.id, "a blob that nobody waited for could not be removed");
        }
    }
}
