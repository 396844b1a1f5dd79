//! Which resources an operation touches.

mod governed;
pub mod said;
mod several;
mod statements;
mod transfers;

pub use governed::{Governed, delete_policy, get_policy, put_policy};
pub use several::{batch_get, batch_write, transact_get, transact_write};
pub use statements::{batch_execute, execute_statement, execute_transaction};
pub use transfers::{
    describe_export, describe_import, export_table, import_table, list_exports, list_imports,
};

use std::collections::BTreeSet;
use std::sync::Arc;

use attribute::{Given, Item, Value as Attribute};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kernel::{Arn, Call};
use model_dynamodb::Error;
use model_dynamodb::types::*;
use service::{Resource, Target};
use store::Snapshot;

use crate::backup::BackupArn;
use crate::dynamodb::DynamoDb;
use crate::error::{is_being_made, no_table, no_table_named, table_not_found, validation, wrong};
use crate::keys::SERVICE;
use crate::name::TableName;
use crate::ops::of_strong;
use crate::replica_regions;
use crate::table::Table;

/// A table that was looked up.
pub struct Named {
    pub name: TableName,
    pub found: Option<Arc<Table>>,
    /// What is read is read as of this.
    pub snapshot: Snapshot,
}

impl Named {
    pub fn look_up(service: &DynamoDb, call: &Call, given: &str) -> Result<Self, Error> {
        Self::of(service, TableName::parse(call, given)?)
    }

    fn of(service: &DynamoDb, name: TableName) -> Result<Self, Error> {
        let snapshot = service.store.snapshot();
        let found = service.find(&snapshot, &name.place, &name.name)?;
        Ok(Self { name, found, snapshot })
    }

    /// The table, for operations on items.
    pub fn table(&self) -> Result<&Arc<Table>, Error> {
        self.found.as_ref().filter(|table| !table.is_being_made()).ok_or_else(no_table)
    }

    /// The table, for transactions.
    pub fn transacted(&self) -> Result<&Arc<Table>, Error> {
        let table = self.table()?;
        if table.record.is_strong() { Err(of_strong("transactions")) } else { Ok(table) }
    }

    /// The table, for operations on tables.
    pub fn described(&self) -> Result<&Arc<Table>, Error> {
        self.found.as_ref().ok_or_else(|| no_table_named(&self.name.name))
    }

    /// The same, to change it.
    pub fn changeable(&self) -> Result<&Arc<Table>, Error> {
        let table = self.described()?;
        if table.is_being_made() { Err(is_being_made(&table.name)) } else { Ok(table) }
    }

    /// The table, for operations on its backups.
    pub fn backed_up(&self) -> Result<&Arc<Table>, Error> {
        self.found.as_ref().ok_or_else(|| table_not_found(&self.name.name))
    }

    /// As policies see it, or one of its indexes.
    pub fn target(&self, index: Option<&str>) -> Target {
        let arn = match index {
            None => self.name.arn(),
            Some(index) => Arn::aws(
                SERVICE,
                &self.name.place.region,
                &self.name.place.account,
                &format!("table/{}/index/{index}", self.name.name),
            ),
        };
        let mut target = Target::new(arn);
        if let Some(table) = &self.found {
            let tags = &table.record.tags;
            target = target.with_tags(tags.iter().map(|(key, value)| (key.as_str(), value.as_str())));
            if let Some(policy) = &table.policy {
                target = target.with_policy(policy.clone());
            }
        }
        target
    }

    /// With the partition keys of items that a request touches.
    pub fn leading<'i>(&self, target: Target, items: impl IntoIterator<Item = &'i Item>) -> Target {
        let Some(table) = &self.found else { return target };
        let keys = items
            .into_iter()
            .flat_map(|item| table.record.key.partition.iter().filter_map(|name| item.get(name)));
        with_leading(target, as_texts(keys))
    }
}

/// With `dynamodb:LeadingKeys`.
fn with_leading(target: Target, keys: BTreeSet<String>) -> Target {
    if keys.is_empty() { target } else { target.with_keys("dynamodb:LeadingKeys", keys) }
}

/// The same of keys' values.
pub fn with_leading_values<'v>(target: Target, keys: impl IntoIterator<Item = &'v Attribute>) -> Target {
    with_leading(target, as_texts(keys))
}

