//! Signing an outgoing request, in its headers or in its query.

use crate::canonical::{self, Sink};
use crate::date;
use crate::error::AuthError;
use crate::key::SigningKey;
use crate::payload::Payload;
use crate::policy::Policy;
use crate::request::Request;
use crate::text;
use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue};
use std::fmt;

/// What a request is signed with. Not printable.
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    /// The access key id.
    pub access_key: &'a str,
    /// The secret access key.
    pub secret: &'a str,
    /// The session token of temporary credentials.
    pub session_token: Option<&'a str>,
}

/// What is signed of the body.
#[derive(Clone, Copy, Debug)]
pub enum PayloadToSign {
    /// The SHA-256 of the body.
    Hash([u8; 32]),
    /// Nothing.
    Unsigned,
    /// Chunks, each signed, with trailing headers or without.
    Streaming {
        /// Headers follow the last chunk.
        trailer: bool,
    },
    /// Unsigned chunks with trailing headers.
    StreamingUnsignedTrailer,
}

/// Why a request cannot be signed.
#[derive(Debug)]
pub enum SignError {
    /// There is no `host` header.
    NoHost,
    /// A credential, region or service is no header value.
    NotAHeader(InvalidHeaderValue),
    /// The request itself cannot be canonicalised.
    Request(AuthError),
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SignError::NoHost => f.write_str("a request without a host header cannot be signed"),
            SignError::NotAHeader(error) => write!(f, "not usable in a header: {error}"),
            SignError::Request(error) => write!(f, "cannot be signed: {error}"),
        }
    }
}

impl std::error::Error for SignError {}

impl From<InvalidHeaderValue> for SignError {
    fn from(error: InvalidHeaderValue) -> SignError {
        SignError::NotAHeader(error)
    }
}

impl From<AuthError> for SignError {
    fn from(error: AuthError) -> SignError {
        SignError::Request(error)
    }
}

/// Signs requests at one time for one region and service.
#[derive(Clone, Copy)]
pub struct Signer<'a> {
    /// The credentials.
    pub credentials: Credentials<'a>,
    /// The signing region.
    pub region: &'a str,
    /// The signing name of the service.
    pub service: &'a str,
    /// The request time, unix seconds.
    pub time: i64,
    /// How the service wants it.
    pub policy: &'a Policy,
}

/// Headers that proxies or HTTP libraries set or change on the way.
const NOT_SIGNED: [&str; 9] = [
    "authorization",
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "te",
    "transfer-encoding",
    "user-agent",
    "x-amzn-trace-id",
];

impl Signer<'_> {
    /// Signs in the headers: adds `x-amz-date`, `authorization` and, where they apply, `x-amz-security-token`
    /// and `x-amz-content-sha256`. All other headers must be there already, `host` among them; all are signed
    /// but those that change on the way. Returns the signature, the seed of chunk signatures.
    ///
    /// # Errors
    /// [`SignError`]; the headers may then be half done.
    pub fn sign(
        &self,
        method: &str,
        path: &str,
        query: &str,
        headers: &mut HeaderMap,
        payload: PayloadToSign,
    ) -> Result<[u8; 32], SignError> {
        let line = payload.line();
        headers.insert("x-amz-date", HeaderValue::from_bytes(&date::iso(self.time))?);
        if let Some(token) = self.credentials.session_token {
            headers.insert("x-amz-security-token", HeaderValue::from_str(token)?);
        }
        if self.policy.content_sha256 || !matches!(payload, PayloadToSign::Hash(_)) {
            headers.insert("x-amz-content-sha256", HeaderValue::from_bytes(line.as_bytes())?);
        }
        headers.remove(AUTHORIZATION);
        let signed_headers = signed_headers(headers)?;
        let req = Request { method, path, query, headers };
        let signature = self.signature(&req, &signed_headers, line.as_bytes())?;
        let value = format!(
            "{} Credential={}/{}, SignedHeaders={signed_headers}, Signature={}",
            crate::ALGORITHM,
            self.credentials.access_key,
            self.scope(),
            text::hex_string(&signature)
        );
        headers.insert(AUTHORIZATION, HeaderValue::from_str(&value)?);
        Ok(signature)
    }

    /// Signs in the query and returns the whole new query; `req.query` must not hold a signature yet. The
    /// headers of `req` are the ones whoever uses the link must send, `host` among them.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn presign(
        &self,
        req: &Request,
        expires_s: i64,
        payload: PayloadToSign,
    ) -> Result<String, SignError> {
        let signed_headers = signed_headers(req.headers)?;
        let credential = format!("{}/{}", self.credentials.access_key, self.scope());
        let (time, life) = (date::iso_string(self.time), expires_s.to_string());
        let mut parameters = vec![
            ("X-Amz-Algorithm", crate::ALGORITHM),
            ("X-Amz-Credential", &credential),
            ("X-Amz-Date", &time),
            ("X-Amz-Expires", &life),
            ("X-Amz-SignedHeaders", &signed_headers),
        ];
        if let Some(token) = self.credentials.session_token {
            parameters.push(("X-Amz-Security-Token", token));
        }
        let mut query = req.query.as_bytes().to_vec();
        for (name, value) in parameters {
            if !query.is_empty() {
                query.put(b"&");
            }
            query.put(name.as_bytes());
            query.put(b"=");
            canonical::encode(&mut query, value.as_bytes(), b'~');
        }
        let mut query = String::from_utf8_lossy(&query).into_owned();
        let presigned = Request { query: &query, ..*req };
        let signature = self.signature(&presigned, &signed_headers, payload.line().as_bytes())?;
        query += "&X-Amz-Signature=";
        query += &text::hex_string(&signature);
        Ok(query)
    }

    fn scope(&self) -> String {
        let time = date::iso_string(self.time);
        format!("{}/{}/{}/aws4_request", &time[..8], self.region, self.service)
    }

    fn signature(&self, req: &Request, signed_headers: &str, line: &[u8]) -> Result<[u8; 32], AuthError> {
        let hash = canonical::request_hash(req, signed_headers, line, self.policy)?;
        let time = date::iso_string(self.time);
        let key = SigningKey::derive(self.credentials.secret, &time[..8], self.region, self.service);
        let scope = self.scope();
        let algorithm = crate::ALGORITHM.as_bytes();
        Ok(key.sign(&[algorithm, b"\n", time.as_bytes(), b"\n", scope.as_bytes(), b"\n", &text::hex(&hash)]))
    }
}

fn signed_headers(headers: &HeaderMap) -> Result<String, SignError> {
    let mut names: Vec<&str> =
        headers.keys().map(HeaderName::as_str).filter(|name| !NOT_SIGNED.contains(name)).collect();
    names.sort_unstable();
    if names.binary_search(&"host").is_err() {
        return Err(SignError::NoHost);
    }
    Ok(names.join(";"))
}

impl PayloadToSign {
    fn line(self) -> crate::payload::Line {
        let (payload, hash) = match self {
            PayloadToSign::Hash(hash) => (Payload::Body, hash),
            PayloadToSign::Unsigned => (Payload::Unsigned, [0; 32]),
            PayloadToSign::Streaming { trailer: false } => (Payload::StreamingSigned, [0; 32]),
            PayloadToSign::Streaming { trailer: true } => (Payload::StreamingSignedTrailer, [0; 32]),
            PayloadToSign::StreamingUnsignedTrailer => (Payload::StreamingUnsignedTrailer, [0; 32]),
        };
        payload.line(&hash)
    }
}
