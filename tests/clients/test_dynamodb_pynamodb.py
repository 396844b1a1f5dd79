"""DynamoDB through PynamoDB, used as its guides use it: a forum with threads, and money that is moved."""

import datetime

import pytest
from botocore.exceptions import ClientError
from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    JSONAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    NumberSetAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
    VersionAttribute,
)
from pynamodb.connection import Connection
from pynamodb.exceptions import DeleteError, DoesNotExist, PutError, QueryError, TransactWriteError, UpdateError
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection, LocalSecondaryIndex
from pynamodb.models import Model
from pynamodb.transactions import TransactGet, TransactWrite

from support.aws import REGION
from support.server import until

NOW = datetime.datetime(2026, 3, 1, 12, 30, tzinfo=datetime.timezone.utc)


def settings(account, kind):
    """What a model's `Meta` says of its table and of where that is."""
    return {
        "table_name": account.name(kind),
        "host": account.server.url,
        "region": REGION,
        "aws_access_key_id": account.key,
        "aws_secret_access_key": "test",
        "billing_mode": "PAY_PER_REQUEST",
        "max_retry_attempts": 0,
    }


class Author(MapAttribute):
    name = UnicodeAttribute()
    joined = UTCDateTimeAttribute(null=True)


@pytest.fixture
def threads(account):
    """A model with an index of each kind, whose table exists."""

    class ByViews(LocalSecondaryIndex):
        class Meta:
            index_name = "by-views"
            projection = AllProjection()

        forum = UnicodeAttribute(hash_key=True)
        views = NumberAttribute(range_key=True)

    class ByTopic(GlobalSecondaryIndex):
        class Meta:
            index_name = "by-topic"
            projection = KeysOnlyProjection()

        topic = UnicodeAttribute(hash_key=True)
        views = NumberAttribute(range_key=True)

    class Thread(Model):
        Meta = type("Meta", (), settings(account, "threads"))

        forum = UnicodeAttribute(hash_key=True)
        subject = UnicodeAttribute(range_key=True)
        views = NumberAttribute(default=0)
        topic = UnicodeAttribute(null=True)
        by_views = ByViews()
        by_topic = ByTopic()
        author = Author(null=True)
        tags = UnicodeSetAttribute(null=True)
        scores = NumberSetAttribute(null=True)
        notes = ListAttribute(null=True)
        raw = BinaryAttribute(null=True, legacy_encoding=False)
        extra = JSONAttribute(null=True)
        closed = BooleanAttribute(default=False)

    assert not Thread.exists()
    Thread.create_table(wait=True)
    assert Thread.exists()
    yield Thread
    Thread.delete_table()
    assert not Thread.exists()


def fill(thread, forum="f", count=5):
    with thread.batch_write() as batch:
        for n in range(count):
            batch.save(thread(forum, f"s{n:02}", views=n * 10, topic="even" if n % 2 == 0 else "odd"))


def test_values_come_back_as_they_went(threads):
    author = Author(name="Ann", joined=NOW)
    values = {
        "views": 12345678901234567890,
        "author": author,
        "tags": {"a", "ß"},
        "scores": {1, 2.5, -3},
        "notes": ["one", 2, {"three": [True, None]}],
        "raw": b"\x00\xff",
        "extra": {"a": [1, None]},
        "closed": True,
    }
    threads("f", "s", **values).save()
    found = threads.get("f", "s", consistent_read=True)
    assert {name: getattr(found, name) for name in values if name != "author"} | {"author": author} == values
    assert (found.author.name, found.author.joined) == ("Ann", NOW)
    assert found.topic is None


def test_what_is_not_there(threads):
    with pytest.raises(DoesNotExist):
        threads.get("f", "nothing")
    with pytest.raises(DoesNotExist):
        threads("f", "nothing").refresh()


def test_conditions_of_writes(threads):
    thread = threads("f", "s", views=1)
    thread.save(threads.subject.does_not_exist())
    with pytest.raises(PutError) as caught:
        threads("f", "s").save(threads.subject.does_not_exist())
    assert caught.value.cause_response_code == "ConditionalCheckFailedException"
    with pytest.raises(UpdateError):
        thread.update(actions=[threads.views.set(9)], condition=threads.views > 1)
    with pytest.raises(DeleteError):
        thread.delete((threads.views == 1) & threads.topic.exists())
    thread.delete(threads.views.between(0, 1) | threads.subject.startswith("x"))
    assert threads.count() == 0


def test_updates(threads):
    thread = threads("f", "s", views=1, notes=["a", "b", "c"], tags={"x", "y"}, author=Author(name="Ann"))
    thread.save()
    thread.update(
        actions=[
            threads.views.add(5),
            threads.topic.set(threads.topic | "none"),
            threads.notes.set(threads.notes.append(["d"])),
            threads.tags.delete({"x"}),
            threads.author.name.set("Bob"),
            threads.closed.remove(),
        ]
    )
    # The answer's new values are the model's.
    assert (thread.views, thread.topic, thread.tags, thread.author.name) == (6, "none", {"y"}, "Bob")
    assert thread.notes == ["a", "b", "c", "d"]
    thread.update(actions=[threads.notes[1].remove(), threads.views.set(threads.views - 2)])
    thread.refresh()
    assert (thread.views, thread.notes) == (4, ["a", "c", "d"])


def subjects(found):
    return [thread.subject for thread in found]


