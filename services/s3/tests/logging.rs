//! Server access logging: what requests leave in the log bucket, and which buckets logs may go to.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::objects::*;
use common::{create, create_input, create_with_lists, other, refused, refused_as};
use http::{HeaderMap, Method, Version};
use identity::{Authority, Directory, Documents};
use kernel::{Principal, Timestamp};
use model_s3::Error;
use model_s3::ops::*;
use model_s3::types::*;
use service::{Edge, EdgeHead, Ended};
use testkit::{ACCOUNT, Kit};
use wire::Open;

const SOURCE: &str = "docs";
const LOGS: &str = "logs";
/// Turns in which a log is delivered, of one second by the kit's clock.
const TURNS: usize = 200;

/// A world in which policies decide.
fn world() -> Kit {
    let deps = testkit::deps();
    let documents = Arc::new(Documents::default());
    let directory = Arc::new(Directory::new(deps.store.clone(), documents.clone()));
    Kit::deciding(deps, Arc::new(Authority::new(directory, documents)), |deps| {
        s3::services(deps.clone()).into_iter().chain([kms::service(deps.clone())]).collect()
    })
}

fn enabled(prefix: &str) -> LoggingEnabled {
    LoggingEnabled { target_bucket: LOGS.into(), target_prefix: prefix.into(), ..Default::default() }
}

async fn log(kit: &Kit, logging: Option<LoggingEnabled>) -> Result<(), Error> {
    let input = PutBucketLoggingInput {
        bucket: SOURCE.into(),
        bucket_logging_status: BucketLoggingStatus { logging_enabled: logging }.into(),
        ..Default::default()
    };
    kit.run(PutBucketLogging, input).await.map(drop)
}

/// Lets the logging service write logs for a bucket.
async fn let_in(kit: &Kit, source: &str) {
    let policy = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"Service":"logging.s3.amazonaws.com"}},
        "Action":"s3:PutObject","Resource":"arn:aws:s3:::{LOGS}/log/*","Condition":{{
        "ArnLike":{{"aws:SourceArn":"arn:aws:s3:::{source}"}},"StringEquals":{{"aws:SourceAccount":"{ACCOUNT}"}}}}}}}}"#
    );
    let input =
        PutBucketPolicyInput { bucket: LOGS.into(), policy: policy.as_str().into(), ..Default::default() };
    kit.run(PutBucketPolicy, input).await.expect("a policy");
}

/// A bucket that is logged into another.
async fn logged(logging: LoggingEnabled) -> Kit {
    let kit = world();
    create(&kit, SOURCE).await;
    create(&kit, LOGS).await;
    let_in(&kit, SOURCE).await;
    log(&kit, Some(logging)).await.expect("a configuration");
    kit
}

fn edge(kit: &Kit) -> Arc<dyn Edge> {
    kit.deps().cloud.service("s3").and_then(|service| service.edge().cloned()).expect("an edge")
}

fn watches(kit: &Kit, path: &str, bucket: Option<&str>) -> bool {
    let headers = HeaderMap::new();
    edge(kit).watches(&EdgeHead {
        method: &Method::GET,
        path,
        query: "",
        headers: &headers,
        bucket,
        website: false,
    })
}

fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
    list.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

/// A request for an object, as it ended.
fn ended(kit: &Kit) -> Ended {
    Ended {
        method: Method::GET,
        path: format!("/{SOURCE}/a%20b/c"),
        query: "versionId=v1&X-Amz-Signature=0123".into(),
        version: Version::HTTP_11,
        headers: headers(&[
            ("authorization", "AWS4-HMAC-SHA256 Credential=x"),
            ("host", "localhost:4566"),
            ("user-agent", "tool/1 \"x\""),
        ]),
        bucket: None,
        website: false,
        peer: "192.0.2.3".parse().unwrap(),
        request_id: "3E57427F3EXAMPLE".into(),
        operation: Some("GetObject"),
        principal: Some(Principal::root(ACCOUNT, "key")),
        began: kit.deps().clock.now(),
        turn_around: Duration::from_millis(4),
        total: Duration::from_millis(9),
        status: 206,
        fault: String::new(),
        answer: headers(&[("content-range", "bytes 0-9/5000"), ("x-amz-version-id", "v1")]),
        sent: 10,
    }
}

