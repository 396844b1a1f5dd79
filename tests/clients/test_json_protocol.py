"""The JSON protocol: what goes over the wire, to the byte where clients look."""

import pytest

from support.aws import fails, make_client


def test_nothing_to_say_is_no_byte_at_all(account, wire):
    url = account.queue()
    for operation, more in (
        ("TagQueue", {"Tags": {"a": "b"}}),
        ("UntagQueue", {"TagKeys": ["a"]}),
        ("SetQueueAttributes", {"Attributes": {"DelaySeconds": "0"}}),
        ("AddPermission", {"Label": "a", "AWSAccountIds": ["111122223333"], "Actions": ["*"]}),
        ("RemovePermission", {"Label": "a"}),
        ("PurgeQueue", {}),
        ("DeleteQueue", {}),
    ):
        answer = wire.json(operation, {"QueueUrl": url, **more})
        assert (answer.status, answer.body) == (200, b""), operation
        assert answer.headers["content-type"] == "application/x-amz-json-1.0"


def test_what_is_empty_is_absent(account, wire):
    url = account.queue()
    for operation in ("ReceiveMessage", "ListQueueTags", "ListDeadLetterSourceQueues", "GetQueueAttributes"):
        assert wire.json(operation, {"QueueUrl": url}).body == b"{}", operation
    assert wire.json("ListQueues", {"QueueNamePrefix": "none-of-these"}).body == b"{}"
    asked = {"QueueUrl": url, "AttributeNames": ["Policy", "RedrivePolicy"]}
    assert wire.json("GetQueueAttributes", asked).body == b"{}"


def test_an_error_has_both_names(account, wire):
    url = account.queue()
    answer = wire.json("SetQueueAttributes", {"QueueUrl": url, "Attributes": {"Policy": "x"}})
    assert answer.body == (
        b'{"__type":"com.amazonaws.sqs#InvalidAttributeValue","message":"Invalid value for the parameter Policy."}'
    )
    assert answer.headers["x-amzn-query-error"] == "InvalidAttributeValue;Sender"
    answer = wire.json("ReceiveMessage", {"QueueUrl": url, "MaxNumberOfMessages": 0})
    assert answer.json()["__type"] == "com.amazon.coral.service#InvalidParameterValueException"
    assert answer.headers["x-amzn-query-error"] == "InvalidParameterValue;Sender"


@pytest.mark.parametrize("url", [None, "", "nowhere", "http://localhost/", "http://localhost/123456789012/"])
def test_no_queue(wire, url):
    answer = wire.json("SendMessage", {"MessageBody": "x"} | ({} if url is None else {"QueueUrl": url}))
    assert (answer.status, answer.error_code()) == (400, "QueueDoesNotExist")
    assert answer.error_message() == "The specified queue does not exist."
    assert answer.headers["x-amzn-query-error"] == "AWS.SimpleQueueService.NonExistentQueue;Sender"


def test_json_to_the_queues_own_path(account, wire):
    url = account.queue()
    answer = wire.json("SendMessage", {"QueueUrl": url, "MessageBody": "x"}, path="/" + url.split("/", 3)[3])
    assert answer.status == 200


def test_one_bad_entry_stops_no_other(account, wire):
    entries = [{"Id": "a", "MessageBody": "x"}, {"Id": "b", "MessageBody": ""}]
    answer = wire.json("SendMessageBatch", {"QueueUrl": account.queue(), "Entries": entries}).json()
    assert [one["Id"] for one in answer["Successful"]] == ["a"]
    [failed] = answer["Failed"]
    assert (failed["Id"], failed["Code"], failed["SenderFault"]) == ("b", "MissingParameter", True)


@pytest.mark.parametrize(
    ("entries", "code", "text"),
    [
        ([], "EmptyBatchRequest", "There should be at least one SendMessageBatchRequestEntry in the request."),
        (
            [{"Id": str(n), "MessageBody": "x"} for n in range(11)],
            "TooManyEntriesInBatchRequest",
            "Maximum number of entries per request are 10. You have sent 11.",
        ),
        ([{"Id": "a", "MessageBody": "x"}] * 2, "BatchEntryIdsNotDistinct", "Id a repeated."),
        (
            [{"Id": "a b", "MessageBody": "x"}],
            "InvalidBatchEntryId",
            "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at "
            "most 80 letters long.",
        ),
    ],
)
def test_batches_that_are_refused_as_a_whole(account, entries, code, text):
    with fails(account, f"AWS.SimpleQueueService.{code}", text) as caught:
        account.sqs.send_message_batch(QueueUrl=account.queue(), Entries=entries)
    assert caught.type is getattr(account.sqs.exceptions, code)


def test_classes_of_boto3(account):
    """The class comes from the one name, `Code` from the other."""
    with fails(account, "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.") as caught:
        account.sqs.get_queue_url(QueueName="nowhere")
    assert caught.type is account.sqs.exceptions.QueueDoesNotExist
    assert caught.value.response["Error"]["QueryErrorCode"] == "QueueDoesNotExist"
    query = make_client(account.server, account.key, protocol="query")
    with pytest.raises(query.exceptions.ClientError) as caught:
        query.get_queue_url(QueueName="nowhere")
    error = caught.value.response["Error"]
    assert error["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert error["Message"] == "The specified queue does not exist for this wsdl version."
