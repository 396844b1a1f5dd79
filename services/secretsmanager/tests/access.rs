//! What policies are asked, and the policies of secrets.

mod common;

use common::*;
use model_secretsmanager::ops::*;
use model_secretsmanager::types::*;
use policy::Value;
use service::{ResourcePolicy, Target};

const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"secretsmanager:GetSecretValue","Resource":"*"}]}"#;

fn put_policy(policy: &str, block: Option<bool>) -> PutResourcePolicyInput {
    PutResourcePolicyInput {
        secret_id: "s".into(),
        resource_policy: policy.into(),
        block_public_policy: block,
        policy_name: None,
    }
}

fn public() -> String {
    POLICY.replace(r#"{"AWS":"arn:aws:iam::111122223333:root"}"#, r#""*""#)
}

/// The values of a condition key, written out.
fn key(target: &Target, name: &str) -> Option<Vec<String>> {
    let text = |value: &Value<'_>| match value {
        Value::Text(text) => text.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Boolean(flag) => flag.to_string(),
        other => panic!("{other:?}"),
    };
    target.keys.iter().find(|(known, _)| known == name).map(|(_, values)| values.iter().map(text).collect())
}

fn one(text: &str) -> Option<Vec<String>> {
    Some(vec![text.to_owned()])
}

#[tokio::test]
async fn policies_are_put_shown_and_deleted() {
    let kit = kit();
    create(&kit, "s", "1").await;
    let get = || GetResourcePolicyInput { secret_id: "s".into(), policy_name: None };
    assert_eq!(kit.run(GetResourcePolicy, get()).await.unwrap().resource_policy, None);
    kit.run(PutResourcePolicy, put_policy(POLICY, None)).await.unwrap();
    assert_eq!(kit.run(GetResourcePolicy, get()).await.unwrap().resource_policy.as_deref(), Some(POLICY));
    kit.asked();
    value(&kit, "s").await;
    let asked = kit.asked();
    let Some(ResourcePolicy::Document(document)) = &asked[0].target.policy else {
        panic!("no policy took part")
    };
    assert_eq!(&**document, POLICY);
    let delete = DeleteResourcePolicyInput { secret_id: "s".into(), policy_name: Some("default".into()) };
    kit.run(DeleteResourcePolicy, delete.clone()).await.unwrap();
    assert_eq!(kit.run(GetResourcePolicy, get()).await.unwrap().resource_policy, None);
    let other = DeleteResourcePolicyInput { policy_name: Some("other".into()), ..delete };
    assert_eq!(told(kit.run(DeleteResourcePolicy, other).await).0, INVALID_PARAMETER);
}

#[tokio::test]
async fn bad_and_public_policies_are_refused() {
    let kit = kit();
    create(&kit, "s", "1").await;
    let malformed = "MalformedPolicyDocumentException";
    let broken = put_policy("{", None);
    refused(kit.run(PutResourcePolicy, broken).await, malformed, "This policy has invalid syntax.");
    let nobody = put_policy(&POLICY.replace("arn:aws:iam::111122223333:root", "nobody"), None);
    let text = "This resource policy contains an unsupported principal.";
    refused(kit.run(PutResourcePolicy, nobody).await, malformed, text);
    let long = put_policy(&format!("{POLICY}{}", " ".repeat(20_480)), None);
    assert_eq!(told(kit.run(PutResourcePolicy, long).await).0, "ValidationException");
    let blocked = kit.run(PutResourcePolicy, put_policy(&public(), Some(true))).await;
    assert_eq!(told(blocked).0, "PublicPolicyException");
    assert_eq!(
        kit.run(GetResourcePolicy, GetResourcePolicyInput { secret_id: "s".into(), policy_name: None })
            .await
            .unwrap()
            .resource_policy,
        None
    );
    kit.run(PutResourcePolicy, put_policy(POLICY, Some(true))).await.unwrap();
    kit.run(PutResourcePolicy, put_policy(&public(), Some(false))).await.unwrap();
}

#[tokio::test]
async fn policies_are_validated_without_being_put() {
    let kit = kit();
    create(&kit, "s", "1").await;
    let validate = |policy: &str, id: Option<&str>| ValidateResourcePolicyInput {
        secret_id: id.map(str::to_owned),
        resource_policy: policy.into(),
    };
    let good = kit.run(ValidateResourcePolicy, validate(POLICY, Some("s"))).await.unwrap();
    assert_eq!((good.policy_validation_passed, good.validation_errors.unwrap().len()), (Some(true), 0));
    let bad = kit.run(ValidateResourcePolicy, validate(&public(), None)).await.unwrap();
    assert_eq!((bad.policy_validation_passed, bad.validation_errors.unwrap().len()), (Some(false), 1));
    assert_eq!(
        told(kit.run(ValidateResourcePolicy, validate("{", None)).await).0,
        "MalformedPolicyDocumentException"
    );
    refused(kit.run(ValidateResourcePolicy, validate(POLICY, Some("x"))).await, NOT_FOUND, NO_SECRET);
    assert!(
        kit.run(GetResourcePolicy, GetResourcePolicyInput { secret_id: "s".into(), policy_name: None })
            .await
            .unwrap()
            .resource_policy
            .is_none()
    );
}

