"""The digests SQS gives, computed here once more."""

import hashlib
import struct


def of_text(text):
    return hashlib.md5(text.encode()).hexdigest()


def of_attributes(attributes):
    """The digest of message attributes: names in order, each part after its length."""

    def part(data):
        data = data.encode() if isinstance(data, str) else data
        return struct.pack(">I", len(data)) + data

    whole = b""
    for name in sorted(attributes, key=str.encode):
        value = attributes[name]
        binary = value["DataType"].startswith("Binary")
        whole += part(name) + part(value["DataType"])
        whole += (b"\x02" + part(value["BinaryValue"])) if binary else (b"\x01" + part(value["StringValue"]))
    return hashlib.md5(whole).hexdigest()
