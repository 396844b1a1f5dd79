"""The AWS CLI, to be run as it is, or called as boto3 is."""

import atexit
import base64
import functools
import itertools
import json
import pathlib
import re
import subprocess
import sys
import tempfile

from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.utils import parse_timestamp

from support.server import PATIENCE_S, clean_environment

FOLDER = pathlib.Path(__file__).resolve().parents[1]

# Less than a test may take, so that it is this that is said to have taken too long.
COMMAND_MAX_S = 50

NUMBERS = itertools.count(1)

ERROR = re.compile(
    r"An error occurred \((?P<Code>\S+)\) when calling the \w+ operation[^:]*: (?P<Message>.*)", re.DOTALL
)


@functools.cache
def process():
    """The process that has the CLI imported, which ends with the tests."""
    program = subprocess.Popen(
        [sys.executable, "-m", "support.cli_program"],
        cwd=FOLDER,
        env=clean_environment(PYTHONUTF8="1"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        # Who interrupts the tests does not interrupt it: it ends when nobody is left to ask.
        start_new_session=True,
    )

    def end():
        program.stdin.close()
        program.wait(PATIENCE_S)

    atexit.register(end)
    return program


def run(arguments, environment, seconds=COMMAND_MAX_S):
    """Runs a command to its end, which fails if that takes too long."""
    program, number = process(), next(NUMBERS)
    request = {"number": number, "arguments": arguments, "environment": environment, "seconds": seconds}
    program.stdin.write(json.dumps(request) + "\n")
    program.stdin.flush()
    answer = {}
    # A test that was ended for the time it took did not wait for its answer.
    while answer.get("number") != number:
        line = program.stdout.readline()
        assert line, "the process that runs the CLI ended"
        answer = json.loads(line)
    assert answer["status"] is not None, f"{arguments} took more than {seconds} s"
    return subprocess.CompletedProcess(["aws", *arguments], answer["status"], answer["stdout"], answer["stderr"])


def call(aws, model, parameters):
    """Calls the operation of a model: `aws` runs a command. Parameters, answers and errors are boto3's."""
    with tempfile.TemporaryDirectory() as folder:
        way = OTHER_WAYS.get(model.name, usual)
        return way(aws, model, parameters, pathlib.Path(folder))


def usual(aws, model, parameters, folder):
    """All parameters in one JSON, but for those that are bytes: they are options of their own, with a file."""
    if model.has_streaming_output:
        return streamed(aws, model, parameters, folder)
    files = {name: value for name, value in parameters.items() if isinstance(value, bytes)}
    rest = {name: value for name, value in parameters.items() if name not in files}
    arguments = ["--no-paginate", "--cli-input-json", json.dumps(rest, default=packed)]
    for name, value in files.items():
        (folder / name).write_bytes(value)
        # What is streamed is named by its path alone.
        stream = model.has_streaming_input and name == model.input_shape.serialization["payload"]
        arguments += [option(name), str(folder / name) if stream else f"fileb://{folder / name}"]
    return answer(aws, model, arguments)


def streamed(aws, model, parameters, folder):
    """The CLI takes no JSON where what is answered goes to a file."""
    found = answer(aws, model, [*options(parameters), str(folder / "out")])
    found[model.output_shape.serialization["payload"]] = (folder / "out").read_bytes()
    return found


def create_virtual_mfa_device(aws, model, parameters, folder):
    """The CLI takes no JSON here. It shows nothing of the secret, but writes it to a file: the seed or its picture,
    not both; this asks for the seed."""
    arguments = ["--bootstrap-method", "Base32StringSeed", "--outfile", str(folder / "seed")]
    found = answer(aws, model, [*arguments, *options(parameters)])
    found["VirtualMFADevice"]["Base32StringSeed"] = (folder / "seed").read_bytes()
    return found


# The services whose operations are not under their own name, which other commands have.
COMMANDS = {"s3": "s3api"}

# The operations that the CLI takes in a way of its own.
OTHER_WAYS = {"CreateVirtualMFADevice": create_virtual_mfa_device}


def option(name):
    return "--" + xform_name(name, "-")


def options(parameters):
    """Each parameter as an option of its own."""
    found = []
    for name, value in parameters.items():
        found += [option(name), value if isinstance(value, str) else json.dumps(value, default=packed)]
    return found


def packed(value):
    """What JSON has not. In JSON the CLI takes bytes that are text, as text, and no others."""
    return value.decode() if isinstance(value, bytes) else value.isoformat()


def answer(aws, model, arguments):
    """What the server answered, as boto3 gives it, or its error."""
    name = model.service_model.service_name
    finished = aws(COMMANDS.get(name, name), xform_name(model.name, "-"), *arguments, check=False)
    if finished.returncode != 0:
        error = ERROR.search(finished.stderr.rstrip("\n"))
        # What did not come from the server is a fault of the test.
        assert error, finished
        raise ClientError({"Error": error.groupdict()}, model.name)
    return unpacked(model.output_shape, json.loads(finished.stdout)) if finished.stdout.strip() else {}


def unpacked(shape, found):
    """Bytes and times, which the CLI leaves as they were sent."""
    if shape.type_name == "structure":
        return {name: unpacked(shape.members[name], value) for name, value in found.items()}
    if shape.type_name == "list":
        return [unpacked(shape.member, value) for value in found]
    if shape.type_name == "map":
        return {key: unpacked(shape.value, value) for key, value in found.items()}
    if shape.type_name == "blob":
        return base64.b64decode(found, validate=True)
    if shape.type_name == "timestamp":
        return parse_timestamp(found)
    return found
