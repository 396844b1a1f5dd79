//! Managed and inline policies.

mod common;

use common::*;
use model_iam::ops::*;
use model_iam::types::*;
use testkit::Kit;

async fn version(kit: &Kit, arn: &str, default: bool) -> Result<String, model_iam::Error> {
    let input = CreatePolicyVersionInput {
        policy_arn: arn.into(),
        policy_document: ALLOW.into(),
        set_as_default: Some(default),
    };
    let made = kit.run(CreatePolicyVersion, input).await?;
    Ok(made.policy_version.unwrap().version_id.unwrap())
}

fn at(arn: &str, id: &str) -> DeletePolicyVersionInput {
    DeletePolicyVersionInput { policy_arn: arn.into(), version_id: id.into() }
}

#[tokio::test]
async fn a_policy_from_beginning_to_end() {
    let kit = kit();
    let input = CreatePolicyInput {
        policy_name: "Read".into(),
        path: Some("/x/".into()),
        policy_document: ALLOW.into(),
        description: Some("reads".into()),
        tags: Some(vec![tag("a", "b")]),
    };
    let made = kit.run(CreatePolicy, input).await.unwrap().policy.unwrap();
    let at_arn = made.arn.unwrap();
    assert_eq!(at_arn, arn("policy/x/Read"));
    assert!(made.policy_id.unwrap().starts_with("ANPA"));
    assert_eq!(made.default_version_id.as_deref(), Some("v1"));
    let again =
        CreatePolicyInput { policy_name: "read".into(), policy_document: ALLOW.into(), ..Default::default() };
    let text = "A policy called read already exists. Duplicate names are not allowed.";
    refused(kit.run(CreatePolicy, again).await, TAKEN, text);
    let get = |arn: &str| GetPolicyInput { policy_arn: arn.into() };
    let found = kit.run(GetPolicy, get(&at_arn)).await.unwrap().policy.unwrap();
    assert_eq!((found.description.as_deref(), found.is_attachable), (Some("reads"), Some(true)));
    assert_eq!(found.tags.unwrap().len(), 1);
    let wrong = arn("policy/Read");
    refused(kit.run(GetPolicy, get(&wrong)).await, ABSENT, &format!("Policy {wrong} was not found."));
    let short = "some-text-that-is-not-one";
    refused(kit.run(GetPolicy, get(short)).await, INPUT, &format!("ARN {short} is not valid."));
    user(&kit, "bob").await;
    attach_to_user(&kit, "bob", &at_arn).await.unwrap();
    attach_to_user(&kit, "bob", &at_arn).await.unwrap();
    let found = kit.run(GetPolicy, get(&at_arn)).await.unwrap().policy.unwrap();
    assert_eq!(found.attachment_count, Some(1));
    let delete = || DeletePolicyInput { policy_arn: at_arn.as_str().into() };
    refused(kit.run(DeletePolicy, delete()).await, CONFLICT, "Cannot delete a policy attached to entities.");
    let detach = || DetachUserPolicyInput { user_name: "bob".into(), policy_arn: at_arn.as_str().into() };
    kit.run(DetachUserPolicy, detach()).await.unwrap();
    let text = format!("Policy {at_arn} was not found.");
    refused(kit.run(DetachUserPolicy, detach()).await, ABSENT, &text);
    version(&kit, &at_arn, false).await.unwrap();
    let text = "This policy has more than one version. Before you delete a policy, you must delete the policy's \
                versions. The default version is deleted with the policy.";
    refused(kit.run(DeletePolicy, delete()).await, CONFLICT, text);
    kit.run(DeletePolicyVersion, at(&at_arn, "v2")).await.unwrap();
    kit.run(DeletePolicy, delete()).await.unwrap();
    refused(kit.run(DeletePolicy, delete()).await, ABSENT, &format!("Policy {at_arn} was not found."));
    let text = format!("Policy {at_arn} does not exist or is not attachable.");
    refused(attach_to_user(&kit, "bob", &at_arn).await, ABSENT, &text);
}

