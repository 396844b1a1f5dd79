"""S3 by rclone, which looks at every byte that it copied."""

import random
import shutil
import subprocess

import pytest

from support.s3 import bucket, keys, s3
from support.server import clean_environment

RCLONE = shutil.which("rclone")

pytestmark = pytest.mark.skipif(RCLONE is None, reason="rclone is not installed")

# The most that one command may take: a few hundred files.
COMMAND_MAX_S = 100

NAMES = ("plain", "with space", "a+b", "per%20cent", "ümlaut", "amp&er", "question?")


@pytest.fixture
def rclone(account, tmp_path):
    """Runs rclone with a remote called `cloud`."""
    config = tmp_path / "rclone.conf"
    config.write_text(
        "[cloud]\ntype = s3\nprovider = Other\nenv_auth = false\nregion = us-east-1\nforce_path_style = true\n"
        f"access_key_id = {account.key}\nsecret_access_key = test\nendpoint = {account.server.url}\n"
        # Buckets take no ACL that would share an object, which this version would send by default.
        "acl = bucket-owner-full-control\nbucket_acl = private\nupload_cutoff = 6Mi\nchunk_size = 5Mi\n"
    )

    def run(*arguments, check=True):
        finished = subprocess.run(
            [RCLONE, "--config", str(config), "--retries", "1", "--low-level-retries", "1", *map(str, arguments)],
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_MAX_S,
            check=False,
        )
        assert not check or finished.returncode == 0, finished.stderr
        return finished

    return run


@pytest.fixture
def tree(tmp_path):
    """Some files, one of which goes up in parts."""
    root, source = tmp_path / "tree", random.Random(2)
    for number in range(200):
        file = root / f"folder {number % 10}" / f"{NAMES[number % len(NAMES)]}-{number}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(source.randbytes(source.randrange(0, 50_000)))
    (root / "large").write_bytes(source.randbytes(13 << 20))
    return root


@pytest.mark.timeout(300)
def test_a_tree_is_whole_there_and_back(account, rclone, tree, tmp_path):
    name = account.name("bucket")
    where = f"cloud:{name}/tree"
    rclone("mkdir", f"cloud:{name}")
    rclone("copy", tree, where)
    assert len(keys(account, name)) == 201
    # By its checksums, then by reading all of it.
    assert "201 matching files" in rclone("check", tree, where).stderr
    rclone("check", "--download", tree, where)
    assert "There was nothing to transfer" in rclone("copy", "-v", tree, where).stderr

    rclone("copy", where, f"cloud:{name}/copy")
    rclone("copy", f"cloud:{name}/copy", tmp_path / "back")
    rclone("check", "--download", tree, tmp_path / "back")

    (tree / "large").write_bytes(b"changed")
    min((tree / "folder 1").iterdir()).unlink()
    differs = rclone("check", tree, where, check=False)
    assert differs.returncode != 0
    assert "large: sizes differ" in differs.stderr
    rclone("sync", tree, where)
    rclone("check", tree, where)

    rclone("purge", f"cloud:{name}/copy")
    assert keys(account, name, Prefix="copy/") == []
    rclone("delete", where)
    rclone("rmdir", f"cloud:{name}")
    assert [found["Name"] for found in s3(account).list_buckets()["Buckets"]] == []


def test_one_object(account, rclone, tmp_path):
    """Metadata, times and ranges, as rclone keeps them."""
    name = bucket(account)
    file = tmp_path / "file"
    file.write_bytes(b"0123456789")
    rclone("copyto", file, f"cloud:{name}/a/file")
    assert float(s3(account).head_object(Bucket=name, Key="a/file")["Metadata"]["mtime"]) == file.stat().st_mtime
    assert rclone("cat", "--offset", "3", "--count", "4", f"cloud:{name}/a/file").stdout == "3456"
    rclone("moveto", f"cloud:{name}/a/file", f"cloud:{name}/b/file")
    assert keys(account, name) == ["b/file"]
    assert rclone("md5sum", f"cloud:{name}").stdout == "781e5e245d69b566979b86e28d23f2c7  b/file\n"
    rclone("deletefile", f"cloud:{name}/b/file")
    assert keys(account, name) == []
