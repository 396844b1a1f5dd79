//! Bodies too long to be held: bytes that come, or go out, piece by piece.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::Stream;
use futures::stream::{BoxStream, StreamExt};
use http::HeaderMap;
use parking_lot::Mutex;

use crate::error::{CommonError, CommonSource};

/// The body of a request or response. A clone is the same body: it can be read once, by whoever opens it first.
///
/// **A request's body** comes while it is read, and no faster; what is not read is not held. Its pieces may be given out
/// before what was promised of the whole has been checked (its length, its hash, the signature of a long chunk): the
/// stream then ends in [`StreamError::Refused`], which is the answer to give. So nothing made of the bytes may be shown
/// or acknowledged before the stream has ended without an error. Where the end has come, all of it was checked.
///
/// **A response's body** is sent as it comes. If it ends in an error, or has not the length it said, the connection is
/// broken off: no client takes a part for the whole.
#[derive(Clone, Default)]
pub struct ByteStream {
    length: Option<u64>,
    source: Option<Arc<Mutex<Option<Source>>>>,
}

/// Where a body's bytes come from.
enum Source {
    /// They are there. Short bodies are mostly so, and then nothing has to be polled for them.
    Held(Bytes),
    Coming(BoxStream<'static, Result<Piece, StreamError>>),
}

/// What a body consists of.
#[derive(Debug)]
pub enum Piece {
    /// The next bytes; never none.
    Data(Bytes),
    /// The headers behind the last byte. What was promised about the body has been checked before they are given.
    Trailers(HeaderMap),
}

/// Why a body ended before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamError {
    /// The body is not what was said of it, or did not come whole: what to answer.
    Refused(CommonError),
    /// Its source failed; the log knows why.
    Broken,
}

impl ByteStream {
    /// A body of this many bytes, where that is known before.
    pub fn new(
        length: Option<u64>,
        pieces: impl Stream<Item = Result<Piece, StreamError>> + Send + 'static,
    ) -> Self {
        Self::from_source(length, Source::Coming(pieces.boxed()))
    }

    fn from_source(length: Option<u64>, source: Source) -> Self {
        Self { length, source: Some(Arc::new(Mutex::new(Some(source)))) }
    }

    /// A body of bytes alone.
    pub fn of_bytes(
        length: Option<u64>,
        bytes: impl Stream<Item = Result<Bytes, StreamError>> + Send + 'static,
    ) -> Self {
        Self::new(length, bytes.map(|part| part.map(Piece::Data)))
    }

    /// How many bytes it has, where that is known before they have come.
    pub fn length(&self) -> Option<u64> {
        if self.source.is_none() { Some(0) } else { self.length }
    }

    /// Begins to read it. A body that was opened before is empty.
    pub fn open(&self) -> Reader {
        let source = self.source.as_ref().and_then(|source| source.lock().take());
        Reader { source: source.unwrap_or(Source::Held(Bytes::new())), trailers: HeaderMap::new() }
    }

    /// The whole of it, where it is held and was not opened before. It is open then.
    pub fn take_held(&self) -> Option<Bytes> {
        let Some(source) = &self.source else { return Some(Bytes::new()) };
        let mut source = source.lock();
        match source.take()? {
            Source::Held(bytes) => Some(bytes),
            coming => {
                *source = Some(coming);
                None
            }
        }
    }
}

impl From<Bytes> for ByteStream {
    fn from(bytes: Bytes) -> Self {
        if bytes.is_empty() {
            return Self::default();
        }
        Self::from_source(Some(bytes.len() as u64), Source::Held(bytes))
    }
}

impl From<Vec<u8>> for ByteStream {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl fmt::Debug for ByteStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.length() {
            Some(length) => write!(f, "(stream of {length} bytes)"),
            None => f.write_str("(stream)"),
        }
    }
}

/// A body being read.
pub struct Reader {
    source: Source,
    trailers: HeaderMap,
}

impl Reader {
    /// The headers behind the body, once it has been read to its end.
    pub fn trailers(&self) -> &HeaderMap {
        &self.trailers
    }

    /// The whole body, if it has at most `limit` bytes; `None` if it has more.
    pub async fn whole(&mut self, limit: usize) -> Result<Option<Bytes>, StreamError> {
        let mut whole = Vec::new();
        while let Some(part) = self.next().await {
            let part = part?;
            if whole.len() + part.len() > limit {
                return Ok(None);
            }
            whole.extend_from_slice(&part);
        }
        Ok(Some(whole.into()))
    }
}

impl Stream for Reader {
    type Item = Result<Bytes, StreamError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let coming = match &mut self.source {
                Source::Held(bytes) if bytes.is_empty() => return Poll::Ready(None),
                Source::Held(bytes) => return Poll::Ready(Some(Ok(std::mem::take(bytes)))),
                Source::Coming(coming) => coming,
            };
            return match coming.poll_next_unpin(context) {
                Poll::Ready(Some(Ok(Piece::Data(bytes)))) => Poll::Ready(Some(Ok(bytes))),
                Poll::Ready(Some(Ok(Piece::Trailers(trailers)))) => {
                    self.trailers = trailers;
                    continue;
                }
                Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            };
        }
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(stream being read)")
    }
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => write!(f, "the body was refused: {error:?}"),
            Self::Broken => f.write_str("the body broke off"),
        }
    }
}

impl std::error::Error for StreamError {}

impl CommonSource for StreamError {
    fn into_common(self) -> CommonError {
        match self {
            Self::Refused(error) => error,
            Self::Broken => CommonError::InternalFailure,
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    #[tokio::test]
    async fn a_body_is_read_once() {
        let body = ByteStream::from(Bytes::from_static(b"abc"));
        let again = body.clone();
        assert_eq!((body.length(), format!("{body:?}").as_str()), (Some(3), "(stream of 3 bytes)"));
        assert_eq!(body.open().whole(3).await.unwrap().unwrap(), "abc");
        assert_eq!(again.open().whole(3).await.unwrap().unwrap(), "");
        assert_eq!(ByteStream::default().length(), Some(0));
    }

    #[tokio::test]
    async fn what_is_held_is_taken_at_once_and_once() {
        let body = ByteStream::from(Bytes::from_static(b"abc"));
        assert_eq!(body.take_held().unwrap(), "abc");
        assert_eq!((body.take_held(), body.open().whole(3).await.unwrap().unwrap()), (None, Bytes::new()));
        assert_eq!(ByteStream::default().take_held().unwrap(), "");
        let coming = ByteStream::of_bytes(Some(3), stream::iter([Ok("abc".into())]));
        assert_eq!(coming.take_held(), None);
        assert_eq!(coming.open().whole(3).await.unwrap().unwrap(), "abc");
    }

    #[tokio::test]
    async fn trailers_and_limits() {
        let pieces = || {
            let trailers = HeaderMap::from_iter([(http::header::ETAG, http::HeaderValue::from_static("x"))]);
            let parts = [Piece::Data("ab".into()), Piece::Data("cd".into()), Piece::Trailers(trailers)];
            ByteStream::new(None, stream::iter(parts.map(Ok)))
        };
        let mut reader = pieces().open();
        assert!(reader.trailers().is_empty());
        assert_eq!(reader.whole(4).await.unwrap().unwrap(), "abcd");
        assert_eq!(reader.trailers()["etag"], "x");
        assert_eq!(pieces().open().whole(3).await.unwrap(), None);
        let broken = ByteStream::new(None, stream::iter([Err(StreamError::Broken)]));
        assert_eq!(broken.open().whole(3).await, Err(StreamError::Broken));
    }
}
