//! Agreement on shared secrets by Diffie and Hellman over elliptic curves.

use aws_lc_rs::agreement::{self, Algorithm, ECDH_P256, ECDH_P384, ECDH_P521, UnparsedPublicKey};
use zeroize::Zeroizing;

use crate::crypto::{Broken, Secret};
use crate::spec::Spec;

/// The private key of a pair for agreement.
pub struct PrivateKey {
    key: agreement::PrivateKey,
    algorithm: &'static Algorithm,
}

impl PrivateKey {
    pub fn new(spec: Spec, pkcs8: &[u8]) -> Result<Self, Broken> {
        let algorithm = match spec {
            Spec::P256 => &ECDH_P256,
            Spec::P384 => &ECDH_P384,
            Spec::P521 => &ECDH_P521,
            _ => return Err(Broken),
        };
        Ok(Self { key: agreement::PrivateKey::from_private_key_der(algorithm, pkcs8)?, algorithm })
    }

    /// The raw secret shared with the owner of a public key (SubjectPublicKeyInfo); fails if that is not of the same
    /// curve.
    pub fn agree(&self, peer: &[u8]) -> Result<Secret, Broken> {
        let peer = UnparsedPublicKey::new(self.algorithm, peer);
        agreement::agree(&self.key, peer, Broken, |secret| Ok(Zeroizing::new(secret.to_vec())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::pair;
    use p256::pkcs8::{DecodePublicKey as _, EncodePublicKey as _};

    #[test]
    fn another_implementation_agrees() {
        let pkcs8 = pair::generate(Spec::P256).unwrap();
        let spki = pair::public_key(Spec::P256, &pkcs8).unwrap();
        let own = PrivateKey::new(Spec::P256, &pkcs8).unwrap();
        let other = p256::ecdh::EphemeralSecret::random(&mut rand::thread_rng());
        let other_public = other.public_key().to_public_key_der().unwrap();
        let theirs = other.diffie_hellman(&p256::PublicKey::from_public_key_der(&spki).unwrap());
        assert_eq!(&own.agree(other_public.as_bytes()).unwrap()[..], &theirs.raw_secret_bytes()[..]);
        let foreign = pair::public_key(Spec::P384, &pair::generate(Spec::P384).unwrap()).unwrap();
        assert!(own.agree(&foreign).is_err() && own.agree(b"nonsense").is_err());
        assert!(PrivateKey::new(Spec::Secp256k1, &pkcs8).is_err());
    }

    #[test]
    fn both_sides_agree_on_every_curve() {
        for spec in [Spec::P384, Spec::P521] {
            let keys = [(); 2].map(|()| pair::generate(spec).unwrap());
            let public = keys.each_ref().map(|key| pair::public_key(spec, key).unwrap());
            let [a, b] = keys.each_ref().map(|key| PrivateKey::new(spec, key).unwrap());
            assert_eq!(a.agree(&public[1]).unwrap(), b.agree(&public[0]).unwrap());
        }
    }
}
