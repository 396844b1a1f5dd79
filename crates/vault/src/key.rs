//! A key, and sealing under it.
//!
//! AES-256-GCM with random nonces of 96 bits is good for 2^32 values under one key, after which two might share a nonce.
//! Rather than count, every value gets a key of its own: HKDF-SHA256 derives it from the key, 128 random bits (the salt)
//! and the purpose. Two values would have to share salt and nonce, 224 random bits, before either is weaker for it; for
//! one chance in 2^32 of that, 2^96 values would have to be sealed. Nothing has to be counted or rotated for this reason.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use zeroize::Zeroizing;

/// Bytes of a key.
pub(crate) const KEY: usize = 32;
/// Bytes of a salt.
const SALT: usize = 16;
/// Bytes of an authentication tag; AES-GCM's.
const TAG: usize = 16;
/// What stands before the ciphertext.
const HEADER: usize = SALT + NONCE_LEN;
/// By how much a sealed value is longer than what is in it.
pub(crate) const OVERHEAD: usize = HEADER + TAG;

/// What keys are derived for. None is the beginning of another.
const LABEL_SEAL: &[u8] = b"cloudlet vault 1: seal";
const LABEL_ID: &[u8] = b"cloudlet vault 1: id";

/// A key in memory, at one place from which it does not move, wiped at its end.
pub(crate) struct Key {
    bytes: Box<Zeroizing<[u8; KEY]>>,
    /// HMAC-SHA256 under it: its state after the padded key, with which every derivation begins.
    hmac: Box<hmac::Key>,
}

impl Key {
    /// A new key.
    pub fn random() -> Self {
        Self::from_fn(|key| random(key))
    }

    /// A key that `fill` writes to its place.
    pub fn from_fn(fill: impl FnOnce(&mut [u8; KEY])) -> Self {
        let mut bytes = Box::new(Zeroizing::new([0; KEY]));
        fill(&mut bytes);
        let hmac = Box::new(hmac::Key::new(hmac::HMAC_SHA256, bytes.as_slice()));
        Self { bytes, hmac }
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8; KEY] {
        &self.bytes
    }

    /// Eight bytes that tell keys apart and say nothing about them.
    pub fn id(&self) -> [u8; 8] {
        let mut id = [0; 8];
        id.copy_from_slice(&self.derive(&[LABEL_ID])[..8]);
        id
    }

    /// Appends to `out` salt, nonce, ciphertext and tag.
    pub fn seal(&self, purpose: &str, belongs_to: &str, plain: &[u8], out: &mut Vec<u8>) {
        // All of it at once: growing later would leave a copy of the plaintext behind.
        out.reserve_exact(OVERHEAD + plain.len());
        let mut header = [0; HEADER];
        random(&mut header);
        out.extend_from_slice(&header);
        let (salt, nonce) = halves(&header);
        let text = out.len();
        out.extend_from_slice(plain);
        let tag = self
            .cipher(salt, purpose)
            .seal_in_place_separate_tag(nonce, aad(purpose, belongs_to), &mut out[text..])
            .expect("values are far shorter than the cipher's limit of 64 GiB");
        out.extend_from_slice(tag.as_ref());
    }

    /// Opens what [`Key::seal`] appended.
    pub fn open(&self, purpose: &str, belongs_to: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (header, text) = sealed.split_first_chunk::<HEADER>()?;
        let (salt, nonce) = halves(header);
        let mut text = Zeroizing::new(text.to_vec());
        let cipher = self.cipher(salt, purpose);
        let length = cipher.open_in_place(nonce, aad(purpose, belongs_to), &mut text).ok()?.len();
        text.truncate(length);
        Some(text)
    }

    fn cipher(&self, salt: &[u8], purpose: &str) -> LessSafeKey {
        let key = self.derive(&[LABEL_SEAL, salt, purpose.as_bytes()]);
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &*key).expect("the key has the cipher's length"))
    }

    /// HKDF-Expand to 32 bytes, which is its first block (RFC 5869, section 2.3).
    fn derive(&self, info: &[&[u8]]) -> Zeroizing<[u8; KEY]> {
        const FIRST: &[u8] = &[1];
        let mut block = hmac::Context::with_key(&self.hmac);
        info.iter().for_each(|part| block.update(part));
        block.update(FIRST);
        let mut out = Zeroizing::new([0; KEY]);
        out.copy_from_slice(block.sign().as_ref());
        out
    }
}

fn random(out: &mut [u8]) {
    aws_lc_rs::rand::fill(out).expect("the operating system gives random bytes");
}

fn halves(header: &[u8; HEADER]) -> (&[u8], Nonce) {
    let (salt, nonce) = header.split_at(SALT);
    (salt, Nonce::try_assume_unique_for_key(nonce).expect("the header holds a whole nonce"))
}

/// The length first, so that no two pairs run together to the same bytes.
fn aad(purpose: &str, belongs_to: &str) -> Aad<Vec<u8>> {
    let length = (purpose.len() as u64).to_be_bytes();
    Aad::from([&length[..], purpose.as_bytes(), belongs_to.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_is_what_other_programs_compute() {
        // HKDF-Expand with the key 00…00, the salt 01…01 and the purpose "p", then AES-256-GCM with the nonce 02…02:
        // computed with Python's `cryptography`.
        let key = Key::from_fn(|_| {});
        let mut sealed = [[1; SALT].as_slice(), &[2; NONCE_LEN]].concat();
        sealed.extend_from_slice(&VECTOR);
        assert_eq!(key.open("p", "thing", &sealed).unwrap().as_slice(), b"plain");
        assert_eq!(key.id(), ID);
    }

    const VECTOR: [u8; 21] =
        [31, 123, 189, 106, 7, 230, 60, 37, 178, 12, 76, 5, 131, 28, 162, 186, 196, 86, 39, 74, 135];
    const ID: [u8; 8] = [0, 153, 64, 113, 221, 73, 7, 161];
}
