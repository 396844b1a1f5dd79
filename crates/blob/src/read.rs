//! Reads a blob, or part of it.
//!
//! A chunk is read and decrypted at a time: by the caller's own thread as long as the system has the bytes in memory, which
//! takes it a tenth of a millisecond. From the first chunk on that has to come from the disk, jobs read, and the next chunk is
//! read while the caller has the last: 256 KiB ahead.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::Stream;
use futures::future::poll_fn;

use crate::blobs::{Shared, Turn};
use crate::buffers::{Buffer, CHUNK_SEGMENTS};
use crate::disk::Source;
use crate::format::{self, Cipher, HEADER, Head, SEGMENT};
use crate::job::Job;
use crate::{BlobId, Damage, Error, Key};

/// The bytes of a range of a blob, in order, in pieces of at most 64 KiB. Every byte handed out is authentic. After an
/// error it ends.
pub struct Reading {
    /// What has been read.
    ready: VecDeque<Bytes>,
    next: Next,
}

/// Who reads on.
enum Next {
    /// Nobody: this is the end.
    Nobody,
    /// The caller's thread, if it need not wait.
    Here(Cursor),
    /// A job that is under way.
    Job(Job<Result<Step, Error>>),
}

/// What a job gives: pieces, and where to read on if that is not the end.
type Step = (VecDeque<Bytes>, Option<Cursor>);

impl Reading {
    pub(crate) async fn open(
        shared: Arc<Shared>,
        id: BlobId,
        key: Key,
        range: Range<u64>,
        size: u64,
        turn: Turn,
    ) -> Result<Self, Error> {
        if let Some(opened) = open_at_once(&shared, id, size) {
            let cursor = Cursor::new(shared, opened, id, &key, range, size, turn);
            let mut reading = Self { ready: VecDeque::new(), next: Next::Nobody };
            match cursor.step_at_once()? {
                Tried::Done(step) => reading.take(step, Next::Here),
                Tried::Waits(cursor) => reading.take(Job::start(move || cursor.step()).await??, Next::ahead),
            }
            return Ok(reading);
        }
        let job = Job::start(move || {
            let opened = open(&shared, id, size)?;
            Cursor::new(shared, opened, id, &key, range, size, turn).step()
        });
        let mut reading = Self { ready: VecDeque::new(), next: Next::Nobody };
        reading.take(job.await??, Next::ahead);
        Ok(reading)
    }

    /// The next piece; none at the end.
    pub async fn next(&mut self) -> Option<Result<Bytes, Error>> {
        poll_fn(|context| self.poll(context)).await
    }

    fn take(&mut self, (ready, cursor): Step, next: impl FnOnce(Cursor) -> Next) {
        self.ready = ready;
        self.next = cursor.map_or(Next::Nobody, next);
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        while self.ready.is_empty() {
            let done = match std::mem::replace(&mut self.next, Next::Nobody) {
                Next::Nobody => return Poll::Ready(None),
                Next::Here(cursor) => cursor.step_at_once().map(|tried| match tried {
                    Tried::Done(step) => self.take(step, Next::Here),
                    Tried::Waits(cursor) => self.next = Next::ahead(cursor),
                }),
                Next::Job(mut job) => match Pin::new(&mut job).poll(context) {
                    Poll::Pending => {
                        self.next = Next::Job(job);
                        return Poll::Pending;
                    }
                    Poll::Ready(done) => done.and_then(|step| step).map(|step| self.take(step, Next::ahead)),
                },
            };
            if let Err(error) = done {
                return Poll::Ready(Some(Err(error)));
            }
        }
        Poll::Ready(self.ready.pop_front().map(Ok))
    }
}

impl Next {
    /// Lets a job read on.
    fn ahead(cursor: Cursor) -> Self {
        Self::Job(Job::start(move || cursor.step()))
    }
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").field("ready", &self.ready.len()).finish_non_exhaustive()
    }
}

impl Stream for Reading {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll(context)
    }
}

/// A blob whose file begins as one and has the length of one of this size.
pub(crate) struct Opened {
    pub source: Box<dyn Source>,
    pub header: [u8; HEADER],
    pub head: Head,
}

/// Opens a blob of `size` bytes.
pub(crate) fn open(shared: &Shared, id: BlobId, size: u64) -> Result<Opened, Error> {
    let source = shared.disk.open(id).map_err(Error::of(id))?;
    let mut header = [0; HEADER];
    let found = source.len();
    if found < HEADER as u64 {
        let damage = Damage::Length { expected: format::file_len(size), found };
        return Err(Error::Corrupt { id, damage });
    }
    source.read_at(&mut header, 0)?;
    Opened::new(source, header, size).map_err(|damage| Error::Corrupt { id, damage })
}

