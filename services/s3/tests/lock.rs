//! Object lock.

mod common;

use std::time::Duration;

use common::objects::*;
use common::*;
use kernel::Timestamp;
use model_s3::ops::*;
use model_s3::types::*;
use testkit::Kit;

const DAY: Duration = Duration::from_secs(86_400);

async fn create_locked(kit: &Kit, bucket: &str) {
    let input = CreateBucketInput { object_lock_enabled_for_bucket: Some(true), ..create_input(bucket) };
    kit.run(CreateBucket, input).await.expect("a bucket");
}

fn in_days(kit: &Kit, days: u32) -> Timestamp {
    kit.deps().clock.now().plus(DAY * days)
}

fn retained(kit: &Kit, mode: ObjectLockMode, days: u32) -> PutObjectInput {
    PutObjectInput {
        object_lock_mode: known(mode),
        object_lock_retain_until_date: Some(in_days(kit, days)),
        ..put_input("bucket", "key", "x")
    }
}

async fn delete(
    kit: &Kit,
    version: &str,
    bypass: Option<bool>,
) -> Result<DeleteObjectOutput, model_s3::Error> {
    let input = DeleteObjectInput {
        version_id: Some(version.to_owned()),
        bypass_governance_retention: bypass,
        ..delete_input("bucket", "key")
    };
    kit.run(DeleteObject, input).await
}

fn retain(
    mode: Option<ObjectLockRetentionMode>,
    until: Option<Timestamp>,
    bypass: bool,
) -> PutObjectRetentionInput {
    PutObjectRetentionInput {
        bucket: "bucket".into(),
        key: "key".into(),
        retention: Some(ObjectLockRetention {
            mode: mode.map(wire::Open::Known),
            retain_until_date: until,
            ..Default::default()
        }),
        bypass_governance_retention: bypass.then_some(true),
        ..Default::default()
    }
}

const LOCKED: &str = "Access Denied because object protected by object lock.";

#[tokio::test]
async fn governance_can_be_passed_by() {
    let kit = world();
    create_locked(&kit, "bucket").await;
    let put = kit.run(PutObject, retained(&kit, ObjectLockMode::Governance, 10)).await.unwrap();
    let version = put.version_id.unwrap();
    let head = kit.run(HeadObject, head_input("bucket", "key")).await.unwrap();
    assert_eq!(head.object_lock_mode.unwrap().as_str(), "GOVERNANCE");
    assert_eq!(head.object_lock_retain_until_date, Some(in_days(&kit, 10)));
    refused(delete(&kit, &version, None).await, "AccessDenied", LOCKED);
    // A delete marker hides it and loses nothing.
    let marker = kit.run(DeleteObject, delete_input("bucket", "key")).await.unwrap().version_id.unwrap();
    delete(&kit, &marker, None).await.unwrap();
    kit.asked();
    delete(&kit, &version, Some(true)).await.unwrap();
    let actions: Vec<String> = kit.asked().into_iter().map(|ask| ask.action).collect();
    assert_eq!(actions, ["s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"]);
}

#[tokio::test]
async fn compliance_cannot_and_ends() {
    let kit = world();
    create_locked(&kit, "bucket").await;
    let put = kit.run(PutObject, retained(&kit, ObjectLockMode::Compliance, 10)).await.unwrap();
    let version = put.version_id.unwrap();
    refused(delete(&kit, &version, Some(true)).await, "AccessDenied", LOCKED);
    let sooner = retain(Some(ObjectLockRetentionMode::Compliance), Some(in_days(&kit, 5)), true);
    refused(kit.run(PutObjectRetention, sooner).await, "AccessDenied", LOCKED);
    let later = retain(Some(ObjectLockRetentionMode::Compliance), Some(in_days(&kit, 20)), false);
    kit.run(PutObjectRetention, later).await.unwrap();
    kit.advance(DAY * 19);
    refused(delete(&kit, &version, None).await, "AccessDenied", LOCKED);
    kit.advance(DAY * 2);
    delete(&kit, &version, None).await.unwrap();
}

#[tokio::test]
async fn a_legal_hold_holds_until_it_is_lifted() {
    let kit = world();
    create_locked(&kit, "bucket").await;
    let input = PutObjectInput {
        object_lock_legal_hold_status: known(ObjectLockLegalHoldStatus::On),
        ..put_input("bucket", "key", "x")
    };
    let version = kit.run(PutObject, input).await.unwrap().version_id.unwrap();
    let hold = |status: ObjectLockLegalHoldStatus| PutObjectLegalHoldInput {
        bucket: "bucket".into(),
        key: "key".into(),
        legal_hold: Some(ObjectLockLegalHold { status: known(status) }),
        ..Default::default()
    };
    let status = || async {
        let input =
            GetObjectLegalHoldInput { bucket: "bucket".into(), key: "key".into(), ..Default::default() };
        kit.run(GetObjectLegalHold, input).await.unwrap().legal_hold.unwrap().status
    };
    assert_eq!(status().await, known(ObjectLockLegalHoldStatus::On));
    refused(delete(&kit, &version, Some(true)).await, "AccessDenied", LOCKED);
    kit.run(PutObjectLegalHold, hold(ObjectLockLegalHoldStatus::Off)).await.unwrap();
    assert_eq!(status().await, known(ObjectLockLegalHoldStatus::Off));
    delete(&kit, &version, None).await.unwrap();
}

