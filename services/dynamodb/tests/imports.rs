//! Imports from buckets, with S3 beside DynamoDB.

mod common;

use std::io::Write as _;

use common::transfers::*;
use common::*;
use flate2::Compression;
use flate2::write::GzEncoder;
use model_dynamodb::Error;
use model_dynamodb::ops::*;
use model_dynamodb::types::*;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use testkit::Kit;
use wire::Open;

fn into_table(name: &str, prefix: &str) -> ImportTableInput {
    let definition = table(name, "p+c", "p:S c:S");
    ImportTableInput {
        s3_bucket_source: S3BucketSource {
            s3_bucket: BUCKET.into(),
            s3_key_prefix: Some(prefix.to_owned()),
            s3_bucket_owner: None,
        }
        .into(),
        input_format: Open::from(InputFormat::DynamodbJson).into(),
        table_creation_parameters: TableCreationParameters {
            table_name: name.into(),
            attribute_definitions: definition.attribute_definitions.expect("types").into(),
            key_schema: definition.key_schema.expect("a key").into(),
            billing_mode: definition.billing_mode,
            ..Default::default()
        }
        .into(),
        ..Default::default()
    }
}

async fn import(kit: &Kit, input: ImportTableInput) -> Result<ImportTableDescription, Error> {
    Ok(kit.run(ImportTable, input).await?.import_table_description.expect("a description"))
}

async fn imported(kit: &Kit, arn: &str) -> ImportTableDescription {
    until(async || {
        let input = DescribeImportInput { import_arn: arn.into() };
        let found = kit.run(DescribeImport, input).await.expect("an import").import_table_description?;
        let status = found.import_status.as_ref().and_then(Open::known);
        (status != Some(ImportStatus::InProgress)).then_some(found)
    })
    .await
}

async fn import_now(kit: &Kit, input: ImportTableInput) -> ImportTableDescription {
    let begun = import(kit, input).await.expect("begun");
    assert_eq!(begun.import_status.as_ref().and_then(Open::known), Some(ImportStatus::InProgress));
    imported(kit, &begun.import_arn.expect("an ARN")).await
}

fn state(done: &ImportTableDescription) -> ImportStatus {
    done.import_status.as_ref().and_then(Open::known).expect("a status")
}

/// Processed, imported and wrong.
fn counts(done: &ImportTableDescription) -> (i64, i64, i64) {
    let all = [done.processed_item_count, done.imported_item_count, done.error_count];
    let [processed, imported, errors] = all.map(|count| count.expect("a count"));
    (processed, imported, errors)
}

/// Everything in a table or index, as JSON, in an order that does not depend on the keys.
async fn items(kit: &Kit, table: &str, index: Option<&str>) -> Vec<String> {
    let mut found = everything(kit, table, index).await;
    found.sort();
    found
}

async fn description(kit: &Kit, table: &str) -> Option<TableDescription> {
    kit.run(DescribeTable, DescribeTableInput { table_name: table.into() }).await.ok()?.table
}

