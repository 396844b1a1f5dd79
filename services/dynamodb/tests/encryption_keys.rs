//! The KMS keys of tables: changed, of no use, given back.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::sealed::*;
use common::*;
use futures::future::join_all;
use model_dynamodb::Error;
use model_dynamodb::ops::*;
use model_dynamodb::types::*;
use model_kms::ops::{CreateKey, ScheduleKeyDeletion};
use model_kms::types::{CreateKeyInput, KeySpec, KeyUsageType, ScheduleKeyDeletionInput};
use testkit::Kit;
use wire::{Open, ServiceError as _};

const MINUTE: Duration = Duration::from_secs(60);

async fn read(kit: &Kit) -> Result<Option<String>, Error> {
    let input =
        GetItemInput { table_name: "things".into(), key: given(&key_of("1")).into(), ..Default::default() };
    Ok(kit.run(GetItem, input).await?.item.as_ref().map(json))
}

#[tokio::test]
async fn a_table_goes_from_key_to_key_and_back() {
    let kit = sealed_kit();
    let (first, second) = (new_key(&kit).await, new_key(&kit).await);
    things(&kit, under(&first)).await;
    write(&kit, "1", "one").await;
    let begun = encrypt(&kit, under(&second)).await.expect("begun");
    assert_eq!((status(&begun), key_arn(&begun)), (TableStatus::Active, Some(first.clone())));
    let sse = begun.sse_description.expect("said");
    assert_eq!(sse.status.as_ref().and_then(Open::known), Some(SseStatus::Updating));
    assert_eq!(key_arn(&settled(&kit, "things").await), Some(second.clone()));
    // The first is not needed any more.
    until(async || (grants(&kit, &first).await == 0).then_some(())).await;
    disable(&kit, &first).await;
    kit.advance(2 * CACHED);
    write(&kit, "2", "two").await;
    assert!(read(&kit).await.expect("read").expect("an item").contains(SECRET));
    encrypt(&kit, own()).await.expect("begun");
    assert!(settled(&kit, "things").await.sse_description.is_none());
    disable(&kit, &second).await;
    kit.advance(2 * CACHED);
    write(&kit, "3", "three").await;
    assert_eq!(everything(&kit, "things", Some("by-v")).await.len(), 3);
    assert!(!is_found(&kit), "what was sealed once is sealed for ever");
    let kit = again(kit);
    enable(&kit, &first).await;
    encrypt(&kit, under(&first)).await.expect("begun");
    assert_eq!(key_arn(&settled(&kit, "things").await), Some(first));
    assert_eq!(everything(&kit, "things", None).await.len(), 3);
}

#[tokio::test]
async fn what_is_so_already_is_refused() {
    let kit = sealed_kit();
    let key = new_key(&kit).await;
    things(&kit, None).await;
    let text = "One or more parameter values were invalid: Table is already encrypted by default";
    assert_eq!(invalid(encrypt(&kit, own()).await), text);
    encrypt(&kit, under(&key)).await.expect("begun");
    settled(&kit, "things").await;
    let text = "One or more parameter values were invalid: Table is already encrypted with given KMSMasterKeyId. Use \
                KMSMasterKeyId parameter if you want to change Master Key";
    assert_eq!(invalid(encrypt(&kit, under(&key)).await), text);
    // By another name it is closed anew.
    let id = key.rsplit('/').next().expect("an id");
    encrypt(&kit, under(id)).await.expect("begun");
    assert_eq!(key_arn(&settled(&kit, "things").await), Some(key.clone()));
    until(async || (grants(&kit, &key).await == 1).then_some(())).await;
    let input = UpdateTableInput {
        table_name: "things".into(),
        sse_specification: own(),
        deletion_protection_enabled: Some(true),
        ..Default::default()
    };
    let text = "Server-Side Encryption modification must be the only operation in the request";
    assert_eq!(invalid(kit.run(UpdateTable, input).await), text);
}

