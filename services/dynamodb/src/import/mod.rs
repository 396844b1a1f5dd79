//! Imports: a new table of the items that objects in a bucket have.
//!
//! Objects are read in the order of their keys, and their items put into the table some at a time, with how far it is in the
//! same transaction. An object that was read in part is read again from its beginning, up to where it was.

mod batch;
mod object;
mod zstandard;

use std::sync::Arc;

use store::{Record as _, Snapshot, Tx};

use crate::dynamodb::DynamoDb;
use crate::encryption;
use crate::error::Failure;
use crate::ops::counter;
use crate::records;
use crate::table::Table;
use crate::transfer::bucket::{Bucket, Trouble};
use crate::transfer::job::Job;
use crate::transfer::records::{Failed, Import, ImportState, Reading};
use crate::transfer::{finish, nothing_left};

/// What the service says of an import whose every other item is in its table ("Import format quotas and validation").
const WRONG_ITEMS: (&str, &str) = (
    "ItemValidationError",
    "Some of the items failed validation checks and were not imported. Please check CloudWatch error logs for more details.",
);

/// Takes an import to its end, if it does not fail before.
pub async fn run(service: &DynamoDb, job: &Job) -> Result<(), Trouble> {
    loop {
        let Some((import, reading)) = read(service, job).await? else { return Ok(()) };
        let Some(table) = table(service, job, &import)? else {
            return Err(Trouble::Refused {
                code: "TableNotFound".to_owned(),
                message: "The table that is imported is gone".to_owned(),
                status: 400,
            });
        };
        let bucket =
            Bucket { service, job, by: &import.by, name: &import.from.bucket, owner: &import.from.owner };
        let keys = bucket.list(import.from.prefix.as_deref(), reading.after.as_deref()).await?;
        if keys.is_empty() {
            let wrong = (import.counts.errors > 0).then_some(WRONG_ITEMS);
            return Ok(end(service, job, wrong).await?);
        }
        for key in keys {
            object::take(&bucket, &table, import.packing, &key).await?;
        }
    }
}

/// The import while it is in progress; none if nothing is left to do.
async fn read(service: &DynamoDb, job: &Job) -> Result<Option<(Import, Reading)>, Trouble> {
    if let Some(found) = service.store.snapshot().get(&job.row())? {
        let import = Import::decode(&found).map_err(store::Error::from)?;
        if let ImportState::Reading(reading) = &import.state {
            let reading = reading.clone();
            return Ok(Some((import, reading)));
        }
    }
    nothing_left(service, job).await?;
    Ok(None)
}

/// The table that is made.
fn table(service: &DynamoDb, job: &Job, import: &Import) -> Result<Option<Arc<Table>>, store::Error> {
    let found = service.find(&service.store.snapshot(), &job.place, &job.table)?;
    Ok(found.filter(|table| table.record.id == import.table.id))
}

/// Ends an import that cannot go on.
pub async fn fail(
    service: &DynamoDb,
    job: &Job,
    code: &str,
    message: &str,
) -> Result<(), model_dynamodb::Error> {
    end(service, job, Some((code, message))).await
}

/// How many items an import has put into its table.
pub fn imported(snapshot: &Snapshot, job: &Job, import: &Import) -> Result<i64, store::Error> {
    match import.state {
        ImportState::Reading(_) => counter(snapshot, &job.place.contents(&import.table.home).count(0)),
        ImportState::Done { .. } | ImportState::Failed(_) => Ok(import.counts.imported),
    }
}

/// Ends an import: with the table as it is by then, or without it if nothing has come into it before it failed in the bucket.
async fn end(
    service: &DynamoDb,
    job: &Job,
    failed: Option<(&str, &str)>,
) -> Result<(), model_dynamodb::Error> {
    let ended_ms = service.clock.now().millis();
    service
        .transact(|tx| {
            finish(tx, job);
            let Some(found) = tx.get(&job.row())? else { return Ok(()) };
            let mut import = Import::decode(&found)?;
            // Nobody else writes to the table.
            import.counts.imported = imported(&service.store.snapshot(), job, &import)?;
            import.state = match failed {
                None => ImportState::Done { ended_ms },
                Some((code, message)) => ImportState::Failed(Failed {
                    ended_ms,
                    code: code.to_owned(),
                    message: message.to_owned(),
                }),
            };
            let keeps = failed.is_none_or(|(code, _)| code == WRONG_ITEMS.0) || import.counts.imported > 0;
            release(tx, job, &import, keeps)?;
            tx.put(job.row(), import.encode());
            Ok::<_, Failure>(())
        })
        .await
}

/// Makes the table one like any other, or removes it.
fn release(tx: &mut Tx, job: &Job, import: &Import, keeps: bool) -> Result<(), Failure> {
    let row = job.place.table(&job.table);
    let found = tx.get(&row)?.map(|found| records::Table::decode(&found)).transpose()?;
    let Some(mut table) = found.filter(|table| table.id == import.table.id) else { return Ok(()) };
    if keeps {
        table.import = None;
        tx.put(row, table.encode());
    } else {
        tx.delete(row);
        tx.delete_range(job.place.contents(&table.home).range());
        encryption::forget(tx, &job.place, &table.home)?;
    }
    Ok(())
}
