//! The oldest part of logs, and streams that have ended, are removed once nobody can read them.

use std::sync::Arc;

use model_dynamodb::Error;
use store::{KeyRange, Page, RangeOptions, Record as _, Stamp};

use crate::dynamodb::DynamoDb;
use crate::encryption;
use crate::error::Failure;
use crate::keys::{Place, names_after, text_after};
use crate::limits::{DAY_MS, STREAM_LIFETIME_MS};
use crate::records::{self, Home, Stream};
use crate::stream::marked_as;
use crate::table::Table;

/// Streams are kept for so much longer than they are shown: who reads at the very end of their time is told that it is over, and
/// not given what comes behind.
const GRACE_MS: i64 = 60 * 60 * 1000;
/// Streams that are looked at from one snapshot.
const PAGE: usize = 200;

/// Removes what nobody can read of a table's log.
pub async fn of_table(service: &DynamoDb, table: &Arc<Table>) -> Result<(), Error> {
    let log = table.log();
    let snapshot = service.store.snapshot();
    let Some((_, first)) = log.first(&snapshot, log.all())? else { return Ok(()) };
    let now_ms = service.clock.now().millis();
    let read = |range, options| snapshot.range(range, options);
    let mut horizon_ms = if is_used(read, &table.place, &table.record.home, None)? {
        now_ms - STREAM_LIFETIME_MS - GRACE_MS
    } else {
        now_ms
    };
    if let Some(days) = table.record.recovery_days() {
        horizon_ms = horizon_ms.min(now_ms - days * DAY_MS);
    }
    if first.at_ms > horizon_ms {
        return Ok(());
    }
    let held = table.record.holds.iter().map(|hold| hold.from).min().unwrap_or(u64::MAX);
    let end = Stamp::new(log.after(&snapshot, horizon_ms)?.min(held), 0);
    drop(snapshot);
    service
        .transact(|tx| {
            // What needs the log is in the table's row: if that has changed, another time.
            let now = service.current(tx, table)?;
            if Arc::ptr_eq(&now, table) {
                tx.delete_range(log.between(Stamp::ZERO, end));
            }
            Ok::<_, Failure>(())
        })
        .await
}

/// Whether anything needs a log but for what has this label: a stream that can be read, a replica, or a copy.
pub fn is_used(
    mut read: impl FnMut(KeyRange, RangeOptions) -> Result<Page, store::Error>,
    place: &Place,
    log: &Home,
    but: Option<&str>,
) -> Result<bool, store::Error> {
    let marks = place.marks_of(log);
    let mut range = KeyRange::prefix(&marks);
    loop {
        let page = read(range.clone(), RangeOptions::limit(PAGE))?;
        for (row, _) in &page.entries {
            if but != Some(&text_after(row, &marks)?) {
                return Ok(true);
            }
        }
        match page.entries.last() {
            Some((last, _)) if page.more => range = range.after(last),
            _ => return Ok(false),
        }
    }
}

/// Removes streams that ended long ago, and the logs of tables that are gone when the last stream has.
pub async fn end_streams(service: &DynamoDb, place: &Place) -> Result<(), Error> {
    let streams = place.streams();
    let mut range = KeyRange::prefix(&streams);
    let before_ms = service.clock.now().millis() - STREAM_LIFETIME_MS - GRACE_MS;
    loop {
        let page = service.store.snapshot().range(range.clone(), RangeOptions::limit(PAGE))?;
        for (row, record) in &page.entries {
            let stream = Stream::decode(record).map_err(store::Error::from)?;
            if stream.ended_ms.is_some_and(|ended| ended <= before_ms) {
                let (table, label) = names_after(row, &streams).map_err(store::Error::from)?;
                remove(service, place, (&table, &label), &stream).await?;
            }
        }
        match page.entries.last() {
            Some((last, _)) if page.more => range = range.after(last),
            _ => return Ok(()),
        }
    }
}

async fn remove(
    service: &DynamoDb,
    place: &Place,
    (table, label): (&str, &str),
    stream: &Stream,
) -> Result<(), Error> {
    service
        .transact(|tx| {
            let row = tx.get(&place.table(table))?;
            let home = row.map(|row| records::Table::decode(&row)).transpose()?.map(|table| table.home);
            let marked = marked_as(place, label);
            let others =
                is_used(|range, options| tx.range(range, options), place, &stream.log, Some(&marked))?;
            if home.as_ref() != Some(&stream.log) && !others {
                tx.delete_range(place.log(&stream.log).all());
                encryption::forget(tx, place, &stream.log)?;
            }
            tx.delete(place.stream(table, label));
            tx.delete_range(KeyRange::prefix(place.marks(&stream.log, &marked)));
            Ok::<_, Failure>(())
        })
        .await
}
