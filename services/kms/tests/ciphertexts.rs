//! Encrypt, Decrypt, ReEncrypt and data keys.

mod common;

use common::*;
use model_kms::ops::*;
use model_kms::types::*;
use proptest::prelude::*;
use wire::Bytes;

#[tokio::test]
async fn what_is_encrypted_is_decrypted_without_naming_the_key() {
    let kit = kit();
    let id = symmetric(&kit).await;
    let out = kit.run(Encrypt, encrypt_input(&id, b"plain")).await.unwrap();
    assert_eq!(out.key_id.as_deref(), Some(&*arn(&id)));
    assert_eq!(out.encryption_algorithm.unwrap().as_str(), "SYMMETRIC_DEFAULT");
    let blob = out.ciphertext_blob.unwrap();
    let out = kit.run(Decrypt, decrypt_input(&blob)).await.unwrap();
    assert_eq!(out.plaintext.unwrap(), "plain");
    assert_eq!(out.key_id.as_deref(), Some(&*arn(&id)));
    assert_eq!(out.key_material_id, describe(&kit, &id).await.unwrap().current_key_material_id);
    assert_ne!(encrypt(&kit, &id, b"plain").await.unwrap(), blob);
    let named = DecryptInput { key_id: Some(arn(&id)), ..decrypt_input(&blob) };
    assert_eq!(kit.run(Decrypt, named).await.unwrap().plaintext.unwrap(), "plain");
    assert_eq!(encrypt(&kit, &id, &[7; 4096]).await.unwrap().len(), 4096 + 74);
}

#[tokio::test]
async fn the_context_must_be_the_same() {
    let kit = kit();
    let id = symmetric(&kit).await;
    let input =
        EncryptInput { encryption_context: context(&[("a", "1"), ("b", "2")]), ..encrypt_input(&id, b"x") };
    let blob = kit.run(Encrypt, input).await.unwrap().ciphertext_blob.unwrap();
    for other in [None, context(&[]), context(&[("a", "1")]), context(&[("a", "1"), ("b", "3")])] {
        let input = DecryptInput { encryption_context: other, ..decrypt_input(&blob) };
        assert_eq!(
            refusal(kit.run(Decrypt, input).await),
            ("InvalidCiphertextException".into(), String::new())
        );
    }
    let input =
        DecryptInput { encryption_context: context(&[("b", "2"), ("a", "1")]), ..decrypt_input(&blob) };
    assert_eq!(kit.run(Decrypt, input).await.unwrap().plaintext.unwrap(), "x");
    let long = "x".repeat(8193);
    let input = EncryptInput { encryption_context: context(&[("", &long)]), ..encrypt_input(&id, b"x") };
    refused_as(kit.run(Encrypt, input).await, "ValidationException");
}

#[tokio::test]
async fn a_ciphertext_of_another_key_or_of_none() {
    let kit = kit();
    let (id, other) = (symmetric(&kit).await, symmetric(&kit).await);
    let blob = encrypt(&kit, &id, b"x").await.unwrap();
    let named = |key: &str, blob: &Bytes| DecryptInput { key_id: Some(key.into()), ..decrypt_input(blob) };
    assert_eq!(
        refusal(kit.run(Decrypt, named(&other, &blob)).await),
        (
            "IncorrectKeyException".into(),
            "The key ID in the request does not identify a CMK that can perform this operation.".into()
        )
    );
    let nonsense = Bytes::from_static(b"nonsense");
    refused_as(decrypt(&kit, &nonsense).await, "InvalidCiphertextException");
    refused_as(kit.run(Decrypt, named(&id, &nonsense)).await, "InvalidCiphertextException");
    refused_as(kit.run(Decrypt, DecryptInput::default()).await, "ValidationException");
    // A key that does not exist, and a version that the key never had.
    let mut bad = blob.to_vec();
    bad[12] ^= 1;
    let (gone, why) = refusal(decrypt(&kit, &bad.into()).await);
    assert_eq!(gone, "AccessDeniedException");
    assert!(why.starts_with("The ciphertext refers to a customer master key that does not exist"), "{why}");
    let mut bad = blob.to_vec();
    bad[29] = 9;
    refused_as(decrypt(&kit, &bad.into()).await, "InvalidCiphertextException");
}

#[test]
fn any_tampering_is_noticed() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let kit = runtime.block_on(async { kit() });
    let blob = runtime.block_on(async {
        let id = symmetric(&kit).await;
        encrypt(&kit, &id, b"sixteen bytes of").await.unwrap()
    });
    proptest!(|(at in 0..blob.len(), bit in 0u8..8, cut in 0..blob.len())| {
        let mut bad = blob.to_vec();
        bad[at] ^= 1 << bit;
        prop_assert!(runtime.block_on(decrypt(&kit, &bad.into())).is_err());
        prop_assert!(runtime.block_on(decrypt(&kit, &blob.slice(..cut))).is_err());
    });
}

