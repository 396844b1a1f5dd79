//! The key of a table's rows, open: what rows are sealed and read with.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use kernel::Ids;
use zeroize::Zeroizing;

/// Bytes of a key.
pub const KEY_LEN: usize = 32;
/// Random bytes of each row, from which the key that it alone is sealed under comes. With a random nonce beside them any number
/// of rows can be sealed, while a key by itself is good for 2³² of them.
const SALT_LEN: usize = 12;
/// Bytes of what stands around a row's text.
pub const OVERHEAD: usize = SALT_LEN + NONCE_LEN + 16;

/// A key, open. Wiped from memory at its end.
pub struct Ring {
    key: Zeroizing<[u8; KEY_LEN]>,
    derives: hmac::Key,
    ids: Ids,
}

impl std::fmt::Debug for Ring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ring")
    }
}

impl Ring {
    /// A new one.
    pub fn random(ids: Ids) -> Self {
        Self::of(Zeroizing::new(ids.bytes()), ids)
    }

    /// The one with these bytes; none if they are not as many as a key has.
    pub fn from_slice(bytes: &[u8], ids: Ids) -> Option<Self> {
        let mut key = Zeroizing::new([0; KEY_LEN]);
        if bytes.len() != key.len() {
            return None;
        }
        key.copy_from_slice(bytes);
        Some(Self::of(key, ids))
    }

    fn of(key: Zeroizing<[u8; KEY_LEN]>, ids: Ids) -> Self {
        let derives = hmac::Key::new(hmac::HMAC_SHA256, &*key);
        Self { key, derives, ids }
    }

    /// Its bytes, to be closed.
    pub fn bytes(&self) -> &[u8; KEY_LEN] {
        &self.key
    }

    /// Appends a text, sealed and bound to what stands before it: salt, nonce, text and tag.
    pub fn seal(&self, bound_to: [u8; 8], text: &[u8], out: &mut Vec<u8>) {
        let (salt, nonce): ([u8; SALT_LEN], [u8; NONCE_LEN]) = (self.ids.bytes(), self.ids.bytes());
        out.extend_from_slice(&salt);
        out.extend_from_slice(&nonce);
        let from = out.len();
        out.extend_from_slice(text);
        let tag = self
            .row_key(&salt)
            .seal_in_place_separate_tag(Nonce::from(&nonce), Aad::from(bound_to), &mut out[from..])
            .expect("a key of the right length seals any row");
        out.extend_from_slice(tag.as_ref());
    }

    /// The text of what [`Self::seal`] has appended behind these bytes; none if it is not.
    pub fn open(&self, bound_to: [u8; 8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (salt, rest) = sealed.split_first_chunk::<SALT_LEN>()?;
        let (nonce, text) = rest.split_first_chunk::<NONCE_LEN>()?;
        let mut text = text.to_vec();
        let len =
            self.row_key(salt).open_in_place(Nonce::from(nonce), Aad::from(bound_to), &mut text).ok()?.len();
        text.truncate(len);
        Some(text)
    }

    fn row_key(&self, salt: &[u8; SALT_LEN]) -> LessSafeKey {
        let mut context = hmac::Context::with_key(&self.derives);
        context.update(b"row");
        context.update(salt);
        let key = UnboundKey::new(&AES_256_GCM, context.sign().as_ref());
        LessSafeKey::new(key.expect("HMAC-SHA-256 has as many bytes as a key"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_sealed_opens() {
        let ring = Ring::random(Ids);
        let mut sealed = Vec::new();
        ring.seal([1; 8], b"text", &mut sealed);
        assert_eq!(sealed.len(), OVERHEAD + 4);
        assert_eq!(ring.open([1; 8], &sealed).as_deref(), Some(&b"text"[..]));
        assert_eq!(ring.open([2; 8], &sealed), None);
        assert_eq!(Ring::random(Ids).open([1; 8], &sealed), None);
        for end in 0..sealed.len() {
            assert_eq!(ring.open([1; 8], &sealed[..end]), None, "{end}");
        }
        for at in 0..sealed.len() {
            let mut other = sealed.clone();
            other[at] ^= 1;
            assert_eq!(ring.open([1; 8], &other), None, "{at}");
        }
        let again = Ring::from_slice(ring.bytes(), Ids).expect("a key");
        assert_eq!(again.open([1; 8], &sealed).as_deref(), Some(&b"text"[..]));
        assert!(Ring::from_slice(&[0; 31], Ids).is_none());
        assert_eq!(format!("{ring:?}"), "Ring");
    }
}
