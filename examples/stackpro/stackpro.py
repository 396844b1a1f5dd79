"""StackPro's users and their conversations, from the command line. Prints JSON.

    python stackpro.py create-tables
    python stackpro.py sign-up ann --email ann@example.com --name Ann
    python stackpro.py start ann bob
    python stackpro.py send CONVERSATION ann "Good morning"
"""

import argparse
import json
from datetime import datetime
from decimal import Decimal

import backups
import conversations
import messages
import notifications
import privacy
import users
from database import Database


def parser():
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    tasks = made.add_subparsers(dest="task", required=True)

    def task(name, do, *arguments, text):
        one = tasks.add_parser(name, help=text)
        for argument in arguments:
            one.add_argument(argument)
        one.set_defaults(do=do)
        return one

    task("create-tables", lambda db, given: create_tables(db), text="make the tables, and keep what they held")
    sign_up = task(
        "sign-up",
        lambda db, given: users.sign_up(db, given.user, given.email, given.name),
        *("user",),
        text="make a profile",
    )
    sign_up.add_argument("--email", required=True)
    sign_up.add_argument("--name", required=True)
    task("profile", lambda db, given: users.profile(db, given.user), "user", text="show a profile")
    task("find", lambda db, given: users.by_email(db, given.email), "email", text="find a profile by its address")
    subscribe = task(
        "subscribe", lambda db, given: users.subscribe(db, given.user, given.tier), "user", text="change the tier"
    )
    subscribe.add_argument("tier", choices=users.TIERS)
    start = task(
        "start", lambda db, given: conversations.start(db, given.users, given.type), text="begin a conversation"
    )
    start.add_argument("users", nargs="+")
    start.add_argument("--type", choices=conversations.KINDS, default="DIRECT")
    task(
        "conversations", lambda db, given: conversations.of_user(db, given.user), "user", text="a user's conversations"
    )
    task(
        "send",
        lambda db, given: messages.send(db, given.conversation, given.user, given.text),
        *("conversation", "user", "text"),
        text="say something",
    )
    shown = task(
        "messages",
        lambda db, given: messages.latest(db, given.conversation, given.user, given.count, given.before),
        *("conversation", "user"),
        text="the last messages, newest first",
    )
    shown.add_argument("--count", type=int, default=20)
    shown.add_argument("--before", help="the SK of a message: show those before it")
    task(
        "read",
        lambda db, given: messages.read(db, given.conversation, given.user),
        *("conversation", "user"),
        text="mark messages as read",
    )
    task("inbox", lambda db, given: notifications.unread(db, given.user), "user", text="unread notifications")
    task("desk", lambda db, given: conversations.latest(db, "SUPPORT"), text="the support desk's conversations")
    task("export", lambda db, given: privacy.export(db, given.user), "user", text="all data of a user")
    task("forget", lambda db, given: privacy.forget(db, given.user), "user", text="delete all data of a user")
    task("window", lambda db, given: backups.window(db, given.table), "table", text="how far a table can go back")
    task(
        "restore",
        lambda db, given: backups.restore(db, given.table, datetime.fromisoformat(given.moment), given.name).name,
        *("table", "moment", "name"),
        text="make a table of what another held at a moment",
    )
    return made


def create_tables(database):
    database.create()
    backups.protect(database)


def plain(value):
    """Moments, and numbers, which DynamoDB keeps exactly: JSON knows neither."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    raise TypeError(f"{value!r} cannot be printed")


def main():
    given = parser().parse_args()
    try:
        found = given.do(Database(), given)
    except (users.UserExists, users.NoSuchUser, conversations.NotAllowed, ValueError) as error:
        raise SystemExit(f"{type(error).__name__}: {error}")
    print(json.dumps(found, default=plain, indent=2))


if __name__ == "__main__":
    main()
