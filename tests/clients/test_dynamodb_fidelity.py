"""Where DynamoDB does what one would not guess, seen through a stock client."""

import json

import pytest
from botocore.exceptions import ClientError

from support.aws import REGION
from support.http import Client, Signer

# Before what is wrong with a request by itself, of operations that write one item.
COUNTED = "1 validation error detected: "


def names(*keys):
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in keys]


def schema(*keys):
    return [{"AttributeName": name, "KeyType": role} for (name, _), role in zip(keys, ("HASH", "RANGE"))]


class Table:
    """A table of a test's own, in typed values."""

    def __init__(self, account, *keys, indexes=(), **more):
        """`keys` are names and types; so are the keys of indexes, after their names."""
        self.name = account.name("table")
        self.client = account.client("dynamodb")
        self.keys = keys
        attributes = dict(keys) | {name: kind for _, *of in indexes for name, kind in of}
        found = [
            {"IndexName": name, "KeySchema": schema(*of), "Projection": {"ProjectionType": "ALL"}}
            for name, *of in indexes
        ]
        self.made = self.client.create_table(
            TableName=self.name,
            KeySchema=schema(*keys),
            AttributeDefinitions=names(*attributes.items()),
            BillingMode="PAY_PER_REQUEST",
            **({"GlobalSecondaryIndexes": found} if found else {}),
            **more,
        )["TableDescription"]

    def put(self, **item):
        return self.client.put_item(TableName=self.name, Item=item)

    def get(self, **key):
        return self.client.get_item(TableName=self.name, Key=key).get("Item")

    def update(self, key, expression, **more):
        return self.client.update_item(TableName=self.name, Key=key, UpdateExpression=expression, **more)

    def query(self, condition, values, **more):
        return self.client.query(
            TableName=self.name,
            KeyConditionExpression=condition,
            ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
            **more,
        )

    def scan(self, **more):
        return self.client.scan(TableName=self.name, **more)


@pytest.fixture
def simple(account):
    """A table whose key is a string."""
    return Table(account, ("p", "S"))


@pytest.fixture
def sorted_table(account):
    """A table of strings that are sorted by numbers."""
    return Table(account, ("p", "S"), ("c", "N"))


@pytest.fixture
def indexed(account):
    """A table with an index of another key."""
    return Table(account, ("p", "S"), indexes=[("by-g", ("g", "S"), ("h", "N"))])


class refused:
    """Expects an error with this code, and with this text if one is given."""

    def __init__(self, text=None, code="ValidationException"):
        self.text, self.code = text, code

    def __enter__(self):
        self.raises = pytest.raises(ClientError)
        self.caught = self.raises.__enter__()
        return self.caught

    def __exit__(self, *what):
        done = self.raises.__exit__(*what)
        error = self.caught.value.response["Error"]
        assert error["Code"] == self.code, error
        if self.text is not None:
            assert error["Message"] == self.text
        return done


def wire(account, operation, request):
    """A request as it is, which no client looks at before."""
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"DynamoDB_20120810.{operation}"}
    signer = Signer("dynamodb", key=account.key)
    return Client(account.server, signer).send("POST", "/", headers, json.dumps(request))


def s(text):
    return {"S": text}


def n(number):
    return {"N": str(number)}


