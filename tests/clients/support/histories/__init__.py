"""What clients asked of a server and what came of it, written down while it happens, for checkers to judge.

A checker takes calls and gives the faults that it found, each as a sentence; none is the good news.
"""

import math
import time
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

# It was done; it was surely not done; nobody answered, so either may be.
DONE, REFUSED, UNKNOWN = "done", "refused", "unknown"

# The answers that say that a condition did not hold, and that nothing was changed.
CONDITIONS = ("ConditionalCheckFailedException", "TransactionCanceledException")


@dataclass(frozen=True)
class Call:
    """One request. Times are nanoseconds of one clock; `ended` is infinite where no answer came."""

    kind: str
    key: str
    asked: object
    outcome: str
    answer: object
    began: int
    ended: float


class Lost(Exception):
    """The server did not answer."""


class History:
    """The calls of many clients, each of which makes one at a time."""

    def __init__(self):
        self.calls = []

    def record(self, kind, key, asked, request, seen=lambda response: None):
        """Makes a request and gives its call. `seen` reads what a refusal shows. Raises `Lost`, and anything that is no
        answer to be expected."""
        began = time.monotonic_ns()
        try:
            outcome, answer, ended = DONE, request(), time.monotonic_ns()
        except ClientError as error:
            if error.response["Error"]["Code"] not in CONDITIONS:
                raise
            outcome, answer, ended = REFUSED, seen(error.response), time.monotonic_ns()
        except BotoCoreError as error:
            self.calls.append(Call(kind, key, asked, UNKNOWN, None, began, math.inf))
            raise Lost from error
        call = Call(kind, key, asked, outcome, answer, began, ended)
        self.calls.append(call)
        return call

    def of(self, *kinds):
        """The calls of these kinds."""
        return [call for call in self.calls if call.kind in kinds]

    def by_key(self, *kinds):
        """The calls of these kinds, by what they were about."""
        found = {}
        for call in self.of(*kinds):
            found.setdefault(call.key, []).append(call)
        return found
