"""The commands of the AWS CLI for files: a tree goes up, is kept the same, and comes back."""

import hashlib
import os
import random
import urllib.error
import urllib.request

import pytest

from support.aws import fails
from support.s3 import bucket, code, keys, put, read, s3
from support.server import PATIENCE_S

FILES = 2_000
# More than the CLI puts at once, in two and in three parts.
LARGE = (9 << 20, 17 << 20)

# Names that a path, a URL or an XML document would change.
NAMES = ("plain", "with space", "a+b", "per%20cent", "ümlaut", "amp&er<sand>", "question?", "hash#", "comma,semi;")

# Some time before the tests, in seconds since the epoch.
PAST_S = 1_700_000_000

# The most that a command about the whole tree may take.
TREE_S = 200


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Many small files of many names, some empty, and a few large ones: the content of each by its path."""
    root, source, found = tmp_path_factory.mktemp("tree"), random.Random(1), {}
    for number in range(FILES):
        path = f"folder {number % 40}/deeper/{NAMES[number % len(NAMES)]}-{number}"
        found[path] = source.randbytes(source.randrange(0, 2_000))
    for number, size in enumerate(LARGE):
        found[f"large/{number}"] = source.randbytes(size)
    for path, content in found.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        write(root / path, content)
    return root, found


def write(path, content):
    """Writes a file that is older than any object that is made of it: S3 keeps whole seconds, and what is newer than
    its object is put again."""
    path.write_bytes(content)
    os.utime(path, (PAST_S, PAST_S))


def on_disk(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def listed(account, name, **more):
    """Size and entity tag of every object."""
    pages = s3(account).get_paginator("list_objects_v2").paginate(Bucket=name, **more)
    return {found["Key"]: (found["Size"], found["ETag"]) for page in pages for found in page.get("Contents", [])}


@pytest.mark.timeout(600)
def test_a_tree_is_kept_the_same(account, tree, tmp_path):
    root, found = tree
    name = account.name("bucket")
    where = f"s3://{name}/tree"

    def sync(*arguments):
        """Runs the command; gives what it did."""
        return account.aws("s3", "sync", "--no-progress", *map(str, arguments), seconds=TREE_S).splitlines()

    assert account.aws("s3", "mb", f"s3://{name}") == f"make_bucket: {name}\n"
    assert len(sync(root, where)) == FILES + len(LARGE)
    there = listed(account, name)
    assert {key.removeprefix("tree/"): size for key, (size, _) in there.items()} == {
        path: len(content) for path, content in found.items()
    }
    for path, content in found.items():
        _, tag = there[f"tree/{path}"]
        # That of what went up in parts is another digest: it is read back below.
        assert "-" in tag or tag == f'"{hashlib.md5(content).hexdigest()}"', path
    assert sync(root, where) == []
    assert sync(where, root) == []

    back = tmp_path / "back"
    wanted = ["--exclude", "*", "--include", "large/*", "--include", "folder 1*"]
    some = {path: content for path, content in found.items() if path.startswith(("large/", "folder 1"))}
    assert len(sync(where, back, *wanted)) == len(some)
    assert on_disk(back) == some

    changed, *gone = sorted(path for path in some if path.startswith("folder 1/"))
    write(back / changed, b"changed")
    for path in gone:
        (back / path).unlink()
    write(back / "new", b"new")
    # Without the option nothing goes.
    assert len(sync(back, where, *wanted, "--include", "new")) == 2
    assert len(listed(account, name)) == FILES + len(LARGE) + 1
    deleted = sync(back, where, *wanted, "--include", "new", "--delete")
    assert sorted(deleted) == sorted(f"delete: {where}/{path}" for path in gone)
    assert read(account, name, f"tree/{changed}") == b"changed"
    assert len(listed(account, name)) == FILES + len(LARGE) + 1 - len(gone)

    last = account.aws("s3", "ls", "--recursive", "--summarize", where, seconds=TREE_S).splitlines()[-2:]
    total = sum(size for size, _ in listed(account, name).values())
    assert last == [f"Total Objects: {FILES + len(LARGE) + 1 - len(gone)}", f"   Total Size: {total}"]


def test_an_empty_file_among_others(account, tmp_path):
    """On one connection, on which the CLI asks before each body, empty or not, whether it is wanted."""
    name, root = bucket(account), tmp_path / "tree"
    root.mkdir()
    for file, content in (("a", b""), ("b", b"text"), ("c", b""), ("d", b"text")):
        write(root / file, content)
    (tmp_path / "config").write_text("[default]\ns3 =\n  max_concurrent_requests = 1\n")
    limit = ["--cli-read-timeout", "10"]
    account.aws(*limit, "s3", "sync", str(root), f"s3://{name}", config=tmp_path / "config")
    assert [read(account, name, key) for key in keys(account, name)] == [b"", b"text", b"", b"text"]


def test_one_file(account, tmp_path):
    """Up, elsewhere, listed, down, away: in parts and at once."""
    name = bucket(account)
    content = {"small": b"text", "large": os.urandom(LARGE[1])}

    def aws(*arguments):
        return account.aws("s3", *map(str, arguments))

    for file, expected in content.items():
        (tmp_path / file).write_bytes(expected)
        aws("cp", "--no-progress", tmp_path / file, f"s3://{name}/in/{file}", "--metadata", "colour=blue")
        head = s3(account).head_object(Bucket=name, Key=f"in/{file}")
        assert (head["ContentLength"], head["Metadata"]) == (len(expected), {"colour": "blue"})
        aws("cp", f"s3://{name}/in/{file}", f"s3://{name}/copy/{file}")
        assert read(account, name, f"copy/{file}") == expected
        aws("mv", f"s3://{name}/in/{file}", f"s3://{name}/moved/{file}")
        assert keys(account, name, Prefix="in/") == []
        aws("mv", "--no-progress", f"s3://{name}/moved/{file}", tmp_path / "back")
        assert (tmp_path / "back").read_bytes() == expected
    assert keys(account, name) == ["copy/large", "copy/small"]
    assert aws("cp", f"s3://{name}/copy/small", "-") == "text"
    assert aws("ls", f"s3://{name}").split() == ["PRE", "copy/"]
    lines = [line.split()[2:] for line in aws("ls", f"s3://{name}/copy/").splitlines()]
    assert lines == [[str(LARGE[1]), "large"], ["4", "small"]]
    assert name in aws("ls")
    refused = account.aws("s3", "rb", f"s3://{name}", check=False)
    assert refused.returncode != 0
    assert "(BucketNotEmpty)" in refused.stderr
    assert aws("rm", f"s3://{name}/copy/small") == f"delete: s3://{name}/copy/small\n"
    aws("rb", "--force", f"s3://{name}")
    assert code(s3(account).list_objects_v2, Bucket=name) == "NoSuchBucket"


def fetched(url):
    """Status and body, by a program that knows nothing of S3."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read()


