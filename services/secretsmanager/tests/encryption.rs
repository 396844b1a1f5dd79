//! Values are encrypted by KMS as the caller, and never shown.

mod common;

use std::sync::Arc;

use common::*;
use kernel::{Arn, Call, Principal, PrincipalKind};
use model_secretsmanager::ops::*;
use model_secretsmanager::types::*;
use store::KeyRange;
use testkit::Kit;

const OWN_KEY: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

fn with_key(name: &str, value: &str, key: &str) -> CreateSecretInput {
    CreateSecretInput { kms_key_id: Some(key.into()), ..new_secret(name, value) }
}

#[tokio::test]
async fn nothing_is_kept_in_the_clear() {
    let kit = kit();
    create(&kit, "s", "a-canary-in-the-store").await;
    let rows = kit.deps().store.snapshot().range(KeyRange::all(), Default::default()).unwrap();
    assert!(!rows.entries.is_empty());
    let holds = |bytes: &[u8]| bytes.windows(8).any(|window| window == b"a-canary");
    assert!(rows.entries.iter().all(|(key, value)| !holds(key) && !holds(value)));
    assert_eq!(value(&kit, "s").await, "a-canary-in-the-store");
}

#[tokio::test]
async fn kms_is_asked_as_the_caller_with_the_secret_as_context() {
    let kit = kit();
    let created = kit.run(CreateSecret, with_key("s", "1", OWN_KEY)).await.unwrap();
    let asked = kit.asked();
    let kms = asked.iter().find(|ask| ask.action == "kms:GenerateDataKey").expect("KMS was asked");
    assert_eq!(kms.call.principal, kit.call().principal);
    assert_eq!(kms.call.called_via, ["secretsmanager"]);
    assert!(kms.target.arn.as_str().ends_with(OWN_KEY));
    assert_eq!(value(&kit, "s").await, "1");
    let asked = kit.asked();
    assert_eq!(
        asked.iter().map(|ask| ask.action.as_str()).collect::<Vec<_>>(),
        ["secretsmanager:GetSecretValue", "kms:Decrypt"]
    );
    let described = describe(&kit, "s").await;
    assert_eq!(described.kms_key_id.as_deref(), Some(OWN_KEY));
    let input =
        ListSecretVersionIdsInput { secret_id: created.arn.unwrap().as_str().into(), ..Default::default() };
    let listed = kit.run(ListSecretVersionIds, input).await.unwrap().versions.unwrap();
    assert_eq!(listed[0].kms_key_ids.as_deref(), Some(&[OWN_KEY.to_owned()][..]));
}

#[tokio::test]
async fn a_caller_without_the_key_does_not_get_the_value() {
    let kit = kit();
    kit.run(CreateSecret, with_key("s", "1", OWN_KEY)).await.unwrap();
    kit.deny("kms:Decrypt");
    refused(kit.run(GetSecretValue, get("s")).await, "AccessDeniedException", "Access to KMS is not allowed");
    kit.deny("kms:GenerateDataKey");
    let denied = kit.run(CreateSecret, with_key("t", "1", OWN_KEY)).await;
    refused(denied, "AccessDeniedException", "Access to KMS is not allowed");
    refused(kit.run(GetSecretValue, get("t")).await, NOT_FOUND, NO_SECRET);
}

#[tokio::test]
async fn keys_that_do_not_work_are_told() {
    let kit = kit();
    let text = "Secrets Manager can't encrypt the protected secret text using the provided KMS key.";
    for key in ["missing", "disabled"] {
        refused(kit.run(CreateSecret, with_key("s", "1", key)).await, "EncryptionFailure", text);
        let without_value = CreateSecretInput { secret_string: None, ..with_key("s", "", key) };
        refused(kit.run(CreateSecret, without_value).await, "EncryptionFailure", text);
    }
    create(&kit, "s", "1").await;
    let update =
        UpdateSecretInput { secret_id: "s".into(), kms_key_id: Some("missing".into()), ..Default::default() };
    refused(kit.run(UpdateSecret, update).await, "EncryptionFailure", text);
    assert_eq!((describe(&kit, "s").await.kms_key_id, &*value(&kit, "s").await), (None, "1"));
}

