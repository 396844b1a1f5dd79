//! What is told to queues.

mod common;

use common::{create, refusal, refused, world};
use model_s3::ops::*;
use model_s3::types::*;
use model_sqs::ops::{CreateQueue, DeleteQueue, ReceiveMessage, SetQueueAttributes};
use model_sqs::types::{CreateQueueInput, DeleteQueueInput, ReceiveMessageInput, SetQueueAttributesInput};
use serde::Deserialize;
use testkit::{ACCOUNT, Kit};
use wire::{Enum as _, Open};

const BUCKET: &str = "bucket";
/// Deliveries are made by others; each look gives them a turn.
const TURNS: usize = 2_000;

#[derive(Debug, Deserialize)]
struct Records {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    event_version: String,
    event_source: String,
    aws_region: String,
    event_time: String,
    event_name: String,
    user_identity: Identity,
    s3: Subject,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    principal_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subject {
    configuration_id: String,
    bucket: About,
    object: About,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct About {
    name: Option<String>,
    arn: Option<String>,
    key: Option<String>,
    size: Option<u64>,
    e_tag: Option<String>,
    version_id: Option<String>,
    sequencer: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Test {
    service: String,
    event: String,
    bucket: String,
}

async fn queue(kit: &Kit, region: &str, name: &str) -> String {
    let call = kernel::Call { region: region.into(), ..kit.call() };
    let input = CreateQueueInput { queue_name: name.into(), ..Default::default() };
    kit.run_as(call, CreateQueue, input).await.expect("a queue");
    format!("arn:aws:sqs:{region}:{ACCOUNT}:{name}")
}

fn event(name: &str) -> Open<Event> {
    Event::parse(name).expect("an event").into()
}

fn configuration(queue: &str, events: &[&str], filter: &[(&str, &str)]) -> QueueConfiguration {
    let rules = filter.iter().map(|(name, value)| FilterRule {
        name: Some(Open::Unknown((*name).to_owned())),
        value: Some((*value).to_owned()),
    });
    QueueConfiguration {
        id: Some("config".into()),
        queue_arn: queue.into(),
        events: events.iter().map(|name| event(name)).collect::<Vec<_>>().into(),
        filter: (!filter.is_empty()).then(|| NotificationConfigurationFilter {
            key: Some(S3KeyFilter { filter_rules: Some(rules.collect()) }),
        }),
    }
}

async fn notify(kit: &Kit, queues: Vec<QueueConfiguration>) -> Result<(), model_s3::Error> {
    let configuration =
        NotificationConfiguration { queue_configurations: Some(queues), ..Default::default() };
    let input = PutBucketNotificationConfigurationInput {
        bucket: BUCKET.into(),
        notification_configuration: configuration.into(),
        ..Default::default()
    };
    kit.run(PutBucketNotificationConfiguration, input).await.map(drop)
}

async fn receive(kit: &Kit, region: &str, name: &str) -> Option<String> {
    let call = kernel::Call { region: region.into(), ..kit.call() };
    let input = ReceiveMessageInput { queue_url: name.into(), ..Default::default() };
    let output = kit.run_as(call, ReceiveMessage, input).await.expect("an answer");
    output.messages?.into_iter().next()?.body
}

async fn next(kit: &Kit, region: &str, name: &str) -> String {
    for _ in 0..TURNS {
        if let Some(body) = receive(kit, region, name).await {
            return body;
        }
        tokio::task::yield_now().await;
    }
    panic!("nothing comes");
}

async fn next_record(kit: &Kit) -> Record {
    let body = next(kit, "us-east-1", "events").await;
    let mut records: Records = serde_json::from_str(&body).expect("records");
    assert_eq!(records.records.len(), 1);
    records.records.remove(0)
}

/// A bucket that tells a queue of these events; the test event has been taken.
async fn telling(events: &[&str], filter: &[(&str, &str)]) -> Kit {
    let kit = world();
    create(&kit, BUCKET).await;
    let queue = queue(&kit, "us-east-1", "events").await;
    notify(&kit, vec![configuration(&queue, events, filter)]).await.expect("a configuration");
    let body = next(&kit, "us-east-1", "events").await;
    let test: Test = serde_json::from_str(&body).expect("a test");
    assert_eq!((test.service.as_str(), test.event.as_str()), ("Amazon S3", "s3:TestEvent"));
    assert_eq!(test.bucket, BUCKET);
    kit
}

async fn put(kit: &Kit, key: &str, bytes: &[u8]) -> PutObjectOutput {
    let input = PutObjectInput {
        bucket: BUCKET.into(),
        key: key.into(),
        body: Some(bytes.to_vec().into()),
        ..Default::default()
    };
    kit.run(PutObject, input).await.expect("an object")
}

async fn delete(kit: &Kit, key: &str) {
    let input = DeleteObjectInput { bucket: BUCKET.into(), key: key.into(), ..Default::default() };
    kit.run(DeleteObject, input).await.expect("a deletion");
}

#[tokio::test]
async fn an_object_that_is_put() {
    let kit = telling(&["s3:ObjectCreated:*"], &[]).await;
    let etag = put(&kit, "a@b c/d", b"hello").await.e_tag.unwrap();
    let record = next_record(&kit).await;
    assert_eq!((record.event_version.as_str(), record.event_source.as_str()), ("2.1", "aws:s3"));
    assert_eq!((record.event_name.as_str(), record.aws_region.as_str()), ("ObjectCreated:Put", "us-east-1"));
    assert_eq!(record.event_time, "2025-06-15T15:06:40.000Z");
    assert_eq!(record.user_identity.principal_id, format!("AWS:{ACCOUNT}"));
    assert_eq!(record.s3.configuration_id, "config");
    assert_eq!(record.s3.bucket.name.as_deref(), Some(BUCKET));
    assert_eq!(record.s3.bucket.arn.as_deref(), Some("arn:aws:s3:::bucket"));
    let object = record.s3.object;
    assert_eq!(object.key.as_deref(), Some("a%40b+c/d"));
    assert_eq!((object.size, object.e_tag), (Some(5), Some(etag.trim_matches('"').to_owned())));
    assert_eq!(object.version_id, None);
    assert!(object.sequencer.is_some());
}

#[tokio::test]
async fn sequencers_grow_and_deletions_are_told() {
    let kit = telling(&["s3:ObjectCreated:*", "s3:ObjectRemoved:*"], &[]).await;
    put(&kit, "k", b"1").await;
    put(&kit, "k", b"2").await;
    delete(&kit, "k").await;
    let (first, second, third) = (next_record(&kit).await, next_record(&kit).await, next_record(&kit).await);
    assert_eq!(third.event_name, "ObjectRemoved:Delete");
    assert!(third.s3.object.size.is_none() && third.s3.object.e_tag.is_none());
    let sequencers = [first, second, third].map(|record| record.s3.object.sequencer.unwrap());
    assert!(sequencers[0] < sequencers[1] && sequencers[1] < sequencers[2], "{sequencers:?}");
}

#[tokio::test]
async fn delete_markers_are_told_as_such() {
    let kit = telling(&["s3:ObjectRemoved:*"], &[]).await;
    let configuration = VersioningConfiguration {
        status: Some(BucketVersioningStatus::Enabled.into()),
        ..Default::default()
    };
    let input = PutBucketVersioningInput {
        bucket: BUCKET.into(),
        versioning_configuration: configuration.into(),
        ..Default::default()
    };
    kit.run(PutBucketVersioning, input).await.unwrap();
    put(&kit, "k", b"1").await;
    delete(&kit, "k").await;
    let record = next_record(&kit).await;
    assert_eq!(record.event_name, "ObjectRemoved:DeleteMarkerCreated");
    assert_eq!(record.s3.object.e_tag.as_deref(), Some("d41d8cd98f00b204e9800998ecf8427e"));
    assert!(record.s3.object.version_id.is_some());
}

#[tokio::test]
async fn only_what_passes_is_told() {
    let kit = telling(&["s3:ObjectCreated:Put"], &[("Prefix", "in/"), ("suffix", ".txt")]).await;
    for key in ["out/a.txt", "in/a.jpg", "in/yes.txt"] {
        put(&kit, key, b"").await;
    }
    assert_eq!(next_record(&kit).await.s3.object.key.as_deref(), Some("in/yes.txt"));
    for _ in 0..100 {
        assert_eq!(receive(&kit, "us-east-1", "events").await, None);
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_queue_is_where_its_name_says() {
    let kit = world();
    create(&kit, BUCKET).await;
    let queue = queue(&kit, "eu-west-1", "far").await;
    notify(&kit, vec![configuration(&queue, &["s3:ObjectCreated:*"], &[])]).await.unwrap();
    kit.asked();
    next(&kit, "eu-west-1", "far").await;
    put(&kit, "k", b"").await;
    let body = next(&kit, "eu-west-1", "far").await;
    let records: Records = serde_json::from_str(&body).unwrap();
    assert_eq!(records.records[0].aws_region, "us-east-1", "the bucket's");
    let asked = kit.asked();
    let sent = asked.iter().find(|ask| ask.action == "sqs:SendMessage").expect("the queue's policy is asked");
    assert_eq!(sent.target.arn.as_str(), queue);
    assert_eq!(sent.call.principal.user_id, "s3.amazonaws.com");
    assert_eq!(sent.call.principal.account, ACCOUNT);
    assert_eq!(sent.call.source.as_ref().unwrap().as_str(), "arn:aws:s3:::bucket");
}

#[tokio::test]
async fn queues_that_cannot_be_reached_are_not_configured() {
    let kit = world();
    create(&kit, BUCKET).await;
    let missing = format!("arn:aws:sqs:us-east-1:{ACCOUNT}:none");
    let text = "Unable to validate the following destination configurations";
    let refusal_of = notify(&kit, vec![configuration(&missing, &["s3:ObjectCreated:*"], &[])]).await;
    refused(refusal_of, "InvalidArgument", text);
    let queue = queue(&kit, "us-east-1", "events").await;
    kit.deny("sqs:SendMessage");
    let refusal_of = notify(&kit, vec![configuration(&queue, &["s3:ObjectCreated:*"], &[])]).await;
    assert_eq!(refusal(refusal_of).0, "InvalidArgument");
}

#[tokio::test]
async fn an_event_waits_for_its_queue() {
    let kit = telling(&["s3:ObjectCreated:*"], &[]).await;
    let input = DeleteQueueInput { queue_url: "events".into() };
    kit.run(DeleteQueue, input).await.unwrap();
    put(&kit, "k", b"").await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    // A name can be had again after a minute.
    kit.advance(std::time::Duration::from_secs(61));
    queue(&kit, "us-east-1", "events").await;
    kit.advance(std::time::Duration::from_secs(600));
    assert_eq!(next_record(&kit).await.s3.object.key.as_deref(), Some("k"));
}

#[tokio::test]
async fn the_queues_policy_decides() {
    let strict = common::strict::Strict::new();
    strict.owner(CreateBucket, common::create_input(BUCKET)).await.unwrap();
    let queue = format!("arn:aws:sqs:us-east-1:{ACCOUNT}:events");
    let lets_in = |account: &str, bucket: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"Service":"s3.amazonaws.com"}},
            "Action":"sqs:SendMessage","Resource":"{queue}","Condition":{{
                "ArnLike":{{"aws:SourceArn":"arn:aws:s3:::{bucket}"}},
                "StringEquals":{{"aws:SourceAccount":"{account}"}}}}}}}}"#
        )
    };
    let put = || PutBucketNotificationConfigurationInput {
        bucket: BUCKET.into(),
        notification_configuration: NotificationConfiguration {
            queue_configurations: Some(vec![configuration(&queue, &["s3:ObjectCreated:*"], &[])]),
            ..Default::default()
        }
        .into(),
        ..Default::default()
    };
    let input = CreateQueueInput { queue_name: "events".into(), ..Default::default() };
    strict.owner(CreateQueue, input).await.unwrap();
    let text = "Unable to validate the following destination configurations";
    refused(strict.owner(PutBucketNotificationConfiguration, put()).await, "InvalidArgument", text);
    for (account, bucket, enough) in
        [(common::OTHER, BUCKET, false), (ACCOUNT, "another", false), (ACCOUNT, BUCKET, true)]
    {
        let input = SetQueueAttributesInput {
            queue_url: "events".into(),
            attributes: std::collections::BTreeMap::from([("Policy".to_owned(), lets_in(account, bucket))])
                .into(),
        };
        strict.owner(SetQueueAttributes, input).await.unwrap();
        let result = strict.owner(PutBucketNotificationConfiguration, put()).await;
        assert_eq!(result.is_ok(), enough, "{account} {bucket}");
    }
}
