//! Parameter Store with a small KMS beside it.

#![allow(dead_code)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kernel::{Arn, Call};
use model_kms::Error as KmsError;
use model_kms::types as kms;
use model_ssm::Error;
use model_ssm::ops::*;
use model_ssm::types::*;
use service::{Allowed, Deps, Resource, Service};
use testkit::{ACCOUNT, Kit, REGION};
use vault::Vault;
use wire::{Bytes, CommonError, Open, Protocol};

/// How long a test waits for background work, at the very most.
const PATIENCE: Duration = Duration::from_secs(30);

/// KMS with the keys `alias/aws/ssm`, `alias/mine` and the disabled `alias/off`. A ciphertext names its key and is bound
/// to its encryption context.
struct SmallKms {
    vault: Vault,
}

const DATA_KEY: usize = 32;

impl SmallKms {
    fn check(key: &str) -> Result<(), KmsError> {
        match key {
            "alias/aws/ssm" | "alias/mine" => Ok(()),
            "alias/off" => Err(KmsError::disabled_exception("alias/off is disabled.")),
            _ => Err(KmsError::not_found_exception(format!("Key '{key}' does not exist"))),
        }
    }

    fn seal(&self, key: &str, context: &Option<BTreeMap<String, String>>, plain: &[u8]) -> Bytes {
        let sealed = self.vault.seal(key, &format!("{context:?}"), plain);
        [key.as_bytes(), &[0], &sealed].concat().into()
    }

    async fn encrypt(
        self: Arc<Self>,
        _: Arc<Call>,
        _: Allowed<()>,
        input: kms::EncryptInput,
    ) -> Result<kms::EncryptOutput, KmsError> {
        Self::check(&input.key_id)?;
        assert!(input.plaintext.len() <= 4096, "KMS takes 4096 bytes");
        let blob = self.seal(&input.key_id, &input.encryption_context, &input.plaintext);
        Ok(kms::EncryptOutput { ciphertext_blob: Some(blob), ..Default::default() })
    }

    async fn generate(
        self: Arc<Self>,
        _: Arc<Call>,
        _: Allowed<()>,
        input: kms::GenerateDataKeyInput,
    ) -> Result<kms::GenerateDataKeyOutput, KmsError> {
        Self::check(&input.key_id)?;
        let key = kernel::Ids.bytes::<DATA_KEY>();
        let blob = self.seal(&input.key_id, &input.encryption_context, &key);
        let plaintext = Some(Bytes::copy_from_slice(&key));
        Ok(kms::GenerateDataKeyOutput { ciphertext_blob: Some(blob), plaintext, ..Default::default() })
    }

    async fn decrypt(
        self: Arc<Self>,
        _: Arc<Call>,
        _: Allowed<()>,
        input: kms::DecryptInput,
    ) -> Result<kms::DecryptOutput, KmsError> {
        let blob = input.ciphertext_blob.unwrap_or_default();
        let at = blob.iter().position(|byte| *byte == 0).unwrap_or_default();
        let key = String::from_utf8_lossy(&blob[..at]).into_owned();
        Self::check(&key)?;
        let context = format!("{:?}", input.encryption_context);
        let plain = self
            .vault
            .open(&key, &context, &blob[at + 1..])
            .map_err(|_| KmsError::invalid_ciphertext_exception(""))?;
        Ok(kms::DecryptOutput { plaintext: Some(Bytes::copy_from_slice(&plain)), ..Default::default() })
    }
}

fn any_key<I>(_: &SmallKms, call: &Call, _: &I) -> Result<Resource<()>, KmsError> {
    Ok(Resource::new(Arn::aws("kms", &call.region, &call.account, "key/k"), ()))
}

pub fn small_kms(deps: &Deps) -> Service {
    Service::builder(&model_kms::SERVICE, Arc::new(SmallKms { vault: deps.vault.clone() }))
        .op(model_kms::ops::Encrypt, any_key, SmallKms::encrypt)
        .op(model_kms::ops::GenerateDataKey, any_key, SmallKms::generate)
        .op(model_kms::ops::Decrypt, any_key, SmallKms::decrypt)
        .build()
}

pub fn world() -> Kit {
    Kit::new(|deps| vec![ssm::service(deps.clone()), small_kms(deps)])
}

pub fn world_with(limits: ssm::Limits) -> Kit {
    Kit::new(|deps| vec![ssm::service_with(deps.clone(), limits), small_kms(deps)])
}

pub fn input(name: &str, kind: ParameterType, value: &str) -> PutParameterInput {
    PutParameterInput {
        name: name.into(),
        value: value.into(),
        r#type: Some(kind.into()),
        ..Default::default()
    }
}

