//! Tables that go, alone or as replicas of others.

use model_dynamodb::Error;
use store::{KeyRange, Record as _, Tx};

use crate::backup::BackupArn;
use crate::copy::hold;
use crate::dynamodb::DynamoDb;
use crate::encryption;
use crate::error::{Failure, is_updated, validation};
use crate::limits::{SOURCE_STAYS_MS, SYSTEM_BACKUP_LIFETIME_MS};
use crate::records::{Backup, Copy, CopyState, Cut, Home, Source};
use crate::replicas;
use crate::stream;
use crate::table::Table;
use crate::trimming::is_used;

/// Refuses what cannot go now.
pub fn check(table: &Table, now_ms: i64) -> Result<(), Error> {
    let (name, region) = (&table.name, &table.place.region);
    if table.record.deletion_protected && table.record.group.is_some() {
        return Err(validation(format!(
            "Cannot delete table {name} in region {region} because it has deletion protection enabled. Disable deletion \
             protection first."
        )));
    }
    if table.record.deletion_protected {
        return Err(validation(format!(
            "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first. \
             Table: {name}"
        )));
    }
    let is_of_it = |source: &Option<String>| source.as_ref() == Some(region);
    let is_new = |added_ms: i64| now_ms - added_ms < SOURCE_STAYS_MS;
    if table.record.members().any(|other| is_of_it(&other.source) && is_new(other.added_ms)) {
        return Err(validation(
            "Replica cannot be deleted because it has acted as a source region for new replica(s) being added to the table in \
             the last 24 hours.",
        ));
    }
    if table.record.encryption.as_ref().is_some_and(|encryption| encryption.filling) {
        return Err(is_updated(name));
    }
    if !table.record.holds.is_empty() {
        return Err(Error::resource_in_use_exception(format!(
            "Attempt to change a resource which is still in use: Table is being backed up or restored: {name}"
        )));
    }
    Ok(())
}

impl DynamoDb {
    /// Removes a table. What it has goes with the last of its replicas; before that, one of them, in the region `keeper`,
    /// stands for it in what is made of it.
    pub fn remove(
        &self,
        tx: &mut Tx,
        table: &Table,
        keeper: Option<&str>,
        now_ms: i64,
    ) -> Result<(), Failure> {
        let (place, name, home) = (&table.place, table.name.as_str(), &table.record.home);
        let mut record = table.record.clone();
        stream::end(tx, (place, name), &mut record, now_ms)?;
        tx.delete_range(KeyRange::prefix(place.marks(home, &place.region)));
        tx.delete(table.row.clone());
        match keeper {
            Some(keeper) => {
                if table.record.recovery.is_some() {
                    let contents = Home { region: place.region.clone(), id: self.ids.uuid() };
                    encryption::share(tx, place, home, &contents)?;
                    hold(tx, place, &mut record, &contents.id, Cut::Mark)?;
                    let copy = Copy {
                        from: home.clone(),
                        source: Source::Table {
                            region: keeper.to_owned(),
                            name: name.to_owned(),
                            cut: Cut::Mark,
                        },
                        state: CopyState::Copying { after: Vec::new() },
                    };
                    self.leave_backup(tx, table, contents, Some(copy), now_ms);
                }
                let members = record.clone();
                record.without(&place.region);
                replicas::each(tx, (place, name), &members, |other| other.share(&record))
            }
            None => {
                if !is_used(|range, options| tx.range(range, options), place, home, None)? {
                    tx.delete_range(table.log().all());
                }
                if table.record.recovery.is_some() {
                    self.leave_backup(tx, table, home.clone(), None, now_ms);
                    tx.delete_range(KeyRange::prefix(table.contents.indexes()));
                    tx.delete_range(KeyRange::prefix(table.contents.ends()));
                } else {
                    tx.delete_range(table.contents.range());
                    encryption::forget(tx, place, home)?;
                }
                Ok(())
            }
        }
    }

    /// Leaves a backup of a table that could be restored, which has these contents or is to be copied into them.
    fn leave_backup(&self, tx: &mut Tx, table: &Table, contents: Home, copy: Option<Copy>, now_ms: i64) {
        let arn = BackupArn {
            place: table.place.clone(),
            table: table.name.clone(),
            id: format!("{now_ms:014}-{}", self.ids.hex(8)),
        };
        let backup = Backup {
            // The service's own name for it ("Point-in-time recovery").
            name: format!("{}$DeletedTableBackup", table.name),
            system: true,
            contents,
            table: table.record.clone(),
            created_ms: now_ms,
            expires_ms: Some(now_ms + SYSTEM_BACKUP_LIFETIME_MS),
            copy,
            used_by: Vec::new(),
        };
        tx.put(arn.row(), backup.encode());
    }
}
