"""StackPro's four tables: what they are called, and how their keys are made."""

import os

import boto3
from botocore.config import Config

USERS, MESSAGES, CONVERSATIONS, NOTIFICATIONS = "user-profile", "messages", "conversations", "notifications"

# What each table's key is made of, and its indexes: name, partition key and sort key.
KEYS = {
    USERS: (("PK",), ()),
    MESSAGES: (("PK", "SK"), (("by-user", "userId", "SK"),)),
    CONVERSATIONS: (("PK",), (("by-type", "type", "lastMessageAt"),)),
    NOTIFICATIONS: (("PK", "SK"), (("unread", "unreadBy", "SK"),)),
}
ROLES = ("HASH", "RANGE")


def user_key(user):
    return f"USER#{user}"


def conversation_key(conversation):
    return f"CONVERSATION#{conversation}"


def message_key(timestamp):
    return f"MESSAGE#{timestamp}"


def notification_key(timestamp):
    return f"NOTIFICATION#{timestamp}"


class Database:
    """The tables of one stage. Endpoint, region and credentials come from the environment, as everywhere with AWS."""

    def __init__(self, resource=None, stage=None):
        patient = Config(retries={"mode": "standard", "max_attempts": 10}, connect_timeout=5, read_timeout=30)
        self.resource = resource or boto3.resource("dynamodb", config=patient)
        self.stage = stage or os.environ.get("STACKPRO_STAGE", "sandbox")
        self.users, self.messages, self.conversations, self.notifications = (
            self.resource.Table(self.name(table)) for table in (USERS, MESSAGES, CONVERSATIONS, NOTIFICATIONS)
        )

    def name(self, table):
        return f"stackpro-{self.stage}-{table}"

    def create(self):
        """Makes the tables that are not there yet."""
        client = self.resource.meta.client
        for table, (key, indexes) in KEYS.items():
            try:
                client.create_table(**definition(self.name(table), key, indexes))
            except client.exceptions.ResourceInUseException:
                continue
        for table in KEYS:
            client.get_waiter("table_exists").wait(TableName=self.name(table))
        # Notifications end by themselves.
        told = client.describe_time_to_live(TableName=self.notifications.name)["TimeToLiveDescription"]
        if told["TimeToLiveStatus"] == "DISABLED":
            ends = {"Enabled": True, "AttributeName": "endsAt"}
            client.update_time_to_live(TableName=self.notifications.name, TimeToLiveSpecification=ends)

    def transact(self, *actions):
        """Does all of it or nothing. The client gives the request a token, so that one that it sends twice, because the
        answer to the first was lost, is done once."""
        self.resource.meta.client.transact_write_items(TransactItems=list(actions))

    @property
    def cancelled(self):
        """What `transact` raises when a condition does not hold."""
        return self.resource.meta.client.exceptions.TransactionCanceledException

    @property
    def condition_failed(self):
        """What a single write raises when its condition does not hold."""
        return self.resource.meta.client.exceptions.ConditionalCheckFailedException


def definition(name, key, indexes):
    attributes = {*key, *(attribute for index in indexes for attribute in index[1:])}
    found = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": schema(key),
        "AttributeDefinitions": [{"AttributeName": each, "AttributeType": "S"} for each in sorted(attributes)],
        "Tags": [{"Key": "project", "Value": "stackpro"}],
    }
    if indexes:
        found["GlobalSecondaryIndexes"] = [
            {"IndexName": index, "KeySchema": schema(of), "Projection": {"ProjectionType": "ALL"}}
            for index, *of in indexes
        ]
    return found


def schema(attributes):
    return [{"AttributeName": attribute, "KeyType": role} for attribute, role in zip(attributes, ROLES)]


def everything(read, **parameters):
    """All items of a query or scan, page after page."""
    while True:
        page = read(**parameters)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        parameters["ExclusiveStartKey"] = page["LastEvaluatedKey"]
