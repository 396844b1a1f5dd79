//! Kinds of keys, and what each can do.

use model_kms::types::{
    CustomerMasterKeySpec, DataKeyPairSpec, EncryptionAlgorithmSpec, KeyAgreementAlgorithmSpec, KeySpec,
    KeyUsageType, MacAlgorithmSpec, SigningAlgorithmSpec,
};
use serde::{Deserialize, Serialize};
use wire::Enum as _;

/// A kind of key. Stored: entries are only ever added at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Spec {
    Symmetric,
    Rsa2048,
    Rsa3072,
    Rsa4096,
    P256,
    P384,
    P521,
    Secp256k1,
    Ed25519,
    Hmac224,
    Hmac256,
    Hmac384,
    Hmac512,
    MlDsa44,
    MlDsa65,
    MlDsa87,
}

/// What a key is for. Stored: entries are only ever added at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Usage {
    EncryptDecrypt,
    SignVerify,
    Mac,
    KeyAgreement,
}

impl Usage {
    pub fn of_model(usage: KeyUsageType) -> Option<Self> {
        Some(match usage {
            KeyUsageType::EncryptDecrypt => Self::EncryptDecrypt,
            KeyUsageType::SignVerify => Self::SignVerify,
            KeyUsageType::GenerateVerifyMac => Self::Mac,
            KeyUsageType::KeyAgreement => Self::KeyAgreement,
            KeyUsageType::EncapsulateDecapsulate => return None,
        })
    }

    pub fn to_model(self) -> KeyUsageType {
        match self {
            Self::EncryptDecrypt => KeyUsageType::EncryptDecrypt,
            Self::SignVerify => KeyUsageType::SignVerify,
            Self::Mac => KeyUsageType::GenerateVerifyMac,
            Self::KeyAgreement => KeyUsageType::KeyAgreement,
        }
    }

    pub fn as_str(self) -> &'static str {
        self.to_model().as_str()
    }
}

impl Spec {
    /// `None` for what this service does not have.
    pub fn of_model(spec: KeySpec) -> Option<Self> {
        Some(match spec {
            KeySpec::SymmetricDefault => Self::Symmetric,
            KeySpec::Rsa2048 => Self::Rsa2048,
            KeySpec::Rsa3072 => Self::Rsa3072,
            KeySpec::Rsa4096 => Self::Rsa4096,
            KeySpec::EccNistP256 => Self::P256,
            KeySpec::EccNistP384 => Self::P384,
            KeySpec::EccNistP521 => Self::P521,
            KeySpec::EccSecgP256k1 => Self::Secp256k1,
            KeySpec::EccNistEdwards25519 => Self::Ed25519,
            KeySpec::Hmac224 => Self::Hmac224,
            KeySpec::Hmac256 => Self::Hmac256,
            KeySpec::Hmac384 => Self::Hmac384,
            KeySpec::Hmac512 => Self::Hmac512,
            KeySpec::MlDsa44 => Self::MlDsa44,
            KeySpec::MlDsa65 => Self::MlDsa65,
            KeySpec::MlDsa87 => Self::MlDsa87,
            KeySpec::Sm2 | KeySpec::MlKem512 | KeySpec::MlKem768 | KeySpec::MlKem1024 => return None,
        })
    }

    pub fn to_model(self) -> KeySpec {
        match self {
            Self::Symmetric => KeySpec::SymmetricDefault,
            Self::Rsa2048 => KeySpec::Rsa2048,
            Self::Rsa3072 => KeySpec::Rsa3072,
            Self::Rsa4096 => KeySpec::Rsa4096,
            Self::P256 => KeySpec::EccNistP256,
            Self::P384 => KeySpec::EccNistP384,
            Self::P521 => KeySpec::EccNistP521,
            Self::Secp256k1 => KeySpec::EccSecgP256k1,
            Self::Ed25519 => KeySpec::EccNistEdwards25519,
            Self::Hmac224 => KeySpec::Hmac224,
            Self::Hmac256 => KeySpec::Hmac256,
            Self::Hmac384 => KeySpec::Hmac384,
            Self::Hmac512 => KeySpec::Hmac512,
            Self::MlDsa44 => KeySpec::MlDsa44,
            Self::MlDsa65 => KeySpec::MlDsa65,
            Self::MlDsa87 => KeySpec::MlDsa87,
        }
    }

    /// The older name of the same; newer kinds have none.
    pub fn to_older(self) -> Option<CustomerMasterKeySpec> {
        CustomerMasterKeySpec::parse(self.as_str())
    }

