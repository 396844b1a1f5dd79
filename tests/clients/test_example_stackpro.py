"""StackPro's users and conversations (`examples/stackpro`), also with Cloudlet killed in the middle."""

import datetime
import importlib
import json
import os
import subprocess
import sys
import threading
import types

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from support.aws import REGION
from support.server import PATIENCE_S, ROOT, clean_environment, until

EXAMPLE = ROOT / "examples/stackpro"
MODULES = [path.stem for path in EXAMPLE.glob("*.py")]


@pytest.fixture
def app(monkeypatch):
    """The example's modules, which are nobody else's afterwards."""
    monkeypatch.syspath_prepend(str(EXAMPLE))
    yield types.SimpleNamespace(**{name: importlib.import_module(name) for name in MODULES})
    for name in MODULES:
        del sys.modules[name]


def database(app, server, key, secret="test"):
    session = boto3.Session(key, secret, region_name=REGION)
    patient = Config(retries={"mode": "standard", "max_attempts": 10}, connect_timeout=5, read_timeout=30)
    return app.database.Database(session.resource("dynamodb", endpoint_url=server.url, config=patient))


@pytest.fixture
def db(app, account):
    """The tables in an account of their own, with two users."""
    made = database(app, account.server, account.key)
    made.create()
    for user in ("ann", "bob"):
        app.users.sign_up(made, user, f"{user}@example.com", user.title())
    return made


def contents(messages):
    return [message["content"] for message in messages]


def test_the_tables_are_as_designed(app, db):
    found = {}
    for table in (db.users, db.messages, db.conversations, db.notifications):
        found[table.name.removeprefix("stackpro-sandbox-")] = [part["AttributeName"] for part in table.key_schema]
        assert table.billing_mode_summary["BillingMode"] == "PAY_PER_REQUEST"
    assert found == {
        "user-profile": ["PK"],
        "messages": ["PK", "SK"],
        "conversations": ["PK"],
        "notifications": ["PK", "SK"],
    }
    # Who makes them again finds them as they are.
    db.create()


def test_what_was_deleted_comes_back(app, own):
    """To the second: what was said before is there again, and what was said after stays."""
    made = database(app, own.server, own.key)
    made.create()
    app.backups.protect(made)
    conversation = app.conversations.start(made, ["ann", "bob"])
    for n in range(3):
        app.messages.send(made, conversation, "ann", f"hello {n}")
    own.server.advance(60)
    before = datetime.datetime.fromisoformat(own.server.get("/_cloudlet/clock")["now"])
    own.server.advance(60)
    with made.messages.batch_writer() as batch:
        for message in app.messages.latest(made, conversation, "ann")[:2]:
            batch.delete_item(Key={"PK": message["PK"], "SK": message["SK"]})
    app.messages.send(made, conversation, "bob", "where is it?")
    # The service can go back to what was five minutes ago.
    own.server.advance(600)
    first, last = app.backups.window(made, "messages")
    assert first <= before <= last
    restored = app.backups.restore(made, "messages", before, "stackpro-sandbox-messages-restored")
    assert sorted(contents(restored.scan()["Items"])) == ["hello 0", "hello 1", "hello 2"]
    assert app.backups.bring_back(made, "messages", restored) == 2
    said = contents(app.messages.latest(made, conversation, "bob"))
    assert said == ["where is it?", "hello 2", "hello 1", "hello 0"]


def test_users(app, db):
    profile = app.users.profile(db, "ann")
    assert (profile["PK"], profile["subscriptionTier"]) == ("USER#ann", "FREE")
    with pytest.raises(app.users.UserExists):
        app.users.sign_up(db, "ann", "other@example.com", "Other")
    with pytest.raises(app.users.UserExists):
        app.users.sign_up(db, "other", "ANN@example.com", "Other")
    with pytest.raises(app.users.NoSuchUser):
        app.users.profile(db, "other")
    assert app.users.subscribe(db, "ann", "PRO")["subscriptionTier"] == "PRO"
    assert app.users.by_email(db, "ann@example.com")["subscriptionTier"] == "PRO"
    with pytest.raises(app.users.NoSuchUser):
        app.users.subscribe(db, "nobody", "PRO")


