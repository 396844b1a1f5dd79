//! Backups: CreateBackup, DescribeBackup, DeleteBackup, ListBackups.

use std::sync::Arc;

use kernel::{Call, Timestamp};
use model_dynamodb::Error;
use model_dynamodb::types::*;
use service::Allowed;
use store::{KeyRange, RangeOptions, Record as _, Snapshot};
use wire::Open;

use super::described::{counter, key_schema, projection, stream_view};
use crate::backup::BackupArn;
use crate::ceilings;
use crate::copy::hold;
use crate::dynamodb::DynamoDb;
use crate::encryption;
use crate::error::{Failure, backup_not_found, validation};
use crate::keys::{Place, names_after};
use crate::limits::BACKUPS_PAGE_MAX;
use crate::name::TableName;
use crate::records::{self, Backup, Billing, Copy, CopyState, Cut, Home, Source, Throughput};
use crate::replicas;
use crate::resource::Named;

impl DynamoDb {
    /// The backup is of this moment, and there some time later.
    pub async fn create_backup(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Named>,
        input: CreateBackupInput,
    ) -> Result<CreateBackupOutput, Error> {
        let table = named.backed_up()?;
        // Of a table whose key cannot be used there is no backup.
        self.own_ring(table).await?;
        let now_ms = call.now.millis();
        let arn = BackupArn {
            place: table.place.clone(),
            table: table.name.clone(),
            id: format!("{now_ms:014}-{}", self.ids.hex(8)),
        };
        let contents = Home { region: table.place.region.clone(), id: self.ids.uuid() };
        let backup = self
            .transact(|tx| {
                let table = self.current(tx, table)?;
                if table.is_being_made() {
                    let text = format!("Table is being created: {}", table.name);
                    return Err(Error::table_in_use_exception(text).into());
                }
                let copy = Copy {
                    from: table.record.home.clone(),
                    source: Source::Table {
                        region: table.place.region.clone(),
                        name: table.name.clone(),
                        cut: Cut::Mark,
                    },
                    state: CopyState::Copying { after: Vec::new() },
                };
                let backup = Backup {
                    name: (*input.backup_name).clone(),
                    system: false,
                    contents: contents.clone(),
                    table: table.record.clone(),
                    created_ms: now_ms,
                    expires_ms: None,
                    copy: Some(copy),
                    used_by: Vec::new(),
                };
                let mut record = table.record.clone();
                hold(tx, &table.place, &mut record, &contents.id, Cut::Mark)?;
                encryption::share(tx, &table.place, &record.home, &contents)?;
                replicas::save(tx, (&table.place, &table.name), record)?;
                tx.put(arn.row(), backup.encode());
                Ok::<_, Failure>(backup)
            })
            .await?;
        self.housekeeping.wake();
        let details = details(&self.store.snapshot(), &arn, &backup)?;
        Ok(CreateBackupOutput { backup_details: Some(details) })
    }

    pub async fn describe_backup(
        self: Arc<Self>,
        _: Arc<Call>,
        arn: Allowed<BackupArn>,
        _: DescribeBackupInput,
    ) -> Result<DescribeBackupOutput, Error> {
        let snapshot = self.store.snapshot();
        let found = snapshot.get(&arn.row())?.ok_or_else(|| backup_not_found(&arn))?;
        let backup = Backup::decode(&found).map_err(store::Error::from)?;
        Ok(DescribeBackupOutput { backup_description: Some(description(&snapshot, &arn, &backup)?) })
    }

    pub async fn delete_backup(
        self: Arc<Self>,
        _: Arc<Call>,
        arn: Allowed<BackupArn>,
        _: DeleteBackupInput,
    ) -> Result<DeleteBackupOutput, Error> {
        let snapshot = self.store.snapshot();
        let backup = self
            .transact(|tx| {
                let found = tx.get(&arn.row())?.ok_or_else(|| backup_not_found(&arn))?;
                let backup = Backup::decode(&found)?;
                if backup.copy.is_some() || !backup.used_by.is_empty() {
                    let text = format!("Backup is being made or restored from: {}", *arn);
                    return Err(Error::backup_in_use_exception(text).into());
                }
                tx.delete(arn.row());
                tx.delete_range(arn.place.contents(&backup.contents).range());
                encryption::forget(tx, &arn.place, &backup.contents)?;
                Ok::<_, Failure>(backup)
            })
            .await?;
        let mut description = description(&snapshot, &arn, &backup)?;
        if let Some(details) = &mut description.backup_details {
            details.backup_status = Some(BackupStatus::Deleted.into());
        }
        Ok(DeleteBackupOutput { backup_description: Some(description) })
    }

