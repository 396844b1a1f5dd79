//! With KMS and Secrets Manager themselves.

#![allow(clippy::disallowed_methods)]

mod common;

use common::*;
use model_kms::ops::{CreateKey, DisableKey};
use model_kms::types::{CreateKeyInput, DisableKeyInput};
use model_secretsmanager::ops::CreateSecret;
use model_secretsmanager::types::CreateSecretInput;
use model_ssm::ops::*;
use model_ssm::types::*;
use testkit::Kit;

fn whole() -> Kit {
    Kit::new(|deps| {
        vec![ssm::service(deps.clone()), kms::service(deps.clone()), secretsmanager::service(deps.clone())]
    })
}

#[tokio::test]
async fn the_key_of_those_who_name_none() {
    let kit = whole();
    put(&kit, secure("/s", "hush")).await;
    put(&kit, advanced(secure("/a", &"x".repeat(8192)))).await;
    assert_eq!(value(&kit, "/s").await, "hush");
    assert_eq!(value(&kit, "/a").await.len(), 8192);
    put(&kit, secure("/full", &"y".repeat(4096))).await;
    assert_eq!(value(&kit, "/full").await.len(), 4096);
}

#[tokio::test]
async fn keys_of_customers() {
    let kit = whole();
    let key = kit.run(CreateKey, CreateKeyInput::default()).await.unwrap().key_metadata.unwrap().key_id;
    let key = key.as_deref().unwrap();
    put(&kit, PutParameterInput { key_id: Some(key.into()), ..secure("/s", "hush") }).await;
    put(&kit, PutParameterInput { key_id: Some(key.into()), ..advanced(secure("/a", "hush")) }).await;
    kit.run(DisableKey, DisableKeyInput { key_id: key.into() }).await.unwrap();
    for name in ["/s", "/a"] {
        let (code, text) = refusal(get(&kit, name).await);
        assert_eq!(code, "InvalidKeyId");
        assert!(text.contains("Error Code: DisabledException"), "{text}");
    }
    let nobody = PutParameterInput { key_id: Some("alias/none".into()), ..secure("/x", "x") };
    let (code, text) = refusal(kit.run(PutParameter, nobody).await);
    assert_eq!(code, "InvalidKeyId");
    assert!(text.contains("Error Code: NotFoundException"), "{text}");
}

#[tokio::test]
async fn secrets_read_as_parameters() {
    let kit = whole();
    let input = CreateSecretInput {
        name: "app/db".into(),
        secret_string: Some("canary-secret".into()),
        client_request_token: Some(kernel::Ids.uuid()),
        ..Default::default()
    };
    let made = kit.run(CreateSecret, input).await.unwrap();
    let name = "/aws/reference/secretsmanager/app/db";
    let found = get(&kit, name).await.unwrap();
    assert_eq!((found.name.as_deref(), found.value.as_deref()), (Some(name), Some("canary-secret")));
    assert_eq!((kind(&found), found.version), ("SecureString", Some(0)));
    assert_eq!(found.arn, Some(arn(&name[1..])));
    let source = found.source_result.unwrap();
    assert!(
        source.contains("app/db") && source.contains("AWSCURRENT") && !source.contains("canary"),
        "{source}"
    );
    assert_eq!(value(&kit, &format!("{name}:AWSCURRENT")).await, "canary-secret");
    assert_eq!(value(&kit, &format!("{name}:{}", made.version_id.unwrap())).await, "canary-secret");
    refused(
        kit.run(GetParameter, GetParameterInput { name: name.into(), with_decryption: None }).await,
        VALIDATION,
        "WithDecryption flag must be True for retrieving a Secret Manager secret.",
    );
    let none = "/aws/reference/secretsmanager/none";
    refused(
        get(&kit, none).await,
        "ParameterNotFound",
        &format!(
            "An error occurred (ParameterNotFound) when referencing Secrets Manager: Secret {none} not found."
        ),
    );
    let input = GetParametersInput { names: texts(&[name, none]).into(), with_decryption: Some(true) };
    let output = kit.run(GetParameters, input).await.unwrap();
    assert_eq!((output.parameters.unwrap().len(), output.invalid_parameters.unwrap()), (1, texts(&[none])));
    kit.deny("secretsmanager:GetSecretValue");
    refused_as(get(&kit, name).await, "AccessDeniedException");
}
