//! Roles and instance profiles.

mod common;

use common::*;
use model_iam::ops::*;
use model_iam::types::*;
use testkit::Kit;

async fn get(kit: &Kit, name: &str) -> Result<Role, model_iam::Error> {
    let input = GetRoleInput { role_name: name.into() };
    kit.run(GetRole, input).await.map(|output| output.role.expect("a role"))
}

async fn remove(kit: &Kit, name: &str) -> Result<(), model_iam::Error> {
    kit.run(DeleteRole, DeleteRoleInput { role_name: name.into() }).await.map(drop)
}

fn trusting(principal: &str) -> String {
    format!(
        r#"{{ "Version": "2012-10-17", "Statement": [{{ "Effect": "Allow", "Principal": {{ "AWS": "{principal}" }}, "Action": "sts:AssumeRole" }}] }}"#
    )
}

async fn trust_of(kit: &Kit, name: &str) -> String {
    decoded(&get(kit, name).await.unwrap().assume_role_policy_document.unwrap())
}

#[tokio::test]
async fn a_role_from_beginning_to_end() {
    let kit = kit();
    let input = CreateRoleInput {
        role_name: "Worker".into(),
        path: Some("/app/".into()),
        assume_role_policy_document: TRUST_EC2.into(),
        description: Some("works".into()),
        max_session_duration: Some(7200),
        tags: Some(vec![tag("team", "a")]),
        permissions_boundary: Some(READ_ONLY.into()),
    };
    let made = kit.run(CreateRole, input).await.unwrap().role.unwrap();
    assert_eq!(made.arn, Some(arn("role/app/Worker")));
    assert!(made.role_id.unwrap().starts_with("AROA"));
    let document = made.assume_role_policy_document.unwrap();
    assert!(document.starts_with("%7B%22Version%22%3A%222012-10-17%22"), "{document}");
    assert_eq!(decoded(&document), TRUST_EC2);
    let again = try_role(&kit, "worker", TRUST_EC2).await;
    refused(again, TAKEN, "Role with name worker already exists.");
    let found = get(&kit, "WORKER").await.unwrap();
    assert_eq!(found.description.as_deref(), Some("works"));
    assert_eq!(found.max_session_duration, Some(7200));
    assert_eq!(found.tags.unwrap().len(), 1);
    assert_eq!(found.role_last_used.unwrap().last_used_date, None);
    let boundary = found.permissions_boundary.unwrap();
    assert_eq!(boundary.permissions_boundary_type.unwrap().as_str(), "PermissionsBoundaryPolicy");
    let listed = kit.run(ListRoles, ListRolesInput::default()).await.unwrap().roles.unwrap();
    assert!(listed[0].tags.is_none() && listed[0].permissions_boundary.is_none());
    let update = UpdateRoleInput {
        role_name: "worker".into(),
        description: Some("rests".into()),
        max_session_duration: None,
    };
    kit.run(UpdateRole, update).await.unwrap();
    let found = get(&kit, "worker").await.unwrap();
    assert_eq!((found.description.as_deref(), found.max_session_duration), (Some("rests"), Some(3600)));
    let update =
        UpdateRoleInput { role_name: "worker".into(), max_session_duration: Some(3601), description: None };
    kit.run(UpdateRole, update).await.unwrap();
    let found = get(&kit, "worker").await.unwrap();
    assert_eq!((found.description.as_deref(), found.max_session_duration), (Some("rests"), Some(3601)));
    let describe = UpdateRoleDescriptionInput { role_name: "worker".into(), description: "x".into() };
    let shown = kit.run(UpdateRoleDescription, describe).await.unwrap().role.unwrap();
    assert_eq!(shown.description.as_deref(), Some("x"));
    let unbound = DeleteRolePermissionsBoundaryInput { role_name: "worker".into() };
    kit.run(DeleteRolePermissionsBoundary, unbound.clone()).await.unwrap();
    assert_eq!(refusal(kit.run(DeleteRolePermissionsBoundary, unbound).await).0, ABSENT);
    remove(&kit, "worker").await.unwrap();
    refused(get(&kit, "worker").await, ABSENT, "The role with name worker cannot be found.");
}

