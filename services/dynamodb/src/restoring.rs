//! Tables that are being restored.

use std::sync::Arc;

use model_dynamodb::Error;

use crate::copy::{Work, release};
use crate::dynamodb::DynamoDb;
use crate::error::Failure;
use crate::records::IndexState;
use crate::replicas;
use crate::table::Table;

/// Takes a table that is being restored further; whether its items are there.
pub async fn of_items(service: &DynamoDb, table: &Arc<Table>) -> Result<bool, Error> {
    let copy = table.record.restore.as_ref().and_then(|restore| restore.copy.as_ref());
    let Some(copy) = copy else { return Ok(true) };
    let (place, to) = (&table.place, &table.record.home);
    let work = Work { place, key: &table.record.key, to, changes: false };
    service
        .advance(&work, copy.clone(), |tx, now, next| {
            let table = service.current(tx, table)?;
            let mut record = table.record.clone();
            let Some(restore) = &mut record.restore else { return Ok(false) };
            if restore.copy.as_ref() != Some(now) {
                return Ok(false);
            }
            restore.copy = next.cloned();
            if next.is_none() {
                release(tx, place, to, now)?;
            }
            replicas::save(tx, (&table.place, &table.name), record)?;
            Ok(true)
        })
        .await
}

/// Notes that a restored table is there, if it is: with all its indexes.
pub async fn end(service: &DynamoDb, table: &Arc<Table>) -> Result<(), Error> {
    if !table.is_being_made() {
        return Ok(());
    }
    service
        .transact(|tx| {
            let table = service.current(tx, table)?;
            let mut record = table.record.clone();
            let there = record.indexes.iter().all(|index| index.state == IndexState::Active);
            if let Some(restore) = record.restore.as_mut().filter(|restore| there && restore.copy.is_none()) {
                restore.done = true;
                replicas::save(tx, (&table.place, &table.name), record)?;
            }
            Ok::<_, Failure>(())
        })
        .await
}
