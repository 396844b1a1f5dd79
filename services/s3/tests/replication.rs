//! What is written into a bucket is copied to others, by a role.

mod common;

use std::sync::Arc;

use common::objects::*;
use common::{OTHER, create_input, create_with_lists, other, refused_as};
use identity::records::{Policies, Role};
use identity::{Authority, Directory, Documents, keys};
use model_s3::ops::*;
use model_s3::types::*;
use model_sqs::ops::{CreateQueue, ReceiveMessage, SetQueueAttributes};
use model_sqs::types::{CreateQueueInput, ReceiveMessageInput, SetQueueAttributesInput};
use oidc::{HttpFetch, Issuers};
use store::Record as _;
use testkit::{ACCOUNT, Kit};
use wire::{Enum as _, Open};

const SOURCE: &str = "docs";
const TARGET: &str = "copies";
const ROLE: &str = "copier";
/// Turns of 2 ms, of which a copy needs a few.
const TURNS: usize = 5_000;

const TRUST_S3: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole",
    "Principal":{"Service":"s3.amazonaws.com"},"Condition":{"StringEquals":{"aws:SourceAccount":"123456789012"}}}}"#;

const READ: &str = r#"{"Effect":"Allow","Resource":"arn:aws:s3:::docs/*","Action":["s3:GetObjectVersionForReplication",
    "s3:GetObjectVersionAcl","s3:GetObjectVersionTagging","s3:GetObjectRetention","s3:GetObjectLegalHold"]}"#;

/// Everything that copies within [`ACCOUNT`] need.
fn allowed() -> String {
    let write = r#"{"Effect":"Allow","Resource":"arn:aws:s3:::copies/*","Action":["s3:ReplicateObject",
        "s3:ReplicateDelete","s3:ReplicateTags","s3:ObjectOwnerOverrideToBucketOwner"]}"#;
    format!("{READ},{write}")
}

/// A world in which policies decide.
fn world() -> Kit {
    let deps = testkit::deps();
    let documents = Arc::new(Documents::default());
    let directory = Arc::new(Directory::new(deps.store.clone(), documents.clone()));
    Kit::deciding(deps, Arc::new(Authority::new(directory, documents)), |deps| {
        let issuers = Arc::new(Issuers::new(Arc::new(HttpFetch::new())));
        let others =
            [sqs::service(deps.clone()), kms::service(deps.clone()), sts::service(deps.clone(), issuers)];
        s3::services(deps.clone()).into_iter().chain(others).collect()
    })
}

async fn role(kit: &Kit, trust: &str, statements: &str) {
    let policy = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
    let role = Role {
        name: ROLE.into(),
        path: "/".into(),
        id: "AROAEXAMPLEEXAMPLECOP".into(),
        created_ms: 0,
        trust: trust.into(),
        description: None,
        max_session_secs: 3600,
        policies: Policies { inline: [("own".into(), policy)].into(), attached: Vec::new() },
        boundary: None,
        tags: Default::default(),
        used: None,
        linked_to: None,
    };
    let write = |tx: &mut store::Tx| {
        tx.put(keys::role(ACCOUNT, ROLE), role.encode());
        Ok::<_, store::Error>(())
    };
    kit.deps().store.transact(write).await.expect("a role");
}

fn rule(bucket: &str) -> ReplicationRule {
    ReplicationRule {
        id: Some(bucket.to_owned()),
        priority: Some(1),
        filter: Some(ReplicationRuleFilter { prefix: Some(String::new()), ..Default::default() }),
        status: Open::Known(ReplicationRuleStatus::Enabled).into(),
        destination: Destination { bucket: format!("arn:aws:s3:::{bucket}").into(), ..Default::default() }
            .into(),
        delete_marker_replication: markers(DeleteMarkerReplicationStatus::Enabled),
        ..Default::default()
    }
}

fn markers(status: DeleteMarkerReplicationStatus) -> Option<DeleteMarkerReplication> {
    Some(DeleteMarkerReplication { status: Some(status.into()) })
}

/// A rule with another destination than a bucket alone.
fn rule_to(change: impl FnOnce(&mut Destination)) -> ReplicationRule {
    let mut rule = rule(TARGET);
    let mut destination = rule.destination.clone().into_inner();
    change(&mut destination);
    rule.destination = destination.into();
    rule
}

