"""Where SQS does what one would not guess, seen through a stock client."""

import hashlib
import json
import threading

import pytest

from support import digest
from support.aws import Account, fails
from support.http import Client, Signer


def delete(account, url, message):
    account.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def extend(account, url, message, seconds):
    account.sqs.change_message_visibility(
        QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=seconds
    )


def group(name, **more):
    return {"MessageGroupId": name, **more}


class TestHandles:
    def test_a_standard_handle_deletes_after_its_timeout(self, own):
        url = own.queue(VisibilityTimeout="10")
        own.send(url)
        [message] = own.receive(url)
        own.server.advance(11)
        delete(own, url, message)
        assert own.receive(url) == []

    def test_a_fifo_handle_does_not(self, own):
        url = own.queue(fifo=True, VisibilityTimeout="10", ContentBasedDeduplication="true")
        own.send(url, **group("g"))
        [message] = own.receive(url)
        own.server.advance(11)
        handle = message["ReceiptHandle"]
        text = f"Value {handle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
        with fails(own, "InvalidParameterValue", text):
            delete(own, url, message)
        assert len(own.receive(url)) == 1

    def test_extending_extends_the_fifo_handle(self, own):
        url = own.queue(fifo=True, VisibilityTimeout="10", ContentBasedDeduplication="true")
        own.send(url, **group("g"))
        [message] = own.receive(url)
        extend(own, url, message, 60)
        own.server.advance(30)
        delete(own, url, message)
        own.server.advance(60)
        assert own.receive(url) == []

    def test_a_visible_message_can_be_hidden_by_its_last_handle(self, account):
        url = account.queue()
        account.send(url)
        [message] = account.receive(url)
        extend(account, url, message, 0)
        extend(account, url, message, 10)
        assert account.receive(url) == []
        assert account.attributes(url)["ApproximateNumberOfMessagesNotVisible"] == "1"

    def test_a_deleted_message_has_no_visibility(self, account):
        url = account.queue()
        account.send(url)
        [message] = account.receive(url)
        delete(account, url, message)
        delete(account, url, message)
        text = (
            f"Value {message['ReceiptHandle']} for parameter ReceiptHandle is invalid. Reason: Message does not "
            "exist or is not available for visibility timeout change."
        )
        with fails(account, "InvalidParameterValue", text):
            extend(account, url, message, 5)

    @pytest.mark.parametrize("seconds", [43_200, 43_199])
    def test_twelve_hours_from_the_receive_is_the_most(self, own, seconds):
        url = own.queue()
        own.send(url)
        [message] = own.receive(url)
        own.server.advance(2)
        with fails(own, "InvalidParameterValue") as caught:
            extend(own, url, message, seconds)
        assert caught.value.response["Error"]["Message"].startswith(
            f"Value {seconds} for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the "
            "message is beyond the limit [43200 seconds]"
        )

    def test_garbage_and_other_queues_handles(self, account):
        one, other = account.queue(), account.queue()
        account.send(other)
        [message] = account.receive(other)
        for handle in ("garbage", message["ReceiptHandle"], message["ReceiptHandle"][:-4] + "AAAA"):
            text = f'The input receipt handle "{handle}" is not a valid receipt handle.'
            with fails(account, "ReceiptHandleIsInvalid", text) as caught:
                account.sqs.delete_message(QueueUrl=one, ReceiptHandle=handle)
            assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
            assert caught.type is account.sqs.exceptions.ReceiptHandleIsInvalid


