"""The query protocol by hand: what goes over the wire, to the byte where clients look."""

import base64
import re

import pytest

from support import digest
from support.aws import Account
from support.http import Client, Signer

NAMESPACE = "http://queue.amazonaws.com/doc/2012-11-05/"
KEY = "437064342167"


@pytest.fixture
def query(server):
    return Client(server, Signer("sqs", key=KEY))


@pytest.fixture
def boto(server):
    return Account(server, KEY)


def path(url):
    """Where a queue's URL points on its host."""
    return "/" + url.split("/", 3)[3]


def shape(answer):
    """A body without what differs from request to request."""
    text = answer.body.decode()
    return re.sub(r"<RequestId>[^<]+</RequestId>", "<RequestId/>", text)


@pytest.mark.parametrize("how", ["form", "get"])
def test_an_answer(query, boto, how):
    url = boto.queue()
    answer = getattr(query, how)("GetQueueUrl", {"QueueName": url.rsplit("/", 1)[1]})
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/xml")
    assert re.sub(r"<\?xml[^>]*\?>\s*", "", shape(answer)) == (
        f'<GetQueueUrlResponse xmlns="{NAMESPACE}"><GetQueueUrlResult><QueueUrl>{url}</QueueUrl></GetQueueUrlResult>'
        "<ResponseMetadata><RequestId/></ResponseMetadata></GetQueueUrlResponse>"
    )


def test_an_answer_without_output_has_no_result(query, boto):
    answer = query.form("TagQueue", {"QueueUrl": boto.queue(), "Tag.1.Key": "a", "Tag.1.Value": "b"})
    assert re.sub(r"<\?xml[^>]*\?>\s*", "", shape(answer)) == (
        f'<TagQueueResponse xmlns="{NAMESPACE}"><ResponseMetadata><RequestId/></ResponseMetadata></TagQueueResponse>'
    )


@pytest.mark.parametrize("how", ["form", "get"])
def test_an_error(query, how):
    answer = getattr(query, how)("GetQueueUrl", {"QueueName": "nowhere"})
    assert answer.status == 400
    assert answer.headers["content-type"].startswith("text/xml")
    assert re.sub(r"<\?xml[^>]*\?>\s*", "", shape(answer)) == (
        f'<ErrorResponse xmlns="{NAMESPACE}"><Error><Type>Sender</Type>'
        "<Code>AWS.SimpleQueueService.NonExistentQueue</Code>"
        "<Message>The specified queue does not exist for this wsdl version.</Message><Detail/></Error>"
        "<RequestId/></ErrorResponse>"
    )


def test_text_is_escaped(query, boto):
    url = boto.queue()
    body = "<a b=\"c\">&amp; 'x' \r\n\t grüße 🎉</a>"
    assert query.form("SendMessage", {"QueueUrl": url, "MessageBody": body}).status == 200
    answer = query.form("ReceiveMessage", {"QueueUrl": url})
    assert answer.xml().findtext(".//Body") == body
    assert answer.xml().findtext(".//MD5OfBody") == digest.of_text(body)
    error = query.form("DeleteMessage", {"QueueUrl": url, "ReceiptHandle": '<"&'})
    assert error.status == 404
    assert error.error_code() == "ReceiptHandleIsInvalid"
    assert error.error_message() == 'The input receipt handle "<"&" is not a valid receipt handle.'


@pytest.mark.parametrize("how", ["form", "get"])
def test_the_queue_by_the_path(query, boto, how):
    """Older clients send to the queue's URL and name it nowhere else."""
    url = boto.queue()
    ask = getattr(query, how)
    sent = ask("SendMessage", {"MessageBody": "by path"}, path=path(url))
    assert sent.xml().findtext(".//MD5OfMessageBody") == digest.of_text("by path")
    received = ask("ReceiveMessage", {"AttributeName.1": "All"}, path=path(url)).xml()
    assert received.findtext(".//Body") == "by path"
    handle = received.findtext(".//ReceiptHandle")
    assert ask("DeleteMessage", {"ReceiptHandle": handle}, path=path(url)).status == 200
    assert ask("DeleteQueue", path=path(url)).status == 200
    assert ask("ReceiveMessage", path=path(url)).error_code() == "AWS.SimpleQueueService.NonExistentQueue"


def test_the_parameter_wins_over_the_path(query, boto):
    one, other = boto.queue(), boto.queue()
    query.form("SendMessage", {"QueueUrl": other, "MessageBody": "x"}, path=path(one))
    assert [m["Body"] for m in boto.receive(other)] == ["x"]
    assert boto.receive(one) == []


@pytest.mark.parametrize("action", ["CreateQueue", "ListQueues", "Nothing"])
def test_actions_that_are_none_of_a_queue(query, boto, action):
    answer = query.get(action, {"QueueName": "x"}, path=path(boto.queue()))
    assert (answer.status, answer.error_code()) == (400, "InvalidAction")
    assert answer.error_message() == f"The action {action} is not valid for this endpoint."


@pytest.mark.parametrize("accept", ["*/*", "application/json"])
def test_a_queue_url_without_an_action(query, boto, accept):
    answer = query.send("GET", path(boto.queue()), {"Accept": accept})
    assert answer.status == 404
    assert answer.body.endswith(b"<UnknownOperationException/>")


def test_the_version_may_be_missing(query, boto):
    answer = query.send("GET", f"/?Action=GetQueueUrl&QueueName={boto.queue().rsplit('/', 1)[1]}")
    assert answer.status == 200


