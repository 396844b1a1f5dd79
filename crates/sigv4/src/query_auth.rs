//! A presigned request: the signature in `X-Amz-*` query parameters.

use crate::canonical::check_query_len;
use crate::date;
use crate::error::{AuthError, Place};
use crate::payload::Payload;
use crate::policy::Policy;
use crate::request::Request;
use crate::scope::Credential;
use crate::signed::{Parts, Signed};
use crate::text;
use std::borrow::Cow;

/// The authentication parameters of a query, decoded.
#[derive(Default)]
pub(crate) struct Found<'a> {
    algorithm: Option<Cow<'a, str>>,
    credential: Option<Cow<'a, str>>,
    date: Option<Cow<'a, str>>,
    expires: Option<Cow<'a, str>>,
    signed_headers: Option<Cow<'a, str>>,
    signature: Option<Cow<'a, str>>,
    security_token: Option<Cow<'a, str>>,
    content_sha256: Option<Cow<'a, str>>,
}

/// Looks for authentication parameters; `None` when the query carries no signature.
pub(crate) fn find(query: &str) -> Result<Option<Found<'_>>, AuthError> {
    if query.is_empty() {
        return Ok(None);
    }
    check_query_len(query)?;
    let mut found = Found::default();
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = text::decode_query(name).ok_or(AuthError::MalformedUri)?;
        let Some((slot, parameter)) = found.slot(&name) else { continue };
        let value = decoded(value, parameter)?;
        if slot.replace(value).is_some() {
            return Err(AuthError::RepeatedParameter { parameter });
        }
    }
    let signed = found.algorithm.is_some() || found.credential.is_some() || found.signature.is_some();
    Ok(signed.then_some(found))
}

fn decoded<'a>(value: &'a str, parameter: &'static str) -> Result<Cow<'a, str>, AuthError> {
    let not_text = || AuthError::MalformedParameter { parameter };
    match text::decode_query(value).ok_or(AuthError::MalformedUri)? {
        Cow::Borrowed(_) => Ok(Cow::Borrowed(value)),
        Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).map_err(|_| not_text()),
    }
}

impl<'a> Found<'a> {
    fn slot(&mut self, name: &[u8]) -> Option<(&mut Option<Cow<'a, str>>, &'static str)> {
        Some(match name {
            b"X-Amz-Algorithm" => (&mut self.algorithm, "X-Amz-Algorithm"),
            b"X-Amz-Credential" => (&mut self.credential, "X-Amz-Credential"),
            b"X-Amz-Date" => (&mut self.date, "X-Amz-Date"),
            b"X-Amz-Expires" => (&mut self.expires, "X-Amz-Expires"),
            b"X-Amz-SignedHeaders" => (&mut self.signed_headers, "X-Amz-SignedHeaders"),
            b"X-Amz-Signature" => (&mut self.signature, "X-Amz-Signature"),
            b"X-Amz-Security-Token" => (&mut self.security_token, "X-Amz-Security-Token"),
            b"X-Amz-Content-Sha256" => (&mut self.content_sha256, "X-Amz-Content-Sha256"),
            _ => return None,
        })
    }

    /// The service that the credential is scoped to, if it can be read.
    pub(crate) fn service(&self) -> Option<&str> {
        Some(Credential::parse(self.credential.as_deref()?)?.service)
    }

    pub(crate) fn parse(self, req: &Request, policy: &Policy) -> Result<Signed, AuthError> {
        let missing = [
            ("X-Amz-Algorithm", is_missing(&self.algorithm)),
            ("X-Amz-Credential", is_missing(&self.credential)),
            ("X-Amz-Signature", is_missing(&self.signature)),
            ("X-Amz-SignedHeaders", is_missing(&self.signed_headers)),
            ("X-Amz-Date", is_missing(&self.date)),
            ("X-Amz-Expires", policy.expires_required && is_missing(&self.expires)),
        ];
        let Found { algorithm, credential, date, signed_headers, signature, .. } = &self;
        let all = (algorithm, credential, date, signed_headers, signature);
        let (Some(algorithm), Some(credential), Some(date), Some(signed_headers), Some(signature)) = all
        else {
            return Err(incomplete(&missing));
        };
        if missing.iter().any(|(_, missing)| *missing) {
            return Err(incomplete(&missing));
        }
        if algorithm != crate::ALGORITHM {
            let algorithm = algorithm.clone().into_owned();
            return Err(AuthError::UnsupportedAlgorithm { place: Place::Query, algorithm });
        }
        let malformed_date = || AuthError::MalformedDate { place: Place::Query, value: date.to_string() };
        let time = date::parse_iso(date).ok_or_else(malformed_date)?;
        let expires_s = self.expires.as_deref().map(|text| expires(text, policy)).transpose()?;
        let payload = self.payload(req, policy)?;
        Signed::new(Parts {
            place: Place::Query,
            credential,
            signed_headers,
            signature,
            time,
            expires_s,
            session_token: self.security_token.clone().map(Cow::into_owned),
            payload,
        })
    }

    /// Where the header decides about the body, its absence from a presigned request means unsigned: whoever
    /// made the link did not know the body.
    fn payload(&self, req: &Request, policy: &Policy) -> Result<Payload, AuthError> {
        let header = req.single("x-amz-content-sha256")?;
        match header.or(self.content_sha256.as_deref()) {
            Some(value) => Payload::parse(value, policy),
            None if policy.content_sha256 => Ok(Payload::Unsigned),
            None => Ok(Payload::Body),
        }
    }
}

fn is_missing(value: &Option<Cow<'_, str>>) -> bool {
    value.as_deref().is_none_or(str::is_empty)
}

fn incomplete(missing: &[(&'static str, bool)]) -> AuthError {
    let names = missing.iter().filter(|(_, missing)| *missing).map(|(name, _)| *name).collect();
    AuthError::IncompleteQuery { names }
}

fn expires(text: &str, policy: &Policy) -> Result<i64, AuthError> {
    let value: i64 = text.parse().map_err(|_| AuthError::ExpiresNotANumber)?;
    if value < 0 {
        return Err(AuthError::ExpiresNegative);
    }
    if value > policy.presigned_max_s {
        return Err(AuthError::ExpiresTooLong { max_s: policy.presigned_max_s });
    }
    Ok(value)
}