class TestFifo:
    def test_a_message_in_flight_blocks_its_group_only(self, account):
        url = account.queue(fifo=True, ContentBasedDeduplication="true")
        for name in "ab":
            for n in range(3):
                account.send(url, f"{name}{n}", **group(name))
        [first] = account.receive(url, 1)
        blocked = first["Body"][0]
        rest = [message["Body"] for message in account.receive(url)]
        other = "b" if blocked == "a" else "a"
        assert rest == [f"{other}{n}" for n in range(3)]
        assert account.receive(url) == []
        delete(account, url, first)
        assert [message["Body"] for message in account.receive(url)] == [f"{blocked}1", f"{blocked}2"]

    def test_one_receive_gives_several_of_a_group_in_order(self, account):
        url = account.queue(fifo=True, ContentBasedDeduplication="true")
        for n in range(5):
            account.send(url, str(n), **group("g"))
        messages = account.receive(url, AttributeNames=["All"])
        assert [message["Body"] for message in messages] == list("01234")
        numbers = [message["Attributes"]["SequenceNumber"] for message in messages]
        assert numbers == sorted(numbers)
        assert {len(number) for number in numbers} == {20}

    @pytest.mark.parametrize(("extended", "expected"), [(0, []), (1, ["0"]), (2, ["0", "1"])])
    def test_extending_one_holds_back_those_behind_it(self, own, extended, expected):
        url = own.queue(fifo=True, VisibilityTimeout="10", ContentBasedDeduplication="true")
        for n in range(3):
            own.send(url, str(n), **group("g"))
        messages = own.receive(url)
        extend(own, url, messages[extended], 60)
        own.server.advance(11)
        assert [message["Body"] for message in own.receive(url)] == expected

    def test_a_delay_of_its_own_is_refused_and_zero_means_the_queues(self, own):
        url = own.queue(fifo=True, DelaySeconds="10", ContentBasedDeduplication="true")
        text = (
            "Value 5 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid "
            "for this queue type."
        )
        with fails(own, "InvalidParameterValue", text):
            own.send(url, DelaySeconds=5, **group("g"))
        own.send(url, DelaySeconds=0, **group("g"))
        assert own.receive(url) == []
        own.server.advance(11)
        assert len(own.receive(url)) == 1

    def test_a_delayed_message_does_not_block_those_that_are_due(self, own):
        url = own.queue(fifo=True, DelaySeconds="60", ContentBasedDeduplication="true")
        own.send(url, "due", **group("g"))
        own.server.advance(40)
        own.send(url, "late", **group("g"))
        own.server.advance(30)
        assert [message["Body"] for message in own.receive(url)] == ["due"]

    def test_missing_ids(self, account):
        url = account.queue(fifo=True)
        text = "The request must contain the parameter MessageGroupId."
        with fails(account, "MissingParameter", text):
            account.send(url, MessageDeduplicationId="d")
        entries = [{"Id": "a", "MessageBody": "b", "MessageDeduplicationId": "d"}]
        with fails(account, "InvalidParameterValue", text):
            account.sqs.send_message_batch(QueueUrl=url, Entries=entries)
        text = (
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
            "explicitly"
        )
        with fails(account, "InvalidParameterValue", text):
            account.send(url, **group("g"))

    def test_a_receive_is_repeated_by_its_attempt_id(self, account):
        url = account.queue(fifo=True, ContentBasedDeduplication="true")
        account.send(url, **group("g"))
        first = account.receive(url, ReceiveRequestAttemptId="a")
        again = account.receive(url, ReceiveRequestAttemptId="a")
        assert [m["ReceiptHandle"] for m in first] == [m["ReceiptHandle"] for m in again]
        assert account.receive(url, ReceiveRequestAttemptId="b") == []


