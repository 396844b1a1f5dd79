"""The four kinds of configuration of which a bucket has several, by id: each is put, got, listed and deleted."""

import functools

from support.s3 import bucket, code, operation, s3

# The parameter of each kind, and a configuration of it with its id left out.
KINDS = {
    "Analytics": ("AnalyticsConfiguration", {"Filter": {"Prefix": "docs/"}, "StorageClassAnalysis": {}}),
    "IntelligentTiering": (
        "IntelligentTieringConfiguration",
        {"Status": "Enabled", "Tierings": [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}]},
    ),
    "Inventory": (
        "InventoryConfiguration",
        {
            "Destination": {"S3BucketDestination": {"Bucket": "arn:aws:s3:::reports", "Format": "CSV"}},
            "IsEnabled": True,
            "IncludedObjectVersions": "Current",
            "OptionalFields": ["Size", "ETag"],
            "Schedule": {"Frequency": "Daily"},
        },
    ),
    "Metrics": ("MetricsConfiguration", {"Filter": {"Prefix": "docs/"}}),
}


def snake(kind):
    return {"IntelligentTiering": "intelligent_tiering"}.get(kind, kind.lower())


def configuration(account, kind, identity):
    """A configuration. An inventory goes to a bucket that has to be there."""
    member, content = KINDS[kind]
    if kind == "Inventory":
        destination = {"Bucket": f"arn:aws:s3:::{bucket(account)}", "Format": "CSV"}
        content = content | {"Destination": {"S3BucketDestination": destination}}
    return member, {"Id": identity, **content}


def made(account, kind, name, identity):
    """Puts a configuration, by boto3; gives it."""
    member, content = configuration(account, kind, identity)
    put = getattr(s3(account), f"put_bucket_{snake(kind)}_configuration")
    put(Bucket=name, Id=identity, **{member: content})
    return content


def got(account, kind, name, identity):
    member, _ = KINDS[kind]
    get = getattr(s3(account), f"get_bucket_{snake(kind)}_configuration")
    return get(Bucket=name, Id=identity)[member]


def put(kind, account, call):
    name = bucket(account)
    member, content = configuration(account, kind, "one")
    assert call(f"PutBucket{kind}Configuration", Bucket=name, Id="one", **{member: content}) == {}
    assert got(account, kind, name, "one") == content


def get(kind, account, call):
    name = bucket(account)
    content = made(account, kind, name, "one")
    member, _ = KINDS[kind]
    assert call(f"GetBucket{kind}Configuration", Bucket=name, Id="one") == {member: content}


def listed(kind, account, call):
    name = bucket(account)
    contents = [made(account, kind, name, identity) for identity in ("one", "three", "two")]
    found = call(f"ListBucket{kind}Configurations", Bucket=name)
    assert found["IsTruncated"] is False
    assert found[f"{KINDS[kind][0]}List"] == contents


def delete(kind, account, call):
    name = bucket(account)
    made(account, kind, name, "one")
    two = made(account, kind, name, "two")
    assert call(f"DeleteBucket{kind}Configuration", Bucket=name, Id="one") == {}
    get = getattr(s3(account), f"get_bucket_{snake(kind)}_configuration")
    assert code(get, Bucket=name, Id="one") == "NoSuchConfiguration"
    assert got(account, kind, name, "two") == two


for kind in KINDS:
    operation.add(f"PutBucket{kind}Configuration", functools.partial(put, kind))
    operation.add(f"GetBucket{kind}Configuration", functools.partial(get, kind))
    operation.add(f"ListBucket{kind}Configurations", functools.partial(listed, kind))
    operation.add(f"DeleteBucket{kind}Configuration", functools.partial(delete, kind))
