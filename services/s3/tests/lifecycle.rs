//! What happens by itself, as the clock goes.

mod common;

use std::time::Duration;

use common::{create, world};
use model_s3::ops::*;
use model_s3::types::*;
use testkit::Kit;
use wire::Timestamp;

const BUCKET: &str = "bucket";
const DAY: Duration = Duration::from_secs(86_400);
/// Looks at what the service does by itself, which takes a few turns of the runtime.
const TURNS: usize = 2_000;

async fn kit_with(rules: Vec<LifecycleRule>) -> Kit {
    let kit = world();
    create(&kit, BUCKET).await;
    let input = PutBucketLifecycleConfigurationInput {
        bucket: BUCKET.into(),
        lifecycle_configuration: Some(BucketLifecycleConfiguration { rules: rules.into() }),
        ..Default::default()
    };
    kit.run(PutBucketLifecycleConfiguration, input).await.expect("rules");
    // Those who run by themselves are asleep before the clock is moved.
    turns().await;
    kit
}

async fn turns() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

fn rule(prefix: &str) -> LifecycleRule {
    LifecycleRule {
        id: Some("rule 1".into()),
        status: wire::Open::Known(ExpirationStatus::Enabled).into(),
        filter: Some(LifecycleRuleFilter { prefix: Some(prefix.into()), ..Default::default() }),
        ..Default::default()
    }
}

fn expires(prefix: &str, days: i32) -> LifecycleRule {
    LifecycleRule {
        expiration: Some(LifecycleExpiration { days: Some(days), ..Default::default() }),
        ..rule(prefix)
    }
}

async fn enable_versioning(kit: &Kit) {
    let configuration = VersioningConfiguration {
        status: Some(BucketVersioningStatus::Enabled.into()),
        ..Default::default()
    };
    let input = PutBucketVersioningInput {
        bucket: BUCKET.into(),
        versioning_configuration: configuration.into(),
        ..Default::default()
    };
    kit.run(PutBucketVersioning, input).await.expect("versioning");
}

async fn put(kit: &Kit, key: &str) -> PutObjectOutput {
    let input = PutObjectInput { bucket: BUCKET.into(), key: key.into(), ..Default::default() };
    kit.run(PutObject, input).await.expect("an object")
}

async fn keys(kit: &Kit) -> Vec<String> {
    let input = ListObjectsV2Input { bucket: BUCKET.into(), ..Default::default() };
    let listed = kit.run(ListObjectsV2, input).await.expect("a list");
    listed.contents.into_iter().flatten().filter_map(|object| object.key).collect()
}

/// Key and whether it is the latest, of versions and of delete markers.
async fn versions(kit: &Kit) -> (Vec<(String, bool)>, Vec<(String, bool)>) {
    let input = ListObjectVersionsInput { bucket: BUCKET.into(), ..Default::default() };
    let listed = kit.run(ListObjectVersions, input).await.expect("a list");
    let versions = listed.versions.into_iter().flatten();
    let markers = listed.delete_markers.into_iter().flatten();
    (
        versions.map(|found| (found.key.unwrap(), found.is_latest.unwrap())).collect(),
        markers.map(|found| (found.key.unwrap(), found.is_latest.unwrap())).collect(),
    )
}

/// Waits until it is so.
macro_rules! until {
    ($so:expr) => {{
        let mut turns_left = TURNS;
        while !$so {
            turns_left -= 1;
            assert!(turns_left > 0, "it does not happen");
            tokio::task::yield_now().await;
        }
    }};
}

#[tokio::test]
async fn objects_expire_at_the_midnight_after_their_days() {
    let soon = LifecycleRule { id: Some("soon".into()), ..expires("soon/", 1) };
    let kit = kit_with(vec![expires("old/", 2), soon]).await;
    for key in ["old/a", "new/a", "soon/a"] {
        put(&kit, key).await;
    }
    // The clock begins at 15:06 of a day, so two days and the next midnight are less than three. What goes sooner shows
    // that the rules have been followed by then.
    kit.advance(DAY * 2);
    until!(keys(&kit).await.len() < 3);
    assert_eq!(keys(&kit).await, ["new/a", "old/a"]);
    kit.advance(DAY);
    until!(keys(&kit).await == ["new/a"]);
}

