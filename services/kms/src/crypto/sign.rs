//! Signatures.

use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::encoding::{AsBigEndian, Curve25519SeedBin};
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, Ed25519KeyPair, PqdsaKeyPair, RsaKeyPair, VerificationAlgorithm,
};
use ed25519_dalek::{Digest as _, Sha512, VerifyingKey};
use model_kms::types::SigningAlgorithmSpec as Algorithm;

use crate::crypto::{Broken, pair};
use crate::spec::Spec;

/// What is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'m> {
    /// The message, to be digested as the algorithm says.
    Raw(&'m [u8]),
    /// Its digest.
    Digest(&'m [u8]),
}

/// The digest of an algorithm, where the signature is one of a digest.
fn digest_of(algorithm: Algorithm) -> Option<&'static digest::Algorithm> {
    use Algorithm::*;
    match algorithm {
        RsassaPssSha256 | RsassaPkcs1V15Sha256 | EcdsaSha256 => Some(&digest::SHA256),
        RsassaPssSha384 | RsassaPkcs1V15Sha384 | EcdsaSha384 => Some(&digest::SHA384),
        RsassaPssSha512 | RsassaPkcs1V15Sha512 | EcdsaSha512 | Ed25519PhSha512 => Some(&digest::SHA512),
        Sm2dsa | MlDsaShake256 | Ed25519Sha512 => None,
    }
}

/// Bytes of the digest that an algorithm takes in place of a message; `None` if it takes none.
pub fn digest_len(algorithm: Algorithm) -> Option<usize> {
    digest_of(algorithm).map(digest::Algorithm::output_len)
}

impl Message<'_> {
    fn digest(self, algorithm: Algorithm) -> Result<Digest, Broken> {
        let kind = digest_of(algorithm).ok_or(Broken)?;
        match self {
            Self::Raw(bytes) => Ok(digest::digest(kind, bytes)),
            Self::Digest(bytes) => Ok(Digest::import_less_safe(bytes, kind)?),
        }
    }

    fn raw(&self) -> Result<&[u8], Broken> {
        match self {
            Self::Raw(bytes) => Ok(bytes),
            Self::Digest(_) => Err(Broken),
        }
    }
}

/// The private key of a pair for signing.
pub enum PrivateKey {
    Rsa(RsaKeyPair),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    MlDsa(PqdsaKeyPair),
}

impl PrivateKey {
    pub fn new(spec: Spec, pkcs8: &[u8]) -> Result<Self, Broken> {
        if spec.is_rsa() {
            return Ok(Self::Rsa(RsaKeyPair::from_pkcs8(pkcs8)?));
        }
        if let Some(algorithm) = pair::ecdsa(spec) {
            return Ok(Self::Ecdsa(EcdsaKeyPair::from_pkcs8(algorithm, pkcs8)?));
        }
        if let Some(algorithm) = pair::ml_dsa(spec) {
            return Ok(Self::MlDsa(PqdsaKeyPair::from_pkcs8(algorithm, pkcs8)?));
        }
        match spec {
            Spec::Ed25519 => Ok(Self::Ed25519(Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8)?)),
            _ => Err(Broken),
        }
    }

    /// Signs; fails if the algorithm is not one of the key's, or the digest not one of the algorithm's.
    pub fn sign(&self, algorithm: Algorithm, message: Message<'_>) -> Result<Vec<u8>, Broken> {
        match self {
            Self::Rsa(key) => {
                let mut out = vec![0; key.public_modulus_len()];
                key.sign_digest(
                    rsa_encoding(algorithm).ok_or(Broken)?,
                    &message.digest(algorithm)?,
                    &mut out,
                )?;
                Ok(out)
            }
            Self::Ecdsa(key) => Ok(key.sign_digest(&message.digest(algorithm)?)?.as_ref().to_vec()),
            Self::Ed25519(key) if algorithm == Algorithm::Ed25519Sha512 => {
                Ok(key.try_sign(message.raw()?)?.as_ref().to_vec())
            }
            Self::Ed25519(key) if algorithm == Algorithm::Ed25519PhSha512 => {
                let seed: Curve25519SeedBin<'_> = key.seed()?.as_be_bytes()?;
                let key =
                    ed25519_dalek::SigningKey::from_bytes(seed.as_ref().try_into().map_err(|_| Broken)?);
                Ok(key.sign_prehashed(prehash(message)?, None).map_err(|_| Broken)?.to_vec())
            }
            Self::MlDsa(key) if algorithm == Algorithm::MlDsaShake256 => {
                let mut out = vec![0; key.algorithm().signature_len()];
                let len = key.sign(message.raw()?, &mut out)?;
                out.truncate(len);
                Ok(out)
            }
            Self::Ed25519(_) | Self::MlDsa(_) => Err(Broken),
        }
    }
}