#[tokio::test]
async fn another_key_is_put_under_the_versions_in_use() {
    let kit = kit();
    create(&kit, "s", "0").await;
    put(&kit, "s", "1").await;
    put(&kit, "s", "2").await;
    let update = |key: &str| UpdateSecretInput {
        secret_id: "s".into(),
        kms_key_id: Some(key.into()),
        ..Default::default()
    };
    kit.run(UpdateSecret, update(OWN_KEY)).await.unwrap();
    assert_eq!((value(&kit, "s").await, staged(&kit, "s", "AWSPREVIOUS").await), ("2".into(), "1".into()));
    let input = ListSecretVersionIdsInput {
        secret_id: "s".into(),
        include_deprecated: Some(true),
        ..Default::default()
    };
    let keys = |output: ListSecretVersionIdsOutput| {
        let versions = output.versions.unwrap().into_iter();
        let mut keys: Vec<_> =
            versions.map(|v| (v.version_stages, v.kms_key_ids.unwrap().join(","))).collect();
        keys.sort();
        keys.into_iter().map(|(_, key)| key).collect::<Vec<_>>()
    };
    let listed = keys(kit.run(ListSecretVersionIds, input.clone()).await.unwrap());
    assert_eq!(listed, ["DefaultEncryptionKey", OWN_KEY, OWN_KEY], "the deprecated one keeps its key");
    kit.run(UpdateSecret, update("alias/aws/secretsmanager")).await.unwrap();
    assert_eq!(describe(&kit, "s").await.kms_key_id, None);
    assert_eq!(keys(kit.run(ListSecretVersionIds, input).await.unwrap()), ["DefaultEncryptionKey"; 3]);
    assert_eq!(value(&kit, "s").await, "2");
}

#[tokio::test]
async fn a_value_moved_to_another_place_does_not_open() {
    let kit = kit();
    create(&kit, "a", "1").await;
    create(&kit, "b", "2").await;
    let store = kit.deps().store.clone();
    let rows = store.snapshot().range(KeyRange::all(), Default::default()).unwrap().entries;
    let values: Vec<_> = rows.into_iter().filter(|(_, value)| value.starts_with(b"\x02\x04")).collect();
    assert_eq!(values.len(), 2);
    let mut tx = store.begin();
    tx.put(values[0].0.clone(), values[1].1.clone());
    tx.commit().await.unwrap();
    let text = "Secrets Manager can't decrypt the protected secret text using the provided KMS key.";
    refused(kit.run(GetSecretValue, get("a")).await, "DecryptionFailure", text);
    assert_eq!(value(&kit, "b").await, "2");
}

#[tokio::test]
async fn callers_from_other_accounts_need_a_key_they_can_use() {
    let kit = kit();
    let arn = create(&kit, "s", "1").await.arn.unwrap();
    let own = kit.run(CreateSecret, with_key("t", "2", OWN_KEY)).await.unwrap().arn.unwrap();
    let other = || Call {
        account: "999999999999".into(),
        principal: Principal {
            kind: PrincipalKind::User,
            arn: Arn::aws("iam", "", "999999999999", "user/u"),
            ..Principal::root("999999999999", "key")
        },
        ..kit.call()
    };
    let text = "You can't access a secret from a different AWS account if you encrypt the secret with the default KMS service key.";
    refused(kit.run_as(other(), GetSecretValue, get(&arn)).await, INVALID_REQUEST, text);
    let read = kit.run_as(other(), GetSecretValue, get(&own)).await.unwrap();
    assert_eq!(read.secret_string.as_deref(), Some("2"));
    refused(kit.run_as(other(), GetSecretValue, get("t")).await, NOT_FOUND, NO_SECRET);
}

#[tokio::test]
async fn values_are_in_no_debug_output() {
    let kit = kit();
    let input = new_secret("s", "canary");
    assert!(!format!("{input:?}").contains("canary"));
    kit.run(CreateSecret, input).await.unwrap();
    let output = read(&kit, "s").await;
    assert!(!format!("{output:?}").contains("canary"));
    let put = PutSecretValueInput {
        secret_id: "s".into(),
        secret_binary: Some("canary".into()),
        secret_string: Some("canary".into()),
        client_request_token: token(),
        ..Default::default()
    };
    assert!(!format!("{put:?}").contains("canary"));
    let error = kit.run(PutSecretValue, put).await.unwrap_err();
    assert!(!format!("{error:?}").contains("canary"));
    let password = kit.run(GetRandomPassword, GetRandomPasswordInput::default()).await.unwrap();
    assert!(!format!("{password:?}").contains(password.random_password.as_deref().unwrap()));
}

#[tokio::test]
async fn without_kms_no_value_is_kept_and_nothing_is_said_of_why() {
    let kit = Kit::new(|deps| {
        vec![secretsmanager::service_with(deps.clone(), Arc::new(secretsmanager::NoFunctions))]
    });
    let (code, _) = told(kit.run(CreateSecret, new_secret("s", "1")).await);
    assert_eq!(code, "InternalServiceError");
    refused(kit.run(GetSecretValue, get("s")).await, NOT_FOUND, NO_SECRET);
}
