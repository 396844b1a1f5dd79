//! AWS Signature Version 4: reading, verifying and making signatures.
//!
//! The crate does no I/O and has no clock: the time is a parameter (unix seconds). A request comes in as a
//! borrowed [`Request`]; [`parse`] says who it claims to be from, [`Signed::verify`] whether that is so. Between
//! the two the caller finds the secret of [`Signed::access_key`] and derives (or takes from a [`KeyCache`]) the
//! [`SigningKey`].
//!
//! The canonical request is fed straight into the hash; it is only built as text when a signature is wrong and
//! the error has to show it.

mod cache;
mod canonical;
mod chunk;
mod date;
mod error;
mod header_auth;
mod key;
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
pub use error::{AuthError, Dialect, Mismatch, Place, ScopeFault};
pub use key::SigningKey;
pub use parse::{Presented, parse};
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
