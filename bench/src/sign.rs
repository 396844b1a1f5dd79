//! Signature Version 4 of a request whose headers are known beforehand.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};
use time::OffsetDateTime;

/// Access key, secret and region every request is signed with.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub access_key: String,
    pub secret_key: String,
    pub region: String,
}

/// The parts of one operation's request that never change.
#[derive(Debug, Clone)]
pub struct Template {
    service: &'static str,
    /// Request line and constant headers, each with its CRLF.
    head: String,
    /// Canonical request up to the value of x-amz-date.
    canonical_before_date: String,
    /// Canonical request from after that value up to the payload hash.
    canonical_after_date: String,
    signed_headers: &'static str,
    /// The hash of the body, where that is always the same.
    body_hash: Option<[u8; 64]>,
}

impl Template {
    /// A request to S3 with this body and no other. Path and query are as they are signed.
    pub fn s3(method: &'static str, path: &str, query: &str, host: &str, body: &[u8]) -> Self {
        Self::s3_hashed(method, path, query, host, hex(&Sha256::digest(body)))
    }

    /// The same with a body that has this hash.
    pub fn s3_hashed(method: &'static str, path: &str, query: &str, host: &str, body_hash: [u8; 64]) -> Self {
        let hash = hex_text(&body_hash);
        let mark = if query.is_empty() { "" } else { "?" };
        Self {
            service: "s3",
            head: format!(
                "{method} {path}{mark}{query} HTTP/1.1\r\nhost: {host}\r\nx-amz-content-sha256: {hash}\r\n"
            ),
            canonical_before_date: format!(
                "{method}\n{path}\n{query}\nhost:{host}\nx-amz-content-sha256:{hash}\nx-amz-date:"
            ),
            canonical_after_date: "\n\nhost;x-amz-content-sha256;x-amz-date\n".to_owned(),
            signed_headers: "host;x-amz-content-sha256;x-amz-date",
            body_hash: Some(body_hash),
        }
    }

    /// Whether its requests have a body that is always the same.
    pub fn has_body_hash(&self) -> bool {
        self.body_hash.is_some()
    }

    /// An operation of a JSON service; `target` is the whole header, as `AmazonSQS.SendMessage`.
    pub fn json(service: &'static str, host: &str, target: &str) -> Self {
        Self::new(service, host, "application/x-amz-json-1.0", Some(target))
    }

    /// The same of a service that speaks version 1.1.
    pub fn json11(service: &'static str, host: &str, target: &str) -> Self {
        Self::new(service, host, "application/x-amz-json-1.1", Some(target))
    }

    /// An operation of a query service; the action is in the body.
    pub fn query(service: &'static str, host: &str) -> Self {
        Self::new(service, host, "application/x-www-form-urlencoded; charset=utf-8", None)
    }

    fn new(service: &'static str, host: &str, content_type: &str, target: Option<&str>) -> Self {
        let mut head = format!("POST / HTTP/1.1\r\nhost: {host}\r\ncontent-type: {content_type}\r\n");
        let mut canonical_after_date = "\n".to_owned();
        let signed_headers = match target {
            Some(target) => {
                head.push_str(&format!("x-amz-target: {target}\r\n"));
                canonical_after_date.push_str(&format!("x-amz-target:{target}\n"));
                "content-type;host;x-amz-date;x-amz-target"
            }
            None => "content-type;host;x-amz-date",
        };
        canonical_after_date.push_str(&format!("\n{signed_headers}\n"));
        let canonical_before_date =
            format!("POST\n/\n\ncontent-type:{content_type}\nhost:{host}\nx-amz-date:");
        Self { service, head, canonical_before_date, canonical_after_date, signed_headers, body_hash: None }
    }
}

/// Signs requests; keeps the derived key of the last service and day, and the formatted second.
#[derive(Debug)]
pub struct Signer {
    credentials: Credentials,
    second: u64,
    /// `YYYYMMDDTHHMMSSZ` of `second`; its first eight characters are the day of the scope.
    timestamp: String,
    key: Option<DerivedKey>,
    canonical: String,
}

#[derive(Debug)]
struct DerivedKey {
    service: &'static str,
    day: String,
    mac: Hmac<Sha256>,
}

impl Signer {
    pub fn new(credentials: Credentials) -> Self {
        Self { credentials, second: 0, timestamp: timestamp(0), key: None, canonical: String::new() }
    }

