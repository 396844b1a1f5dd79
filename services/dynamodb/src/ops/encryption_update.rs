//! The part of UpdateTable that changes how a table is encrypted.

use kernel::Call;
use model_dynamodb::Error;
use model_dynamodb::types::{
    SseDescription, SseSpecification, SseStatus, TableDescription, UpdateTableInput, UpdateTableOutput,
};

use super::update_table::is_empty;
use crate::dynamodb::DynamoDb;
use crate::encryption::{self, Wanted};
use crate::error::{Failure, is_updated, validation, wrong};
use crate::name::TableName;
use crate::replicas;
use crate::resource::Named;
use crate::table::Table;

impl DynamoDb {
    /// Closes the table's key by another, or gives it one: then what is there is sealed behind requests.
    pub(super) async fn update_encryption(
        &self,
        call: &Call,
        named: &Named,
        (input, specification): (&UpdateTableInput, &SseSpecification),
    ) -> Result<UpdateTableOutput, Error> {
        let more = input.replica_updates.is_some() || input.global_table_witness_updates.is_some();
        if more || !is_empty(input) || input.attribute_definitions.is_some() {
            return Err(validation(
                "Server-Side Encryption modification must be the only operation in the request",
            ));
        }
        let wanted = Wanted::of(specification)?;
        let table = named.changeable()?;
        let is_replica = table.record.group.is_some();
        self.not_built("UpdateTable", &[("SSESpecification of a global table", is_replica)])?;
        check(table, &wanted)?;
        // Who changes the key of a table has to be able to open it.
        let ring = self.ring(call, table).await?;
        let fills = ring.is_none();
        let name = TableName { place: table.place.clone(), name: table.name.clone() };
        let key = self.rings.close(call, &name, &wanted, ring).await?;
        let before = self.describe(table)?;
        let contents = (&table.place, &table.record.home);
        // Writes that have begun without a key are to have it at hand as soon as the table has one: so before it has. Only one
        // may try that at a time, and only where nobody has done it: others would seal with a key that is not the table's.
        let mut _turn = None;
        if fills {
            _turn = Some(self.first_keys.lock().await);
            let has_one = self.transact(|tx| Ok(self.current(tx, table)?.record.encryption.is_some())).await;
            if !matches!(has_one, Ok(false)) {
                self.rings.drop_unused(&table.place, Some(key)).await;
                return Err(has_one.err().unwrap_or_else(|| is_updated(&table.name)));
            }
            self.rings.given(contents, &key);
        }
        let changed = self
            .transact(|tx| {
                let now = self.current(tx, table)?;
                check(&now, &wanted)?;
                // Somebody else has given it one meanwhile, or taken its replicas.
                if now.record.encryption.is_none() != fills || now.record.group.is_some() {
                    return Err(is_updated(&now.name).into());
                }
                let mut record = now.record.clone();
                record.encryption = Some(key.encryption(fills));
                encryption::put(tx, (&now.place, &record.home), &key)?;
                replicas::save(tx, (&now.place, &now.name), record)?;
                Ok::<_, Failure>(())
            })
            .await;
        if let Err(error) = changed {
            if fills {
                self.rings.not_given(contents);
            }
            self.rings.drop_unused(&table.place, Some(key)).await;
            return Err(error);
        }
        self.rings.given(contents, &key);
        self.housekeeping.wake();
        // It is as before, and about to change: as clients have learnt to expect.
        let sse = before.sse_description.unwrap_or_default();
        let sse = SseDescription { status: Some(SseStatus::Updating.into()), ..sse };
        let description = TableDescription { sse_description: Some(sse), ..before };
        Ok(UpdateTableOutput { table_description: Some(description) })
    }
}

/// Refuses what is so already. A key by another name than its ARN is taken for another.
fn check(table: &Table, wanted: &Wanted) -> Result<(), Error> {
    let encryption = table.record.encryption.as_ref();
    if encryption.is_some_and(|encryption| encryption.filling) {
        return Err(is_updated(&table.name));
    }
    let now = encryption.and_then(|encryption| encryption.kms_key.as_ref());
    match wanted {
        Wanted::Own if now.is_none() => Err(wrong("Table is already encrypted by default")),
        Wanted::Kms(Some(key)) if Some(key) == now => Err(wrong(
            "Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId parameter if you want to change Master \
             Key",
        )),
        _ => Ok(()),
    }
}
