"""Requests exactly as given, signed or not, and their answers."""

import datetime
import http.client
import json
import socket
import urllib.parse
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from unittest import mock

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

PATIENCE_S = 30


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self):
        return json.loads(self.body)

    def xml(self):
        """The body as a tree, without namespaces."""
        root = ElementTree.fromstring(self.body)
        for element in root.iter():
            element.tag = element.tag.rsplit("}", 1)[-1]
        return root

    def error_code(self):
        """The code, wherever the protocol of the answer has it."""
        kind = (self.headers.get("content-type") or "").split(";")[0]
        if kind == "application/cbor":
            return cbor_text(self.body, "__type").rsplit("#", 1)[-1]
        if "xml" in kind:
            return self.xml().findtext(".//Code")
        document = self.json()
        named = document.get("__type") or self.headers.get("x-amzn-errortype")
        return named.rsplit("#", 1)[-1].split(":")[0]

    def error_message(self):
        kind = (self.headers.get("content-type") or "").split(";")[0]
        if kind == "application/cbor":
            return cbor_text(self.body, "message")
        if "xml" in kind:
            return self.xml().findtext(".//Message")
        document = self.json()
        return document.get("message", document.get("Message"))


def cbor_text(body, key):
    """The text at `key` of a CBOR map of texts."""
    at, values = 0, {}

    def text():
        nonlocal at
        head = body[at]
        assert head >> 5 == 3, f"no text at {at} of {body!r}"
        at += 1
        length = head & 31
        if length >= 24:
            width = 1 << (length - 24)
            length = int.from_bytes(body[at : at + width], "big")
            at += width
        at += length
        return body[at - length : at].decode()

    head = body[0]
    assert head >> 5 == 5, f"no map: {body!r}"
    at = 1
    pairs = head & 31
    while at < len(body) and body[at] != 0xFF and (pairs == 31 or len(values) < pairs):
        name = text()
        values[name] = text()
    return values[key]


def send(server, method, target, headers=(), body=b""):
    """Sends a request with these headers and no others but Host and Content-Length, if those are missing."""
    headers = list(headers.items()) if isinstance(headers, dict) else list(headers)
    names = {name.lower() for name, _ in headers}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        if "host" not in names:
            connection.putheader("Host", server.authority)
        if "content-length" not in names and (body or method in ("POST", "PUT")):
            connection.putheader("Content-Length", str(len(body)))
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders(body or None)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


def raw(server, data, *, until_closed=False):
    """Sends bytes and gives the bytes that come back until the peer closes or, usually, until an answer is whole."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as peer:
        peer.sendall(data)
        if not until_closed:
            answer = http.client.HTTPResponse(peer)
            answer.begin()
            return Answer(answer.status, answer.headers, answer.read())
        received = b""
        while piece := peer.recv(65536):
            received += piece
        return received


@dataclass
class Signer:
    """Who signs, for what, and when."""

    service: str = "sqs"
    key: str = "test"
    secret: str = "test"
    token: str | None = None
    region: str = "us-east-1"
    at: datetime.datetime | None = None
    expires: int = 300

    def _auth(self, presign):
        credentials = Credentials(self.key, self.secret, self.token)
        if presign:
            kind = S3SigV4QueryAuth if self.service == "s3" else SigV4QueryAuth
            return kind(credentials, self.service, self.region, expires=self.expires)
        kind = S3SigV4Auth if self.service == "s3" else SigV4Auth
        return kind(credentials, self.service, self.region)

    def _add(self, request, presign):
        auth = self._auth(presign)
        if self.at is None:
            auth.add_auth(request)
        else:
            with mock.patch("botocore.auth.get_current_datetime", lambda *_, **__: self.at):
                auth.add_auth(request)
        return request

    def headers(self, method, url, headers=None, body=b""):
        """The headers of a signed request."""
        request = AWSRequest(method=method, url=url, headers=dict(headers or {}), data=body)
        return dict(self._add(request, presign=False).headers.items())

    def presign(self, method, url):
        """The path and query of a presigned request."""
        request = self._add(AWSRequest(method=method, url=url), presign=True)
        parts = urllib.parse.urlsplit(request.url)
        return f"{parts.path or '/'}?{parts.query}"


@dataclass
class Client:
    """Sends signed requests to one server."""

    server: object
    signer: Signer = field(default_factory=Signer)

    def send(self, method="POST", target="/", headers=None, body=b""):
        body = body.encode() if isinstance(body, str) else body
        host = (headers or {}).get("Host", self.server.authority)
        signed = self.signer.headers(method, f"http://{host}{target}", headers, body)
        return send(self.server, method, target, signed, body)

    def json(self, operation, document, *, path="/"):
        """An SQS request in the JSON protocol; `document` is text as it is, or what becomes JSON."""
        body = document if isinstance(document, str | bytes) else json.dumps(document)
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"AmazonSQS.{operation}"}
        return self.send("POST", path, headers, body)

    def form(self, action, parameters=None, *, path="/", version="2012-11-05", headers=None):
        """A request in the query protocol, by POST."""
        fields = {"Action": action, "Version": version} | (parameters or {})
        headers = {"Content-Type": "application/x-www-form-urlencoded"} | (headers or {})
        return self.send("POST", path, headers, urllib.parse.urlencode(fields))

    def get(self, action, parameters=None, *, path="/", version="2012-11-05", headers=None):
        """A request in the query protocol, by GET."""
        fields = {"Action": action, "Version": version} | (parameters or {})
        return self.send("GET", f"{path}?{urllib.parse.urlencode(fields, quote_via=urllib.parse.quote)}", headers)
