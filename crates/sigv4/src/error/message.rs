//! The documented text of each error, and the extra fields of S3's.

use super::{AuthError, Dialect, Place, ScopeFault};
use crate::date::{iso_extended, iso_string};
use crate::text::hex_string;
use std::borrow::Cow;
use std::fmt::Write;

const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your \
     AWS Secret Access Key and signing method. Consult the service documentation for details.";
const S3_MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check \
     your key and signing method.";
const PAYLOAD_FORMS: &str = "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, \
     STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, \
     STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 \
     value.";
const TWO_MECHANISMS: &str = "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature \
     query string parameter or the Authorization header should be specified";
const QUERY_PARTS: &str = "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, \
     X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.";
const HEADER_MALFORMED: &str = "The authorization header is malformed; ";
const CREDENTIAL_ERROR: &str = "Error parsing the X-Amz-Credential parameter; ";
const CREDENTIAL_FORM: &str =
    "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".";

impl AuthError {
    /// The error text in a dialect.
    pub fn message(&self, dialect: Dialect) -> Cow<'static, str> {
        match dialect {
            Dialect::S3 => self.s3_message(),
            Dialect::Ec2 => self.ec2_message(),
            Dialect::Json | Dialect::RestJson | Dialect::Query => self.common_message(dialect),
        }
    }

    fn common_message(&self, dialect: Dialect) -> Cow<'static, str> {
        use AuthError as E;
        match self {
            E::MissingAuthenticationToken | E::UnsupportedAuthorization | E::SignatureV2 => {
                if dialect == Dialect::RestJson {
                    "Missing Authentication Token".into()
                } else {
                    "Request is missing Authentication Token".into()
                }
            }
            E::TwoMechanisms => {
                "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.".into()
            }
            E::UnsupportedAlgorithm { algorithm, .. } => {
                let only = crate::ALGORITHM;
                format!("Unsupported AWS 'algorithm': '{algorithm}' (only {only} for now). ").into()
            }
            E::MalformedHeader { name } => format!("The header '{name}' is repeated or not text.").into(),
            E::NotKeyValue { field, header } => format!(
                "'{field}' not a valid key=value pair (missing equal-sign) in Authorization header: '{header}'."
            )
            .into(),
            E::IncompleteHeader { names, header } => incomplete_header(names, header).into(),
            E::IncompleteQuery { names } => incomplete_query(names).into(),
            E::IncompleteLink => {
                "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters".into()
            }
            E::MalformedLinkExpiry { value } => {
                format!("Invalid date (should be seconds since epoch): {value}").into()
            }
            E::LinkExpired { .. } => "Request has expired".into(),
            E::RepeatedParameter { parameter } => {
                format!("The query-string parameter '{parameter}' is repeated.").into()
            }
            E::MalformedParameter { parameter } => {
                format!("The query-string parameter '{parameter}' is not text.").into()
            }
            E::MalformedCredential { credential, .. } => format!(
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, \
                 got '{credential}'"
            )
            .into(),
            E::WrongScope { faults, .. } => {
                faults.iter().map(scope_fault).collect::<Vec<_>>().join(" ").into()
            }
            E::MalformedSignedHeaders { value, .. } => {
                format!("'SignedHeaders' is not a list of header names: '{value}'.").into()
            }
            E::MalformedDate { value, .. } => format!(
                "Date must be in ISO-8601 'basic format'. Got '{value}'. See \
                 http://en.wikipedia.org/wiki/ISO_8601"
            )
            .into(),
            E::ExpiresNotANumber => "X-Amz-Expires should be a number".into(),
            E::ExpiresNegative => "X-Amz-Expires must be non-negative".into(),
            E::ExpiresTooLong { max_s } => format!("X-Amz-Expires must be at most {max_s} seconds").into(),
            E::HostNotSigned => {
                "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.".into()
            }
            E::HeadersNotSigned { names } => {
                let name = names.first().map_or("", String::as_str);
                format!("'{name}' must be a 'SignedHeader' in the AWS Authorization.").into()
            }
            E::SignedHeaderMissing { .. } | E::BodyDiffers { .. } => MISMATCH.into(),
            E::MissingPayloadHash => missing_payload_hash(),
            E::MalformedPayloadHash { .. } => "x-amz-content-sha256 must be a valid sha256 value.".into(),
            E::MalformedUri => "The query string contains a syntax error.".into(),
            E::TooLarge { what, limit } => format!("The {what} is over the limit of {limit}.").into(),
            E::TooSkewed { time, now, skew_s } if time > now => early(*time, *now, *skew_s).into(),
            E::TooSkewed { time, now, skew_s } => late(*time, *now, *skew_s).into(),
            E::NotYetValid { time, now, skew_s } => early(*time, *now, *skew_s).into(),
            E::Expired { time, expires_s, now } => late(*time, *now, *expires_s).into(),
            E::InvalidClientTokenId { .. } | E::InvalidToken => {
                "The security token included in the request is invalid.".into()
            }
            E::ExpiredToken => "The security token included in the request is expired".into(),
            E::SignatureDoesNotMatch(_) if dialect == Dialect::Query => MISMATCH.into(),
            E::SignatureDoesNotMatch(mismatch) => format!(
                "{MISMATCH}\n\nThe Canonical String for this request should have been\n'{}'\n\nThe \
                 String-to-Sign should have been\n'{}'\n",
                mismatch.canonical_request, mismatch.string_to_sign
            )
            .into(),
            E::BodyHashNeeded => "The hash of the request body is not available.".into(),
        }
    }

    fn ec2_message(&self) -> Cow<'static, str> {
        match self.code(Dialect::Ec2) {
            "AuthFailure" => "AWS was not able to validate the provided access credentials".into(),
            "RequestExpired" => "Request has expired.".into(),
            _ => self.common_message(Dialect::Query),
        }
    }

    fn s3_message(&self) -> Cow<'static, str> {
        use AuthError as E;
        let header = |rest: &str| Cow::from(format!("{HEADER_MALFORMED}{rest}"));
        let query = |rest: &str| Cow::from(format!("{CREDENTIAL_ERROR}{rest}"));
        match self {
            E::MissingAuthenticationToken => "Access Denied".into(),
            E::TwoMechanisms => TWO_MECHANISMS.into(),
            E::SignatureV2 => {
                "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
                    .into()
            }
            E::UnsupportedAuthorization => "Unsupported Authorization Type".into(),
            E::UnsupportedAlgorithm { algorithm, .. } if algorithm == crate::ALGORITHM_V4A => {
                "A header you provided implies functionality that is not implemented".into()
            }
            E::UnsupportedAlgorithm { place: Place::Header, .. } => "Unsupported Authorization Type".into(),
            E::UnsupportedAlgorithm { place: Place::Query, .. } => {
                "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256\"".into()
            }
            E::NotKeyValue { field, .. } => {
                header(&format!("the authorization component \"{field}\" is malformed."))
            }
            E::IncompleteHeader { names, .. } => s3_incomplete_header(names),
            E::IncompleteQuery { .. } => QUERY_PARTS.into(),
            E::MalformedCredential { place: Place::Header, .. } => header(CREDENTIAL_FORM),
            E::MalformedCredential { place: Place::Query, .. } => query(CREDENTIAL_FORM),
            E::WrongScope { place, faults } => s3_scope(*place, faults),
            E::MalformedSignedHeaders { place: Place::Header, .. } => {
                header("the SignedHeaders are mal-formed.")
            }
            E::MalformedDate { place: Place::Header, .. } => no_date(),
            E::MalformedDate { place: Place::Query, .. } => {
                "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"".into()
            }
            E::ExpiresTooLong { max_s } => format!(
                "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be \
                 less than {max_s} seconds"
            )
            .into(),
            E::HostNotSigned | E::HeadersNotSigned { .. } => {
                "There were headers present in the request which were not signed".into()
            }
            E::MalformedPayloadHash { .. } => PAYLOAD_FORMS.into(),
            E::BodyDiffers { .. } => {
                "The provided 'x-amz-content-sha256' header does not match what was computed.".into()
            }
            E::MalformedUri => "Couldn't parse the specified URI.".into(),
            E::TooSkewed { .. } => {
                "The difference between the request time and the current time is too large.".into()
            }
            E::NotYetValid { .. } => "Request is not valid yet".into(),
            E::Expired { .. } => "Request has expired".into(),
            E::InvalidClientTokenId { .. } => {
                "The AWS Access Key Id you provided does not exist in our records.".into()
            }
            E::InvalidToken => "The provided token is malformed or otherwise invalid.".into(),
            E::ExpiredToken => "The provided token has expired.".into(),
            E::SignedHeaderMissing { .. } | E::SignatureDoesNotMatch(_) => S3_MISMATCH.into(),
            E::MissingPayloadHash
            | E::MalformedHeader { .. }
            | E::IncompleteLink
            | E::MalformedLinkExpiry { .. }
            | E::LinkExpired { .. }
            | E::RepeatedParameter { .. }
            | E::MalformedParameter { .. }
            | E::MalformedSignedHeaders { .. }
            | E::ExpiresNotANumber
            | E::ExpiresNegative
            | E::TooLarge { .. }
            | E::BodyHashNeeded => self.common_message(Dialect::Query),
        }
    }

    /// The elements S3 adds to its error document, in order; empty for most errors.
    pub fn s3_fields(&self) -> Vec<(&'static str, String)> {
        use AuthError as E;
        match self {
            E::SignatureDoesNotMatch(mismatch) => {
                let mut fields = vec![
                    ("AWSAccessKeyId", mismatch.access_key.clone()),
                    ("StringToSign", mismatch.string_to_sign.clone()),
                    ("SignatureProvided", mismatch.signature.clone()),
                    ("StringToSignBytes", spaced_hex(&mismatch.string_to_sign)),
                ];
                // A form has none, nor has a chunk.
                if !mismatch.canonical_request.is_empty() {
                    fields.push(("CanonicalRequest", mismatch.canonical_request.clone()));
                    fields.push(("CanonicalRequestBytes", spaced_hex(&mismatch.canonical_request)));
                }
                fields
            }
            E::InvalidClientTokenId { access_key } => vec![("AWSAccessKeyId", access_key.clone())],
            E::HostNotSigned => vec![("HeadersNotSigned", "host".to_owned())],
            E::HeadersNotSigned { names } => vec![("HeadersNotSigned", names.join(", "))],
            E::TooSkewed { time, now, skew_s } => vec![
                ("RequestTime", iso_string(*time)),
                ("ServerTime", iso_extended(*now)),
                ("MaxAllowedSkewMilliseconds", skew_s.saturating_mul(1000).to_string()),
            ],
            E::Expired { time, expires_s, now } => vec![
                ("X-Amz-Expires", expires_s.to_string()),
                ("Expires", iso_extended(time.saturating_add(*expires_s))),
                ("ServerTime", iso_extended(*now)),
            ],
            E::LinkExpired { expires, now } => {
                vec![("Expires", iso_extended(*expires)), ("ServerTime", iso_extended(*now))]
            }
            E::MalformedPayloadHash { value } => {
                vec![("ArgumentName", "x-amz-content-sha256".to_owned()), ("ArgumentValue", value.clone())]
            }
            E::BodyDiffers { signed, body } => vec![
                ("ClientComputedContentSHA256", hex_string(signed)),
                ("S3ComputedContentSHA256", hex_string(body)),
            ],
            E::WrongScope { faults, .. } => region_field(faults),
            _ => Vec::new(),
        }
    }
}

