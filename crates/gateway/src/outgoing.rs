//! The body of a response on its way out.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::StreamExt;
use hyper::body::{Body, Frame, SizeHint};
use wire::{ByteStream, Reader, StreamError};

use crate::access_log::Line;

/// A body, whole or piece by piece. A stream that breaks off, or has another length than was said, ends in an error, by
/// which the connection is broken off as well.
pub(crate) enum Outgoing {
    Whole(Option<Bytes>),
    Stream(Box<Streamed>),
}

pub(crate) struct Streamed {
    reader: Reader,
    /// Bytes still to come, where their number was said.
    left: Option<u64>,
    /// Written when the stream has ended, or was given up.
    line: Line,
}

/// Why the rest of a body does not come.
#[derive(Debug)]
pub(crate) enum Aborted {
    Source(StreamError),
    Length,
}

impl fmt::Display for Aborted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(error) => error.fmt(f),
            Self::Length => f.write_str("a body has another length than was said"),
        }
    }
}

impl std::error::Error for Aborted {}

impl Outgoing {
    /// A body that is there. An empty one ends at once, so that it says nothing of a length.
    pub fn whole(bytes: Bytes) -> Self {
        Self::Whole(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }

    /// A body that comes, of this many bytes where that is known.
    pub fn stream(body: &ByteStream, length: Option<u64>, line: Line) -> Self {
        Self::Stream(Box::new(Streamed { reader: body.open(), left: length, line }))
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Aborted;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Aborted>>> {
        match &mut *self {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Stream(stream) => stream.poll(context).map(|next| match next {
                Some(Err(error)) => {
                    stream.line.broke_off(&error);
                    Some(Err(error))
                }
                next => next,
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_none(),
            Self::Stream(stream) => stream.left == Some(0),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            Self::Stream(stream) => stream.left.map_or_else(SizeHint::default, SizeHint::with_exact),
        }
    }
}

impl Streamed {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Aborted>>> {
        let Poll::Ready(next) = self.reader.poll_next_unpin(context) else { return Poll::Pending };
        Poll::Ready(match next {
            Some(Ok(bytes)) => match self.left.map(|left| left.checked_sub(bytes.len() as u64)) {
                Some(None) => Some(Err(Aborted::Length)),
                left => {
                    self.left = left.flatten();
                    self.line.sent(bytes.len());
                    Some(Ok(Frame::data(bytes)))
                }
            },
            Some(Err(error)) => Some(Err(Aborted::Source(error))),
            None if self.left.is_some_and(|left| left > 0) => Some(Err(Aborted::Length)),
            None => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access_log::Entry;
    use futures::stream;
    use http_body_util::BodyExt;

    async fn sent(length: Option<u64>, parts: &[Result<&'static str, StreamError>]) -> Result<Bytes, String> {
        let parts: Vec<_> =
            parts.iter().map(|part| part.clone().map(|text| Bytes::from_static(text.as_bytes()))).collect();
        let body = ByteStream::of_bytes(length, stream::iter(parts));
        let entry = Entry::new(([127, 0, 0, 1], 1).into());
        let outgoing = Outgoing::stream(&body, length, Line::new(entry, "GET", "/", 200, "id"));
        outgoing.collect().await.map(|whole| whole.to_bytes()).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_body_has_the_length_it_said_or_breaks_off() {
        assert_eq!(sent(Some(5), &[Ok("ab"), Ok("cde")]).await.unwrap(), "abcde");
        assert_eq!(sent(None, &[Ok("ab"), Ok("cde")]).await.unwrap(), "abcde");
        assert!(sent(Some(6), &[Ok("ab"), Ok("cde")]).await.unwrap_err().contains("length"));
        assert!(sent(Some(4), &[Ok("ab"), Ok("cde")]).await.unwrap_err().contains("length"));
        assert!(
            sent(Some(5), &[Ok("ab"), Err(StreamError::Broken)]).await.unwrap_err().contains("broke off")
        );
    }
}