    pub fn as_str(self) -> &'static str {
        self.to_model().as_str()
    }

    /// The kind of a data key pair; `None` for what this service does not have.
    pub fn of_pair(spec: DataKeyPairSpec) -> Option<Self> {
        KeySpec::parse(spec.as_str()).and_then(Self::of_model)
    }

    /// What such keys can be for; the first where nothing needs to be said.
    pub fn usages(self) -> &'static [Usage] {
        match self {
            Self::Symmetric => &[Usage::EncryptDecrypt],
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => &[Usage::EncryptDecrypt, Usage::SignVerify],
            Self::P256 | Self::P384 | Self::P521 => &[Usage::SignVerify, Usage::KeyAgreement],
            Self::Secp256k1 | Self::Ed25519 | Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87 => {
                &[Usage::SignVerify]
            }
            Self::Hmac224 | Self::Hmac256 | Self::Hmac384 | Self::Hmac512 => &[Usage::Mac],
        }
    }

    /// Whether it is a pair of a public and a private key.
    pub fn is_pair(self) -> bool {
        !matches!(self, Self::Symmetric | Self::Hmac224 | Self::Hmac256 | Self::Hmac384 | Self::Hmac512)
    }

    pub fn is_rsa(self) -> bool {
        matches!(self, Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096)
    }

    /// Bytes of a secret that is nothing but random bytes; HMAC keys are as long as their digests.
    pub fn secret_len(self) -> Option<usize> {
        match self {
            Self::Symmetric | Self::Hmac256 => Some(32),
            Self::Hmac224 => Some(28),
            Self::Hmac384 => Some(48),
            Self::Hmac512 => Some(64),
            _ => None,
        }
    }

    /// With which algorithms such a key encrypts.
    pub fn encryption_algorithms(self, usage: Usage) -> &'static [EncryptionAlgorithmSpec] {
        use EncryptionAlgorithmSpec::{RsaesOaepSha1, RsaesOaepSha256, SymmetricDefault};
        match self {
            _ if usage != Usage::EncryptDecrypt => &[],
            Self::Symmetric => &[SymmetricDefault],
            _ if self.is_rsa() => &[RsaesOaepSha1, RsaesOaepSha256],
            _ => &[],
        }
    }

    /// With which algorithms such a key signs.
    pub fn signing_algorithms(self, usage: Usage) -> &'static [SigningAlgorithmSpec] {
        use SigningAlgorithmSpec::*;
        match self {
            _ if usage != Usage::SignVerify => &[],
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => &[
                RsassaPkcs1V15Sha256,
                RsassaPkcs1V15Sha384,
                RsassaPkcs1V15Sha512,
                RsassaPssSha256,
                RsassaPssSha384,
                RsassaPssSha512,
            ],
            Self::P256 | Self::Secp256k1 => &[EcdsaSha256],
            Self::P384 => &[EcdsaSha384],
            Self::P521 => &[EcdsaSha512],
            Self::Ed25519 => &[Ed25519Sha512, Ed25519PhSha512],
            Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87 => &[MlDsaShake256],
            _ => &[],
        }
    }

    /// With which algorithm such a key makes codes.
    pub fn mac_algorithms(self) -> &'static [MacAlgorithmSpec] {
        match self {
            Self::Hmac224 => &[MacAlgorithmSpec::HmacSha224],
            Self::Hmac256 => &[MacAlgorithmSpec::HmacSha256],
            Self::Hmac384 => &[MacAlgorithmSpec::HmacSha384],
            Self::Hmac512 => &[MacAlgorithmSpec::HmacSha512],
            _ => &[],
        }
    }

    /// With which algorithms such a key agrees on secrets.
    pub fn agreement_algorithms(self, usage: Usage) -> &'static [KeyAgreementAlgorithmSpec] {
        if usage == Usage::KeyAgreement { &[KeyAgreementAlgorithmSpec::Ecdh] } else { &[] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways_and_every_usage_has_an_algorithm() {
        let mut known = 0;
        for spec in KeySpec::VALUES.iter().filter_map(|(_, spec)| Spec::of_model(*spec)) {
            known += 1;
            assert_eq!(Spec::of_model(spec.to_model()), Some(spec));
            for usage in spec.usages() {
                let n = spec.encryption_algorithms(*usage).len()
                    + spec.signing_algorithms(*usage).len()
                    + spec.agreement_algorithms(*usage).len()
                    + usize::from(*usage == Usage::Mac) * spec.mac_algorithms().len();
                assert!(n > 0, "{spec:?} {usage:?}");
            }
            assert_eq!(spec.is_pair(), spec.secret_len().is_none());
        }
        assert_eq!(known, 16);
        assert_eq!(Spec::of_pair(DataKeyPairSpec::Sm2), None);
        assert_eq!(Spec::of_pair(DataKeyPairSpec::EccSecgP256k1), Some(Spec::Secp256k1));
    }
}
