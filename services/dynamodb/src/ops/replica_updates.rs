//! The part of UpdateTable that makes, changes and removes replicas.

use std::sync::Arc;

use kernel::Call;
use model_dynamodb::Error;
use model_dynamodb::types::*;
use store::{KeyRange, RangeOptions, Record as _, Tx};
use wire::Open;

use super::create_table::room_for_table;
use super::replica_keys;
use super::update_table::is_empty;
use super::witness_updates::{Witness, check_made, check_removed, check_unchanged, several_kinds};
use crate::dynamodb::DynamoDb;
use crate::encryption::{self, NewKey};
use crate::error::{Failure, corrupt, is_updated, validation, wrong};
use crate::records::{Billing, Group, Table as Record, View};
use crate::removal;
use crate::replica_regions;
use crate::replicas;
use crate::resource::Named;
use crate::stream;
use crate::table::Table;

/// Replicas that are made with a table for it to be `STRONG`, of which one may be a witness: it has three regions
/// ("Multi-Region strong consistency").
const STRONG_REPLICAS: usize = 2;

/// What a request wants of replicas: one kind of thing.
enum Wanted<'i> {
    Create(Vec<&'i CreateReplicationGroupMemberAction>),
    Update(Vec<&'i UpdateReplicationGroupMemberAction>),
    Delete(Vec<&'i str>),
}

impl DynamoDb {
    pub(super) async fn update_replicas(
        &self,
        call: &Call,
        named: &Named,
        input: &UpdateTableInput,
    ) -> Result<UpdateTableOutput, Error> {
        let updates = input.replica_updates.as_deref().unwrap_or_default();
        if !is_empty(input) || input.attribute_definitions.is_some() {
            return Err(wrong(match &input.global_table_witness_updates {
                Some(_) => "Requests that modify replicas or witnesses must not also modify other fields",
                None => "Replica modification must be the only operation in the request",
            }));
        }
        self.check_built(updates)?;
        let wanted = wanted(updates)?;
        let witness = Witness::wanted(input.global_table_witness_updates.as_deref())?;
        let consistency = input.multi_region_consistency.as_ref().and_then(Open::known);
        let table = named.changeable()?;
        let before = self.describe(table)?;
        let (ids, now_ms) =
            ((0..updates.len()).map(|_| self.ids.uuid()).collect::<Vec<_>>(), call.now.millis());
        let keys = match &wanted {
            Wanted::Create(creates) => {
                check(table, &wanted, witness, consistency)?;
                self.replica_keys(call, table, creates).await?
            }
            Wanted::Update(_) | Wanted::Delete(_) => Vec::new(),
        };
        let done = self
            .transact(|tx| {
                let now = self.current(tx, table)?;
                check(&now, &wanted, witness, consistency)?;
                match &wanted {
                    Wanted::Create(creates) => {
                        // The keys were made for a table as it was before.
                        if now.record.encryption != table.record.encryption {
                            return Err(is_updated(&now.name).into());
                        }
                        let new: Vec<_> = ids.iter().zip(&keys).collect();
                        create(tx, &now, (creates, witness), &new, consistency, now_ms)
                    }
                    Wanted::Update(updates) => self.update(tx, &now, updates),
                    Wanted::Delete(regions) => self.delete(tx, &now, regions, now_ms),
                }
            })
            .await;
        if let (Err(error), Wanted::Create(creates)) = (&done, &wanted) {
            for (create, key) in creates.iter().zip(keys) {
                self.rings.drop_unused(&table.place.in_region(&create.region_name), key).await;
            }
            return Err(error.clone());
        }
        done?;
        self.housekeeping.wake();
        let description = match wanted {
            // It is done, but clients have learnt to expect that it is not yet.
            Wanted::Create(_) => {
                let now = self.find(&self.store.snapshot(), &table.place, &table.name)?;
                let now = now.ok_or_else(crate::error::no_table)?;
                let replicas = before.replicas.or_else(|| Some(Vec::new()));
                let global_table_witnesses = before.global_table_witnesses;
                TableDescription { replicas, global_table_witnesses, ..self.describe(&now)? }
            }
            Wanted::Update(_) | Wanted::Delete(_) => before,
        };
        let description =
            TableDescription { table_status: Some(TableStatus::Updating.into()), ..description };
        Ok(UpdateTableOutput { table_description: Some(description) })
    }

    /// Refuses what is not built, by name.
    fn check_built(&self, updates: &[ReplicationGroupUpdate]) -> Result<(), Error> {
        let creates = || updates.iter().filter_map(|update| update.create.as_ref());
        let changes = || updates.iter().filter_map(|update| update.update.as_ref());
        let indexes = creates()
            .filter_map(|create| create.global_secondary_indexes.as_ref())
            .chain(changes().filter_map(|change| change.global_secondary_indexes.as_ref()));
        self.not_built(
            "UpdateTable",
            &[
                ("ReplicaUpdates.Disassociate", updates.iter().any(|update| update.disassociate.is_some())),
                (
                    "ReplicaUpdates.OnDemandThroughputOverride",
                    creates().any(|create| create.on_demand_throughput_override.is_some())
                        || changes().any(|change| change.on_demand_throughput_override.is_some())
                        || indexes.flatten().any(|index| index.on_demand_throughput_override.is_some()),
                ),
            ],
        )
    }

    fn update(
        &self,
        tx: &mut Tx,
        table: &Table,
        updates: &[&UpdateReplicationGroupMemberAction],
    ) -> Result<(), Failure> {
        for update in updates {
            let place = table.place.in_region(&update.region_name);
            let Some(replica) = self.get(tx, &place, &table.name)? else {
                return Err(corrupt("a replica is not there").into());
            };
            let mut record = replica.record.clone();
            if let Some(class) = infrequent(update.table_class_override.as_ref()) {
                record.infrequent_access = class;
            }
            replicas::save(tx, (&place, &table.name), record)?;
        }
        Ok(())
    }

    fn delete(&self, tx: &mut Tx, table: &Table, regions: &[&str], now_ms: i64) -> Result<(), Failure> {
        let mut going: Vec<Arc<Table>> = Vec::with_capacity(regions.len());
        for region in regions {
            let place = table.place.in_region(region);
            let replica = self.get(tx, &place, &table.name)?;
            going.push(replica.ok_or_else(|| corrupt("a replica is not there"))?);
        }
        for replica in &going {
            removal::check(replica, now_ms)?;
        }
        for replica in &going {
            // Those before have changed what replicas have in common.
            let now = self.current(tx, replica)?;
            self.remove(tx, &now, Some(&table.place.region), now_ms)?;
        }
        Ok(())
    }
}

/// What a request wants, where it wants one kind of thing.
fn wanted(updates: &[ReplicationGroupUpdate]) -> Result<Wanted<'_>, Error> {
    let (mut creates, mut changes, mut deletes) = (Vec::new(), Vec::new(), Vec::new());
    for update in updates {
        match (&update.create, &update.update, &update.delete) {
            (Some(create), None, None) => creates.push(create),
            (None, Some(change), None) => changes.push(change),
            (None, None, Some(delete)) => deletes.push(delete.region_name.as_str()),
            (None, None, None) => return Err(no_action()),
            _ => return Err(several_kinds()),
        }
    }
    // The same once more is the same.
    let mut seen: Vec<&str> = Vec::new();
    creates.retain(|create| first(&mut seen, &create.region_name));
    let mut seen: Vec<&str> = Vec::new();
    deletes.retain(|region| first(&mut seen, region));
    match (creates.is_empty(), changes.is_empty(), deletes.is_empty()) {
        (false, true, true) => Ok(Wanted::Create(creates)),
        (true, false, true) => Ok(Wanted::Update(changes)),
        (true, true, false) => Ok(Wanted::Delete(deletes)),
        (true, true, true) => Err(no_action()),
        _ => Err(several_kinds()),
    }
}

fn first<'r>(seen: &mut Vec<&'r str>, region: &'r str) -> bool {
    let is_new = !seen.contains(&region);
    seen.push(region);
    is_new
}

