//! Sub-resources of buckets that are documents: notifications, replication, lifecycles, and those of which there
//! can be many.

mod common;

use common::*;
use kernel::Timestamp;
use model_s3::Error;
use model_s3::ops::*;
use model_s3::types::*;
use model_sqs::ops::{CreateQueue, ReceiveMessage, SetQueueAttributes};
use model_sqs::types as sqs;
use testkit::{ACCOUNT, Kit};
use wire::{Open, Protocol, ServiceError as _};

async fn enable_versioning(kit: &Kit, bucket: &str) {
    let status = Some(Open::Known(BucketVersioningStatus::Enabled));
    let input = PutBucketVersioningInput {
        bucket: bucket.into(),
        versioning_configuration: VersioningConfiguration { status, ..Default::default() }.into(),
        ..Default::default()
    };
    kit.run(PutBucketVersioning, input).await.expect("versions");
}

fn queue_configuration(arn: &str, events: &[&str]) -> QueueConfiguration {
    use wire::Enum as _;
    let events = events
        .iter()
        .map(|event| Event::parse(event).map_or_else(|| Open::Unknown((*event).to_owned()), Open::Known));
    QueueConfiguration {
        queue_arn: arn.into(),
        events: events.collect::<Vec<_>>().into(),
        ..Default::default()
    }
}

fn filtered(mut queue: QueueConfiguration, rules: &[(&str, &str)]) -> QueueConfiguration {
    use wire::Enum as _;
    let rules = rules.iter().map(|(name, value)| FilterRule {
        name: Some(
            FilterRuleName::parse(name).map_or_else(|| Open::Unknown((*name).to_owned()), Open::Known),
        ),
        value: Some((*value).to_owned()),
    });
    queue.filter = Some(NotificationConfigurationFilter {
        key: Some(S3KeyFilter { filter_rules: Some(rules.collect()) }),
    });
    queue
}

async fn notify(
    kit: &Kit,
    queues: Vec<QueueConfiguration>,
) -> Result<PutBucketNotificationConfigurationOutput, Error> {
    let configuration =
        NotificationConfiguration { queue_configurations: Some(queues), ..Default::default() };
    let input = PutBucketNotificationConfigurationInput {
        bucket: "docs".into(),
        notification_configuration: configuration.into(),
        ..Default::default()
    };
    kit.run(PutBucketNotificationConfiguration, input).await
}