#[tokio::test]
async fn what_a_role_has_stands_in_the_way_of_its_end() {
    let kit = kit();
    role(&kit, "r").await;
    let profile = CreateInstanceProfileInput { instance_profile_name: "p".into(), ..Default::default() };
    kit.run(CreateInstanceProfile, profile).await.unwrap();
    let add = AddRoleToInstanceProfileInput { instance_profile_name: "p".into(), role_name: "r".into() };
    kit.run(AddRoleToInstanceProfile, add).await.unwrap();
    let attach = AttachRolePolicyInput { role_name: "r".into(), policy_arn: ADMIN.into() };
    kit.run(AttachRolePolicy, attach).await.unwrap();
    let put = PutRolePolicyInput {
        role_name: "r".into(),
        policy_name: "own".into(),
        policy_document: ALLOW.into(),
    };
    kit.run(PutRolePolicy, put).await.unwrap();
    let text = "Cannot delete entity, must remove roles from instance profile first.";
    refused(remove(&kit, "r").await, CONFLICT, text);
    let delete = DeleteInstanceProfileInput { instance_profile_name: "p".into() };
    refused(kit.run(DeleteInstanceProfile, delete).await, CONFLICT, text);
    let take =
        RemoveRoleFromInstanceProfileInput { instance_profile_name: "p".into(), role_name: "r".into() };
    kit.run(RemoveRoleFromInstanceProfile, take.clone()).await.unwrap();
    assert_eq!(refusal(kit.run(RemoveRoleFromInstanceProfile, take).await).0, ABSENT);
    refused(remove(&kit, "r").await, CONFLICT, "Cannot delete entity, must detach all policies first.");
    let detach = DetachRolePolicyInput { role_name: "r".into(), policy_arn: ADMIN.into() };
    kit.run(DetachRolePolicy, detach).await.unwrap();
    refused(remove(&kit, "r").await, CONFLICT, "Cannot delete entity, must delete policies first.");
    let input = DeleteRolePolicyInput { role_name: "r".into(), policy_name: "own".into() };
    kit.run(DeleteRolePolicy, input).await.unwrap();
    remove(&kit, "r").await.unwrap();
}

#[tokio::test]
async fn trust_policies_are_checked() {
    let kit = kit();
    for (document, text) in [
        ("{", "Syntax errors in policy."),
        (ALLOW, "Missing required field Principal"),
        (
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole","Resource":"*"}]}"#,
            "Has prohibited field Resource",
        ),
        (
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"s3:GetObject"}]}"#,
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
    ] {
        refused(try_role(&kit, "r", document).await, MALFORMED, text);
    }
    let blown = TRUST_EC2.replace("ec2.amazonaws.com", &"e".repeat(2048));
    refused(try_role(&kit, "r", &blown).await, LIMIT, "Cannot exceed quota for ACLSizePerRole: 2048");
    let nobody = arn("user/nobody");
    let text = format!("Invalid principal in policy: \"AWS\":\"{nobody}\"");
    refused(try_role(&kit, "r", &trusting(&nobody)).await, MALFORMED, &text);
    user(&kit, "bob").await;
    let wrong_path = arn("user/x/bob");
    let text = format!("Invalid principal in policy: \"AWS\":\"{wrong_path}\"");
    refused(try_role(&kit, "r", &trusting(&wrong_path)).await, MALFORMED, &text);
    let text = "Invalid principal in policy: \"AWS\":\"AIDAAAAAAAAAAAAAAAAAA\"";
    refused(try_role(&kit, "r", &trusting("AIDAAAAAAAAAAAAAAAAAA")).await, MALFORMED, text);
    for principal in [testkit::ACCOUNT, &arn("root"), "arn:aws:iam::555555555555:user/far", "*"] {
        let name = format!("r{}", principal.len());
        try_role(&kit, &name, &trusting(principal)).await.unwrap();
        assert_eq!(trust_of(&kit, &name).await, trusting(principal));
    }
}

#[tokio::test]
async fn a_role_trusts_whom_it_was_told_to_and_not_a_namesake() {
    let kit = kit();
    let id = user(&kit, "bob").await.user_id.unwrap();
    let bob = arn("user/bob");
    try_role(&kit, "r", &trusting(&bob)).await.unwrap();
    assert_eq!(trust_of(&kit, "r").await, trusting(&bob));
    // A new name is followed.
    let rename =
        UpdateUserInput { user_name: "bob".into(), new_user_name: Some("rob".into()), ..Default::default() };
    kit.run(UpdateUser, rename).await.unwrap();
    assert_eq!(trust_of(&kit, "r").await, trusting(&arn("user/rob")));
    // Whoever is gone is shown by id, also when there is another of the name.
    kit.run(DeleteUser, DeleteUserInput { user_name: "rob".into() }).await.unwrap();
    user(&kit, "rob").await;
    assert_eq!(trust_of(&kit, "r").await, trusting(&id));
    let stored: identity::records::Role = {
        let row = identity::keys::role(testkit::ACCOUNT, "r");
        let bytes = kit.deps().store.snapshot().get(&row).unwrap().unwrap();
        store::Record::decode(&bytes).unwrap()
    };
    assert!(stored.trust.contains(&id) && !stored.trust.contains("user/"));
    // Roles trust roles in the same way, and themselves.
    let update = UpdateAssumeRolePolicyInput {
        role_name: "r".into(),
        policy_document: trusting(&arn("role/r")).into(),
    };
    kit.run(UpdateAssumeRolePolicy, update).await.unwrap();
    assert_eq!(trust_of(&kit, "r").await, trusting(&arn("role/r")));
}

