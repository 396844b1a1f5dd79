//! No change of a signed request goes unnoticed, and no input makes the crate panic.

mod common;

use common::{SUITE_SECRET, SUITE_TIME, headers, sha256, signed};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use sigv4::{AuthError, Credentials, PayloadToSign, Policy, Presented, Request, Signer, SigningKey};

fn signer(policy: &Policy) -> Signer<'_> {
    let credentials =
        Credentials { access_key: "AKID", secret: SUITE_SECRET, session_token: Some("a/token==") };
    Signer { credentials, region: "eu-west-1", service: "s3", time: SUITE_TIME, policy }
}

/// A request and the hash of its body, owned so that a test can spoil it.
#[derive(Clone)]
struct Sent {
    method: String,
    path: String,
    query: String,
    headers: HeaderMap,
    body: [u8; 32],
}

impl Sent {
    fn new(policy: &Policy, presigned: bool) -> Sent {
        let mut headers =
            headers(&[("host", "bucket.example.com"), ("x-amz-meta-a", "one two"), ("range", "bytes=0-9")]);
        let (method, path, query) = ("PUT", "/folder/b%20c/d.txt", "list-type=2&prefix=a%2Fb&x");
        let body = sha256(b"the body");
        let signer = signer(policy);
        if presigned {
            let req = Request { method, path, query, headers: &headers };
            let payload =
                if policy.content_sha256 { PayloadToSign::Unsigned } else { PayloadToSign::Hash(body) };
            let query = signer.presign(&req, 60, payload).unwrap();
            return Sent { method: method.into(), path: path.into(), query, headers, body };
        }
        signer.sign(method, path, query, &mut headers, PayloadToSign::Hash(body)).unwrap();
        Sent { method: method.into(), path: path.into(), query: query.into(), headers, body }
    }

    fn check(&self, policy: &Policy) -> Result<(), AuthError> {
        let req =
            Request { method: &self.method, path: &self.path, query: &self.query, headers: &self.headers };
        let Presented::Signed(signed) = sigv4::parse(&req, policy)? else {
            return Err(AuthError::MissingAuthenticationToken);
        };
        let key = SigningKey::derive(SUITE_SECRET, signed.date(), signed.region(), signed.service());
        signed.verify(&req, &key, Some(&self.body), SUITE_TIME, policy).map(|_| ())
    }
}

/// The text with the byte at `at` (counted around) replaced by another ASCII byte; `None` if it is that byte
/// already, or the other case of an escape's hexadecimal digit, which means the same.
fn spoil(text: &str, at: usize, with: u8) -> Option<String> {
    let at = at % text.len();
    let mut bytes = text.as_bytes().to_vec();
    let escaped = bytes[at.saturating_sub(2)..at].contains(&b'%');
    if bytes[at] == with || (escaped && bytes[at].eq_ignore_ascii_case(&with)) {
        return None;
    }
    bytes[at] = with;
    String::from_utf8(bytes).ok()
}

const FORMS: [(&Policy, bool); 4] =
    [(&Policy::S3, false), (&Policy::S3, true), (&Policy::DEFAULT, false), (&Policy::DEFAULT, true)];

#[test]
fn what_is_not_spoilt_verifies() {
    for (policy, presigned) in FORMS {
        assert_eq!(Sent::new(policy, presigned).check(policy), Ok(()));
    }
}

