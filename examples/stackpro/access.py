"""What a user's own credentials may do: read their profile, and read and mark their notifications. Nobody else's."""

from database import NOTIFICATIONS, USERS

# The name of the IAM user that asks is the name of the StackPro user.
OWN_KEYS = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["USER#${aws:username}"]}}


def policy(database, account, region):
    """A policy for users, who are all given the same one."""
    prefix = f"arn:aws:dynamodb:{region}:{account}:table/"
    tables = {table: prefix + database.name(table) for table in (USERS, NOTIFICATIONS)}
    reading = ["dynamodb:GetItem", "dynamodb:Query"]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": reading, "Resource": tables[USERS], "Condition": OWN_KEYS},
            {
                "Effect": "Allow",
                "Action": [*reading, "dynamodb:UpdateItem"],
                "Resource": [tables[NOTIFICATIONS], f"{tables[NOTIFICATIONS]}/index/unread"],
                "Condition": OWN_KEYS,
            },
        ],
    }
