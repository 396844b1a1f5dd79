//! Buckets whose requesters pay.

use kernel::{Call, PrincipalKind};
use model_s3::Error;
use model_s3::types::{RequestCharged, RequestPayer};
use wire::Open;

use crate::bucket::Bucket;
use crate::error::access_denied;

/// Whether an answer says that the requester was charged.
///
/// # Errors
/// `AccessDenied` if the requester would have to pay and does not say that they do.
pub fn charged(
    call: &Call,
    bucket: &Bucket,
    payer: Option<&Open<RequestPayer>>,
) -> Result<Option<Open<RequestCharged>>, Error> {
    let own = call.principal.account == bucket.owner() || call.principal.kind == PrincipalKind::Service;
    if !bucket.record.requester_pays || own {
        return Ok(None);
    }
    // Nobody can be charged for what nobody signed.
    if payer.is_none() || call.principal.kind == PrincipalKind::Anonymous {
        return Err(access_denied().into());
    }
    Ok(Some(RequestCharged::Requester.into()))
}