    /// Replaces `request` by the whole signed request.
    pub fn write_request(&mut self, template: &Template, body: &[u8], request: &mut Vec<u8>) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        self.write_request_at(now, template, body, request);
    }

    /// Replaces `request` by the head of one whose body is that of its template, of `length` bytes.
    pub fn write_head(&mut self, template: &Template, length: u64, request: &mut Vec<u8>) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let hash = template.body_hash.unwrap_or_else(|| hex(&Sha256::digest(b"")));
        self.write_head_at(now, template, (&hash, length), request);
    }

    fn write_request_at(&mut self, second: u64, template: &Template, body: &[u8], request: &mut Vec<u8>) {
        let hash = template.body_hash.unwrap_or_else(|| hex(&Sha256::digest(body)));
        self.write_head_at(second, template, (&hash, body.len() as u64), request);
        request.extend_from_slice(body);
    }

    fn write_head_at(
        &mut self,
        second: u64,
        template: &Template,
        (payload_hash, length): (&[u8; 64], u64),
        request: &mut Vec<u8>,
    ) {
        if second != self.second {
            self.timestamp = timestamp(second);
            self.second = second;
        }
        self.canonical.clear();
        for part in [
            template.canonical_before_date.as_str(),
            &self.timestamp,
            &template.canonical_after_date,
            hex_text(payload_hash),
        ] {
            self.canonical.push_str(part);
        }
        let canonical_hash = hex(&Sha256::digest(self.canonical.as_bytes()));
        let (timestamp, region, service) = (&self.timestamp, &self.credentials.region, template.service);
        let day = &timestamp[..8];
        let key = match &mut self.key {
            Some(key) if key.service == service && key.day == day => key,
            stale => stale.insert(DerivedKey::new(&self.credentials, day, service)),
        };
        let mut mac = key.mac.clone();
        for part in [
            "AWS4-HMAC-SHA256\n",
            timestamp,
            "\n",
            day,
            "/",
            region,
            "/",
            service,
            "/aws4_request\n",
            hex_text(&canonical_hash),
        ] {
            mac.update(part.as_bytes());
        }
        let signature = hex(&mac.finalize().into_bytes());

        request.clear();
        for part in [
            template.head.as_str(),
            "x-amz-date: ",
            timestamp,
            "\r\nauthorization: AWS4-HMAC-SHA256 Credential=",
            &self.credentials.access_key,
            "/",
            day,
            "/",
            region,
            "/",
            service,
            "/aws4_request, SignedHeaders=",
            template.signed_headers,
            ", Signature=",
            hex_text(&signature),
            "\r\ncontent-length: ",
            &length.to_string(),
            "\r\n\r\n",
        ] {
            request.extend_from_slice(part.as_bytes());
        }
    }
}

impl DerivedKey {
    fn new(credentials: &Credentials, day: &str, service: &'static str) -> Self {
        let mut key = hmac(format!("AWS4{}", credentials.secret_key).as_bytes());
        for part in [day, &credentials.region, service, "aws4_request"] {
            key.update(part.as_bytes());
            key = hmac(&key.finalize().into_bytes());
        }
        Self { service, day: day.to_owned(), mac: key }
    }
}

fn hmac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

fn timestamp(second: u64) -> String {
    let at = i64::try_from(second)
        .ok()
        .and_then(|second| OffsetDateTime::from_unix_timestamp(second).ok())
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let mut text = String::with_capacity(16);
    let month = u8::from(at.month());
    write!(
        text,
        "{:04}{month:02}{:02}T{:02}{:02}{:02}Z",
        at.year(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
    .expect("a string takes any text");
    text
}

pub fn hex(digest: &[u8]) -> [u8; 64] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [b'0'; 64];
    for (pair, byte) in text.chunks_exact_mut(2).zip(digest) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    text
}

fn hex_text(digits: &[u8; 64]) -> &str {
    std::str::from_utf8(digits).expect("hexadecimal digits are ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer() -> Signer {
        Signer::new(Credentials {
            access_key: "AKIDEXAMPLE".into(),
            secret_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into(),
            region: "us-east-1".into(),
        })
    }

    fn written(signer: &mut Signer, second: u64, template: &Template, body: &str) -> String {
        let mut request = b"left over".to_vec();
        signer.write_request_at(second, template, body.as_bytes(), &mut request);
        String::from_utf8(request).expect("text")
    }

    #[test]
    fn timestamps() {
        assert_eq!(timestamp(0), "19700101T000000Z");
        assert_eq!(timestamp(1_440_938_160), "20150830T123600Z");
        assert_eq!(timestamp(u64::MAX), "19700101T000000Z");
    }

    /// Signatures computed with botocore's signer.
    #[test]
    fn whole_requests() {
        let json = Template::json("sqs", "127.0.0.1:4566", "AmazonSQS.SendMessage");
        assert_eq!(
            written(&mut signer(), 1_440_938_160, &json, r#"{"a":"b"}"#),
            "POST / HTTP/1.1\r\nhost: 127.0.0.1:4566\r\ncontent-type: application/x-amz-json-1.0\r\n\
             x-amz-target: AmazonSQS.SendMessage\r\nx-amz-date: 20150830T123600Z\r\n\
             authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/sqs/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date;x-amz-target, \
             Signature=8b01b4c2b8cf7299495e77de1c5489be140179aa9282552750ceb3adc4b2c07a\r\n\
             content-length: 9\r\n\r\n{\"a\":\"b\"}"
        );
        let query = Template::query("sts", "127.0.0.1:4566");
        let request =
            written(&mut signer(), 1_440_938_160, &query, "Action=GetCallerIdentity&Version=2011-06-15");
        assert!(request.contains("SignedHeaders=content-type;host;x-amz-date, Signature=4f2ed0c8ea52016955514849084a3a2a31b70624782f7be124ec33c09b26228a\r\n"), "{request}");
        let (path, query) = ("/bench-objects/put-1k-0", "list-type=2&max-keys=10");
        let s3 = Template::s3("PUT", path, query, "127.0.0.1:4566", b"abc");
        let request = written(&mut signer(), 1_440_938_160, &s3, "abc");
        assert!(request.starts_with(
            "PUT /bench-objects/put-1k-0?list-type=2&max-keys=10 HTTP/1.1\r\nhost: 127.0.0.1:4566\r\n"
        ));
        assert!(request.contains("SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=d1a91416db96ad18ae8ac285fab515fc20da917370b0794b1b452c7f3925c932\r\n"), "{request}");
    }

    #[test]
    fn the_kept_key_follows_service_and_day() {
        let mut kept = signer();
        let json = Template::json("sqs", "h", "AmazonSQS.SendMessage");
        let query = Template::query("sts", "h");
        for (second, template) in
            [(0, &json), (1, &json), (1, &query), (86_400, &query), (86_400, &json), (0, &json)]
        {
            assert_eq!(
                written(&mut kept, second, template, "x"),
                written(&mut signer(), second, template, "x")
            );
        }
    }
}
