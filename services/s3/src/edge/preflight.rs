//! What browsers ask before they send.

use std::sync::Arc;

use http::{HeaderMap, header};
use model_s3::Error;
use model_s3::types::CorsConfiguration;
use service::{EdgeHead, EdgeResponse};
use wire::{CommonError, CommonSource as _, ServiceError as _};

use super::named;
use crate::bucket::{Bucket, kind};
use crate::cors::{self, About, Crossing, Refused};
use crate::s3::S3;

/// A bucket's rules, if it has any.
pub fn rules(s3: &S3, bucket: &Bucket) -> Result<Option<Arc<CorsConfiguration>>, store::Error> {
    bucket.configuration::<CorsConfiguration>(s3, kind::CORS)
}

/// Answers a preflight.
pub fn answer(s3: &S3, head: &EdgeHead<'_>) -> Result<EdgeResponse, CommonError> {
    let (name, key) = named(head);
    let about = About { object: !key.is_empty() };
    // That somebody asks from another origin comes first; what exactly is asked only counts where there are rules.
    let crossing = Crossing::of_preflight(head.headers);
    if !head.headers.contains_key(header::ORIGIN)
        && let Err(error) = crossing
    {
        return Err(error.into_common());
    }
    let wanted = crossing.as_ref().map_or(head.method.as_str(), |crossing| crossing.method);
    let refused = |why| Err(cors::forbidden(why, wanted, about).into_common());
    let Some(bucket) = s3.find(&name, None).map_err(common)? else { return refused(Refused::MissingBucket) };
    let Some(rules) = rules(s3, &bucket).map_err(|error| error.into_common())? else {
        return refused(Refused::MissingRules);
    };
    let crossing = match &crossing {
        Ok(crossing) => crossing,
        Err(error) => return Err(error.clone().into_common()),
    };
    let Some(rule) = crossing.allowed_by(&rules.cors_rules) else { return refused(Refused::OtherRules) };
    let mut headers = HeaderMap::new();
    cors::put_headers(&mut headers, crossing.headers(rule));
    Ok(EdgeResponse { status: 200, headers, ..Default::default() })
}

fn common(error: Error) -> CommonError {
    match error {
        Error::Common(error) => error,
        other => {
            tracing::error!(fault = ?other.fault().code(wire::Protocol::RestXml), "a bucket cannot be read");
            CommonError::InternalFailure
        }
    }
}
