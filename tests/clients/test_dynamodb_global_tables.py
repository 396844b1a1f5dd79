"""Global tables by clients of several regions: what one writes all read, over SIGKILL too."""

import threading
import time

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from support.aws import make_client
from support.server import PATIENCE_S

KEY = "437064342168"
HOME, AWAY, FAR = "us-east-1", "eu-west-1", "ap-northeast-1"
EACH = 60


def client_in(server, region, service="dynamodb"):
    return make_client(server, KEY, service, region=region)


def make_table(client, name):
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client.get_waiter("table_exists").wait(TableName=name)


def replicate(client, name, region):
    client.update_table(TableName=name, ReplicaUpdates=[{"Create": {"RegionName": region}}])


def remove(client, name, region):
    client.update_table(TableName=name, ReplicaUpdates=[{"Delete": {"RegionName": region}}])


def replicas(client, name):
    table = client.describe_table(TableName=name)["Table"]
    assert table["TableStatus"] == "ACTIVE"
    found = {replica["RegionName"]: replica["ReplicaStatus"] for replica in table.get("Replicas", [])}
    assert set(found.values()) <= {"ACTIVE"}
    assert table.get("GlobalTableVersion") == ("2019.11.21" if found else None)
    return set(found)


def everything(client, name):
    pages = client.get_paginator("scan").paginate(TableName=name)
    return {item["p"]["S"]: int(item["n"]["N"]) for page in pages for item in page["Items"]}


def all_records(client, arn):
    [shard] = client.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    iterator = client.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
    next_iterator, found = iterator["ShardIterator"], []
    while True:
        page = client.get_records(ShardIterator=next_iterator)
        found += page["Records"]
        if not page["Records"]:
            return found
        next_iterator = page["NextShardIterator"]


