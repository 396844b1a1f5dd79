"""Objects and uploads that were acknowledged are whole, whatever happens to the process; and nothing is half."""

import itertools
import json
import random
import socket
import threading
import time

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from support.aws import Account
from support.http import Signer
from support.s3 import PART_MIN, bucket, keys, parts, s3, upload
from support.server import PATIENCE_S, run, until

KEY = "437064342167"
NAME = "kept"
WRITERS = 4

# In a record, in a file of one piece and of several, and in parts.
SIZES = {"inline": (1_000,), "file": (100_000,), "long": (3_000_000,), "parts": (PART_MIN, 70_000)}


def contents(key):
    """The bytes that belong to a key, part by part."""
    source = random.Random(key)
    return [source.randbytes(size) for size in SIZES[key.split("-")[0]]]


def write(account, key):
    bodies = contents(key)
    if len(bodies) == 1:
        s3(account).put_object(Bucket=NAME, Key=key, Body=bodies[0])
        return
    of = upload(account, NAME, key)
    made = parts(account, of, *bodies)
    s3(account).complete_multipart_upload(**of, MultipartUpload={"Parts": made})


def writer(server, number, round_number, acknowledged):
    """Writes until nobody answers any more."""
    account = Account(server, KEY)
    for n, kind in enumerate(itertools.cycle(SIZES)):
        key = f"{kind}-{round_number}-{number}-{n}"
        try:
            write(account, key)
        except (BotoCoreError, ClientError):
            return
        acknowledged.append(key)


def cut_off(server, round_number, enough):
    """Kills a server while writers write; gives what it had acknowledged by then."""
    acknowledged = []
    threads = [
        threading.Thread(target=writer, args=(server, number, round_number, acknowledged)) for number in range(WRITERS)
    ]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + PATIENCE_S
    while len(acknowledged) < enough:
        assert time.monotonic() < deadline, acknowledged
        time.sleep(0.01)
    server.kill()
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
    return acknowledged


def files_of_objects(server):
    """Every file that is an object's, or was to become one."""
    return [path for path in (server.data / "blobs").rglob("*") if path.is_file() and path.name != "LOCK"]


def drafts(server):
    return [path for path in files_of_objects(server) if "draft" in path.relative_to(server.data).parts]


@pytest.mark.timeout(200)
def test_objects_under_sigkill(new_server):
    server = new_server().start()
    account = Account(server, KEY)
    s3(account).create_bucket(Bucket=NAME)
    acknowledged = []
    for round_number, enough in enumerate((12, 21, 32)):
        acknowledged += cut_off(server, round_number, enough)
        checked = run("check", "--data", server.data, "--output", "json")
        assert checked.returncode == 0, checked.stderr
        assert json.loads(checked.stdout)["sound"] is True
        server = new_server(data=server.data).start()
        # What was begun before is swept while the server already answers.
        until(lambda: drafts(server) == [])
    account = Account(server, KEY)
    pages = s3(account).get_paginator("list_objects_v2").paginate(Bucket=NAME)
    there = {found["Key"]: found["Size"] for page in pages for found in page["Contents"]}
    assert set(acknowledged) - there.keys() == set()
    # What was not acknowledged is there whole or not at all.
    assert len(there) <= len(acknowledged) + 3 * WRITERS
    for key, size in there.items():
        body = s3(account).get_object(Bucket=NAME, Key=key)["Body"].read()
        assert size == len(body)
        assert body == b"".join(contents(key)), key

    for found in s3(account).list_multipart_uploads(Bucket=NAME).get("Uploads", []):
        s3(account).abort_multipart_upload(Bucket=NAME, Key=found["Key"], UploadId=found["UploadId"])
    for key in there:
        s3(account).delete_object(Bucket=NAME, Key=key)
    assert keys(account, NAME) == []
    until(lambda: files_of_objects(server) == [])


def test_what_is_deleted_and_replaced_takes_no_room(new_server):
    account = Account(new_server().start(), KEY)
    name = bucket(account)
    for key in ("a", "b", "a", "a"):
        s3(account).put_object(Bucket=name, Key=key, Body=contents("file-1")[0])
    s3(account).delete_object(Bucket=name, Key="b")
    until(lambda: len(files_of_objects(account.server)) == 1)


def test_a_client_that_leaves_in_the_middle_leaves_nothing(new_server):
    """The connection ends before the object does."""
    server = new_server().start()
    account = Account(server, KEY)
    name = bucket(account)

    target = Signer("s3", key=KEY).presign("PUT", f"{server.url}/{name}/key")
    lines = [f"PUT {target} HTTP/1.1", f"Host: {server.authority}", f"Content-Length: {4 << 20}", "", ""]
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as peer:
        peer.sendall("\r\n".join(lines).encode() + bytes(1 << 20))
        until(lambda: drafts(server) != [])
    until(lambda: drafts(server) == [])
    assert keys(account, name) == []
    assert files_of_objects(server) == []


def test_access_logs_that_wait_are_delivered_before_an_orderly_end(new_server):
    server = new_server().start()
    account = Account(server, KEY)
    source, target = bucket(account), bucket(account)
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{target}/*",
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    s3(account).put_bucket_policy(Bucket=target, Policy=json.dumps(document))
    logging = {"TargetBucket": target, "TargetPrefix": "log/"}
    s3(account).put_bucket_logging(Bucket=source, BucketLoggingStatus={"LoggingEnabled": logging})
    s3(account).put_object(Bucket=source, Key="the-last-one", Body=b"x")
    assert server.terminate() == 0
    account = Account(new_server(data=server.data).start(), KEY)
    logs = [s3(account).get_object(Bucket=target, Key=key)["Body"].read() for key in keys(account, target)]
    assert any(b"REST.PUT.OBJECT the-last-one" in log for log in logs), logs
