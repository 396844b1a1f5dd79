//! X.509 certificates and their keys, in PEM.

use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair,
};
use x509_parser::certificate::X509Certificate;
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer;

use crate::error::Error;

/// A certificate, parsed as far as IAM looks into it.
#[derive(Debug)]
pub struct Certificate {
    der: Vec<u8>,
    /// When it ends, in milliseconds since 1970.
    pub expires_ms: i64,
    /// Its public key, as in the bits of its `SubjectPublicKeyInfo`.
    public_key: Vec<u8>,
}

impl Certificate {
    /// The only certificate in a text.
    pub fn parse(pem: &str) -> Result<Self, Error> {
        let mut all = blocks(pem, &["CERTIFICATE"]).ok_or_else(malformed)?;
        match (all.pop(), all.is_empty()) {
            (Some((_, der)), true) => Self::from_der(der).ok_or_else(malformed),
            _ => Err(malformed()),
        }
    }

    /// From DER, with nothing behind it.
    pub fn from_der(der: Vec<u8>) -> Option<Self> {
        let (rest, parsed) = X509Certificate::from_der(&der).ok()?;
        if !rest.is_empty() {
            return None;
        }
        let expires_ms = parsed.validity().not_after.timestamp().saturating_mul(1000);
        let public_key = parsed.public_key().subject_public_key.data.to_vec();
        Some(Self { der, expires_ms, public_key })
    }

    /// Checks that a private key is this certificate's.
    pub fn check_key(&self, pem: &str) -> Result<(), Error> {
        let public = public_key_of(pem)?;
        if public == self.public_key {
            return Ok(());
        }
        let text = "The private key does not match the public key of the certificate.";
        Err(Error::key_pair_mismatch_exception(text))
    }

    /// Checks that each certificate of a chain has signed the one before it, beginning with this one.
    pub fn check_chain(&self, pem: &str) -> Result<(), Error> {
        let all = blocks(pem, &["CERTIFICATE"]).filter(|all| !all.is_empty()).ok_or_else(malformed)?;
        let mut below = self.der.clone();
        for (index, (_, der)) in all.into_iter().enumerate() {
            if signed_by(&below, &der) != Some(true) {
                return Err(Error::malformed_certificate_exception(format!(
                    "Unable to validate certificate chain. The certificate chain must start with the immediate signing \
                     certificate, followed by any intermediaries in order. The index within the chain of the invalid \
                     certificate is: {index}"
                )));
            }
            below = der;
        }
        Ok(())
    }
}

fn signed_by(below: &[u8], above: &[u8]) -> Option<bool> {
    let (_, below) = X509Certificate::from_der(below).ok()?;
    let (_, above) = X509Certificate::from_der(above).ok()?;
    let named = below.issuer() == above.subject();
    Some(named && below.verify_signature(Some(above.public_key())).is_ok())
}

/// Checks that a text is a private key that opens without a password.
pub fn check_private_key(pem: &str) -> Result<(), Error> {
    public_key_of(pem).map(|_| ())
}

/// The public half of a private key.
fn public_key_of(pem: &str) -> Result<Vec<u8>, Error> {
    if pem.contains("ENCRYPTED") {
        let text = "Unable to parse private key. The private key must not be encrypted.";
        return Err(Error::malformed_certificate_exception(text));
    }
    let labels = ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"];
    let key = blocks(pem, &labels).and_then(|mut all| if all.len() == 1 { all.pop() } else { None });
    let public = key.and_then(|(label, der)| match &*label {
        "RSA PRIVATE KEY" => Some(rsa::KeyPair::from_der(&der).ok()?.public_key().as_ref().to_vec()),
        "EC PRIVATE KEY" => ec_key(|algorithm| EcdsaKeyPair::from_private_key_der(algorithm, &der).ok()),
        _ => match rsa::KeyPair::from_pkcs8(&der) {
            Ok(pair) => Some(pair.public_key().as_ref().to_vec()),
            Err(_) => ec_key(|algorithm| EcdsaKeyPair::from_pkcs8(algorithm, &der).ok()),
        },
    });
    public.ok_or_else(|| {
        let text = "Unable to parse private key. Please ensure the private key is in PEM format.";
        Error::malformed_certificate_exception(text)
    })
}

fn ec_key(
    read: impl Fn(&'static aws_lc_rs::signature::EcdsaSigningAlgorithm) -> Option<EcdsaKeyPair>,
) -> Option<Vec<u8>> {
    let algorithms = [&ECDSA_P256_SHA256_ASN1_SIGNING, &ECDSA_P384_SHA384_ASN1_SIGNING];
    let pair = algorithms.into_iter().find_map(read)?;
    Some(pair.public_key().as_ref().to_vec())
}

/// The blocks of a text in PEM, with their labels; `None` if one is of another kind, or something else is in the text
/// between them, as parameters of curves may be.
fn blocks(pem: &str, labels: &[&str]) -> Option<Vec<(String, Vec<u8>)>> {
    let mut found = Vec::new();
    for block in Pem::iter_from_buffer(pem.as_bytes()) {
        let block = block.ok()?;
        match &*block.label {
            "EC PARAMETERS" => {}
            label if labels.contains(&label) => found.push((block.label, block.contents)),
            _ => return None,
        }
    }
    Some(found)
}

fn malformed() -> Error {
    let text = "Unable to parse certificate. Please ensure the certificate is in PEM format.";
    Error::malformed_certificate_exception(text)
}
