//! Material that customers bring.

mod common;

use std::time::Duration;

use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded as _};
use common::*;
use model_kms::Error;
use model_kms::ops::*;
use model_kms::types::*;
use rsa::Oaep;
use rsa::pkcs8::{DecodePublicKey as _, EncodePrivateKey as _};
use wire::{Bytes, Open};

const HOUR: Duration = Duration::from_secs(3600);

async fn external(kit: &Kit, spec: KeySpec, usage: KeyUsageType) -> String {
    let input = CreateKeyInput {
        origin: Some(OriginType::External.into()),
        key_spec: Some(spec.into()),
        key_usage: Some(usage.into()),
        ..CreateKeyInput::default()
    };
    let made = create(kit, input).await;
    assert_eq!(made.key_state.unwrap().as_str(), "PendingImport");
    made.key_id.unwrap()
}

async fn symmetric_external(kit: &Kit) -> String {
    external(kit, KeySpec::SymmetricDefault, KeyUsageType::EncryptDecrypt).await
}

async fn parameters(
    kit: &Kit,
    id: &str,
    algorithm: AlgorithmSpec,
) -> Result<GetParametersForImportOutput, Error> {
    let input = GetParametersForImportInput {
        key_id: id.into(),
        wrapping_algorithm: Open::from(algorithm).into(),
        wrapping_key_spec: Open::from(WrappingKeySpec::Rsa2048).into(),
    };
    kit.run(GetParametersForImport, input).await
}

fn wrapped(public: &[u8], material: &[u8]) -> Bytes {
    let public = rsa::RsaPublicKey::from_public_key_der(public).unwrap();
    public.encrypt(&mut rand::thread_rng(), Oaep::new::<sha2::Sha256>(), material).unwrap().into()
}

/// An import of material that does not expire, with fresh parameters.
async fn input(kit: &Kit, id: &str, material: &[u8]) -> ImportKeyMaterialInput {
    let parameters = parameters(kit, id, AlgorithmSpec::RsaesOaepSha256).await.unwrap();
    ImportKeyMaterialInput {
        key_id: id.into(),
        import_token: parameters.import_token.unwrap().into(),
        encrypted_key_material: wrapped(&parameters.public_key.unwrap(), material).into(),
        expiration_model: Some(ExpirationModelType::KeyMaterialDoesNotExpire.into()),
        ..ImportKeyMaterialInput::default()
    }
}

async fn import(kit: &Kit, id: &str, material: &[u8]) -> Result<Option<String>, Error> {
    Ok(kit.run(ImportKeyMaterial, input(kit, id, material).await).await?.key_material_id)
}

async fn remove(kit: &Kit, id: &str) -> Result<Option<String>, Error> {
    let input = DeleteImportedKeyMaterialInput { key_id: id.into(), key_material_id: None };
    Ok(kit.run(DeleteImportedKeyMaterial, input).await?.key_material_id)
}

async fn state(kit: &Kit, id: &str) -> String {
    describe(kit, id).await.unwrap().key_state.unwrap().as_str().to_owned()
}

#[tokio::test]
async fn material_comes_goes_and_comes_again() {
    let kit = kit();
    let id = symmetric_external(&kit).await;
    assert_eq!(
        refusal(encrypt(&kit, &id, b"x").await),
        ("KMSInvalidStateException".into(), format!("{} is pending import.", arn(&id)))
    );
    let material = import(&kit, &id, &[1; 32]).await.unwrap();
    assert_eq!(state(&kit, &id).await, "Enabled");
    let metadata = describe(&kit, &id).await.unwrap();
    assert_eq!(metadata.current_key_material_id, material);
    assert_eq!(metadata.expiration_model.unwrap().as_str(), "KEY_MATERIAL_DOES_NOT_EXPIRE");
    let blob = encrypt(&kit, &id, b"x").await.unwrap();
    assert_eq!(remove(&kit, &id).await.unwrap(), material);
    assert_eq!(state(&kit, &id).await, "PendingImport");
    refused_as(decrypt(&kit, &blob).await, "KMSInvalidStateException");
    refused_as(import(&kit, &id, &[2; 32]).await, "IncorrectKeyMaterialException");
    assert_eq!(import(&kit, &id, &[1; 32]).await.unwrap(), material);
    assert_eq!(decrypt(&kit, &blob).await.unwrap(), "x");
}

