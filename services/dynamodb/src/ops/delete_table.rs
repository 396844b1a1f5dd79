//! DeleteTable.

use std::sync::Arc;

use kernel::Call;
use model_dynamodb::Error;
use model_dynamodb::types::{DeleteTableInput, DeleteTableOutput, TableStatus};
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
        let mut description = self.describe(table)?;
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
        description.table_status = Some(TableStatus::Deleting.into());
        Ok(DeleteTableOutput { table_description: Some(description) })
    }
}
