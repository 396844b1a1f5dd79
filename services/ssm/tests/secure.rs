//! Secure strings: encrypted by KMS for the caller, and hidden everywhere else.

#![allow(clippy::disallowed_methods)]

mod common;

use common::*;
use model_ssm::ops::*;
use model_ssm::types::*;
use wire::{CommonError, ServiceError};

const CANARY: &str = "canary-4f1c";

fn plain(name: &str) -> GetParameterInput {
    GetParameterInput { name: name.into(), with_decryption: None }
}

#[tokio::test]
async fn standard_and_advanced() {
    let kit = world();
    for (name, input) in [("/s", secure("/s", CANARY)), ("/a", advanced(secure("/a", CANARY)))] {
        put(&kit, input).await;
        assert_eq!(value(&kit, name).await, CANARY);
        let sealed = kit.run(GetParameter, plain(name)).await.unwrap().parameter.unwrap();
        assert_eq!(kind(&sealed), "SecureString");
        let sealed = sealed.value.unwrap();
        assert!(!sealed.contains(CANARY) && sealed.len() > 40 && !sealed.contains(' '), "{sealed}");
    }
    let large = "y".repeat(8192);
    put(&kit, advanced(over(secure("/s", &large)))).await;
    assert_eq!(value(&kit, "/s").await, large);
    assert_eq!(value(&kit, "/s:1").await, CANARY);
    let values: Vec<_> =
        history(&kit, "/s").await.into_iter().map(|version| version.value.unwrap()).collect();
    assert_eq!(values, [CANARY, &large]);
    let found = kit
        .run(GetParametersByPath, GetParametersByPathInput { with_decryption: Some(true), ..path("/", true) })
        .await
        .unwrap();
    let values: Vec<_> =
        found.parameters.unwrap().into_iter().map(|parameter| parameter.value.unwrap()).collect();
    assert_eq!(values, [CANARY, &large]);
}

#[tokio::test]
async fn kms_is_asked_as_the_caller() {
    let kit = world();
    put(&kit, PutParameterInput { key_id: Some("alias/mine".into()), ..secure("/k", "x") }).await;
    let asked = kit.asked();
    let actions: Vec<_> = asked.iter().map(|ask| ask.action.as_str()).collect();
    assert_eq!(actions, ["ssm:PutParameter", "kms:Encrypt"]);
    assert_eq!(asked[1].call.called_via, ["ssm"]);
    assert_eq!(asked[1].call.principal, asked[0].call.principal);
    put(&kit, advanced(over(secure("/k", "y")))).await;
    assert_eq!(kit.asked()[1].action, "kms:GenerateDataKey");
    assert_eq!(history(&kit, "/k").await[1].key_id.as_deref(), Some("alias/mine"), "the key is kept");
    kit.asked();
    value(&kit, "/k").await;
    assert_eq!(kit.asked()[1].action, "kms:Decrypt");
    kit.run(GetParameter, plain("/k")).await.unwrap();
    assert_eq!(kit.asked().len(), 1, "what is not decrypted needs no KMS");
    put(&kit, string("/plain", "x")).await;
    value(&kit, "/plain").await;
    assert!(kit.asked().iter().all(|ask| ask.action.starts_with("ssm:")));
}

