//! Message authentication codes.

use aws_lc_rs::hmac;

use crate::crypto::Broken;
use crate::spec::Spec;

/// The material of an HMAC key.
pub struct Key(hmac::Key);

impl Key {
    pub fn new(spec: Spec, secret: &[u8]) -> Result<Self, Broken> {
        let algorithm = match spec {
            Spec::Hmac224 => hmac::HMAC_SHA224,
            Spec::Hmac256 => hmac::HMAC_SHA256,
            Spec::Hmac384 => hmac::HMAC_SHA384,
            Spec::Hmac512 => hmac::HMAC_SHA512,
            _ => return Err(Broken),
        };
        Ok(Self(hmac::Key::new(algorithm, secret)))
    }

    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        hmac::sign(&self.0, message).as_ref().to_vec()
    }

    /// Compares in constant time.
    pub fn verifies(&self, message: &[u8], mac: &[u8]) -> bool {
        hmac::verify(&self.0, message, mac).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::hmac::{Hmac, Mac as _};

    #[test]
    fn another_implementation_agrees() {
        let secret = [3u8; 64];
        macro_rules! same {
            ($spec:expr, $digest:ty, $len:expr) => {{
                let secret = &secret[..$len];
                let key = Key::new($spec, secret).unwrap();
                let mut other = Hmac::<$digest>::new_from_slice(secret).unwrap();
                other.update(b"message");
                let mac = key.sign(b"message");
                assert_eq!(mac, other.finalize().into_bytes().to_vec());
                assert!(key.verifies(b"message", &mac) && !key.verifies(b"massage", &mac));
            }};
        }
        same!(Spec::Hmac224, sha2::Sha224, 28);
        same!(Spec::Hmac256, sha2::Sha256, 32);
        same!(Spec::Hmac384, sha2::Sha384, 48);
        same!(Spec::Hmac512, sha2::Sha512, 64);
        assert!(Key::new(Spec::Symmetric, &secret).is_err());
    }
}
