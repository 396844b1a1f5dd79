"""What the law asks for: a user's data in a file, and their end."""

import conversations
import messages
import notifications
import users


def export(database, user):
    """Everything that is kept of a user. Raises `NoSuchUser`."""
    return {
        "profile": users.profile(database, user),
        "conversations": conversations.of_user(database, user),
        "messages": messages.of_user(database, user),
        "notifications": notifications.of_user(database, user),
    }


def forget(database, user):
    """Deletes everything that is kept of a user, the profile last: after a crash it can be done again. Raises
    `NoSuchUser`."""
    profile = users.profile(database, user)
    for conversation in conversations.of_user(database, user):
        conversations.leave(database, conversation, user)
    for table, items in (
        (database.messages, messages.of_user(database, user)),
        (database.notifications, notifications.of_user(database, user)),
        (database.notifications, notifications.by_author(database, user)),
    ):
        with table.batch_writer() as batch:
            for item in items:
                batch.delete_item(Key={"PK": item["PK"], "SK": item["SK"]})
    keys = (profile["PK"], users.mail_key(profile["email"]))
    database.transact(*({"Delete": {"TableName": database.users.name, "Key": {"PK": key}}} for key in keys))
