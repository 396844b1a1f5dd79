"""What the gateway does with HTTP itself."""

import email.utils
import json
import re
import socket
import time

import pytest

from support.http import Client, Signer, raw, send
from support.http2 import Http2

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
IDENTITY = b"Action=GetCallerIdentity&Version=2011-06-15"


def signed(server, headers=FORM, body=IDENTITY, method="POST", target="/"):
    return Signer("sts").headers(method, server.url + target, headers, body)


def request(server, start="POST / HTTP/1.1", more=(), body=IDENTITY, length=True):
    """The bytes of a signed request."""
    lines = [start, f"Host: {server.authority}"]
    lines += [f"{name}: {value}" for name, value in signed(server).items() if name.lower() != "content-length"]
    lines += [f"Content-Length: {len(body)}"] if length else []
    return "\r\n".join([*lines, *more, "", ""]).encode() + body


def request_id(answer):
    """S3, which answers those who sign nothing, has a name of its own for it."""
    return answer.headers["x-amzn-requestid"] or answer.headers["x-amz-request-id"]


def test_every_answer_has_an_id_of_its_own_and_a_date(server):
    answers = [send(server, "POST", "/", signed(server), IDENTITY) for _ in range(20)]
    answers += [send(server, "GET", "/_cloudlet/health"), send(server, "GET", "/nowhere")]
    ids = {request_id(answer) for answer in answers}
    assert len(ids) == len(answers)
    assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", one) for one in ids)
    for answer in answers:
        email.utils.parsedate_to_datetime(answer.headers["date"])
        assert len(answer.headers.get_all("date")) == 1


def test_the_id_in_the_body_is_that_of_the_header(server):
    answer = send(server, "POST", "/", signed(server), IDENTITY)
    assert answer.xml().findtext(".//RequestId") == answer.headers["x-amzn-requestid"]


def test_the_date_is_that_of_the_advanced_clock(own_server):
    answer = own_server.advance(30 * 86_400)
    assert answer["advanced_seconds"] == 30 * 86_400
    date = email.utils.parsedate_to_datetime(send(own_server, "GET", "/_cloudlet/health").headers["date"])
    ahead = date.timestamp() - time.time()
    assert abs(ahead - 30 * 86_400) < 300


class TestClock:
    def test_web_pages_may_not_move_it(self, server):
        body = b'{"advance_seconds": 60}'
        headers = {"Origin": "http://example.com", "Content-Type": "text/plain"}
        assert send(server, "POST", "/_cloudlet/clock", headers, body).status == 403
        assert server.get("/_cloudlet/clock")["advanced_seconds"] == 0

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{}",
            b"[]",
            b'{"advance_seconds": -1}',
            b'{"advance_seconds": "60"}',
            b'{"advance_seconds": 1e400}',
            b'{"advance_seconds": 60, "other": 1}',
            b'{"advance_seconds": 18446744073709551615}',
            b"\xff",
        ],
    )
    def test_what_is_no_number_of_seconds(self, server, body):
        answer = send(server, "POST", "/_cloudlet/clock", {}, body)
        assert answer.status == 400
        assert answer.json()["message"]
        assert server.get("/_cloudlet/clock")["advanced_seconds"] == 0


class TestOwnPaths:
    def test_health(self, server):
        health = server.get("/_cloudlet/health")
        assert (health["status"], health["ephemeral"]) == ("running", False)
        assert health["services"].keys() >= {"sqs", "sts"}

    def test_localstack_shapes(self, server):
        health = server.get("/_localstack/health")
        assert health["services"]["sqs"] == "running"
        assert {"edition", "version"} <= health.keys()
        info = server.get("/_localstack/info")
        assert {"version", "edition", "session_id", "system", "uptime"} <= info.keys()

    @pytest.mark.parametrize("path", ["/_cloudlet/", "/_cloudlet/none", "/_localstack/x", "/_cloudlet/../health"])
    def test_unknown_ones(self, server, path):
        answer = send(server, "GET", path)
        assert answer.status == 404
        assert answer.json()["message"]

    def test_a_long_body_is_refused(self, server):
        assert send(server, "POST", "/_cloudlet/clock", {}, b" " * 70_000).status == 413


