"""Clients of DynamoDB that keep registers, counters and a bank, until nobody answers any more."""

import itertools
import random
import threading
from dataclasses import replace
from functools import partial

import pytest

from support.histories import DONE, UNKNOWN, Lost, registers
from support.histories.bank import Bank

REGISTERS = [f"register-{n}" for n in range(6)]
COUNTERS = [f"counter-{n}" for n in range(3)]
BANK = Bank([f"account-{n}" for n in range(6)], 100)
INDEX = "by-value"
# What is written in several places of an item shows whether the item is whole.
COPIES = 200


def make_tables(client):
    """The tables, and the accounts with what they hold at first."""
    index = {
        "IndexName": INDEX,
        "KeySchema": [{"AttributeName": "v", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    _make_table(client, "registers", "v", GlobalSecondaryIndexes=[index], StreamSpecification=stream)
    for name in ("counters", "accounts", "ledger"):
        _make_table(client, name)
    for account in BANK.accounts:
        held = {"p": {"S": account}, "balance": {"N": str(BANK.balance)}, "touched": {"N": "0"}}
        client.put_item(TableName="accounts", Item=held)


def _make_table(client, name, *indexed, **more):
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": attribute, "AttributeType": "S"} for attribute in ("p", *indexed)],
        BillingMode="PAY_PER_REQUEST",
        **more,
    )


class Worker(threading.Thread):
    """A client that does one thing after another until its server is lost."""

    def __init__(self, client, history, name):
        super().__init__(name=name)
        self.client = client
        self.history = history
        self.random = random.Random(name)
        self.failure = None

    def run(self):
        try:
            while True:
                self.step()
        except Lost:
            pass
        except BaseException as failure:
            self.failure = failure


class RegisterClient(Worker):
    """Reads, writes and replaces values, none of them twice."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.last = {}
        self.values = (f"{self.name}-{n}" for n in itertools.count())

    def step(self):
        if self.random.random() < 0.1:
            look_at_registers(self.client, self.history, self.random.choice(WAYS))
            return
        key = self.random.choice(REGISTERS)
        task = self.random.choices([self.read, self.write, self.delete, self.replace], [3, 2, 1, 4])[0]
        call = task(key)
        if call.outcome == DONE and call.kind != "read":
            self.last[key] = call.asked[1] if call.kind == "replace" else call.asked
        else:
            self.last[key] = call.answer

    def read(self, key):
        return read_register(self.client, self.history, key, self.random.random() < 0.5)

    def write(self, key):
        new = next(self.values)
        request = partial(self.client.put_item, TableName="registers", Item=_register(key, new), ReturnValues="ALL_OLD")
        return self.history.record("write", key, new, lambda: _value(request().get("Attributes")))

    def delete(self, key):
        request = partial(self.client.delete_item, TableName="registers", Key={"p": {"S": key}}, ReturnValues="ALL_OLD")
        return self.history.record("write", key, None, lambda: _value(request().get("Attributes")))

    def replace(self, key):
        old, new = self.last.get(key), next(self.values)
        values = {":new": {"S": new}, ":copies": {"S": new * COPIES}}
        request = partial(
            self.client.update_item,
            TableName="registers",
            Key={"p": {"S": key}},
            UpdateExpression="SET v = :new, copies = :copies",
            ConditionExpression="attribute_not_exists(p)" if old is None else "v = :old",
            ExpressionAttributeValues=values | ({} if old is None else {":old": {"S": old}}),
            ReturnValues="ALL_OLD",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
        return self.history.record(
            "replace",
            key,
            (old, new),
            lambda: _value(request().get("Attributes")),
            lambda response: _value(response.get("Item")),
        )


def read_register(client, history, key, consistent=True):
    """Reads a value. Cloudlet promises that `ConsistentRead` changes what a read costs and not what it sees."""
    request = partial(client.get_item, TableName="registers", Key={"p": {"S": key}}, ConsistentRead=consistent)
    return history.record("read", key, None, lambda: _value(request().get("Item")))


def _batch(client):
    wanted = {"registers": {"Keys": _keys()}}
    return client.batch_get_item(RequestItems=wanted)["Responses"]["registers"]


def _transaction(client):
    gets = [{"Get": {"TableName": "registers", "Key": key}} for key in _keys()]
    return [found["Item"] for found in client.transact_get_items(TransactItems=gets)["Responses"] if found]


def _keys():
    return [{"p": {"S": key}} for key in REGISTERS]


# The ways to read all registers at once. An index, too, is promised to show what was written before.
WAYS = (
    lambda client: client.scan(TableName="registers")["Items"],
    lambda client: client.scan(TableName="registers", IndexName=INDEX)["Items"],
    _batch,
    _transaction,
)


def look_at_registers(client, history, way):
    """Reads all registers at once."""
    history.record("look", "", None, lambda: {item["p"]["S"]: _value(item) for item in way(client)})


def calls_of_registers(history):
    """The calls of each register; a look at all of them is a read of each."""
    found = dict.fromkeys(REGISTERS, ()) | history.by_key(*registers.KINDS)
    for look in history.of("look"):
        for key in REGISTERS:
            answer = look.answer.get(key) if look.outcome == DONE else None
            found[key] = [*found[key], replace(look, kind="read", key=key, answer=answer)]
    return found


def changes_of_registers(client):
    """What the stream of the registers says, whose client this is: for each register its changes, in order."""
    [stream] = client.list_streams(TableName="registers")["Streams"]
    found = {key: [] for key in REGISTERS}
    for shard in client.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]["Shards"]:
        start = {"ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = client.get_shard_iterator(StreamArn=stream["StreamArn"], **start)["ShardIterator"]
        # Nobody writes any more: a page without records is the end.
        while (page := client.get_records(ShardIterator=iterator))["Records"]:
            for record in page["Records"]:
                images = (_value(record["dynamodb"].get(image)) for image in ("OldImage", "NewImage"))
                found[record["dynamodb"]["Keys"]["p"]["S"]].append(tuple(images))
            iterator = page["NextShardIterator"]
    return found


def _register(key, value):
    return {"p": {"S": key}, "v": {"S": value}, "copies": {"S": value * COPIES}}


def _value(item):
    """The value of a register's item, which has to be whole."""
    if item is None:
        return None
    value = item["v"]["S"]
    assert item == _register(item["p"]["S"], value)
    return value


class CounterClient(Worker):
    """Adds tokens, and reads the count now and then."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.tokens = (f"{self.name}-{n}" for n in itertools.count())

    def step(self):
        key = self.random.choice(COUNTERS)
        if self.random.random() < 0.2:
            read_counter(self.client, self.history, key)
            return
        token = next(self.tokens)
        request = partial(
            self.client.update_item,
            TableName="counters",
            Key={"p": {"S": key}},
            UpdateExpression="ADD n :one, tokens :token",
            ExpressionAttributeValues={":one": {"N": "1"}, ":token": {"SS": [token]}},
            ReturnValues="UPDATED_NEW",
        )
        self.history.record("add", key, token, lambda: int(request()["Attributes"]["n"]["N"]))


def read_counter(client, history, key):
    def request():
        item = client.get_item(TableName="counters", Key={"p": {"S": key}}, ConsistentRead=True).get("Item")
        return (int(item["n"]["N"]), frozenset(item["tokens"]["SS"])) if item else (0, frozenset())

    return history.record("count", key, None, request)


class BankClient(Worker):
    """Transfers money, and sends transfers again: those that nobody answered, and some that were done."""

    def __init__(self, client, history, name, unanswered):
        super().__init__(client, history, name)
        self.again = unanswered
        self.tokens = (f"{name}-{n}" for n in itertools.count())

    def step(self):
        if self.again:
            token, asked = self.again.pop()
        else:
            token, asked = next(self.tokens), (*self.random.sample(BANK.accounts, 2), self.random.randint(1, 40))
        call = self.transfer(token, asked)
        if call.outcome == DONE and self.random.random() < 0.2:
            self.again.append((token, asked))
        if call.outcome == DONE and self.random.random() < 0.1:
            self.transfer_something_else(token, asked)

    def transfer(self, token, asked):
        request = partial(
            self.client.transact_write_items, TransactItems=actions(token, asked), ClientRequestToken=token
        )
        return self.history.record("transfer", token, asked, lambda: request() and None)

    def transfer_something_else(self, token, asked):
        """A token stands for one request only."""
        source, target, amount = asked
        different = actions(token, (source, target, amount + 1))
        mismatch = self.client.exceptions.IdempotentParameterMismatchException
        with pytest.raises(mismatch):
            self.history.record(
                "other transfer",
                token,
                asked,
                partial(self.client.transact_write_items, TransactItems=different, ClientRequestToken=token),
            )


def actions(token, asked):
    """A transfer's parts: the entry first, and last what may be refused."""
    source, target, amount = asked
    entry = {
        "TableName": "ledger",
        "Key": {"p": {"S": token}},
        "UpdateExpression": "SET #s = :s, #t = :t, amount = :amount ADD times :one",
        "ExpressionAttributeNames": {"#s": "source", "#t": "target"},
        "ExpressionAttributeValues": {
            ":s": {"S": source},
            ":t": {"S": target},
            ":amount": {"N": str(amount)},
            ":one": {"N": "1"},
        },
    }
    values = {":amount": {"N": str(amount)}, ":one": {"N": "1"}}
    into = {
        "TableName": "accounts",
        "Key": {"p": {"S": target}},
        "UpdateExpression": "SET balance = balance + :amount ADD touched :one",
        "ExpressionAttributeValues": values,
    }
    out_of = into | {
        "Key": {"p": {"S": source}},
        "UpdateExpression": "SET balance = balance - :amount ADD touched :one",
        "ConditionExpression": "balance >= :amount",
    }
    return [{"Update": action} for action in (entry, into, out_of)]


class Auditor(Worker):
    """Looks at all accounts at once."""

    def step(self):
        take_snapshot(self.client, self.history)


def take_snapshot(client, history):
    gets = [{"Get": {"TableName": "accounts", "Key": {"p": {"S": account}}}} for account in BANK.accounts]

    def request():
        found = [response["Item"] for response in client.transact_get_items(TransactItems=gets)["Responses"]]
        return {item["p"]["S"]: (int(item["balance"]["N"]), int(item["touched"]["N"])) for item in found}

    return history.record("snapshot", "", None, request)


def ledger(client):
    """What stands in the ledger, as the bank's checker takes it."""
    pages = client.get_paginator("scan").paginate(TableName="ledger", ConsistentRead=True)
    return {
        item["p"]["S"]: (
            int(item["times"]["N"]),
            (item["source"]["S"], item["target"]["S"], int(item["amount"]["N"])),
        )
        for page in pages
        for item in page["Items"]
    }


def unanswered(history):
    """The transfers of which nobody knows whether they were done."""
    last = {call.key: call for call in history.of("transfer")}
    return [(call.key, call.asked) for call in last.values() if call.outcome == UNKNOWN]


def counted(history):
    """How many calls of each kind and outcome there are."""
    counts = {}
    for call in history.calls:
        counts[call.kind, call.outcome] = counts.get((call.kind, call.outcome), 0) + 1
    return counts
