"""Users, groups, roles and instance profiles."""

import json

from support.aws import fails
from support.iam import arn, group, iam, operation, profile, role, trust, user


@operation
def create_user(account, call):
    name = account.name("user")
    made = call("CreateUser", UserName=name, Path="/team/")["User"]
    assert (made["UserName"], made["Path"]) == (name, "/team/")
    assert made["Arn"] == arn(account, f"user/team/{name}")
    assert made["UserId"].startswith("AIDA")
    with fails(account, "EntityAlreadyExists", f"User with name {name} already exists."):
        iam(account).create_user(UserName=name)


@operation
def get_user(account, call):
    name = user(account)
    found = call("GetUser", UserName=name)["User"]
    assert (found["UserName"], found["Arn"]) == (name, arn(account, f"user/{name}"))
    with fails(account, "NoSuchEntity", "The user with name nobody cannot be found."):
        iam(account).get_user(UserName="nobody")


@operation
def list_users(account, call):
    names = {user(account) for _ in range(3)}
    assert {u["UserName"] for u in call("ListUsers")["Users"]} == names
    page = call("ListUsers", MaxItems=2)
    assert (len(page["Users"]), page["IsTruncated"]) == (2, True)
    rest = call("ListUsers", MaxItems=2, Marker=page["Marker"])
    assert {u["UserName"] for u in page["Users"] + rest["Users"]} == names
    assert rest["IsTruncated"] is False


@operation
def update_user(account, call):
    name, new = user(account), account.name("user")
    assert call("UpdateUser", UserName=name, NewUserName=new, NewPath="/moved/") == {}
    assert iam(account).get_user(UserName=new)["User"]["Arn"] == arn(account, f"user/moved/{new}")
    with fails(account, "NoSuchEntity"):
        iam(account).get_user(UserName=name)


@operation
def delete_user(account, call):
    name, keyed = user(account), user(account)
    assert call("DeleteUser", UserName=name) == {}
    with fails(account, "NoSuchEntity"):
        iam(account).get_user(UserName=name)
    iam(account).create_access_key(UserName=keyed)
    with fails(account, "DeleteConflict"):
        iam(account).delete_user(UserName=keyed)


@operation
def create_group(account, call):
    name = account.name("group")
    made = call("CreateGroup", GroupName=name)["Group"]
    assert (made["GroupName"], made["Arn"]) == (name, arn(account, f"group/{name}"))
    assert made["GroupId"].startswith("AGPA")


@operation
def get_group(account, call):
    name, member = group(account), user(account)
    iam(account).add_user_to_group(GroupName=name, UserName=member)
    found = call("GetGroup", GroupName=name)
    assert found["Group"]["GroupName"] == name
    assert [u["UserName"] for u in found["Users"]] == [member]


@operation
def list_groups(account, call):
    names = {group(account) for _ in range(2)}
    assert {g["GroupName"] for g in call("ListGroups")["Groups"]} == names


@operation
def update_group(account, call):
    name, new, member = group(account), account.name("group"), user(account)
    iam(account).add_user_to_group(GroupName=name, UserName=member)
    assert call("UpdateGroup", GroupName=name, NewGroupName=new) == {}
    assert [u["UserName"] for u in iam(account).get_group(GroupName=new)["Users"]] == [member]


@operation
def delete_group(account, call):
    name = group(account)
    assert call("DeleteGroup", GroupName=name) == {}
    with fails(account, "NoSuchEntity", f"The group with name {name} cannot be found."):
        iam(account).get_group(GroupName=name)


@operation
def add_user_to_group(account, call):
    name, member = group(account), user(account)
    assert call("AddUserToGroup", GroupName=name, UserName=member) == {}
    assert [u["UserName"] for u in iam(account).get_group(GroupName=name)["Users"]] == [member]


@operation
def remove_user_from_group(account, call):
    name, member = group(account), user(account)
    iam(account).add_user_to_group(GroupName=name, UserName=member)
    assert call("RemoveUserFromGroup", GroupName=name, UserName=member) == {}
    assert iam(account).get_group(GroupName=name)["Users"] == []


@operation
def list_groups_for_user(account, call):
    member, names = user(account), {group(account) for _ in range(2)}
    for name in names:
        iam(account).add_user_to_group(GroupName=name, UserName=member)
    assert {g["GroupName"] for g in call("ListGroupsForUser", UserName=member)["Groups"]} == names


@operation
def create_role(account, call):
    name = account.name("role")
    wanted = {"RoleName": name, "AssumeRolePolicyDocument": json.dumps(trust()), "MaxSessionDuration": 7200}
    made = call("CreateRole", Description="of a test", **wanted)["Role"]
    assert (made["RoleName"], made["Arn"]) == (name, arn(account, f"role/{name}"))
    assert made["RoleId"].startswith("AROA")
    found = iam(account).get_role(RoleName=name)["Role"]
    assert (found["Description"], found["MaxSessionDuration"]) == ("of a test", 7200)
    with fails(account, "MalformedPolicyDocument"):
        iam(account).create_role(RoleName=account.name("role"), AssumeRolePolicyDocument="{}")


