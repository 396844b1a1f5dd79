//! Server access logging: each request to a bucket that has it becomes a line, which is kept in memory for a few seconds
//! and then put into an object of the log bucket with the others.
//!
//! As with the real service, delivery is best effort: lines that are in memory when the program is killed are lost, and so
//! are those that the log bucket does not take. A request never waits for its line.

mod buffer;
mod deliver;
mod line;
mod object_name;
mod operation;
mod target;

use std::sync::Arc;
use std::time::Duration;

use buffer::Source;
use http::{HeaderMap, HeaderValue, Method, Version};
use kernel::Call;
use model_s3::types::LoggingEnabled;
use service::Ended;

use crate::bucket::{Bucket, kind};
use crate::s3::S3;

pub use buffer::Logs;
pub use deliver::{flush, run};
pub use target::{acl_of_logs, is_logger};

/// Notes a request that has ended, if its bucket is logged.
pub fn note(s3: &S3, bucket: &str, key: &str, ended: &Ended) {
    let mut found = found(s3, bucket);
    if found.is_none() {
        s3.logs.forget(bucket);
        // It may have got a log meanwhile.
        found = self::found(s3, bucket).inspect(|_| s3.logs.remember(bucket));
    }
    if let Some(source) = found {
        add(s3, source, (&operation::name(ended), key), ended);
    }
}

/// The bucket of this name, if there is one and it is logged.
fn found(s3: &S3, bucket: &str) -> Option<Source> {
    // What cannot be read has been told to whoever asked.
    let bucket = s3.find(bucket, None).ok()??;
    match bucket.configuration::<LoggingEnabled>(s3, kind::LOGGING) {
        Ok(configuration) => configuration.map(|configuration| Source { bucket, configuration }),
        Err(error) => {
            tracing::error!(bucket = bucket.name, %error, "how a bucket is logged cannot be read");
            None
        }
    }
}

/// What a request has done to one of several objects.
pub struct Done<'a> {
    /// As logs call it.
    pub operation: &'static str,
    pub key: &'a str,
    pub version: Option<&'a str>,
    pub status: u16,
    /// The error's code; empty if there is none.
    pub fault: &'a str,
}

/// Notes what a request does to an object besides what it is for: one of those that it deletes, the source of a copy. What
/// comes from inside is no request.
pub fn note_done(s3: &S3, call: &Call, bucket: &Arc<Bucket>, done: &Done<'_>) {
    let Some(peer) = call.source_ip.filter(|_| s3.logs.may_have(&bucket.name)) else { return };
    let Ok(Some(configuration)) = bucket.configuration::<LoggingEnabled>(s3, kind::LOGGING) else { return };
    let mut answer = HeaderMap::new();
    if let Some(version) = done.version.and_then(|version| HeaderValue::from_str(version).ok()) {
        answer.insert("x-amz-version-id", version);
    }
    let ended = Ended {
        method: Method::POST,
        path: String::new(),
        query: String::new(),
        version: Version::HTTP_11,
        headers: HeaderMap::new(),
        bucket: None,
        website: false,
        peer,
        request_id: call.request_id.clone(),
        operation: None,
        principal: Some(call.principal.clone()),
        began: call.now,
        turn_around: Duration::ZERO,
        total: Duration::ZERO,
        status: done.status,
        fault: done.fault.to_owned(),
        answer,
        sent: 0,
    };
    add(s3, Source { bucket: bucket.clone(), configuration }, (done.operation, done.key), &ended);
}

fn add(s3: &S3, source: Source, (operation, key): (&str, &str), ended: &Ended) {
    let owner = s3.accounts.owner(source.bucket.owner()).canonical_id;
    let requester = ended.principal.as_ref().and_then(|principal| line::requester(s3, principal));
    let line = line::Line {
        owner: &owner,
        bucket: &source.bucket,
        operation,
        key,
        requester: requester.as_deref(),
        ended,
    };
    let line = line.to_string();
    s3.logs.add(source, ended.began, &line);
}