fn incomplete_header(names: &[&str], header: &str) -> String {
    let mut out = String::new();
    for name in names {
        out += &match *name {
            "X-Amz-Date" => {
                "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
                    .to_owned()
            }
            name => format!("Authorization header requires '{name}' parameter. "),
        };
    }
    out + "Authorization=" + header
}

fn incomplete_query(names: &[&str]) -> String {
    let mut out = String::new();
    for name in names {
        out += &format!("AWS query-string parameters must include '{name}'. ");
    }
    out + "Re-examine the query-string parameters."
}

fn s3_incomplete_header(names: &[&str]) -> Cow<'static, str> {
    match names {
        ["X-Amz-Date"] => no_date(),
        [name] | [name, "X-Amz-Date"] => format!("{HEADER_MALFORMED}missing {name}.").into(),
        _ => format!(
            "{HEADER_MALFORMED}the authorization header requires three components: Credential, SignedHeaders, \
             and Signature."
        )
        .into(),
    }
}

fn no_date() -> Cow<'static, str> {
    "AWS authentication requires a valid Date or x-amz-date header".into()
}

fn missing_payload_hash() -> Cow<'static, str> {
    "Missing required header for this request: x-amz-content-sha256".into()
}

fn scope_fault(fault: &ScopeFault) -> String {
    match fault {
        ScopeFault::Region { got, .. } => {
            format!("Credential should be scoped to a valid region, not '{got}'.")
        }
        ScopeFault::Service { want, .. } => {
            format!("Credential should be scoped to correct service: '{want}'.")
        }
        ScopeFault::Terminator { got } => {
            format!("Credential should be scoped with a valid terminator: 'aws4_request', not '{got}'.")
        }
        ScopeFault::Date { got, time } => {
            let time = iso_string(*time);
            format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
                 '{got}' != '{}', from '{time}'.",
                &time[..8]
            )
        }
    }
}

