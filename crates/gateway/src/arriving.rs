//! The body of a request on its way in, and clients that wait to be asked for it (`Expect: 100-continue`).

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, EXPECT};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Version};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::timeout;

/// What of a refused body is read away before the connection is closed, in bytes, and for how long. Clients that
/// write on without looking would otherwise find the connection broken and never read the answer. More than any SDK
/// sends without asking (`Expect: 100-continue`) is not worth it.
const DRAIN_BYTES: usize = 16 * 1024 * 1024;
const DRAIN_WAIT: Duration = Duration::from_secs(10);

/// A body as the connection gives it. What is left of it when it is dropped is read away, unless the client still waits
/// to be asked for it.
pub(crate) struct Arriving<B: Body<Data = Bytes> + Send + Unpin + 'static> {
    body: Option<B>,
    /// The client has sent nothing of it before somebody reads.
    waiting: bool,
    /// To be set when it is asked for: that is when a client that waits is told to go on.
    asked: Option<Arc<AtomicBool>>,
}

/// Whether a client that waits was told to go on.
///
/// One that gets its answer without may take the next thing on the connection for it (the AWS CLI does), and whether
/// the body comes nevertheless is its own choice: nothing good can follow on that connection.
pub(crate) struct Expectation {
    /// `None` where nothing is waited for.
    asked: Option<Arc<AtomicBool>>,
}

impl Expectation {
    /// Has the connection closed behind an answer that came without.
    pub fn settle(&self, answer: &mut HeaderMap) {
        if self.asked.as_ref().is_some_and(|asked| !asked.load(Ordering::Relaxed)) {
            answer.insert(CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

impl<B: Body<Data = Bytes> + Send + Unpin + 'static> Arriving<B> {
    /// The body behind a head, and what that says of waiting. An empty body is never asked for, and its sender never told
    /// to go on.
    pub fn behind(head: &Parts, body: B) -> (Self, Expectation) {
        let expect = head.headers.get(EXPECT);
        let waiting = expect.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
        // Only HTTP/1.1 has interim answers that can be taken for others: HTTP/2 keeps its streams apart.
        let asked = (waiting && head.version == Version::HTTP_11).then(Arc::<AtomicBool>::default);
        (Self { body: Some(body), waiting, asked: asked.clone() }, Expectation { asked })
    }
}

impl<B: Body<Data = Bytes> + Send + Unpin + 'static> Body for Arriving<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        self.waiting = false;
        if !self.is_end_stream()
            && let Some(asked) = self.asked.take()
        {
            asked.store(true, Ordering::Relaxed);
        }
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let polled = Pin::new(body).poll_frame(context);
        // Behind an error there is nothing to be read away.
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.body = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl<B: Body<Data = Bytes> + Send + Unpin + 'static> Drop for Arriving<B> {
    fn drop(&mut self) {
        let Some(body) = self.body.take().filter(|body| !self.waiting && !body.is_end_stream()) else {
            return;
        };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            // Its end, however it comes, is of no interest.
            runtime.spawn(async move {
                let _ = timeout(DRAIN_WAIT, drain(body)).await;
            });
        }
    }
}

async fn drain<B: Body<Data = Bytes> + Unpin>(mut body: B) {
    let mut left = DRAIN_BYTES;
    while let Some(Ok(frame)) = body.frame().await {
        let length = frame.data_ref().map_or(0, Bytes::len);
        match left.checked_sub(length) {
            Some(fewer) => left = fewer,
            None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream;
    use http_body_util::StreamBody;
    use std::convert::Infallible;
    use std::sync::atomic::AtomicUsize;

    /// A body of frames of 1 MiB, and how many were taken.
    fn counted(
        frames: usize,
    ) -> (impl Body<Data = Bytes, Error = Infallible> + Send + Unpin, Arc<AtomicUsize>) {
        let taken = Arc::new(AtomicUsize::new(0));
        let counter = taken.clone();
        let frames = (0..frames).map(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
            Ok::<_, Infallible>(Frame::data(Bytes::from(vec![0; 1024 * 1024])))
        });
        (StreamBody::new(stream::iter(frames)), taken)
    }

    fn head(version: Version, expect: Option<&str>) -> Parts {
        let mut request = http::Request::put("/").version(version);
        if let Some(expect) = expect {
            request = request.header(EXPECT, expect);
        }
        request.body(()).unwrap().into_parts().0
    }

    /// How many frames are taken when a body is dropped of which some were read; and whether the connection is closed.
    async fn after_drop(frames: usize, head: &Parts, read: usize) -> (usize, bool) {
        let (body, taken) = counted(frames);
        let (mut body, expectation) = Arriving::behind(head, body);
        for _ in 0..read {
            body.frame().await.unwrap().unwrap();
        }
        drop(body);
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        let mut answer = HeaderMap::new();
        expectation.settle(&mut answer);
        (taken.load(Ordering::Relaxed), answer.contains_key(CONNECTION))
    }

    #[tokio::test]
    async fn what_is_left_is_read_away_within_a_limit() {
        let none = head(Version::HTTP_11, None);
        assert_eq!(after_drop(5, &none, 0).await, (5, false));
        assert_eq!(after_drop(5, &none, 5).await, (5, false));
        assert_eq!(after_drop(50, &none, 1).await, (18, false));
    }

    #[tokio::test]
    async fn nothing_is_asked_for_that_the_client_keeps_back() {
        let waits = head(Version::HTTP_11, Some("100-Continue"));
        assert_eq!(after_drop(5, &waits, 0).await, (0, true));
        assert_eq!(after_drop(5, &waits, 1).await, (5, false));
        let apart = head(Version::HTTP_2, Some("100-continue"));
        assert_eq!(after_drop(5, &apart, 0).await, (0, false));
        assert_eq!(after_drop(5, &apart, 1).await, (5, false));
        let other = head(Version::HTTP_11, Some("something else"));
        assert_eq!(after_drop(5, &other, 0).await, (5, false));
    }

    #[tokio::test]
    async fn nobody_is_told_to_send_what_is_empty() {
        let waits = head(Version::HTTP_11, Some("100-continue"));
        let (mut body, expectation) = Arriving::behind(&waits, http_body_util::Empty::<Bytes>::new());
        assert!(body.frame().await.is_none());
        let mut answer = HeaderMap::new();
        expectation.settle(&mut answer);
        assert_eq!(answer[CONNECTION], "close");
    }
}
