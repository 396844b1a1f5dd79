"""DynamoDB by boto3, the AWS CLI and the JavaScript SDK."""

import json
from decimal import Decimal

import boto3
import pytest
from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

from support.aws import REGION
from support.operations import Operations
from support.server import until

operation = Operations("dynamodb")

KEY = {"p": {"S": "a"}, "c": {"N": "1"}}


def definition(name, **more):
    return {
        "TableName": name,
        "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "c", "KeyType": "RANGE"}],
        "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "c", "AttributeType": "N"}],
        "BillingMode": "PAY_PER_REQUEST",
        **more,
    }


def table(account, *items, **more):
    """Makes a table with these items and gives its name."""
    name = account.name("table")
    client = account.client("dynamodb")
    client.create_table(**definition(name, **more))
    for item in items:
        client.put_item(TableName=name, Item=item)
    return name


def arn(account, name):
    return f"arn:aws:dynamodb:{REGION}:{account.key}:table/{name}"


def item(number, **more):
    return {"p": {"S": "a"}, "c": {"N": str(number)}, **more}


def stored(account, name, key=KEY):
    return account.client("dynamodb").get_item(TableName=name, Key=key).get("Item")


def refusal(function, **parameters):
    with pytest.raises(ClientError) as caught:
        function(**parameters)
    return caught.value.response["Error"]


@operation
def batch_execute_statement(account, call):
    name = table(account, item(1), item(2))
    text = f'SELECT * FROM "{name}" WHERE p = ? AND c = ?'
    wanted = [{"Statement": text, "Parameters": [{"S": "a"}, {"N": str(n)}]} for n in (2, 3)]
    found = call("BatchExecuteStatement", Statements=[*wanted, {"Statement": "garbage"}])["Responses"]
    assert found[0] == {"TableName": name, "Item": item(2)} and found[1] == {"TableName": name}
    assert found[2]["Error"]["Code"] == "ValidationError"


@operation
def batch_get_item(account, call):
    name = table(account, *(item(n, v={"S": str(n)}) for n in range(3)))
    keys = {"Keys": [item(0), item(2), item(9)], "ProjectionExpression": "v"}
    answer = call("BatchGetItem", RequestItems={name: keys})
    assert sorted(found["v"]["S"] for found in answer["Responses"][name]) == ["0", "2"]
    assert answer["UnprocessedKeys"] == {}


@operation
def batch_write_item(account, call):
    name = table(account, item(1))
    requests = [{"PutRequest": {"Item": item(n)}} for n in range(2, 26)] + [{"DeleteRequest": {"Key": KEY}}]
    assert call("BatchWriteItem", RequestItems={name: requests})["UnprocessedItems"] == {}
    assert account.client("dynamodb").scan(TableName=name, Select="COUNT")["Count"] == 24