/// The digest of Ed25519ph. As documented, the service digests the digest that it is given once more.
fn prehash(message: Message<'_>) -> Result<Sha512, Broken> {
    match message {
        Message::Digest(bytes) => Ok(Sha512::new().chain_update(bytes)),
        Message::Raw(_) => Err(Broken),
    }
}

fn rsa_encoding(algorithm: Algorithm) -> Option<&'static signature::RsaSignatureEncoding> {
    match algorithm {
        Algorithm::RsassaPssSha256 => Some(&signature::RSA_PSS_SHA256),
        Algorithm::RsassaPssSha384 => Some(&signature::RSA_PSS_SHA384),
        Algorithm::RsassaPssSha512 => Some(&signature::RSA_PSS_SHA512),
        Algorithm::RsassaPkcs1V15Sha256 => Some(&signature::RSA_PKCS1_SHA256),
        Algorithm::RsassaPkcs1V15Sha384 => Some(&signature::RSA_PKCS1_SHA384),
        Algorithm::RsassaPkcs1V15Sha512 => Some(&signature::RSA_PKCS1_SHA512),
        _ => None,
    }
}

fn verification(spec: Spec, algorithm: Algorithm) -> Option<&'static dyn VerificationAlgorithm> {
    let found: &'static dyn VerificationAlgorithm = match algorithm {
        Algorithm::RsassaPssSha256 => &signature::RSA_PSS_2048_8192_SHA256,
        Algorithm::RsassaPssSha384 => &signature::RSA_PSS_2048_8192_SHA384,
        Algorithm::RsassaPssSha512 => &signature::RSA_PSS_2048_8192_SHA512,
        Algorithm::RsassaPkcs1V15Sha256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::RsassaPkcs1V15Sha384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::RsassaPkcs1V15Sha512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::EcdsaSha256 if spec == Spec::Secp256k1 => &signature::ECDSA_P256K1_SHA256_ASN1,
        Algorithm::EcdsaSha256 => &signature::ECDSA_P256_SHA256_ASN1,
        Algorithm::EcdsaSha384 => &signature::ECDSA_P384_SHA384_ASN1,
        Algorithm::EcdsaSha512 => &signature::ECDSA_P521_SHA512_ASN1,
        Algorithm::Ed25519Sha512 => &signature::ED25519,
        Algorithm::MlDsaShake256 => match spec {
            Spec::MlDsa44 => &signature::ML_DSA_44,
            Spec::MlDsa65 => &signature::ML_DSA_65,
            _ => &signature::ML_DSA_87,
        },
        Algorithm::Ed25519PhSha512 | Algorithm::Sm2dsa => return None,
    };
    Some(found)
}

/// Whether a signature is one of this message by the owner of a public key (SubjectPublicKeyInfo).
pub fn verifies(
    spec: Spec,
    spki: &[u8],
    algorithm: Algorithm,
    message: Message<'_>,
    signature: &[u8],
) -> bool {
    verify(spec, spki, algorithm, message, signature).is_ok()
}

