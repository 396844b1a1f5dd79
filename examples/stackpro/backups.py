"""Going back: what a table held at any second of the last days."""

from boto3.dynamodb.conditions import Attr

from database import KEYS, everything


def protect(database):
    """Keeps what each table held."""
    for table in KEYS:
        database.resource.meta.client.update_continuous_backups(
            TableName=database.name(table),
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
        )


def window(database, table):
    """The first and the last moment that a table can go back to."""
    told = database.resource.meta.client.describe_continuous_backups(TableName=database.name(table))
    described = told["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    return described["EarliestRestorableDateTime"], described["LatestRestorableDateTime"]


def restore(database, table, moment, name):
    """Makes a table of what another held at a moment; gives it."""
    client = database.resource.meta.client
    client.restore_table_to_point_in_time(
        SourceTableName=database.name(table), TargetTableName=name, RestoreDateTime=moment
    )
    client.get_waiter("table_exists").wait(TableName=name)
    return database.resource.Table(name)


def bring_back(database, table, restored):
    """Puts what a restored table has, and the table itself no longer, back into it; gives how many items that were."""
    target = database.resource.Table(database.name(table))
    key = [part["AttributeName"] for part in target.key_schema]
    count = 0
    for item in everything(restored.scan, ConsistentRead=True):
        try:
            target.put_item(Item=item, ConditionExpression=Attr(key[0]).not_exists())
            count += 1
        except database.condition_failed:
            continue
    return count