#[tokio::test]
async fn imported_material_expires_by_the_clock() {
    let kit = kit();
    let id = symmetric_external(&kit).await;
    let now = kit.deps().clock.now();
    let with = |valid_to| {
        let kit = &kit;
        let id = &id;
        async move {
            ImportKeyMaterialInput { expiration_model: None, valid_to, ..input(kit, id, &[1; 32]).await }
        }
    };
    assert_eq!(
        refusal(kit.run(ImportKeyMaterial, with(None).await).await),
        (
            "ValidationException".into(),
            "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES".into()
        )
    );
    for wrong in [now, now.plus(HOUR * 24 * 366)] {
        refused_as(kit.run(ImportKeyMaterial, with(Some(wrong)).await).await, "ValidationException");
    }
    let contradiction =
        ImportKeyMaterialInput { valid_to: Some(now.plus(HOUR)), ..input(&kit, &id, &[1; 32]).await };
    refused_as(kit.run(ImportKeyMaterial, contradiction).await, "ValidationException");
    kit.run(ImportKeyMaterial, with(Some(now.plus(HOUR))).await).await.unwrap();
    assert_eq!(describe(&kit, &id).await.unwrap().valid_to, Some(now.plus(HOUR)));
    encrypt(&kit, &id, b"x").await.unwrap();
    kit.advance(HOUR);
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
    assert_eq!(state(&kit, &id).await, "PendingImport");
    refused_as(encrypt(&kit, &id, b"x").await, "KMSInvalidStateException");
}

#[tokio::test]
async fn tokens_are_for_one_key_and_one_day() {
    let kit = kit();
    let (id, other) = (symmetric_external(&kit).await, symmetric_external(&kit).await);
    let mut foreign = input(&kit, &id, &[1; 32]).await;
    foreign.key_id = other.as_str().into();
    refused_as(kit.run(ImportKeyMaterial, foreign).await, "InvalidImportTokenException");
    let nonsense = ImportKeyMaterialInput {
        import_token: Bytes::from_static(b"x").into(),
        ..input(&kit, &id, &[1; 32]).await
    };
    refused_as(kit.run(ImportKeyMaterial, nonsense).await, "InvalidImportTokenException");
    let garbled = ImportKeyMaterialInput {
        encrypted_key_material: Bytes::from(vec![7; 256]).into(),
        ..input(&kit, &id, &[1; 32]).await
    };
    refused_as(kit.run(ImportKeyMaterial, garbled).await, "InvalidCiphertextException");
    refused_as(import(&kit, &id, &[1; 31]).await, "IncorrectKeyMaterialException");
    let late = input(&kit, &id, &[1; 32]).await;
    kit.advance(HOUR * 24 + Duration::from_secs(1));
    refused_as(kit.run(ImportKeyMaterial, late).await, "ExpiredImportTokenException");
    let own = symmetric(&kit).await;
    assert_eq!(
        refusal(parameters(&kit, &own, AlgorithmSpec::RsaesOaepSha1).await),
        (
            "UnsupportedOperationException".into(),
            format!("{} origin is AWS_KMS which is not valid for this operation.", arn(&own))
        )
    );
    refused_as(parameters(&kit, &id, AlgorithmSpec::RsaesPkcs1V15).await, "UnsupportedOperationException");
    refused_as(remove(&kit, &own).await, "UnsupportedOperationException");
}

#[tokio::test]
async fn a_private_key_comes_wrapped_twice() {
    let kit = kit();
    let id = external(&kit, KeySpec::Rsa2048, KeyUsageType::SignVerify).await;
    let private = rsa::RsaPrivateKey::new(&mut rand::thread_rng(), 2048).unwrap().to_pkcs8_der().unwrap();
    let parameters = parameters(&kit, &id, AlgorithmSpec::RsaAesKeyWrapSha256).await.unwrap();
    let kek = [9u8; 32];
    let mut parcel = wrapped(&parameters.public_key.unwrap(), &kek).to_vec();
    let mut out = vec![0; private.as_bytes().len() + 16];
    let kek = AesKek::new(&AES_256, &kek).unwrap();
    parcel.extend_from_slice(kek.wrap_with_padding(private.as_bytes(), &mut out).unwrap());
    let import = ImportKeyMaterialInput {
        key_id: id.as_str().into(),
        import_token: parameters.import_token.unwrap().into(),
        encrypted_key_material: Bytes::from(parcel).into(),
        expiration_model: Some(ExpirationModelType::KeyMaterialDoesNotExpire.into()),
        ..ImportKeyMaterialInput::default()
    };
    assert_eq!(kit.run(ImportKeyMaterial, import.clone()).await.unwrap().key_material_id, None);
    let described = ImportKeyMaterialInput { key_material_description: Some("mine".into()), ..import };
    refused_as(kit.run(ImportKeyMaterial, described).await, "ValidationException");
    let sign = SignInput {
        key_id: id.as_str().into(),
        message: Bytes::from_static(b"message").into(),
        signing_algorithm: Open::from(SigningAlgorithmSpec::RsassaPssSha256).into(),
        ..SignInput::default()
    };
    assert_eq!(kit.run(Sign, sign).await.unwrap().signature.unwrap().len(), 256);
}

