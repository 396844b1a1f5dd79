//! The text of a notification ("Event message structure" in the user guide).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kernel::{Call, PrincipalKind, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::{Event, time};
use crate::bucket::{Bucket, bucket_arn};
use crate::error::{Failure, corrupt};
use crate::s3::S3;

#[derive(Serialize)]
struct Records<'a> {
    #[serde(rename = "Records")]
    records: [Record<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    event_version: &'static str,
    event_source: &'static str,
    aws_region: &'a str,
    event_time: String,
    event_name: &'static str,
    user_identity: Identity,
    request_parameters: RequestParameters,
    response_elements: ResponseElements<'a>,
    s3: Subject<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lifecycle_event_data: Option<LifecycleEventData<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replication_event_data: Option<ReplicationEventData<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReplicationEventData<'a> {
    replication_rule_id: &'a str,
    destination_bucket: String,
    #[serde(rename = "s3Operation")]
    operation: &'static str,
    request_time: String,
    failure_reason: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LifecycleEventData<'a> {
    transition_event_data: TransitionEventData<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TransitionEventData<'a> {
    destination_storage_class: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    principal_id: String,
}

#[derive(Serialize)]
struct RequestParameters {
    #[serde(rename = "sourceIPAddress")]
    source_ip_address: String,
}

#[derive(Serialize)]
struct ResponseElements<'a> {
    #[serde(rename = "x-amz-request-id")]
    request_id: &'a str,
    #[serde(rename = "x-amz-id-2")]
    host_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Subject<'a> {
    #[serde(rename = "s3SchemaVersion")]
    schema_version: &'static str,
    configuration_id: &'a str,
    bucket: BucketFacts<'a>,
    object: ObjectFacts<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BucketFacts<'a> {
    name: &'a str,
    owner_identity: Identity,
    arn: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ObjectFacts<'a> {
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    e_tag: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequencer: Option<String>,
}

/// What is sent to a queue whose configuration has just been put.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Test<'a> {
    service: &'static str,
    event: &'static str,
    time: String,
    bucket: &'a str,
    request_id: &'a str,
    host_id: String,
}

/// The message that tells an event.
pub fn records(
    s3: &S3,
    bucket: &Bucket,
    call: &Call,
    configuration_id: &str,
    event: &Event<'_>,
) -> Result<String, Failure> {
    let record = Record {
        event_version: version(event.name),
        event_source: "aws:s3",
        aws_region: &bucket.place.region,
        event_time: time(call.now),
        event_name: event.name,
        user_identity: Identity { principal_id: principal(call) },
        request_parameters: RequestParameters {
            source_ip_address: call
                .source_ip
                .map_or_else(|| call.principal.user_id.clone(), |ip| ip.to_string()),
        },
        response_elements: ResponseElements {
            request_id: &call.request_id,
            host_id: host_id(&call.request_id),
        },
        s3: Subject {
            schema_version: "1.0",
            configuration_id,
            bucket: BucketFacts {
                name: &bucket.name,
                owner_identity: Identity { principal_id: s3.accounts.owner(bucket.owner()).canonical_id },
                arn: bucket.arn.as_str(),
            },
            object: ObjectFacts {
                key: encoded(event.key),
                size: event.size,
                e_tag: event.etag,
                version_id: event.version,
                sequencer: event.sequence.map(|sequence| format!("{sequence:018X}")),
            },
        },
        lifecycle_event_data: event.class.map(|class| LifecycleEventData {
            transition_event_data: TransitionEventData { destination_storage_class: class },
        }),
        replication_event_data: event.not_replicated.map(|why| ReplicationEventData {
            replication_rule_id: why.rule,
            destination_bucket: bucket_arn(why.bucket).to_string(),
            operation: why.operation,
            request_time: time(why.ordered),
            failure_reason: why.reason,
        }),
    };
    serde_json::to_string(&Records { records: [record] }).map_err(|error| corrupt(error).into())
}

/// The message that shows that a queue can be reached.
pub fn test(bucket: &Bucket, request_id: &str, now: Timestamp) -> Result<String, Failure> {
    let message = Test {
        service: "Amazon S3",
        event: "s3:TestEvent",
        time: time(now),
        bucket: &bucket.name,
        request_id,
        host_id: host_id(request_id),
    };
    serde_json::to_string(&message).map_err(|error| corrupt(error).into())
}

/// The later kinds of event have a later version.
fn version(name: &str) -> &'static str {
    let later = ["ObjectAcl:", "ObjectTagging:", "Lifecycle", "IntelligentTiering", "ObjectRestore:Delete"];
    match () {
        () if later.iter().any(|group| name.starts_with(group)) => "2.3",
        () if name.starts_with("Replication:") => "2.2",
        () => "2.1",
    }
}

fn principal(call: &Call) -> String {
    match call.principal.kind {
        PrincipalKind::Anonymous => "Anonymous".to_owned(),
        PrincipalKind::Service => call.principal.user_id.clone(),
        _ => format!("AWS:{}", call.principal.user_id),
    }
}

/// The second id of a request, which follows from the first.
fn host_id(request_id: &str) -> String {
    STANDARD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA384, request_id.as_bytes()))
}

/// Keys are written as forms write values, but for slashes.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b'/').remove(b' ');

fn encoded(key: &str) -> String {
    utf8_percent_encode(key, PLAIN).to_string().replace(' ', "+")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_encoded_as_forms_are() {
        assert_eq!(encoded("a@b"), "a%40b");
        assert_eq!(encoded("red flower+1.jpg"), "red+flower%2B1.jpg");
        assert_eq!(encoded("a/b c"), "a/b+c");
        assert_eq!(encoded("ü"), "%C3%BC");
    }

    #[test]
    fn versions_of_events() {
        assert_eq!(version("ObjectCreated:Put"), "2.1");
        assert_eq!(version("ObjectTagging:Put"), "2.3");
        assert_eq!(version("LifecycleTransition"), "2.3");
        assert_eq!(version("Replication:OperationFailedReplication"), "2.2");
    }
}
