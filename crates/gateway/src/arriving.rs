//! The body of a request on its way in.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::timeout;

use crate::expectation::is_expected;

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
}

impl<B: Body<Data = Bytes> + Send + Unpin + 'static> Arriving<B> {
    pub fn new(body: B, headers: &HeaderMap) -> Self {
        Self { body: Some(body), waiting: is_expected(headers) }
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
    use http::header::EXPECT;
    use http_body_util::StreamBody;
    use std::convert::Infallible;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

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

    async fn taken_after_drop(frames: usize, headers: &HeaderMap, read: usize) -> usize {
        let (body, taken) = counted(frames);
        let mut body = Arriving::new(body, headers);
        for _ in 0..read {
            body.frame().await.unwrap().unwrap();
        }
        drop(body);
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        taken.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn what_is_left_is_read_away_within_a_limit() {
        let none = HeaderMap::new();
        assert_eq!(taken_after_drop(5, &none, 0).await, 5);
        assert_eq!(taken_after_drop(5, &none, 5).await, 5);
        assert_eq!(taken_after_drop(50, &none, 1).await, 18);
    }

    #[tokio::test]
    async fn nothing_is_asked_for_that_the_client_keeps_back() {
        let waits = HeaderMap::from_iter([(EXPECT, http::HeaderValue::from_static("100-Continue"))]);
        assert_eq!(taken_after_drop(5, &waits, 0).await, 0);
        assert_eq!(taken_after_drop(5, &waits, 1).await, 5);
    }
}
