"""Tags of all that can have them."""

from support.iam import operation, policy, profile, role, user
from support.iam.credentials import device, server_certificate
from support.iam.providers import oidc, saml

# The operations' name of a thing, the parameter that names one, and what makes one.
KINDS = {
    "InstanceProfile": ("InstanceProfileName", profile),
    "MFADevice": ("SerialNumber", lambda account: device(account)[0]),
    "OpenIDConnectProvider": ("OpenIDConnectProviderArn", oidc),
    "Policy": ("PolicyArn", policy),
    "Role": ("RoleName", role),
    "SAMLProvider": ("SAMLProviderArn", saml),
    "ServerCertificate": ("ServerCertificateName", server_certificate),
    "User": ("UserName", user),
}


def of_tags(kind, parameter, make):
    def tags(account, thing):
        found = account.boto(service="iam")(f"List{kind}Tags", **{parameter: thing})["Tags"]
        return {tag["Key"]: tag["Value"] for tag in found}

    def tagged(account):
        thing = make(account)
        both = [{"Key": "team", "Value": "blue"}, {"Key": "stage", "Value": "dev"}]
        account.boto(service="iam")(f"Tag{kind}", **{parameter: thing}, Tags=both)
        return thing

    def tag(account, call):
        thing = tagged(account)
        assert call(f"Tag{kind}", **{parameter: thing}, Tags=[{"Key": "Team", "Value": "red"}]) == {}
        # Keys are the same whatever their case.
        assert tags(account, thing) == {"Team": "red", "stage": "dev"}

    def untag(account, call):
        thing = tagged(account)
        assert call(f"Untag{kind}", **{parameter: thing}, TagKeys=["team", "unknown"]) == {}
        assert tags(account, thing) == {"stage": "dev"}

    def listing(account, call):
        thing = tagged(account)
        found = call(f"List{kind}Tags", **{parameter: thing})
        assert {tag["Key"]: tag["Value"] for tag in found["Tags"]} == {"team": "blue", "stage": "dev"}
        assert found["IsTruncated"] is False

    operation.add(f"Tag{kind}", tag)
    operation.add(f"Untag{kind}", untag)
    operation.add(f"List{kind}Tags", listing)


for name, (named, made_by) in KINDS.items():
    of_tags(name, named, made_by)
