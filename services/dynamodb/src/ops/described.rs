//! DescribeTable, and tables as other operations show them.

use std::sync::Arc;

use kernel::{Arn, Call, Timestamp};
use model_dynamodb::Error;
use model_dynamodb::types::*;
use service::Allowed;
use store::Snapshot;

use crate::ceilings;
use crate::dynamodb::DynamoDb;
use crate::encryption;
use crate::records::{self, Billing, Index, IndexState, Projection as Shown, TableStream, Throughput, View};
use crate::resource::Named;
use crate::schema::{KeyNames, Scalar};
use crate::streams::StreamArn;
use crate::table::Table;
use crate::warm;

/// The version of global tables.
const VERSION: &str = "2019.11.21";
/// Replicas of one account have settings in common and some of their own.
const OVERRIDES: GlobalTableSettingsReplicationMode =
    GlobalTableSettingsReplicationMode::EnabledWithOverrides;

impl DynamoDb {
    pub async fn describe_table(
        self: Arc<Self>,
        _: Arc<Call>,
        named: Allowed<Named>,
        _: DescribeTableInput,
    ) -> Result<DescribeTableOutput, Error> {
        Ok(DescribeTableOutput { table: Some(self.describe(named.described()?)?) })
    }

    /// All that is said of a table.
    pub fn describe(&self, table: &Table) -> Result<TableDescription, Error> {
        let record = &table.record;
        let snapshot = self.store.snapshot();
        let (mut locals, mut globals) = (Vec::new(), Vec::new());
        for index in &record.indexes {
            if index.local {
                locals.push(local(&snapshot, table, index)?);
            } else {
                globals.push(global(&snapshot, table, index)?);
            }
        }
        let mut attributes: Vec<AttributeDefinition> = record.attributes.iter().map(attribute).collect();
        attributes.sort_by(|a, b| a.attribute_name.cmp(&b.attribute_name));
        Ok(TableDescription {
            attribute_definitions: Some(attributes),
            table_name: Some(table.name.clone()),
            key_schema: Some(key_schema(&record.key)),
            table_status: Some(status(table).into()),
            creation_date_time: Some(Timestamp::from_millis(record.created_ms)),
            provisioned_throughput: Some(match record.billing {
                Billing::OnDemand => throughput(Throughput::default()),
                Billing::Provisioned(given) => throughput(given),
            }),
            table_size_bytes: Some(counter(&snapshot, &table.contents.bytes(0))?),
            item_count: Some(counter(&snapshot, &table.contents.count(0))?),
            table_arn: Some(table.arn.to_string()),
            table_id: Some(record.id.clone()),
            billing_mode_summary: record.on_demand_since_ms.map(|since| BillingModeSummary {
                billing_mode: Some(match record.billing {
                    Billing::OnDemand => BillingMode::PayPerRequest.into(),
                    Billing::Provisioned(_) => BillingMode::Provisioned.into(),
                }),
                last_update_to_pay_per_request_date_time: Some(Timestamp::from_millis(since)),
            }),
            local_secondary_indexes: (!locals.is_empty()).then_some(locals),
            global_secondary_indexes: (!globals.is_empty()).then_some(globals),
            table_class_summary: class(record),
            stream_specification: record.stream.as_ref().filter(|stream| stream.enabled).map(|stream| {
                StreamSpecification {
                    stream_enabled: true.into(),
                    stream_view_type: Some(stream_view(stream.view).into()),
                }
            }),
            latest_stream_label: record.stream.as_ref().map(|stream| stream.label.clone()),
            latest_stream_arn: record.stream.as_ref().map(|stream| stream_arn(table, stream).to_string()),
            restore_summary: record.restore.as_ref().map(|restore| RestoreSummary {
                source_backup_arn: restore.backup_arn.clone(),
                source_table_arn: Some(restore.table_arn.clone()),
                restore_date_time: Some(Timestamp::from_millis(restore.at_ms)),
                restore_in_progress: Some(!restore.done),
            }),
            deletion_protection_enabled: Some(record.deletion_protected),
            global_table_version: record.group.as_ref().map(|_| VERSION.to_owned()),
            replicas: record.group.as_ref().map(|_| self.replicas(&snapshot, table)).transpose()?,
            global_table_settings_replication_mode: record.group.as_ref().map(|_| OVERRIDES.into()),
            global_table_witnesses: record.witness().map(|region| {
                let region_name = Some(region.to_owned());
                vec![GlobalTableWitnessDescription {
                    region_name,
                    witness_status: Some(WitnessStatus::Active.into()),
                }]
            }),
            multi_region_consistency: record.is_strong().then(|| MultiRegionConsistency::Strong.into()),
            on_demand_throughput: ceilings::shown(record.ceilings),
            warm_throughput: Some(warm::shown(record.warm, TableStatus::Active)),
            sse_description: encryption::described(record.encryption.as_ref()),
            ..Default::default()
        })
    }

