"""Input that nobody sends by accident: always an error of the caller in the protocol's own form, and the server
is there for the next one."""

import json
import urllib.parse

import pytest

from support.http import Client, Signer, raw, send

JSON = {"Content-Type": "application/x-amz-json-1.0"}
DEEP = 100_000


@pytest.fixture
def queue(account):
    return account.queue()


def assert_refused(answer):
    """An error of the caller, with a code and a text."""
    assert 400 <= answer.status < 500, (answer.status, answer.body[:300])
    assert answer.error_code(), answer.body
    assert answer.error_message(), answer.body
    assert answer.headers["x-amzn-requestid"]


NO_DOCUMENTS = {
    "nothing is here": b"nothing is here",
    "an open object": b'{"QueueName": ',
    "an open string": b'{"QueueName": "x',
    "a comma too many": b'{"QueueName": "x",}',
    "two documents": b'{"QueueName": "x"} {}',
    "an array": b"[]",
    "a string": b'"x"',
    "a number": b"1",
    "null": b"null",
    "invalid UTF-8": b'{"QueueName": "\xff\xfe"}',
    "a lone surrogate": b'{"QueueName": "\\ud800"}',
    "an overlong NUL": b'{"QueueName": "\xc0\x80"}',
    "a byte order mark": b'\xef\xbb\xbf{"QueueName": "x"}',
    "UTF-16": '{"QueueName": "x"}'.encode("utf-16"),
    "deep arrays": b'{"QueueName": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "a bad escape": b'{"QueueName": "\\x"}',
    "a raw control character": b'{"QueueName": "a\nb"}',
    "single quotes": b"{'QueueName': 'x'}",
    "XML": b"<CreateQueue><QueueName>x</QueueName></CreateQueue>",
    "a form": b"Action=CreateQueue&QueueName=x",
    "compressed": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
    "only NULs": b"\x00" * 100,
}


@pytest.mark.parametrize("body", NO_DOCUMENTS.values(), ids=NO_DOCUMENTS)
def test_bodies_that_are_no_json_object(server, wire, body):
    answer = wire.json("CreateQueue", body)
    assert_refused(answer)
    assert answer.headers["content-type"] == "application/x-amz-json-1.0"


def test_what_is_unknown_is_skipped_however_deep(wire):
    """Clients may be newer than the server; what they say more is no error, and costs nothing."""
    answer = wire.json("ListQueues", b'{"Unknown": ' + b"[" * DEEP + b"]" * DEEP + b"}")
    assert (answer.status, answer.body) == (200, b"{}")


HUGE = "9" * 400

WRONG_VALUES = {
    "an object for a name": ("CreateQueue", {"QueueName": {"a": 1}}),
    "a list for a name": ("CreateQueue", {"QueueName": ["a"]}),
    "NUL in a name": ("CreateQueue", {"QueueName": "a\0b"}),
    "a path for a name": ("CreateQueue", {"QueueName": "../../etc/passwd"}),
    "slashes in a name": ("CreateQueue", {"QueueName": "a/b"}),
    "spaces for a name": ("CreateQueue", {"QueueName": "   "}),
    "no name": ("CreateQueue", {"QueueName": ""}),
    "a long name": ("CreateQueue", {"QueueName": "a" * 100_000}),
    "letters of elsewhere": ("CreateQueue", {"QueueName": "очередь"}),
    "attributes that are a list": ("CreateQueue", {"QueueName": "a", "Attributes": ["x"]}),
    "an attribute that is an object": ("CreateQueue", {"QueueName": "a", "Attributes": {"DelaySeconds": {}}}),
    "an unknown attribute": ("CreateQueue", {"QueueName": "a", "Attributes": {"x" * 10_000: "1"}}),
    "a number that is none": ("CreateQueue", {"QueueName": "a", "Attributes": {"DelaySeconds": "1e2"}}),
    "a number of 400 digits": ("CreateQueue", {"QueueName": "a", "Attributes": {"DelaySeconds": HUGE}}),
    "a policy of 1 MB": ("CreateQueue", {"QueueName": "a", "Attributes": {"Policy": "[" * 1_000_000}}),
    "a deep policy": ("CreateQueue", {"QueueName": "a", "Attributes": {"Policy": '{"a":' * 10_000}}),
    "a deep redrive policy": ("CreateQueue", {"QueueName": "a", "Attributes": {"RedrivePolicy": "[" * 10_000}}),
    "a redrive policy of numbers": (
        "CreateQueue",
        {"QueueName": "a", "Attributes": {"RedrivePolicy": '{"deadLetterTargetArn":1,"maxReceiveCount":1e999}'}},
    ),
    "a token that is none": ("ListQueues", {"MaxResults": 1, "NextToken": "\0../x"}),
    "a negative page": ("ListQueues", {"MaxResults": -1}),
    "a handle of NULs": ("CancelMessageMoveTask", {"TaskHandle": "\0" * 100}),
    "a handle that is JSON inside": ("CancelMessageMoveTask", {"TaskHandle": "eyJ0YXNrSWQiOiB7fX0="}),
    "an ARN that is none": ("StartMessageMoveTask", {"SourceArn": "arn:" + ":" * 1000}),
    "an ARN of another service": ("ListMessageMoveTasks", {"SourceArn": "arn:aws:s3:::x"}),
}


