"""What an account itself has: alias, password policy, summary, reports."""

import time

from support.aws import fails
from support.iam import AWS_MANAGED, group, iam, operation, policy, role, user

PATIENCE_S = 30


@operation
def create_account_alias(account, call):
    alias = account.name("alias")
    assert call("CreateAccountAlias", AccountAlias=alias) == {}
    assert iam(account).list_account_aliases()["AccountAliases"] == [alias]


@operation
def list_account_aliases(account, call):
    assert call("ListAccountAliases")["AccountAliases"] == []
    alias = account.name("alias")
    iam(account).create_account_alias(AccountAlias=alias)
    assert call("ListAccountAliases")["AccountAliases"] == [alias]


@operation
def delete_account_alias(account, call):
    alias = account.name("alias")
    iam(account).create_account_alias(AccountAlias=alias)
    assert call("DeleteAccountAlias", AccountAlias=alias) == {}
    assert iam(account).list_account_aliases()["AccountAliases"] == []


@operation
def update_account_password_policy(account, call):
    wanted = {"MinimumPasswordLength": 12, "RequireNumbers": True, "PasswordReusePrevention": 3}
    assert call("UpdateAccountPasswordPolicy", **wanted) == {}
    found = iam(account).get_account_password_policy()["PasswordPolicy"]
    assert found | wanted == found
    name = user(account)
    with fails(account, "PasswordPolicyViolation"):
        iam(account).create_login_profile(UserName=name, Password="no-numbers-in-here")


@operation
def get_account_password_policy(account, call):
    with fails(account, "NoSuchEntity"):
        iam(account).get_account_password_policy()
    iam(account).update_account_password_policy(MinimumPasswordLength=9)
    assert call("GetAccountPasswordPolicy")["PasswordPolicy"]["MinimumPasswordLength"] == 9


@operation
def delete_account_password_policy(account, call):
    iam(account).update_account_password_policy(MinimumPasswordLength=9)
    assert call("DeleteAccountPasswordPolicy") == {}
    with fails(account, "NoSuchEntity"):
        iam(account).get_account_password_policy()


@operation
def get_account_summary(account, call):
    user(account), user(account), group(account), role(account), policy(account)
    summary = call("GetAccountSummary")["SummaryMap"]
    assert [summary[what] for what in ("Users", "Groups", "Roles", "Policies")] == [2, 1, 1, 1]
    assert summary["UsersQuota"] == 5000


@operation
def get_account_authorization_details(account, call):
    name, of_role, of_group = user(account), role(account), group(account)
    made = policy(account)
    iam(account).attach_user_policy(UserName=name, PolicyArn=made)
    iam(account).attach_role_policy(RoleName=of_role, PolicyArn=AWS_MANAGED)
    found = call("GetAccountAuthorizationDetails")
    [of_user] = found["UserDetailList"]
    assert (of_user["UserName"], [p["PolicyArn"] for p in of_user["AttachedManagedPolicies"]]) == (name, [made])
    assert [r["RoleName"] for r in found["RoleDetailList"]] == [of_role]
    assert [g["GroupName"] for g in found["GroupDetailList"]] == [of_group]
    assert made in [p["Arn"] for p in found["Policies"]]
    only = call("GetAccountAuthorizationDetails", Filter=["LocalManagedPolicy"])
    assert ([p["Arn"] for p in only["Policies"]], only.get("UserDetailList", [])) == ([made], [])


def report(account, call):
    """Asks for the credential report until there is one."""
    deadline = time.monotonic() + PATIENCE_S
    while call("GenerateCredentialReport")["State"] != "COMPLETE":
        assert time.monotonic() < deadline, "the report is not made"
        time.sleep(0.05)


@operation
def generate_credential_report(account, call):
    report(account, call)
    assert iam(account).get_credential_report()["ReportFormat"] == "text/csv"


@operation
def get_credential_report(account, call):
    with fails(account, "ReportNotPresent"):
        iam(account).get_credential_report()
    name = user(account)
    report(account, account.boto(service="iam"))
    header, *rows = call("GetCredentialReport")["Content"].decode().splitlines()
    assert header.startswith("user,arn,user_creation_time,password_enabled,")
    assert [row.split(",")[0] for row in rows] == ["<root_account>", name]


@operation
def set_security_token_service_preferences(account, call):
    wanted = {"GlobalEndpointTokenVersion": "v2Token"}
    assert call("SetSecurityTokenServicePreferences", **wanted) == {}
    assert iam(account).get_account_summary()["SummaryMap"]["GlobalEndpointTokenVersion"] == 2
