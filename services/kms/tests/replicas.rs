//! Keys in several regions.

mod common;

use std::time::Duration;

use common::*;
use kernel::Call;
use model_kms::Error;
use model_kms::ops::*;
use model_kms::types::*;

const OTHER: &str = "eu-west-1";

fn there(kit: &Kit) -> Call {
    let mut call = kit.call();
    call.region = OTHER.into();
    call
}

async fn multi_region(kit: &Kit) -> String {
    let input = CreateKeyInput { multi_region: Some(true), ..CreateKeyInput::default() };
    create(kit, input).await.key_id.unwrap()
}

async fn replicate(kit: &Kit, id: &str) -> Result<ReplicateKeyOutput, Error> {
    let input =
        ReplicateKeyInput { key_id: id.into(), replica_region: OTHER.into(), ..ReplicateKeyInput::default() };
    kit.run(ReplicateKey, input).await
}

async fn describe_there(kit: &Kit, id: &str) -> Result<KeyMetadata, Error> {
    let input = DescribeKeyInput { key_id: id.into(), grant_tokens: None };
    Ok(kit.run_as(there(kit), DescribeKey, input).await?.key_metadata.unwrap())
}

fn kind(metadata: &KeyMetadata) -> (String, String, usize) {
    let regions = metadata.multi_region_configuration.as_ref().unwrap();
    (
        regions.multi_region_key_type.as_ref().unwrap().as_str().to_owned(),
        regions.primary_key.as_ref().unwrap().region.clone().unwrap(),
        regions.replica_keys.as_ref().unwrap().len(),
    )
}

async fn settle() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_replica_has_the_same_material() {
    let kit = kit();
    let id = multi_region(&kit).await;
    assert!(id.starts_with("mrk-"));
    let blob = encrypt(&kit, &id, b"x").await.unwrap();
    refused_as(describe_there(&kit, &id).await, "NotFoundException");
    let made = replicate(&kit, &id).await.unwrap().replica_key_metadata.unwrap();
    assert_eq!(kind(&made), ("REPLICA".into(), REGION.into(), 1));
    assert_eq!(kind(&describe(&kit, &id).await.unwrap()), ("PRIMARY".into(), REGION.into(), 1));
    assert_eq!(kind(&describe_there(&kit, &id).await.unwrap()), ("REPLICA".into(), REGION.into(), 1));
    let out = kit.run_as(there(&kit), Decrypt, decrypt_input(&blob)).await.unwrap();
    assert_eq!(out.plaintext.unwrap(), "x");
    assert_eq!(out.key_id.unwrap(), arn(&id).replace(REGION, OTHER));
    // Rotation is for both at once, and only the primary key's to begin.
    kit.run(RotateKeyOnDemand, RotateKeyOnDemandInput { key_id: id.as_str().into() }).await.unwrap();
    let blob = encrypt(&kit, &id, b"new").await.unwrap();
    let plain = kit.run_as(there(&kit), Decrypt, decrypt_input(&blob)).await.unwrap().plaintext.unwrap();
    assert_eq!(plain, "new");
    let rotate = RotateKeyOnDemandInput { key_id: id.as_str().into() };
    assert_eq!(
        refusal(kit.run_as(there(&kit), RotateKeyOnDemand, rotate).await),
        (
            "UnsupportedOperationException".into(),
            format!("{} is not a multi-region primary key.", arn(&id).replace(REGION, OTHER))
        )
    );
}

#[tokio::test]
async fn what_cannot_be_replicated() {
    let kit = kit();
    let plain = symmetric(&kit).await;
    refused_as(replicate(&kit, &plain).await, "UnsupportedOperationException");
    let id = multi_region(&kit).await;
    replicate(&kit, &id).await.unwrap();
    refused_as(replicate(&kit, &id).await, "AlreadyExistsException");
    let input = ReplicateKeyInput {
        key_id: id.as_str().into(),
        replica_region: "us-west-2".into(),
        ..Default::default()
    };
    let refused = kit.run_as(there(&kit), ReplicateKey, input).await;
    refused_as(refused, "UnsupportedOperationException");
    // Whoever may not make keys there may not replicate them to there.
    let id = multi_region(&kit).await;
    kit.asked();
    kit.deny("kms:CreateKey");
    refused_as(replicate(&kit, &id).await, "AccessDeniedException");
    let actions: Vec<_> = kit.asked().into_iter().map(|ask| ask.action).collect();
    assert_eq!(actions, ["kms:ReplicateKey", "kms:CreateKey"]);
}

#[tokio::test]
async fn the_primary_region_moves() {
    let kit = kit();
    let id = multi_region(&kit).await;
    replicate(&kit, &id).await.unwrap();
    let enable = EnableKeyRotationInput { key_id: id.as_str().into(), rotation_period_in_days: Some(90) };
    kit.run(EnableKeyRotation, enable).await.unwrap();
    let update =
        |region: &str| UpdatePrimaryRegionInput { key_id: id.as_str().into(), primary_region: region.into() };
    refused_as(kit.run(UpdatePrimaryRegion, update("us-west-2")).await, "NotFoundException");
    kit.run(UpdatePrimaryRegion, update(OTHER)).await.unwrap();
    assert_eq!(kind(&describe(&kit, &id).await.unwrap()), ("REPLICA".into(), OTHER.into(), 1));
    assert_eq!(kind(&describe_there(&kit, &id).await.unwrap()), ("PRIMARY".into(), OTHER.into(), 1));
    refused_as(kit.run(UpdatePrimaryRegion, update(OTHER)).await, "UnsupportedOperationException");
    kit.advance(Duration::from_secs(90 * 86_400));
    settle().await;
    let here = describe(&kit, &id).await.unwrap().current_key_material_id;
    assert_eq!(here, describe_there(&kit, &id).await.unwrap().current_key_material_id);
    let list = ListKeyRotationsInput { key_id: id.as_str().into(), ..ListKeyRotationsInput::default() };
    assert_eq!(kit.run(ListKeyRotations, list).await.unwrap().rotations.unwrap().len(), 1);
    let status = GetKeyRotationStatusInput { key_id: id.as_str().into() };
    assert_eq!(kit.run(GetKeyRotationStatus, status).await.unwrap().key_rotation_enabled, Some(true));
}

#[tokio::test]
async fn a_primary_key_outlives_its_replicas() {
    let kit = kit();
    let id = multi_region(&kit).await;
    replicate(&kit, &id).await.unwrap();
    let schedule =
        || ScheduleKeyDeletionInput { key_id: id.as_str().into(), pending_window_in_days: Some(7) };
    let out = kit.run(ScheduleKeyDeletion, schedule()).await.unwrap();
    assert_eq!((out.key_state.unwrap().as_str(), out.deletion_date), ("PendingReplicaDeletion", None));
    assert_eq!(describe(&kit, &id).await.unwrap().pending_deletion_window_in_days, Some(7));
    kit.advance(Duration::from_secs(40 * 86_400));
    settle().await;
    refused_as(encrypt(&kit, &id, b"x").await, "KMSInvalidStateException");
    kit.run_as(there(&kit), ScheduleKeyDeletion, schedule()).await.unwrap();
    kit.advance(Duration::from_secs(7 * 86_400));
    settle().await;
    refused_as(describe_there(&kit, &id).await, "NotFoundException");
    assert_eq!(describe(&kit, &id).await.unwrap().key_state.unwrap().as_str(), "PendingDeletion");
    kit.advance(Duration::from_secs(7 * 86_400));
    settle().await;
    refused_as(describe(&kit, &id).await, "NotFoundException");
}
