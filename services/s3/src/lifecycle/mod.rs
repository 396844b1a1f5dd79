//! What happens to objects by itself: expiration, transitions, and the end of uploads that nobody completes, by the rules
//! of a bucket's lifecycle.

mod due;
mod rules;
mod run;
mod walk;

use kernel::Timestamp;
use model_s3::types::BucketLifecycleConfiguration;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::bucket::{Bucket, kind};
use crate::records::Object;
use crate::s3::S3;

pub use rules::{Subject, expiration_of};
pub use run::run;

/// The header `x-amz-expiration` of an object: when it expires, and by which rule.
pub fn expiration_header(
    s3: &S3,
    bucket: &Bucket,
    key: &str,
    object: &Object,
) -> Result<Option<String>, store::Error> {
    let Some(found) = bucket.configuration::<BucketLifecycleConfiguration>(s3, kind::LIFECYCLE)? else {
        return Ok(None);
    };
    let expiration = expiration_of(&found.rules, &Subject::of(key, object));
    Ok(expiration.map(|(at, rule)| {
        let rule = utf8_percent_encode(rule, NON_ALPHANUMERIC);
        format!("expiry-date=\"{}\", rule-id=\"{rule}\"", wire::http_date(at))
    }))
}

/// When an upload that began `initiated_ms` ends if nobody completes it, and by which rule.
pub fn abort_of(
    s3: &S3,
    bucket: &Bucket,
    key: &str,
    initiated_ms: i64,
) -> Result<Option<(Timestamp, String)>, store::Error> {
    let Some(found) = bucket.configuration::<BucketLifecycleConfiguration>(s3, kind::LIFECYCLE)? else {
        return Ok(None);
    };
    Ok(rules::abort_of(&found.rules, key, initiated_ms).map(|(at, rule)| (at, rule.to_owned())))
}