#[tokio::test]
async fn documents_of_managed_policies_are_checked() {
    let kit = kit();
    let create = |document: &str| CreatePolicyInput {
        policy_name: "p".into(),
        policy_document: document.into(),
        ..Default::default()
    };
    for (document, text) in [
        ("not json", "Syntax errors in policy."),
        (
            r#"{"Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}"#,
            "Policy document must be version 2012-10-17 or greater.",
        ),
        (TRUST_EC2, "Policy document should not specify a principal."),
        (
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject"}]}"#,
            "Policy statement must contain resources.",
        ),
        (
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"nothing","Resource":"*"}]}"#,
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ),
    ] {
        refused(kit.run(CreatePolicy, create(document)).await, MALFORMED, text);
    }
    let sized = |size: usize| ALLOW.replace("\"*\"", &format!("\"arn:aws:s3:::{}\"", "x".repeat(size)));
    refused(
        kit.run(CreatePolicy, create(&sized(6_144))).await,
        LIMIT,
        "Cannot exceed quota for PolicySize: 6144",
    );
    // White space does not count.
    let spaced = format!("{}{}", sized(5_900), " ".repeat(6_000));
    kit.run(CreatePolicy, create(&spaced)).await.unwrap();
    let odd = create("{\"Version\": \"\u{4e00}\"}");
    let text =
        "The specified value for policyDocument is invalid. It must contain only printable ASCII characters.";
    refused(kit.run(CreatePolicy, odd).await, VALIDATION, text);
}

#[tokio::test]
async fn versions_count_up_and_are_never_used_again() {
    let kit = kit();
    let arn = policy(&kit, "p").await;
    for n in 2..=5 {
        assert_eq!(version(&kit, &arn, n == 3).await.unwrap(), format!("v{n}"));
    }
    let text = "A managed policy can have up to 5 versions. Before you create a new version, you must delete an \
                existing version.";
    refused(version(&kit, &arn, false).await, LIMIT, text);
    let text = "Cannot delete the default version of a policy.";
    refused(kit.run(DeletePolicyVersion, at(&arn, "v3")).await, CONFLICT, text);
    kit.run(DeletePolicyVersion, at(&arn, "v5")).await.unwrap();
    assert_eq!(version(&kit, &arn, false).await.unwrap(), "v6");
    let text = format!("Policy {arn} version v5 does not exist or is not attachable.");
    refused(kit.run(DeletePolicyVersion, at(&arn, "v5")).await, ABSENT, &text);
    let set = SetDefaultPolicyVersionInput { policy_arn: arn.as_str().into(), version_id: "v6".into() };
    kit.run(SetDefaultPolicyVersion, set).await.unwrap();
    let list =
        |marker| ListPolicyVersionsInput { policy_arn: arn.as_str().into(), max_items: Some(3), marker };
    let first = kit.run(ListPolicyVersions, list(None)).await.unwrap();
    let second = kit.run(ListPolicyVersions, list(first.marker)).await.unwrap();
    let all: Vec<_> = first.versions.into_iter().chain(second.versions).flatten().collect();
    let shown: Vec<_> =
        all.iter().map(|v| (v.version_id.as_deref().unwrap(), v.is_default_version.unwrap())).collect();
    assert_eq!(shown, [("v6", true), ("v4", false), ("v3", false), ("v2", false), ("v1", false)]);
    let get = |id: &str| GetPolicyVersionInput { policy_arn: arn.as_str().into(), version_id: id.into() };
    let found = kit.run(GetPolicyVersion, get("v1")).await.unwrap().policy_version.unwrap();
    assert_eq!(decoded(&found.document.unwrap()), ALLOW);
    assert_eq!(refusal(kit.run(GetPolicyVersion, get("v9")).await).0, ABSENT);
    assert_eq!(refusal(kit.run(GetPolicyVersion, get("9")).await).0, VALIDATION);
}

