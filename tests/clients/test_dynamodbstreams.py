"""DynamoDB Streams by boto3, the AWS CLI and the JavaScript SDK."""

import json

import pytest
from botocore.exceptions import ClientError

from support.aws import REGION
from support.operations import Operations

operation = Operations("dynamodbstreams")

VIEW = "NEW_AND_OLD_IMAGES"
KEY = {"p": {"S": "a"}}


def table(account, view=VIEW):
    """Makes a table with a stream and gives its name and the stream's ARN."""
    name = account.name("table")
    made = account.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": view},
    )
    return name, made["TableDescription"]["LatestStreamArn"]


def written(account, name):
    """An item that comes, changes, and goes."""
    client = account.client("dynamodb")
    client.put_item(TableName=name, Item=KEY | {"v": {"N": "1"}})
    client.put_item(TableName=name, Item=KEY | {"v": {"N": "1.0"}})
    client.put_item(TableName=name, Item=KEY | {"v": {"N": "2"}})
    client.delete_item(TableName=name, Key=KEY)


def iterator(account, arn, **parameters):
    client = account.client("dynamodbstreams")
    [shard] = client.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    parameters = {"ShardIteratorType": "TRIM_HORIZON", **parameters}
    return client.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], **parameters)["ShardIterator"]


@operation
def describe_stream(account, call):
    name, arn = table(account, "KEYS_ONLY")
    stream = call("DescribeStream", StreamArn=arn)["StreamDescription"]
    assert (stream["StreamStatus"], stream["StreamViewType"], stream["TableName"]) == ("ENABLED", "KEYS_ONLY", name)
    assert stream["KeySchema"] == [{"AttributeName": "p", "KeyType": "HASH"}]
    [shard] = stream["Shards"]
    assert shard["SequenceNumberRange"].keys() == {"StartingSequenceNumber"}
    of_children = {"Type": "CHILD_SHARDS", "ShardId": shard["ShardId"]}
    assert call("DescribeStream", StreamArn=arn, ShardFilter=of_children)["StreamDescription"]["Shards"] == []
    account.client("dynamodb").update_table(TableName=name, StreamSpecification={"StreamEnabled": False})
    stream = call("DescribeStream", StreamArn=arn)["StreamDescription"]
    assert stream["StreamStatus"] == "DISABLED"
    assert "EndingSequenceNumber" in stream["Shards"][0]["SequenceNumberRange"]


@operation
def get_records(account, call):
    name, arn = table(account)
    written(account, name)
    page = call("GetRecords", ShardIterator=iterator(account, arn), Limit=2)
    records = page["Records"] + call("GetRecords", ShardIterator=page["NextShardIterator"])["Records"]
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"]
    images = [(record["dynamodb"].get("OldImage"), record["dynamodb"].get("NewImage")) for record in records]
    one, two = KEY | {"v": {"N": "1"}}, KEY | {"v": {"N": "2"}}
    assert images == [(None, one), (one, two), (two, None)]
    assert all(record["dynamodb"]["Keys"] == KEY and record["awsRegion"] == REGION for record in records)
    assert len({record["eventID"] for record in records}) == 3


@operation
def get_shard_iterator(account, call):
    name, arn = table(account)
    written(account, name)
    streams = account.client("dynamodbstreams")
    [shard] = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    records = streams.get_records(ShardIterator=iterator(account, arn))["Records"]

    def count(kind, **parameters):
        made = call("GetShardIterator", StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType=kind, **parameters)
        return len(streams.get_records(ShardIterator=made["ShardIterator"])["Records"])

    number = records[1]["dynamodb"]["SequenceNumber"]
    assert (count("TRIM_HORIZON"), count("LATEST")) == (3, 0)
    assert count("AT_SEQUENCE_NUMBER", SequenceNumber=number) == 2
    assert count("AFTER_SEQUENCE_NUMBER", SequenceNumber=number) == 1


@operation
def list_streams(account, call):
    (name, arn), _ = table(account), table(account)
    label = arn.rpartition("/")[2]
    assert call("ListStreams", TableName=name)["Streams"] == [
        {"StreamArn": arn, "TableName": name, "StreamLabel": label}
    ]
    first = call("ListStreams", Limit=1)
    rest = call("ListStreams", ExclusiveStartStreamArn=first["LastEvaluatedStreamArn"])
    assert arn in {stream["StreamArn"] for stream in first["Streams"] + rest["Streams"]}


test_operation = operation.tests()


def test_streams_are_for_those_who_may_read_them(account):
    """A user who may read one stream reads that, by its iterator too, and no other."""
    (name, arn), (_, other) = table(account), table(account)
    written(account, name)
    user, iam = account.name("user"), account.client("iam")
    statement = {"Effect": "Allow", "Action": "dynamodb:GetRecords", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.create_user(UserName=user)
    iam.put_user_policy(UserName=user, PolicyName="reads", PolicyDocument=policy)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    boto = account.boto(service="dynamodbstreams", credentials=key)
    assert len(boto("GetRecords", ShardIterator=iterator(account, arn))["Records"]) == 3
    with pytest.raises(ClientError, match="AccessDeniedException"):
        boto("GetRecords", ShardIterator=iterator(account, other))
    # An iterator cannot be turned into one of another stream.
    with pytest.raises(ClientError, match="ValidationException"):
        boto("GetRecords", ShardIterator=iterator(account, other).replace(other, arn))
