"""DynamoDB asked what no client would ask: sound requests with something wrong in them, thousands of them."""

import copy
import json
import random

import pytest

from support.aws import REGION
from support.http import Client, Signer

REQUESTS = 3_000
TABLE = "table"
KEY = {"p": {"S": "a"}, "c": {"N": "1"}}
ITEM = KEY | {
    "g": {"S": "x"},
    "x": {"L": [{"N": "1"}, {"M": {"a": {"B": "AAEC"}, "b": {"BOOL": True}, "n": {"NULL": True}}}]},
    "s": {"SS": ["a", "b"]},
    "ns": {"NS": ["1", "2"]},
    "bs": {"BS": ["AA=="]},
}
VALUES = {":n": {"N": "1"}, ":l": {"L": [{"N": "1"}]}, ":s": {"SS": ["a"]}}
CREATE = {
    "TableName": TABLE,
    "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "c", "KeyType": "RANGE"}],
    "AttributeDefinitions": [
        {"AttributeName": "p", "AttributeType": "S"},
        {"AttributeName": "c", "AttributeType": "N"},
        {"AttributeName": "g", "AttributeType": "S"},
    ],
    "BillingMode": "PAY_PER_REQUEST",
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-g",
            "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x"]},
        }
    ],
}

# Sound requests, each of which says much.
SOUND = [
    ("CreateTable", CREATE | {"TableName": "other"}),
    ("UpdateTable", {"TableName": TABLE, "DeletionProtectionEnabled": False, "BillingMode": "PAY_PER_REQUEST"}),
    ("DescribeTable", {"TableName": TABLE}),
    ("ListTables", {"Limit": 1, "ExclusiveStartTableName": "aaa"}),
    (
        "PutItem",
        {
            "TableName": TABLE,
            "Item": ITEM,
            "ConditionExpression": "attribute_exists(#p) AND x[0] = :n",
            "ExpressionAttributeNames": {"#p": "p"},
            "ExpressionAttributeValues": {":n": {"N": "1"}},
            "ReturnValues": "ALL_OLD",
            "ReturnConsumedCapacity": "INDEXES",
        },
    ),
    (
        "GetItem",
        {
            "TableName": TABLE,
            "Key": KEY,
            "ProjectionExpression": "x[1].a, #p",
            "ExpressionAttributeNames": {"#p": "p"},
            "ConsistentRead": True,
        },
    ),
    (
        "UpdateItem",
        {
            "TableName": TABLE,
            "Key": KEY,
            "UpdateExpression": "SET x[0] = x[0] + :n, y = list_append(if_not_exists(y, :l), :l) REMOVE x[1].b "
            "ADD counted :n DELETE s :s",
            "ExpressionAttributeValues": VALUES,
            "ReturnValues": "UPDATED_NEW",
        },
    ),
    (
        "UpdateItem",
        {
            "TableName": TABLE,
            "Key": KEY,
            "AttributeUpdates": {"z": {"Action": "ADD", "Value": {"N": "1"}}},
            "Expected": {"p": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]}},
        },
    ),
    (
        "DeleteItem",
        {
            "TableName": TABLE,
            "Key": KEY,
            "ConditionExpression": "size(x) > :n OR begins_with(p, :v)",
            "ExpressionAttributeValues": {":n": {"N": "5"}, ":v": {"S": "z"}},
        },
    ),
    (
        "Query",
        {
            "TableName": TABLE,
            "KeyConditionExpression": "p = :v AND c BETWEEN :n AND :m",
            "ExpressionAttributeValues": {":v": {"S": "a"}, ":n": {"N": "1"}, ":m": {"N": "5"}},
            "Limit": 3,
            "ExclusiveStartKey": KEY,
            "ScanIndexForward": False,
        },
    ),
    (
        "Query",
        {
            "TableName": TABLE,
            "IndexName": "by-g",
            "KeyConditions": {"g": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "x"}]}},
            "QueryFilter": {"x": {"ComparisonOperator": "NOT_NULL"}},
            "ExclusiveStartKey": KEY | {"g": {"S": "x"}},
        },
    ),
    (
        "Scan",
        {
            "TableName": TABLE,
            "FilterExpression": "contains(s, :v) AND NOT (c IN (:n))",
            "ExpressionAttributeValues": {":v": {"S": "a"}, ":n": {"N": "1"}},
            "Segment": 0,
            "TotalSegments": 2,
            "ExclusiveStartKey": KEY,
        },
    ),
    ("BatchGetItem", {"RequestItems": {TABLE: {"Keys": [KEY], "ProjectionExpression": "x"}}}),
    ("BatchWriteItem", {"RequestItems": {TABLE: [{"PutRequest": {"Item": ITEM}}]}}),
    (
        "TransactWriteItems",
        {
            "TransactItems": [
                {"Put": {"TableName": TABLE, "Item": ITEM}},
                {"Delete": {"TableName": TABLE, "Key": KEY | {"c": {"N": "2"}}}},
                {
                    "ConditionCheck": {
                        "TableName": TABLE,
                        "Key": KEY | {"c": {"N": "3"}},
                        "ConditionExpression": "attribute_not_exists(p)",
                    }
                },
            ],
            "ClientRequestToken": "token",
        },
    ),
    ("TransactGetItems", {"TransactItems": [{"Get": {"TableName": TABLE, "Key": KEY}}]}),
    (
        "ExecuteStatement",
        {
            "Statement": f'SELECT p, x[0], x[1].a FROM "{TABLE}" WHERE p = ? AND c > 0',
            "Parameters": [{"S": "a"}],
            "Limit": 2,
        },
    ),
    (
        "ExecuteStatement",
        {
            "Statement": f"INSERT INTO \"{TABLE}\" VALUE {{'p': 'a', 'c': ?, 'l': [1, 2], 's': <<'a', 'b'>>}}",
            "Parameters": [{"N": "7"}],
        },
    ),
    (
        "BatchExecuteStatement",
        {
            "Statements": [
                {"Statement": f"UPDATE \"{TABLE}\" SET x = [1] REMOVE y WHERE p = 'a' AND c = 1 RETURNING ALL NEW *"}
            ]
        },
    ),
    (
        "ExecuteTransaction",
        {
            "TransactStatements": [{"Statement": f"DELETE FROM \"{TABLE}\" WHERE p = 'q' AND c = 1"}],
            "ClientRequestToken": "other token",
        },
    ),
    ("UpdateTimeToLive", {"TableName": TABLE, "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "ends"}}),
    (
        "UpdateContinuousBackups",
        {
            "TableName": TABLE,
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 3},
        },
    ),
    (
        "RestoreTableToPointInTime",
        {"SourceTableName": TABLE, "TargetTableName": "restored", "UseLatestRestorableTime": True},
    ),
    ("ListBackups", {"TableName": TABLE, "Limit": 2, "TimeRangeLowerBound": 1, "BackupType": "ALL"}),
    (
        "TagResource",
        {
            "ResourceArn": f"arn:aws:dynamodb:{REGION}:000000000000:table/{TABLE}",
            "Tags": [{"Key": "a", "Value": "b"}],
        },
    ),
]