def test_message_attributes(query, boto):
    url = boto.queue()
    raw = b"\x00\x01\xff"
    attribute = "MessageAttribute.{}.{}".format
    sent = query.form(
        "SendMessage",
        {
            "QueueUrl": url,
            "MessageBody": "b",
            attribute(1, "Name"): "colour",
            attribute(1, "Value.DataType"): "String",
            attribute(1, "Value.StringValue"): "blue",
            attribute(2, "Name"): "raw",
            attribute(2, "Value.DataType"): "Binary.gif",
            attribute(2, "Value.BinaryValue"): base64.b64encode(raw).decode(),
            "MessageSystemAttribute.1.Name": "AWSTraceHeader",
            "MessageSystemAttribute.1.Value.DataType": "String",
            "MessageSystemAttribute.1.Value.StringValue": "Root=1",
        },
    ).xml()
    attributes = {
        "colour": {"DataType": "String", "StringValue": "blue"},
        "raw": {"DataType": "Binary.gif", "BinaryValue": raw},
    }
    md5 = digest.of_attributes(attributes)
    assert sent.findtext(".//MD5OfMessageAttributes") == md5
    received = query.form("ReceiveMessage", {"QueueUrl": url, "MessageAttributeName.1": "All"}).xml()
    assert received.findtext(".//MD5OfMessageAttributes") == md5
    found = {
        one.findtext("Name"): [(child.tag, child.text) for child in one.find("Value")]
        for one in received.iter("MessageAttribute")
    }
    assert {name: dict(values) for name, values in found.items()} == {
        "colour": {"StringValue": "blue", "DataType": "String"},
        "raw": {"BinaryValue": base64.b64encode(raw).decode(), "DataType": "Binary.gif"},
    }


def test_a_batch(query, boto):
    url = boto.queue()
    entry = "SendMessageBatchRequestEntry.{}.{}".format
    answer = query.form(
        "SendMessageBatch",
        {
            "QueueUrl": url,
            entry(1, "Id"): "a",
            entry(1, "MessageBody"): "1",
            entry(2, "Id"): "b",
            entry(2, "MessageBody"): "bad \x01",
        },
    ).xml()
    assert [one.findtext("Id") for one in answer.iter("SendMessageBatchResultEntry")] == ["a"]
    [failed] = answer.iter("BatchResultErrorEntry")
    assert (failed.findtext("Id"), failed.findtext("Code")) == ("b", "InvalidMessageContents")
    assert failed.findtext("SenderFault") == "true"


def test_attributes_and_tags(query, boto):
    name = boto.name()
    url = (
        query.get(
            "CreateQueue",
            {
                "QueueName": name,
                "Attribute.1.Name": "DelaySeconds",
                "Attribute.1.Value": "9",
                "Tag.1.Key": "k",
                "Tag.1.Value": "",
            },
        )
        .xml()
        .findtext(".//QueueUrl")
    )
    asked = {"QueueUrl": url, "AttributeName.1": "DelaySeconds", "AttributeName.2": "QueueArn"}
    found = query.get("GetQueueAttributes", asked).xml()
    pairs = {one.findtext("Name"): one.findtext("Value") for one in found.iter("Attribute")}
    assert pairs == {"DelaySeconds": "9", "QueueArn": boto.arn(url)}
    tags = query.get("ListQueueTags", {"QueueUrl": url}).xml()
    assert [(one.findtext("Key"), one.findtext("Value") or "") for one in tags.iter("Tag")] == [("k", "")]


def test_java_clients_name_tags_in_the_plural(query, boto):
    url = boto.queue()
    assert query.form("TagQueue", {"QueueUrl": url, "Tags.1.Key": "k", "Tags.1.Value": "v"}).status == 200
    assert boto.sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"k": "v"}


def test_an_empty_receive_has_an_empty_result(query, boto):
    answer = query.form("ReceiveMessage", {"QueueUrl": boto.queue()})
    result = answer.xml().find("ReceiveMessageResult")
    assert result is not None
    assert len(result) == 0


@pytest.mark.parametrize(
    ("action", "parameters", "status", "code"),
    [
        ("SendMessage", {"MessageBody": ""}, 400, "MissingParameter"),
        ("SendMessage", {"MessageBody": "x", "DelaySeconds": "901"}, 400, "InvalidParameterValue"),
        ("SendMessage", {"MessageBody": "\x00"}, 400, "InvalidMessageContents"),
        ("ReceiveMessage", {"MaxNumberOfMessages": "11"}, 400, "InvalidParameterValue"),
        ("GetQueueAttributes", {"AttributeName.1": "Nothing"}, 400, "InvalidAttributeName"),
        (
            "SetQueueAttributes",
            {"Attribute.1.Name": "DelaySeconds", "Attribute.1.Value": "x"},
            400,
            "InvalidAttributeValue",
        ),
        ("DeleteMessage", {"ReceiptHandle": "x"}, 404, "ReceiptHandleIsInvalid"),
        ("DeleteMessageBatch", {"DeleteMessageBatchRequestEntry": ""}, 400, "AWS.SimpleQueueService.EmptyBatchRequest"),
    ],
)
def test_errors_have_the_older_codes(query, boto, action, parameters, status, code):
    answer = query.form(action, {"QueueUrl": boto.queue(), **parameters})
    assert (answer.status, answer.error_code()) == (status, code)
    assert answer.xml().findtext(".//Type") == "Sender"


@pytest.mark.parametrize("value", ["abc", "1e3", "", "99999999999999999999"])
def test_numbers_that_are_none(query, boto, value):
    answer = query.form("ReceiveMessage", {"QueueUrl": boto.queue(), "MaxNumberOfMessages": value})
    assert answer.status == 400 or value == ""
    assert answer.status < 500
