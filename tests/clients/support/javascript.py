"""The JavaScript SDK, in a process of its own: one line of JSON for a call, one for its answer."""

import atexit
import base64
import datetime
import functools
import json
import pathlib
import subprocess

import botocore.session
from botocore.exceptions import ClientError
from botocore.handlers import json_decode_policies

from support.server import PATIENCE_S, clean_environment

# Statuses of answers; S3 also has those without a body and with a part of one.
SUCCESS = (200, 204, 206)

PROGRAM = pathlib.Path(__file__).resolve().parents[1] / "js" / "caller.mjs"


@functools.cache
def process():
    """The process, which ends with the tests."""
    node = subprocess.Popen(
        ["node", str(PROGRAM)],
        env=clean_environment(AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def end():
        node.stdin.close()
        node.wait(PATIENCE_S)

    atexit.register(end)
    return node


@functools.cache
def iam():
    return botocore.session.get_session().get_service_model("iam")


def packed(value):
    """Bytes and times as JSON has them not."""
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, datetime.datetime):
        return {"$date": value.isoformat()}
    raise TypeError(f"{value!r} is not for an API")


def unpacked(found):
    if "$bytes" in found:
        return base64.b64decode(found["$bytes"])
    if "$date" in found:
        return datetime.datetime.fromisoformat(found["$date"])
    return found


def call(endpoint, service, credentials, operation, **parameters):
    """Calls an operation; errors are boto3's."""
    credentials = {name: value for name, value in credentials.items() if isinstance(value, str)}
    request = {"endpoint": endpoint, "service": service, "credentials": credentials, "operation": operation}
    node = process()
    node.stdin.write(json.dumps(request | {"input": parameters}, default=packed) + "\n")
    node.stdin.flush()
    line = node.stdout.readline()
    assert line, "the process of the JavaScript SDK ended"
    answer = json.loads(line, object_hook=unpacked)
    if "error" in answer:
        raise ClientError({"Error": answer["error"]}, operation)
    assert answer["status"] in SUCCESS
    output = answer["output"]
    if service == "iam":
        # Policies in IAM's answers are quoted as in a URL; boto3 alone reads them.
        json_decode_policies(output, iam().operation_model(operation))
    return output
