//! Server access logging: each request to a bucket that has it becomes a line, which is kept in memory for a few seconds
//! and then put into an object of the log bucket with the others.
//!
//! As with the real service, delivery is best effort: lines that are in memory when the program ends are lost, and so are
//! those that the log bucket does not take. A request never waits for its line.

mod buffer;
mod deliver;
mod line;
mod object_name;
mod operation;
mod target;

use std::sync::Arc;

use model_s3::types::LoggingEnabled;
use service::Ended;

use crate::bucket::kind;
use crate::s3::S3;

pub use buffer::Logs;
pub use deliver::{check, run};
pub use target::{acl_of_logs, is_logger};

/// Notes a request that has ended, if its bucket is logged.
pub fn note(s3: &S3, bucket: &str, key: &str, ended: &Ended) {
    // A bucket that has gone has nothing to log; whoever asked has been told.
    let Ok(Some(bucket)) = s3.find_bucket(bucket) else { return };
    let configuration = match bucket.configuration::<LoggingEnabled>(s3, kind::LOGGING) {
        Ok(Some(configuration)) => configuration,
        Ok(None) => return s3.logs.forget(&bucket.name),
        Err(error) => return tracing::error!(bucket = bucket.name, %error, "a configuration cannot be read"),
    };
    let owner = s3.accounts.owner(bucket.owner()).canonical_id;
    let requester = ended.principal.as_ref().and_then(|principal| line::requester(s3, principal));
    let line = line::Line { owner: &owner, bucket: &bucket, key, requester: requester.as_deref(), ended };
    s3.logs.add(
        &Arc::new(buffer::Source { bucket: bucket.clone(), configuration }),
        ended.began,
        &line.to_string(),
    );
}