    /// Backups in the order of their tables' names, and of time.
    pub async fn list_backups(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: ListBackupsInput,
    ) -> Result<ListBackupsOutput, Error> {
        let limit = input.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(BACKUPS_PAGE_MAX);
        let place = Place::of(&call);
        let backups = place.backups();
        let mut range = KeyRange::prefix(&backups);
        if let Some(table) = &input.table_name {
            range = KeyRange::prefix(place.backups_of(&TableName::parse(&call, table)?.name));
        }
        if let Some(start) = &input.exclusive_start_backup_arn {
            let start = BackupArn::parse(start).filter(|start| start.place == place);
            range = range.after(&start.ok_or_else(|| validation("Invalid ExclusiveStartBackupArn"))?.row());
        }
        let snapshot = self.store.snapshot();
        let mut found = Vec::new();
        let more = loop {
            // One more than are wanted tells whether there are more.
            let page = snapshot.range(range.clone(), RangeOptions::limit(limit + 1))?;
            for (row, record) in &page.entries {
                let backup = Backup::decode(record).map_err(store::Error::from)?;
                if is_wanted(&backup, &input) {
                    let (table, id) = names_after(row, &backups).map_err(store::Error::from)?;
                    found.push((BackupArn { place: place.clone(), table, id }, backup));
                }
            }
            match page.entries.last() {
                _ if found.len() > limit => break true,
                Some((last, _)) if page.more => range = range.after(last),
                _ => break false,
            }
        };
        found.truncate(limit);
        let summaries: Result<Vec<BackupSummary>, store::Error> =
            found.iter().map(|(arn, backup)| summary(&snapshot, arn, backup)).collect();
        Ok(ListBackupsOutput {
            backup_summaries: Some(summaries?),
            last_evaluated_backup_arn: found.last().filter(|_| more).map(|(arn, _)| arn.to_string()),
        })
    }
}

/// Whether a backup is of the kind and time that are asked for. Where no kind is, it is those that users make.
fn is_wanted(backup: &Backup, input: &ListBackupsInput) -> bool {
    let kind = match input.backup_type.as_ref().and_then(Open::known) {
        Some(BackupTypeFilter::All) => true,
        Some(BackupTypeFilter::System) => backup.system,
        Some(BackupTypeFilter::AwsBackup) => false,
        Some(BackupTypeFilter::User) | None => !backup.system,
    };
    let at = Timestamp::from_millis(backup.created_ms);
    kind && input.time_range_lower_bound.is_none_or(|from| from <= at)
        && input.time_range_upper_bound.is_none_or(|to| at < to)
}

fn kind(backup: &Backup) -> BackupType {
    if backup.system { BackupType::System } else { BackupType::User }
}

fn status(backup: &Backup) -> BackupStatus {
    if backup.copy.is_some() { BackupStatus::Creating } else { BackupStatus::Available }
}

/// How many items it has and how many bytes they are: those of its table, while it is being made.
fn counts(snapshot: &Snapshot, place: &Place, backup: &Backup) -> Result<(i64, i64), store::Error> {
    let contents = place.contents(backup.copy.as_ref().map_or(&backup.contents, |copy| &copy.from));
    Ok((counter(snapshot, &contents.count(0))?, counter(snapshot, &contents.bytes(0))?))
}

