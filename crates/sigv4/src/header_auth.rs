//! `Authorization: AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=...`

use crate::date;
use crate::error::{AuthError, Place};
use crate::payload::Payload;
use crate::policy::Policy;
use crate::request::Request;
use crate::scope::Credential;
use crate::signed::{Parts, Signed};

/// Longest `Authorization` value, bytes: a credential, a signature and some hundred header names.
const AUTHORIZATION_LEN_MAX: usize = 8 * 1024;

/// The header's value, cut into its parts.
pub(crate) struct Found<'a> {
    text: &'a str,
    scheme: &'a str,
    fields: Result<Fields<'a>, AuthError>,
}

/// Looks for the header; `None` where there is none.
pub(crate) fn find<'a>(req: &Request<'a>) -> Result<Option<Found<'a>>, AuthError> {
    let Some(text) = req.single("authorization")? else { return Ok(None) };
    if text.len() > AUTHORIZATION_LEN_MAX {
        return Err(AuthError::TooLarge { what: "Authorization header", limit: AUTHORIZATION_LEN_MAX });
    }
    let (scheme, list) = text.split_once(' ').unwrap_or((text, ""));
    Ok(Some(Found { text, scheme, fields: Fields::parse(list, text) }))
}

impl<'a> Found<'a> {
    /// The service that the credential is scoped to, if it can be read.
    pub fn service(&self) -> Option<&'a str> {
        let credential = self.fields.as_ref().ok()?.credential?;
        Some(Credential::parse(credential)?.service)
    }

    pub fn parse(self, req: &Request, policy: &Policy) -> Result<Signed, AuthError> {
        check_scheme(self.scheme, policy)?;
        let (text, fields) = (self.text, self.fields?);
        let time = request_time(req)?;
        let missing = [
            ("Credential", fields.credential.is_none()),
            ("Signature", fields.signature.is_none()),
            ("SignedHeaders", fields.signed_headers.is_none()),
            ("X-Amz-Date", time.is_none()),
        ];
        let (Some(credential), Some(signed_headers), Some(signature), Some(time)) =
            (fields.credential, fields.signed_headers, fields.signature, time)
        else {
            let names = missing.iter().filter(|(_, missing)| *missing).map(|(name, _)| *name).collect();
            return Err(AuthError::IncompleteHeader { names, header: text.to_owned() });
        };
        let session_token = req.single("x-amz-security-token")?.map(str::to_owned);
        let payload = payload(req, policy)?;
        let place = Place::Header;
        let expires_s = None;
        Signed::new(Parts {
            place,
            credential,
            signed_headers,
            signature,
            time,
            expires_s,
            session_token,
            payload,
        })
    }
}

fn check_scheme(scheme: &str, policy: &Policy) -> Result<(), AuthError> {
    match scheme {
        crate::ALGORITHM => Ok(()),
        "AWS" if policy.knows_signature_v2 => Err(AuthError::SignatureV2),
        other if other.starts_with("AWS4-") => {
            Err(AuthError::UnsupportedAlgorithm { place: Place::Header, algorithm: other.to_owned() })
        }
        _ => Err(AuthError::UnsupportedAuthorization),
    }
}

#[derive(Default)]
struct Fields<'a> {
    credential: Option<&'a str>,
    signed_headers: Option<&'a str>,
    signature: Option<&'a str>,
}

impl<'a> Fields<'a> {
    /// Commas and spaces both separate the fields; clients use either or both.
    fn parse(list: &'a str, header: &'a str) -> Result<Fields<'a>, AuthError> {
        let mut fields = Fields::default();
        let is_between = |byte: u8| matches!(byte, b',' | b' ');
        let mut rest = list;
        while !rest.is_empty() {
            let end = rest.bytes().position(is_between).unwrap_or(rest.len());
            let field = &rest[..end];
            rest = rest.get(end + 1..).unwrap_or_default();
            if field.is_empty() {
                continue;
            }
            let not_a_pair = || AuthError::NotKeyValue { field: field.to_owned(), header: header.to_owned() };
            let (name, value) = field.split_once('=').ok_or_else(not_a_pair)?;
            let slot = match name {
                "Credential" => &mut fields.credential,
                "SignedHeaders" => &mut fields.signed_headers,
                "Signature" => &mut fields.signature,
                _ => continue,
            };
            if slot.replace(value).is_some() {
                return Err(AuthError::MalformedHeader { name: "authorization" });
            }
        }
        Ok(fields)
    }
}

/// `x-amz-date`, or else `date`.
fn request_time(req: &Request) -> Result<Option<i64>, AuthError> {
    let malformed = |value: &str| AuthError::MalformedDate { place: Place::Header, value: value.to_owned() };
    if let Some(text) = req.single("x-amz-date")? {
        return date::parse_iso(text).map(Some).ok_or_else(|| malformed(text));
    }
    let Some(text) = req.single("date")? else { return Ok(None) };
    date::parse_iso(text).or_else(|| date::parse_rfc1123(text)).map(Some).ok_or_else(|| malformed(text))
}

fn payload(req: &Request, policy: &Policy) -> Result<Payload, AuthError> {
    match req.single("x-amz-content-sha256")? {
        Some(value) => Payload::parse(value, policy),
        None if policy.content_sha256 => Err(AuthError::MissingPayloadHash),
        None => Ok(Payload::Body),
    }
}
