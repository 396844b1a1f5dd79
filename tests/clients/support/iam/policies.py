"""Managed and inline policies, boundaries, and what policies would say."""

import json
import time

from support.aws import fails
from support.iam import AWS_MANAGED, arn, document, group, iam, operation, policy, role, user

MAKE = {"User": user, "Group": group, "Role": role}
# Reports are made in the background in principle; this is how long one is waited for.
PATIENCE_S = 30


@operation
def create_policy(account, call):
    name = account.name("policy")
    made = call("CreatePolicy", PolicyName=name, PolicyDocument=json.dumps(document()), Description="of a test")
    made = made["Policy"]
    assert (made["PolicyName"], made["Arn"]) == (name, arn(account, f"policy/{name}"))
    assert (made["DefaultVersionId"], made["AttachmentCount"], made["IsAttachable"]) == ("v1", 0, True)
    assert made["PolicyId"].startswith("ANPA")
    with fails(account, "MalformedPolicyDocument"):
        iam(account).create_policy(PolicyName=account.name("policy"), PolicyDocument='{"Version": "2012-10-17"}')


@operation
def get_policy(account, call):
    made = policy(account)
    assert call("GetPolicy", PolicyArn=made)["Policy"]["Arn"] == made
    assert call("GetPolicy", PolicyArn=AWS_MANAGED)["Policy"]["PolicyName"] == "ReadOnlyAccess"


@operation
def list_policies(account, call):
    made = {policy(account) for _ in range(2)}
    assert {p["Arn"] for p in call("ListPolicies", Scope="Local")["Policies"]} == made
    of_aws, marker = [], {}
    while True:
        page = call("ListPolicies", Scope="AWS", MaxItems=1000, **marker)
        of_aws += [p["Arn"] for p in page["Policies"]]
        if not page["IsTruncated"]:
            break
        marker = {"Marker": page["Marker"]}
    assert AWS_MANAGED in of_aws
    assert not made & set(of_aws)


@operation
def delete_policy(account, call):
    made, name = policy(account), user(account)
    iam(account).attach_user_policy(UserName=name, PolicyArn=made)
    with fails(account, "DeleteConflict"):
        iam(account).delete_policy(PolicyArn=made)
    iam(account).detach_user_policy(UserName=name, PolicyArn=made)
    assert call("DeletePolicy", PolicyArn=made) == {}
    with fails(account, "NoSuchEntity"):
        iam(account).get_policy(PolicyArn=made)


@operation
def create_policy_version(account, call):
    made, new = policy(account), document(action="sqs:SendMessage")
    version = call("CreatePolicyVersion", PolicyArn=made, PolicyDocument=json.dumps(new), SetAsDefault=True)
    assert version["PolicyVersion"]["VersionId"] == "v2"
    assert iam(account).get_policy(PolicyArn=made)["Policy"]["DefaultVersionId"] == "v2"
    for _ in range(3):
        iam(account).create_policy_version(PolicyArn=made, PolicyDocument=json.dumps(new))
    with fails(account, "LimitExceeded"):
        iam(account).create_policy_version(PolicyArn=made, PolicyDocument=json.dumps(new))


@operation
def get_policy_version(account, call):
    made = policy(account)
    found = call("GetPolicyVersion", PolicyArn=made, VersionId="v1")["PolicyVersion"]
    assert (found["Document"], found["IsDefaultVersion"]) == (document(), True)


def second_version(account, made):
    new = json.dumps(document(action="sqs:SendMessage"))
    iam(account).create_policy_version(PolicyArn=made, PolicyDocument=new)


@operation
def list_policy_versions(account, call):
    made = policy(account)
    second_version(account, made)
    versions = call("ListPolicyVersions", PolicyArn=made)["Versions"]
    assert {v["VersionId"]: v["IsDefaultVersion"] for v in versions} == {"v1": True, "v2": False}


@operation
def set_default_policy_version(account, call):
    made = policy(account)
    second_version(account, made)
    assert call("SetDefaultPolicyVersion", PolicyArn=made, VersionId="v2") == {}
    assert iam(account).get_policy(PolicyArn=made)["Policy"]["DefaultVersionId"] == "v2"


@operation
def delete_policy_version(account, call):
    made = policy(account)
    second_version(account, made)
    assert call("DeletePolicyVersion", PolicyArn=made, VersionId="v2") == {}
    assert [v["VersionId"] for v in iam(account).list_policy_versions(PolicyArn=made)["Versions"]] == ["v1"]
    with fails(account, "DeleteConflict"):
        iam(account).delete_policy_version(PolicyArn=made, VersionId="v1")


