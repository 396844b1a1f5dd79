//! What the policies are asked, and sharing by resource policies.

#![allow(clippy::disallowed_methods)]

mod common;

use common::*;
use model_ssm::ops::*;
use model_ssm::types::*;
use policy::Value;
use testkit::{Ask, Kit};

fn key<'a>(ask: &'a Ask, name: &str) -> Vec<&'a Value<'static>> {
    ask.target.keys.iter().filter(|(key, _)| key == name).flat_map(|(_, values)| values).collect()
}

fn says(ask: &Ask, name: &str, value: &str) -> bool {
    key(ask, name) == [&Value::from(value.to_owned())]
}

async fn tagged() -> Kit {
    let kit = world();
    put(&kit, PutParameterInput { tags: Some(vec![tag("env", "prod")]), ..string("/a/b", "x") }).await;
    kit
}

#[tokio::test]
async fn puts() {
    let kit = tagged().await;
    let asked = kit.asked();
    assert_eq!(asked.len(), 2);
    for (ask, action) in asked.iter().zip(["ssm:PutParameter", "ssm:AddTagsToResource"]) {
        assert_eq!((ask.action.as_str(), ask.target.arn.as_str()), (action, arn("a/b").as_str()));
        assert!(says(ask, "aws:RequestTag/env", "prod") && says(ask, "aws:TagKeys", "env"));
    }
    assert!(says(&asked[0], "ssm:Overwrite", "false") && says(&asked[0], "ssm:Policies", "false"));
    let policies = PutParameterInput { policies: Some("[]".into()), ..over(string("/a/b", "x")) };
    put(&kit, policies).await;
    let asked = kit.asked();
    assert_eq!(asked.len(), 1);
    assert!(says(&asked[0], "ssm:Overwrite", "true") && says(&asked[0], "ssm:Policies", "true"));
    kit.deny("ssm:AddTagsToResource");
    let input = PutParameterInput { tags: Some(vec![tag("a", "b")]), ..string("/c", "x") };
    refused_as(kit.run(PutParameter, input).await, "AccessDeniedException");
    refused_as(get(&kit, "/c").await, "ParameterNotFound");
}

#[tokio::test]
async fn gets() {
    let kit = tagged().await;
    kit.asked();
    for name in ["/a/b", "a-missing", "/a/b:1"] {
        let _ = get(&kit, name).await;
    }
    let _ = get(&kit, &arn("a/b")).await;
    let asked = kit.asked();
    let targets: Vec<_> = asked.iter().map(|ask| ask.target.arn.as_str().to_owned()).collect();
    assert_eq!(targets, [arn("a/b"), arn("a-missing"), arn("a/b"), arn("a/b")]);
    assert!(says(&asked[0], "aws:ResourceTag/env", "prod") && says(&asked[0], "ssm:resourceTag/env", "prod"));
    assert!(key(&asked[1], "aws:ResourceTag/env").is_empty());

    // Every name is asked about; one that is denied denies all.
    let input = GetParametersInput { names: texts(&["/a/b", "/none"]).into(), with_decryption: None };
    kit.run(GetParameters, input.clone()).await.unwrap();
    let targets: Vec<_> = kit.asked().iter().map(|ask| ask.target.arn.as_str().to_owned()).collect();
    assert_eq!(targets, [arn("a/b"), arn("none")]);
    kit.deny(&arn("none"));
    refused(
        kit.run(GetParameters, input).await,
        "AccessDeniedException",
        &format!(
            "User: arn:aws:iam::123456789012:root is not authorized to perform: ssm:GetParameters on resource: {} because \
             the test denies it",
            arn("none")
        ),
    );
    // Who may not get it does not learn whether it is there.
    refused_as(get(&kit, "/none").await, "AccessDeniedException");
    let input = DeleteParametersInput { names: texts(&["/a/b", "/none"]).into() };
    refused_as(kit.run(DeleteParameters, input).await, "AccessDeniedException");
    assert_eq!(value(&kit, "/a/b").await, "x");
}

#[tokio::test]
async fn lists_and_the_rest() {
    let kit = tagged().await;
    kit.asked();
    for (name, recursive) in [("/a/", true), ("/", false), ("/aws/service/ecs", true)] {
        by_path(&kit, path(name, recursive)).await;
    }
    let asked = kit.asked();
    let public = "arn:aws:ssm:us-east-1::parameter/aws/service/ecs".to_owned();
    for (ask, (target, recursive)) in
        asked.iter().zip([(arn("a"), "true"), (arn(""), "false"), (public, "true")])
    {
        assert_eq!(ask.target.arn.as_str(), target);
        assert!(says(ask, "ssm:Recursive", recursive));
    }
    describe(&kit, &[]).await;
    assert_eq!(kit.asked()[0].target.arn.as_str(), "arn:aws:ssm:us-east-1:123456789012:*");
    for kind in [ResourceTypeForTagging::Parameter, ResourceTypeForTagging::MaintenanceWindow] {
        let input = RemoveTagsFromResourceInput {
            resource_type: wire::Open::from(kind).into(),
            resource_id: "/a/b".into(),
            tag_keys: texts(&["env"]).into(),
        };
        let _ = kit.run(RemoveTagsFromResource, input).await;
    }
    let asked = kit.asked();
    assert_eq!(asked[0].target.arn.as_str(), arn("a/b"));
    assert!(says(&asked[0], "aws:TagKeys", "env") && says(&asked[0], "aws:ResourceTag/env", "prod"));
    assert_eq!(asked[1].target.arn.as_str(), "arn:aws:ssm:us-east-1:123456789012:maintenancewindow/a/b");
    let name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-arm64";
    let _ = get(&kit, name).await;
    assert_eq!(kit.asked()[0].target.arn.as_str(), format!("arn:aws:ssm:us-east-1::parameter{name}"));
}

