//! Seals what must not lie open in the store: secrets of access keys, key material, tokens.
//!
//! A sealed value is bound to a purpose and to what it belongs to, so that one put in another's place does not open.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use zeroize::Zeroizing;

/// The keys in memory.
#[derive(Clone)]
pub struct Vault {
    key: Arc<RandomizedNonceKey>,
}

/// A sealed value that does not open: it is damaged, belongs elsewhere, or was sealed under another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value does not open: it is damaged, or sealed for another place or under another key")]
pub struct SealBroken;

/// Bytes of a key.
const KEY: usize = 32;
/// Bytes of a nonce; AES-GCM's.
const NONCE: usize = 12;

impl Vault {
    /// A vault whose key is known to nobody and ends with it: for stores that are not kept.
    pub fn ephemeral() -> Self {
        let mut key = Zeroizing::new([0u8; KEY]);
        aws_lc_rs::rand::fill(&mut *key).expect("the operating system gives random bytes");
        Self::with_key(&key)
    }

    fn with_key(key: &[u8; KEY]) -> Self {
        let key = RandomizedNonceKey::new(&AES_256_GCM, key).expect("the key has the cipher's length");
        Self { key: Arc::new(key) }
    }

    /// Seals `plain` for a purpose (`iam.access-key`) and the thing it belongs to (an id). The result is longer by a
    /// fixed amount.
    pub fn seal(&self, purpose: &str, belongs_to: &str, plain: &[u8]) -> Vec<u8> {
        let mut text = plain.to_vec();
        let nonce = self
            .key
            .seal_in_place_append_tag(Aad::from(aad(purpose, belongs_to)), &mut text)
            .expect("values are far shorter than the cipher's limit");
        let mut sealed = nonce.as_ref().to_vec();
        sealed.extend_from_slice(&text);
        sealed
    }

    /// Opens what [`Vault::seal`] made for the same purpose and thing.
    pub fn open(
        &self,
        purpose: &str,
        belongs_to: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealBroken> {
        let (nonce, text) = sealed.split_at_checked(NONCE).ok_or(SealBroken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealBroken)?;
        let mut text = Zeroizing::new(text.to_vec());
        let length = self
            .key
            .open_in_place(nonce, Aad::from(aad(purpose, belongs_to)), &mut text)
            .map_err(|_| SealBroken)?
            .len();
        text.truncate(length);
        Ok(text)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault")
    }
}

/// No purpose holds a zero byte, so that no two pairs run together to the same bytes.
fn aad(purpose: &str, belongs_to: &str) -> Vec<u8> {
    [purpose.as_bytes(), &[0], belongs_to.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_in_its_place_only() {
        let vault = Vault::ephemeral();
        let mut sealed = vault.seal("iam.access-key", "AKIA1", b"secret");
        assert_eq!(vault.open("iam.access-key", "AKIA1", &sealed).unwrap().as_slice(), b"secret");
        assert_ne!(sealed, vault.seal("iam.access-key", "AKIA1", b"secret"));
        assert_eq!(vault.open("iam.access-key", "AKIA2", &sealed), Err(SealBroken));
        assert_eq!(vault.open("kms.material", "AKIA1", &sealed), Err(SealBroken));
        assert_eq!(Vault::ephemeral().open("iam.access-key", "AKIA1", &sealed), Err(SealBroken));
        assert_eq!(vault.open("iam.access-key", "AKIA1", &sealed[..11]), Err(SealBroken));
        *sealed.last_mut().unwrap() ^= 1;
        assert_eq!(vault.open("iam.access-key", "AKIA1", &sealed), Err(SealBroken));
    }
}