class TestConnections:
    def test_keep_alive(self, server):
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as peer:
            for _ in range(5):
                peer.sendall(request(server))
                assert read_answers(peer, 1) == [200]

    def test_pipelining(self, server):
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as peer:
            peer.sendall(request(server) * 5)
            assert read_answers(peer, 5) == [200] * 5

    def test_http_1_0(self, server):
        answer = raw(server, request(server, "POST / HTTP/1.0"), until_closed=True)
        assert answer.split(b"\r\n")[0] in (b"HTTP/1.0 200 OK", b"HTTP/1.1 200 OK")
        assert b"<Account>000000000000</Account>" in answer

    def test_close(self, server):
        answer = raw(server, request(server, more=["Connection: close"]), until_closed=True)
        assert answer.startswith(b"HTTP/1.1 200")

    def test_expect_100_continue(self, server):
        data = request(server, more=["Expect: 100-continue"])
        head, body = data[: -len(IDENTITY)], data[-len(IDENTITY) :]
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as peer:
            peer.sendall(head)
            assert peer.recv(1024).startswith(b"HTTP/1.1 100")
            peer.sendall(body)
            assert read_answers(peer, 1) == [200]

    def test_a_chunked_body(self, server):
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (IDENTITY[:7], IDENTITY[7:]))
        data = request(server, more=["Transfer-Encoding: chunked"], body=b"", length=False) + chunks + b"0\r\n\r\n"
        assert raw(server, data).status == 200

    def test_an_absolute_target(self, server):
        answer = raw(server, request(server, f"POST http://{server.authority}/ HTTP/1.1"))
        assert answer.status == 200

    def test_http_2_without_upgrade(self, server):
        connection = Http2(server)
        try:
            streams = [connection.send(server.authority, "POST", "/", signed(server), IDENTITY) for _ in range(20)]
            answers = connection.answers(streams)
        finally:
            connection.close()
        assert {answer.status for answer in answers} == {200}
        assert all(b"<Account>000000000000</Account>" in answer.body for answer in answers)
        assert len({answer.headers["x-amzn-requestid"] for answer in answers}) == 20

    def test_three_hundred_at_once(self, server):
        peers = [socket.create_connection(("127.0.0.1", server.port), timeout=30) for _ in range(300)]
        try:
            data = request(server)
            for peer in peers:
                peer.sendall(data)
            assert [read_answers(peer, 1) for peer in peers] == [[200]] * 300
        finally:
            for peer in peers:
                peer.close()

    def test_a_hundred_idle_and_slow_ones_are_in_nobodys_way(self, server):
        beginnings = [b"", b"POST", b"POST / HTTP/1.1\r\nHost: x\r\nX-", request(server)[:-5]]
        peers = []
        try:
            for n in range(100):
                peers.append(socket.create_connection(("127.0.0.1", server.port), timeout=30))
                peers[-1].sendall(beginnings[n % len(beginnings)])
            assert send(server, "POST", "/", signed(server), IDENTITY).status == 200
        finally:
            for peer in peers:
                peer.close()

    def test_a_peer_that_leaves_in_the_middle(self, server):
        for cut in (1, 20, 200, -5):
            with socket.create_connection(("127.0.0.1", server.port), timeout=30) as peer:
                peer.sendall(request(server)[:cut])
        assert send(server, "POST", "/", signed(server), IDENTITY).status == 200


def read_answers(peer, count):
    """The statuses of so many answers on one connection."""
    stream = peer.makefile("rb")
    statuses = []
    for _ in range(count):
        statuses.append(int(stream.readline().split()[1]))
        length = 0
        while (line := stream.readline()) not in (b"\r\n", b""):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        stream.read(length)
    stream.detach()
    return statuses


class TestLimits:
    @pytest.mark.parametrize("length", [66_000, 100_000, 10_000_000])
    def test_a_long_header(self, server, length):
        try:
            answer = send(server, "POST", "/", signed(server) | {"X-Long": "a" * length}, IDENTITY)
        except ConnectionError:
            # The connection was closed before all of it was sent, and the answer lost with it.
            return
        assert answer.status == 431

    def test_many_headers(self, server):
        more = {f"X-Many-{n}": "1" for n in range(500)}
        assert send(server, "POST", "/", signed(server) | more, IDENTITY).status == 431

    def test_headers_of_a_usual_size_are_fine(self, server):
        more = {f"X-Some-{n}": "a" * 500 for n in range(40)}
        assert send(server, "POST", "/", signed(server) | more, IDENTITY).status == 200

    def test_a_long_target(self, server):
        for length, expected in ((60_000, range(400, 500)), (65_600, (414, 431))):
            assert send(server, "GET", "/" + "a" * length).status in expected

    def test_an_announced_long_body(self, server):
        headers = signed(server) | {"Content-Length": str(10**12)}
        answer = send(server, "POST", "/", headers, b"")
        assert answer.status == 413

    @pytest.mark.parametrize("length", ["-1", "abc", "1, 2", "99999999999999999999999"])
    def test_a_length_that_is_none(self, server, length):
        data = request(server, length=False, more=[f"Content-Length: {length}"])
        assert raw(server, data).status == 400

    def test_two_ways_to_end_a_body(self, server):
        """Requests that proxies and servers may read differently."""
        chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(IDENTITY), IDENTITY)
        both = request(server, more=["Transfer-Encoding: chunked", "Connection: close"], body=b"")
        both = both.replace(b"Content-Length: 0", b"Content-Length: 3") + chunks
        received = raw(server, both, until_closed=True)
        assert received.count(b"HTTP/1.1 ") == 1
        assert received.startswith((b"HTTP/1.1 200", b"HTTP/1.1 400"))
        twice = request(server, more=["Content-Length: 3"])
        assert raw(server, twice).status == 400

    def test_chunks_that_are_none(self, server):
        data = request(server, more=["Transfer-Encoding: chunked"], body=b"", length=False) + b"no chunk\r\n"
        assert raw(server, data).status == 400