async fn replicate(kit: &Kit, bucket: &str, rules: Vec<ReplicationRule>) {
    let role = format!("arn:aws:iam::{ACCOUNT}:role/{ROLE}");
    let input = PutBucketReplicationInput {
        bucket: bucket.into(),
        replication_configuration: ReplicationConfiguration {
            role: role.as_str().into(),
            rules: rules.into(),
        }
        .into(),
        ..Default::default()
    };
    kit.run(PutBucketReplication, input).await.expect("a configuration");
}

/// Two buckets, one of which is copied to the other.
async fn copying(rules: Vec<ReplicationRule>) -> Kit {
    let kit = world();
    role(&kit, TRUST_S3, &allowed()).await;
    create_versioned(&kit, SOURCE).await;
    create_versioned(&kit, TARGET).await;
    replicate(&kit, SOURCE, rules).await;
    kit
}

fn version_input(bucket: &str, key: &str, version: &str) -> HeadObjectInput {
    HeadObjectInput { version_id: Some(version.into()), ..head_input(bucket, key) }
}

async fn head(kit: &Kit, bucket: &str, key: &str) -> Option<HeadObjectOutput> {
    kit.run(HeadObject, head_input(bucket, key)).await.ok()
}

async fn status(kit: &Kit, bucket: &str, key: &str) -> Option<ReplicationStatus> {
    head(kit, bucket, key).await?.replication_status?.known()
}