def test_a_conversation(app, db):
    conversation = app.conversations.start(db, ["ann", "bob"])
    for n in range(5):
        app.messages.send(db, conversation, "ann", f"hello {n}")
    newest = app.messages.latest(db, conversation, "bob", 2)
    assert contents(newest) == ["hello 4", "hello 3"]
    older = app.messages.latest(db, conversation, "bob", 2, before=newest[-1]["SK"])
    assert contents(older) == ["hello 2", "hello 1"]
    assert newest[0]["PK"] == f"CONVERSATION#{conversation}" and newest[0]["SK"].startswith("MESSAGE#")
    [item] = app.conversations.of_user(db, "bob")
    assert newest[0]["SK"] == f"MESSAGE#{item['lastMessageAt']}"

    told = app.notifications.unread(db, "bob")
    assert [notification["message"] for notification in told] == [f"ann: hello {n}" for n in (4, 3, 2, 1, 0)]
    assert app.notifications.unread(db, "ann") == []
    assert app.messages.read(db, conversation, "ann") == 0
    assert app.messages.read(db, conversation, "bob") == 5
    assert app.notifications.unread(db, "bob") == []
    assert all(message["isRead"] for message in app.messages.latest(db, conversation, "ann"))
    assert len(app.notifications.of_user(db, "bob")) == 5


def test_strangers_are_refused(app, db):
    conversation = app.conversations.start(db, ["ann", "bob"])
    for attempt in (app.messages.latest, app.messages.read):
        with pytest.raises(app.conversations.NotAllowed):
            attempt(db, conversation, "eve")
    with pytest.raises(app.conversations.NotAllowed):
        app.messages.send(db, conversation, "eve", "psst")
    assert app.messages.latest(db, conversation, "ann") == []


def test_the_support_desk_sees_who_wrote_last(app, db):
    first, second = (app.conversations.start(db, ["desk", user], "SUPPORT") for user in ("ann", "bob"))
    app.conversations.start(db, ["ann", "bob"])
    app.messages.send(db, first, "ann", "help")
    order = [item["PK"] for item in app.conversations.latest(db, "SUPPORT")]
    assert order == [f"CONVERSATION#{first}", f"CONVERSATION#{second}"]


def test_notifications_end(app, own):
    made = database(app, own.server, own.key)
    made.create()
    conversation = app.conversations.start(made, ["ann", "bob"])
    app.messages.send(made, conversation, "ann", "hello")
    assert len(app.notifications.unread(made, "bob")) == 1
    own.server.advance((app.notifications.KEPT_DAYS + 1) * 86_400)
    until(lambda: app.notifications.unread(made, "bob") == [])
    assert app.notifications.of_user(made, "bob") == []
    assert contents(app.messages.latest(made, conversation, "bob")) == ["hello"]


def test_who_is_forgotten_is_nowhere(app, db):
    talk = app.conversations.start(db, ["ann", "bob"])
    group = app.conversations.start(db, ["ann", "bob", "cid"], "GROUP")
    for n in range(30):
        app.messages.send(db, talk, "ann", f"secret {n}")
        app.messages.send(db, group, "bob", f"answer {n}")
    exported = app.privacy.export(db, "ann")
    assert exported["profile"]["email"] == "ann@example.com"
    assert (len(exported["conversations"]), len(exported["messages"]), len(exported["notifications"])) == (2, 30, 30)
    app.privacy.forget(db, "ann")
    with pytest.raises(app.users.NoSuchUser):
        app.privacy.export(db, "ann")
    tables = (db.users, db.messages, db.conversations, db.notifications)
    kept = [item for table in tables for item in table.scan()["Items"]]
    assert [item for item in kept if "ann" in json.dumps(item, default=str)] == []
    assert len(app.messages.latest(db, group, "bob", 100)) == 30
    # The name and the address are free again.
    app.users.sign_up(db, "ann", "ann@example.com", "Ann")


