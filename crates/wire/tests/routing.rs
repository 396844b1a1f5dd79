//! Where requests go, among all services of the catalog.

use http::{HeaderMap, HeaderName, HeaderValue};
use wire::{CommonError, Params, Protocol, RouteError, Router, Target, codec};

struct Sent {
    method: &'static str,
    path: &'static str,
    query: &'static str,
    body: &'static str,
    host: &'static str,
    signing_name: Option<&'static str>,
    /// There is a signature that cannot be read.
    malformed: bool,
    headers: HeaderMap,
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const JSON10: (&str, &str) = ("content-type", "application/x-amz-json-1.0");

fn sent(method: &'static str, path: &'static str, query: &'static str) -> Sent {
    Sent {
        method,
        path,
        query,
        body: "",
        host: "localhost",
        signing_name: None,
        malformed: false,
        headers: HeaderMap::new(),
    }
}

impl Sent {
    fn signed(self, name: &'static str) -> Self {
        Self { signing_name: Some(name), ..self }
    }
    fn host(self, host: &'static str) -> Self {
        Self { host, ..self }
    }
    fn body(self, body: &'static str) -> Self {
        Self { body, ..self }
    }
    fn with(mut self, (name, value): (&'static str, &'static str)) -> Self {
        self.headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        self
    }

    /// The service, protocol and operation.
    fn route(&self) -> Result<(&'static str, Protocol, &'static str), RouteError> {
        let router = Router::new(catalog::ALL);
        let target = Target {
            method: self.method,
            path: self.path,
            query: self.query,
            headers: &self.headers,
            hosted: router.hosted(self.host),
            signing_name: self.signing_name,
            unsigned: self.signing_name.is_none() && !self.malformed,
        };
        let located = match router.locate(&target)? {
            Some(located) => located,
            None => {
                let params = Params::parse(self.query, self.body.as_bytes()).expect("readable parameters");
                router.locate_action(&target, &params)?
            }
        };
        Ok((located.service.id, located.protocol, located.operation.name))
    }

    fn found(&self) -> (&'static str, Protocol, &'static str) {
        self.route().unwrap_or_else(|e| panic!("{} {}: {:?}", self.method, self.path, e.error))
    }

