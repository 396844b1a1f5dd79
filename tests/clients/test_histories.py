"""The checkers of histories: they find what is wrong, and do not find what is right."""

import itertools
import math
import random

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from support.histories import DONE, REFUSED, UNKNOWN, Call, History, Lost, changes, counters, order, registers
from support.histories.bank import Bank


def call(kind, asked, answer, began, ended, outcome=DONE, key="k"):
    if ended == math.inf:
        outcome = UNKNOWN
    return Call(kind, key, asked, outcome, answer, began, ended)


def read(answer, began, ended):
    return call("read", None, answer, began, ended)


def write(value, before, began, ended):
    return call("write", value, before, began, ended)


def replace(expected, value, before, began, ended):
    return call("replace", (expected, value), before, began, ended, DONE if before == expected else REFUSED)


class Register:
    """Does one call at a time, each somewhere between its beginning and its end; crashes lose answers."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.clock = itertools.count(1)
        self.value = None
        self.values = (f"v{n}" for n in itertools.count())

    def history(self, clients=4, calls=200):
        """The calls of clients that take turns by chance."""
        done, open_calls = [], {}
        for _ in range(calls * 3):
            client = self.random.randrange(clients)
            if client not in open_calls:
                open_calls[client] = [self.request(), next(self.clock), None]
            elif open_calls[client][2] is None and self.random.random() < 0.9:
                open_calls[client][2] = self.happen(*open_calls[client][0])
            else:
                (kind, asked), began, answer = open_calls.pop(client)
                lost = answer is None or self.random.random() < 0.03
                outcome, before = (UNKNOWN, None) if lost else answer
                done.append(call(kind, asked, before, began, math.inf if lost else next(self.clock), outcome))
        return done + [call(*request, None, began, math.inf) for request, began, _ in open_calls.values()]

    def request(self):
        kind = self.random.choice(registers.KINDS)
        if kind == "read":
            return kind, None
        new = next(self.values)
        return (kind, new) if kind == "write" else (kind, (self.value, new))

    def happen(self, kind, asked):
        before = self.value
        if kind == "write":
            self.value = asked
        elif kind == "replace":
            if asked[0] != before:
                return REFUSED, before
            self.value = asked[1]
        return DONE, before


@pytest.mark.parametrize("seed", range(20))
def test_what_one_register_did_has_an_order(seed):
    calls = Register(seed).history()
    assert {made.outcome for made in calls} == {DONE, REFUSED, UNKNOWN}
    assert registers.faults(calls) == []


@pytest.mark.parametrize("seed", range(20))
def test_two_answers_that_change_places_have_none(seed):
    """Two of a client's reads of different values, both of calls that stood alone in time."""
    register = Register(seed)
    calls = register.history(clients=1)
    reads = [n for n, made in enumerate(calls) if made.kind == "read" and made.outcome == DONE]
    one, other = next((a, b) for a, b in zip(reads, reads[1:]) if calls[a].answer != calls[b].answer)
    swapped = list(calls)
    swapped[one] = read(calls[other].answer, calls[one].began, calls[one].ended)
    swapped[other] = read(calls[one].answer, calls[other].began, calls[other].ended)
    assert registers.faults(swapped) != []


BAD_REGISTERS = {
    "a write that was acknowledged is not there": [write("a", None, 1, 2), read(None, 3, 4)],
    "an old value is read after a new one": [
        write("a", None, 1, 2),
        write("b", "a", 3, 10),
        read("b", 4, 5),
        read("a", 6, 7),
    ],
    "two writes found the same value": [write("a", None, 1, 2), write("b", "a", 3, 4), write("c", "a", 5, 6)],
    "two replacements of one value": [
        write("a", None, 1, 2),
        replace("a", "b", "a", 3, 6),
        replace("a", "c", "a", 4, 5),
    ],
    "a replacement is refused though nothing else is there": [write("a", None, 1, 2), replace("b", "c", None, 3, 4)],
    "a value that nobody wrote": [write("a", None, 1, 2), read("z", 3, 4)],
    "a value whose replacement was refused": [
        write("a", None, 1, 2),
        replace("z", "b", "a", 3, 4),
        read("b", 5, 6),
    ],
    "a value from the future": [read("a", 1, 2), write("a", None, 3, 4)],
    "an unanswered write happens and is undone": [
        write("a", None, 1, 2),
        write("b", None, 3, math.inf),
        read("b", 4, 5),
        read("a", 6, 7),
    ],
    "a deleted value comes back": [write("a", None, 1, 2), write(None, "a", 3, 4), read("a", 5, 6)],
}


