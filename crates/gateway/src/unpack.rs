//! Bodies of requests that come compressed. What they become is bounded as bodies are, and held in the same memory.

use std::io::{self, Read};

use bytes::{Buf as _, Bytes};
use flate2::bufread::{MultiGzDecoder, ZlibDecoder};
use tokio::task::yield_now;

use crate::coding::Coding;
use crate::limits::Limits;
use crate::read::{BodyMemory, Held, ReadError};

/// What is decoded before others get their turn: a tenth of a millisecond of work.
const PIECE: usize = 64 * 1024;

impl BodyMemory {
    /// A body without its coding. The share of the memory grows with what comes out, so that few bytes cannot become
    /// many at once.
    ///
    /// # Errors
    /// `Broken` for what is not of this coding, has no end, or has something behind its end; `TooLarge` for more than
    /// a body may have.
    pub async fn unpack(&self, held: Held, coding: Coding, limits: &Limits) -> Result<Held, ReadError> {
        let Held { bytes: packed, mut share } = held;
        let mut decoder = Decoder::new(coding, packed.clone());
        let mut bytes = Vec::new();
        loop {
            let start = bytes.len();
            bytes.resize(start + PIECE, 0);
            let read = decoder.read(&mut bytes[start..]).map_err(|_| ReadError::Broken)?;
            bytes.truncate(start + read);
            if read == 0 {
                break;
            }
            if bytes.len() as u64 > limits.body_bytes {
                return Err(ReadError::TooLarge);
            }
            self.adjust(&mut share, packed.len() + bytes.len(), limits).await?;
            yield_now().await;
        }
        if !decoder.is_at_end() {
            return Err(ReadError::Broken);
        }
        Ok(Held { bytes: bytes.into(), share })
    }
}

/// A reader of either coding.
enum Decoder {
    /// Several streams behind one another are one, as its format says.
    Gzip(MultiGzDecoder<bytes::buf::Reader<Bytes>>),
    Deflate(ZlibDecoder<bytes::buf::Reader<Bytes>>),
}

impl Decoder {
    fn new(coding: Coding, packed: Bytes) -> Self {
        match coding {
            Coding::Gzip => Self::Gzip(MultiGzDecoder::new(packed.reader())),
            Coding::Deflate => Self::Deflate(ZlibDecoder::new(packed.reader())),
        }
    }

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Gzip(decoder) => decoder.read(into),
            Self::Deflate(decoder) => decoder.read(into),
        }
    }

    /// Whether nothing is left of what was packed.
    fn is_at_end(&self) -> bool {
        match self {
            Self::Gzip(decoder) => !decoder.get_ref().get_ref().has_remaining(),
            // Without a single byte it has not even begun.
            Self::Deflate(decoder) => decoder.total_in() > 0 && !decoder.get_ref().get_ref().has_remaining(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    async fn unpacked(coding: Coding, packed: &[u8]) -> Result<Bytes, ReadError> {
        let limits = Limits { body_bytes: 1 << 20, body_bytes_total: 2 << 20, ..Limits::default() };
        let held = Held { bytes: Bytes::copy_from_slice(packed), share: None };
        BodyMemory::new(&limits).unpack(held, coding, &limits).await.map(|held| held.bytes)
    }

    #[tokio::test]
    async fn what_was_packed_comes_out() {
        let long = vec![b'x'; 300_000];
        assert_eq!(unpacked(Coding::Gzip, &gzip(&long)).await.unwrap(), long);
        assert_eq!(unpacked(Coding::Deflate, &zlib(&long)).await.unwrap(), long);
        let two = [gzip(b"one"), gzip(b"two")].concat();
        assert_eq!(unpacked(Coding::Gzip, &two).await.unwrap(), "onetwo");
    }

    #[tokio::test]
    async fn what_is_broken_is_refused() {
        for coding in [Coding::Gzip, Coding::Deflate] {
            let good = if coding == Coding::Gzip { gzip(b"{}") } else { zlib(b"{}") };
            let cut = &good[..good.len() - 1];
            let more = [&good[..], b"junk"].concat();
            for bad in [b"".as_slice(), b"{}", cut, &more] {
                assert_eq!(unpacked(coding, bad).await, Err(ReadError::Broken), "{coding:?} {bad:?}");
            }
        }
        let two = [zlib(b"one"), zlib(b"two")].concat();
        assert_eq!(unpacked(Coding::Deflate, &two).await, Err(ReadError::Broken));
    }

    #[tokio::test]
    async fn few_bytes_do_not_become_too_many() {
        let bomb = gzip(&vec![0; 8 << 20]);
        assert!(bomb.len() < 1 << 16);
        assert_eq!(unpacked(Coding::Gzip, &bomb).await, Err(ReadError::TooLarge));
    }
}