#[tokio::test]
async fn what_was_there_before_is_sealed_even_after_a_restart() {
    let kit = sealed_kit();
    let key = new_key(&kit).await;
    things(&kit, None).await;
    for n in 0..1_000 {
        write(&kit, &n.to_string(), &format!("v{}", n % 7)).await;
    }
    assert!(is_found(&kit));
    let begun = encrypt(&kit, under(&key)).await.expect("begun");
    assert_eq!(key_arn(&begun), None);
    assert_eq!(status(&described(&kit, "things").await), TableStatus::Active);
    // In the middle of it the program ends, and begins again.
    let kit = again(kit);
    let now = described(&kit, "things").await;
    let sse = now.sse_description.expect("said");
    assert_eq!(sse.status.as_ref().and_then(Open::known), Some(SseStatus::Updating));
    let delete = DeleteTableInput { table_name: "things".into() };
    refused_as(kit.run(DeleteTable, delete).await, "ResourceInUseException");
    refused_as(encrypt(&kit, own()).await, "ResourceInUseException");
    for n in 0..100 {
        write(&kit, &(n * 10).to_string(), "new").await;
        tokio::task::yield_now().await;
    }
    let table = settled(&kit, "things").await;
    assert!(!is_found(&kit), "items, indexes and images");
    assert_eq!(everything(&kit, "things", None).await.len(), 1_000);
    assert_eq!(everything(&kit, "things", Some("by-v")).await.len(), 1_000);
    let shown = images(&kit, &table.latest_stream_arn.expect("a stream")).await.expect("records");
    assert!(!shown.is_empty() && shown.iter().all(|image| image.contains(SECRET)));
}

#[tokio::test]
async fn a_table_waits_for_its_key() {
    let kit = sealed_kit();
    let (key, other) = (new_key(&kit).await, new_key(&kit).await);
    things(&kit, under(&key)).await;
    write(&kit, "1", "one").await;
    disable(&kit, &key).await;
    assert!(read(&kit).await.expect("it is let in still").is_some());
    kit.advance(CACHED);
    let said = format!(
        "KMS key disabled error: com.amazonaws.services.kms.model.DisabledException: {key} is disabled. (Service: AWSKMS; \
         Status Code: 400; Error Code: DisabledException; Request ID: "
    );
    let text = invalid(read(&kit).await);
    assert!(text.starts_with(&said) && text.ends_with("; Proxy: null)"), "{text}");
    let input = PutItemInput {
        table_name: "things".into(),
        item: given(&secret("2", "x")).into(),
        ..Default::default()
    };
    assert!(invalid(kit.run(PutItem, input).await).starts_with(&said));
    let stream = described(&kit, "things").await.latest_stream_arn.expect("a stream");
    assert_eq!(
        images(&kit, &stream).await.unwrap_err().fault().code(wire::Protocol::Json10),
        "ValidationException"
    );
    let locked = until(async || {
        kit.advance(MINUTE);
        let found = described(&kit, "things").await;
        (status(&found) == TableStatus::InaccessibleEncryptionCredentials).then_some(found)
    })
    .await;
    let sse = locked.sse_description.expect("said");
    assert_eq!(sse.status.as_ref().and_then(Open::known), Some(SseStatus::Enabled));
    assert!(sse.inaccessible_encryption_date_time.is_some());
    // What needs the key is refused, and all else is done.
    for refused in [
        encrypt(&kit, under(&other)).await.map(|_| ()),
        encrypt(&kit, own()).await.map(|_| ()),
        kit.run(CreateBackup, CreateBackupInput { table_name: "things".into(), backup_name: "one".into() })
            .await
            .map(|_| ()),
        kit.run(
            UpdateTimeToLive,
            UpdateTimeToLiveInput {
                table_name: "things".into(),
                time_to_live_specification: TimeToLiveSpecification {
                    enabled: true.into(),
                    attribute_name: "ends".into(),
                }
                .into(),
            },
        )
        .await
        .map(|_| ()),
    ] {
        assert!(invalid(refused).starts_with(&said));
    }
    let index = CreateGlobalSecondaryIndexAction {
        index_name: "by-text".into(),
        key_schema: keys("text").into(),
        projection: projection(ProjectionType::All).into(),
        ..Default::default()
    };
    let input = UpdateTableInput {
        table_name: "things".into(),
        attribute_definitions: types("p:S c:S v:S text:S"),
        global_secondary_index_updates: Some(vec![GlobalSecondaryIndexUpdate {
            create: Some(index),
            ..Default::default()
        }]),
        ..Default::default()
    };
    kit.run(UpdateTable, input).await.expect("begun");
    kit.advance(MINUTE);
    enable(&kit, &key).await;
    assert!(read(&kit).await.expect("read").expect("an item").contains(SECRET));
    let back = until(async || {
        kit.advance(MINUTE);
        let found = described(&kit, "things").await;
        (status(&found) == TableStatus::Active).then_some(found)
    })
    .await;
    assert_eq!(back.sse_description.expect("said").inaccessible_encryption_date_time, None);
    assert_eq!(everything(&kit, "things", Some("by-text")).await.len(), 1);
}

