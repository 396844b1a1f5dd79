//! DynamoDB Streams: reading the changes of tables.
//!
//! A stream is the part of a table's log between its beginning and its end, as one shard: changes are in the order in which
//! they were committed, over all items.

mod arn;
mod cursor;
mod describe_stream;
mod get_records;
mod get_shard_iterator;
mod list_streams;
mod resource;
mod shard;

use std::sync::Arc;

use kernel::{Clock, Timestamp};
use model_dynamodbstreams::Error;
use model_dynamodbstreams::ops::*;
use service::{Deps, Service};
use store::{Snapshot, Stamp, Store};
use vault::Vault;
use wire::CommonError;

use crate::encryption::Rings;
use crate::limits::STREAM_LIFETIME_MS;
use crate::log::Log;
use crate::records;
use crate::stream::bounds;
pub use arn::StreamArn;
pub use resource::Reached;

/// The service's state.
pub struct Streams {
    store: Store,
    clock: Clock,
    vault: Vault,
    /// Shared with the service that writes them: they are wiped at one place.
    rings: Arc<Rings>,
}

/// The service.
pub fn service(deps: Deps, rings: Arc<Rings>) -> Service {
    let streams = Arc::new(Streams { store: deps.store, clock: deps.clock, vault: deps.vault, rings });
    Service::builder(&model_dynamodbstreams::SERVICE, streams)
        .op(DescribeStream, resource::describe_stream, Streams::describe_stream)
        .op(GetRecords, resource::get_records, Streams::get_records)
        .op(GetShardIterator, resource::get_shard_iterator, Streams::get_shard_iterator)
        .op(ListStreams, resource::list_streams, Streams::list_streams)
        .build()
}

/// A stream that is there.
struct Stream<'r> {
    arn: &'r StreamArn,
    record: &'r records::Stream,
    log: Log,
    snapshot: &'r Snapshot,
    /// Where it begins in the log.
    begin: Stamp,
    /// Where it ends.
    end: Option<Stamp>,
}

impl<'r> Stream<'r> {
    /// The stream that was looked up, ready to be read.
    fn open(reached: &'r Reached) -> Result<Self, Error> {
        let Reached { arn, record, snapshot } = reached;
        let Some(record) = record else {
            return Err(Error::resource_not_found_exception(format!(
                "Requested resource not found: Stream: {arn} not found"
            )));
        };
        let (begin, end) = bounds(snapshot, &arn.place, &record.log, &arn.label)?;
        let log = arn.place.log(&record.log);
        Ok(Self { arn, record, log, snapshot, begin, end })
    }
}

impl Streams {
    /// What was changed before this can no longer be read.
    fn horizon_ms(&self) -> i64 {
        self.clock.now().millis() - STREAM_LIFETIME_MS
    }
}

/// Whether a stream still is one for those who read.
fn is_readable(record: &records::Stream, now: Timestamp) -> bool {
    record.ended_ms.is_none_or(|ended| now.millis() - ended < STREAM_LIFETIME_MS)
}

/// A request is not right.
fn validation(text: impl Into<String>) -> Error {
    Error::Common(CommonError::Validation(text.into()))
}

/// The same, where a member breaks a rule.
fn broken(member: &str, value: impl std::fmt::Display, rule: &str) -> Error {
    validation(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must {rule}"
    ))
}
