"""Where S3 does what one would not guess, seen on the wire: framing, keys, addresses, who may, and times."""

import base64
import datetime
import email.utils
import json
import re
import xml.etree.ElementTree as ElementTree
import zlib

import pytest
from botocore.config import Config

from support.aws import CONFIG, Account, client_of, make_client
from support.http import Client, Signer, raw, send
from support.http2 import Http2
from support.s3 import bucket, code, error, keys, policy, put, read, s3, versioned, with_acls
from support.s3.buckets import EXPIRY, RULE, WEBSITE, told
from support.s3.chunked import SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER
from support.s3.chunked import put as put_chunks
from support.s3.forms import post

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

XML_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z")


@pytest.fixture
def signer(account):
    return Signer("s3", key=account.key)


@pytest.fixture
def wire(account, signer):
    """Hand-made requests of the same account."""
    return Client(account.server, signer)


def root(answer):
    """The name of a document, with its namespace."""
    return ElementTree.fromstring(answer.body).tag


def outcome(answer):
    return answer.status, answer.error_code()


class TestChunks:
    """Bodies that are framed have to be stored without their frames."""

    CHUNKS = [b"a" * 65536, b"b" * 65536, b"end"]
    WHOLE = b"".join(CHUNKS)
    TRAILER = ("x-amz-checksum-crc32", base64.b64encode(zlib.crc32(WHOLE).to_bytes(4, "big")).decode())

    @pytest.mark.parametrize("framing", [SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER])
    def test_the_frames_are_not_kept(self, account, signer, framing):
        name = bucket(account)
        trailer = self.TRAILER if framing.endswith("TRAILER") else None
        answer = put_chunks(account.server, signer, f"/{name}/key", self.CHUNKS, framing, trailer=trailer)
        assert answer.status == 200, answer.body
        if trailer:
            assert answer.headers["x-amz-checksum-crc32"] == trailer[1]
        found = s3(account).get_object(Bucket=name, Key="key")
        assert found["Body"].read() == self.WHOLE
        assert not found.get("ContentEncoding")

    def test_another_encoding_is_kept(self, account, signer):
        name = bucket(account)
        headers = {"Content-Encoding": "aws-chunked,gzip"}
        put_chunks(account.server, signer, f"/{name}/key", self.CHUNKS, SIGNED, headers=headers)
        assert s3(account).head_object(Bucket=name, Key="key")["ContentEncoding"] == "gzip"

    @pytest.mark.parametrize("framing", [SIGNED_TRAILER, UNSIGNED_TRAILER])
    def test_a_wrong_trailer(self, account, signer, framing):
        name = bucket(account)
        wrong = (self.TRAILER[0], "AAAAAA==")
        answer = put_chunks(account.server, signer, f"/{name}/key", self.CHUNKS, framing, trailer=wrong)
        assert outcome(answer) == (400, "BadDigest")
        assert keys(account, name) == []

    def test_a_chunk_that_was_changed(self, account, signer):
        name = bucket(account)
        spoil = lambda body: body.replace(b"end", b"bad")
        answer = put_chunks(account.server, signer, f"/{name}/key", self.CHUNKS, SIGNED, spoil=spoil)
        assert outcome(answer) == (403, "SignatureDoesNotMatch")
        assert keys(account, name) == []

    def test_less_than_was_announced(self, account, signer):
        name = bucket(account)
        length = len(self.WHOLE) + 1
        answer = put_chunks(account.server, signer, f"/{name}/key", self.CHUNKS, SIGNED, length=length)
        assert outcome(answer) == (400, "IncompleteBody")
        assert keys(account, name) == []


