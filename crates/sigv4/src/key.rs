//! The key a signature is made with, derived from the secret for one day, region and service.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// Starts an HMAC-SHA256 with `key`.
pub(crate) fn hmac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

fn hmac_once(key: &[u8], data: &str) -> [u8; 32] {
    let mut mac = hmac(key);
    mac.update(data.as_bytes());
    mac.finalize().into_bytes().into()
}

/// A derived signing key: the HMAC that has taken it in, which is half the work of a short signature. Wiped from memory when
/// dropped; never printed.
#[derive(Clone)]
pub struct SigningKey(Hmac<Sha256>);

impl SigningKey {
    /// Derives the key from the secret access key; `date` is `YYYYMMDD`.
    pub fn derive(secret: &str, date: &str, region: &str, service: &str) -> SigningKey {
        let first = Zeroizing::new([b"AWS4", secret.as_bytes()].concat());
        let day = Zeroizing::new(hmac_once(&first, date));
        let region = Zeroizing::new(hmac_once(&*day, region));
        let service = Zeroizing::new(hmac_once(&*region, service));
        SigningKey(hmac(&*Zeroizing::new(hmac_once(&*service, "aws4_request"))))
    }

    /// The HMAC this key makes of the concatenated `parts`.
    pub(crate) fn sign(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

/// The hashes and buffers inside wipe themselves: the feature `zeroize` of their crates.
impl ZeroizeOnDrop for SigningKey {}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::hex_string;

    #[test]
    fn the_published_key_is_derived() {
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        let key = SigningKey::derive(secret, "20150830", "us-east-1", "iam");
        // The published key is c4afb1cc…; this is what Python's `hmac` makes of "x" under it.
        assert_eq!(
            hex_string(&key.sign(&[b"x"])),
            "8308ae1d6b6da6a0b33ec660ba35cfd48e7cd000cce6af9f0b17775e8eda9018"
        );
        assert_eq!(format!("{key:?}"), "SigningKey(..)");
    }
}
