"""What was acknowledged is kept, whatever happens to the process."""

import json
import os
import signal
import socket
import subprocess
import threading
import time

import pytest

from support.aws import Account
from support.http import Signer
from support.server import BINARY, PATIENCE_S, clean_environment, run, until

KEY = "437064342167"


def bodies(messages):
    return sorted(message["Body"] for message in messages)


def restarted(new_server, server):
    """A new process on the data directory of one that was killed."""
    server.kill()
    return Account(new_server(data=server.data).start(), KEY)


@pytest.fixture
def durable(new_server):
    return Account(new_server().start(), KEY)


def test_what_was_acknowledged_before_sigkill_is_there_exactly_once(new_server, durable):
    """Four senders are cut off in the middle of sending."""
    url = durable.queue()
    acknowledged = []
    started = threading.Event()

    def sender(number):
        account = Account(durable.server, KEY)
        for n in range(10_000):
            body = f"{number}-{n}"
            try:
                account.send(url, body)
            except Exception:
                return
            acknowledged.append(body)
            if len(acknowledged) > 200:
                started.set()

    threads = [threading.Thread(target=sender, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    assert started.wait(PATIENCE_S)
    after = restarted(new_server, durable.server)
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
    found = [message["Body"] for message in after.drain(url)]
    assert len(found) == len(set(found))
    lost = set(acknowledged) - set(found)
    assert lost == set()
    # At most the one each sender was waiting for may be there as well.
    assert len(found) <= len(acknowledged) + len(threads)


def test_handles_from_before_a_kill_still_delete(new_server, durable):
    url = durable.queue(VisibilityTimeout="600")
    for n in range(5):
        durable.send(url, str(n))
    received = durable.receive(url)
    assert len(received) == 5
    after = restarted(new_server, durable.server)
    assert after.receive(url) == []
    for message in received[:3]:
        after.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    for message in received[3:]:
        after.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    again = after.receive(url, AttributeNames=["All"])
    assert bodies(again) == bodies(received[3:])
    assert {message["Attributes"]["ApproximateReceiveCount"] for message in again} == {"2"}


def test_purges_and_deletions_survive(new_server, durable):
    purged, deleted = durable.queue(), durable.queue()
    for url in (purged, deleted):
        durable.send(url, "before")
    durable.sqs.purge_queue(QueueUrl=purged)
    durable.send(purged, "after")
    durable.sqs.delete_queue(QueueUrl=deleted)
    after = restarted(new_server, durable.server)
    assert bodies(after.drain(purged)) == ["after"]
    assert after.sqs.list_queues()["QueueUrls"] == [purged.replace(durable.server.url, after.server.url)]
    with pytest.raises(after.sqs.exceptions.QueueDeletedRecently):
        after.sqs.create_queue(QueueName=deleted.rsplit("/", 1)[1])
    with pytest.raises(after.sqs.exceptions.PurgeQueueInProgress):
        after.sqs.purge_queue(QueueUrl=purged)


def test_queue_settings_survive(new_server, durable):
    source, _ = durable.dead_letter_pair(3)
    durable.sqs.set_queue_attributes(QueueUrl=source, Attributes={"VisibilityTimeout": "77", "DelaySeconds": "5"})
    durable.sqs.tag_queue(QueueUrl=source, Tags={"team": "blue"})
    durable.sqs.add_permission(QueueUrl=source, Label="a", AWSAccountIds=["111122223333"], Actions=["*"])
    before = durable.attributes(source)
    after = restarted(new_server, durable.server)
    assert after.attributes(source) == before
    assert after.sqs.list_queue_tags(QueueUrl=source)["Tags"] == {"team": "blue"}


def test_deduplication_and_group_locks_survive(new_server, durable):
    url = durable.queue(fifo=True, VisibilityTimeout="600")
    first = durable.send(url, "1", MessageGroupId="g", MessageDeduplicationId="d1")
    durable.send(url, "2", MessageGroupId="g", MessageDeduplicationId="d2")
    [message] = durable.receive(url, 1)
    after = restarted(new_server, durable.server)
    again = after.send(url, "1", MessageGroupId="g", MessageDeduplicationId="d1")
    assert again["MessageId"] == first["MessageId"]
    third = after.send(url, "3", MessageGroupId="g", MessageDeduplicationId="d3")
    assert third["SequenceNumber"] > first["SequenceNumber"]
    assert after.receive(url) == []
    after.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert [m["Body"] for m in after.receive(url)] == ["2", "3"]


def test_delays_and_the_advanced_clock_survive(new_server, durable):
    url = durable.queue()
    durable.send(url, "late", DelaySeconds=900)
    durable.server.advance(600)
    after = restarted(new_server, durable.server)
    assert after.server.get("/_cloudlet/clock")["advanced_seconds"] == 600
    assert after.receive(url) == []
    after.server.advance(301)
    assert bodies(after.receive(url)) == ["late"]


def test_a_move_task_goes_on_after_a_kill(new_server, durable):
    source, dead = durable.dead_letter_pair()
    for n in range(30):
        durable.send(dead, str(n))
    durable.sqs.start_message_move_task(
        SourceArn=durable.arn(dead), DestinationArn=durable.arn(source), MaxNumberOfMessagesPerSecond=5
    )
    after = restarted(new_server, durable.server)
    found = []
    deadline = time.monotonic() + PATIENCE_S
    while len(found) < 30:
        assert time.monotonic() < deadline, found
        after.server.advance(10)
        found += after.drain(source)
    assert bodies(found) == sorted(str(n) for n in range(30))
    assert after.drain(dead) == []


def test_five_kills_in_a_row(new_server, durable):
    url = durable.queue()
    account = durable
    for n in range(5):
        account.send(url, str(n))
        account = restarted(new_server, account.server)
    assert bodies(account.drain(url)) == list("01234")


def test_sigterm_lets_a_long_poll_finish(new_server, durable):
    """A poll that waits when the program is told to stop is answered, and the program ends well."""
    url = durable.queue()
    answers = []
    poll = threading.Thread(target=lambda: answers.append(durable.receive(url, WaitTimeSeconds=5)))
    poll.start()
    waiting(durable.server)
    assert durable.server.terminate() == 0
    poll.join(PATIENCE_S)
    assert answers == [[]]


def waiting(server):
    """Returns when the server has taken the poll up. Nothing shows that from outside, so: after other answers."""
    for _ in range(20):
        server.get("/_cloudlet/health")
        time.sleep(0.02)


def test_sigterm_lets_a_slow_body_finish(durable):
    signed = Signer("sts").headers(
        "POST",
        durable.server.url + "/",
        {"Content-Type": "application/x-www-form-urlencoded"},
        b"Action=GetCallerIdentity&Version=2011-06-15",
    )
    head = "".join(f"{name}: {value}\r\n" for name, value in signed.items() if name.lower() != "content-length")
    head = f"POST / HTTP/1.1\r\nHost: {durable.server.authority}\r\nContent-Length: 43\r\n{head}\r\n"
    with socket.create_connection(("127.0.0.1", durable.server.port), timeout=PATIENCE_S) as peer:
        peer.sendall(head.encode() + b"Action=GetCallerIdentity")
        waiting(durable.server)
        durable.server.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        peer.sendall(b"&Version=2011-06-15")
        answer = peer.recv(65536)
    assert answer.startswith(b"HTTP/1.1 200")
    assert durable.server.process.wait(PATIENCE_S) == 0


def test_sigterm_without_work_ends_it(durable):
    assert durable.server.terminate() == 0


def test_a_second_process_on_the_same_directory_is_refused(durable):
    second = run("up", "--listen", "127.0.0.1:0", "--data", durable.server.data)
    assert second.returncode not in (0, None)
    assert str(durable.server.data) in second.stderr
    assert "use" in second.stderr or "lock" in second.stderr
    assert "panicked" not in second.stderr
    durable.queue()


def test_a_second_process_on_the_same_address_is_refused(durable, tmp_path):
    second = run("up", "--listen", durable.server.authority, "--data", tmp_path / "other")
    assert second.returncode not in (0, None)
    assert durable.server.authority in second.stderr


def test_a_directory_is_sound_after_a_kill(durable):
    url = durable.queue()
    for n in range(50):
        durable.send(url, str(n))
    durable.server.kill()
    checked = run("check", "--data", durable.server.data, "--output", "json")
    assert checked.returncode == 0, checked.stderr
    assert json.loads(checked.stdout)["sound"] is True


def test_ephemeral_forgets(new_server, tmp_path):
    server = new_server(ephemeral=True).start()
    Account(server, KEY).queue()
    server.kill()
    again = Account(new_server(ephemeral=True).start(), KEY)
    assert again.sqs.list_queues().get("QueueUrls") is None
    assert not (tmp_path / "data").exists()


def test_ephemeral_leaves_no_files_for_long(new_server, tmp_path):
    """What a killed one leaves goes when another starts, but nothing that is in use or young."""
    place = tmp_path / "tmp"
    place.mkdir()

    def start():
        return new_server(ephemeral=True, TMPDIR=str(place)).start()

    def directories():
        return set(place.glob("cloudlet-*"))

    def grow_old():
        for directory in directories():
            os.utime(directory / "LOCK", (time.time() - 61,) * 2)

    killed, used = start(), start()
    assert len(directories()) == 2
    assert f"longer objects in {place}" in used.ready["data"]
    killed.kill()
    third = start()
    assert len(directories()) == 3
    grow_old()
    fourth = start()
    until(lambda: len(directories()) == 3)
    for server in (used, third, fourth):
        assert server.terminate() == 0
    assert directories() == set()


def test_data_that_is_no_directory_is_refused(tmp_path):
    (tmp_path / "file").write_text("not ours")
    refused = subprocess.run(
        [BINARY, "up", "--listen", "127.0.0.1:0", "--data", tmp_path / "file"],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert refused.returncode not in (0, None)
    assert str(tmp_path / "file") in refused.stderr
    assert (tmp_path / "file").read_text() == "not ours"