#[tokio::test]
async fn a_locked_table_can_be_deleted() {
    let kit = sealed_kit();
    let key = new_key(&kit).await;
    let input = CreateTableInput { sse_specification: under(&key), ..table("things", "p+c", "p:S c:S") };
    kit.run(CreateTable, input).await.expect("a table");
    write(&kit, "1", "one").await;
    disable(&kit, &key).await;
    kit.advance(2 * CACHED);
    kit.run(DeleteTable, DeleteTableInput { table_name: "things".into() }).await.expect("deleted");
}

#[tokio::test]
async fn keys_of_no_use_are_refused_and_leave_nothing() {
    let kit = sealed_kit();
    let make = async |spec: KeySpec, usage: KeyUsageType| {
        let input = CreateKeyInput {
            key_spec: Some(spec.into()),
            key_usage: Some(usage.into()),
            ..Default::default()
        };
        let made = kit.run(CreateKey, input).await.expect("a key");
        made.key_metadata.expect("metadata").arn.expect("an ARN")
    };
    let pair = make(KeySpec::Rsa2048, KeyUsageType::EncryptDecrypt).await;
    let mac = make(KeySpec::Hmac256, KeyUsageType::GenerateVerifyMac).await;
    let (disabled, going) = (new_key(&kit).await, new_key(&kit).await);
    disable(&kit, &disabled).await;
    let input = ScheduleKeyDeletionInput { key_id: going.as_str().into(), ..Default::default() };
    kit.run(ScheduleKeyDeletion, input).await.expect("scheduled");
    let far = new_key(&kit).await.replace("us-east-1", "eu-west-1");
    let missing = "11111111-1111-4111-8111-111111111111";
    kit.run(CreateTable, table("there", "p", "p:S")).await.expect("a table");
    for (key, code, text) in [
        (pair.as_str(), "InternalServerError", "KMS internal error: "),
        (&mac, "InternalServerError", "KMS internal error: "),
        (
            &disabled,
            "ValidationException",
            "KMS key disabled error: com.amazonaws.services.kms.model.DisabledException: ",
        ),
        (
            &going,
            "ValidationException",
            "KMS validation error: com.amazonaws.services.kms.model.KMSInvalidStateException: ",
        ),
        (
            &far,
            "ValidationException",
            "KMS validation error: com.amazonaws.services.kms.model.NotFoundException: Invalid arn",
        ),
        (
            missing,
            "ValidationException",
            "KMS validation error: com.amazonaws.services.kms.model.NotFoundException: Key '",
        ),
        (
            "alias/missing",
            "ValidationException",
            "KMS validation error: com.amazonaws.services.kms.model.NotFoundException: Alias ",
        ),
    ] {
        let input = CreateTableInput { sse_specification: under(key), ..table("things", "p", "p:S") };
        let (found, said) = refusal(kit.run(CreateTable, input).await);
        assert_eq!(found, code, "{said}");
        assert!(said.starts_with(text), "{said}");
        let describe = DescribeTableInput { table_name: "things".into() };
        refused_as(kit.run(DescribeTable, describe).await, "ResourceNotFoundException");
        let input = UpdateTableInput {
            table_name: "there".into(),
            sse_specification: under(key),
            ..Default::default()
        };
        assert_eq!(refusal(kit.run(UpdateTable, input).await).0, code, "{key}");
    }
    assert!(described(&kit, "there").await.sse_description.is_none());
    for key in [&pair, &mac, &disabled] {
        assert_eq!(grants(&kit, key).await, 0, "{key}");
    }
    // A grant for a table that does not come about is given back.
    let good = new_key(&kit).await;
    let input = CreateTableInput { sse_specification: under(&good), ..table("there", "p", "p:S") };
    refused_as(kit.run(CreateTable, input).await, "ResourceInUseException");
    assert_eq!(grants(&kit, &good).await, 0);
}

