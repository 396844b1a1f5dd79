"""Every operation of SQS, used once for what it is there for.

An exercise takes an `Account` for what surrounds the operation, and `call`, the client under test, for the
operation itself. Which client that is makes no difference to what has to come out.
"""

import json
import time

from botocore.exceptions import ClientError

from support import digest

ATTRIBUTES = {
    "colour": {"DataType": "String", "StringValue": "blue"},
    "count": {"DataType": "Number.int", "StringValue": "3"},
}

EXERCISES = {}

# A move task runs on its own; this is how long it is waited for.
PATIENCE_S = 30


def exercise(function):
    name = "".join(word.capitalize() for word in function.__name__.split("_"))
    EXERCISES[name] = function
    return function


def ids(answer, part="Successful"):
    return [entry["Id"] for entry in answer.get(part, [])]


def counts(account, url):
    """How many messages are visible, in flight and delayed."""
    attributes = account.attributes(url)
    kinds = ("", "NotVisible", "Delayed")
    return tuple(int(attributes["ApproximateNumberOfMessages" + kind]) for kind in kinds)


@exercise
def add_permission(account, call):
    url = account.queue()
    accounts, actions = ["111122223333"], ["SendMessage"]
    assert call("AddPermission", QueueUrl=url, Label="worker", AWSAccountIds=accounts, Actions=actions) == {}
    arn = account.arn(url)
    assert json.loads(account.attributes(url, "Policy")["Policy"]) == {
        "Version": "2008-10-17",
        "Id": f"{arn}/SQSDefaultPolicy",
        "Statement": [
            {
                "Sid": "worker",
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
                "Action": "SQS:SendMessage",
                "Resource": arn,
            }
        ],
    }


@exercise
def cancel_message_move_task(account, call):
    source, dead = account.dead_letter_pair()
    for number in range(20):
        account.send(dead, str(number))
    start = {"SourceArn": account.arn(dead), "DestinationArn": account.arn(source), "MaxNumberOfMessagesPerSecond": 1}
    task = account.sqs.start_message_move_task(**start)["TaskHandle"]
    moved = call("CancelMessageMoveTask", TaskHandle=task)["ApproximateNumberOfMessagesMoved"]
    assert 0 <= moved < 20
    tasks = account.sqs.list_message_move_tasks(SourceArn=account.arn(dead))["Results"]
    assert tasks[0]["Status"] in ("CANCELLING", "CANCELLED")
    assert "TaskHandle" not in tasks[0]


@exercise
def change_message_visibility(account, call):
    url = account.queue()
    account.send(url)
    handle = account.receive(url)[0]["ReceiptHandle"]
    assert account.receive(url) == []
    assert call("ChangeMessageVisibility", QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0) == {}
    assert len(account.receive(url)) == 1


@exercise
def change_message_visibility_batch(account, call):
    url = account.queue()
    account.send(url)
    account.send(url)
    messages = account.receive(url)
    entries = [
        {"Id": f"e{n}", "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0}
        for n, message in enumerate(messages)
    ]
    entries.append({"Id": "bad", "ReceiptHandle": "garbage", "VisibilityTimeout": 0})
    answer = call("ChangeMessageVisibilityBatch", QueueUrl=url, Entries=entries)
    assert ids(answer) == ["e0", "e1"]
    [failed] = answer["Failed"]
    assert (failed["Id"], failed["Code"], failed["SenderFault"]) == ("bad", "ReceiptHandleIsInvalid", True)
    assert counts(account, url) == (2, 0, 0)


@exercise
def create_queue(account, call):
    name = account.name()
    attributes = {"VisibilityTimeout": "7", "DelaySeconds": "3"}
    url = call("CreateQueue", QueueName=name, Attributes=attributes, tags={"team": "blue"})["QueueUrl"]
    assert url == f"{account.server.url}/{account.key}/{name}"
    assert account.attributes(url, "VisibilityTimeout", "DelaySeconds") == attributes
    assert account.sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"team": "blue"}


@exercise
def delete_message(account, call):
    url = account.queue()
    account.send(url)
    handle = account.receive(url)[0]["ReceiptHandle"]
    assert call("DeleteMessage", QueueUrl=url, ReceiptHandle=handle) == {}
    assert counts(account, url) == (0, 0, 0)


