"""What DynamoDB acknowledged is there after SIGKILL, whole and once; and what clients saw meanwhile has an order."""

import json
import shutil
import time

import pytest
from botocore.config import Config

from support.aws import CONFIG, make_client
from support.histories import DONE, REFUSED, UNKNOWN, History, changes, counters, dynamodb, registers
from support.server import PATIENCE_S, run

KEY = "437064342167"
CLIENTS = 10
# Answered calls of each kind before a round's kill; rounds of different lengths hit different moments.
ROUNDS = (20, 40, 60)


def client_of(server, service="dynamodb"):
    return make_client(server, KEY, service, config=CONFIG.merge(Config(max_pool_connections=CLIENTS)))


def workers(client, history, number, unanswered):
    """A round's clients. Each client of the bank has its own part of what was not answered before."""
    name = f"{number}-{{}}".format
    made = [dynamodb.RegisterClient(client, history, name(n)) for n in range(4)]
    made += [dynamodb.CounterClient(client, history, name(n)) for n in range(4, 6)]
    made += [dynamodb.BankClient(client, history, name(n), unanswered[n % 3 :: 3]) for n in range(6, 9)]
    return [*made, dynamodb.Auditor(client, history, name(9))]


def enough(history, before, wanted):
    """Whether a round has so many answered calls of each kind."""
    kinds = ("replace", "write", "add", "transfer", "snapshot")
    answered = [call.kind for call in history.calls[before:] if call.outcome == DONE]
    return all(answered.count(kind) >= wanted for kind in kinds)


def round_until_killed(server, history, number, wanted):
    threads = workers(client_of(server), history, number, dynamodb.unanswered(history))
    before = len(history.calls)
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 2 * PATIENCE_S
    while not enough(history, before, wanted):
        assert time.monotonic() < deadline, dynamodb.counted(history)
        assert all(thread.is_alive() for thread in threads), [thread.failure for thread in threads]
        time.sleep(0.01)
    server.kill()
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
        if thread.failure is not None:
            raise thread.failure


def items(client, **index):
    return sorted(client.scan(TableName="registers", **index)["Items"], key=lambda item: item["p"]["S"])


def look_at_everything(client, history):
    """What is there at the end; the index has to say what the table says."""
    for key in dynamodb.REGISTERS:
        dynamodb.read_register(client, history, key)
    for key in dynamodb.COUNTERS:
        dynamodb.read_counter(client, history, key)
    dynamodb.take_snapshot(client, history)
    table = items(client)
    assert items(client, IndexName=dynamodb.INDEX) == table
    described = client.describe_table(TableName="registers")["Table"]
    assert (described["ItemCount"], described["GlobalSecondaryIndexes"][0]["ItemCount"]) == (len(table), len(table))


def faults(server, history):
    """What the checkers find, by what it is about."""
    logged = dynamodb.changes_of_registers(client_of(server, "dynamodbstreams"))
    of_registers, of_counters = dynamodb.calls_of_registers(history), history.by_key("add", "count")
    transfers = history.of("transfer", "snapshot")
    return {
        "registers": [fault for calls in of_registers.values() for fault in registers.faults(calls)],
        "counters": [fault for calls in of_counters.values() for fault in counters.faults(calls)],
        "bank": dynamodb.BANK.faults(transfers, dynamodb.ledger(client_of(server))),
        "stream": [fault for key, calls in of_registers.items() for fault in changes.faults(calls, logged[key])],
    }


@pytest.mark.timeout(300)
def test_histories_under_sigkill(new_server):
    server = new_server().start()
    history = History()
    dynamodb.make_tables(client_of(server))
    for number, wanted in enumerate(ROUNDS):
        round_until_killed(server, history, number, wanted)
        checked = run("check", "--data", server.data, "--output", "json")
        assert checked.returncode == 0, checked.stderr
        assert json.loads(checked.stdout)["sound"] is True
        server = new_server(data=server.data).start()
    look_at_everything(client_of(server), history)
    assert faults(server, history) == {"registers": [], "counters": [], "bank": [], "stream": []}

    # The clients were cut off, conditions were refused, and transfers were sent again: that is what was to be tried.
    counts = dynamodb.counted(history)
    assert counts["replace", REFUSED] and counts["transfer", REFUSED]
    assert sum(count for (_, outcome), count in counts.items() if outcome == UNKNOWN) >= len(ROUNDS)
    assert len(history.by_key("transfer")) < len(history.of("transfer"))


@pytest.mark.timeout(200)
def test_a_server_that_forgets_is_found_out(new_server, tmp_path):
    """Its data directory is put back to an earlier time: each checker notices."""
    server = new_server().start()
    history = History()
    dynamodb.make_tables(client_of(server))
    round_until_killed(server, history, 0, 4)
    earlier = shutil.copytree(server.data, tmp_path / "earlier")
    server = new_server(data=server.data).start()
    round_until_killed(server, history, 1, 8)
    shutil.rmtree(server.data)
    earlier.rename(server.data)
    server = new_server(data=server.data).start()
    look_at_everything(client_of(server), history)
    found = faults(server, history)
    assert all(found.values()), found.keys()
