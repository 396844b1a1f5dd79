//! Tables under KMS keys: every operation reads and writes what nobody finds in the store.

mod common;

use std::collections::BTreeMap;

use common::sealed::*;
use common::transfers::{BUCKET, export_now, lines, whole};
use common::*;
use kernel::{Clock, Timestamp};
use model_dynamodb::Error;
use model_dynamodb::ops::*;
use model_dynamodb::types::*;
use model_kms::ops::DescribeKey;
use model_kms::types::DescribeKeyInput;
use model_s3::ops::CreateBucket;
use model_s3::types::CreateBucketInput;
use store::{KeyRange, Options, RangeOptions, Store};
use testkit::Kit;
use wire::{CommonError, Open};

/// Every way to read one item, and how often each shows the secret.
async fn read_every_way(kit: &Kit) {
    let shown = |items: Option<Vec<attribute::Shown>>| {
        let items = items.expect("items");
        items.iter().filter(|item| json(item).contains(SECRET)).count()
    };
    assert!(get(kit, &key_of("1")).await.expect("an item").contains(SECRET));
    let query = |index: Option<&str>, condition: &str| QueryInput {
        table_name: "things".into(),
        index_name: index.map(str::to_owned),
        key_condition_expression: Some(condition.to_owned()),
        expression_attribute_values: values(r#"{":x":{"S":"p"}}"#),
        ..Default::default()
    };
    assert_eq!(shown(kit.run(Query, query(None, "p = :x")).await.expect("found").items), 2);
    let by_v = QueryInput {
        expression_attribute_values: values(r#"{":x":{"S":"one"}}"#),
        ..query(Some("by-v"), "v = :x")
    };
    assert_eq!(shown(kit.run(Query, by_v).await.expect("found").items), 1);
    // A local index that does not show the secret has it fetched.
    let local =
        QueryInput { projection_expression: Some("c, #t".to_owned()), ..query(Some("local"), "p = :x") };
    let local = QueryInput { expression_attribute_names: names([("#t", "text")]), ..local };
    assert_eq!(shown(kit.run(Query, local).await.expect("found").items), 2);
    for index in [None, Some("by-v")] {
        let all = everything(kit, "things", index).await;
        assert_eq!(all.iter().filter(|item| item.contains(SECRET)).count(), 2, "{index:?}");
    }
    let keys = KeysAndAttributes {
        keys: vec![given(&key_of("1")), given(&key_of("2"))].into(),
        ..Default::default()
    };
    let input = BatchGetItemInput {
        request_items: BTreeMap::from([("things".to_owned(), keys)]).into(),
        ..Default::default()
    };
    let found = kit.run(BatchGetItem, input).await.expect("found").responses.expect("tables");
    assert_eq!(found["things"].len(), 2);
    let one = Get { table_name: "things".into(), key: given(&key_of("1")).into(), ..Default::default() };
    let input = TransactGetItemsInput {
        transact_items: vec![TransactGetItem { get: one.into() }].into(),
        ..Default::default()
    };
    let found = kit.run(TransactGetItems, input).await.expect("found").responses.expect("items");
    assert!(json(found[0].item.as_ref().expect("an item")).contains(SECRET));
    let statement = |text: &str| ExecuteStatementInput { statement: text.into(), ..Default::default() };
    let select = r#"SELECT * FROM "things" WHERE "p" = 'p'"#;
    assert_eq!(shown(kit.run(ExecuteStatement, statement(select)).await.expect("found").items), 2);
    let one = format!("{select} AND c = '1'");
    let input = BatchExecuteStatementInput {
        statements: vec![BatchStatementRequest { statement: one.as_str().into(), ..Default::default() }]
            .into(),
        ..Default::default()
    };
    let found = kit.run(BatchExecuteStatement, input).await.expect("found").responses.expect("items");
    assert!(json(found[0].item.as_ref().expect("an item")).contains(SECRET));
    let input = ExecuteTransactionInput {
        transact_statements: vec![ParameterizedStatement {
            statement: one.as_str().into(),
            ..Default::default()
        }]
        .into(),
        ..Default::default()
    };
    let found = kit.run(ExecuteTransaction, input).await.expect("found").responses.expect("items");
    assert!(json(found[0].item.as_ref().expect("an item")).contains(SECRET));
}

/// Every way to write an item.
async fn write_every_way(kit: &Kit) {
    write(kit, "1", "none").await;
    let update = UpdateItemInput {
        table_name: "things".into(),
        key: given(&key_of("1")).into(),
        update_expression: Some("SET v = :v".to_owned()),
        condition_expression: Some("#t = :t".to_owned()),
        expression_attribute_names: names([("#t", "text")]),
        expression_attribute_values: values(&format!(r#"{{":v":{{"S":"one"}},":t":{{"S":"{SECRET}"}}}}"#)),
        return_values: Some(ReturnValue::AllNew.into()),
        ..Default::default()
    };
    let updated = kit.run(UpdateItem, update).await.expect("updated").attributes.expect("the item");
    assert!(json(&updated).contains(SECRET));
    let request = WriteRequest {
        put_request: Some(PutRequest { item: given(&secret("2", "two")).into() }),
        delete_request: None,
    };
    let input = BatchWriteItemInput {
        request_items: BTreeMap::from([("things".to_owned(), vec![request])]).into(),
        ..Default::default()
    };
    kit.run(BatchWriteItem, input).await.expect("written");
    let put =
        Put { table_name: "things".into(), item: given(&secret("3", "x")).into(), ..Default::default() };
    let input = TransactWriteItemsInput {
        transact_items: vec![TransactWriteItem { put: Some(put), ..Default::default() }].into(),
        ..Default::default()
    };
    kit.run(TransactWriteItems, input).await.expect("written");
    let statement = r#"UPDATE "things" SET "v" = 'three' WHERE "p" = 'p' AND "c" = '3'"#;
    let input = ExecuteStatementInput { statement: statement.into(), ..Default::default() };
    kit.run(ExecuteStatement, input).await.expect("updated");
    let delete = DeleteItemInput {
        table_name: "things".into(),
        key: given(&key_of("3")).into(),
        return_values: Some(ReturnValue::AllOld.into()),
        ..Default::default()
    };
    let gone = kit.run(DeleteItem, delete).await.expect("deleted").attributes.expect("the item");
    assert!(json(&gone).contains(SECRET) && json(&gone).contains("three"));
}

#[tokio::test]
async fn all_operations_use_what_nobody_finds() {
    let kit = sealed_kit();
    let key = new_key(&kit).await;
    things(&kit, under(&key)).await;
    let table = described(&kit, "things").await;
    let sse = table.sse_description.clone().expect("it is encrypted");
    assert_eq!(sse.status.as_ref().and_then(Open::known), Some(SseStatus::Enabled));
    assert_eq!(sse.sse_type.as_ref().and_then(Open::known), Some(SseType::Kms));
    assert_eq!((sse.kms_master_key_arn, sse.inaccessible_encryption_date_time), (Some(key.clone()), None));
    write_every_way(&kit).await;
    read_every_way(&kit).await;
    let stream = table.latest_stream_arn.expect("a stream");
    let shown = images(&kit, &stream).await.expect("records");
    assert_eq!(shown.iter().filter(|image| image.contains(SECRET)).count(), 8);
    assert!(!is_found(&kit));
    // Items are counted as if they were in the clear.
    let table = described(&kit, "things").await;
    assert_eq!(table.item_count, Some(2));
    assert_eq!(table.table_size_bytes, Some(2 * (2 + 2 + 4 + 4 + SECRET.len()) as i64));
    // The stream is read as long as it lives, and then nothing is left of the grant.
    assert_eq!(grants(&kit, &key).await, 1);
    let input = recovery_of("things", false, None);
    kit.run(UpdateContinuousBackups, input).await.expect("off");
    kit.run(DeleteTable, DeleteTableInput { table_name: "things".into() }).await.expect("deleted");
    kit.advance(CACHED);
    assert_eq!(images(&kit, &stream).await.expect("records").len(), shown.len());
    assert_eq!(grants(&kit, &key).await, 1);
    kit.advance(std::time::Duration::from_secs(26 * 60 * 60));
    until(async || (grants(&kit, &key).await == 0).then_some(())).await;
}

#[tokio::test]
async fn callers_are_asked_for_by_name() {
    let kit = sealed_kit();
    let key = new_key(&kit).await;
    kit.asked();
    things(&kit, under(&key)).await;
    write(&kit, "1", "one").await;
    let asked = kit.asked();
    let of = |action: &str| {
        let mut found = asked.iter().filter(|ask| ask.action == action);
        let first = found.next().unwrap_or_else(|| panic!("{action} is not asked for")).clone();
        assert_eq!(first.target.arn.as_str(), key);
        first
    };
    for action in ["kms:DescribeKey", "kms:CreateGrant", "kms:Decrypt"] {
        let call = of(action).call;
        assert_eq!(call.principal, kit.call().principal, "{action}");
        assert_eq!(call.called_via, ["dynamodb"], "{action}");
    }
    assert_eq!(of("kms:Encrypt").call.principal.user_id, "dynamodb.amazonaws.com");
    // For five minutes nobody is asked again; somebody else is.
    write(&kit, "2", "two").await;
    let used = |kit: &Kit| kit.asked().iter().filter(|ask| ask.action == "kms:Decrypt").count();
    assert_eq!(used(&kit), 0);
    kit.advance(CACHED);
    write(&kit, "3", "three").await;
    assert!(used(&kit) >= 1);
    // It stays with those who write items for others to see that they may not.
    kit.deny("kms:Decrypt");
    kit.advance(CACHED);
    let input =
        GetItemInput { table_name: "things".into(), key: given(&key_of("1")).into(), ..Default::default() };
    let Err(Error::Common(CommonError::AccessDenied(text))) = kit.run(GetItem, input).await else {
        panic!("read by who may not");
    };
    assert!(
        text.starts_with("KMS key access denied error: com.amazonaws.services.kms.model.AWSKMSException: ")
    );
}

#[tokio::test]
async fn without_a_name_it_is_the_account_s_key() {
    let kit = sealed_kit();
    let enabled = SseSpecification { enabled: Some(true), ..Default::default() };
    things(&kit, Some(enabled)).await;
    let input = DescribeKeyInput { key_id: "alias/aws/dynamodb".into(), ..Default::default() };
    let managed = kit.run(DescribeKey, input).await.expect("it was made").key_metadata.expect("metadata");
    assert_eq!(key_arn(&described(&kit, "things").await), managed.arn);
    write(&kit, "1", "one").await;
    assert!(!is_found(&kit));
    // What says nothing of encryption, and what says that it wants none, has none to show.
    for (name, sse) in [("one", None), ("two", own()), ("three", Some(SseSpecification::default()))] {
        kit.run(CreateTable, CreateTableInput { sse_specification: sse, ..table(name, "p", "p:S") })
            .await
            .expect("a table");
        assert!(described(&kit, name).await.sse_description.is_none(), "{name}");
    }
}

#[tokio::test]
async fn items_end_and_imports_come_sealed() {
    let kit = sealed_kit();
    let key = new_key(&kit).await;
    let bucket = CreateBucketInput { bucket: BUCKET.into(), ..Default::default() };
    kit.run(CreateBucket, bucket).await.expect("a bucket");
    things(&kit, under(&key)).await;
    for n in 0..300 {
        write(&kit, &n.to_string(), "v").await;
    }
    let done = export_now(&kit, whole()).await;
    assert_eq!(done.item_count, Some(300));
    let exported = lines(&kit, &done).await;
    assert_eq!(exported.iter().filter(|line| line.contains(SECRET)).count(), 300);
    assert!(!is_found(&kit));
    let definition = table("copy", "p+c", "p:S c:S");
    let data = done.export_manifest.expect("a manifest").replace("manifest-summary.json", "data/");
    let input = ImportTableInput {
        s3_bucket_source: S3BucketSource {
            s3_bucket: BUCKET.into(),
            s3_key_prefix: Some(data),
            ..Default::default()
        }
        .into(),
        input_format: Open::from(InputFormat::DynamodbJson).into(),
        input_compression_type: Some(InputCompressionType::Gzip.into()),
        table_creation_parameters: TableCreationParameters {
            table_name: "copy".into(),
            attribute_definitions: definition.attribute_definitions.expect("types").into(),
            key_schema: definition.key_schema.expect("a key").into(),
            billing_mode: definition.billing_mode,
            sse_specification: under(&key),
            ..Default::default()
        }
        .into(),
        ..Default::default()
    };
    let begun = kit.run(ImportTable, input).await.expect("begun").import_table_description.expect("said");
    let parameters = begun.table_creation_parameters.expect("parameters");
    let sse = parameters.sse_specification.expect("said");
    assert_eq!((sse.enabled, sse.kms_master_key_id.as_ref()), (Some(true), Some(&key)));
    let copy = settled(&kit, "copy").await;
    assert_eq!((key_arn(&copy), copy.item_count), (Some(key), Some(300)));
    assert_eq!(everything(&kit, "copy", None).await.len(), 300);
    assert!(!is_found(&kit));
    // Time to live reads what is sealed.
    let wanted = TimeToLiveSpecification { enabled: true.into(), attribute_name: "ends".into() };
    let input =
        UpdateTimeToLiveInput { table_name: "things".into(), time_to_live_specification: wanted.into() };
    let ends = kit.deps().clock.now().millis() / 1000 + 10;
    let item = secret("ends", "v").replace(r#"{"p""#, &format!(r#"{{"ends":{{"N":"{ends}"}},"p""#));
    put(&kit, &item).await;
    kit.run(UpdateTimeToLive, input).await.expect("on");
    kit.advance(std::time::Duration::from_secs(600));
    until(async || get(&kit, &key_of("ends")).await.is_none().then_some(())).await;
}

#[tokio::test]
async fn what_was_changed_on_the_disk_is_no_item() {
    let kit = sealed_kit();
    let key = new_key(&kit).await;
    things(&kit, under(&key)).await;
    write(&kit, "1", "one").await;
    let store = &kit.deps().store;
    let page = store
        .snapshot()
        .range(KeyRange::new(Vec::new(), vec![0xff; 8]), RangeOptions::default())
        .expect("read");
    let mut tx = store.begin();
    for (row, bytes) in page.entries {
        if bytes.starts_with(&[0x22, 0, 1, 0]) {
            let mut other = bytes.to_vec();
            *other.last_mut().expect("a byte") ^= 1;
            tx.put(row, other);
        }
    }
    tx.commit().await.expect("changed");
    let input =
        GetItemInput { table_name: "things".into(), key: given(&key_of("1")).into(), ..Default::default() };
    assert_eq!(refusal(kit.run(GetItem, input).await).0, "InternalFailure");
    let input = ScanInput { table_name: "things".into(), ..Default::default() };
    assert_eq!(refusal(kit.run(Scan, input).await).0, "InternalFailure");
}

#[tokio::test]
async fn files_do_not_have_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = Store::open(dir.path(), Options::default()).expect("a store");
    let clock = Clock::frozen(Timestamp::from_secs(1_750_000_000));
    let kit = Kit::on(testkit::deps_on(store.clone(), clock), services);
    let key = new_key(&kit).await;
    things(&kit, under(&key)).await;
    for n in 0..50 {
        write(&kit, &n.to_string(), "v").await;
    }
    let input = CreateTableInput { ..table("clear", "p+c", "p:S c:S") };
    kit.run(CreateTable, input).await.expect("a table");
    put_into(&kit, "clear", r#"{"p":{"S":"p"},"c":{"S":"c"},"text":{"S":"everybody finds this"}}"#).await;
    drop(kit);
    store.close();
    let (mut secret, mut other) = (false, false);
    let mut folders = vec![dir.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            #[allow(clippy::disallowed_methods)] // The files are what is looked at.
            let bytes = std::fs::read(&path).expect("a file");
            let has = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
            secret |= has(SECRET);
            other |= has("everybody finds this");
        }
    }
    assert!(other, "what is not sealed is there");
    assert!(!secret);
}
