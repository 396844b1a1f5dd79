//! Sign, Verify, GenerateMac, VerifyMac, DeriveSharedSecret, GetPublicKey.

mod common;

use common::*;
use model_kms::ops::*;
use model_kms::types::*;
use wire::{Bytes, Enum as _, Open};

fn sign_input(id: &str, algorithm: SigningAlgorithmSpec, kind: MessageType, message: &[u8]) -> SignInput {
    SignInput {
        key_id: id.into(),
        message: Bytes::copy_from_slice(message).into(),
        message_type: Some(kind.into()),
        signing_algorithm: Open::from(algorithm).into(),
        ..SignInput::default()
    }
}

fn verify_input(sign: &SignInput, signature: &Bytes) -> VerifyInput {
    VerifyInput {
        key_id: sign.key_id.clone(),
        message: sign.message.clone(),
        message_type: sign.message_type.clone(),
        signature: signature.clone().into(),
        signing_algorithm: sign.signing_algorithm.clone(),
        ..VerifyInput::default()
    }
}

#[tokio::test]
async fn every_kind_signs_in_every_way_it_can() {
    let kit = kit();
    for spec in [
        KeySpec::Rsa2048,
        KeySpec::EccNistP256,
        KeySpec::EccNistP384,
        KeySpec::EccNistP521,
        KeySpec::EccSecgP256k1,
        KeySpec::EccNistEdwards25519,
        KeySpec::MlDsa44,
        KeySpec::MlDsa87,
    ] {
        let id = key(&kit, spec, KeyUsageType::SignVerify).await;
        let out =
            kit.run(GetPublicKey, GetPublicKeyInput { key_id: id.as_str().into(), grant_tokens: None }).await;
        let out = out.unwrap();
        assert_eq!(out.key_spec.unwrap().as_str(), spec.as_str());
        assert!(!out.public_key.unwrap().is_empty());
        for algorithm in out.signing_algorithms.unwrap() {
            let algorithm = algorithm.known().unwrap();
            let prehashed = algorithm == SigningAlgorithmSpec::Ed25519PhSha512;
            let (kind, message) = if prehashed {
                (MessageType::Digest, &[7u8; 64][..])
            } else {
                (MessageType::Raw, &b"message"[..])
            };
            let input = sign_input(&id, algorithm, kind, message);
            let out = kit.run(Sign, input.clone()).await.unwrap();
            assert_eq!(out.key_id.as_deref(), Some(&*arn(&id)));
            let signature = out.signature.unwrap();
            let verified = kit.run(Verify, verify_input(&input, &signature)).await.unwrap();
            assert_eq!(verified.signature_valid, Some(true));
            let mut other = input.clone();
            other.message = Bytes::from(vec![8; message.len()]).into();
            assert_eq!(
                refusal(kit.run(Verify, verify_input(&other, &signature)).await),
                ("KMSInvalidSignatureException".into(), String::new())
            );
        }
    }
}

#[tokio::test]
async fn digests_have_the_length_of_their_algorithm() {
    let kit = kit();
    let id = key(&kit, KeySpec::EccNistP256, KeyUsageType::SignVerify).await;
    let sign = |kind, message: &[u8]| {
        kit.run(Sign, sign_input(&id, SigningAlgorithmSpec::EcdsaSha256, kind, message))
    };
    sign(MessageType::Digest, &[1; 32]).await.unwrap();
    assert_eq!(
        refusal(sign(MessageType::Digest, &[1; 31]).await),
        ("ValidationException".into(), "Digest is invalid length for algorithm ECDSA_SHA_256.".into())
    );
    refused_as(sign(MessageType::ExternalMu, &[1; 64]).await, "ValidationException");
    refused_as(sign(MessageType::Raw, &[1; 4097]).await, "ValidationException");
    let input = sign_input(&id, SigningAlgorithmSpec::EcdsaSha384, MessageType::Raw, b"x");
    assert_eq!(
        refusal(kit.run(Sign, input).await),
        (
            "InvalidKeyUsageException".into(),
            "Algorithm ECDSA_SHA_384 is incompatible with key spec ECC_NIST_P256.".into()
        )
    );
    let dry = SignInput {
        dry_run: Some(true),
        ..sign_input(&id, SigningAlgorithmSpec::EcdsaSha256, MessageType::Raw, b"x")
    };
    refused_as(kit.run(Sign, dry).await, "DryRunOperationException");
    let edwards = key(&kit, KeySpec::EccNistEdwards25519, KeyUsageType::SignVerify).await;
    for (algorithm, kind) in [
        (SigningAlgorithmSpec::Ed25519Sha512, MessageType::Digest),
        (SigningAlgorithmSpec::Ed25519PhSha512, MessageType::Raw),
    ] {
        let refused = kit.run(Sign, sign_input(&edwards, algorithm, kind, &[1; 64])).await;
        refused_as(refused, "ValidationException");
    }
    let lattice = key(&kit, KeySpec::MlDsa44, KeyUsageType::SignVerify).await;
    let input = sign_input(&lattice, SigningAlgorithmSpec::MlDsaShake256, MessageType::ExternalMu, &[1; 64]);
    refused_as(kit.run(Sign, input).await, "UnsupportedOperationException");
}

