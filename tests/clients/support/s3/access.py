"""Who may: policies, ACLs, ownership, and what is public."""

import json

from support.aws import make_client
from support.s3 import ALL_USERS, bucket, code, operation, policy, put, read, s3, with_acls

BLOCKED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": False,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": False,
}
OTHER = "111122223333"


def other(account):
    """Somebody of another account."""
    return make_client(account.server, OTHER, "s3")


def permissions(grants):
    return sorted((grant["Grantee"].get("URI", "owner"), grant["Permission"]) for grant in grants)


@operation
def put_bucket_policy(account, call):
    name = bucket(account)
    put(account, name)
    assert code(other(account).get_object, Bucket=name, Key="key") == "AccessDenied"
    assert call("PutBucketPolicy", Bucket=name, Policy=policy(name, principal={"AWS": OTHER})) == {}
    assert other(account).get_object(Bucket=name, Key="key")["Body"].read() == b"text"


@operation
def get_bucket_policy(account, call):
    name = bucket(account)
    document = policy(name, principal={"AWS": f"arn:aws:iam::{OTHER}:root"})
    s3(account).put_bucket_policy(Bucket=name, Policy=document)
    assert json.loads(call("GetBucketPolicy", Bucket=name)["Policy"]) == json.loads(document)


@operation
def delete_bucket_policy(account, call):
    name = bucket(account)
    s3(account).put_bucket_policy(Bucket=name, Policy=policy(name, principal={"AWS": OTHER}))
    assert call("DeleteBucketPolicy", Bucket=name) == {}
    assert code(s3(account).get_bucket_policy, Bucket=name) == "NoSuchBucketPolicy"


@operation
def get_bucket_policy_status(account, call):
    name = with_acls(account)
    for principal, public in (({"AWS": OTHER}, False), ("*", True)):
        s3(account).put_bucket_policy(Bucket=name, Policy=policy(name, principal=principal))
        assert call("GetBucketPolicyStatus", Bucket=name) == {"PolicyStatus": {"IsPublic": public}}


@operation
def put_public_access_block(account, call):
    name = bucket(account)
    assert call("PutPublicAccessBlock", Bucket=name, PublicAccessBlockConfiguration=BLOCKED) == {}
    assert s3(account).get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"] == BLOCKED
    assert code(s3(account).put_bucket_policy, Bucket=name, Policy=policy(name)) == "AccessDenied"


@operation
def get_public_access_block(account, call):
    everything = dict.fromkeys(BLOCKED, True)
    name = bucket(account)
    assert call("GetPublicAccessBlock", Bucket=name) == {"PublicAccessBlockConfiguration": everything}


@operation
def delete_public_access_block(account, call):
    name = bucket(account)
    assert call("DeletePublicAccessBlock", Bucket=name) == {}
    assert code(s3(account).get_public_access_block, Bucket=name) == "NoSuchPublicAccessBlockConfiguration"
    s3(account).put_bucket_policy(Bucket=name, Policy=policy(name))
    put(account, name)
    assert other(account).get_object(Bucket=name, Key="key")["Body"].read() == b"text"


def ownership(account, name):
    [rule] = s3(account).get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
    return rule["ObjectOwnership"]


@operation
def put_bucket_ownership_controls(account, call):
    name = bucket(account)
    for wanted in ("ObjectWriter", "BucketOwnerPreferred", "BucketOwnerEnforced"):
        controls = {"Rules": [{"ObjectOwnership": wanted}]}
        assert call("PutBucketOwnershipControls", Bucket=name, OwnershipControls=controls) == {}
        assert ownership(account, name) == wanted
    assert code(s3(account).put_bucket_acl, Bucket=name, ACL="public-read") == "AccessControlListNotSupported"


@operation
def get_bucket_ownership_controls(account, call):
    controls = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert call("GetBucketOwnershipControls", Bucket=bucket(account)) == {"OwnershipControls": controls}


@operation
def delete_bucket_ownership_controls(account, call):
    name = bucket(account)
    assert call("DeleteBucketOwnershipControls", Bucket=name) == {}
    refused = code(s3(account).get_bucket_ownership_controls, Bucket=name)
    assert refused == "OwnershipControlsNotFoundError"


@operation
def put_bucket_acl(account, call):
    name = with_acls(account)
    assert call("PutBucketAcl", Bucket=name, ACL="public-read") == {}
    grants = s3(account).get_bucket_acl(Bucket=name)["Grants"]
    assert permissions(grants) == [(ALL_USERS, "READ"), ("owner", "FULL_CONTROL")]
    assert other(account).list_objects_v2(Bucket=name)["KeyCount"] == 0
    owner = s3(account).get_bucket_acl(Bucket=name)["Owner"]
    grant = {"Grantee": {"Type": "Group", "URI": ALL_USERS}, "Permission": "WRITE"}
    call("PutBucketAcl", Bucket=name, AccessControlPolicy={"Owner": owner, "Grants": [grant]})
    assert permissions(s3(account).get_bucket_acl(Bucket=name)["Grants"]) == [(ALL_USERS, "WRITE")]
    assert code(other(account).list_objects_v2, Bucket=name) == "AccessDenied"


@operation
def get_bucket_acl(account, call):
    found = call("GetBucketAcl", Bucket=bucket(account))
    [grant] = found["Grants"]
    assert len(found["Owner"]["ID"]) == 64
    assert grant["Permission"] == "FULL_CONTROL"
    assert (grant["Grantee"]["Type"], grant["Grantee"]["ID"]) == ("CanonicalUser", found["Owner"]["ID"])


@operation
def put_object_acl(account, call):
    name = with_acls(account)
    put(account, name)
    assert code(other(account).get_object, Bucket=name, Key="key") == "AccessDenied"
    assert call("PutObjectAcl", Bucket=name, Key="key", ACL="public-read") == {}
    assert other(account).get_object(Bucket=name, Key="key")["Body"].read() == b"text"
    call("PutObjectAcl", Bucket=name, Key="key", ACL="private")
    assert code(other(account).get_object, Bucket=name, Key="key") == "AccessDenied"
    assert read(account, name) == b"text"


@operation
def get_object_acl(account, call):
    name = with_acls(account)
    put(account, name, ACL="public-read")
    found = call("GetObjectAcl", Bucket=name, Key="key")
    assert permissions(found["Grants"]) == [(ALL_USERS, "READ"), ("owner", "FULL_CONTROL")]
    assert found["Owner"]["ID"] == s3(account).get_bucket_acl(Bucket=name)["Owner"]["ID"]
