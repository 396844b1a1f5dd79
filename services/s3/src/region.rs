//! The region that a bucket is in. There is one endpoint for all regions, which serves a bucket whatever region the
//! request was signed for; answers about a bucket say which region is its own.

use kernel::Call;
use model_s3::Error;
use model_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use wire::{Detailed, Enum as _};

/// The region whose buckets have no location constraint, and whose endpoint takes buckets for every region.
pub const FIRST: &str = "us-east-1";
/// The older name of `eu-west-1`.
pub const EU: &str = "EU";

/// Where the request wants its bucket: in the region that it says. One that was signed for the first region may leave that
/// out, and may name any other; others have to name their own.
pub fn wanted(call: &Call, configuration: Option<&CreateBucketConfiguration>) -> Result<String, Error> {
    let constraint = configuration.and_then(|found| found.location_constraint.as_ref());
    let constraint = match constraint {
        Some(constraint) => constraint,
        None if call.region == FIRST => return Ok(FIRST.to_owned()),
        None => return Err(incompatible("unspecified")),
    };
    let text = constraint.as_str();
    let region = if text == EU { "eu-west-1" } else { text };
    if call.region != FIRST && region != call.region {
        return Err(incompatible(text));
    }
    if constraint.known().is_none() {
        let error =
            Detailed::new("InvalidLocationConstraint", 400, "The specified location-constraint is not valid");
        return Err(error.with("LocationConstraint", text).into());
    }
    Ok(region.to_owned())
}

fn incompatible(constraint: &str) -> Error {
    let text = format!(
        "The {constraint} location constraint is incompatible for the region specific endpoint this request was sent to."
    );
    Detailed::new("IllegalLocationConstraintException", 400, text).into()
}

/// Whether there is such a region.
pub fn is_known(region: &str) -> bool {
    region == FIRST || BucketLocationConstraint::VALUES.iter().any(|(name, _)| *name == region && *name != EU)
}
