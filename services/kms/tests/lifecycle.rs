//! States of keys, deletion and rotation by the clock.

mod common;

use std::time::Duration;

use common::*;
use model_kms::Error;
use model_kms::ops::*;
use model_kms::types::*;
use wire::Bytes;

const DAY: Duration = Duration::from_secs(86_400);

/// Lets the background work come to rest.
async fn settle() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

async fn pass(kit: &Kit, days: u32) {
    kit.advance(DAY * days);
    settle().await;
}

async fn disable(kit: &Kit, id: &str) -> Result<(), Error> {
    kit.run(DisableKey, DisableKeyInput { key_id: id.into() }).await.map(drop)
}

async fn enable(kit: &Kit, id: &str) -> Result<(), Error> {
    kit.run(EnableKey, EnableKeyInput { key_id: id.into() }).await.map(drop)
}

async fn schedule(kit: &Kit, id: &str, days: Option<i32>) -> Result<ScheduleKeyDeletionOutput, Error> {
    let input = ScheduleKeyDeletionInput { key_id: id.into(), pending_window_in_days: days };
    kit.run(ScheduleKeyDeletion, input).await
}

async fn cancel(kit: &Kit, id: &str) -> Result<CancelKeyDeletionOutput, Error> {
    kit.run(CancelKeyDeletion, CancelKeyDeletionInput { key_id: id.into() }).await
}

async fn rotate(kit: &Kit, id: &str) -> Result<(), Error> {
    kit.run(RotateKeyOnDemand, RotateKeyOnDemandInput { key_id: id.into() }).await.map(drop)
}

async fn rotation(kit: &Kit, id: &str, days: Option<i32>) -> Result<(), Error> {
    let input = EnableKeyRotationInput { key_id: id.into(), rotation_period_in_days: days };
    kit.run(EnableKeyRotation, input).await.map(drop)
}

async fn status(kit: &Kit, id: &str) -> Result<GetKeyRotationStatusOutput, Error> {
    kit.run(GetKeyRotationStatus, GetKeyRotationStatusInput { key_id: id.into() }).await
}

async fn rotations(kit: &Kit, id: &str, all: bool) -> Vec<RotationsListEntry> {
    let include = all.then_some(IncludeKeyMaterial::AllKeyMaterial.into());
    let input = ListKeyRotationsInput {
        key_id: id.into(),
        include_key_material: include,
        ..ListKeyRotationsInput::default()
    };
    kit.run(ListKeyRotations, input).await.unwrap().rotations.unwrap()
}

#[tokio::test]
async fn disabled_keys_do_nothing() {
    let kit = kit();
    let id = symmetric(&kit).await;
    let blob = encrypt(&kit, &id, b"x").await.unwrap();
    disable(&kit, &id).await.unwrap();
    let metadata = describe(&kit, &id).await.unwrap();
    assert_eq!((metadata.enabled, metadata.key_state.unwrap().as_str()), (Some(false), "Disabled"));
    let refused = ("DisabledException".to_owned(), format!("{} is disabled.", arn(&id)));
    assert_eq!(refusal(encrypt(&kit, &id, b"x").await), refused);
    assert_eq!(refusal(decrypt(&kit, &blob).await), refused);
    assert_eq!(refusal(rotate(&kit, &id).await), refused);
    assert_eq!(refusal(rotation(&kit, &id, None).await), refused);
    enable(&kit, &id).await.unwrap();
    assert_eq!(decrypt(&kit, &blob).await.unwrap(), "x");
}

