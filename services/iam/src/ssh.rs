//! Public SSH keys, which are RSA.

use std::fmt::Write as _;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::{PublicEncryptingKey, PublicKeyComponents};
use md5::{Digest, Md5};
use pem_rfc7468::LineEnding;
use ssh_key::public::{KeyData, RsaPublicKey};
use ssh_key::{Mpint, PublicKey};
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::{PublicKey as Parsed, RSAPublicKey};
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::error::Error;

/// Bits of a modulus at least (API reference).
const BITS_MIN: usize = 2048;
/// Bits of a modulus at most: OpenSSH's own bound.
const BITS_MAX: usize = 16_384;

/// Reads a key, in the form of OpenSSH or in PEM, as the SSH protocol writes it.
pub fn read(text: &str) -> Result<Vec<u8>, Error> {
    let text = text.trim();
    let (e, n) = if text.starts_with("-----BEGIN") {
        of_pem(text).ok_or_else(unknown_encoding)?
    } else if text.starts_with("ssh-rsa ") {
        of_openssh(text).ok_or_else(invalid)?
    } else {
        return Err(unknown_encoding());
    };
    let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
    if !(BITS_MIN..=BITS_MAX).contains(&bits) {
        return Err(invalid());
    }
    blob(&e, &n).ok_or_else(invalid)
}

/// In the form of OpenSSH.
pub fn openssh(blob: &[u8]) -> Option<String> {
    PublicKey::from_bytes(blob).ok()?.to_openssh().ok()
}

/// In PEM, as a `SubjectPublicKeyInfo`.
pub fn pem(blob: &[u8]) -> Option<String> {
    let (e, n) = components(&PublicKey::from_bytes(blob).ok()?)?;
    let key: PublicEncryptingKey = PublicKeyComponents { n, e }.try_into().ok()?;
    let der = AsDer::<PublicKeyX509Der<'_>>::as_der(&key).ok()?;
    pem_rfc7468::encode_string("PUBLIC KEY", LineEnding::LF, der.as_ref()).ok()
}

/// The MD5 digest, in the form `7a:1d:…`, by which AWS shows keys.
pub fn fingerprint(blob: &[u8]) -> String {
    let mut out = String::with_capacity(47);
    for byte in Md5::digest(blob) {
        if !out.is_empty() {
            out.push(':');
        }
        // Writing to a string cannot fail.
        let _ = write!(out, "{byte:02x}");
    }
    out
}

type Components = (Vec<u8>, Vec<u8>);

fn of_openssh(text: &str) -> Option<Components> {
    components(&PublicKey::from_openssh(text).ok()?)
}

fn of_pem(text: &str) -> Option<Components> {
    let mut blocks = Pem::iter_from_buffer(text.as_bytes());
    let (block, None) = (blocks.next()?.ok()?, blocks.next()) else { return None };
    let strip = |number: &[u8]| number.iter().copied().skip_while(|byte| *byte == 0).collect::<Vec<u8>>();
    match &*block.label {
        "PUBLIC KEY" => {
            let (_, info) = SubjectPublicKeyInfo::from_der(&block.contents).ok()?;
            match info.parsed().ok()? {
                Parsed::RSA(key) => Some((strip(key.exponent), strip(key.modulus))),
                _ => None,
            }
        }
        "RSA PUBLIC KEY" => {
            let (_, key) = RSAPublicKey::from_der(&block.contents).ok()?;
            Some((strip(key.exponent), strip(key.modulus)))
        }
        _ => None,
    }
}

fn components(key: &PublicKey) -> Option<Components> {
    match key.key_data() {
        KeyData::Rsa(key) => Some((key.e.as_positive_bytes()?.to_vec(), key.n.as_positive_bytes()?.to_vec())),
        _ => None,
    }
}

fn blob(e: &[u8], n: &[u8]) -> Option<Vec<u8>> {
    let (e, n) = (Mpint::from_positive_bytes(e).ok()?, Mpint::from_positive_bytes(n).ok()?);
    PublicKey::new(KeyData::Rsa(RsaPublicKey { e, n }), "").to_bytes().ok()
}

fn invalid() -> Error {
    Error::invalid_public_key_exception("The public key is malformed or otherwise invalid.")
}

fn unknown_encoding() -> Error {
    let text = "The public key encoding format is unsupported or unrecognized.";
    Error::unrecognized_public_key_encoding_exception(text)
}
