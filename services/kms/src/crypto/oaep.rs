//! RSA encryption with OAEP. Decryption is AWS-LC's, which takes the same time whatever it finds.

use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey,
    OaepPublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
};
use zeroize::Zeroizing;

use crate::crypto::{Broken, Secret};

/// Which digest the padding uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    Sha1,
    Sha256,
}

impl Padding {
    fn algorithm(self) -> &'static OaepAlgorithm {
        match self {
            Self::Sha1 => &OAEP_SHA1_MGF1SHA1,
            Self::Sha256 => &OAEP_SHA256_MGF1SHA256,
        }
    }
}

/// The private key of a pair for encryption.
pub struct PrivateKey(OaepPrivateDecryptingKey);

impl PrivateKey {
    pub fn new(pkcs8: &[u8]) -> Result<Self, Broken> {
        Ok(Self(OaepPrivateDecryptingKey::new(PrivateDecryptingKey::from_pkcs8(pkcs8)?)?))
    }

    /// Bytes of a ciphertext.
    pub fn ciphertext_len(&self) -> usize {
        self.0.key_size_bytes()
    }

    pub fn decrypt(&self, padding: Padding, blob: &[u8]) -> Result<Secret, Broken> {
        let mut out = Zeroizing::new(vec![0; self.0.min_output_size()]);
        let len = self.0.decrypt(padding.algorithm(), blob, &mut out, None)?.len();
        out.truncate(len);
        Ok(out)
    }
}

/// The public key of a pair for encryption.
pub struct PublicKey(OaepPublicEncryptingKey);

impl PublicKey {
    pub fn new(spki: &[u8]) -> Result<Self, Broken> {
        Ok(Self(OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(spki)?)?))
    }

    /// Bytes that fit into one ciphertext.
    pub fn plain_max(&self, padding: Padding) -> usize {
        self.0.max_plaintext_size(padding.algorithm())
    }

    pub fn encrypt(&self, padding: Padding, plain: &[u8]) -> Result<Vec<u8>, Broken> {
        let mut out = vec![0; self.0.ciphertext_size()];
        let len = self.0.encrypt(padding.algorithm(), plain, &mut out, None)?.len();
        out.truncate(len);
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::pair;
    use crate::spec::Spec;
    use rsa::Oaep;
    use rsa::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _};

    #[test]
    fn another_implementation_reads_and_writes_it() {
        let pkcs8 = pair::generate(Spec::Rsa2048).unwrap();
        let spki = pair::public_key(Spec::Rsa2048, &pkcs8).unwrap();
        let (own, public) = (PrivateKey::new(&pkcs8).unwrap(), PublicKey::new(&spki).unwrap());
        let other = rsa::RsaPrivateKey::from_pkcs8_der(&pkcs8).unwrap();
        let other_public = rsa::RsaPublicKey::from_public_key_der(&spki).unwrap();
        let rng = &mut rand::thread_rng();
        for (padding, max) in [(Padding::Sha1, 214), (Padding::Sha256, 190)] {
            let theirs = || match padding {
                Padding::Sha1 => Oaep::new::<sha1::Sha1>(),
                Padding::Sha256 => Oaep::new::<sha2::Sha256>(),
            };
            assert_eq!(public.plain_max(padding), max);
            let blob = public.encrypt(padding, b"plain").unwrap();
            assert_eq!(other.decrypt(theirs(), &blob).unwrap(), b"plain");
            let blob = other_public.encrypt(rng, theirs(), b"plain").unwrap();
            assert_eq!(&own.decrypt(padding, &blob).unwrap()[..], b"plain");
            let other_padding = if padding == Padding::Sha1 { Padding::Sha256 } else { Padding::Sha1 };
            assert!(own.decrypt(other_padding, &blob).is_err());
            assert!(own.decrypt(padding, &blob[1..]).is_err());
            assert!(public.encrypt(padding, &vec![0; max + 1]).is_err());
        }
        assert!(pair::public_key(Spec::Rsa3072, &pkcs8).is_err());
        assert!(PrivateKey::new(b"nonsense").is_err() && PublicKey::new(b"nonsense").is_err());
    }
}
