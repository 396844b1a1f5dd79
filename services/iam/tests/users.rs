//! Users.

// Tests stand for callers outside: they run side by side.
#![allow(clippy::disallowed_methods)]

mod common;

use std::sync::Arc;

use common::*;
use kernel::{Principal, Timestamp};
use model_iam::ops::*;
use model_iam::types::*;
use testkit::Kit;

async fn get(kit: &Kit, name: &str) -> Result<User, model_iam::Error> {
    let input = GetUserInput { user_name: Some(name.into()) };
    kit.run(GetUser, input).await.map(|output| output.user.expect("a user"))
}

async fn remove(kit: &Kit, name: &str) -> Result<(), model_iam::Error> {
    kit.run(DeleteUser, DeleteUserInput { user_name: name.into() }).await.map(drop)
}

#[tokio::test]
async fn a_user_is_made_once_whatever_the_case() {
    let kit = kit();
    let made = user(&kit, "Bob").await;
    assert_eq!(made.arn, Some(arn("user/Bob")));
    assert_eq!(made.create_date, Some(Timestamp::from_secs(1_750_000_000)));
    let id = made.user_id.unwrap();
    assert!(id.starts_with("AIDA") && id.len() == 21, "{id}");
    let again = CreateUserInput { user_name: "bob".into(), ..Default::default() };
    refused(kit.run(CreateUser, again).await, TAKEN, "User with name bob already exists.");
    assert_eq!(get(&kit, "BOB").await.unwrap().user_name.unwrap(), "Bob");
    remove(&kit, "boB").await.unwrap();
    refused(get(&kit, "bob").await, ABSENT, "The user with name bob cannot be found.");
    refused(remove(&kit, "bob").await, ABSENT, "The user with name bob cannot be found.");
    assert_ne!(user(&kit, "bob").await.user_id.unwrap(), id);
}

#[tokio::test]
async fn of_two_who_make_a_user_at_once_one_does() {
    let kit = Arc::new(kit());
    let tries = (0..8).map(|_| {
        let kit = kit.clone();
        tokio::task::spawn(async move {
            let input = CreateUserInput { user_name: "bob".into(), ..Default::default() };
            kit.run(CreateUser, input).await.is_ok()
        })
    });
    let mut made = 0;
    for one in tries.collect::<Vec<_>>() {
        made += usize::from(one.await.unwrap());
    }
    assert_eq!(made, 1);
    let summary = kit.run(GetAccountSummary, GetAccountSummaryInput {}).await.unwrap().summary_map.unwrap();
    assert_eq!(summary["Users"], 1);
}

#[tokio::test]
async fn names_and_paths_are_checked_in_the_services_words() {
    let kit = kit();
    let named = CreateUserInput { user_name: "a b".into(), ..Default::default() };
    let text = "The specified value for userName is invalid. It must contain only alphanumeric characters and/or the \
                following: +=,.@_-";
    refused(kit.run(CreateUser, named).await, VALIDATION, text);
    let text = "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric \
                characters and/or / characters.";
    for path in ["a", "/a", "a/", "//"] {
        let input = CreateUserInput { user_name: "a".into(), path: Some(path.into()), ..Default::default() };
        refused(kit.run(CreateUser, input).await, VALIDATION, text);
    }
    let long = CreateUserInput { user_name: "a".repeat(65).into(), ..Default::default() };
    let (code, text) = refusal(kit.run(CreateUser, long).await);
    assert_eq!(code, VALIDATION);
    assert!(text.ends_with("Member must have length less than or equal to 64"), "{text}");
    let input = CreateUserInput { user_name: "a".into(), path: Some("/x/y/".into()), ..Default::default() };
    let made = kit.run(CreateUser, input).await.unwrap().user.unwrap();
    assert_eq!(made.arn, Some(arn("user/x/y/a")));
}