@pytest.mark.parametrize("case", WRONG_VALUES)
def test_values_of_the_wrong_kind(server, wire, case):
    assert_refused(wire.json(*WRONG_VALUES[case]))


WRONG_FOR_A_QUEUE = {
    "text for a number": ("ReceiveMessage", {"MaxNumberOfMessages": "ten"}),
    "a fraction": ("ReceiveMessage", {"MaxNumberOfMessages": 1.5}),
    "true for a number": ("ReceiveMessage", {"MaxNumberOfMessages": True}),
    "2 to the 31st": ("ReceiveMessage", {"WaitTimeSeconds": 2**31}),
    "2 to the 64th": ("ReceiveMessage", {"VisibilityTimeout": 2**64}),
    "a negative time": ("ReceiveMessage", {"VisibilityTimeout": -(2**63)}),
    "a list with null": ("GetQueueAttributes", {"AttributeNames": ["", None]}),
    "NUL in a body": ("SendMessage", {"MessageBody": "a\0b"}),
    "a forbidden character": ("SendMessage", {"MessageBody": "\uffff"}),
    "an attribute without a value": ("SendMessage", {"MessageBody": "a", "MessageAttributes": {"a": {}}}),
    "an attribute of no type": (
        "SendMessage",
        {"MessageBody": "a", "MessageAttributes": {"a": {"DataType": "\0", "StringValue": "x"}}},
    ),
    "base64 that is none": (
        "SendMessage",
        {"MessageBody": "a", "MessageAttributes": {"a": {"DataType": "Binary", "BinaryValue": "?!"}}},
    ),
    "a thousand attributes": (
        "SendMessage",
        {
            "MessageBody": "a",
            "MessageAttributes": {f"a{n}": {"DataType": "String", "StringValue": "x"} for n in range(1000)},
        },
    ),
    "ten thousand entries": (
        "SendMessageBatch",
        {"Entries": [{"Id": str(n), "MessageBody": "x"} for n in range(10_000)]},
    ),
    "entries that are a map": ("SendMessageBatch", {"Entries": {"Id": "a"}}),
    "entries of null": ("DeleteMessageBatch", {"Entries": [None]}),
    "a long handle": ("DeleteMessage", {"ReceiptHandle": "A" * 1_000_000}),
    "a handle of NULs": ("DeleteMessage", {"ReceiptHandle": "\0" * 64}),
    "a tag of 1 MB": ("TagQueue", {"Tags": {"a" * 1_000_000: "b"}}),
    "tags of a list": ("TagQueue", {"Tags": ["a"]}),
    "a label of NULs": ("AddPermission", {"Label": "\0", "AWSAccountIds": ["1"], "Actions": ["*"]}),
    "a thousand actions": (
        "AddPermission",
        {"Label": "a", "AWSAccountIds": ["111122223333"], "Actions": ["SendMessage"] * 1000},
    ),
}


@pytest.mark.parametrize("case", WRONG_FOR_A_QUEUE)
def test_values_that_fit_no_queue(server, wire, queue, case):
    operation, document = WRONG_FOR_A_QUEUE[case]
    assert_refused(wire.json(operation, {"QueueUrl": queue, **document}))


def test_a_number_of_400_digits_in_json(wire, queue):
    assert_refused(wire.json("ReceiveMessage", f'{{"QueueUrl": "{queue}", "MaxNumberOfMessages": {HUGE}}}'))


QUERIES = {
    "broken percent signs": "Action=ListQueues&Version=2012-11-05&QueueNamePrefix=%zz",
    "invalid UTF-8": "Action=CreateQueue&Version=2012-11-05&QueueName=%ff%fe",
    "NUL in a name": "Action=CreateQueue&Version=2012-11-05&QueueName=a%00b",
    "two actions": "Action=CreateQueue&Action=DeleteQueue&Version=2012-11-05&QueueName=twice",
    "an index of 20 digits": "Action=CreateQueue&Version=2012-11-05&QueueName=a&Attribute.99999999999999999999.Name=x",
    "a negative index": "Action=CreateQueue&Version=2012-11-05&QueueName=a&Attribute.-1.Name=x&Attribute.-1.Value=1",
    "a far index": "Action=CreateQueue&Version=2012-11-05&QueueName=a&Attribute.4294967295.Name=x",
    "deep names": "Action=SendMessage&Version=2012-11-05&QueueUrl=a&" + "MessageAttribute.1." * 5000 + "Name=x",
    "five thousand parameters": "Action=ListQueues&Version=2012-11-05&" + "&".join(f"a{n}=1" for n in range(5000)),
    "no action": "Version=2012-11-05&QueueName=x",
    "an empty action": "Action=&Version=2012-11-05",
    "an action of 100 KB": "Action=" + "a" * 100_000 + "&Version=2012-11-05",
    "an action in markup": "Action=%3Cscript%3E&Version=2012-11-05",
    "JSON": '{"Action": "ListQueues"}',
}


