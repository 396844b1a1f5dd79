"""The AWS CLI, imported once: a process that makes a copy of itself for each command.

Most of what a command takes is the import of the program's code. Each copy then is the stock program that was just
started, with arguments and an environment of its own, from the call of its `main` to its natural end. A line of JSON
asks for a command, and one answers. No thread may be started here, for copies would lack it.
"""

import gc
import json
import os
import select
import signal
import sys
import tempfile

import awscli.clidriver
import awscli.handlers  # noqa: F401 - every command needs it, and `main` imports it late.
import botocore.client  # noqa: F401 - the same; it is the program's own botocore.

from support import loopback

# What the import put into the environment, for the program to find its data.
ADDED = ("AWS_DATA_PATH",)

# The largest answers of the tests are pages of a few hundred KiB; twice this is held at a time.
OUTPUT_MAX_BYTES = 64 << 20


def become(request, files):
    """Makes of this copy a program that was just started."""
    # A group of its own, for all of it to be killed.
    os.setpgrp()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, file in enumerate(files, 1):
        os.dup2(file.fileno(), number)
    environment = request["environment"] | {name: os.environ[name] for name in ADDED}
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["aws", *request["arguments"]]


def end(child, held, seconds):
    """Waits for the end of a copy, which closes what it holds of a pipe; gives its exit status, which is negative after
    a signal, or `None` if its time was over and it was killed."""
    in_time, _, _ = select.select([held], [], [], seconds)
    if not in_time:
        os.killpg(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) if in_time else None


def content(file):
    file.seek(0)
    found = file.read(OUTPUT_MAX_BYTES + 1)
    if len(found) > OUTPUT_MAX_BYTES:
        raise RuntimeError(f"a command printed more than {OUTPUT_MAX_BYTES} bytes")
    return found.decode()


def serve(requests, answers):
    """Answers requests. Is true in a copy, which has to run its command, and false when there are no more of them."""
    for line in requests:
        request = json.loads(line)
        with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
            reading, writing = os.pipe()
            child = os.fork()
            if child == 0:
                become(request, [stdout, stderr])
                return True
            os.close(writing)
            status = end(child, reading, request["seconds"])
            os.close(reading)
            answer = {"number": request["number"], "status": status}
            answer |= {"stdout": content(stdout), "stderr": content(stderr)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
    return False


if __name__ == "__main__":
    loopback.install()
    # A copy that ends need not go through all that was imported.
    gc.freeze()
    if serve(os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")):
        sys.exit(awscli.clidriver.main())