#[tokio::test]
async fn policies_of_aws_are_there_and_stay_as_they_are() {
    let kit = kit();
    let found = kit.run(GetPolicy, GetPolicyInput { policy_arn: ADMIN.into() }).await.unwrap();
    let found = found.policy.unwrap();
    assert_eq!(found.policy_name.as_deref(), Some("AdministratorAccess"));
    let version_id = found.default_version_id.unwrap().into();
    let get = GetPolicyVersionInput { policy_arn: ADMIN.into(), version_id };
    let document = kit.run(GetPolicyVersion, get).await.unwrap().policy_version.unwrap().document.unwrap();
    assert!(decoded(&document).contains("\"Effect\":\"Allow\""));
    let delete = DeletePolicyInput { policy_arn: ADMIN.into() };
    assert_eq!(refusal(kit.run(DeletePolicy, delete).await).0, "AccessDenied");
    assert_eq!(refusal(version(&kit, ADMIN, true).await).0, "AccessDenied");
}

#[tokio::test]
async fn lists_of_policies_are_filtered_and_paged() {
    let kit = kit();
    user(&kit, "bob").await;
    let own = policy(&kit, "own").await;
    let unused = policy(&kit, "unused").await;
    attach_to_user(&kit, "bob", &own).await.unwrap();
    attach_to_user(&kit, "bob", ADMIN).await.unwrap();
    let bound =
        PutUserPermissionsBoundaryInput { user_name: "bob".into(), permissions_boundary: READ_ONLY.into() };
    kit.run(PutUserPermissionsBoundary, bound).await.unwrap();
    let arns = async |input: ListPoliciesInput| {
        let list = kit.run(ListPolicies, input).await.unwrap();
        assert_eq!(list.is_truncated, Some(list.marker.is_some()));
        let arns: Vec<String> =
            list.policies.unwrap().into_iter().map(|policy| policy.arn.unwrap()).collect();
        (arns, list.marker)
    };
    let local = || ListPoliciesInput { scope: Some(PolicyScopeType::Local.into()), ..Default::default() };
    assert_eq!(arns(local()).await.0, [own.as_str(), unused.as_str()]);
    let attached = ListPoliciesInput { only_attached: Some(true), ..local() };
    assert_eq!(arns(attached).await.0, [own.as_str()]);
    let attached = ListPoliciesInput { only_attached: Some(true), ..Default::default() };
    assert_eq!(arns(attached).await.0, [own.as_str(), ADMIN, READ_ONLY]);
    let bounds = ListPoliciesInput {
        policy_usage_filter: Some(PolicyUsageType::PermissionsBoundary.into()),
        ..Default::default()
    };
    assert_eq!(arns(bounds).await.0, [READ_ONLY]);
    let mut all = Vec::new();
    let mut marker = None;
    loop {
        let aws = ListPoliciesInput {
            scope: Some(PolicyScopeType::Aws.into()),
            max_items: Some(1000),
            marker,
            ..Default::default()
        };
        let (arns, next) = arns(aws).await;
        all.extend(arns);
        marker = next;
        if marker.is_none() {
            break;
        }
    }
    assert!(all.len() > 1000 && all.is_sorted(), "{}", all.len());
    let path = ListPoliciesInput { path_prefix: Some("/service-role/".into()), ..Default::default() };
    assert!(arns(path).await.0.iter().all(|arn| arn.starts_with("arn:aws:iam::aws:policy/service-role/")));
}