/// What comes of the copies of an object.
#[allow(clippy::disallowed_methods)] // Copies are made in the background, not by the kit's clock.
async fn settled(kit: &Kit, key: &str) -> ReplicationStatus {
    for _ in 0..TURNS {
        match status(kit, SOURCE, key).await {
            Some(ReplicationStatus::Pending) => {}
            Some(other) => return other,
            None => panic!("it is not replicated at all"),
        }
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    panic!("it stays pending");
}

/// Waits for something that is made in the background.
#[allow(clippy::disallowed_methods)] // As above.
async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    for _ in 0..TURNS {
        if is_so().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    panic!("not in time: {what}");
}

#[tokio::test]
async fn objects_are_copied_whole() {
    let kit = copying(vec![rule(TARGET)]).await;
    for (key, bytes) in [("empty", some_bytes(0)), ("short", some_bytes(100)), ("long", some_bytes(LONG))] {
        let input = PutObjectInput {
            metadata: Some([("color".to_owned(), "red".to_owned())].into()),
            content_type: Some("text/plain".into()),
            tagging: Some("a=1&b=2".into()),
            ..put_input(SOURCE, key, bytes.clone())
        };
        let made = kit.run(PutObject, input).await.unwrap();
        assert_eq!(settled(&kit, key).await, ReplicationStatus::Completed, "{key}");
        let (copy, copied) = get(&kit, get_input(TARGET, key)).await.unwrap();
        assert_eq!(copied, bytes);
        assert_eq!(copy.version_id, made.version_id, "a copy has the version id of its source");
        assert_eq!(copy.e_tag, made.e_tag);
        assert_eq!(copy.content_type.as_deref(), Some("text/plain"));
        assert_eq!(copy.metadata.unwrap()["color"], "red");
        assert_eq!(copy.tag_count, Some(2));
        assert_eq!(copy.replication_status.unwrap().known(), Some(ReplicationStatus::Replica));
        let original = head(&kit, SOURCE, key).await.unwrap();
        assert_eq!(copy.last_modified, original.last_modified);
    }
    assert_eq!(files(&kit).await, 1, "within an account and region, files are shared");
    // The copy outlives its source.
    let version = head(&kit, SOURCE, "long").await.unwrap().version_id;
    let input = DeleteObjectInput { version_id: version, ..delete_input(SOURCE, "long") };
    kit.run(DeleteObject, input).await.unwrap();
    assert_eq!(body(&kit, TARGET, "long").await, some_bytes(LONG));
}

#[tokio::test]
async fn copies_are_made_of_uploads_and_of_copies() {
    let kit = copying(vec![rule(TARGET)]).await;
    let input = CreateMultipartUploadInput { bucket: SOURCE.into(), key: "up".into(), ..Default::default() };
    let upload = kit.run(CreateMultipartUpload, input).await.unwrap().upload_id.unwrap();
    let parts = [some_bytes(5 << 20), some_bytes(10)];
    let mut completed = Vec::new();
    for (number, bytes) in (1..).zip(&parts) {
        let input = UploadPartInput {
            bucket: SOURCE.into(),
            key: "up".into(),
            upload_id: upload.as_str().into(),
            part_number: number.into(),
            body: Some(bytes.clone().into()),
            ..Default::default()
        };
        let e_tag = kit.run(UploadPart, input).await.unwrap().e_tag;
        completed.push(CompletedPart { e_tag, part_number: Some(number), ..Default::default() });
    }
    let input = CompleteMultipartUploadInput {
        bucket: SOURCE.into(),
        key: "up".into(),
        upload_id: upload.as_str().into(),
        multipart_upload: Some(CompletedMultipartUpload { parts: Some(completed) }),
        ..Default::default()
    };
    let made = kit.run(CompleteMultipartUpload, input).await.unwrap();
    assert_eq!(settled(&kit, "up").await, ReplicationStatus::Completed);
    let (copy, bytes) = get(&kit, get_input(TARGET, "up")).await.unwrap();
    assert_eq!(bytes, parts.concat());
    assert_eq!(copy.e_tag, made.e_tag);
    let second = GetObjectInput { part_number: Some(2), ..get_input(TARGET, "up") };
    assert_eq!(get(&kit, second).await.unwrap().1, parts[1]);

    kit.run(CopyObject, copy_input("docs/up", SOURCE, "again")).await.unwrap();
    assert_eq!(settled(&kit, "again").await, ReplicationStatus::Completed);
    assert_eq!(body(&kit, TARGET, "again").await, parts.concat());
}

#[tokio::test]
async fn copies_go_to_other_accounts_and_regions() {
    let kit = world();
    role(&kit, TRUST_S3, &allowed()).await;
    create_versioned(&kit, SOURCE).await;
    let place = CreateBucketConfiguration {
        location_constraint: Some(Open::Known(BucketLocationConstraint::EuWest1)),
        ..Default::default()
    };
    let input = CreateBucketInput {
        create_bucket_configuration: Some(place),
        object_ownership: Some(Open::Known(ObjectOwnership::ObjectWriter)),
        ..create_input(TARGET)
    };
    kit.run_as(other(&kit), CreateBucket, input).await.unwrap();
    let enabled =
        VersioningConfiguration { status: known(BucketVersioningStatus::Enabled), ..Default::default() };
    let input = PutBucketVersioningInput {
        bucket: TARGET.into(),
        versioning_configuration: enabled.into(),
        ..Default::default()
    };
    kit.run_as(other(&kit), PutBucketVersioning, input).await.unwrap();
    let translated = rule_to(|to| {
        to.account = Some(OTHER.into());
        to.access_control_translation =
            Some(AccessControlTranslation { owner: Open::Known(OwnerOverride::Destination).into() });
        to.storage_class = known(StorageClass::StandardIa);
    });
    replicate(&kit, SOURCE, vec![translated]).await;
    put(&kit, SOURCE, "a", some_bytes(LONG)).await;
    assert_eq!(settled(&kit, "a").await, ReplicationStatus::Failed, "their bucket does not let us");

    let policy = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{ACCOUNT}:role/{ROLE}"}},
        "Action":["s3:ReplicateObject","s3:ObjectOwnerOverrideToBucketOwner"],"Resource":"arn:aws:s3:::copies/*"}}}}"#
    );
    let input =
        PutBucketPolicyInput { bucket: TARGET.into(), policy: policy.as_str().into(), ..Default::default() };
    kit.run_as(other(&kit), PutBucketPolicy, input).await.unwrap();
    for (key, bytes) in [("short", some_bytes(9)), ("long", some_bytes(LONG))] {
        put(&kit, SOURCE, key, bytes.clone()).await;
        assert_eq!(settled(&kit, key).await, ReplicationStatus::Completed, "{key}");
        let mut found = kit.run_as(other(&kit), GetObject, get_input(TARGET, key)).await.unwrap();
        assert_eq!(found.storage_class.unwrap().known(), Some(StorageClass::StandardIa));
        let copied = found.body.take().unwrap().open().whole(1 << 20).await.unwrap().unwrap();
        assert_eq!(copied, bytes);
        let input = GetObjectAclInput { bucket: TARGET.into(), key: key.into(), ..Default::default() };
        let acl = kit.run_as(other(&kit), GetObjectAcl, input).await.unwrap();
        assert_eq!(acl.owner.unwrap().id, Some(kit.deps().accounts.owner(OTHER).canonical_id));
    }
    // Files of one place are not those of another.
    assert_eq!(files(&kit).await, 3);
}