/// Keys' values as policies write them. Binary ones are base64, as they are on the wire.
fn as_texts<'v>(values: impl IntoIterator<Item = &'v Attribute>) -> BTreeSet<String> {
    let one = |value: &Attribute| match value {
        Attribute::S(text) => Some(text.to_string()),
        Attribute::N(number) => Some(number.to_string()),
        Attribute::B(bytes) => Some(STANDARD.encode(bytes)),
        _ => None,
    };
    values.into_iter().filter_map(one).collect()
}

fn good(given: &Given<Item>) -> Option<&Item> {
    given.as_valid().ok()
}

/// Operations on a table.
macro_rules! on_table {
    ($($name:ident: $input:ty),* $(,)?) => {
        $(pub fn $name(service: &DynamoDb, call: &Call, input: &$input) -> Result<Resource<Named>, Error> {
            let named = Named::look_up(service, call, &input.table_name)?;
            Ok(Resource::new(named.target(None), named))
        })*
    };
}

on_table! {
    create_backup: CreateBackupInput,
    delete_item: DeleteItemInput,
    describe_continuous_backups: DescribeContinuousBackupsInput,
    get_item: GetItemInput,
    put_item: PutItemInput,
    update_continuous_backups: UpdateContinuousBackupsInput,
    delete_table: DeleteTableInput,
    describe_table: DescribeTableInput,
    describe_time_to_live: DescribeTimeToLiveInput,
    update_item: UpdateItemInput,
    update_time_to_live: UpdateTimeToLiveInput,
}

/// Operations on items of a table or of one of its indexes. What they say of themselves is in [`said`].
macro_rules! on_index {
    ($($name:ident: $input:ty),* $(,)?) => {
        $(pub fn $name(service: &DynamoDb, call: &Call, input: &$input) -> Result<Resource<Named>, Error> {
            let named = Named::look_up(service, call, &input.table_name)?;
            Ok(Resource::new(named.target(input.index_name.as_deref()), named))
        })*
    };
}

on_index! {
    query: QueryInput,
    // A scan names no key, so a policy that lets somebody have some keys must not let them scan, as with the real service.
    scan: ScanInput,
}

/// A table that is to be made. Who gives it tags or a policy must be allowed to do that too.
pub fn create_table(
    _: &DynamoDb,
    call: &Call,
    input: &CreateTableInput,
) -> Result<Resource<TableName>, Error> {
    let name = TableName::parse(call, &input.table_name)?;
    let tags = input.tags.as_deref().unwrap_or_default();
    let target = || {
        Target::new(name.arn())
            .with_request_tags(tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())))
    };
    let mut resource = Resource::new(target(), ());
    if !tags.is_empty() {
        resource = resource.and(target().for_actions(["dynamodb:TagResource"]));
    }
    if input.resource_policy.is_some() {
        resource = resource.and(target().for_actions(["dynamodb:PutResourcePolicy"]));
    }
    Ok(resource.map(|()| name))
}

/// What whoever makes a replica has to be allowed to do where it is made ("DynamoDB global tables security").
const MAKES_REPLICA: [&str; 9] = [
    "dynamodb:CreateTable",
    "dynamodb:CreateTableReplica",
    "dynamodb:Scan",
    "dynamodb:Query",
    "dynamodb:UpdateItem",
    "dynamodb:PutItem",
    "dynamodb:GetItem",
    "dynamodb:DeleteItem",
    "dynamodb:BatchWriteItem",
];

/// A table, and replicas of it in other regions.
pub fn update_table(
    service: &DynamoDb,
    call: &Call,
    input: &UpdateTableInput,
) -> Result<Resource<Named>, Error> {
    let named = Named::look_up(service, call, &input.table_name)?;
    if input.replica_updates.as_ref().is_some_and(|updates| updates.len() > replica_regions::UPDATES_MAX) {
        let max = replica_regions::UPDATES_MAX;
        return Err(wrong(format_args!("ReplicaUpdates can have at most {max} actions")));
    }
    let mut resource = Resource::new(named.target(None), ());
    for update in input.replica_updates.iter().flatten() {
        let (create, change) = (update.create.as_ref(), update.update.as_ref());
        let touched = [
            (create.map(|create| &create.region_name), &MAKES_REPLICA[..]),
            (change.map(|change| &change.region_name), &["dynamodb:UpdateTable"]),
            (
                update.delete.as_ref().map(|delete| &delete.region_name),
                &["dynamodb:DeleteTable", "dynamodb:DeleteTableReplica"],
            ),
        ];
        for (region, actions) in touched {
            let Some(region) = region else { continue };
            replica_regions::check(region)?;
            let name = TableName { place: named.name.place.in_region(region), name: named.name.name.clone() };
            let replica = Named::of(service, name)?;
            resource = resource.and(replica.target(None).for_actions(actions.iter().copied()));
        }
    }
    for update in input.global_table_witness_updates.iter().flatten() {
        let touched = [
            (update.create.as_ref().map(|create| &create.region_name), "dynamodb:CreateGlobalTableWitness"),
            (update.delete.as_ref().map(|delete| &delete.region_name), "dynamodb:DeleteGlobalTableWitness"),
        ];
        for (region, action) in touched {
            let Some(region) = region else { continue };
            replica_regions::check(region)?;
            let name = TableName { place: named.name.place.in_region(region), name: named.name.name.clone() };
            // A witness is no table; one of that name there has nothing to do with it.
            resource = resource.and(Target::new(name.arn()).for_actions([action]));
        }
    }
    Ok(resource.map(|()| named))
}

