"""Buckets and what is one setting of theirs."""

import json
import re
import time

from support.aws import REGION
from support.s3 import LONG, TAGS, bucket, by_key, code, operation, policy, put, read, s3, versioned
from support.server import PATIENCE_S

KMS = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": ""}
RULE = {
    "ID": "browsers",
    "AllowedOrigins": ["https://example.com"],
    "AllowedMethods": ["GET", "PUT"],
    "AllowedHeaders": ["*"],
    "ExposeHeaders": ["ETag"],
    "MaxAgeSeconds": 600,
}
EXPIRY = {"ID": "old", "Filter": {"Prefix": "logs/"}, "Status": "Enabled", "Expiration": {"Days": 30}}
WEBSITE = {"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "error.html"}}


@operation
def create_bucket(account, call):
    name, other = account.name("bucket"), account.name("bucket")
    assert call("CreateBucket", Bucket=name)["Location"] == f"/{name}"
    assert s3(account).head_bucket(Bucket=name)["BucketRegion"] == REGION
    call("CreateBucket", Bucket=other, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert s3(account).get_bucket_location(Bucket=other)["LocationConstraint"] == "eu-west-1"


@operation
def delete_bucket(account, call):
    name = bucket(account)
    assert call("DeleteBucket", Bucket=name) == {}
    assert code(s3(account).list_objects_v2, Bucket=name) == "NoSuchBucket"


@operation
def head_bucket(account, call):
    assert call("HeadBucket", Bucket=bucket(account))["BucketRegion"] == REGION


@operation
def list_buckets(account, call):
    names = [bucket(account) for _ in range(3)]
    everything = call("ListBuckets")
    assert [found["Name"] for found in everything["Buckets"]] == sorted(names)
    assert all(found["CreationDate"] for found in everything["Buckets"])
    assert len(everything["Owner"]["ID"]) == 64
    first = call("ListBuckets", MaxBuckets=2)
    rest = call("ListBuckets", MaxBuckets=2, ContinuationToken=first["ContinuationToken"])
    assert [found["Name"] for found in first["Buckets"] + rest["Buckets"]] == sorted(names)
    assert rest.get("ContinuationToken") is None
    assert [found["Name"] for found in call("ListBuckets", Prefix=names[0])["Buckets"]] == names[:1]


@operation
def get_bucket_location(account, call):
    assert call("GetBucketLocation", Bucket=bucket(account)).get("LocationConstraint") is None
    there = bucket(account, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert call("GetBucketLocation", Bucket=there) == {"LocationConstraint": "eu-west-1"}


@operation
def put_bucket_versioning(account, call):
    name = bucket(account)
    for status in ("Enabled", "Suspended"):
        assert call("PutBucketVersioning", Bucket=name, VersioningConfiguration={"Status": status}) == {}
        assert s3(account).get_bucket_versioning(Bucket=name)["Status"] == status


@operation
def get_bucket_versioning(account, call):
    assert call("GetBucketVersioning", Bucket=bucket(account)) == {}
    assert call("GetBucketVersioning", Bucket=versioned(account)) == {"Status": "Enabled"}


@operation
def put_bucket_tagging(account, call):
    name = bucket(account)
    for tags in (TAGS, TAGS[:1]):
        assert call("PutBucketTagging", Bucket=name, Tagging={"TagSet": tags}) == {}
        assert by_key(s3(account).get_bucket_tagging(Bucket=name)["TagSet"]) == by_key(tags)


@operation
def get_bucket_tagging(account, call):
    name = bucket(account, CreateBucketConfiguration={"Tags": TAGS})
    assert by_key(call("GetBucketTagging", Bucket=name)["TagSet"]) == by_key(TAGS)


@operation
def delete_bucket_tagging(account, call):
    name = bucket(account)
    s3(account).put_bucket_tagging(Bucket=name, Tagging={"TagSet": TAGS})
    assert call("DeleteBucketTagging", Bucket=name) == {}
    assert code(s3(account).get_bucket_tagging, Bucket=name) == "NoSuchTagSet"


def encryption(account, name):
    [rule] = s3(account).get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    return rule


def by_kms(account, name):
    """Has a bucket's objects encrypted by a key; gives its ARN."""
    key = account.client("kms").create_key()["KeyMetadata"]["Arn"]
    rule = {"ApplyServerSideEncryptionByDefault": KMS | {"KMSMasterKeyID": key}, "BucketKeyEnabled": True}
    s3(account).put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    return key


@operation
def put_bucket_encryption(account, call):
    name = bucket(account)
    key = account.client("kms").create_key()["KeyMetadata"]["Arn"]
    rule = {"ApplyServerSideEncryptionByDefault": KMS | {"KMSMasterKeyID": key}, "BucketKeyEnabled": True}
    assert call("PutBucketEncryption", Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]}) == {}
    assert encryption(account, name).items() >= rule.items()
    made = put(account, name)
    assert (made["ServerSideEncryption"], made["SSEKMSKeyId"]) == ("aws:kms", key)


@operation
def get_bucket_encryption(account, call):
    name = bucket(account)
    [rule] = call("GetBucketEncryption", Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    key = by_kms(account, name)
    [rule] = call("GetBucketEncryption", Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == KMS | {"KMSMasterKeyID": key}


@operation
def delete_bucket_encryption(account, call):
    name = bucket(account)
    by_kms(account, name)
    assert call("DeleteBucketEncryption", Bucket=name) == {}
    assert encryption(account, name)["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


@operation
def put_bucket_cors(account, call):
    name = bucket(account)
    assert call("PutBucketCors", Bucket=name, CORSConfiguration={"CORSRules": [RULE]}) == {}
    assert s3(account).get_bucket_cors(Bucket=name)["CORSRules"] == [RULE]


@operation
def get_bucket_cors(account, call):
    name = bucket(account)
    s3(account).put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": [RULE]})
    assert call("GetBucketCors", Bucket=name) == {"CORSRules": [RULE]}


@operation
def delete_bucket_cors(account, call):
    name = bucket(account)
    s3(account).put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": [RULE]})
    assert call("DeleteBucketCors", Bucket=name) == {}
    assert code(s3(account).get_bucket_cors, Bucket=name) == "NoSuchCORSConfiguration"


@operation
def put_bucket_lifecycle_configuration(account, call):
    name = bucket(account)
    rules = [EXPIRY, EXPIRY | {"ID": "parts", "Expiration": {"ExpiredObjectDeleteMarker": True}}]
    call("PutBucketLifecycleConfiguration", Bucket=name, LifecycleConfiguration={"Rules": rules})
    assert s3(account).get_bucket_lifecycle_configuration(Bucket=name)["Rules"] == rules


@operation
def get_bucket_lifecycle_configuration(account, call):
    name = bucket(account)
    s3(account).put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [EXPIRY]})
    found = call("GetBucketLifecycleConfiguration", Bucket=name)
    assert found["Rules"] == [EXPIRY]
    assert found["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
    assert 'rule-id="old"' in put(account, name, "logs/1")["Expiration"]


@operation
def delete_bucket_lifecycle(account, call):
    name = bucket(account)
    s3(account).put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [EXPIRY]})
    assert call("DeleteBucketLifecycle", Bucket=name) == {}
    assert code(s3(account).get_bucket_lifecycle_configuration, Bucket=name) == "NoSuchLifecycleConfiguration"


def log_bucket(account):
    """A bucket that logs may be written to."""
    name = bucket(account)
    allowed = policy(name, "s3:PutObject", {"Service": "logging.s3.amazonaws.com"})
    s3(account).put_bucket_policy(Bucket=name, Policy=allowed)
    return name


@operation
def put_bucket_logging(account, call):
    name, target = bucket(account), log_bucket(account)
    enabled = {"TargetBucket": target, "TargetPrefix": "logs/"}
    assert call("PutBucketLogging", Bucket=name, BucketLoggingStatus={"LoggingEnabled": enabled}) == {}
    put(account, name, "a/b c")
    answer = s3(account).get_object(Bucket=name, Key="a/b c")
    answer["Body"].read()
    assert code(s3(account).get_object, Bucket=name, Key="none") == "NoSuchKey"
    # Fields stand between quotes, brackets or spaces.
    lines = [re.findall(r'"[^"]*"|\[[^]]*\]|\S+', line) for line in logged(account, target, "none HTTP")]
    fields = {(line[6], line[7]): line for line in lines}
    assert all(len(line) == 27 and line[1] == name for line in lines), lines
    got = fields["REST.GET.OBJECT", "a/b%20c"]
    assert got[5] == answer["ResponseMetadata"]["RequestId"]
    assert got[8] == f'"GET /{name}/a/b%20c HTTP/1.1"'
    assert got[9:13] == ["200", "-", "4", "4"]
    assert got[19:23] == ["SigV4", "-", "AuthHeader", account.server.url.removeprefix("http://")]
    assert got[4] == got[0] == s3(account).get_bucket_acl(Bucket=name)["Owner"]["ID"]
    assert fields["REST.PUT.OBJECT", "a/b%20c"][12] == "4"
    missing = fields["REST.GET.OBJECT", "none"]
    assert missing[9:11] == ["404", "NoSuchKey"]
    assert call("PutBucketLogging", Bucket=name, BucketLoggingStatus={}) == {}
    assert "LoggingEnabled" not in s3(account).get_bucket_logging(Bucket=name)


def logged(account, target, wanted):
    """The lines of a log bucket, once what is wanted is among them."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        logs = s3(account).list_objects_v2(Bucket=target, Prefix="logs/").get("Contents", [])
        text = "".join(read(account, target, log["Key"]).decode() for log in logs)
        if wanted in text:
            return text.splitlines()
        assert time.monotonic() < deadline, text
        time.sleep(0.5)


@operation
def get_bucket_logging(account, call):
    name, target = bucket(account), log_bucket(account)
    assert call("GetBucketLogging", Bucket=name) == {}
    source = {"PartitionDateSource": "EventTime"}
    enabled = {
        "TargetBucket": target,
        "TargetPrefix": "logs/",
        "TargetObjectKeyFormat": {"PartitionedPrefix": source},
    }
    s3(account).put_bucket_logging(Bucket=name, BucketLoggingStatus={"LoggingEnabled": enabled})
    assert call("GetBucketLogging", Bucket=name) == {"LoggingEnabled": enabled}


def inbox(account, name):
    """A queue that a bucket may tell of its objects: its URL, and the configuration that makes it do so."""
    url = account.queue()
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": account.arn(url),
        "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{name}"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    account.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": document})
    events = ["s3:ObjectCreated:*", "s3:ObjectRemoved:Delete"]
    return url, {"Id": "jobs", "QueueArn": account.arn(url), "Events": events}


def told(account, url, wanted):
    """What a queue was told of until what is wanted was among it."""
    found = []
    deadline = time.monotonic() + PATIENCE_S
    while not any(wanted(message) for message in found):
        assert time.monotonic() < deadline, found
        for message in account.receive(url, WaitTimeSeconds=1):
            found.append(json.loads(message["Body"]))
            account.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


@operation
def put_bucket_notification_configuration(account, call):
    name = bucket(account)
    url, configuration = inbox(account, name)
    configurations = {"QueueConfigurations": [configuration]}
    call("PutBucketNotificationConfiguration", Bucket=name, NotificationConfiguration=configurations)
    [test] = told(account, url, lambda message: "Event" in message)
    assert (test["Event"], test["Bucket"]) == ("s3:TestEvent", name)
    put(account, name, "in/1")
    [message] = told(account, url, lambda message: "Records" in message)
    [record] = message["Records"]
    assert record["eventName"] == "ObjectCreated:Put"
    assert (record["s3"]["bucket"]["name"], record["s3"]["configurationId"]) == (name, "jobs")
    assert (record["s3"]["object"]["key"], record["s3"]["object"]["size"]) == ("in/1", 4)


@operation
def get_bucket_notification_configuration(account, call):
    name = bucket(account)
    assert call("GetBucketNotificationConfiguration", Bucket=name) == {}
    _, configuration = inbox(account, name)
    rules = [{"Name": "Prefix", "Value": "in/"}]
    configurations = {"QueueConfigurations": [configuration | {"Filter": {"Key": {"FilterRules": rules}}}]}
    s3(account).put_bucket_notification_configuration(Bucket=name, NotificationConfiguration=configurations)
    assert call("GetBucketNotificationConfiguration", Bucket=name) == configurations


def replicated(account):
    """A bucket, and the configuration that copies its objects to another one, which is given, too."""
    name, target = versioned(account), versioned(account)
    role = account.name("role")
    trust = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}
    allowed = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    iam = account.client("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    made = iam.create_role(RoleName=role, AssumeRolePolicyDocument=document)
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_role_policy(RoleName=role, PolicyName="all", PolicyDocument=document)
    rule = {
        "ID": "copies",
        "Priority": 1,
        "Filter": {"Prefix": ""},
        "Status": "Enabled",
        "Destination": {"Bucket": f"arn:aws:s3:::{target}"},
        "DeleteMarkerReplication": {"Status": "Disabled"},
    }
    return name, target, {"Role": made["Role"]["Arn"], "Rules": [rule]}


@operation
def put_bucket_replication(account, call):
    name, target, configuration = replicated(account)
    call("PutBucketReplication", Bucket=name, ReplicationConfiguration=configuration)
    version = put(account, name, "a", LONG)["VersionId"]
    deadline = time.monotonic() + PATIENCE_S
    while (status := s3(account).head_object(Bucket=name, Key="a")["ReplicationStatus"]) == "PENDING":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert status == "COMPLETED"
    copy = s3(account).get_object(Bucket=target, Key="a")
    assert (copy["VersionId"], copy["ReplicationStatus"], copy["Body"].read()) == (version, "REPLICA", LONG)


@operation
def get_bucket_replication(account, call):
    name, _, configuration = replicated(account)
    missing = code(call, "GetBucketReplication", Bucket=name)
    assert missing == "ReplicationConfigurationNotFoundError"
    s3(account).put_bucket_replication(Bucket=name, ReplicationConfiguration=configuration)
    assert call("GetBucketReplication", Bucket=name) == {"ReplicationConfiguration": configuration}


@operation
def delete_bucket_replication(account, call):
    name, _, configuration = replicated(account)
    s3(account).put_bucket_replication(Bucket=name, ReplicationConfiguration=configuration)
    assert call("DeleteBucketReplication", Bucket=name) == {}
    put(account, name)
    assert "ReplicationStatus" not in s3(account).head_object(Bucket=name, Key="key")


@operation
def put_bucket_request_payment(account, call):
    name = bucket(account)
    assert call("PutBucketRequestPayment", Bucket=name, RequestPaymentConfiguration={"Payer": "Requester"}) == {}
    assert s3(account).get_bucket_request_payment(Bucket=name)["Payer"] == "Requester"


@operation
def get_bucket_request_payment(account, call):
    assert call("GetBucketRequestPayment", Bucket=bucket(account)) == {"Payer": "BucketOwner"}


@operation
def put_bucket_accelerate_configuration(account, call):
    name = bucket(account)
    for status in ("Enabled", "Suspended"):
        wanted = {"Bucket": name, "AccelerateConfiguration": {"Status": status}}
        assert call("PutBucketAccelerateConfiguration", **wanted) == {}
        assert s3(account).get_bucket_accelerate_configuration(Bucket=name)["Status"] == status


@operation
def get_bucket_accelerate_configuration(account, call):
    name = bucket(account)
    assert call("GetBucketAccelerateConfiguration", Bucket=name) == {}
    wanted = {"Bucket": name, "AccelerateConfiguration": {"Status": "Enabled"}}
    s3(account).put_bucket_accelerate_configuration(**wanted)
    assert call("GetBucketAccelerateConfiguration", Bucket=name) == {"Status": "Enabled"}


@operation
def put_bucket_website(account, call):
    name = bucket(account)
    assert call("PutBucketWebsite", Bucket=name, WebsiteConfiguration=WEBSITE) == {}
    found = s3(account).get_bucket_website(Bucket=name)
    assert {part: found[part] for part in WEBSITE} == WEBSITE


@operation
def get_bucket_website(account, call):
    name = bucket(account)
    s3(account).put_bucket_website(Bucket=name, WebsiteConfiguration=WEBSITE)
    assert call("GetBucketWebsite", Bucket=name) == WEBSITE


@operation
def delete_bucket_website(account, call):
    name = bucket(account)
    s3(account).put_bucket_website(Bucket=name, WebsiteConfiguration=WEBSITE)
    assert call("DeleteBucketWebsite", Bucket=name) == {}
    assert code(s3(account).get_bucket_website, Bucket=name) == "NoSuchWebsiteConfiguration"
