"""Batches, indexes, tables and their settings over SIGKILL and a restart."""

import datetime
import threading
import time
from collections import Counter

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from support.aws import Account
from support.server import PATIENCE_S, until

KEY = "437064342167"
WRITERS = 4


def dynamodb(server):
    return Account(server, KEY).client("dynamodb")


def restarted(new_server, server):
    """A new process on the data directory of one that was killed, and a client of it."""
    server.kill()
    started = new_server(data=server.data).start()
    return started, dynamodb(started)


def make_table(client, name, **more):
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "c", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "p", "AttributeType": "S"},
            {"AttributeName": "c", "AttributeType": "N"},
        ],
        BillingMode="PAY_PER_REQUEST",
        **more,
    )


def put_batch(client, table, batch):
    """25 items, one in each of as many partitions."""
    items = [{"p": {"S": f"p{c}"}, "c": {"N": f"{batch}{c:02}"}, "batch": {"S": f"b{batch}"}} for c in range(25)]
    answer = client.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": item}} for item in items]})
    assert answer["UnprocessedItems"] == {}


def everything(client, table, **more):
    pages = client.get_paginator("scan").paginate(TableName=table, **more)
    return [item for page in pages for item in page["Items"]]


class Writers:
    """Clients that write batches until nobody answers any more."""

    def __init__(self, client, table, first=0):
        self.acknowledged, self.failures = [], []
        self.threads = [
            threading.Thread(target=self.write, args=(client, table, first + n)) for n in range(1, WRITERS + 1)
        ]
        for thread in self.threads:
            thread.start()

    def write(self, client, table, number):
        try:
            for n in range(10_000):
                put_batch(client, table, f"{number}{n:04}")
                self.acknowledged.append(f"b{number}{n:04}")
        except BotoCoreError:
            pass
        except BaseException as failure:
            self.failures.append(failure)

    def wait(self, enough):
        deadline = time.monotonic() + PATIENCE_S
        while len(self.acknowledged) < enough:
            assert time.monotonic() < deadline
            assert self.failures == []
            time.sleep(0.01)

    def join(self):
        for thread in self.threads:
            thread.join(PATIENCE_S)
            assert not thread.is_alive()
        assert self.failures == []


@pytest.mark.timeout(200)
def test_a_batch_is_there_whole_or_not_at_all(new_server):
    server = new_server().start()
    make_table(dynamodb(server), "batches")
    acknowledged = []
    for round_number in range(3):
        writers = Writers(dynamodb(server), "batches", first=10 * round_number)
        writers.wait(30)
        server, client = restarted(new_server, server)
        writers.join()
        acknowledged += writers.acknowledged
    counts = Counter(item["batch"]["S"] for item in everything(client, "batches"))
    assert set(counts.values()) == {25}
    assert set(acknowledged) - counts.keys() == set()
    # At most the one that each writer was waiting for is there as well.
    assert len(counts) <= len(acknowledged) + 3 * WRITERS
    assert client.describe_table(TableName="batches")["Table"]["ItemCount"] == 25 * len(counts)


def by_place(item):
    return item["p"]["S"], int(item["c"]["N"])


def index_status(client, table):
    [index] = client.describe_table(TableName=table)["Table"]["GlobalSecondaryIndexes"]
    return index["IndexStatus"]


