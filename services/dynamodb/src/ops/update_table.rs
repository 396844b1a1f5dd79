//! UpdateTable.

use std::sync::Arc;

use kernel::Call;
use model_dynamodb::Error;
use model_dynamodb::types::{BillingMode, TableClass, UpdateTableInput, UpdateTableOutput};
use service::Allowed;
use wire::Open;

use super::replica_updates::not_scaled;
use crate::ceilings;
use crate::definition::{self, GivenIndex};
use crate::dynamodb::DynamoDb;
use crate::error::{Failure, validation, wrong};
use crate::limits::GLOBAL_INDEXES_MAX;
use crate::records::{Billing, IndexState, Table as Record, Throughput};
use crate::replicas;
use crate::resource::Named;
use crate::schema::Scalar;
use crate::stream;
use crate::warm;

impl DynamoDb {
    pub async fn update_table(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Named>,
        input: UpdateTableInput,
    ) -> Result<UpdateTableOutput, Error> {
        self.not_built(
            "UpdateTable",
            &[
                (
                    "GlobalTableSettingsReplicationMode",
                    input.global_table_settings_replication_mode.is_some(),
                ),
                ("DisassociationProtectionEnabled", input.disassociation_protection_enabled.is_some()),
                ("VectorIndexUpdates", input.vector_index_updates.is_some()),
            ],
        )?;
        if input.replica_updates.is_some() && input.sse_specification.is_none() {
            return self.update_replicas(&call, &named, &input).await;
        }
        if let Some(specification) = &input.sse_specification {
            return self.update_encryption(&call, &named, (&input, specification)).await;
        }
        if is_empty(&input) {
            return Err(validation(
                "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, \
                 SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, MultiRegionConsistency, \
                 DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is required",
            ));
        }
        if input.multi_region_consistency.is_some() {
            return Err(validation(
                "MultiRegionConsistency can only be specified with Create actions of ReplicaUpdates",
            ));
        }
        warm::check_request(&input)?;
        let table = named.changeable()?;
        let view = input.stream_specification.as_ref().map(stream::wanted).transpose()?;
        let given = input.attribute_definitions.as_deref().map(definition::attributes).transpose()?;
        self.transact(|tx| {
            let table = self.current(tx, table)?;
            let mut record = table.record.clone();
            apply(&mut record, &input, given.as_deref(), call.now.millis())?;
            if let Some(view) = view {
                if view.is_none() && is_replicated(&record) {
                    return Err(wrong("Disabling Stream is not allowed for a Global Table replica.").into());
                }
                stream::change(tx, (&table.place, &table.name), &mut record, view, call.now.millis())?;
            }
            if input.table_class.is_some() {
                let class = record.infrequent_access;
                replicas::each(tx, (&table.place, &table.name), &record, |other| {
                    other.infrequent_access = class
                })?;
            }
            replicas::save(tx, (&table.place, &table.name), record)?;
            Ok::<_, Failure>(())
        })
        .await?;
        self.housekeeping.wake();
        let now = self.find(&self.store.snapshot(), &named.name.place, &named.name.name)?;
        let now = now.ok_or_else(crate::error::no_table)?;
        let mut description = self.describe(&now)?;
        warm::as_updating(&mut description, &table.record, &input);
        Ok(UpdateTableOutput { table_description: Some(description) })
    }
}

/// Whether the service needs the streams of a table: replicas that see each other's writes later are told of them that way.
fn is_replicated(record: &Record) -> bool {
    record.group.as_ref().is_some_and(|group| !group.strong)
}

/// Whether a request asks for nothing.
pub(super) fn is_empty(input: &UpdateTableInput) -> bool {
    input.provisioned_throughput.is_none()
        && input.billing_mode.is_none()
        && input.global_secondary_index_updates.as_ref().is_none_or(Vec::is_empty)
        && input.stream_specification.is_none()
        && input.on_demand_throughput.is_none()
        && input.warm_throughput.is_none()
        && input.table_class.is_none()
        && input.deletion_protection_enabled.is_none()
}

