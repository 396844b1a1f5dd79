//! Requests signed by the SDK's own signer verify here, and both signers agree.

mod common;

use aws_credential_types::Credentials as SdkCredentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation,
    SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4::SigningParams;
use common::{headers, sha256, signed};
use http::HeaderMap;
use proptest::prelude::*;
use sigv4::{Credentials, PayloadToSign, Policy, Request, Signer, SigningKey};
use std::time::{Duration, UNIX_EPOCH};

const SECRET: &str = "secret/with+signs";

#[derive(Clone, Debug)]
struct Input {
    method: &'static str,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    token: Option<String>,
    time: i64,
    s3: bool,
}

/// Path characters that a URI parser lets through unencoded, or well-formed escapes.
const PATH: &str = "(/([A-Za-z0-9._~$@:,;=!*'()+-]|%[0-9A-F][0-9A-F]|\\.|\\.\\.|/){0,6}){1,4}";
/// Escapes are UTF-8: the SDK's signer replaces what is not.
const QUERY: &str =
    "([A-Za-z0-9._~/:-]{0,3}(%[0-7][0-9A-F]|%C3%A9){0,2}(=([A-Za-z0-9._~/+:-]|%2[0-9A-F]){0,6})?&?){0,6}";

fn input() -> impl Strategy<Value = Input> {
    let method = prop::sample::select(vec!["GET", "PUT", "POST", "DELETE", "HEAD", "PATCH"]);
    let header = ("x-(amz-)?[a-f]{1,4}", "[!-~]([ -~]{0,20}[!-~])?|");
    let headers = prop::collection::btree_map(header.0, header.1, 0..5);
    let body = prop::collection::vec(any::<u8>(), 0..64);
    let token = prop::option::of("[A-Za-z0-9/+=]{1,40}");
    (method, PATH, QUERY, headers, body, token, 0..4_000_000_000i64, any::<bool>()).prop_map(
        |(method, path, query, headers, body, token, time, s3)| Input {
            method,
            // The SDK's signer takes S3 paths to be encoded already, the one canonical way.
            path: if s3 { canonical_path(&path) } else { path },
            query,
            headers: headers.into_iter().collect(),
            body,
            token,
            time,
            s3,
        },
    )
}

impl Input {
    fn policy(&self) -> &'static Policy {
        if self.s3 { &Policy::S3 } else { &Policy::DEFAULT }
    }

    fn service(&self) -> &'static str {
        if self.s3 { "s3" } else { "service" }
    }

    fn settings(&self, location: SignatureLocation) -> SigningSettings {
        let mut settings = SigningSettings::default();
        settings.signature_location = location;
        if self.s3 {
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        }
        if location == SignatureLocation::QueryParams {
            settings.expires_in = Some(Duration::from_secs(300));
        }
        settings
    }

    /// What the SDK adds to the headers and to the query.
    fn sdk_sign(&self, location: SignatureLocation) -> (HeaderMap, String) {
        let identity = SdkCredentials::new("AKID", SECRET, self.token.clone(), None, "test").into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region("eu-west-1")
            .name(self.service())
            .time(UNIX_EPOCH + Duration::from_secs(self.time.unsigned_abs()))
            .settings(self.settings(location))
            .build()
            .unwrap()
            .into();
        let uri = format!("https://example.com{}?{}", self.path, self.query);
        let mut all = self.sent();
        let list = all.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
        let body = match location {
            SignatureLocation::QueryParams if self.s3 => SignableBody::UnsignedPayload,
            _ => SignableBody::Bytes(&self.body),
        };
        let request = SignableRequest::new(self.method, uri, list, body).unwrap();
        let (instructions, _) = sign(request, &params).unwrap().into_parts();
        let mut query = self.query.clone();
        for (name, value) in instructions.params() {
            let value: String = form_encode(value);
            query = format!("{query}&{name}={value}");
        }
        for (name, value) in instructions.headers() {
            all.insert(http::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
        }
        (all, query)
    }

    fn sent(&self) -> HeaderMap {
        let list: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let mut map = headers(&list);
        map.insert("host", "example.com".parse().unwrap());
        map
    }

    fn signer(&self) -> Signer<'_> {
        let credentials =
            Credentials { access_key: "AKID", secret: SECRET, session_token: self.token.as_deref() };
        Signer {
            credentials,
            region: "eu-west-1",
            service: self.service(),
            time: self.time,
            policy: self.policy(),
        }
    }

    fn verify(&self, headers: &HeaderMap, query: &str) -> String {
        let req = Request { method: self.method, path: &self.path, query, headers };
        let signed = signed(&req, self.policy());
        assert_eq!(signed.session_token(), self.token.as_deref());
        let key = SigningKey::derive(SECRET, signed.date(), signed.region(), signed.service());
        let body = sha256(&self.body);
        if let Err(error) = signed.verify(&req, &key, Some(&body), self.time, self.policy()) {
            panic!("{query:?} {headers:#?} {error:#?}");
        }
        signed.signature_text().to_owned()
    }
}

fn canonical_path(path: &str) -> String {
    path.split('/').map(form_encode).collect::<Vec<_>>().join("/")
}

fn form_encode(value: &str) -> String {
    let keep = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    value.bytes().map(|b| if keep(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn header_signatures_of_the_sdk_verify_and_are_made_alike(input in input()) {
        let (all, query) = input.sdk_sign(SignatureLocation::Headers);
        let theirs = input.verify(&all, &query);
        let mut own = input.sent();
        let hash = PayloadToSign::Hash(sha256(&input.body));
        input.signer().sign(input.method, &input.path, &input.query, &mut own, hash).unwrap();
        let ours = input.verify(&own, &input.query);
        prop_assert_eq!(theirs, ours);
    }

    #[test]
    fn presigned_requests_of_the_sdk_verify_and_are_made_alike(input in input()) {
        let (all, query) = input.sdk_sign(SignatureLocation::QueryParams);
        let theirs = input.verify(&all, &query);
        let own = input.sent();
        let req = Request { method: input.method, path: &input.path, query: &input.query, headers: &own };
        let payload =
            if input.s3 { PayloadToSign::Unsigned } else { PayloadToSign::Hash(sha256(&input.body)) };
        let query = input.signer().presign(&req, 300, payload).unwrap();
        let ours = input.verify(&own, &query);
        prop_assert_eq!(theirs, ours);
    }
}
