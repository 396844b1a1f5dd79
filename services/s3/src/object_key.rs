//! The key of an object: random, and what all of the object's bytes are encrypted under.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hmac;
use kernel::Ids;
use zeroize::Zeroizing;

use crate::records::Sealing;

/// Bytes of a key.
pub const KEY_LEN: usize = 32;

/// An object's key, open. Wiped from memory at its end.
#[derive(Clone)]
pub struct ObjectKey(Zeroizing<[u8; KEY_LEN]>);

impl ObjectKey {
    pub fn random(ids: &Ids) -> Self {
        Self(Zeroizing::new(ids.bytes()))
    }

    /// The key with these bytes, if they are as many as a key has.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        let mut key = Zeroizing::new([0; KEY_LEN]);
        if bytes.len() != key.len() {
            return None;
        }
        key.copy_from_slice(bytes);
        Some(Self(key))
    }

    pub fn bytes(&self) -> &[u8; KEY_LEN] {
        &self.0
    }

    /// The key of its files, each of which is encrypted under a key derived from it and the file's name.
    pub fn of_blobs(&self) -> blob::Key {
        blob::Key::new(&self.0)
    }

    /// Encrypts bytes that are kept in the store in the row `id`.
    pub fn seal_inline(&self, id: &[u8; 16], plain: &[u8]) -> Vec<u8> {
        seal(&self.derive(b"inline", id), id, plain)
    }

    /// Decrypts them; none if they are not what was sealed for this row.
    pub fn open_inline(&self, id: &[u8; 16], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, mut text) = nonce_and_text(sealed)?;
        open_in_place(&self.derive(b"inline", id), id, nonce, &mut text)?;
        Some(text)
    }

    /// What the ETag of bytes with this MD5 shows. Where the key is the caller's or one of KMS it is not the MD5, as
    /// with S3, so that it says nothing of the bytes to those who may not read them.
    pub fn tag(&self, sealing: &Sealing, md5: [u8; 16]) -> [u8; 16] {
        match sealing {
            Sealing::S3 { .. } => md5,
            Sealing::Kms { .. } | Sealing::Customer { .. } => {
                let hidden = self.derive(b"tag", &md5);
                let mut tag = [0; 16];
                tag.copy_from_slice(&hidden[..16]);
                tag
            }
        }
    }

    fn derive(&self, purpose: &[u8], of: &[u8; 16]) -> Zeroizing<[u8; KEY_LEN]> {
        hmac_of(&self.0, &[purpose, of])
    }
}

/// HMAC-SHA-256 of these texts, one after the other. All but the last have lengths that the first tells.
pub fn hmac_of(key: &[u8; KEY_LEN], texts: &[&[u8]]) -> Zeroizing<[u8; KEY_LEN]> {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    texts.iter().for_each(|text| context.update(text));
    let mut derived = Zeroizing::new([0; KEY_LEN]);
    derived.copy_from_slice(context.sign().as_ref());
    derived
}

/// Encrypts under a key, bound to `to`: a random nonce, then the text with its tag.
pub fn seal(key: &[u8; KEY_LEN], to: &[u8], plain: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(plain.len() + AES_256_GCM.tag_len());
    text.extend_from_slice(plain);
    let nonce = RandomizedNonceKey::new(&AES_256_GCM, key)
        .and_then(|key| key.seal_in_place_append_tag(Aad::from(to), &mut text))
        .expect("a key of the right length encrypts any object of one request");
    let mut sealed = Vec::with_capacity(NONCE_LEN + text.len());
    sealed.extend_from_slice(nonce.as_ref());
    sealed.extend_from_slice(&text);
    sealed
}

/// Decrypts what [`seal`] made under the same key for the same thing: a secret, wiped at its end.
pub fn open(key: &[u8; KEY_LEN], to: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, text) = nonce_and_text(sealed)?;
    let mut text = Zeroizing::new(text);
    open_in_place(key, to, nonce, &mut text)?;
    Some(text)
}

fn nonce_and_text(sealed: &[u8]) -> Option<(Nonce, Vec<u8>)> {
    let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
    Some((Nonce::try_assume_unique_for_key(nonce).ok()?, text.to_vec()))
}

/// Leaves the plain text. If this fails, nothing that may be used.
fn open_in_place(key: &[u8; KEY_LEN], to: &[u8], nonce: Nonce, text: &mut Vec<u8>) -> Option<()> {
    let key = RandomizedNonceKey::new(&AES_256_GCM, key).ok()?;
    let len = key.open_in_place(nonce, Aad::from(to), text).ok()?.len();
    text.truncate(len);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_in_its_place_only() {
        let (key, id) = (ObjectKey::random(&Ids), [7; 16]);
        let sealed = key.seal_inline(&id, b"text");
        assert_eq!(key.open_inline(&id, &sealed).unwrap().as_slice(), b"text");
        assert!(key.open_inline(&[8; 16], &sealed).is_none());
        assert!(ObjectKey::random(&Ids).open_inline(&id, &sealed).is_none());
        for end in 0..sealed.len() {
            assert!(key.open_inline(&id, &sealed[..end]).is_none());
        }
        assert!(key.open_inline(&id, &key.seal_inline(&id, b"")).unwrap().is_empty());
        assert!(ObjectKey::from_slice(&[0; 31]).is_none());
    }

    #[test]
    fn tags_show_the_md5_only_where_s3_does() {
        let key = ObjectKey::random(&Ids);
        assert_eq!(key.tag(&Sealing::S3 { key: vec![] }, [1; 16]), [1; 16]);
        let customer = Sealing::Customer { key: vec![], salt: [0; 16], md5: String::new() };
        assert_ne!(key.tag(&customer, [1; 16]), [1; 16]);
        assert_eq!(key.tag(&customer, [1; 16]), key.tag(&customer, [1; 16]));
    }
}
