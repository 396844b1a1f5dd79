"""Objects that come in parts."""

from support.s3 import LONG, PART_MIN, bucket, code, complete, etag, etag_of_parts, keys, operation, parts, put, read
from support.s3 import crc32, s3, upload

FIRST = bytes(PART_MIN)


def numbers(listed):
    return [part["PartNumber"] for part in listed.get("Parts", [])]


@operation
def create_multipart_upload(account, call):
    name = bucket(account)
    of = {"Bucket": name, "Key": "a key"}
    made = call("CreateMultipartUpload", **of, ContentType="text/plain", Metadata={"colour": "blue"})
    assert (made["Bucket"], made["Key"]) == (name, "a key")
    assert keys(account, name) == []
    of["UploadId"] = made["UploadId"]
    complete(account, of, parts(account, of, b"text"))
    found = s3(account).get_object(Bucket=name, Key="a key")
    assert (found["Body"].read(), found["ContentType"]) == (b"text", "text/plain")
    assert found["Metadata"] == {"colour": "blue"}


@operation
def upload_part(account, call):
    name = bucket(account)
    of = upload(account, name)
    call("UploadPart", **of, PartNumber=2, Body=b"other")
    made = call("UploadPart", **of, PartNumber=2, Body=LONG)
    assert (made["ETag"], made["ServerSideEncryption"]) == (etag(LONG), "AES256")
    assert made["ChecksumCRC32"] == crc32(LONG)
    complete(account, of, [{"PartNumber": 2, "ETag": made["ETag"]}])
    assert read(account, name) == LONG
    assert code(call, name="UploadPart", **of, PartNumber=1, Body=b"late") == "NoSuchUpload"


@operation
def upload_part_copy(account, call):
    name = bucket(account)
    put(account, name, "source", FIRST + LONG)
    of = upload(account, name)
    source = {"CopySource": f"{name}/source"}
    end = f"bytes={PART_MIN}-{PART_MIN + len(LONG) - 1}"
    one = call("UploadPartCopy", **of, **source, PartNumber=1)["CopyPartResult"]
    two = call("UploadPartCopy", **of, **source, PartNumber=2, CopySourceRange=end)["CopyPartResult"]
    assert (one["ETag"], two["ETag"]) == (etag(FIRST + LONG), etag(LONG))
    complete(account, of, [{"PartNumber": 1, "ETag": one["ETag"]}, {"PartNumber": 2, "ETag": two["ETag"]}])
    assert read(account, name) == FIRST + LONG + LONG


@operation
def complete_multipart_upload(account, call):
    name = bucket(account)
    of = upload(account, name)
    made = parts(account, of, FIRST, LONG, b"left out")[:2]
    answer = call("CompleteMultipartUpload", **of, MultipartUpload={"Parts": made})
    assert (answer["Bucket"], answer["Key"], answer["ETag"]) == (name, "key", etag_of_parts(FIRST, LONG))
    assert read(account, name) == FIRST + LONG
    second = s3(account).get_object(Bucket=name, Key="key", PartNumber=2)
    assert (second["Body"].read(), second["PartsCount"]) == (LONG, 2)


@operation
def abort_multipart_upload(account, call):
    name = bucket(account)
    of = upload(account, name)
    parts(account, of, LONG)
    assert call("AbortMultipartUpload", **of) == {}
    assert code(s3(account).list_parts, **of) == "NoSuchUpload"
    assert keys(account, name) == []
    s3(account).delete_bucket(Bucket=name)


@operation
def list_parts(account, call):
    of = upload(account, bucket(account))
    made = parts(account, of, b"one", b"other", b"third")
    everything = call("ListParts", **of)
    assert [{name: part[name] for name in ("PartNumber", "ETag")} for part in everything["Parts"]] == made
    assert [part["Size"] for part in everything["Parts"]] == [3, 5, 5]
    assert (everything["IsTruncated"], everything["StorageClass"]) == (False, "STANDARD")
    page = call("ListParts", **of, MaxParts=2)
    assert (numbers(page), page["IsTruncated"], int(page["NextPartNumberMarker"])) == ([1, 2], True, 2)
    assert numbers(call("ListParts", **of, PartNumberMarker=2)) == [3]


@operation
def list_multipart_uploads(account, call):
    name = bucket(account)
    made = [upload(account, name, key)["UploadId"] for key in ("a", "b/1", "b/2", "c")]
    everything = call("ListMultipartUploads", Bucket=name)
    assert [found["UploadId"] for found in everything["Uploads"]] == made
    assert [found["Key"] for found in everything["Uploads"]] == ["a", "b/1", "b/2", "c"]
    assert (everything["IsTruncated"], everything["Bucket"]) == (False, name)
    page = call("ListMultipartUploads", Bucket=name, MaxUploads=2)
    assert (page["IsTruncated"], page["NextKeyMarker"], page["NextUploadIdMarker"]) == (True, "b/1", made[1])
    rest = call("ListMultipartUploads", Bucket=name, KeyMarker="b/1", UploadIdMarker=made[1])
    assert [found["Key"] for found in rest["Uploads"]] == ["b/2", "c"]
    folders = call("ListMultipartUploads", Bucket=name, Delimiter="/")
    assert [found["Key"] for found in folders["Uploads"]] == ["a", "c"]
    assert [found["Prefix"] for found in folders["CommonPrefixes"]] == ["b/"]