#[tokio::test]
async fn lists_come_in_pages_and_by_path() {
    let kit = kit();
    for n in 0..130 {
        let path = Some(if n % 2 == 0 { "/even/" } else { "/odd/" }.to_owned());
        let user_name = format!("user{n:03}").into();
        kit.run(CreateUser, CreateUserInput { user_name, path, ..Default::default() }).await.unwrap();
    }
    let mut names = Vec::new();
    let mut marker = None;
    let mut pages = 0;
    loop {
        let page = kit.run(ListUsers, ListUsersInput { marker, ..Default::default() }).await.unwrap();
        names.extend(page.users.unwrap().into_iter().map(|user| user.user_name.unwrap()));
        pages += 1;
        marker = page.marker;
        assert_eq!(page.is_truncated, Some(marker.is_some()));
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(pages, 2);
    assert_eq!(names, (0..130).map(|n| format!("user{n:03}")).collect::<Vec<_>>());
    let even =
        ListUsersInput { path_prefix: Some("/even".into()), max_items: Some(1000), ..Default::default() };
    assert_eq!(kit.run(ListUsers, even).await.unwrap().users.unwrap().len(), 65);
    let bad = ListUsersInput { marker: Some("!".into()), ..Default::default() };
    refused(kit.run(ListUsers, bad).await, VALIDATION, "Invalid Marker.");
    let bad = ListUsersInput { max_items: Some(0), ..Default::default() };
    assert_eq!(refusal(kit.run(ListUsers, bad).await).0, VALIDATION);
}

#[tokio::test]
async fn what_a_user_has_stands_in_the_way_of_its_end() {
    let kit = kit();
    user(&kit, "bob").await;
    group(&kit, "ops").await;
    join(&kit, "bob", "ops").await.unwrap();
    attach_to_user(&kit, "bob", ADMIN).await.unwrap();
    put_user_policy(&kit, "bob", "own", ALLOW).await.unwrap();
    let bob = || Some("bob".to_owned());
    let key = kit.run(CreateAccessKey, CreateAccessKeyInput { user_name: bob() }).await.unwrap();
    refused(remove(&kit, "bob").await, CONFLICT, "Cannot delete entity, must remove users from group first.");
    let input = RemoveUserFromGroupInput { group_name: "OPS".into(), user_name: "BOB".into() };
    kit.run(RemoveUserFromGroup, input).await.unwrap();
    refused(remove(&kit, "bob").await, CONFLICT, "Cannot delete entity, must detach all policies first.");
    let input = DetachUserPolicyInput { user_name: "bob".into(), policy_arn: ADMIN.into() };
    kit.run(DetachUserPolicy, input).await.unwrap();
    refused(remove(&kit, "bob").await, CONFLICT, "Cannot delete entity, must delete policies first.");
    let input = DeleteUserPolicyInput { user_name: "bob".into(), policy_name: "own".into() };
    kit.run(DeleteUserPolicy, input).await.unwrap();
    refused(remove(&kit, "bob").await, CONFLICT, "Cannot delete entity, must delete access keys first.");
    let access_key_id = key.access_key.unwrap().access_key_id.unwrap().into();
    kit.run(DeleteAccessKey, DeleteAccessKeyInput { user_name: bob(), access_key_id }).await.unwrap();
    remove(&kit, "bob").await.unwrap();
}

#[tokio::test]
async fn a_new_name_goes_everywhere() {
    let kit = kit();
    let id = user(&kit, "bob").await.user_id;
    user(&kit, "eve").await;
    group(&kit, "ops").await;
    join(&kit, "bob", "ops").await.unwrap();
    attach_to_user(&kit, "bob", ADMIN).await.unwrap();
    let bound =
        PutUserPermissionsBoundaryInput { user_name: "bob".into(), permissions_boundary: READ_ONLY.into() };
    kit.run(PutUserPermissionsBoundary, bound).await.unwrap();
    let key = kit.run(CreateAccessKey, CreateAccessKeyInput { user_name: Some("bob".into()) }).await.unwrap();
    let rename = |from: &str, to: &str| UpdateUserInput {
        user_name: from.into(),
        new_user_name: Some(to.into()),
        new_path: Some("/new/".into()),
    };
    refused(kit.run(UpdateUser, rename("bob", "EVE")).await, TAKEN, "User with name EVE already exists.");
    kit.run(UpdateUser, rename("bob", "Robert")).await.unwrap();
    refused(get(&kit, "bob").await, ABSENT, "The user with name bob cannot be found.");
    let now = get(&kit, "robert").await.unwrap();
    assert_eq!((now.user_id, now.arn), (id, Some(arn("user/new/Robert"))));
    let members = GetGroupInput { group_name: "ops".into(), ..Default::default() };
    let members = kit.run(GetGroup, members).await.unwrap().users.unwrap();
    assert_eq!(members[0].user_name.as_deref(), Some("Robert"));
    for (policy, usage) in
        [(ADMIN, PolicyUsageType::PermissionsPolicy), (READ_ONLY, PolicyUsageType::PermissionsBoundary)]
    {
        let input = ListEntitiesForPolicyInput {
            policy_arn: policy.into(),
            policy_usage_filter: Some(usage.into()),
            ..Default::default()
        };
        let users = kit.run(ListEntitiesForPolicy, input).await.unwrap().policy_users.unwrap();
        assert_eq!(users.len(), 1);
        assert_eq!(users[0].user_name.as_deref(), Some("Robert"));
    }
    let access_key_id = key.access_key.unwrap().access_key_id.unwrap().into();
    let used = kit.run(GetAccessKeyLastUsed, GetAccessKeyLastUsedInput { access_key_id }).await.unwrap();
    assert_eq!(used.user_name.as_deref(), Some("Robert"));
    // Only the case changes.
    kit.run(UpdateUser, rename("robert", "ROBERT")).await.unwrap();
    assert_eq!(get(&kit, "robert").await.unwrap().user_name.as_deref(), Some("ROBERT"));
    refused(kit.run(UpdateUser, rename("x", "y")).await, ABSENT, "The user with name x cannot be found.");
}

#[tokio::test]
async fn who_does_not_say_whom_means_himself() {
    let kit = kit();
    let input = CreateUserInput { user_name: "bob".into(), path: Some("/a/".into()), ..Default::default() };
    kit.run(CreateUser, input).await.unwrap();
    let me = kit.run_as(by_user(&kit, "a/bob"), GetUser, GetUserInput::default()).await.unwrap();
    assert_eq!(me.user.unwrap().user_name.as_deref(), Some("bob"));
    let root = kit.run(GetUser, GetUserInput::default()).await.unwrap().user.unwrap();
    assert_eq!((root.arn, root.user_id.as_deref()), (Some(arn("root")), Some(testkit::ACCOUNT)));
    let text = "Must specify userName when calling with non-User credentials";
    refused(kit.run_as(by_role(&kit, "r"), GetUser, GetUserInput::default()).await, VALIDATION, text);
}

#[tokio::test]
async fn tags_are_set_listed_and_removed() {
    let kit = kit();
    user(&kit, "bob").await;
    let tag_user = |tags| TagUserInput { user_name: "bob".into(), tags: tags_of(tags).into() };
    kit.run(TagUser, tag_user(vec![("Team", "a"), ("Cost", "")])).await.unwrap();
    kit.run(TagUser, tag_user(vec![("team", "b")])).await.unwrap();
    let list = ListUserTagsInput { user_name: "bob".into(), ..Default::default() };
    let tags = kit.run(ListUserTags, list).await.unwrap().tags.unwrap();
    let tags: Vec<_> = tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())).collect();
    assert_eq!(tags, [("Cost", ""), ("team", "b")]);
    let text = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
    refused(kit.run(TagUser, tag_user(vec![("a", "1"), ("A", "2")])).await, INPUT, text);
    assert_eq!(refusal(kit.run(TagUser, tag_user(vec![("AWS:x", "1")])).await).0, INPUT);
    let names: Vec<String> = (0..49).map(|n| format!("k{n}")).collect();
    let many = names.iter().map(|name| (name.as_str(), "")).collect();
    refused(kit.run(TagUser, tag_user(many)).await, LIMIT, "Cannot exceed quota for TagsPerResource: 50");
    let input =
        UntagUserInput { user_name: "bob".into(), tag_keys: vec!["TEAM".to_owned(), "x".into()].into() };
    kit.run(UntagUser, input).await.unwrap();
    let tags = get(&kit, "bob").await.unwrap().tags.unwrap();
    assert_eq!(tags.iter().map(|tag| tag.key.as_str()).collect::<Vec<_>>(), ["Cost"]);
}