#[tokio::test]
async fn many_objects_expire_in_many_transactions() {
    let kit = kit_with(vec![expires("", 1)]).await;
    for number in 0..1_200 {
        put(&kit, &format!("{number:04}")).await;
    }
    kit.advance(DAY * 2);
    until!(keys(&kit).await.is_empty());
}

/// Puts objects that a run needs many transactions for, moves the clock, and lets the run begin.
async fn in_the_middle_of_a_run(kit: &Kit) {
    for number in 0..OBJECTS {
        put(kit, &format!("{number:04}")).await;
    }
    kit.advance(DAY * 2);
    until!(keys(kit).await.len() < OBJECTS);
}

/// What a page of a list holds; a transaction of a run takes a twentieth of it.
const OBJECTS: usize = 1_000;

#[tokio::test]
async fn a_run_ends_with_its_rules() {
    let kit = kit_with(vec![expires("", 1)]).await;
    in_the_middle_of_a_run(&kit).await;
    let input = DeleteBucketLifecycleInput { bucket: BUCKET.into(), ..Default::default() };
    kit.run(DeleteBucketLifecycle, input).await.unwrap();
    let left = keys(&kit).await;
    assert!(!left.is_empty(), "the run is over before anything could be changed");
    for _ in 0..10 {
        turns().await;
        assert_eq!(keys(&kit).await.len(), left.len());
    }
}

#[tokio::test]
async fn a_run_leaves_versions_once_they_are_kept() {
    let kit = kit_with(vec![expires("", 1)]).await;
    in_the_middle_of_a_run(&kit).await;
    enable_versioning(&kit).await;
    let left = keys(&kit).await;
    assert!(!left.is_empty(), "the run is over before anything could be changed");
    // It goes on, by what the bucket says now.
    until!(keys(&kit).await.is_empty());
    let (found, markers) = versions(&kit).await;
    assert_eq!((found.len(), markers.len()), (left.len(), left.len()));
    assert!(found.iter().all(|(_, latest)| !latest));
}

#[tokio::test]
async fn what_is_wrong_with_one_bucket_is_no_matter_to_others() {
    let kit = kit_with(vec![expires("", 1)]).await;
    put(&kit, "k").await;
    // Stands before the bucket in the order of names.
    let broken = store::KeyWriter::new().str(testkit::ACCOUNT).str(testkit::REGION).str("s3").str("b");
    let mut tx = kit.deps().store.begin();
    tx.put(broken.str("a-broken-one").finish(), "no bucket");
    tx.commit().await.unwrap();
    kit.advance(DAY * 2);
    until!(keys(&kit).await.is_empty());
}