#[tokio::test]
async fn notifications() {
    let kit = world();
    create(&kit, "docs").await;
    let arn = format!("arn:aws:sqs:us-east-1:{ACCOUNT}:jobs");
    let get = async || {
        let input = GetBucketNotificationConfigurationInput { bucket: "docs".into(), ..Default::default() };
        kit.run(GetBucketNotificationConfiguration, input)
            .await
            .unwrap()
            .queue_configurations
            .unwrap_or_default()
    };
    assert!(get().await.is_empty());
    let created = ["s3:ObjectCreated:*"];
    let text = "The ARN could not be parsed";
    refused(notify(&kit, vec![queue_configuration("invalid", &created)]).await, "InvalidArgument", text);
    let unreachable = notify(&kit, vec![queue_configuration(&arn, &created)]).await.unwrap_err();
    let text = "Unable to validate the following destination configurations";
    assert_eq!(unreachable.fault().message(Protocol::RestXml), text);
    let Error::Common(wire::CommonError::Detailed(detail)) = unreachable else { panic!("without details") };
    let expected =
        [("ArgumentName1", arn.as_str()), ("ArgumentValue1", "The destination queue does not exist")];
    assert_eq!(detail.members, expected.map(|(name, value)| (name, value.to_owned())));
    let made = sqs::CreateQueueInput { queue_name: "jobs".into(), ..Default::default() };
    let url = kit.run(CreateQueue, made).await.unwrap().queue_url.unwrap();
    let policy = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"Service":"s3.amazonaws.com"}},"Action":"sqs:SendMessage","Resource":"{arn}"}}}}"#
    );
    let attributes = sqs::SetQueueAttributesInput {
        queue_url: url.as_str().into(),
        attributes: std::collections::BTreeMap::from([("Policy".to_owned(), policy)]).into(),
    };
    kit.run(SetQueueAttributes, attributes).await.unwrap();
    notify(
        &kit,
        vec![filtered(queue_configuration(&arn, &created), &[("prefix", "a/"), ("Suffix", ".jpg")])],
    )
    .await
    .unwrap();
    let found = get().await;
    assert_eq!(found[0].queue_arn.as_str(), arn);
    assert!(found[0].id.as_deref().is_some_and(|id| !id.is_empty()), "an id is given");
    // Whoever is to be told is told first that it will be.
    let receive = sqs::ReceiveMessageInput { queue_url: url.as_str().into(), ..Default::default() };
    let messages = kit.run(ReceiveMessage, receive).await.unwrap().messages.unwrap_or_default();
    assert!(messages.len() == 1 && messages[0].body.as_deref().unwrap().contains("s3:TestEvent"));

    let with = |event: &str| queue_configuration(&arn, &[event]);
    let text = "filter rule name must be either prefix or suffix";
    let wrong = filtered(with("s3:ObjectCreated:Put"), &[("INVALID", "x")]);
    refused(notify(&kit, vec![wrong]).await, "InvalidArgument", text);
    refused_as(notify(&kit, vec![with("s3:Nothing")]).await, "InvalidArgument");
    refused_as(
        notify(&kit, vec![with("s3:ObjectCreated:*"), with("s3:ObjectCreated:Put")]).await,
        "InvalidArgument",
    );
    let twice = filtered(with("s3:ObjectCreated:*"), &[("prefix", "a"), ("prefix", "b")]);
    refused_as(notify(&kit, vec![twice]).await, "InvalidArgument");
    let same_id = |event: &str| QueueConfiguration { id: Some("x".into()), ..with(event) };
    let both = vec![same_id("s3:ObjectCreated:*"), same_id("s3:ObjectRemoved:*")];
    refused_as(notify(&kit, both).await, "InvalidArgument");
    // What nobody would deliver is not promised.
    let topic = TopicConfiguration {
        topic_arn: format!("arn:aws:sns:us-east-1:{ACCOUNT}:t").into(),
        events: vec![Open::Known(Event::S3ObjectCreated)].into(),
        ..Default::default()
    };
    let configuration =
        NotificationConfiguration { topic_configurations: Some(vec![topic]), ..Default::default() };
    let input = PutBucketNotificationConfigurationInput {
        bucket: "docs".into(),
        notification_configuration: configuration.into(),
        ..Default::default()
    };
    refused_as(kit.run(PutBucketNotificationConfiguration, input).await, "NotImplemented");
    assert_eq!(get().await.len(), 1, "what was refused changes nothing");
    notify(&kit, Vec::new()).await.unwrap();
    assert!(get().await.is_empty());
}

fn replication_rule(id: &str, priority: i32, bucket: &str) -> ReplicationRule {
    ReplicationRule {
        id: Some(id.to_owned()),
        priority: Some(priority),
        filter: Some(ReplicationRuleFilter { prefix: Some(String::new()), ..Default::default() }),
        status: Open::Known(ReplicationRuleStatus::Enabled).into(),
        destination: Destination { bucket: format!("arn:aws:s3:::{bucket}").into(), ..Default::default() }
            .into(),
        delete_marker_replication: Some(DeleteMarkerReplication {
            status: Some(Open::Known(DeleteMarkerReplicationStatus::Disabled)),
        }),
        ..Default::default()
    }
}

