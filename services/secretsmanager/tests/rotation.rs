//! Rotation, without functions and with one.

mod common;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use common::*;
use futures::future::BoxFuture;
use kernel::{Arn, Call, CivilTime, Timestamp};
use model_secretsmanager::ops::*;
use model_secretsmanager::types::*;
use parking_lot::Mutex;
use secretsmanager::{Functions, Step};
use service::Cloud;
use testkit::Kit;

const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:rotate";
const DAY: Duration = Duration::from_secs(86_400);

fn rotate(days: Option<i64>, function: Option<&str>) -> RotateSecretInput {
    RotateSecretInput {
        secret_id: "s".into(),
        client_request_token: token(),
        rotation_lambda_arn: function.map(str::to_owned),
        rotation_rules: days
            .map(|days| RotationRulesType { automatically_after_days: Some(days), ..Default::default() }),
        ..Default::default()
    }
}

/// A function that prepares a version and makes it the current one.
#[derive(Default)]
struct Rotator {
    cloud: OnceLock<Cloud>,
    now: Mutex<Timestamp>,
    steps: Mutex<Vec<(String, String)>>,
    fails_at: Mutex<Option<&'static str>>,
}

impl Rotator {
    fn call(&self) -> Call {
        testkit::call(*self.now.lock())
    }

    async fn take(&self, step: Step<'_>) -> bool {
        self.steps.lock().push((step.name.to_owned(), step.token.to_owned()));
        if *self.fails_at.lock() == Some(step.name) {
            return false;
        }
        let (cloud, secret) = (self.cloud.get().expect("a cloud").clone(), step.secret.as_str());
        match step.name {
            "createSecret" => {
                let input = PutSecretValueInput {
                    secret_id: secret.into(),
                    client_request_token: Some(step.token.to_owned()),
                    secret_string: Some("rotated".into()),
                    version_stages: Some(vec!["AWSPENDING".into()]),
                    ..Default::default()
                };
                cloud.call::<PutSecretValue>(self.call(), input).await.is_ok()
            }
            "finishSecret" => {
                let input = DescribeSecretInput { secret_id: secret.into() };
                let described = cloud.call::<DescribeSecret>(self.call(), input).await.expect("a secret");
                let stages = described.version_ids_to_stages.unwrap_or_default();
                let current = stages.iter().find(|(_, labels)| labels.iter().any(|l| l == "AWSCURRENT"));
                let input = UpdateSecretVersionStageInput {
                    secret_id: secret.into(),
                    version_stage: "AWSCURRENT".into(),
                    remove_from_version_id: current.map(|(id, _)| id.clone()),
                    move_to_version_id: Some(step.token.to_owned()),
                };
                cloud.call::<UpdateSecretVersionStage>(self.call(), input).await.is_ok()
            }
            _ => true,
        }
    }
}

impl Functions for Rotator {
    fn may_invoke<'a>(&'a self, function: &'a str, _: &'a Arn) -> BoxFuture<'a, bool> {
        Box::pin(std::future::ready(function == FUNCTION))
    }

    fn invoke<'a>(&'a self, _: &'a str, step: Step<'a>) -> BoxFuture<'a, bool> {
        Box::pin(self.take(step))
    }
}

fn kit_that_rotates() -> (Kit, Arc<Rotator>) {
    let rotator = Arc::new(Rotator::default());
    let kit = kit_with(rotator.clone());
    assert!(rotator.cloud.set(kit.deps().cloud.clone()).is_ok());
    *rotator.now.lock() = kit.call().now;
    (kit, rotator)
}

