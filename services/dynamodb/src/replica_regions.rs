//! Regions that replicas can be in.

use model_dynamodb::Error;
use regions::REGIONS;

use crate::error::validation;

/// Things that a request can want of replicas: one in each region, with room for the same said twice.
pub const UPDATES_MAX: usize = 2 * REGIONS.len();

/// Those in which a global table can be that is `STRONG` ("Multi-Region strong consistency").
const STRONG: [&str; 10] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "eu-central-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "us-east-1",
    "us-east-2",
    "us-west-2",
];

/// Refuses a region in which there can be no replica.
pub fn check(region: &str) -> Result<(), Error> {
    let codes = REGIONS.map(|(code, ..)| code);
    if codes.contains(&region) {
        return Ok(());
    }
    Err(validation(format!(
        "Region {region} is not supported. The latest version of global tables are only supported in the following regions: \
         [{}]",
        codes.join(", ")
    )))
}

/// Refuses regions of a global table that is to be `STRONG`.
pub fn check_strong<'r>(regions: impl IntoIterator<Item = &'r str>) -> Result<(), Error> {
    let others: Vec<&str> = regions.into_iter().filter(|region| !STRONG.contains(region)).collect();
    if others.is_empty() {
        return Ok(());
    }
    Err(validation(format!(
        "Unsupported Region(s) specified for global tables with MultiRegionConsistency set to STRONG: [{}].",
        others.join(", ")
    )))
}
