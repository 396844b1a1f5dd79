//! Tables restored: RestoreTableToPointInTime and RestoreTableFromBackup.

use std::sync::Arc;

use bytes::Bytes;
use kernel::Call;
use model_dynamodb::Error;
use model_dynamodb::types::*;
use service::Allowed;
use store::{Record as _, Tx};
use wire::Open;

use super::create_table::room_for_table;
use crate::backup::BackupArn;
use crate::ceilings;
use crate::copy::hold;
use crate::definition;
use crate::dynamodb::DynamoDb;
use crate::encryption::{self, Encryption, NewKey, Wanted};
use crate::error::{Failure, backup_not_found, is_updated, validation, wrong};
use crate::name::TableName;
use crate::records::{self, Backup, Billing, Copy, CopyState, Cut, Home, IndexState, Restore, Source};
use crate::replicas;
use crate::resource::Restored;
use crate::table::Table;
use crate::warm;

/// What a request wants to be other than it was.
struct Overrides<'i> {
    billing: Option<&'i Open<BillingMode>>,
    throughput: Option<&'i ProvisionedThroughput>,
    ceilings: Option<&'i OnDemandThroughput>,
    globals: Option<&'i [GlobalSecondaryIndex]>,
    locals: Option<&'i [LocalSecondaryIndex]>,
    encryption: Option<&'i SseSpecification>,
}

/// What either operation wants to be otherwise.
macro_rules! overrides {
    ($input:expr) => {
        Overrides {
            billing: $input.billing_mode_override.as_ref(),
            throughput: $input.provisioned_throughput_override.as_ref(),
            ceilings: $input.on_demand_throughput_override.as_ref(),
            globals: $input.global_secondary_index_override.as_deref(),
            locals: $input.local_secondary_index_override.as_deref(),
            encryption: $input.sse_specification_override.as_ref(),
        }
    };
}

/// What of it is not built, and whether it is given.
macro_rules! not_built {
    ($input:expr) => {
        [("VectorIndexOverride", $input.vector_index_override.is_some())]
    };
}

impl DynamoDb {
    pub async fn restore_table_to_point_in_time(
        self: Arc<Self>,
        call: Arc<Call>,
        restored: Allowed<Restored>,
        input: RestoreTableToPointInTimeInput,
    ) -> Result<RestoreTableToPointInTimeOutput, Error> {
        self.not_built("RestoreTableToPointInTime", &not_built!(input))?;
        let overrides = overrides!(input);
        let wanted = match (input.use_latest_restorable_time == Some(true), input.restore_date_time) {
            (true, None) => None,
            (false, Some(time)) => Some(time.millis()),
            _ => {
                return Err(validation(
                    "Either UseLatestRestorableTime or RestoreDateTime has to be specified, and not both",
                ));
            }
        };
        let source = restored.source.backed_up()?;
        if source.place != restored.target.place {
            return Err(validation("A table is restored in the account and region that it is in"));
        }
        let (id, now_ms) = (self.ids.uuid(), call.now.millis());
        let wanted_key = overrides.encryption.map(Wanted::of).transpose()?;
        let from = (source.record.encryption.as_ref(), &source.record.home);
        let key = self.key_of_copy(&call, &restored.target, from, wanted_key).await?;
        let was_sealed = source.record.encryption.is_some();
        let cut = match wanted {
            None => Cut::Mark,
            Some(at_ms) => Cut::Version(source.log().after(&self.store.snapshot(), at_ms)?),
        };
        let made = self
            .transact(|tx| {
                let source = self.current(tx, source)?;
                let Some(times) = source.restorable(now_ms) else {
                    return Err(Error::point_in_time_recovery_unavailable_exception(format!(
                        "Point in time recovery is not enabled for table '{}'",
                        source.name
                    ))
                    .into());
                };
                if source.record.encryption.is_some() != was_sealed {
                    return Err(is_updated(&source.name).into());
                }
                let at_ms = wanted.unwrap_or(now_ms);
                if !times.contains(&at_ms) {
                    return Err(Error::invalid_restore_time_exception(
                        "The restore time is not within the time that the table can be restored to",
                    )
                    .into());
                }
                let copy = Copy {
                    from: source.record.home.clone(),
                    source: Source::Table {
                        region: source.place.region.clone(),
                        name: source.name.clone(),
                        cut,
                    },
                    state: CopyState::Copying { after: Vec::new() },
                };
                let restore = Restore {
                    table_arn: source.arn.to_string(),
                    backup_arn: None,
                    at_ms,
                    copy: Some(copy),
                    done: false,
                };
                let mut record = source.record.clone();
                hold(tx, &source.place, &mut record, &id, cut)?;
                replicas::save(tx, (&source.place, &source.name), record)?;
                let home = Home { region: restored.target.place.region.clone(), id: id.clone() };
                let record = anew(&source.record, &overrides, home, now_ms)?;
                make(tx, &restored.target, record, (source.record.encryption.as_ref(), key.as_ref()), restore)
            })
            .await;
        let table = self.made(&restored.target, key, made).await?;
        Ok(RestoreTableToPointInTimeOutput { table_description: Some(self.describe(&table)?) })
    }