/// Does the same if it need not wait for the disk. What is wrong with a blob is left to [`open`].
fn open_at_once(shared: &Shared, id: BlobId, size: u64) -> Option<Opened> {
    let source = shared.disk.open_at_once(id)?;
    let mut header = [0; HEADER];
    if !source.read_at_once(&mut header, 0) {
        return None;
    }
    Opened::new(source, header, size).ok()
}

impl Opened {
    fn new(source: Box<dyn Source>, header: [u8; HEADER], size: u64) -> Result<Self, Damage> {
        let head = format::head_of(&header)?;
        let (expected, found) = (head.file_len(size), source.len());
        if expected != found {
            return Err(Damage::Length { expected, found });
        }
        Ok(Self { source, header, head })
    }
}

/// An open blob and where to read on.
struct Cursor {
    shared: Arc<Shared>,
    id: BlobId,
    source: Box<dyn Source>,
    cipher: Cipher,
    size: u64,
    /// Bytes of the blob still to be handed out.
    range: Range<u64>,
    /// Segments still to be read. The last segment of an empty blob is read for nothing but its tag.
    segments: Range<u64>,
    /// Last, so that the file is closed before another has its turn.
    _turn: Turn,
}

/// What became of a step that must not wait.
enum Tried {
    Done(Step),
    /// It would have to.
    Waits(Cursor),
}

impl Cursor {
    fn new(
        shared: Arc<Shared>,
        opened: Opened,
        id: BlobId,
        key: &Key,
        range: Range<u64>,
        size: u64,
        turn: Turn,
    ) -> Self {
        let Opened { source, header, .. } = opened;
        let segment = SEGMENT as u64;
        let segments = match size {
            0 => 0..1,
            _ if range.is_empty() => 0..0,
            _ => range.start / segment..range.end.div_ceil(segment),
        };
        let cipher = Cipher::new(key, &header, id);
        Self { shared, id, source, cipher, size, range, segments, _turn: turn }
    }

    /// Reads a chunk.
    fn step(self) -> Result<Step, Error> {
        let (at, len) = self.chunk();
        let mut buffer = self.shared.buffers.get();
        self.source.read_at(&mut buffer[..len], at)?;
        self.open(buffer)
    }

    /// Reads a chunk if the system has it in memory.
    fn step_at_once(self) -> Result<Tried, Error> {
        let (at, len) = self.chunk();
        let mut buffer = self.shared.buffers.get();
        if !self.source.read_at_once(&mut buffer[..len], at) {
            return Ok(Tried::Waits(self));
        }
        self.open(buffer).map(Tried::Done)
    }

    /// The segments of the next chunk.
    fn next_segments(&self) -> Range<u64> {
        self.segments.start..self.segments.end.min(self.segments.start + CHUNK_SEGMENTS as u64)
    }

    /// Where in the file the next chunk is, and its length.
    fn chunk(&self) -> (u64, usize) {
        let len = self.next_segments().map(|number| format::sealed_len(number, self.size)).sum();
        (format::segment_at(self.segments.start), len)
    }

    /// Decrypts the next chunk, which the buffer holds.
    fn open(mut self, mut buffer: Buffer) -> Result<Step, Error> {
        let segments = self.next_segments();
        let last_of_blob = format::segments_of(self.size) - 1;
        // Where in the buffer the wanted bytes of each segment are.
        let mut wanted = Vec::with_capacity(CHUNK_SEGMENTS);
        let mut at = 0;
        for number in segments.clone() {
            let sealed = format::sealed_len(number, self.size);
            self.cipher
                .open(number, number == last_of_blob, &mut buffer[at..at + sealed])
                .map_err(|damage| Error::Corrupt { id: self.id, damage })?;
            let begin = number * SEGMENT as u64;
            let end = begin + format::text_len(sealed) as u64;
            let (from, to) = (self.range.start.max(begin), self.range.end.min(end));
            if from < to {
                wanted.push(at + (from - begin) as usize..at + (to - begin) as usize);
            }
            at += sealed;
        }
        self.segments.start = segments.end;
        let more = !self.segments.is_empty();
        Ok((pieces(buffer, wanted), more.then_some(self)))
    }
}

/// The bytes are not copied: they share the buffer, which is used again once they are all gone.
fn pieces(buffer: Buffer, wanted: Vec<Range<usize>>) -> VecDeque<Bytes> {
    let all = Bytes::from_owner(buffer);
    wanted.into_iter().map(|piece| all.slice(piece)).collect()
}
