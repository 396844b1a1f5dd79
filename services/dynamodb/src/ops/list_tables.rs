//! ListTables.

use std::sync::Arc;

use kernel::Call;
use model_dynamodb::Error;
use model_dynamodb::types::{ListTablesInput, ListTablesOutput};
use service::Allowed;
use store::{KeyRange, RangeOptions};

use crate::dynamodb::DynamoDb;
use crate::keys::{Place, text_after};

/// Names of a page, where nothing is said ("ListTables", Limit).
const PAGE: usize = 100;

impl DynamoDb {
    pub async fn list_tables(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: ListTablesInput,
    ) -> Result<ListTablesOutput, Error> {
        let place = Place::of(&call);
        let tables = place.tables();
        let mut range = KeyRange::prefix(&tables);
        if let Some(start) = &input.exclusive_start_table_name {
            range = range.after(&place.table(start));
        }
        let limit = input.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(PAGE);
        let page = self.store.snapshot().range(range, RangeOptions::limit(limit))?;
        let names: Result<Vec<String>, _> = page
            .entries
            .iter()
            .map(|(row, _)| text_after(row, &tables).map_err(store::Error::from))
            .collect();
        let names = names?;
        Ok(ListTablesOutput {
            last_evaluated_table_name: names.last().filter(|_| page.more).cloned(),
            table_names: Some(names),
        })
    }
}
