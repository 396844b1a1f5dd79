"""S3 by its stock clients: every operation, and what holds for all of them."""

import os

import support.s3.access
import support.s3.buckets
import support.s3.configurations
import support.s3.lists
import support.s3.locks
import support.s3.multipart
import support.s3.objects
from support.aws import Account
from support.s3 import LONG, PART_MIN, bucket, complete, error, keys, operation, parts, put, read, s3, upload, versioned

test_operation = operation.tests()


def test_errors_as_clients_see_them(account):
    name = bucket(account)
    missing = error(s3(account).get_object, Bucket=name, Key="none")
    assert missing["Error"] == {"Code": "NoSuchKey", "Message": "The specified key does not exist.", "Key": "none"}
    answer = missing["ResponseMetadata"]
    assert answer["HTTPStatusCode"] == 404
    assert answer["RequestId"] == answer["HTTPHeaders"]["x-amz-request-id"]
    assert answer["HostId"] == answer["HTTPHeaders"]["x-amz-id-2"]
    nowhere = error(s3(account).list_objects_v2, Bucket="no-such-bucket")["Error"]
    assert nowhere["Code"] == "NoSuchBucket"
    assert nowhere["Message"] == "The specified bucket does not exist"
    assert nowhere["BucketName"] == "no-such-bucket"
    headless = error(s3(account).head_object, Bucket=name, Key="none")
    assert (headless["Error"]["Code"], headless["ResponseMetadata"]["HTTPStatusCode"]) == ("404", 404)
    put(account, name)
    assert error(s3(account).delete_bucket, Bucket=name)["Error"]["Code"] == "BucketNotEmpty"
    taken = error(s3(Account(account.server, "111122223333")).create_bucket, Bucket=name)["Error"]
    assert taken["Code"] == "BucketAlreadyExists"
    failed = account.aws("s3api", "get-object", "--bucket", name, "--key", "none", "/dev/null", check=False)
    assert failed.returncode != 0
    assert "(NoSuchKey)" in failed.stderr


def test_what_is_not_there_says_so(account):
    refused = error(s3(account).get_object_torrent, Bucket=bucket(account), Key="key")["Error"]
    assert refused["Code"] == "NotImplemented"
    assert "GetObjectTorrent" in refused["Message"]


def test_paginators_and_waiters(account):
    name = bucket(account)
    names = [f"{number:02}" for number in range(12)]
    s3(account).get_waiter("bucket_exists").wait(Bucket=name)
    for key in names:
        put(account, name, key)
    s3(account).get_waiter("object_exists").wait(Bucket=name, Key="00")
    for paginator, entries in (
        ("list_objects", "Contents"),
        ("list_objects_v2", "Contents"),
        ("list_object_versions", "Versions"),
    ):
        pages = s3(account).get_paginator(paginator).paginate(Bucket=name, PaginationConfig={"PageSize": 5})
        assert [entry["Key"] for page in pages for entry in page[entries]] == names, paginator
    uploads = [upload(account, name, key)["UploadId"] for key in names]
    pages = s3(account).get_paginator("list_multipart_uploads").paginate(
        Bucket=name, PaginationConfig={"PageSize": 5}
    )
    assert [entry["UploadId"] for page in pages for entry in page["Uploads"]] == uploads


def test_transfers_of_large_files(account, tmp_path):
    """Boto3's own way with files: in parts, several at once, and back in ranges."""
    name = bucket(account)
    content = os.urandom(20 * 1024 * 1024 + 7)
    (tmp_path / "up").write_bytes(content)
    s3(account).upload_file(str(tmp_path / "up"), name, "large", ExtraArgs={"ContentType": "text/plain"})
    head = s3(account).head_object(Bucket=name, Key="large")
    assert (head["ContentLength"], head["ContentType"]) == (len(content), "text/plain")
    assert head["ETag"].endswith('-3"')
    s3(account).download_file(name, "large", str(tmp_path / "down"))
    assert (tmp_path / "down").read_bytes() == content
    s3(account).copy({"Bucket": name, "Key": "large"}, name, "copy")
    assert read(account, name, "copy") == content


def test_everything_is_there_after_a_restart(new_server):
    before = Account(new_server().start(), "437064342167")
    name = versioned(before)
    versions = [put(before, name, body=body)["VersionId"] for body in (b"text", LONG)]
    of = upload(before, name, "large")
    done = upload(before, name, "in parts")
    complete(before, done, parts(before, done, bytes(PART_MIN), LONG))
    half = parts(before, of, bytes(PART_MIN))
    before.server.kill()
    after = Account(new_server(data=before.server.data).start(), "437064342167")
    assert [read(after, name, VersionId=version) for version in versions] == [b"text", LONG]
    assert read(after, name, "in parts") == bytes(PART_MIN) + LONG
    made = s3(after).upload_part(**of, PartNumber=2, Body=LONG)
    complete(after, of, [*half, {"PartNumber": 2, "ETag": made["ETag"]}])
    assert read(after, name, "large") == bytes(PART_MIN) + LONG
    assert keys(after, name) == ["in parts", "key", "large"]