fn restored(target: &str, sse: Option<SseSpecification>) -> RestoreTableToPointInTimeInput {
    RestoreTableToPointInTimeInput {
        source_table_name: Some("things".to_owned()),
        target_table_name: target.into(),
        use_latest_restorable_time: Some(true),
        sse_specification_override: sse,
        ..Default::default()
    }
}

#[tokio::test]
async fn what_is_restored_has_the_key_that_is_wanted() {
    let kit = sealed_kit();
    let (key, other) = (new_key(&kit).await, new_key(&kit).await);
    things(&kit, under(&key)).await;
    for n in 0..300 {
        write(&kit, &n.to_string(), "v").await;
    }
    kit.advance(MINUTE);
    let input = CreateBackupInput { table_name: "things".into(), backup_name: "one".into() };
    let backup = kit.run(CreateBackup, input).await.expect("begun").backup_details.expect("details");
    let arn = backup.backup_arn.expect("an ARN");
    let description = until(async || {
        let input = DescribeBackupInput { backup_arn: arn.as_str().into() };
        let found = kit.run(DescribeBackup, input).await.expect("described").backup_description?;
        let status = found.backup_details.as_ref()?.backup_status.as_ref().and_then(Open::known);
        (status == Some(BackupStatus::Available)).then_some(found)
    })
    .await;
    let sse = description.source_table_feature_details.expect("details").sse_description.expect("said");
    assert_eq!(sse.kms_master_key_arn.as_ref(), Some(&key));
    kit.run(RestoreTableToPointInTime, restored("same", None)).await.expect("begun");
    kit.run(RestoreTableToPointInTime, restored("other", under(&other))).await.expect("begun");
    kit.run(RestoreTableToPointInTime, restored("own", own())).await.expect("begun");
    for (target, sse) in [("same-backup", None), ("other-backup", under(&other)), ("own-backup", own())] {
        let input = RestoreTableFromBackupInput {
            target_table_name: target.into(),
            backup_arn: arn.as_str().into(),
            sse_specification_override: sse,
            ..Default::default()
        };
        kit.run(RestoreTableFromBackup, input).await.expect("begun");
    }
    for (table, expected) in [("same", Some(&key)), ("other", Some(&other)), ("own", None)] {
        for table in [table.to_owned(), format!("{table}-backup")] {
            let found = settled(&kit, &table).await;
            assert_eq!((key_arn(&found).as_ref(), found.item_count), (expected, Some(300)), "{table}");
            assert_eq!(everything(&kit, &table, Some("by-v")).await.len(), 300, "{table}");
        }
    }
    assert!(!is_found(&kit));
    // Each stands under its own key alone.
    kit.run(DeleteBackup, DeleteBackupInput { backup_arn: arn.as_str().into() }).await.expect("deleted");
    disable(&kit, &key).await;
    kit.advance(2 * CACHED);
    for (table, good) in [("same", false), ("other", true), ("own", true), ("own-backup", true)] {
        let input = ScanInput { table_name: table.into(), ..Default::default() };
        assert_eq!(kit.run(Scan, input).await.is_ok(), good, "{table}");
    }
}

