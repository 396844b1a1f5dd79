//! What is said of a whole account.

mod common;

use common::*;
use model_iam::ops::*;
use model_iam::types::*;

#[tokio::test]
async fn the_summary_counts() {
    let kit = kit();
    user(&kit, "bob").await;
    user(&kit, "eve").await;
    group(&kit, "g").await;
    role(&kit, "r").await;
    policy(&kit, "p").await;
    let profile = CreateInstanceProfileInput { instance_profile_name: "i".into(), ..Default::default() };
    kit.run(CreateInstanceProfile, profile).await.unwrap();
    kit.run(DeleteUser, DeleteUserInput { user_name: "eve".into() }).await.unwrap();
    let map = kit.run(GetAccountSummary, GetAccountSummaryInput {}).await.unwrap().summary_map.unwrap();
    for (name, value) in [
        ("Users", 1),
        ("Groups", 1),
        ("Roles", 1),
        ("Policies", 1),
        ("PolicyVersionsInUse", 1),
        ("InstanceProfiles", 1),
        ("UsersQuota", 5000),
        ("AttachedPoliciesPerRoleQuota", 10),
        ("PolicySizeQuota", 6144),
        ("AccountMFAEnabled", 0),
        ("MFADevices", 0),
        ("GlobalEndpointTokenVersion", 1),
    ] {
        assert_eq!(map[name], value, "{name}");
    }
}

#[tokio::test]
async fn details_of_everything_in_pages() {
    let kit = kit();
    user(&kit, "bob").await;
    group(&kit, "g").await;
    role(&kit, "r").await;
    join(&kit, "bob", "g").await.unwrap();
    put_user_policy(&kit, "bob", "own", ALLOW).await.unwrap();
    let own = policy(&kit, "p").await;
    attach_to_user(&kit, "bob", &own).await.unwrap();
    attach_to_user(&kit, "bob", ADMIN).await.unwrap();
    let profile = CreateInstanceProfileInput { instance_profile_name: "i".into(), ..Default::default() };
    kit.run(CreateInstanceProfile, profile).await.unwrap();
    let add = AddRoleToInstanceProfileInput { instance_profile_name: "i".into(), role_name: "r".into() };
    kit.run(AddRoleToInstanceProfile, add).await.unwrap();
    let details = async |input| kit.run(GetAccountAuthorizationDetails, input).await.unwrap();
    let all = details(GetAccountAuthorizationDetailsInput::default()).await;
    assert_eq!(all.is_truncated, Some(false));
    let bob = &all.user_detail_list.unwrap()[0];
    assert_eq!(bob.group_list.as_deref(), Some(&["g".to_owned()][..]));
    let inline = &bob.user_policy_list.as_ref().unwrap()[0];
    assert_eq!(decoded(inline.policy_document.as_ref().unwrap()), ALLOW);
    assert_eq!(bob.attached_managed_policies.as_ref().unwrap().len(), 2);
    let r = &all.role_detail_list.unwrap()[0];
    assert_eq!(decoded(r.assume_role_policy_document.as_ref().unwrap()), TRUST_EC2);
    assert_eq!(r.instance_profile_list.as_ref().unwrap().len(), 1);
    assert_eq!(all.group_detail_list.unwrap().len(), 1);
    let policies = all.policies.unwrap();
    let arns: Vec<_> = policies.iter().map(|policy| policy.arn.as_deref().unwrap()).collect();
    assert_eq!(arns, [own.as_str(), ADMIN]);
    assert_eq!(policies[0].policy_version_list.as_ref().unwrap().len(), 1);
    assert_eq!(policies[1].attachment_count, Some(1));
    let mut pages = 0;
    let mut marker = None;
    loop {
        let input = GetAccountAuthorizationDetailsInput { max_items: Some(2), marker, ..Default::default() };
        let page = details(input).await;
        pages += 1;
        marker = page.marker;
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(pages, 3);
    let groups = details(GetAccountAuthorizationDetailsInput {
        filter: Some(vec![EntityType::Group.into()]),
        ..Default::default()
    })
    .await;
    assert!(groups.user_detail_list.is_none() && groups.group_detail_list.is_some());
}

#[tokio::test]
async fn policies_that_grant_access_to_a_service() {
    let kit = kit();
    user(&kit, "bob").await;
    group(&kit, "g").await;
    join(&kit, "bob", "g").await.unwrap();
    put_user_policy(&kit, "bob", "own", ALLOW).await.unwrap();
    let attach = AttachGroupPolicyInput { group_name: "g".into(), policy_arn: ADMIN.into() };
    kit.run(AttachGroupPolicy, attach).await.unwrap();
    let input = ListPoliciesGrantingServiceAccessInput {
        arn: arn("user/bob").into(),
        service_namespaces: vec!["s3".to_owned(), "sqs".into()].into(),
        marker: None,
    };
    let found = kit.run(ListPoliciesGrantingServiceAccess, input).await.unwrap();
    let found = found.policies_granting_service_access.unwrap();
    let names = |at: usize| -> Vec<&str> {
        found[at].policies.iter().flatten().map(|policy| policy.policy_name.as_deref().unwrap()).collect()
    };
    assert_eq!((names(0), names(1)), (vec!["own", "AdministratorAccess"], vec!["AdministratorAccess"]));
    let own = &found[0].policies.as_ref().unwrap()[0];
    assert_eq!((own.entity_name.as_deref(), own.policy_arn.as_deref()), (Some("bob"), None));
    let input = ListPoliciesGrantingServiceAccessInput {
        arn: arn("user/eve").into(),
        service_namespaces: vec!["s3".to_owned()].into(),
        marker: None,
    };
    assert_eq!(refusal(kit.run(ListPoliciesGrantingServiceAccess, input).await).0, ABSENT);
}

#[tokio::test]
async fn everything_is_there_after_the_store_is_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let open = || store::Store::open(dir.path(), store::Options::default()).unwrap();
    let clock = || kernel::Clock::frozen(kernel::Timestamp::from_secs(1_750_000_000));
    let deps = testkit::deps_on(open(), clock());
    let kit = testkit::Kit::on(deps, |deps| vec![iam::service(deps.clone())]);
    let id = user(&kit, "bob").await.user_id;
    role(&kit, "r").await;
    let own = policy(&kit, "p").await;
    attach_to_user(&kit, "bob", &own).await.unwrap();
    let store = kit.deps().store.clone();
    drop(kit);
    store.close();
    let kit = testkit::Kit::on(testkit::deps_on(open(), clock()), |deps| vec![iam::service(deps.clone())]);
    let get = GetUserInput { user_name: Some("bob".into()) };
    assert_eq!(kit.run(GetUser, get).await.unwrap().user.unwrap().user_id, id);
    let get = GetPolicyInput { policy_arn: own.into() };
    assert_eq!(kit.run(GetPolicy, get).await.unwrap().policy.unwrap().attachment_count, Some(1));
    let summary = kit.run(GetAccountSummary, GetAccountSummaryInput {}).await.unwrap().summary_map.unwrap();
    assert_eq!((summary["Users"], summary["Roles"], summary["Policies"]), (1, 1, 1));
}
