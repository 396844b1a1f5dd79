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
use store::{Record as _, Snapshot, Stamp, Store};
use vault::Vault;
use wire::CommonError;

use crate::limits::STREAM_LIFETIME_MS;
use crate::log::Log;
use crate::records;
use crate::stream::bounds;
pub use arn::StreamArn;

/// The service's state.
pub struct Streams {
    store: Store,
    clock: Clock,
    vault: Vault,
}

/// The service.
pub fn service(deps: Deps) -> Service {
    let streams = Arc::new(Streams { store: deps.store, clock: deps.clock, vault: deps.vault });
    Service::builder(&model_dynamodbstreams::SERVICE, streams)
        .op(DescribeStream, resource::describe_stream, Streams::describe_stream)
        .op(GetRecords, resource::get_records, Streams::get_records)
        .op(GetShardIterator, resource::get_shard_iterator, Streams::get_shard_iterator)
        .op(ListStreams, resource::list_streams, Streams::list_streams)
        .build()
}

/// A stream that was looked up.
struct Stream {
    arn: StreamArn,
    record: records::Stream,
    log: Log,
    snapshot: Snapshot,
    /// Where it begins in the log.
    begin: Stamp,
    /// Where it ends.
    end: Option<Stamp>,
}

impl Streams {
    fn find(&self, arn: &StreamArn) -> Result<Stream, Error> {
        let snapshot = self.store.snapshot();
        let row = snapshot.get(&arn.place.stream(&arn.table, &arn.label))?;
        let record = row.map(|row| records::Stream::decode(&row)).transpose().map_err(store::Error::from)?;
        let record = record.filter(|record| is_readable(record, self.clock.now()));
        let Some(record) = record else {
            return Err(Error::resource_not_found_exception(format!(
                "Requested resource not found: Stream: {arn} not found"
            )));
        };
        let (begin, end) = bounds(&snapshot, &arn.place, &record.log, &arn.label)?;
        let log = arn.place.log(&record.log);
        Ok(Stream { arn: arn.clone(), record, log, snapshot, begin, end })
    }

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
