//! TransactGetItems.

use std::collections::HashSet;
use std::sync::Arc;

use kernel::Call;
use model_dynamodb::Error;
use model_dynamodb::types::{ItemResponse, TransactGetItemsInput, TransactGetItemsOutput};
use service::Allowed;

use super::transact_write::cancelled_by;
use crate::capacity::{Rate, Units, of_read};
use crate::dynamodb::DynamoDb;
use crate::error::{invalid, validation};
use crate::limits::TRANSACTION_BYTES_MAX;
use crate::name::TableName;
use crate::resource::Named;
use crate::row::Row;
use crate::table::Table;

impl DynamoDb {
    pub async fn transact_get_items(
        self: Arc<Self>,
        call: Arc<Call>,
        tables: Allowed<Vec<Named>>,
        input: TransactGetItemsInput,
    ) -> Result<TransactGetItemsOutput, Error> {
        let mut plans = Vec::with_capacity(input.transact_items.len());
        let mut rows = HashSet::new();
        for item in &*input.transact_items {
            let get = &item.get;
            let shows =
                self.projection(get.projection_expression.as_ref(), &get.expression_attribute_names, None)?;
            let name = TableName::parse(&call, &get.table_name)?;
            let named = tables.iter().find(|named| named.name == name).ok_or_else(crate::error::no_table)?;
            let table = named.transacted()?;
            let key = table.key_of(get.key.as_valid().map_err(invalid)?.clone())?;
            if !rows.insert(key.row.clone()) {
                return Err(validation("Transaction request cannot include multiple operations on one item"));
            }
            plans.push((table, self.ring(&call, table).await?, shows, key));
        }
        // All as of one moment.
        let snapshot = self.store.snapshot();
        let mut responses = Vec::with_capacity(plans.len());
        let mut units: Vec<(&Arc<Table>, Units)> = Vec::new();
        let mut bytes = 0;
        let count = plans.len();
        for (at, (table, ring, shows, key)) in plans.into_iter().enumerate() {
            let row =
                snapshot.get(&key.row)?.map(|bytes| Row::decode(&bytes, ring.as_deref())).transpose()?;
            let size = row.as_ref().map_or(0, |row| row.size);
            bytes += size;
            if bytes > TRANSACTION_BYTES_MAX {
                return Err(validation(
                    "Aggregate size of items in the transaction exceeds the limit of 4 MB",
                ));
            }
            let read = of_read(size, Rate::Transaction);
            self.charge(table, &Units::reading(read)).map_err(|error| cancelled_by(at, count, error))?;
            match units.iter_mut().find(|(known, _)| known.row == table.row) {
                Some((_, units)) => units.read += read,
                None => units.push((table, Units::reading(read))),
            }
            responses.push(ItemResponse { item: row.as_ref().map(|row| shows.show(row)).transpose()? });
        }
        let asked = input.return_consumed_capacity.as_ref();
        let consumed: Vec<_> =
            units.iter().filter_map(|(table, units)| units.shown(table, asked, true)).collect();
        Ok(TransactGetItemsOutput {
            responses: Some(responses),
            consumed_capacity: (!consumed.is_empty()).then_some(consumed),
        })
    }
}