const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"210987654321"},
    "Action":["ssm:GetParameter"],"Resource":"arn:aws:ssm:us-east-1:123456789012:parameter/s"}]}"#;

fn put_policy(policy: &str) -> PutResourcePolicyInput {
    PutResourcePolicyInput {
        resource_arn: arn("s").into(),
        policy: policy.into(),
        policy_id: None,
        policy_hash: None,
    }
}

#[tokio::test]
async fn resource_policies() {
    let kit = world();
    put(&kit, string("/s", "x")).await;
    refused_as(
        kit.run(PutResourcePolicy, put_policy(POLICY)).await,
        "ResourcePolicyInvalidParameterException",
    );
    put(&kit, advanced(over(string("/s", "x")))).await;
    let made = kit.run(PutResourcePolicy, put_policy(POLICY)).await.unwrap();
    let (id, hash) = (made.policy_id.unwrap(), made.policy_hash.unwrap());
    kit.asked();
    value(&kit, "/s").await;
    assert!(kit.asked()[0].target.policy.is_some(), "the policy takes part");
    refused_as(kit.run(PutResourcePolicy, put_policy(POLICY)).await, "ResourcePolicyLimitExceededException");

    let list = async || {
        let input = GetResourcePoliciesInput { resource_arn: arn("s").into(), ..Default::default() };
        kit.run(GetResourcePolicies, input).await.unwrap().policies.unwrap()
    };
    let shown = list().await.remove(0);
    assert_eq!((shown.policy_id.as_ref(), shown.policy_hash.as_ref()), (Some(&id), Some(&hash)));
    assert_eq!(shown.policy.as_deref(), Some(POLICY));

    let update = |id: &str, hash: Option<&str>| PutResourcePolicyInput {
        policy_id: Some(id.into()),
        policy_hash: hash.map(str::to_owned),
        ..put_policy(&POLICY.replace("GetParameter", "GetParameters"))
    };
    let run = async |input| kit.run(PutResourcePolicy, input).await;
    refused_as(run(update(&id, None)).await, "ResourcePolicyInvalidParameterException");
    refused_as(run(update("other", Some(&hash))).await, "ResourcePolicyNotFoundException");
    refused_as(run(update(&id, Some("old"))).await, "ResourcePolicyConflictException");
    let updated = run(update(&id, Some(&hash))).await.unwrap();
    assert_eq!(updated.policy_id.as_ref(), Some(&id));
    let new_hash = updated.policy_hash.unwrap();
    assert_ne!(new_hash, hash);
    refused_as(run(put_policy("{}")).await, "MalformedResourcePolicyDocumentException");
    refused_as(
        run(put_policy(&format!("{POLICY}{}", " ".repeat(1024)))).await,
        "ResourcePolicyLimitExceededException",
    );

    let delete_policy = async |id: &str, hash: &str| {
        let input = DeleteResourcePolicyInput {
            resource_arn: arn("s").into(),
            policy_id: id.into(),
            policy_hash: hash.into(),
            deletion_mode: None,
        };
        kit.run(DeleteResourcePolicy, input).await
    };
    refused_as(delete_policy("other", &new_hash).await, "ResourcePolicyNotFoundException");
    refused_as(delete_policy(&id, &hash).await, "ResourcePolicyConflictException");
    put(&kit, over(string("/s", "y"))).await;
    assert_eq!(list().await.len(), 1, "a new version keeps the policy");
    delete_policy(&id, &new_hash).await.unwrap();
    assert!(list().await.is_empty());
}

#[tokio::test]
async fn resource_policies_of_what_is_not_there() {
    let kit = world();
    for resource in [arn("none"), "arn:aws:ssm:us-east-1:123456789012:opsitemgroup/default".to_owned()] {
        let input = GetResourcePoliciesInput { resource_arn: resource.as_str().into(), ..Default::default() };
        refused_as(kit.run(GetResourcePolicies, input).await, "ResourceNotFoundException");
        let input = PutResourcePolicyInput { resource_arn: resource.as_str().into(), ..put_policy(POLICY) };
        refused_as(kit.run(PutResourcePolicy, input).await, "ResourceNotFoundException");
        let input = DeleteResourcePolicyInput {
            resource_arn: resource.as_str().into(),
            policy_id: "x".into(),
            policy_hash: "x".into(),
            deletion_mode: None,
        };
        refused_as(kit.run(DeleteResourcePolicy, input).await, "ResourceNotFoundException");
    }
    let input =
        GetResourcePoliciesInput { resource_arn: "x".repeat(20).as_str().into(), ..Default::default() };
    refused_as(kit.run(GetResourcePolicies, input).await, "ResourcePolicyInvalidParameterException");
}
