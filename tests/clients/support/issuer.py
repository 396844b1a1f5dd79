"""An OpenID Connect issuer on a loopback address, with a key of its own."""

import base64
import http.server
import json
import threading
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

KID = "one"


def encoded(value):
    """JSON or bytes as tokens have them."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def number(value):
    return encoded(value.to_bytes((value.bit_length() + 7) // 8, "big"))


class Issuer:
    """Publishes its key as long as it is used as a context."""

    def __init__(self):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.name = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://{self.name}"

    def handler(self):
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802
                pages = {"/.well-known/openid-configuration": issuer.configuration, "/keys": issuer.keys}
                page = pages.get(self.path)
                body = json.dumps(page()).encode() if page else b""
                self.send_response(200 if page else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        return Handler

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def configuration(self):
        return {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}

    def keys(self):
        public = self.key.public_key().public_numbers()
        return {"keys": [{"kty": "RSA", "kid": KID, "use": "sig", "n": number(public.n), "e": number(public.e)}]}

    def claims(self, **more):
        """Those of a token of GitHub's workflows."""
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": "sts.amazonaws.com",
            "sub": "repo:octo/app:ref:refs/heads/main",
            "ref": "refs/heads/main",
            "repository": "octo/app",
            "iat": now,
            "exp": now + 300,
        }
        return claims | more

    def token(self, key=None, header=None, **more):
        """A token, signed by this issuer's key unless told otherwise."""
        header = header or {"alg": "RS256", "kid": KID, "typ": "JWT"}
        message = f"{encoded(header)}.{encoded(self.claims(**more))}"
        signature = (key or self.key).sign(message.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{message}.{encoded(signature)}"
