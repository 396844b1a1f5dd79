//! What policies are asked, and what they are told.

mod common;

use common::*;
use model_kms::ops::*;
use model_kms::types::*;
use policy::Value;

fn values(keys: &[(std::borrow::Cow<'static, str>, Vec<Value<'static>>)], name: &str) -> Vec<String> {
    let found = keys.iter().find(|(key, _)| key == name);
    found.map(|(_, values)| values.iter().map(|value| format!("{value:?}")).collect()).unwrap_or_default()
}

#[tokio::test]
async fn attributes_of_keys() {
    let kit = kit();
    let input = CreateKeyInput {
        key_spec: Some(KeySpec::Rsa2048.into()),
        key_usage: Some(KeyUsageType::EncryptDecrypt.into()),
        multi_region: Some(true),
        tags: Some(vec![Tag { tag_key: "team".into(), tag_value: "red".into() }]),
        ..CreateKeyInput::default()
    };
    let id = create(&kit, input).await.key_id.unwrap();
    let asked = kit.asked().remove(0);
    assert_eq!(asked.action, "kms:CreateKey");
    for (name, part) in [
        ("kms:KeySpec", "RSA_2048"),
        ("kms:KeyUsage", "ENCRYPT_DECRYPT"),
        ("kms:KeyOrigin", "AWS_KMS"),
        ("kms:MultiRegion", "true"),
        ("kms:BypassPolicyLockoutSafetyCheck", "false"),
        ("aws:RequestTag/team", "red"),
        ("aws:TagKeys", "team"),
    ] {
        assert!(values(&asked.target.keys, name).iter().any(|value| value.contains(part)), "{name}");
    }
    let input = EncryptInput {
        encryption_algorithm: Some(EncryptionAlgorithmSpec::RsaesOaepSha256.into()),
        ..encrypt_input(&id, b"x")
    };
    kit.run(Encrypt, input).await.unwrap();
    let asked = kit.asked().remove(0);
    assert!(asked.target.policy_required && asked.target.policy.is_some());
    for (name, part) in [
        ("kms:KeySpec", "RSA_2048"),
        ("kms:KeyUsage", "ENCRYPT_DECRYPT"),
        ("kms:KeyOrigin", "AWS_KMS"),
        ("kms:MultiRegion", "true"),
        ("kms:MultiRegionKeyType", "PRIMARY"),
        ("kms:EncryptionAlgorithm", "RSAES_OAEP_SHA_256"),
        ("aws:ResourceTag/team", "red"),
    ] {
        assert!(values(&asked.target.keys, name).iter().any(|value| value.contains(part)), "{name}");
    }
    assert!(values(&asked.target.keys, "kms:ViaService").is_empty());
}

#[tokio::test]
async fn attributes_of_requests() {
    let kit = kit();
    let id = symmetric(&kit).await;
    kit.advance(std::time::Duration::from_secs(3 * 86_400));
    kit.asked();
    let schedule = ScheduleKeyDeletionInput { key_id: id.as_str().into(), pending_window_in_days: Some(9) };
    kit.run(ScheduleKeyDeletion, schedule).await.unwrap();
    let keys = kit.asked().remove(0).target.keys;
    assert!(values(&keys, "kms:ScheduleKeyDeletionPendingWindowInDays")[0].contains('9'));
    assert!(values(&keys, "kms:TrailingDaysWithoutKeyUsage")[0].contains('3'));
}

#[tokio::test]
async fn other_accounts_use_keys_and_do_not_change_them() {
    let kit = kit();
    let id = symmetric(&kit).await;
    let blob = encrypt(&kit, &id, b"x").await.unwrap();
    kit.asked();
    let out = kit.run_as(stranger(&kit), Decrypt, decrypt_input(&blob)).await.unwrap();
    assert_eq!(out.key_id.unwrap(), arn(&id));
    assert_eq!(kit.asked().remove(0).target.arn.account(), ACCOUNT);
    kit.run_as(stranger(&kit), Encrypt, encrypt_input(&arn(&id), b"x")).await.unwrap();
    refused_as(kit.run_as(stranger(&kit), Encrypt, encrypt_input(&id, b"x")).await, "NotFoundException");
    let disable = DisableKeyInput { key_id: arn(&id).into() };
    refused_as(kit.run_as(stranger(&kit), DisableKey, disable).await, "AccessDeniedException");
    assert_eq!(describe(&kit, &id).await.unwrap().enabled, Some(true));
}

#[tokio::test]
async fn what_is_denied_is_not_done() {
    let kit = kit();
    let id = symmetric(&kit).await;
    let blob = encrypt(&kit, &id, b"x").await.unwrap();
    kit.deny("kms:ReEncryptTo");
    let input = ReEncryptInput {
        ciphertext_blob: Some(blob.clone()),
        destination_key_id: id.as_str().into(),
        ..ReEncryptInput::default()
    };
    refused_as(kit.run(ReEncrypt, input).await, "AccessDeniedException");
    kit.deny("kms:Decrypt");
    refused_as(decrypt(&kit, &blob).await, "AccessDeniedException");
    refused_as(decrypt(&kit, &wire::Bytes::from_static(b"x")).await, "AccessDeniedException");
}

#[tokio::test]
async fn a_dry_run_needs_no_ciphertext_if_it_says_so() {
    let kit = kit();
    let id = symmetric(&kit).await;
    let input = DecryptInput {
        key_id: Some(id),
        dry_run: Some(true),
        dry_run_modifiers: Some(vec![DryRunModifierType::IgnoreCiphertext.into()]),
        ..DecryptInput::default()
    };
    refused_as(kit.run(Decrypt, input.clone()).await, "DryRunOperationException");
    let strict = DecryptInput { dry_run_modifiers: None, ..input.clone() };
    refused_as(kit.run(Decrypt, strict).await, "ValidationException");
    kit.deny("kms:Decrypt");
    refused_as(kit.run(Decrypt, input).await, "AccessDeniedException");
}

#[tokio::test]
async fn every_operation_is_there() {
    let kit = kit();
    let names = |ops: &mut dyn Iterator<Item = &'static wire::Operation>| {
        ops.map(|operation| operation.name).collect::<std::collections::BTreeSet<_>>()
    };
    let service = kit.deps().cloud.service("kms").unwrap();
    assert_eq!(names(&mut service.operations()), names(&mut model_kms::ops::ALL.iter().copied()));
    assert_eq!(service.operations().count(), 48);
}