fn no_action() -> Error {
    validation("There are no actions specified in the Replica Update Action of the request.")
}

/// A replica of a table whose regions see the same cannot go alone.
pub fn one_of_strong() -> Error {
    validation(
        "Deletion of only one table replica is not supported for global tables with MultiRegionConsistency set to STRONG.",
    )
}

/// There is nothing that scales a table's units, as a global table with units needs.
pub fn not_scaled() -> Error {
    validation("Table write capacity should either be Pay-Per-Request or AutoScaled.")
}

/// Refuses what cannot be done with a table as it is.
fn check(
    table: &Table,
    wanted: &Wanted<'_>,
    witness: Option<Witness<'_>>,
    consistency: Option<MultiRegionConsistency>,
) -> Result<(), Error> {
    let local = table.place.region.as_str();
    let strong = table.record.is_strong();
    let is_replica = |region: &str| table.record.others(local).any(|other| other.region == region);
    match wanted {
        Wanted::Create(creates) => {
            let regions = || creates.iter().map(|create| create.region_name.as_str());
            regions().try_for_each(replica_regions::check)?;
            if regions().any(|region| region == local) {
                return Err(of_local());
            }
            let made: Vec<&str> = regions().chain(Witness::created(witness)).collect();
            check_consistency(table, creates.len(), &made, consistency)?;
            check_made(witness, &[local].into_iter().chain(regions()).collect::<Vec<_>>(), consistency)?;
            if table.record.billing != Billing::OnDemand {
                return Err(not_scaled());
            }
            let indexes = creates.iter().filter_map(|create| create.global_secondary_indexes.as_ref());
            if creates.iter().any(|create| create.provisioned_throughput_override.is_some())
                || indexes.flatten().any(|index| index.provisioned_throughput_override.is_some())
            {
                return Err(units_on_demand());
            }
            replica_keys::check(table.record.encryption.as_ref(), creates)?;
        }
        Wanted::Update(changes) => {
            if consistency.is_some() {
                return Err(only_creates());
            }
            check_unchanged(witness)?;
            if changes.iter().any(|change| *change.region_name == local) {
                return Err(of_local());
            }
            check_members(changes.iter().map(|change| change.region_name.as_str()), is_replica)?;
            for change in changes {
                if change.kms_master_key_id.is_some() {
                    return Err(replica_keys::missing());
                }
                let indexes = change.global_secondary_indexes.iter().flatten();
                if change.provisioned_throughput_override.is_some()
                    || indexes.clone().any(|index| index.provisioned_throughput_override.is_some())
                {
                    return Err(units_on_demand());
                }
                if change.table_class_override.is_none() {
                    return Err(no_action());
                }
            }
        }
        Wanted::Delete(regions) => {
            if consistency.is_some() {
                return Err(only_creates());
            }
            if regions.contains(&local) {
                return Err(of_local());
            }
            check_members(regions.iter().copied(), is_replica)?;
            if strong && regions.len() < table.record.others(local).count() {
                return Err(one_of_strong());
            }
            check_removed(witness, &table.record)?;
            if !strong && regions.len() > 1 {
                return Err(several());
            }
        }
    }
    Ok(())
}

