//! The credential report, reports of last accesses, and preferences of STS.

mod common;

use std::time::Duration;

use common::*;
use identity::keys;
use identity::records::{Account, LastAccessed};
use model_iam::Error;
use model_iam::ops::*;
use model_iam::types::*;
use store::Record as _;
use testkit::{ACCOUNT, Kit};
use wire::Open;

async fn generate(kit: &Kit) -> String {
    let output = kit.run(GenerateCredentialReport, Default::default()).await.unwrap();
    output.state.unwrap().as_str().to_owned()
}

async fn report(kit: &Kit) -> Result<String, Error> {
    let output = kit.run(GetCredentialReport, Default::default()).await?;
    assert_eq!(output.report_format.unwrap().as_str(), "text/csv");
    Ok(String::from_utf8(output.content.unwrap().to_vec()).unwrap())
}

#[tokio::test]
async fn the_credential_report_says_what_is() {
    let kit = kit();
    assert_eq!(refusal(report(&kit).await).0, "ReportNotPresent");
    let made = user(&kit, "ann").await.create_date.unwrap().to_string().replace('Z', "+00:00");
    user(&kit, "b,ob").await;
    let input = CreateLoginProfileInput {
        user_name: Some("ann".into()),
        password: Some("Correct-horse7".into()),
        ..Default::default()
    };
    kit.run(CreateLoginProfile, input).await.unwrap();
    let input = CreateAccessKeyInput { user_name: Some("ann".into()) };
    kit.run(CreateAccessKey, input).await.unwrap();
    let input = UpdateAccountPasswordPolicyInput { max_password_age: Some(1), ..Default::default() };
    kit.run(UpdateAccountPasswordPolicy, input).await.unwrap();
    assert_eq!(generate(&kit).await, "STARTED");
    assert_eq!(generate(&kit).await, "COMPLETE");
    let text = report(&kit).await.unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4);
    let columns = lines[0].split(',').count();
    assert_eq!((columns, lines[1].split(',').count(), lines[2].split(',').count()), (22, 22, 22));
    assert!(lines[1].starts_with(&format!("<root_account>,arn:aws:iam::{ACCOUNT}:root,")));
    let next = (kit.call().now.plus(Duration::from_secs(86_400))).to_string().replace('Z', "+00:00");
    assert_eq!(
        lines[2],
        format!(
            "ann,arn:aws:iam::{ACCOUNT}:user/ann,{made},true,no_information,{made},{next},false,true,{made},N/A,N/A,\
             N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
        )
    );
    assert!(lines[3].starts_with(&format!(
        "\"b,ob\",\"arn:aws:iam::{ACCOUNT}:user/b,ob\",{made},false,N/A,N/A,N/A,false"
    )));
    // The report is of its time, until it is too old.
    user(&kit, "eve").await;
    assert_eq!(report(&kit).await.unwrap(), text);
    kit.advance(Duration::from_secs(4 * 3600));
    assert_eq!(refusal(report(&kit).await).0, "ReportExpired");
    assert_eq!(generate(&kit).await, "STARTED");
    assert!(report(&kit).await.unwrap().contains("\neve,"));
}

async fn used(kit: &Kit, id: &str, service: &str, secs_ago: i64) {
    let used_ms = kit.call().now.millis() - secs_ago * 1000;
    let mut tx = kit.deps().store.begin();
    let accessed = LastAccessed { used_ms, region: "eu-west-1".into() };
    tx.put(keys::accessed(ACCOUNT, id, service), accessed.encode());
    tx.commit().await.unwrap();
}

async fn job(kit: &Kit, arn: &str) -> Result<String, Error> {
    let input = GenerateServiceLastAccessedDetailsInput { arn: arn.into(), granularity: None };
    kit.run(GenerateServiceLastAccessedDetails, input).await.map(|output| output.job_id.expect("a job"))
}

async fn details(kit: &Kit, job: &str) -> Result<Vec<ServiceLastAccessed>, Error> {
    let input = GetServiceLastAccessedDetailsInput { job_id: job.into(), ..Default::default() };
    let output = kit.run(GetServiceLastAccessedDetails, input).await?;
    assert_eq!(output.job_status.unwrap().as_str(), "COMPLETED");
    Ok(output.services_last_accessed.unwrap())
}