/// What the service does when the program ends.
fn at_end(kit: &Kit) -> Vec<service::Background> {
    kit.deps().cloud.service("s3").expect("a service").take_at_end()
}

async fn keys(kit: &Kit) -> Vec<String> {
    let input = ListObjectsV2Input { bucket: LOGS.into(), ..Default::default() };
    let list = kit.run(ListObjectsV2, input).await.unwrap().contents.unwrap_or_default();
    list.into_iter().filter_map(|object| object.key).collect()
}

/// Waits until there are so many logs: their keys.
#[allow(clippy::disallowed_methods)] // What is due by the kit's clock is done in the background.
async fn delivered(kit: &Kit, count: usize) -> Vec<String> {
    for _ in 0..TURNS {
        let found = keys(kit).await;
        if found.len() >= count {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
        kit.advance(Duration::from_secs(1));
    }
    panic!("no logs are delivered: {:?}", keys(kit).await);
}

#[tokio::test]
async fn requests_become_lines() {
    let kit = logged(enabled("log/")).await;
    let edge = edge(&kit);
    edge.ended(ended(&kit));
    let user = Principal {
        kind: kernel::PrincipalKind::User,
        arn: kernel::Arn::aws("iam", "", ACCOUNT, "user/ann"),
        ..Principal::root(ACCOUNT, "key")
    };
    edge.ended(Ended {
        method: Method::PUT,
        query: String::new(),
        operation: Some("PutObject"),
        principal: Some(user),
        status: 403,
        fault: "AccessDenied".into(),
        headers: headers(&[("content-length", "77"), ("referer", "http://a/")]),
        answer: HeaderMap::new(),
        sent: 243,
        ..ended(&kit)
    });
    edge.ended(Ended {
        path: "/".into(),
        bucket: Some(SOURCE.into()),
        query: "X-Amz-Algorithm=AWS4-HMAC-SHA256&list-type=2".into(),
        operation: Some("ListObjectsV2"),
        principal: Some(Principal::anonymous()),
        status: 200,
        headers: HeaderMap::new(),
        answer: HeaderMap::new(),
        sent: 0,
        ..ended(&kit)
    });
    // Of a bucket that has no log, nothing is noted.
    edge.ended(Ended { path: format!("/{LOGS}/x"), ..ended(&kit) });
    let keys = delivered(&kit, 1).await;
    assert_eq!(keys.len(), 1);
    let rest = keys[0].strip_prefix("log/2025-06-15-15-06-").expect("the time of delivery");
    assert_eq!(rest.len(), "40-0123456789ABCDEF".len());
    let (object, text) = get(&kit, get_input(LOGS, &keys[0])).await.unwrap();
    assert_eq!(object.content_type.as_deref(), Some("text/plain"));
    let text = String::from_utf8(text.to_vec()).unwrap();
    let owner = kit.deps().accounts.owner(ACCOUNT).canonical_id;
    let (host, time) = (wire::host_id("3E57427F3EXAMPLE"), "[15/Jun/2025:15:06:40 +0000]");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines,
        [
            format!(
                "{owner} docs {time} 192.0.2.3 {owner} 3E57427F3EXAMPLE REST.GET.OBJECT a%20b/c \
                 \"GET /docs/a%20b/c?versionId=v1&X-Amz-Signature=REDACTED HTTP/1.1\" 206 - 10 5000 9 4 \"-\" \
                 \"tool/1 %22x%22\" v1 {host} SigV4 - AuthHeader localhost:4566 - - - us-east-1"
            ),
            format!(
                "{owner} docs {time} 192.0.2.3 arn:aws:iam::{ACCOUNT}:user/ann 3E57427F3EXAMPLE REST.PUT.OBJECT \
                 a%20b/c \"PUT /docs/a%20b/c HTTP/1.1\" 403 AccessDenied 243 77 9 4 \"http://a/\" \"-\" - {host} - - \
                 - - - - - us-east-1"
            ),
            format!(
                "{owner} docs {time} 192.0.2.3 - 3E57427F3EXAMPLE REST.GET.BUCKET - \
                 \"GET /?X-Amz-Algorithm=AWS4-HMAC-SHA256&list-type=2 HTTP/1.1\" 200 - - - 9 4 \"-\" \"-\" - {host} \
                 SigV4 - QueryString - - - - us-east-1"
            ),
        ]
    );
}