/// A table, and the one that is to be made of it.
pub struct Restored {
    pub source: Named,
    pub target: TableName,
}

pub fn restore_to_point_in_time(
    service: &DynamoDb,
    call: &Call,
    input: &RestoreTableToPointInTimeInput,
) -> Result<Resource<Restored>, Error> {
    let given = match (&input.source_table_name, &input.source_table_arn) {
        (Some(given), None) | (None, Some(given)) => given,
        _ => {
            return Err(validation(
                "Either SourceTableName or SourceTableArn has to be specified, and not both",
            ));
        }
    };
    let source = Named::look_up(service, call, given)?;
    let target = TableName::parse(call, &input.target_table_name)?;
    let resource = Resource::new(source.target(None), ()).and(Target::new(target.arn()));
    Ok(resource.map(|()| Restored { source, target }))
}

/// Operations on a backup.
macro_rules! on_backup {
    ($($name:ident: $input:ty),* $(,)?) => {
        $(pub fn $name(_: &DynamoDb, _: &Call, input: &$input) -> Result<Resource<BackupArn>, Error> {
            let arn = backup(&input.backup_arn)?;
            Ok(Resource::new(arn.arn(), arn))
        })*
    };
}

on_backup! {
    delete_backup: DeleteBackupInput,
    describe_backup: DescribeBackupInput,
}

pub fn restore_from_backup(
    _: &DynamoDb,
    call: &Call,
    input: &RestoreTableFromBackupInput,
) -> Result<Resource<(BackupArn, TableName)>, Error> {
    let arn = backup(&input.backup_arn)?;
    let target = TableName::parse(call, &input.target_table_name)?;
    let resource = Resource::new(arn.arn(), ()).and(Target::new(target.arn()));
    Ok(resource.map(|()| (arn, target)))
}

fn backup(given: &str) -> Result<BackupArn, Error> {
    BackupArn::parse(given).ok_or_else(|| validation(format!("Invalid BackupArn: {given}")))
}

/// No table in particular.
pub fn any<I>(_: &DynamoDb, call: &Call, _: &I) -> Result<Resource<()>, Error> {
    Ok(Resource::new(Arn::aws(SERVICE, &call.region, &call.account, "*"), ()))
}

/// Tables named by ARN, for tags.
macro_rules! tagged {
    ($($name:ident: $input:ty, |$i:ident, $target:ident| $said:expr);* $(;)?) => {
        $(pub fn $name(service: &DynamoDb, call: &Call, $i: &$input) -> Result<Resource<Named>, Error> {
            let named = by_arn(service, call, &$i.resource_arn)?;
            let $target = named.target(None);
            Ok(Resource::new($said, named))
        })*
    };
}

tagged! {
    list_tags: ListTagsOfResourceInput, |_input, target| target;
    tag: TagResourceInput, |input, target|
        target.with_request_tags(input.tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())));
    untag: UntagResourceInput, |input, target| target.with_tag_keys(input.tag_keys.iter().map(String::as_str));
}

fn by_arn(service: &DynamoDb, call: &Call, arn: &str) -> Result<Named, Error> {
    if !arn.starts_with("arn:") {
        return Err(validation(format!("Invalid ResourceArn: ARNs must start with 'arn:': {arn}")));
    }
    if arn.contains("/index/") {
        return Err(wrong(format_args!(
            "Invalid resource arn provided, only table or stream is accepted. Provided resource arn: {arn}"
        )));
    }
    if TableName::of_arn(arn).is_none() {
        return Err(validation(format!("Invalid TableArn: Invalid ResourceArn provided as input {arn}")));
    }
    Named::look_up(service, call, arn)
}
