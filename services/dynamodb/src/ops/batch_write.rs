//! BatchWriteItem.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use attribute::item_size;
use kernel::Call;
use model_dynamodb::Error;
use model_dynamodb::types::{BatchWriteItemInput, BatchWriteItemOutput, WriteRequest};
use service::Allowed;
use store::Tx;

use crate::bill::Bill;
use crate::capacity::{PerTable, Rate, Units};
use crate::dynamodb::DynamoDb;
use crate::error::{Failure, invalid, validation};
use crate::limits::{BATCH_WRITE_MAX, LOGGED_BYTES_MAX};
use crate::name::TableName;
use crate::resource::Named;
use crate::table::Table;
use crate::throttle::is_throttled;
use crate::write::Write;

/// What a write has cost, or that there was no capacity for it.
type Done = Result<(Arc<Table>, Units), Error>;

impl DynamoDb {
    /// As a rule all of it is one commit, else as few as hold it: cheaper than one for each item, and more than was asked for.
    pub async fn batch_write_item(
        self: Arc<Self>,
        call: Arc<Call>,
        tables: Allowed<Vec<Named>>,
        input: BatchWriteItemInput,
    ) -> Result<BatchWriteItemOutput, Error> {
        let asked: usize = input.request_items.values().map(Vec::len).sum();
        if asked == 0 {
            return Err(validation(
                "1 validation error detected: Value '{}' at 'requestItems' failed to satisfy constraint: Member must have \
                 length greater than or equal to 1",
            ));
        }
        if asked > BATCH_WRITE_MAX {
            return Err(validation("Too many items requested for the BatchWriteItem call"));
        }
        let mut writes: Vec<(Arc<Table>, Write)> = Vec::with_capacity(asked);
        let mut sources = Vec::with_capacity(asked);
        let mut metrics = BTreeMap::new();
        for (given, requests) in &*input.request_items {
            let name = TableName::parse(&call, given)?;
            let named = tables.iter().find(|named| named.name == name).ok_or_else(crate::error::no_table)?;
            let table = named.table()?;
            let mut rows = HashSet::new();
            for request in requests {
                let write = write_of(table, request)?;
                if !rows.insert(write.key.row.clone()) {
                    return Err(validation("Provided list of item keys contains duplicates"));
                }
                let of_item =
                    self.metrics_of(table, &write.key.item, input.return_item_collection_metrics.as_ref());
                if let Some(of_item) = of_item {
                    metrics.entry(given.clone()).or_insert_with(Vec::new).push(of_item);
                }
                writes.push((table.clone(), write));
                sources.push((given, request));
            }
        }
        for (table, _) in &writes {
            self.ring(&call, table).await?;
        }
        let _turns = self.latches.all(writes.iter().map(|(_, write)| &write.key.row)).await;
        let mut done = Vec::with_capacity(asked);
        let mut at_most = asked;
        while done.len() < asked {
            let rest = &writes[done.len()..];
            let part = &rest[..at_most.min(rest.len())];
            match self.transact_paid(|tx, bill| self.as_many(tx, part, bill)).await {
                Ok(more) => done.extend(more),
                Err(failure) if failure.is_too_large() && part.len() > 1 => at_most = part.len() / 2,
                Err(failure) => return Err(failure.into()),
            }
        }
        let mut units = PerTable::default();
        let mut unprocessed: BTreeMap<String, Vec<WriteRequest>> = BTreeMap::new();
        let nothing = done.iter().all(Result::is_err);
        for (done, (given, request)) in done.into_iter().zip(sources) {
            match done {
                Ok((table, cost)) => units.add(&table, &cost),
                Err(error) if nothing => return Err(error),
                Err(_) => unprocessed.entry(given.clone()).or_default().push(request.clone()),
            }
        }
        Ok(BatchWriteItemOutput {
            unprocessed_items: Some(unprocessed),
            item_collection_metrics: (!metrics.is_empty()).then_some(metrics),
            consumed_capacity: units.shown(input.return_consumed_capacity.as_ref(), false),
        })
    }

    /// Does writes until the transaction's part of logs is long; what each of those that were done costs, or why there was
    /// no capacity for it.
    fn as_many(
        &self,
        tx: &mut Tx,
        writes: &[(Arc<Table>, Write)],
        bill: &mut Bill<'_>,
    ) -> Result<Vec<Done>, Failure> {
        let mut done = Vec::with_capacity(writes.len());
        let mut logged = 0;
        for (table, write) in writes {
            if logged > LOGGED_BYTES_MAX {
                break;
            }
            let table = self.current(tx, table)?;
            done.push(match self.apply(tx, &table, write, bill) {
                Ok(written) => {
                    logged += written.logged;
                    Ok((table, written.units))
                }
                Err(Failure::Api(error)) if is_throttled(&error) => Err(*error),
                Err(failure) => return Err(failure),
            });
        }
        Ok(done)
    }
}

fn write_of(table: &Table, request: &WriteRequest) -> Result<Write, Error> {
    match (&request.put_request, &request.delete_request) {
        (Some(put), None) => {
            let item = put.item.as_valid().map_err(invalid)?.clone();
            let key = table.key_in(&item)?;
            let bytes = item_size(&item);
            let change = move |_: &_, _: Option<&_>| Ok(Some(item.clone()));
            Ok(Write { key, change: Box::new(change), reads: false, bytes, rate: Rate::Strong })
        }
        (None, Some(delete)) => {
            let key = table.key_of(delete.key.as_valid().map_err(invalid)?.clone())?;
            let bytes = item_size(&key.item);
            Ok(Write { key, change: Box::new(|_, _| Ok(None)), reads: false, bytes, rate: Rate::Strong })
        }
        _ => Err(validation(
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
        )),
    }
}
