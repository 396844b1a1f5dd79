"""Who may do what to a table: its own policy, and what requests say of themselves."""

import json

import pytest
from botocore.exceptions import ClientError

from support.aws import REGION, Account

ITEM = {"p": {"S": "a"}, "c": {"N": "1"}, "open": {"S": "x"}, "secret": {"S": "y"}}
KEY = {"p": {"S": "a"}, "c": {"N": "1"}}


@pytest.fixture
def things(account):
    name = account.name("table")
    client = account.client("dynamodb")
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "c", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "c", "AttributeType": "N"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client.put_item(TableName=name, Item=ITEM)
    return name


def arn(account, name):
    return f"arn:aws:dynamodb:{REGION}:{account.key}:table/{name}"


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one} for one in statements]})


def user(account, *statements):
    """Calls of a user with these permissions, and the user's ARN."""
    iam, name = account.client("iam"), account.name("user")
    created = iam.create_user(UserName=name)["User"]["Arn"]
    if statements:
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy(*statements))
    return account.boto(service="dynamodb", credentials=iam.create_access_key(UserName=name)["AccessKey"]), created


def code(call, operation, **parameters):
    with pytest.raises(ClientError) as caught:
        call(operation, **parameters)
    return caught.value.response["Error"]["Code"]


def test_a_tables_policy_lets_others_in(account, server, things):
    mine = account.client("dynamodb")
    stranger, who = user(Account(server, "333322221111"), {"Action": "dynamodb:*", "Resource": "*"})
    named = {"TableName": arn(account, things), "Key": KEY}
    assert code(stranger, "GetItem", **named) == "AccessDeniedException"
    document = policy({"Principal": {"AWS": who}, "Action": "dynamodb:GetItem", "Resource": arn(account, things)})
    revision = mine.put_resource_policy(ResourceArn=arn(account, things), Policy=document)["RevisionId"]
    assert stranger("GetItem", **named)["Item"] == ITEM
    assert code(stranger, "PutItem", TableName=named["TableName"], Item=ITEM) == "AccessDeniedException"
    with pytest.raises(mine.exceptions.PolicyNotFoundException):
        mine.put_resource_policy(ResourceArn=arn(account, things), Policy=document, ExpectedRevisionId="NO_POLICY")
    mine.delete_resource_policy(ResourceArn=arn(account, things), ExpectedRevisionId=revision)
    assert code(stranger, "GetItem", **named) == "AccessDeniedException"


def test_a_tables_policy_denies(account, things):
    mine = account.client("dynamodb")
    call, who = user(account, {"Action": "dynamodb:*", "Resource": "*"})
    assert call("GetItem", TableName=things, Key=KEY)["Item"] == ITEM
    denied = {"Effect": "Deny", "Principal": {"AWS": who}, "Action": "dynamodb:GetItem", "Resource": "*"}
    mine.put_resource_policy(ResourceArn=arn(account, things), Policy=policy(denied))
    assert code(call, "GetItem", TableName=things, Key=KEY) == "AccessDeniedException"
    assert call("PutItem", TableName=things, Item=ITEM) == {}


def test_a_streams_policy_lets_others_read_it(account, server, things):
    mine = account.client("dynamodb")
    specification = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    mine.update_table(TableName=things, StreamSpecification=specification)
    stream = mine.describe_table(TableName=things)["Table"]["LatestStreamArn"]
    mine.delete_item(TableName=things, Key=KEY)
    other = Account(server, "333322221111")
    iam, name = other.client("iam"), other.name("user")
    who = iam.create_user(UserName=name)["User"]["Arn"]
    permissions = policy({"Action": "dynamodb:*", "Resource": "*"})
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=permissions)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    stranger, reader = (other.boto(service=service, credentials=key) for service in ("dynamodb", "dynamodbstreams"))

    def lets(resource, *actions):
        return policy({"Principal": {"AWS": who}, "Action": list(actions), "Resource": resource})

    # The table's policy does not speak for its stream.
    every = lets("*", "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")
    mine.put_resource_policy(ResourceArn=arn(account, things), Policy=every)
    assert code(reader, "DescribeStream", StreamArn=stream) == "AccessDeniedException"
    mine.put_resource_policy(ResourceArn=stream, Policy=every)
    [shard] = reader("DescribeStream", StreamArn=stream)["StreamDescription"]["Shards"]
    parameters = {"StreamArn": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    iterator = reader("GetShardIterator", **parameters)["ShardIterator"]
    [record] = reader("GetRecords", ShardIterator=iterator)["Records"]
    assert record["dynamodb"]["Keys"] == KEY
    assert reader("ListStreams")["Streams"] == []

    mine.put_resource_policy(ResourceArn=stream, Policy=lets(stream, "dynamodb:DescribeStream"))
    assert reader("DescribeStream", StreamArn=stream)["StreamDescription"]["TableName"] == things
    assert code(reader, "GetRecords", ShardIterator=iterator) == "AccessDeniedException"
    assert code(stranger, "GetResourcePolicy", ResourceArn=stream) == "AccessDeniedException"
    everybody = policy({"Principal": "*", "Action": "dynamodb:GetRecords", "Resource": "*"})
    with pytest.raises(ClientError, match="public access"):
        mine.put_resource_policy(ResourceArn=stream, Policy=everybody)
    mine.delete_resource_policy(ResourceArn=stream)
    assert code(reader, "DescribeStream", StreamArn=stream) == "AccessDeniedException"


def test_nobody_opens_a_table_to_everybody_or_locks_himself_out(account, things):
    mine = account.client("dynamodb")
    everybody = policy({"Principal": "*", "Action": "dynamodb:GetItem", "Resource": "*"})
    with pytest.raises(ClientError, match="public access"):
        mine.put_resource_policy(ResourceArn=arn(account, things), Policy=everybody)
    call, who = user(account, {"Action": "dynamodb:*", "Resource": "*"})
    out = policy({"Effect": "Deny", "Principal": {"AWS": who}, "Action": "dynamodb:*", "Resource": "*"})
    assert code(call, "PutResourcePolicy", ResourceArn=arn(account, things), Policy=out) == "ValidationException"
    call("PutResourcePolicy", ResourceArn=arn(account, things), Policy=out, ConfirmRemoveSelfResourceAccess=True)
    assert code(call, "GetResourcePolicy", ResourceArn=arn(account, things)) == "AccessDeniedException"


def test_leading_keys_bind_queries_too(account, things):
    own = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["a"]}}
    actions = ["dynamodb:Query", "dynamodb:PartiQLSelect"]
    call, _ = user(account, {"Action": actions, "Resource": arn(account, things), "Condition": own})
    for name in ("a", "b"):
        value = {":p": {"S": name}}
        queries = [
            ("Query", {"TableName": things, "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": value}),
            ("Query", {"TableName": things, "KeyConditions": {"p": {"ComparisonOperator": "EQ", "AttributeValueList": [value[":p"]]}}}),
            ("ExecuteStatement", {"Statement": f"SELECT * FROM \"{things}\" WHERE p = '{name}'"}),
        ]
        for operation, parameters in queries:
            if name == "a":
                assert call(operation, **parameters)["Items"] == [ITEM]
            else:
                assert code(call, operation, **parameters) == "AccessDeniedException"