@operation
def create_table(account, call):
    name = account.name("table")
    index = {
        "IndexName": "by-c",
        "KeySchema": [{"AttributeName": "c", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }
    made = call("CreateTable", **definition(name, GlobalSecondaryIndexes=[index], Tags=[{"Key": "a", "Value": "b"}]))
    assert made["TableDescription"]["TableArn"] == arn(account, name)
    waiter = account.client("dynamodb").get_waiter("table_exists")
    waiter.wait(TableName=name)


@operation
def delete_item(account, call):
    name = table(account, item(1, v={"S": "x"}))
    gone = call("DeleteItem", TableName=name, Key=KEY, ReturnValues="ALL_OLD")
    assert gone["Attributes"] == item(1, v={"S": "x"})
    assert stored(account, name) is None


def policy_of(account, name):
    """One that lets the account's own root user read the table."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account.key}:root"},
        "Action": "dynamodb:GetItem",
        "Resource": arn(account, name),
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@operation
def delete_resource_policy(account, call):
    name = table(account)
    client = account.client("dynamodb")
    put = client.put_resource_policy(ResourceArn=arn(account, name), Policy=policy_of(account, name))
    assert call("DeleteResourcePolicy", ResourceArn=arn(account, name)) == {"RevisionId": put["RevisionId"]}
    assert refusal(client.get_resource_policy, ResourceArn=arn(account, name))["Code"] == "PolicyNotFoundException"


@operation
def delete_table(account, call):
    name = table(account)
    assert call("DeleteTable", TableName=name)["TableDescription"]["TableStatus"] == "DELETING"
    account.client("dynamodb").get_waiter("table_not_exists").wait(TableName=name)


@operation
def describe_endpoints(account, call):
    [endpoint] = call("DescribeEndpoints")["Endpoints"]
    assert endpoint["CachePeriodInMinutes"] == 1440
    assert endpoint["Address"]


@operation
def describe_limits(account, call):
    assert call("DescribeLimits")["TableMaxReadCapacityUnits"] == 40000


@operation
def describe_table(account, call):
    name = table(account, item(1), item(2))
    found = call("DescribeTable", TableName=name)["Table"]
    assert (found["TableStatus"], found["ItemCount"]) == ("ACTIVE", 2)
    assert found["KeySchema"] == definition(name)["KeySchema"]
    assert found["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


@operation
def describe_time_to_live(account, call):
    name = table(account)
    assert call("DescribeTimeToLive", TableName=name)["TimeToLiveDescription"] == {"TimeToLiveStatus": "DISABLED"}


@operation
def execute_statement(account, call):
    name = table(account, *(item(n) for n in range(5)))
    call("ExecuteStatement", Statement=f"INSERT INTO \"{name}\" VALUE {{'p': 'b', 'c': ?}}", Parameters=[{"N": "1"}])
    assert stored(account, name, {"p": {"S": "b"}, "c": {"N": "1"}}) == {"p": {"S": "b"}, "c": {"N": "1"}}
    text = f"SELECT c FROM \"{name}\" WHERE p = 'a' AND c > 0 ORDER BY c DESC"
    page = call("ExecuteStatement", Statement=text, Limit=3)
    rest = call("ExecuteStatement", Statement=text, NextToken=page["NextToken"])
    assert [int(found["c"]["N"]) for found in page["Items"] + rest["Items"]] == [4, 3, 2, 1]


@operation
def execute_transaction(account, call):
    name = table(account, *(item(n) for n in (1, 2, 3)))
    texts = [
        f"UPDATE \"{name}\" SET n = 5 WHERE p = 'a' AND c = 1",
        f"DELETE FROM \"{name}\" WHERE p = 'a' AND c = 2",
        f"EXISTS(SELECT * FROM \"{name}\" WHERE p = 'a' AND c = 3 AND n IS MISSING)",
    ]
    call("ExecuteTransaction", TransactStatements=[{"Statement": text} for text in texts], ClientRequestToken=account.name("token"))
    assert stored(account, name, item(1))["n"] == {"N": "5"} and stored(account, name, item(2)) is None


@operation
def get_item(account, call):
    kept = item(1, m={"M": {"l": {"L": [{"BOOL": True}, {"NULL": True}, {"N": "1.5"}]}}}, s={"SS": ["a", "b"]})
    name = table(account, kept)
    answer = call("GetItem", TableName=name, Key=KEY, ConsistentRead=True, ReturnConsumedCapacity="TOTAL")
    assert answer["Item"] == kept
    assert answer["ConsumedCapacity"] == {"TableName": name, "CapacityUnits": 1.0}
    assert "Item" not in call("GetItem", TableName=name, Key=item(2))


@operation
def get_resource_policy(account, call):
    name = account.name("table")
    account.client("dynamodb").create_table(**definition(name), ResourcePolicy=policy_of(account, name))
    found = call("GetResourcePolicy", ResourceArn=arn(account, name))
    assert json.loads(found["Policy"]) == json.loads(policy_of(account, name)) and found["RevisionId"]


@operation
def list_tables(account, call):
    names = sorted(table(account) for _ in range(3))
    page = call("ListTables", Limit=2, ExclusiveStartTableName=names[0][:-1])
    assert names[0] in page["TableNames"]


@operation
def list_tags_of_resource(account, call):
    name = table(account, Tags=[{"Key": "team", "Value": "blue"}])
    assert call("ListTagsOfResource", ResourceArn=arn(account, name))["Tags"] == [{"Key": "team", "Value": "blue"}]


@operation
def put_item(account, call):
    name = table(account)
    call("PutItem", TableName=name, Item=item(1, v={"N": "1e2"}), ConditionExpression="attribute_not_exists(p)")
    assert stored(account, name)["v"] == {"N": "100"}
    old = call("PutItem", TableName=name, Item=item(1), ReturnValues="ALL_OLD")
    assert old["Attributes"]["v"] == {"N": "100"}


@operation
def put_resource_policy(account, call):
    name = table(account)
    revision = call("PutResourcePolicy", ResourceArn=arn(account, name), Policy=policy_of(account, name))["RevisionId"]
    found = account.client("dynamodb").get_resource_policy(ResourceArn=arn(account, name))
    assert (found["Policy"], found["RevisionId"]) == (policy_of(account, name), revision)


@operation
def query(account, call):
    name = table(account, *(item(n, even={"BOOL": n % 2 == 0}) for n in range(10)))
    wanted = {
        "TableName": name,
        "KeyConditionExpression": "p = :p AND c BETWEEN :low AND :high",
        "FilterExpression": "#even = :even",
        "ExpressionAttributeNames": {"#even": "even"},
        "ExpressionAttributeValues": {
            ":p": {"S": "a"},
            ":low": {"N": "2"},
            ":high": {"N": "7"},
            ":even": {"BOOL": True},
        },
        "ScanIndexForward": False,
    }
    answer = call("Query", **wanted)
    assert [found["c"]["N"] for found in answer["Items"]] == ["6", "4", "2"]
    assert (answer["Count"], answer["ScannedCount"]) == (3, 6)


@operation
def scan(account, call):
    name = table(account, *(item(n) for n in range(5)))
    assert call("Scan", TableName=name)["Count"] == 5


@operation
def tag_resource(account, call):
    name = table(account)
    call("TagResource", ResourceArn=arn(account, name), Tags=[{"Key": "team", "Value": "red"}])
    listed = account.client("dynamodb").list_tags_of_resource(ResourceArn=arn(account, name))
    assert listed["Tags"] == [{"Key": "team", "Value": "red"}]


@operation
def transact_get_items(account, call):
    name = table(account, item(1), item(2))
    wanted = [{"Get": {"TableName": name, "Key": item(n)}} for n in (2, 3)]
    assert call("TransactGetItems", TransactItems=wanted)["Responses"] == [{"Item": item(2)}, {}]


@operation
def transact_write_items(account, call):
    name = table(account, item(1), item(2))
    add = {"TableName": name, "Key": item(2), "UpdateExpression": "ADD n :n", "ExpressionAttributeValues": {":n": {"N": "5"}}}
    check = {"TableName": name, "Key": item(4), "ConditionExpression": "attribute_not_exists(p)"}
    actions = [
        {"Put": {"TableName": name, "Item": item(3)}},
        {"Delete": {"TableName": name, "Key": item(1)}},
        {"Update": add},
        {"ConditionCheck": check},
    ]
    call("TransactWriteItems", TransactItems=actions, ClientRequestToken=account.name("token"))
    assert stored(account, name, item(1)) is None
    assert stored(account, name, item(2))["n"] == {"N": "5"}
    assert stored(account, name, item(3)) == item(3)


@operation
def untag_resource(account, call):
    name = table(account, Tags=[{"Key": "team", "Value": "blue"}, {"Key": "stage", "Value": "x"}])
    call("UntagResource", ResourceArn=arn(account, name), TagKeys=["team"])
    listed = account.client("dynamodb").list_tags_of_resource(ResourceArn=arn(account, name))
    assert listed["Tags"] == [{"Key": "stage", "Value": "x"}]


@operation
def update_item(account, call):
    name = table(account)
    change = {
        "TableName": name,
        "Key": KEY,
        "UpdateExpression": "SET n = if_not_exists(n, :zero) + :one",
        "ExpressionAttributeValues": {":zero": {"N": "0"}, ":one": {"N": "1"}},
        "ReturnValues": "UPDATED_NEW",
    }
    assert call("UpdateItem", **change)["Attributes"] == {"n": {"N": "1"}}
    assert call("UpdateItem", **change)["Attributes"] == {"n": {"N": "2"}}


@operation
def update_table(account, call):
    name = table(account, item(1, g={"S": "x"}))
    create = {
        "IndexName": "by-g",
        "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    types = [*definition(name)["AttributeDefinitions"], {"AttributeName": "g", "AttributeType": "S"}]
    call("UpdateTable", TableName=name, AttributeDefinitions=types, GlobalSecondaryIndexUpdates=[{"Create": create}])
    account.client("dynamodb").get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    found = account.client("dynamodb").query(
        TableName=name,
        IndexName="by-g",
        KeyConditionExpression="g = :g",
        ExpressionAttributeValues={":g": {"S": "x"}},
    )
    assert found["Items"] == [item(1, g={"S": "x"})]


@operation
def update_time_to_live(account, call):
    name = table(account)
    wanted = {"Enabled": True, "AttributeName": "ends"}
    assert call("UpdateTimeToLive", TableName=name, TimeToLiveSpecification=wanted)["TimeToLiveSpecification"] == wanted
    said = account.client("dynamodb").describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert said == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ends"}


def recoverable(account, *items):
    """Makes a table with these items that can be restored to any time, and gives its name."""
    name = table(account)
    client = account.client("dynamodb")
    client.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    for each in items:
        client.put_item(TableName=name, Item=each)
    return name


def backup(account, name):
    """Makes a backup and gives its ARN."""
    client = account.client("dynamodb")
    arn = client.create_backup(TableName=name, BackupName="kept")["BackupDetails"]["BackupArn"]
    available(account, arn)
    return arn


def available(account, arn):
    def status():
        found = account.client("dynamodb").describe_backup(BackupArn=arn)["BackupDescription"]
        return found["BackupDetails"]["BackupStatus"]

    until(lambda: status() == "AVAILABLE")


def restored(account, name):
    """Waits for a restored table and gives its items."""
    client = account.client("dynamodb")
    until(lambda: client.describe_table(TableName=name)["Table"]["TableStatus"] == "ACTIVE")
    return client.scan(TableName=name)["Items"]


@operation
def create_backup(account, call):
    name = table(account, item(1))
    made = call("CreateBackup", TableName=name, BackupName="kept")["BackupDetails"]
    assert (made["BackupName"], made["BackupType"], made["BackupStatus"]) == ("kept", "USER", "CREATING")
    assert made["BackupArn"].startswith(f"{arn(account, name)}/backup/")
    available(account, made["BackupArn"])


@operation
def describe_backup(account, call):
    name = table(account, item(1), item(2))
    found = call("DescribeBackup", BackupArn=backup(account, name))["BackupDescription"]
    assert found["SourceTableDetails"]["TableArn"] == arn(account, name)
    assert found["SourceTableDetails"]["ItemCount"] == 2
    assert found["SourceTableDetails"]["KeySchema"] == definition(name)["KeySchema"]


@operation
def delete_backup(account, call):
    kept = backup(account, table(account, item(1)))
    gone = call("DeleteBackup", BackupArn=kept)["BackupDescription"]
    assert gone["BackupDetails"]["BackupStatus"] == "DELETED"
    assert refusal(account.client("dynamodb").describe_backup, BackupArn=kept)["Code"] == "BackupNotFoundException"


@operation
def list_backups(account, call):
    name = table(account, item(1))
    arns = [backup(account, name) for _ in range(2)]
    first = call("ListBackups", TableName=name, Limit=1)
    rest = call("ListBackups", TableName=name, ExclusiveStartBackupArn=first["LastEvaluatedBackupArn"])
    assert [each["BackupArn"] for each in first["BackupSummaries"] + rest["BackupSummaries"]] == sorted(arns)
    assert call("ListBackups", TableName=name, BackupType="SYSTEM")["BackupSummaries"] == []


@operation
def restore_table_from_backup(account, call):
    name, target = table(account, item(1)), account.name("table")
    kept = backup(account, name)
    account.client("dynamodb").put_item(TableName=name, Item=item(2))
    made = call("RestoreTableFromBackup", BackupArn=kept, TargetTableName=target)["TableDescription"]
    assert (made["TableStatus"], made["RestoreSummary"]["SourceBackupArn"]) == ("CREATING", kept)
    assert restored(account, target) == [item(1)]


@operation
def update_continuous_backups(account, call):
    name = table(account)
    wanted = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 7}
    said = call("UpdateContinuousBackups", TableName=name, PointInTimeRecoverySpecification=wanted)
    said = said["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert (said["PointInTimeRecoveryStatus"], said["RecoveryPeriodInDays"]) == ("ENABLED", 7)
    call("UpdateContinuousBackups", TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False})


@operation
def describe_continuous_backups(account, call):
    said = call("DescribeContinuousBackups", TableName=table(account))["ContinuousBackupsDescription"]
    assert said["PointInTimeRecoveryDescription"] == {"PointInTimeRecoveryStatus": "DISABLED"}
    said = call("DescribeContinuousBackups", TableName=recoverable(account))["ContinuousBackupsDescription"]
    said = said["PointInTimeRecoveryDescription"]
    assert said["EarliestRestorableDateTime"] <= said["LatestRestorableDateTime"]


@operation
def restore_table_to_point_in_time(account, call):
    name = recoverable(account, item(1))
    client, target = account.client("dynamodb"), account.name("table")
    made = call("RestoreTableToPointInTime", SourceTableName=name, TargetTableName=target, UseLatestRestorableTime=True)
    assert made["TableDescription"]["RestoreSummary"]["SourceTableArn"] == arn(account, name)
    client.put_item(TableName=name, Item=item(2))
    client.delete_item(TableName=name, Key=KEY)
    assert restored(account, target) == [item(1)]


def bucket(account, **objects):
    """Makes a bucket with these objects and gives its name."""
    name = account.name("bucket")
    s3 = account.client("s3")
    s3.create_bucket(Bucket=name)
    for key, body in objects.items():
        s3.put_object(Bucket=name, Key=key, Body=body)
    return name


def exported(account, arn):
    """Waits for an export and gives its description."""
    client = account.client("dynamodb")
    until(lambda: client.describe_export(ExportArn=arn)["ExportDescription"]["ExportStatus"] != "IN_PROGRESS")
    return client.describe_export(ExportArn=arn)["ExportDescription"]


def imported(account, arn):
    """Waits for an import and gives its description."""
    client = account.client("dynamodb")
    until(lambda: client.describe_import(ImportArn=arn)["ImportTableDescription"]["ImportStatus"] != "IN_PROGRESS")
    return client.describe_import(ImportArn=arn)["ImportTableDescription"]


def export(account, name):
    """Exports a table and gives the export's ARN."""
    asked = {"TableArn": arn(account, name), "S3Bucket": bucket(account)}
    made = account.client("dynamodb").export_table_to_point_in_time(**asked)["ExportDescription"]
    assert exported(account, made["ExportArn"])["ExportStatus"] == "COMPLETED"
    return made["ExportArn"]


def importing(account, target):
    """What an import into a table of two items is asked with."""
    lines = "\n".join(json.dumps({"Item": item(number)}) for number in (1, 2))
    source = {"S3Bucket": bucket(account, data=lines), "S3KeyPrefix": "data"}
    return {"S3BucketSource": source, "InputFormat": "DYNAMODB_JSON", "TableCreationParameters": definition(target)}


@operation
def export_table_to_point_in_time(account, call):
    name, to = recoverable(account, item(1)), bucket(account)
    made = call("ExportTableToPointInTime", TableArn=arn(account, name), S3Bucket=to, S3Prefix="some")["ExportDescription"]
    assert (made["ExportStatus"], made["ExportFormat"], made["S3Bucket"]) == ("IN_PROGRESS", "DYNAMODB_JSON", to)
    done = exported(account, made["ExportArn"])
    assert (done["ExportStatus"], done["ItemCount"]) == ("COMPLETED", 1)
    body = account.client("s3").get_object(Bucket=to, Key=done["ExportManifest"])["Body"]
    assert json.load(body)["exportArn"] == made["ExportArn"]


@operation
def describe_export(account, call):
    name = recoverable(account, item(1))
    done = call("DescribeExport", ExportArn=export(account, name))["ExportDescription"]
    assert (done["TableArn"], done["ItemCount"], done["S3SseAlgorithm"]) == (arn(account, name), 1, "AES256")


@operation
def list_exports(account, call):
    name = recoverable(account, item(1))
    arns = [export(account, name) for _ in range(2)]
    first = call("ListExports", TableArn=arn(account, name), MaxResults=1)
    rest = call("ListExports", TableArn=arn(account, name), NextToken=first["NextToken"])
    found = first["ExportSummaries"] + rest["ExportSummaries"]
    assert [each["ExportArn"] for each in found] == sorted(arns, reverse=True)
    assert {(each["ExportStatus"], each["ExportType"]) for each in found} == {("COMPLETED", "FULL_EXPORT")}


@operation
def import_table(account, call):
    target = account.name("table")
    made = call("ImportTable", **importing(account, target))["ImportTableDescription"]
    assert (made["ImportStatus"], made["TableArn"]) == ("IN_PROGRESS", arn(account, target))
    assert imported(account, made["ImportArn"])["ImportedItemCount"] == 2
    assert restored(account, target) == [item(1), item(2)]


@operation
def describe_import(account, call):
    asked = importing(account, account.name("table"))
    made = account.client("dynamodb").import_table(**asked)["ImportTableDescription"]["ImportArn"]
    imported(account, made)
    done = call("DescribeImport", ImportArn=made)["ImportTableDescription"]
    assert (done["ImportStatus"], done["ProcessedItemCount"], done["ErrorCount"]) == ("COMPLETED", 2, 0)
    assert done["TableCreationParameters"] == asked["TableCreationParameters"]
    assert done["S3BucketSource"] == {**asked["S3BucketSource"], "S3BucketOwner": account.key}


@operation
def list_imports(account, call):
    target = account.name("table")
    made = account.client("dynamodb").import_table(**importing(account, target))["ImportTableDescription"]["ImportArn"]
    imported(account, made)
    [found] = call("ListImports", TableArn=arn(account, target))["ImportSummaryList"]
    assert (found["ImportArn"], found["ImportStatus"], found["InputFormat"]) == (made, "COMPLETED", "DYNAMODB_JSON")


test_operation = operation.tests()


def resource(account, name):
    own = account.own()
    session = boto3.Session(own["AccessKeyId"], own["SecretAccessKey"], region_name=REGION)
    return session.resource("dynamodb", endpoint_url=account.server.url).Table(name)


def test_the_resource_interface(account):
    """Conditions, pages and batches as boto3's own types make them."""
    name = table(account)
    things = resource(account, name)
    with things.batch_writer() as batch:
        for n in range(60):
            batch.put_item(Item={"p": "a", "c": n, "price": Decimal("1.10") * n, "tags": {"x", str(n)}})
    found = things.query(
        KeyConditionExpression=Key("p").eq("a") & Key("c").gte(50),
        FilterExpression=Attr("tags").contains("55") | Attr("price").lt(Decimal("55.5")),
    )
    assert [thing["c"] for thing in found["Items"]] == [50, 55]
    assert found["Items"][1]["price"] == Decimal("60.5")
    with pytest.raises(ClientError) as caught:
        things.put_item(Item={"p": "a", "c": 1}, ConditionExpression=Attr("c").not_exists())
    assert caught.value.response["Error"] == {
        "Code": "ConditionalCheckFailedException",
        "Message": "The conditional request failed",
    }


def test_older_parameters(account):
    """What expressions have taken the place of."""
    name = table(account, item(1, v={"N": "1"}), item(2, v={"N": "5"}))
    client = account.client("dynamodb")
    adding = {"v": {"Action": "ADD", "Value": {"N": "2"}}}
    expected = {"v": {"ComparisonOperator": "LT", "AttributeValueList": [{"N": "3"}]}}
    client.update_item(TableName=name, Key=KEY, AttributeUpdates=adding, Expected=expected)
    error = refusal(client.update_item, TableName=name, Key=KEY, AttributeUpdates=adding, Expected=expected)
    assert error["Code"] == "ConditionalCheckFailedException"
    found = client.query(
        TableName=name,
        KeyConditions={"p": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]}},
        QueryFilter={"v": {"ComparisonOperator": "GT", "AttributeValueList": [{"N": "3"}]}},
        AttributesToGet=["v"],
    )
    assert found["Items"] == [{"v": {"N": "5"}}]