#[tokio::test]
async fn retention_is_changed() {
    use ObjectLockRetentionMode::Governance;
    let kit = world();
    create_locked(&kit, "bucket").await;
    put(&kit, "bucket", "key", "x").await;
    let read = || async {
        let input =
            GetObjectRetentionInput { bucket: "bucket".into(), key: "key".into(), ..Default::default() };
        kit.run(GetObjectRetention, input).await
    };
    let text = "The specified object does not have a ObjectLock configuration";
    refused(read().await, "NoSuchObjectLockConfiguration", text);
    kit.run(PutObjectRetention, retain(Some(Governance), Some(in_days(&kit, 10)), false)).await.unwrap();
    let retention = read().await.unwrap().retention.unwrap();
    assert_eq!(retention.mode.unwrap().as_str(), "GOVERNANCE");
    assert_eq!(retention.retain_until_date, Some(in_days(&kit, 10)));
    let sooner = |bypass| retain(Some(Governance), Some(in_days(&kit, 1)), bypass);
    refused(kit.run(PutObjectRetention, sooner(false)).await, "AccessDenied", LOCKED);
    kit.run(PutObjectRetention, sooner(true)).await.unwrap();
    refused(kit.run(PutObjectRetention, retain(None, None, false)).await, "AccessDenied", LOCKED);
    kit.run(PutObjectRetention, retain(None, None, true)).await.unwrap();
    refused_as(read().await, "NoSuchObjectLockConfiguration");
    let past = retain(Some(Governance), Some(Timestamp::from_secs(0)), false);
    let error = kit.run(PutObjectRetention, past).await.unwrap_err();
    refused::<()>(Err(error), "InvalidArgument", "The retain until date must be in the future!");
    let half = retain(Some(Governance), None, false);
    refused_as(kit.run(PutObjectRetention, half).await, "MalformedXML");
}

#[tokio::test]
async fn the_mode_is_changed_by_those_who_may_pass_by_governance() {
    use ObjectLockRetentionMode::{Compliance, Governance};
    let kit = world();
    create_locked(&kit, "bucket").await;
    kit.run(PutObject, retained(&kit, ObjectLockMode::Governance, 10)).await.unwrap();
    let stricter = |bypass| retain(Some(Compliance), Some(in_days(&kit, 10)), bypass);
    refused(kit.run(PutObjectRetention, stricter(false)).await, "AccessDenied", LOCKED);
    let longer = retain(Some(Governance), Some(in_days(&kit, 20)), false);
    kit.run(PutObjectRetention, longer).await.unwrap();
    kit.run(PutObjectRetention, stricter(true)).await.unwrap();
    let back = retain(Some(Governance), Some(in_days(&kit, 20)), true);
    refused(kit.run(PutObjectRetention, back).await, "AccessDenied", LOCKED);
}

#[tokio::test]
async fn only_buckets_with_lock_have_it() {
    let kit = world();
    create(&kit, "bucket").await;
    let text = "Bucket is missing Object Lock Configuration";
    refused(kit.run(PutObject, retained(&kit, ObjectLockMode::Governance, 1)).await, "InvalidRequest", text);
    put(&kit, "bucket", "key", "x").await;
    let input = retain(Some(ObjectLockRetentionMode::Governance), Some(in_days(&kit, 1)), false);
    refused(kit.run(PutObjectRetention, input).await, "InvalidRequest", text);
    let input =
        DeleteObjectInput { bypass_governance_retention: Some(true), ..delete_input("bucket", "key") };
    let text = "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.";
    refused(kit.run(DeleteObject, input).await, "InvalidArgument", text);
}

#[tokio::test]
async fn half_a_retention_is_none() {
    let kit = world();
    create_locked(&kit, "bucket").await;
    let text = "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied";
    let whole = || retained(&kit, ObjectLockMode::Governance, 1);
    let input = PutObjectInput { object_lock_mode: None, ..whole() };
    refused(kit.run(PutObject, input).await, "InvalidArgument", text);
    let input = PutObjectInput { object_lock_retain_until_date: None, ..whole() };
    let error = kit.run(PutObject, input).await.unwrap_err();
    assert_eq!(member(&error, "ArgumentName").as_deref(), Some("x-amz-object-lock-retain-until-date"));
    refused::<()>(Err(error), "InvalidArgument", text);
}

#[tokio::test]
async fn the_buckets_default_is_taken() {
    let kit = world();
    create_locked(&kit, "bucket").await;
    let retention = DefaultRetention {
        mode: known(ObjectLockRetentionMode::Governance),
        days: Some(3),
        ..Default::default()
    };
    let configuration = ObjectLockConfiguration {
        object_lock_enabled: known(ObjectLockEnabled::Enabled),
        rule: Some(ObjectLockRule { default_retention: Some(retention) }),
    };
    let input = PutObjectLockConfigurationInput {
        bucket: "bucket".into(),
        object_lock_configuration: Some(configuration),
        ..Default::default()
    };
    let nothing = PutObjectLockConfigurationInput { object_lock_configuration: None, ..input.clone() };
    refused_as(kit.run(PutObjectLockConfiguration, nothing).await, "MissingRequestBodyError");
    kit.run(PutObjectLockConfiguration, input).await.unwrap();
    let version = put(&kit, "bucket", "key", "x").await.version_id.unwrap();
    let head = kit.run(HeadObject, head_input("bucket", "key")).await.unwrap();
    assert_eq!(head.object_lock_retain_until_date, Some(in_days(&kit, 3)));
    refused(delete(&kit, &version, None).await, "AccessDenied", LOCKED);
    kit.advance(DAY * 4);
    delete(&kit, &version, None).await.unwrap();
}
