//! Answers on their way to clients that take them compressed, and the CRC32 of what is sent.

use std::io::{self, Write as _};

use bytes::Bytes;
use checksum::{Algorithm, Hasher};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::task::yield_now;
use wire::Response;

use crate::coding::Coding;

/// Answers below this many bytes go out as they are: DynamoDB's threshold.
const COMPRESSED_MIN: usize = 4 * 1024;
/// What is compressed before others get their turn: a few milliseconds of work.
const PIECE: usize = 256 * 1024;
/// Of nine levels: most of what can be saved, at a fraction of the time that the last of it takes.
const LEVEL: u32 = 3;
static CRC32: HeaderName = HeaderName::from_static("x-amz-crc32");

/// Compresses a body that is worth it, if the client takes that, and says the CRC32 of what is sent.
pub(crate) async fn pack(request: &HeaderMap, response: &mut Response) {
    if response.body.len() >= COMPRESSED_MIN
        && let Some(coding) = Coding::accepted(request)
    {
        match compressed(coding, &response.body).await {
            Ok(body) if body.len() < response.body.len() => {
                response.body = body;
                response.headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
            }
            // What does not become shorter stays as it is, and so does what cannot be compressed.
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "an answer cannot be compressed"),
        }
    }
    let crc = Hasher::of(Algorithm::Crc32, &response.body);
    if let Ok(bytes) = <[u8; 4]>::try_from(crc.bytes()) {
        response.headers.insert(CRC32.clone(), HeaderValue::from(u32::from_be_bytes(bytes)));
    }
}

enum Encoder {
    Gzip(GzEncoder<Vec<u8>>),
    Deflate(ZlibEncoder<Vec<u8>>),
}

async fn compressed(coding: Coding, body: &[u8]) -> io::Result<Bytes> {
    let out = Vec::with_capacity(body.len() / 2);
    let mut encoder = match coding {
        Coding::Gzip => Encoder::Gzip(GzEncoder::new(out, Compression::new(LEVEL))),
        Coding::Deflate => Encoder::Deflate(ZlibEncoder::new(out, Compression::new(LEVEL))),
    };
    for piece in body.chunks(PIECE) {
        match &mut encoder {
            Encoder::Gzip(encoder) => encoder.write_all(piece)?,
            Encoder::Deflate(encoder) => encoder.write_all(piece)?,
        }
        yield_now().await;
    }
    let packed = match encoder {
        Encoder::Gzip(encoder) => encoder.finish()?,
        Encoder::Deflate(encoder) => encoder.finish()?,
    };
    Ok(packed.into())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::{GzDecoder, ZlibDecoder};
    use http::header::ACCEPT_ENCODING;

    use super::*;

    async fn answer(wish: &str, body: &[u8]) -> Response {
        let request = HeaderMap::from_iter([(ACCEPT_ENCODING, wish.parse().unwrap())]);
        let mut response =
            Response { status: 200, headers: HeaderMap::new(), body: Bytes::copy_from_slice(body) };
        pack(&request, &mut response).await;
        response
    }

    #[tokio::test]
    async fn long_answers_are_compressed_for_who_asks() {
        let long = vec![b'x'; 600_000];
        let zipped = answer("gzip", &long).await;
        assert_eq!(zipped.headers[CONTENT_ENCODING], "gzip");
        let mut plain = Vec::new();
        GzDecoder::new(&zipped.body[..]).read_to_end(&mut plain).unwrap();
        assert_eq!(plain, long);
        let deflated = answer("deflate", &long).await;
        assert_eq!(deflated.headers[CONTENT_ENCODING], "deflate");
        plain.clear();
        ZlibDecoder::new(&deflated.body[..]).read_to_end(&mut plain).unwrap();
        assert_eq!(plain, long);
        assert_ne!(zipped.headers[&CRC32], deflated.headers[&CRC32], "of what is sent");
    }

    #[tokio::test]
    async fn others_go_out_as_they_are() {
        for (wish, body) in [("gzip", vec![b'x'; 4095]), ("identity", vec![b'x'; 9000])] {
            let plain = answer(wish, &body).await;
            assert!(!plain.headers.contains_key(CONTENT_ENCODING));
            assert_eq!(plain.body, body);
        }
        // The check value of the CRC's catalogue.
        assert_eq!(answer("", b"123456789").await.headers[&CRC32], "3421780262");
        assert_eq!(answer("", b"").await.headers[&CRC32], "0");
    }
}
