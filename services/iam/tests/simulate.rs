//! Simulations, by the engine that decides.

mod common;

use common::*;
use model_iam::ops::*;
use model_iam::types::*;
use testkit::Kit;

const DENY: &str = r#"{"Version": "2012-10-17",
  "Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::secret/*"}}"#;
const TEAM: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject",
  "Resource": "arn:aws:s3:::${aws:username}/*", "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}}}"#;

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

async fn custom(kit: &Kit, input: SimulateCustomPolicyInput) -> Vec<EvaluationResult> {
    kit.run(SimulateCustomPolicy, input).await.expect("a simulation").evaluation_results.unwrap()
}

fn ask(policies: &[&str], actions: &[&str], resources: &[&str]) -> SimulateCustomPolicyInput {
    SimulateCustomPolicyInput {
        policy_input_list: strings(policies).into(),
        action_names: strings(actions).into(),
        resource_arns: Some(strings(resources)),
        ..Default::default()
    }
}

fn decisions(results: &[EvaluationResult]) -> Vec<&str> {
    results.iter().map(|result| result.eval_decision.as_ref().unwrap().as_str()).collect()
}

#[tokio::test]
async fn decisions_and_the_statements_behind_them() {
    let kit = kit();
    let actions = ["s3:GetObject", "s3:PutObject"];
    let found = custom(&kit, ask(&[ALLOW, DENY], &actions, &["arn:aws:s3:::open/x"])).await;
    assert_eq!(decisions(&found), ["allowed", "implicitDeny"]);
    let matched = &found[0].matched_statements.as_ref().unwrap()[0];
    assert_eq!(matched.source_policy_id.as_deref(), Some("PolicyInputList.1"));
    let start = matched.start_position.as_ref().unwrap();
    assert_eq!((start.line, start.column), (Some(1), Some(41)));
    assert_eq!(found[0].eval_resource_name.as_deref(), Some("arn:aws:s3:::open/x"));
    let both = ["arn:aws:s3:::open/x", "arn:aws:s3:::secret/x"];
    let found = custom(&kit, ask(&[ALLOW, DENY], &actions, &both)).await;
    assert_eq!(decisions(&found), ["explicitDeny", "explicitDeny"]);
    let each = found[0].resource_specific_results.as_ref().unwrap();
    let each: Vec<_> = each.iter().map(|one| one.eval_resource_decision.as_ref().unwrap().as_str()).collect();
    assert_eq!(each, ["allowed", "explicitDeny"]);
    let by = &found[0].matched_statements.as_ref().unwrap()[..];
    assert_eq!(by.len(), 1);
    assert_eq!(by[0].source_policy_id.as_deref(), Some("PolicyInputList.2"));
    let start = by[0].start_position.as_ref().unwrap();
    assert_eq!((start.line, start.column), (Some(2), Some(16)));
    let everything = SimulateCustomPolicyInput { resource_arns: None, ..ask(&[ALLOW], &actions, &[]) };
    let found = custom(&kit, everything).await;
    assert_eq!(decisions(&found), ["allowed", "implicitDeny"]);
    assert!(found[0].resource_specific_results.is_none());
    assert_eq!(found[0].eval_resource_name.as_deref(), Some("*"));
}

#[tokio::test]
async fn context_is_asked_for_and_used() {
    let kit = kit();
    let input = || ask(&[TEAM], &["s3:GetObject"], &["arn:aws:s3:::bob/x"]);
    let found = custom(&kit, input()).await;
    assert_eq!(decisions(&found), ["implicitDeny"]);
    let missing = found[0].missing_context_values.as_deref().unwrap();
    assert_eq!(missing, ["aws:RequestedRegion", "aws:username"]);
    let entry = |name: &str, value: &str| ContextEntry {
        context_key_name: Some(name.into()),
        context_key_values: Some(vec![value.into()]),
        context_key_type: Some(ContextKeyTypeEnum::String.into()),
    };
    let context_entries = Some(vec![entry("aws:RequestedRegion", "eu-west-1"), entry("AWS:UserName", "bob")]);
    let found = custom(&kit, SimulateCustomPolicyInput { context_entries, ..input() }).await;
    assert_eq!(decisions(&found), ["allowed"]);
    assert_eq!(found[0].missing_context_values.as_deref(), Some(&[][..]));
    let keys = GetContextKeysForCustomPolicyInput { policy_input_list: strings(&[TEAM, ALLOW]).into() };
    let keys = kit.run(GetContextKeysForCustomPolicy, keys).await.unwrap().context_key_names.unwrap();
    assert_eq!(keys, ["aws:RequestedRegion", "aws:username"]);
}

