//! Groups.

mod common;

use common::*;
use model_iam::ops::*;
use model_iam::types::*;

#[tokio::test]
async fn a_group_from_beginning_to_end() {
    let kit = kit();
    let made = group(&kit, "Ops").await;
    assert_eq!(made.arn, Some(arn("group/Ops")));
    assert!(made.group_id.unwrap().starts_with("AGPA"));
    let again = CreateGroupInput { group_name: "OPS".into(), ..Default::default() };
    refused(kit.run(CreateGroup, again).await, TAKEN, "Group with name OPS already exists.");
    user(&kit, "bob").await;
    join(&kit, "bob", "ops").await.unwrap();
    join(&kit, "bob", "ops").await.unwrap();
    refused(join(&kit, "eve", "ops").await, ABSENT, "The user with name eve cannot be found.");
    refused(join(&kit, "bob", "x").await, ABSENT, "The group with name x cannot be found.");
    let get = GetGroupInput { group_name: "ops".into(), ..Default::default() };
    assert_eq!(kit.run(GetGroup, get).await.unwrap().users.unwrap().len(), 1);
    let of_user = ListGroupsForUserInput { user_name: "bob".into(), ..Default::default() };
    assert_eq!(kit.run(ListGroupsForUser, of_user).await.unwrap().groups.unwrap().len(), 1);
    let delete = || DeleteGroupInput { group_name: "ops".into() };
    let text = "Cannot delete entity, must remove users from group first.";
    refused(kit.run(DeleteGroup, delete()).await, CONFLICT, text);
    let leave = || RemoveUserFromGroupInput { group_name: "ops".into(), user_name: "bob".into() };
    kit.run(RemoveUserFromGroup, leave()).await.unwrap();
    assert_eq!(refusal(kit.run(RemoveUserFromGroup, leave()).await).0, ABSENT);
    let attach = AttachGroupPolicyInput { group_name: "ops".into(), policy_arn: ADMIN.into() };
    kit.run(AttachGroupPolicy, attach).await.unwrap();
    let text = "Cannot delete entity, must detach all policies first.";
    refused(kit.run(DeleteGroup, delete()).await, CONFLICT, text);
    let detach = DetachGroupPolicyInput { group_name: "ops".into(), policy_arn: ADMIN.into() };
    kit.run(DetachGroupPolicy, detach).await.unwrap();
    let put = PutGroupPolicyInput {
        group_name: "ops".into(),
        policy_name: "own".into(),
        policy_document: ALLOW.into(),
    };
    kit.run(PutGroupPolicy, put).await.unwrap();
    let text = "Cannot delete entity, must delete policies first.";
    refused(kit.run(DeleteGroup, delete()).await, CONFLICT, text);
    let input = DeleteGroupPolicyInput { group_name: "ops".into(), policy_name: "own".into() };
    kit.run(DeleteGroupPolicy, input).await.unwrap();
    kit.run(DeleteGroup, delete()).await.unwrap();
    refused(kit.run(DeleteGroup, delete()).await, ABSENT, "The group with name ops cannot be found.");
}

#[tokio::test]
async fn a_new_name_goes_to_the_members() {
    let kit = kit();
    group(&kit, "ops").await;
    group(&kit, "dev").await;
    user(&kit, "bob").await;
    join(&kit, "bob", "ops").await.unwrap();
    let attach = AttachGroupPolicyInput { group_name: "ops".into(), policy_arn: ADMIN.into() };
    kit.run(AttachGroupPolicy, attach).await.unwrap();
    let rename = |to: &str| UpdateGroupInput {
        group_name: "ops".into(),
        new_group_name: Some(to.into()),
        new_path: Some("/x/".into()),
    };
    refused(kit.run(UpdateGroup, rename("dev")).await, TAKEN, "Group with name dev already exists.");
    kit.run(UpdateGroup, rename("Operators")).await.unwrap();
    let of_user = ListGroupsForUserInput { user_name: "bob".into(), ..Default::default() };
    let groups = kit.run(ListGroupsForUser, of_user).await.unwrap().groups.unwrap();
    assert_eq!(groups[0].arn, Some(arn("group/x/Operators")));
    let entities = ListEntitiesForPolicyInput { policy_arn: ADMIN.into(), ..Default::default() };
    let found = kit.run(ListEntitiesForPolicy, entities).await.unwrap().policy_groups.unwrap();
    assert_eq!(found[0].group_name.as_deref(), Some("Operators"));
    let leave = RemoveUserFromGroupInput { group_name: "operators".into(), user_name: "bob".into() };
    kit.run(RemoveUserFromGroup, leave).await.unwrap();
    kit.run(ListGroups, ListGroupsInput { path_prefix: Some("/x/".into()), ..Default::default() })
        .await
        .map(|list| assert_eq!(list.groups.unwrap().len(), 1))
        .unwrap();
}

#[tokio::test]
async fn a_group_has_its_members_in_pages() {
    let kit = kit();
    group(&kit, "all").await;
    for n in 0..120 {
        let name = format!("u{n:03}");
        user(&kit, &name).await;
        join(&kit, &name, "all").await.unwrap();
    }
    let get = |marker| GetGroupInput { group_name: "all".into(), marker, max_items: None };
    let first = kit.run(GetGroup, get(None)).await.unwrap();
    assert_eq!((first.users.unwrap().len(), first.is_truncated), (100, Some(true)));
    let second = kit.run(GetGroup, get(first.marker)).await.unwrap();
    let rest = second.users.unwrap();
    assert_eq!((rest.len(), second.is_truncated), (20, Some(false)));
    assert_eq!(rest[0].user_name.as_deref(), Some("u100"));
}

#[tokio::test]
async fn quotas_of_groups() {
    let kit = kit();
    user(&kit, "bob").await;
    for n in 0..300 {
        group(&kit, &format!("g{n}")).await;
    }
    let one_more = CreateGroupInput { group_name: "more".into(), ..Default::default() };
    refused(kit.run(CreateGroup, one_more).await, LIMIT, "Cannot exceed quota for GroupsPerAccount: 300");
    for n in 0..10 {
        join(&kit, "bob", &format!("g{n}")).await.unwrap();
    }
    refused(join(&kit, "bob", "g10").await, LIMIT, "Cannot exceed quota for GroupsPerUser: 10");
    kit.run(DeleteGroup, DeleteGroupInput { group_name: "g20".into() }).await.unwrap();
    group(&kit, "more").await;
}
