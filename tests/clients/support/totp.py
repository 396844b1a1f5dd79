"""Codes of MFA devices (RFC 6238), computed here once more."""

import base64
import hashlib
import hmac
import struct

STEP_S = 30


def code(seed, step):
    """The six digits of a time step; the seed is in base 32, as the API gives it."""
    key = base64.b32decode(seed + b"=" * (-len(seed) % 8))
    digest = hmac.new(key, struct.pack(">q", step), hashlib.sha1).digest()
    at = digest[-1] & 15
    number = struct.unpack(">I", digest[at : at + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"
