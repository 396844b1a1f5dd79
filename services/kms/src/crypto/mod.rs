//! Key material: made, opened, and used. Nothing here knows of policies, states or the store.

pub mod agreement;
pub mod blob;
pub mod import;
pub mod mac;
pub mod oaep;
pub mod pair;
pub mod sign;
pub mod symmetric;

use zeroize::Zeroizing;

use crate::spec::{Spec, Usage};

/// A cryptographic library refused what ought to work, or material is not what its kind says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a cryptographic operation failed")]
pub struct Broken;

impl From<aws_lc_rs::error::Unspecified> for Broken {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self
    }
}

impl From<aws_lc_rs::error::KeyRejected> for Broken {
    fn from(_: aws_lc_rs::error::KeyRejected) -> Self {
        Self
    }
}

/// A secret in memory; wiped when dropped.
pub type Secret = Zeroizing<Vec<u8>>;

/// Fills with random bytes.
pub fn random(bytes: &mut [u8]) -> Result<(), Broken> {
    Ok(aws_lc_rs::rand::fill(bytes)?)
}

/// New material of a kind: random bytes, or a private key in PKCS #8. Slow for RSA.
pub fn generate(spec: Spec) -> Result<Secret, Broken> {
    match spec.secret_len() {
        Some(len) => {
            let mut secret = Zeroizing::new(vec![0; len]);
            random(&mut secret)?;
            Ok(secret)
        }
        None => pair::generate(spec),
    }
}

/// Checks that material is of a kind, and gives the public key of a pair as SubjectPublicKeyInfo.
pub fn check(spec: Spec, secret: &[u8]) -> Result<Option<Vec<u8>>, Broken> {
    match spec.secret_len() {
        Some(len) if len == secret.len() => Ok(None),
        Some(_) => Err(Broken),
        None => pair::public_key(spec, secret).map(Some),
    }
}

/// Material ready for use. What it holds is wiped when it is dropped: by `zeroize`, and by AWS-LC for its own keys.
pub enum Opened {
    Symmetric(symmetric::Key),
    Decryption(oaep::PrivateKey),
    Signing(sign::PrivateKey),
    Mac(mac::Key),
    Agreement(agreement::PrivateKey),
}

impl Opened {
    /// Opens material of a key of this kind for its use.
    pub fn new(spec: Spec, usage: Usage, secret: &[u8]) -> Result<Self, Broken> {
        Ok(match usage {
            Usage::EncryptDecrypt if spec == Spec::Symmetric => Self::Symmetric(symmetric::Key::new(secret)?),
            Usage::EncryptDecrypt => Self::Decryption(oaep::PrivateKey::new(secret)?),
            Usage::SignVerify => Self::Signing(sign::PrivateKey::new(spec, secret)?),
            Usage::Mac => Self::Mac(mac::Key::new(spec, secret)?),
            Usage::KeyAgreement => Self::Agreement(agreement::PrivateKey::new(spec, secret)?),
        })
    }
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Opened")
    }
}
