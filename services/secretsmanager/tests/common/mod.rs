//! The service in process, beside a KMS that is as simple as can be.

#![allow(dead_code)]

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::Call;
use model_kms::ops::{Decrypt, GenerateDataKey};
use model_kms::types::*;
use model_secretsmanager::ops::*;
use model_secretsmanager::types::{
    CreateSecretInput, CreateSecretOutput, DescribeSecretInput, DescribeSecretOutput, GetSecretValueInput,
    GetSecretValueOutput, ListSecretVersionIdsInput, PutSecretValueInput,
};
use secretsmanager::{Functions, NoFunctions};
use service::{Allowed, Resource, Service};
use testkit::Kit;
use wire::Protocol;

pub const TOKEN: &str = "11111111-1111-4111-8111-111111111111";

/// A data key that is closed by writing down what it is for. Keys named `missing` and `disabled` are.
struct FakeKms;

/// What a closed data key says.
#[derive(serde::Serialize, serde::Deserialize, PartialEq)]
struct Closed {
    key: String,
    context: BTreeMap<String, String>,
    plain: Vec<u8>,
}

impl FakeKms {
    fn key(
        _: &Self,
        call: &Call,
        input: &GenerateDataKeyInput,
    ) -> Result<Resource<String>, model_kms::Error> {
        let arn = call.arn(&format!("key/{}", input.key_id.replace('/', "-")));
        match input.key_id.as_str() {
            "missing" => Err(model_kms::Error::not_found_exception("no such key")),
            "disabled" => Err(model_kms::Error::disabled_exception("disabled")),
            _ => Ok(Resource::new(arn.clone(), arn.as_str().to_owned())),
        }
    }

    async fn generate(
        self: Arc<Self>,
        _: Arc<Call>,
        key: Allowed<String>,
        input: GenerateDataKeyInput,
    ) -> Result<GenerateDataKeyOutput, model_kms::Error> {
        let plain = kernel::Ids.bytes::<32>().to_vec();
        let context = input.encryption_context.unwrap_or_default();
        let closed = Closed { key: key.into_inner(), context, plain: plain.clone() };
        Ok(GenerateDataKeyOutput {
            ciphertext_blob: Some(serde_json::to_vec(&closed).unwrap().into()),
            plaintext: Some(plain.into()),
            key_id: Some(closed.key),
            ..Default::default()
        })
    }

    fn closed(_: &Self, _: &Call, input: &DecryptInput) -> Result<Resource<Closed>, model_kms::Error> {
        let blob = input.ciphertext_blob.clone().unwrap_or_default();
        let closed: Closed = serde_json::from_slice(&blob)
            .map_err(|_| model_kms::Error::invalid_ciphertext_exception("not a data key"))?;
        if Some(&closed.context) != input.encryption_context.as_ref() {
            return Err(model_kms::Error::invalid_ciphertext_exception("another context"));
        }
        Ok(Resource::new(closed.key.parse::<kernel::Arn>().unwrap(), closed))
    }

    async fn decrypt(
        self: Arc<Self>,
        _: Arc<Call>,
        closed: Allowed<Closed>,
        _: DecryptInput,
    ) -> Result<DecryptOutput, model_kms::Error> {
        let closed = closed.into_inner();
        Ok(DecryptOutput {
            key_id: Some(closed.key),
            plaintext: Some(closed.plain.into()),
            ..Default::default()
        })
    }
}

pub fn kms() -> Service {
    Service::builder(&model_kms::SERVICE, Arc::new(FakeKms))
        .op(GenerateDataKey, FakeKms::key, FakeKms::generate)
        .op(Decrypt, FakeKms::closed, FakeKms::decrypt)
        .build()
}

pub fn kit() -> Kit {
    kit_with(Arc::new(NoFunctions))
}

pub fn kit_with(functions: Arc<dyn Functions>) -> Kit {
    Kit::new(|deps| vec![kms(), secretsmanager::service_with(deps.clone(), functions)])
}

/// A token that no other call has.
pub fn token() -> Option<String> {
    Some(kernel::Ids.uuid())
}

pub fn new_secret(name: &str, value: &str) -> CreateSecretInput {
    CreateSecretInput {
        name: name.into(),
        secret_string: Some(value.into()),
        client_request_token: token(),
        ..Default::default()
    }
}

pub async fn create(kit: &Kit, name: &str, value: &str) -> CreateSecretOutput {
    kit.run(CreateSecret, new_secret(name, value)).await.expect("a secret")
}

pub async fn put(kit: &Kit, name: &str, value: &str) -> String {
    put_with(kit, name, value, &[]).await
}

pub async fn put_with(kit: &Kit, name: &str, value: &str, stages: &[&str]) -> String {
    let stages: Vec<String> = stages.iter().map(|stage| (*stage).to_owned()).collect();
    let input = PutSecretValueInput {
        secret_id: name.into(),
        secret_string: Some(value.into()),
        client_request_token: token(),
        version_stages: (!stages.is_empty()).then_some(stages),
        ..Default::default()
    };
    kit.run(PutSecretValue, input).await.expect("a version").version_id.expect("an id")
}

pub fn get(name: &str) -> GetSecretValueInput {
    GetSecretValueInput { secret_id: name.into(), ..Default::default() }
}

pub async fn read(kit: &Kit, name: &str) -> GetSecretValueOutput {
    kit.run(GetSecretValue, get(name)).await.expect("a value")
}

pub async fn value(kit: &Kit, name: &str) -> String {
    read(kit, name).await.secret_string.expect("a text")
}

pub async fn value_in(kit: &Kit, region: &str, name: &str) -> String {
    let call = Call { region: region.into(), ..kit.call() };
    kit.run_as(call, GetSecretValue, get(name)).await.expect("a value").secret_string.expect("a text")
}

pub async fn staged(kit: &Kit, name: &str, stage: &str) -> String {
    let input = GetSecretValueInput { version_stage: Some(stage.into()), ..get(name) };
    kit.run(GetSecretValue, input).await.expect("a value").secret_string.expect("a text")
}

pub async fn describe(kit: &Kit, name: &str) -> DescribeSecretOutput {
    kit.run(DescribeSecret, DescribeSecretInput { secret_id: name.into() }).await.expect("a secret")
}

/// Version ids with their labels, the oldest first.
pub async fn versions(kit: &Kit, name: &str, deprecated: bool) -> Vec<(String, Vec<String>)> {
    let input = ListSecretVersionIdsInput {
        secret_id: name.into(),
        include_deprecated: Some(deprecated),
        ..Default::default()
    };
    let versions = kit.run(ListSecretVersionIds, input).await.expect("versions").versions.expect("versions");
    versions.into_iter().map(|v| (v.version_id.unwrap(), v.version_stages.unwrap_or_default())).collect()
}

testkit::refusals!(model_secretsmanager::Error, Protocol::Json11);
pub use refusal as told;

pub const NOT_FOUND: &str = "ResourceNotFoundException";
pub const INVALID_REQUEST: &str = "InvalidRequestException";
pub const INVALID_PARAMETER: &str = "InvalidParameterException";
pub const NO_SECRET: &str = "Secrets Manager can't find the specified secret.";
pub const MARKED: &str = "You can't perform this operation on the secret because it was marked for deletion.";
pub const ON_REPLICA: &str =
    "Operation not permitted on a replica secret. Call must be made in primary secret's region.";
