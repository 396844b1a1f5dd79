"""Every operation of a service, used for what it is there for.

A test file makes one `Operations` and marks an exercise for each operation:

    operation = Operations("kms")

    @operation
    def create_key(account, call):
        metadata = call("CreateKey", Description="jobs")["KeyMetadata"]
        assert metadata["Description"] == "jobs"

    test_operation = operation.tests()

An exercise is called like the operation in boto3. It takes an `Account` for what surrounds the operation and `call`,
the client under test, for the operation itself: any other operation through `call` fails the test, and so does using
it never. `call.by(credentials)` gives the same for somebody else. Every exercise runs by boto3, by the AWS CLI and by
the JavaScript SDK.

`test_operations.py` asks the running server what operations there are, and fails for each that has no exercise.
"""

import pytest
from botocore import xform_name

from support.aws import model

# The exercises of all test files that were imported, by service.
ALL = {}


# The stock clients: each makes of an account, a service and credentials a way to call operations by their names.
CLIENTS = {
    "boto3": lambda account, service: lambda credentials: account.boto(service=service, credentials=credentials),
    "cli": lambda account, service: lambda credentials: account.cli(service, credentials),
    "js": lambda account, service: lambda credentials: account.js(service, credentials),
}


class Operations:
    """The exercises of one service."""

    def __init__(self, service):
        self.service = service
        self.names = {xform_name(name): name for name in model(service).operation_names}
        self.exercises = {}
        ALL[service] = self

    def __call__(self, function):
        self.add(self.names[function.__name__], function)
        return function

    def add(self, name, function):
        """An exercise that is not called like its operation."""
        assert name in self.names.values(), f"there is no {name}"
        assert name not in self.exercises, f"{name} is exercised twice"
        self.exercises[name] = function

    def tests(self):
        """The test of them all, for the test file to give a name."""

        @pytest.mark.parametrize("client", CLIENTS)
        @pytest.mark.parametrize("operation", sorted(self.exercises))
        def test_operation(account, operation, client):
            exercise = self.exercises[operation]
            assert run(exercise, account, CLIENTS[client](account, self.service)) == {operation}

        return test_operation


class Watched:
    """Calls operations, and remembers which."""

    def __init__(self, make, used, credentials=None):
        self.make = make
        self.call = make(credentials)
        self.used = used

    def __call__(self, name, **parameters):
        self.used.add(name)
        return self.call(name, **parameters)

    def by(self, credentials):
        """The same kind of client for whom these credentials are, which are as IAM and STS give them."""
        return Watched(self.make, self.used, credentials)


def run(exercise, account, make):
    """Runs an exercise with the client that `make` makes of credentials; gives the operations that it used by it."""
    used = set()
    exercise(account, Watched(make, used))
    return used