def test_pages_by_the_paginator(account):
    name = table(account, *(item(n) for n in range(25)))
    pages = account.client("dynamodb").get_paginator("scan").paginate(TableName=name, PaginationConfig={"PageSize": 4})
    assert sorted(int(found["c"]["N"]) for page in pages for found in page["Items"]) == list(range(25))


def test_warm_throughput_is_raised_and_never_lowered(account):
    index = {
        "IndexName": "by-v",
        "KeySchema": [{"AttributeName": "v", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
        "WarmThroughput": {"WriteUnitsPerSecond": 5_000},
    }
    types = [*definition("")["AttributeDefinitions"], {"AttributeName": "v", "AttributeType": "S"}]
    name, client = table(account, AttributeDefinitions=types, GlobalSecondaryIndexes=[index]), account.client("dynamodb")

    def shown(description):
        warm = [description, *description["GlobalSecondaryIndexes"]]
        return [tuple(each["WarmThroughput"].values()) for each in warm]

    assert shown(client.describe_table(TableName=name)["Table"]) == [(12_000, 4_000, "ACTIVE"), (12_000, 5_000, "ACTIVE")]
    answer = client.update_table(
        TableName=name,
        WarmThroughput={"ReadUnitsPerSecond": 13_000, "WriteUnitsPerSecond": 4_000},
        GlobalSecondaryIndexUpdates=[{"Update": {"IndexName": "by-v", "WarmThroughput": {"ReadUnitsPerSecond": 14_000}}}],
    )["TableDescription"]
    assert shown(answer) == [(12_000, 4_000, "UPDATING"), (12_000, 5_000, "UPDATING")]
    raised = [(13_000, 4_000, "ACTIVE"), (14_000, 5_000, "ACTIVE")]
    assert shown(client.describe_table(TableName=name)["Table"]) == raised
    error = refusal(client.update_table, TableName=name, WarmThroughput={"ReadUnitsPerSecond": 12_000})
    assert error["Code"] == "ValidationException" and error["Message"].endswith("decreasing WarmThroughput is not supported")
    error = refusal(client.update_table, TableName=name, WarmThroughput={"ReadUnitsPerSecond": 14_000}, TableClass="STANDARD")
    assert "TableClass modification must be the only operation" in error["Message"]
    assert shown(client.describe_table(TableName=name)["Table"]) == raised


def test_what_is_not_there_yet_is_said_by_name(account):
    name = table(account)
    client = account.client("dynamodb")
    error = refusal(client.update_table, TableName=name, GlobalTableSettingsReplicationMode="ENABLED")
    assert error["Code"] == "NotImplemented" and "GlobalTableSettingsReplicationMode" in error["Message"]
    error = refusal(client.list_contributor_insights, TableName=name)
    assert error == {"Code": "NotImplemented", "Message": "dynamodb:ListContributorInsights is not implemented."}


def test_cancellation_reasons_reach_the_client(account):
    name = table(account, item(1))
    failing = {"TableName": name, "Key": KEY, "ConditionExpression": "attribute_not_exists(p)"}
    with pytest.raises(ClientError) as caught:
        account.client("dynamodb").transact_write_items(
            TransactItems=[{"Put": {"TableName": name, "Item": item(2)}}, {"ConditionCheck": failing}]
        )
    assert caught.value.response["Error"]["Code"] == "TransactionCanceledException"
    codes = [reason["Code"] for reason in caught.value.response["CancellationReasons"]]
    assert codes == ["None", "ConditionalCheckFailed"]
    assert stored(account, name, item(2)) is None


def tenant(account, name, key):
    """A user of a policy for one partition key of a table and its indexes, as boto3 calls operations."""
    statement = {
        "Effect": "Allow",
        "Action": [f"dynamodb:{action}" for action in ("GetItem", "PutItem", "Query", "BatchGetItem", "PartiQL*")],
        "Resource": [arn(account, name), f"{arn(account, name)}/index/*"],
        "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [key]}},
    }
    # What reads through everything names no key that the condition could forbid.
    through_all = statement | {"Effect": "Deny", "Condition": {"Bool": {"dynamodb:FullTableScan": "true"}}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement, through_all]})
    user, iam = account.name("user"), account.client("iam")
    iam.create_user(UserName=user)
    iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=policy)
    return account.boto(service="dynamodb", credentials=iam.create_access_key(UserName=user)["AccessKey"])


