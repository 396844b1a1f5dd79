"""Bodies in chunks that are signed one by one, or end in a checksum: the framing called aws-chunked."""

import hashlib
import hmac

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from support.http import send

SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


class Seed(S3SigV4Auth):
    """Signs the head, which says how the body is framed."""

    def __init__(self, signer, framing):
        super().__init__(Credentials(signer.key, signer.secret, signer.token), "s3", signer.region)
        self.framing = framing

    def payload(self, request):
        return self.framing


class Chain:
    """The signatures of chunks, each of which signs the one before it."""

    def __init__(self, signer, head):
        self.date = head["X-Amz-Date"]
        self.last = head["Authorization"].rsplit("=", 1)[1]
        self.scope = f"{self.date[:8]}/{signer.region}/s3/aws4_request"
        self.key = f"AWS4{signer.secret}".encode()
        for part in self.scope.split("/"):
            self.key = hmac.digest(self.key, part.encode(), "sha256")

    def sign(self, kind, *contents):
        digests = [hashlib.sha256(content).hexdigest() for content in contents]
        text = "\n".join([f"AWS4-HMAC-SHA256-{kind}", self.date, self.scope, self.last, *digests])
        self.last = hmac.new(self.key, text.encode(), "sha256").hexdigest()
        return self.last


def framed(chunks, chain=None, trailer=None):
    """The body as it is sent: with signatures if there is a chain, with a trailer if there is one."""
    body = b""
    for chunk in [*chunks, b""]:
        body += b"%x" % len(chunk)
        if chain:
            body += f";chunk-signature={chain.sign('PAYLOAD', b'', chunk)}".encode()
        body += b"\r\n" + chunk + (b"\r\n" if chunk else b"")
    if trailer:
        body += ":".join(trailer).encode() + b"\r\n"
        if chain:
            signature = chain.sign("TRAILER", (":".join(trailer) + "\n").encode())
            body += f"x-amz-trailer-signature:{signature}\r\n".encode()
    return body + b"\r\n"


def put(server, signer, target, chunks, framing, *, trailer=None, headers=None, length=None, spoil=lambda body: body):
    """Puts an object in chunks. `spoil` changes what is sent after all of it was signed."""
    length = sum(map(len, chunks)) if length is None else length
    given = {"Host": server.authority, "Content-Encoding": "aws-chunked", "X-Amz-Decoded-Content-Length": str(length)}
    if trailer:
        given["X-Amz-Trailer"] = trailer[0]
    request = AWSRequest(method="PUT", url=server.url + target, headers=given | (headers or {}), data=b"")
    Seed(signer, framing).add_auth(request)
    head = dict(request.headers.items())
    chain = None if framing == UNSIGNED_TRAILER else Chain(signer, head)
    return send(server, "PUT", target, head, spoil(framed(chunks, chain, trailer)))
