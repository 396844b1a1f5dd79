"""Objects, one at a time and many to be deleted."""

import datetime

from support.s3 import LONG, bucket, code, etag, keys, operation, put, read, s3, upload, versioned
from support.s3 import TAGS, by_key, complete, crc32, etag_of_parts, parts, sha256


def recent(when):
    now = datetime.datetime.now(datetime.UTC)
    return abs(now - when) < datetime.timedelta(minutes=10) and when.microsecond == 0


@operation
def put_object(account, call):
    name = bucket(account)
    more = {"ContentType": "text/plain", "Metadata": {"colour": "blue"}, "CacheControl": "no-cache"}
    for body in (b"", b"text", LONG):
        made = call("PutObject", Bucket=name, Key="a/key", Body=body, Tagging="team=blue", **more)
        assert (made["ETag"], made["ServerSideEncryption"]) == (etag(body), "AES256")
        assert made["ChecksumCRC32"] == crc32(body)
        found = s3(account).get_object(Bucket=name, Key="a/key")
        assert found["Body"].read() == body
        assert {part: found[part] for part in more} == more
        assert found["TagCount"] == 1
    made = call("PutObject", Bucket=name, Key="sum", Body=LONG, ChecksumAlgorithm="SHA256")
    assert (made["ChecksumSHA256"], made["ChecksumType"]) == (sha256(LONG), "FULL_OBJECT")


@operation
def get_object(account, call):
    name = bucket(account)
    put(account, name, body=LONG, ContentType="text/plain", Metadata={"colour": "blue"})
    found = call("GetObject", Bucket=name, Key="key")
    assert found["Body"] == LONG
    assert (found["ContentLength"], found["ETag"], found["ContentType"]) == (len(LONG), etag(LONG), "text/plain")
    assert found["Metadata"] == {"colour": "blue"}
    assert recent(found["LastModified"])
    part = call("GetObject", Bucket=name, Key="key", Range="bytes=40000-40009")
    assert (part["Body"], part["ContentRange"]) == (LONG[40000:40010], f"bytes 40000-40009/{len(LONG)}")
    assert call("GetObject", Bucket=name, Key="key", Range="bytes=-3")["Body"] == b"end"
    assert call("GetObject", Bucket=name, Key="key", IfMatch=etag(LONG))["Body"] == LONG


@operation
def head_object(account, call):
    name = versioned(account)
    made = put(account, name, body=LONG, Metadata={"colour": "blue"}, StorageClass="STANDARD_IA")
    put(account, name, body=b"newer")
    found = call("HeadObject", Bucket=name, Key="key", VersionId=made["VersionId"])
    assert (found["ContentLength"], found["ETag"], found["Metadata"]) == (len(LONG), etag(LONG), {"colour": "blue"})
    assert (found["StorageClass"], found["AcceptRanges"], found["VersionId"]) == (
        "STANDARD_IA",
        "bytes",
        made["VersionId"],
    )
    assert recent(found["LastModified"])


@operation
def delete_object(account, call):
    name = bucket(account)
    put(account, name)
    assert call("DeleteObject", Bucket=name, Key="key") == {}
    assert call("DeleteObject", Bucket=name, Key="key") == {}
    assert code(s3(account).get_object, Bucket=name, Key="key") == "NoSuchKey"
    kept = versioned(account)
    made = put(account, kept)
    marker = call("DeleteObject", Bucket=kept, Key="key")
    assert marker["DeleteMarker"] is True
    assert code(s3(account).get_object, Bucket=kept, Key="key") == "NoSuchKey"
    assert read(account, kept, VersionId=made["VersionId"]) == b"text"
    gone = call("DeleteObject", Bucket=kept, Key="key", VersionId=marker["VersionId"])
    assert (gone["DeleteMarker"], gone["VersionId"]) == (True, marker["VersionId"])
    assert read(account, kept) == b"text"


