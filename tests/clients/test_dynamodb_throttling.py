"""Capacity that is provisioned, where the configuration says that it binds."""

import pytest

from support.aws import Account

KEY = {"p": {"S": "a"}}
BIG = KEY | {"v": {"S": "x" * (300 * 1024 - 20)}}


@pytest.fixture
def throttled(new_server, tmp_path):
    file = tmp_path / "cloudlet.toml"
    file.write_text("[dynamodb]\nthrottle = true\n")
    server = new_server(ephemeral=True, CLOUDLET_CONFIG=str(file)).start()
    client = Account(server, "333322221111").client("dynamodb")
    provisioned = {"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}
    for name, billing in (("provisioned", provisioned), ("demanded", {"BillingMode": "PAY_PER_REQUEST"})):
        client.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
            **billing,
        )
    return client


def exhaust(client, name):
    """Writes until there is nothing left: a few big items, whatever comes back meanwhile."""
    for _ in range(20):
        client.put_item(TableName=name, Item=BIG)
    raise AssertionError("nobody is throttled")


def test_who_writes_more_than_is_provisioned_is_throttled(throttled):
    with pytest.raises(throttled.exceptions.ProvisionedThroughputExceededException) as caught:
        exhaust(throttled, "provisioned")
    answer = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert answer["message"].startswith("The level of configured provisioned throughput for the table was exceeded.")
    [reason] = answer["ThrottlingReasons"]
    assert reason["reason"] == "TableWriteProvisionedThroughputExceeded"
    assert reason["resource"].endswith(":table/provisioned")

    put = {"PutRequest": {"Item": KEY}}
    batch = throttled.batch_write_item(RequestItems={"provisioned": [put], "demanded": [put]})
    assert batch["UnprocessedItems"] == {"provisioned": [put]}
    with pytest.raises(throttled.exceptions.ProvisionedThroughputExceededException):
        throttled.batch_write_item(RequestItems={"provisioned": [put]})
    with pytest.raises(throttled.exceptions.TransactionCanceledException) as caught:
        items = [{"Put": {"TableName": name, "Item": KEY}} for name in ("demanded", "provisioned")]
        throttled.transact_write_items(TransactItems=items)
    assert [reason["Code"] for reason in caught.value.response["CancellationReasons"]] == ["None", "ProvisionedThroughputExceeded"]
    statement = {"Statement": "INSERT INTO provisioned VALUE {'p': 'b'}"}
    [response] = throttled.batch_execute_statement(Statements=[statement])["Responses"]
    assert response["Error"]["Code"] == "ProvisionedThroughputExceeded"
    # What is read is counted for itself.
    assert throttled.get_item(TableName="provisioned", Key=KEY)["Item"] == BIG


def test_tables_on_demand_are_by_their_ceilings_alone(throttled):
    for _ in range(5):
        throttled.put_item(TableName="demanded", Item=BIG)
    ceilings = {"MaxReadRequestUnits": 100, "MaxWriteRequestUnits": 1}
    updated = throttled.update_table(TableName="demanded", OnDemandThroughput=ceilings)["TableDescription"]
    assert updated["OnDemandThroughput"] == ceilings
    with pytest.raises(throttled.exceptions.ThrottlingException) as caught:
        exhaust(throttled, "demanded")
    [reason] = caught.value.response["throttlingReasons"]
    assert reason["reason"] == "TableWriteMaxOnDemandThroughputExceeded"
    throttled.update_table(TableName="demanded", OnDemandThroughput={"MaxWriteRequestUnits": -1})
    left = throttled.describe_table(TableName="demanded")["Table"]["OnDemandThroughput"]
    assert left == {"MaxReadRequestUnits": 100}
    throttled.put_item(TableName="demanded", Item=BIG)


def test_nobody_is_where_it_is_off(account):
    client, name = account.client("dynamodb"), account.name("table")
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    )
    for _ in range(5):
        client.put_item(TableName=name, Item=BIG)
