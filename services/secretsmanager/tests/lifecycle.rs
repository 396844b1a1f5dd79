//! Deletion, the recovery window, restarts, and what is noted of reads.

mod common;

use std::time::Duration;

use common::*;
use kernel::{Clock, Timestamp};
use model_secretsmanager::ops::*;
use model_secretsmanager::types::*;
use store::{Options, Store};
use testkit::Kit;

const DAY: Duration = Duration::from_secs(86_400);

fn delete(name: &str, days: Option<i64>, force: Option<bool>) -> DeleteSecretInput {
    DeleteSecretInput {
        secret_id: name.into(),
        recovery_window_in_days: days,
        force_delete_without_recovery: force,
    }
}

/// The background work runs beside the test, which waits for what it does by the test's own patience.
async fn until_gone(kit: &Kit, name: &str) {
    for _ in 0..10_000 {
        let input = DescribeSecretInput { secret_id: name.into() };
        if kit.run(DescribeSecret, input).await.is_err() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("{name} is still there");
}

#[tokio::test]
async fn a_secret_marked_for_deletion_is_removed_when_its_window_ends() {
    let kit = kit();
    let created = create(&kit, "s", "1").await;
    let output = kit.run(DeleteSecret, delete("s", None, None)).await.unwrap();
    let date = kit.call().now.plus(30 * DAY);
    assert_eq!((output.arn, output.deletion_date), (created.arn.clone(), Some(date)));
    assert_eq!(describe(&kit, "s").await.deleted_date, Some(date));
    refused(kit.run(GetSecretValue, get("s")).await, INVALID_REQUEST, MARKED);
    refused(kit.run(DeleteSecret, delete("s", None, None)).await, INVALID_REQUEST, MARKED);
    let text =
        "You can't create this secret because a secret with this name is already scheduled for deletion.";
    refused(kit.run(CreateSecret, new_secret("s", "2")).await, INVALID_REQUEST, text);
    kit.advance(30 * DAY - Duration::from_secs(1));
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(describe(&kit, "s").await.deleted_date, Some(date));
    kit.advance(Duration::from_secs(1));
    until_gone(&kit, "s").await;
    let again = create(&kit, "s", "2").await;
    assert_ne!(again.arn, created.arn);
    assert_eq!(versions(&kit, "s", true).await.len(), 1, "nothing is left of the first");
    refused(kit.run(GetSecretValue, get(&created.arn.unwrap())).await, NOT_FOUND, NO_SECRET);
}

#[tokio::test]
async fn a_secret_is_restored_with_everything() {
    let kit = kit();
    create(&kit, "s", "1").await;
    kit.run(DeleteSecret, delete("s", Some(7), None)).await.unwrap();
    let restore = RestoreSecretInput { secret_id: "s".into() };
    assert_eq!(kit.run(RestoreSecret, restore.clone()).await.unwrap().name.as_deref(), Some("s"));
    assert_eq!(value(&kit, "s").await, "1");
    assert_eq!(describe(&kit, "s").await.deleted_date, None);
    kit.run(RestoreSecret, restore).await.expect("once more does no harm");
    kit.advance(8 * DAY);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(value(&kit, "s").await, "1");
    refused(kit.run(RestoreSecret, RestoreSecretInput { secret_id: "x".into() }).await, NOT_FOUND, NO_SECRET);
}

#[tokio::test]
async fn deletion_at_once() {
    let kit = kit();
    create(&kit, "s", "1").await;
    kit.run(DeleteSecret, delete("s", Some(7), None)).await.unwrap();
    let output = kit.run(DeleteSecret, delete("s", None, Some(true))).await.unwrap();
    assert_eq!(output.deletion_date, Some(kit.call().now));
    refused(kit.run(GetSecretValue, get("s")).await, NOT_FOUND, NO_SECRET);
    kit.run(DeleteSecret, delete("s", None, Some(true))).await.expect("what is gone is deleted");
    refused(kit.run(DeleteSecret, delete("s", None, None)).await, NOT_FOUND, NO_SECRET);
    create(&kit, "s", "2").await;
    kit.advance(8 * DAY);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(value(&kit, "s").await, "2", "the window of the first is forgotten");
    for days in [6, 31, 0, -1] {
        let text = "RecoveryWindowInDays value must be between 7 and 30 days (inclusive).";
        refused(kit.run(DeleteSecret, delete("s", Some(days), None)).await, INVALID_PARAMETER, text);
    }
    let text = "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.";
    refused(kit.run(DeleteSecret, delete("s", Some(7), Some(true))).await, INVALID_PARAMETER, text);
}

#[tokio::test]
async fn what_is_marked_refuses_changes() {
    let kit = kit();
    create(&kit, "s", "1").await;
    kit.run(DeleteSecret, delete("s", None, None)).await.unwrap();
    let tags = vec![Tag { key: Some("k".into()), value: Some("v".into()) }];
    let id = || "s".into();
    refused(
        kit.run(TagResource, TagResourceInput { secret_id: id(), tags: tags.into() }).await,
        INVALID_REQUEST,
        MARKED,
    );
    let untag = UntagResourceInput { secret_id: id(), tag_keys: vec!["k".to_owned()].into() };
    refused(kit.run(UntagResource, untag).await, INVALID_REQUEST, MARKED);
    let update = UpdateSecretInput { secret_id: id(), description: Some("d".into()), ..Default::default() };
    refused(kit.run(UpdateSecret, update).await, INVALID_REQUEST, MARKED);
    let put = PutSecretValueInput {
        secret_id: id(),
        client_request_token: token(),
        secret_string: Some("2".into()),
        ..Default::default()
    };
    refused(kit.run(PutSecretValue, put).await, INVALID_REQUEST, MARKED);
    refused(
        kit.run(CancelRotateSecret, CancelRotateSecretInput { secret_id: id() }).await,
        INVALID_REQUEST,
        MARKED,
    );
    let policy = GetResourcePolicyInput { secret_id: id(), ..Default::default() };
    refused(kit.run(GetResourcePolicy, policy).await, INVALID_REQUEST, MARKED);
    assert_eq!(versions(&kit, "s", false).await.len(), 1, "it can still be looked at");
}

#[tokio::test]
async fn tags_come_and_go() {
    let kit = kit();
    create(&kit, "s", "1").await;
    let tag = |key: &str, value: &str| Tag { key: Some(key.into()), value: Some(value.into()) };
    let shown = |tags: Option<Vec<Tag>>| {
        tags.map(|tags| tags.into_iter().map(|t| (t.key.unwrap(), t.value.unwrap())).collect::<Vec<_>>())
    };
    assert_eq!(shown(describe(&kit, "s").await.tags), None);
    let input = TagResourceInput { secret_id: "s".into(), tags: vec![tag("b", "1"), tag("a", "2")].into() };
    kit.run(TagResource, input).await.unwrap();
    let input = TagResourceInput { secret_id: "s".into(), tags: vec![tag("b", "3")].into() };
    kit.run(TagResource, input).await.unwrap();
    let expected = vec![("b".to_owned(), "3".to_owned()), ("a".to_owned(), "2".to_owned())];
    assert_eq!(shown(describe(&kit, "s").await.tags), Some(expected));
    let keys = ["a", "b", "never"].map(str::to_owned).to_vec();
    kit.run(UntagResource, UntagResourceInput { secret_id: "s".into(), tag_keys: keys.into() })
        .await
        .unwrap();
    assert_eq!(shown(describe(&kit, "s").await.tags), Some(vec![]));
    let bad = TagResourceInput { secret_id: "s".into(), tags: vec![tag("aws:x", "1")].into() };
    assert_eq!(told(kit.run(TagResource, bad).await).0, INVALID_PARAMETER);
}

#[tokio::test]
async fn reads_are_noted_to_the_day() {
    let kit = kit();
    let one = create(&kit, "s", "1").await.version_id.unwrap();
    assert_eq!(describe(&kit, "s").await.last_accessed_date, None);
    value(&kit, "s").await;
    let day = |now: Timestamp| Timestamp::from_secs(now.secs() - now.secs() % 86_400);
    let first = day(kit.call().now);
    assert_eq!(describe(&kit, "s").await.last_accessed_date, Some(first));
    let two = put(&kit, "s", "2").await;
    kit.advance(DAY);
    value(&kit, "s").await;
    let second = day(kit.call().now);
    assert_eq!(describe(&kit, "s").await.last_accessed_date, Some(second));
    let input = ListSecretVersionIdsInput { secret_id: "s".into(), ..Default::default() };
    let listed = kit.run(ListSecretVersionIds, input).await.unwrap().versions.unwrap();
    let dates: std::collections::BTreeMap<_, _> =
        listed.into_iter().map(|v| (v.version_id.unwrap(), v.last_accessed_date)).collect();
    assert_eq!((dates[&one], dates[&two]), (Some(first), Some(second)));
}

#[tokio::test]
async fn a_restart_keeps_everything_and_goes_on_removing() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::frozen(Timestamp::from_secs(1_750_000_000));
    let open = || {
        let store = Store::open(dir.path(), Options::default()).unwrap();
        let deps = testkit::deps_on(store, clock.clone());
        Kit::on(deps, |deps| vec![kms(), secretsmanager::service(deps.clone())])
    };
    let kit = open();
    let created = create(&kit, "kept", "1").await;
    put(&kit, "kept", "2").await;
    create(&kit, "marked", "1").await;
    kit.run(DeleteSecret, delete("marked", Some(7), None)).await.unwrap();
    value(&kit, "kept").await;
    // The read is noted down by work beside this test.
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    let store = kit.deps().store.clone();
    drop(kit);
    store.close();
    let kit = open();
    assert_eq!(
        (value(&kit, "kept").await, staged(&kit, "kept", "AWSPREVIOUS").await),
        ("2".into(), "1".into())
    );
    assert_eq!(describe(&kit, "kept").await.arn, created.arn);
    kit.advance(7 * DAY);
    until_gone(&kit, "marked").await;
}