@operation
def delete_objects(account, call):
    name = bucket(account)
    for key in ("a", "b & c", "d"):
        put(account, name, key)
    wanted = [{"Key": key} for key in ("a", "b & c", "none")]
    found = call("DeleteObjects", Bucket=name, Delete={"Objects": wanted})
    assert sorted(deleted["Key"] for deleted in found["Deleted"]) == ["a", "b & c", "none"]
    assert found.get("Errors", []) == []
    assert keys(account, name) == ["d"]
    assert call("DeleteObjects", Bucket=name, Delete={"Objects": [{"Key": "d"}], "Quiet": True}) == {}
    assert keys(account, name) == []


@operation
def copy_object(account, call):
    name, target = bucket(account), bucket(account)
    put(account, name, body=LONG, Metadata={"colour": "blue"}, Tagging="team=blue")
    made = call("CopyObject", Bucket=target, Key="copy", CopySource=f"{name}/key")
    assert made["CopyObjectResult"]["ETag"] == etag(LONG)
    found = s3(account).get_object(Bucket=target, Key="copy")
    assert (found["Body"].read(), found["Metadata"], found["TagCount"]) == (LONG, {"colour": "blue"}, 1)
    new = {"MetadataDirective": "REPLACE", "Metadata": {"colour": "red"}, "TaggingDirective": "REPLACE"}
    call("CopyObject", Bucket=target, Key="other", CopySource=f"{name}/key", **new)
    found = s3(account).get_object(Bucket=target, Key="other")
    assert (found["Body"].read(), found["Metadata"]) == (LONG, {"colour": "red"})
    assert "TagCount" not in found


@operation
def get_object_attributes(account, call):
    name = bucket(account)
    put(account, name, body=LONG, ChecksumAlgorithm="SHA256")
    wanted = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]
    found = call("GetObjectAttributes", Bucket=name, Key="key", ObjectAttributes=wanted)
    assert recent(found.pop("LastModified"))
    assert found == {
        "ETag": etag(LONG).strip('"'),
        "Checksum": {"ChecksumSHA256": sha256(LONG), "ChecksumType": "FULL_OBJECT"},
        "StorageClass": "STANDARD",
        "ObjectSize": len(LONG),
    }
    of = upload(account, name, ChecksumAlgorithm="SHA256")
    [part] = parts(account, of, b"text", ChecksumAlgorithm="SHA256")
    complete(account, of, [part | {"ChecksumSHA256": sha256(b"text")}])
    found = call("GetObjectAttributes", Bucket=name, Key="key", ObjectAttributes=["ETag", "ObjectParts"])
    assert found["ETag"] == etag_of_parts(b"text").strip('"')
    assert found["ObjectParts"]["TotalPartsCount"] == 1
    [only] = found["ObjectParts"]["Parts"]
    assert (only["PartNumber"], only["Size"], only["ChecksumSHA256"]) == (1, 4, sha256(b"text"))


@operation
def put_object_tagging(account, call):
    name = versioned(account)
    made = put(account, name, Tagging="old=1")
    put(account, name)
    of = {"Bucket": name, "Key": "key", "VersionId": made["VersionId"]}
    assert call("PutObjectTagging", Tagging={"TagSet": TAGS}, **of) == {"VersionId": made["VersionId"]}
    assert by_key(s3(account).get_object_tagging(**of)["TagSet"]) == by_key(TAGS)
    assert s3(account).get_object_tagging(Bucket=name, Key="key")["TagSet"] == []


@operation
def get_object_tagging(account, call):
    name = bucket(account)
    put(account, name, Tagging="team=blue&stage=")
    assert by_key(call("GetObjectTagging", Bucket=name, Key="key")["TagSet"]) == by_key(TAGS)


@operation
def delete_object_tagging(account, call):
    name = bucket(account)
    put(account, name, Tagging="team=blue")
    assert call("DeleteObjectTagging", Bucket=name, Key="key") == {}
    assert s3(account).get_object_tagging(Bucket=name, Key="key")["TagSet"] == []
    assert read(account, name) == b"text"
