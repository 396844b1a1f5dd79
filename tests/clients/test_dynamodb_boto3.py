"""DynamoDB by boto3's resource, which has plain values where the API has typed ones."""

from decimal import Decimal

import boto3
import pytest
from boto3.dynamodb.conditions import Attr, Key
from boto3.dynamodb.types import Binary
from botocore.exceptions import ClientError

from support.aws import CONFIG, REGION


@pytest.fixture
def dynamodb(account):
    """The resource, as the account's root user."""
    session = boto3.Session(account.key, "test", region_name=REGION)
    return session.resource("dynamodb", endpoint_url=account.server.url, config=CONFIG)


@pytest.fixture
def users(account, dynamodb):
    table = dynamodb.create_table(
        TableName=account.name("users"),
        KeySchema=[{"AttributeName": "org", "KeyType": "HASH"}, {"AttributeName": "name", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "org", "AttributeType": "S"},
            {"AttributeName": "name", "AttributeType": "S"},
            {"AttributeName": "mail", "AttributeType": "S"},
            {"AttributeName": "age", "AttributeType": "N"},
        ],
        LocalSecondaryIndexes=[
            {
                "IndexName": "by-age",
                "KeySchema": [
                    {"AttributeName": "org", "KeyType": "HASH"},
                    {"AttributeName": "age", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-mail",
                "KeySchema": [{"AttributeName": "mail", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["age"]},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    table.wait_until_exists()
    yield table
    table.delete()
    table.wait_until_not_exists()


KEY = {"org": "o", "name": "n"}


def names(answer):
    return [item["name"] for item in answer["Items"]]


def fill(table, count, org="o"):
    with table.batch_writer() as batch:
        for n in range(count):
            batch.put_item(Item={"org": org, "name": f"n{n:02}", "age": 20 + n % 5, "mail": f"{n}@{org}"})


def test_a_table_describes_itself(users):
    fill(users, 3)
    users.reload()
    assert (users.table_status, users.item_count) == ("ACTIVE", 3)
    assert [index["IndexName"] for index in users.global_secondary_indexes] == ["by-mail"]
    assert users.creation_date_time.tzinfo is not None


def test_the_account_has_its_tables(dynamodb, users):
    assert users.name in [table.name for table in dynamodb.tables.all()]


def test_values_of_every_type(users):
    item = KEY | {
        "text": "grüße",
        "number": Decimal("-1.5E-100"),
        "whole": 10**37,
        "bytes": b"\x00\xff",
        "yes": False,
        "nothing": None,
        "list": [1, "two", {"three": [None]}],
        "map": {"with space": "x", "a.b": {"c": set("xy")}},
        "texts": {"a", "b"},
        "numbers": {Decimal("1.5"), 2},
        "binaries": {b"a", b"b"},
        "empty": "",
    }
    users.put_item(Item=item)
    found = users.get_item(Key=KEY)["Item"]
    assert found == item
    assert isinstance(found["bytes"], Binary)
    # What Python's own numbers would lose, boto3 does not send.
    with pytest.raises(TypeError, match="Float types are not supported"):
        users.put_item(Item=KEY | {"number": 1.5})


def test_updates(users):
    users.put_item(Item=KEY | {"history": ["a"], "tags": {"x", "y"}, "address": {"city": "Bath", "zip": "1"}})
    answer = users.update_item(
        Key=KEY,
        UpdateExpression="SET history = list_append(history, :new), #address.city = :city, "
        "visits = if_not_exists(visits, :no) + :one REMOVE #address.zip DELETE tags :gone",
        ExpressionAttributeNames={"#address": "address"},
        ExpressionAttributeValues={":new": ["b"], ":city": "York", ":no": 0, ":one": 1, ":gone": {"x"}},
        ReturnValues="ALL_NEW",
    )
    changed = {"history": ["a", "b"], "tags": {"y"}, "address": {"city": "York"}, "visits": 1}
    assert answer["Attributes"] == KEY | changed


CONDITIONS = [
    (Attr("age").eq(30), True),
    (Attr("age").ne(30), False),
    (Attr("age").between(30, 31) & Attr("name").begins_with("n"), True),
    (Attr("age").lt(30) | Attr("age").gte(40), False),
    (~Attr("gone").exists(), True),
    (Attr("gone").not_exists() & ~Attr("age").is_in([1, 2]), True),
    (Attr("tags").contains("x"), True),
    (Attr("tags").size().gt(1), False),
    (Attr("deep.list[1].name").eq("two"), True),
    (Attr("deep").attribute_type("M"), True),
    (Attr("age").attribute_type("S"), False),
]


@pytest.mark.parametrize(("condition", "holds"), CONDITIONS)
def test_conditions(users, condition, holds):
    users.put_item(Item=KEY | {"age": 30, "tags": {"x"}, "deep": {"list": [1, {"name": "two"}]}})
    assert (users.scan(FilterExpression=condition)["Count"] == 1) == holds
    if holds:
        users.delete_item(Key=KEY, ConditionExpression=condition)
        return
    with pytest.raises(ClientError) as caught:
        users.delete_item(Key=KEY, ConditionExpression=condition)
    assert caught.value.response["Error"]["Code"] == "ConditionalCheckFailedException"


def test_queries(users):
    fill(users, 10)
    fill(users, 3, "other")
    key = Key("org").eq("o")
    assert names(users.query(KeyConditionExpression=key & Key("name").between("n03", "n05"))) == ["n03", "n04", "n05"]
    backwards = users.query(KeyConditionExpression=key & Key("name").lt("n02"), ScanIndexForward=False)
    assert names(backwards) == ["n01", "n00"]
    assert users.query(KeyConditionExpression=key, Select="COUNT")["Count"] == 10
    answer = users.query(
        KeyConditionExpression=key,
        FilterExpression=Attr("age").eq(24),
        ProjectionExpression="#n, age",
        ExpressionAttributeNames={"#n": "name"},
    )
    assert answer["Items"] == [{"name": "n04", "age": 24}, {"name": "n09", "age": 24}]
    by_age = users.query(IndexName="by-age", KeyConditionExpression=key & Key("age").gte(23), ConsistentRead=True)
    assert sorted(names(by_age)) == ["n03", "n04", "n08", "n09"]
    assert [item["age"] for item in by_age["Items"]] == [23, 23, 24, 24]
    [by_mail] = users.query(IndexName="by-mail", KeyConditionExpression=Key("mail").eq("7@o"))["Items"]
    assert by_mail == {"org": "o", "name": "n07", "mail": "7@o", "age": 22}


def test_pages_by_hand_and_by_the_paginator(users):
    fill(users, 60)
    found, start = [], {}
    while True:
        page = users.scan(Limit=25, **start)
        found += names(page)
        if "LastEvaluatedKey" not in page:
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    assert found == [f"n{n:02}" for n in range(60)]
    pages = users.meta.client.get_paginator("query").paginate(
        TableName=users.name,
        KeyConditionExpression=Key("org").eq("o"),
        FilterExpression=Attr("age").eq(20),
        PaginationConfig={"PageSize": 7, "MaxItems": 10},
    )
    assert [item["name"] for page in pages for item in page["Items"]] == [f"n{n:02}" for n in range(0, 50, 5)]


def test_a_batch_writer_takes_the_last_of_two(users):
    """It sends what fits into a request, and of items with one key the last, if it knows what the key is."""
    with users.batch_writer(overwrite_by_pkeys=["org", "name"]) as batch:
        for n in range(70):
            batch.put_item(Item={"org": "o", "name": f"n{n % 35:02}", "n": n})
        batch.delete_item(Key={"org": "o", "name": "n00"})
    items = users.scan()["Items"]
    assert [item["n"] for item in items] == list(range(36, 70))


def test_a_batch_of_keys(dynamodb, users):
    fill(users, 5)
    keys = [{"org": "o", "name": name} for name in ("n01", "n03", "nobody")]
    answer = dynamodb.batch_get_item(RequestItems={users.name: {"Keys": keys, "ConsistentRead": True}})
    assert sorted(item["name"] for item in answer["Responses"][users.name]) == ["n01", "n03"]
    assert answer["UnprocessedKeys"] == {}


def test_transactions_of_plain_values(users):
    """The resource's client takes plain values as well."""
    client = users.meta.client
    put = {"TableName": users.name, "Item": KEY | {"age": 1}, "ConditionExpression": "attribute_not_exists(org)"}
    client.transact_write_items(TransactItems=[{"Put": put}])
    with pytest.raises(client.exceptions.TransactionCanceledException) as caught:
        client.transact_write_items(TransactItems=[{"Put": put | {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}])
    [reason] = caught.value.response["CancellationReasons"]
    assert (reason["Code"], reason["Message"]) == ("ConditionalCheckFailed", "The conditional request failed")
    found = client.transact_get_items(TransactItems=[{"Get": {"TableName": users.name, "Key": KEY}}])
    assert found["Responses"] == [{"Item": KEY | {"age": 1}}]


def test_a_refusal_shows_the_item(users):
    users.put_item(Item=KEY | {"age": 1})
    with pytest.raises(users.meta.client.exceptions.ConditionalCheckFailedException) as caught:
        users.put_item(
            Item=KEY,
            ConditionExpression=Attr("age").gt(1),
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert caught.value.response["Item"]["age"] == {"N": "1"}
