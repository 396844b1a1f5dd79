//! Beside the KMS that there is.

mod common;

use common::*;
use kernel::{Clock, Timestamp};
use model_kms::ops::{CreateKey, DescribeKey, DisableKey, EnableKey};
use model_kms::types::{CreateKeyInput, DescribeKeyInput, DisableKeyInput, EnableKeyInput};
use model_secretsmanager::ops::*;
use model_secretsmanager::types::*;
use store::{Options, Store};
use testkit::Kit;

fn kit() -> Kit {
    Kit::new(|deps| vec![kms::service(deps.clone()), secretsmanager::service(deps.clone())])
}

async fn new_key(kit: &Kit) -> String {
    let output = kit.run(CreateKey, CreateKeyInput::default()).await.expect("a key");
    output.key_metadata.expect("metadata").key_id.expect("an id")
}

#[tokio::test]
async fn the_managed_key_is_made_when_it_is_first_needed() {
    let kit = kit();
    create(&kit, "s", "1").await;
    put(&kit, "s", "2").await;
    assert_eq!((value(&kit, "s").await, staged(&kit, "s", "AWSPREVIOUS").await), ("2".into(), "1".into()));
    let key = DescribeKeyInput { key_id: "alias/aws/secretsmanager".into(), ..Default::default() };
    kit.run(DescribeKey, key).await.expect("the managed key");
}

#[tokio::test]
async fn a_disabled_key_closes_its_secrets() {
    let kit = kit();
    let key = new_key(&kit).await;
    let input = CreateSecretInput { kms_key_id: Some(key.clone()), ..new_secret("s", "1") };
    kit.run(CreateSecret, input).await.unwrap();
    assert_eq!(value(&kit, "s").await, "1");
    kit.run(DisableKey, DisableKeyInput { key_id: key.as_str().into() }).await.unwrap();
    let text = "Secrets Manager can't decrypt the protected secret text using the provided KMS key.";
    refused(kit.run(GetSecretValue, get("s")).await, "DecryptionFailure", text);
    let put = PutSecretValueInput {
        secret_id: "s".into(),
        client_request_token: token(),
        secret_string: Some("2".into()),
        ..Default::default()
    };
    let text = "Secrets Manager can't encrypt the protected secret text using the provided KMS key.";
    refused(kit.run(PutSecretValue, put).await, "EncryptionFailure", text);
    kit.run(EnableKey, EnableKeyInput { key_id: key.as_str().into() }).await.unwrap();
    assert_eq!(value(&kit, "s").await, "1");
    let missing = CreateSecretInput { kms_key_id: Some(TOKEN.into()), ..new_secret("t", "1") };
    assert_eq!(told(kit.run(CreateSecret, missing).await).0, "EncryptionFailure");
}

#[tokio::test]
async fn replicas_stand_under_their_regions_key() {
    let kit = kit();
    let regions = vec![ReplicaRegionType { region: Some("eu-west-1".into()), kms_key_id: None }];
    let input = CreateSecretInput { add_replica_regions: Some(regions), ..new_secret("s", "1") };
    kit.run(CreateSecret, input).await.unwrap();
    assert_eq!(value_in(&kit, "eu-west-1", "s").await, "1");
    put(&kit, "s", "2").await;
    assert_eq!(value_in(&kit, "eu-west-1", "s").await, "2");
}

#[tokio::test]
async fn values_open_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let vault = vault::Vault::ephemeral();
    let open = || {
        let store = Store::open(dir.path(), Options::default()).unwrap();
        let clock = Clock::frozen(Timestamp::from_secs(1_750_000_000));
        let deps = service::Deps { vault: vault.clone(), ..testkit::deps_on(store, clock) };
        Kit::on(deps, |deps| vec![kms::service(deps.clone()), secretsmanager::service(deps.clone())])
    };
    let kit = open();
    let key = new_key(&kit).await;
    create(&kit, "managed", "1").await;
    let input = CreateSecretInput { kms_key_id: Some(key), ..new_secret("own", "2") };
    kit.run(CreateSecret, input).await.unwrap();
    let store = kit.deps().store.clone();
    drop(kit);
    store.close();
    let kit = open();
    assert_eq!((value(&kit, "managed").await, value(&kit, "own").await), ("1".into(), "2".into()));
}
