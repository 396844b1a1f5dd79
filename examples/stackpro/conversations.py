"""Conversations and who takes part in them."""

import uuid

from boto3.dynamodb.conditions import Attr, Key

from database import conversation_key, everything
from moments import now, timestamp

KINDS = ("DIRECT", "GROUP", "SUPPORT")
# A message is one transaction with a notification for each but its author, and a transaction has at most 100 actions.
PARTICIPANTS_MAX = 50


class NotAllowed(Exception):
    """Somebody who does not take part in a conversation."""


def start(database, participants, kind="DIRECT"):
    """Begins a conversation; gives its id."""
    if not 2 <= len(set(participants)) <= PARTICIPANTS_MAX:
        raise ValueError(f"a conversation is of 2 to {PARTICIPANTS_MAX} people")
    conversation = uuid.uuid4().hex
    database.conversations.put_item(
        Item={
            "PK": conversation_key(conversation),
            "participants": sorted(set(participants)),
            "type": kind,
            "lastMessageAt": timestamp(now()),
            "messages": 0,
        },
        ConditionExpression="attribute_not_exists(PK)",
    )
    return conversation


def get(database, conversation, user):
    """A conversation, for one who takes part in it. Raises `NotAllowed`, also if there is none."""
    item = database.conversations.get_item(Key={"PK": conversation_key(conversation)}, ConsistentRead=True).get("Item")
    if item is None or user not in item["participants"]:
        raise NotAllowed(f"{user} does not take part in {conversation}")
    return item


def of_user(database, user):
    """The conversations that a user takes part in. No index knows what is in a list, so this looks through them all."""
    taking_part = Attr("participants").contains(user)
    found = everything(database.conversations.scan, FilterExpression=taking_part)
    return sorted(found, key=lambda item: item["lastMessageAt"], reverse=True)


def latest(database, kind, count=20):
    """The conversations of a kind in which something was said last: what the support desk looks at."""
    return database.conversations.query(
        IndexName="by-type", KeyConditionExpression=Key("type").eq(kind), ScanIndexForward=False, Limit=count
    )["Items"]


def leave(database, item, user):
    """Takes somebody out of a conversation, which may be changed by others at the same time."""
    while user in item["participants"]:
        place = item["participants"].index(user)
        try:
            item = database.conversations.update_item(
                Key={"PK": item["PK"]},
                UpdateExpression=f"REMOVE participants[{place}]",
                ConditionExpression=Attr(f"participants[{place}]").eq(user),
                ReturnValues="ALL_NEW",
            )["Attributes"]
        except database.condition_failed:
            item = database.conversations.get_item(Key={"PK": item["PK"]}, ConsistentRead=True)["Item"]
