"""Where S3 does what one would not guess, with buckets and objects, seen through a stock client."""

import threading

import pytest
from botocore.exceptions import ClientError

from support.aws import make_client
from support.http import Client, Signer
from support.s3 import LONG, PART_MIN, bucket, code, complete, error, etag, keys, parts, put, read, s3, upload
from support.s3 import sha256, versioned

# The checksum of b"abcdef" that is computed for those who send none.
CRC64NVME_OF_ABCDEF = "Pact6XRTYyA="


@pytest.fixture
def wire(account):
    """Hand-made requests of the same account."""
    return Client(account.server, Signer("s3", key=account.key))


def status(function, **parameters):
    """The status and the code of a refusal."""
    refused = error(function, **parameters)
    return refused["ResponseMetadata"]["HTTPStatusCode"], refused["Error"]["Code"]


def checksums(answer):
    """The headers of an answer that are checksums."""
    found = {name.lower(): value for name, value in answer.headers.items()}
    return {name: value for name, value in found.items() if name.startswith("x-amz-checksum-")}


class TestBuckets:
    def test_to_make_ones_own_bucket_again_succeeds_in_us_east_1_alone(self, account):
        name = bucket(account)
        assert s3(account).create_bucket(Bucket=name)["ResponseMetadata"]["HTTPStatusCode"] == 200
        there = make_client(account.server, account.key, "s3", region="eu-west-1")
        wanted = {"Bucket": account.name("bucket")}
        wanted["CreateBucketConfiguration"] = {"LocationConstraint": "eu-west-1"}
        there.create_bucket(**wanted)
        assert status(there.create_bucket, **wanted) == (409, "BucketAlreadyOwnedByYou")

    def test_outside_us_east_1_a_bucket_says_its_region(self, account):
        there = make_client(account.server, account.key, "s3", region="eu-west-1")
        unsaid = status(there.create_bucket, Bucket=account.name("bucket"))
        assert unsaid == (400, "IllegalLocationConstraintException")

    def test_answers_without_a_body_have_the_status_and_type_of_the_real_ones(self, account):
        name = bucket(account)
        put = s3(account).put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "a", "Value": "1"}]})
        assert put["ResponseMetadata"]["HTTPStatusCode"] == 204
        head = s3(account).head_bucket(Bucket=name)["ResponseMetadata"]
        assert head["HTTPHeaders"]["content-type"] == "application/xml"

    def test_to_make_it_again_with_tags_fails_even_there(self, account):
        tags = [{"Key": "team", "Value": "blue"}]
        wanted = {"Bucket": account.name("bucket"), "CreateBucketConfiguration": {"Tags": tags}}
        s3(account).create_bucket(**wanted)
        assert status(s3(account).create_bucket, **wanted) == (409, "BucketAlreadyOwnedByYou")
        wanted["CreateBucketConfiguration"] = {"Tags": [{"Key": "team", "Value": "red"}]}
        assert status(s3(account).create_bucket, **wanted) == (409, "BucketAlreadyOwnedByYou")
        assert s3(account).get_bucket_tagging(Bucket=wanted["Bucket"])["TagSet"] == tags

    def test_the_location_of_us_east_1_is_an_empty_element(self, account, wire):
        answer = wire.send("GET", f"/{bucket(account)}?location")
        root = answer.xml()
        assert (root.tag, root.text, len(root)) == ("LocationConstraint", None, 0)

    def test_a_fresh_bucket_encrypts_and_deleting_that_brings_it_back(self, account):
        name = bucket(account)
        for _ in range(3):
            found = s3(account).get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]
            assert found["Rules"][0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
            s3(account).delete_bucket_encryption(Bucket=name)

    def test_a_bucket_of_delete_markers_is_not_empty_and_says_what_to_do(self, account):
        name = versioned(account)
        marker = s3(account).delete_object(Bucket=name, Key="key")["VersionId"]
        refused = error(s3(account).delete_bucket, Bucket=name)["Error"]
        assert refused["Code"] == "BucketNotEmpty"
        text = "The bucket you tried to delete is not empty. You must delete all versions in the bucket."
        assert refused["Message"] == text
        s3(account).delete_object(Bucket=name, Key="key", VersionId=marker)
        s3(account).delete_bucket(Bucket=name)


class TestConditions:
    def test_if_none_match_takes_the_star_alone(self, account):
        name = bucket(account)
        wanted = {"Bucket": name, "Key": "key", "Body": b"text"}
        s3(account).put_object(**wanted, IfNoneMatch="*")
        refused = error(s3(account).put_object, **wanted, IfNoneMatch="*")
        assert refused["ResponseMetadata"]["HTTPStatusCode"] == 412
        assert (refused["Error"]["Code"], refused["Error"]["Condition"]) == ("PreconditionFailed", "If-None-Match")
        refused = error(s3(account).put_object, **wanted, IfNoneMatch=etag(b"text"))
        assert refused["ResponseMetadata"]["HTTPStatusCode"] == 501
        assert refused["Error"] == {
            "Code": "NotImplemented",
            "Message": "A header you provided implies functionality that is not implemented",
            "Header": "If-None-Match",
            "additionalMessage": "We don't accept the provided value of If-None-Match header for this API",
        }

    def test_if_match_of_nothing_is_not_found(self, account):
        wanted = {"Bucket": bucket(account), "Key": "key", "Body": b"text", "IfMatch": etag(b"text")}
        assert status(s3(account).put_object, **wanted) == (404, "NoSuchKey")

    def test_an_upload_during_which_the_object_was_deleted_starts_again(self, account):
        name = bucket(account)
        of = upload(account, name)
        made = parts(account, of, b"text")
        put(account, name)
        s3(account).delete_object(Bucket=name, Key="key")
        done = {**of, "MultipartUpload": {"Parts": made}, "IfNoneMatch": "*"}
        assert status(s3(account).complete_multipart_upload, **done) == (409, "ConditionalRequestConflict")
        of = upload(account, name)
        complete(account, of, parts(account, of, b"again"), IfNoneMatch="*")
        assert read(account, name) == b"again"

    def test_of_many_at_once_one_succeeds(self, account):
        name, outcomes = bucket(account), []
        start = threading.Barrier(8)

        def write(number):
            client = make_client(account.server, account.key, "s3")
            start.wait()
            for key in "abcde":
                try:
                    client.put_object(Bucket=name, Key=key, Body=LONG + bytes([number]), IfNoneMatch="*")
                    outcomes.append((key, number))
                except ClientError as refused:
                    assert refused.response["Error"]["Code"] in ("PreconditionFailed", "ConditionalRequestConflict")

        threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert sorted(key for key, _ in outcomes) == list("abcde")
        for key, number in outcomes:
            assert read(account, name, key) == LONG + bytes([number])

    @pytest.mark.parametrize("tag", [etag(b"text"), "*"])
    def test_to_delete_what_is_absent_on_a_condition_fails(self, account, tag):
        gone = status(s3(account).delete_object, Bucket=bucket(account), Key="none", IfMatch=tag)
        assert gone == (404, "NoSuchKey")


class TestChecksums:
    def test_who_sends_none_gets_crc64nvme(self, account, wire):
        name = bucket(account)
        expected = {"x-amz-checksum-crc64nvme": CRC64NVME_OF_ABCDEF, "x-amz-checksum-type": "FULL_OBJECT"}
        assert checksums(wire.send("PUT", f"/{name}/key", {}, b"abcdef")) == expected
        assert checksums(wire.send("HEAD", f"/{name}/key", {"x-amz-checksum-mode": "ENABLED"})) == expected

    def test_the_sdks_header_alone_is_no_checksum(self, account, wire):
        name = bucket(account)
        wire.send("PUT", f"/{name}/key", {"x-amz-sdk-checksum-algorithm": "SHA256"}, b"abcdef")
        found = checksums(wire.send("HEAD", f"/{name}/key", {"x-amz-checksum-mode": "ENABLED"}))
        assert found["x-amz-checksum-crc64nvme"] == CRC64NVME_OF_ABCDEF
        assert "x-amz-checksum-sha256" not in found

    @pytest.mark.parametrize(
        ("headers", "code", "text"),
        [
            (
                {"x-amz-checksum-crc32": "S45CJQ==", "x-amz-checksum-sha256": sha256(b"abcdef")},
                "InvalidRequest",
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
            ),
            (
                {"x-amz-checksum-crc32": "no base64"},
                "InvalidRequest",
                "Value for x-amz-checksum-crc32 header is invalid.",
            ),
            (
                {"x-amz-checksum-sha256": "c2hvcnQ="},
                "InvalidRequest",
                "Value for x-amz-checksum-sha256 header is invalid.",
            ),
            (
                {"x-amz-checksum-sha256": sha256(b"other")},
                "BadDigest",
                "The SHA256 you specified did not match the calculated checksum.",
            ),
        ],
    )
    def test_those_that_are_wrong(self, account, wire, headers, code, text):
        name = bucket(account)
        answer = wire.send("PUT", f"/{name}/key", headers, b"abcdef")
        assert (answer.status, answer.error_code(), answer.error_message()) == (400, code, text)
        assert keys(account, name) == []

    def test_what_parts_have_by_default_depends_on_the_algorithm(self, account):
        name = bucket(account)
        bodies = [bytes(PART_MIN), b"abcdef"]
        made = s3(account).create_multipart_upload(Bucket=name, Key="key", ChecksumAlgorithm="CRC32")
        assert made["ChecksumType"] == "COMPOSITE"
        of = {"Bucket": name, "Key": "key", "UploadId": made["UploadId"]}
        sent = [
            {"PartNumber": number, **select(s3(account).upload_part(**of, **part(number, body, "CRC32")), "CRC32")}
            for number, body in enumerate(bodies, 1)
        ]
        done = complete(account, of, sent)
        assert (done["ChecksumCRC32"][-2:], done["ChecksumType"]) == ("-2", "COMPOSITE")
        made = s3(account).create_multipart_upload(Bucket=name, Key="key", ChecksumAlgorithm="CRC64NVME")
        assert made["ChecksumType"] == "FULL_OBJECT"
        composite = {"ChecksumAlgorithm": "CRC64NVME", "ChecksumType": "COMPOSITE"}
        assert code(s3(account).create_multipart_upload, Bucket=name, Key="key", **composite) == "InvalidRequest"
        of = upload(account, name)
        done = complete(account, of, parts(account, of, b"abcdef"))
        assert (done["ChecksumCRC64NVME"], done["ChecksumType"]) == (CRC64NVME_OF_ABCDEF, "FULL_OBJECT")

    def test_they_are_shown_to_who_asks_and_never_with_a_part(self, account, wire):
        name = bucket(account)
        put(account, name, body=b"abcdef", ChecksumAlgorithm="SHA256")
        mode = {"x-amz-checksum-mode": "ENABLED"}
        for method in ("GET", "HEAD"):
            assert checksums(wire.send(method, f"/{name}/key")) == {}
            assert checksums(wire.send(method, f"/{name}/key", mode)) == {
                "x-amz-checksum-sha256": sha256(b"abcdef"),
                "x-amz-checksum-type": "FULL_OBJECT",
            }
            answer = wire.send(method, f"/{name}/key", mode | {"Range": "bytes=1-3"})
            assert (answer.status, checksums(answer)) == (206, {})


def part(number, body, algorithm):
    return {"PartNumber": number, "Body": body, "ChecksumAlgorithm": algorithm}


def select(answer, algorithm):
    """What completing wants to know of a part."""
    return {name: answer[name] for name in ("ETag", f"Checksum{algorithm}")}


class TestReads:
    @pytest.mark.parametrize("wanted", ["bytes=1024-4096", "bytes=-0", "bytes=10-"])
    def test_a_range_outside_says_how_long_the_object_is(self, account, wanted):
        name = bucket(account)
        put(account, name, body=b"0123456789")
        refused = error(s3(account).get_object, Bucket=name, Key="key", Range=wanted)
        assert refused["ResponseMetadata"]["HTTPStatusCode"] == 416
        assert refused["Error"] == {
            "Code": "InvalidRange",
            "Message": "The requested range is not satisfiable",
            "ActualObjectSize": "10",
            "RangeRequested": wanted,
        }

    def test_a_delete_marker_is_not_read_and_without_a_version_nothing_is_there(self, account):
        name = versioned(account)
        put(account, name)
        marker = s3(account).delete_object(Bucket=name, Key="key")["VersionId"]
        refused = error(s3(account).get_object, Bucket=name, Key="key", VersionId=marker)
        assert refused["ResponseMetadata"]["HTTPStatusCode"] == 405
        assert (refused["Error"]["Code"], refused["Error"]["ResourceType"]) == ("MethodNotAllowed", "DeleteMarker")
        refused = error(s3(account).get_object, Bucket=name, Key="key")
        answer = refused["ResponseMetadata"]
        assert (answer["HTTPStatusCode"], refused["Error"]["Code"]) == (404, "NoSuchKey")
        assert answer["HTTPHeaders"]["x-amz-delete-marker"] == "true"

    def test_to_delete_the_delete_marker_restores_the_object(self, account):
        name = versioned(account)
        put(account, name)
        marker = s3(account).delete_object(Bucket=name, Key="key")["VersionId"]
        s3(account).delete_object(Bucket=name, Key="key", VersionId=marker)
        assert read(account, name) == b"text"


class TestDeletes:
    def test_absent_keys_count_as_deleted_and_quiet_says_nothing(self, account):
        name = bucket(account)
        delete = {"Objects": [{"Key": "none"}, {"Key": "other"}]}
        deleted = s3(account).delete_objects(Bucket=name, Delete=delete)["Deleted"]
        assert sorted(entry["Key"] for entry in deleted) == ["none", "other"]
        answer = s3(account).delete_objects(Bucket=name, Delete=delete | {"Quiet": True})
        assert "Deleted" not in answer
        assert "Errors" not in answer
        assert status(s3(account).delete_objects, Bucket=name, Delete={"Objects": []}) == (400, "MalformedXML")


class TestLists:
    @pytest.mark.parametrize(
        ("query", "name", "value"),
        [
            ("max-keys=abc", "max-keys", "abc"),
            ("list-type=2&max-keys=2147483648", "max-keys", "2147483648"),
            ("versions&max-keys=-", "max-keys", "-"),
            ("uploads&max-uploads=1.0", "max-uploads", "1.0"),
        ],
    )
    def test_a_size_is_an_integer(self, account, wire, query, name, value):
        answer = wire.send("GET", f"/{bucket(account)}?{query}")
        assert (answer.status, answer.error_code()) == (400, "InvalidArgument")
        assert answer.error_message() == f"Provided {name} not an integer or within integer range"
        said = answer.xml()
        assert (said.findtext("ArgumentName"), said.findtext("ArgumentValue")) == (name, value)

    @pytest.mark.parametrize("name", ["max-parts", "part-number-marker"])
    def test_so_are_those_of_parts_unless_they_are_empty(self, account, wire, name):
        of = upload(account, bucket(account))
        parts(account, of, b"part")
        listed = f"/{of['Bucket']}/key?uploadId={of['UploadId']}"
        answer = wire.send("GET", f"{listed}&{name}=-1")
        assert (answer.status, answer.error_code()) == (400, "InvalidArgument")
        assert answer.error_message() == f"Argument {name} must be an integer between 0 and 2147483647"
        answer = wire.send("GET", f"{listed}&{name}=one")
        assert answer.error_message() == f"Provided {name} not an integer or within integer range"
        assert answer.xml().findtext("ArgumentName") == name
        answer = wire.send("GET", f"{listed}&{name}=")
        assert (answer.status, len(answer.xml().findall("Part"))) == (200, 1)


class TestCopies:
    def test_onto_itself_something_has_to_change(self, account):
        name = bucket(account)
        put(account, name, Metadata={"colour": "blue"})
        wanted = {"Bucket": name, "Key": "key", "CopySource": f"{name}/key"}
        refused = error(s3(account).copy_object, **wanted)
        assert refused["ResponseMetadata"]["HTTPStatusCode"] == 400
        assert refused["Error"] == {
            "Code": "InvalidRequest",
            "Message": "This copy request is illegal because it is trying to copy an object to itself without changing "
            "the object's metadata, storage class, website redirect location or encryption attributes.",
        }
        s3(account).copy_object(**wanted, MetadataDirective="REPLACE", Metadata={"colour": "red"})
        assert s3(account).head_object(Bucket=name, Key="key")["Metadata"] == {"colour": "red"}

    def test_tags_are_copied_unless_they_are_replaced(self, account):
        name = bucket(account)
        put(account, name, Tagging="team=blue")
        s3(account).copy_object(Bucket=name, Key="copy", CopySource=f"{name}/key")
        found = s3(account).get_object_tagging(Bucket=name, Key="copy")["TagSet"]
        assert found == [{"Key": "team", "Value": "blue"}]

    @pytest.mark.parametrize("key", ["a+b", "a b?c&d=e", "x%2Fy", "x/y", "ü/%", "q?versionId=1"])
    def test_a_source_is_unquoted_once(self, account, key):
        name = versioned(account)
        body = f"this is {key}".encode()
        version = put(account, name, key, body)["VersionId"]
        put(account, name, key, b"newer")
        source = {"Bucket": name, "Key": key}
        s3(account).copy_object(Bucket=name, Key="newest", CopySource=source)
        s3(account).copy_object(Bucket=name, Key="older", CopySource=source | {"VersionId": version})
        assert (read(account, name, "newest"), read(account, name, "older")) == (b"newer", body)


class TestParts:
    def test_small_ones_are_refused_when_the_upload_is_completed(self, account):
        of = upload(account, bucket(account))
        made = parts(account, of, b"tiny", b"last")
        refused = error(s3(account).complete_multipart_upload, **of, MultipartUpload={"Parts": made})
        assert refused["ResponseMetadata"]["HTTPStatusCode"] == 400
        assert refused["Error"] == {
            "Code": "EntityTooSmall",
            "Message": "Your proposed upload is smaller than the minimum allowed size",
            "ETag": etag(b"tiny").strip('"'),
            "MinSizeAllowed": str(PART_MIN),
            "PartNumber": "1",
            "ProposedSize": "4",
        }

    def test_they_are_listed_in_their_order(self, account):
        of = upload(account, bucket(account))
        made = parts(account, of, bytes(PART_MIN), b"last")
        refused = error(s3(account).complete_multipart_upload, **of, MultipartUpload={"Parts": made[::-1]})
        assert (refused["Error"]["Code"], refused["Error"]["UploadId"]) == ("InvalidPartOrder", of["UploadId"])

    @pytest.mark.parametrize("number", [0, 10_001])
    def test_their_numbers_end_at_ten_thousand(self, account, number):
        of = upload(account, bucket(account))
        refused = error(s3(account).upload_part, **of, PartNumber=number, Body=b"text")["Error"]
        assert refused["Code"] == "InvalidArgument"
        assert refused["Message"] == "Part number must be an integer between 1 and 10000, inclusive"
        assert s3(account).upload_part(**of, PartNumber=10_000, Body=b"text")["ETag"] == etag(b"text")
