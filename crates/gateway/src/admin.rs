//! Paths of our own beside the API: `/_cloudlet/…`, and those that tools made for LocalStack ask for.

use bytes::Bytes;
use futures::future::BoxFuture;
use http::Method;

/// A request to one of those paths.
pub struct AdminRequest<'a> {
    /// HTTP method.
    pub method: &'a Method,
    /// Path.
    pub path: &'a str,
    /// The whole body, at most [`MAX_BODY`] bytes.
    pub body: Bytes,
    /// Whether it came in at a loopback address.
    pub local: bool,
}

/// An answer: status and JSON document.
pub struct AdminResponse {
    /// HTTP status.
    pub status: u16,
    /// A JSON document.
    pub body: String,
}

/// Answers requests to those paths. They are not signed: what is not for everybody has to check
/// [`AdminRequest::local`].
pub trait Admin: Send + Sync {
    /// The answer; `None` where there is nothing at this path.
    fn answer<'a>(&'a self, request: AdminRequest<'a>) -> BoxFuture<'a, Option<AdminResponse>>;
}

/// The longest body such a request has any use for, in bytes.
pub(crate) const MAX_BODY: u64 = 64 * 1024;

/// Whether a path is for [`Admin`].
pub(crate) fn is_admin(path: &str) -> bool {
    path.starts_with("/_cloudlet/") || path.starts_with("/_localstack/")
}

impl AdminResponse {
    /// An answer of this status with a JSON document.
    pub fn json(status: u16, value: &serde_json::Value) -> Self {
        Self { status, body: value.to_string() }
    }
}
