"""One request to a service of each protocol, and how that protocol says what is wrong with its signature."""

import json
import urllib.parse
from dataclasses import dataclass, field

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def form(action, version, **parameters):
    return urllib.parse.urlencode({"Action": action, "Version": version, **parameters}).encode()


@dataclass
class Service:
    """A request, and code and status of each failure of authentication."""

    signing: str
    method: str
    target: str
    headers: dict
    body: bytes
    missing: tuple
    malformed: tuple
    unknown_key: tuple
    mismatch: tuple
    tampered: tuple
    skewed: tuple
    # The first label of the host, for requests that name their service nowhere else.
    host: str = ""
    # Query of a request that is to be presigned, and what it answers when it has expired.
    presigned: str = ""
    expired: tuple = ()
    # A known operation that is not available: what the answer has to name.
    unavailable: str = ""
    protocol_headers: dict = field(default_factory=dict)
    # The header of every answer that has its id.
    id_header: str = "x-amzn-requestid"


IAM_QUERY = {
    "missing": (403, "MissingAuthenticationToken"),
    "malformed": (400, "IncompleteSignature"),
    "unknown_key": (403, "InvalidClientTokenId"),
    "mismatch": (403, "SignatureDoesNotMatch"),
    "tampered": (403, "SignatureDoesNotMatch"),
    "skewed": (403, "SignatureDoesNotMatch"),
}

SERVICES = {
    "sts query": Service(
        "sts",
        "POST",
        "/",
        FORM,
        form("GetCallerIdentity", "2011-06-15"),
        **IAM_QUERY,
        presigned="/?Action=GetCallerIdentity&Version=2011-06-15",
        expired=(403, "SignatureDoesNotMatch"),
    ),
    "sqs json": Service(
        "sqs",
        "POST",
        "/",
        {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS.ListQueues"},
        b"{}",
        missing=(403, "AccessDeniedException"),
        malformed=(400, "IncompleteSignatureException"),
        unknown_key=(403, "UnrecognizedClientException"),
        mismatch=(403, "InvalidSignatureException"),
        tampered=(403, "InvalidSignatureException"),
        skewed=(403, "InvalidSignatureException"),
    ),
    "sqs query": Service(
        "sqs",
        "POST",
        "/",
        FORM,
        form("ListQueues", "2012-11-05"),
        **IAM_QUERY | {"missing": (403, "AccessDenied")},
        presigned="/?Action=ListQueues&Version=2012-11-05",
        expired=(403, "SignatureDoesNotMatch"),
    ),
    "s3 rest-xml": Service(
        "s3",
        "GET",
        "/",
        {},
        b"",
        missing=(403, "AccessDenied"),
        malformed=(400, "AuthorizationHeaderMalformed"),
        unknown_key=(403, "InvalidAccessKeyId"),
        mismatch=(403, "SignatureDoesNotMatch"),
        tampered=(400, "XAmzContentSHA256Mismatch"),
        skewed=(403, "RequestTimeTooSkewed"),
        host="s3.",
        presigned="/?x-id=ListBuckets",
        expired=(403, "AccessDenied"),
        id_header="x-amz-request-id",
    ),
    "lambda rest-json": Service(
        "lambda",
        "POST",
        "/2015-03-31/functions/work/invocations",
        {},
        b'{"job": 1}',
        missing=(403, "MissingAuthenticationTokenException"),
        malformed=(403, "IncompleteSignatureException"),
        unknown_key=(403, "UnrecognizedClientException"),
        mismatch=(403, "InvalidSignatureException"),
        tampered=(403, "InvalidSignatureException"),
        skewed=(403, "InvalidSignatureException"),
        host="lambda.",
        unavailable="Invoke",
    ),
    "cloudwatch cbor": Service(
        "monitoring",
        "POST",
        "/service/GraniteServiceVersion20100801/operation/ListMetrics",
        {"Content-Type": "application/cbor", "Smithy-Protocol": "rpc-v2-cbor", "Accept": "application/cbor"},
        b"\xa0",
        missing=(403, "MissingAuthenticationTokenException"),
        malformed=(400, "IncompleteSignatureException"),
        unknown_key=(403, "UnrecognizedClientException"),
        mismatch=(403, "InvalidSignatureException"),
        tampered=(403, "InvalidSignatureException"),
        skewed=(403, "InvalidSignatureException"),
        unavailable="ListMetrics",
        protocol_headers={"smithy-protocol": "rpc-v2-cbor"},
    ),
    "ec2 query": Service(
        "ec2",
        "POST",
        "/",
        FORM,
        form("DescribeInstances", "2016-11-15"),
        missing=(403, "MissingAuthenticationToken"),
        malformed=(400, "IncompleteSignature"),
        unknown_key=(401, "AuthFailure"),
        mismatch=(401, "AuthFailure"),
        tampered=(401, "AuthFailure"),
        skewed=(400, "RequestExpired"),
        presigned="/?Action=DescribeInstances&Version=2016-11-15",
        expired=(400, "RequestExpired"),
        unavailable="DescribeInstances",
    ),
    "dynamodb json": Service(
        "dynamodb",
        "POST",
        "/",
        {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.ListContributorInsights"},
        json.dumps({"MaxResults": 1}).encode(),
        missing=(400, "MissingAuthenticationTokenException"),
        malformed=(400, "IncompleteSignatureException"),
        unknown_key=(400, "UnrecognizedClientException"),
        mismatch=(400, "InvalidSignatureException"),
        tampered=(400, "InvalidSignatureException"),
        skewed=(400, "InvalidSignatureException"),
        unavailable="ListContributorInsights",
    ),
}