WRONG = [
    *(None, True, 0, -1, 2**31, 2**63, 10**40, 1.5, -1e308),
    *("", "a", "x" * 5_000, "\0", "\ud800", "é\U0001f300", " ", "/", ".."),
    *("1e400", "-0", "NaN", "1" * 400, "."),
    *([], [None], [[]], {}),
    *({"S": None}, {"S": "a", "N": "1"}, {"N": "1e126"}, {"N": "1e-131"}, {"B": "!!"}),
    *({"SS": []}, {"NS": ["1", "1.0"]}),
    *("#p", ":v", "a.b[0]", "a[99999999999]", f"a[{'1' * 50}]", "a" + ".b" * 60),
    *("(" * 400, "NOT " * 400 + "a = a", " OR ".join(["a = b"] * 400)),
    *("SET a = :n, a = :n", "contains(a)", "size(size(a))"),
    *("SELECT", f"SELECT * FROM {TABLE} WHERE " + "(" * 400, "'", "?", "{'a':" * 200, "<<" * 200),
    *(f"arn:aws:dynamodb:{REGION}:000000000000:table/{TABLE}", "arn:aws:dynamodb::x:table"),
]
PIECES = ["'", "?", "<<", "{", "(", ")", ",", " ", "AND", ":n", "#p", "[", "]", "0", "\\", '"', "é", "<", ">=", "."]


def places(value, path=()):
    """Where there is something in a value."""
    if path:
        yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in children:
        yield from places(child, (*path, name))


def spoil(source, request):
    """Makes something wrong in a request, up to three times."""
    for _ in range(source.choice([1, 1, 1, 2, 3])):
        found = list(places(request))
        if not found:
            return
        *way, last = source.choice(found)
        inside = request
        for name in way:
            inside = inside[name]
        how = source.random()
        if how < 0.2:
            del inside[last]
        elif how < 0.3 and isinstance(inside, dict):
            name = source.choice(WRONG)
            inside[name if isinstance(name, str) else "name"] = inside.pop(last)
        elif how < 0.5 and isinstance(inside[last], str):
            at = source.randrange(len(inside[last]) + 1)
            inside[last] = inside[last][:at] + source.choice(PIECES) + inside[last][at:]
        elif how < 0.6 and isinstance(inside[last], list):
            inside[last] *= source.choice([2, 30, 130])
        else:
            inside[last] = copy.deepcopy(source.choice(WRONG))


@pytest.mark.parametrize("seed", range(3))
def test_what_is_wrong_is_said(own_server, seed):
    """Nothing is answered with a fault of the server's, and what is right is still answered afterwards."""
    source = random.Random(seed)
    wire = Client(own_server, Signer("dynamodb"))

    def ask(operation, request):
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"DynamoDB_20120810.{operation}"}
        return wire.send("POST", "/", headers, json.dumps(request))

    assert ask("CreateTable", CREATE).status == 200
    refused = set()
    for _ in range(REQUESTS):
        operation, sound = source.choice(SOUND)
        request = copy.deepcopy(sound)
        spoil(source, request)
        answer = ask(operation, request)
        assert answer.status in (200, 400, 413, 501), (operation, request, answer)
        if answer.status != 200:
            refused.add(answer.error_code())
            assert answer.error_message(), (operation, request, answer)
    assert {"ValidationException", "SerializationException", "ResourceNotFoundException"} <= refused
    assert "InternalServerError" not in refused
    assert ask("PutItem", {"TableName": TABLE, "Item": ITEM}).status == 200
    assert json.loads(ask("GetItem", {"TableName": TABLE, "Key": KEY}).body)["Item"].keys() == ITEM.keys()