def attached(account, kind, name):
    call = account.boto(service="iam")
    found = call(f"ListAttached{kind}Policies", **{f"{kind}Name": name})["AttachedPolicies"]
    return [p["PolicyArn"] for p in found]


def of_attachments(kind):
    """Exercises of the managed policies of users, groups or roles."""

    def attach(account, call):
        name, made = MAKE[kind](account), policy(account)
        for one in (made, AWS_MANAGED):
            assert call(f"Attach{kind}Policy", **{f"{kind}Name": name}, PolicyArn=one) == {}
        assert set(attached(account, kind, name)) == {made, AWS_MANAGED}
        assert iam(account).get_policy(PolicyArn=made)["Policy"]["AttachmentCount"] == 1

    def detach(account, call):
        name, made = MAKE[kind](account), policy(account)
        account.boto(service="iam")(f"Attach{kind}Policy", **{f"{kind}Name": name}, PolicyArn=made)
        assert call(f"Detach{kind}Policy", **{f"{kind}Name": name}, PolicyArn=made) == {}
        assert attached(account, kind, name) == []
        with fails(account, "NoSuchEntity"):
            account.boto(service="iam")(f"Detach{kind}Policy", **{f"{kind}Name": name}, PolicyArn=made)

    def listed(account, call):
        name = MAKE[kind](account)
        account.boto(service="iam")(f"Attach{kind}Policy", **{f"{kind}Name": name}, PolicyArn=AWS_MANAGED)
        [found] = call(f"ListAttached{kind}Policies", **{f"{kind}Name": name})["AttachedPolicies"]
        assert found == {"PolicyName": "ReadOnlyAccess", "PolicyArn": AWS_MANAGED}

    operation.add(f"Attach{kind}Policy", attach)
    operation.add(f"Detach{kind}Policy", detach)
    operation.add(f"ListAttached{kind}Policies", listed)


def of_inline(kind):
    """Exercises of the inline policies of users, groups or roles."""

    def put(account, name, text=None):
        text = text or json.dumps(document())
        account.boto(service="iam")(
            f"Put{kind}Policy", **{f"{kind}Name": name}, PolicyName="inline", PolicyDocument=text
        )

    def putting(account, call):
        name = MAKE[kind](account)
        wanted = {f"{kind}Name": name, "PolicyName": "inline"}
        assert call(f"Put{kind}Policy", **wanted, PolicyDocument=json.dumps(document())) == {}
        assert account.boto(service="iam")(f"Get{kind}Policy", **wanted)["PolicyDocument"] == document()
        with fails(account, "MalformedPolicyDocument"):
            put(account, name, "no policy")

    def getting(account, call):
        name = MAKE[kind](account)
        put(account, name)
        found = call(f"Get{kind}Policy", **{f"{kind}Name": name}, PolicyName="inline")
        assert (found[f"{kind}Name"], found["PolicyName"]) == (name, "inline")
        assert found["PolicyDocument"] == document()

    def listing(account, call):
        name = MAKE[kind](account)
        put(account, name)
        assert call(f"List{kind}Policies", **{f"{kind}Name": name})["PolicyNames"] == ["inline"]

    def deleting(account, call):
        name = MAKE[kind](account)
        put(account, name)
        assert call(f"Delete{kind}Policy", **{f"{kind}Name": name}, PolicyName="inline") == {}
        assert account.boto(service="iam")(f"List{kind}Policies", **{f"{kind}Name": name})["PolicyNames"] == []

    operation.add(f"Put{kind}Policy", putting)
    operation.add(f"Get{kind}Policy", getting)
    operation.add(f"List{kind}Policies", listing)
    operation.add(f"Delete{kind}Policy", deleting)


def of_boundary(kind):
    """Exercises of the permissions boundaries of users or roles."""

    def boundary(account, name):
        found = account.boto(service="iam")(f"Get{kind}", **{f"{kind}Name": name})[kind]
        return found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")

    def put(account, call):
        name, made = MAKE[kind](account), policy(account)
        assert call(f"Put{kind}PermissionsBoundary", **{f"{kind}Name": name}, PermissionsBoundary=made) == {}
        assert boundary(account, name) == made

    def delete(account, call):
        name = MAKE[kind](account, PermissionsBoundary=policy(account))
        assert call(f"Delete{kind}PermissionsBoundary", **{f"{kind}Name": name}) == {}
        assert boundary(account, name) is None

    operation.add(f"Put{kind}PermissionsBoundary", put)
    operation.add(f"Delete{kind}PermissionsBoundary", delete)


for of in MAKE:
    of_attachments(of)
    of_inline(of)
for of in ("User", "Role"):
    of_boundary(of)