class TestNumbers:
    @pytest.mark.parametrize("written", ["1000", "1e3", "+1000", "1000.0", "0001000", "1E+3", "0.1e4"])
    def test_one_value_is_one_key(self, account, written):
        table = Table(account, ("p", "N"))
        table.put(p=n("1000"), v=s("before"))
        table.put(p=n(written), v=s("after"))
        assert table.scan()["Items"] == [{"p": n("1000"), "v": s("after")}]
        assert table.get(p=n(written))["v"] == s("after")
        assert table.query("p = :p", {"p": n(written)})["Count"] == 1

    @pytest.mark.parametrize(
        ("written", "kept"),
        [
            ("-0", "0"),
            ("0.10", "0.1"),
            ("1e-130", "0." + "0" * 129 + "1"),
            ("9" * 38, "9" * 38),
            ("9.9999999999999999999999999999999999999E125", "9" * 38 + "0" * 88),
            ("-1.5e2", "-150"),
            ("123.4567890123456789012345678901234567800", "123.45678901234567890123456789012345678"),
        ],
    )
    def test_numbers_come_back_normalised(self, simple, written, kept):
        simple.put(p=s("a"), v=n(written))
        assert simple.get(p=s("a"))["v"] == n(kept)

    @pytest.mark.parametrize(
        ("written", "text"),
        [
            ("1" * 39, "Attempting to store more than 38 significant digits in a Number"),
            ("1e126", "Number overflow. Attempting to store a number with magnitude larger than supported range"),
            ("-1e126", "Number overflow. Attempting to store a number with magnitude larger than supported range"),
            ("1e-131", "Number underflow. Attempting to store a number with magnitude smaller than supported range"),
            ("one", "The parameter cannot be converted to a numeric value: one"),
            ("", "The parameter cannot be converted to a numeric value"),
        ],
    )
    def test_numbers_that_cannot_be_kept(self, simple, written, text):
        with refused(text):
            simple.put(p=s("a"), v=n(written))
        assert simple.get(p=s("a")) is None

    def test_they_are_compared_by_value(self, simple):
        simple.put(p=s("a"), v=n("10"))
        for text, count in (("v = :n", 1), ("v <> :n", 0), ("v < :n", 0), ("v >= :n", 1), ("v IN (:n)", 1)):
            found = simple.scan(FilterExpression=text, ExpressionAttributeValues={":n": n("1e1")})
            assert found["Count"] == count, text
        with refused(COUNTED + "Input collection contains duplicates"):
            simple.put(p=s("b"), v={"NS": ["1", "1.0"]})

    def test_arithmetic_is_decimal(self, simple):
        simple.put(p=s("a"), v=n("0.1"))
        simple.update({"p": s("a")}, "SET v = v + :x", ExpressionAttributeValues={":x": n("0.2")})
        assert simple.get(p=s("a"))["v"] == n("0.3")


class TestPages:
    def test_a_limit_counts_what_is_looked_at(self, sorted_table):
        for number in range(10):
            sorted_table.put(p=s("a"), c=n(number))
        wanted = {"FilterExpression": "c >= :low", "Limit": 4}
        page = sorted_table.scan(**wanted, ExpressionAttributeValues={":low": n(3)})
        assert (page["Count"], page["ScannedCount"]) == (1, 4)
        assert page["LastEvaluatedKey"] == {"p": s("a"), "c": n(3)}
        nothing = sorted_table.scan(**wanted, ExpressionAttributeValues={":low": n(9)})
        assert (nothing["Items"], nothing["ScannedCount"]) == ([], 4)
        assert "LastEvaluatedKey" in nothing

    def test_a_page_that_ends_with_the_last_item_says_where(self, sorted_table):
        for number in range(4):
            sorted_table.put(p=s("a"), c=n(number))
        read = {"condition": "p = :p", "values": {"p": s("a")}}
        page = sorted_table.query(**read, Limit=4)
        assert page["LastEvaluatedKey"] == {"p": s("a"), "c": n(3)}
        last = sorted_table.query(**read, Limit=4, ExclusiveStartKey=page["LastEvaluatedKey"])
        assert last["Items"] == []
        assert "LastEvaluatedKey" not in last
        assert "LastEvaluatedKey" not in sorted_table.query(**read, Limit=5)

    def test_a_page_is_a_megabyte_at_most(self, sorted_table):
        for number in range(5):
            sorted_table.put(p=s("a"), c=n(number), blob={"B": bytes(300_000)})
        page = sorted_table.scan(Select="COUNT")
        # The item that goes beyond it is the page's last.
        assert page["Count"] == 4
        assert sorted_table.scan(Select="COUNT", ExclusiveStartKey=page["LastEvaluatedKey"])["Count"] == 1

    def test_a_key_to_start_at_need_not_exist(self, sorted_table):
        for number in (1, 3, 5):
            sorted_table.put(p=s("a"), c=n(number))
        found = sorted_table.query("p = :p", {"p": s("a")}, ExclusiveStartKey={"p": s("a"), "c": n(2)})
        assert [item["c"] for item in found["Items"]] == [n(3), n(5)]
        back = sorted_table.query(
            "p = :p", {"p": s("a")}, ExclusiveStartKey={"p": s("a"), "c": n(4)}, ScanIndexForward=False
        )
        assert [item["c"] for item in back["Items"]] == [n(3), n(1)]

    @pytest.mark.parametrize(
        "start",
        [
            {"p": s("a")},
            {"c": n(1)},
            {"p": s("a"), "c": s("1")},
            {"p": s("a"), "c": n(1), "other": s("x")},
        ],
    )
    def test_a_key_to_start_at_is_one_of_the_table(self, sorted_table, start):
        with refused():
            sorted_table.scan(ExclusiveStartKey=start)
        with refused():
            sorted_table.query("p = :p", {"p": s("a")}, ExclusiveStartKey=start)

    def test_a_key_to_start_at_is_of_the_partition_that_is_read(self, sorted_table):
        with refused("The provided starting key is outside query boundaries based on provided conditions"):
            sorted_table.query(
                "p = :p AND c < :c", {"p": s("a"), "c": n(5)}, ExclusiveStartKey={"p": s("a"), "c": n(7)}
            )


