//! Bodies that are handed on while they come.

use bytes::Bytes;
use futures::stream;
use http::HeaderMap;
use http_body_util::BodyExt;
use hyper::body::Body;
use sha2::{Digest, Sha256};
use sigv4::{AuthError, ChunkDecoder, ChunkError};
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout};
use wire::{ByteStream, CommonError, CommonSource, Detailed, Piece, StreamError};

use crate::arriving::Arriving;
use crate::authenticate::s3_refusal;
use crate::limits::Limits;
use crate::payload::{Payload, malformed_trailer};
use crate::read::BodyMemory;

/// The body as a stream of its data. All that was said of it is checked by the time it ends.
pub(crate) fn stream<B>(
    body: Arriving<B>,
    payload: Payload,
    access_key: &str,
    memory: BodyMemory,
    limits: Limits,
) -> ByteStream
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
{
    let length = payload.length;
    let upload = Upload {
        body,
        checks: Checks::new(payload, access_key),
        pace: Pace { limits, waited: Duration::ZERO, received: 0 },
        memory,
        share: None,
        ended: false,
    };
    ByteStream::new(length, stream::try_unfold(upload, Upload::next))
}

/// A whole body, checked and without its encoding, and its trailing headers.
pub(crate) fn unframe(
    bytes: Bytes,
    payload: Payload,
    access_key: &str,
) -> Result<(Bytes, HeaderMap), CommonError> {
    let mut checks = Checks::new(payload, access_key);
    let first = checks.push(bytes)?;
    let mut whole: Vec<Bytes> = first.into_iter().collect();
    while let Some(part) = checks.pop() {
        whole.push(part);
    }
    let trailers = checks.finish()?;
    let bytes = match whole.len() {
        0 => Bytes::new(),
        1 => whole.swap_remove(0),
        _ => whole.concat().into(),
    };
    Ok((bytes, trailers))
}

struct Upload<B: Body<Data = Bytes> + Send + Unpin + 'static> {
    body: Arriving<B>,
    checks: Checks,
    pace: Pace,
    memory: BodyMemory,
    /// The share of the memory for what waits for its signature.
    share: Option<OwnedSemaphorePermit>,
    ended: bool,
}

impl<B: Body<Data = Bytes> + Send + Unpin + 'static> Upload<B> {
    async fn next(mut self) -> Result<Option<(Piece, Self)>, StreamError> {
        while !self.ended {
            if let Some(data) = self.checks.pop() {
                return Ok(Some((Piece::Data(data), self)));
            }
            let held = self.checks.held_len();
            let claimed = self.memory.adjust(&mut self.share, held, &self.pace.limits).await;
            claimed.map_err(|_| refused(slow_down()))?;
            match self.pace.frame(&mut self.body).await? {
                Some(bytes) => {
                    if let Some(data) = self.checks.push(bytes).map_err(StreamError::Refused)? {
                        return Ok(Some((Piece::Data(data), self)));
                    }
                }
                None => {
                    self.ended = true;
                    let trailers = self.checks.finish().map_err(StreamError::Refused)?;
                    if !trailers.is_empty() {
                        return Ok(Some((Piece::Trailers(trailers), self)));
                    }
                }
            }
        }
        Ok(None)
    }
}

/// How long a body may take: a time without any byte, and for the whole one that grows with what has come. Only the
/// waiting for the peer counts.
struct Pace {
    limits: Limits,
    waited: Duration,
    received: u64,
}

impl Pace {
    async fn frame<B>(&mut self, body: &mut Arriving<B>) -> Result<Option<Bytes>, StreamError>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
    {
        loop {
            let earned = Duration::from_secs(self.received / self.limits.body_rate.max(1));
            let left = (self.limits.body_total + earned).saturating_sub(self.waited);
            let begun = Instant::now();
            let frame = timeout(self.limits.body_wait.min(left), body.frame()).await;
            self.waited += begun.elapsed();
            match frame {
                Err(_) => return Err(refused(timed_out())),
                Ok(None) => return Ok(None),
                Ok(Some(Err(_))) => return Err(refused(incomplete())),
                Ok(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) if !data.is_empty() => {
                        self.received += data.len() as u64;
                        return Ok(Some(data));
                    }
                    // Trailers of HTTP itself mean nothing here.
                    _ => continue,
                },
            }
        }
    }
}