/// The rotation is done by work beside the test.
async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    for _ in 0..10_000 {
        if holds().await {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("{what} has not happened");
}

#[tokio::test]
async fn without_functions_nothing_is_rotated_and_nothing_changed() {
    let kit = kit();
    create(&kit, "s", "1").await;
    let before = describe(&kit, "s").await;
    let text = "No Lambda rotation function ARN is associated with this secret.";
    refused(kit.run(RotateSecret, rotate(Some(1), None)).await, INVALID_REQUEST, text);
    let cancel = CancelRotateSecretInput { secret_id: "s".into() };
    refused(kit.run(CancelRotateSecret, cancel).await, INVALID_REQUEST, text);
    let denied = "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.";
    refused(kit.run(RotateSecret, rotate(Some(1), Some(FUNCTION))).await, "AccessDeniedException", denied);
    let after = describe(&kit, "s").await;
    assert_eq!(after.version_ids_to_stages, before.version_ids_to_stages);
    assert_eq!(
        (after.rotation_enabled, after.rotation_lambda_arn, after.last_changed_date),
        (None, None, before.last_changed_date)
    );
    let no_token = RotateSecretInput { client_request_token: None, ..rotate(Some(1), Some(FUNCTION)) };
    let text = "You must provide a ClientRequestToken value. We recommend a UUID-type value.";
    refused(kit.run(RotateSecret, no_token).await, INVALID_PARAMETER, text);
}

#[tokio::test]
async fn rules_are_checked_before_anything_else_is_done() {
    let kit = kit();
    create(&kit, "s", "1").await;
    let rules = |days: Option<i64>, duration: Option<&str>, schedule: Option<&str>| RotateSecretInput {
        rotation_rules: Some(RotationRulesType {
            automatically_after_days: days,
            duration: duration.map(str::to_owned),
            schedule_expression: schedule.map(str::to_owned),
        }),
        ..rotate(None, Some(FUNCTION))
    };
    let both = "You cannot specify both rotation frequency and schedule expression together.";
    refused(kit.run(RotateSecret, rules(Some(1), None, Some("rate(1 day)"))).await, INVALID_PARAMETER, both);
    for bad in ["rate(1 hour)", "cron(1 0 * * ? *)", "every day"] {
        assert_eq!(
            told(kit.run(RotateSecret, rules(None, None, Some(bad))).await).0,
            INVALID_PARAMETER,
            "{bad}"
        );
    }
    assert_eq!(
        told(kit.run(RotateSecret, rules(None, Some("25h"), Some("rate(1 day)"))).await).0,
        INVALID_PARAMETER
    );
    assert_eq!(told(kit.run(RotateSecret, rules(Some(1001), None, None)).await).0, "ValidationException");
    assert_eq!(told(kit.run(RotateSecret, rules(Some(2), None, None)).await).0, "AccessDeniedException");
}

#[tokio::test]
async fn a_rotation_takes_its_steps_and_is_planned_again() {
    let (kit, rotator) = kit_that_rotates();
    create(&kit, "s", "1").await;
    let input = rotate(Some(10), Some(FUNCTION));
    let token = input.client_request_token.clone().unwrap();
    let output = kit.run(RotateSecret, input).await.unwrap();
    assert_eq!(output.version_id.as_deref(), Some(&*token));
    until("the rotation", async || describe(&kit, "s").await.last_rotated_date.is_some()).await;
    let steps: Vec<_> = rotator.steps.lock().drain(..).collect();
    assert_eq!(
        steps.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["createSecret", "setSecret", "testSecret", "finishSecret"]
    );
    assert!(steps.iter().all(|(_, id)| *id == token));
    assert_eq!(
        (value(&kit, "s").await, staged(&kit, "s", "AWSPREVIOUS").await),
        ("rotated".into(), "1".into())
    );
    let described = describe(&kit, "s").await;
    assert_eq!(described.version_ids_to_stages.unwrap()[&token], ["AWSCURRENT"]);
    assert_eq!(
        (described.rotation_enabled, described.rotation_lambda_arn.as_deref()),
        (Some(true), Some(FUNCTION))
    );
    assert_eq!(described.rotation_rules.unwrap().automatically_after_days, Some(10));
    // The clock began on 15 June 2025.
    let end = CivilTime { year: 2025, month: 6, day: 25, hour: 23, minute: 59, second: 59, millisecond: 0 };
    assert_eq!(described.next_rotation_date, Timestamp::from_civil(end));
    kit.advance(10 * DAY);
    *rotator.now.lock() = kit.call().now;
    until("the next rotation", async || versions(&kit, "s", true).await.len() == 3).await;
    until("its end", async || describe(&kit, "s").await.last_rotated_date == Some(kit.call().now)).await;
}

#[tokio::test]
async fn a_rotation_that_fails_is_tried_again_with_the_same_version() {
    let (kit, rotator) = kit_that_rotates();
    create(&kit, "s", "1").await;
    *rotator.fails_at.lock() = Some("testSecret");
    let input = rotate(Some(10), Some(FUNCTION));
    let token = input.client_request_token.clone().unwrap();
    kit.run(RotateSecret, input).await.unwrap();
    until("the failure", async || rotator.steps.lock().len() == 3).await;
    assert_eq!(value(&kit, "s").await, "1");
    assert_eq!(staged(&kit, "s", "AWSPENDING").await, "rotated");
    let text = "A previous rotation isn\u{2019}t complete. That rotation will be reattempted.";
    refused(kit.run(RotateSecret, rotate(None, None)).await, INVALID_REQUEST, text);
    *rotator.fails_at.lock() = None;
    kit.advance(Duration::from_secs(3600));
    *rotator.now.lock() = kit.call().now;
    until("the rotation", async || describe(&kit, "s").await.last_rotated_date.is_some()).await;
    assert!(rotator.steps.lock().iter().all(|(_, id)| *id == token));
    assert_eq!(value(&kit, "s").await, "rotated");
}

#[tokio::test]
async fn rotation_waits_for_its_window_and_can_be_turned_off() {
    let (kit, rotator) = kit_that_rotates();
    create(&kit, "s", "1").await;
    let later = RotateSecretInput {
        rotate_immediately: Some(false),
        rotation_rules: Some(RotationRulesType {
            schedule_expression: Some("cron(0 10 1 * ? *)".into()),
            duration: Some("2h".into()),
            ..Default::default()
        }),
        ..rotate(None, Some(FUNCTION))
    };
    kit.run(RotateSecret, later).await.unwrap();
    let described = describe(&kit, "s").await;
    let end = CivilTime { year: 2025, month: 7, day: 1, hour: 11, minute: 59, second: 59, millisecond: 0 };
    assert_eq!(described.next_rotation_date, Timestamp::from_civil(end));
    assert_eq!(described.last_rotated_date, None);
    let output =
        kit.run(CancelRotateSecret, CancelRotateSecretInput { secret_id: "s".into() }).await.unwrap();
    assert_eq!(output.version_id, None);
    let described = describe(&kit, "s").await;
    assert_eq!((described.rotation_enabled, described.next_rotation_date), (Some(false), None));
    assert_eq!(
        described.rotation_rules.unwrap().duration.as_deref(),
        Some("2h"),
        "what it was stays to be seen"
    );
    kit.advance(60 * DAY);
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert!(rotator.steps.lock().is_empty());
    assert_eq!(value(&kit, "s").await, "1");
    // Turned on again, with what was set before.
    *rotator.now.lock() = kit.call().now;
    kit.run(RotateSecret, rotate(None, None)).await.unwrap();
    until("the rotation", async || describe(&kit, "s").await.last_rotated_date.is_some()).await;
}

#[tokio::test]
async fn days_are_counted_from_the_last_change() {
    let (kit, _) = kit_that_rotates();
    create(&kit, "s", "1").await;
    let later = RotateSecretInput { rotate_immediately: Some(false), ..rotate(Some(10), Some(FUNCTION)) };
    kit.run(RotateSecret, later).await.unwrap();
    let first = describe(&kit, "s").await.next_rotation_date.unwrap();
    kit.advance(4 * DAY);
    put(&kit, "s", "2").await;
    assert_eq!(describe(&kit, "s").await.next_rotation_date, Some(first.plus(4 * DAY)));
}
