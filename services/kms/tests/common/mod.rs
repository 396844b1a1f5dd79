//! The service in process, and short ways to ask it for things.

#![allow(dead_code)]

use std::collections::BTreeMap;

use kernel::{Arn, Call, PrincipalKind};
use model_kms::Error;
use model_kms::ops::*;
use model_kms::types::*;
pub use testkit::{ACCOUNT, Kit, REGION};
use wire::{Bytes, Protocol};

pub fn kit() -> Kit {
    Kit::new(|deps| vec![kms::service(deps.clone())])
}

testkit::refusals!(Error, Protocol::Json11);

pub async fn create(kit: &Kit, input: CreateKeyInput) -> KeyMetadata {
    kit.run(CreateKey, input).await.unwrap().key_metadata.unwrap()
}

/// A symmetric key's id.
pub async fn symmetric(kit: &Kit) -> String {
    create(kit, CreateKeyInput::default()).await.key_id.unwrap()
}

/// The id of a key of this kind.
pub async fn key(kit: &Kit, spec: KeySpec, usage: KeyUsageType) -> String {
    let input = CreateKeyInput {
        key_spec: Some(spec.into()),
        key_usage: Some(usage.into()),
        ..CreateKeyInput::default()
    };
    create(kit, input).await.key_id.unwrap()
}

pub fn arn(id: &str) -> String {
    format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/{id}")
}

pub async fn describe(kit: &Kit, id: &str) -> Result<KeyMetadata, Error> {
    let input = DescribeKeyInput { key_id: id.into(), grant_tokens: None };
    Ok(kit.run(DescribeKey, input).await?.key_metadata.unwrap())
}

pub async fn encrypt(kit: &Kit, id: &str, plain: &[u8]) -> Result<Bytes, Error> {
    Ok(kit.run(Encrypt, encrypt_input(id, plain)).await?.ciphertext_blob.unwrap())
}

pub fn encrypt_input(id: &str, plain: &[u8]) -> EncryptInput {
    EncryptInput {
        key_id: id.into(),
        plaintext: Bytes::copy_from_slice(plain).into(),
        ..EncryptInput::default()
    }
}

pub async fn decrypt(kit: &Kit, blob: &Bytes) -> Result<Bytes, Error> {
    Ok(kit.run(Decrypt, decrypt_input(blob)).await?.plaintext.unwrap())
}

pub fn decrypt_input(blob: &Bytes) -> DecryptInput {
    DecryptInput { ciphertext_blob: Some(blob.clone()), ..DecryptInput::default() }
}

pub fn context(pairs: &[(&str, &str)]) -> Option<BTreeMap<String, String>> {
    Some(pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect())
}

/// A call by a user of the account.
pub fn user(kit: &Kit, name: &str) -> Call {
    let mut call = kit.call();
    call.principal.kind = PrincipalKind::User;
    call.principal.arn = Arn::aws("iam", "", ACCOUNT, &format!("user/{name}"));
    call
}

/// A call by the root user of another account.
pub fn stranger(kit: &Kit) -> Call {
    let mut call = kit.call();
    call.account = "999999999999".into();
    call.principal = kernel::Principal::root("999999999999", "other");
    call
}

/// A call that a service makes for its caller.
pub fn via(kit: &Kit, service: &'static str) -> Call {
    let mut call = kit.call();
    call.called_via.push(service);
    call
}