    fn refused(&self) -> RouteError {
        match self.route() {
            Ok(found) => panic!("{} {} goes to {found:?}", self.method, self.path),
            Err(error) => error,
        }
    }
}

#[test]
fn by_target_header() {
    let send = |target| sent("POST", "/", "").with(("x-amz-target", target));
    assert_eq!(send("AmazonSQS.SendMessage").with(JSON10).found(), ("sqs", Protocol::Json10, "SendMessage"));
    // The service's own version, where the content type names none; and any path.
    assert_eq!(
        Sent { path: "/123456789012/queue", ..send("AmazonSQS.SendMessage") }.found(),
        ("sqs", Protocol::Json10, "SendMessage")
    );
    assert_eq!(send("DynamoDB_20120810.PutItem").found(), ("dynamodb", Protocol::Json10, "PutItem"));
    assert_eq!(send("Logs_20140328.CreateLogGroup").found().1, Protocol::Json11);
    for target in ["AmazonSQS.Nothing", "AmazonSQS.sendMessage", "Nobody.SendMessage", "SendMessage", "", "."]
    {
        let refused = send(target).refused();
        assert!(matches!(refused.error, CommonError::UnknownOperation(_)), "{target}");
    }
    assert_eq!(send("AmazonSQS.Nothing").refused().service.id, "sqs");
}

#[test]
fn by_rpc_path() {
    let path = "/service/GraniteServiceVersion20100801/operation/PutMetricData";
    let cbor = ("smithy-protocol", "rpc-v2-cbor");
    assert_eq!(sent("POST", path, "").with(cbor).found(), ("cloudwatch", Protocol::RpcCbor, "PutMetricData"));
    for path in [
        "/service/GraniteServiceVersion20100801/operation/Nothing",
        "/service/Nobody/operation/PutMetricData",
        "/service/GraniteServiceVersion20100801",
    ] {
        let refused = sent("POST", path, "").with(cbor).refused();
        assert_eq!(refused.protocol, Protocol::RpcCbor);
    }
}

#[test]
fn by_action_and_version() {
    let call = |body| sent("POST", "/", "").with(FORM).body(body);
    assert_eq!(
        call("Action=GetCallerIdentity&Version=2011-06-15").found(),
        ("sts", Protocol::Query, "GetCallerIdentity")
    );
    // In the query string too, and without a version for one who has signed.
    assert_eq!(
        sent("GET", "/", "Action=ListQueues").signed("sqs").found(),
        ("sqs", Protocol::Query, "ListQueues")
    );
    assert_eq!(
        sent("GET", "/", "Action=ListQueues").host("sqs.localhost").found(),
        ("sqs", Protocol::Query, "ListQueues")
    );
    assert_eq!(
        call("Action=DescribeInstances&Version=2016-11-15").found(),
        ("ec2", Protocol::Ec2, "DescribeInstances")
    );
    // An action alone is no address, nor is one of another's version.
    assert!(matches!(call("Action=ListQueues").refused().error, CommonError::Coded { status: 403, .. }));
    assert!(call("Action=ListQueues&Version=2011-06-15").signed("sqs").route().is_err());
    let refused = call("Action=Nothing&Version=2012-11-05").signed("sqs").refused();
    assert_eq!((refused.service.id, refused.protocol), ("sqs", Protocol::Query));
    assert!(matches!(refused.error, CommonError::UnknownOperation(_)));
    let refused = call("Version=2012-11-05").signed("sqs").refused();
    assert!(matches!(&refused.error, CommonError::Coded { code, .. } if code == "MissingAction"));
}

/// An object may be open to everybody, whatever a request for it has in its query string.
#[test]
fn an_action_below_a_bucket_is_none() {
    let get = |path| sent("GET", path, "Action=ListQueues&Version=2012-11-05");
    assert_eq!(get("/bucket/key").found(), ("s3", Protocol::RestXml, "GetObject"));
    assert_eq!(get("/bucket/123456789012/key").found().2, "GetObject");
    assert_eq!(get("/bucket").found().0, "s3");
    let posted = sent("POST", "/bucket/key", "uploadId=1").with(FORM).body("Action=ListQueues");
    assert_eq!(posted.found().2, "CompleteMultipartUpload");
    // What is signed, or sent to a host or path of a service of actions, says whose it is.
    assert_eq!(get("/").found().0, "sqs");
    assert_eq!(get("/123456789012/queue").refused().service.id, "sqs");
    assert_eq!(get("/bucket/key").signed("sqs").found().0, "sqs");
    assert_eq!(get("/bucket/key").host("sqs.localhost").found().0, "sqs");
}

#[test]
fn actions_at_a_queues_own_path() {
    let get = |query| sent("GET", "/123456789012/queue", query).signed("sqs");
    assert_eq!(get("Action=SendMessage").found().2, "SendMessage");
    assert_eq!(get("Action=GetQueueUrl").found().2, "GetQueueUrl");
    for (query, action) in [("Action=ListQueues", "ListQueues"), ("Action=Nothing", "Nothing")] {
        let text = format!("The action {action} is not valid for this endpoint.");
        assert_eq!(get(query).refused().error, CommonError::UnknownOperation(text));
    }
    for path in ["/", "/123456789012", "/12345678901/queue", "/123456789012/", "/123456789012/a/b"] {
        let elsewhere = Sent { path, ..get("Action=ListQueues") };
        assert_eq!(elsewhere.found().2, "ListQueues", "{path}");
    }
}

#[test]
fn by_path_of_the_service_that_was_signed_for() {
    let s3 = |method, path, query| sent(method, path, query).signed("s3").found().2;
    assert_eq!(s3("GET", "/b", "list-type=2"), "ListObjectsV2");
    assert_eq!(s3("GET", "/b", ""), "ListObjects");
    assert_eq!(s3("GET", "/b", "acl"), "GetBucketAcl");
    assert_eq!(s3("PUT", "/b", ""), "CreateBucket");
    assert_eq!(s3("HEAD", "/b/k/with/parts", ""), "HeadObject");
    assert_eq!(s3("GET", "/b/k", "tagging"), "GetObjectTagging");
    assert_eq!(s3("POST", "/b/k", "uploads"), "CreateMultipartUpload");
    let lambda = |method, path| sent(method, path, "").signed("lambda").found().2;
    assert_eq!(lambda("GET", "/2015-03-31/functions"), "ListFunctions");
    assert_eq!(lambda("GET", "/2015-03-31/functions/"), "ListFunctions");
    assert_eq!(lambda("POST", "/2015-03-31/functions/f/invocations"), "Invoke");
    assert_eq!(sent("GET", "/2015-03-31/functions", "").host("lambda.localhost").found().0, "lambda");
    let refused = sent("PATCH", "/2015-03-31/functions", "").signed("lambda").refused();
    assert_eq!((refused.service.id, refused.protocol), ("lambda", Protocol::RestJson));
}

#[test]
fn what_fits_nothing_goes_nowhere() {
    let mut malformed = sent("GET", "/bucket/key", "");
    malformed.malformed = true;
    let refused = malformed.refused();
    assert!(
        matches!(&refused.error, CommonError::Coded { code, status: 403, .. } if code == "MissingAuthenticationToken")
    );
    let refused = sent("GET", "/", "").signed("nobody").refused();
    assert!(matches!(refused.error, CommonError::UnknownOperation(_)));
    // A host is an address only as the first label of a name.
    malformed.host = "sqs";
    assert!(malformed.route().is_err());
    assert!(sent("GET", "/", "Action=ListQueues").host("nobody.localhost").route().is_err());
}

#[test]
fn a_request_without_an_action() {
    let refused = sent("GET", "/123456789012/queue", "").signed("sqs").refused();
    let response =
        codec(refused.protocol).encode_fault(refused.service, wire::Fault::Common(&refused.error), "id");
    assert_eq!(response.status, 404);
    assert!(response.body.ends_with(b"<UnknownOperationException/>"));
    let refused = sent("POST", "/", "").with(JSON10).signed("sqs").refused();
    assert_eq!(refused.protocol, Protocol::Json10);
    assert!(matches!(refused.error, CommonError::NoOperation));
}

#[test]
fn operations_told_apart_by_what_they_need() {
    let copy = ("x-amz-copy-source", "b/k");
    let s3 = |method, path, query| sent(method, path, query).signed("s3");
    for (sent, expected) in [
        (s3("PUT", "/b/k", ""), "PutObject"),
        (s3("PUT", "/b/k", "").with(copy), "CopyObject"),
        (s3("PUT", "/b/k", "uploadId=u&partNumber=1"), "UploadPart"),
        (s3("PUT", "/b/k", "uploadId=u&partNumber=1").with(copy), "UploadPartCopy"),
        (s3("PUT", "/b/k", "x-id=PutObject"), "PutObject"),
        (s3("POST", "/b/k", "uploadId=u"), "CompleteMultipartUpload"),
        (s3("POST", "/b/k", "uploads").with(FORM), "CreateMultipartUpload"),
        (s3("DELETE", "/b/k", "uploadId=u"), "AbortMultipartUpload"),
        (s3("DELETE", "/b/k", "versionId=v"), "DeleteObject"),
        (s3("GET", "/b/k", "uploadId=u"), "ListParts"),
        (s3("GET", "/b/k", "partNumber=2"), "GetObject"),
        (s3("GET", "/b//k//", ""), "GetObject"),
        (s3("GET", "/b/", "prefix=a"), "ListObjects"),
        (s3("GET", "/b", "list-type=2"), "ListObjectsV2"),
        (s3("GET", "/b", "analytics"), "ListBucketAnalyticsConfigurations"),
        (s3("GET", "/b", "analytics&id=1"), "GetBucketAnalyticsConfiguration"),
        (s3("GET", "/b", "lifecycle"), "GetBucketLifecycleConfiguration"),
        (s3("GET", "/", ""), "ListBuckets"),
        (sent("GET", "/b/k", ""), "GetObject"),
        // What other services' parameters are named is nothing to it, whose resources may be named anyhow.
        (sent("GET", "/b/k", "Action=ListQueues&Version=2012-11-05").host("s3.localhost"), "GetObject"),
        (sent("GET", "/b/k", "").host("s3.localhost"), "GetObject"),
    ] {
        assert_eq!(sent.found(), ("s3", Protocol::RestXml, expected), "{} {}", sent.path, sent.query);
    }
}

#[test]
fn what_chooses_an_operation_is_never_passed_over() {
    let code = |method, path, query| {
        let refused = sent(method, path, query).signed("s3").refused();
        wire::Fault::Common(&refused.error).code(Protocol::RestXml).to_owned()
    };
    assert_eq!(code("DELETE", "/b", "versioning"), "MethodNotAllowed");
    assert_eq!(code("PUT", "/b", "location"), "MethodNotAllowed");
    assert_eq!(code("PUT", "/b/k", "partNumber=1"), "MethodNotAllowed");
    assert_eq!(code("DELETE", "/b/k", "uploads"), "MethodNotAllowed");
    assert_eq!(code("PUT", "/b", "nobodyKnows"), "NotImplemented");
    assert_eq!(code("DELETE", "/b", "nobodyKnows="), "NotImplemented");
}
