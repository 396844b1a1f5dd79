//! Tables under KMS keys in process: what their tests share. KMS and S3 stand beside DynamoDB.

#![allow(dead_code)]

use std::time::Duration;

use model_dynamodb::Error;
use model_dynamodb::ops::*;
use model_dynamodb::types::*;
use model_dynamodbstreams::ops::{DescribeStream, GetRecords, GetShardIterator};
use model_dynamodbstreams::types as streams;
use model_kms::ops::{CreateKey, DisableKey, EnableKey, ListGrants};
use model_kms::types::{CreateKeyInput, DisableKeyInput, EnableKeyInput, ListGrantsInput};
use service::{Cloud, Deps, Service};
use store::{KeyRange, RangeOptions};
use testkit::Kit;
use wire::Open;

use super::{put, table, until};

/// What nobody is to find in the store.
pub const SECRET: &str = "nobody finds this";
/// For so long a key is used without asking KMS.
pub const CACHED: Duration = Duration::from_secs(5 * 60);

pub fn services(deps: &Deps) -> Vec<Service> {
    let [s3, _] = s3::services(deps.clone());
    let kms = kms::service(deps.clone());
    let [dynamodb, streams] = dynamodb::services(deps.clone(), dynamodb::Settings::default());
    vec![kms, dynamodb, streams, s3]
}

pub fn sealed_kit() -> Kit {
    Kit::new(services)
}

/// The same store under a program that has begun again.
pub fn again(kit: Kit) -> Kit {
    let deps = kit.deps().clone();
    drop(kit);
    Kit::on(Deps { cloud: Cloud::default(), ..deps }, services)
}

/// A new KMS key; its ARN.
pub async fn new_key(kit: &Kit) -> String {
    let made = kit.run(CreateKey, CreateKeyInput::default()).await.expect("a key");
    made.key_metadata.expect("metadata").arn.expect("an ARN")
}

pub async fn disable(kit: &Kit, key: &str) {
    kit.run(DisableKey, DisableKeyInput { key_id: key.into() }).await.expect("disabled");
}

pub async fn enable(kit: &Kit, key: &str) {
    kit.run(EnableKey, EnableKeyInput { key_id: key.into() }).await.expect("enabled");
}

/// How many grants a KMS key has.
pub async fn grants(kit: &Kit, key: &str) -> usize {
    let input = ListGrantsInput { key_id: key.into(), ..Default::default() };
    kit.run(ListGrants, input).await.expect("listed").grants.expect("grants").len()
}

/// What asks for a KMS key.
pub fn under(key: &str) -> Option<SseSpecification> {
    let key = Some(key.to_owned());
    Some(SseSpecification {
        enabled: Some(true),
        sse_type: Some(SseType::Kms.into()),
        kms_master_key_id: key,
    })
}

/// What asks for the service's own.
pub fn own() -> Option<SseSpecification> {
    Some(SseSpecification { enabled: Some(false), ..Default::default() })
}

/// The table `things` with all that can be of it: both kinds of index, a stream, and it can be restored to any time.
pub async fn things(kit: &Kit, sse: Option<SseSpecification>) {
    let local = LocalSecondaryIndex {
        index_name: "local".into(),
        key_schema: super::keys("p+v").into(),
        projection: super::projection(ProjectionType::KeysOnly).into(),
    };
    let input = CreateTableInput {
        global_secondary_indexes: Some(vec![super::global("by-v", "v", ProjectionType::All)]),
        local_secondary_indexes: Some(vec![local]),
        stream_specification: Some(StreamSpecification {
            stream_enabled: true.into(),
            stream_view_type: Some(StreamViewType::NewAndOldImages.into()),
        }),
        sse_specification: sse,
        ..table("things", "p+c", "p:S c:S v:S")
    };
    kit.run(CreateTable, input).await.expect("a table");
    super::transfers::recoverable(kit, "things").await;
}

/// An item with the secret.
pub fn secret(c: &str, v: &str) -> String {
    format!(r#"{{"p":{{"S":"p"}},"c":{{"S":"{c}"}},"v":{{"S":"{v}"}},"text":{{"S":"{SECRET}"}}}}"#)
}

pub async fn write(kit: &Kit, c: &str, v: &str) {
    put(kit, &secret(c, v)).await;
}

pub fn key_of(c: &str) -> String {
    format!(r#"{{"p":{{"S":"p"}},"c":{{"S":"{c}"}}}}"#)
}

pub async fn described(kit: &Kit, table: &str) -> TableDescription {
    let input = DescribeTableInput { table_name: table.into() };
    kit.run(DescribeTable, input).await.expect("described").table.expect("a table")
}

pub fn status(table: &TableDescription) -> TableStatus {
    table.table_status.as_ref().and_then(Open::known).expect("a status")
}

pub fn key_arn(table: &TableDescription) -> Option<String> {
    table.sse_description.as_ref()?.kms_master_key_arn.clone()
}

/// Waits until a table is there and nothing of its encryption is under way.
pub async fn settled(kit: &Kit, table: &str) -> TableDescription {
    until(async || {
        let found = described(kit, table).await;
        let sse = found.sse_description.as_ref().and_then(|sse| sse.status.as_ref()).and_then(Open::known);
        (status(&found) == TableStatus::Active && sse != Some(SseStatus::Updating)).then_some(found)
    })
    .await
}

pub async fn encrypt(kit: &Kit, sse: Option<SseSpecification>) -> Result<TableDescription, Error> {
    let input =
        UpdateTableInput { table_name: "things".into(), sse_specification: sse, ..Default::default() };
    Ok(kit.run(UpdateTable, input).await?.table_description.expect("a table"))
}

/// Whether the secret is anywhere in the store.
pub fn is_found(kit: &Kit) -> bool {
    let snapshot = kit.deps().store.snapshot();
    let mut range = KeyRange::new(Vec::new(), vec![0xff; 8]);
    loop {
        let page = snapshot.range(range.clone(), RangeOptions::default()).expect("read");
        let has = |bytes: &[u8]| bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes());
        if page.entries.iter().any(|(key, value)| has(key) || has(value)) {
            return true;
        }
        match page.entries.last() {
            Some((last, _)) if page.more => range = range.after(last),
            _ => return false,
        }
    }
}

/// The images of all changes that a stream shows, as JSON.
pub async fn images(kit: &Kit, stream: &str) -> Result<Vec<String>, model_dynamodbstreams::Error> {
    let input = streams::DescribeStreamInput { stream_arn: stream.into(), ..Default::default() };
    let found = kit.run(DescribeStream, input).await?.stream_description.expect("a stream");
    let shard = found.shards.expect("shards").swap_remove(0).shard_id.expect("an id");
    let input = streams::GetShardIteratorInput {
        stream_arn: stream.into(),
        shard_id: shard.into(),
        shard_iterator_type: Open::from(streams::ShardIteratorType::TrimHorizon).into(),
        sequence_number: None,
        timestamp: None,
    };
    let iterator = kit.run(GetShardIterator, input).await?.shard_iterator.expect("an iterator");
    let input = streams::GetRecordsInput { shard_iterator: iterator.into(), limit: None };
    let records = kit.run(GetRecords, input).await?.records.expect("records");
    let changes = records.into_iter().filter_map(|record| record.dynamodb);
    let images = changes.flat_map(|change| change.old_image.into_iter().chain(change.new_image));
    Ok(images.map(|image| super::json(&image)).collect())
}