def test_queries_and_scans(threads):
    fill(threads)
    fill(threads, "other", 2)
    assert subjects(threads.query("f", threads.subject.between("s01", "s03"))) == ["s01", "s02", "s03"]
    assert subjects(threads.query("f", scan_index_forward=False, limit=2)) == ["s04", "s03"]
    assert subjects(threads.query("f", filter_condition=threads.topic.is_in("odd") & (threads.views > 10))) == ["s03"]
    assert threads.count("f", threads.subject >= "s02") == 3
    assert sorted(subjects(threads.scan(threads.topic.contains("dd")))) == ["s01", "s01", "s03"]
    segments = [subjects(threads.scan(segment=n, total_segments=3)) for n in range(3)]
    assert sum(map(len, segments)) == 7
    with pytest.raises(QueryError):
        list(threads.query("f", threads.views > 1))


def test_pages_go_on_where_one_ended(threads):
    fill(threads, count=7)
    first = threads.query("f", page_size=2, limit=3)
    assert subjects(first) == ["s00", "s01", "s02"]
    assert first.last_evaluated_key == {"forum": {"S": "f"}, "subject": {"S": "s02"}}
    rest = threads.query("f", page_size=2, last_evaluated_key=first.last_evaluated_key)
    assert subjects(rest) == ["s03", "s04", "s05", "s06"]
    assert rest.last_evaluated_key is None
    assert rest.total_count == 4


def test_indexes(threads):
    fill(threads)
    assert [thread.views for thread in threads.by_views.query("f", threads.views >= 20)] == [20, 30, 40]
    found = list(threads.by_topic.query("even", threads.views < 40, scan_index_forward=False))
    assert subjects(found) == ["s02", "s00"]
    assert threads.by_topic.count("odd") == 2


def test_batches(threads):
    fill(threads, count=60)
    wanted = [("f", f"s{n:02}") for n in range(55, 65)] + [("other", "s")]
    assert sorted(thread.subject for thread in threads.batch_get(wanted)) == [f"s{n}" for n in range(55, 60)]
    with threads.batch_write() as batch:
        for thread in threads.query("f", threads.subject < "s30"):
            batch.delete(thread)
    assert threads.count("f") == 30


def test_a_version_notices_that_somebody_was_faster(account):
    class Office(Model):
        Meta = type("Meta", (), settings(account, "offices"))

        name = UnicodeAttribute(hash_key=True)
        people = NumberAttribute(default=0)
        version = VersionAttribute()

    Office.create_table(wait=True)
    mine = Office("north")
    mine.save()
    theirs = Office.get("north")
    theirs.update(actions=[Office.people.add(3)])
    assert (mine.version, theirs.version) == (1, 2)
    mine.people = 1
    with pytest.raises(PutError) as caught:
        mine.save()
    assert caught.value.cause_response_code == "ConditionalCheckFailedException"
    with pytest.raises(DeleteError):
        mine.delete()
    mine.refresh()
    mine.people += 1
    mine.save()
    assert (Office.get("north").people, mine.version) == (4, 3)


def test_items_end_with_their_time(own):
    class Session(Model):
        Meta = type("Meta", (), settings(own, "sessions"))

        token = UnicodeAttribute(hash_key=True)
        ends = TTLAttribute(default_for_new=datetime.timedelta(minutes=10))

    Session.create_table(wait=True)
    told = own.client("dynamodb").describe_time_to_live(TableName=Session.Meta.table_name)
    assert told["TimeToLiveDescription"] == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ends"}
    Session("short").save()
    Session("long", ends=datetime.timedelta(days=1)).save()
    own.server.advance(3600)
    until(lambda: [session.token for session in Session.scan()] == ["long"])


@pytest.fixture
def statements(account):
    class Statement(Model):
        Meta = type("Meta", (), settings(account, "statements"))

        user = UnicodeAttribute(hash_key=True)
        balance = NumberAttribute(default=0)
        active = BooleanAttribute(default=True)

    Statement.create_table(wait=True)
    for user, balance in (("a", 100), ("b", 0)):
        Statement(user, balance=balance).save()
    return Statement


def connection(model):
    meta = model.Meta
    made = Connection(region=meta.region, host=meta.host)
    made.session.set_credentials(meta.aws_access_key_id, meta.aws_secret_access_key)
    return made


def test_transactions(statements):
    link = connection(statements)
    token = "a-token-of-the-caller"
    for _ in range(2):
        with TransactWrite(connection=link, client_request_token=token) as transaction:
            enough = statements.balance >= 40
            transaction.update(statements("a"), actions=[statements.balance.add(-40)], condition=enough)
            transaction.update(statements("b"), actions=[statements.balance.add(40)])
            transaction.save(statements("c", balance=0), condition=statements.user.does_not_exist())
    with TransactGet(connection=link) as reading:
        a, b = reading.get(statements, "a"), reading.get(statements, "b")
    # The second time was the same request.
    assert (a.get().balance, b.get().balance) == (60, 40)


def test_a_cancelled_transaction_says_why(statements):
    with pytest.raises(TransactWriteError) as caught:
        with TransactWrite(connection=connection(statements)) as transaction:
            transaction.update(statements("b"), actions=[statements.balance.add(500)])
            transaction.condition_check(statements, "a", condition=statements.balance >= 500)
            transaction.delete(statements("c"))
    assert caught.value.cause_response_code == "TransactionCanceledException"
    # PynamoDB sends checks first, whatever the order they were asked for in.
    reasons = caught.value.cancellation_reasons
    assert [reason.code if reason else None for reason in reasons] == ["ConditionalCheckFailed", None, None]
    assert isinstance(caught.value.cause, ClientError)
    assert statements.get("b").balance == 0