/// S3 names the first fault only.
fn s3_scope(place: Place, faults: &[ScopeFault]) -> Cow<'static, str> {
    let prefix = match place {
        Place::Header => HEADER_MALFORMED,
        Place::Query => CREDENTIAL_ERROR,
    };
    let Some(first) = faults.first() else { return CREDENTIAL_FORM.into() };
    match first {
        ScopeFault::Region { got, want } => format!("{prefix}the region '{got}' is wrong; expecting '{want}'"),
        ScopeFault::Service { got, want } => {
            format!("{prefix}incorrect service \"{got}\". This endpoint belongs to \"{want}\".")
        }
        ScopeFault::Terminator { got } => {
            format!("{prefix}incorrect terminal \"{got}\". This endpoint uses \"aws4_request\".")
        }
        ScopeFault::Date { got, time } => {
            let prefix = if place == Place::Header { prefix } else { "" };
            let day = &iso_string(*time)[..8];
            format!(
                "{prefix}Invalid credential date \"{got}\". This date is not the same as X-Amz-Date: \"{day}\"."
            )
        }
    }
    .into()
}

fn region_field(faults: &[ScopeFault]) -> Vec<(&'static str, String)> {
    match faults.first() {
        Some(ScopeFault::Region { want, .. }) => vec![("Region", want.clone())],
        _ => Vec::new(),
    }
}

fn late(time: i64, now: i64, limit_s: i64) -> String {
    let (time, bound) = (iso_string(time), iso_string(now.saturating_sub(limit_s)));
    let now = iso_string(now);
    format!("Signature expired: {time} is now earlier than {bound} ({now} - {} min.)", limit_s / 60)
}

fn early(time: i64, now: i64, limit_s: i64) -> String {
    let (time, bound) = (iso_string(time), iso_string(now.saturating_add(limit_s)));
    let now = iso_string(now);
    format!("Signature not yet current: {time} is still later than {bound} ({now} + {} min.)", limit_s / 60)
}

fn spaced_hex(text: &str) -> String {
    let mut out = String::with_capacity(3 * text.len());
    for (at, byte) in text.bytes().enumerate() {
        let gap = if at == 0 { "" } else { " " };
        let _ = write!(out, "{gap}{byte:02x}");
    }
    out
}