class TestKeys:
    KEYS = ["/", "/lead", "a", "a..b", "a+b", "a/", "a//b", "a/b", "a b", "a%20b", "a%2Fb", "a&b<c>", "ü", "\U0001f300"]

    def test_all_bytes_are_themselves(self, account):
        name = bucket(account)
        for key in self.KEYS:
            put(account, name, key, key.encode())
        assert keys(account, name) == sorted(self.KEYS, key=str.encode)
        assert [read(account, name, key).decode() for key in self.KEYS] == self.KEYS
        for key in self.KEYS:
            s3(account).delete_object(Bucket=name, Key=key)
        assert keys(account, name) == []

    def test_lists_in_which_they_are_quoted(self, account, wire):
        name = bucket(account)
        for key in ("a+b", "a b", "ü/x"):
            put(account, name, key)
        root = wire.send("GET", f"/{name}?list-type=2&encoding-type=url&prefix=a%2B").xml()
        assert (root.findtext("Contents/Key"), root.findtext("Prefix")) == ("a%2Bb", "a%2B")
        assert root.findtext("EncodingType") == "url"
        found = [entry.text for entry in wire.send("GET", f"/{name}?encoding-type=url").xml().findall("Contents/Key")]
        assert found == ["a%20b", "a%2Bb", "%C3%BC/x"]
        plain = [entry.text for entry in wire.send("GET", f"/{name}?list-type=2").xml().findall("Contents/Key")]
        assert plain == ["a b", "a+b", "ü/x"]

    @pytest.mark.parametrize("key", ["..", "../x", "a/../../x"])
    def test_steps_out_of_the_bucket_are_refused(self, account, wire, key):
        name = bucket(account)
        assert wire.send("PUT", f"/{name}/{key}", {}, b"text").status == 400
        assert keys(account, name) == []

    def test_other_steps_are_names(self, account, wire):
        """They are sent as they are, which few clients do."""
        name, steps = bucket(account), [".", "./x", "a/../b", "a/./b", "b"]
        for key in steps:
            assert wire.send("PUT", f"/{name}/{key}", {}, key.encode()).status == 200
        assert [wire.send("GET", f"/{name}/{key}").body.decode() for key in steps] == steps
        assert keys(account, name) == steps


class TestOverrides:
    def test_headers_of_an_answer_are_chosen_by_who_signs(self, account, server):
        name = with_acls(account)
        put(account, name, ACL="public-read")
        found = s3(account).get_object(Bucket=name, Key="key", ResponseContentType="text/x", ResponseExpires=0)
        assert found["ContentType"] == "text/x"
        host = {"Host": f"s3.localhost:{server.port}"}
        assert send(server, "GET", f"/{name}/key", host).body == b"text"
        answer = send(server, "GET", f"/{name}/key?response-content-type=text%2Fx", host)
        assert outcome(answer) == (400, "InvalidRequest")


class TestPresigned:
    def test_the_host_is_signed_with_its_port(self, account, server, signer):
        name = bucket(account)
        put(account, name)
        target = signer.presign("GET", f"{server.url}/{name}/key")
        assert send(server, "GET", target).body == b"text"
        assert outcome(send(server, "GET", target, {"Host": "127.0.0.1"})) == (403, "SignatureDoesNotMatch")

    def test_a_token_is_part_of_the_url(self, account, server):
        name = bucket(account)
        put(account, name)
        session = account.client("sts").get_session_token()["Credentials"]
        key, secret = session["AccessKeyId"], session["SecretAccessKey"]
        owner = Signer("s3", key=key, secret=secret, token=session["SessionToken"])
        target = owner.presign("GET", f"{server.url}/{name}/key")
        assert send(server, "GET", target).body == b"text"
        without = re.sub(r"&X-Amz-Security-Token=[^&]*", "", target)
        assert without != target
        assert send(server, "GET", without).status == 403

    def test_when_its_time_is_over(self, account, server):
        name = bucket(account)
        at = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=2)
        target = Signer("s3", key=account.key, at=at, expires=60).presign("GET", f"{server.url}/{name}/key")
        answer = send(server, "GET", target)
        assert (outcome(answer), answer.error_message()) == ((403, "AccessDenied"), "Request has expired")
        ended = datetime.datetime.fromisoformat(answer.xml().findtext("Expires"))
        assert ended == at.replace(microsecond=0) + datetime.timedelta(seconds=60)
        assert datetime.datetime.fromisoformat(answer.xml().findtext("ServerTime")) > ended
        assert answer.xml().findtext("X-Amz-Expires") == "60"

    @pytest.mark.parametrize("part", ["Algorithm", "Credential", "Signature", "Date", "SignedHeaders", "Expires"])
    def test_without_one_of_its_parts(self, account, server, signer, part):
        target = signer.presign("GET", f"{server.url}/{bucket(account)}/key")
        target, count = re.subn(rf"X-Amz-{part}=[^&]*&?", "", target)
        assert count == 1
        answer = send(server, "GET", target, {"Host": f"s3.localhost:{server.port}"})
        assert outcome(answer) == (400, "AuthorizationQueryParametersError")
        assert answer.error_message() == (
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
            "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
        )