@pytest.mark.timeout(200)
def test_an_index_is_finished_after_a_kill(new_server):
    """It is being made of what is there, while writers add to that."""
    server = new_server().start()
    client = dynamodb(server)
    make_table(client, "things")
    for n in range(160):
        put_batch(client, "things", f"9{n:04}")
    writers = Writers(client, "things")
    writers.wait(8)
    create = {
        "IndexName": "by-batch",
        "KeySchema": [{"AttributeName": "batch", "KeyType": "HASH"}, {"AttributeName": "c", "KeyType": "RANGE"}],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }
    made = client.update_table(
        TableName="things",
        AttributeDefinitions=[
            {"AttributeName": "batch", "AttributeType": "S"},
            {"AttributeName": "c", "AttributeType": "N"},
        ],
        GlobalSecondaryIndexUpdates=[{"Create": create}],
    )
    assert made["TableDescription"]["GlobalSecondaryIndexes"][0]["IndexStatus"] == "CREATING"
    server, client = restarted(new_server, server)
    writers.join()
    until(lambda: index_status(client, "things") == "ACTIVE")
    items = everything(client, "things")
    assert len(items) >= 25 * (160 + len(writers.acknowledged))
    assert sorted(everything(client, "things", IndexName="by-batch"), key=by_place) == sorted(items, key=by_place)

    client.update_table(TableName="things", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-batch"}}])
    server, client = restarted(new_server, server)
    until(lambda: "GlobalSecondaryIndexes" not in client.describe_table(TableName="things")["Table"])
    assert len(everything(client, "things")) == len(items)


@pytest.mark.timeout(200)
def test_a_restored_table_is_finished_after_a_kill(new_server):
    """To the second, though what it is made of goes on changing."""
    server = new_server().start()
    client = dynamodb(server)
    make_table(client, "things")
    recovery = {"PointInTimeRecoveryEnabled": True}
    client.update_continuous_backups(TableName="things", PointInTimeRecoverySpecification=recovery)
    for n in range(120):
        put_batch(client, "things", f"9{n:04}")
    expected = everything(client, "things")
    server.advance(60)
    moment = datetime.datetime.fromisoformat(server.get("/_cloudlet/clock")["now"])
    # The service goes back to what was five minutes ago.
    server.advance(600)
    for item in expected[::7]:
        client.delete_item(TableName="things", Key={name: item[name] for name in ("p", "c")})
    writers = Writers(client, "things")
    writers.wait(8)
    client.restore_table_to_point_in_time(
        SourceTableName="things", TargetTableName="again", RestoreDateTime=moment
    )
    server, client = restarted(new_server, server)
    writers.join()
    client.get_waiter("table_exists").wait(TableName="again", WaiterConfig={"Delay": 1})
    assert sorted(everything(client, "again"), key=by_place) == sorted(expected, key=by_place)
    assert client.describe_table(TableName="again")["Table"]["ItemCount"] == len(expected)


def test_tables_and_their_settings(new_server):
    server = new_server().start()
    client = dynamodb(server)
    for name in ("kept", "gone", "again"):
        make_table(client, name, Tags=[{"Key": "name", "Value": name}])
        put_batch(client, name, "1")
    client.delete_table(TableName="gone")
    client.delete_table(TableName="again")
    make_table(client, "again")
    client.update_table(TableName="kept", DeletionProtectionEnabled=True, TableClass="STANDARD_INFREQUENT_ACCESS")
    ends = {"Enabled": True, "AttributeName": "ends"}
    client.update_time_to_live(TableName="kept", TimeToLiveSpecification=ends)
    before = client.describe_table(TableName="kept")["Table"]
    server, client = restarted(new_server, server)
    assert sorted(client.list_tables()["TableNames"]) == ["again", "kept"]
    assert client.describe_table(TableName="kept")["Table"] == before
    assert client.list_tags_of_resource(ResourceArn=before["TableArn"])["Tags"] == [{"Key": "name", "Value": "kept"}]
    told = client.describe_time_to_live(TableName="kept")["TimeToLiveDescription"]
    assert told == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ends"}
    # A table of the same name is another table.
    assert everything(client, "again") == []
    assert len(everything(client, "kept")) == 25
    with pytest.raises(ClientError, match="protected against deletion"):
        client.delete_table(TableName="kept")


def test_items_end_though_nobody_ran_when_they_did(new_server):
    server = new_server().start()
    client = dynamodb(server)
    make_table(client, "sessions")
    client.update_time_to_live(
        TableName="sessions", TimeToLiveSpecification={"Enabled": True, "AttributeName": "ends"}
    )
    for name, seconds in (("short", 600), ("long", 86_400)):
        ends = {"N": str(int(time.time()) + seconds)}
        client.put_item(TableName="sessions", Item={"p": {"S": name}, "c": {"N": "1"}, "ends": ends})
    server, client = restarted(new_server, server)
    server.advance(3_600)
    until(lambda: [item["p"]["S"] for item in everything(client, "sessions")] == ["long"])
