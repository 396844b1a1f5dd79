//! Whether a token is what it says.

use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use kernel::Timestamp;
use serde_json::{Map, Value};

use crate::claims::Claims;
use crate::fetch::FetchError;

/// Longest token in characters (STS API reference, `WebIdentityToken`).
pub(crate) const TOKEN_MAX: usize = 20_000;

/// Algorithms that sign with a private key. With any other, whoever has the public key could sign.
const ALGORITHMS: &[Algorithm] = &[
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
];

/// Why a token is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It has not the form of a token.
    #[error("it is not a JSON Web Token")]
    Malformed,
    /// It is signed in a way that proves nothing, or that nobody here knows.
    #[error("it is not signed with an algorithm that is accepted")]
    Algorithm,
    /// The keys of its issuer cannot be had.
    #[error("the keys of its issuer cannot be had: {0}")]
    Keys(#[from] FetchError),
    /// Its issuer has no such key.
    #[error("its issuer has no such key")]
    UnknownKey,
    /// The signature is not that of the key.
    #[error("its signature is not right")]
    Signature,
    /// It is of another issuer than it should be.
    #[error("it is of another issuer")]
    Issuer,
    /// Its time is over.
    #[error("its time is over")]
    Expired {
        /// Seconds since 1970.
        now: i64,
        /// Seconds since 1970.
        expires: i64,
    },
    /// Its time has not come.
    #[error("its time has not come")]
    NotYet,
    /// A claim is missing.
    #[error("its claim {0} is missing")]
    Missing(&'static str),
    /// A claim is not of the right kind.
    #[error("its claim {0} cannot be read")]
    Unreadable(&'static str),
}

/// The header of a token, if keys are worth looking for.
pub(crate) fn header(token: &str) -> Result<Header, TokenError> {
    if token.len() > TOKEN_MAX {
        return Err(TokenError::Malformed);
    }
    // What it does not know, as `none`, is not read as an algorithm.
    let header = jsonwebtoken::decode_header(token).map_err(|_| match named_algorithm(token) {
        true => TokenError::Algorithm,
        false => TokenError::Malformed,
    })?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(TokenError::Algorithm);
    }
    Ok(header)
}

/// Whether at least the claims are there: then it is the header that is not understood.
fn named_algorithm(token: &str) -> bool {
    crate::claims::issuer_of(token).is_some()
}

/// The key that a token says it is signed with: the one it names, or the only one there is for its algorithm.
pub(crate) fn key<'k>(keys: &'k JwkSet, header: &Header) -> Option<&'k Jwk> {
    let mut fit = keys.keys.iter().filter(|key| fits(key, header.alg));
    match &header.kid {
        Some(kid) => fit.find(|key| key.common.key_id.as_ref() == Some(kid)),
        None => fit.next().filter(|_| fit.next().is_none()),
    }
}

/// Whether a key is for signatures of an algorithm.
fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    use Algorithm::{ES256, ES384};
    let kind = match &key.algorithm {
        AlgorithmParameters::RSA(_) => !matches!(algorithm, ES256 | ES384),
        AlgorithmParameters::EllipticCurve(_) => matches!(algorithm, ES256 | ES384),
        _ => false,
    };
    let named =
        key.common.key_algorithm.as_ref().is_none_or(|named| named.to_string() == format!("{algorithm:?}"));
    let signs = matches!(key.common.public_key_use, None | Some(PublicKeyUse::Signature));
    kind && named && signs
}

/// The claims of a token that is signed with this key.
pub(crate) fn claims(
    token: &str,
    key: &Jwk,
    algorithm: Algorithm,
    issuer: &str,
    now: Timestamp,
) -> Result<Claims, TokenError> {
    let key = DecodingKey::from_jwk(key).map_err(|_| TokenError::UnknownKey)?;
    let mut only_signature = Validation::new(algorithm);
    // The claims are checked below, by the one clock and with errors that say more.
    only_signature.required_spec_claims.clear();
    (only_signature.validate_exp, only_signature.validate_aud) = (false, false);
    let token = jsonwebtoken::decode::<Map<String, Value>>(token, &key, &only_signature)
        .map_err(|_| TokenError::Signature)?;
    Claims::read(&token.claims, issuer, now)
}