class TestIndexes:
    def test_where_a_page_ended_is_said_by_both_keys(self, indexed):
        for number in range(4):
            indexed.put(p=s(f"p{number}"), g=s("x"), h=n(1))
        page = indexed.query("g = :g", {"g": s("x")}, IndexName="by-g", Limit=2)
        assert page["LastEvaluatedKey"].keys() == {"p", "g", "h"}
        rest = indexed.query(
            "g = :g", {"g": s("x")}, IndexName="by-g", ExclusiveStartKey=page["LastEvaluatedKey"]
        )
        found = [item["p"]["S"] for item in page["Items"] + rest["Items"]]
        assert sorted(found) == ["p0", "p1", "p2", "p3"]
        without = {name: value for name, value in page["LastEvaluatedKey"].items() if name != "p"}
        for start in (without, page["LastEvaluatedKey"] | {"other": s("x")}, page["LastEvaluatedKey"] | {"h": s("1")}):
            with refused():
                indexed.query("g = :g", {"g": s("x")}, IndexName="by-g", ExclusiveStartKey=start)

    @pytest.mark.parametrize(
        ("key", "text", "of_update"),
        [
            (
                {"g": n(1)},
                "One or more parameter values were invalid: Type mismatch for Index Key g Expected: S Actual: N "
                "IndexName: by-g",
                None,
            ),
            (
                {"g": s("")},
                "One or more parameter values are not valid. A value specified for a secondary index key is not "
                "supported. The AttributeValue for a key attribute cannot contain an empty string value. "
                "IndexName: by-g, IndexKey: g",
                "One or more parameter values are not valid. The update expression attempted to update a secondary index "
                "key to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty "
                "string value.",
            ),
        ],
    )
    def test_a_key_that_an_index_cannot_hold_refuses_the_whole_write(self, indexed, key, text, of_update):
        with refused(text):
            indexed.put(p=s("a"), h=n(1), **key)
        assert indexed.get(p=s("a")) is None
        indexed.put(p=s("a"), g=s("x"), h=n(1))
        with refused(of_update or text):
            indexed.update({"p": s("a")}, "SET g = :g", ExpressionAttributeValues={":g": key["g"]})
        requests = [{"PutRequest": {"Item": {"p": s(name)} | extra}} for name, extra in (("b", {}), ("c", key))]
        with refused():
            indexed.client.batch_write_item(RequestItems={indexed.name: requests})
        assert indexed.scan()["Items"] == [{"p": s("a"), "g": s("x"), "h": n(1)}]

    def test_an_empty_key_refuses_a_transaction_and_another_type_cancels_it(self, indexed):
        set_g = {"Key": {"p": s("a")}, "UpdateExpression": "SET g = :g"}
        actions = lambda g: (
            {"Put": {"Item": {"p": s("a"), "g": g}}},
            {"Update": set_g | {"ExpressionAttributeValues": {":g": g}}},
        )
        for g, code in ((s(""), "ValidationException"), (n(1), "TransactionCanceledException")):
            for action in actions(g):
                items = [{kind: {"TableName": indexed.name, **rest} for kind, rest in action.items()}]
                with refused(code=code):
                    indexed.client.transact_write_items(TransactItems=items)
        assert indexed.scan()["Items"] == []

    def test_an_item_without_the_key_is_not_in_the_index(self, indexed):
        indexed.put(p=s("a"), g=s("x"))
        indexed.put(p=s("b"), h=n(1))
        indexed.put(p=s("c"), g=s("x"), h=n(1))
        assert [item["p"] for item in indexed.scan(IndexName="by-g")["Items"]] == [s("c")]
        indexed.update({"p": s("c")}, "REMOVE h")
        assert indexed.scan(IndexName="by-g")["Items"] == []
        assert indexed.scan()["Count"] == 3

    def test_a_global_index_is_not_read_consistently(self, indexed):
        text = "Consistent reads are not supported on global secondary indexes"
        with refused(text):
            indexed.query("g = :g", {"g": s("x")}, IndexName="by-g", ConsistentRead=True)
        with refused(text):
            indexed.scan(IndexName="by-g", ConsistentRead=True)