    /// The other replicas of a table.
    fn replicas(&self, snapshot: &Snapshot, table: &Table) -> Result<Vec<ReplicaDescription>, store::Error> {
        let globals = || table.record.indexes.iter().filter(|index| !index.local);
        let indexes: Vec<_> = globals()
            .map(|index| ReplicaGlobalSecondaryIndexDescription {
                index_name: Some(index.name.clone()),
                warm_throughput: Some(warm::shown_of_index(index.warm, IndexStatus::Active)),
                ..Default::default()
            })
            .collect();
        let mut replicas = Vec::new();
        for member in table.record.others(&table.place.region) {
            let place = table.place.in_region(&member.region);
            // The table may have been looked up before this snapshot.
            let Some(other) = self.find(snapshot, &place, &table.name)? else { continue };
            let encryption = other.record.encryption.as_ref();
            let locked_ms = encryption.and_then(|encryption| encryption.inaccessible_ms);
            replicas.push(ReplicaDescription {
                region_name: Some(member.region.clone()),
                replica_status: Some(match locked_ms {
                    Some(_) => ReplicaStatus::InaccessibleEncryptionCredentials.into(),
                    None => ReplicaStatus::Active.into(),
                }),
                replica_inaccessible_date_time: locked_ms.map(Timestamp::from_millis),
                kms_master_key_id: encryption.and_then(|encryption| encryption.kms_key.clone()),
                warm_throughput: Some(warm::shown(table.record.warm, TableStatus::Active)),
                global_secondary_indexes: (!indexes.is_empty()).then(|| indexes.clone()),
                replica_table_class_summary: class(&other.record),
                global_table_settings_replication_mode: Some(OVERRIDES.into()),
                ..Default::default()
            });
        }
        Ok(replicas)
    }
}

/// What is said of a table's class: nothing if it is the usual one.
fn class(record: &records::Table) -> Option<TableClassSummary> {
    record.infrequent_access.then(|| TableClassSummary {
        table_class: Some(TableClass::StandardInfrequentAccess.into()),
        ..Default::default()
    })
}

/// Whether the table is being changed.
fn status(table: &Table) -> TableStatus {
    let busy = table.record.indexes.iter().any(|index| index.state != IndexState::Active);
    let locked =
        table.record.encryption.as_ref().is_some_and(|encryption| encryption.inaccessible_ms.is_some());
    if table.is_being_made() {
        TableStatus::Creating
    } else if locked {
        TableStatus::InaccessibleEncryptionCredentials
    } else if busy {
        TableStatus::Updating
    } else {
        TableStatus::Active
    }
}

pub fn attribute((name, scalar): &(String, Scalar)) -> AttributeDefinition {
    let kind = match scalar {
        Scalar::S => ScalarAttributeType::S,
        Scalar::N => ScalarAttributeType::N,
        Scalar::B => ScalarAttributeType::B,
    };
    AttributeDefinition { attribute_name: name.clone().into(), attribute_type: wire::Open::from(kind).into() }
}

