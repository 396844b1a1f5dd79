//! A line of an access log ("Amazon S3 server access log format" says what stands where).

use std::fmt;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, HOST, HeaderName, REFERER, USER_AGENT};
use http::{HeaderMap, StatusCode};
use kernel::{Principal, PrincipalKind, Timestamp};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_encode, utf8_percent_encode};
use service::Ended;

use crate::bucket::Bucket;
use crate::s3::S3;

/// What stands where nothing is known.
const NOTHING: &str = "-";
/// What is written for itself between quotes: no quote, and nothing that ends a line.
const QUOTED: &AsciiSet = &CONTROLS.add(b'"');
/// The same where a space ends the field.
const BARE: &AsciiSet = &QUOTED.add(b' ');
const KEY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');
/// Parameters that let whoever reads the log do what the request did.
const SECRETS: [&str; 3] = ["X-Amz-Signature", "X-Amz-Security-Token", "Signature"];

/// One request.
pub struct Line<'a> {
    /// The canonical user id of the bucket's owner.
    pub owner: &'a str,
    pub bucket: &'a Bucket,
    pub operation: &'a str,
    /// Empty if the request is not about an object.
    pub key: &'a str,
    pub requester: Option<&'a str>,
    pub ended: &'a Ended,
}

/// How logs name a caller: the account by its canonical user id, users and sessions by their ARN; nobody not at all.
pub fn requester(s3: &S3, principal: &Principal) -> Option<String> {
    match principal.kind {
        PrincipalKind::Anonymous => None,
        PrincipalKind::Root => Some(s3.accounts.owner(&principal.account).canonical_id),
        PrincipalKind::Service => Some(principal.user_id.clone()),
        PrincipalKind::User | PrincipalKind::AssumedRole | PrincipalKind::FederatedUser => {
            Some(principal.arn.to_string())
        }
    }
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ended = self.ended;
        let signature = Signature::of(ended);
        write!(f, "{} {} [{}] {} ", self.owner, self.bucket.name, time(ended.began), ended.peer)?;
        write!(f, "{} {} {} ", self.requester.unwrap_or(NOTHING), ended.request_id, self.operation)?;
        write!(f, "{} ", Or(utf8_percent_encode(self.key, KEY).to_string()))?;
        if ended.path.is_empty() {
            // Only a part of what a request does.
            write!(f, "\"{NOTHING}\" ")?;
        } else {
            let (path, query) = (quoted(&ended.path), Query(&ended.query));
            write!(f, "\"{} {path}{query} {:?}\" ", ended.method, ended.version)?;
        }
        write!(f, "{} {} ", ended.status, Or(bare(ended.fault.as_bytes())))?;
        write!(f, "{} {} ", Number(Some(ended.sent)), Number(object_size(self.operation, ended)))?;
        write!(f, "{} {} ", millis(ended.total), millis(ended.turn_around))?;
        write!(f, "\"{}\" ", Or(quoted_header(&ended.headers, &REFERER)))?;
        write!(f, "\"{}\" ", Or(quoted_header(&ended.headers, &USER_AGENT)))?;
        write!(f, "{} {} ", Or(version(ended)), wire::host_id(&ended.request_id))?;
        // The cipher is that of the TLS version, and neither is known behind what ends TLS.
        write!(f, "{} {NOTHING} {} ", signature.version, signature.place)?;
        let host = ended.headers.get(HOST).map(|host| bare(host.as_bytes())).unwrap_or_default();
        let point = self.bucket.way.as_ref().map_or(NOTHING, |way| way.point.arn.as_str());
        // The TLS version comes before the access point, whether a list let the request in after it.
        writeln!(f, "{} {NOTHING} {point} {NOTHING} {}", Or(host), self.bucket.place.region)
    }
}

/// A text, or what stands for none.
struct Or(String);

impl fmt::Display for Or {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { NOTHING } else { &self.0 })
    }
}

/// A number; nothing stands for zero.
struct Number(Option<u64>);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None | Some(0) => f.write_str(NOTHING),
            Some(number) => number.fmt(f),
        }
    }
}

/// A query string with its question mark, without what must not be told.
struct Query<'a>(&'a str);

impl fmt::Display for Query<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = '?';
        for parameter in self.0.split('&').filter(|_| !self.0.is_empty()) {
            let name = parameter.split('=').next().unwrap_or_default();
            if SECRETS.iter().any(|secret| secret.eq_ignore_ascii_case(name)) {
                write!(f, "{before}{name}=REDACTED")?;
            } else {
                write!(f, "{before}{}", quoted(parameter))?;
            }
            before = '&';
        }
        Ok(())
    }
}