#[tokio::test]
async fn deletions_leave_markers_there_and_no_more() {
    let kit = copying(vec![rule(TARGET)]).await;
    put(&kit, SOURCE, "a", "1").await;
    assert_eq!(settled(&kit, "a").await, ReplicationStatus::Completed);
    let version = head(&kit, TARGET, "a").await.unwrap().version_id.unwrap();
    let marker = kit.run(DeleteObject, delete_input(SOURCE, "a")).await.unwrap().version_id.unwrap();
    until("the marker is copied", async || head(&kit, TARGET, "a").await.is_none()).await;
    let input = ListObjectVersionsInput { bucket: TARGET.into(), ..Default::default() };
    let list = kit.run(ListObjectVersions, input).await.unwrap();
    let markers = list.delete_markers.unwrap();
    assert_eq!(markers.len(), 1);
    assert_eq!(markers[0].version_id.as_deref(), Some(marker.as_str()));
    // What is deleted for good is deleted here only, the marker as well as the object.
    for id in [&marker, &version] {
        let input = DeleteObjectInput { version_id: Some(id.clone()), ..delete_input(SOURCE, "a") };
        kit.run(DeleteObject, input).await.unwrap();
    }
    // Versions are newer by their time.
    kit.advance(std::time::Duration::from_secs(1));
    put(&kit, SOURCE, "a", "2").await;
    assert_eq!(settled(&kit, "a").await, ReplicationStatus::Completed);
    let input = ListObjectVersionsInput { bucket: TARGET.into(), ..Default::default() };
    let list = kit.run(ListObjectVersions, input).await.unwrap();
    assert_eq!((list.versions.unwrap().len(), list.delete_markers.unwrap().len()), (2, 1));
    assert_eq!(body(&kit, TARGET, "a").await, "2");
    kit.run(HeadObject, version_input(TARGET, "a", &version)).await.expect("the older copy");
}

#[tokio::test]
async fn what_expires_here_stays_there() {
    let kit = copying(vec![rule(TARGET)]).await;
    put(&kit, SOURCE, "a", "1").await;
    assert_eq!(settled(&kit, "a").await, ReplicationStatus::Completed);
    let expiry = LifecycleRule {
        status: Open::Known(ExpirationStatus::Enabled).into(),
        filter: Some(LifecycleRuleFilter { prefix: Some(String::new()), ..Default::default() }),
        expiration: Some(LifecycleExpiration { days: Some(1), ..Default::default() }),
        ..Default::default()
    };
    let input = PutBucketLifecycleConfigurationInput {
        bucket: SOURCE.into(),
        lifecycle_configuration: Some(BucketLifecycleConfiguration { rules: vec![expiry].into() }),
        ..Default::default()
    };
    kit.run(PutBucketLifecycleConfiguration, input).await.unwrap();
    kit.advance(std::time::Duration::from_secs(3 * 24 * 3600));
    until("it expires", async || head(&kit, SOURCE, "a").await.is_none()).await;
    // What is done later is copied later.
    put(&kit, SOURCE, "a", "2").await;
    assert_eq!(settled(&kit, "a").await, ReplicationStatus::Completed);
    let input = ListObjectVersionsInput { bucket: TARGET.into(), ..Default::default() };
    let list = kit.run(ListObjectVersions, input).await.unwrap();
    assert_eq!((list.versions.unwrap().len(), list.delete_markers.unwrap_or_default().len()), (2, 0));
}

#[tokio::test]
async fn markers_are_copied_where_a_rule_says_so() {
    let silent = ReplicationRule {
        delete_marker_replication: markers(DeleteMarkerReplicationStatus::Disabled),
        ..rule(TARGET)
    };
    let kit = copying(vec![silent]).await;
    put(&kit, SOURCE, "a", "1").await;
    assert_eq!(settled(&kit, "a").await, ReplicationStatus::Completed);
    kit.run(DeleteObject, delete_input(SOURCE, "a")).await.unwrap();
    // What comes later is copied later.
    put(&kit, SOURCE, "a", "2").await;
    assert_eq!(settled(&kit, "a").await, ReplicationStatus::Completed);
    let input = ListObjectVersionsInput { bucket: TARGET.into(), ..Default::default() };
    let list = kit.run(ListObjectVersions, input).await.unwrap();
    assert_eq!(list.versions.unwrap().len(), 2);
    assert!(list.delete_markers.unwrap_or_default().is_empty());
}

