//! Which streams an operation touches.

use kernel::{Arn, Call};
use model_dynamodbstreams::Error;
use model_dynamodbstreams::types::*;
use service::Resource;

use super::arn::StreamArn;
use super::cursor::Cursor;
use super::{Streams, validation};
use crate::keys::SERVICE;

/// A stream that a request names.
fn named(given: &str) -> Result<Resource<StreamArn>, Error> {
    let arn = StreamArn::parse(given).ok_or_else(|| validation(format!("Invalid StreamArn: {given}")))?;
    Ok(Resource::new(arn.arn(), arn))
}

pub fn describe_stream(
    _: &Streams,
    _: &Call,
    input: &DescribeStreamInput,
) -> Result<Resource<StreamArn>, Error> {
    named(&input.stream_arn)
}

pub fn get_shard_iterator(
    _: &Streams,
    _: &Call,
    input: &GetShardIteratorInput,
) -> Result<Resource<StreamArn>, Error> {
    named(&input.stream_arn)
}

/// The stream of an iterator.
pub fn get_records(_: &Streams, _: &Call, input: &GetRecordsInput) -> Result<Resource<StreamArn>, Error> {
    let (arn, _) = Cursor::stream(&input.shard_iterator)?;
    Ok(Resource::new(arn.arn(), arn))
}

/// No stream in particular.
pub fn list_streams(_: &Streams, call: &Call, _: &ListStreamsInput) -> Result<Resource<()>, Error> {
    Ok(Resource::new(Arn::aws(SERVICE, &call.region, &call.account, "*"), ()))
}