class TestDeduplication:
    def send(self, account, url, body, name="g", key="d"):
        return account.send(url, body, **group(name, MessageDeduplicationId=key))

    def test_five_minutes_and_past_deletion(self, own):
        url = own.queue(fifo=True)
        first = self.send(own, url, "one")
        [message] = own.receive(url)
        delete(own, url, message)
        own.server.advance(290)
        again = self.send(own, url, "two")
        assert again["MessageId"] == first["MessageId"]
        assert again["MD5OfMessageBody"] == digest.of_text("two")
        assert own.receive(url) == []
        own.server.advance(20)
        assert self.send(own, url, "three")["MessageId"] != first["MessageId"]
        assert [m["Body"] for m in own.receive(url)] == ["three"]

    def test_across_groups_unless_scoped(self, account):
        wide = account.queue(fifo=True)
        self.send(account, wide, "a", "g1")
        self.send(account, wide, "b", "g2")
        assert [m["Body"] for m in account.receive(wide)] == ["a"]
        narrow = account.queue(fifo=True, DeduplicationScope="messageGroup")
        self.send(account, narrow, "a", "g1")
        self.send(account, narrow, "b", "g2")
        assert sorted(m["Body"] for m in account.receive(narrow)) == ["a", "b"]

    def test_a_purge_clears_it(self, account):
        url = account.queue(fifo=True)
        first = self.send(account, url, "a")
        account.sqs.purge_queue(QueueUrl=url)
        assert self.send(account, url, "a")["MessageId"] != first["MessageId"]
        assert len(account.receive(url)) == 1

    def test_by_content_it_is_the_hash_of_the_body(self, account):
        url = account.queue(fifo=True, ContentBasedDeduplication="true")
        account.send(url, "same", **group("g"))
        [message] = account.receive(url, AttributeNames=["All"])
        assert message["Attributes"]["MessageDeduplicationId"] == hashlib.sha256(b"same").hexdigest()


class TestSizes:
    def test_a_message_of_the_greatest_size(self, account):
        url = account.queue()
        assert account.send(url, "x" * 1_048_576)["MD5OfMessageBody"] == digest.of_text("x" * 1_048_576)
        text = "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes."
        with fails(account, "InvalidParameterValue", text):
            account.send(url, "x" * 1_048_577)

    def test_attributes_count(self, account):
        url = account.queue(MaximumMessageSize="1024")
        attributes = {"n": {"DataType": "String", "StringValue": "v" * 100}}
        rest = 1024 - len("n") - len("String") - 100
        account.send(url, "x" * rest, MessageAttributes=attributes)
        with fails(account, "InvalidParameterValue"):
            account.send(url, "x" * (rest + 1), MessageAttributes=attributes)

    def test_a_batch_has_a_limit_of_its_own(self, account):
        url = account.queue()
        entries = [{"Id": str(n), "MessageBody": "x" * 600_000} for n in range(2)]
        text = "Batch requests cannot be longer than 1048576 bytes. You have sent 1200000 bytes."
        with fails(account, "AWS.SimpleQueueService.BatchRequestTooLong", text):
            account.sqs.send_message_batch(QueueUrl=url, Entries=entries)
        small = account.queue(MaximumMessageSize="2048")
        entries = [{"Id": "a", "MessageBody": "x" * 2048}, {"Id": "b", "MessageBody": "x"}]
        assert len(account.sqs.send_message_batch(QueueUrl=small, Entries=entries)["Successful"]) == 2


class TestDeadLetters:
    def test_the_id_is_kept_and_the_count_goes_on(self, account):
        source, dead = account.dead_letter_pair()
        sent = account.send(source, "poison")
        assert account.receive(source, VisibilityTimeout=0)[0]["MessageId"] == sent["MessageId"]
        assert account.receive(source) == []
        [message] = account.receive(dead, AttributeNames=["All"])
        assert message["MessageId"] == sent["MessageId"]
        assert message["Attributes"]["ApproximateReceiveCount"] == "2"
        assert message["Attributes"]["DeadLetterQueueSourceArn"] == account.arn(source)

    def test_a_policy_is_returned_in_one_form(self, account):
        dead = account.queue()
        arn = account.arn(dead)
        url = account.queue(RedrivePolicy=json.dumps({"maxReceiveCount": "3", "deadLetterTargetArn": arn}))
        text = account.attributes(url)["RedrivePolicy"]
        assert text == f'{{"deadLetterTargetArn":"{arn}","maxReceiveCount":3}}'

    def test_a_queue_that_allows_nobody(self, account):
        dead = account.queue(RedriveAllowPolicy='{"redrivePermission":"denyAll"}')
        policy = json.dumps({"deadLetterTargetArn": account.arn(dead), "maxReceiveCount": 1})
        with fails(account, "InvalidParameterValue"):
            account.queue(RedrivePolicy=policy)

    def test_kinds_do_not_mix(self, account):
        dead = account.queue()
        policy = json.dumps({"deadLetterTargetArn": account.arn(dead), "maxReceiveCount": 1})
        text = (
            f"Value {policy} for parameter RedrivePolicy is invalid. Reason: Dead-letter queue must be same type of "
            "queue as the source.."
        )
        with fails(account, "InvalidParameterValue", text):
            account.queue(fifo=True, RedrivePolicy=policy)

    def test_move_tasks_of_what_does_not_exist(self, account):
        arn = account.arn("x/nowhere")
        text = "The resource that you specified for the SourceArn parameter doesn't exist."
        with fails(account, "ResourceNotFoundException", text) as caught:
            account.sqs.start_message_move_task(SourceArn=arn)
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
        with fails(account, "InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue."):
            account.sqs.start_message_move_task(SourceArn=account.arn(account.queue()))


