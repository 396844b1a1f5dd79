//! DeleteTable.

use std::sync::Arc;

use kernel::Call;
use model_dynamodb::Error;
use model_dynamodb::types::{DeleteTableInput, DeleteTableOutput, TableDescription, TableStatus};
use service::Allowed;

use super::replica_updates::one_of_strong;
use crate::dynamodb::DynamoDb;
use crate::removal;
use crate::resource::Named;

impl DynamoDb {
    /// The table is gone when this is answered; the store frees its space behind it. Its streams can be read on, and its
    /// replicas stay.
    pub async fn delete_table(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Named>,
        _: DeleteTableInput,
    ) -> Result<DeleteTableOutput, Error> {
        let table = named.changeable()?;
        let now_ms = call.now.millis();
        let described = self.describe(table)?;
        self.transact(|tx| {
            let table = self.current(tx, table)?;
            if table.record.is_strong() {
                return Err(one_of_strong().into());
            }
            removal::check(&table, now_ms)?;
            let keeper = table.record.others(&table.place.region).next().map(|other| other.region.as_str());
            self.remove(tx, &table, keeper, now_ms)
        })
        .await?;
        // Of a table that goes less is said: nothing of its keys, its indexes and when it was made.
        let description = TableDescription {
            table_name: described.table_name,
            table_status: Some(TableStatus::Deleting.into()),
            provisioned_throughput: described.provisioned_throughput,
            table_size_bytes: described.table_size_bytes,
            item_count: described.item_count,
            table_arn: described.table_arn,
            table_id: described.table_id,
            billing_mode_summary: described.billing_mode_summary,
            table_class_summary: described.table_class_summary,
            replicas: described.replicas,
            deletion_protection_enabled: described.deletion_protection_enabled,
            ..TableDescription::default()
        };
        Ok(DeleteTableOutput { table_description: Some(description) })
    }
}