#[tokio::test]
async fn replication() {
    let kit = world();
    create(&kit, "docs").await;
    create(&kit, "copies").await;
    let role = format!("arn:aws:iam::{ACCOUNT}:role/copier");
    let put = async |rules: Vec<ReplicationRule>| {
        let configuration = ReplicationConfiguration { role: role.as_str().into(), rules: rules.into() };
        let input = PutBucketReplicationInput {
            bucket: "docs".into(),
            replication_configuration: configuration.into(),
            ..Default::default()
        };
        kit.run(PutBucketReplication, input).await
    };
    let get = async || {
        let input = GetBucketReplicationInput { bucket: "docs".into(), ..Default::default() };
        kit.run(GetBucketReplication, input).await
    };
    refused(
        get().await,
        "ReplicationConfigurationNotFoundError",
        "The replication configuration was not found",
    );
    let one = || vec![replication_rule("a", 1, "copies")];
    refused(put(one()).await, "InvalidRequest", "Destination bucket must have versioning enabled.");
    enable_versioning(&kit, "copies").await;
    let text = "Versioning must be 'Enabled' on the bucket to apply a replication configuration";
    refused(put(one()).await, "InvalidRequest", text);
    enable_versioning(&kit, "docs").await;
    kit.asked();
    let unnamed = ReplicationRule { id: None, ..replication_rule("", 1, "copies") };
    put(vec![unnamed]).await.unwrap();
    let asked = kit.asked();
    assert!(asked.iter().any(|ask| ask.action == "iam:PassRole" && ask.target.arn.as_str() == role));
    let rules = get().await.unwrap().replication_configuration.unwrap().rules;
    assert!(rules[0].id.as_ref().is_some_and(|id| !id.is_empty()), "a rule without an id gets one");
    let own = vec![replication_rule("a", 1, "docs")];
    refused_as(put(own).await, "InvalidRequest");
    let mut kms = replication_rule("a", 1, "copies");
    kms.destination = Destination {
        encryption_configuration: Some(EncryptionConfiguration { replica_kms_key_id: Some("k".into()) }),
        ..kms.destination.into_inner()
    }
    .into();
    let text = "SseKmsEncryptedObjects must be specified if EncryptionConfiguration is present.";
    refused(put(vec![kms]).await, "InvalidRequest", text);
    refused_as(put(Vec::new()).await, "MalformedXML");
    let same = vec![replication_rule("a", 1, "copies"), replication_rule("a", 2, "copies")];
    refused_as(put(same).await, "InvalidArgument");
    let same = vec![replication_rule("a", 1, "copies"), replication_rule("b", 1, "copies")];
    refused_as(put(same).await, "InvalidRequest");
    let silent = ReplicationRule { delete_marker_replication: None, ..replication_rule("a", 1, "copies") };
    refused_as(put(vec![silent]).await, "InvalidRequest");
    refused_as(put(vec![replication_rule("a", 1, "none")]).await, "InvalidRequest");
    for _ in 0..2 {
        let input = DeleteBucketReplicationInput { bucket: "docs".into(), ..Default::default() };
        kit.run(DeleteBucketReplication, input).await.unwrap();
    }
    refused_as(get().await, "ReplicationConfigurationNotFoundError");
}

#[tokio::test]
async fn lifecycles() {
    let kit = world();
    create(&kit, "docs").await;
    let get = async || {
        let input = GetBucketLifecycleConfigurationInput { bucket: "docs".into(), ..Default::default() };
        kit.run(GetBucketLifecycleConfiguration, input).await
    };
    let put = async |rule: LifecycleRule, size: Option<TransitionDefaultMinimumObjectSize>| {
        let input = PutBucketLifecycleConfigurationInput {
            bucket: "docs".into(),
            lifecycle_configuration: Some(BucketLifecycleConfiguration { rules: vec![rule].into() }),
            transition_default_minimum_object_size: size.map(Open::Known),
            ..Default::default()
        };
        kit.run(PutBucketLifecycleConfiguration, input).await
    };
    let text = "The lifecycle configuration does not exist";
    refused(get().await, "NoSuchLifecycleConfiguration", text);
    let rule = LifecycleRule {
        filter: Some(LifecycleRuleFilter::default()),
        status: Open::Known(ExpirationStatus::Enabled).into(),
        expiration: Some(LifecycleExpiration {
            date: Some(Timestamp::from_secs(86_400)),
            ..Default::default()
        }),
        ..Default::default()
    };
    put(rule.clone(), None).await.unwrap();
    let found = get().await.unwrap();
    assert_eq!(found.transition_default_minimum_object_size.unwrap().as_str(), "all_storage_classes_128K");
    let kept = found.rules.unwrap().remove(0);
    assert!(kept.id.is_some_and(|id| !id.is_empty()), "an id is given");
    assert!(kept.filter.is_some(), "an empty filter is one");
    assert_eq!(kept.expiration.unwrap().date, Some(Timestamp::from_secs(86_400)));
    let varies = TransitionDefaultMinimumObjectSize::VariesByStorageClass;
    put(rule.clone(), Some(varies)).await.unwrap();
    let found = get().await.unwrap().transition_default_minimum_object_size.unwrap();
    assert_eq!(found.as_str(), "varies_by_storage_class");
    let noon = LifecycleExpiration { date: Some(Timestamp::from_secs(43_200)), ..Default::default() };
    let wrong = LifecycleRule { expiration: Some(noon), ..rule };
    refused(put(wrong, None).await, "InvalidArgument", "'Date' must be at midnight GMT");
    for _ in 0..2 {
        let input = DeleteBucketLifecycleInput { bucket: "docs".into(), ..Default::default() };
        kit.run(DeleteBucketLifecycle, input).await.unwrap();
    }
    refused_as(get().await, "NoSuchLifecycleConfiguration");
}

