"""Every operation of a service, used for what it is there for.

A test file makes one `Operations` and marks an exercise for each operation:

    operation = Operations("kms")

    @operation
    def create_key(account, call):
        metadata = call("CreateKey", Description="jobs")["KeyMetadata"]
        assert metadata["Description"] == "jobs"

    test_operation = operation.tests()

An exercise is called like the operation in boto3. It takes an `Account` for what surrounds the operation and `call`, the
client under test, for the operation itself: any other operation through `call` fails the test, and so does using
it never. Exercises run by boto3, and those marked with `@operation.cli` by the AWS CLI as well.

`test_operations.py` asks the running server what operations there are, and fails for each that has no exercise.
"""

import pytest
from botocore import xform_name

from support.aws import model

# The exercises of all test files that were imported, by service.
ALL = {}


class Operations:
    """The exercises of one service."""

    def __init__(self, service):
        self.service = service
        self.names = {xform_name(name): name for name in model(service).operation_names}
        self.exercises = {}
        self.by_cli = []
        ALL[service] = self

    def __call__(self, function):
        name = self.names[function.__name__]
        assert name not in self.exercises, f"{name} is exercised twice"
        self.exercises[name] = function
        return function

    def cli(self, function):
        """An exercise for the AWS CLI as well."""
        self(function)
        self.by_cli.append(self.names[function.__name__])
        return function

    def tests(self):
        """The test of them all, for the test file to give a name."""
        cases = [pytest.param(name, "boto3", id=f"{name}-boto3") for name in sorted(self.exercises)]
        cases += [pytest.param(name, "cli", id=f"{name}-cli") for name in sorted(self.by_cli)]

        @pytest.mark.parametrize(("operation", "caller"), cases)
        def test_operation(account, operation, caller):
            client = account.cli(self.service) if caller == "cli" else account.boto(service=self.service)
            used = run(self.exercises[operation], account, client)
            assert used == {operation}

        return test_operation


def run(exercise, account, call):
    """Runs an exercise; gives the operations that it used through the client under test."""
    used = set()

    def watched(name, **parameters):
        used.add(name)
        return call(name, **parameters)

    exercise(account, watched)
    return used