#[tokio::test]
async fn boundaries_organizations_and_other_accounts() {
    let kit = kit();
    let input = || ask(&[ALLOW], &["s3:GetObject"], &["arn:aws:s3:::open/x"]);
    let bounded = SimulateCustomPolicyInput {
        permissions_boundary_policy_input_list: Some(strings(&[DENY])),
        ..input()
    };
    let found = custom(&kit, bounded).await;
    assert_eq!(decisions(&found), ["implicitDeny"]);
    let detail = found[0].permissions_boundary_decision_detail.as_ref().unwrap();
    assert_eq!(detail.allowed_by_permissions_boundary, Some(false));
    let level = OrderedOrganizationPolicyType { service_control_policy_input_list: Some(strings(&[TEAM])) };
    let limited =
        SimulateCustomPolicyInput { ordered_organization_policy_input_list: Some(vec![level]), ..input() };
    let found = custom(&kit, limited).await;
    assert_eq!(decisions(&found), ["implicitDeny"]);
    let detail = found[0].organizations_decision_detail.as_ref().unwrap();
    assert_eq!(detail.allowed_by_organizations, Some(false));
    let bucket = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/bob"},"Action":"s3:GetObject","Resource":"*"}]}"#;
    let foreign = |policies: &[&str]| SimulateCustomPolicyInput {
        resource_policy: Some(bucket.into()),
        resource_owner: Some("arn:aws:iam::999999999999:root".into()),
        caller_arn: Some(arn("user/bob")),
        ..ask(policies, &["s3:GetObject"], &["arn:aws:s3:::open/x"])
    };
    let found = custom(&kit, foreign(&[ALLOW])).await;
    assert_eq!(decisions(&found), ["allowed"]);
    let details = found[0].eval_decision_details.as_ref().unwrap();
    assert_eq!((details["IAM Policy"].as_str(), details["Resource Policy"].as_str()), ("allowed", "allowed"));
    let found = custom(&kit, foreign(&[DENY])).await;
    assert_eq!(decisions(&found), ["implicitDeny"]);
    let details = found[0].eval_decision_details.as_ref().unwrap();
    assert_eq!(details["IAM Policy"].as_str(), "implicitDeny");
    let own = SimulateCustomPolicyInput { resource_owner: None, ..foreign(&[DENY]) };
    assert_eq!(decisions(&custom(&kit, own).await), ["allowed"]);
    let unnamed = SimulateCustomPolicyInput { caller_arn: None, ..foreign(&[ALLOW]) };
    assert_eq!(refusal(kit.run(SimulateCustomPolicy, unnamed).await).0, INPUT);
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let kit = kit();
    let run = async |input| refusal(kit.run(SimulateCustomPolicy, input).await);
    let expected = |text: &str| (INPUT.to_owned(), text.to_owned());
    assert_eq!(run(ask(&["{"], &["s3:GetObject"], &["*"])).await, expected("Syntax errors in policy."));
    let text = "Invalid action name: GetObject";
    assert_eq!(run(ask(&[ALLOW], &["GetObject"], &["*"])).await, expected(text));
    let caller_arn = Some("arn:aws:sts::123456789012:assumed-role/r/s".to_owned());
    let input = SimulateCustomPolicyInput { caller_arn, ..ask(&[ALLOW], &["s3:GetObject"], &["*"]) };
    assert_eq!(run(input).await.0, INPUT);
    let two = Some(strings(&[ALLOW, ALLOW]));
    let input = SimulateCustomPolicyInput {
        permissions_boundary_policy_input_list: two,
        ..ask(&[ALLOW], &["s3:GetObject"], &["*"])
    };
    assert_eq!(run(input).await.0, INPUT);
}