fn inventory(id: &str) -> InventoryConfiguration {
    let destination = InventoryS3BucketDestination {
        bucket: "arn:aws:s3:::reports".into(),
        format: Open::Known(InventoryFormat::Csv).into(),
        ..Default::default()
    };
    InventoryConfiguration {
        id: id.into(),
        destination: InventoryDestination { s3_bucket_destination: destination.into() }.into(),
        is_enabled: true.into(),
        included_object_versions: Open::Known(InventoryIncludedObjectVersions::All).into(),
        schedule: InventorySchedule { frequency: Open::Known(InventoryFrequency::Daily).into() }.into(),
        ..Default::default()
    }
}

async fn put_inventory(
    kit: &Kit,
    id: &str,
    configuration: InventoryConfiguration,
) -> Result<PutBucketInventoryConfigurationOutput, Error> {
    let input = PutBucketInventoryConfigurationInput {
        bucket: "docs".into(),
        id: id.into(),
        inventory_configuration: configuration.into(),
        ..Default::default()
    };
    kit.run(PutBucketInventoryConfiguration, input).await
}

#[tokio::test]
async fn inventories_come_and_go_by_their_ids() {
    let kit = world();
    create(&kit, "docs").await;
    let get = async |id: &str| {
        let input = GetBucketInventoryConfigurationInput {
            bucket: "docs".into(),
            id: id.into(),
            ..Default::default()
        };
        kit.run(GetBucketInventoryConfiguration, input).await
    };
    let delete = async |id: &str| {
        let input = DeleteBucketInventoryConfigurationInput {
            bucket: "docs".into(),
            id: id.into(),
            ..Default::default()
        };
        kit.run(DeleteBucketInventoryConfiguration, input).await
    };
    let text = "The specified configuration does not exist.";
    refused(get("a").await, "NoSuchConfiguration", text);
    put_inventory(&kit, "a", inventory("a")).await.unwrap();
    let found = get("a").await.unwrap().inventory_configuration.unwrap();
    assert_eq!(format!("{found:?}"), format!("{:?}", inventory("a")));
    let text = "Document ID does not match the specified configuration ID.";
    refused(put_inventory(&kit, "a", inventory("b")).await, "IdMismatch", text);
    let mut wrong = inventory("a");
    wrong.destination = InventoryDestination {
        s3_bucket_destination: InventoryS3BucketDestination {
            bucket: "reports".into(),
            ..(*wrong.destination.s3_bucket_destination).clone()
        }
        .into(),
    }
    .into();
    refused(put_inventory(&kit, "a", wrong).await, "InvalidS3DestinationBucket", "Invalid bucket ARN.");
    refused_as(put_inventory(&kit, "a b", inventory("a b")).await, "InvalidConfigurationId");
    delete("a").await.unwrap();
    refused_as(delete("a").await, "NoSuchConfiguration");
    refused_as(get("a").await, "NoSuchConfiguration");
}