#[tokio::test]
async fn keys_do_only_what_they_are_for() {
    let kit = kit();
    let symmetric = symmetric(&kit).await;
    let hmac = key(&kit, KeySpec::Hmac256, KeyUsageType::GenerateVerifyMac).await;
    let signing = key(&kit, KeySpec::EccNistP256, KeyUsageType::SignVerify).await;
    let refused = |id: &str, usage: &str, operation: &str| {
        let text = format!("{} key usage is {usage} which is not valid for {operation}.", arn(id));
        ("InvalidKeyUsageException".to_owned(), text)
    };
    let mac = |id: &str| GenerateMacInput {
        key_id: id.into(),
        message: Bytes::from_static(b"m").into(),
        mac_algorithm: Open::from(MacAlgorithmSpec::HmacSha256).into(),
        ..GenerateMacInput::default()
    };
    assert_eq!(
        refusal(kit.run(GenerateMac, mac(&symmetric)).await),
        refused(&symmetric, "ENCRYPT_DECRYPT", "GenerateMac")
    );
    let sign = sign_input(&hmac, SigningAlgorithmSpec::EcdsaSha256, MessageType::Raw, b"x");
    assert_eq!(refusal(kit.run(Sign, sign).await), refused(&hmac, "GENERATE_VERIFY_MAC", "Sign"));
    assert_eq!(refusal(encrypt(&kit, &signing, b"x").await), refused(&signing, "SIGN_VERIFY", "Encrypt"));
    let derive = DeriveSharedSecretInput {
        key_id: signing.as_str().into(),
        key_agreement_algorithm: Open::from(KeyAgreementAlgorithmSpec::Ecdh).into(),
        public_key: Bytes::from_static(b"x").into(),
        ..DeriveSharedSecretInput::default()
    };
    assert_eq!(
        refusal(kit.run(DeriveSharedSecret, derive).await),
        refused(&signing, "SIGN_VERIFY", "DeriveSharedSecret")
    );
    let input = GetPublicKeyInput { key_id: symmetric.as_str().into(), grant_tokens: None };
    refused_as(kit.run(GetPublicKey, input).await, "UnsupportedOperationException");
}

#[tokio::test]
async fn codes_are_made_and_checked() {
    let kit = kit();
    for (spec, algorithm, len) in [
        (KeySpec::Hmac224, MacAlgorithmSpec::HmacSha224, 28),
        (KeySpec::Hmac256, MacAlgorithmSpec::HmacSha256, 32),
        (KeySpec::Hmac384, MacAlgorithmSpec::HmacSha384, 48),
        (KeySpec::Hmac512, MacAlgorithmSpec::HmacSha512, 64),
    ] {
        let id = key(&kit, spec, KeyUsageType::GenerateVerifyMac).await;
        let make = |algorithm: MacAlgorithmSpec| GenerateMacInput {
            key_id: id.as_str().into(),
            message: Bytes::from_static(b"message").into(),
            mac_algorithm: Open::from(algorithm).into(),
            ..GenerateMacInput::default()
        };
        let mac = kit.run(GenerateMac, make(algorithm)).await.unwrap().mac.unwrap();
        assert_eq!(mac.len(), len);
        let check = |message: &'static [u8], mac: &Bytes| VerifyMacInput {
            key_id: id.as_str().into(),
            message: Bytes::from_static(message).into(),
            mac_algorithm: Open::from(algorithm).into(),
            mac: mac.clone().into(),
            ..VerifyMacInput::default()
        };
        assert_eq!(kit.run(VerifyMac, check(b"message", &mac)).await.unwrap().mac_valid, Some(true));
        let refused = ("KMSInvalidMacException".to_owned(), String::new());
        assert_eq!(refusal(kit.run(VerifyMac, check(b"massage", &mac)).await), refused);
        assert_eq!(refusal(kit.run(VerifyMac, check(b"message", &mac.slice(1..))).await), refused);
        let other = if algorithm == MacAlgorithmSpec::HmacSha256 {
            MacAlgorithmSpec::HmacSha512
        } else {
            MacAlgorithmSpec::HmacSha256
        };
        assert_eq!(
            refusal(kit.run(GenerateMac, make(other)).await),
            (
                "InvalidKeyUsageException".into(),
                format!("Algorithm {} is incompatible with key spec {}.", other.as_str(), spec.as_str())
            )
        );
        let dry = GenerateMacInput { dry_run: Some(true), ..make(algorithm) };
        refused_as(kit.run(GenerateMac, dry).await, "DryRunOperationException");
    }
}

#[tokio::test]
async fn two_keys_agree_on_a_secret() {
    let kit = kit();
    let a = key(&kit, KeySpec::EccNistP384, KeyUsageType::KeyAgreement).await;
    let b = key(&kit, KeySpec::EccNistP384, KeyUsageType::KeyAgreement).await;
    let public = async |id: &str| {
        let out =
            kit.run(GetPublicKey, GetPublicKeyInput { key_id: id.into(), grant_tokens: None }).await.unwrap();
        assert_eq!(out.key_agreement_algorithms.unwrap()[0].as_str(), "ECDH");
        out.public_key.unwrap()
    };
    let derive = |id: &str, peer: Bytes| {
        kit.run(
            DeriveSharedSecret,
            DeriveSharedSecretInput {
                key_id: id.into(),
                key_agreement_algorithm: Open::from(KeyAgreementAlgorithmSpec::Ecdh).into(),
                public_key: peer.into(),
                ..DeriveSharedSecretInput::default()
            },
        )
    };
    let one = derive(&a, public(&b).await).await.unwrap();
    let two = derive(&b, public(&a).await).await.unwrap();
    assert_eq!(one.shared_secret.as_ref().unwrap().len(), 48);
    assert_eq!(one.shared_secret, two.shared_secret);
    assert_eq!(one.key_origin.unwrap().as_str(), "AWS_KMS");
    refused_as(derive(&a, Bytes::from_static(b"nonsense")).await, "ValidationException");
}