async fn entities(kit: &Kit, job: &str, service: &str) -> Result<Vec<(String, bool)>, Error> {
    let input = GetServiceLastAccessedDetailsWithEntitiesInput {
        job_id: job.into(),
        service_namespace: service.into(),
        ..Default::default()
    };
    let output = kit.run(GetServiceLastAccessedDetailsWithEntities, input).await?;
    let show = |entity: EntityDetails| {
        (entity.entity_info.unwrap().name.unwrap().to_string(), entity.last_authenticated.is_some())
    };
    Ok(output.entity_details_list.unwrap().into_iter().map(show).collect())
}

#[tokio::test]
async fn who_last_used_what() {
    let kit = kit();
    let (ann, bob) = (user(&kit, "ann").await.user_id.unwrap(), user(&kit, "bob").await.user_id.unwrap());
    let worker = role(&kit, "worker").await.role_id.unwrap();
    let team = group(&kit, "team").await.arn.unwrap();
    for name in ["ann", "bob"] {
        join(&kit, name, "team").await.unwrap();
    }
    let own = policy(&kit, "read").await;
    let input = AttachGroupPolicyInput { group_name: "team".into(), policy_arn: own.clone().into() };
    kit.run(AttachGroupPolicy, input).await.unwrap();
    let input = AttachRolePolicyInput { role_name: "worker".into(), policy_arn: own.clone().into() };
    kit.run(AttachRolePolicy, input).await.unwrap();
    used(&kit, &ann, "s3", 60).await;
    used(&kit, &ann, "sqs", 60).await;
    used(&kit, &worker, "s3", 30).await;

    let of_ann = details(&kit, &job(&kit, &arn("user/ann")).await.unwrap()).await.unwrap();
    // Only what its policies grant is in the report.
    assert_eq!(of_ann.len(), 1);
    assert_eq!(
        (of_ann[0].service_namespace.as_deref(), of_ann[0].service_name.as_deref()),
        (Some("s3"), Some("Amazon S3"))
    );
    assert_eq!(of_ann[0].last_authenticated_entity, Some(arn("user/ann")));
    assert_eq!(of_ann[0].last_authenticated_region.as_deref(), Some("eu-west-1"));
    let of_bob = details(&kit, &job(&kit, &arn("user/bob")).await.unwrap()).await.unwrap();
    assert_eq!((of_bob[0].last_authenticated, of_bob[0].total_authenticated_entities), (None, Some(0)));
    let of_team = job(&kit, &team).await.unwrap();
    assert_eq!(details(&kit, &of_team).await.unwrap()[0].total_authenticated_entities, Some(1));
    assert_eq!(entities(&kit, &of_team, "s3").await.unwrap(), [("ann".into(), true), ("bob".into(), false)]);
    let of_policy = job(&kit, &own).await.unwrap();
    let all = [("worker".into(), true), ("ann".into(), true), ("bob".into(), false)];
    assert_eq!(entities(&kit, &of_policy, "s3").await.unwrap(), all);
    assert_eq!(refusal(entities(&kit, &of_policy, "sqs").await).0, "NoSuchEntity");

    // Everything is granted by this one.
    let of_aws = job(&kit, ADMIN).await.unwrap();
    assert!(details(&kit, &of_aws).await.unwrap().len() > 40);
    used(&kit, &bob, "s3", 1).await;
    assert_eq!(entities(&kit, &of_team, "s3").await.unwrap()[0].0, "bob");
    for absent in [arn("user/nobody"), arn("policy/none"), arn("group/none")] {
        assert_eq!(refusal(job(&kit, &absent).await).0, "NoSuchEntity");
    }
    assert_eq!(refusal(job(&kit, "arn:aws:s3:::a-bucket-and-no-identity").await).0, "NoSuchEntity");
    kit.advance(Duration::from_secs(7 * 86_400));
    assert_eq!(refusal(details(&kit, &of_team).await).0, "NoSuchEntity");
}

#[tokio::test]
async fn the_version_of_tokens_is_kept() {
    let kit = kit();
    let input = SetSecurityTokenServicePreferencesInput {
        global_endpoint_token_version: Open::from(GlobalEndpointTokenVersion::V2Token).into(),
    };
    kit.run(SetSecurityTokenServicePreferences, input).await.unwrap();
    let bytes = kit.deps().store.snapshot().get(&keys::account(ACCOUNT)).unwrap().unwrap();
    assert_eq!(Account::decode(&bytes).unwrap().token_version, 2);
    let wrong = SetSecurityTokenServicePreferencesInput {
        global_endpoint_token_version: Open::<GlobalEndpointTokenVersion>::Unknown("v3Token".into()).into(),
    };
    assert_eq!(refusal(kit.run(SetSecurityTokenServicePreferences, wrong).await).0, "ValidationError");
}