#[tokio::test]
async fn what_kms_refuses() {
    let kit = world();
    let with_key = |key: &str| PutParameterInput { key_id: Some(key.into()), ..secure("/x", CANARY) };
    let (code, text) = refusal(kit.run(PutParameter, with_key("alias/none")).await);
    assert_eq!(code, "InvalidKeyId");
    assert!(
        text.starts_with(
            "Key 'alias/none' does not exist (Service: AWSKMS; Status Code: 400; Error Code: NotFoundException; Request ID: "
        ),
        "{text}"
    );
    let (code, text) = refusal(kit.run(PutParameter, with_key("alias/off")).await);
    assert_eq!(code, "InvalidKeyId");
    assert!(text.contains("Error Code: DisabledException"), "{text}");
    refused_as(kit.run(PutParameter, advanced(with_key("alias/off"))).await, "InvalidKeyId");
    assert_eq!(rows(&kit), 0, "nothing was made");

    put(&kit, secure("/x", CANARY)).await;
    put(&kit, advanced(secure("/y", CANARY))).await;
    kit.deny("kms:Decrypt");
    for name in ["/x", "/y"] {
        let (code, text) = refusal(get(&kit, name).await);
        assert_eq!(code, "AccessDeniedException");
        assert!(
            text.contains("kms:Decrypt") && text.contains("(Service: AWSKMS; Status Code: 400"),
            "{text}"
        );
        kit.run(GetParameter, plain(name)).await.unwrap();
    }
    let names = GetParametersInput { names: texts(&["/x", "/y"]).into(), with_decryption: Some(true) };
    refused_as(kit.run(GetParameters, names).await, "AccessDeniedException");
    kit.deny("kms:Encrypt");
    refused_as(kit.run(PutParameter, over(secure("/x", CANARY))).await, "AccessDeniedException");
    assert_eq!(
        get(&kit, "/x:2").await.map(drop).map_err(|e| e.fault().code(wire::Protocol::Json11).to_owned()),
        Err("ParameterVersionNotFound".to_owned())
    );
}

/// A ciphertext is bound to its parameter: put in the place of another's, it does not open.
#[tokio::test]
async fn ciphertexts_do_not_move() {
    let kit = world();
    for tier in [ParameterTier::Standard, ParameterTier::Advanced] {
        let name = |end: &str| format!("/m/{}/{end}", tier as u8);
        for end in ["from", "gone"] {
            let input = PutParameterInput { tier: Some(tier.into()), ..secure(&name(end), CANARY) };
            put(&kit, input).await;
        }
        let find = |end: &str| {
            let tail = format!("m/{}/{end}\0", tier as u8);
            everything(&kit).into_iter().find(|(key, _)| key.ends_with(tail.as_bytes())).unwrap()
        };
        let ((_, from), (to, _)) = (find("from"), find("gone"));
        let mut tx = kit.deps().store.begin();
        tx.put(to, from);
        tx.commit().await.unwrap();
        assert!(get(&kit, &name("gone")).await.is_err());
        assert_eq!(value(&kit, &name("from")).await, CANARY);
    }
}

#[tokio::test]
async fn nothing_lies_open() {
    let kit = world();
    put(&kit, secure("/s", CANARY)).await;
    put(&kit, over(secure("/s", &format!("{CANARY}-2")))).await;
    put(&kit, advanced(secure("/a", CANARY))).await;
    for (key, value) in everything(&kit) {
        for bytes in [&key, &value] {
            let open = bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
            assert!(!open, "a value lies open in {key:?}");
        }
    }
}

#[tokio::test]
async fn values_are_in_no_error_and_no_debug_output() {
    let kit = world();
    let bad: Vec<PutParameterInput> = vec![
        PutParameterInput { allowed_pattern: Some(r"\d+".into()), ..secure("/e", CANARY) },
        PutParameterInput { data_type: Some("integer".into()), ..secure("/e", CANARY) },
        PutParameterInput { key_id: Some("alias/none".into()), ..secure("/e", CANARY) },
        secure("/e", &format!("{{{{{CANARY}}}}}")),
        secure("/e", &CANARY.repeat(1000)),
        secure("/e/", CANARY),
    ];
    for input in bad {
        assert!(!format!("{input:?}").contains(CANARY));
        let error = kit.run(PutParameter, input).await.unwrap_err();
        assert!(!format!("{error:?}").contains(CANARY), "{error:?}");
    }
    put(&kit, secure("/e", CANARY)).await;
    let found = get(&kit, "/e").await.unwrap();
    assert!(!format!("{found:?}").contains(CANARY));
    assert!(!format!("{:?}", history(&kit, "/e").await).contains(CANARY));
}

#[tokio::test]
async fn without_kms() {
    let kit = testkit::Kit::new(|deps| vec![ssm::service(deps.clone())]);
    let error = kit.run(PutParameter, secure("/x", "x")).await.unwrap_err();
    let wire::Fault::Common(CommonError::NotImplemented { service, .. }) = error.fault() else {
        panic!("{error:?}");
    };
    assert_eq!(*service, "kms");
}
