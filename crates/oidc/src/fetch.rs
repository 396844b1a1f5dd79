//! Getting a document from an issuer.

use bytes::Bytes;
use futures::future::BoxFuture;
use http::Uri;

/// Largest document in bytes. Key sets in use have some tens of kilobytes.
pub(crate) const DOCUMENT_MAX: usize = 256 * 1024;

/// Why a document is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// There is no connection, or it broke, or it took too long.
    #[error("the address cannot be reached: {0}")]
    Unreachable(String),
    /// It answers with something else than a document.
    #[error("the address answers with status {0}")]
    Status(u16),
    /// The document is larger than any of its kind.
    #[error("the document is too large")]
    TooLarge,
    /// The document is not what it should be.
    #[error("the document is not what it should be: {0}")]
    Unusable(String),
}

/// Gets documents. Addresses were checked before.
pub trait Fetch: Send + Sync {
    /// The body of the answer to a GET, if its status is 200. Redirects are not followed.
    fn get(&self, address: Uri) -> BoxFuture<'_, Result<Bytes, FetchError>>;
}