#[tokio::test]
async fn instance_profiles_hold_one_role() {
    let kit = kit();
    role(&kit, "r").await;
    role(&kit, "s").await;
    let create = CreateInstanceProfileInput {
        instance_profile_name: "Web".into(),
        path: Some("/x/".into()),
        tags: Some(vec![tag("a", "b")]),
    };
    let made = kit.run(CreateInstanceProfile, create.clone()).await.unwrap().instance_profile.unwrap();
    assert_eq!(made.arn, Some(arn("instance-profile/x/Web")));
    assert!(made.instance_profile_id.unwrap().starts_with("AIPA"));
    refused(kit.run(CreateInstanceProfile, create).await, TAKEN, "Instance Profile Web already exists.");
    let add = |profile: &str, role: &str| AddRoleToInstanceProfileInput {
        instance_profile_name: profile.into(),
        role_name: role.into(),
    };
    let text = "Instance Profile x cannot be found.";
    refused(kit.run(AddRoleToInstanceProfile, add("x", "r")).await, ABSENT, text);
    let text = "The role with name x cannot be found.";
    refused(kit.run(AddRoleToInstanceProfile, add("web", "x")).await, ABSENT, text);
    kit.run(AddRoleToInstanceProfile, add("web", "R")).await.unwrap();
    let text = "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1";
    refused(kit.run(AddRoleToInstanceProfile, add("web", "s")).await, LIMIT, text);
    let get = GetInstanceProfileInput { instance_profile_name: "WEB".into() };
    let found = kit.run(GetInstanceProfile, get).await.unwrap().instance_profile.unwrap();
    assert_eq!(found.roles.unwrap()[0].role_name.as_deref(), Some("r"));
    assert_eq!(found.tags.unwrap().len(), 1);
    let of_role = ListInstanceProfilesForRoleInput { role_name: "r".into(), ..Default::default() };
    let list = kit.run(ListInstanceProfilesForRole, of_role).await.unwrap().instance_profiles.unwrap();
    assert_eq!(list.len(), 1);
    let list = ListInstanceProfilesInput { path_prefix: Some("/y/".into()), ..Default::default() };
    let list = kit.run(ListInstanceProfiles, list).await.unwrap().instance_profiles.unwrap();
    assert_eq!(list.len(), 0);
}

#[tokio::test]
async fn tags_of_roles_and_profiles() {
    let kit = kit();
    role(&kit, "r").await;
    let profile = CreateInstanceProfileInput { instance_profile_name: "p".into(), ..Default::default() };
    kit.run(CreateInstanceProfile, profile).await.unwrap();
    let tags = || vec![tag("a", "1"), tag("b", "2"), tag("c", "3")].into();
    kit.run(TagRole, TagRoleInput { role_name: "r".into(), tags: tags() }).await.unwrap();
    let input = TagInstanceProfileInput { instance_profile_name: "p".into(), tags: tags() };
    kit.run(TagInstanceProfile, input).await.unwrap();
    let keys = || vec!["a".to_owned()].into();
    kit.run(UntagRole, UntagRoleInput { role_name: "r".into(), tag_keys: keys() }).await.unwrap();
    let input = UntagInstanceProfileInput { instance_profile_name: "p".into(), tag_keys: keys() };
    kit.run(UntagInstanceProfile, input).await.unwrap();
    let list = |marker| ListRoleTagsInput { role_name: "r".into(), max_items: Some(1), marker };
    let first = kit.run(ListRoleTags, list(None)).await.unwrap();
    assert_eq!((first.tags.unwrap()[0].key.as_str(), first.is_truncated), ("b", Some(true)));
    let second = kit.run(ListRoleTags, list(first.marker)).await.unwrap();
    assert_eq!((second.tags.unwrap()[0].key.as_str(), second.is_truncated), ("c", Some(false)));
    let list = ListInstanceProfileTagsInput { instance_profile_name: "p".into(), ..Default::default() };
    assert_eq!(kit.run(ListInstanceProfileTags, list).await.unwrap().tags.unwrap().len(), 2);
    let input = TagRoleInput { role_name: "x".into(), tags: tags() };
    refused(kit.run(TagRole, input).await, ABSENT, "The role with name x cannot be found.");
}

