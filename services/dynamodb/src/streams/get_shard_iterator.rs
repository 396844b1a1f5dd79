//! GetShardIterator.

use std::sync::Arc;

use kernel::Call;
use model_dynamodbstreams::Error;
use model_dynamodbstreams::types::*;
use service::Allowed;
use store::Stamp;

use super::cursor::{Cursor, Position};
use super::shard::{after, id, place_of};
use super::{Reached, Stream, Streams, validation};

impl Streams {
    pub async fn get_shard_iterator(
        self: Arc<Self>,
        call: Arc<Call>,
        reached: Allowed<Reached>,
        input: GetShardIteratorInput,
    ) -> Result<GetShardIteratorOutput, Error> {
        let kind = input.shard_iterator_type.known();
        let kind = kind.ok_or_else(|| validation("Invalid ShardIteratorType"))?;
        let number = place(kind, input.sequence_number.as_deref())?;
        if (kind == ShardIteratorType::AtTimestamp) != input.timestamp.is_some() {
            return Err(validation(
                "Timestamp has to be specified for ShardIteratorType AT_TIMESTAMP, and for no other",
            ));
        }
        let stream = Stream::open(&reached)?;
        if *input.shard_id != id(&stream) {
            return Err(Error::resource_not_found_exception(format!(
                "Requested resource not found: Shard does not exist: {}",
                *input.shard_id
            )));
        }
        let position = match (kind, number, input.timestamp) {
            (ShardIteratorType::Latest, ..) => Position::From(Stamp::new(stream.snapshot.version() + 1, 0)),
            (ShardIteratorType::AtSequenceNumber, Some(number), _) => {
                self.check(&stream, number)?;
                Position::From(number)
            }
            (ShardIteratorType::AfterSequenceNumber, Some(number), _) => {
                self.check(&stream, number)?;
                Position::From(after(number))
            }
            (ShardIteratorType::AtTimestamp, _, Some(time)) => {
                let version = stream.log.after(stream.snapshot, time.millis().saturating_sub(1))?;
                Position::From(Stamp::new(version, 0).max(stream.begin))
            }
            _ => Position::Oldest,
        };
        let cursor = Cursor { position, issued_ms: call.now.millis() };
        Ok(GetShardIteratorOutput { shard_iterator: Some(cursor.seal(&self.vault, stream.arn)) })
    }

    /// Refuses a number that is not of this stream, or of what can no longer be read.
    fn check(&self, stream: &Stream<'_>, number: Stamp) -> Result<(), Error> {
        if number < stream.begin || stream.end.is_some_and(|end| number > end) {
            return Err(validation("Invalid SequenceNumber: it is not of this shard"));
        }
        let end = stream.end.unwrap_or(Stamp::MAX);
        let first = stream.log.first(stream.snapshot, stream.log.between(stream.begin, end))?;
        let trimmed = match first {
            // What the log began with is gone if the number is from before the first that is left.
            Some((first, _)) if number < first && number != stream.begin => true,
            _ => {
                let found = stream.log.first(stream.snapshot, stream.log.between(number, end))?;
                found.is_some_and(|(_, change)| change.at_ms < self.horizon_ms())
            }
        };
        if trimmed { Err(super::get_records::trimmed()) } else { Ok(()) }
    }
}

/// The place that is asked for.
fn place(kind: ShardIteratorType, number: Option<&str>) -> Result<Option<Stamp>, Error> {
    let by_number =
        matches!(kind, ShardIteratorType::AtSequenceNumber | ShardIteratorType::AfterSequenceNumber);
    match number {
        Some(number) if by_number => {
            place_of(number).map(Some).ok_or_else(|| validation("Invalid SequenceNumber"))
        }
        None if by_number => Err(validation(
            "SequenceNumber has to be specified for ShardIteratorTypes AT_SEQUENCE_NUMBER and AFTER_SEQUENCE_NUMBER",
        )),
        Some(_) => Err(validation(
            "SequenceNumber can only be specified for ShardIteratorTypes AT_SEQUENCE_NUMBER and AFTER_SEQUENCE_NUMBER",
        )),
        None => Ok(None),
    }
}
