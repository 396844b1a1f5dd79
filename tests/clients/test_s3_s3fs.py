"""S3 as a file system, by s3fs."""

import pathlib
import shutil
import subprocess

import pytest

from support.s3 import bucket, keys, put, read
from support.server import PATIENCE_S, clean_environment, until

S3FS = shutil.which("s3fs")

pytestmark = [
    pytest.mark.skipif(S3FS is None, reason="s3fs is not installed"),
    pytest.mark.skipif(not pathlib.Path("/dev/fuse").exists(), reason="there is no /dev/fuse for s3fs"),
]


@pytest.fixture
def mounted(account, tmp_path):
    """A bucket and the directory that it is."""
    name, place, secret = bucket(account), tmp_path / "mounted", tmp_path / "secret"
    place.mkdir()
    secret.touch(mode=0o600)
    secret.write_text(f"{account.key}:test")
    options = f"url={account.server.url},use_path_request_style,endpoint=us-east-1,passwd_file={secret},multipart_size=5"
    process = subprocess.Popen(
        [S3FS, name, str(place), "-f", "-o", options],
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    until(lambda: place.is_mount() or process.poll() is not None)
    if process.poll() is not None:
        said = process.stdout.read()
        if "fuse" in said.lower():
            pytest.skip(f"s3fs may not mount here: {said.strip()[-200:]}")
        pytest.fail(said)
    yield name, place
    subprocess.run(["umount", str(place)], check=True, timeout=PATIENCE_S)
    process.wait(PATIENCE_S)
    process.stdout.close()


def test_files_are_objects(account, mounted):
    name, place = mounted
    long = bytes(range(251)) * 50_000
    (place / "folder").mkdir()
    (place / "folder" / "long").write_bytes(long)
    (place / "short ümlaut").write_text("text")
    assert keys(account, name) == ["folder/", "folder/long", "short ümlaut"]
    assert read(account, name, "folder/long") == long
    assert read(account, name, "short ümlaut") == b"text"

    put(account, name, "folder/theirs", b"not by a file system")
    assert (place / "folder" / "theirs").read_text() == "not by a file system"
    assert sorted(file.name for file in (place / "folder").iterdir()) == ["long", "theirs"]
    with (place / "folder" / "long").open("r+b") as file:
        file.seek(7_000_000)
        file.write(b"changed")
    assert read(account, name, "folder/long") == long[:7_000_000] + b"changed" + long[7_000_007:]
    with (place / "short ümlaut").open("a") as file:
        file.write(" and more")
    assert read(account, name, "short ümlaut") == b"text and more"

    (place / "folder" / "theirs").rename(place / "renamed")
    (place / "folder" / "long").unlink()
    (place / "folder").rmdir()
    assert keys(account, name) == ["renamed", "short ümlaut"]