class TestValues:
    def test_what_is_empty_is_kept_but_not_as_a_key(self, account, simple):
        item = {"p": s("a"), "text": s(""), "bytes": {"B": b""}, "list": {"L": []}, "map": {"M": {"x": s("")}}}
        simple.put(**item)
        assert simple.get(p=s("a")) == item
        text = (
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
            "empty {} value. Key: p"
        )
        with refused(text.format("string")):
            simple.put(p=s(""))
        with refused(text.format("binary")):
            Table(account, ("p", "B")).put(p={"B": b""})

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ({"SS": []}, COUNTED + "One or more parameter values were invalid: An string set  may not be empty"),
            (
                {"SS": ["a", "a"]},
                COUNTED + "One or more parameter values were invalid: Input collection [a, a] contains duplicates.",
            ),
        ],
    )
    def test_sets_have_members_and_each_once(self, simple, value, text):
        with refused(text):
            simple.put(p=s("a"), v=value)

    @pytest.mark.parametrize(
        ("kind", "expected"),
        [
            ("N", ["-1e3", "-10", "-9.5", "0", "1e-5", "2", "10", "1e3"]),
            ("S", ["A", "Z", "a", "aa", "b", "z", "ß", "\U0001f300"]),
            ("B", [b"\x00", b"\x00\x00", b"\x7f", b"\x80", b"\xff", b"\xff\x00"]),
        ],
    )
    def test_sort_keys_have_the_order_of_their_type(self, account, kind, expected):
        table = Table(account, ("p", "S"), ("c", kind))
        for key in reversed(expected):
            table.put(p=s("a"), c={kind: key}, place=n(expected.index(key)))
        found = table.query("p = :p", {"p": s("a")})["Items"]
        assert [int(item["place"]["N"]) for item in found] == list(range(len(expected)))
        middle = table.query("p = :p AND c > :c", {"p": s("a"), "c": {kind: expected[3]}}, ScanIndexForward=False)
        assert [int(item["place"]["N"]) for item in middle["Items"]] == list(range(len(expected) - 1, 3, -1))


