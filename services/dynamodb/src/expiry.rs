//! When items end: rows in the order of time beside the items, written with them.

use attribute::{Item, Value};
use bytes::Bytes;
use store::{KeyRange, RangeOptions, Tx};

use crate::capacity::Rate;
use crate::dynamodb::DynamoDb;
use crate::error::{Failure, corrupt};
use crate::keys;
use crate::limits::LOGGED_BYTES_MAX;
use crate::log::By;
use crate::row::Row;
use crate::table::{ItemKey, Table};
use crate::write::Write;

/// What ended longer ago than this is not taken for an end ("Time to Live", five years).
const OLDEST_SECS: i64 = 5 * 365 * 24 * 60 * 60;
/// Items that one transaction removes: 40 MiB of them at most are read, and little is written.
const BATCH: usize = 100;

/// The second at which an item ends, if the attribute says one.
pub fn of(item: &Item, attribute: &str) -> Option<i64> {
    match item.get(attribute)? {
        Value::N(number) => number.to_i64(),
        _ => None,
    }
}

/// Keeps the row of an item's end, from what it was to what it is.
pub fn follow(tx: &mut Tx, table: &Table, item: &Bytes, old: Option<i64>, new: Option<i64>) {
    if old == new {
        return;
    }
    if let Some(old) = old {
        tx.delete(table.contents.end(old, item));
    }
    if let Some(new) = new {
        tx.put(table.contents.end(new, item), item.clone());
    }
}

/// Removes items of a table that have ended; whether there may be more now.
pub async fn remove_ended(
    service: &DynamoDb,
    table: &std::sync::Arc<Table>,
) -> Result<bool, model_dynamodb::Error> {
    let now = service.clock.now().millis() / 1000;
    let ends = table.contents.ends();
    let range = KeyRange::new(table.contents.end(now - OLDEST_SECS, &[]), table.contents.end(now, &[]));
    let page = service.store.snapshot().range(range, RangeOptions::limit(BATCH))?;
    if page.entries.is_empty() {
        return Ok(false);
    }
    let all = service
        .transact(|tx| {
            let table = service.current(tx, table)?;
            let mut logged = 0;
            for (row, item) in &page.entries {
                if logged > LOGGED_BYTES_MAX {
                    return Ok(false);
                }
                let at = keys::end_of(row, &ends).map_err(store::Error::from)?;
                logged += remove(service, tx, &table, at, item)?;
            }
            Ok::<_, Failure>(true)
        })
        .await?;
    Ok(page.more || !all)
}

/// Removes an item, if it ends at this second; how many bytes its table's log has of it.
fn remove(service: &DynamoDb, tx: &mut Tx, table: &Table, at: i64, row: &Bytes) -> Result<usize, Failure> {
    let Some(ends) = table.record.time_to_live.as_ref().filter(|ends| ends.enabled) else { return Ok(0) };
    let Some(found) = tx.get(row)? else { return Ok(0) };
    let item = Row::decode(&found, service.ring_at_hand(table)?.as_deref())?.item()?;
    if of(&item, &ends.attribute) != Some(at) {
        return Err(corrupt("an item's end is not where it is kept").into());
    }
    let key = ItemKey { item: crate::schema::only(table.record.key.all(), &item), row: row.clone() };
    let write = Write { key, change: Box::new(|_, _| Ok(None)), reads: true, bytes: 0, rate: Rate::Strong };
    Ok(service.apply_own(tx, table, &write, By::Expiry)?.logged)
}
