//! How an object is to be encrypted, said where nothing is written: the service refuses to read by such a request, since
//! whoever sends it believes that it decides something.

use http::Method;
use service::EdgeHead;
use wire::{CommonError, CommonSource as _};

use super::named;
use crate::error::invalid_argument;

const ALGORITHM: &str = "x-amz-server-side-encryption";

/// Whether the request reads an object, and says how it is to be encrypted.
pub fn is(head: &EdgeHead<'_>) -> bool {
    matches!(*head.method, Method::GET | Method::HEAD)
        && head.headers.contains_key(ALGORITHM)
        && !named(head).1.is_empty()
}

/// The refusal.
pub fn refusal(head: &EdgeHead<'_>) -> CommonError {
    let value = head.headers.get(ALGORITHM).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let text = "x-amz-server-side-encryption header is not supported for this operation.";
    invalid_argument(text, ALGORITHM, value).into_common()
}