#[tokio::test]
async fn rules_choose_by_prefix_tags_and_priority() {
    let filtered = |prefix: &str, tags: &[(&str, &str)]| {
        let tags = tags.iter().map(|(key, value)| Tag { key: (*key).into(), value: (*value).into() });
        let and = ReplicationRuleAndOperator { prefix: Some(prefix.into()), tags: Some(tags.collect()) };
        Some(ReplicationRuleFilter { and: Some(and), ..Default::default() })
    };
    let by_tag = ReplicationRule {
        filter: filtered("in/", &[("keep", "yes")]),
        delete_marker_replication: markers(DeleteMarkerReplicationStatus::Disabled),
        ..rule(TARGET)
    };
    let better = ReplicationRule {
        id: Some("better".into()),
        priority: Some(9),
        filter: Some(ReplicationRuleFilter { prefix: Some("in/x".into()), ..Default::default() }),
        ..rule_to(|to| to.storage_class = known(StorageClass::OnezoneIa))
    };
    let off = ReplicationRule {
        id: Some("off".into()),
        priority: Some(10),
        status: Open::Known(ReplicationRuleStatus::Disabled).into(),
        ..rule(TARGET)
    };
    let kit = copying(vec![by_tag, better, off]).await;
    let tagged =
        |key: &str| PutObjectInput { tagging: Some("keep=yes".into()), ..put_input(SOURCE, key, "1") };
    for key in ["in/a", "in/x"] {
        kit.run(PutObject, tagged(key)).await.unwrap();
        assert_eq!(settled(&kit, key).await, ReplicationStatus::Completed);
    }
    let class = async |key| head(&kit, TARGET, key).await.unwrap().storage_class.map(|class| class.known());
    assert_eq!(class("in/a").await, None);
    assert_eq!(
        class("in/x").await,
        Some(Some(StorageClass::OnezoneIa)),
        "one rule for each bucket: the first"
    );
    put(&kit, SOURCE, "in/untagged", "1").await;
    kit.run(PutObject, tagged("out/a")).await.unwrap();
    for key in ["in/untagged", "out/a"] {
        assert_eq!(status(&kit, SOURCE, key).await, None, "{key}");
    }
}

#[tokio::test]
async fn copies_are_not_copied_on() {
    let kit = copying(vec![rule(TARGET)]).await;
    let all = r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#;
    role(&kit, TRUST_S3, all).await;
    create_versioned(&kit, "third").await;
    // One bucket on to the next, and back to the first.
    replicate(&kit, TARGET, vec![rule("third"), ReplicationRule { priority: Some(2), ..rule(SOURCE) }]).await;
    put(&kit, SOURCE, "a", "1").await;
    assert_eq!(settled(&kit, "a").await, ReplicationStatus::Completed);
    put(&kit, TARGET, "b", "2").await;
    until("both have it", async || status(&kit, TARGET, "b").await == Some(ReplicationStatus::Completed))
        .await;
    assert_eq!(body(&kit, SOURCE, "b").await, "2");
    assert_eq!(body(&kit, "third", "b").await, "2");
    assert!(head(&kit, "third", "a").await.is_none());
    for (bucket, key) in [(SOURCE, "b"), (TARGET, "a"), ("third", "b")] {
        assert_eq!(status(&kit, bucket, key).await, Some(ReplicationStatus::Replica), "{bucket} {key}");
    }
}

#[tokio::test]
async fn changes_of_versions_follow() {
    let follows = SourceSelectionCriteria {
        replica_modifications: Some(ReplicaModifications {
            status: Open::Known(ReplicaModificationsStatus::Enabled).into(),
        }),
        ..Default::default()
    };
    let kit = copying(vec![rule(TARGET)]).await;
    let all = r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#;
    role(&kit, TRUST_S3, all).await;
    replicate(
        &kit,
        TARGET,
        vec![ReplicationRule { source_selection_criteria: Some(follows), ..rule(SOURCE) }],
    )
    .await;
    let version = put(&kit, SOURCE, "a", "1").await.version_id;
    put(&kit, SOURCE, "a", "2").await;
    let tag = async |bucket: &str, value: &str| {
        let tags = vec![Tag { key: "t".into(), value: value.into() }];
        let input = PutObjectTaggingInput {
            bucket: bucket.into(),
            key: "a".into(),
            version_id: version.clone(),
            tagging: Tagging { tag_set: tags.into() }.into(),
            ..Default::default()
        };
        kit.run(PutObjectTagging, input).await.unwrap();
    };
    let has = async |bucket: &str, value: &str| {
        let input = GetObjectTaggingInput {
            bucket: bucket.into(),
            key: "a".into(),
            version_id: version.clone(),
            ..Default::default()
        };
        let Ok(output) = kit.run(GetObjectTagging, input).await else { return false };
        output.tag_set.unwrap().iter().any(|tag| *tag.value == value)
    };
    tag(SOURCE, "one").await;
    until("tags follow", async || has(TARGET, "one").await).await;
    tag(TARGET, "two").await;
    until("tags of copies follow back", async || has(SOURCE, "two").await).await;
    assert_eq!(settled(&kit, "a").await, ReplicationStatus::Completed);
}

