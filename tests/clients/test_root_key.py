"""The root key, by the program's own commands."""

import base64
import json
import os
import random
import secrets
import shutil
import subprocess
import time

import pytest

from support.aws import Account
from support.server import BINARY, PATIENCE_S, clean_environment, run

KEY = "437064342167"
NAME = "kept"


def file_of(data):
    return data.with_name(data.name + ".root-key")


def new_key():
    return base64.b64encode(secrets.token_bytes(32)).decode()


def refusal(data, *more, **environment):
    """What the program says instead of starting."""
    ended = run("up", "--listen", "127.0.0.1:0", "--data", data, *more, **environment)
    assert ended.returncode == 1, ended
    assert ended.stdout == ""
    return ended.stderr


def read(server):
    client = Account(server, KEY).client("secretsmanager")
    return client.get_secret_value(SecretId=NAME)["SecretString"]


@pytest.fixture
def data(new_server):
    """A data directory with a secret in it, that nobody uses."""
    server = new_server().start()
    Account(server, KEY).client("secretsmanager").create_secret(Name=NAME, SecretString="value")
    assert server.terminate() == 0
    return server.data


def test_the_first_start_makes_it_and_says_so(data, new_server):
    file = file_of(data)
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(base64.b64decode(file.read_text())) == 32
    assert f"made the root key {file}" in (data.parent / "log-0").read_text()
    server = new_server(data=data).start()
    assert read(server) == "value"
    assert "made the root key" not in server.log_text()


def test_without_it_nothing_starts(data):
    file = file_of(data)
    away = file.rename(file.with_name("away"))
    assert "the root key is missing" in refusal(data)
    assert not file.exists()
    file.write_text(new_key())
    file.chmod(0o600)
    assert "the wrong root key" in refusal(data)
    file.write_text("half a key")
    assert "does not hold a root key" in refusal(data)
    away.rename(file)
    file.chmod(0o640)
    assert "0640" in refusal(data)
    file.chmod(0o600)
    inside = data / "root-key"
    assert "must not lie in the data directory" in refusal(data, "--root-key-file", inside)
    assert "both give a root key" in refusal(data, "--root-key-file", file, CLOUDLET_ROOT_KEY=new_key())
    assert "the wrong root key" in refusal(data, CLOUDLET_ROOT_KEY=new_key())
    assert "CLOUDLET_ROOT_KEY does not hold a root key" in refusal(data, CLOUDLET_ROOT_KEY="short")
    assert json.loads(run("check", "--output", "json", "--data", data).stdout)["vault_keys"] == 1


def test_a_copy_of_the_data_opens_nothing(data, tmp_path):
    copy = shutil.copytree(data, tmp_path / "elsewhere" / "data")
    assert "the root key is missing" in refusal(copy)


def test_the_environment_instead_of_a_file(data, new_server):
    file = file_of(data)
    text = file.read_text()
    file.unlink()
    server = new_server(data=data, CLOUDLET_ROOT_KEY=text).start()
    assert read(server) == "value"
    server.terminate()
    assert not file.exists()
    printed = run("rotate-root-key", "--output", "json", "--data", data, CLOUDLET_ROOT_KEY=text)
    new = json.loads(printed.stdout)["new_root_key"]
    assert "the wrong root key" in refusal(data, CLOUDLET_ROOT_KEY=text)
    given = new_key()
    variables = {"CLOUDLET_ROOT_KEY": new, "CLOUDLET_NEW_ROOT_KEY": given}
    facts = json.loads(run("rotate-root-key", "--output", "json", "--data", data, **variables).stdout)
    assert "new_root_key" not in facts
    assert facts["vault_key_version"] == 3
    again = new_server(data=data, CLOUDLET_ROOT_KEY=given).start()
    assert read(again) == "value"


def test_it_is_replaced(data, new_server):
    file = file_of(data)
    old = file.read_text()
    facts = json.loads(run("rotate-root-key", "--output", "json", "--data", data).stdout)
    assert facts["vault_key_version"] == 2
    assert facts["root_key"] != facts["was"]
    assert file.read_text() != old
    assert file.stat().st_mode & 0o777 == 0o600
    assert "the wrong root key" in refusal(data, CLOUDLET_ROOT_KEY=old)
    server = new_server(data=data).start()
    assert read(server) == "value"
    in_use = run("rotate-root-key", "--data", data)
    assert in_use.returncode == 1
    assert "is in use by process" in in_use.stderr


def test_sigkill_while_it_is_replaced(data, new_server):
    """Whenever it happens, the next start opens everything, and leaves one file."""
    pause = random.Random(7)
    whole = time.monotonic()
    assert run("rotate-root-key", "--data", data).returncode == 0
    whole = time.monotonic() - whole
    versions = [json.loads(run("check", "--output", "json", "--data", data).stdout)["vault_keys"]]
    for _ in range(20):
        command = [BINARY, "rotate-root-key", "--data", str(data)]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command, env=clean_environment(), **quiet)
        time.sleep(pause.random() * whole)
        process.kill()
        process.wait(PATIENCE_S)
        checked = run("check", "--output", "json", "--data", data)
        assert checked.returncode == 0, checked.stderr
        versions.append(json.loads(checked.stdout)["vault_keys"])
    assert versions == sorted(versions)
    server = new_server(data=data).start()
    assert read(server) == "value"
    assert [name for name in os.listdir(data.parent) if ".root-key" in name] == [file_of(data).name]
