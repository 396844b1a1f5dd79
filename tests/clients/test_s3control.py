"""S3 Control by its stock clients: every operation, its addresses, and what access points are used for."""

import functools

import pytest
import support.s3control.points
import support.s3control.public_access
from botocore.config import Config
from support import javascript
from support.aws import CONFIG, caller, make_client
from support.http import Client, Signer, send
from support.s3 import bucket, code, error, put, read, s3
from support.s3control import arn, control, described, made, of, operation

test_operation = operation.tests()

# S3 by each client at an endpoint with a name, before which the client puts that of the access point.
CLIENTS = {
    "boto3": lambda account: caller(make_client(account.server, account.key, "s3", url=account.server.named_url)),
    "js": lambda account: functools.partial(javascript.call, account.server.named_url, "s3", account.own()),
}


@pytest.mark.parametrize("client", CLIENTS)
def test_objects_by_arn_and_by_alias(account, client):
    name, point = made(account)
    call = CLIENTS[client](account)
    for way in (arn(account, point), described(account, point)["Alias"]):
        key = "a folder/ä+b"
        call("PutObject", Bucket=way, Key=key, Body=b"text")
        assert read(account, name, key) == b"text"
        assert call("GetObject", Bucket=way, Key=key)["Body"] == b"text"
        assert call("HeadObject", Bucket=way, Key=key)["ContentLength"] == 4
        put(account, name, "source")
        call("CopyObject", Bucket=way, Key="copy", CopySource=f"{arn(account, point)}/object/source")
        assert read(account, name, "copy") == b"text"
        listed = call("ListObjectsV2", Bucket=way, Prefix="a")
        assert [found["Key"] for found in listed["Contents"]] == [key]
        gone = [{"Key": gone} for gone in (key, "copy", "source")]
        call("DeleteObjects", Bucket=way, Delete={"Objects": gone})
        assert "Contents" not in s3(account).list_objects_v2(Bucket=name)


def test_objects_by_the_cli(account, tmp_path):
    name, point = made(account)
    (tmp_path / "file").write_bytes(b"text")
    run = functools.partial(account.aws, "s3", url=account.server.named_url)
    run("cp", str(tmp_path / "file"), f"s3://{arn(account, point)}/folder/file")
    assert read(account, name, "folder/file") == b"text"
    assert run("cp", f"s3://{described(account, point)['Alias']}/folder/file", "-") == "text"


def test_uploads_in_parts_and_links(account):
    name, point = made(account)
    config = CONFIG.merge(Config(signature_version="s3v4"))
    client = make_client(account.server, account.key, "s3", url=account.server.named_url, config=config)
    way = arn(account, point)
    upload = client.create_multipart_upload(Bucket=way, Key="large")
    # Answers name the bucket.
    assert upload["Bucket"] == name
    of_it = {"Bucket": way, "Key": "large", "UploadId": upload["UploadId"]}
    part = client.upload_part(**of_it, PartNumber=1, Body=b"part")
    client.complete_multipart_upload(
        **of_it, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    )
    assert read(account, name, "large") == b"part"
    link = client.generate_presigned_url("get_object", {"Bucket": way, "Key": "large"})
    target = link.split(str(account.server.port), 1)[1]
    host = {"Host": f"{point}-{account.key}.localhost:{account.server.port}"}
    assert send(account.server, "GET", target, host).body == b"part"


def test_what_access_points_do_not_take(account):
    name, point = made(account)
    client = make_client(account.server, account.key, "s3", url=account.server.named_url)
    refused = error(client.get_bucket_versioning, Bucket=arn(account, point))
    assert refused["Error"]["Code"] == "MethodNotAllowed"
    assert refused["ResponseMetadata"]["HTTPStatusCode"] == 405
    assert code(client.get_object, Bucket=arn(account, "nowhere"), Key="key") == "NoSuchBucket"


HOSTS = ("localhost", "127.0.0.1", "{}.s3-control.us-east-1.amazonaws.com", "s3-control.localhost")


@pytest.mark.parametrize("host", HOSTS)
def test_addresses(account, host):
    """Path and header say which service is meant; a host may say it too."""
    _, point = made(account)
    headers = {"Host": f"{host.format(account.key)}:{account.server.port}", "x-amz-account-id": account.key}
    wire = Client(account.server, Signer("s3", key=account.key))
    answer = wire.send("GET", f"/v20180820/accesspoint/{point}", headers=headers)
    assert answer.status == 200
    assert b"<GetAccessPointResult xmlns=\"http://awss3control.amazonaws.com/doc/2018-08-20/\">" in answer.body
    # A bucket may be called like the API's version.
    assert wire.send("GET", f"/v20180820/accesspoint/{point}").status == 404


def test_hosts_of_access_points(account):
    name, point = made(account)
    put(account, name, "folder/key")
    wire = Client(account.server, Signer("s3", key=account.key))
    host = {"Host": f"{point}-{account.key}.s3-accesspoint.us-east-1.localhost:{account.server.port}"}
    assert wire.send("GET", "/folder/key", headers=host).body == b"text"
    assert wire.send("GET", "/?list-type=2&prefix=folder", headers=host).status == 200
    host = {"Host": host["Host"].replace("us-east-1", "eu-west-1")}
    assert wire.send("GET", "/folder/key", headers=host).status == 404


def test_what_is_not_there_says_so(account):
    refused = error(control(account).list_jobs, **of(account))["Error"]
    assert refused["Code"] == "NotImplemented"
    assert "ListJobs" in refused["Message"]
    assert code(control(account).get_access_point, AccountId="111122223333", Name="any") == "AccessDenied"
    missing = bucket(account) + "x"
    assert code(control(account).list_access_points, **of(account, Bucket=missing)) == "NoSuchBucket"
