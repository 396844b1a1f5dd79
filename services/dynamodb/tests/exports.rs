//! Exports to buckets, with S3 beside DynamoDB.

mod common;

use std::collections::BTreeMap;
use std::time::Duration;

use common::transfers::*;
use common::*;
use kernel::Timestamp;
use model_dynamodb::Error;
use model_dynamodb::ops::*;
use model_dynamodb::types::*;
use testkit::Kit;
use wire::Open;

fn wrapped(items: &[(&str, &str)]) -> Vec<String> {
    let mut lines: Vec<String> =
        items.iter().map(|(c, v)| format!(r#"{{"Item":{}}}"#, item_json(c, v))).collect();
    lines.sort();
    lines
}

/// An item as it is shown: its attributes in the order of their names.
fn item_json(c: &str, v: &str) -> String {
    format!(r#"{{"c":{{"S":"{c}"}},"p":{{"S":"p"}},"v":{{"S":"{v}"}}}}"#)
}

#[tokio::test]
async fn a_table_is_exported_as_it_was() {
    let kit = ready().await;
    write(&kit, "a", "1").await;
    write(&kit, "b", "1").await;
    let then = kit.deps().clock.now();
    kit.advance(MINUTE);
    write(&kit, "b", "2").await;
    write(&kit, "c", "2").await;
    delete(&kit, "a").await;
    let now =
        export_now(&kit, ExportTableToPointInTimeInput { s3_prefix: Some("now".to_owned()), ..whole() })
            .await;
    let past = ExportTableToPointInTimeInput {
        export_time: Some(then),
        export_type: Some(ExportType::FullExport.into()),
        ..whole()
    };
    let past = export_now(&kit, past).await;
    assert_eq!(now.export_status.as_ref().and_then(Open::known), Some(ExportStatus::Completed));
    assert_eq!((now.item_count, now.export_time), (Some(2), Some(kit.deps().clock.now())));
    assert_eq!(now.export_type, None);
    assert_eq!((past.item_count, past.export_time), (Some(2), Some(then)));
    assert_eq!(past.export_type.as_ref().and_then(Open::known), Some(ExportType::FullExport));
    assert_eq!(lines(&kit, &now).await, wrapped(&[("b", "2"), ("c", "2")]));
    assert_eq!(lines(&kit, &past).await, wrapped(&[("a", "1"), ("b", "1")]));
    let id = now.export_arn.expect("an ARN").rsplit('/').next().expect("an id").to_owned();
    let root = format!("now/AWSDynamoDB/{id}");
    assert_eq!(now.export_manifest, Some(format!("{root}/manifest-summary.json")));
    let mut keys = keys_under(&kit, "now/").await;
    keys.retain(|key| !key.contains("/data/"));
    let names = [
        "_started",
        "manifest-files.json",
        "manifest-files.md5",
        "manifest-summary.json",
        "manifest-summary.md5",
    ];
    assert_eq!(keys, names.map(|name| format!("{root}/{name}")));
    let summary =
        String::from_utf8(object(&kit, &format!("{root}/manifest-summary.json")).await).expect("text");
    for part in [
        r#""version":"2020-06-30""#,
        r#""itemCount":2"#,
        r#""s3Prefix":"now""#,
        r#""s3SseAlgorithm":"AES256","s3SseKmsKeyId":null"#,
        r#""outputFormat":"DYNAMODB_JSON"}"#,
        &format!(r#""tableArn":"{TABLE_ARN}""#),
        &format!(r#""manifestFilesS3Key":"{root}/manifest-files.json""#),
    ] {
        assert!(summary.contains(part), "{part} in {summary}");
    }
    let digest = checksum::Hasher::of(checksum::Algorithm::Md5, summary.as_bytes()).base64();
    assert_eq!(object(&kit, &format!("{root}/manifest-summary.md5")).await, digest.as_bytes());
    // Nothing of it stays with the table: it can be deleted.
    kit.run(DeleteTable, DeleteTableInput { table_name: "things".into() }).await.expect("deleted");
}

#[tokio::test]
async fn an_empty_table_has_an_empty_file() {
    let kit = ready().await;
    let done = export_now(&kit, whole()).await;
    assert_eq!((done.item_count, done.billed_size_bytes), (Some(0), Some(0)));
    assert!(lines(&kit, &done).await.is_empty());
    assert_eq!(
        keys_under(&kit, "AWSDynamoDB/").await.iter().filter(|key| key.ends_with(".json.gz")).count(),
        1
    );
}

#[tokio::test]
async fn what_is_written_meanwhile_is_not_exported() {
    let mut kit = ready().await;
    let mut expected = Vec::new();
    for n in 0..900 {
        write(&kit, &format!("{n:04}"), "old").await;
        expected.push(format!(r#"{{"Item":{}}}"#, item_json(&format!("{n:04}"), "old")));
    }
    let begun = export(&kit, whole()).await.expect("begun").export_arn.expect("an ARN");
    let delete = DeleteTableInput { table_name: "things".into() };
    assert!(matches!(kit.run(DeleteTable, delete).await, Err(Error::ResourceInUseException(_))));
    for n in 0..60 {
        write(&kit, &format!("{:04}", n * 13), "new").await;
        // The program ends in the middle of whatever it does.
        for _ in 0..n % 7 {
            tokio::task::yield_now().await;
        }
        kit = again(kit);
    }
    let done = exported(&kit, &begun).await;
    assert_eq!(done.item_count, Some(900));
    assert_eq!(lines(&kit, &done).await, expected);
}

#[tokio::test]
async fn what_was_changed_is_exported_once() {
    let kit = ready().await;
    for name in ["stays", "changes", "goes", "later"] {
        write(&kit, name, "0").await;
    }
    kit.advance(MINUTE);
    let from = kit.deps().clock.now();
    write(&kit, "changes", "1").await;
    write(&kit, "changes", "2").await;
    write(&kit, "comes", "1").await;
    write(&kit, "passes", "1").await;
    kit.advance(MINUTE);
    delete(&kit, "goes").await;
    delete(&kit, "passes").await;
    let last = kit.deps().clock.now();
    kit.advance(20 * MINUTE);
    let to = kit.deps().clock.now();
    // What is changed at the end is of the next time.
    write(&kit, "changes", "3").await;
    write(&kit, "later", "1").await;
    delete(&kit, "comes").await;
    kit.advance(MINUTE);
    let done = export_now(&kit, changes(from, to)).await;
    assert_eq!(done.export_status.as_ref().and_then(Open::known), Some(ExportStatus::Completed));
    assert_eq!((done.item_count, done.export_time), (Some(3), None));
    let said = done.incremental_export_specification.as_ref().expect("a specification");
    assert_eq!((said.export_from_time, said.export_to_time), (Some(from), Some(to)));
    assert_eq!(said.export_view_type.as_ref().and_then(Open::known), Some(ExportViewType::NewAndOldImages));
    let record = |at: Timestamp, c: &str, old: Option<&str>, new: Option<&str>| {
        let image = |name: &str, v: Option<&str>| {
            v.map_or(String::new(), |v| format!(r#","{name}":{}"#, item_json(c, v)))
        };
        format!(
            r#"{{"Metadata":{{"WriteTimestampMicros":{{"N":"{}000"}}}},"Keys":{{"c":{{"S":"{c}"}},"p":{{"S":"p"}}}}{}{}}}"#,
            at.millis(),
            image("OldImage", old),
            image("NewImage", new)
        )
    };
    let mut expected = vec![
        record(from, "changes", Some("0"), Some("2")),
        record(from, "comes", None, Some("1")),
        record(last, "goes", Some("0"), None),
    ];
    expected.sort();
    assert_eq!(lines(&kit, &done).await, expected);
    assert!(keys_under(&kit, "AWSDynamoDB/data/").await.len() == 1, "the folder of changes");
    let mut new_only = changes(from, to);
    if let Some(specification) = &mut new_only.incremental_export_specification {
        specification.export_view_type = Some(ExportViewType::NewImage.into());
    }
    let done = export_now(&kit, new_only).await;
    let mut expected = vec![
        record(from, "changes", None, Some("2")),
        record(from, "comes", None, Some("1")),
        record(last, "goes", None, None),
    ];
    expected.sort();
    assert_eq!(lines(&kit, &done).await, expected);
}

/// Whatever is written when: what a time's export says of items, put over what they were at its beginning, is what they were at
/// its end.
#[tokio::test]
async fn exports_of_changes_lead_from_one_state_to_another() {
    for seed in 0..8_u64 {
        let mut kit = ready().await;
        let mut state = seed;
        let mut below = |end: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % end
        };
        let mut now = BTreeMap::new();
        let mut states = Vec::new();
        for _ in 0..3 {
            states.push((kit.deps().clock.now(), now.clone()));
            for _ in 0..12 {
                kit.advance(MINUTE * below(4) as u32);
                let (c, v) = (below(7).to_string(), below(3));
                if v == 0 {
                    delete(&kit, &c).await;
                    now.remove(&c);
                } else {
                    write(&kit, &c, &v.to_string()).await;
                    now.insert(c, v.to_string());
                }
            }
            kit.advance(16 * MINUTE);
        }
        states.push((kit.deps().clock.now(), now.clone()));
        kit.advance(MINUTE);
        for pair in states.windows(2) {
            let [(from, before), (to, after)] = pair else { panic!("two") };
            let begun = export(&kit, changes(*from, *to)).await.expect("begun").export_arn.expect("an ARN");
            write(&kit, "0", "during").await;
            kit = again(kit);
            let done = exported(&kit, &begun).await;
            let mut found = before.clone();
            for line in lines(&kit, &done).await {
                let attribute = |text: &str| {
                    text.split(r#""S":""#).nth(1).and_then(|rest| rest.split('"').next().map(str::to_owned))
                };
                let c = attribute(line.split(r#""Keys":"#).nth(1).expect("keys")).expect("a key");
                assert_eq!(line.contains("OldImage"), before.contains_key(&c), "{line}");
                match line.split(r#""NewImage":"#).nth(1) {
                    Some(image) => {
                        let v = attribute(image.split(r#""v":"#).nth(1).expect("v")).expect("a value");
                        found.insert(c, v);
                    }
                    None => {
                        found.remove(&c);
                    }
                }
            }
            assert_eq!(&found, after, "seed {seed}");
        }
    }
}

#[tokio::test]
async fn a_token_stands_for_its_export() {
    let kit = ready().await;
    let with =
        |token: &str| ExportTableToPointInTimeInput { client_token: Some(token.to_owned()), ..whole() };
    let first = export(&kit, with("one")).await.expect("begun");
    assert_eq!(first.client_token.as_deref(), Some("one"));
    let arn = first.export_arn.expect("an ARN");
    exported(&kit, &arn).await;
    assert_eq!(export(&kit, with("one")).await.expect("the same").export_arn.as_ref(), Some(&arn));
    let other = ExportTableToPointInTimeInput { s3_prefix: Some("x".to_owned()), ..with("one") };
    assert!(matches!(export(&kit, other).await, Err(Error::ExportConflictException(_))));
    let fresh = export(&kit, whole()).await.expect("begun");
    assert!(fresh.client_token.is_some_and(|token| token != "one"));
    kit.advance(Duration::from_secs(8 * 60 * 60 - 1));
    assert_eq!(export(&kit, with("one")).await.expect("the same").export_arn.as_ref(), Some(&arn));
    kit.advance(Duration::from_secs(1));
    assert_ne!(export(&kit, with("one")).await.expect("another").export_arn.as_ref(), Some(&arn));
}

#[tokio::test]
async fn an_export_that_cannot_be_is_refused() {
    let kit = ready().await;
    kit.run(CreateTable, table("others", "p", "p:S")).await.expect("a table");
    let since = kit.deps().clock.now();
    kit.advance(30 * MINUTE);
    let now = kit.deps().clock.now();
    let of = |arn: &str| ExportTableToPointInTimeInput { table_arn: arn.into(), ..whole() };
    let text = invalid(export(&kit, of("things")).await);
    assert_eq!(text, "One or more parameter values were invalid: tableArn is not a valid ARN");
    let text = invalid(export(&kit, of(&format!("{TABLE_ARN}/index/x"))).await);
    assert_eq!(text, "Invalid Request: Table ARN is invalid.");
    for nowhere in [TABLE_ARN.replace("things", "nowhere"), TABLE_ARN.replace("us-east-1", "eu-west-1")] {
        match export(&kit, of(&nowhere)).await {
            Err(Error::TableNotFoundException(error)) => {
                assert_eq!(error.message, Some(format!("Table not found: {nowhere}")));
            }
            other => panic!("{other:?}"),
        }
    }
    let off = of(&TABLE_ARN.replace("things", "others"));
    assert!(matches!(export(&kit, off).await, Err(Error::PointInTimeRecoveryUnavailableException(_))));
    for time in [now.plus(Duration::from_millis(1)), since.minus(Duration::from_millis(1))] {
        let input = ExportTableToPointInTimeInput { export_time: Some(time), ..whole() };
        assert!(matches!(export(&kit, input).await, Err(Error::InvalidExportTimeException(_))));
    }
    let key = |algorithm: Option<S3SseAlgorithm>| ExportTableToPointInTimeInput {
        s3_sse_algorithm: algorithm.map(Into::into),
        s3_sse_kms_key_id: Some("alias/x".to_owned()),
        ..whole()
    };
    for algorithm in [None, Some(S3SseAlgorithm::Aes256)] {
        let text = invalid(export(&kit, key(algorithm)).await);
        assert_eq!(text, "Invalid Request: KMS Key Id is not supported for this encryption type");
    }
    let specification = changes(since, now).incremental_export_specification;
    let kind = |kind: Option<ExportType>| ExportTableToPointInTimeInput {
        export_type: kind.map(Into::into),
        incremental_export_specification: specification.clone(),
        ..whole()
    };
    assert!(invalid(export(&kit, kind(None)).await).contains("expected to be Incremental Export"));
    assert!(
        invalid(export(&kit, kind(Some(ExportType::FullExport))).await).contains("should not be provided")
    );
    let none =
        ExportTableToPointInTimeInput { incremental_export_specification: None, ..changes(since, now) };
    assert!(invalid(export(&kit, none).await).contains("Specification expected"));
    let empty = ExportTableToPointInTimeInput {
        incremental_export_specification: Some(Default::default()),
        ..changes(since, now)
    };
    assert!(invalid(export(&kit, empty).await).contains("ExportFromTime must be provided"));
    let second = Duration::from_secs(1);
    for (from, to, part) in [
        (since.minus(second), now, "less than the table creation time"),
        (since, now.plus(second), "greater than the current time"),
        (since, since.plus(15 * MINUTE).minus(second), "less than 15 minutes"),
        (now, since, "less than 15 minutes"),
    ] {
        match export(&kit, changes(from, to)).await {
            Err(Error::InvalidExportTimeException(error)) => {
                assert!(error.message.as_deref().is_some_and(|text| text.contains(part)), "{error:?}");
            }
            other => panic!("{part}: {other:?}"),
        }
    }
    kit.advance(Duration::from_secs(25 * 60 * 60));
    match export(&kit, changes(since, since.plus(Duration::from_secs(24 * 60 * 60 + 1)))).await {
        Err(Error::InvalidExportTimeException(error)) => {
            assert!(error.message.is_some_and(|text| text.ends_with("greater than 24 hours")));
        }
        other => panic!("{other:?}"),
    }
    for unbuilt in [
        ExportTableToPointInTimeInput { export_format: Some(ExportFormat::Ion.into()), ..whole() },
        ExportTableToPointInTimeInput { filter_specification: Some(Default::default()), ..whole() },
    ] {
        let refused = export(&kit, unbuilt).await;
        assert!(
            matches!(refused, Err(Error::Common(wire::CommonError::NotImplemented { .. }))),
            "{refused:?}"
        );
    }
    let describe =
        async |arn: &str| kit.run(DescribeExport, DescribeExportInput { export_arn: arn.into() }).await;
    assert_eq!(invalid(describe(TABLE_ARN).await), "Invalid Export ARN");
    let nothing = describe(&format!("{TABLE_ARN}/export/01234567890123-a1b2c3d4")).await;
    assert!(matches!(nothing, Err(Error::ExportNotFoundException(_))));
}

#[tokio::test]
async fn an_export_that_its_bucket_refuses_fails() {
    let kit = ready().await;
    write(&kit, "a", "1").await;
    let nowhere = ExportTableToPointInTimeInput { s3_bucket: "no-such-bucket".into(), ..whole() };
    let failed = export_now(&kit, nowhere).await;
    assert_eq!(failed.export_status.as_ref().and_then(Open::known), Some(ExportStatus::Failed));
    assert_eq!(failed.failure_code.as_deref(), Some("S3NoSuchBucket"));
    let message = failed.failure_message.expect("a message");
    assert!(
        message.starts_with(
            "The specified bucket does not exist (Service: Amazon S3; Status Code: 404; Error Code: NoSuchBucket;"
        ),
        "{message}"
    );
    assert_eq!((failed.item_count, failed.export_manifest), (None, None));
    let foreign =
        ExportTableToPointInTimeInput { s3_bucket_owner: Some("999999999999".to_owned()), ..whole() };
    let failed = export_now(&kit, foreign).await;
    assert_eq!(failed.failure_code.as_deref(), Some("S3AccessDenied"));
    kit.deny("s3:PutObject");
    let failed = export_now(&kit, whole()).await;
    assert_eq!(failed.failure_code.as_deref(), Some("S3AccessDenied"));
    assert!(failed.failure_message.is_some_and(|text| text.contains("s3:PutObject")));
    assert!(keys_under(&kit, "").await.is_empty());
    // What it was asked with was the caller's, by way of this service.
    let asked = kit.asked().into_iter().find(|ask| ask.action == "s3:PutObject").expect("asked");
    assert_eq!(asked.call.called_via, ["dynamodb"]);
    assert_eq!(asked.call.principal.account, testkit::ACCOUNT);
    kit.run(DeleteTable, DeleteTableInput { table_name: "things".into() }).await.expect("nothing holds it");
}

async fn listed(kit: &Kit, input: ListExportsInput) -> (Vec<String>, Option<String>) {
    let page = kit.run(ListExports, input).await.expect("listed");
    let arns = page.export_summaries.expect("exports").into_iter().filter_map(|export| export.export_arn);
    (arns.collect(), page.next_token)
}

#[tokio::test]
async fn exports_are_listed_for_90_days_newest_first() {
    let kit = ready().await;
    kit.run(CreateTable, table("others", "p", "p:S")).await.expect("a table");
    recoverable(&kit, "others").await;
    let mut arns = Vec::new();
    for _ in 0..12 {
        kit.advance(MINUTE);
        arns.insert(0, export_now(&kit, whole()).await.export_arn.expect("an ARN"));
    }
    let other = TABLE_ARN.replace("things", "others");
    let of_other = ExportTableToPointInTimeInput { table_arn: other.as_str().into(), ..whole() };
    let of_other = export_now(&kit, of_other).await.export_arn.expect("an ARN");
    let of = |arn: &str| ListExportsInput { table_arn: Some(arn.to_owned()), ..Default::default() };
    let (page, token) = listed(&kit, of(TABLE_ARN)).await;
    assert_eq!(page, arns[..10]);
    let (page, token) = listed(&kit, ListExportsInput { next_token: token, ..of(TABLE_ARN) }).await;
    assert_eq!((page, token), (arns[10..].to_vec(), None));
    let (mut all, mut start) = (Vec::new(), None);
    loop {
        let input = ListExportsInput { max_results: Some(5), next_token: start, ..Default::default() };
        let (page, next) = listed(&kit, input).await;
        all.extend(page);
        start = next;
        if start.is_none() {
            break;
        }
    }
    assert_eq!(all.len(), 13);
    assert!(arns.iter().chain([&of_other]).all(|arn| all.contains(arn)));
    let wrong = ListExportsInput { next_token: Some("0123456789abcdef".repeat(8)), ..Default::default() };
    assert!(
        invalid(kit.run(ListExports, wrong).await)
            .starts_with("Invalid Request: Provided nextToken is invalid")
    );
    kit.run(DeleteTable, DeleteTableInput { table_name: "others".into() }).await.expect("deleted");
    assert!(listed(&kit, of(&other)).await.0.is_empty());
    exported(&kit, &of_other).await;
    kit.advance(Duration::from_secs(91 * 24 * 60 * 60));
    until(async || listed(&kit, ListExportsInput::default()).await.0.is_empty().then_some(())).await;
    let gone = kit.run(DescribeExport, DescribeExportInput { export_arn: of_other.into() }).await;
    assert!(matches!(gone, Err(Error::ExportNotFoundException(_))));
}