    pub async fn restore_table_from_backup(
        self: Arc<Self>,
        call: Arc<Call>,
        resource: Allowed<(BackupArn, TableName)>,
        input: RestoreTableFromBackupInput,
    ) -> Result<RestoreTableFromBackupOutput, Error> {
        self.not_built("RestoreTableFromBackup", &not_built!(input))?;
        let overrides = overrides!(input);
        let (arn, target) = &*resource;
        if arn.place != target.place {
            return Err(validation("A backup is restored in the account and region that it is in"));
        }
        let (id, now_ms) = (self.ids.uuid(), call.now.millis());
        let found = self.store.snapshot().get(&arn.row())?.ok_or_else(|| backup_not_found(arn))?;
        let backup = Backup::decode(&found).map_err(store::Error::from)?;
        let wanted_key = overrides.encryption.map(Wanted::of).transpose()?;
        let from = (backup.table.encryption.as_ref(), &backup.contents);
        let key = self.key_of_copy(&call, target, from, wanted_key).await?;
        let made = self
            .transact(|tx| {
                let row = arn.row();
                let found = tx.get(&row)?.ok_or_else(|| backup_not_found(arn))?;
                let mut backup = Backup::decode(&found)?;
                if backup.copy.is_some() {
                    return Err(Error::backup_in_use_exception(format!("Backup is being made: {arn}")).into());
                }
                backup.used_by.push(id.clone());
                let copy = Copy {
                    from: backup.contents.clone(),
                    source: Source::Backup { table: arn.table.clone(), id: arn.id.clone() },
                    state: CopyState::Copying { after: Vec::new() },
                };
                let restore = Restore {
                    table_arn: arn.source().arn().to_string(),
                    backup_arn: Some(arn.to_string()),
                    at_ms: backup.created_ms,
                    copy: Some(copy),
                    done: false,
                };
                tx.put(row, backup.encode());
                let home = Home { region: target.place.region.clone(), id: id.clone() };
                let record = anew(&backup.table, &overrides, home, now_ms)?;
                make(tx, target, record, (backup.table.encryption.as_ref(), key.as_ref()), restore)
            })
            .await;
        let table = self.made(target, key, made).await?;
        Ok(RestoreTableFromBackupOutput { table_description: Some(self.describe(&table)?) })
    }

    /// The table, if it has come about.
    async fn made(
        &self,
        name: &TableName,
        key: Option<NewKey>,
        made: Result<Bytes, Error>,
    ) -> Result<Table, Error> {
        let row = match made {
            Ok(row) => row,
            Err(error) => {
                self.rings.drop_unused(&name.place, key).await;
                return Err(error);
            }
        };
        self.housekeeping.wake();
        Ok(Table::read(name.place.clone(), &name.name, name.place.table(&name.name), row)?)
    }
}

