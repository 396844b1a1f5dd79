//! The borrowed view of a request.

use crate::error::AuthError;

/// What of a request a signature covers, as it came over the wire.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The HTTP method, upper case.
    pub method: &'a str,
    /// The path as received, still percent-encoded, beginning with `/`.
    pub path: &'a str,
    /// The query as received, without `?`; empty when there is none.
    pub query: &'a str,
    /// All headers. For HTTP/2 the caller has put `:authority` in as `host`.
    pub headers: &'a http::HeaderMap,
}

/// Longest path plus query, in bytes: twice what any server in front of AWS accepts, so that no honest request
/// meets it while hashing stays bounded.
const TARGET_LEN_MAX: usize = 64 * 1024;

impl<'a> Request<'a> {
    /// Refuses a target too long to be worth hashing.
    pub(crate) fn check_len(&self) -> Result<(), AuthError> {
        if self.path.len() + self.query.len() > TARGET_LEN_MAX {
            return Err(AuthError::TooLarge { what: "request target", limit: TARGET_LEN_MAX });
        }
        Ok(())
    }

    /// The one value of a header; `None` when absent.
    ///
    /// # Errors
    /// [`AuthError::MalformedHeader`] when the header occurs more than once or is not visible ASCII: two
    /// readers of the same request must not see two different values.
    pub(crate) fn single(&self, name: &'static str) -> Result<Option<&'a str>, AuthError> {
        let mut values = self.headers.get_all(name).iter();
        let Some(first) = values.next() else { return Ok(None) };
        match (values.next(), first.to_str()) {
            (None, Ok(text)) => Ok(Some(text.trim_ascii())),
            _ => Err(AuthError::MalformedHeader { name }),
        }
    }
}
