//! Reading a request's body, within limits.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

use crate::limits::Limits;

/// Memory for all bodies is handed out in pieces of this many bytes.
const PIECE: usize = 1024;

/// The memory that bodies may take together.
#[derive(Clone)]
pub(crate) struct BodyMemory(Arc<Semaphore>);

/// A body, and its share of the memory for as long as the request is being answered.
pub(crate) struct Held {
    pub bytes: Bytes,
    pub(crate) share: Option<OwnedSemaphorePermit>,
}

/// Why a body could not be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ReadError {
    /// It is longer than the limit.
    TooLarge,
    /// It did not come in time, or there was no memory for it in time.
    TimedOut,
    /// The connection broke.
    Broken,
}

impl BodyMemory {
    pub fn new(limits: &Limits) -> Self {
        Self(Arc::new(Semaphore::new(limits.body_bytes_total / PIECE)))
    }

    /// Reads a whole body. Memory is claimed as the bytes come, so that announcing a length costs nothing.
    pub async fn read<B>(&self, body: B, limits: &Limits) -> Result<Held, ReadError>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let announced = body.size_hint().lower();
        if announced > limits.body_bytes {
            return Err(ReadError::TooLarge);
        }
        if body.is_end_stream() {
            return Ok(Held { bytes: Bytes::new(), share: None });
        }
        let mut body = body;
        let mut whole = Collected::default();
        let mut share: Option<OwnedSemaphorePermit> = None;
        let end = Instant::now() + limits.body_total;
        while !body.is_end_stream() {
            let wait = limits.body_wait.min(end.saturating_duration_since(Instant::now()));
            let frame = timeout(wait, body.frame()).await.map_err(|_| ReadError::TimedOut)?;
            let Some(frame) = frame else { break };
            let Ok(data) = frame.map_err(|_| ReadError::Broken)?.into_data() else { continue };
            let length = whole.len() + data.len();
            if length as u64 > limits.body_bytes {
                return Err(ReadError::TooLarge);
            }
            self.adjust(&mut share, length, limits).await?;
            whole.push(data, announced);
        }
        Ok(Held { bytes: whole.finish(), share })
    }

    /// Makes a share one of `length` bytes: claims what is missing, gives back what is over.
    pub async fn adjust(
        &self,
        share: &mut Option<OwnedSemaphorePermit>,
        length: usize,
        limits: &Limits,
    ) -> Result<(), ReadError> {
        let needed = length.div_ceil(PIECE);
        let held = share.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        if let Some(over) = held.checked_sub(needed) {
            // Dropping what is split off gives it back.
            drop(share.as_mut().and_then(|share| share.split(over)));
            return Ok(());
        }
        let more = self.claim(needed - held, limits).await?;
        match share {
            Some(share) => share.merge(more),
            None => *share = Some(more),
        }
        Ok(())
    }

    async fn claim(&self, pieces: usize, limits: &Limits) -> Result<OwnedSemaphorePermit, ReadError> {
        let pieces = u32::try_from(pieces).map_err(|_| ReadError::TooLarge)?;
        // As a rule there is enough, and nothing to wait for.
        if let Ok(permit) = self.0.clone().try_acquire_many_owned(pieces) {
            return Ok(permit);
        }
        match timeout(limits.body_wait, self.0.clone().acquire_many_owned(pieces)).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(ReadError::TimedOut),
        }
    }
}

/// Most bodies come in one piece, which is then passed on as it is.
#[derive(Default)]
struct Collected {
    first: Bytes,
    rest: BytesMut,
}

impl Collected {
    fn len(&self) -> usize {
        self.first.len() + self.rest.len()
    }

    fn push(&mut self, data: Bytes, announced: u64) {
        if self.len() == 0 {
            self.first = data;
            return;
        }
        if self.rest.is_empty() {
            // At most what has come already is reserved ahead of the bytes, whatever was announced.
            let expected = usize::try_from(announced).unwrap_or(usize::MAX);
            self.rest.reserve(expected.min(2 * (self.first.len() + data.len())));
            self.rest.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.rest.extend_from_slice(&data);
    }

    fn finish(self) -> Bytes {
        if self.rest.is_empty() { self.first } else { self.rest.freeze() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream;
    use http_body_util::{Full, StreamBody};
    use hyper::body::Frame;
    use std::convert::Infallible;

    fn limits() -> Limits {
        Limits {
            body_bytes: 5000,
            body_bytes_total: 8192,
            body_wait: std::time::Duration::from_millis(50),
            ..Limits::default()
        }
    }

    fn chunks(parts: &'static [&'static [u8]]) -> impl Body<Data = Bytes, Error = Infallible> + Unpin {
        StreamBody::new(stream::iter(parts.iter().map(|p| Ok(Frame::data(Bytes::from_static(p))))))
    }

    #[tokio::test]
    async fn pieces_are_joined() {
        let memory = BodyMemory::new(&limits());
        assert_eq!(memory.read(chunks(&[b"ab", b"c", b"def"]), &limits()).await.unwrap().bytes, "abcdef");
        assert_eq!(memory.read(chunks(&[]), &limits()).await.unwrap().bytes, "");
    }

    #[tokio::test]
    async fn too_long_announced_or_not() {
        let memory = BodyMemory::new(&limits());
        let long = Full::new(Bytes::from(vec![0; 5001]));
        assert_eq!(memory.read(long, &limits()).await.err(), Some(ReadError::TooLarge));
        let unannounced = chunks(&[&[0; 3000], &[0; 3000]]);
        assert_eq!(memory.read(unannounced, &limits()).await.err(), Some(ReadError::TooLarge));
    }

    #[tokio::test]
    async fn memory_is_bounded_and_given_back() {
        let memory = BodyMemory::new(&limits());
        let body = || Full::new(Bytes::from(vec![0; 5000]));
        let first = memory.read(body(), &limits()).await.unwrap();
        assert_eq!(memory.read(body(), &limits()).await.err(), Some(ReadError::TimedOut));
        drop(first);
        assert!(memory.read(body(), &limits()).await.is_ok());
    }

    #[tokio::test]
    async fn a_body_that_trickles_is_given_up() {
        let limits = Limits { body_total: std::time::Duration::from_millis(100), ..limits() };
        let trickle = stream::unfold((), |()| async {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            Some((Ok::<_, Infallible>(Frame::data(Bytes::from_static(b"x"))), ()))
        });
        let body = StreamBody::new(Box::pin(trickle));
        assert_eq!(BodyMemory::new(&limits).read(body, &limits).await.err(), Some(ReadError::TimedOut));
    }

    #[tokio::test]
    async fn a_body_that_stops_is_given_up() {
        let memory = BodyMemory::new(&limits());
        let stuck = StreamBody::new(stream::pending::<Result<Frame<Bytes>, Infallible>>());
        assert_eq!(memory.read(stuck, &limits()).await.err(), Some(ReadError::TimedOut));
    }
}