/// Whole milliseconds; nothing stands for what took no time, for then nobody has measured it.
fn millis(took: Duration) -> Or {
    Or(if took.is_zero() { String::new() } else { took.as_millis().to_string() })
}

fn quoted(text: &str) -> String {
    utf8_percent_encode(text, QUOTED).to_string()
}

fn quoted_header(headers: &HeaderMap, name: &HeaderName) -> String {
    headers.get(name).map(|value| percent_encode(value.as_bytes(), QUOTED).to_string()).unwrap_or_default()
}

fn bare(bytes: &[u8]) -> String {
    percent_encode(bytes, BARE).to_string()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn parameter<'a>(query: &'a str, wanted: &str) -> Option<&'a str> {
    query.split('&').find_map(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case(wanted) => Some(value),
        _ => None,
    })
}

/// The version that the answer speaks of, or that was asked for.
fn version(ended: &Ended) -> String {
    let found = header(&ended.answer, "x-amz-version-id").or_else(|| parameter(&ended.query, "versionId"));
    found.map(|id| bare(id.as_bytes())).unwrap_or_default()
}

/// The size of the whole object that was read or written.
fn object_size(operation: &str, ended: &Ended) -> Option<u64> {
    let number = |text: &str| text.parse().ok();
    match operation {
        "REST.GET.OBJECT" | "REST.HEAD.OBJECT" | "WEBSITE.GET.OBJECT" => match ended.status {
            code if code == StatusCode::PARTIAL_CONTENT => {
                let range = header(&ended.answer, CONTENT_RANGE.as_str())?;
                number(range.rsplit('/').next()?)
            }
            code if code == StatusCode::OK => number(header(&ended.answer, CONTENT_LENGTH.as_str())?),
            _ => None,
        },
        "REST.PUT.OBJECT" | "REST.PUT.PART" => {
            let decoded = header(&ended.headers, "x-amz-decoded-content-length");
            number(decoded.or_else(|| header(&ended.headers, CONTENT_LENGTH.as_str()))?)
        }
        _ => None,
    }
}

/// How a request says that it is signed.
struct Signature {
    version: &'static str,
    place: &'static str,
}

impl Signature {
    fn of(ended: &Ended) -> Self {
        const V4: &str = "SigV4";
        const V2: &str = "SigV2";
        let authorization = ended.headers.get(AUTHORIZATION).map(|value| value.as_bytes());
        match authorization {
            Some(value) if value.starts_with(b"AWS4-") => Self { version: V4, place: "AuthHeader" },
            Some(value) if value.starts_with(b"AWS ") => Self { version: V2, place: "AuthHeader" },
            _ if parameter(&ended.query, "X-Amz-Algorithm").is_some() => {
                Self { version: V4, place: "QueryString" }
            }
            _ if parameter(&ended.query, "AWSAccessKeyId").is_some() => {
                Self { version: V2, place: "QueryString" }
            }
            _ => Self { version: NOTHING, place: NOTHING },
        }
    }
}

/// As in `06/Feb/2019:00:00:38 +0000`.
fn time(at: Timestamp) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let c = at.civil();
    let month = MONTHS[usize::from(c.month).saturating_sub(1).min(MONTHS.len() - 1)];
    format!("{:02}/{month}/{:04}:{:02}:{:02}:{:02} +0000", c.day, c.year, c.hour, c.minute, c.second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_logs() {
        assert_eq!(time(Timestamp::from_secs(1_549_411_238)), "06/Feb/2019:00:00:38 +0000");
    }

    #[test]
    fn signatures_are_not_told() {
        let query = "X-Amz-Algorithm=AWS4&x-amz-security-token=a%20b&X-Amz-Signature=0f&versionId=\"1\"";
        let shown = Query(query).to_string();
        let expected =
            "?X-Amz-Algorithm=AWS4&x-amz-security-token=REDACTED&X-Amz-Signature=REDACTED&versionId=%221%22";
        assert_eq!(shown, expected);
        assert_eq!(Query("").to_string(), "");
        assert_eq!(Query("acl").to_string(), "?acl");
    }

    #[test]
    fn nothing_ends_a_field_before_its_end() {
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, http::HeaderValue::from_bytes(b"a\" \"b\xff").expect("a value"));
        assert_eq!(quoted_header(&headers, &USER_AGENT), "a%22 %22b%FF");
        assert_eq!(bare(b"a b\n"), "a%20b%0A");
    }
}