#[tokio::test]
async fn rsa_keys_encrypt_too() {
    let kit = kit();
    let id = key(&kit, KeySpec::Rsa2048, KeyUsageType::EncryptDecrypt).await;
    for (algorithm, max) in
        [(EncryptionAlgorithmSpec::RsaesOaepSha1, 214), (EncryptionAlgorithmSpec::RsaesOaepSha256, 190)]
    {
        let input = |n: usize| EncryptInput {
            encryption_algorithm: Some(algorithm.into()),
            ..encrypt_input(&id, &vec![1; n])
        };
        let blob = kit.run(Encrypt, input(max)).await.unwrap().ciphertext_blob.unwrap();
        assert_eq!(blob.len(), 256);
        let decryption = DecryptInput {
            key_id: Some(id.clone()),
            encryption_algorithm: Some(algorithm.into()),
            ..decrypt_input(&blob)
        };
        assert_eq!(kit.run(Decrypt, decryption).await.unwrap().plaintext.unwrap(), vec![1; max]);
        let name = wire::Enum::as_str(algorithm);
        assert_eq!(
            refusal(kit.run(Encrypt, input(max + 1)).await),
            (
                "ValidationException".into(),
                format!(
                    "Algorithm {name} and key spec RSA_2048 cannot encrypt data larger than {max} bytes."
                )
            )
        );
    }
    assert_eq!(
        refusal(encrypt(&kit, &id, b"x").await).1,
        "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048."
    );
    let bound = EncryptInput {
        encryption_algorithm: Some(EncryptionAlgorithmSpec::RsaesOaepSha1.into()),
        encryption_context: context(&[("a", "1")]),
        ..encrypt_input(&id, b"x")
    };
    refused_as(kit.run(Encrypt, bound).await, "ValidationException");
    let input = GenerateDataKeyInput {
        key_id: id.as_str().into(),
        key_spec: Some(DataKeySpec::Aes256.into()),
        ..GenerateDataKeyInput::default()
    };
    refused_as(kit.run(GenerateDataKey, input).await, "InvalidKeyUsageException");
}

#[tokio::test]
async fn re_encryption_between_keys_and_contexts() {
    let kit = kit();
    let (from, to) = (symmetric(&kit).await, symmetric(&kit).await);
    let input = EncryptInput { encryption_context: context(&[("a", "1")]), ..encrypt_input(&from, b"x") };
    let blob = kit.run(Encrypt, input).await.unwrap().ciphertext_blob.unwrap();
    kit.asked();
    let input = ReEncryptInput {
        ciphertext_blob: Some(blob),
        source_encryption_context: context(&[("a", "1")]),
        destination_key_id: to.as_str().into(),
        destination_encryption_context: context(&[("b", "2")]),
        ..ReEncryptInput::default()
    };
    let out = kit.run(ReEncrypt, input.clone()).await.unwrap();
    let asked: Vec<_> =
        kit.asked().into_iter().map(|ask| (ask.action, ask.target.arn.as_str().to_owned())).collect();
    assert_eq!(asked, [("kms:ReEncryptFrom".into(), arn(&from)), ("kms:ReEncryptTo".into(), arn(&to))]);
    assert_eq!((out.source_key_id.unwrap(), out.key_id.unwrap()), (arn(&from), arn(&to)));
    let blob = out.ciphertext_blob.unwrap();
    let input_back = DecryptInput { encryption_context: context(&[("b", "2")]), ..decrypt_input(&blob) };
    let out = kit.run(Decrypt, input_back).await.unwrap();
    assert_eq!((out.plaintext.unwrap(), out.key_id.unwrap()), (Bytes::from_static(b"x"), arn(&to)));
    let wrong = ReEncryptInput { source_encryption_context: None, ..input.clone() };
    refused_as(kit.run(ReEncrypt, wrong).await, "InvalidCiphertextException");
    let dry = ReEncryptInput { dry_run: Some(true), ..input.clone() };
    refused_as(kit.run(ReEncrypt, dry).await, "DryRunOperationException");
    let wrong = ReEncryptInput { source_key_id: Some(to), ..input };
    refused_as(kit.run(ReEncrypt, wrong).await, "IncorrectKeyException");
}