/// `made`: the regions of `creates` replicas, and that of a witness.
fn check_consistency(
    table: &Table,
    creates: usize,
    made: &[&str],
    consistency: Option<MultiRegionConsistency>,
) -> Result<(), Error> {
    match consistency {
        Some(MultiRegionConsistency::Strong) => {
            if made.len() != STRONG_REPLICAS {
                return Err(validation(
                    "Unsupported replica count for global tables with MultiRegionConsistency set to STRONG.",
                ));
            }
            replica_regions::check_strong(made.iter().copied().chain([table.place.region.as_str()]))?;
            if table.record.group.is_some() {
                return Err(of_existing());
            }
            if table.record.indexes.iter().any(|index| index.local) {
                return Err(of_strong("local secondary indexes"));
            }
            if table.record.time_to_live.as_ref().is_some_and(|ends| ends.enabled) {
                return Err(of_strong("Time to Live"));
            }
            Ok(())
        }
        Some(MultiRegionConsistency::Eventual) if table.record.group.is_some() => Err(of_existing()),
        _ if table.record.is_strong() => {
            Err(validation("Cannot add replicas to a global table with strong MultiRegionConsistency"))
        }
        _ if creates > 1 => Err(several()),
        _ => Ok(()),
    }
}

fn of_existing() -> Error {
    validation("MultiRegionConsistency parameter is unsupported on existing global table")
}