fn tags_of(pairs: Vec<(&str, &str)>) -> Vec<Tag> {
    pairs.into_iter().map(|(key, value)| tag(key, value)).collect()
}

#[tokio::test]
async fn a_boundary_must_be_a_policy() {
    let kit = kit();
    let create = |boundary: &str| CreateUserInput {
        user_name: "bob".into(),
        permissions_boundary: Some(boundary.into()),
        ..Default::default()
    };
    let absent = arn("policy/none");
    let text = format!("Scope ARN: {absent} does not exist or is not attachable.");
    refused(kit.run(CreateUser, create(&absent)).await, ABSENT, &text);
    let bad = "arn:aws:s3:::bucket/something";
    refused(kit.run(CreateUser, create(bad)).await, INPUT, &format!("ARN {bad} is not valid."));
    refused(get(&kit, "bob").await, ABSENT, "The user with name bob cannot be found.");
    let made = kit.run(CreateUser, create(READ_ONLY)).await.unwrap().user.unwrap();
    let boundary = made.permissions_boundary.unwrap();
    assert_eq!(boundary.permissions_boundary_arn.as_deref(), Some(READ_ONLY));
    let put = PutUserPermissionsBoundaryInput { user_name: "bob".into(), permissions_boundary: ADMIN.into() };
    kit.run(PutUserPermissionsBoundary, put).await.unwrap();
    let uses = |arn: &str| {
        let input = GetPolicyInput { policy_arn: arn.into() };
        async { kit.run(GetPolicy, input).await.unwrap().policy.unwrap().permissions_boundary_usage_count }
    };
    assert_eq!((uses(READ_ONLY).await, uses(ADMIN).await), (Some(0), Some(1)));
    let delete = DeleteUserPermissionsBoundaryInput { user_name: "bob".into() };
    kit.run(DeleteUserPermissionsBoundary, delete.clone()).await.unwrap();
    assert_eq!(uses(ADMIN).await, Some(0));
    assert_eq!(refusal(kit.run(DeleteUserPermissionsBoundary, delete).await).0, ABSENT);
}

#[tokio::test]
async fn accounts_do_not_see_one_another() {
    let kit = kit();
    user(&kit, "bob").await;
    let other = "999999999999";
    let call =
        kernel::Call { account: other.into(), principal: Principal::root(other, "test"), ..kit.call() };
    let input = GetUserInput { user_name: Some("bob".into()) };
    let text = "The user with name bob cannot be found.";
    refused(kit.run_as(call, GetUser, input).await, ABSENT, text);
}
