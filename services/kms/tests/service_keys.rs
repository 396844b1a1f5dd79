//! The keys that services use for their customers.

mod common;

use common::*;
use model_kms::ops::*;
use model_kms::types::*;

const ALIAS: &str = "alias/aws/secretsmanager";

fn data_key(alias: &str) -> GenerateDataKeyInput {
    GenerateDataKeyInput {
        key_id: alias.into(),
        key_spec: Some(DataKeySpec::Aes256.into()),
        ..GenerateDataKeyInput::default()
    }
}

#[tokio::test]
async fn it_is_made_when_its_service_first_uses_it() {
    let kit = kit();
    let refused = kit.run(GenerateDataKey, data_key(ALIAS)).await;
    assert_eq!(refusal(refused).1, format!("Alias arn:aws:kms:{REGION}:{ACCOUNT}:{ALIAS} is not found."));
    refused_as(kit.run_as(via(&kit, "ssm"), GenerateDataKey, data_key(ALIAS)).await, "NotFoundException");
    kit.asked();
    let out = kit.run_as(via(&kit, "secretsmanager"), GenerateDataKey, data_key(ALIAS)).await.unwrap();
    let asked = kit.asked().remove(0);
    assert_eq!(out.key_id.as_deref(), Some(asked.target.arn.as_str()));
    assert!(asked.target.policy_required && asked.target.policy.is_some());
    let again = kit.run_as(via(&kit, "secretsmanager"), GenerateDataKey, data_key(ALIAS)).await.unwrap();
    assert_eq!(again.key_id, out.key_id);
    let input = decrypt_input(&out.ciphertext_blob.unwrap());
    let plain = kit.run_as(via(&kit, "secretsmanager"), Decrypt, input).await.unwrap().plaintext;
    assert_eq!(plain, out.plaintext);
    let metadata = describe(&kit, ALIAS).await.unwrap();
    assert_eq!(metadata.arn, out.key_id);
    assert_eq!(metadata.key_manager.unwrap().as_str(), "AWS");
    let aliases = kit.run(ListAliases, ListAliasesInput::default()).await.unwrap().aliases.unwrap();
    assert_eq!(aliases.len(), 1);
    assert_eq!(aliases[0].alias_name.as_deref(), Some(ALIAS));
}

#[tokio::test]
async fn asking_about_a_known_one_makes_it() {
    let kit = kit();
    let metadata = describe(&kit, "alias/aws/ssm").await.unwrap();
    assert_eq!(metadata.key_manager.unwrap().as_str(), "AWS");
    assert_eq!(describe(&kit, "alias/aws/ssm").await.unwrap().key_id, metadata.key_id);
    refused_as(describe(&kit, "alias/aws/unheard-of").await, "NotFoundException");
}

#[tokio::test]
async fn services_that_make_it_at_once_share_it() {
    let kit = std::sync::Arc::new(kit());
    let calls = (0..16).map(|_| kit.run_as(via(&kit, "ssm"), GenerateDataKey, data_key("alias/aws/ssm")));
    let made = futures::future::join_all(calls).await;
    let mut ids: Vec<_> = made.into_iter().map(|out| out.unwrap().key_id.unwrap()).collect();
    ids.dedup();
    assert_eq!(ids.len(), 1);
}

#[tokio::test]
async fn customers_cannot_change_it() {
    let kit = kit();
    let id = describe(&kit, "alias/aws/ssm").await.unwrap().key_id.unwrap();
    let tag = Tag { tag_key: "a".into(), tag_value: "b".into() };
    let input = TagResourceInput { key_id: id.as_str().into(), tags: vec![tag].into() };
    refused_as(kit.run(TagResource, input).await, "AccessDeniedException");
    let input = CreateAliasInput { alias_name: "alias/mine".into(), target_key_id: id.as_str().into() };
    refused_as(kit.run(CreateAlias, input).await, "AccessDeniedException");
    let input = DeleteAliasInput { alias_name: "alias/aws/ssm".into() };
    refused_as(kit.run(DeleteAlias, input).await, "NotAuthorizedException");
}
