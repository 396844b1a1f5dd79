//! Which resources an operation touches.

mod governed;
mod several;
mod statements;

pub use governed::{Governed, delete_policy, get_policy, put_policy};
pub use several::{batch_get, batch_write, transact_get, transact_write};
pub use statements::{batch_execute, execute_statement, execute_transaction};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use attribute::{Given, Item, Value as Attribute};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use expression::{KeyCondition, Parameter};
use kernel::{Arn, Call};
use model_dynamodb::Error;
use model_dynamodb::types::*;
use service::{Resource, Target};
use store::Snapshot;

use crate::backup::BackupArn;
use crate::conditions::{Attributes, metering, returning, selecting};
use crate::dynamodb::DynamoDb;
use crate::error::{is_being_made, no_table, no_table_named, table_not_found, validation, wrong};
use crate::keys::SERVICE;
use crate::legacy;
use crate::name::TableName;
use crate::read::Source;
use crate::request::parameters;
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
        let name = TableName::parse(call, given)?;
        let snapshot = service.store.snapshot();
        let found = service.find(&snapshot, &name.place, &name.name)?;
        Ok(Self { name, found, snapshot })
    }

    /// The table, for operations on items.
    pub fn table(&self) -> Result<&Arc<Table>, Error> {
        self.found.as_ref().filter(|table| !table.is_being_made()).ok_or_else(no_table)
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

    /// With the partition key that a query names. A query without one, or with one that cannot be, is refused by its
    /// operation, which reads it as this does: it never goes through for a policy that found no key to forbid.
    fn queried(&self, target: Target, service: &DynamoDb, input: &QueryInput) -> Target {
        let keys = || {
            let table = self.found.as_ref()?;
            let parameter = Parameter::KeyConditionExpression;
            let tree = service.condition(parameter, input.key_condition_expression.as_ref()).ok()?;
            let values = input.expression_attribute_values.as_ref();
            let mut parameters = parameters(&input.expression_attribute_names, values).ok()?;
            let bound = tree.map(|tree| parameters.condition(parameter, tree)).transpose().ok()?;
            let old = legacy::keys(input.key_conditions.as_ref()).ok()?;
            let condition = match (&bound, &old) {
                (Some(bound), _) => KeyCondition::new(bound).ok()?,
                (None, Some(old)) => old.condition(),
                (None, None) => return None,
            };
            let source = Source::new(table, input.index_name.as_ref()).ok()?;
            let wanted = condition.query(source.key().typed(&table.record.attributes).schema()).ok()?;
            Some(as_texts(wanted.partition))
        };
        with_leading(target, keys().unwrap_or_default())
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
    describe_continuous_backups: DescribeContinuousBackupsInput,
    update_continuous_backups: UpdateContinuousBackupsInput,
    delete_table: DeleteTableInput,
    describe_table: DescribeTableInput,
    describe_time_to_live: DescribeTimeToLiveInput,
    update_table: UpdateTableInput,
    update_time_to_live: UpdateTimeToLiveInput,
}

/// The names of attributes that older parameters have as keys.
fn keys_of<V>(given: Option<&BTreeMap<String, V>>) -> impl Iterator<Item = &String> {
    given.into_iter().flat_map(BTreeMap::keys)
}

pub fn get_item(service: &DynamoDb, call: &Call, input: &GetItemInput) -> Result<Resource<Named>, Error> {
    let named = Named::look_up(service, call, &input.table_name)?;
    let key = good(&input.key);
    let target = Attributes::new(service, &input.expression_attribute_names)
        .item(key)
        .projection(input.projection_expression.as_ref())
        .named(input.attributes_to_get.iter().flat_map(|names| names.iter()))
        .of(named.leading(named.target(None), key));
    let is_specific = input.projection_expression.is_some() || input.attributes_to_get.is_some();
    let target = selecting(target, None, is_specific, false);
    Ok(Resource::new(metering(target, input.return_consumed_capacity.as_ref()), named))
}

pub fn put_item(service: &DynamoDb, call: &Call, input: &PutItemInput) -> Result<Resource<Named>, Error> {
    let named = Named::look_up(service, call, &input.table_name)?;
    let item = good(&input.item);
    let target = Attributes::new(service, &input.expression_attribute_names)
        .item(item)
        .condition(input.condition_expression.as_ref())
        .named(keys_of(input.expected.as_ref()))
        .of(named.leading(named.target(None), item));
    let target = returning(target, input.return_values.as_ref().and_then(wire::Open::known));
    Ok(Resource::new(metering(target, input.return_consumed_capacity.as_ref()), named))
}

pub fn delete_item(
    service: &DynamoDb,
    call: &Call,
    input: &DeleteItemInput,
) -> Result<Resource<Named>, Error> {
    let named = Named::look_up(service, call, &input.table_name)?;
    let key = good(&input.key);
    let target = Attributes::new(service, &input.expression_attribute_names)
        .item(key)
        .condition(input.condition_expression.as_ref())
        .named(keys_of(input.expected.as_ref()))
        .of(named.leading(named.target(None), key));
    let target = returning(target, input.return_values.as_ref().and_then(wire::Open::known));
    Ok(Resource::new(metering(target, input.return_consumed_capacity.as_ref()), named))
}

pub fn update_item(
    service: &DynamoDb,
    call: &Call,
    input: &UpdateItemInput,
) -> Result<Resource<Named>, Error> {
    let named = Named::look_up(service, call, &input.table_name)?;
    let key = good(&input.key);
    let target = Attributes::new(service, &input.expression_attribute_names)
        .item(key)
        .condition(input.condition_expression.as_ref())
        .update(input.update_expression.as_ref())
        .named(keys_of(input.expected.as_ref()))
        .named(keys_of(input.attribute_updates.as_ref()))
        .of(named.leading(named.target(None), key));
    let target = returning(target, input.return_values.as_ref().and_then(wire::Open::known));
    Ok(Resource::new(metering(target, input.return_consumed_capacity.as_ref()), named))
}

/// A table or one of its indexes, and the partition that is read.
pub fn query(service: &DynamoDb, call: &Call, input: &QueryInput) -> Result<Resource<Named>, Error> {
    let named = Named::look_up(service, call, &input.table_name)?;
    let target = Attributes::new(service, &input.expression_attribute_names)
        .condition(input.key_condition_expression.as_ref())
        .condition(input.filter_expression.as_ref())
        .projection(input.projection_expression.as_ref())
        .named(keys_of(input.key_conditions.as_ref()))
        .named(keys_of(input.query_filter.as_ref()))
        .named(input.attributes_to_get.iter().flat_map(|names| names.iter()))
        .of(named.target(input.index_name.as_deref()));
    let target = named.queried(target, service, input);
    let is_specific = input.projection_expression.is_some() || input.attributes_to_get.is_some();
    let target = selecting(target, input.select.as_ref(), is_specific, input.index_name.is_some());
    Ok(Resource::new(metering(target, input.return_consumed_capacity.as_ref()), named))
}

/// A table or one of its indexes. A scan names no key, so a policy that lets somebody have some keys must not let them
/// scan, as with the real service.
pub fn scan(service: &DynamoDb, call: &Call, input: &ScanInput) -> Result<Resource<Named>, Error> {
    let named = Named::look_up(service, call, &input.table_name)?;
    let target = Attributes::new(service, &input.expression_attribute_names)
        .condition(input.filter_expression.as_ref())
        .projection(input.projection_expression.as_ref())
        .named(keys_of(input.scan_filter.as_ref()))
        .named(input.attributes_to_get.iter().flat_map(|names| names.iter()))
        .of(named.target(input.index_name.as_deref()));
    let is_specific = input.projection_expression.is_some() || input.attributes_to_get.is_some();
    let target = selecting(target, input.select.as_ref(), is_specific, input.index_name.is_some());
    Ok(Resource::new(metering(target, input.return_consumed_capacity.as_ref()), named))
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