class TestQueues:
    def test_a_deleted_name_rests_for_a_minute(self, own):
        url = own.queue()
        name = url.rsplit("/", 1)[1]
        own.sqs.delete_queue(QueueUrl=url)
        text = "You must wait 60 seconds after deleting a queue before you can create another with the same name."
        with fails(own, "AWS.SimpleQueueService.QueueDeletedRecently", text):
            own.sqs.create_queue(QueueName=name)
        own.server.advance(61)
        own.sqs.create_queue(QueueName=name)

    def test_the_url_follows_the_host_that_was_asked(self, wire):
        name = "by-host"
        for host in ("localhost", "sqs.us-east-1.localhost", "127.0.0.1"):
            authority = f"{host}:{wire.server.port}"
            headers = {
                "Host": authority,
                "Content-Type": "application/x-amz-json-1.0",
                "X-Amz-Target": "AmazonSQS.CreateQueue",
            }
            answer = wire.send("POST", "/", headers, json.dumps({"QueueName": name}))
            assert answer.json()["QueueUrl"] == f"http://{authority}/{wire.signer.key}/{name}"

    def test_forms_of_the_queue_url(self, account):
        url = account.queue()
        name = url.rsplit("/", 1)[1]
        forms = [
            url,
            name,
            f"https://sqs.us-east-1.amazonaws.com/{account.key}/{name}",
            f"http://x/{account.key}/{name}",
        ]
        for number, form in enumerate(forms):
            account.send(form, str(number))
        assert sorted(m["Body"] for m in account.drain(url)) == list("0123")

    def test_accounts_and_regions_do_not_see_each_other(self, account):
        name = account.queue().rsplit("/", 1)[1]
        other = Account(account.server, "222222222222")
        with fails(other, "AWS.SimpleQueueService.NonExistentQueue"):
            other.sqs.get_queue_url(QueueName=name)
        far = Client(account.server, Signer("sqs", key=account.key, region="eu-west-2"))
        assert far.json("GetQueueUrl", {"QueueName": name}).error_code() == "QueueDoesNotExist"

    def test_a_waiting_poll_ends_with_its_message(self, account):
        url = account.queue()
        found = []
        poll = threading.Thread(target=lambda: found.extend(account.receive(url, WaitTimeSeconds=20)))
        poll.start()
        account.send(url, "now")
        poll.join(15)
        assert [message["Body"] for message in found] == ["now"]

    def test_a_poll_ends_when_the_clock_makes_its_message_visible(self, own):
        url = own.queue()
        own.send(url, "late", DelaySeconds=15)
        found = []
        poll = threading.Thread(target=lambda: found.extend(own.receive(url, WaitTimeSeconds=20)))
        poll.start()
        own.server.advance(14)
        own.server.advance(2)
        poll.join(15)
        assert [message["Body"] for message in found] == ["late"]

    def test_retention_is_counted_from_the_send(self, own):
        url = own.queue(MessageRetentionPeriod="60")
        own.send(url)
        [message] = own.receive(url, VisibilityTimeout=30)
        own.server.advance(61)
        assert own.receive(url) == []
        delete(own, url, message)
        assert own.attributes(url)["ApproximateNumberOfMessages"] == "0"
