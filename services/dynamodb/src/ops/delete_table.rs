//! DeleteTable.

use std::sync::Arc;

use kernel::Call;
use model_dynamodb::Error;
use model_dynamodb::types::{DeleteTableInput, DeleteTableOutput, TableDescription, TableStatus};
use service::Allowed;

use crate::dynamodb::DynamoDb;
use crate::error::{Failure, validation};
use crate::resource::Named;

impl DynamoDb {
    /// The table is gone when this is answered; the store frees its space behind it.
    pub async fn delete_table(
        self: Arc<Self>,
        _: Arc<Call>,
        named: Allowed<Named>,
        _: DeleteTableInput,
    ) -> Result<DeleteTableOutput, Error> {
        let table = named.described()?;
        let described = self.describe(table)?;
        self.transact(|tx| {
            let table = self.current(tx, table)?;
            if table.record.deletion_protected {
                return Err(validation(format!(
                    "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection \
                     first. Table: {}",
                    table.name
                ))
                .into());
            }
            tx.delete(table.row.clone());
            tx.delete_range(table.contents.range());
            Ok::<_, Failure>(())
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
            deletion_protection_enabled: described.deletion_protection_enabled,
            ..TableDescription::default()
        };
        Ok(DeleteTableOutput { table_description: Some(description) })
    }
}