fn summary(snapshot: &Snapshot, arn: &BackupArn, backup: &Backup) -> Result<BackupSummary, store::Error> {
    let (_, bytes) = counts(snapshot, &arn.place, backup)?;
    Ok(BackupSummary {
        table_name: Some(arn.table.clone()),
        table_id: Some(backup.table.id.clone()),
        table_arn: Some(arn.source().arn().to_string()),
        backup_arn: Some(arn.to_string()),
        backup_name: Some(backup.name.clone()),
        backup_creation_date_time: Some(Timestamp::from_millis(backup.created_ms)),
        backup_expiry_date_time: backup.expires_ms.map(Timestamp::from_millis),
        backup_status: Some(status(backup).into()),
        backup_type: Some(kind(backup).into()),
        backup_size_bytes: Some(bytes),
    })
}

fn details(snapshot: &Snapshot, arn: &BackupArn, backup: &Backup) -> Result<BackupDetails, store::Error> {
    let (_, bytes) = counts(snapshot, &arn.place, backup)?;
    Ok(BackupDetails {
        backup_arn: Some(arn.to_string()),
        backup_name: Some(backup.name.clone()),
        backup_size_bytes: Some(bytes),
        backup_status: Some(status(backup).into()),
        backup_type: Some(kind(backup).into()),
        backup_creation_date_time: Some(Timestamp::from_millis(backup.created_ms)),
        backup_expiry_date_time: backup.expires_ms.map(Timestamp::from_millis),
    })
}

fn description(
    snapshot: &Snapshot,
    arn: &BackupArn,
    backup: &Backup,
) -> Result<BackupDescription, store::Error> {
    let table = &backup.table;
    let (items, bytes) = counts(snapshot, &arn.place, backup)?;
    let (units, mode) = match table.billing {
        Billing::OnDemand => (Throughput::default(), BillingMode::PayPerRequest),
        Billing::Provisioned(units) => (units, BillingMode::Provisioned),
    };
    Ok(BackupDescription {
        backup_details: Some(details(snapshot, arn, backup)?),
        source_table_details: Some(SourceTableDetails {
            table_name: Some(arn.table.clone()),
            table_id: Some(table.id.clone()),
            table_arn: Some(arn.source().arn().to_string()),
            table_size_bytes: Some(bytes),
            key_schema: Some(key_schema(&table.key)),
            table_creation_date_time: Some(Timestamp::from_millis(table.created_ms)),
            provisioned_throughput: Some(throughput(units)),
            on_demand_throughput: ceilings::shown(table.ceilings),
            item_count: Some(items),
            billing_mode: Some(mode.into()),
        }),
        source_table_feature_details: Some(features(table)),
    })
}

fn throughput(units: Throughput) -> ProvisionedThroughput {
    ProvisionedThroughput { read_capacity_units: units.read.into(), write_capacity_units: units.write.into() }
}

fn features(table: &records::Table) -> SourceTableFeatureDetails {
    let (locals, globals): (Vec<_>, Vec<_>) = table.indexes.iter().partition(|index| index.local);
    let locals: Vec<_> = locals
        .into_iter()
        .map(|index| LocalSecondaryIndexInfo {
            index_name: Some(index.name.clone()),
            key_schema: Some(key_schema(&index.key)),
            projection: Some(projection(&index.projection)),
        })
        .collect();
    let globals: Vec<_> = globals
        .into_iter()
        .map(|index| GlobalSecondaryIndexInfo {
            index_name: Some(index.name.clone()),
            key_schema: Some(key_schema(&index.key)),
            projection: Some(projection(&index.projection)),
            provisioned_throughput: index.throughput.map(throughput),
            on_demand_throughput: ceilings::shown(index.ceilings),
        })
        .collect();
    let stream = table.stream.as_ref().filter(|stream| stream.enabled);
    let ends = table.time_to_live.as_ref().filter(|ends| ends.enabled);
    SourceTableFeatureDetails {
        local_secondary_indexes: (!locals.is_empty()).then_some(locals),
        global_secondary_indexes: (!globals.is_empty()).then_some(globals),
        stream_description: stream.map(|stream| StreamSpecification {
            stream_enabled: true.into(),
            stream_view_type: Some(stream_view(stream.view).into()),
        }),
        time_to_live_description: ends.map(|ends| TimeToLiveDescription {
            time_to_live_status: Some(TimeToLiveStatus::Enabled.into()),
            attribute_name: Some(ends.attribute.clone()),
        }),
        sse_description: encryption::described(table.encryption.as_ref()),
        ..Default::default()
    }
}