class TestForms:
    def form(self, account, name, key="${filename}", fields=None, conditions=None):
        fields = fields or {}
        conditions = [*(conditions or []), *({field: value} for field, value in fields.items())]
        client = make_client(account.server, account.key, "s3", config=CONFIG.merge(Config(signature_version="s3v4")))
        return client.generate_presigned_post(name, key, Fields=fields, Conditions=conditions)["fields"]

    def test_a_form_is_an_object(self, account, server):
        name = bucket(account)
        conditions = [["content-length-range", 1, 10], ["starts-with", "$x-amz-meta-colour", "bl"]]
        fields = self.form(account, name, "in/${filename}", {"success_action_status": "201"}, conditions)
        answer = post(server, name, fields | {"x-amz-meta-colour": "blue"})
        assert answer.status == 201, answer.body
        found = answer.xml()
        assert (found.tag, found.findtext("Bucket"), found.findtext("Key")) == ("PostResponse", name, "in/file.txt")
        head = s3(account).head_object(Bucket=name, Key="in/file.txt")
        assert head["Metadata"] == {"colour": "blue"}
        assert read(account, name, "in/file.txt") == b"text"

    def test_the_case_of_fields_does_not_matter(self, account, server):
        name = bucket(account)
        fields = {field.upper(): value for field, value in self.form(account, name, "key").items()}
        assert post(server, name, fields).status == 204
        assert read(account, name) == b"text"

    @pytest.mark.parametrize(
        ("change", "file", "status", "code"),
        [
            ({"acl": "public-read"}, b"text", 403, "AccessDenied"),
            ({"key": "other"}, b"text", 403, "AccessDenied"),
            ({"x-amz-meta-colour": "red"}, b"text", 403, "AccessDenied"),
            ({}, b"", 400, "EntityTooSmall"),
            ({}, b"0123456789a", 400, "EntityTooLarge"),
            ({"x-amz-signature": "0" * 64}, b"text", 403, "SignatureDoesNotMatch"),
        ],
    )
    def test_what_the_policy_does_not_allow_is_refused_in_xml(self, account, server, change, file, status, code):
        name = bucket(account)
        conditions = [["content-length-range", 1, 10], ["starts-with", "$x-amz-meta-colour", "bl"]]
        fields = self.form(account, name, "key", None, conditions) | {"x-amz-meta-colour": "blue"}
        answer = post(server, name, fields | change, file)
        assert "xml" in answer.headers["content-type"]
        assert outcome(answer) == (status, code)
        assert keys(account, name) == []


class TestAccess:
    def test_who_may_not_list_is_not_told_what_is_absent(self, account):
        name = bucket(account)
        iam, user = account.client("iam"), account.name("user")
        iam.create_user(UserName=user)
        client = client_of(account.server, iam.create_access_key(UserName=user)["AccessKey"], "s3")

        def allow(*actions):
            statement = {"Effect": "Allow", "Action": actions, "Resource": ["arn:aws:s3:::*"]}
            document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=document)

        allow("s3:GetObject")
        refused = error(client.get_object, Bucket=name, Key="none")
        assert (refused["ResponseMetadata"]["HTTPStatusCode"], refused["Error"]["Code"]) == (403, "AccessDenied")
        allow("s3:GetObject", "s3:ListBucket")
        assert code(client.get_object, Bucket=name, Key="none") == "NoSuchKey"


