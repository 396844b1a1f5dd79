//! GetRecords.

use std::sync::Arc;

use attribute::{Shown, item_size};
use bytes::Bytes;
use kernel::{Call, Timestamp};
use model_dynamodbstreams::Error;
use model_dynamodbstreams::types::*;
use service::Allowed;
use sha2::{Digest as _, Sha256};
use store::{RangeOptions, Stamp};

use super::cursor::{Cursor, Position};
use super::describe_stream::view;
use super::shard::{after, sequence_number};
use super::{Reached, Stream, Streams, broken};
use crate::encryption::Ring;
use crate::error::corrupt;
use crate::limits::{ITERATOR_LIFETIME_MS, RECORDS_BYTES_MAX, RECORDS_MAX};
use crate::log::{By, Change, Event};
use crate::row::Row;

/// The form of records that this is.
const EVENT_VERSION: &str = "1.1";
const EVENT_SOURCE: &str = "aws:dynamodb";
/// Who removes items that have ended.
const EXPIRY: (&str, &str) = ("Service", "dynamodb.amazonaws.com");

impl Streams {
    pub async fn get_records(
        self: Arc<Self>,
        call: Arc<Call>,
        reached: Allowed<Reached>,
        input: GetRecordsInput,
    ) -> Result<GetRecordsOutput, Error> {
        let limit = input.limit.map_or(Ok(RECORDS_MAX), |limit| {
            let good = usize::try_from(limit).ok().filter(|limit| (1..=RECORDS_MAX).contains(limit));
            good.ok_or_else(|| broken("limit", limit, "have value between 1 and 1000"))
        })?;
        let (_, rest) = Cursor::stream(&input.shard_iterator)?;
        let cursor = Cursor::open(&self.vault, &reached.arn, rest)?;
        if call.now.millis() - cursor.issued_ms > ITERATOR_LIFETIME_MS {
            return Err(Error::expired_iterator_exception(
                "Iterator expired. The iterator was created more than 15 minutes ago.",
            ));
        }
        let stream = Stream::open(&reached)?;
        let horizon_ms = self.horizon_ms();
        let from = match cursor.position {
            Position::From(stamp) => stamp,
            Position::Oldest => {
                let version = stream.log.after(stream.snapshot, horizon_ms - 1)?;
                Stamp::new(version, 0).max(stream.begin)
            }
        };
        // What is committed from now on is for the next reading.
        let now = Stamp::new(stream.snapshot.version() + 1, 0);
        let range = stream.log.between(from, stream.end.unwrap_or(now));
        let options = RangeOptions { limit, max_bytes: RECORDS_BYTES_MAX, reverse: false };
        let part = stream.log.read(stream.snapshot, range, options)?;
        if part.changes.first().is_some_and(|(_, change)| change.at_ms < horizon_ms) {
            return Err(trimmed());
        }
        let next = match part.changes.last() {
            Some((last, _)) if part.more => Some(after(*last)),
            _ if stream.end.is_some() => None,
            _ => Some(from.max(now)),
        };
        // Nobody needs the key to learn that there is nothing.
        let ring = match part.changes.is_empty() {
            true => None,
            false => self.rings.find(&call, &stream.arn.place, &stream.record.log).await?,
        };
        let one = |(at, change)| record(&stream, ring.as_deref(), at, change);
        let records: Result<Vec<Record>, Error> = part.changes.into_iter().map(one).collect();
        let next = next.map(|stamp| {
            let cursor = Cursor { position: Position::From(stamp), issued_ms: call.now.millis() };
            cursor.seal(&self.vault, stream.arn)
        });
        Ok(GetRecordsOutput { records: Some(records?), next_shard_iterator: next })
    }
}

/// What was there can no longer be read.
pub fn trimmed() -> Error {
    Error::trimmed_data_access_exception(
        "The operation attempted to read past the oldest stream record in a shard.",
    )
}

/// A change as the stream shows it.
fn record(stream: &Stream<'_>, ring: Option<&Ring>, at: Stamp, change: Change) -> Result<Record, Error> {
    let shows = stream.record.view;
    let key = change.key()?;
    let mut size = item_size(&key);
    let mut image = |row: Option<Bytes>| -> Result<Option<Shown>, store::Error> {
        let Some(row) = row else { return Ok(None) };
        let row = Row::decode(&row, ring)?;
        size += row.size;
        row.shown().map(Some)
    };
    let new_image = image(change.new.filter(|_| shows.has_new()))?;
    let old_image = image(change.old.filter(|_| shows.has_old()))?;
    let event = match change.event {
        Event::Insert => OperationType::Insert,
        Event::Modify => OperationType::Modify,
        Event::Remove => OperationType::Remove,
    };
    let (kind, principal) = EXPIRY;
    Ok(Record {
        event_id: Some(event_id(&stream.arn.to_string(), at)),
        event_name: Some(event.into()),
        event_version: Some(EVENT_VERSION.to_owned()),
        event_source: Some(EVENT_SOURCE.to_owned()),
        aws_region: Some(stream.arn.place.region.clone()),
        dynamodb: Some(StreamRecord {
            // The service says it in whole seconds.
            approximate_creation_date_time: Some(Timestamp::from_secs(change.at_ms.div_euclid(1000))),
            keys: Some(Shown::of_stored(&change.key).map_err(corrupt)?),
            new_image,
            old_image,
            sequence_number: Some(sequence_number(at)),
            size_bytes: i64::try_from(size).ok(),
            stream_view_type: Some(view(shows).into()),
        }),
        user_identity: (change.by == By::Expiry)
            .then(|| Identity { principal_id: Some(principal.to_owned()), r#type: Some(kind.to_owned()) }),
    })
}

/// An id that no other record has, and that a record keeps however often it is read.
fn event_id(stream: &str, at: Stamp) -> String {
    let digest = Sha256::new().chain_update(stream).chain_update(at.to_bytes()).finalize();
    digest[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}