#[tokio::test]
async fn service_linked_roles_are_their_services() {
    let kit = kit();
    let create = |service: &str, suffix: Option<&str>| CreateServiceLinkedRoleInput {
        aws_service_name: service.into(),
        custom_suffix: suffix.map(str::to_owned),
        ..Default::default()
    };
    let made =
        kit.run(CreateServiceLinkedRole, create("ecs.amazonaws.com", None)).await.unwrap().role.unwrap();
    assert_eq!(made.arn, Some(arn("role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS")));
    let again = kit.run(CreateServiceLinkedRole, create("ecs.amazonaws.com", None)).await;
    let text = "Service role name AWSServiceRoleForECS has been taken in this account, please try a different suffix.";
    refused(again, INPUT, text);
    let suffixed = kit.run(CreateServiceLinkedRole, create("ecs.amazonaws.com", Some("x"))).await;
    refused(suffixed, INPUT, "Custom suffix is not allowed for ecs.amazonaws.com");
    let suffixed = kit.run(CreateServiceLinkedRole, create("autoscaling.amazonaws.com", Some("x"))).await;
    let name = suffixed.unwrap().role.unwrap().role_name.unwrap();
    assert_eq!(name, "AWSServiceRoleForAutoScaling_x");
    assert_eq!(refusal(kit.run(CreateServiceLinkedRole, create("no.amazonaws.com", None)).await).0, INPUT);
    let list =
        ListAttachedRolePoliciesInput { role_name: "AWSServiceRoleForECS".into(), ..Default::default() };
    let attached = kit.run(ListAttachedRolePolicies, list).await.unwrap().attached_policies.unwrap();
    assert_eq!(attached[0].policy_name.as_deref(), Some("AmazonECSServiceRolePolicy"));
    let attach = AttachRolePolicyInput { role_name: "AWSServiceRoleForECS".into(), policy_arn: ADMIN.into() };
    let text = "Cannot perform the operation on the protected role 'AWSServiceRoleForECS' - this role is only \
                modifiable by AWS";
    refused(kit.run(AttachRolePolicy, attach).await, "UnmodifiableEntity", text);
    refused(remove(&kit, "AWSServiceRoleForECS").await, "UnmodifiableEntity", text);
    let delete = |name: &str| DeleteServiceLinkedRoleInput { role_name: name.into() };
    let task = kit.run(DeleteServiceLinkedRole, delete("AWSServiceRoleForECS")).await.unwrap();
    let task = task.deletion_task_id.unwrap();
    assert!(task.starts_with("task/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS/"), "{task}");
    let status = |id: &str| GetServiceLinkedRoleDeletionStatusInput { deletion_task_id: id.into() };
    let done = kit.run(GetServiceLinkedRoleDeletionStatus, status(&task)).await.unwrap();
    assert_eq!(done.status.unwrap().as_str(), "SUCCEEDED");
    assert_eq!(refusal(kit.run(GetServiceLinkedRoleDeletionStatus, status("task/x/y")).await).0, ABSENT);
    refused(
        kit.run(DeleteServiceLinkedRole, delete("AWSServiceRoleForECS")).await,
        ABSENT,
        "The role with name AWSServiceRoleForECS cannot be found.",
    );
    role(&kit, "plain").await;
    assert_eq!(refusal(kit.run(DeleteServiceLinkedRole, delete("plain")).await).0, INPUT);
    // A week later nobody asks any more, and the next deletion clears up.
    kit.advance(std::time::Duration::from_secs(8 * 24 * 3600));
    kit.run(DeleteServiceLinkedRole, delete(&name)).await.unwrap();
    assert_eq!(refusal(kit.run(GetServiceLinkedRoleDeletionStatus, status(&task)).await).0, ABSENT);
    let entities = ListEntitiesForPolicyInput {
        policy_arn: "arn:aws:iam::aws:policy/aws-service-role/AmazonECSServiceRolePolicy".into(),
        ..Default::default()
    };
    assert_eq!(kit.run(ListEntitiesForPolicy, entities).await.unwrap().policy_roles.unwrap().len(), 0);
}
