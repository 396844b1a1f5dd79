"""Exercises of S3 Control's operations, and what they have in common."""

import json

from support.operations import Operations
from support.s3 import bucket

operation = Operations("s3control")


def control(account):
    return account.client("s3control")


def of(account, **more):
    """Parameters that every operation has, and more."""
    return {"AccountId": account.key, **more}


def made(account, **more):
    """Makes a bucket and an access point to it; gives the names of both."""
    name, point = bucket(account), account.name("point")
    control(account).create_access_point(**of(account, Name=point, Bucket=name, **more))
    return name, point


def described(account, point):
    found = control(account).get_access_point(**of(account, Name=point))
    found.pop("ResponseMetadata")
    return found


def arn(account, point):
    return f"arn:aws:s3:us-east-1:{account.key}:accesspoint/{point}"


def policy(account, point, who="210987654321"):
    """A policy that lets an account read by an access point."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": who},
        "Action": "s3:GetObject",
        "Resource": f"{arn(account, point)}/object/*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
