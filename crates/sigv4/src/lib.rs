//! AWS Signature Version 4: reading, verifying and making signatures.
//!
//! The crate does no I/O and has no clock: the time is a parameter (unix seconds). A request comes in as a
//! borrowed [`Request`]; [`parse`] says who it claims to be from, [`Signed::verify`] whether that is so. Between
//! the two the caller finds the secret of [`Signed::access_key`] and derives (or takes from a [`KeyCache`]) the
//! [`SigningKey`].
//!
//! ```
//! use sigv4::{Credentials, KeyCache, PayloadToSign, Policy, Presented, Request, Signer};
//!
//! // A client signs ...
//! let (body_hash, now, policy) = ([7; 32], 1_440_938_160, Policy::DEFAULT);
//! let mut headers = http::HeaderMap::new();
//! headers.insert("host", "sqs.example.com".parse()?);
//! let credentials = Credentials { access_key: "AKID", secret: "secret", session_token: None };
//! let signer = Signer { credentials, region: "us-east-1", service: "sqs", time: now, policy: &policy };
//! signer.sign("POST", "/", "", &mut headers, PayloadToSign::Hash(body_hash))?;
//!
//! // ... and the server verifies.
//! let keys = KeyCache::new(1024);
//! let req = Request { method: "POST", path: "/", query: "", headers: &headers };
//! let Presented::Signed(signed) = sigv4::parse(&req, &policy)? else { return Ok(()) };
//! let key = keys.get(signed.access_key(), "secret", signed.date(), signed.region(), signed.service());
//! signed.verify(&req, &key, Some(&body_hash), now, &policy)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The canonical request is fed straight into the hash; it is only built as text when a signature is wrong and
//! the error has to show it.

mod cache;
mod canonical;
mod chunk;
mod chunked;
mod date;
mod error;
mod form;
mod header_auth;
mod held;
mod key;
mod older;
mod older_query;
mod parse;
mod payload;
mod policy;
mod query_auth;
mod request;
mod scope;
mod sign;
mod signed;
mod text;
mod verify;

pub use cache::KeyCache;
pub use chunk::ChunkSigner;
pub use chunked::{ChunkDecoder, ChunkError, HELD_LEN_MAX};
pub use error::{AuthError, Dialect, Mismatch, Place, ScopeFault};
pub use form::{Form, OlderForm, SignedForm};
pub use key::SigningKey;
pub use older_query::OlderQuery;
pub use parse::{Presented, parse, parse_for};
pub use payload::Payload;
pub use policy::Policy;
pub use request::Request;
pub use scope::Expected;
pub use sign::{Credentials, PayloadToSign, SignError, Signer};
pub use signed::Signed;
pub use verify::{BodyCheck, Verified};

/// The only algorithm this crate computes.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The asymmetric variant (SigV4A), recognised and refused.
pub const ALGORITHM_V4A: &str = "AWS4-ECDSA-P256-SHA256";
