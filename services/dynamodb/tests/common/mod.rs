//! DynamoDB in process.

#![allow(dead_code)]

pub mod sealed;
pub mod transfers;

use std::collections::BTreeMap;
use std::time::Duration;

use attribute::{Given, Item, Named, Shown};
use model_dynamodb::Error;
use model_dynamodb::ops::*;
use model_dynamodb::types::*;
use testkit::Kit;
use wire::{CommonError, Open, OperationType, OwnForm as _, Protocol};

/// Until what goes on behind requests is done.
const PATIENCE: Duration = Duration::from_secs(120);

pub fn kit() -> Kit {
    Kit::new(|deps| dynamodb::services(deps.clone(), dynamodb::Settings::default()).into())
}

/// An item from its JSON.
pub fn item(json: &str) -> Item {
    attribute::item_from_slice(json.as_bytes()).expect("JSON").expect("an item")
}

pub fn given(json: &str) -> Given<Item> {
    item(json).into()
}

/// The values of expressions from their JSON.
pub fn values(json: &str) -> Option<Named> {
    let mut values = Named::default();
    values.read_json(json).expect("values");
    Some(values)
}

pub fn names<const N: usize>(pairs: [(&str, &str); N]) -> Option<BTreeMap<String, String>> {
    Some(pairs.into_iter().map(|(key, name)| (key.to_owned(), name.to_owned())).collect())
}

/// What an output shows, as JSON.
pub fn json(shown: &Shown) -> String {
    let mut out = Vec::new();
    shown.write_json(&mut out);
    String::from_utf8(out).expect("UTF-8")
}

pub fn key_json(given: &Given<Item>) -> String {
    let mut out = Vec::new();
    given.write_json(&mut out);
    String::from_utf8(out).expect("UTF-8")
}

fn element(name: &str, kind: KeyType) -> KeySchemaElement {
    KeySchemaElement { attribute_name: name.into(), key_type: Open::from(kind).into() }
}

/// Names like `p` or `p+c`.
pub fn keys(names: &str) -> Vec<KeySchemaElement> {
    let mut parts = names.split('+');
    let first = parts.next().map(|name| element(name, KeyType::Hash));
    first.into_iter().chain(parts.map(|name| element(name, KeyType::Range))).collect()
}

/// Names with types, like `p:S c:N`.
pub fn types(names: &str) -> Option<Vec<AttributeDefinition>> {
    let one = |pair: &str| {
        let (name, kind) = pair.split_once(':').expect("a name and a type");
        let kind = match kind {
            "S" => ScalarAttributeType::S,
            "N" => ScalarAttributeType::N,
            _ => ScalarAttributeType::B,
        };
        AttributeDefinition { attribute_name: name.into(), attribute_type: Open::from(kind).into() }
    };
    Some(names.split(' ').map(one).collect())
}

pub fn projection(kind: ProjectionType) -> Projection {
    Projection { projection_type: Some(kind.into()), non_key_attributes: None }
}

pub fn global(name: &str, of: &str, kind: ProjectionType) -> GlobalSecondaryIndex {
    GlobalSecondaryIndex {
        index_name: name.into(),
        key_schema: keys(of).into(),
        projection: projection(kind).into(),
        ..Default::default()
    }
}

pub fn table(name: &str, key: &str, of: &str) -> CreateTableInput {
    CreateTableInput {
        table_name: name.into(),
        key_schema: Some(keys(key)),
        attribute_definitions: types(of),
        billing_mode: Some(BillingMode::PayPerRequest.into()),
        ..Default::default()
    }
}

/// A kit with the table `things` of partition `p` and sort key `c`, both strings.
pub async fn with_table() -> Kit {
    let kit = kit();
    kit.run(CreateTable, table("things", "p+c", "p:S c:S")).await.expect("a table");
    kit
}

/// Point-in-time recovery of a table, on or off.
pub fn recovery_of(table: &str, on: bool, days: Option<i32>) -> UpdateContinuousBackupsInput {
    UpdateContinuousBackupsInput {
        table_name: table.into(),
        point_in_time_recovery_specification: PointInTimeRecoverySpecification {
            point_in_time_recovery_enabled: on.into(),
            recovery_period_in_days: days,
        }
        .into(),
    }
}

/// That a replica is made there.
pub fn replica_made(region: &str) -> ReplicationGroupUpdate {
    let create = CreateReplicationGroupMemberAction { region_name: region.into(), ..Default::default() };
    ReplicationGroupUpdate { create: Some(create), ..Default::default() }
}

/// That the replica there is removed.
pub fn replica_removed(region: &str) -> ReplicationGroupUpdate {
    let delete = DeleteReplicationGroupMemberAction { region_name: region.into() };
    ReplicationGroupUpdate { delete: Some(delete), ..Default::default() }
}

pub async fn put(kit: &Kit, json: &str) {
    put_into(kit, "things", json).await;
}

pub async fn put_into(kit: &Kit, table: &str, json: &str) {
    let input = PutItemInput { table_name: table.into(), item: given(json).into(), ..Default::default() };
    kit.run(PutItem, input).await.expect("put");
}

/// The item of this key in the table `things`, as JSON.
pub async fn get(kit: &Kit, key: &str) -> Option<String> {
    let input = GetItemInput { table_name: "things".into(), key: given(key).into(), ..Default::default() };
    kit.run(GetItem, input).await.expect("get").item.as_ref().map(json)
}

/// The text of a ValidationException.
pub fn invalid<T>(result: Result<T, Error>) -> String {
    match result {
        Err(Error::Common(CommonError::Validation(text))) => text,
        Err(other) => panic!("another error: {other:?}"),
        Ok(_) => panic!("no error"),
    }
}

/// Runs an operation in a region.
pub async fn run_in<O: OperationType>(
    kit: &Kit,
    region: &str,
    op: O,
    input: O::Input,
) -> Result<O::Output, O::Error> {
    let mut call = kit.call();
    call.region = region.to_owned();
    kit.run_as(call, op, input).await
}

testkit::refusals!(Error, Protocol::Json10);

/// Waits until there is something to be had.
#[allow(clippy::disallowed_methods)] // What goes on behind requests does not wait for the kit's clock.
pub async fn until<T>(mut done: impl AsyncFnMut() -> Option<T>) -> T {
    let wait = async {
        loop {
            if let Some(found) = done().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("it is done in time")
}

/// Everything in a table, or what an index has of it, as JSON.
pub async fn everything(kit: &Kit, table: &str, index: Option<&str>) -> Vec<String> {
    let (mut found, mut start) = (Vec::new(), None);
    loop {
        let input = ScanInput {
            table_name: table.into(),
            index_name: index.map(str::to_owned),
            exclusive_start_key: start.take(),
            ..Default::default()
        };
        let page = kit.run(Scan, input).await.expect("scanned");
        found.extend(page.items.expect("items").iter().map(json));
        match page.last_evaluated_key {
            Some(last) => start = Some(last),
            None => return found,
        }
    }
}