class TestMethods:
    def test_head_has_no_body(self, server):
        answer = send(server, "HEAD", "/_cloudlet/health")
        assert answer.body == b""
        assert answer.status < 500

    @pytest.mark.parametrize("method", ["OPTIONS", "DELETE", "PATCH", "TRACE", "PROPFIND", "X"])
    def test_others_are_client_errors(self, server, method):
        answer = send(server, method, "/")
        assert 400 <= answer.status < 500
        assert request_id(answer)

    def test_connect_is_no_tunnel(self, server):
        answer = raw(server, b"CONNECT example.com:80 HTTP/1.1\r\nHost: example.com:80\r\n\r\n")
        assert 400 <= answer.status < 500


# What S3 says to requests of nobody for what is not there.
UNSIGNED = (
    "AccessDenied",
    "InvalidBucketName",
    "InvalidRequest",
    "InvalidURI",
    "MethodNotAllowed",
    "MissingContentLength",
    "NoSuchBucket",
)


class TestNothingFallsThrough:
    """Requests for nothing that exists go to no other service."""

    def test_an_unknown_target(self, server):
        for target in ("AmazonSQS.Nothing", "Nothing.ListQueues", "ListQueues", "", "AmazonSQS.", ".", "AmazonSQS"):
            headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": target}
            answer = Client(server, Signer("sqs")).send(headers=headers, body=b"{}")
            assert (answer.status, answer.error_code()) == (400, "UnknownOperationException"), target

    def test_an_unknown_target_of_sqs_has_the_older_code(self, client):
        answer = client.json("Nothing", {})
        assert answer.headers["x-amzn-query-error"] == "InvalidAction;Sender"
        assert answer.json()["__type"] == "com.amazon.coral.service#UnknownOperationException"

    def test_an_unknown_action(self, server):
        for service, version in (("sqs", "2012-11-05"), ("sts", "2011-06-15"), ("ec2", "2016-11-15")):
            answer = Client(server, Signer(service)).form("Nothing", version=version)
            assert (answer.status, answer.error_code()) == (400, "InvalidAction")

    def test_an_unknown_version(self, server):
        answer = Client(server, Signer("sts")).form("GetCallerIdentity", version="1999-01-01")
        assert 400 <= answer.status < 500
        assert b"Account>" not in answer.body

    def test_an_action_of_another_service(self, server):
        answer = Client(server, Signer("sts")).form("ListQueues", version="2011-06-15")
        assert (answer.status, answer.error_code()) == (400, "InvalidAction")

    @pytest.mark.parametrize("path", ["/", "/bucket", "/bucket/key", "/2015-03-31/functions", "/v1/x", "//", "/%00"])
    def test_an_unsigned_path_shows_and_makes_nothing(self, server, path):
        """Only S3 is asked without a signature: by its errors, and by what is there afterwards."""
        for method in ("PUT", "POST", "DELETE", "GET"):
            answer = send(server, method, path)
            assert 400 <= answer.status < 500
            assert answer.error_code() in UNSIGNED
        assert Client(server, Signer("s3")).send("HEAD", "/bucket").status == 404

    def test_a_service_that_does_not_exist(self, server):
        answer = Client(server, Signer("nothing")).send("GET", "/")
        assert 400 <= answer.status < 500

    def test_an_unknown_path_of_a_service(self, server):
        answer = Client(server, Signer("lambda")).send("GET", "/2015-03-31/nothing")
        assert (answer.status, answer.error_code()) == (404, "UnknownOperationException")

    def test_an_unknown_sub_resource_creates_no_bucket(self, server):
        answer = Client(server, Signer("s3")).send("PUT", "/bucket?nothing")
        assert answer.status in (405, 501)

    def test_json_errors_are_json(self, server):
        answer = send(server, "POST", "/", {"Content-Type": "application/x-amz-json-1.1"}, b"{}")
        assert 400 <= answer.status < 500
        assert json.loads(answer.body)
