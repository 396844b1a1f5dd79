//! `Expect: 100-continue`: clients that want to hear of it before they send a body.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONNECTION, EXPECT, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Version};
use hyper::body::{Body, Frame, SizeHint};

/// Whether a client waits to be told to go on.
pub(crate) fn is_expected(headers: &HeaderMap) -> bool {
    headers.get(EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

/// Whether a client that waits was told to go on.
///
/// One that gets its answer without may take the next thing on the connection for it (the AWS CLI does), and whether
/// the body comes nevertheless is its own choice: nothing good can follow on that connection.
pub(crate) struct Expectation {
    /// `None` where nothing is waited for.
    met: Option<Arc<AtomicBool>>,
}

/// A body that notes when it is asked for: that is when the client is told to go on.
pub(crate) struct Expected<B> {
    body: B,
    met: Option<Arc<AtomicBool>>,
}

impl Expectation {
    /// What the head of a request says. An empty body is never asked for, and its sender never told to go on.
    pub fn of<B: Body>(head: &Parts, body: B) -> (Expected<B>, Self) {
        // Only HTTP/1.1 has interim answers that can be taken for others: HTTP/2 keeps its streams apart.
        let waits = head.version == Version::HTTP_11 && is_expected(&head.headers);
        let met = waits.then(|| Arc::new(AtomicBool::new(false)));
        (Expected { body, met: met.clone() }, Self { met })
    }

    /// Has the connection closed behind an answer that came without.
    pub fn settle(&self, answer: &mut HeaderMap) {
        if self.met.as_ref().is_some_and(|met| !met.load(Ordering::Relaxed)) {
            answer.insert(CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Expected<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if !self.body.is_end_stream()
            && let Some(met) = self.met.take()
        {
            met.store(true, Ordering::Relaxed);
        }
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
