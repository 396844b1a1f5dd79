//! A signature as presented, read once and owned.

use crate::date;
use crate::error::{AuthError, Place, ScopeFault};
use crate::payload::Payload;
use crate::policy::Policy;
use crate::scope::{Credential, Cuts, Expected};
use crate::text;
use std::fmt;

/// Most names in a list of signed headers: more than any client has headers.
const SIGNED_HEADERS_MAX: usize = 128;

/// The parts of a presented signature, before they are put together.
pub(crate) struct Parts<'a> {
    pub place: Place,
    pub credential: &'a str,
    pub signed_headers: &'a str,
    pub signature: &'a str,
    pub time: i64,
    pub expires_s: Option<i64>,
    pub session_token: Option<String>,
    pub payload: Payload,
}

/// A signature as presented. Who it claims to be from is known; whether that is so only after
/// [`Signed::verify`]. Printing it shows neither signature nor session token.
#[derive(Clone)]
pub struct Signed {
    pub(crate) place: Place,
    /// Credential, signed headers and signature, one after the other: one allocation for all three.
    text: String,
    credential_len: usize,
    cuts: Cuts,
    signed_headers_len: usize,
    pub(crate) signature: Option<[u8; 32]>,
    pub(crate) time: i64,
    pub(crate) expires_s: Option<i64>,
    session_token: Option<String>,
    pub(crate) payload: Payload,
}

impl Signed {
    pub(crate) fn new(parts: Parts<'_>) -> Result<Signed, AuthError> {
        let Parts { place, credential, signed_headers, signature, .. } = parts;
        let Some(cuts) = Cuts::find(credential) else {
            return Err(AuthError::MalformedCredential { place, credential: credential.to_owned() });
        };
        check_signed_headers(signed_headers, place)?;
        Ok(Signed {
            place,
            text: [credential, signed_headers, signature].concat(),
            credential_len: credential.len(),
            cuts,
            signed_headers_len: signed_headers.len(),
            signature: text::unhex(signature.as_bytes()),
            time: parts.time,
            expires_s: parts.expires_s,
            session_token: parts.session_token,
            payload: parts.payload,
        })
    }

    pub(crate) fn credential(&self) -> Credential<'_> {
        Credential::cut(&self.text[..self.credential_len], self.cuts)
    }

    /// The access key id.
    pub fn access_key(&self) -> &str {
        self.credential().access_key
    }

    /// The day of the credential scope, `YYYYMMDD`, as presented.
    pub fn date(&self) -> &str {
        self.credential().date
    }

    /// The region of the credential scope.
    pub fn region(&self) -> &str {
        self.credential().region
    }

    /// The service of the credential scope (the signing name).
    pub fn service(&self) -> &str {
        self.credential().service
    }

    /// `date/region/service/aws4_request`, as presented.
    pub fn scope(&self) -> &str {
        self.credential().scope
    }

    /// The session token of temporary credentials.
    pub fn session_token(&self) -> Option<&str> {
        self.session_token.as_deref()
    }

    /// Whether the signature came in the query.
    pub fn is_presigned(&self) -> bool {
        self.place == Place::Query
    }

    /// What is signed of the body.
    pub fn payload(&self) -> &Payload {
        &self.payload
    }

    /// The request time, unix seconds.
    pub fn time(&self) -> i64 {
        self.time
    }

    /// How long a presigned request is good for, seconds, as presented.
    pub fn expires_s(&self) -> Option<i64> {
        self.expires_s
    }

    /// The signed header names, `;` between them, as presented.
    pub fn signed_headers(&self) -> &str {
        &self.text[self.credential_len..][..self.signed_headers_len]
    }

    /// The signature text, as presented.
    pub fn signature_text(&self) -> &str {
        &self.text[self.credential_len + self.signed_headers_len..]
    }

    pub(crate) fn signs(&self, header: &str) -> bool {
        let mut names = self.signed_headers().as_bytes().split(|byte| *byte == b';');
        names.any(|name| name.eq_ignore_ascii_case(header.as_bytes()))
    }

    /// Compares the credential scope with the request time and with what the endpoint expects.
    ///
    /// # Errors
    /// [`AuthError::WrongScope`] with every part that is wrong.
    pub fn check_scope(&self, expected: Expected<'_>) -> Result<(), AuthError> {
        let scope = self.credential();
        let mut faults = Vec::new();
        if let Some(want) = expected.region.filter(|want| *want != scope.region) {
            faults.push(ScopeFault::Region { got: scope.region.to_owned(), want: want.to_owned() });
        }
        if let Some(want) = expected.service.filter(|want| *want != scope.service) {
            faults.push(ScopeFault::Service { got: scope.service.to_owned(), want: want.to_owned() });
        }
        if scope.terminator != "aws4_request" {
            faults.push(ScopeFault::Terminator { got: scope.terminator.to_owned() });
        }
        if scope.date.as_bytes() != &date::iso(self.time)[..8] {
            faults.push(ScopeFault::Date { got: scope.date.to_owned(), time: self.time });
        }
        if faults.is_empty() { Ok(()) } else { Err(AuthError::WrongScope { place: self.place, faults }) }
    }

    /// Compares the request time with the server's (`now`, unix seconds). [`Signed::verify`] does so too; a
    /// caller may do it first, before it looks for the secret.
    ///
    /// # Errors
    /// [`AuthError::TooSkewed`] for a header signature, [`AuthError::NotYetValid`] or [`AuthError::Expired`]
    /// for a presigned request.
    pub fn check_time(&self, now: i64, policy: &Policy) -> Result<(), AuthError> {
        let (time, skew_s) = (self.time, policy.max_skew_s);
        let Some(expires_s) = self.expires_s else {
            let fits = time.saturating_sub(now).saturating_abs() <= skew_s;
            return if fits { Ok(()) } else { Err(AuthError::TooSkewed { time, now, skew_s }) };
        };
        if time.saturating_sub(skew_s) > now {
            return Err(AuthError::NotYetValid { time, now, skew_s });
        }
        let life_s = expires_s.max(policy.presigned_floor_s);
        if now >= time.saturating_add(life_s) {
            return Err(AuthError::Expired { time, expires_s: life_s, now });
        }
        Ok(())
    }
}