pub fn string(name: &str, value: &str) -> PutParameterInput {
    input(name, ParameterType::String, value)
}

pub fn secure(name: &str, value: &str) -> PutParameterInput {
    input(name, ParameterType::SecureString, value)
}

/// The same, over what is there.
pub fn over(input: PutParameterInput) -> PutParameterInput {
    PutParameterInput { overwrite: Some(true), ..input }
}

pub fn advanced(input: PutParameterInput) -> PutParameterInput {
    PutParameterInput { tier: Some(ParameterTier::Advanced.into()), ..input }
}

pub async fn put(kit: &Kit, input: PutParameterInput) -> i64 {
    kit.run(PutParameter, input).await.expect("a put").version.expect("a version")
}

pub fn get_input(name: &str) -> GetParameterInput {
    GetParameterInput { name: name.into(), with_decryption: Some(true) }
}

pub async fn get(kit: &Kit, name: &str) -> Result<Parameter, Error> {
    kit.run(GetParameter, get_input(name)).await.map(|output| output.parameter.expect("a parameter"))
}

pub async fn value(kit: &Kit, name: &str) -> String {
    get(kit, name).await.expect("a parameter").value.expect("a value")
}

pub async fn delete(kit: &Kit, name: &str) -> Result<(), Error> {
    kit.run(DeleteParameter, DeleteParameterInput { name: name.into() }).await.map(drop)
}

pub async fn label(
    kit: &Kit,
    name: &str,
    version: Option<i64>,
    labels: &[&str],
) -> Result<LabelParameterVersionOutput, Error> {
    let input = LabelParameterVersionInput {
        name: name.into(),
        parameter_version: version,
        labels: texts(labels).into(),
    };
    kit.run(LabelParameterVersion, input).await
}

pub async fn by_path(kit: &Kit, input: GetParametersByPathInput) -> Vec<String> {
    let output = kit.run(GetParametersByPath, input).await.expect("a page");
    output.parameters.unwrap().into_iter().map(|parameter| parameter.name.unwrap()).collect()
}

pub fn path(path: &str, recursive: bool) -> GetParametersByPathInput {
    GetParametersByPathInput { path: path.into(), recursive: Some(recursive), ..Default::default() }
}

pub async fn history(kit: &Kit, name: &str) -> Vec<ParameterHistory> {
    let input =
        GetParameterHistoryInput { name: name.into(), with_decryption: Some(true), ..Default::default() };
    kit.run(GetParameterHistory, input).await.expect("a history").parameters.unwrap()
}

pub fn filter(key: &str, option: Option<&str>, values: &[&str]) -> ParameterStringFilter {
    ParameterStringFilter {
        key: key.into(),
        option: option.map(str::to_owned),
        values: (!values.is_empty()).then(|| texts(values)),
    }
}

pub async fn describe(kit: &Kit, filters: &[ParameterStringFilter]) -> Vec<String> {
    let input = DescribeParametersInput { parameter_filters: Some(filters.to_vec()), ..Default::default() };
    let output = kit.run(DescribeParameters, input).await.expect("a page");
    output.parameters.unwrap().into_iter().map(|parameter| parameter.name.unwrap()).collect()
}

pub fn tag(key: &str, value: &str) -> Tag {
    Tag { key: key.into(), value: value.into() }
}

pub fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| text.to_string()).collect()
}

pub fn arn(name: &str) -> String {
    format!("arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/{name}")
}

pub fn kind(parameter: &Parameter) -> &str {
    parameter.r#type.as_ref().map(Open::as_str).expect("a type")
}

testkit::refusals!(Error, Protocol::Json11);

pub fn not_implemented(error: &CommonError) -> bool {
    matches!(error, CommonError::NotImplemented { .. })
}

/// How many rows the store has.
pub fn rows(kit: &Kit) -> usize {
    everything(kit).len()
}

/// Every row of the store.
pub fn everything(kit: &Kit) -> Vec<(Bytes, Bytes)> {
    let snapshot = kit.deps().store.snapshot();
    let (mut range, mut all) = (store::KeyRange::all(), Vec::new());
    loop {
        let page = snapshot.range(range.clone(), store::RangeOptions::default()).unwrap();
        let more = page.more;
        all.extend(page.entries);
        match all.last() {
            Some((last, _)) if more => range = range.after(last),
            _ => return all,
        }
    }
}

/// Waits until something holds, which background work brings about.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let wait = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("waited in vain until {what}"));
}

pub const VALIDATION: &str = "ValidationException";