#[tokio::test]
async fn what_a_request_does_to_several_objects_has_lines_of_its_own() {
    let kit = logged(enabled("log/")).await;
    let call = || kernel::Call { source_ip: Some("192.0.2.3".parse().unwrap()), ..kit.call() };
    put(&kit, SOURCE, "a", "1").await;
    kit.run_as(call(), CopyObject, copy_input("docs/a", SOURCE, "b")).await.unwrap();
    let objects =
        ["a", "b", "c/../../d"].map(|key| ObjectIdentifier { key: key.into(), ..Default::default() });
    let input = DeleteObjectsInput {
        bucket: SOURCE.into(),
        delete: Delete { objects: objects.to_vec().into(), quiet: None }.into(),
        ..Default::default()
    };
    kit.run_as(call(), DeleteObjects, input).await.unwrap();
    // What comes from inside is not logged.
    kit.run(CopyObject, copy_input("docs/a", SOURCE, "b")).await.unwrap_err();
    let keys = delivered(&kit, 1).await;
    let text = String::from_utf8(body(&kit, LOGS, &keys[0]).await.to_vec()).unwrap();
    let lines: Vec<String> = text
        .lines()
        .map(|line| {
            line.split(' ')
                .enumerate()
                .filter(|(n, _)| (7..13).contains(n))
                .map(|(_, f)| f)
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    assert_eq!(
        lines,
        [
            "REST.COPY.OBJECT_GET a \"-\" 200 - -",
            "BATCH.DELETE.OBJECT a \"-\" 204 - -",
            "BATCH.DELETE.OBJECT b \"-\" 204 - -",
            "BATCH.DELETE.OBJECT c/../../d \"-\" 400 InvalidURI -",
        ]
    );
}

#[tokio::test]
async fn only_logged_buckets_are_watched() {
    let kit = logged(enabled("log/")).await;
    // Until all buckets have been looked at, any may have a log.
    for _ in 0..TURNS {
        tokio::task::yield_now().await;
    }
    assert!(watches(&kit, "/docs/a", None) && watches(&kit, "/", Some(SOURCE)));
    assert!(
        !watches(&kit, "/logs/a", None) && !watches(&kit, "/", None) && !watches(&kit, "/docs", Some(LOGS))
    );
    log(&kit, None).await.unwrap();
    edge(&kit).ended(ended(&kit));
    assert!(!watches(&kit, "/docs/a", None), "it was found to have none");
    // What the store says is found at the start.
    log(&kit, Some(enabled("log/"))).await.unwrap();
    let again = Kit::on(testkit::deps_on(kit.deps().store.clone(), kit.deps().clock.clone()), |deps| {
        s3::services(deps.clone()).into()
    });
    for _ in 0..TURNS {
        tokio::task::yield_now().await;
    }
    assert!(watches(&again, "/docs/a", None) && !watches(&again, "/logs/a", None));
}

#[tokio::test]
async fn logs_can_be_kept_by_day() {
    let partitioned = |source| TargetObjectKeyFormat {
        partitioned_prefix: Some(PartitionedPrefix { partition_date_source: known(source) }),
        ..Default::default()
    };
    let by_event = LoggingEnabled {
        target_object_key_format: Some(partitioned(PartitionDateSource::EventTime)),
        ..enabled("log/")
    };
    let kit = logged(by_event).await;
    // The clock stands at 15:06:40; one request came the day before.
    let yesterday = Timestamp::from_secs(kit.deps().clock.now().secs() - 16 * 3600);
    edge(&kit).ended(Ended { began: yesterday, ..ended(&kit) });
    edge(&kit).ended(ended(&kit));
    let mut found = delivered(&kit, 2).await;
    found.sort();
    for (key, day) in found.iter().zip(["14", "15"]) {
        let expected = format!("log/{ACCOUNT}/us-east-1/docs/2025/06/{day}/2025-06-{day}-00-00-00-");
        assert!(key.starts_with(&expected), "{key} {expected}");
    }
    let by_delivery = LoggingEnabled {
        target_object_key_format: Some(partitioned(PartitionDateSource::DeliveryTime)),
        ..enabled("log/d")
    };
    log(&kit, Some(by_delivery)).await.unwrap();
    edge(&kit).ended(Ended { began: yesterday, ..ended(&kit) });
    let found = delivered(&kit, 3).await;
    let expected = format!("log/d{ACCOUNT}/us-east-1/docs/2025/06/15/2025-06-15-15-");
    assert!(found.iter().any(|key| key.starts_with(&expected)), "{found:?}");
}

#[tokio::test]
async fn the_log_bucket_has_to_let_logs_in() {
    let kit = world();
    create(&kit, SOURCE).await;
    create(&kit, LOGS).await;
    // That is asked when a log is written, not before (recorded).
    log(&kit, Some(enabled("log/"))).await.unwrap();
    let lost = async || {
        edge(&kit).ended(ended(&kit));
        for _ in 0..20 {
            kit.advance(Duration::from_secs(1));
            tokio::task::yield_now().await;
        }
        assert_eq!(keys(&kit).await, [""; 0]);
    };
    lost().await;
    let_in(&kit, "another").await;
    lost().await;
    let_in(&kit, SOURCE).await;
    log(&kit, Some(enabled("elsewhere/"))).await.unwrap();
    lost().await;
    log(&kit, Some(enabled("log/"))).await.unwrap();
    edge(&kit).ended(ended(&kit));
    let found = delivered(&kit, 1).await;
    let (_, lines) = get(&kit, get_input(LOGS, &found[0])).await.unwrap();
    assert_eq!(lines.iter().filter(|byte| **byte == b'\n').count(), 1, "what was lost stays lost");
}

#[tokio::test]
async fn what_waits_is_delivered_before_the_program_ends() {
    let kit = logged(enabled("log/")).await;
    edge(&kit).ended(ended(&kit));
    edge(&kit).ended(Ended { status: 404, ..ended(&kit) });
    assert_eq!(keys(&kit).await, [""; 0], "the clock stands");
    for work in at_end(&kit) {
        work.await;
    }
    let found = keys(&kit).await;
    assert_eq!(found.len(), 1);
    let (_, lines) = get(&kit, get_input(LOGS, &found[0])).await.unwrap();
    assert_eq!(lines.iter().filter(|byte| **byte == b'\n').count(), 2);
}

#[tokio::test]
async fn lists_let_logs_in_and_logs_have_lists() {
    let kit = world();
    create(&kit, SOURCE).await;
    create_with_lists(&kit, LOGS).await;
    let delivery = "uri=\"http://acs.amazonaws.com/groups/s3/LogDelivery\"";
    let input = PutBucketAclInput {
        bucket: LOGS.into(),
        grant_write: Some(delivery.into()),
        grant_read_acp: Some(delivery.into()),
        ..Default::default()
    };
    kit.run(PutBucketAcl, input).await.unwrap();
    let reader = Grantee {
        r#type: Open::Known(Type::CanonicalUser).into(),
        id: Some(kit.deps().accounts.owner(common::OTHER).canonical_id),
        ..Default::default()
    };
    let grant = TargetGrant { grantee: Some(reader), permission: known(BucketLogsPermission::Read) };
    let logging = LoggingEnabled { target_grants: Some(vec![grant]), ..enabled("log/") };
    log(&kit, Some(logging.clone())).await.unwrap();
    edge(&kit).ended(ended(&kit));
    let found = delivered(&kit, 1).await;
    let theirs = kit.run_as(common::anonymous(&kit), GetObject, get_input(LOGS, &found[0])).await;
    assert!(theirs.is_err());
    kit.run_as(other(&kit), GetObject, get_input(LOGS, &found[0])).await.expect("they may read it");

    // Where lists do not count, nothing can be granted by them.
    let enforced =
        OwnershipControlsRule { object_ownership: Open::Known(ObjectOwnership::BucketOwnerEnforced).into() };
    let input =
        PutBucketAclInput { bucket: LOGS.into(), acl: known(BucketCannedAcl::Private), ..Default::default() };
    kit.run(PutBucketAcl, input).await.unwrap();
    let input = PutBucketOwnershipControlsInput {
        bucket: LOGS.into(),
        ownership_controls: OwnershipControls { rules: vec![enforced].into() }.into(),
        ..Default::default()
    };
    kit.run(PutBucketOwnershipControls, input).await.unwrap();
    let_in(&kit, SOURCE).await;
    refused_as(log(&kit, Some(logging)).await, "AccessControlListNotSupported");
}

#[tokio::test]
async fn logs_go_to_a_bucket_of_the_same_owner_and_region() {
    let kit = world();
    create(&kit, SOURCE).await;
    create(&kit, LOGS).await;
    let_in(&kit, SOURCE).await;
    let place = CreateBucketConfiguration {
        location_constraint: known(BucketLocationConstraint::EuWest1),
        ..Default::default()
    };
    let far = CreateBucketInput { create_bucket_configuration: Some(place), ..create_input("far") };
    kit.run(CreateBucket, far).await.unwrap();
    kit.run_as(other(&kit), CreateBucket, create_input("theirs")).await.unwrap();
    let to = |bucket: &str| Some(LoggingEnabled { target_bucket: bucket.into(), ..enabled("log/") });
    let text = "The target bucket for logging does not exist";
    refused(log(&kit, to("none")).await, "InvalidTargetBucketForLogging", text);
    refused_as(log(&kit, to("theirs")).await, "InvalidTargetBucketForLogging");
    let text = "Cross S3 location logging not allowed. ";
    refused(log(&kit, to("far")).await, "CrossLocationLoggingProhibitted", text);
    let unknown = PartitionedPrefix { partition_date_source: Some(Open::Unknown("kaboom".into())) };
    let format = TargetObjectKeyFormat { partitioned_prefix: Some(unknown), ..Default::default() };
    let logging = LoggingEnabled { target_object_key_format: Some(format), ..enabled("log/") };
    refused_as(log(&kit, Some(logging)).await, "MalformedXML");
    let get = async || {
        let input = GetBucketLoggingInput { bucket: SOURCE.into(), ..Default::default() };
        kit.run(GetBucketLogging, input).await.unwrap().logging_enabled
    };
    assert!(get().await.is_none());
    log(&kit, Some(enabled("log/"))).await.unwrap();
    let found = get().await.unwrap();
    assert_eq!((found.target_bucket.as_str(), found.target_prefix.as_str()), (LOGS, "log/"));
    let input = PutBucketRequestPaymentInput {
        bucket: LOGS.into(),
        request_payment_configuration: RequestPaymentConfiguration {
            payer: Open::Known(Payer::Requester).into(),
        }
        .into(),
        ..Default::default()
    };
    kit.run(PutBucketRequestPayment, input).await.unwrap();
    refused_as(log(&kit, Some(enabled("log/2"))).await, "InvalidTargetBucketForLogging");
    log(&kit, None).await.unwrap();
    assert!(get().await.is_none());
}