class TestNotifications:
    def test_records_and_where_they_go(self, account, server):
        """Keys are quoted, and the region is that of the queue's ARN."""
        there = {service: make_client(server, account.key, service, region="eu-west-1") for service in ("s3", "sqs")}
        name = account.name("bucket")
        there["s3"].create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        url = there["sqs"].create_queue(QueueName=name)["QueueUrl"]
        here = account.sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = f"arn:aws:sqs:eu-west-1:{account.key}:{name}"
        allowed = policy(name, "sqs:SendMessage", {"Service": "s3.amazonaws.com"})
        allowed = allowed.replace(f"arn:aws:s3:::{name}/*", arn)
        there["sqs"].set_queue_attributes(QueueUrl=url, Attributes={"Policy": allowed})
        events = ["s3:ObjectCreated:*", "s3:ObjectAcl:Put"]
        wanted = {"QueueConfigurations": [{"QueueArn": arn, "Events": events}]}
        there["s3"].put_bucket_ownership_controls(
            Bucket=name, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
        )
        there["s3"].put_bucket_notification_configuration(Bucket=name, NotificationConfiguration=wanted)
        there["s3"].put_object(Bucket=name, Key="a@b c/ü", Body=b"text")
        there["s3"].put_object_acl(Bucket=name, Key="a@b c/ü", ACL="bucket-owner-read")
        receiver = Account(server, account.key)
        receiver.sqs = there["sqs"]
        records = []
        for message in told(receiver, url, lambda message: "ObjectAcl:Put" in json.dumps(message)):
            records += message.get("Records", [])
        assert [record["eventVersion"] for record in records] == ["2.1", "2.3"]
        for record in records:
            assert record["awsRegion"] == "eu-west-1"
            assert record["s3"]["object"]["key"] == "a%40b+c/%C3%BC"
        assert re.fullmatch(r"[0-9A-F]+", records[0]["s3"]["object"]["sequencer"])
        assert account.receive(here) == []


class TestAddresses:
    @pytest.mark.parametrize("what", ["nothing", "metadataTable", "session", "select", "restore", "torrent"])
    def test_an_unknown_sub_resource_is_no_other_operation(self, account, wire, what):
        name, fresh = bucket(account), account.name("bucket")
        put(account, name)
        assert wire.send("PUT", f"/{fresh}?{what}").status >= 400
        assert wire.send("DELETE", f"/{name}?{what}").status >= 400
        assert wire.send("DELETE", f"/{name}/key?{what}").status >= 400
        assert wire.send("PUT", f"/{name}/key?{what}", {}, b"other").status >= 400
        assert code(s3(account).list_objects_v2, Bucket=fresh) == "NoSuchBucket"
        assert read(account, name) == b"text"

    @pytest.mark.parametrize("host", ["{}.s3.localhost", "{}.s3.eu-west-1.cloud.test", "{}.s3.amazonaws.com"])
    def test_the_host_names_the_bucket(self, account, server, signer, host):
        name = bucket(account)
        put(account, name, "a/key")
        authority = f"{host.format(name)}:{server.port}"
        signed = signer.headers("GET", f"http://{authority}/a/key", {"Host": authority})
        assert send(server, "GET", "/a/key", signed).body == b"text"
        lines = [f"{header}: {value}" for header, value in signed.items()]
        target = f"GET http://{authority}/a/key HTTP/1.1"
        assert raw(server, "\r\n".join([target, *lines, "", ""]).encode()).body == b"text"
        connection = Http2(server)
        try:
            [answer] = connection.answers([connection.send(authority, "GET", "/a/key", signed)])
        finally:
            connection.close()
        assert answer.body == b"text"

    def test_hosts_of_other_services_are_none(self, account, server):
        """Nor is a bucket that is called like one."""
        body = b"Action=GetCallerIdentity&Version=2011-06-15"
        form = {"Content-Type": "application/x-www-form-urlencoded", "Host": f"sts.us-east-1.localhost:{server.port}"}
        signed = Signer("sts", key=account.key).headers("POST", f"http://{form['Host']}/", form, body)
        answer = send(server, "POST", "/", signed, body)
        assert answer.xml().findtext(".//Account") == account.key
        authority = f"sqs.s3.localhost:{server.port}"
        signed = Signer("s3", key=account.key).headers("GET", f"http://{authority}/", {"Host": authority})
        answer = send(server, "GET", "/", signed)
        assert (outcome(answer), answer.xml().findtext("BucketName")) == ((404, "NoSuchBucket"), "sqs")


