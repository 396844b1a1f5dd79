//! A body whose bytes are digested on their way.

use std::sync::Arc;

use checksum::{Algorithm, Digest, Hasher};
use futures::{StreamExt as _, stream};
use parking_lot::Mutex;
use wire::{ByteStream, Piece};

/// The digest of a body that somebody else reads.
pub struct Tee(Arc<Mutex<Option<Hasher>>>);

/// The body to read, and what will be its digest. Computing these checksums takes a fraction of the time that storing the
/// bytes does, so it is done where the bytes pass.
pub fn tee(body: &ByteStream, algorithm: Algorithm) -> (ByteStream, Tee) {
    let tee = Tee(Arc::new(Mutex::new(Some(Hasher::new(algorithm)))));
    let hasher = tee.0.clone();
    let pieces = stream::unfold(Some(body.open()), move |reader| {
        let hasher = hasher.clone();
        async move {
            let mut reader = reader?;
            match reader.next().await {
                Some(Ok(bytes)) => {
                    if let Some(hasher) = hasher.lock().as_mut() {
                        hasher.update(&bytes);
                    }
                    Some((Ok(Piece::Data(bytes)), Some(reader)))
                }
                Some(Err(error)) => Some((Err(error), None)),
                None => Some((Ok(Piece::Trailers(reader.trailers().clone())), None)),
            }
        }
    });
    (ByteStream::new(body.length(), pieces), tee)
}

impl Tee {
    /// The digest of all that has been read; none if it was taken before.
    pub fn finish(self) -> Option<Digest> {
        self.0.lock().take().map(Hasher::finish)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bytes_and_trailers_pass() {
        let trailers =
            http::HeaderMap::from_iter([(http::header::ETAG, http::HeaderValue::from_static("x"))]);
        let pieces = [Piece::Data("ab".into()), Piece::Data("cd".into()), Piece::Trailers(trailers)];
        let body = ByteStream::new(None, stream::iter(pieces.map(Ok)));
        let (body, tee) = tee(&body, Algorithm::Crc64Nvme);
        let mut reader = body.open();
        assert_eq!(reader.whole(10).await.unwrap().unwrap(), "abcd");
        assert_eq!(reader.trailers()["etag"], "x");
        assert_eq!(tee.finish(), Some(Hasher::of(Algorithm::Crc64Nvme, b"abcd")));
    }
}
