//! What log objects are called.

use kernel::{Ids, Timestamp};
use model_s3::types::{LoggingEnabled, PartitionDateSource};
use wire::Open;

use crate::bucket::Bucket;

/// Random digits at the end, by which two logs of the same second differ.
const UNIQUE: usize = 16;

/// The key of a log that is delivered `now`, whose requests came on the day of `came`.
pub fn of(
    configuration: &LoggingEnabled,
    source: &Bucket,
    (came, now): (Timestamp, Timestamp),
    ids: &Ids,
) -> String {
    let prefix = configuration.target_prefix.as_str();
    let unique = ids.hex(UNIQUE).to_uppercase();
    let format = configuration.target_object_key_format.as_ref();
    let Some(partitioned) = format.and_then(|format| format.partitioned_prefix.as_ref()) else {
        return format!("{prefix}{}-{unique}", second(now));
    };
    let date = partitioned.partition_date_source.as_ref().and_then(Open::known);
    let at = match date {
        // Of the day alone, which all of its logs share.
        Some(PartitionDateSource::EventTime) => {
            Timestamp::from_secs(came.secs() - came.secs().rem_euclid(DAY_SECS))
        }
        Some(PartitionDateSource::DeliveryTime) | None => now,
    };
    let c = at.civil();
    let place = &source.place;
    format!(
        "{prefix}{}/{}/{}/{:04}/{:02}/{:02}/{}-{unique}",
        place.account,
        place.region,
        source.name,
        c.year,
        c.month,
        c.day,
        second(at)
    )
}

const DAY_SECS: i64 = 24 * 60 * 60;

/// The day that a request came on.
pub fn day(came: Timestamp) -> i64 {
    came.secs().div_euclid(DAY_SECS)
}

fn second(at: Timestamp) -> String {
    let c = at.civil();
    format!("{:04}-{:02}-{:02}-{:02}-{:02}-{:02}", c.year, c.month, c.day, c.hour, c.minute, c.second)
}