#[tokio::test]
async fn what_was_exported_is_imported() {
    let kit = ready().await;
    for n in 0..700 {
        write(&kit, &n.to_string(), &"v".repeat(n % 50)).await;
    }
    put(&kit, r#"{"p":{"S":"p"},"c":{"S":"all"},"v":{"S":""},"n":{"N":"1.5"},"b":{"B":"AAE="},"t":{"BOOL":true},"z":{"NULL":true},"l":{"L":[{"M":{"x":{"N":"-1"}}}]},"ss":{"SS":["a","b"]},"ns":{"NS":["1","2"]},"bs":{"BS":["AA=="]}}"#).await;
    let done = export_now(&kit, whole()).await;
    let manifest = done.export_manifest.expect("a manifest");
    let data = manifest.replace("manifest-summary.json", "data/");
    let mut input = into_table("copy", &data);
    input.input_compression_type = Some(InputCompressionType::Gzip.into());
    let mut creation = (*input.table_creation_parameters).clone();
    creation.attribute_definitions = types("p:S c:S v:S").expect("types").into();
    creation.global_secondary_indexes = Some(vec![global("by-v", "c+v", ProjectionType::All)]);
    input.table_creation_parameters = creation.into();
    let begun = import(&kit, input).await.expect("begun");
    let table = description(&kit, "copy").await.expect("a table");
    assert_eq!(table.table_status.as_ref().and_then(Open::known), Some(TableStatus::Creating));
    let get = GetItemInput {
        table_name: "copy".into(),
        key: given(r#"{"p":{"S":"p"},"c":{"S":"1"}}"#).into(),
        ..Default::default()
    };
    assert!(matches!(kit.run(GetItem, get).await, Err(Error::ResourceNotFoundException(_))));
    let delete = DeleteTableInput { table_name: "copy".into() };
    assert!(matches!(kit.run(DeleteTable, delete).await, Err(Error::ResourceInUseException(_))));
    let done = imported(&kit, begun.import_arn.as_deref().expect("an ARN")).await;
    assert_eq!(state(&done), ImportStatus::Failed, "an empty string cannot be in an index's key");
    // Those with an empty string for `v`, 14 and one, cannot be in the index.
    assert_eq!(counts(&done), (701, 686, 15));
    let mut expected = items(&kit, "things", None).await;
    expected.retain(|item| !item.contains(r#""v":{"S":""}"#));
    assert_eq!(items(&kit, "copy", None).await, expected);
    assert_eq!(items(&kit, "copy", Some("by-v")).await, expected);
    let table = description(&kit, "copy").await.expect("a table");
    assert_eq!(table.table_status.as_ref().and_then(Open::known), Some(TableStatus::Active));
    assert_eq!(table.item_count, Some(686));
    assert!(table.restore_summary.is_none());
    // Without the index it is all there.
    let mut input = into_table("whole", &data);
    input.input_compression_type = Some(InputCompressionType::Gzip.into());
    let done = import_now(&kit, input).await;
    assert_eq!((state(&done), counts(&done)), (ImportStatus::Completed, (701, 701, 0)));
    assert_eq!(done.failure_code, None);
    assert_eq!(items(&kit, "whole", None).await, items(&kit, "things", None).await);
    assert!(done.processed_size_bytes.is_some_and(|bytes| bytes > 701 * 40));
    // The whole folder has more than data: what is not packed is wrong, what is empty is nothing.
    let mut input = into_table("root", manifest.trim_end_matches("manifest-summary.json"));
    input.input_compression_type = Some(InputCompressionType::Gzip.into());
    let done = import_now(&kit, input).await;
    assert_eq!((state(&done), counts(&done)), (ImportStatus::Failed, (705, 701, 4)));
    let done = import_now(&kit, into_table("unpacked", &data)).await;
    assert_eq!((state(&done), counts(&done)), (ImportStatus::Failed, (1, 0, 1)));
    assert!(description(&kit, "unpacked").await.is_some());
}

#[tokio::test]
async fn what_is_no_item_is_counted() {
    let kit = ready().await;
    let good = |n: usize| format!(r#"{{"Item":{}}}"#, line(&n.to_string(), "x"));
    let ten = |wrong: &str| {
        let lines: Vec<String> = (0..10).map(|n| if n == 5 { wrong.to_owned() } else { good(n) }).collect();
        lines.join("\n")
    };
    let large = format!(r#"{{"Item":{}}}"#, line("large", &"x".repeat(400 * 1024)));
    for (number, (wrong, expected)) in [
        (r#"{"Item":{"p":{"S":"p"}}}"#, (10, 9, 1)),
        (r#"{"Item":{"p":{"S":"p"},"c":{"N":"1"}}}"#, (10, 9, 1)),
        (r#"{"Item":{"p":{"S":"p"},"c":{"S":""}}}"#, (10, 9, 1)),
        (r#"{"Item":{"p":{"S":"p"},"c":{"S":"x"},"n":{"N":"1e999"}}}"#, (10, 9, 1)),
        (r#"{"p":{"S":"p"},"c":{"S":"x"}}"#, (10, 9, 1)),
        (&large, (10, 9, 1)),
        // Where the next item is cannot be told: the rest is lost, as recorded from the real service.
        ("garbage", (6, 5, 1)),
        (r#"{"Item":{"p":{"S":"p"}"#, (6, 5, 1)),
        // Two of one key are no error; the second stays.
        (&good(4), (10, 9, 0)),
        ("", (9, 9, 0)),
        (&format!("{}{}", good(10), good(11)), (11, 11, 0)),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("table-{number}");
        put_object(&kit, &format!("{name}/data"), ten(wrong)).await;
        let done = import_now(&kit, into_table(&name, &format!("{name}/"))).await;
        assert_eq!(counts(&done), expected, "{wrong:.60}");
        let status = if expected.2 == 0 { ImportStatus::Completed } else { ImportStatus::Failed };
        assert_eq!(state(&done), status, "{wrong:.60}");
        let code = (expected.2 > 0).then_some("ItemValidationError");
        assert_eq!(done.failure_code.as_deref(), code);
        assert_eq!(items(&kit, &name, None).await.len() as i64, expected.1);
    }
}

#[tokio::test]
async fn every_object_under_a_prefix_is_imported() {
    let kit = ready().await;
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    writeln!(packed, r#"{{"Item":{}}}"#, line("1", "x")).expect("written");
    put_object(&kit, "data/1.json", packed.finish().expect("packed")).await;
    put_object(&kit, "data/2.json", format!(r#"{{"Item":{}}}"#, line("2", "x"))).await;
    put_object(&kit, "data/3.json", format!(r#"{{"Item":{}}}"#, line("3", "x"))).await;
    put_object(&kit, "data2/x.json", "garbage").await;
    put_object(&kit, "data/empty", "").await;
    let done = import_now(&kit, into_table("all", "data")).await;
    assert_eq!((state(&done), counts(&done)), (ImportStatus::Failed, (4, 2, 2)));
    let done = import_now(&kit, into_table("one", "data/2.json")).await;
    assert_eq!((state(&done), counts(&done)), (ImportStatus::Completed, (1, 1, 0)));
    let done = import_now(&kit, into_table("none", "nothing/")).await;
    assert_eq!((state(&done), counts(&done)), (ImportStatus::Completed, (0, 0, 0)));
    assert_eq!(items(&kit, "none", None).await.len(), 0);
    assert_eq!(done.s3_bucket_source.expect("a source").s3_bucket_owner.as_deref(), Some(testkit::ACCOUNT));
    assert_eq!(done.input_compression_type.as_ref().and_then(Open::known), Some(InputCompressionType::None));
    assert_eq!(*done.table_creation_parameters.expect("parameters").table_name, "none");
}

#[tokio::test]
async fn objects_packed_with_zstandard_are_imported() {
    let kit = ready().await;
    let lines = |from: usize, to: usize| -> String {
        (from..to).map(|n| format!("{{\"Item\":{}}}\n", line(&n.to_string(), &"x".repeat(n % 90)))).collect()
    };
    let pack = |text: &str| compress_to_vec(text.as_bytes(), CompressionLevel::Fastest);
    let skipped = [&0x184d_2a50_u32.to_le_bytes()[..], &3_u32.to_le_bytes(), b"abc"].concat();
    let frames = [pack(&lines(0, 5_000)), skipped, pack(&lines(5_000, 5_001)), pack(&lines(5_001, 6_000))];
    put_object(&kit, "good/1.zst", frames.concat()).await;
    put_object(&kit, "good/2.zst", pack(&lines(6_000, 6_100))).await;
    put_object(&kit, "good/empty", "").await;
    let zstd = |name: &str, prefix: &str| ImportTableInput {
        input_compression_type: Some(InputCompressionType::Zstd.into()),
        ..into_table(name, prefix)
    };
    let done = import_now(&kit, zstd("good", "good/")).await;
    assert_eq!((state(&done), counts(&done)), (ImportStatus::Completed, (6_100, 6_100, 0)));
    assert_eq!(done.input_compression_type.as_ref().and_then(Open::known), Some(InputCompressionType::Zstd));
    assert_eq!(items(&kit, "good", None).await.len(), 6_100);
    assert!(done.processed_size_bytes.is_some_and(|bytes| bytes > 6_100 * 40));
    // What is spoiled is one error of its object, and what came before it is there.
    let good = pack(&lines(0, 10));
    put_object(&kit, "bad/1.zst", [&good[..], b"garbage"].concat()).await;
    put_object(&kit, "bad/2.zst", &good[..good.len() - 1]).await;
    put_object(&kit, "bad/3.json", lines(0, 10)).await;
    put_object(&kit, "bad/4.zst", pack(&lines(10, 12))).await;
    let done = import_now(&kit, zstd("bad", "bad/")).await;
    assert_eq!(state(&done), ImportStatus::Failed);
    assert_eq!(done.failure_code.as_deref(), Some("ItemValidationError"));
    assert_eq!((done.error_count, done.imported_item_count), (Some(3), Some(12)));
}

#[tokio::test]
async fn an_import_that_its_bucket_refuses_leaves_no_table() {
    let kit = ready().await;
    put_object(&kit, "data", format!(r#"{{"Item":{}}}"#, line("1", "x"))).await;
    let mut nowhere = into_table("nowhere", "");
    nowhere.s3_bucket_source =
        S3BucketSource { s3_bucket: "no-such-bucket".into(), ..Default::default() }.into();
    let done = import_now(&kit, nowhere).await;
    assert_eq!(state(&done), ImportStatus::Failed);
    assert_eq!(done.failure_code.as_deref(), Some("S3NoSuchBucket"));
    assert!(done.table_arn.is_some_and(|arn| arn.ends_with(":table/nowhere")));
    assert!(description(&kit, "nowhere").await.is_none());
    kit.deny("s3:GetObject");
    let done = import_now(&kit, into_table("denied", "")).await;
    assert_eq!(done.failure_code.as_deref(), Some("S3AccessDenied"));
    assert!(description(&kit, "denied").await.is_none());
    // The name can be used again.
    kit.run(CreateTable, table("denied", "p", "p:S")).await.expect("a table");
}

#[tokio::test]
async fn an_import_goes_on_after_the_program_has_ended() {
    let mut kit = ready().await;
    for object in 0..4 {
        let lines: Vec<String> = (0..1500)
            .map(|n| format!(r#"{{"Item":{}}}"#, line(&format!("{object}-{n}"), &"x".repeat(200))))
            .collect();
        put_object(&kit, &format!("data/{object}"), lines.join("\n")).await;
    }
    let arn = import(&kit, into_table("copy", "data/")).await.expect("begun").import_arn.expect("an ARN");
    let mut interrupted = 0;
    for n in 0..40 {
        for _ in 0..n % 9 {
            tokio::task::yield_now().await;
        }
        let input = DescribeImportInput { import_arn: arn.as_str().into() };
        let found = kit.run(DescribeImport, input).await.expect("an import").import_table_description;
        interrupted += i64::from(state(&found.expect("described")) == ImportStatus::InProgress);
        kit = again(kit);
    }
    assert!(interrupted > 3, "it was done at once");
    let done = imported(&kit, &arn).await;
    assert_eq!((state(&done), counts(&done)), (ImportStatus::Completed, (6000, 6000, 0)));
    assert_eq!(items(&kit, "copy", None).await.len(), 6000);
}

#[tokio::test]
async fn an_import_that_cannot_be_is_refused() {
    let kit = ready().await;
    let with =
        |token: &str| ImportTableInput { client_token: Some(token.to_owned()), ..into_table("copy", "x") };
    let arn = import_now(&kit, with("one")).await.import_arn.expect("an ARN");
    assert_eq!(import(&kit, with("one")).await.expect("the same").import_arn.as_ref(), Some(&arn));
    let other = ImportTableInput { client_token: Some("one".to_owned()), ..into_table("copies", "x") };
    assert!(matches!(import(&kit, other).await, Err(Error::ImportConflictException(_))));
    assert!(matches!(import(&kit, into_table("copy", "x")).await, Err(Error::ResourceInUseException(_))));
    let mut provisioned = into_table("new", "x");
    let mut creation = (*provisioned.table_creation_parameters).clone();
    creation.billing_mode = None;
    provisioned.table_creation_parameters = creation.into();
    assert!(invalid(import(&kit, provisioned).await).contains("must both be specified"));
    let options =
        ImportTableInput { input_format_options: Some(Default::default()), ..into_table("new", "x") };
    assert!(invalid(import(&kit, options).await).contains("Unsupported InputFormatOptions"));
    for unbuilt in [
        ImportTableInput { input_format: Open::from(InputFormat::Ion).into(), ..into_table("new", "x") },
        ImportTableInput { input_format: Open::from(InputFormat::Csv).into(), ..into_table("new", "x") },
    ] {
        let refused = import(&kit, unbuilt).await;
        assert!(
            matches!(refused, Err(Error::Common(wire::CommonError::NotImplemented { .. }))),
            "{refused:?}"
        );
    }
    assert!(description(&kit, "new").await.is_none());
    let describe =
        async |arn: &str| kit.run(DescribeImport, DescribeImportInput { import_arn: arn.into() }).await;
    assert_eq!(invalid(describe(TABLE_ARN).await), "Invalid Import ARN");
    assert_eq!(invalid(describe(&format!("{TABLE_ARN}/export/0")).await), "Invalid Import ARN");
    let nothing = describe(&format!("{TABLE_ARN}/import/01234567890123-a1b2c3d4")).await;
    assert!(matches!(nothing, Err(Error::ImportNotFoundException(_))));
    // What was imported is known when the table is gone.
    kit.run(DeleteTable, DeleteTableInput { table_name: "copy".into() }).await.expect("deleted");
    let of_table =
        ListImportsInput { table_arn: Some(TABLE_ARN.replace("things", "copy")), ..Default::default() };
    let page = kit.run(ListImports, of_table).await.expect("listed").import_summary_list.expect("imports");
    assert_eq!(page.iter().map(|import| import.import_arn.as_ref()).collect::<Vec<_>>(), [Some(&arn)]);
    let all = kit.run(ListImports, ListImportsInput::default()).await.expect("listed");
    assert_eq!(all.import_summary_list.map(|page| page.len()), Some(1));
}
