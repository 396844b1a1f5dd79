"""Every operation, by every stock client of Python."""

import importlib
import json
import socket

import pytest

from support import cli
from support.aws import REGION, fails, make_client, operations
from support.exercises import EXERCISES
from support.operations import ALL, run
from support.server import clean_environment

CALLERS = {
    "boto3-json": lambda account: lambda credentials: account.boto("json", credentials=credentials),
    "boto3-query": lambda account: lambda credentials: account.boto("query", credentials=credentials),
    "cli": lambda account: lambda credentials: account.cli(credentials=credentials),
}


def test_no_operation_of_the_model_is_left_out():
    assert set(EXERCISES) == set(operations())


def test_no_operation_of_any_service_is_left_out(server):
    """What the running server offers is exercised, whole and nothing else."""
    offered = server.get("/_cloudlet/operations")
    exercised = {"sqs": set(EXERCISES)}
    for service in offered.keys() - exercised.keys():
        importlib.import_module(f"test_{service}")
        exercised[service] = set(ALL[service].exercises)
    for service, names in offered.items():
        assert exercised[service] == set(names), service


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("operation", operations())
def test_operation(account, operation, caller):
    """The operation does what it is there for, and the client under test is what asked for it."""
    assert run(EXERCISES[operation], account, CALLERS[caller](account)) == {operation}


def test_the_cli_knows_who_it_is(account):
    identity = json.loads(account.aws("sts", "get-caller-identity"))
    assert identity["Account"] == account.key
    assert identity["Arn"] == f"arn:aws:iam::{account.key}:root"


def test_the_cli_shows_errors(account):
    finished = account.aws("sqs", "get-queue-url", "--queue-name", "nowhere", check=False)
    assert finished.returncode == 255
    assert "(AWS.SimpleQueueService.NonExistentQueue)" in finished.stderr
    assert "The specified queue does not exist." in finished.stderr


def test_the_cli_is_called_as_boto3_is(account):
    """Bytes, times, errors, and what the CLI refuses before it asks the server."""
    kms, sqs, url = account.cli("kms"), account.cli(), account.queue()
    key = kms("CreateKey")["KeyMetadata"]
    assert key["CreationDate"] == account.client("kms").describe_key(KeyId=key["KeyId"])["KeyMetadata"]["CreationDate"]
    sealed = kms("Encrypt", KeyId=key["KeyId"], Plaintext=b"\x00text\xff")["CiphertextBlob"]
    assert kms("Decrypt", CiphertextBlob=sealed)["Plaintext"] == b"\x00text\xff"
    attributes = {"raw": {"DataType": "Binary", "BinaryValue": "grüße".encode()}}
    sqs("SendMessage", QueueUrl=url, MessageBody="body", MessageAttributes=attributes)
    [message] = sqs("ReceiveMessage", QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    assert message["MessageAttributes"] == attributes
    with fails(account, "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist."):
        sqs("GetQueueUrl", QueueName="nowhere")
    with pytest.raises(AssertionError, match="Unknown parameter in input"):
        sqs("GetQueueUrl", QueueName="nowhere", Nothing="x")
    attributes["raw"]["BinaryValue"] = b"\xff"
    with pytest.raises(UnicodeDecodeError):
        sqs("SendMessage", QueueUrl=url, MessageBody="body", MessageAttributes=attributes)


def test_a_command_of_the_cli_that_does_not_end(account):
    """It is ended, and the next one is not the worse for it."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        environment = clean_environment(AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION=REGION)
        with pytest.raises(AssertionError, match="took more than 2 s"):
            cli.run(["--endpoint-url", url, "sts", "get-caller-identity"], environment, seconds=2)
    assert account.cli("sts")("GetCallerIdentity")["Account"] == account.key


def test_the_cli_with_its_own_options(account):
    """Shorthand, files and queries, as people write them."""
    name = account.name()
    url = json.loads(account.aws("sqs", "create-queue", "--queue-name", name, "--attributes", "DelaySeconds=0"))
    url = url["QueueUrl"]
    attributes = "city={DataType=String,StringValue=Any City},raw={DataType=Binary,BinaryValue=abc}"
    account.aws("sqs", "send-message", "--queue-url", url, "--message-body", "{}", "--message-attributes", attributes)
    command = ["sqs", "receive-message", "--queue-url", url, "--message-attribute-names", "All"]
    text = account.aws(*command, "--query", "Messages[0].MessageAttributes.city.StringValue", "--output", "text")
    assert text == "Any City\n"


@pytest.mark.parametrize("key", ["test", "000000000000", "437064342167"])
def test_sts_by_boto3(server, key):
    identity = make_client(server, key, "sts").get_caller_identity()
    account = "000000000000" if key == "test" else key
    assert identity["Account"] == account
    assert identity["Arn"] == f"arn:aws:iam::{account}:root"
    assert identity["UserId"] == account


@pytest.mark.parametrize("protocol", ["json", "query"])
def test_paginators(account, protocol):
    urls = {account.queue() for _ in range(5)}
    client = make_client(account.server, account.key, protocol=protocol)
    pages = client.get_paginator("list_queues").paginate(PaginationConfig={"PageSize": 2})
    found = [url for page in pages for url in page["QueueUrls"]]
    assert len(found) == 5
    assert set(found) == urls
