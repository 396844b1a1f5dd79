"""Users and what they subscribe to."""

from database import user_key

TIERS = ("FREE", "STARTER", "PRO", "ENTERPRISE")


class UserExists(Exception):
    """Somebody else has the name or the address."""


class NoSuchUser(Exception):
    """Nobody is called that."""


def mail_key(email):
    """The item that keeps an address for one user."""
    return f"EMAIL#{email.lower()}"


def sign_up(database, user, email, display_name, company="", role="owner"):
    """Makes a profile, with the free tier. Raises `UserExists`."""
    profile = {
        "PK": user_key(user),
        "email": email,
        "displayName": display_name,
        "company": company,
        "role": role,
        "subscriptionTier": "FREE",
        "subscriptionStatus": "ACTIVE",
    }
    address = {"PK": mail_key(email), "userId": user}
    puts = [
        {"TableName": database.users.name, "Item": item, "ConditionExpression": "attribute_not_exists(PK)"}
        for item in (profile, address)
    ]
    try:
        database.transact(*({"Put": put} for put in puts))
    except database.cancelled as error:
        raise UserExists(f"{user} or {email} is taken") from error
    return profile


def profile(database, user):
    """A user's profile. Raises `NoSuchUser`."""
    item = database.users.get_item(Key={"PK": user_key(user)}).get("Item")
    if item is None:
        raise NoSuchUser(user)
    return item


def by_email(database, email):
    """The profile of whoever has an address. Raises `NoSuchUser`."""
    item = database.users.get_item(Key={"PK": mail_key(email)}).get("Item")
    if item is None:
        raise NoSuchUser(email)
    return profile(database, item["userId"])


def subscribe(database, user, tier, status="ACTIVE"):
    """Changes what a user subscribes to; gives the profile. Raises `NoSuchUser`."""
    try:
        return database.users.update_item(
            Key={"PK": user_key(user)},
            UpdateExpression="SET subscriptionTier = :tier, subscriptionStatus = :status",
            ConditionExpression="attribute_exists(PK)",
            ExpressionAttributeValues={":tier": tier, ":status": status},
            ReturnValues="ALL_NEW",
        )["Attributes"]
    except database.condition_failed as error:
        raise NoSuchUser(user) from error
