//! Exports and imports in process: what their tests share. S3 stands beside DynamoDB.

#![allow(dead_code)]

use std::io::Read as _;
use std::time::Duration;

use flate2::read::GzDecoder;
use kernel::Timestamp;
use model_dynamodb::Error;
use model_dynamodb::ops::*;
use model_dynamodb::types::*;
use model_s3::ops::{CreateBucket, GetObject, ListObjectsV2, PutObject};
use model_s3::types::{CreateBucketInput, GetObjectInput, ListObjectsV2Input, PutObjectInput};
use service::{Cloud, Deps, Service};
use testkit::Kit;
use wire::Open;

use super::{given, put, recovery_of, table, until};

pub const BUCKET: &str = "exported";
pub const TABLE_ARN: &str = "arn:aws:dynamodb:us-east-1:123456789012:table/things";
pub const MINUTE: Duration = Duration::from_secs(60);

pub fn services(deps: &Deps) -> Vec<Service> {
    let [s3, _] = s3::services(deps.clone());
    let [dynamodb, streams] = dynamodb::services(deps.clone(), dynamodb::Settings::default());
    vec![dynamodb, streams, s3]
}

/// A kit with a bucket and the table `things`, which can be restored to any time.
pub async fn ready() -> Kit {
    let kit = Kit::new(services);
    let bucket = CreateBucketInput { bucket: BUCKET.into(), ..Default::default() };
    kit.run(CreateBucket, bucket).await.expect("a bucket");
    kit.run(CreateTable, table("things", "p+c", "p:S c:S")).await.expect("a table");
    recoverable(&kit, "things").await;
    kit
}

pub async fn recoverable(kit: &Kit, table: &str) {
    let input = recovery_of(table, true, None);
    kit.run(UpdateContinuousBackups, input).await.expect("on");
}

/// The same store under a program that has begun again.
pub fn again(kit: Kit) -> Kit {
    let deps = kit.deps().clone();
    drop(kit);
    Kit::on(Deps { cloud: Cloud::default(), ..deps }, services)
}

pub fn line(c: &str, v: &str) -> String {
    format!(r#"{{"p":{{"S":"p"}},"c":{{"S":"{c}"}},"v":{{"S":"{v}"}}}}"#)
}

pub async fn write(kit: &Kit, c: &str, v: &str) {
    put(kit, &line(c, v)).await;
}

pub async fn delete(kit: &Kit, c: &str) {
    let key = format!(r#"{{"p":{{"S":"p"}},"c":{{"S":"{c}"}}}}"#);
    let input =
        DeleteItemInput { table_name: "things".into(), key: given(&key).into(), ..Default::default() };
    kit.run(DeleteItem, input).await.expect("deleted");
}

pub fn whole() -> ExportTableToPointInTimeInput {
    ExportTableToPointInTimeInput {
        table_arn: TABLE_ARN.into(),
        s3_bucket: BUCKET.into(),
        ..Default::default()
    }
}

pub fn changes(from: Timestamp, to: Timestamp) -> ExportTableToPointInTimeInput {
    ExportTableToPointInTimeInput {
        export_type: Some(ExportType::IncrementalExport.into()),
        incremental_export_specification: Some(IncrementalExportSpecification {
            export_from_time: Some(from),
            export_to_time: Some(to),
            export_view_type: None,
        }),
        ..whole()
    }
}

pub async fn export(kit: &Kit, input: ExportTableToPointInTimeInput) -> Result<ExportDescription, Error> {
    Ok(kit.run(ExportTableToPointInTime, input).await?.export_description.expect("a description"))
}

pub async fn exported(kit: &Kit, arn: &str) -> ExportDescription {
    until(async || {
        let input = DescribeExportInput { export_arn: arn.into() };
        let found = kit.run(DescribeExport, input).await.expect("an export").export_description?;
        let status = found.export_status.as_ref().and_then(Open::known);
        (status != Some(ExportStatus::InProgress)).then_some(found)
    })
    .await
}

pub async fn export_now(kit: &Kit, input: ExportTableToPointInTimeInput) -> ExportDescription {
    let begun = export(kit, input).await.expect("begun");
    assert_eq!(begun.export_status.as_ref().and_then(Open::known), Some(ExportStatus::InProgress));
    exported(kit, &begun.export_arn.expect("an ARN")).await
}

pub async fn object(kit: &Kit, key: &str) -> Vec<u8> {
    let input = GetObjectInput { bucket: BUCKET.into(), key: key.into(), ..Default::default() };
    let body = kit.run(GetObject, input).await.expect("an object").body.expect("a body");
    body.open().whole(64 << 20).await.expect("read").expect("not long").to_vec()
}

pub async fn put_object(kit: &Kit, key: &str, body: impl Into<Vec<u8>>) {
    let input = PutObjectInput {
        bucket: BUCKET.into(),
        key: key.into(),
        body: Some(body.into().into()),
        ..Default::default()
    };
    kit.run(PutObject, input).await.expect("put");
}

pub async fn keys_under(kit: &Kit, prefix: &str) -> Vec<String> {
    let input =
        ListObjectsV2Input { bucket: BUCKET.into(), prefix: Some(prefix.to_owned()), ..Default::default() };
    let page = kit.run(ListObjectsV2, input).await.expect("listed");
    page.contents.into_iter().flatten().filter_map(|object| object.key).collect()
}

/// The lines of all files that an export's manifest names.
pub async fn lines(kit: &Kit, export: &ExportDescription) -> Vec<String> {
    let manifest = export.export_manifest.as_ref().expect("a manifest").replace("summary", "files");
    let manifest = String::from_utf8(object(kit, &manifest).await).expect("text");
    let mut found = Vec::new();
    for file in manifest.lines() {
        let (_, key) = file.split_once(r#""dataFileS3Key":""#).expect("a key");
        let packed = object(kit, key.trim_end_matches("\"}")).await;
        let mut text = String::new();
        GzDecoder::new(&packed[..]).read_to_string(&mut text).expect("gzip");
        let count = text.lines().count();
        assert!(file.starts_with(&format!(r#"{{"itemCount":{count},"#)), "{file}");
        found.extend(text.lines().map(str::to_owned));
    }
    found.sort();
    found
}
