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
    parse_for(req, |_| policy)
}

/// The same where the service is not known yet: `policies` gives the policy of the service that the credential is
/// scoped to, or of those who name none that can be read. What one service allows can so never be read out of a
/// signature that is scoped to another.
///
/// # Errors
/// As for [`parse`].
pub fn parse_for<'p>(
    req: &Request,
    policies: impl Fn(Option<&str>) -> &'p Policy,
) -> Result<Presented, AuthError> {
    req.check_len()?;
    let query = query_auth::find(req.query)?;
    if let Some(header) = header_auth::find(req)? {
        let policy = policies(header.service());
        if query.is_some() || older(req, policy)?.is_some() {
            return Err(AuthError::TwoMechanisms);
        }
        return header.parse(req, policy).map(Presented::Signed);
    }
    if let Some(found) = query {
        let policy = policies(found.service());
        return found.parse(req, policy).map(Presented::Signed);
    }
    Ok(older(req, policies(None))?.map_or(Presented::Anonymous, Presented::Older))
}

fn older(req: &Request, policy: &Policy) -> Result<Option<OlderQuery>, AuthError> {
    if policy.knows_signature_v2 { OlderQuery::parse(req) } else { Ok(None) }
}