#[test]
fn every_byte_of_the_signature_counts() {
    for (policy, presigned) in FORMS {
        let sent = Sent::new(policy, presigned);
        let req =
            Request { method: &sent.method, path: &sent.path, query: &sent.query, headers: &sent.headers };
        let text = signed(&req, policy).signature_text().to_owned();
        for at in 0..64 {
            let digit = if text.as_bytes()[at] == b'0' { b'1' } else { b'0' };
            let other = spoil(&text, at, digit).unwrap();
            let mut forged = sent.clone();
            forged.query = forged.query.replace(&text, &other);
            if let Some(value) = forged.headers.get_mut("authorization") {
                *value = value.to_str().unwrap().replace(&text, &other).parse().unwrap();
            }
            assert!(matches!(forged.check(policy), Err(AuthError::SignatureDoesNotMatch(_))));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_changed_byte_is_noticed(form in 0..4usize, part in 0..6usize, at in 0..4096usize, with in 0x21..0x7fu8) {
        let (policy, presigned) = FORMS[form];
        let mut sent = Sent::new(policy, presigned);
        let target = match part {
            0 => Some(&mut sent.method),
            1 => Some(&mut sent.path),
            2 => Some(&mut sent.query),
            _ => None,
        };
        if let Some(text) = target {
            let Some(spoilt) = spoil(text, at, with) else { return Ok(()) };
            // A parameter list means the same however its empty parameters are written.
            let empty = |t: &str| t.split('&').map(|p| p.trim_end_matches('=').to_owned()).collect::<Vec<_>>();
            prop_assume!(part != 2 || empty(text) != empty(&spoilt));
            *text = spoilt;
        } else if part == 3 {
            // A body is only covered where the signature says so.
            prop_assume!(!(presigned && policy.content_sha256));
            sent.body[at % 32] ^= with;
        } else {
            let list = if presigned { vec!["host", "x-amz-meta-a", "range"] } else {
                vec!["host", "x-amz-meta-a", "range", "x-amz-date", "x-amz-security-token"]
            };
            let name = list[at % list.len()];
            let value = sent.headers[name].to_str().unwrap().to_owned();
            let Some(spoilt) = spoil(&value, at / 7, with) else { return Ok(()) };
            sent.headers.insert(name, spoilt.parse().unwrap());
        }
        prop_assert!(sent.check(policy).is_err());
    }

    #[test]
    fn nothing_makes_it_panic(
        method in "\\PC{0,8}",
        path in "\\PC{0,40}|/([%/.a]){0,40}",
        query in "\\PC{0,60}|((X-Amz-(Algorithm|Credential|Date|Expires|SignedHeaders|Signature)|AWSAccessKeyId|Signature|Expires|x-amz-acl|a)=[%A-Z0-9/+-]{0,20}&?){0,8}",
        authorization in prop::option::of(prop::collection::vec(any::<u8>(), 0..200)),
        shaped in "AWS4-HMAC-SHA256 (Credential=[a-z/0-9]{0,30},? ?|SignedHeaders=[a-z;-]{0,20},? ?|Signature=[0-9a-f]{0,70},? ?){0,4}",
        date in "\\PC{0,20}|[0-9]{8}T[0-9]{6}Z",
        now in any::<i64>(),
        use_shaped in any::<bool>(),
    ) {
        let mut headers = headers(&[("host", "h")]);
        let values = [
            ("authorization", if use_shaped { Some(shaped.into_bytes()) } else { authorization }),
            ("x-amz-date", Some(date.clone().into_bytes())),
            ("date", Some(date.into_bytes())),
        ];
        for (name, value) in values {
            if let Some(Ok(value)) = value.map(|bytes| HeaderValue::from_bytes(&bytes)) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        let req = Request { method: &method, path: &path, query: &query, headers: &headers };
        for policy in [Policy::S3, Policy::DEFAULT] {
            let outcome = sigv4::parse(&req, &policy).and_then(|presented| match presented {
                Presented::Anonymous => Err(AuthError::MissingAuthenticationToken),
                Presented::Older(link) => link.check_time(now).and_then(|()| link.verify(&req, &path, "s")),
                Presented::Signed(signed) => {
                    let key = SigningKey::derive("s", signed.date(), signed.region(), signed.service());
                    signed.verify(&req, &key, Some(&[0; 32]), now, &policy).map(|_| ())
                }
            });
            let error = outcome.expect_err("nobody signed this");
            use sigv4::Dialect::{Ec2, Json, Query, RestJson, S3};
            for dialect in [Json, RestJson, Query, Ec2, S3] {
                prop_assert!(!error.code(dialect).is_empty() && !error.message(dialect).is_empty());
                prop_assert!((400..=501).contains(&error.status(dialect)));
            }
            prop_assert!(error.s3_fields().iter().all(|(name, _)| !name.is_empty()));
        }
    }
}