#[tokio::test]
async fn what_was_in_the_clear_is_sealed_where_it_is_restored() {
    let kit = sealed_kit();
    let key = new_key(&kit).await;
    things(&kit, None).await;
    for n in 0..300 {
        write(&kit, &n.to_string(), "v").await;
    }
    kit.run(RestoreTableToPointInTime, restored("copy", under(&key))).await.expect("begun");
    let copy = settled(&kit, "copy").await;
    assert_eq!((key_arn(&copy), copy.item_count), (Some(key), Some(300)));
    let input = recovery_of("things", false, None);
    kit.run(UpdateContinuousBackups, input).await.expect("off");
    let input = UpdateTableInput {
        table_name: "things".into(),
        stream_specification: Some(StreamSpecification {
            stream_enabled: false.into(),
            stream_view_type: None,
        }),
        ..Default::default()
    };
    kit.run(UpdateTable, input).await.expect("off");
    kit.run(DeleteTable, DeleteTableInput { table_name: "things".into() }).await.expect("deleted");
    kit.advance(Duration::from_secs(26 * 60 * 60));
    until(async || (!is_found(&kit)).then_some(())).await;
    assert_eq!(everything(&kit, "copy", Some("by-v")).await.len(), 300);
    // A table that was deleted with its key is restored from what it leaves.
    common::transfers::recoverable(&kit, "copy").await;
    kit.run(DeleteTable, DeleteTableInput { table_name: "copy".into() }).await.expect("deleted");
    let input = ListBackupsInput { backup_type: Some(BackupTypeFilter::System.into()), ..Default::default() };
    let left = kit.run(ListBackups, input).await.expect("listed").backup_summaries.expect("backups");
    let input = RestoreTableFromBackupInput {
        target_table_name: "again".into(),
        backup_arn: left[0].backup_arn.clone().expect("an ARN").into(),
        ..Default::default()
    };
    kit.run(RestoreTableFromBackup, input).await.expect("begun");
    settled(&kit, "again").await;
    assert_eq!(everything(&kit, "again", Some("by-v")).await.len(), 300);
}

async fn give(kit: &Kit, name: &str, key: &str) -> Result<UpdateTableOutput, Error> {
    let input =
        UpdateTableInput { table_name: name.into(), sse_specification: under(key), ..Default::default() };
    kit.run(UpdateTable, input).await
}

async fn write_into(kit: &Kit, name: &str, number: usize) {
    let item = secret(&number.to_string(), "x");
    let input = PutItemInput { table_name: name.into(), item: given(&item).into(), ..Default::default() };
    kit.run(PutItem, input).await.expect("written");
}

/// Who writes while two give a table its first key writes as before, or sealed with the table's key.
#[allow(clippy::disallowed_methods)] // Writers are to run beside those who give the key.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writes_meet_a_first_key() {
    let kit = Arc::new(sealed_kit());
    let keys = [new_key(&kit).await, new_key(&kit).await];
    for round in 0..30 {
        let name = format!("round{round}");
        kit.run(CreateTable, table(&name, "p+c", "p:S c:S")).await.expect("a table");
        let writer = |from: usize| {
            let (kit, name) = (kit.clone(), name.clone());
            tokio::spawn(async move {
                // Some wait for each other, and find the table changed when it is their turn.
                join_all((0..100).map(|number| write_into(&kit, &name, from + number / 20))).await;
            })
        };
        let writers: Vec<_> = [0, 0, 5].map(writer).into();
        let giver = |key: &String| {
            let (kit, name, key) = (kit.clone(), name.clone(), key.clone());
            tokio::spawn(async move { give(&kit, &name, &key).await.is_ok() })
        };
        let given = join_all(keys.iter().map(giver)).await;
        // The second one is refused, or comes when all is sealed and changes the key.
        assert!(given.iter().any(|given| *given.as_ref().expect("an answer")));
        join_all(writers).await.into_iter().for_each(|written| written.expect("written"));
        // With no key in memory any more, all are read with the one that is stored.
        kit.advance(CACHED + 2 * MINUTE);
        assert_eq!(everything(&kit, &name, None).await.len(), 10);
    }
}

/// Two give a table its first key: one is refused, and what is written meanwhile can be read.
#[tokio::test]
async fn one_of_two_gives_a_first_key() {
    let kit = sealed_kit();
    let (one, other) = (new_key(&kit).await, new_key(&kit).await);
    for round in 0..20 {
        let name = format!("round{round}");
        kit.run(CreateTable, table(&name, "p+c", "p:S c:S")).await.expect("a table");
        let writes = join_all((0..20).map(|number| write_into(&kit, &name, number)));
        let (one, other, _) = tokio::join!(give(&kit, &name, &one), give(&kit, &name, &other), writes);
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        // With no key in memory any more, all are read with the one that is stored.
        kit.advance(CACHED + 2 * MINUTE);
        assert_eq!(everything(&kit, &name, None).await.len(), 20);
    }
}
