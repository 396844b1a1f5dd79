//! A checksum's value.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::Algorithm;

/// The longest checksum, SHA-512's.
const LEN_MAX: usize = 64;
/// Base-64 of the longest checksum.
const TEXT_MAX: usize = 88;

/// The value of a checksum: up to 64 bytes, kept in place. Numbers stand with their highest byte first, as in the API.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest {
    /// Zero after `len`, so that equal checksums are equal values.
    bytes: [u8; LEN_MAX],
    len: u8,
}

impl Digest {
    /// The checksum with these bytes; none if `algorithm` has another length.
    pub fn from_bytes(algorithm: Algorithm, bytes: &[u8]) -> Option<Self> {
        (bytes.len() == algorithm.digest_len()).then(|| Self::new(bytes))
    }

    /// The checksum with this text in base 64; none if it is not exactly the text [`Digest::base64`] gives for it.
    pub fn from_base64(algorithm: Algorithm, text: &str) -> Option<Self> {
        let mut bytes = [0; LEN_MAX + 2];
        if text.len() > TEXT_MAX {
            return None;
        }
        let len = STANDARD.decode_slice(text, &mut bytes).ok()?;
        Self::from_bytes(algorithm, &bytes[..len])
    }

    /// Its bytes, as many as the algorithm's [`Algorithm::digest_len`].
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// Its text in base 64, the form of headers and documents.
    pub fn base64(&self) -> String {
        STANDARD.encode(self.bytes())
    }

    /// Its text in lower-case hexadecimal digits, the form of ETags.
    pub fn hex(&self) -> String {
        hex(self.bytes())
    }

    /// `bytes` are at most 64.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let mut all = [0; LEN_MAX];
        all[..bytes.len()].copy_from_slice(bytes);
        Self { bytes: all, len: bytes.len() as u8 }
    }
}

/// Bytes in lower-case hexadecimal digits, the form of ETags.
pub fn hex(bytes: &[u8]) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let digits = |byte: &u8| [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]].map(char::from);
    bytes.iter().flat_map(digits).collect()
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({})", self.hex())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_one_text_of_a_checksum_is_read() {
        let read = |text| Digest::from_base64(Algorithm::Crc32, text);
        let digest = read("y/Q5Jg==").expect("the text of four bytes");
        assert_eq!(digest.bytes(), [0xcb, 0xf4, 0x39, 0x26]);
        assert_eq!((digest.base64().as_str(), digest.hex().as_str()), ("y/Q5Jg==", "cbf43926"));
        let wrong = [
            "",
            "y/Q5Jg",
            "y/Q5Jg=",
            "y/Q5Jh==",
            "y_Q5Jg==",
            " y/Q5Jg==",
            "y/Q5Jg==\n",
            "y/Q5Jg==-2",
            "y/Q5",
        ];
        for text in wrong {
            assert_eq!(read(text), None, "{text:?}");
        }
        assert_eq!(read(&"A".repeat(1 << 20)), None);
        for algorithm in Algorithm::ALL {
            let digest =
                Digest::from_bytes(algorithm, &vec![0xfb; algorithm.digest_len()]).expect("the length");
            assert_eq!(Digest::from_base64(algorithm, &digest.base64()), Some(digest));
            assert_eq!(Digest::from_bytes(algorithm, &vec![0; algorithm.digest_len() + 1]), None);
        }
    }
}
