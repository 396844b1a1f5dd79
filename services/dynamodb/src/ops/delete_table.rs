//! DeleteTable.

use std::sync::Arc;

use kernel::Call;
use model_dynamodb::Error;
use model_dynamodb::types::{DeleteTableInput, DeleteTableOutput, TableDescription, TableStatus};
use service::Allowed;
use store::{KeyRange, Record as _, Tx};

use crate::backup::BackupArn;
use crate::dynamodb::DynamoDb;
use crate::error::{Failure, validation};
use crate::limits::SYSTEM_BACKUP_LIFETIME_MS;
use crate::records::Backup;
use crate::resource::Named;
use crate::stream;
use crate::table::Table;
use crate::trimming::has_stream;

impl DynamoDb {
    /// The table is gone when this is answered; the store frees its space behind it. Its streams can be read on.
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
            if table.record.deletion_protected {
                return Err(validation(format!(
                    "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection \
                     first. Table: {}",
                    table.name
                ))
                .into());
            }
            if !table.record.holds.is_empty() {
                return Err(Error::resource_in_use_exception(format!(
                    "Attempt to change a resource which is still in use: Table is being backed up or restored: {}",
                    table.name
                ))
                .into());
            }
            stream::end(tx, (&table.place, &table.name), &mut table.record.clone(), now_ms)?;
            let (place, of) = (&table.place, (table.name.as_str(), table.record.id.as_str()));
            if !has_stream(|range, options| tx.range(range, options), place, of, None)? {
                tx.delete_range(table.log().all());
            }
            tx.delete(table.row.clone());
            if table.record.recovery.is_some() {
                self.leave_backup(tx, &table, now_ms);
            } else {
                tx.delete_range(table.contents.range());
            }
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

    /// Makes what a table has the contents of a backup, without copying it.
    fn leave_backup(&self, tx: &mut Tx, table: &Table, now_ms: i64) {
        let arn = BackupArn {
            place: table.place.clone(),
            table: table.name.clone(),
            id: format!("{now_ms:014}-{}", self.ids.hex(8)),
        };
        let backup = Backup {
            // The service's own name for it ("Point-in-time recovery").
            name: format!("{}$DeletedTableBackup", table.name),
            system: true,
            contents: table.record.id.clone(),
            table: table.record.clone(),
            created_ms: now_ms,
            expires_ms: Some(now_ms + SYSTEM_BACKUP_LIFETIME_MS),
            copy: None,
            used_by: Vec::new(),
        };
        tx.put(arn.row(), backup.encode());
        tx.delete_range(KeyRange::prefix(table.contents.indexes()));
        tx.delete_range(KeyRange::prefix(table.contents.ends()));
    }
}
