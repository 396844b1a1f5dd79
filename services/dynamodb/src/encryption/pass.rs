//! What goes on behind requests with tables that have a key: it is seen whether it can be used, and what was there before is
//! sealed.

use std::sync::Arc;

use bytes::Bytes;
use model_dynamodb::Error;
use store::{KeyRange, RangeOptions, Tx};

use super::records::Encryption;
use super::ring::Ring;
use crate::dynamodb::DynamoDb;
use crate::error::Failure;
use crate::log::Change;
use crate::replicas;
use crate::row::Row;
use crate::table::Table;

/// Rows of one transaction, and their bytes: with what is written of them far below what it may hold.
const BATCH: usize = 200;
const BATCH_BYTES: usize = 3 * 1024 * 1024;

/// Whether the key of a table can be used, which is noted where it is a KMS key.
pub async fn look(service: &DynamoDb, table: &Arc<Table>) -> Result<bool, Error> {
    let Some(encryption) = &table.record.encryption else { return Ok(true) };
    let usable = match service.rings.find_own(&table.place, &table.record.home).await {
        Ok(_) => true,
        Err(refused) if refused.is_of_key() => false,
        Err(refused) => return Err(refused.into()),
    };
    if encryption.inaccessible_ms.is_none() != usable {
        let since_ms = (!usable).then(|| service.clock.now().millis());
        change(service, table, |encryption| encryption.inaccessible_ms = since_ms).await?;
    }
    Ok(usable)
}

/// Seals all that is in the clear, if there may be any: items, what indexes show of them, and their images in the log. What is
/// written meanwhile is sealed by its writers. Where it was is not kept: what is sealed already is quickly gone through.
pub async fn seal_all(service: &DynamoDb, table: &Arc<Table>) -> Result<(), Error> {
    if !table.record.encryption.as_ref().is_some_and(|encryption| encryption.filling) {
        return Ok(());
    }
    let Some(ring) = service.own_ring(table).await? else { return Ok(()) };
    for rows in [table.contents.rows(0), table.contents.indexes()] {
        seal(service, KeyRange::prefix(rows), Row::is_clear, |bytes| Row::sealed(bytes, &ring)).await?;
    }
    seal(service, table.log().all(), is_clear, |bytes| sealed_change(bytes, &ring)).await?;
    change(service, table, |encryption| encryption.filling = false).await
}

async fn seal(
    service: &DynamoDb,
    mut range: KeyRange,
    is_clear: impl Fn(&Bytes) -> Result<bool, store::Error>,
    sealed: impl Fn(&Bytes) -> Result<Bytes, store::Error>,
) -> Result<(), Error> {
    loop {
        let options = RangeOptions { limit: BATCH, max_bytes: BATCH_BYTES, reverse: false };
        let page = service.store.snapshot().range(range.clone(), options)?;
        let mut clear = Vec::new();
        for (row, bytes) in &page.entries {
            if is_clear(bytes)? {
                clear.push(row);
            }
        }
        // Requests go first.
        tokio::task::yield_now().await;
        if !clear.is_empty() {
            service
                .transact(|tx| {
                    for row in &clear {
                        // It may be gone, or be sealed by who has written it meanwhile.
                        if let Some(bytes) = tx.get(row)?
                            && is_clear(&bytes)?
                        {
                            tx.put((*row).clone(), sealed(&bytes)?);
                        }
                    }
                    Ok::<_, Failure>(())
                })
                .await?;
        }
        match page.entries.last() {
            Some((last, _)) if page.more => range = range.after(last),
            _ => return Ok(()),
        }
    }
}

/// Whether a change of the log has an image in the clear.
fn is_clear(bytes: &Bytes) -> Result<bool, store::Error> {
    let change = Change::decode(bytes)?;
    change.old.iter().chain(&change.new).try_fold(false, |clear, row| Ok(clear | Row::is_clear(row)?))
}

/// The same change with its images sealed.
fn sealed_change(bytes: &Bytes, ring: &Ring) -> Result<Bytes, store::Error> {
    let mut change = Change::decode(bytes)?;
    for image in [&mut change.old, &mut change.new].into_iter().flatten() {
        *image = Row::sealed(image, ring)?;
    }
    Ok(change.encode())
}

/// Changes what is stored of a table's encryption.
async fn change(service: &DynamoDb, table: &Arc<Table>, with: impl Fn(&mut Encryption)) -> Result<(), Error> {
    service
        .transact(|tx: &mut Tx| {
            let table = service.current(tx, table)?;
            let mut record = table.record.clone();
            if let Some(encryption) = &mut record.encryption {
                with(encryption);
                replicas::save(tx, (&table.place, &table.name), record)?;
            }
            Ok::<_, Failure>(())
        })
        .await
}
