//! Which streams an operation touches.

use kernel::{Arn, Call, Timestamp};
use model_dynamodbstreams::Error;
use model_dynamodbstreams::types::*;
use service::{Resource, Target};
use store::{Record as _, Snapshot, Store};

use super::arn::StreamArn;
use super::cursor::Cursor;
use super::{Streams, is_readable, validation};
use crate::keys::SERVICE;
use crate::records;

/// A stream that was looked up.
pub struct Reached {
    pub arn: StreamArn,
    /// None if there is no such stream, or none any more for those who read.
    pub record: Option<records::Stream>,
    /// What is read is read as of this.
    pub snapshot: Snapshot,
}

impl Reached {
    /// The stream with this ARN; none if it is not the ARN of a stream.
    pub fn look_up(store: &Store, now: Timestamp, given: &str) -> Result<Option<Self>, store::Error> {
        StreamArn::parse(given).map(|arn| Self::find(store, now, arn)).transpose()
    }

    fn find(store: &Store, now: Timestamp, arn: StreamArn) -> Result<Self, store::Error> {
        let snapshot = store.snapshot();
        let record = snapshot.get(&arn.row())?.map(|row| records::Stream::decode(&row)).transpose()?;
        Ok(Self { arn, record: record.filter(|record| is_readable(record, now)), snapshot })
    }

    /// As policies see it.
    pub fn target(&self) -> Target {
        let target = Target::new(self.arn.arn());
        match self.record.as_ref().and_then(|record| record.policy.as_ref()) {
            Some(policy) => target.with_policy(policy.document.as_str()),
            None => target,
        }
    }
}

impl Streams {
    fn reach(&self, arn: StreamArn) -> Result<Resource<Reached>, Error> {
        let reached = Reached::find(&self.store, self.clock.now(), arn)?;
        Ok(Resource::new(reached.target(), reached))
    }

    /// A stream that a request names.
    fn named(&self, given: &str) -> Result<Resource<Reached>, Error> {
        let arn = StreamArn::parse(given).ok_or_else(|| validation(format!("Invalid StreamArn: {given}")))?;
        self.reach(arn)
    }
}

pub fn describe_stream(
    streams: &Streams,
    _: &Call,
    input: &DescribeStreamInput,
) -> Result<Resource<Reached>, Error> {
    streams.named(&input.stream_arn)
}

pub fn get_shard_iterator(
    streams: &Streams,
    _: &Call,
    input: &GetShardIteratorInput,
) -> Result<Resource<Reached>, Error> {
    streams.named(&input.stream_arn)
}

/// The stream of an iterator.
pub fn get_records(streams: &Streams, _: &Call, input: &GetRecordsInput) -> Result<Resource<Reached>, Error> {
    let (arn, _) = Cursor::stream(&input.shard_iterator)?;
    streams.reach(arn)
}

/// No stream in particular.
pub fn list_streams(_: &Streams, call: &Call, _: &ListStreamsInput) -> Result<Resource<()>, Error> {
    Ok(Resource::new(Arn::aws(SERVICE, &call.region, &call.account, "*"), ()))
}