class TestDocuments:
    """Clients of many languages look for the name of the whole."""

    ROOTS = {
        "": "ListBucketResult",
        "list-type=2": "ListBucketResult",
        "versions": "ListVersionsResult",
        "uploads": "ListMultipartUploadsResult",
        "location": "LocationConstraint",
        "acl": "AccessControlPolicy",
        "versioning": "VersioningConfiguration",
        "tagging": "Tagging",
        "cors": "CORSConfiguration",
        "encryption": "ServerSideEncryptionConfiguration",
        "lifecycle": "LifecycleConfiguration",
        "logging": "BucketLoggingStatus",
        "notification": "NotificationConfiguration",
        "requestPayment": "RequestPaymentConfiguration",
        "accelerate": "AccelerateConfiguration",
        "publicAccessBlock": "PublicAccessBlockConfiguration",
        "ownershipControls": "OwnershipControls",
        "website": "WebsiteConfiguration",
    }

    def test_each_has_its_name_in_the_namespace_of_s3(self, account, wire):
        name = bucket(account)
        s3(account).put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "team", "Value": "blue"}]})
        s3(account).put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": [RULE]})
        s3(account).put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [EXPIRY]})
        s3(account).put_bucket_website(Bucket=name, WebsiteConfiguration=WEBSITE)
        roots = {query: root(wire.send("GET", f"/{name}?{query}")) for query in self.ROOTS}
        assert roots == {query: f"{{{NAMESPACE}}}{expected}" for query, expected in self.ROOTS.items()}
        assert root(wire.send("GET", "/")) == f"{{{NAMESPACE}}}ListAllMyBucketsResult"

    def test_so_have_answers_about_objects(self, account, wire):
        name = bucket(account)
        put(account, name)
        copy = {"x-amz-copy-source": f"{name}/key"}
        made = wire.send("POST", f"/{name}/parts?uploads")
        of = f"/{name}/parts?uploadId={made.xml().findtext('UploadId')}"
        part = wire.send("PUT", of.replace("?", "?partNumber=1&"), copy)
        tag = part.xml().findtext("ETag")
        listed = wire.send("GET", of)
        entry = f"<Part><PartNumber>1</PartNumber><ETag>{tag}</ETag></Part>"
        parts = f"<CompleteMultipartUpload>{entry}</CompleteMultipartUpload>"
        answers = {
            "InitiateMultipartUploadResult": made,
            "CopyPartResult": part,
            "ListPartsResult": listed,
            "CompleteMultipartUploadResult": wire.send("POST", of, {}, parts),
            "CopyObjectResult": wire.send("PUT", f"/{name}/copy", copy),
            "AccessControlPolicy": wire.send("GET", f"/{name}/key?acl"),
            "Tagging": wire.send("GET", f"/{name}/key?tagging"),
        }
        assert {expected: root(answer) for expected, answer in answers.items()} == {
            expected: f"{{{NAMESPACE}}}{expected}" for expected in answers
        }


class TestTimes:
    def test_they_are_whole_seconds_in_the_form_of_each_place(self, account, wire):
        name = versioned(account)
        put(account, name)
        header = wire.send("HEAD", f"/{name}/key").headers["last-modified"]
        assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", header)
        listed = wire.send("GET", f"/{name}").xml().findtext("Contents/LastModified")
        assert XML_TIME.fullmatch(listed)
        assert datetime.datetime.fromisoformat(listed) == email.utils.parsedate_to_datetime(header)
        assert XML_TIME.fullmatch(wire.send("GET", "/").xml().findtext("Buckets/Bucket/CreationDate"))
        copy = {"x-amz-copy-source": f"{name}/key"}
        copied = wire.send("PUT", f"/{name}/copy", copy).xml().findtext("LastModified")
        assert XML_TIME.fullmatch(copied)