/// What is to be checked of a body, and what takes its encoding off.
struct Checks {
    length: Option<u64>,
    seen: u64,
    sha256: Option<[u8; 32]>,
    hash: Sha256,
    chunks: Option<ChunkDecoder>,
    access_key: String,
}

impl Checks {
    fn new(payload: Payload, access_key: &str) -> Self {
        let Payload { length, sha256, chunks } = payload;
        Self { length, seen: 0, sha256, hash: Sha256::new(), chunks, access_key: access_key.to_owned() }
    }

    /// Takes bytes of the body; gives them back where they need nothing taken off.
    fn push(&mut self, bytes: Bytes) -> Result<Option<Bytes>, CommonError> {
        if let Some(chunks) = &mut self.chunks {
            return match chunks.push(bytes) {
                Ok(()) => Ok(None),
                Err(error) => Err(self.refusal(error)),
            };
        }
        self.seen += bytes.len() as u64;
        if let Some(length) = self.length.filter(|length| self.seen > *length) {
            return Err(other_length(length, self.seen));
        }
        if self.sha256.is_some() {
            self.hash.update(&bytes);
        }
        Ok((!bytes.is_empty()).then_some(bytes))
    }

    fn pop(&mut self) -> Option<Bytes> {
        self.chunks.as_mut()?.pop()
    }

    fn held_len(&self) -> usize {
        self.chunks.as_ref().map_or(0, ChunkDecoder::held_len)
    }

    /// The end of the body: its trailing headers.
    fn finish(&mut self) -> Result<HeaderMap, CommonError> {
        if let Some(chunks) = self.chunks.take() {
            return chunks.finish().map_err(|error| self.refusal(error));
        }
        if let Some(length) = self.length.filter(|length| self.seen < *length) {
            return Err(other_length(length, self.seen));
        }
        if let Some(signed) = self.sha256 {
            let body: [u8; 32] = self.hash.finalize_reset().into();
            if signed != body {
                return Err(s3_refusal(&AuthError::BodyDiffers { signed, body }));
            }
        }
        Ok(HeaderMap::new())
    }

    fn refusal(&self, error: ChunkError) -> CommonError {
        match error {
            ChunkError::Incomplete => incomplete(),
            ChunkError::Length { expected, provided } => other_length(expected, provided),
            ChunkError::ShortChunk { chunk, len } => Detailed::new(
                "InvalidChunkSizeError",
                403,
                "Only the last chunk is allowed to have a size less than 8192 bytes",
            )
            .with("Chunk", chunk.to_string())
            .with("BadChunkSize", len.to_string())
            .into_common(),
            ChunkError::Signature(mut mismatch) => {
                mismatch.access_key.clone_from(&self.access_key);
                s3_refusal(&AuthError::SignatureDoesNotMatch(mismatch))
            }
            ChunkError::Trailers => malformed_trailer(),
        }
    }
}

fn refused(error: CommonError) -> StreamError {
    StreamError::Refused(error)
}

/// The answer to a body that broke off, or cannot be read.
pub(crate) fn incomplete() -> CommonError {
    CommonError::coded("IncompleteBody", 400, "The request body terminated unexpectedly")
}

fn other_length(expected: u64, provided: u64) -> CommonError {
    let text = "You did not provide the number of bytes specified by the Content-Length HTTP header";
    Detailed::new("IncompleteBody", 400, text)
        .with("NumberBytesExpected", expected.to_string())
        .with("NumberBytesProvided", provided.to_string())
        .into_common()
}

/// The answer to a body that does not come.
pub(crate) fn timed_out() -> CommonError {
    CommonError::coded(
        "RequestTimeout",
        400,
        "Your socket connection to the server was not read from or written to within the timeout period. Idle \
         connections will be closed.",
    )
}

/// The answer where there is no memory left for a body.
pub(crate) fn slow_down() -> CommonError {
    CommonError::coded("SlowDown", 503, "Please reduce your request rate.")
}