class TestExpressions:
    def test_what_is_not_used_is_refused(self, simple):
        text = "Value provided in ExpressionAttributeNames unused in expressions: keys: {#x}"
        with refused(text):
            simple.scan(
                FilterExpression="#p = :p",
                ExpressionAttributeNames={"#p": "p", "#x": "x"},
                ExpressionAttributeValues={":p": s("a")},
            )
        text = COUNTED + "Value provided in ExpressionAttributeValues unused in expressions: keys: {:x}"
        with refused(text):
            simple.update({"p": s("a")}, "SET v = :v", ExpressionAttributeValues={":v": n(1), ":x": n(1)})

    def test_operations_that_write_one_item_count_what_is_wrong(self, simple):
        wrong = {"UpdateExpression": "SET v = :v SET w = :v", "ExpressionAttributeValues": {":v": n(1)}}
        text = 'Invalid UpdateExpression: The "SET" section can only be used once in an update expression;'
        client, key = simple.client, {"p": s("a")}
        with refused(COUNTED + text):
            client.update_item(TableName=simple.name, Key=key, **wrong)
        with refused(text):
            client.transact_write_items(TransactItems=[{"Update": {"TableName": simple.name, "Key": key, **wrong}}])
        with refused(COUNTED + "ReturnValues can only be ALL_OLD or NONE"):
            client.put_item(TableName=simple.name, Item=key, ReturnValues="ALL_NEW")
        with refused(COUNTED + "One or more parameter values were invalid: An string set  may not be empty"):
            simple.update(key, "ADD v :v", ExpressionAttributeValues={":v": {"SS": []}})
        with refused("The provided key element does not match the schema"):
            simple.update({"p": n(1)}, "SET v = :v", ExpressionAttributeValues={":v": n(1)})

    def test_the_values_that_there_are_stand_in_the_services_order(self, simple):
        text = (
            "1 validation error detected: Value 'count' at 'select' failed to satisfy constraint: Member must satisfy "
            "enum value set: [SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]"
        )
        with refused(text):
            simple.scan(Select="count")

    @pytest.mark.parametrize(
        ("expression", "one", "two"),
        [
            ("SET v = :v, v = :v", "[v]", "[v]"),
            ("SET v = :v REMOVE v.w", "[v]", "[v, w]"),
            ("SET v[0] = :v REMOVE v[0].w", "[v, [0]]", "[v, [0], w]"),
        ],
    )
    def test_paths_do_not_overlap(self, simple, expression, one, two):
        text = (
            COUNTED + "Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of "
            f"these paths; path one: {one}, path two: {two}"
        )
        with refused(text):
            simple.update({"p": s("a")}, expression, ExpressionAttributeValues={":v": n(1)})

    def test_white_space_does_not_matter(self, simple):
        expression = "\n SET\tv=:a+:b ,\n w  = list_append( if_not_exists(w,:none),:l )\nREMOVE\n x \t"
        values = {":a": n(1), ":b": n(2), ":none": {"L": []}, ":l": {"L": [n(7)]}}
        for _ in range(2):
            answer = simple.update(
                {"p": s("a")}, expression, ExpressionAttributeValues=values, ReturnValues="ALL_NEW"
            )
        assert answer["Attributes"] == {"p": s("a"), "v": n(3), "w": {"L": [n(7), n(7)]}}

    def test_places_of_lists(self, simple):
        simple.put(p=s("a"), v={"L": [n(0), n(1), n(2), {"M": {"x": {"L": [n(9)]}}}]})
        answer = simple.update(
            {"p": s("a")},
            "SET v[0] = v[1] - :one, v[3].x[0] = :one, v[90] = :one REMOVE v[2]",
            ExpressionAttributeValues={":one": n(1)},
            ReturnValues="ALL_NEW",
        )
        # What is beyond the end is put at the end, and what is removed leaves no gap.
        assert answer["Attributes"]["v"] == {"L": [n(0), n(1), {"M": {"x": {"L": [n(1)]}}}, n(1)]}

    @pytest.mark.parametrize(
        ("condition", "holds"),
        [
            ("a = :one AND b = :one OR c = :two", True),
            ("a = :one AND (b = :one OR c = :one)", False),
            ("NOT a = :two AND NOT (b = :one AND c = :two)", True),
            ("a IN (:two, :one)", True),
            ("c BETWEEN :one AND :two AND a < c", True),
            ("NOT (c BETWEEN :one AND :two)", False),
            ("attribute_exists(a) and Not attribute_exists(z) oR a = :two", True),
            ("size(p) = :one", True),
        ],
    )
    def test_conditions(self, simple, condition, holds):
        simple.put(p=s("x"), a=n(1), b=n(3), c=n(2))
        used = {name: value for name, value in {":one": n(1), ":two": n(2)}.items() if name in condition}
        found = simple.scan(FilterExpression=condition, ExpressionAttributeValues=used)
        assert (found["Count"] == 1) == holds

    def test_an_update_makes_the_item(self, simple):
        key = {"p": s("a")}
        answer = simple.update(
            key, "SET v = :v", ExpressionAttributeValues={":v": n(1)}, ReturnValues="UPDATED_OLD"
        )
        assert "Attributes" not in answer
        answer = simple.update(
            {"p": s("b")}, "SET v = :v ADD c :v", ExpressionAttributeValues={":v": n(1)}, ReturnValues="UPDATED_NEW"
        )
        assert answer["Attributes"] == {"v": n(1), "c": n(1)}
        simple.client.update_item(TableName=simple.name, Key={"p": s("c")})
        assert simple.get(p=s("c")) == {"p": s("c")}

    def test_a_condition_that_fails_shows_the_item_if_asked(self, simple):
        simple.put(p=s("a"), v=n(1))
        wanted = {
            "ConditionExpression": "v > :v",
            "ExpressionAttributeValues": {":v": n(5)},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        with refused("The conditional request failed", "ConditionalCheckFailedException") as caught:
            simple.client.delete_item(TableName=simple.name, Key={"p": s("a")}, **wanted)
        assert caught.value.response["Item"] == {"p": s("a"), "v": n(1)}
        with refused("The conditional request failed", "ConditionalCheckFailedException") as caught:
            simple.client.delete_item(TableName=simple.name, Key={"p": s("b")}, **wanted)
        assert "Item" not in caught.value.response


class TestOlderParameters:
    def test_writes(self, simple):
        key = {"p": s("a")}
        simple.client.put_item(TableName=simple.name, Item=key | {"v": n(1)}, Expected={"p": {"Exists": False}})
        with refused("The conditional request failed", "ConditionalCheckFailedException"):
            simple.client.put_item(TableName=simple.name, Item=key, Expected={"p": {"Exists": False}})
        answer = simple.client.update_item(
            TableName=simple.name,
            Key=key,
            AttributeUpdates={
                "v": {"Action": "ADD", "Value": n(4)},
                "w": {"Value": s("put")},
                "x": {"Action": "DELETE"},
            },
            Expected={
                "v": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [n(1), n(2)]},
                "z": {"ComparisonOperator": "NOT_NULL"},
            },
            ConditionalOperator="OR",
            ReturnValues="ALL_NEW",
        )
        assert answer["Attributes"] == key | {"v": n(5), "w": s("put")}
        with refused("The conditional request failed", "ConditionalCheckFailedException"):
            simple.client.delete_item(TableName=simple.name, Key=key, Expected={"v": {"Value": n(4)}})

    def test_reads(self, sorted_table):
        for number in range(6):
            sorted_table.put(p=s("a"), c=n(number), even={"BOOL": number % 2 == 0}, other=s("x"))
        found = sorted_table.client.query(
            TableName=sorted_table.name,
            KeyConditions={
                "p": {"ComparisonOperator": "EQ", "AttributeValueList": [s("a")]},
                "c": {"ComparisonOperator": "GE", "AttributeValueList": [n(2)]},
            },
            QueryFilter={"even": {"ComparisonOperator": "EQ", "AttributeValueList": [{"BOOL": True}]}},
            AttributesToGet=["c"],
        )
        assert found["Items"] == [{"c": n(2)}, {"c": n(4)}]
        found = sorted_table.scan(
            ScanFilter={
                "c": {"ComparisonOperator": "IN", "AttributeValueList": [n(1), n(5)]},
                "gone": {"ComparisonOperator": "NULL"},
            },
            AttributesToGet=["c"],
        )
        assert found["Items"] == [{"c": n(1)}, {"c": n(5)}]

    def test_they_do_not_mix_with_expressions(self, simple):
        text = (
            COUNTED + "Can not use both expression and non-expression parameters in the same request: Non-expression "
            "parameters: {Expected} Expression parameters: {UpdateExpression}"
        )
        with refused(text):
            simple.update(
                {"p": s("a")},
                "SET v = :v",
                ExpressionAttributeValues={":v": n(1)},
                Expected={"p": {"Exists": False}},
            )