#[tokio::test]
async fn copies_are_given_up_for_a_reason() {
    let metrics = |to: &mut Destination| {
        to.metrics =
            Some(Metrics { status: Open::Known(MetricsStatus::Enabled).into(), event_threshold: None });
    };
    let kit = copying(vec![rule_to(metrics)]).await;
    let input = CreateQueueInput { queue_name: "events".into(), ..Default::default() };
    kit.run(CreateQueue, input).await.unwrap();
    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},
        "Action":"sqs:SendMessage","Resource":"*"}}"#;
    let attributes = std::collections::BTreeMap::from([("Policy".to_owned(), policy.to_owned())]).into();
    let input = SetQueueAttributesInput { queue_url: "events".into(), attributes };
    kit.run(SetQueueAttributes, input).await.unwrap();
    let queue = QueueConfiguration {
        queue_arn: format!("arn:aws:sqs:us-east-1:{ACCOUNT}:events").into(),
        events: vec![Open::Known(Event::parse("s3:Replication:*").expect("an event"))].into(),
        ..Default::default()
    };
    let input = PutBucketNotificationConfigurationInput {
        bucket: SOURCE.into(),
        notification_configuration: NotificationConfiguration {
            queue_configurations: Some(vec![queue]),
            ..Default::default()
        }
        .into(),
        skip_destination_validation: Some(true),
        ..Default::default()
    };
    kit.run(PutBucketNotificationConfiguration, input).await.unwrap();
    let next = async || {
        for _ in 0..TURNS {
            let input = ReceiveMessageInput { queue_url: "events".into(), ..Default::default() };
            let output = kit.run(ReceiveMessage, input).await.unwrap();
            if let Some(message) = output.messages.into_iter().flatten().next() {
                return message.body.unwrap();
            }
            tokio::task::yield_now().await;
        }
        panic!("nothing is told");
    };
    let read_only = READ.to_owned();
    let write_only = allowed().replace(READ, r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*"}"#);
    let nobody = TRUST_S3.replace("s3.amazonaws.com", "ec2.amazonaws.com");
    for (key, trust, statements, reason) in [
        ("a", nobody.as_str(), allowed(), "AssumeRoleNotPermitted"),
        ("b", TRUST_S3, read_only, "DstPutObjectNotPermitted"),
        ("c", TRUST_S3, write_only, "SrcGetObjectNotPermitted"),
    ] {
        role(&kit, trust, &statements).await;
        let version = put(&kit, SOURCE, key, "1").await.version_id.unwrap();
        assert_eq!(settled(&kit, key).await, ReplicationStatus::Failed, "{key}");
        assert!(head(&kit, TARGET, key).await.is_none());
        let told = next().await;
        for part in [
            r#""eventName":"Replication:OperationFailedReplication""#,
            r#""replicationRuleId":"copies""#,
            r#""destinationBucket":"arn:aws:s3:::copies""#,
            r#""s3Operation":"OBJECT_PUT""#,
            &format!(r#""failureReason":"{reason}""#),
            &format!(r#""versionId":"{version}""#),
        ] {
            assert!(told.contains(part), "{part} is not in {told}");
        }
    }
    role(&kit, TRUST_S3, &allowed()).await;
    set_versioning(&kit, TARGET, BucketVersioningStatus::Suspended).await;
    put(&kit, SOURCE, "d", "1").await;
    assert_eq!(settled(&kit, "d").await, ReplicationStatus::Failed);
    assert!(next().await.contains("DstBucketUnversioned"));
    kit.run(DeleteBucket, DeleteBucketInput { bucket: TARGET.into(), ..Default::default() }).await.unwrap();
    put(&kit, SOURCE, "e", "1").await;
    assert_eq!(settled(&kit, "e").await, ReplicationStatus::Failed);
    assert!(next().await.contains("DstBucketNotFound"));
}

#[tokio::test]
#[allow(clippy::disallowed_methods)] // Attempts are made in the background.
async fn what_may_pass_is_tried_again_and_given_up_at_last() {
    let kit = world();
    role(&kit, TRUST_S3, &allowed()).await;
    create_versioned(&kit, SOURCE).await;
    let place = CreateBucketConfiguration {
        location_constraint: Some(Open::Known(BucketLocationConstraint::EuWest1)),
        ..Default::default()
    };
    let input = CreateBucketInput { create_bucket_configuration: Some(place), ..create_input(TARGET) };
    kit.run(CreateBucket, input).await.unwrap();
    set_versioning(&kit, TARGET, BucketVersioningStatus::Enabled).await;
    put(&kit, SOURCE, "lost", some_bytes(LONG)).await;
    let blobs = &kit.deps().blobs;
    let lost = blobs.list().next().await.expect("a file").expect("a file");
    blobs.delete(lost).await.unwrap();
    replicate(&kit, SOURCE, vec![rule(TARGET)]).await;
    // Here both use the file that has been lost; there it would have to be written.
    kit.run(CopyObject, copy_input("docs/lost", SOURCE, "a")).await.unwrap();
    let began = kit.deps().clock.now();
    let mut hours = 0;
    while status(&kit, SOURCE, "a").await == Some(ReplicationStatus::Pending) {
        kit.advance(std::time::Duration::from_secs(300));
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        hours = kit.deps().clock.now().since(began).as_secs() / 3600;
        assert!(hours < 1000, "it stays pending");
    }
    assert_eq!(status(&kit, SOURCE, "a").await, Some(ReplicationStatus::Failed));
    assert!(hours >= 16, "after {hours} hours");
}

#[tokio::test]
async fn tags_need_a_right_of_their_own() {
    let kit = copying(vec![rule(TARGET)]).await;
    role(&kit, TRUST_S3, &allowed().replace("\"s3:ReplicateTags\",", "")).await;
    let input = PutObjectInput { tagging: Some("a=1".into()), ..put_input(SOURCE, "a", "1") };
    kit.run(PutObject, input).await.unwrap();
    assert_eq!(settled(&kit, "a").await, ReplicationStatus::Completed);
    assert_eq!(head(&kit, TARGET, "a").await.unwrap().tag_count, None);
}

#[tokio::test]
async fn what_kms_has_encrypted_is_copied_where_a_rule_says_so() {
    use model_kms::ops::CreateKey;
    let kit = copying(vec![rule(TARGET)]).await;
    let key = async || {
        let output = kit.run(CreateKey, Default::default()).await.unwrap();
        output.key_metadata.unwrap().arn.unwrap()
    };
    let (ours, theirs) = (key().await, key().await);
    let encrypted = |name: &str| PutObjectInput {
        server_side_encryption: known(ServerSideEncryption::AwsKms),
        ssekms_key_id: Some(ours.clone()),
        ..put_input(SOURCE, name, some_bytes(LONG))
    };
    kit.run(PutObject, encrypted("a")).await.unwrap();
    assert_eq!(status(&kit, SOURCE, "a").await, None);
    let criteria = SourceSelectionCriteria {
        sse_kms_encrypted_objects: Some(SseKmsEncryptedObjects {
            status: Open::Known(SseKmsEncryptedObjectsStatus::Enabled).into(),
        }),
        ..Default::default()
    };
    let with_key = rule_to(|to| {
        to.encryption_configuration =
            Some(EncryptionConfiguration { replica_kms_key_id: Some(theirs.clone()) });
    });
    let with_key = ReplicationRule { source_selection_criteria: Some(criteria), ..with_key };
    replicate(&kit, SOURCE, vec![with_key]).await;
    kit.run(PutObject, encrypted("b")).await.unwrap();
    assert_eq!(settled(&kit, "b").await, ReplicationStatus::Failed, "the role may not use the keys");
    let keys = format!(
        r#"{{"Effect":"Allow","Action":"kms:Decrypt","Resource":"{ours}"}},
           {{"Effect":"Allow","Action":"kms:GenerateDataKey","Resource":"{theirs}"}}"#
    );
    role(&kit, TRUST_S3, &format!("{},{keys}", allowed())).await;
    kit.run(PutObject, encrypted("c")).await.unwrap();
    assert_eq!(settled(&kit, "c").await, ReplicationStatus::Completed);
    let (copy, bytes) = get(&kit, get_input(TARGET, "c")).await.unwrap();
    assert_eq!(bytes, some_bytes(LONG));
    assert_eq!(copy.ssekms_key_id, Some(theirs));
}

#[tokio::test]
async fn keys_of_callers_are_not_there_to_copy_with() {
    use base64::Engine as _;
    let kit = copying(vec![rule(TARGET)]).await;
    let encoder = base64::engine::general_purpose::STANDARD;
    let md5 = checksum::Hasher::of(checksum::Algorithm::Md5, &[7; 32]).base64();
    let key = Some(encoder.encode([7; 32]));
    let input = PutObjectInput {
        sse_customer_algorithm: Some("AES256".into()),
        sse_customer_key: key.clone(),
        sse_customer_key_md5: Some(md5.clone()),
        ..put_input(SOURCE, "a", "1")
    };
    kit.run(PutObject, input).await.unwrap();
    until("it is given up", async || {
        let input = HeadObjectInput {
            sse_customer_algorithm: Some("AES256".into()),
            sse_customer_key: key.clone(),
            sse_customer_key_md5: Some(md5.clone()),
            ..head_input(SOURCE, "a")
        };
        let status = kit.run(HeadObject, input).await.unwrap().replication_status;
        status.and_then(|status| status.known()) == Some(ReplicationStatus::Failed)
    })
    .await;
    assert!(head(&kit, TARGET, "a").await.is_none());
}

#[tokio::test]
async fn locks_are_copied_into_buckets_that_have_them() {
    let kit = world();
    role(&kit, TRUST_S3, &allowed()).await;
    for bucket in [SOURCE, TARGET] {
        let input = CreateBucketInput { object_lock_enabled_for_bucket: Some(true), ..create_input(bucket) };
        kit.run(CreateBucket, input).await.unwrap();
    }
    replicate(&kit, SOURCE, vec![rule(TARGET)]).await;
    let until = kernel::Timestamp::from_secs(1_760_000_000);
    let input = PutObjectInput {
        object_lock_mode: known(ObjectLockMode::Compliance),
        object_lock_retain_until_date: Some(until),
        ..put_input(SOURCE, "a", "1")
    };
    let version = kit.run(PutObject, input).await.unwrap().version_id;
    assert_eq!(settled(&kit, "a").await, ReplicationStatus::Completed);
    let copy = head(&kit, TARGET, "a").await.unwrap();
    assert_eq!(copy.object_lock_retain_until_date, Some(until));
    let input = DeleteObjectInput { version_id: version, ..delete_input(TARGET, "a") };
    refused_as(kit.run(DeleteObject, input).await, "AccessDenied");
}

#[tokio::test]
async fn lists_are_copied_unless_the_copy_changes_hands() {
    let kit = world();
    role(&kit, TRUST_S3, &allowed()).await;
    for bucket in [SOURCE, TARGET] {
        create_with_lists(&kit, bucket).await;
        set_versioning(&kit, bucket, BucketVersioningStatus::Enabled).await;
    }
    replicate(&kit, SOURCE, vec![rule(TARGET)]).await;
    let input = PutObjectInput { acl: known(ObjectCannedAcl::PublicRead), ..put_input(SOURCE, "open", "1") };
    kit.run(PutObject, input).await.unwrap();
    assert_eq!(settled(&kit, "open").await, ReplicationStatus::Completed);
    let read = kit.run_as(common::anonymous(&kit), GetObject, get_input(TARGET, "open")).await;
    assert!(read.is_ok(), "everybody may read the copy as well");
}

#[tokio::test]
async fn versions_are_kept_where_they_are_copied() {
    let kit = copying(vec![rule(TARGET)]).await;
    let suspended =
        VersioningConfiguration { status: known(BucketVersioningStatus::Suspended), ..Default::default() };
    let input = PutBucketVersioningInput {
        bucket: SOURCE.into(),
        versioning_configuration: suspended.into(),
        ..Default::default()
    };
    refused_as(kit.run(PutBucketVersioning, input.clone()).await, "InvalidBucketState");
    let delete = DeleteBucketReplicationInput { bucket: SOURCE.into(), ..Default::default() };
    kit.run(DeleteBucketReplication, delete).await.unwrap();
    kit.run(PutBucketVersioning, input).await.unwrap();
    put(&kit, SOURCE, "a", "1").await;
    assert_eq!(status(&kit, SOURCE, "a").await, None);
}