#[tokio::test]
async fn deletion_waits_and_can_be_cancelled() {
    let kit = kit();
    let id = symmetric(&kit).await;
    for days in [6, 31] {
        assert_eq!(
            refusal(schedule(&kit, &id, Some(days)).await),
            (
                "ValidationException".into(),
                format!("PendingWindowInDays should be between 7 and 30, but it is {days}")
            )
        );
    }
    let not_pending =
        ("KMSInvalidStateException".to_owned(), format!("{} is not pending deletion.", arn(&id)));
    assert_eq!(refusal(cancel(&kit, &id).await), not_pending);
    let due = kit.deps().clock.now().plus(DAY * 7);
    let out = schedule(&kit, &id, Some(7)).await.unwrap();
    assert_eq!((out.deletion_date, out.key_id), (Some(due), Some(arn(&id))));
    assert_eq!(out.key_state.unwrap().as_str(), "PendingDeletion");
    assert_eq!(describe(&kit, &id).await.unwrap().deletion_date, Some(due));
    let pending = ("KMSInvalidStateException".to_owned(), format!("{} is pending deletion.", arn(&id)));
    assert_eq!(refusal(encrypt(&kit, &id, b"x").await), pending);
    assert_eq!(refusal(enable(&kit, &id).await), pending);
    assert_eq!(refusal(disable(&kit, &id).await), pending);
    assert_eq!(refusal(schedule(&kit, &id, None).await), pending);
    let alias = CreateAliasInput { alias_name: "alias/a".into(), target_key_id: id.as_str().into() };
    assert_eq!(refusal(kit.run(CreateAlias, alias).await), pending);
    pass(&kit, 6).await;
    assert_eq!(cancel(&kit, &id).await.unwrap().key_id, Some(arn(&id)));
    assert_eq!(describe(&kit, &id).await.unwrap().key_state.unwrap().as_str(), "Disabled");
    pass(&kit, 60).await;
    enable(&kit, &id).await.unwrap();
    encrypt(&kit, &id, b"x").await.unwrap();
}

#[tokio::test]
async fn what_is_deleted_is_gone_with_all_its_rows() {
    let kit = kit();
    let (id, other) = (symmetric(&kit).await, symmetric(&kit).await);
    let blob = encrypt(&kit, &id, b"x").await.unwrap();
    let alias = CreateAliasInput { alias_name: "alias/a".into(), target_key_id: id.as_str().into() };
    kit.run(CreateAlias, alias).await.unwrap();
    let grant = CreateGrantInput {
        key_id: id.as_str().into(),
        grantee_principal: Some(format!("arn:aws:iam::{ACCOUNT}:user/ann")),
        retiring_principal: Some(format!("arn:aws:iam::{ACCOUNT}:user/bob")),
        operations: vec![GrantOperation::Decrypt.into()].into(),
        name: Some("n".into()),
        ..CreateGrantInput::default()
    };
    kit.run(CreateGrant, grant).await.unwrap();
    rotation(&kit, &id, Some(90)).await.unwrap();
    pass(&kit, 1).await;
    schedule(&kit, &id, None).await.unwrap();
    pass(&kit, 30).await;
    refused_as(describe(&kit, &id).await, "NotFoundException");
    refused_as(decrypt(&kit, &blob).await, "AccessDeniedException");
    refused_as(describe(&kit, "alias/a").await, "NotFoundException");
    let retirable = ListRetirableGrantsInput {
        retiring_principal: Some(format!("arn:aws:iam::{ACCOUNT}:user/bob")),
        ..ListRetirableGrantsInput::default()
    };
    assert_eq!(kit.run(ListRetirableGrants, retirable).await.unwrap().grants.unwrap().len(), 0);
    // Nothing in the store names it any more.
    let all = store::KeyRange::all();
    let page = kit.deps().store.snapshot().range(all, store::RangeOptions::default()).unwrap();
    let names = |row: &[u8]| row.windows(id.len()).any(|part| part == id.as_bytes());
    assert!(!page.more && !page.entries.is_empty());
    assert!(!page.entries.iter().any(|(row, value)| names(row) || names(value)));
    encrypt(&kit, &other, b"x").await.unwrap();
}

