"""Stock clients: boto3, in SQS's case in both of its protocols, and the AWS CLI."""

import functools
import itertools
import json
import os

import boto3
import botocore.session
import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.response import StreamingBody

from support import cli, javascript
from support.cli import COMMAND_MAX_S
from support.query_model import query_session
from support.server import clean_environment

REGION = "us-east-1"
NAMES = itertools.count(1)

# S3 says with these that nothing is left to say, and that this is a part.
SUCCESS = javascript.SUCCESS

# One request, one answer: an error must show, and is not to be tried again.
CONFIG = Config(retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=40)


@functools.cache
def _json_session():
    return botocore.session.get_session()


@functools.cache
def _boto3_session(protocol):
    # One for all clients: each session adds S3's methods for files to the classes of clients.
    return boto3.Session(botocore_session=query_session() if protocol == "query" else _json_session())


@functools.cache
def model(service):
    """The stock client's model of a service."""
    return _json_session().get_service_model(service)


def operations():
    """The names of all operations of SQS."""
    return model("sqs").operation_names


def make_client(
    server,
    key="test",
    service="sqs",
    *,
    secret="test",
    token=None,
    region=REGION,
    protocol="json",
    config=CONFIG,
    url=None,
):
    """A stock client."""
    return _boto3_session(protocol).client(
        service,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        region_name=region,
        endpoint_url=url or server.url_for(service),
        config=config,
    )


def client_of(server, credentials, service, **options):
    """A stock client for whom these credentials are, which are as IAM and STS give them."""
    token = credentials.get("SessionToken")
    key, secret = credentials["AccessKeyId"], credentials["SecretAccessKey"]
    return make_client(server, key, service, secret=secret, token=token, **options)


def caller(client):
    """Calls operations by name through a client of boto3. What is a stream in an answer is read to its end."""

    def call(operation, **parameters):
        answer = getattr(client, xform_name(operation))(**parameters)
        assert answer.pop("ResponseMetadata")["HTTPStatusCode"] in SUCCESS
        return {name: value.read() if isinstance(value, StreamingBody) else value for name, value in answer.items()}

    return call


class Account:
    """One account's clients, as its root user, and queues."""

    def __init__(self, server, key):
        self.server = server
        self.key = key
        self.sqs = make_client(server, key)
        self.clients = {("sqs", "json"): self.sqs}

    def client(self, service, protocol="json"):
        """A stock client of a service."""
        kind = (service, protocol)
        if kind not in self.clients:
            self.clients[kind] = make_client(self.server, self.key, service, protocol=protocol)
        return self.clients[kind]

    def own(self):
        """The root user's credentials, as IAM and STS would give them."""
        return {"AccessKeyId": self.key, "SecretAccessKey": "test"}

    def boto(self, protocol="json", service="sqs", credentials=None):
        """Calls operations by name through boto3."""
        if credentials is None:
            return caller(self.client(service, protocol))
        return caller(client_of(self.server, credentials, service, protocol=protocol))

    def js(self, service, credentials=None):
        """Calls operations by name through the JavaScript SDK."""
        return functools.partial(javascript.call, self.server.url_for(service), service, credentials or self.own())

    def cli(self, service="sqs", credentials=None):
        """Calls operations by name through the AWS CLI."""

        def call(operation, **parameters):
            run = functools.partial(self.aws, credentials=credentials)
            return cli.call(run, model(service).operation_model(operation), parameters)

        return call

    def aws(self, *arguments, check=True, credentials=None, seconds=COMMAND_MAX_S, config=os.devnull, url=None):
        """Runs the AWS CLI with a configuration file; gives what it prints, or with `check=False` the finished process.
        """
        given = credentials or self.own()
        token = given.get("SessionToken")
        environment = clean_environment(
            AWS_ACCESS_KEY_ID=given["AccessKeyId"],
            AWS_SECRET_ACCESS_KEY=given["SecretAccessKey"],
            **({"AWS_SESSION_TOKEN": token} if token else {}),
            AWS_DEFAULT_REGION=REGION,
            AWS_DEFAULT_OUTPUT="json",
            AWS_MAX_ATTEMPTS="1",
            AWS_CONFIG_FILE=str(config),
            AWS_SHARED_CREDENTIALS_FILE=os.devnull,
            AWS_PAGER="",
        )
        # Version 1 sends SQS to its legacy host names unless the option, not the environment, says otherwise.
        url = url or self.server.url_for(arguments[0])
        finished = cli.run(["--endpoint-url", url, *arguments], environment, seconds)
        if not check:
            return finished
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    def name(self, kind="queue", *, fifo=False):
        """A name not used before."""
        return f"{kind}-{os.getpid()}-{next(NAMES)}" + (".fifo" if fifo else "")

    def queue(self, *, fifo=False, tags=None, **attributes):
        """Makes a queue and gives its URL."""
        if fifo:
            attributes["FifoQueue"] = "true"
        parameters = {"tags": tags} if tags else {}
        return self.sqs.create_queue(QueueName=self.name(fifo=fifo), Attributes=attributes, **parameters)["QueueUrl"]

    def attributes(self, url, *names):
        """A queue's attributes."""
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names) or ["All"])
        return answer.get("Attributes", {})

    @property
    def root(self):
        """The ARN of the account's root user."""
        return f"arn:aws:iam::{self.key}:root"

    def arn(self, url):
        return f"arn:aws:sqs:{REGION}:{self.key}:{url.rsplit('/', 1)[1]}"

    def send(self, url, body="body", **parameters):
        return self.sqs.send_message(QueueUrl=url, MessageBody=body, **parameters)

    def receive(self, url, count=10, **parameters):
        """The messages of one receive."""
        return self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=count, **parameters).get("Messages", [])

    def drain(self, url):
        """Receives and deletes everything that is visible, and gives it."""
        all_of_it = []
        while messages := self.receive(url, AttributeNames=["All"]):
            all_of_it += messages
            for message in messages:
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return all_of_it

    def dead_letter_pair(self, count=1, **options):
        """A queue and its dead-letter queue."""
        dead = self.queue(**options)
        policy = json.dumps({"deadLetterTargetArn": self.arn(dead), "maxReceiveCount": count})
        return self.queue(RedrivePolicy=policy, **options), dead


def fails(account, code, text=None):
    """Expects an error with this code, and with this text if one is given."""

    class Expected:
        def __enter__(self):
            self.raises = pytest.raises(account.sqs.exceptions.ClientError)
            self.caught = self.raises.__enter__()
            return self.caught

        def __exit__(self, *what):
            done = self.raises.__exit__(*what)
            error = self.caught.value.response["Error"]
            assert error["Code"] == code
            if text is not None:
                assert error["Message"] == text
            return done

    return Expected()
