"""What DynamoDB's answers and requests are beneath their JSON: checksums and compression."""

import gzip
import json
import zlib

import pytest

from support.aws import client_of


@pytest.fixture
def things(account):
    name = account.name("table")
    account.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


def exchange(account, **headers):
    """A client that sends these headers, and what came back of each of its requests: headers and body as sent."""
    client, seen = client_of(account.server, account.own(), "dynamodb"), []
    client.meta.events.register("before-call", lambda params, **_: params["headers"].update(headers))

    def plain(response_dict, **_):
        seen.append((response_dict["headers"], response_dict["body"]))
        match response_dict["headers"].get("content-encoding"):
            case "gzip":
                response_dict["body"] = gzip.decompress(response_dict["body"])
            case "deflate":
                response_dict["body"] = zlib.decompress(response_dict["body"])

    client.meta.events.register("before-parse", plain)
    return client, seen


def crc(seen):
    headers, body = seen[-1]
    return int(headers["x-amz-crc32"]), zlib.crc32(body)


@pytest.mark.parametrize("coding", [None, "gzip", "deflate"])
def test_answers_are_compressed_for_who_asks_and_say_their_crc32(account, things, coding):
    client, seen = exchange(account, **({"Accept-Encoding": coding} if coding else {}))
    item = {"p": {"S": "a"}, "x": {"S": "x" * 9000}}
    client.put_item(TableName=things, Item=item)
    assert client.get_item(TableName=things, Key={"p": {"S": "a"}})["Item"] == item
    headers, body = seen[-1]
    assert headers.get("content-encoding") == coding
    assert (len(body) < 1000) == (coding is not None)
    assert crc(seen)[0] == crc(seen)[1]
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.describe_table(TableName="nothing")
    assert crc(seen)[0] == crc(seen)[1], "errors too"


def test_requests_may_be_compressed(account, things):
    client, _ = exchange(account)
    item = {"p": {"S": "a"}, "x": {"S": "x" * 9000}}
    text = json.dumps({"TableName": things, "Item": item}).encode()

    def send(body, coding):
        def replace(params, **_):
            params["body"] = body
            params["headers"]["Content-Encoding"] = coding

        client.meta.events.register("before-call.dynamodb.PutItem", replace, unique_id="body")
        try:
            return client.put_item(TableName=things, Item=item)
        finally:
            client.meta.events.unregister("before-call.dynamodb.PutItem", unique_id="body")

    for body, coding in [(gzip.compress(text), "gzip"), (zlib.compress(text), "deflate")]:
        send(body, coding)
        assert client.get_item(TableName=things, Key={"p": {"S": "a"}})["Item"] == item
        client.delete_item(TableName=things, Key={"p": {"S": "a"}})
    for body, coding in [(text, "gzip"), (gzip.compress(text)[:-1], "gzip"), (text, "garbage")]:
        with pytest.raises(client.exceptions.ClientError) as caught:
            send(body, coding)
        assert caught.value.response["Error"]["Code"] == "InternalServerError"
    bomb = gzip.compress(text[:-1] + b" " * (20 << 20) + b"}")
    with pytest.raises(client.exceptions.ClientError) as caught:
        send(bomb, "gzip")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413
    assert "Item" not in client.get_item(TableName=things, Key={"p": {"S": "a"}})