@pytest.mark.parametrize("key", ["key", "a folder/with+signs & ümlauts?"])
def test_a_presigned_url(account, tmp_path, key):
    name = bucket(account)
    put(account, name, key)
    (tmp_path / "config").write_text("[default]\ns3 =\n  signature_version = s3v4\n")
    url = account.aws("s3", "presign", f"s3://{name}/{key}", "--expires-in", "60", config=tmp_path / "config").strip()
    assert fetched(url) == (200, b"text")
    status, body = fetched(url.replace("X-Amz-Expires=60", "X-Amz-Expires=61"))
    assert status == 403
    assert b"<Code>SignatureDoesNotMatch</Code>" in body


def test_a_presigned_url_of_who_configured_nothing(account):
    """In the first region the CLI still signs them the older way."""
    name = bucket(account)
    put(account, name)
    url = account.aws("s3", "presign", f"s3://{name}/key", "--expires-in", "60").strip()
    assert fetched(url) == (200, b"text")
    status, body = fetched(url.replace("Signature=", "Signature=AAAA"))
    assert status == 403
    assert b"<Code>SignatureDoesNotMatch</Code>" in body


def test_what_is_refused_is_said(account, tmp_path):
    name = bucket(account)
    for arguments in (("cp", f"s3://{name}/none", tmp_path / "x"), ("ls", "s3://no-such-bucket")):
        refused = account.aws("s3", *map(str, arguments), check=False)
        assert refused.returncode != 0
        assert "(404)" in refused.stderr or "(NoSuchBucket)" in refused.stderr
    assert not (tmp_path / "x").exists()
    with fails(account, "NoSuchBucket"):
        s3(account).list_objects_v2(Bucket="no-such-bucket")