@operation
def get_role(account, call):
    name = role(account)
    found = call("GetRole", RoleName=name)["Role"]
    assert (found["RoleName"], found["MaxSessionDuration"]) == (name, 3600)
    assert found["AssumeRolePolicyDocument"] == trust()
    with fails(account, "NoSuchEntity", "The role with name nobody cannot be found."):
        iam(account).get_role(RoleName="nobody")


@operation
def list_roles(account, call):
    names = {role(account, Path="/mine/") for _ in range(2)}
    role(account)
    assert {r["RoleName"] for r in call("ListRoles", PathPrefix="/mine/")["Roles"]} == names


@operation
def update_role(account, call):
    name = role(account)
    assert call("UpdateRole", RoleName=name, Description="new", MaxSessionDuration=43200) == {}
    found = iam(account).get_role(RoleName=name)["Role"]
    assert (found["Description"], found["MaxSessionDuration"]) == ("new", 43200)


@operation
def update_role_description(account, call):
    name = role(account, Description="old")
    assert call("UpdateRoleDescription", RoleName=name, Description="new")["Role"]["Description"] == "new"
    assert iam(account).get_role(RoleName=name)["Role"]["Description"] == "new"


@operation
def update_assume_role_policy(account, call):
    name, new = role(account), trust("ecs-tasks.amazonaws.com")
    assert call("UpdateAssumeRolePolicy", RoleName=name, PolicyDocument=json.dumps(new)) == {}
    assert iam(account).get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"] == new


@operation
def delete_role(account, call):
    name = role(account)
    assert call("DeleteRole", RoleName=name) == {}
    with fails(account, "NoSuchEntity"):
        iam(account).get_role(RoleName=name)


@operation
def create_service_linked_role(account, call):
    made = call("CreateServiceLinkedRole", AWSServiceName="ecs.amazonaws.com")["Role"]
    assert made["RoleName"] == "AWSServiceRoleForECS"
    assert made["Path"] == "/aws-service-role/ecs.amazonaws.com/"
    with fails(account, "UnmodifiableEntity"):
        iam(account).delete_role(RoleName="AWSServiceRoleForECS")


@operation
def delete_service_linked_role(account, call):
    iam(account).create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    task = call("DeleteServiceLinkedRole", RoleName="AWSServiceRoleForECS")["DeletionTaskId"]
    assert task.startswith("task/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS/")
    with fails(account, "NoSuchEntity"):
        iam(account).get_role(RoleName="AWSServiceRoleForECS")


@operation
def get_service_linked_role_deletion_status(account, call):
    iam(account).create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    task = iam(account).delete_service_linked_role(RoleName="AWSServiceRoleForECS")["DeletionTaskId"]
    assert call("GetServiceLinkedRoleDeletionStatus", DeletionTaskId=task)["Status"] == "SUCCEEDED"


@operation
def create_instance_profile(account, call):
    name = account.name("profile")
    made = call("CreateInstanceProfile", InstanceProfileName=name)["InstanceProfile"]
    assert (made["InstanceProfileName"], made["Roles"]) == (name, [])
    assert made["Arn"] == arn(account, f"instance-profile/{name}")


@operation
def get_instance_profile(account, call):
    name = profile(account)
    assert call("GetInstanceProfile", InstanceProfileName=name)["InstanceProfile"]["InstanceProfileName"] == name
    with fails(account, "NoSuchEntity", "Instance Profile nobody cannot be found."):
        iam(account).get_instance_profile(InstanceProfileName="nobody")


@operation
def list_instance_profiles(account, call):
    names = {profile(account) for _ in range(2)}
    assert {p["InstanceProfileName"] for p in call("ListInstanceProfiles")["InstanceProfiles"]} == names


@operation
def delete_instance_profile(account, call):
    name = profile(account)
    assert call("DeleteInstanceProfile", InstanceProfileName=name) == {}
    assert iam(account).list_instance_profiles()["InstanceProfiles"] == []


@operation
def add_role_to_instance_profile(account, call):
    name, member = profile(account), role(account)
    assert call("AddRoleToInstanceProfile", InstanceProfileName=name, RoleName=member) == {}
    found = iam(account).get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
    assert [r["RoleName"] for r in found["Roles"]] == [member]
    with fails(account, "LimitExceeded"):
        iam(account).add_role_to_instance_profile(InstanceProfileName=name, RoleName=role(account))


@operation
def remove_role_from_instance_profile(account, call):
    name, member = profile(account), role(account)
    iam(account).add_role_to_instance_profile(InstanceProfileName=name, RoleName=member)
    assert call("RemoveRoleFromInstanceProfile", InstanceProfileName=name, RoleName=member) == {}
    assert iam(account).get_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Roles"] == []


@operation
def list_instance_profiles_for_role(account, call):
    name, member = profile(account), role(account)
    iam(account).add_role_to_instance_profile(InstanceProfileName=name, RoleName=member)
    [found] = call("ListInstanceProfilesForRole", RoleName=member)["InstanceProfiles"]
    assert found["InstanceProfileName"] == name