@operation
def list_entities_for_policy(account, call):
    made, name, of_role = policy(account), user(account), role(account)
    iam(account).attach_user_policy(UserName=name, PolicyArn=made)
    iam(account).attach_role_policy(RoleName=of_role, PolicyArn=made)
    found = call("ListEntitiesForPolicy", PolicyArn=made)
    assert [u["UserName"] for u in found["PolicyUsers"]] == [name]
    assert [r["RoleName"] for r in found["PolicyRoles"]] == [of_role]
    assert found["PolicyGroups"] == []


@operation
def list_policies_granting_service_access(account, call):
    name, made = user(account), policy(account)
    iam(account).attach_user_policy(UserName=name, PolicyArn=made)
    wanted = {"Arn": arn(account, f"user/{name}"), "ServiceNamespaces": ["sqs", "kms"]}
    found = call("ListPoliciesGrantingServiceAccess", **wanted)["PoliciesGrantingServiceAccess"]
    found = {entry["ServiceNamespace"]: [p["PolicyArn"] for p in entry.get("Policies", [])] for entry in found}
    assert found["sqs"] == [made]
    assert not found.get("kms")


def decisions(answer):
    return {result["EvalActionName"]: result["EvalDecision"] for result in answer["EvaluationResults"]}


@operation
def simulate_custom_policy(account, call):
    policies = [json.dumps(document()), json.dumps(document("Deny", "sqs:DeleteQueue"))]
    actions = ["sqs:SendMessage", "sqs:DeleteQueue", "kms:Decrypt"]
    answer = call("SimulateCustomPolicy", PolicyInputList=policies, ActionNames=actions)
    expected = {"sqs:SendMessage": "allowed", "sqs:DeleteQueue": "explicitDeny", "kms:Decrypt": "implicitDeny"}
    assert decisions(answer) == expected


@operation
def simulate_principal_policy(account, call):
    name = user(account)
    iam(account).put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=json.dumps(document()))
    source, actions = arn(account, f"user/{name}"), ["sqs:SendMessage", "kms:Decrypt"]
    answer = call("SimulatePrincipalPolicy", PolicySourceArn=source, ActionNames=actions)
    assert decisions(answer) == {"sqs:SendMessage": "allowed", "kms:Decrypt": "implicitDeny"}


def conditional():
    found = document()
    found["Statement"][0]["Condition"] = {"StringEquals": {"aws:PrincipalTag/team": "blue"}}
    return json.dumps(found)


@operation
def get_context_keys_for_custom_policy(account, call):
    keys = call("GetContextKeysForCustomPolicy", PolicyInputList=[conditional()])["ContextKeyNames"]
    assert [key.lower() for key in keys] == ["aws:principaltag/team"]


@operation
def get_context_keys_for_principal_policy(account, call):
    name = user(account)
    iam(account).put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=conditional())
    source = arn(account, f"user/{name}")
    keys = call("GetContextKeysForPrincipalPolicy", PolicySourceArn=source)["ContextKeyNames"]
    assert [key.lower() for key in keys] == ["aws:principaltag/team"]


def job(account):
    """Asks when a user last used which service; gives the user and the job."""
    name = user(account)
    iam(account).put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=json.dumps(document()))
    return name, iam(account).generate_service_last_accessed_details(Arn=arn(account, f"user/{name}"))["JobId"]


def finished(call, operation_name, **wanted):
    """The answer of a job that has ended."""
    deadline = time.monotonic() + PATIENCE_S
    while (answer := call(operation_name, **wanted))["JobStatus"] == "IN_PROGRESS":
        assert time.monotonic() < deadline, "the job did not end"
        time.sleep(0.05)
    assert answer["JobStatus"] == "COMPLETED"
    return answer


@operation
def generate_service_last_accessed_details(account, call):
    made = call("GenerateServiceLastAccessedDetails", Arn=arn(account, f"user/{user(account)}"))["JobId"]
    assert len(made) == 36


@operation
def get_service_last_accessed_details(account, call):
    _, made = job(account)
    found = finished(call, "GetServiceLastAccessedDetails", JobId=made)["ServicesLastAccessed"]
    assert "sqs" in [entry["ServiceNamespace"] for entry in found]


@operation
def get_service_last_accessed_details_with_entities(account, call):
    name = user(account)
    made = policy(account)
    iam(account).attach_user_policy(UserName=name, PolicyArn=made)
    started = iam(account).generate_service_last_accessed_details(Arn=made)["JobId"]
    wanted = {"JobId": started, "ServiceNamespace": "sqs"}
    [found] = finished(call, "GetServiceLastAccessedDetailsWithEntities", **wanted)["EntityDetailsList"]
    assert found["EntityInfo"]["Name"] == name