fn apply(
    record: &mut Record,
    input: &UpdateTableInput,
    given: Option<&[(String, Scalar)]>,
    now_ms: i64,
) -> Result<(), Error> {
    if let Some(protect) = input.deletion_protection_enabled {
        record.deletion_protected = protect;
    }
    if let Some(class) = input.table_class.as_ref().and_then(Open::known) {
        record.infrequent_access = class == TableClass::StandardInfrequentAccess;
    }
    apply_billing(record, input, now_ms)?;
    let billing = record.billing;
    let wanted = input.on_demand_throughput.as_ref();
    record.ceilings = ceilings::changed(record.ceilings, wanted, billing, None)?;
    for index in &mut record.indexes {
        index.ceilings = ceilings::changed(index.ceilings, None, billing, None)?;
    }
    if let Some(wanted) = &input.warm_throughput {
        record.warm = warm::changed(record.warm, wanted, None)?;
    }
    let updates = input.global_secondary_index_updates.as_deref().unwrap_or_default();
    for update in updates {
        let given = [update.create.is_some(), update.update.is_some(), update.delete.is_some()];
        match given.iter().filter(|is_given| **is_given).count() {
            1 => {}
            0 => return Err(wrong("A GlobalSecondaryIndexUpdate has to have a Create, Update or Delete")),
            _ => {
                return Err(wrong(
                    "A GlobalSecondaryIndexUpdate can have only one of Create, Update and Delete",
                ));
            }
        }
    }
    let changes = updates.iter().filter(|update| update.create.is_some() || update.delete.is_some()).count();
    if changes > 1 {
        return Err(Error::limit_exceeded_exception(
            "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
        ));
    }
    for update in updates {
        if let Some(delete) = &update.delete {
            let name = &*delete.index_name;
            let found = record.indexes.iter_mut().find(|index| !index.local && index.name == *name);
            let found = found.ok_or_else(|| {
                Error::resource_not_found_exception(format!(
                    "Requested resource not found: Index: {name} not found"
                ))
            })?;
            if found.state == IndexState::Deleting {
                return Err(Error::resource_in_use_exception(format!(
                    "Attempt to change a resource which is still in use: Index is being deleted: {name}"
                )));
            }
            found.state = IndexState::Deleting;
        }
        if let Some(change) = &update.update {
            let name = &*change.index_name;
            let found = record.indexes.iter_mut().find(|index| !index.local && index.name == *name);
            let found = found.ok_or_else(|| {
                Error::resource_not_found_exception(format!(
                    "Requested resource not found: Index: {name} not found"
                ))
            })?;
            let wanted = change.on_demand_throughput.as_ref();
            found.ceilings = ceilings::changed(found.ceilings, wanted, billing, Some(name))?;
            if let Some(wanted) = &change.provisioned_throughput {
                let wanted = definition::throughput(wanted)?;
                found.throughput = Some(changed(found.throughput.unwrap_or_default(), wanted, now_ms));
            }
            if let Some(wanted) = &change.warm_throughput {
                found.warm = warm::changed(found.warm, wanted, Some(name))?;
            }
        }
        if let Some(create) = &update.create {
            let Some(given) = given else {
                return Err(wrong(
                    "AttributeDefinitions must be specified when a global secondary index is created",
                ));
            };
            for (name, scalar) in given {
                match record.attributes.iter().find(|(known, _)| known == name) {
                    Some((_, known)) if known != scalar => {
                        return Err(wrong(format_args!(
                            "Attributes cannot be redefined. Please check that your attribute has the same type as \
                             previously defined. Attribute: {name}. Existing type: {}. New type: {}",
                            known.key_type().code(),
                            scalar.key_type().code()
                        )));
                    }
                    Some(_) => {}
                    None => record.attributes.push((name.clone(), *scalar)),
                }
            }
            if record.indexes.iter().any(|index| index.name == *create.index_name) {
                return Err(wrong(format_args!(
                    "Attempting to create an index which already exists: {}",
                    *create.index_name
                )));
            }
            let globals = record.indexes.iter().filter(|index| !index.local).count();
            if globals >= GLOBAL_INDEXES_MAX {
                return Err(Error::limit_exceeded_exception(format!(
                    "GlobalSecondaryIndex count exceeds the per-table limit of {GLOBAL_INDEXES_MAX}"
                )));
            }
            let given = GivenIndex {
                name: &create.index_name,
                key: &create.key_schema,
                projection: &create.projection,
                throughput: create.provisioned_throughput.as_ref(),
                ceilings: create.on_demand_throughput.as_ref(),
                warm: create.warm_throughput.as_ref(),
                local: false,
            };
            let id = record.next_index;
            let index = definition::index(id, &given, &record.key, record.billing, IndexState::Creating)?;
            record.next_index += 1;
            record.indexes.push(index);
            definition::check_types(&record.attributes, &record.key, &record.indexes)?;
            definition::check_indexes(&record.indexes)?;
        }
    }
    warm::raise(record);
    Ok(())
}

fn apply_billing(record: &mut Record, input: &UpdateTableInput, now_ms: i64) -> Result<(), Error> {
    let mode = input.billing_mode.as_ref().and_then(Open::known);
    let given = input.provisioned_throughput.as_ref();
    match (mode, given) {
        (None, None) => {}
        (Some(BillingMode::PayPerRequest), _) => {
            definition::billing(input.billing_mode.as_ref(), given)?;
            if record.billing != Billing::OnDemand {
                record.billing = Billing::OnDemand;
                record.on_demand_since_ms = Some(now_ms);
                record.indexes.iter_mut().for_each(|index| index.throughput = None);
            }
        }
        (Some(BillingMode::Provisioned), None) if record.billing != Billing::OnDemand => {}
        (None, Some(_)) if record.billing == Billing::OnDemand => {
            return Err(wrong(
                "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
            ));
        }
        (_, given) => {
            let Billing::Provisioned(wanted) =
                definition::billing(Some(&BillingMode::Provisioned.into()), given)?
            else {
                return Ok(());
            };
            if record.group.is_some() {
                return Err(not_scaled());
            }
            let before = match record.billing {
                Billing::Provisioned(before) => before,
                Billing::OnDemand => Throughput::default(),
            };
            if (before.read, before.write) == (wanted.read, wanted.write) {
                return Err(validation(format!(
                    "The provisioned throughput for the table will not change. The requested value equals the current value. \
                     Current ReadCapacityUnits provisioned for the table: {}. Requested ReadCapacityUnits: {}. Current \
                     WriteCapacityUnits provisioned for the table: {}. Requested WriteCapacityUnits: {}. Refer to the Amazon \
                     DynamoDB Developer Guide for current limits and how to request higher limits.",
                    before.read, wanted.read, before.write, wanted.write
                )));
            }
            record.billing = Billing::Provisioned(changed(before, wanted, now_ms));
            for index in record.indexes.iter_mut().filter(|index| !index.local) {
                index.throughput.get_or_insert(wanted);
            }
        }
    }
    Ok(())
}

/// Notes when figures went up or down.
fn changed(before: Throughput, wanted: Throughput, now_ms: i64) -> Throughput {
    let up = wanted.read > before.read || wanted.write > before.write;
    let down = wanted.read < before.read || wanted.write < before.write;
    Throughput {
        increased_ms: if up { Some(now_ms) } else { before.increased_ms },
        decreased_ms: if down { Some(now_ms) } else { before.decreased_ms },
        ..wanted
    }
}
