"""Tables under KMS keys by boto3: permissions on the key, changes of it, and what is found on the disk."""

import json
import time

import pytest
from botocore.exceptions import ClientError

from support.aws import Account

KEY = "437064342169"
SECRET = "nobody finds this"
CLEAR = "everybody finds this"
ITEM = {"p": {"S": "a"}, "text": {"S": SECRET}}
NAMED = {"p": {"S": "a"}}
# What was there before a table had a key is sealed behind requests; this is how long that is waited for.
PATIENCE_S = 120


def create(account, key=None, **more):
    """Makes a table under a KMS key, if one is given, and gives its name."""
    name = account.name("table")
    if key:
        more["SSESpecification"] = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    account.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        **more,
    )
    return name


def new_key(account):
    return account.client("kms").create_key()["KeyMetadata"]["Arn"]


def user(account, *actions):
    """Calls of DynamoDB of a user who may do this."""
    iam, name = account.client("iam"), account.name("user")
    iam.create_user(UserName=name)
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
    return account.boto(service="dynamodb", credentials=iam.create_access_key(UserName=name)["AccessKey"])


def refused(call, operation, **parameters):
    with pytest.raises(ClientError) as caught:
        call(operation, **parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def settled(client, name):
    until = time.monotonic() + PATIENCE_S
    while True:
        table = client.describe_table(TableName=name)["Table"]
        if table.get("SSEDescription", {}).get("Status") != "UPDATING":
            return table.get("SSEDescription")
        assert time.monotonic() < until
        time.sleep(0.05)


def test_who_uses_a_table_has_to_be_allowed_to_use_its_key(account):
    key = new_key(account)
    name = create(account, key)
    maker = user(account, "dynamodb:*")
    specification = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    definition = {
        "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
        "SSESpecification": specification,
    }
    code, text = refused(maker, "CreateTable", TableName=account.name("table"), **definition)
    assert code == "AccessDeniedException" and text.startswith("KMS key access denied error: "), text
    code, text = refused(maker, "PutItem", TableName=name, Item=ITEM)
    assert code == "AccessDeniedException" and "kms:Decrypt" in text, text
    user(account, "dynamodb:*", "kms:DescribeKey", "kms:CreateGrant")("CreateTable", TableName=account.name("table"), **definition)
    reader = user(account, "dynamodb:*", "kms:Decrypt")
    reader("PutItem", TableName=name, Item=ITEM)
    assert reader("GetItem", TableName=name, Key=NAMED)["Item"] == ITEM
    # The account's own key is anybody's who may use the service.
    managed = {**definition, "SSESpecification": {"Enabled": True}}
    other = account.name("table")
    maker("CreateTable", TableName=other, **managed)
    maker("PutItem", TableName=other, Item=ITEM)
    assert maker("GetItem", TableName=other, Key=NAMED)["Item"] == ITEM
    found = account.client("kms").describe_key(KeyId="alias/aws/dynamodb")["KeyMetadata"]["Arn"]
    assert maker("DescribeTable", TableName=other)["Table"]["SSEDescription"]["KMSMasterKeyArn"] == found


def test_a_table_is_given_keys(account):
    client, (first, second) = account.client("dynamodb"), (new_key(account), new_key(account))
    name = create(account)
    for number in range(300):
        client.put_item(TableName=name, Item={"p": {"S": str(number)}, "text": {"S": SECRET}})
    assert settled(client, name) is None
    for key in (first, second):
        specification = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
        begun = client.update_table(TableName=name, SSESpecification=specification)["TableDescription"]
        assert begun["SSEDescription"]["Status"] == "UPDATING"
        assert settled(client, name) == {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key}
        with pytest.raises(ClientError, match="already encrypted with given KMSMasterKeyId"):
            client.update_table(TableName=name, SSESpecification=specification)
    client.update_table(TableName=name, SSESpecification={"Enabled": False})
    assert settled(client, name) is None
    assert client.scan(TableName=name, Select="COUNT")["Count"] == 300


def test_what_is_sealed_is_not_on_the_disk(new_server):
    server = new_server().start()
    account = Account(server, KEY)
    client = account.client("dynamodb")
    name, other = create(account, new_key(account)), create(account)
    client.put_item(TableName=name, Item=ITEM)
    client.put_item(TableName=other, Item={"p": {"S": "a"}, "text": {"S": CLEAR}})
    server.kill()
    found = b"".join(path.read_bytes() for path in server.data.rglob("*") if path.is_file())
    assert CLEAR.encode() in found
    assert SECRET.encode() not in found
    client = Account(new_server(data=server.data).start(), KEY).client("dynamodb")
    assert client.get_item(TableName=name, Key=NAMED)["Item"] == ITEM