@exercise
def delete_message_batch(account, call):
    url = account.queue()
    account.send(url)
    account.send(url)
    entries = [{"Id": f"e{n}", "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(account.receive(url))]
    answer = call("DeleteMessageBatch", QueueUrl=url, Entries=entries)
    assert ids(answer) == ["e0", "e1"]
    assert "Failed" not in answer
    assert counts(account, url) == (0, 0, 0)


@exercise
def delete_queue(account, call):
    url = account.queue()
    assert call("DeleteQueue", QueueUrl=url) == {}
    try:
        account.sqs.get_queue_url(QueueName=url.rsplit("/", 1)[1])
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
    else:
        raise AssertionError("the queue is still there")


@exercise
def get_queue_attributes(account, call):
    url = account.queue()
    attributes = call("GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes.pop("CreatedTimestamp").isdigit()
    assert attributes.pop("LastModifiedTimestamp").isdigit()
    assert attributes == {
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "DelaySeconds": "0",
        "MaximumMessageSize": "1048576",
        "MessageRetentionPeriod": "345600",
        "QueueArn": account.arn(url),
        "ReceiveMessageWaitTimeSeconds": "0",
        "SqsManagedSseEnabled": "true",
        "VisibilityTimeout": "30",
    }


@exercise
def get_queue_url(account, call):
    url = account.queue()
    name = url.rsplit("/", 1)[1]
    assert call("GetQueueUrl", QueueName=name) == {"QueueUrl": url}
    assert call("GetQueueUrl", QueueName=name, QueueOwnerAWSAccountId=account.key) == {"QueueUrl": url}


@exercise
def list_dead_letter_source_queues(account, call):
    source, dead = account.dead_letter_pair()
    assert call("ListDeadLetterSourceQueues", QueueUrl=dead) == {"queueUrls": [source]}


@exercise
def list_message_move_tasks(account, call):
    source, dead = account.dead_letter_pair()
    account.send(dead)
    arns = {"SourceArn": account.arn(dead), "DestinationArn": account.arn(source)}
    account.sqs.start_message_move_task(**arns)
    deadline = time.monotonic() + PATIENCE_S
    while (task := call("ListMessageMoveTasks", SourceArn=arns["SourceArn"])["Results"][0])["Status"] == "RUNNING":
        assert time.monotonic() < deadline, task
        time.sleep(0.05)
    assert task.pop("StartedTimestamp") > 1_700_000_000_000
    task.pop("ApproximateNumberOfMessagesToMove", None)
    assert task == arns | {"Status": "COMPLETED", "ApproximateNumberOfMessagesMoved": 1}


@exercise
def list_queues(account, call):
    urls = sorted(account.queue() for _ in range(3))
    assert sorted(call("ListQueues")["QueueUrls"]) == urls
    assert call("ListQueues", QueueNamePrefix=urls[0].rsplit("/", 1)[1])["QueueUrls"][0] == urls[0]
    first = call("ListQueues", MaxResults=2)
    rest = call("ListQueues", MaxResults=2, NextToken=first["NextToken"])
    assert sorted(first["QueueUrls"] + rest["QueueUrls"]) == urls
    assert "NextToken" not in rest


@exercise
def list_queue_tags(account, call):
    url = account.queue(tags={"team": "blue", "empty": ""})
    assert call("ListQueueTags", QueueUrl=url) == {"Tags": {"team": "blue", "empty": ""}}


@exercise
def purge_queue(account, call):
    url = account.queue()
    account.send(url, "visible")
    account.send(url, "in flight")
    account.send(url, "delayed", DelaySeconds=900)
    account.receive(url, 1)
    assert counts(account, url) == (1, 1, 1)
    assert call("PurgeQueue", QueueUrl=url) == {}
    assert counts(account, url) == (0, 0, 0)


@exercise
def receive_message(account, call):
    url = account.queue()
    sent = account.send(url, "hello", MessageAttributes=ATTRIBUTES)
    wanted = {"AttributeNames": ["All"], "MessageAttributeNames": ["All"], "WaitTimeSeconds": 1}
    [message] = call("ReceiveMessage", QueueUrl=url, **wanted)["Messages"]
    assert (message["MessageId"], message["Body"]) == (sent["MessageId"], "hello")
    assert message["MD5OfBody"] == digest.of_text("hello")
    assert message["MessageAttributes"] == ATTRIBUTES
    assert message["MD5OfMessageAttributes"] == digest.of_attributes(ATTRIBUTES)
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    names = {"SenderId", "SentTimestamp", "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp"}
    assert message["Attributes"].keys() == names
    assert call("ReceiveMessage", QueueUrl=url) == {}


@exercise
def remove_permission(account, call):
    url = account.queue()
    account.sqs.add_permission(QueueUrl=url, Label="a", AWSAccountIds=["111122223333"], Actions=["*"])
    assert call("RemovePermission", QueueUrl=url, Label="a") == {}
    assert account.attributes(url, "Policy") == {}


@exercise
def send_message(account, call):
    url = account.queue(fifo=True)
    send = {"QueueUrl": url, "MessageGroupId": "g", "MessageDeduplicationId": "d", "MessageAttributes": ATTRIBUTES}
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}}
    answer = call("SendMessage", MessageBody="grüße & <so>", MessageSystemAttributes=trace, **send)
    assert answer["MD5OfMessageBody"] == digest.of_text("grüße & <so>")
    assert answer["MD5OfMessageAttributes"] == digest.of_attributes(ATTRIBUTES)
    assert answer["MD5OfMessageSystemAttributes"] == digest.of_attributes(trace)
    assert len(answer["SequenceNumber"]) == 20
    [message] = account.receive(url, AttributeNames=["All"])
    assert (message["MessageId"], message["Body"]) == (answer["MessageId"], "grüße & <so>")
    assert message["Attributes"]["SequenceNumber"] == answer["SequenceNumber"]
    assert message["Attributes"]["AWSTraceHeader"] == trace["AWSTraceHeader"]["StringValue"]


@exercise
def send_message_batch(account, call):
    url = account.queue()
    entries = [
        {"Id": "one", "MessageBody": "1", "MessageAttributes": ATTRIBUTES},
        {"Id": "late", "MessageBody": "2", "DelaySeconds": 1000},
        {"Id": "two", "MessageBody": "3", "DelaySeconds": 900},
    ]
    answer = call("SendMessageBatch", QueueUrl=url, Entries=entries)
    assert ids(answer) == ["one", "two"]
    assert answer["Successful"][0]["MD5OfMessageAttributes"] == digest.of_attributes(ATTRIBUTES)
    assert answer["Successful"][1]["MD5OfMessageBody"] == digest.of_text("3")
    [failed] = answer["Failed"]
    assert (failed["Id"], failed["Code"], failed["SenderFault"]) == ("late", "InvalidParameterValue", True)
    assert counts(account, url) == (1, 0, 1)


@exercise
def set_queue_attributes(account, call):
    url = account.queue()
    wanted = {"VisibilityTimeout": "11", "MessageRetentionPeriod": "60"}
    assert call("SetQueueAttributes", QueueUrl=url, Attributes=wanted) == {}
    assert account.attributes(url, *wanted) == wanted


@exercise
def start_message_move_task(account, call):
    source, dead = account.dead_letter_pair()
    account.send(source, "poison")
    account.receive(source, VisibilityTimeout=0)
    assert account.receive(source) == []
    assert counts(account, dead) == (1, 0, 0)
    assert call("StartMessageMoveTask", SourceArn=account.arn(dead))["TaskHandle"]
    deadline = time.monotonic() + PATIENCE_S
    while counts(account, source) != (1, 0, 0):
        assert time.monotonic() < deadline, "the message did not come back"
        time.sleep(0.05)
    assert [m["Body"] for m in account.receive(source)] == ["poison"]
    assert counts(account, dead) == (0, 0, 0)


@exercise
def tag_queue(account, call):
    url = account.queue(tags={"team": "blue"})
    assert call("TagQueue", QueueUrl=url, Tags={"team": "red", "Stage": "dev"}) == {}
    assert account.sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"team": "red", "Stage": "dev"}


@exercise
def untag_queue(account, call):
    url = account.queue(tags={"team": "blue", "stage": "dev"})
    assert call("UntagQueue", QueueUrl=url, TagKeys=["team", "unknown"]) == {}
    assert account.sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"stage": "dev"}
