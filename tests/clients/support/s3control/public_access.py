"""What keeps all of an account from being public."""

from support.s3 import code, s3, with_acls
from support.s3.access import other
from support.s3control import control, of, operation

BLOCK = {
    "BlockPublicAcls": False,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": False,
    "RestrictPublicBuckets": True,
}


def listed(account):
    """A bucket whose list lets everybody in."""
    name = with_acls(account)
    s3(account).put_bucket_acl(Bucket=name, ACL="public-read")
    other(account).list_objects(Bucket=name)
    return name


def put(account, **block):
    control(account).put_public_access_block(**of(account, PublicAccessBlockConfiguration=block))


@operation
def put_public_access_block(account, call):
    name = listed(account)
    assert call("PutPublicAccessBlock", **of(account, PublicAccessBlockConfiguration=BLOCK)) == {}
    found = control(account).get_public_access_block(**of(account))
    assert found["PublicAccessBlockConfiguration"] == BLOCK
    assert code(other(account).list_objects, Bucket=name) == "AccessDenied"


@operation
def get_public_access_block(account, call):
    refusal = code(call, "GetPublicAccessBlock", **of(account))
    assert refusal == "NoSuchPublicAccessBlockConfiguration"
    put(account, **BLOCK)
    assert call("GetPublicAccessBlock", **of(account))["PublicAccessBlockConfiguration"] == BLOCK


@operation
def delete_public_access_block(account, call):
    name = listed(account)
    put(account, **BLOCK)
    for _ in range(2):
        assert call("DeletePublicAccessBlock", **of(account)) == {}
    other(account).list_objects(Bucket=name)
