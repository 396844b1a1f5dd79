"""What people say to each other."""

import conversations
import notifications
from boto3.dynamodb.conditions import Attr, Key
from database import conversation_key, everything, message_key
from moments import now, timestamp

# Whoever is overtaken by others so often has met more than people typing.
TRIES_MAX = 20


def send(database, conversation, user, content, kind="TEXT"):
    """Says something; gives the message. It, the conversation's time and count, and a notification for everybody else
    are one transaction. Raises `NotAllowed`.

    Messages have the order in which they were taken: one whose time is not after the last one's gets a new time.
    """
    for _ in range(TRIES_MAX):
        others = [name for name in conversations.get(database, conversation, user)["participants"] if name != user]
        moment = now()
        message = {
            "PK": conversation_key(conversation),
            "SK": message_key(timestamp(moment)),
            "content": content,
            "type": kind,
            "userId": user,
            "isRead": False,
        }
        said = {
            "TableName": database.conversations.name,
            "Key": {"PK": message["PK"]},
            "UpdateExpression": "SET lastMessageAt = :now ADD messages :one",
            "ConditionExpression": "contains(participants, :user) AND lastMessageAt < :now",
            "ExpressionAttributeValues": {":now": timestamp(moment), ":one": 1, ":user": user},
        }
        puts = [(database.messages, message)]
        puts += [(database.notifications, notifications.of_message(name, message, moment)) for name in others]
        try:
            database.transact(
                {"Update": said}, *({"Put": {"TableName": table.name, "Item": item}} for table, item in puts)
            )
            return message
        except database.cancelled:
            continue
    raise TimeoutError(f"overtaken {TRIES_MAX} times in {conversation}")


def latest(database, conversation, user, count=20, before=None):
    """The last messages, newest first, or the last before the sort key of another. Raises `NotAllowed`."""
    conversations.get(database, conversation, user)
    start = {"ExclusiveStartKey": {"PK": conversation_key(conversation), "SK": before}} if before else {}
    return database.messages.query(
        KeyConditionExpression=Key("PK").eq(conversation_key(conversation)),
        ScanIndexForward=False,
        Limit=count,
        ConsistentRead=True,
        **start,
    )["Items"]


def read(database, conversation, user):
    """Marks what others have said as read, and their notifications with it; gives how many messages that were."""
    conversations.get(database, conversation, user)
    unread = everything(
        database.messages.query,
        KeyConditionExpression=Key("PK").eq(conversation_key(conversation)),
        FilterExpression=Attr("isRead").eq(False) & Attr("userId").ne(user),
    )
    count = 0
    for count, message in enumerate(unread, 1):
        database.messages.update_item(
            Key={"PK": message["PK"], "SK": message["SK"]},
            UpdateExpression="SET isRead = :true",
            ConditionExpression="attribute_exists(PK)",
            ExpressionAttributeValues={":true": True},
        )
    for notification in notifications.unread(database, user):
        if notification["about"] == conversation_key(conversation):
            notifications.read(database, notification)
    return count


def of_user(database, user):
    """Everything that a user has said, in any conversation."""
    return list(everything(database.messages.query, IndexName="by-user", KeyConditionExpression=Key("userId").eq(user)))