@pytest.mark.parametrize("name", BAD_REGISTERS)
def test_bad_registers(name):
    assert registers.faults(BAD_REGISTERS[name]) != []


def test_an_unanswered_write_may_happen_late_or_never():
    unanswered = call("write", "b", None, 3, math.inf)
    first = write("a", None, 1, 2)
    assert registers.faults([first, unanswered, read("a", 4, 5), read("b", 6, 7)]) == []
    assert registers.faults([first, unanswered, read("a", 4, 5), read("a", 6, 7)]) == []


def test_a_search_that_grows_too_far_says_so():
    calls = [call("write", f"v{n}", None, n, math.inf) for n in range(30)]
    calls += [read(f"v{n}", 100 + 2 * n, 101 + 2 * n) for n in range(30)]
    with pytest.raises(order.NoVerdict):
        registers.faults(calls)


CALLS = [write("a", None, 1, 2), replace("a", "b", "a", 3, 4), replace("z", "c", "b", 5, 6), write(None, "b", 7, 8)]
CALLS += [write(None, None, 9, 10), call("write", "d", None, 11, math.inf)]
CHANGES = [(None, "a"), ("a", "b"), ("b", None)]

BAD_CHANGES = {
    "one is missing": [(None, "a"), ("b", None)],
    "the last is missing": CHANGES[:-1],
    "one is there twice": [(None, "a"), ("a", "b"), ("b", None), (None, "a"), ("a", "b"), ("b", None)],
    "one changes nothing": [*CHANGES, (None, None)],
    "one is of a refused call": [(None, "a"), ("a", "b"), ("b", "c"), ("c", "b"), ("b", None)],
    "two are in another order": [("a", "b"), (None, "a"), ("b", None)],
    "one is nobody's": [*CHANGES, (None, "y")],
}


def test_a_log_of_changes():
    assert changes.faults(CALLS, CHANGES) == []
    # What was not answered is in it or not.
    assert changes.faults(CALLS, [*CHANGES, (None, "d")]) == []


@pytest.mark.parametrize("name", BAD_CHANGES)
def test_bad_logs_of_changes(name):
    assert changes.faults(CALLS, BAD_CHANGES[name]) != []


def add(token, count, began, ended):
    return call("add", token, count, began, ended)


def reading(count, tokens, began, ended):
    return call("count", None, (count, set(tokens)), began, ended)


GOOD_COUNTER = [
    add("a", 2, 1, 5),
    add("b", 1, 2, 4),
    add("c", None, 3, math.inf),
    reading(2, "ab", 6, 7),
    reading(3, "abc", 8, 9),
]

BAD_COUNTERS = {
    "two additions come to one count": [add("a", 1, 1, 4), add("b", 1, 2, 3)],
    "an addition comes to less than was read": [add("a", 1, 1, 2), add("b", 2, 3, 4), add("c", 2, 5, 6)],
    "an addition changes nothing": [add("a", 1, 1, 2), reading(1, "a", 3, 4), add("b", 1, 5, 6)],
    "a reading lacks what was acknowledged": [add("a", 1, 1, 2), reading(0, "", 3, 4)],
    "a reading has what nobody added": [add("a", 1, 1, 2), reading(2, "az", 3, 4)],
    "a reading has what is added later": [reading(1, "a", 1, 2), add("a", 1, 3, 4)],
    "the count is not the tokens'": [add("a", 1, 1, 2), reading(2, "a", 3, 4)],
    "readings go back": [
        add("a", 1, 1, 2),
        add("b", None, 3, math.inf),
        reading(2, "ab", 4, 5),
        reading(1, "a", 6, 7),
    ],
}


def test_a_good_counter():
    assert counters.faults(GOOD_COUNTER) == []


@pytest.mark.parametrize("name", BAD_COUNTERS)
def test_bad_counters(name):
    assert counters.faults(BAD_COUNTERS[name]) != []


def transfer(token, amount, began, ended, outcome=DONE, pair=("x", "y")):
    return call("transfer", (*pair, amount), None, began, ended, outcome, key=token)


def snapshot(began, ended, **accounts):
    return call("snapshot", None, accounts, began, ended)


FIRST = snapshot(1, 2, x=(100, 0), y=(100, 0), z=(100, 0))
ONE = transfer("t1", 10, 3, 6)
TWO = transfer("t2", 5, 4, 5, pair=("y", "z"))
LAST = snapshot(20, 21, x=(90, 1), y=(105, 2), z=(105, 1))
LEDGER = {"t1": (1, ("x", "y", 10)), "t2": (1, ("y", "z", 5))}
ONLY_ONE = {"x": (90, 1), "y": (110, 1), "z": (100, 0)}
ONLY_TWO = {"x": (100, 0), "y": (95, 1), "z": (105, 1)}

