//! Reads a blob, or part of it.
//!
//! Jobs read and decrypt a chunk at a time. The next one is read while the caller has the last: 256 KiB ahead.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

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
    /// Reads on; none at the end.
    job: Option<Job<Result<Step, Error>>>,
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
        let step = Job::start(move || Cursor::open(shared, id, &key, range, size, turn)?.step()).await?;
        let mut reading = Self { ready: VecDeque::new(), job: None };
        reading.take(step?);
        Ok(reading)
    }

    /// The next piece; none at the end.
    pub async fn next(&mut self) -> Option<Result<Bytes, Error>> {
        poll_fn(|context| self.poll(context)).await
    }

    fn take(&mut self, (ready, cursor): Step) {
        self.ready = ready;
        self.job = cursor.map(|cursor| Job::start(move || cursor.step()));
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        while self.ready.is_empty() {
            let Some(job) = &mut self.job else { return Poll::Ready(None) };
            let done = ready!(Pin::new(job).poll(context));
            self.job = None;
            match done.and_then(|step| step) {
                Ok(step) => self.take(step),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
        Poll::Ready(self.ready.pop_front().map(Ok))
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
    let corrupt = |damage| Error::Corrupt { id, damage };
    let found = source.len();
    if found < HEADER as u64 {
        return Err(corrupt(Damage::Length { expected: format::file_len(size), found }));
    }
    let mut header = [0; HEADER];
    source.read_at(&mut header, 0)?;
    let head = format::head_of(&header).map_err(corrupt)?;
    let expected = head.file_len(size);
    if expected != found {
        return Err(corrupt(Damage::Length { expected, found }));
    }
    Ok(Opened { source, header, head })
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

impl Cursor {
    fn open(
        shared: Arc<Shared>,
        id: BlobId,
        key: &Key,
        range: Range<u64>,
        size: u64,
        turn: Turn,
    ) -> Result<Self, Error> {
        let Opened { source, header, .. } = open(&shared, id, size)?;
        let segment = SEGMENT as u64;
        let segments = match size {
            0 => 0..1,
            _ if range.is_empty() => 0..0,
            _ => range.start / segment..range.end.div_ceil(segment),
        };
        let cipher = Cipher::new(key, &header, id);
        Ok(Self { shared, id, source, cipher, size, range, segments, _turn: turn })
    }

    /// Reads a chunk.
    fn step(mut self) -> Result<Step, Error> {
        let first = self.segments.start;
        let after = self.segments.end.min(first + CHUNK_SEGMENTS as u64);
        if first == after {
            return Ok((VecDeque::new(), None));
        }
        let last_of_blob = format::segments_of(self.size) - 1;
        let mut buffer = self.shared.buffers.get();
        let len: usize = (first..after).map(|number| format::sealed_len(number, self.size)).sum();
        self.source.read_at(&mut buffer[..len], format::segment_at(first))?;
        // Where in the buffer the wanted bytes of each segment are.
        let mut wanted = Vec::with_capacity(CHUNK_SEGMENTS);
        let mut at = 0;
        for number in first..after {
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
        self.segments.start = after;
        let more = !self.segments.is_empty();
        Ok((pieces(buffer, wanted), more.then_some(self)))
    }
}

/// The bytes are not copied: they share the buffer, which is used again once they are all gone.
fn pieces(buffer: Buffer, wanted: Vec<Range<usize>>) -> VecDeque<Bytes> {
    let all = Bytes::from_owner(buffer);
    wanted.into_iter().map(|piece| all.slice(piece)).collect()
}