#[tokio::test]
async fn rotation_by_the_clock() {
    let kit = kit();
    let id = symmetric(&kit).await;
    assert_eq!(status(&kit, &id).await.unwrap().key_rotation_enabled, Some(false));
    for days in [89, 2561] {
        refused_as(rotation(&kit, &id, Some(days)).await, "ValidationException");
    }
    let first = encrypt(&kit, &id, b"first").await.unwrap();
    rotation(&kit, &id, Some(100)).await.unwrap();
    let due = kit.deps().clock.now().plus(DAY * 100);
    let known = status(&kit, &id).await.unwrap();
    assert_eq!((known.rotation_period_in_days, known.next_rotation_date), (Some(100), Some(due)));
    pass(&kit, 99).await;
    assert_eq!(rotations(&kit, &id, false).await.len(), 0);
    pass(&kit, 1).await;
    let done = rotations(&kit, &id, false).await;
    assert_eq!((done.len(), done[0].rotation_date), (1, Some(due)));
    assert_eq!(done[0].rotation_type.as_ref().unwrap().as_str(), "AUTOMATIC");
    assert_eq!(done[0].key_material_id, describe(&kit, &id).await.unwrap().current_key_material_id);
    let all = rotations(&kit, &id, true).await;
    let states: Vec<_> = all.iter().map(|one| one.key_material_state.as_ref().unwrap().as_str()).collect();
    assert_eq!(states, ["NON_CURRENT", "CURRENT"]);
    let second = encrypt(&kit, &id, b"second").await.unwrap();
    pass(&kit, 100).await;
    assert_eq!(rotations(&kit, &id, false).await.len(), 2);
    for (blob, plain) in [(&first, "first"), (&second, "second")] {
        let out = kit.run(Decrypt, decrypt_input(blob)).await.unwrap();
        assert_eq!(out.plaintext.unwrap(), plain);
        assert!(all.iter().any(|one| one.key_material_id == out.key_material_id));
    }
    kit.run(DisableKeyRotation, DisableKeyRotationInput { key_id: id.as_str().into() }).await.unwrap();
    pass(&kit, 1000).await;
    assert_eq!(rotations(&kit, &id, false).await.len(), 2);
}

#[tokio::test]
async fn a_disabled_key_is_rotated_when_it_comes_back() {
    let kit = kit();
    let id = symmetric(&kit).await;
    rotation(&kit, &id, None).await.unwrap();
    disable(&kit, &id).await.unwrap();
    pass(&kit, 400).await;
    assert_eq!(rotations(&kit, &id, false).await.len(), 0);
    enable(&kit, &id).await.unwrap();
    settle().await;
    assert_eq!(rotations(&kit, &id, false).await.len(), 1);
    let next = status(&kit, &id).await.unwrap().next_rotation_date.unwrap();
    assert!(next > kit.deps().clock.now());
    schedule(&kit, &id, None).await.unwrap();
    assert_eq!(status(&kit, &id).await.unwrap().key_rotation_enabled, Some(false));
}

#[tokio::test]
async fn rotation_on_demand_has_an_end() {
    let kit = kit();
    let id = symmetric(&kit).await;
    let mut blobs: Vec<Bytes> = Vec::new();
    for n in 0u8..25 {
        blobs.push(encrypt(&kit, &id, &[n]).await.unwrap());
        rotate(&kit, &id).await.unwrap();
    }
    assert_eq!(
        refusal(rotate(&kit, &id).await),
        (
            "LimitExceededException".into(),
            format!(
                "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be \
                 performed for this key: {}",
                arn(&id)
            )
        )
    );
    for (n, blob) in blobs.iter().enumerate() {
        assert_eq!(decrypt(&kit, blob).await.unwrap()[..], [n as u8]);
    }
    let page = |limit, marker| ListKeyRotationsInput {
        key_id: id.as_str().into(),
        limit,
        marker,
        ..ListKeyRotationsInput::default()
    };
    let out = kit.run(ListKeyRotations, page(Some(20), None)).await.unwrap();
    assert_eq!((out.rotations.unwrap().len(), out.truncated), (20, Some(true)));
    let out = kit.run(ListKeyRotations, page(None, out.next_marker)).await.unwrap();
    let rest = out.rotations.unwrap();
    assert_eq!((rest.len(), rest[4].rotation_type.as_ref().unwrap().as_str()), (5, "ON_DEMAND"));
}

#[tokio::test]
async fn only_symmetric_keys_are_rotated() {
    let kit = kit();
    let id = key(&kit, KeySpec::Hmac256, KeyUsageType::GenerateVerifyMac).await;
    let refused = ("UnsupportedOperationException".to_owned(), String::new());
    assert_eq!(refusal(rotate(&kit, &id).await), refused);
    assert_eq!(refusal(rotation(&kit, &id, None).await), refused);
    assert_eq!(refusal(status(&kit, &id).await), refused);
}