#[tokio::test]
async fn inline_policies_of_a_user() {
    let kit = kit();
    user(&kit, "bob").await;
    put_user_policy(&kit, "bob", "One", ALLOW).await.unwrap();
    let get = |name: &str| GetUserPolicyInput { user_name: "bob".into(), policy_name: name.into() };
    let found = kit.run(GetUserPolicy, get("one")).await.unwrap();
    assert_eq!(
        (found.policy_name.as_deref(), decoded(&found.policy_document.unwrap())),
        (Some("One"), ALLOW.into())
    );
    refused(
        kit.run(GetUserPolicy, get("two")).await,
        ABSENT,
        "The user policy with name two cannot be found.",
    );
    refused(put_user_policy(&kit, "bob", "two", "{}").await, MALFORMED, "Syntax errors in policy.");
    let text = "The user with name eve cannot be found.";
    refused(put_user_policy(&kit, "eve", "two", ALLOW).await, ABSENT, text);
    // The size of all of them together counts.
    let long = ALLOW.replace("\"*\"", &format!("\"arn:aws:s3:::{}\"", "x".repeat(1_700)));
    put_user_policy(&kit, "bob", "long", &long).await.unwrap();
    put_user_policy(&kit, "bob", "long", &long).await.unwrap();
    let text = "Maximum policy size of 2048 bytes exceeded for user bob";
    refused(put_user_policy(&kit, "bob", "longer", &long).await, LIMIT, text);
    let list = ListUserPoliciesInput { user_name: "bob".into(), ..Default::default() };
    assert_eq!(kit.run(ListUserPolicies, list).await.unwrap().policy_names.unwrap(), ["One", "long"]);
    let delete = DeleteUserPolicyInput { user_name: "bob".into(), policy_name: "x".into() };
    let text = "The user policy with name x cannot be found.";
    refused(kit.run(DeleteUserPolicy, delete).await, ABSENT, text);
}

#[tokio::test]
async fn inline_policies_of_groups_and_roles() {
    let kit = kit();
    group(&kit, "g").await;
    role(&kit, "r").await;
    let long = |size: usize| ALLOW.replace("\"*\"", &format!("\"arn:aws:s3:::{}\"", "x".repeat(size)));
    let to_group = |name: &str, document: &str| PutGroupPolicyInput {
        group_name: "g".into(),
        policy_name: name.into(),
        policy_document: document.into(),
    };
    kit.run(PutGroupPolicy, to_group("a", &long(4_900))).await.unwrap();
    let text = "Maximum policy size of 5120 bytes exceeded for group g";
    refused(kit.run(PutGroupPolicy, to_group("b", &long(4_900))).await, LIMIT, text);
    let to_role = |name: &str, document: &str| PutRolePolicyInput {
        role_name: "r".into(),
        policy_name: name.into(),
        policy_document: document.into(),
    };
    kit.run(PutRolePolicy, to_role("a", &long(10_000))).await.unwrap();
    let text = "Maximum policy size of 10240 bytes exceeded for role r";
    refused(kit.run(PutRolePolicy, to_role("b", &long(10_000))).await, LIMIT, text);
    let get = GetGroupPolicyInput { group_name: "g".into(), policy_name: "a".into() };
    assert_eq!(kit.run(GetGroupPolicy, get).await.unwrap().group_name.as_deref(), Some("g"));
    let get = GetRolePolicyInput { role_name: "r".into(), policy_name: "b".into() };
    let text = "The role policy with name b cannot be found.";
    refused(kit.run(GetRolePolicy, get).await, ABSENT, text);
    let list = ListGroupPoliciesInput { group_name: "g".into(), ..Default::default() };
    assert_eq!(kit.run(ListGroupPolicies, list).await.unwrap().policy_names.unwrap(), ["a"]);
    let list = ListRolePoliciesInput { role_name: "r".into(), ..Default::default() };
    assert_eq!(kit.run(ListRolePolicies, list).await.unwrap().policy_names.unwrap(), ["a"]);
    let get = GetRolePolicyInput { role_name: "r".into(), policy_name: "a".into() };
    let found = kit.run(GetRolePolicy, get).await.unwrap().policy_document.unwrap();
    assert_eq!(decoded(&found), long(10_000));
}