/// What a table whose regions see the same cannot have ("Multi-Region strong consistency").
pub fn of_strong(what: &str) -> Error {
    validation(format!("Global tables with MultiRegionConsistency set to STRONG do not support {what}"))
}

fn several() -> Error {
    validation("Update table operation with more than one create or delete replica actions not allowed")
}

fn only_creates() -> Error {
    validation("Only Replica Create actions are supported when MultiRegionConsistency parameter is provided.")
}

fn of_local() -> Error {
    validation(
        "Cannot add or delete the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or UpdateTable as \
         required.",
    )
}

fn units_on_demand() -> Error {
    validation(
        "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
    )
}

fn check_members<'r>(
    regions: impl Iterator<Item = &'r str>,
    is_replica: impl Fn(&str) -> bool,
) -> Result<(), Error> {
    let others: Vec<&str> = regions.filter(|region| !is_replica(region)).collect();
    if others.is_empty() {
        return Ok(());
    }
    Err(validation(format!(
        "Update global table operation failed because one or more replicas were not part of the global table. Please retry the \
         request without these replicas: [{}].",
        others.join(", ")
    )))
}

fn infrequent(class: Option<&Open<TableClass>>) -> Option<bool> {
    class.and_then(Open::known).map(|class| class == TableClass::StandardInfrequentAccess)
}

/// Makes replicas of a table, which have its contents.
fn create(
    tx: &mut Tx,
    table: &Table,
    (creates, witness): (&[&CreateReplicationGroupMemberAction], Option<Witness<'_>>),
    new: &[(&String, &Option<NewKey>)],
    consistency: Option<MultiRegionConsistency>,
    now_ms: i64,
) -> Result<(), Failure> {
    let (place, name, home) = (&table.place, table.name.as_str(), &table.record.home);
    let strong = consistency == Some(MultiRegionConsistency::Strong);
    if strong {
        let rows = tx.range(KeyRange::prefix(&table.rows), RangeOptions::limit(1))?;
        if !rows.entries.is_empty() {
            return Err(of_strong("tables that have items when their replicas are made").into());
        }
    }
    let mut record = table.record.clone();
    let has_stream = record.stream.as_ref().is_some_and(|stream| stream.enabled);
    if !strong && !has_stream {
        stream::begin(tx, (place, name), &mut record, View::Both, now_ms)?;
    }
    let view = record.stream.as_ref().filter(|stream| stream.enabled).map(|stream| stream.view);
    let mut group = match record.group.take() {
        Some(group) => group,
        None => {
            stream::mark(tx, place, home, &place.region, false)?;
            let members = vec![record.member(&place.region, record.created_ms, None)];
            Group { strong, witness: Witness::created(witness).map(str::to_owned), members }
        }
    };
    let filling = record.encryption.as_ref().is_some_and(|encryption| encryption.filling);
    for (create, (id, key)) in creates.iter().zip(new) {
        let there = place.in_region(&create.region_name);
        if tx.get(&there.table(name))?.is_some() {
            return Err(validation(format!(
                "Failed to create a the new replica of table with name: '{name}' because one or more replicas already existed \
                 as tables."
            ))
            .into());
        }
        room_for_table(tx, &there)?;
        let mut replica = Record {
            id: (*id).clone(),
            encryption: key.as_ref().map(|key| key.encryption(filling)),
            created_ms: now_ms,
            on_demand_since_ms: Some(now_ms),
            infrequent_access: infrequent(create.table_class_override.as_ref())
                .unwrap_or(record.infrequent_access),
            deletion_protected: false,
            tags: Default::default(),
            stream: None,
            recovery: None,
            restore: None,
            policy: None,
            ..record.clone()
        };
        if let Some(key) = key {
            encryption::put(tx, (&there, home), key)?;
        }
        if let Some(view) = view {
            stream::begin(tx, (&there, name), &mut replica, view, now_ms)?;
        }
        stream::mark(tx, place, home, &there.region, false)?;
        group.members.push(replica.member(&there.region, now_ms, Some(&place.region)));
        tx.put(there.table(name), replica.encode());
    }
    record.group = Some(group);
    // The new ones come to know the others.
    replicas::save(tx, (place, name), record)
}