def denied(call, operation, **parameters):
    with pytest.raises(ClientError) as caught:
        call(operation, **parameters)
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"


def test_a_policy_limits_to_leading_keys(account):
    """A tenant sees its own partition and no other."""
    name = table(account, item(1), {"p": {"S": "b"}, "c": {"N": "1"}})
    boto = tenant(account, name, "a")
    assert boto("GetItem", TableName=name, Key=KEY)["Item"] == item(1)
    other = {"p": {"S": "b"}, "c": {"N": "1"}}
    denied(boto, "GetItem", TableName=name, Key=other)
    denied(boto, "PutItem", TableName=name, Item=other)
    denied(boto, "BatchGetItem", RequestItems={name: {"Keys": [KEY, other]}})
    denied(boto, "Scan", TableName=name)


def test_a_policy_limits_queries_to_leading_keys(account):
    """By an expression, by the older parameters, and of an index, whose own key it is then."""
    index = {
        "IndexName": "by-g",
        "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    types = [*definition("")["AttributeDefinitions"], {"AttributeName": "g", "AttributeType": "S"}]
    more = {"GlobalSecondaryIndexes": [index], "AttributeDefinitions": types}
    name = table(account, item(1, g={"S": "b"}), {"p": {"S": "b"}, "c": {"N": "1"}, "g": {"S": "a"}}, **more)
    boto = tenant(account, name, "a")

    def ways(key, value, **more):
        values = {":v": {"S": value}}
        condition = {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": value}]}
        yield {"TableName": name, "KeyConditionExpression": f"{key} = :v", "ExpressionAttributeValues": values, **more}
        yield {"TableName": name, "KeyConditions": {key: condition}, **more}

    for query in ways("p", "a"):
        assert boto("Query", **query)["Items"] == [item(1, g={"S": "b"})]
    for query in ways("g", "a", IndexName="by-g"):
        assert [found["p"]["S"] for found in boto("Query", **query)["Items"]] == ["b"]
    for query in (*ways("p", "b"), *ways("g", "b", IndexName="by-g")):
        denied(boto, "Query", **query)
    with pytest.raises(ClientError) as caught:
        boto("Query", TableName=name, KeyConditionExpression="c = :v", ExpressionAttributeValues={":v": {"N": "1"}})
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_a_policy_limits_statements_to_leading_keys(account):
    name = table(account, item(1), {"p": {"S": "b"}, "c": {"N": "1"}})
    boto = tenant(account, name, "a")
    select = f'SELECT * FROM "{name}" WHERE p = {{}}'
    assert boto("ExecuteStatement", Statement=select.format("'a'"))["Items"] == [item(1)]
    assert boto("ExecuteStatement", Statement=select.format("?"), Parameters=[{"S": "a"}])["Items"] == [item(1)]
    denied(boto, "ExecuteStatement", Statement=select.format("?"), Parameters=[{"S": "b"}])
    for condition in ("'b'", "'b' AND c = 1", "'b' OR p = 'a'"):
        denied(boto, "ExecuteStatement", Statement=select.format(condition))
    for rest in ("", "WHERE c = 1", "WHERE p > 'a'", "WHERE p IN ['a', 'b']"):
        denied(boto, "ExecuteStatement", Statement=f'SELECT * FROM "{name}" {rest}')
    for statement in (
        f"INSERT INTO \"{name}\" VALUE {{'p': 'b', 'c': 2}}",
        f"UPDATE \"{name}\" SET v = 1 WHERE p = 'b' AND c = 1",
        f"DELETE FROM \"{name}\" WHERE p = 'b' AND c = 1",
    ):
        denied(boto, "ExecuteStatement", Statement=statement)
        denied(boto, "ExecuteTransaction", TransactStatements=[{"Statement": statement}])
    assert stored(account, name, {"p": {"S": "b"}, "c": {"N": "1"}}) == {"p": {"S": "b"}, "c": {"N": "1"}}


def test_a_policy_names_binary_keys_as_they_are_sent(account):
    types = [{"AttributeName": "p", "AttributeType": "B"}, {"AttributeName": "c", "AttributeType": "N"}]
    name = table(account, AttributeDefinitions=types)
    boto = tenant(account, name, "AP8=")
    own, other = ({"p": {"B": key}, "c": {"N": "1"}} for key in (b"\x00\xff", b"\x00\xfe"))
    boto("PutItem", TableName=name, Item=own)
    assert boto("GetItem", TableName=name, Key=own)["Item"] == own
    denied(boto, "PutItem", TableName=name, Item=other)
    denied(boto, "GetItem", TableName=name, Key=other)