#[tokio::test]
async fn ten_policies_can_be_attached() {
    let kit = kit();
    user(&kit, "bob").await;
    group(&kit, "g").await;
    role(&kit, "r").await;
    let mut arns = Vec::new();
    for n in 0..11 {
        arns.push(policy(&kit, &format!("p{n}")).await);
    }
    let to_group = |arn: &str| AttachGroupPolicyInput { group_name: "g".into(), policy_arn: arn.into() };
    let to_role = |arn: &str| AttachRolePolicyInput { role_name: "r".into(), policy_arn: arn.into() };
    for arn in &arns[..10] {
        attach_to_user(&kit, "bob", arn).await.unwrap();
        kit.run(AttachGroupPolicy, to_group(arn)).await.unwrap();
        kit.run(AttachRolePolicy, to_role(arn)).await.unwrap();
    }
    let last = &arns[10];
    refused(attach_to_user(&kit, "bob", last).await, LIMIT, "Cannot exceed quota for PoliciesPerUser: 10");
    let text = "Cannot exceed quota for PoliciesPerGroup: 10";
    refused(kit.run(AttachGroupPolicy, to_group(last)).await, LIMIT, text);
    let text = "Cannot exceed quota for PoliciesPerRole: 10";
    refused(kit.run(AttachRolePolicy, to_role(last)).await, LIMIT, text);
    let list = |marker| ListAttachedUserPoliciesInput {
        user_name: "bob".into(),
        max_items: Some(6),
        marker,
        ..Default::default()
    };
    let first = kit.run(ListAttachedUserPolicies, list(None)).await.unwrap();
    let second = kit.run(ListAttachedUserPolicies, list(first.marker)).await.unwrap();
    let listed: Vec<String> = first
        .attached_policies
        .into_iter()
        .chain(second.attached_policies)
        .flatten()
        .map(|policy| policy.policy_arn.unwrap())
        .collect();
    assert_eq!(listed, arns[..10]);
    let none = ListAttachedGroupPoliciesInput {
        group_name: "g".into(),
        path_prefix: Some("/x/".into()),
        ..Default::default()
    };
    let none = kit.run(ListAttachedGroupPolicies, none).await.unwrap();
    assert_eq!(none.attached_policies.unwrap().len(), 0);
    let entities = |filter| ListEntitiesForPolicyInput {
        policy_arn: arns[0].as_str().into(),
        entity_filter: filter,
        ..Default::default()
    };
    let all = kit.run(ListEntitiesForPolicy, entities(None)).await.unwrap();
    let counts =
        (all.policy_users.unwrap().len(), all.policy_groups.unwrap().len(), all.policy_roles.unwrap().len());
    assert_eq!(counts, (1, 1, 1));
    let roles = kit.run(ListEntitiesForPolicy, entities(Some(EntityType::Role.into()))).await.unwrap();
    assert_eq!((roles.policy_users.unwrap().len(), roles.policy_roles.unwrap().len()), (0, 1));
    let bad = entities(Some(EntityType::AwsManagedPolicy.into()));
    assert_eq!(refusal(kit.run(ListEntitiesForPolicy, bad).await).0, VALIDATION);
}

#[tokio::test]
async fn tags_of_policies() {
    let kit = kit();
    let arn = policy(&kit, "p").await;
    let input = TagPolicyInput { policy_arn: arn.as_str().into(), tags: vec![tag("a", "1")].into() };
    kit.run(TagPolicy, input).await.unwrap();
    let list = || ListPolicyTagsInput { policy_arn: arn.as_str().into(), ..Default::default() };
    assert_eq!(kit.run(ListPolicyTags, list()).await.unwrap().tags.unwrap()[0].value.as_str(), "1");
    let input = UntagPolicyInput { policy_arn: arn.as_str().into(), tag_keys: vec!["A".to_owned()].into() };
    kit.run(UntagPolicy, input).await.unwrap();
    assert_eq!(kit.run(ListPolicyTags, list()).await.unwrap().tags.unwrap().len(), 0);
    let input = TagPolicyInput { policy_arn: ADMIN.into(), tags: vec![tag("a", "1")].into() };
    assert_eq!(refusal(kit.run(TagPolicy, input).await).0, "AccessDenied");
}