#[tokio::test]
async fn new_material_waits_for_its_rotation() {
    let kit = kit();
    let id = symmetric_external(&kit).await;
    let first = import(&kit, &id, &[1; 32]).await.unwrap();
    let blob = encrypt(&kit, &id, b"x").await.unwrap();
    let rotate = || kit.run(RotateKeyOnDemand, RotateKeyOnDemandInput { key_id: id.as_str().into() });
    assert_eq!(
        refusal(rotate().await),
        (
            "KMSInvalidStateException".into(),
            format!("No available key material pending rotation for the key: {}.", arn(&id))
        )
    );
    let new = async |byte: u8| {
        let import = ImportKeyMaterialInput {
            import_type: Some(ImportType::NewKeyMaterial.into()),
            key_material_description: Some("second".into()),
            ..input(&kit, &id, &[byte; 32]).await
        };
        kit.run(ImportKeyMaterial, import).await
    };
    let second = new(2).await.unwrap().key_material_id;
    assert_ne!(first, second);
    let (refused, why) = refusal(new(3).await);
    assert_eq!(refused, "KMSInvalidStateException");
    assert!(why.contains(&format!(
        "because another key material (id: {}) is pending rotation.",
        second.clone().unwrap()
    )));
    assert_eq!(describe(&kit, &id).await.unwrap().current_key_material_id, first);
    rotate().await.unwrap();
    assert_eq!(describe(&kit, &id).await.unwrap().current_key_material_id, second);
    assert_eq!(decrypt(&kit, &blob).await.unwrap(), "x");
    let all = ListKeyRotationsInput {
        key_id: id.as_str().into(),
        include_key_material: Some(IncludeKeyMaterial::AllKeyMaterial.into()),
        ..ListKeyRotationsInput::default()
    };
    let all = kit.run(ListKeyRotations, all).await.unwrap().rotations.unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(all[1].key_material_description.as_deref(), Some("second"));
    assert_eq!(all[0].import_state.as_ref().unwrap().as_str(), "IMPORTED");
    let enable = EnableKeyRotationInput { key_id: id.as_str().into(), rotation_period_in_days: None };
    assert_eq!(
        refusal(kit.run(EnableKeyRotation, enable).await).1,
        format!("{} origin is EXTERNAL which is not valid for this operation.", arn(&id))
    );
    // Without its older material the key cannot be used.
    let gone = DeleteImportedKeyMaterialInput { key_id: id.as_str().into(), key_material_id: first };
    kit.run(DeleteImportedKeyMaterial, gone).await.unwrap();
    assert_eq!(state(&kit, &id).await, "PendingImport");
}

#[tokio::test]
async fn a_replica_is_given_the_same_material() {
    let kit = kit();
    let made = CreateKeyInput {
        origin: Some(OriginType::External.into()),
        multi_region: Some(true),
        ..CreateKeyInput::default()
    };
    let id = create(&kit, made).await.key_id.unwrap();
    let replicate = ReplicateKeyInput {
        key_id: id.as_str().into(),
        replica_region: "eu-west-1".into(),
        ..Default::default()
    };
    kit.run(ReplicateKey, replicate).await.unwrap();
    let first = import(&kit, &id, &[1; 32]).await.unwrap();
    let blob = encrypt(&kit, &id, b"x").await.unwrap();
    let there = || {
        let mut call = kit.call();
        call.region = "eu-west-1".into();
        call
    };
    refused_as(kit.run_as(there(), Decrypt, decrypt_input(&blob)).await, "KMSInvalidStateException");
    let import_there = async |byte: u8| {
        let input = GetParametersForImportInput {
            key_id: id.as_str().into(),
            wrapping_algorithm: Open::from(AlgorithmSpec::RsaesOaepSha256).into(),
            wrapping_key_spec: Open::from(WrappingKeySpec::Rsa2048).into(),
        };
        let parameters = kit.run_as(there(), GetParametersForImport, input).await.unwrap();
        let input = ImportKeyMaterialInput {
            key_id: id.as_str().into(),
            import_token: parameters.import_token.unwrap().into(),
            encrypted_key_material: wrapped(&parameters.public_key.unwrap(), &[byte; 32]).into(),
            expiration_model: Some(ExpirationModelType::KeyMaterialDoesNotExpire.into()),
            ..ImportKeyMaterialInput::default()
        };
        kit.run_as(there(), ImportKeyMaterial, input).await
    };
    refused_as(import_there(2).await, "IncorrectKeyMaterialException");
    assert_eq!(import_there(1).await.unwrap().key_material_id, first);
    assert_eq!(kit.run_as(there(), Decrypt, decrypt_input(&blob)).await.unwrap().plaintext.unwrap(), "x");
}
