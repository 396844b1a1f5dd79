"""Who is let in, and how each protocol says no."""

import datetime
import json

import pytest

from support.aws import make_client
from support.http import Client, Signer, send
from support.server import run
from support.services import SERVICES

SIGNED = "AWS4-HMAC-SHA256 "


@pytest.fixture(params=SERVICES)
def service(request):
    return SERVICES[request.param]


def headers(server, service, body=None, **signer):
    """The headers of the service's request, signed for `body` or its own."""
    authority = f"{service.host}localhost:{server.port}" if service.host else server.authority
    body = service.body if body is None else body
    given = {**service.headers, "Host": authority}
    signer = Signer(service.signing, **signer)
    return signer.headers(service.method, f"http://{authority}{service.target}", given, body)


def ask(server, service, signed):
    return send(server, service.method, service.target, signed, service.body)


def outcome(answer, service):
    """Status and code; and whatever else the protocol has in an error has to be there."""
    assert answer.error_message()
    assert answer.headers[service.id_header]
    for name, value in service.protocol_headers.items():
        assert answer.headers[name] == value
    if service.signing == "s3":
        document = answer.xml()
        assert document.findtext("RequestId") == answer.headers["x-amz-request-id"]
        assert document.findtext("HostId") == answer.headers["x-amz-id-2"]
    return answer.status, answer.error_code()


def assert_let_in(answer, service):
    if service.unavailable:
        assert outcome(answer, service) == (501, "NotImplemented")
        assert service.unavailable in answer.error_message()
    else:
        assert answer.status == 200, answer.body


def test_a_right_signature_is_let_in(server, service):
    assert_let_in(ask(server, service, headers(server, service)), service)


def test_a_session_token_with_a_local_key_is_let_in(server, service):
    """Tools send made-up tokens along; they are signed and otherwise of no account."""
    assert_let_in(ask(server, service, headers(server, service, token="made-up")), service)


def test_a_wrong_secret(server, service):
    answer = ask(server, service, headers(server, service, secret="guess"))
    assert outcome(answer, service) == service.mismatch


@pytest.mark.parametrize("key", ["AKIAIOSFODNN7EXAMPLE", "1234", "TEST", "12345678901x"])
def test_an_unknown_key(server, service, key):
    assert outcome(ask(server, service, headers(server, service, key=key)), service) == service.unknown_key


def test_no_signature(server, service):
    unsigned = headers(server, service)
    del unsigned["Authorization"]
    assert outcome(ask(server, service, unsigned), service) == service.missing


@pytest.mark.parametrize("rest", ["Credential=test/20260101/us-east-1", "nonsense", ""])
def test_a_header_that_is_no_signature(server, service, rest):
    broken = headers(server, service) | {"Authorization": SIGNED + rest}
    status, code = outcome(ask(server, service, broken), service)
    assert status in (400, 403)
    # Routing without a readable scope is by host, action or target: those all name the service here.
    assert (status, code) == service.malformed


@pytest.mark.parametrize("scheme", ["Basic dGVzdDp0ZXN0", "Bearer test", "AWS test:c2lnbmF0dXJl"])
def test_another_scheme_lets_nobody_in(server, service, scheme):
    answer = ask(server, service, headers(server, service) | {"Authorization": scheme})
    assert 400 <= answer.status < 500
    assert answer.error_code()


@pytest.mark.parametrize("hours", [-1, 1, -24 * 400])
def test_a_skewed_date(server, service, hours):
    at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=hours)
    assert outcome(ask(server, service, headers(server, service, at=at)), service) == service.skewed


def test_a_tampered_body(server, service):
    signed = headers(server, service, body=service.body + b"x")
    signed.pop("Content-Length", None)
    assert outcome(ask(server, service, signed), service) == service.tampered


def test_a_tampered_header(server, service):
    signed = headers(server, service)
    signed["X-Amz-Date"] = signed["X-Amz-Date"][:-2] + ("1Z" if signed["X-Amz-Date"][-2] != "1" else "2Z")
    status, _ = outcome(ask(server, service, signed), service)
    assert status == service.mismatch[0]