/// Makes rows that belong to a key unreadable.
async fn break_rows_of(kit: &Kit, key: &str) {
    let store = &kit.deps().store;
    let page = store.snapshot().range(store::KeyRange::all(), store::RangeOptions::default()).unwrap();
    assert!(!page.more, "the store of a test is one page");
    let mut tx = store.begin();
    for (row, _) in page.entries {
        if row.windows(key.len()).any(|part| part == key.as_bytes()) {
            tx.put(row, "what is no record");
        }
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn what_is_wrong_with_one_object_is_no_matter_to_others() {
    let older = NoncurrentVersionExpiration { noncurrent_days: Some(1), ..Default::default() };
    let abort = AbortIncompleteMultipartUpload { days_after_initiation: Some(1) };
    let kit = kit_with(vec![LifecycleRule {
        noncurrent_version_expiration: Some(older),
        abort_incomplete_multipart_upload: Some(abort),
        ..expires("", 1)
    }])
    .await;
    enable_versioning(&kit).await;
    let (mut first, mut uploads) = (Vec::new(), Vec::new());
    for key in ["a", "broken", "c"] {
        first.push(put(&kit, key).await.version_id.unwrap());
        put(&kit, key).await;
        let input =
            CreateMultipartUploadInput { bucket: BUCKET.into(), key: key.into(), ..Default::default() };
        uploads.push(kit.run(CreateMultipartUpload, input).await.unwrap().upload_id.unwrap());
    }
    break_rows_of(&kit, "broken").await;
    kit.advance(DAY * 3);
    for (at, key) in [(0, "a"), (2, "c")] {
        let head = |version: Option<&String>| HeadObjectInput {
            bucket: BUCKET.into(),
            key: key.into(),
            version_id: version.cloned(),
            ..Default::default()
        };
        until!(kit.run(HeadObject, head(None)).await.is_err());
        until!(kit.run(HeadObject, head(Some(&first[at]))).await.is_err());
        let parts = || ListPartsInput {
            bucket: BUCKET.into(),
            key: key.into(),
            upload_id: uploads[at].as_str().into(),
            ..Default::default()
        };
        until!(kit.run(ListParts, parts()).await.is_err());
    }
}

#[tokio::test]
async fn answers_say_when_an_object_expires() {
    let kit = kit_with(vec![expires("old/", 2)]).await;
    put(&kit, "old/a").await;
    // 2025-06-15T15:06:40Z and two days, at the next midnight.
    let expected = "expiry-date=\"Wed, 18 Jun 2025 00:00:00 GMT\", rule-id=\"rule%201\"";
    let upload =
        CreateMultipartUploadInput { bucket: BUCKET.into(), key: "old/b".into(), ..Default::default() };
    let upload = kit.run(CreateMultipartUpload, upload).await.unwrap().upload_id.unwrap();
    let part = UploadPartInput {
        bucket: BUCKET.into(),
        key: "old/b".into(),
        upload_id: upload.as_str().into(),
        part_number: 1.into(),
        body: Some(b"x".to_vec().into()),
        ..Default::default()
    };
    let e_tag = kit.run(UploadPart, part).await.unwrap().e_tag;
    let parts = vec![CompletedPart { part_number: Some(1), e_tag, ..Default::default() }];
    let end = CompleteMultipartUploadInput {
        bucket: BUCKET.into(),
        key: "old/b".into(),
        upload_id: upload.into(),
        multipart_upload: Some(CompletedMultipartUpload { parts: Some(parts) }),
        ..Default::default()
    };
    let ended = kit.run(CompleteMultipartUpload, end).await.unwrap();
    assert_eq!(ended.expiration.as_deref(), Some(expected));
}

#[tokio::test]
async fn where_versions_are_kept_an_expired_object_is_marked_deleted() {
    let kit = kit_with(vec![expires("", 1)]).await;
    enable_versioning(&kit).await;
    put(&kit, "k").await;
    kit.advance(DAY * 2);
    until!(keys(&kit).await.is_empty());
    let (found, markers) = versions(&kit).await;
    assert_eq!(found, [("k".to_owned(), false)]);
    assert_eq!(markers, [("k".to_owned(), true)]);
}

#[tokio::test]
async fn older_versions_expire_but_for_the_newest_of_them() {
    let older = NoncurrentVersionExpiration { noncurrent_days: Some(1), newer_noncurrent_versions: Some(1) };
    let kit = kit_with(vec![LifecycleRule { noncurrent_version_expiration: Some(older), ..rule("") }]).await;
    enable_versioning(&kit).await;
    for _ in 0..4 {
        put(&kit, "k").await;
    }
    put(&kit, "l").await;
    kit.advance(DAY * 3);
    until!(versions(&kit).await.0.len() == 3);
    let (found, _) = versions(&kit).await;
    let entry = |key: &str, latest| (key.to_owned(), latest);
    assert_eq!(found, [entry("k", true), entry("k", false), entry("l", true)]);
}

#[tokio::test]
async fn a_delete_marker_with_nothing_behind_it_goes() {
    let kit = kit_with(vec![LifecycleRule {
        expiration: Some(LifecycleExpiration {
            expired_object_delete_marker: Some(true),
            ..Default::default()
        }),
        noncurrent_version_expiration: Some(NoncurrentVersionExpiration {
            noncurrent_days: Some(1),
            ..Default::default()
        }),
        ..rule("")
    }])
    .await;
    enable_versioning(&kit).await;
    put(&kit, "gone").await;
    let delete =
        |key: &str| DeleteObjectInput { bucket: BUCKET.into(), key: key.into(), ..Default::default() };
    kit.run(DeleteObject, delete("gone")).await.unwrap();
    put(&kit, "there").await;
    kit.advance(DAY * 3);
    until!(versions(&kit).await.0.len() == 1);
    // The marker was not alone when that run began; the next one finds it so.
    kit.advance(DAY);
    until!(versions(&kit).await.1.is_empty());
    assert_eq!(versions(&kit).await.0, [("there".to_owned(), true)]);
}

#[tokio::test]
async fn what_is_locked_stays() {
    let kit = world();
    let input = CreateBucketInput {
        bucket: BUCKET.into(),
        object_lock_enabled_for_bucket: Some(true),
        ..Default::default()
    };
    kit.run(CreateBucket, input).await.unwrap();
    let older = NoncurrentVersionExpiration { noncurrent_days: Some(1), ..Default::default() };
    let rules = vec![LifecycleRule { noncurrent_version_expiration: Some(older), ..rule("") }];
    let input = PutBucketLifecycleConfigurationInput {
        bucket: BUCKET.into(),
        lifecycle_configuration: Some(BucketLifecycleConfiguration { rules: rules.into() }),
        ..Default::default()
    };
    kit.run(PutBucketLifecycleConfiguration, input).await.unwrap();
    turns().await;
    for (key, held) in [("held", true), ("free", false)] {
        let input = PutObjectInput {
            bucket: BUCKET.into(),
            key: key.into(),
            object_lock_legal_hold_status: held.then(|| ObjectLockLegalHoldStatus::On.into()),
            ..Default::default()
        };
        kit.run(PutObject, input).await.unwrap();
        put(&kit, key).await;
    }
    kit.advance(DAY * 3);
    until!(versions(&kit).await.0.len() == 3);
    let held = versions(&kit).await.0.into_iter().filter(|(key, _)| key == "held").count();
    assert_eq!(held, 2);
}

#[tokio::test]
async fn objects_move_to_other_storage_classes() {
    let transition = Transition {
        days: Some(30),
        storage_class: Some(TransitionStorageClass::StandardIa.into()),
        ..Default::default()
    };
    let kit = kit_with(vec![LifecycleRule { transitions: Some(vec![transition]), ..rule("") }]).await;
    for (key, size) in [("long", 128 * 1024), ("short", 10)] {
        let input = PutObjectInput {
            bucket: BUCKET.into(),
            key: key.into(),
            body: Some(vec![0; size].into()),
            ..Default::default()
        };
        kit.run(PutObject, input).await.unwrap();
    }
    kit.advance(DAY * 31);
    let classes = || async {
        let input = ListObjectsV2Input { bucket: BUCKET.into(), ..Default::default() };
        let listed = kit.run(ListObjectsV2, input).await.unwrap().contents.unwrap();
        let classes = listed.into_iter().map(|object| object.storage_class.unwrap().as_str().to_owned());
        classes.collect::<Vec<_>>()
    };
    until!(classes().await == ["STANDARD_IA", "STANDARD"]);
}

#[tokio::test]
async fn uploads_that_nobody_ends_are_aborted() {
    let aborts = |prefix: &str, days| LifecycleRule {
        id: Some(format!("{days} days")),
        abort_incomplete_multipart_upload: Some(AbortIncompleteMultipartUpload {
            days_after_initiation: Some(days),
        }),
        ..rule(prefix)
    };
    let kit = kit_with(vec![aborts("k", 7), aborts("soon", 6)]).await;
    let soon = CreateMultipartUploadInput { bucket: BUCKET.into(), key: "soon".into(), ..Default::default() };
    kit.run(CreateMultipartUpload, soon).await.unwrap();
    let input = CreateMultipartUploadInput { bucket: BUCKET.into(), key: "k".into(), ..Default::default() };
    let begun = kit.run(CreateMultipartUpload, input).await.unwrap();
    // 2025-06-15T15:06:40Z and seven days, at the next midnight.
    assert_eq!(begun.abort_date, Some(Timestamp::from_secs(1_750_636_800)));
    assert_eq!(begun.abort_rule_id.as_deref(), Some("7 days"));
    let part = UploadPartInput {
        bucket: BUCKET.into(),
        key: "k".into(),
        upload_id: begun.upload_id.unwrap().into(),
        part_number: 1.into(),
        body: Some(b"x".to_vec().into()),
        ..Default::default()
    };
    kit.run(UploadPart, part.clone()).await.unwrap();
    let uploads = || async {
        let input = ListMultipartUploadsInput { bucket: BUCKET.into(), ..Default::default() };
        let found = kit.run(ListMultipartUploads, input).await.unwrap().uploads.into_iter().flatten();
        found.filter_map(|upload| upload.key).collect::<Vec<_>>()
    };
    kit.advance(DAY * 7);
    until!(uploads().await.len() < 2);
    assert_eq!(uploads().await, ["k"]);
    kit.advance(DAY);
    until!(uploads().await.is_empty());
    common::refused_as(kit.run(UploadPart, part).await, "NoSuchUpload");
}

#[tokio::test]
async fn queues_are_told_where_objects_move() {
    use model_sqs::ops::{CreateQueue, ReceiveMessage};
    use model_sqs::types::{CreateQueueInput, ReceiveMessageInput};
    let transition = Transition {
        days: Some(30),
        storage_class: Some(TransitionStorageClass::GlacierIr.into()),
        ..Default::default()
    };
    let kit = kit_with(vec![LifecycleRule { transitions: Some(vec![transition]), ..rule("") }]).await;
    let queue = CreateQueueInput { queue_name: "moves".into(), ..Default::default() };
    kit.run(CreateQueue, queue).await.unwrap();
    let told = QueueConfiguration {
        queue_arn: format!("arn:aws:sqs:us-east-1:{}:moves", testkit::ACCOUNT).into(),
        events: vec![Event::S3LifecycleTransition.into()].into(),
        ..Default::default()
    };
    let configuration =
        NotificationConfiguration { queue_configurations: Some(vec![told]), ..Default::default() };
    let input = PutBucketNotificationConfigurationInput {
        bucket: BUCKET.into(),
        notification_configuration: configuration.into(),
        skip_destination_validation: Some(true),
        ..Default::default()
    };
    kit.run(PutBucketNotificationConfiguration, input).await.unwrap();
    let input = PutObjectInput {
        bucket: BUCKET.into(),
        key: "k".into(),
        body: Some(vec![0; 128 * 1024].into()),
        ..Default::default()
    };
    kit.run(PutObject, input).await.unwrap();
    kit.advance(DAY * 31);
    let receive = || async {
        let input = ReceiveMessageInput { queue_url: "moves".into(), ..Default::default() };
        let messages = kit.run(ReceiveMessage, input).await.unwrap().messages;
        messages.into_iter().flatten().next().and_then(|message| message.body)
    };
    let mut found = receive().await;
    until!({
        if found.is_none() {
            found = receive().await;
        }
        found.is_some()
    });
    let body = found.unwrap_or_default();
    assert!(body.contains(r#""eventName":"LifecycleTransition""#), "{body}");
    let moved = r#""lifecycleEventData":{"transitionEventData":{"destinationStorageClass":"GLACIER_IR"}}"#;
    assert!(body.contains(moved), "{body}");
}
