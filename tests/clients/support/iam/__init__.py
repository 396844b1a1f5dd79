"""Exercises of IAM's operations, and what they have in common."""

import json

from support.operations import Operations

operation = Operations("iam")

AWS_MANAGED = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def document(effect="Allow", action="sqs:*", resource="*"):
    """A policy of one statement."""
    statement = {"Effect": effect, "Action": action, "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


def trust(service="lambda.amazonaws.com", action="sts:AssumeRole"):
    """A trust policy."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": action}
    return {"Version": "2012-10-17", "Statement": [statement]}


def iam(account):
    return account.client("iam")


def arn(account, what):
    return f"arn:aws:iam::{account.key}:{what}"


def user(account, **more):
    """Makes a user and gives its name."""
    name = account.name("user")
    iam(account).create_user(UserName=name, **more)
    return name


def group(account):
    name = account.name("group")
    iam(account).create_group(GroupName=name)
    return name


def role(account, **more):
    name = account.name("role")
    iam(account).create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust()), **more)
    return name


def policy(account, of=None, **more):
    """Makes a managed policy and gives its ARN."""
    name = account.name("policy")
    made = iam(account).create_policy(PolicyName=name, PolicyDocument=json.dumps(of or document()), **more)
    return made["Policy"]["Arn"]


def profile(account, **more):
    name = account.name("profile")
    iam(account).create_instance_profile(InstanceProfileName=name, **more)
    return name