GOOD_BANKS = {
    "two at once": ([FIRST, ONE, TWO, LAST], LEDGER),
    "with a snapshot between": ([FIRST, ONE, TWO, snapshot(4, 7, **ONLY_TWO), LAST], LEDGER),
    "with a refusal": ([FIRST, ONE, TWO, transfer("t3", 999, 7, 8, REFUSED), LAST], LEDGER),
    "sent again": ([FIRST, transfer("t1", 10, 1, math.inf), TWO, transfer("t1", 10, 7, 8), ONE, LAST], LEDGER),
    "without an answer, done": ([FIRST, transfer("t1", 10, 3, math.inf), TWO, LAST], LEDGER),
    "without an answer, not done": ([FIRST, ONE, TWO, transfer("t3", 1, 7, math.inf), LAST], LEDGER),
}

BAD_BANKS = {
    "half of a transfer": ([FIRST, ONE, TWO, snapshot(4, 5, x=(90, 1), y=(100, 0), z=(100, 0)), LAST], LEDGER),
    "two orders of two transfers": (
        [FIRST, ONE, TWO, snapshot(4, 7, **ONLY_ONE), snapshot(4, 7, **ONLY_TWO), LAST],
        LEDGER,
    ),
    "two states of one moment": (
        [FIRST, ONE, TWO, snapshot(4, 7, x=(80, 1), y=(120, 1), z=(100, 0)), snapshot(4, 7, **ONLY_ONE), LAST],
        LEDGER,
    ),
    "a snapshot lacks what was acknowledged": ([FIRST, ONE, TWO, snapshot(7, 8, **ONLY_ONE), LAST], LEDGER),
    "a snapshot has what was refused": (
        [FIRST, transfer("t3", 10, 1, 2, REFUSED), snapshot(2, 3, **ONLY_ONE), ONE, TWO, LAST],
        LEDGER,
    ),
    "a snapshot is from the future": ([snapshot(1, 2, **ONLY_ONE), ONE, TWO, LAST], LEDGER),
    "an entry is missing": ([FIRST, ONE, TWO, LAST], {"t1": LEDGER["t1"]}),
    "a token counts twice": (
        [FIRST, ONE, TWO, ONE, snapshot(20, 21, x=(80, 2), y=(115, 3), z=(105, 1))],
        LEDGER | {"t1": (2, ("x", "y", 10))},
    ),
    "a refused transfer has an entry": (
        [FIRST, transfer("t1", 10, 3, 6, REFUSED), TWO, LAST],
        LEDGER,
    ),
    "a token is done, then refused": ([FIRST, ONE, TWO, transfer("t1", 10, 8, 9, REFUSED), LAST], LEDGER),
    "an entry is nobody's": ([FIRST, ONE, LAST], LEDGER),
    "an entry says another thing": ([FIRST, ONE, TWO, LAST], LEDGER | {"t1": (1, ("x", "y", 11))}),
    "an entry without its transfer": ([FIRST, ONE, TWO, snapshot(20, 21, **ONLY_TWO)], LEDGER),
}


def judge(calls, ledger):
    return Bank(["x", "y", "z"], 100).faults(calls, ledger)


@pytest.mark.parametrize("name", GOOD_BANKS)
def test_good_banks(name):
    assert judge(*GOOD_BANKS[name]) == []


@pytest.mark.parametrize("name", BAD_BANKS)
def test_bad_banks(name):
    assert judge(*BAD_BANKS[name]) != []


def test_only_what_was_answered_has_an_end():
    def refuse():
        raise ClientError({"Error": {"Code": "ConditionalCheckFailedException"}, "Item": 1}, "PutItem")

    def vanish():
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")

    def fail():
        raise ClientError({"Error": {"Code": "ValidationException"}}, "PutItem")

    history = History()
    assert history.record("write", "k", "a", lambda: "b").answer == "b"
    assert history.record("write", "k", "a", refuse, lambda response: response["Item"]).answer == 1
    with pytest.raises(Lost):
        history.record("write", "k", "a", vanish)
    with pytest.raises(ClientError):
        history.record("write", "k", "a", fail)
    assert [made.outcome for made in history.calls] == [DONE, REFUSED, UNKNOWN]
    assert [made.ended < math.inf for made in history.calls] == [True, True, False]