def test_a_signature_for_another_service(server):
    """A request for SQS that is signed for STS, and the other way round."""
    sqs, sts = SERVICES["sqs json"], SERVICES["sts query"]
    for service, other in ((sqs, "sts"), (sts, "sqs")):
        signed = Signer(other).headers(service.method, server.url + "/", service.headers, service.body)
        answer = send(server, service.method, service.target, signed, service.body)
        assert 400 <= answer.status < 500, answer.body


@pytest.mark.parametrize("name", [name for name, service in SERVICES.items() if service.presigned])
class TestPresigned:
    def presign(self, server, service, **signer):
        authority = f"{service.host}localhost:{server.port}" if service.host else server.authority
        target = Signer(service.signing, **signer).presign("GET", f"http://{authority}{service.presigned}")
        return send(server, "GET", target, {"Host": authority})

    def test_in_time(self, server, name):
        assert_let_in(self.presign(server, SERVICES[name]), SERVICES[name])

    def test_with_a_token(self, server, name):
        assert_let_in(self.presign(server, SERVICES[name], token="made-up"), SERVICES[name])

    def test_expired(self, server, name):
        # STS takes no notice of Expires: requests to it are good for a quarter of an hour.
        at = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=16)
        answer = self.presign(server, SERVICES[name], at=at, expires=300)
        assert outcome(answer, SERVICES[name]) == SERVICES[name].expired

    def test_wrong_secret(self, server, name):
        answer = self.presign(server, SERVICES[name], secret="guess")
        assert outcome(answer, SERVICES[name]) == SERVICES[name].mismatch


def test_errors_of_sqs_in_json_have_both_codes(server):
    service = SERVICES["sqs json"]
    cases = {
        "AccessDenied": {},
        "InvalidClientTokenId": headers(server, service, key="nobody"),
        "SignatureDoesNotMatch": headers(server, service, secret="guess"),
        "IncompleteSignature": {"Authorization": SIGNED + "Credential=x"},
    }
    for code, signed in cases.items():
        answer = ask(server, service, {**service.headers, **signed})
        assert answer.headers["x-amzn-query-error"] == f"{code};Sender"
        assert answer.json()["__type"].startswith("com.amazon.coral.service#")


def test_errors_as_boto3_sees_them(server):
    cases = [({"secret": "guess"}, "SignatureDoesNotMatch"), ({"key": "nobody"}, "InvalidClientTokenId")]
    for options, code in cases:
        for service, ask_it in (("sqs", "list_queues"), ("sts", "get_caller_identity")):
            client = make_client(server, service=service, **options)
            with pytest.raises(client.exceptions.ClientError) as caught:
                getattr(client, ask_it)()
            assert caught.value.response["Error"]["Code"] == code
            assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_no_answer_contains_a_secret_or_the_right_signature(server):
    """Except that of the string to sign, which the caller could make himself."""
    right = headers(server, SERVICES["sts query"])
    signature = right["Authorization"].rsplit("=", 1)[1]
    wrong = right["Authorization"].replace(signature, "0" * 64)
    answer = ask(server, SERVICES["sts query"], right | {"Authorization": wrong})
    assert answer.status == 403
    assert signature.encode() not in answer.body


def test_after_the_clock_was_advanced_both_times_are_good(own_server):
    """Clients sign by their own clock; some correct it by the server's Date."""
    own_server.advance(30 * 86_400)
    now = datetime.datetime.now(datetime.UTC)
    sts = SERVICES["sts query"]
    for at in (now, now + datetime.timedelta(days=30)):
        assert ask(own_server, sts, headers(own_server, sts, at=at)).status == 200
    between = now + datetime.timedelta(days=15)
    assert outcome(ask(own_server, sts, headers(own_server, sts, at=between)), sts) == sts.skewed
    assert make_client(own_server, service="sts").get_caller_identity()["Account"] == "000000000000"


def test_regions_that_are_none(server):
    for region in ("US-EAST-1", "us east", "a" * 33):
        signed = headers(server, SERVICES["sts query"], region=region)
        answer = ask(server, SERVICES["sts query"], signed)
        assert 400 <= answer.status < 500
        assert answer.error_code() in ("SignatureDoesNotMatch", "IncompleteSignature")


