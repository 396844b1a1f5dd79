//! What the service itself costs: in process, on a store in memory, without a network. Run with `--release`.

// A benchmark measures the host's time.
#![allow(clippy::disallowed_methods)]

use std::time::{Duration, Instant};

use model_kms::ops::*;
use model_kms::types::*;
use testkit::Kit;
use wire::{Bytes, Open, OperationType};

/// Each measurement runs so long.
const RUN: Duration = Duration::from_secs(1);

async fn measure<O: OperationType + Copy>(kit: &Kit, name: &str, operation: O, input: O::Input)
where
    O::Input: Clone,
{
    let begun = Instant::now();
    let mut n = 0u32;
    while begun.elapsed() < RUN {
        for _ in 0..16 {
            if kit.run(operation, input.clone()).await.is_err() {
                println!("{name:<32} fails");
                return;
            }
            n += 1;
        }
        // The kit remembers every question.
        kit.asked();
    }
    let each = begun.elapsed() / n;
    println!(
        "{name:<32} {:>9.1} µs {:>9.0} a second",
        each.as_secs_f64() * 1e6,
        f64::from(n) / begun.elapsed().as_secs_f64()
    );
}

async fn key(kit: &Kit, spec: KeySpec, usage: KeyUsageType) -> Option<String> {
    let input = CreateKeyInput {
        key_spec: Some(spec.into()),
        key_usage: Some(usage.into()),
        ..CreateKeyInput::default()
    };
    kit.run(CreateKey, input).await.ok()?.key_metadata?.key_id
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), &'static str> {
    let kit = Kit::new(|deps| vec![kms::service(deps.clone())]);
    let none = "a key could not be made";
    let id = key(&kit, KeySpec::SymmetricDefault, KeyUsageType::EncryptDecrypt).await.ok_or(none)?;
    let context = Some([("purpose".to_owned(), "measuring".to_owned())].into());
    let encrypt = EncryptInput {
        key_id: id.as_str().into(),
        plaintext: Bytes::from(vec![7; 64]).into(),
        encryption_context: context.clone(),
        ..EncryptInput::default()
    };
    let made = kit.run(Encrypt, encrypt.clone()).await.map_err(|_| none)?;
    let decrypt = DecryptInput {
        ciphertext_blob: made.ciphertext_blob,
        encryption_context: context,
        ..DecryptInput::default()
    };
    let data_key = GenerateDataKeyInput {
        key_id: id.as_str().into(),
        key_spec: Some(DataKeySpec::Aes256.into()),
        ..GenerateDataKeyInput::default()
    };
    measure(&kit, "Encrypt 64 bytes", Encrypt, encrypt).await;
    measure(&kit, "Decrypt 64 bytes", Decrypt, decrypt.clone()).await;
    measure(&kit, "GenerateDataKey", GenerateDataKey, data_key).await;
    for n in 0..100 {
        let grant = CreateGrantInput {
            key_id: id.as_str().into(),
            grantee_principal: Some(if n == 0 {
                "arn:aws:iam::123456789012:root".into()
            } else {
                format!("arn:aws:iam::123456789012:user/{n}")
            }),
            operations: vec![GrantOperation::Decrypt.into()].into(),
            ..CreateGrantInput::default()
        };
        kit.run(CreateGrant, grant).await.map_err(|_| "a grant could not be made")?;
    }
    measure(&kit, "Decrypt with 100 grants", Decrypt, decrypt).await;
    for (name, spec, algorithm) in [
        ("Sign RSA_2048 PSS", KeySpec::Rsa2048, SigningAlgorithmSpec::RsassaPssSha256),
        ("Sign ECC_NIST_P256", KeySpec::EccNistP256, SigningAlgorithmSpec::EcdsaSha256),
        ("Sign ECC_NIST_EDWARDS25519", KeySpec::EccNistEdwards25519, SigningAlgorithmSpec::Ed25519Sha512),
        ("Sign ML_DSA_65", KeySpec::MlDsa65, SigningAlgorithmSpec::MlDsaShake256),
    ] {
        let id = key(&kit, spec, KeyUsageType::SignVerify).await.ok_or(none)?;
        let input = SignInput {
            key_id: id.as_str().into(),
            message: Bytes::from(vec![7; 64]).into(),
            signing_algorithm: Open::from(algorithm).into(),
            ..SignInput::default()
        };
        measure(&kit, name, Sign, input).await;
    }
    measure(&kit, "CreateKey symmetric", CreateKey, CreateKeyInput::default()).await;
    Ok(())
}