class Writers:
    """Clients, each with items of its own and all with a common one, that write until nobody answers or enough is done."""

    def __init__(self, clients, name, label, each=None):
        self.acknowledged, self.added, self.failures = [], 0, []
        self.lock = threading.Lock()
        self.threads = [
            threading.Thread(target=self.write, args=(client, name, f"{label}-{n}", each))
            for n, client in enumerate(clients)
        ]
        for thread in self.threads:
            thread.start()

    def write(self, client, name, label, each):
        try:
            for n in range(each or 100_000):
                key = f"{label}-{n}"
                client.put_item(TableName=name, Item={"p": {"S": key}, "n": {"N": str(n)}})
                self.acknowledged.append(key)
                add = {"UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
                client.update_item(TableName=name, Key={"p": {"S": "common"}}, **add)
                with self.lock:
                    self.added += 1
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


def test_writers_of_two_regions_lose_nothing(account):
    server, name = account.server, account.name("global")
    home, away = client_in(server, HOME), client_in(server, AWAY)
    make_table(home, name)
    replicate(home, name, AWAY)
    away.get_waiter("table_exists").wait(TableName=name)
    assert (replicas(home, name), replicas(away, name)) == ({AWAY}, {HOME})
    writers = Writers([home, away, client_in(server, HOME), client_in(server, AWAY)], name, "w", EACH)
    writers.join()
    expected = {f"w-{writer}-{n}": n for writer in range(4) for n in range(EACH)} | {"common": 4 * EACH}
    for region, client in ((HOME, home), (AWAY, away)):
        assert everything(client, name) == expected
        assert client.describe_table(TableName=name)["Table"]["ItemCount"] == len(expected)
        assert name in client.list_tables()["TableNames"]
        arn = client.describe_table(TableName=name)["Table"]["LatestStreamArn"]
        found = all_records(client_in(server, region, "dynamodbstreams"), arn)
        assert len(found) == 8 * EACH
        assert {record["awsRegion"] for record in found} == {region}
    # A read in one region sees what was written in the other before it.
    for n in range(20):
        writer, reader = (home, away) if n % 2 else (away, home)
        writer.put_item(TableName=name, Item={"p": {"S": "turns"}, "n": {"N": str(n)}})
        assert reader.get_item(TableName=name, Key={"p": {"S": "turns"}})["Item"]["n"] == {"N": str(n)}
    remove(home, name, AWAY)
    with pytest.raises(away.exceptions.ResourceNotFoundException):
        away.get_item(TableName=name, Key={"p": {"S": "turns"}})
    home.delete_table(TableName=name)


def test_a_witness_comes_and_goes_with_the_replica(account):
    server, name, east, west = account.server, account.name("strong"), "us-east-2", "us-west-2"
    home, away, witness = (client_in(server, region) for region in (HOME, west, east))
    make_table(home, name)
    with pytest.raises(ClientError, match="must be set as STRONG"):
        home.update_table(
            TableName=name,
            ReplicaUpdates=[{"Create": {"RegionName": west}}],
            GlobalTableWitnessUpdates=[{"Create": {"RegionName": east}}],
        )
    home.update_table(
        TableName=name,
        ReplicaUpdates=[{"Create": {"RegionName": west}}],
        GlobalTableWitnessUpdates=[{"Create": {"RegionName": east}}],
        MultiRegionConsistency="STRONG",
    )
    for client, other in ((home, west), (away, HOME)):
        client.get_waiter("table_exists").wait(TableName=name)
        assert replicas(client, name) == {other}
        table = client.describe_table(TableName=name)["Table"]
        assert table["GlobalTableWitnesses"] == [{"RegionName": east, "WitnessStatus": "ACTIVE"}]
        assert table["MultiRegionConsistency"] == "STRONG"
    away.put_item(TableName=name, Item={"p": {"S": "a"}, "n": {"N": "1"}})
    assert everything(home, name) == {"a": 1}
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        witness.get_item(TableName=name, Key={"p": {"S": "a"}})
    assert name not in witness.list_tables()["TableNames"]
    with pytest.raises(ClientError, match="does not include all witnesses"):
        remove(home, name, west)
    home.update_table(
        TableName=name,
        ReplicaUpdates=[{"Delete": {"RegionName": west}}],
        GlobalTableWitnessUpdates=[{"Delete": {"RegionName": east}}],
    )
    assert replicas(home, name) == set()
    assert "GlobalTableWitnesses" not in home.describe_table(TableName=name)["Table"]
    assert everything(home, name) == {"a": 1}


def test_the_source_of_a_replica_stays_for_a_day(own_server):
    home, away = client_in(own_server, HOME), client_in(own_server, AWAY)
    make_table(home, "things")
    home.put_item(TableName="things", Item={"p": {"S": "a"}, "n": {"N": "1"}})
    replicate(home, "things", AWAY)
    with pytest.raises(ClientError, match="acted as a source region"):
        home.delete_table(TableName="things")
    own_server.advance(24 * 60 * 60)
    home.delete_table(TableName="things")
    with pytest.raises(home.exceptions.ResourceNotFoundException):
        home.describe_table(TableName="things")
    assert (replicas(away, "things"), everything(away, "things")) == (set(), {"a": 1})


@pytest.mark.timeout(300)
def test_replicas_come_and_go_whole_over_kills(new_server):
    """Replicas are made and removed without pause while clients write and the server is killed."""
    server = new_server().start()
    home = client_in(server, HOME)
    make_table(home, "things")
    replicate(home, "things", AWAY)
    acknowledged, added, unknown = set(), 0, 0
    for number in range(5):
        writers = Writers([client_in(server, HOME), client_in(server, AWAY)], "things", str(number))
        changer = Changer(client_in(server, HOME))
        writers.wait(20 + 7 * number)
        changer.wait(4)
        server.kill()
        writers.join()
        changer.join()
        acknowledged |= set(writers.acknowledged)
        added, unknown = added + writers.added, unknown + 2
        server = new_server(data=server.data).start()
        # FAR is a replica for all of them or for none, whichever of the two was done last.
        regions = replicas(client_in(server, HOME), "things") | {HOME}
        assert regions in ({HOME, AWAY}, {HOME, AWAY, FAR})
        seen = [everything(client_in(server, region), "things") for region in sorted(regions)]
        assert all(items == seen[0] for items in seen)
        for region in regions:
            client = client_in(server, region)
            assert replicas(client, "things") == regions - {region}
            assert client.describe_table(TableName="things")["Table"]["ItemCount"] == len(seen[0])
        assert acknowledged <= seen[0].keys()
        assert added <= seen[0]["common"] <= added + unknown
        far = client_in(server, FAR)
        assert far.list_tables()["TableNames"] == (["things"] if FAR in regions else [])
        if FAR in regions:
            remove(client_in(server, HOME), "things", FAR)


class Changer:
    """Makes a replica and removes it until nobody answers any more."""

    def __init__(self, client):
        self.client, self.changes, self.failures = client, 0, []
        self.thread = threading.Thread(target=self.change)
        self.thread.start()

    def change(self):
        try:
            for _ in range(100_000):
                replicate(self.client, "things", FAR)
                self.changes += 1
                remove(self.client, "things", FAR)
                self.changes += 1
        except BotoCoreError:
            pass
        except BaseException as failure:
            self.failures.append(failure)

    def wait(self, enough):
        deadline = time.monotonic() + PATIENCE_S
        while self.changes < enough:
            assert time.monotonic() < deadline
            assert self.failures == []
            time.sleep(0.01)

    def join(self):
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive()
        assert self.failures == []