#[tokio::test]
async fn what_is_not_there_is_asked_about_all_the_same() {
    let kit = kit();
    kit.deny("secretsmanager:GetSecretValue");
    let (code, _) = told(kit.run(GetSecretValue, get("app/none")).await);
    assert_eq!(code, "AccessDeniedException", "nothing is said of whether it exists");
    let asked = kit.asked();
    assert_eq!(
        asked[0].target.arn.as_str(),
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:app/none-??????"
    );
}

#[tokio::test]
async fn the_condition_keys_of_a_new_secret() {
    let kit = kit();
    let input = CreateSecretInput {
        description: Some("d".into()),
        kms_key_id: Some("alias/mine".into()),
        tags: Some(vec![Tag { key: Some("team".into()), value: Some("a".into()) }]),
        add_replica_regions: Some(vec![ReplicaRegionType {
            region: Some("eu-west-1".into()),
            kms_key_id: None,
        }]),
        force_overwrite_replica_secret: Some(true),
        ..new_secret("s", "1")
    };
    kit.run(CreateSecret, input).await.unwrap();
    let asked = kit.asked();
    let target = &asked[0].target;
    assert_eq!(asked[0].action, "secretsmanager:CreateSecret");
    for (name, value) in [
        ("secretsmanager:Name", "s"),
        ("secretsmanager:Description", "d"),
        ("secretsmanager:KmsKeyId", "alias/mine"),
        ("secretsmanager:KmsKeyArn", "arn:aws:kms:us-east-1:123456789012:alias/mine"),
        ("secretsmanager:AddReplicaRegions", "eu-west-1"),
        ("secretsmanager:ForceOverwriteReplicaSecret", "true"),
        ("aws:RequestTag/team", "a"),
        ("aws:TagKeys", "team"),
        ("aws:ResourceTag/team", "a"),
    ] {
        assert_eq!(key(target, name), one(value), "{name}");
    }
}

#[tokio::test]
async fn the_condition_keys_of_a_secret() {
    let kit = kit();
    let tags = vec![Tag { key: Some("team".into()), value: Some("a".into()) }];
    let created =
        kit.run(CreateSecret, CreateSecretInput { tags: Some(tags), ..new_secret("s", "1") }).await.unwrap();
    kit.asked();
    let input = GetSecretValueInput {
        version_id: created.version_id,
        version_stage: Some("AWSCURRENT".into()),
        ..get("s")
    };
    kit.run(GetSecretValue, input.clone()).await.unwrap();
    let target = &kit.asked()[0].target;
    let arn = created.arn.unwrap();
    assert_eq!(target.arn.as_str(), arn);
    for (name, value) in [
        ("secretsmanager:SecretId", arn.as_str()),
        ("secretsmanager:SecretPrimaryRegion", "us-east-1"),
        ("secretsmanager:VersionStage", "AWSCURRENT"),
        ("secretsmanager:VersionId", input.version_id.as_deref().unwrap()),
        ("aws:ResourceTag/team", "a"),
        ("secretsmanager:ResourceTag/team", "a"),
    ] {
        assert_eq!(key(target, name), one(value), "{name}");
    }
    let delete = DeleteSecretInput {
        secret_id: "s".into(),
        recovery_window_in_days: Some(7),
        force_delete_without_recovery: Some(false),
    };
    kit.run(DeleteSecret, delete).await.unwrap();
    let target = &kit.asked()[0].target;
    assert_eq!(key(target, "secretsmanager:RecoveryWindowInDays"), one("7"));
    assert_eq!(key(target, "secretsmanager:ForceDeleteWithoutRecovery"), one("false"));
    let rotate = RotateSecretInput {
        secret_id: "s".into(),
        rotation_lambda_arn: Some("arn:aws:lambda:us-east-1:123456789012:function:f".into()),
        rotation_rules: Some(RotationRulesType { automatically_after_days: Some(1), ..Default::default() }),
        rotate_immediately: Some(false),
        client_request_token: token(),
        ..Default::default()
    };
    assert!(kit.run(RotateSecret, rotate).await.is_err());
    let target = &kit.asked()[0].target;
    assert_eq!(key(target, "secretsmanager:ModifyRotationRules"), one("true"));
    assert_eq!(key(target, "secretsmanager:RotateImmediately"), one("false"));
    assert_eq!(
        key(target, "secretsmanager:RotationLambdaARN"),
        one("arn:aws:lambda:us-east-1:123456789012:function:f")
    );
}
