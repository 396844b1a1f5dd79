//! Streams of tables: begun and ended with the table's row, in one transaction.

use bytes::Bytes;
use kernel::Timestamp;
use model_dynamodb::Error;
use model_dynamodb::types::{StreamSpecification, StreamViewType};
use store::{KeyError, KeyRange, KeyReader, RangeOptions, Record as _, Snapshot, Stamp, Tx};
use wire::Open;

use crate::error::{Failure, corrupt, validation, wrong};
use crate::keys::Place;
use crate::log::counter;
use crate::records::{Home, Stream, Table, TableStream, View};

/// What a request wants of a stream: one with this view, or none.
pub fn wanted(given: &StreamSpecification) -> Result<Option<View>, Error> {
    let view = given.stream_view_type.as_ref().and_then(Open::known);
    match (*given.stream_enabled, view) {
        (true, None) => Err(wrong("StreamViewType is required when StreamEnabled is true")),
        (false, Some(_)) => Err(wrong("StreamViewType can only be specified when StreamEnabled is true")),
        (true, Some(view)) => Ok(Some(match view {
            StreamViewType::KeysOnly => View::KeysOnly,
            StreamViewType::NewImage => View::New,
            StreamViewType::OldImage => View::Old,
            StreamViewType::NewAndOldImages => View::Both,
        })),
        (false, None) => Ok(None),
    }
}

/// Changes the stream of a table to what is wanted.
pub fn change(
    tx: &mut Tx,
    (place, name): (&Place, &str),
    record: &mut Table,
    wanted: Option<View>,
    now_ms: i64,
) -> Result<(), Failure> {
    let is_on = record.stream.as_ref().is_some_and(|stream| stream.enabled);
    match wanted {
        Some(_) if is_on => {
            Err(validation(format!("Table already has an enabled stream: TableName: {name}")).into())
        }
        None if !is_on => {
            Err(validation(format!("Table has no stream to disable: TableName: {name}")).into())
        }
        Some(view) => begin(tx, (place, name), record, view, now_ms),
        None => end(tx, (place, name), record, now_ms),
    }
}

/// Begins a stream.
pub fn begin(
    tx: &mut Tx,
    (place, name): (&Place, &str),
    record: &mut Table,
    view: View,
    now_ms: i64,
) -> Result<(), Failure> {
    // Its label is the time, and no other stream of the table's name has the same.
    let mut created_ms = now_ms;
    let (row, label) = loop {
        let label = label(created_ms);
        let row = place.stream(name, &label);
        if tx.get(&row)?.is_none() {
            break (row, label);
        }
        created_ms += 1;
    };
    let stream = Stream {
        log: record.home.clone(),
        key: record.key.clone(),
        view,
        created_ms,
        ended_ms: None,
        policy: None,
    };
    tx.put(row, stream.encode());
    mark(tx, place, &record.home, &marked_as(place, &label), false)?;
    record.stream = Some(TableStream { label, view, enabled: true });
    Ok(())
}

/// Ends the stream, if there is one.
pub fn end(
    tx: &mut Tx,
    (place, name): (&Place, &str),
    record: &mut Table,
    now_ms: i64,
) -> Result<(), Failure> {
    let Some(current) = record.stream.as_mut().filter(|stream| stream.enabled) else { return Ok(()) };
    current.enabled = false;
    let row = place.stream(name, &current.label);
    let found = tx.get(&row)?.ok_or_else(|| corrupt("a table's stream is not there"))?;
    let stream = Stream { ended_ms: Some(now_ms), ..Stream::decode(&found)? };
    tx.put(row, stream.encode());
    mark(tx, place, &record.home, &marked_as(place, &current.label), true)
}

/// The label of a stream's marks in the log, which replicas have in common.
pub fn marked_as(place: &Place, label: &str) -> String {
    format!("{}/{label}", place.region)
}

/// Keeps the place in the log at which what needs it begins or ends, or of which a copy is made: that of this transaction.
pub fn mark(tx: &mut Tx, place: &Place, log: &Home, label: &str, ends: bool) -> Result<(), Failure> {
    let counter = counter(tx)?;
    tx.put_stamped(place.mark(log, label, ends).stamped(counter), Bytes::new());
    Ok(())
}

/// The places in the log between which a stream is; those of one that has not ended go on.
pub fn bounds(
    snapshot: &Snapshot,
    place: &Place,
    log: &Home,
    label: &str,
) -> Result<(Stamp, Option<Stamp>), store::Error> {
    let label = marked_as(place, label);
    let begin = marked(snapshot, place, log, &label, false)?;
    let begin = begin.ok_or_else(|| corrupt("a stream has no beginning"))?;
    Ok((begin, marked(snapshot, place, log, &label, true)?))
}

/// The place in a log that was kept under a label.
pub fn marked(
    snapshot: &Snapshot,
    place: &Place,
    log: &Home,
    label: &str,
    ends: bool,
) -> Result<Option<Stamp>, store::Error> {
    let prefix = place.mark(log, label, ends).finish();
    let page = snapshot.range(KeyRange::prefix(&prefix), RangeOptions::limit(1))?;
    let Some((key, _)) = page.entries.first() else { return Ok(None) };
    let mut rest = KeyReader::after_prefix(key, &prefix).ok_or(KeyError::End { wanted: "stamp" })?;
    Ok(Some(rest.stamp()?))
}

/// A time as a label: without the zone.
fn label(at_ms: i64) -> String {
    Timestamp::from_millis(at_ms).with_millis()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_a_time() {
        assert_eq!(label(1_432_155_070_252), "2015-05-20T20:51:10.252");
        assert_eq!(label(1_432_155_070_002), "2015-05-20T20:51:10.002");
    }
}
