"""A disk that is full: refused as documented, nothing half, and the space is free again."""

import os
import pathlib
import subprocess

import pytest
from botocore.exceptions import ClientError

from support.aws import Account
from support.s3 import PART_MIN, bucket, keys, parts, put, read, s3, upload
from support.server import run, until

KEY = "437064342167"
MIB = 1 << 20
DISK_MIB = 64

# A file system of its own, which only the program sees.
MOUNTED = f'mount -t tmpfs -o size={DISK_MIB}m none "$1" && shift && exec "$@"'


def may_mount():
    script = "mount -t tmpfs none /mnt"
    return os.geteuid() == 0 and subprocess.run(["unshare", "-m", "sh", "-c", script], check=False).returncode == 0


pytestmark = pytest.mark.skipif(not may_mount(), reason="file systems cannot be mounted here")


@pytest.fixture
def server(new_server, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    return new_server(data=data, before=["unshare", "-m", "sh", "-c", MOUNTED, "sh", str(data)]).start()


@pytest.fixture
def account(server):
    return Account(server, KEY)


def seen(server):
    """The data directory as the program sees it."""
    return pathlib.Path(f"/proc/{server.process.pid}/root{server.data}")


def free(server):
    disk = os.statvfs(seen(server))
    return disk.f_bavail * disk.f_frsize


def files(server):
    return [path for path in (seen(server) / "blobs").rglob("*") if path.is_file() and path.name != "LOCK"]


def refused(function, **parameters):
    with pytest.raises(ClientError) as refusal:
        function(**parameters)
    answer = refusal.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


UNAVAILABLE = (503, "ServiceUnavailable")


def test_what_does_not_fit_leaves_nothing(account, server):
    name = bucket(account)
    whole = bytes(5 * MIB)
    put(account, name, "kept", whole)
    of = upload(account, name, "parts")
    made = parts(account, of, bytes(PART_MIN))
    before = free(server)
    long = bytes(DISK_MIB * MIB)

    assert refused(s3(account).put_object, Bucket=name, Key="long", Body=long) == UNAVAILABLE
    assert refused(s3(account).put_object, Bucket=name, Key="kept", Body=long) == UNAVAILABLE
    assert refused(s3(account).upload_part, **of, PartNumber=2, Body=long) == UNAVAILABLE
    assert refused(s3(account).upload_part, **of, PartNumber=1, Body=long) == UNAVAILABLE

    until(lambda: len(files(server)) == 2)
    # The store may have written down a little.
    until(lambda: free(server) > before - 4 * MIB)
    assert keys(account, name) == ["kept"]
    assert read(account, name, "kept") == whole
    assert [part["PartNumber"] for part in s3(account).list_parts(**of)["Parts"]] == [1]
    s3(account).complete_multipart_upload(**of, MultipartUpload={"Parts": made})
    put(account, name, "short", b"text")
    put(account, name, "another", bytes(MIB))
    assert read(account, name, "parts") == bytes(PART_MIN)
    assert keys(account, name) == ["another", "kept", "parts", "short"]


def test_full_to_the_brim(account, server):
    """What is there can be read and deleted, and then there is room again."""
    name = bucket(account)
    kept = []
    with pytest.raises(ClientError) as refusal:
        for number in range(2 * DISK_MIB):
            put(account, name, f"{number:03}", bytes([number]) * MIB)
            kept.append(f"{number:03}")
    assert refusal.value.response["Error"]["Code"] == "ServiceUnavailable"
    assert len(kept) > DISK_MIB // 2
    assert keys(account, name) == kept
    assert refused(s3(account).put_object, Bucket=name, Key="more", Body=bytes(2 * MIB)) == UNAVAILABLE
    for key in kept:
        assert read(account, name, key) == bytes([int(key)]) * MIB
    for key in kept[:10]:
        s3(account).delete_object(Bucket=name, Key=key)
    until(lambda: free(server) > 8 * MIB)
    put(account, name, "again", bytes(5 * MIB))
    assert read(account, name, "again") == bytes(5 * MIB)
    assert keys(account, name) == [*kept[10:], "again"]
    shown = run("status", "--listen", server.authority)
    assert shown.returncode == 0, shown.stderr
