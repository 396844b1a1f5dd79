"""As long, and in as many parts, as S3 takes; and what is beyond that."""

import http.client
import itertools
import threading

import pytest

from support.http import PATIENCE_S, Signer, raw
from support.s3 import PART_MIN, bucket, complete, error, etag, keys, s3, upload

GIB = 1 << 30
PARTS_MAX = 10_000
SENDERS = 4


@pytest.mark.parametrize("expecting", [True, False])
def test_longer_than_a_request_may_be(account, expecting):
    """Refused by the head alone: not a byte of the body is sent."""
    name = bucket(account)
    of = upload(account, name)
    signer = Signer("s3", key=account.key)
    expect = ["Expect: 100-continue"] if expecting else []
    for target in ("key", f"{of['Key']}?partNumber=1&uploadId={of['UploadId']}"):
        target = signer.presign("PUT", f"{account.server.url}/{name}/{target}")
        length = f"Content-Length: {5 * GIB + 1}"
        lines = [f"PUT {target} HTTP/1.1", f"Host: {account.server.authority}", length, *expect, "", ""]
        answer = raw(account.server, "\r\n".join(lines).encode())
        assert (answer.status, answer.error_code()) == (400, "EntityTooLarge")
        assert answer.xml().findtext("MaxSizeAllowed") in (None, str(5 * GIB))
    assert keys(account, name) == []


def put_parts(account, of, numbers, failures):
    """Puts parts of a byte each on one connection, until there are no numbers left."""
    server, signer = account.server, Signer("s3", key=account.key)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
    for number in numbers:
        target = f"/{of['Bucket']}/{of['Key']}?partNumber={number}&uploadId={of['UploadId']}"
        headers = signer.headers("PUT", f"{server.url}{target}", body=b"x")
        connection.request("PUT", target, b"x", headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            failures.append((number, answer.status))
            return
    connection.close()


@pytest.mark.timeout(200)
def test_as_many_parts_as_there_can_be(own):
    """Most are of a byte, so that the object has only some of them: 10,000 that are long enough would be 50 GiB."""
    name = bucket(own)
    of = upload(own, name)
    # One after the other, whoever asks: an iterator is not to be shared otherwise.
    lock, count, failures = threading.Lock(), itertools.count(1), []

    def numbers():
        while True:
            with lock:
                number = next(count)
            if number > PARTS_MAX:
                return
            yield number

    threads = [threading.Thread(target=put_parts, args=(own, of, numbers(), failures)) for _ in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    refused = error(s3(own).upload_part, **of, PartNumber=PARTS_MAX + 1, Body=b"x")
    assert refused["Error"]["Code"] == "InvalidArgument"

    pages = list(s3(own).get_paginator("list_parts").paginate(**of))
    assert [len(page["Parts"]) for page in pages] == [1_000] * 10
    listed = [part for page in pages for part in page["Parts"]]
    assert [part["PartNumber"] for part in listed] == list(range(1, PARTS_MAX + 1))
    everything = [{"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in listed]
    assert {part["ETag"] for part in everything} == {etag(b"x")}
    small = error(s3(own).complete_multipart_upload, **of, MultipartUpload={"Parts": everything})
    assert (small["Error"]["Code"], small["Error"]["PartNumber"]) == ("EntityTooSmall", "1")

    first, middle = bytes(PART_MIN), bytes([1]) * (PART_MIN + 1)
    long = [
        s3(own).upload_part(**of, PartNumber=number, Body=body) | {"PartNumber": number}
        for number, body in ((1, first), (5_000, middle))
    ]
    named = [{"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in long]
    complete(own, of, [*named, everything[-1]])
    whole = first + middle + b"x"
    place = {"Bucket": name, "Key": of["Key"]}
    head = s3(own).head_object(**place, PartNumber=PARTS_MAX)
    assert (head["ContentLength"], head["PartsCount"]) == (1, 3)
    assert s3(own).get_object(**place, PartNumber=5_000)["Body"].read() == middle
    size = len(whole)
    for begin, end in ((size - 3, size + 10), (size - 1, size - 1), (PART_MIN - 1, PART_MIN), (0, size - 1)):
        found = s3(own).get_object(**place, Range=f"bytes={begin}-{end}")
        assert found["ContentRange"] == f"bytes {begin}-{min(end, size - 1)}/{size}"
        assert found["Body"].read() == whole[begin : end + 1]
    assert s3(own).get_object(**place, Range="bytes=-2")["Body"].read() == whole[-2:]
    beyond = error(s3(own).get_object, **place, Range=f"bytes={size}-")
    assert beyond["Error"]["Code"] == "InvalidRange"
