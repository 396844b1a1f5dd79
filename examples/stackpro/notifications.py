"""What users are told."""

from boto3.dynamodb.conditions import Attr, Key

from database import everything, notification_key, user_key
from moments import seconds_after, timestamp

KEPT_DAYS = 30


def of_message(user, message, moment):
    """The notification that somebody has said something."""
    text = f"{message['userId']}: {message['content'][:80]}"
    return new(user, "New message", text, "MESSAGE", message["PK"], moment) | {"author": message["userId"]}


def new(user, title, text, kind, about, moment):
    """A notification, unread. The index of unread ones holds those that have `unreadBy`."""
    return {
        "PK": user_key(user),
        # Two things may happen to one user in a moment, of which each is about something else.
        "SK": notification_key(f"{timestamp(moment)}#{about}"),
        "title": title,
        "message": text,
        "type": kind,
        "about": about,
        "isRead": False,
        "unreadBy": user_key(user),
        "endsAt": seconds_after(moment, KEPT_DAYS),
    }


def unread(database, user):
    """What a user has not read yet, newest first."""
    wanted = Key("unreadBy").eq(user_key(user))
    return list(
        everything(
            database.notifications.query, IndexName="unread", KeyConditionExpression=wanted, ScanIndexForward=False
        )
    )


def read(database, notification):
    """Marks one as read, unless it has ended."""
    try:
        database.notifications.update_item(
            Key={"PK": notification["PK"], "SK": notification["SK"]},
            UpdateExpression="SET isRead = :true REMOVE unreadBy",
            ConditionExpression="attribute_exists(PK)",
            ExpressionAttributeValues={":true": True},
        )
    except database.condition_failed:
        return


def of_user(database, user):
    """Everything that a user was told and that has not ended."""
    return list(everything(database.notifications.query, KeyConditionExpression=Key("PK").eq(user_key(user))))


def by_author(database, user):
    """What anybody was told of a user's messages. That is asked once in a user's life, so there is no index."""
    return list(everything(database.notifications.scan, FilterExpression=Attr("author").eq(user)))
