//! What goes on behind requests: indexes are filled and removed, items end, tokens end, logs are trimmed, copies are
//! made.

use std::sync::Arc;
use std::time::Duration;

use model_dynamodb::Error;
use service::places;
use store::{KeyRange, RangeOptions, Record as _, Tx};
use tokio::sync::Notify;

use crate::backup;
use crate::dynamodb::DynamoDb;
use crate::encryption::{self, Ring};
use crate::error::Failure;
use crate::expiry;
use crate::keys::{Place, SERVICE, text_after, token_end};
use crate::records::{self, Index, IndexState};
use crate::replicas;
use crate::restoring;
use crate::row::Row;
use crate::table::Table;
use crate::trimming;

/// Between two looks at what has ended. The service promises days.
const PERIOD: Duration = Duration::from_secs(60);
/// Items that one transaction puts into an index: at their largest they are half of what a transaction may hold.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
const BATCH: usize = 200;
/// Tables that are looked at from one snapshot.
const TABLES: usize = 100;

/// Wakes the work.
#[derive(Debug, Default)]
pub struct Housekeeping(Notify);

impl Housekeeping {
    /// There is something to do now.
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// Works for ever.
pub async fn run(service: Arc<DynamoDb>) {
    loop {
        if let Err(error) = once(&service).await {
            tracing::error!(?error, "tables cannot be looked after");
        }
        let next = service.clock.now().plus(PERIOD);
        tokio::select! {
            () = service.housekeeping.0.notified() => {}
            () = service.clock.sleep_until(next) => {}
        }
    }
}

async fn once(service: &DynamoDb) -> Result<(), Error> {
    service.rings.forget_old();
    for (account, region) in places(&service.store, SERVICE)? {
        let place = Place { account, region };
        end_tokens(service, &place).await?;
        trimming::end_streams(service, &place).await?;
        if backup::look_after(service, &place).await? {
            service.housekeeping.wake();
        }
        let tables = place.tables();
        let mut range = KeyRange::prefix(&tables);
        loop {
            let page = service.store.snapshot().range(range.clone(), RangeOptions::limit(TABLES))?;
            for (row, _) in &page.entries {
                let name = text_after(row, &tables).map_err(store::Error::from)?;
                // One that cannot be looked after is no reason to leave the others.
                if let Err(error) = of_table(service, &place, &name).await {
                    tracing::error!(table = name, ?error, "a table cannot be looked after");
                }
            }
            match page.entries.last() {
                Some((last, _)) if page.more => range = range.after(last),
                _ => break,
            }
        }
        service.rings.give_back(&place).await?;
    }
    Ok(())
}

async fn of_table(service: &DynamoDb, place: &Place, name: &str) -> Result<(), Error> {
    let Some(mut table) = service.find(&service.store.snapshot(), place, name)? else { return Ok(()) };
    if table.is_being_made() {
        if !restoring::of_items(service, &table).await? {
            service.housekeeping.wake();
            return Ok(());
        }
        let Some(now) = service.find(&service.store.snapshot(), place, name)? else { return Ok(()) };
        table = now;
    }
    // What needs a key that cannot be used waits until it can.
    let readable = encryption::look(service, &table).await?;
    if readable {
        encryption::seal_all(service, &table).await?;
    }
    for index in &table.record.indexes {
        match index.state {
            IndexState::Creating if readable => fill(service, &table, Filled::Index(index.id)).await?,
            IndexState::Deleting => remove(service, &table, index).await?,
            IndexState::Active | IndexState::Creating => {}
        }
    }
    restoring::end(service, &table).await?;
    trimming::of_table(service, &table).await?;
    if let Some(ends) = &table.record.time_to_live {
        match (ends.enabled, ends.filled) {
            (true, false) if readable => fill(service, &table, Filled::Ends).await?,
            (false, false) => forget_ends(service, &table).await?,
            _ => {}
        }
        if ends.enabled && readable {
            while expiry::remove_ended(service, &table).await? {}
        }
    }
    Ok(())
}

/// What is filled from the items of a table.
#[derive(Clone, Copy)]
enum Filled {
    Index(u32),
    Ends,
}

/// Goes through all items. Those that are written meanwhile are put in by their writers, and found to be there.
async fn fill(service: &DynamoDb, table: &Arc<Table>, filled: Filled) -> Result<(), Error> {
    let mut range = KeyRange::prefix(&table.rows);
    loop {
        let options = RangeOptions { limit: BATCH, max_bytes: BATCH_BYTES, reverse: false };
        let page = service.store.snapshot().range(range.clone(), options)?;
        let more = service
            .transact(|tx| {
                let table = service.current(tx, table)?;
                let ring = service.ring_at_hand(&table)?;
                for (row, _) in &page.entries {
                    let Some(bytes) = tx.get(row)? else { continue };
                    let item = Row::decode(&bytes, ring.as_deref())?.item()?;
                    match filled {
                        Filled::Index(id) => {
                            let Some(index) = creating(&table, id) else { return Ok(false) };
                            put_in(tx, (&table, ring.as_deref()), index, &item, row)?;
                        }
                        Filled::Ends => {
                            let Some(ends) = &table.record.time_to_live else { return Ok(false) };
                            if let Some(at) = expiry::of(&item, &ends.attribute) {
                                tx.put(table.contents.end(at, row), row.clone());
                            }
                        }
                    }
                }
                if !page.more {
                    done(tx, &table, filled)?;
                }
                Ok::<_, Failure>(page.more)
            })
            .await?;
        match page.entries.last() {
            Some((last, _)) if more => range = range.after(last),
            _ => return Ok(()),
        }
    }
}

fn creating(table: &Table, id: u32) -> Option<&Index> {
    table.record.indexes.iter().find(|index| index.id == id && index.state == IndexState::Creating)
}

fn put_in(
    tx: &mut Tx,
    (table, ring): (&Table, Option<&Ring>),
    index: &Index,
    item: &attribute::Item,
    row: &bytes::Bytes,
) -> Result<(), store::Error> {
    let Some((key, shown)) = table.entry(index, item, row) else { return Ok(()) };
    if tx.get(&key)?.is_some() {
        return Ok(());
    }
    let (size, bytes) = Row::encode(&shown, ring);
    tx.put(key, bytes);
    tx.add_i64(table.contents.count(index.id), 1);
    tx.add_i64(table.contents.bytes(index.id), size as i64);
    Ok(())
}

/// Notes that all items have been gone through.
fn done(tx: &mut Tx, table: &Table, filled: Filled) -> Result<(), Failure> {
    let mut record: records::Table = table.record.clone();
    match filled {
        Filled::Index(id) => {
            for index in record.indexes.iter_mut().filter(|index| index.id == id) {
                index.state = IndexState::Active;
            }
        }
        Filled::Ends => {
            if let Some(ends) = &mut record.time_to_live {
                ends.filled = true;
            }
        }
    }
    replicas::save(tx, (&table.place, &table.name), record)
}

async fn remove(service: &DynamoDb, table: &Arc<Table>, index: &Index) -> Result<(), Error> {
    service
        .transact(|tx| {
            let table = service.current(tx, table)?;
            let mut record = table.record.clone();
            record.indexes.retain(|known| known.id != index.id);
            let used = |name: &String| {
                record
                    .key
                    .all()
                    .chain(record.indexes.iter().flat_map(|known| known.key.all()))
                    .any(|key| key == name)
            };
            let unused: Vec<String> =
                record.attributes.iter().map(|(name, _)| name).filter(|name| !used(name)).cloned().collect();
            record.attributes.retain(|(name, _)| !unused.contains(name));
            tx.delete_range(KeyRange::prefix(table.contents.rows(index.id)));
            tx.delete(table.contents.count(index.id));
            tx.delete(table.contents.bytes(index.id));
            replicas::save(tx, (&table.place, &table.name), record)?;
            Ok::<_, Failure>(())
        })
        .await
}

async fn forget_ends(service: &DynamoDb, table: &Arc<Table>) -> Result<(), Error> {
    service
        .transact(|tx| {
            let table = service.current(tx, table)?;
            tx.delete_range(KeyRange::prefix(table.contents.ends()));
            done(tx, &table, Filled::Ends)?;
            Ok::<_, Failure>(())
        })
        .await
}

/// Forgets tokens that have ended.
async fn end_tokens(service: &DynamoDb, place: &Place) -> Result<(), Error> {
    let ends = place.token_ends();
    loop {
        let range = KeyRange::new(ends.clone(), place.token_end(service.clock.now().millis(), ""));
        let page = service.store.snapshot().range(range, RangeOptions::limit(BATCH))?;
        if page.entries.is_empty() {
            return Ok(());
        }
        service
            .transact(|tx| {
                for (row, _) in &page.entries {
                    let (at, token) = token_end(row, &ends).map_err(store::Error::from)?;
                    let held = place.token(&token);
                    // Used again meanwhile, it has another end.
                    if let Some(found) = tx.get(&held)?
                        && records::Token::decode(&found)?.expires_ms == at
                    {
                        tx.delete(held);
                    }
                    tx.delete(row.clone());
                }
                Ok::<_, Failure>(())
            })
            .await?;
    }
}
