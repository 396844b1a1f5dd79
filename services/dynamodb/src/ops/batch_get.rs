//! BatchGetItem.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use kernel::Call;
use model_dynamodb::Error;
use model_dynamodb::types::{BatchGetItemInput, BatchGetItemOutput, KeysAndAttributes};
use service::Allowed;

use crate::capacity::{Rate, Units, of_read};
use crate::dynamodb::DynamoDb;
use crate::error::{invalid, validation};
use crate::limits::{BATCH_GET_BYTES_MAX, BATCH_GET_MAX};
use crate::name::TableName;
use crate::resource::Named;
use crate::row::Row;
use crate::throttle::is_throttled;

impl DynamoDb {
    pub async fn batch_get_item(
        self: Arc<Self>,
        call: Arc<Call>,
        tables: Allowed<Vec<Named>>,
        input: BatchGetItemInput,
    ) -> Result<BatchGetItemOutput, Error> {
        let asked: usize = input.request_items.values().map(|wanted| wanted.keys.len()).sum();
        if asked == 0 {
            return Err(validation(
                "1 validation error detected: Value '{}' at 'requestItems' failed to satisfy constraint: Member must have \
                 length greater than or equal to 1",
            ));
        }
        if asked > BATCH_GET_MAX {
            return Err(validation("Too many items requested for the BatchGetItem call"));
        }
        // Everything is checked before anything is read.
        let mut plans = Vec::with_capacity(input.request_items.len());
        for (given, wanted) in &*input.request_items {
            let shows = self.projection(
                wanted.projection_expression.as_ref(),
                &wanted.expression_attribute_names,
                wanted.attributes_to_get.as_deref(),
            )?;
            let name = TableName::parse(&call, given)?;
            let named = tables.iter().find(|named| named.name == name).ok_or_else(crate::error::no_table)?;
            let table = named.table()?;
            let mut rows = HashSet::new();
            let mut keys = Vec::with_capacity(wanted.keys.len());
            for key in &*wanted.keys {
                let key = table.key_of(key.as_valid().map_err(invalid)?.clone())?;
                if !rows.insert(key.row.clone()) {
                    return Err(validation("Provided list of item keys contains duplicates"));
                }
                keys.push(key);
            }
            plans.push((given, wanted, named, table, shows, keys));
        }
        let (mut responses, mut unprocessed) = (BTreeMap::new(), BTreeMap::new());
        let mut consumed = Vec::new();
        let (mut bytes, mut throttled) = (0, None);
        let mut done = 0;
        for (given, wanted, named, table, shows, keys) in plans {
            let ring = self.ring(&call, table).await?;
            let rate = Rate::of_read(wanted.consistent_read);
            let (mut found, mut left) = (Vec::new(), Vec::new());
            let mut units = Units::default();
            for (key, given) in keys.iter().zip(&*wanted.keys) {
                if bytes >= BATCH_GET_BYTES_MAX {
                    left.push(given.clone());
                    continue;
                }
                let row = named.snapshot.get(&key.row)?;
                let row = row.map(|bytes| Row::decode(&bytes, ring.as_deref())).transpose()?;
                let size = row.as_ref().map_or(0, |row| row.size);
                let cost = Units::reading(of_read(size, rate));
                match self.charge(table, &cost) {
                    Err(error) if is_throttled(&error) => {
                        left.push(given.clone());
                        throttled = Some(error);
                        continue;
                    }
                    charged => charged?,
                }
                done += 1;
                bytes += size;
                units.add(&cost);
                found.extend(row.as_ref().map(|row| shows.show(row)).transpose()?);
            }
            if !left.is_empty() {
                unprocessed.insert(given.clone(), KeysAndAttributes { keys: left.into(), ..wanted.clone() });
            }
            responses.insert(given.clone(), found);
            consumed.extend(units.shown(table, input.return_consumed_capacity.as_ref(), false));
        }
        if let Some(error) = throttled.filter(|_| done == 0) {
            return Err(error);
        }
        Ok(BatchGetItemOutput {
            responses: Some(responses),
            unprocessed_keys: Some(unprocessed),
            consumed_capacity: input
                .return_consumed_capacity
                .as_ref()
                .map(|_| consumed)
                .filter(|all| !all.is_empty()),
        })
    }
}