class TestTransactions:
    def put(self, table, name, **more):
        return {"Put": {"TableName": table.name, "Item": {"p": s(name)}, **more}}

    def check(self, table, name, condition="attribute_not_exists(p)"):
        return {"ConditionCheck": {"TableName": table.name, "Key": {"p": s(name)}, "ConditionExpression": condition}}

    def write(self, table, *actions, **more):
        return table.client.transact_write_items(TransactItems=actions, **more)

    def test_no_item_twice(self, simple):
        text = "Transaction request cannot include multiple operations on one item"
        for twice in (self.put(simple, "a"), self.check(simple, "a")):
            with refused(text):
                self.write(simple, self.put(simple, "a"), twice)
        assert simple.scan()["Items"] == []

    def test_a_hundred_actions_and_no_more(self, simple):
        actions = [self.put(simple, f"{number}") for number in range(101)]
        with refused():
            self.write(simple, *actions)
        self.write(simple, *actions[:100])
        assert simple.scan(Select="COUNT")["Count"] == 100

    def test_four_megabytes_and_no_more(self, simple):
        items = [{"p": s(f"{number}"), "b": {"B": bytes(399_000)}} for number in range(11)]
        big = [self.put(simple, "", Item=item) for item in items]
        with refused():
            self.write(simple, *big)
        self.write(simple, *big[:10])
        assert simple.client.describe_table(TableName=simple.name)["Table"]["ItemCount"] == 10

    @pytest.mark.parametrize("token", ["", "x" * 37])
    def test_tokens_have_one_to_36_characters(self, account, simple, token):
        request = {"TransactItems": [{"Put": {"TableName": simple.name, "Item": {"p": s("a")}}}]}
        answer = wire(account, "TransactWriteItems", request | {"ClientRequestToken": token})
        assert (answer.status, answer.error_code()) == (400, "ValidationException")
        assert "at 'clientRequestToken' failed to satisfy constraint: Member must have length" in answer.error_message()
        assert simple.scan()["Items"] == []

    def test_a_token_is_for_one_request(self, account, simple):
        add = {
            "Update": {
                "TableName": simple.name,
                "Key": {"p": s("a")},
                "UpdateExpression": "ADD v :v",
                "ExpressionAttributeValues": {":v": n(1)},
            }
        }
        token = account.name("token")
        for _ in range(2):
            self.write(simple, add, ClientRequestToken=token)
        assert simple.get(p=s("a"))["v"] == n(1)
        with refused(code="IdempotentParameterMismatchException"):
            self.write(simple, self.put(simple, "b"), ClientRequestToken=token)

    def test_a_token_is_kept_for_ten_minutes(self, own):
        table = Table(own, ("p", "S"))
        self.write(table, self.put(table, "a"), ClientRequestToken="token")
        own.server.advance(9 * 60)
        with refused(code="IdempotentParameterMismatchException"):
            self.write(table, self.put(table, "b"), ClientRequestToken="token")
        own.server.advance(2 * 60)
        self.write(table, self.put(table, "b"), ClientRequestToken="token")

    def test_there_is_a_reason_for_each_action(self, simple):
        simple.put(p=s("there"), v=n(7))
        failing = self.put(
            simple,
            "there",
            ConditionExpression="attribute_not_exists(p)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
        text = (
            "Transaction cancelled, please refer cancellation reasons for specific reasons [ConditionalCheckFailed, "
            "None, ConditionalCheckFailed]"
        )
        with refused(text, "TransactionCanceledException") as caught:
            self.write(
                simple, failing, self.put(simple, "new"), self.check(simple, "other", "attribute_exists(p)")
            )
        said = "The conditional request failed"
        first, second, third = caught.value.response["CancellationReasons"]
        assert first == {"Code": "ConditionalCheckFailed", "Message": said, "Item": {"p": s("there"), "v": n(7)}}
        assert second == {"Code": "None"}
        assert third == {"Code": "ConditionalCheckFailed", "Message": said}
        assert simple.get(p=s("new")) is None


class TestTables:
    def test_by_arn_as_well_as_by_name(self, account):
        table = Table(account, ("p", "S"))
        client, arn = table.client, table.made["TableArn"]
        assert arn == f"arn:aws:dynamodb:{REGION}:{account.key}:table/{table.name}"
        item = {"p": s("a")}
        client.put_item(TableName=arn, Item=item)
        assert client.get_item(TableName=arn, Key=item)["Item"] == item
        assert client.scan(TableName=arn)["Count"] == 1
        client.update_item(TableName=arn, Key=item)
        found = client.query(
            TableName=arn, KeyConditionExpression="p = :p", ExpressionAttributeValues={":p": s("a")}
        )
        assert found["Items"] == [item]
        assert client.batch_get_item(RequestItems={arn: {"Keys": [item]}})["Responses"] == {arn: [item]}
        client.batch_write_item(RequestItems={arn: [{"DeleteRequest": {"Key": item}}]})
        client.transact_write_items(TransactItems=[{"Put": {"TableName": arn, "Item": item}}])
        found = client.transact_get_items(TransactItems=[{"Get": {"TableName": arn, "Key": item}}])
        assert found["Responses"] == [{"Item": item}]
        client.delete_item(TableName=arn, Key=item)
        assert client.describe_table(TableName=arn)["Table"]["TableName"] == table.name
        client.update_table(TableName=arn, DeletionProtectionEnabled=False)
        assert client.describe_time_to_live(TableName=arn)["TimeToLiveDescription"]
        assert client.delete_table(TableName=arn)["TableDescription"]["TableName"] == table.name

    def test_its_life(self, account):
        table = Table(account, ("p", "S"))
        assert table.made["TableStatus"] == "CREATING"
        table.client.get_waiter("table_exists").wait(TableName=table.name)
        assert table.client.describe_table(TableName=table.name)["Table"]["TableStatus"] == "ACTIVE"
        text = f"Table already exists: {table.name}"
        with refused(text, "ResourceInUseException"):
            table.client.create_table(
                TableName=table.name,
                KeySchema=schema(("p", "S")),
                AttributeDefinitions=names(("p", "S")),
                BillingMode="PAY_PER_REQUEST",
            )
        gone = table.client.delete_table(TableName=table.name)["TableDescription"]
        assert gone["TableStatus"] == "DELETING"
        table.client.get_waiter("table_not_exists").wait(TableName=table.name)
        with refused("Requested resource not found", "ResourceNotFoundException"):
            table.get(p=s("a"))