#[tokio::test]
async fn data_keys() {
    let kit = kit();
    let id = symmetric(&kit).await;
    let input = |bytes, spec: Option<DataKeySpec>| GenerateDataKeyInput {
        key_id: id.as_str().into(),
        number_of_bytes: bytes,
        key_spec: spec.map(Into::into),
        encryption_context: context(&[("a", "1")]),
        ..GenerateDataKeyInput::default()
    };
    for (bytes, spec, len) in [
        (Some(1024), None, 1024),
        (None, Some(DataKeySpec::Aes256), 32),
        (None, Some(DataKeySpec::Aes128), 16),
    ] {
        let out = kit.run(GenerateDataKey, input(bytes, spec)).await.unwrap();
        let plain = out.plaintext.unwrap();
        assert_eq!(plain.len(), len);
        let blob = out.ciphertext_blob.unwrap();
        let decryption = DecryptInput { encryption_context: context(&[("a", "1")]), ..decrypt_input(&blob) };
        assert_eq!(kit.run(Decrypt, decryption).await.unwrap().plaintext.unwrap(), plain);
    }
    for (bytes, spec) in [(None, None), (Some(1), Some(DataKeySpec::Aes128))] {
        assert_eq!(
            refusal(kit.run(GenerateDataKey, input(bytes, spec)).await),
            ("ValidationException".into(), "Please specify either number of bytes or key spec.".into())
        );
    }
    refused_as(kit.run(GenerateDataKey, input(Some(1025), None)).await, "ValidationException");
    let dry = GenerateDataKeyInput { dry_run: Some(true), ..input(Some(5), None) };
    assert_eq!(
        refusal(kit.run(GenerateDataKey, dry).await),
        (
            "DryRunOperationException".into(),
            "The request would have succeeded, but the DryRun option is set.".into()
        )
    );
    let without = GenerateDataKeyWithoutPlaintextInput {
        key_id: id.as_str().into(),
        number_of_bytes: Some(20),
        ..GenerateDataKeyWithoutPlaintextInput::default()
    };
    let blob = kit.run(GenerateDataKeyWithoutPlaintext, without).await.unwrap().ciphertext_blob.unwrap();
    assert_eq!(decrypt(&kit, &blob).await.unwrap().len(), 20);
    let enclave = GenerateDataKeyInput { recipient: Some(RecipientInfo::default()), ..input(Some(5), None) };
    refused_as(kit.run(GenerateDataKey, enclave).await, "UnsupportedOperationException");
}

#[tokio::test]
async fn data_key_pairs() {
    let kit = kit();
    let id = symmetric(&kit).await;
    for spec in [
        DataKeyPairSpec::Rsa2048,
        DataKeyPairSpec::EccNistP256,
        DataKeyPairSpec::EccNistP384,
        DataKeyPairSpec::EccNistP521,
        DataKeyPairSpec::EccSecgP256k1,
        DataKeyPairSpec::EccNistEdwards25519,
    ] {
        let input = GenerateDataKeyPairInput {
            key_id: id.as_str().into(),
            key_pair_spec: wire::Open::from(spec).into(),
            ..GenerateDataKeyPairInput::default()
        };
        let out = kit.run(GenerateDataKeyPair, input).await.unwrap();
        let plain = decrypt(&kit, &out.private_key_ciphertext_blob.unwrap()).await.unwrap();
        assert_eq!(plain, out.private_key_plaintext.unwrap());
        assert!(!out.public_key.unwrap().is_empty());
    }
    let without = |spec: DataKeyPairSpec| GenerateDataKeyPairWithoutPlaintextInput {
        key_id: id.as_str().into(),
        key_pair_spec: wire::Open::from(spec).into(),
        ..GenerateDataKeyPairWithoutPlaintextInput::default()
    };
    let out =
        kit.run(GenerateDataKeyPairWithoutPlaintext, without(DataKeyPairSpec::EccNistP256)).await.unwrap();
    assert!(!decrypt(&kit, &out.private_key_ciphertext_blob.unwrap()).await.unwrap().is_empty());
    for spec in [DataKeyPairSpec::Sm2, DataKeyPairSpec::MlKem768] {
        let refused = kit.run(GenerateDataKeyPairWithoutPlaintext, without(spec)).await;
        refused_as(refused, "UnsupportedOperationException");
    }
}

#[tokio::test]
async fn random_bytes() {
    let kit = kit();
    let input = |n| GenerateRandomInput { number_of_bytes: n, ..GenerateRandomInput::default() };
    let out = kit.run(GenerateRandom, input(Some(1024))).await.unwrap().plaintext.unwrap();
    assert_eq!(out.len(), 1024);
    assert_ne!(kit.run(GenerateRandom, input(Some(1024))).await.unwrap().plaintext.unwrap(), out);
    assert_eq!(
        refusal(kit.run(GenerateRandom, input(None)).await),
        ("ValidationException".into(), "NumberOfBytes is required.".into())
    );
    for n in [0, 1025] {
        refused_as(kit.run(GenerateRandom, input(Some(n))).await, "ValidationException");
    }
}
