"""Exercises of S3's operations, and what they have in common."""

import base64
import hashlib
import json
import zlib

import pytest
from botocore.exceptions import ClientError

from support.operations import Operations

operation = Operations("s3")

# The least that a part has that is not the last one.
PART_MIN = 5 << 20
# Longer than what fits into a record, and no multiple of anything.
LONG = bytes(range(256)) * 391 + b"end"

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"


TAGS = [{"Key": "team", "Value": "blue"}, {"Key": "stage", "Value": ""}]


def by_key(tags):
    return sorted(tags, key=lambda tag: tag["Key"])


def crc32(body):
    return base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()


def sha256(body):
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def s3(account):
    return account.client("s3")


def bucket(account, **more):
    """Makes a bucket and gives its name."""
    name = account.name("bucket")
    s3(account).create_bucket(Bucket=name, **more)
    return name


def versioned(account):
    """The same with versions."""
    name = bucket(account)
    s3(account).put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def with_acls(account):
    """A bucket that others may be let into, by ACLs and by its policy."""
    name = bucket(account, ObjectOwnership="ObjectWriter")
    s3(account).delete_public_access_block(Bucket=name)
    return name


def put(account, name, key="key", body=b"text", **more):
    """Puts an object; gives the answer."""
    return s3(account).put_object(Bucket=name, Key=key, Body=body, **more)


def read(account, name, key="key", **more):
    """The bytes of an object."""
    return s3(account).get_object(Bucket=name, Key=key, **more)["Body"].read()


def keys(account, name, **more):
    return [found["Key"] for found in s3(account).list_objects_v2(Bucket=name, **more).get("Contents", [])]


def etag(body):
    """The entity tag of what was put at once."""
    return f'"{hashlib.md5(body).hexdigest()}"'


def etag_of_parts(*bodies):
    whole = b"".join(hashlib.md5(body).digest() for body in bodies)
    return f'"{hashlib.md5(whole).hexdigest()}-{len(bodies)}"'


def policy(name, action="s3:GetObject", principal="*", resource="/*"):
    """A policy of one statement that allows something on a bucket's objects, or with `resource=""` on the bucket."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": action}
    statement["Resource"] = f"arn:aws:s3:::{name}{resource}"
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def error(function, *arguments, **parameters):
    """What a call is refused with: everything that the client read of it."""
    with pytest.raises(ClientError) as caught:
        function(*arguments, **parameters)
    return caught.value.response


def code(function, *arguments, **parameters):
    return error(function, *arguments, **parameters)["Error"]["Code"]


def upload(account, name, key="key", **more):
    """Begins a multipart upload; gives what says which it is."""
    made = s3(account).create_multipart_upload(Bucket=name, Key=key, **more)
    return {"Bucket": name, "Key": key, "UploadId": made["UploadId"]}


def parts(account, of, *bodies, **more):
    """Uploads parts; gives them as completing wants them."""
    made = []
    for number, body in enumerate(bodies, 1):
        answer = s3(account).upload_part(**of, PartNumber=number, Body=body, **more)
        made.append({"PartNumber": number, "ETag": answer["ETag"]})
    return made


def complete(account, of, made, **more):
    return s3(account).complete_multipart_upload(**of, MultipartUpload={"Parts": made}, **more)