def test_a_users_own_credentials(app, account, db):
    """They reach what is theirs, and neither read nor write what is another's."""
    iam = account.client("iam")
    document = json.dumps(app.access.policy(db, account.key, REGION))
    for user in ("ann", "bob"):
        iam.create_user(UserName=user)
        iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=document)
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    bobs = database(app, account.server, key["AccessKeyId"], key["SecretAccessKey"])
    conversation = app.conversations.start(db, ["ann", "bob"])
    app.messages.send(db, conversation, "ann", "for bob")
    app.messages.send(db, conversation, "bob", "for ann")

    assert app.users.profile(bobs, "bob")["email"] == "bob@example.com"
    [told] = app.notifications.unread(bobs, "bob")
    app.notifications.read(bobs, told)
    assert app.notifications.unread(bobs, "bob") == []
    [of_ann] = app.notifications.unread(db, "ann")
    for attempt in (
        lambda: app.users.profile(bobs, "ann"),
        lambda: app.users.subscribe(bobs, "bob", "PRO"),
        lambda: app.notifications.unread(bobs, "ann"),
        lambda: app.notifications.of_user(bobs, "ann"),
        lambda: app.notifications.read(bobs, of_ann),
        lambda: app.notifications.by_author(bobs, "bob"),
        lambda: app.messages.latest(bobs, conversation, "bob"),
    ):
        with pytest.raises(ClientError) as caught:
            attempt()
        assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    assert app.notifications.unread(db, "ann") == [of_ann]


@pytest.mark.timeout(200)
def test_what_is_said_is_there_once(app, new_server):
    """Four people talk while Cloudlet is killed twice; their clients try again by themselves."""
    server = new_server().start()
    db = database(app, server, "437064342167")
    db.create()
    people = ["ann", "bob", "cid", "dan"]
    conversation = app.conversations.start(db, people, "GROUP")
    said, failures = [], []

    def talk(user):
        try:
            for n in range(25):
                said.append(app.messages.send(db, conversation, user, f"{user} {n}"))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=talk, args=(user,)) for user in people]
    for thread in threads:
        thread.start()
    for enough in (20, 60):
        while len(said) < enough and not failures:
            threads[0].join(0.01)
        server.kill()
        server = new_server(data=server.data, port=server.port).start()
    for thread in threads:
        thread.join(3 * PATIENCE_S)
        assert not thread.is_alive()
    assert failures == []

    found = app.messages.latest(db, conversation, "ann", 1000)
    assert sorted(message["SK"] for message in said) == sorted(message["SK"] for message in found)
    assert sorted(contents(found)) == sorted(f"{user} {n}" for user in people for n in range(25))
    for user in people:
        own = [content for content in reversed(contents(found)) if content.startswith(user)]
        assert own == [f"{user} {n}" for n in range(25)]
        told = [notification["message"] for notification in app.notifications.unread(db, user)]
        assert len(told) == len(set(told)) == 75
    [item] = app.conversations.of_user(db, "ann")
    assert (item["messages"], f"MESSAGE#{item['lastMessageAt']}") == (100, found[0]["SK"])


def test_by_hand(account):
    """The commands of the README."""
    environment = clean_environment(
        AWS_ENDPOINT_URL=account.server.url,
        AWS_ACCESS_KEY_ID=account.key,
        AWS_SECRET_ACCESS_KEY="test",
        AWS_REGION=REGION,
        AWS_DEFAULT_REGION=REGION,
        AWS_CONFIG_FILE=os.devnull,
        PYTHONDONTWRITEBYTECODE="1",
    )

    def stackpro(*arguments, status=0):
        finished = subprocess.run(
            [sys.executable, "stackpro.py", *arguments],
            cwd=EXAMPLE,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert finished.returncode == status, finished.stderr
        return json.loads(finished.stdout) if status == 0 else finished.stderr

    stackpro("create-tables")
    stackpro("sign-up", "ann", "--email", "ann@example.com", "--name", "Ann")
    assert stackpro("find", "ann@example.com")["displayName"] == "Ann"
    conversation = stackpro("start", "ann", "bob")
    stackpro("send", conversation, "ann", "Good morning")
    assert [told["message"] for told in stackpro("inbox", "bob")] == ["ann: Good morning"]
    assert stackpro("read", conversation, "bob") == 1
    first, last = stackpro("window", "messages")
    assert first <= last
    assert "NotAllowed: eve does not take part" in stackpro("messages", conversation, "eve", status=1)