impl fmt::Debug for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signed")
            .field("place", &self.place)
            .field("access_key", &self.access_key())
            .field("scope", &self.scope())
            .field("signed_headers", &self.signed_headers())
            .field("time", &self.time)
            .field("expires_s", &self.expires_s)
            .field("payload", &self.payload)
            .finish_non_exhaustive()
    }
}

fn check_signed_headers(list: &str, place: Place) -> Result<(), AuthError> {
    let malformed = || AuthError::MalformedSignedHeaders { place, value: list.to_owned() };
    let names = || list.as_bytes().split(|byte| *byte == b';');
    let (mut count, mut is_sorted, mut last) = (0, true, &b""[..]);
    for name in names() {
        count += 1;
        if count > SIGNED_HEADERS_MAX {
            return Err(AuthError::TooLarge { what: "number of signed headers", limit: SIGNED_HEADERS_MAX });
        }
        let kinds = name.iter().fold(0, |kinds, byte| kinds | KINDS[usize::from(*byte)]);
        if name.is_empty() || kinds & NO_TOKEN != 0 {
            return Err(malformed());
        }
        is_sorted &= kinds & UPPER == 0 && last < name;
        last = name;
    }
    // A name twice would let a short list hash one long header many times over. Clients sort their lists, where no name
    // comes back; others are searched.
    let is_repeated =
        || names().enumerate().any(|(at, name)| names().take(at).any(|n| n.eq_ignore_ascii_case(name)));
    if !is_sorted && is_repeated() { Err(malformed()) } else { Ok(()) }
}

/// What kinds of byte there are, as bits: a letter in upper case, and one that no header's name has.
const UPPER: u8 = 1;
const NO_TOKEN: u8 = 2;

/// The kind of each byte: every byte of every list is looked at.
const KINDS: [u8; 256] = {
    let mut kinds = [NO_TOKEN; 256];
    let others = b"!#$%&'*+-.^_`|~";
    let mut at = 0;
    while at < others.len() {
        kinds[others[at] as usize] = 0;
        at += 1;
    }
    let mut byte = 0;
    while byte < 128 {
        if (byte as u8).is_ascii_uppercase() {
            kinds[byte] = UPPER;
        } else if (byte as u8).is_ascii_alphanumeric() {
            kinds[byte] = 0;
        }
        byte += 1;
    }
    kinds
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_signed_headers_is_checked() {
        for good in ["host", "host;x-amz-date", "Host;my-Header1;my_h"] {
            assert_eq!(check_signed_headers(good, Place::Header), Ok(()), "{good}");
        }
        for bad in [
            "",
            ";",
            "host;",
            "host;;a",
            "host;HOST",
            "HOST;host",
            "host;host",
            "b;a;b",
            "ho st",
            "host\n",
            "hôst",
        ] {
            let refused = check_signed_headers(bad, Place::Header);
            assert!(matches!(refused, Err(AuthError::MalformedSignedHeaders { .. })), "{bad}");
        }
        let many: Vec<String> = (0..=SIGNED_HEADERS_MAX).map(|n| format!("h{n}")).collect();
        assert_eq!(check_signed_headers(&many[1..].join(";"), Place::Header), Ok(()));
        let refused = check_signed_headers(&many.join(";"), Place::Header);
        assert!(matches!(refused, Err(AuthError::TooLarge { .. })));
    }
}
