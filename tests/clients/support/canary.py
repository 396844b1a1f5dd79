"""Finds a secret that got out, in any of the forms in which secrets get out."""

import base64
import json


def forms(secret):
    """The secret as it is, in hexadecimal, in base64 at each of the three places it can have there, and as programs
    print bytes."""
    secret = secret.encode() if isinstance(secret, str) else secret
    found = {"plain": secret, "hex": secret.hex().encode(), "HEX": secret.hex().upper().encode()}
    found["numbers"] = ", ".join(str(byte) for byte in secret).encode()
    found["hex numbers"] = ", ".join(f"{byte:#04x}" for byte in secret).encode()
    found["UTF-16"] = b"".join(bytes([byte, 0]) for byte in secret)
    found["quoted"] = json.dumps(secret.decode("latin-1"))[1:-1].encode()
    found["backwards"] = secret[::-1]
    for shift in range(3):
        for kind, encode in (("base64", base64.b64encode), ("base64url", base64.urlsafe_b64encode)):
            # The characters in which bits of what stands before or after take part are left out.
            whole = encode(b"\0" * shift + secret).rstrip(b"=")
            start = -(-shift * 8 // 6)
            end = (shift + len(secret)) * 8 // 6
            found[f"{kind} at {shift}"] = whole[start:end]
    return found


def leaks(secrets, places):
    """Which secret is where, in which form: `secrets` and `places` are named. Nothing of the secret is said."""
    return [
        f"{secret} in {place} ({form})"
        for secret, value in secrets.items()
        for form, wanted in forms(value).items()
        for place, content in places.items()
        if wanted in content
    ]


def files(directory):
    """The bytes of every file below a directory, by name."""
    return {str(path): path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file()}
