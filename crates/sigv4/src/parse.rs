//! Who does a request claim to be from?

use crate::error::AuthError;
use crate::older_query::OlderQuery;
use crate::policy::Policy;
use crate::request::Request;
use crate::signed::Signed;
use crate::{header_auth, query_auth};

/// What a request presents.
#[derive(Clone, Debug)]
pub enum Presented {
    /// No credentials at all. Whether that is allowed is for the caller to say; where it is not, the answer is
    /// [`AuthError::MissingAuthenticationToken`].
    Anonymous,
    /// A signature, yet to be verified.
    Signed(Signed),
    /// A link of version 2, yet to be verified; only where the policy knows them.
    Older(OlderQuery),
}

/// Reads the signature of a request from its `Authorization` header or its query.
///
/// # Errors
/// Any [`AuthError`] about the form of what is presented: incomplete, malformed, two mechanisms at once, too
/// long, or of another scheme than [`crate::ALGORITHM`]. Time, scope and signature are not looked at yet.
pub fn parse(req: &Request, policy: &Policy) -> Result<Presented, AuthError> {
    req.check_len()?;
    let header = req.headers.contains_key(http::header::AUTHORIZATION);
    let query = query_auth::find(req.query)?;
    let older = if query.is_none() && policy.knows_signature_v2 { OlderQuery::parse(req)? } else { None };
    match (header, query, older) {
        (true, Some(_), _) | (true, _, Some(_)) => Err(AuthError::TwoMechanisms),
        (true, None, None) => header_auth::parse(req, policy).map(Presented::Signed),
        (false, Some(found), _) => found.parse(req, policy).map(Presented::Signed),
        (false, None, Some(older)) => Ok(Presented::Older(older)),
        (false, None, None) => Ok(Presented::Anonymous),
    }
}