def test_attributes_and_what_is_selected(account, things):
    some = {
        "ForAllValues:StringEquals": {"dynamodb:Attributes": ["p", "c", "open"]},
        "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES", "dynamodb:ReturnValues": ["NONE", "UPDATED_NEW"]},
    }
    actions = ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem", "dynamodb:PartiQLSelect"]
    call, _ = user(account, {"Action": actions, "Resource": arn(account, things), "Condition": some})
    get = {"TableName": things, "Key": KEY}
    assert call("GetItem", **get, ProjectionExpression="#o", ExpressionAttributeNames={"#o": "open"})["Item"] == {"open": ITEM["open"]}
    query = {"TableName": things, "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}}
    assert call("Query", **query, ProjectionExpression="p")["Items"] == [{"p": {"S": "a"}}]
    change = {**get, "UpdateExpression": "SET #n = :v", "ExpressionAttributeValues": {":v": {"S": "z"}}}
    call("UpdateItem", **change, ExpressionAttributeNames={"#n": "open"})
    refused = [
        ("GetItem", get),
        ("GetItem", {**get, "ProjectionExpression": "secret"}),
        ("GetItem", {**get, "AttributesToGet": ["secret"]}),
        ("Query", query),
        ("Query", {**query, "ProjectionExpression": "p", "FilterExpression": "begins_with(secret, :p)"}),
        ("UpdateItem", {**change, "ExpressionAttributeNames": {"#n": "secret"}}),
        ("UpdateItem", {**change, "ExpressionAttributeNames": {"#n": "open"}, "ReturnValues": "ALL_OLD"}),
        ("UpdateItem", {**get, "AttributeUpdates": {"secret": {"Action": "DELETE"}}}),
        ("ExecuteStatement", {"Statement": f"SELECT secret FROM \"{things}\" WHERE p = 'a'"}),
        ("ExecuteStatement", {"Statement": f"SELECT p FROM \"{things}\" WHERE p = 'a' AND secret = 'y'"}),
    ]
    for operation, parameters in refused:
        assert code(call, operation, **parameters) == "AccessDeniedException", (operation, parameters)


def test_whole_tables_and_transactions_can_be_kept_off(account, things):
    statements = [
        {"Action": "dynamodb:PartiQLSelect", "Resource": arn(account, things), "Condition": {"Bool": {"dynamodb:FullTableScan": "false"}}},
        {
            "Action": "dynamodb:PutItem",
            "Resource": arn(account, things),
            "Condition": {"Null": {"dynamodb:EnclosingOperation": "true"}},
        },
    ]
    call, _ = user(account, *statements)
    assert call("ExecuteStatement", Statement=f"SELECT * FROM \"{things}\" WHERE p = 'a'")["Items"] == [ITEM]
    assert code(call, "ExecuteStatement", Statement=f'SELECT * FROM "{things}"') == "AccessDeniedException"
    call("PutItem", TableName=things, Item=ITEM)
    inside = [{"Put": {"TableName": things, "Item": ITEM}}]
    assert code(call, "TransactWriteItems", TransactItems=inside) == "AccessDeniedException"
