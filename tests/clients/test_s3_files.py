"""Files of objects that were lost or changed: `cloudlet check` and the scrub find them, and remove nothing."""

import base64
import hashlib
import json

import pytest

from support.aws import Account
from support.s3 import PART_MIN, parts, s3, upload
from support.server import run, until

KEY = "437064342167"
NAME = "kept"
DAY_S = 86_400

CUSTOMER_KEY = bytes(range(32))
CUSTOMER = {
    "SSECustomerAlgorithm": "AES256",
    "SSECustomerKey": base64.b64encode(CUSTOMER_KEY).decode(),
    "SSECustomerKeyMD5": base64.b64encode(hashlib.md5(CUSTOMER_KEY).digest()).decode(),
}


def files(server):
    """The files of objects, by their contents' size."""
    shards = [path for path in (server.data / "blobs").iterdir() if path.is_dir() and path.name != "draft"]
    return {file.stat().st_size: file for shard in shards for file in shard.iterdir()}


def file_of(server, size):
    """The file of an object of this size: with header, tags and checksum."""
    return files(server)[size + 24 + 16 * -(-size // 65_536) + 8]


def change(file, at):
    with file.open("r+b") as opened:
        opened.seek(at)
        byte = opened.read(1)
        opened.seek(at)
        opened.write(bytes([byte[0] ^ 1]))


def check(server, *arguments):
    checked = run("check", "--data", server.data, "--output", "json", *arguments)
    return checked.returncode, json.loads(checked.stdout)


@pytest.fixture
def filled(new_server):
    """A server with objects in files of different sizes; one has a copy, one a key of the client's, one has parts."""
    server = new_server().start()
    account = Account(server, KEY)
    client = s3(account)
    client.create_bucket(Bucket=NAME)
    client.put_bucket_versioning(Bucket=NAME, VersioningConfiguration={"Status": "Enabled"})
    client.put_object(Bucket=NAME, Key="inline", Body=b"x")
    client.put_object(Bucket=NAME, Key="plain", Body=bytes(100_000))
    client.put_object(Bucket=NAME, Key="plain", Body=bytes(110_000))
    client.put_object(Bucket=NAME, Key="copied", Body=bytes(120_000))
    client.copy_object(Bucket=NAME, Key="copy", CopySource={"Bucket": NAME, "Key": "copied"})
    client.put_object(Bucket=NAME, Key="customer", Body=bytes(130_000), **CUSTOMER)
    of = upload(account, NAME, "parts")
    made = parts(account, of, bytes(PART_MIN), bytes(140_000))
    client.complete_multipart_upload(**of, MultipartUpload={"Parts": made})
    parts(account, upload(account, NAME, "unfinished"), bytes(PART_MIN + 1))
    assert len(files(server)) == 7
    return server


def test_a_check_goes_through_files(filled):
    assert filled.terminate() == 0
    status, found = check(filled)
    assert (status, found["sound"], found["files"], found["files_verified"]) == (0, True, 7, None)
    assert found["file_bytes"] == 460_000 + 140_000 + 2 * PART_MIN + 1
    assert found["faults"] == []
    status, found = check(filled, "--verify")
    assert (status, found["files_verified"], found["faults"]) == (0, 7, [])


def test_a_check_says_what_is_lost(filled):
    assert filled.terminate() == 0
    left = filled.data / "blobs" / "00" / ("00" * 16)
    left.write_bytes(b"left over")
    (filled.data / "blobs" / "draft" / "0000000000000000-00").write_bytes(b"half")
    change(file_of(filled, 130_000), 70_000)
    status, found = check(filled)
    assert (status, found["files_left_over"], found["files_unfinished"], found["faults"]) == (0, 1, 1, [])

    status, found = check(filled, "--verify")
    assert (status, found["sound"], found["files_verified"]) == (1, False, 6)
    (fault,) = found["faults"]
    assert fault["file"] == file_of(filled, 130_000).name
    assert fault["objects"] == [{"bucket": NAME, "key": "customer"}]
    assert "does not hold what was written" in fault["why"]

    file_of(filled, 100_000).unlink()
    file_of(filled, 120_000).write_bytes(b"")
    file_of(filled, PART_MIN + 1).unlink()
    status, found = check(filled)
    assert (status, found["sound"], found["files"]) == (1, False, 7)
    lost = {tuple(sorted(of["key"] for of in fault["objects"])) for fault in found["faults"]}
    assert lost == {("plain",), ("copied", "copy"), ("unfinished",)}
    shown = run("check", "--data", filled.data)
    assert shown.returncode == 1
    assert f"is missing: {NAME}/plain" in shown.stdout
    assert "is not sound: 3 faults" in shown.stderr
    assert left.exists()


def scrubbed(server):
    return server.get("/_cloudlet/health")["scrub"]["last"]


def test_the_scrub_reports_and_removes_nothing(filled, new_server, tmp_path):
    """Fast, and by a clock that is moved."""
    assert filled.terminate() == 0
    configuration = tmp_path / "scrub.toml"
    configuration.write_text("[scrub]\nevery = '7d'\nmib_per_second = 1000\n")
    server = new_server(data=filled.data, CLOUDLET_CONFIG=str(configuration)).start()
    until(lambda: scrubbed(server))
    first = scrubbed(server)
    assert (first["files"], first["faults"]) == (7, 0)

    damaged, missing = file_of(server, 130_000), file_of(server, 100_000)
    change(damaged, 70_000)
    missing.unlink()
    server.advance(6 * DAY_S)
    assert scrubbed(server) == first
    server.advance(DAY_S + 60)
    until(lambda: scrubbed(server) != first)
    assert (scrubbed(server)["files"], scrubbed(server)["faults"]) == (7, 2)
    log = server.log_text()
    assert f"blob {damaged.name} is damaged" in log
    assert f"blob {missing.name} is missing" in log
    assert damaged.exists()
    shown = run("status", "--listen", server.authority)
    assert "2 missing or damaged" in shown.stdout

    # What was found is still known after a restart, and the next pass is not due.
    found = scrubbed(server)
    assert server.terminate() == 0
    server = new_server(data=filled.data, CLOUDLET_CONFIG=str(configuration)).start()
    until(lambda: scrubbed(server))
    assert scrubbed(server) == found
    assert server.get("/_cloudlet/health")["scrub"]["under_way"] is None


def test_the_scrub_can_be_off(new_server, tmp_path):
    configuration = tmp_path / "scrub.toml"
    configuration.write_text("[scrub]\nevery = 'off'\n")
    server = new_server(CLOUDLET_CONFIG=str(configuration)).start()
    assert server.get("/_cloudlet/health")["scrub"] is None
