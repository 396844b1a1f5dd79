//! What policies are asked.

mod common;

use common::*;
use model_iam::ops::*;
use model_iam::types::*;
use policy::Value;
use testkit::{Ask, Kit};

fn value(ask: &Ask, key: &str) -> Option<String> {
    let found = ask.target.keys.iter().find(|(name, _)| name == key)?;
    match &found.1[..] {
        [Value::Text(text)] => Some(text.to_string()),
        other => panic!("{key}: {other:?}"),
    }
}

fn only(kit: &Kit) -> Ask {
    let asked = kit.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    asked.into_iter().next().unwrap()
}

#[tokio::test]
async fn users_are_named_with_their_paths_and_tags() {
    let kit = kit();
    let input = CreateUserInput {
        user_name: "bob".into(),
        path: Some("/a/".into()),
        permissions_boundary: Some(READ_ONLY.into()),
        tags: Some(vec![tag("team", "x")]),
    };
    kit.run(CreateUser, input).await.unwrap();
    let ask = only(&kit);
    assert_eq!((ask.action.as_str(), ask.target.arn.as_str()), ("iam:CreateUser", &*arn("user/a/bob")));
    assert_eq!(value(&ask, "iam:PermissionsBoundary").as_deref(), Some(READ_ONLY));
    assert_eq!(value(&ask, "aws:RequestTag/team").as_deref(), Some("x"));
    assert_eq!(value(&ask, "aws:TagKeys").as_deref(), Some("team"));
    attach_to_user(&kit, "BOB", ADMIN).await.unwrap();
    let ask = only(&kit);
    assert_eq!((ask.action.as_str(), ask.target.arn.as_str()), ("iam:AttachUserPolicy", &*arn("user/a/bob")));
    assert_eq!(value(&ask, "iam:PolicyARN").as_deref(), Some(ADMIN));
    assert_eq!(value(&ask, "iam:PermissionsBoundary").as_deref(), Some(READ_ONLY));
    assert_eq!(value(&ask, "aws:ResourceTag/team").as_deref(), Some("x"));
    assert_eq!(value(&ask, "iam:ResourceTag/team").as_deref(), Some("x"));
    let put = PutUserPermissionsBoundaryInput { user_name: "bob".into(), permissions_boundary: ADMIN.into() };
    kit.run(PutUserPermissionsBoundary, put).await.unwrap();
    assert_eq!(value(&only(&kit), "iam:PermissionsBoundary").as_deref(), Some(ADMIN));
    let untag = UntagUserInput { user_name: "bob".into(), tag_keys: vec!["team".to_owned()].into() };
    kit.run(UntagUser, untag).await.unwrap();
    assert_eq!(value(&only(&kit), "aws:TagKeys").as_deref(), Some("team"));
}

#[tokio::test]
async fn whoever_may_not_look_does_not_learn_what_is_there() {
    let kit = kit();
    user(&kit, "bob").await;
    kit.deny("iam:GetUser");
    kit.deny("iam:GetRole");
    kit.deny("iam:GetPolicy");
    for name in ["bob", "nobody"] {
        let input = GetUserInput { user_name: Some(name.into()) };
        let (code, text) = refusal(kit.run(GetUser, input).await);
        assert_eq!(code, "AccessDenied");
        assert!(text.contains(&arn(&format!("user/{name}"))), "{text}");
    }
    let refused = refusal(kit.run(GetRole, GetRoleInput { role_name: "x".into() }).await);
    assert_eq!(refused.0, "AccessDenied");
    let refused = refusal(kit.run(GetPolicy, GetPolicyInput { policy_arn: arn("policy/x").into() }).await);
    assert_eq!(refused.0, "AccessDenied");
}

#[tokio::test]
async fn a_role_is_passed_to_an_instance_profile() {
    let kit = kit();
    role(&kit, "r").await;
    let profile = CreateInstanceProfileInput { instance_profile_name: "p".into(), ..Default::default() };
    kit.run(CreateInstanceProfile, profile).await.unwrap();
    kit.asked();
    let add = || AddRoleToInstanceProfileInput { instance_profile_name: "p".into(), role_name: "r".into() };
    kit.deny("iam:PassRole");
    assert_eq!(refusal(kit.run(AddRoleToInstanceProfile, add()).await).0, "AccessDenied");
    let asked = kit.asked();
    let asked: Vec<_> = asked
        .iter()
        .map(|ask| (ask.action.as_str(), ask.target.arn.to_string(), value(ask, "iam:PassedToService")))
        .collect();
    assert_eq!(
        asked,
        [
            ("iam:AddRoleToInstanceProfile", arn("instance-profile/p"), None),
            ("iam:PassRole", arn("role/r"), Some("ec2.amazonaws.com".to_owned())),
        ]
    );
}

#[tokio::test]
async fn who_uses_a_key_and_which_role_goes() {
    let kit = kit();
    user(&kit, "bob").await;
    let made =
        kit.run(CreateAccessKey, CreateAccessKeyInput { user_name: Some("bob".into()) }).await.unwrap();
    kit.asked();
    let access_key_id = made.access_key.unwrap().access_key_id.unwrap().into();
    kit.run(GetAccessKeyLastUsed, GetAccessKeyLastUsedInput { access_key_id }).await.unwrap();
    assert_eq!(only(&kit).target.arn.as_str(), arn("user/bob"));
    let create =
        CreateServiceLinkedRoleInput { aws_service_name: "ecs.amazonaws.com".into(), ..Default::default() };
    kit.run(CreateServiceLinkedRole, create).await.unwrap();
    let ask = only(&kit);
    let role = arn("role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS");
    assert_eq!(ask.target.arn.as_str(), role);
    assert_eq!(value(&ask, "iam:AWSServiceName").as_deref(), Some("ecs.amazonaws.com"));
    let delete = DeleteServiceLinkedRoleInput { role_name: "AWSServiceRoleForECS".into() };
    let task = kit.run(DeleteServiceLinkedRole, delete).await.unwrap().deletion_task_id.unwrap();
    kit.asked();
    let status = GetServiceLinkedRoleDeletionStatusInput { deletion_task_id: task.into() };
    kit.run(GetServiceLinkedRoleDeletionStatus, status).await.unwrap();
    assert_eq!(only(&kit).target.arn.as_str(), role);
}

#[tokio::test]
async fn policies_are_asked_about_by_their_arns() {
    let kit = kit();
    let own = policy(&kit, "p").await;
    kit.run(TagPolicy, TagPolicyInput { policy_arn: own.as_str().into(), tags: vec![tag("a", "1")].into() })
        .await
        .unwrap();
    kit.asked();
    kit.run(GetPolicy, GetPolicyInput { policy_arn: own.as_str().into() }).await.unwrap();
    let ask = only(&kit);
    assert_eq!(
        (ask.target.arn.as_str(), value(&ask, "aws:ResourceTag/a").as_deref()),
        (own.as_str(), Some("1"))
    );
    kit.run(GetPolicy, GetPolicyInput { policy_arn: ADMIN.into() }).await.unwrap();
    let ask = only(&kit);
    assert_eq!((ask.target.arn.as_str(), ask.target.owner.as_deref()), (ADMIN, Some(testkit::ACCOUNT)));
}