fn verify(
    spec: Spec,
    spki: &[u8],
    algorithm: Algorithm,
    message: Message<'_>,
    signature: &[u8],
) -> Result<(), Broken> {
    if algorithm == Algorithm::Ed25519PhSha512 {
        // The 32 bytes of the key end its SubjectPublicKeyInfo.
        let public = VerifyingKey::from_bytes(spki.last_chunk().ok_or(Broken)?).map_err(|_| Broken)?;
        let signature = ed25519_dalek::Signature::from_slice(signature).map_err(|_| Broken)?;
        return public.verify_prehashed_strict(prehash(message)?, None, &signature).map_err(|_| Broken);
    }
    let key = signature::UnparsedPublicKey::new(verification(spec, algorithm).ok_or(Broken)?, spki);
    match digest_of(algorithm) {
        Some(_) => Ok(key.verify_digest(&message.digest(algorithm)?, signature)?),
        None => Ok(key.verify(message.raw()?, signature)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ecdsa::signature::hazmat::{PrehashSigner as _, PrehashVerifier as _};
    use p256::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _};
    use rsa::{Pkcs1v15Sign, Pss, RsaPrivateKey, RsaPublicKey};
    use sha2::{Sha256, Sha384, Sha512};

    fn keys(spec: Spec) -> (PrivateKey, Vec<u8>, crate::crypto::Secret) {
        let pkcs8 = pair::generate(spec).unwrap();
        (PrivateKey::new(spec, &pkcs8).unwrap(), pair::public_key(spec, &pkcs8).unwrap(), pkcs8)
    }

    fn digest(algorithm: Algorithm) -> Vec<u8> {
        match digest_len(algorithm).unwrap() {
            32 => Sha256::digest(b"message").to_vec(),
            48 => Sha384::digest(b"message").to_vec(),
            _ => Sha512::digest(b"message").to_vec(),
        }
    }

    #[test]
    fn rsa_and_another_implementation_verify_each_other() {
        let (own, spki, pkcs8) = keys(Spec::Rsa2048);
        let (private, public) = (
            RsaPrivateKey::from_pkcs8_der(&pkcs8).unwrap(),
            RsaPublicKey::from_public_key_der(&spki).unwrap(),
        );
        for algorithm in Spec::Rsa2048.signing_algorithms(crate::spec::Usage::SignVerify).iter().copied() {
            let hashed = digest(algorithm);
            let raw = own.sign(algorithm, Message::Raw(b"message")).unwrap();
            let of_digest = own.sign(algorithm, Message::Digest(&hashed)).unwrap();
            let pss = wire::Enum::as_str(algorithm).contains("PSS");
            for signature in [&raw, &of_digest] {
                let verified = match (pss, hashed.len()) {
                    (true, 32) => public.verify(Pss::new::<Sha256>(), &hashed, signature),
                    (true, 48) => public.verify(Pss::new::<Sha384>(), &hashed, signature),
                    (true, _) => public.verify(Pss::new::<Sha512>(), &hashed, signature),
                    (false, 32) => public.verify(Pkcs1v15Sign::new::<Sha256>(), &hashed, signature),
                    (false, 48) => public.verify(Pkcs1v15Sign::new::<Sha384>(), &hashed, signature),
                    (false, _) => public.verify(Pkcs1v15Sign::new::<Sha512>(), &hashed, signature),
                };
                verified.unwrap();
                assert!(verifies(Spec::Rsa2048, &spki, algorithm, Message::Raw(b"message"), signature));
                assert!(!verifies(Spec::Rsa2048, &spki, algorithm, Message::Raw(b"massage"), signature));
            }
            let rng = &mut rand::thread_rng();
            let theirs = match (pss, hashed.len()) {
                (true, 32) => private.sign_with_rng(rng, Pss::new::<Sha256>(), &hashed),
                (true, 48) => private.sign_with_rng(rng, Pss::new::<Sha384>(), &hashed),
                (true, _) => private.sign_with_rng(rng, Pss::new::<Sha512>(), &hashed),
                (false, 32) => private.sign(Pkcs1v15Sign::new::<Sha256>(), &hashed),
                (false, 48) => private.sign(Pkcs1v15Sign::new::<Sha384>(), &hashed),
                (false, _) => private.sign(Pkcs1v15Sign::new::<Sha512>(), &hashed),
            };
            assert!(verifies(Spec::Rsa2048, &spki, algorithm, Message::Digest(&hashed), &theirs.unwrap()));
            assert!(own.sign(algorithm, Message::Digest(&hashed[1..])).is_err());
        }
        assert!(own.sign(Algorithm::EcdsaSha256, Message::Raw(b"message")).is_err());
    }

    macro_rules! curve {
        ($name:ident, $spec:expr, $algorithm:expr, $library:ident) => {
            #[test]
            fn $name() {
                let (own, spki, pkcs8) = keys($spec);
                let hashed = digest($algorithm);
                let public = $library::PublicKey::from_public_key_der(&spki).unwrap();
                let verifier = $library::ecdsa::VerifyingKey::from_affine(*public.as_affine()).unwrap();
                for message in [Message::Raw(b"message"), Message::Digest(&hashed)] {
                    let signature = own.sign($algorithm, message).unwrap();
                    let read = $library::ecdsa::Signature::from_der(&signature).unwrap();
                    // One of the libraries takes only the lower of the two forms that each signature has.
                    verifier.verify_prehash(&hashed, &read.normalize_s().unwrap_or(read)).unwrap();
                    assert!(verifies($spec, &spki, $algorithm, message, &signature));
                    assert!(!verifies($spec, &spki, $algorithm, Message::Raw(b"massage"), &signature));
                }
                let secret = $library::SecretKey::from_pkcs8_der(&pkcs8).unwrap();
                let signer = $library::ecdsa::SigningKey::from_slice(&secret.to_bytes()).unwrap();
                let theirs: $library::ecdsa::Signature = signer.sign_prehash(&hashed).unwrap();
                let theirs = theirs.to_der();
                assert!(verifies($spec, &spki, $algorithm, Message::Raw(b"message"), theirs.as_bytes()));
                let other = own.sign(Algorithm::RsassaPssSha256, Message::Digest(&[0; 32]));
                assert_eq!(other.is_ok(), hashed.len() == 32);
            }
        };
    }
    curve!(p256_and_another_implementation, Spec::P256, Algorithm::EcdsaSha256, p256);
    curve!(p384_and_another_implementation, Spec::P384, Algorithm::EcdsaSha384, p384);
    curve!(p521_and_another_implementation, Spec::P521, Algorithm::EcdsaSha512, p521);
    curve!(secp256k1_and_another_implementation, Spec::Secp256k1, Algorithm::EcdsaSha256, k256);

    #[test]
    fn ed25519_pure_and_prehashed() {
        use ed25519_dalek::Verifier as _;
        let (own, spki, _) = keys(Spec::Ed25519);
        let public = VerifyingKey::from_bytes(spki.last_chunk().unwrap()).unwrap();
        let signature = own.sign(Algorithm::Ed25519Sha512, Message::Raw(b"message")).unwrap();
        public.verify(b"message", &ed25519_dalek::Signature::from_slice(&signature).unwrap()).unwrap();
        assert!(verifies(
            Spec::Ed25519,
            &spki,
            Algorithm::Ed25519Sha512,
            Message::Raw(b"message"),
            &signature
        ));
        assert!(own.sign(Algorithm::Ed25519Sha512, Message::Digest(&[0; 64])).is_err());
        let hashed = digest(Algorithm::Ed25519PhSha512);
        let signature = own.sign(Algorithm::Ed25519PhSha512, Message::Digest(&hashed)).unwrap();
        let mut hash = Sha512::new();
        hash.update(&hashed);
        let read = ed25519_dalek::Signature::from_slice(&signature).unwrap();
        public.verify_prehashed(hash, None, &read).unwrap();
        let algorithm = Algorithm::Ed25519PhSha512;
        assert!(verifies(Spec::Ed25519, &spki, algorithm, Message::Digest(&hashed), &signature));
        assert!(!verifies(Spec::Ed25519, &spki, algorithm, Message::Digest(&[0; 64]), &signature));
        assert!(!verifies(
            Spec::Ed25519,
            &spki,
            Algorithm::Ed25519Sha512,
            Message::Raw(b"message"),
            &signature
        ));
    }

    #[test]
    fn lattices_sign_messages() {
        for spec in [Spec::MlDsa44, Spec::MlDsa65, Spec::MlDsa87] {
            let (own, spki, _) = keys(spec);
            let signature = own.sign(Algorithm::MlDsaShake256, Message::Raw(b"message")).unwrap();
            assert!(verifies(spec, &spki, Algorithm::MlDsaShake256, Message::Raw(b"message"), &signature));
            assert!(!verifies(spec, &spki, Algorithm::MlDsaShake256, Message::Raw(b"massage"), &signature));
            assert!(own.sign(Algorithm::MlDsaShake256, Message::Digest(&[0; 64])).is_err());
        }
    }
}