def test_a_listener_for_others_knows_no_well_known_key(new_server, tmp_path):
    """On 0.0.0.0 `test` is nobody; a key made beforehand is somebody."""
    data = tmp_path / "data"
    made = run("key", "--data", data, "--account", "437064342167", "--output", "json")
    assert made.returncode == 0, made.stderr
    key = json.loads(made.stdout)
    server = new_server(data=data, host="0.0.0.0").start()
    assert "administrator" not in server.ready
    with_key = make_client(server, key["access_key_id"], "sts", secret=key["secret_access_key"])
    assert with_key.get_caller_identity()["Account"] == "437064342167"
    for local in ("test", "437064342167"):
        client = make_client(server, local, "sts")
        with pytest.raises(client.exceptions.ClientError) as caught:
            client.get_caller_identity()
        assert caught.value.response["Error"]["Code"] == "InvalidClientTokenId"


def test_the_first_start_for_others_makes_an_administrator_once(new_server, tmp_path):
    data = tmp_path / "data"
    server = new_server(data=data, host="0.0.0.0").start()
    made = server.ready["administrator"]
    client = make_client(server, made["access_key_id"], "iam", secret=made["secret_access_key"])
    assert client.get_user()["User"]["UserName"] == made["user"] == "administrator"
    assert made["secret_access_key"] not in server.log_text()
    assert server.terminate() == 0
    again = new_server(data=data, host="0.0.0.0").start()
    assert "administrator" not in again.ready
    client = make_client(again, made["access_key_id"], "sts", secret=made["secret_access_key"])
    assert client.get_caller_identity()["Arn"] == "arn:aws:iam::000000000000:user/administrator"


def test_keys_of_the_configuration_file(new_server, tmp_path):
    """They are root users of their accounts, on loopback, for whoever is no page of another site."""
    key, secret, number = "0555b35654ad1656d804", "a+secret/of=their-own", "111122223333"
    file = tmp_path / "cloudlet.toml"
    entry = f'[[credential]]\naccess_key = "{key}"\nsecret_key = "{secret}"\naccount = "{number}"\n'
    file.write_text(entry + 'canonical_id = "testid"\n')
    server = new_server(CLOUDLET_CONFIG=str(file)).start()
    caller = make_client(server, key, "sts", secret=secret).get_caller_identity()
    assert caller["Arn"] == f"arn:aws:iam::{number}:root"
    url = make_client(server, key, secret=secret).create_queue(QueueName="theirs")["QueueUrl"]
    assert make_client(server, number).list_queues()["QueueUrls"] == [url]
    wrong = make_client(server, key, "sts")
    with pytest.raises(wrong.exceptions.ClientError) as caught:
        wrong.get_caller_identity()
    assert caught.value.response["Error"]["Code"] == "SignatureDoesNotMatch"
    sts = SERVICES["sts query"]
    signed = headers(server, sts, key=key, secret=secret)
    assert ask(server, sts, signed).status == 200
    assert outcome(ask(server, sts, signed | {"Origin": "https://example.com"}), sts) == sts.unknown_key
    assert secret not in server.log_text()
    assert server.terminate() == 0

    environment = {"CLOUDLET_CONFIG": str(file)}
    data = ("--data", server.data)
    beyond = run("up", *data, "--listen", "0.0.0.0:0", **environment)
    assert beyond.returncode == 1
    assert "0.0.0.0:0" in beyond.stderr
    assert "loopback" in beyond.stderr
    file.write_text(entry + entry)
    twice = run("up", *data, "--listen", "127.0.0.1:0", **environment)
    assert twice.returncode == 1
    assert f"credential 2 ({key})" in twice.stderr
    assert secret not in beyond.stderr + beyond.stdout + twice.stderr + twice.stdout


def test_requests_of_different_accounts_are_kept_apart(server):
    for number in ("111111111111", "222222222222"):
        answer = Client(server, Signer("sts", key=number)).form("GetCallerIdentity", version="2011-06-15")
        assert answer.xml().findtext(".//Account") == number