HARMLESS = {
    "a negative index",
    "a far index",
    "an index of 20 digits",
    "broken percent signs",
    "five thousand parameters",
}


@pytest.mark.parametrize("case", QUERIES)
def test_forms(server, wire, case):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = wire.send("POST", "/", headers, QUERIES[case])
    if answer.status == 200:
        # Superfluous parameters are nobody's concern, as long as what was done is what was asked.
        assert case in HARMLESS
        return
    assert_refused(answer)
    assert answer.headers["content-type"].startswith("text/xml")
    assert b"<script>" not in answer.body


PATHS = [
    "/../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "//etc/passwd",
    "/..%00/",
    "/%ff",
    "/%zz",
    "/437064342167/../000000000000/x",
    "/_cloudlet/../_cloudlet/health/..",
    "/?" + "a=b&" * 5000,
    "/service//operation/",
    "/service/GraniteServiceVersion20100801/operation/Nothing",
    "/" + "%41" * 5000,
]


@pytest.mark.parametrize("path", PATHS, ids=range(len(PATHS)))
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_paths(server, path, method):
    answer = send(server, method, path)
    assert 400 <= answer.status < 500, answer.body[:300]
    assert b"root:" not in answer.body


TWICE = {
    "Authorization": None,
    "X-Amz-Date": None,
    "X-Amz-Target": "AmazonSQS.DeleteQueue",
    "Host": "s3.amazonaws.com",
    "Content-Type": "application/x-www-form-urlencoded",
}


@pytest.mark.parametrize("name", TWICE)
def test_a_header_twice(server, wire, name):
    """Whichever of the two a proxy in front reads: the request is refused, or was signed with both."""
    headers = {**JSON, "X-Amz-Target": "AmazonSQS.CreateQueue"}
    body = json.dumps({"QueueName": "twice"}).encode()
    signed = wire.signer.headers("POST", server.url + "/", headers, body)
    lines = [("Host", server.authority), *signed.items()]
    lines.append((name, TWICE[name] or dict(lines)[name]))
    answer = send(server, "POST", "/", lines, body)
    assert 400 <= answer.status < 500, answer.body


@pytest.mark.parametrize(
    "value",
    ["AWS4-HMAC-SHA256 " + "a=b," * 10_000, "AWS4-HMAC-SHA256 Credential=" + "/" * 5000, "AWS4-HMAC-SHA256 \x80\xff"],
    ids=["fields", "slashes", "bytes"],
)
def test_authorization_headers(server, value):
    headers = [*JSON.items(), ("X-Amz-Target", "AmazonSQS.ListQueues"), ("Authorization", value.encode("latin-1"))]
    assert 400 <= send(server, "POST", "/", headers, b"{}").status < 500


BYTES = {
    "garbage": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200 + b"\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "a future version": b"GET / HTTP/9.9\r\n\r\n",
    "a space in a name": b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    "a folded header": b"GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n",
    "NUL in a header": b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
    "a bare line feed and a target of spaces": b"GET   HTTP/1.1\nHost: x\n\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "a chunk length of 30 digits": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"f" * 30
    + b"\r\n",
    "an unknown transfer coding": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
}


@pytest.mark.parametrize("case", BYTES)
def test_bytes_that_are_no_request(server, case):
    answer = raw(server, BYTES[case])
    assert 400 <= answer.status < 500


@pytest.mark.parametrize("case", ["a preface alone", "a frame too long", "a stream of zero", "endless settings"])
def test_frames_that_are_no_http_2(server, case):
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
    frames = {
        "a preface alone": b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
        "a frame too long": preface + b"\xff\xff\xff\x01\x04\x00\x00\x00\x01",
        "a stream of zero": preface + b"\x00\x00\x01\x01\x05\x00\x00\x00\x00\x82",
        "endless settings": preface + b"\x00\x00\x05\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
    }
    received = raw(server, frames[case], until_closed=True)
    assert b"200" not in received


CBOR = {
    "nothing": b"",
    "an open map": b"\xbf",
    "a text too long": b"\xa1\x7b\xff\xff\xff\xff\xff\xff\xff\xff",
    "deep arrays": b"\x81" * DEEP,
    "a break": b"\xff",
    "a list": b"\x80",
}


@pytest.mark.parametrize("case", CBOR)
def test_cbor(server, case):
    """A known service without available operations: it must not even come to reading the body."""
    headers = {"Content-Type": "application/cbor", "Smithy-Protocol": "rpc-v2-cbor"}
    target = "/service/GraniteServiceVersion20100801/operation/PutMetricData"
    answer = Client(server, Signer("monitoring")).send("POST", target, headers, CBOR[case])
    assert answer.status in (400, 501)
    assert answer.error_code()


def test_a_markup_name_is_escaped_in_errors(wire):
    name = '<b>"&'
    text = wire.form("GetQueueAttributes", {"QueueUrl": name, "AttributeName.1": name})
    assert_refused(text)
    assert b"<b>" not in text.body
    assert urllib.parse.quote(name).encode() not in text.body
