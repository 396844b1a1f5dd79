//! Symmetric encryption. Each message has a key of its own, derived from the material and a random salt
//! (HKDF-Expand with SHA-256), so that no number of messages wears a key's nonces out; it is encrypted with AES-256-GCM
//! and bound to the blob's header and the encryption context.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::crypto::blob::Header;
use crate::crypto::{Broken, Secret, random};

/// Bytes of the material, and of each message's key.
const KEY: usize = 32;
/// Bytes of salt: so many that it never repeats.
const SALT: usize = 16;
/// Bytes of a nonce of AES-GCM.
const NONCE: usize = 12;
/// Bytes of a tag of AES-GCM.
const TAG: usize = 16;
/// What the derived keys are for.
const LABEL: &[u8] = b"cloudlet kms symmetric v1";

/// The material of a symmetric key.
pub struct Key {
    material: hmac::Key,
}

impl Key {
    pub fn new(secret: &[u8]) -> Result<Self, Broken> {
        if secret.len() != KEY {
            return Err(Broken);
        }
        Ok(Self { material: hmac::Key::new(hmac::HMAC_SHA256, secret) })
    }

    /// Encrypts into a blob that begins with `header`. `context` is the canonical encryption context.
    pub fn encrypt(&self, header: &Header, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, Broken> {
        let mut blob = header.encode();
        let aad = [&blob, context].concat();
        let mut random_part = [0u8; SALT + NONCE];
        random(&mut random_part)?;
        blob.extend_from_slice(&random_part);
        let (salt, nonce) = random_part.split_at(SALT);
        let mut text = Zeroizing::new(Vec::with_capacity(plain.len() + TAG));
        text.extend_from_slice(plain);
        self.message_key(salt)?.seal_in_place_append_tag(
            Nonce::try_assume_unique_for_key(nonce)?,
            Aad::from(aad),
            &mut *text,
        )?;
        blob.extend_from_slice(&text);
        Ok(blob)
    }

    /// Decrypts what follows the header of a blob.
    pub fn decrypt(&self, header: &Header, context: &[u8], rest: &[u8]) -> Result<Secret, Broken> {
        let (salt, rest) = rest.split_at_checked(SALT).ok_or(Broken)?;
        let (nonce, text) = rest.split_at_checked(NONCE).ok_or(Broken)?;
        let aad = [&header.encode(), context].concat();
        let mut text = Zeroizing::new(text.to_vec());
        let nonce = Nonce::try_assume_unique_for_key(nonce)?;
        let len = self.message_key(salt)?.open_in_place(nonce, Aad::from(aad), &mut text)?.len();
        text.truncate(len);
        Ok(text)
    }

    /// HKDF-Expand of RFC 5869 for one block: the HMAC of info and the byte 1 under the material.
    fn message_key(&self, salt: &[u8]) -> Result<LessSafeKey, Broken> {
        let mut key = Zeroizing::new([0u8; KEY]);
        let info = [LABEL, salt, &[1]].concat();
        hmac::sign_to_buffer(&self.material, &info, &mut *key)?;
        Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &*key)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
    use proptest::prelude::*;

    fn header() -> Header {
        Header { account: 123_456_789_012, id: "1234abcd-12ab-34cd-56ef-1234567890ab".into(), version: 3 }
    }

    /// The same by other libraries: HKDF by hand over RustCrypto's HMAC, and RustCrypto's AES-GCM.
    #[test]
    fn another_implementation_reads_it() {
        use ::hmac::{Hmac, Mac};
        let secret = [7u8; KEY];
        let blob = Key::new(&secret).unwrap().encrypt(&header(), b"context", b"plain").unwrap();
        let header = header().encode();
        let (salt, rest) = blob[header.len()..].split_at(SALT);
        let mut mac = <Hmac<sha2::Sha256> as Mac>::new_from_slice(&secret).unwrap();
        mac.update(LABEL);
        mac.update(salt);
        mac.update(&[1]);
        let cipher = aes_gcm::Aes256Gcm::new(&mac.finalize().into_bytes());
        let aad = [&header[..], b"context"].concat();
        let payload = Payload { msg: &rest[NONCE..], aad: &aad };
        assert_eq!(cipher.decrypt(rest[..NONCE].into(), payload).unwrap(), b"plain");
    }

    proptest! {
        #[test]
        fn any_change_is_noticed(at in 0usize..200, bit in 0u8..8, plain in proptest::collection::vec(any::<u8>(), 1..60)) {
            let key = Key::new(&[9; KEY]).unwrap();
            let blob = key.encrypt(&header(), b"c", &plain).unwrap();
            let (found, rest) = Header::parse(&blob).unwrap();
            prop_assert_eq!(&key.decrypt(&found, b"c", rest).unwrap()[..], &plain[..]);
            prop_assert!(key.decrypt(&found, b"d", rest).is_err());
            let mut bad = blob.clone();
            let at = at % blob.len();
            bad[at] ^= 1 << bit;
            if let Some((found, rest)) = Header::parse(&bad) {
                prop_assert!(key.decrypt(&found, b"c", rest).is_err(), "byte {}", at);
            }
            let (found, rest) = Header::parse(&blob).unwrap();
            prop_assert!(key.decrypt(&found, b"c", &rest[..at % rest.len()]).is_err());
        }
    }
}
