//! Pairs of keys: private ones in PKCS #8, public ones as SubjectPublicKeyInfo.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeySize, PrivateDecryptingKey};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256K1_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING,
    ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _,
    ML_DSA_44_SIGNING, ML_DSA_65_SIGNING, ML_DSA_87_SIGNING, PqdsaKeyPair, PqdsaSigningAlgorithm,
};
use zeroize::Zeroizing;

use crate::crypto::{Broken, Secret};
use crate::spec::Spec;

/// How many bits an RSA key of this kind has.
fn rsa_size(spec: Spec) -> Option<(KeySize, usize)> {
    match spec {
        Spec::Rsa2048 => Some((KeySize::Rsa2048, 2048)),
        Spec::Rsa3072 => Some((KeySize::Rsa3072, 3072)),
        Spec::Rsa4096 => Some((KeySize::Rsa4096, 4096)),
        _ => None,
    }
}

/// The algorithm that stands for a curve: each has one digest that it is used with.
pub fn ecdsa(spec: Spec) -> Option<&'static EcdsaSigningAlgorithm> {
    match spec {
        Spec::P256 => Some(&ECDSA_P256_SHA256_ASN1_SIGNING),
        Spec::P384 => Some(&ECDSA_P384_SHA384_ASN1_SIGNING),
        Spec::P521 => Some(&ECDSA_P521_SHA512_ASN1_SIGNING),
        Spec::Secp256k1 => Some(&ECDSA_P256K1_SHA256_ASN1_SIGNING),
        _ => None,
    }
}

/// The algorithm of a lattice-based kind.
pub fn ml_dsa(spec: Spec) -> Option<&'static PqdsaSigningAlgorithm> {
    match spec {
        Spec::MlDsa44 => Some(&ML_DSA_44_SIGNING),
        Spec::MlDsa65 => Some(&ML_DSA_65_SIGNING),
        Spec::MlDsa87 => Some(&ML_DSA_87_SIGNING),
        _ => None,
    }
}

/// A new private key.
pub fn generate(spec: Spec) -> Result<Secret, Broken> {
    if let Some((size, _)) = rsa_size(spec) {
        let der: Pkcs8V1Der<'_> = PrivateDecryptingKey::generate(size)?.as_der()?;
        return Ok(Zeroizing::new(der.as_ref().to_vec()));
    }
    let document = if let Some(algorithm) = ecdsa(spec) {
        EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new())?
    } else if let Some(algorithm) = ml_dsa(spec) {
        PqdsaKeyPair::generate(algorithm)?.to_pkcs8v1()?
    } else if spec == Spec::Ed25519 {
        Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new())?
    } else {
        return Err(Broken);
    };
    Ok(Zeroizing::new(document.as_ref().to_vec()))
}

/// The public key that belongs to a private one; fails if that is not of this kind.
pub fn public_key(spec: Spec, pkcs8: &[u8]) -> Result<Vec<u8>, Broken> {
    let der: PublicKeyX509Der<'_> = if let Some((_, bits)) = rsa_size(spec) {
        let key = PrivateDecryptingKey::from_pkcs8(pkcs8)?;
        if key.key_size_bits() != bits {
            return Err(Broken);
        }
        key.public_key().as_der()?
    } else if let Some(algorithm) = ecdsa(spec) {
        EcdsaKeyPair::from_pkcs8(algorithm, pkcs8)?.public_key().as_der()?
    } else if let Some(algorithm) = ml_dsa(spec) {
        PqdsaKeyPair::from_pkcs8(algorithm, pkcs8)?.public_key().as_der()?
    } else if spec == Spec::Ed25519 {
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8)?.public_key().as_der()?
    } else {
        return Err(Broken);
    };
    Ok(der.as_ref().to_vec())
}