pub fn key_schema(key: &KeyNames) -> Vec<KeySchemaElement> {
    let of = |kind: KeyType| {
        move |name: &String| KeySchemaElement {
            attribute_name: name.clone().into(),
            key_type: wire::Open::from(kind).into(),
        }
    };
    key.partition.iter().map(of(KeyType::Hash)).chain(key.sort.iter().map(of(KeyType::Range))).collect()
}

pub fn projection(shown: &Shown) -> Projection {
    let (kind, names) = match shown {
        Shown::All => (ProjectionType::All, None),
        Shown::KeysOnly => (ProjectionType::KeysOnly, None),
        Shown::Include(names) => (ProjectionType::Include, Some(names.clone())),
    };
    Projection { projection_type: Some(kind.into()), non_key_attributes: names }
}

fn throughput(given: Throughput) -> ProvisionedThroughputDescription {
    ProvisionedThroughputDescription {
        last_increase_date_time: given.increased_ms.map(Timestamp::from_millis),
        last_decrease_date_time: given.decreased_ms.map(Timestamp::from_millis),
        number_of_decreases_today: Some(0),
        read_capacity_units: Some(given.read),
        write_capacity_units: Some(given.write),
    }
}

pub fn stream_view(view: View) -> StreamViewType {
    match view {
        View::KeysOnly => StreamViewType::KeysOnly,
        View::New => StreamViewType::NewImage,
        View::Old => StreamViewType::OldImage,
        View::Both => StreamViewType::NewAndOldImages,
    }
}

fn stream_arn(table: &Table, stream: &TableStream) -> Arn {
    StreamArn { place: table.place.clone(), table: table.name.clone(), label: stream.label.clone() }.arn()
}

fn local(
    snapshot: &Snapshot,
    table: &Table,
    index: &Index,
) -> Result<LocalSecondaryIndexDescription, store::Error> {
    Ok(LocalSecondaryIndexDescription {
        index_name: Some(index.name.clone()),
        key_schema: Some(key_schema(&index.key)),
        projection: Some(projection(&index.projection)),
        index_size_bytes: Some(counter(snapshot, &table.contents.bytes(index.id))?),
        item_count: Some(counter(snapshot, &table.contents.count(index.id))?),
        index_arn: Some(table.index_arn(index).to_string()),
    })
}

fn global(
    snapshot: &Snapshot,
    table: &Table,
    index: &Index,
) -> Result<GlobalSecondaryIndexDescription, store::Error> {
    let (status, backfilling) = match index.state {
        IndexState::Creating => (IndexStatus::Creating, Some(true)),
        IndexState::Active => (IndexStatus::Active, None),
        IndexState::Deleting => (IndexStatus::Deleting, None),
    };
    Ok(GlobalSecondaryIndexDescription {
        index_name: Some(index.name.clone()),
        key_schema: Some(key_schema(&index.key)),
        projection: Some(projection(&index.projection)),
        index_status: Some(status.into()),
        backfilling,
        provisioned_throughput: Some(throughput(index.throughput.unwrap_or_default())),
        index_size_bytes: Some(counter(snapshot, &table.contents.bytes(index.id))?),
        item_count: Some(counter(snapshot, &table.contents.count(index.id))?),
        index_arn: Some(table.index_arn(index).to_string()),
        on_demand_throughput: ceilings::shown(index.ceilings),
        warm_throughput: Some(warm::shown_of_index(index.warm, IndexStatus::Active)),
    })
}

pub fn counter(snapshot: &Snapshot, row: &[u8]) -> Result<i64, store::Error> {
    let Some(bytes) = snapshot.get(row)? else { return Ok(0) };
    let bytes = bytes[..].try_into().map_err(|_| crate::error::corrupt("a counter is not of 8 bytes"))?;
    Ok(i64::from_le_bytes(bytes))
}