#[tokio::test]
async fn lists_of_configurations_have_pages() {
    let kit = world();
    create(&kit, "docs").await;
    let page = async |token: Option<String>| {
        let input = ListBucketInventoryConfigurationsInput {
            bucket: "docs".into(),
            continuation_token: token,
            ..Default::default()
        };
        kit.run(ListBucketInventoryConfigurations, input).await.unwrap()
    };
    let empty = page(None).await;
    assert!(empty.is_truncated == Some(false) && empty.inventory_configuration_list.is_none());
    for i in 0..101 {
        let id = format!("i{i:03}");
        put_inventory(&kit, &id, inventory(&id)).await.unwrap();
    }
    let first = page(None).await;
    let entries = first.inventory_configuration_list.unwrap();
    assert_eq!((entries.len(), first.is_truncated, entries[99].id.as_str()), (100, Some(true), "i099"));
    let second = page(first.next_continuation_token).await;
    let entries = second.inventory_configuration_list.unwrap();
    assert_eq!((entries.len(), second.is_truncated, entries[0].id.as_str()), (1, Some(false), "i100"));
}

#[tokio::test]
async fn there_are_so_many_configurations_and_no_more() {
    let kit = world();
    create(&kit, "docs").await;
    // Together they are longer than what the store reads at once.
    let long = |id: &str| InventoryConfiguration {
        filter: Some(InventoryFilter { prefix: "p".repeat(5_000).into() }),
        ..inventory(id)
    };
    for i in 0..1_000 {
        let id = format!("i{i:03}");
        put_inventory(&kit, &id, long(&id)).await.unwrap();
    }
    refused_as(put_inventory(&kit, "more", long("more")).await, "TooManyConfigurations");
    put_inventory(&kit, "i007", inventory("i007")).await.expect("it is there already");
}

#[tokio::test]
async fn other_configurations() {
    let kit = world();
    create(&kit, "docs").await;
    let analytics = |id: &str| PutBucketAnalyticsConfigurationInput {
        bucket: "docs".into(),
        id: "a".into(),
        analytics_configuration: AnalyticsConfiguration {
            id: id.into(),
            storage_class_analysis: StorageClassAnalysis::default().into(),
            ..Default::default()
        }
        .into(),
        ..Default::default()
    };
    kit.run(PutBucketAnalyticsConfiguration, analytics("a")).await.unwrap();
    refused_as(kit.run(PutBucketAnalyticsConfiguration, analytics("b")).await, "MalformedXML");
    let input = ListBucketAnalyticsConfigurationsInput { bucket: "docs".into(), ..Default::default() };
    let found = kit.run(ListBucketAnalyticsConfigurations, input).await.unwrap();
    assert_eq!(found.analytics_configuration_list.unwrap()[0].id.as_str(), "a");

    let filter = MetricsFilter { prefix: Some("p".into()), ..Default::default() };
    let metrics = MetricsConfiguration { id: "m".into(), filter: Some(filter) };
    let input = PutBucketMetricsConfigurationInput {
        bucket: "docs".into(),
        id: "m".into(),
        metrics_configuration: metrics.into(),
        ..Default::default()
    };
    kit.run(PutBucketMetricsConfiguration, input).await.unwrap();
    let input =
        GetBucketMetricsConfigurationInput { bucket: "docs".into(), id: "m".into(), ..Default::default() };
    let found = kit.run(GetBucketMetricsConfiguration, input).await.unwrap().metrics_configuration.unwrap();
    assert_eq!(found.filter.unwrap().prefix.as_deref(), Some("p"));

    let tiering = |days: i32| PutBucketIntelligentTieringConfigurationInput {
        bucket: "docs".into(),
        id: "t".into(),
        intelligent_tiering_configuration: IntelligentTieringConfiguration {
            id: "t".into(),
            filter: None,
            status: Open::Known(IntelligentTieringStatus::Enabled).into(),
            tierings: vec![Tiering {
                days: days.into(),
                access_tier: Open::Known(IntelligentTieringAccessTier::ArchiveAccess).into(),
            }]
            .into(),
        }
        .into(),
        ..Default::default()
    };
    kit.run(PutBucketIntelligentTieringConfiguration, tiering(90)).await.unwrap();
    refused_as(kit.run(PutBucketIntelligentTieringConfiguration, tiering(89)).await, "InvalidArgument");
    let input = DeleteBucketIntelligentTieringConfigurationInput {
        bucket: "docs".into(),
        id: "t".into(),
        ..Default::default()
    };
    kit.run(DeleteBucketIntelligentTieringConfiguration, input).await.unwrap();
}
