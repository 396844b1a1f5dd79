//! Signatures of the chunks of a streamed body: each covers the one before, the first that of the request.

use crate::date;
use crate::error::Mismatch;
use crate::key::SigningKey;
use crate::text;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Makes the signatures of a streamed body's chunks, in order.
#[derive(Debug)]
pub struct ChunkSigner {
    key: SigningKey,
    time: [u8; 16],
    scope: String,
    previous: [u8; 32],
}

impl ChunkSigner {
    /// `time` (unix seconds), `scope` (`date/region/service/aws4_request`) and `seed` are those of the request;
    /// the seed is its signature.
    pub fn new(key: SigningKey, time: i64, scope: &str, seed: [u8; 32]) -> ChunkSigner {
        ChunkSigner { key, time: date::iso(time), scope: scope.to_owned(), previous: seed }
    }

    /// The signature of the next chunk, given the SHA-256 of its data.
    pub fn next(&mut self, data_hash: &[u8; 32]) -> [u8; 32] {
        let text = self.chunk_text(data_hash);
        self.sign(&text)
    }

    /// The signature of the trailing headers, given the SHA-256 of them as `name:value\n` each.
    pub fn trailer(&mut self, headers_hash: &[u8; 32]) -> [u8; 32] {
        let text = self.trailer_text(headers_hash);
        self.sign(&text)
    }

    /// Whether `presented` is the signature of the next chunk, given the SHA-256 of its data.
    pub(crate) fn check_next(&mut self, presented: &[u8], data_hash: &[u8; 32]) -> Result<(), Box<Mismatch>> {
        let text = self.chunk_text(data_hash);
        self.check(presented, &text)
    }

    /// The same of the trailing headers.
    pub(crate) fn check_trailer(
        &mut self,
        presented: &[u8],
        headers_hash: &[u8; 32],
    ) -> Result<(), Box<Mismatch>> {
        let text = self.trailer_text(headers_hash);
        self.check(presented, &text)
    }

    fn check(&mut self, presented: &[u8], text: &[u8]) -> Result<(), Box<Mismatch>> {
        let signature = self.sign(text);
        if Self::matches(presented, &signature) {
            return Ok(());
        }
        Err(Box::new(Mismatch {
            access_key: String::new(),
            signature: String::from_utf8_lossy(presented).into_owned(),
            canonical_request: String::new(),
            string_to_sign: String::from_utf8_lossy(text).into_owned(),
        }))
    }

    fn chunk_text(&self, data_hash: &[u8; 32]) -> Vec<u8> {
        let empty = text::hex(&Sha256::digest(b"").into());
        self.text(b"AWS4-HMAC-SHA256-PAYLOAD", &[&empty, b"\n", &text::hex(data_hash)])
    }

    fn trailer_text(&self, headers_hash: &[u8; 32]) -> Vec<u8> {
        self.text(b"AWS4-HMAC-SHA256-TRAILER", &[&text::hex(headers_hash)])
    }

    fn text(&self, algorithm: &[u8], last: &[&[u8]]) -> Vec<u8> {
        let previous = text::hex(&self.previous);
        let first: [&[u8]; 8] =
            [algorithm, b"\n", &self.time, b"\n", self.scope.as_bytes(), b"\n", &previous, b"\n"];
        [&first, last].concat().concat()
    }

    fn sign(&mut self, text: &[u8]) -> [u8; 32] {
        self.previous = self.key.sign(&[text]);
        self.previous
    }

    /// Whether `presented` (64 hexadecimal digits) is `signature`, in constant time.
    pub fn matches(presented: &[u8], signature: &[u8; 32]) -> bool {
        text::unhex(presented).is_some_and(|presented| presented.ct_eq(signature).into())
    }
}
