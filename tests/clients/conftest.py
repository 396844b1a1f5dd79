"""Servers and clients for the tests."""

import itertools

import pytest

# What helpers assert is to be said as well as what tests assert, which takes that they are imported after this.
pytest.register_assert_rewrite("support")

from support import loopback
from support.aws import Account
from support.http import Client, Signer
from support.server import Server

# Clients of some services put more before the host that they are given.
loopback.install()

ACCOUNTS = itertools.count(100_000_000_000)


@pytest.fixture(scope="session")
def session_server(tmp_path_factory):
    """A durable server that most tests share. Nobody moves its clock."""
    directory = tmp_path_factory.mktemp("server")
    server = Server(directory / "data", directory / "log").start()
    yield server
    status = server.terminate()
    assert server.close() == []
    assert status == 0


@pytest.fixture
def server(session_server):
    """The shared server, which every test has to leave alive."""
    yield session_server
    assert session_server.running, session_server.log_text()[-2000:]
    assert session_server.get("/_cloudlet/health")["status"] == "running"


@pytest.fixture
def new_server(tmp_path):
    """Makes servers of a test's own; on one data directory unless told otherwise."""
    made = []

    def make(**options):
        options.setdefault("data", tmp_path / "data")
        server = Server(log=tmp_path / f"log-{len(made)}", **options)
        made.append(server)
        return server

    yield make
    panics = [line for server in made for line in server.close()]
    assert panics == []


@pytest.fixture
def own_server(new_server):
    """A server of the test's own, in memory, whose clock may be moved."""
    return new_server(ephemeral=True).start()


@pytest.fixture
def account(server):
    """A fresh account on the shared server."""
    return Account(server, str(next(ACCOUNTS)))


@pytest.fixture
def own(own_server):
    """An account on the test's own server."""
    return Account(own_server, "437064342167")


@pytest.fixture
def wire(account):
    """Hand-made requests of the account, for SQS unless a file has its own."""
    return Client(account.server, Signer("sqs", key=account.key))


@pytest.fixture
def client(server):
    """Hand-made requests for SQS."""
    return Client(server, Signer(service="sqs"))