#[tokio::test]
async fn principals_with_all_that_they_have() {
    let kit = kit();
    user(&kit, "bob").await;
    group(&kit, "g").await;
    join(&kit, "bob", "g").await.unwrap();
    put_user_policy(&kit, "bob", "own", ALLOW).await.unwrap();
    let put = PutGroupPolicyInput {
        group_name: "g".into(),
        policy_name: "no".into(),
        policy_document: DENY.into(),
    };
    kit.run(PutGroupPolicy, put).await.unwrap();
    attach_to_user(&kit, "bob", ADMIN).await.unwrap();
    let input = |actions: &[&str], resource: &str| SimulatePrincipalPolicyInput {
        policy_source_arn: arn("user/bob").into(),
        action_names: strings(actions).into(),
        resource_arns: Some(strings(&[resource])),
        ..Default::default()
    };
    let run =
        async |input| kit.run(SimulatePrincipalPolicy, input).await.unwrap().evaluation_results.unwrap();
    let found = run(input(&["s3:GetObject", "sqs:SendMessage"], "arn:aws:s3:::open/x")).await;
    assert_eq!(decisions(&found), ["allowed", "allowed"]);
    let names: Vec<_> = found[0]
        .matched_statements
        .iter()
        .flatten()
        .map(|s| s.source_policy_id.as_deref().unwrap())
        .collect();
    assert_eq!(names, ["user_bob_own", "AdministratorAccess"]);
    let found = run(input(&["s3:GetObject"], "arn:aws:s3:::secret/x")).await;
    assert_eq!(decisions(&found), ["explicitDeny"]);
    let by = found[0].matched_statements.as_ref().unwrap()[0].source_policy_id.clone();
    assert_eq!(by.as_deref(), Some("group_g_no"));
    let without = |identifier| SimulatePrincipalPolicyInput {
        policy_exclusion_list: Some(vec![identifier]),
        ..input(&["s3:GetObject"], "arn:aws:s3:::secret/x")
    };
    let inline = InlinePolicyIdentifierType {
        policy_name: "no".into(),
        attachment_type: wire::Open::from(AttachmentType::Group).into(),
        attachment_name: "g".into(),
    };
    let found = run(without(PolicyIdentifier::InlinePolicyIdentifier(inline))).await;
    assert_eq!(decisions(&found), ["allowed"]);
    let managed = PolicyIdentifier::PolicyArn("arn:aws:iam::aws:policy/Admin*".into());
    let excluded = SimulatePrincipalPolicyInput {
        policy_exclusion_list: Some(vec![managed]),
        ..input(&["sqs:SendMessage"], "arn:aws:sqs:us-east-1:123456789012:q")
    };
    assert_eq!(decisions(&run(excluded).await), ["implicitDeny"]);
    let bound =
        PutUserPermissionsBoundaryInput { user_name: "bob".into(), permissions_boundary: READ_ONLY.into() };
    kit.run(PutUserPermissionsBoundary, bound).await.unwrap();
    let found = run(input(&["sqs:SendMessage"], "arn:aws:sqs:us-east-1:123456789012:q")).await;
    assert_eq!(decisions(&found), ["implicitDeny"]);
    let nobody = SimulatePrincipalPolicyInput {
        policy_source_arn: arn("user/eve").into(),
        ..input(&["s3:GetObject"], "*")
    };
    assert_eq!(refusal(kit.run(SimulatePrincipalPolicy, nobody).await).0, ABSENT);
    let keys = GetContextKeysForPrincipalPolicyInput {
        policy_source_arn: arn("group/g").into(),
        policy_input_list: Some(strings(&[TEAM])),
    };
    let keys = kit.run(GetContextKeysForPrincipalPolicy, keys).await.unwrap().context_key_names.unwrap();
    assert_eq!(keys, ["aws:RequestedRegion", "aws:username"]);
}

#[tokio::test]
async fn long_simulations_come_in_pages() {
    let kit = kit();
    let actions: Vec<String> = (0..150).map(|n| format!("s3:Action{n}")).collect();
    let input = |marker| SimulateCustomPolicyInput {
        policy_input_list: strings(&[ALLOW]).into(),
        action_names: actions.clone().into(),
        marker,
        ..Default::default()
    };
    let first = kit.run(SimulateCustomPolicy, input(None)).await.unwrap();
    assert_eq!((first.evaluation_results.unwrap().len(), first.is_truncated), (100, Some(true)));
    let second = kit.run(SimulateCustomPolicy, input(first.marker)).await.unwrap();
    let rest = second.evaluation_results.unwrap();
    assert_eq!(rest[0].eval_action_name.as_deref(), Some("s3:Action100"));
    assert_eq!((rest.len(), second.is_truncated), (50, Some(false)));
    // So many resources make a page short.
    let resources: Vec<String> = (0..10_000).map(|n| format!("arn:aws:s3:::b/{n}")).collect();
    let wide = SimulateCustomPolicyInput { resource_arns: Some(resources), ..input(None) };
    let page = kit.run(SimulateCustomPolicy, wide).await.unwrap();
    assert_eq!((page.evaluation_results.unwrap().len(), page.is_truncated), (2, Some(true)));
}