/// Puts the row of a restored table; its bytes.
fn make(
    tx: &mut Tx,
    target: &TableName,
    mut record: records::Table,
    (source, key): (Option<&Encryption>, Option<&NewKey>),
    restore: Restore,
) -> Result<Bytes, Failure> {
    let row = target.place.table(&target.name);
    if tx.get(&row)?.is_some() {
        let text = format!("Table already exists: {}", target.name);
        return Err(Error::table_already_exists_exception(text).into());
    }
    room_for_table(tx, &target.place)?;
    record.restore = Some(restore);
    if let Some(key) = key {
        // What is copied as it was, in the clear, is sealed when it is there.
        let filling = source.is_none_or(|source| source.filling);
        record.encryption = Some(key.encryption(filling));
        encryption::put(tx, (&target.place, &record.home), key)?;
    }
    let encoded = record.encode();
    tx.put(row, encoded.clone());
    Ok(encoded)
}

/// A new table with keys, indexes and billing of another, as far as a request does not want it otherwise.
fn anew(
    source: &records::Table,
    overrides: &Overrides<'_>,
    home: Home,
    now_ms: i64,
) -> Result<records::Table, Error> {
    let billing = match (overrides.billing, overrides.throughput) {
        (None, None) => source.billing,
        (mode, given) => definition::billing(mode, given)?,
    };
    let mut indexes = source.indexes.clone();
    indexes.retain(|index| index.state != IndexState::Deleting);
    let named: Vec<(&String, bool)> = overrides
        .globals
        .into_iter()
        .flatten()
        .map(|index| (&*index.index_name, false))
        .chain(overrides.locals.into_iter().flatten().map(|index| (&*index.index_name, true)))
        .collect();
    for (name, local) in &named {
        if !indexes.iter().any(|index| index.name == **name && index.local == *local) {
            return Err(wrong(format_args!("The table that is restored has no index {name}")));
        }
    }
    indexes.retain(|index| {
        let overridden = if index.local { overrides.locals.is_some() } else { overrides.globals.is_some() };
        !overridden || named.contains(&(&index.name, index.local))
    });
    for index in &mut indexes {
        index.state = IndexState::Creating;
        let wanted = overrides.globals.into_iter().flatten().find(|wanted| *wanted.index_name == index.name);
        let ceilings = wanted.and_then(|wanted| wanted.on_demand_throughput.as_ref());
        index.ceilings = ceilings::changed(index.ceilings, ceilings, billing, Some(&index.name))?;
        let warm = wanted.and_then(|wanted| wanted.warm_throughput.as_ref());
        let wanted = wanted.and_then(|wanted| wanted.provisioned_throughput.as_ref());
        index.throughput = match billing {
            Billing::OnDemand => None,
            Billing::Provisioned(_) if index.local => None,
            Billing::Provisioned(of_table) => match wanted {
                Some(wanted) => Some(definition::throughput(wanted)?),
                None => index.throughput.or(Some(of_table)),
            },
        };
        if !index.local {
            index.warm = warm::of_index(warm, index.throughput, &index.name)?;
        }
    }
    let mut attributes = source.attributes.clone();
    let used = |name: &String| {
        source.key.all().chain(indexes.iter().flat_map(|index| index.key.all())).any(|key| key == name)
    };
    attributes.retain(|(name, _)| used(name));
    Ok(records::Table {
        id: home.id.clone(),
        home,
        created_ms: now_ms,
        attributes,
        key: source.key.clone(),
        indexes,
        next_index: source.next_index,
        billing,
        ceilings: ceilings::changed(source.ceilings, overrides.ceilings, billing, None)?,
        warm: warm::of_table(None, billing)?,
        on_demand_since_ms: (billing == Billing::OnDemand).then_some(now_ms),
        infrequent_access: source.infrequent_access,
        deletion_protected: false,
        tags: Default::default(),
        time_to_live: None,
        // Who else may use the new table is to be said anew.
        policy: None,
        stream: None,
        recovery: None,
        holds: Vec::new(),
        restore: None,
        group: None,
        import: None,
        encryption: None,
    })
}
