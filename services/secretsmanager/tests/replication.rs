//! Replicas in other regions.

mod common;

use common::*;
use kernel::Call;
use model_secretsmanager::ops::*;
use model_secretsmanager::types::*;
use testkit::Kit;

const THERE: &str = "eu-west-1";

fn there(kit: &Kit) -> Call {
    Call { region: THERE.into(), ..kit.call() }
}

fn region(region: &str, key: Option<&str>) -> ReplicaRegionType {
    ReplicaRegionType { region: Some(region.into()), kms_key_id: key.map(str::to_owned) }
}

fn replicate(
    name: &str,
    regions: Vec<ReplicaRegionType>,
    force: Option<bool>,
) -> ReplicateSecretToRegionsInput {
    ReplicateSecretToRegionsInput {
        secret_id: name.into(),
        add_replica_regions: regions.into(),
        force_overwrite_replica_secret: force,
    }
}

fn statuses(status: Option<Vec<ReplicationStatusType>>) -> Vec<(String, String, String)> {
    let entry = |s: ReplicationStatusType| {
        (s.region.unwrap(), s.status.unwrap().as_str().to_owned(), s.status_message.unwrap())
    };
    status.unwrap_or_default().into_iter().map(entry).collect()
}

fn in_sync(region: &str) -> (String, String, String) {
    (region.into(), "InSync".into(), "Replication succeeded".into())
}

async fn described_there(kit: &Kit, name: &str) -> DescribeSecretOutput {
    kit.run_as(there(kit), DescribeSecret, DescribeSecretInput { secret_id: name.into() })
        .await
        .expect("a replica")
}

#[tokio::test]
async fn a_replica_follows_its_primary() {
    let kit = kit();
    let created = create(&kit, "s", "1").await;
    put(&kit, "s", "2").await;
    let output =
        kit.run(ReplicateSecretToRegions, replicate("s", vec![region(THERE, None)], None)).await.unwrap();
    assert_eq!(statuses(output.replication_status), [in_sync(THERE)]);
    assert_eq!(value_in(&kit, THERE, "s").await, "2");
    put(&kit, "s", "3").await;
    let update = UpdateSecretInput {
        secret_id: "s".into(),
        client_request_token: token(),
        secret_string: Some("4".into()),
        description: Some("d".into()),
        ..Default::default()
    };
    kit.run(UpdateSecret, update).await.unwrap();
    let tags = vec![Tag { key: Some("k".into()), value: Some("v".into()) }];
    kit.run(TagResource, TagResourceInput { secret_id: "s".into(), tags: tags.into() }).await.unwrap();
    assert_eq!(value_in(&kit, THERE, "s").await, "4");
    let here = describe(&kit, "s").await;
    let replica = described_there(&kit, "s").await;
    assert_eq!(replica.arn, created.arn.map(|arn| arn.replace("us-east-1", THERE)));
    assert_eq!((replica.description.as_deref(), replica.tags.unwrap().len()), (Some("d"), 1));
    assert_eq!(replica.version_ids_to_stages, here.version_ids_to_stages);
    assert_eq!(
        (replica.primary_region.as_deref(), here.primary_region.as_deref()),
        (Some("us-east-1"), Some("us-east-1"))
    );
    let status = here.replication_status.unwrap();
    assert_eq!(status[0].kms_key_id.as_deref(), Some("alias/aws/secretsmanager"));
    assert_eq!(status[0].last_accessed_date, replica.last_accessed_date);
    assert!(status[0].last_accessed_date.is_some());
    // KMS was asked in the replica's region, about the replica.
    kit.asked();
    value_in(&kit, THERE, "s").await;
    let asked = kit.asked();
    assert!(asked[1].target.arn.as_str().starts_with("arn:aws:kms:eu-west-1:"), "{}", asked[1].target.arn);
}

#[tokio::test]
async fn secrets_are_created_with_replicas() {
    let kit = kit();
    let regions = vec![region(THERE, Some("own-key")), region("us-west-2", None)];
    let input = CreateSecretInput { add_replica_regions: Some(regions), ..new_secret("s", "1") };
    let output = kit.run(CreateSecret, input.clone()).await.unwrap();
    assert_eq!(statuses(output.replication_status), [in_sync(THERE), in_sync("us-west-2")]);
    assert_eq!(
        (value_in(&kit, THERE, "s").await, value_in(&kit, "us-west-2", "s").await),
        ("1".into(), "1".into())
    );
    assert_eq!(described_there(&kit, "s").await.kms_key_id.as_deref(), Some("own-key"));
    for bad in [vec![region("us-east-1", None)], vec![region(THERE, None), region(THERE, None)]] {
        let input = CreateSecretInput { add_replica_regions: Some(bad), ..new_secret("t", "1") };
        refused(kit.run(CreateSecret, input).await, INVALID_PARAMETER, "Invalid replica region.");
    }
    let empty = CreateSecretInput {
        add_replica_regions: Some(vec![region(THERE, None)]),
        name: "e".into(),
        ..Default::default()
    };
    assert_eq!(statuses(kit.run(CreateSecret, empty).await.unwrap().replication_status), [in_sync(THERE)]);
    put(&kit, "e", "later").await;
    assert_eq!(value_in(&kit, THERE, "e").await, "later");
}

#[tokio::test]
async fn a_replica_is_not_changed_by_itself() {
    let kit = kit();
    create(&kit, "s", "1").await;
    kit.run(ReplicateSecretToRegions, replicate("s", vec![region(THERE, None)], None)).await.unwrap();
    let put = PutSecretValueInput {
        secret_id: "s".into(),
        client_request_token: token(),
        secret_string: Some("2".into()),
        ..Default::default()
    };
    refused(kit.run_as(there(&kit), PutSecretValue, put).await, INVALID_PARAMETER, ON_REPLICA);
    let delete = DeleteSecretInput {
        secret_id: "s".into(),
        force_delete_without_recovery: Some(true),
        ..Default::default()
    };
    refused(kit.run_as(there(&kit), DeleteSecret, delete.clone()).await, INVALID_PARAMETER, ON_REPLICA);
    let untag = UntagResourceInput { secret_id: "s".into(), tag_keys: vec!["k".to_owned()].into() };
    refused(kit.run_as(there(&kit), UntagResource, untag).await, INVALID_PARAMETER, ON_REPLICA);
    let policy =
        PutResourcePolicyInput { secret_id: "s".into(), resource_policy: "{}".into(), ..Default::default() };
    refused(kit.run_as(there(&kit), PutResourcePolicy, policy).await, INVALID_PARAMETER, ON_REPLICA);
    let update =
        UpdateSecretInput { secret_id: "s".into(), description: Some("d".into()), ..Default::default() };
    refused(kit.run_as(there(&kit), UpdateSecret, update).await, INVALID_PARAMETER, ON_REPLICA);
    let restore = RestoreSecretInput { secret_id: "s".into() };
    refused(kit.run_as(there(&kit), RestoreSecret, restore).await, INVALID_PARAMETER, ON_REPLICA);
    // Its key is its own.
    let key =
        UpdateSecretInput { secret_id: "s".into(), kms_key_id: Some("own-key".into()), ..Default::default() };
    kit.run_as(there(&kit), UpdateSecret, key).await.unwrap();
    assert_eq!(described_there(&kit, "s").await.kms_key_id.as_deref(), Some("own-key"));
    assert_eq!(describe(&kit, "s").await.kms_key_id, None);
    assert_eq!(
        describe(&kit, "s").await.replication_status.unwrap()[0].kms_key_id.as_deref(),
        Some("own-key")
    );
    assert_eq!(value_in(&kit, THERE, "s").await, "1");
    let arn = describe(&kit, "s").await.arn.unwrap();
    let text = format!("You can't delete secret {arn} that still has replica regions [{THERE}].");
    refused(kit.run(DeleteSecret, delete).await, INVALID_PARAMETER, &text);
}

#[tokio::test]
async fn replicas_are_removed() {
    let kit = kit();
    create(&kit, "s", "1").await;
    let regions = vec![region(THERE, None), region("us-west-2", None)];
    kit.run(ReplicateSecretToRegions, replicate("s", regions, None)).await.unwrap();
    let remove = |regions: &[&str]| RemoveRegionsFromReplicationInput {
        secret_id: "s".into(),
        remove_replica_regions: regions.iter().map(|r| (*r).to_owned()).collect::<Vec<_>>().into(),
    };
    let output = kit.run(RemoveRegionsFromReplication, remove(&[THERE])).await.unwrap();
    assert_eq!(statuses(output.replication_status), [in_sync("us-west-2")]);
    refused(kit.run_as(there(&kit), GetSecretValue, get("s")).await, NOT_FOUND, NO_SECRET);
    assert_eq!(told(kit.run(RemoveRegionsFromReplication, remove(&[THERE])).await).0, INVALID_PARAMETER);
    let output = kit.run(RemoveRegionsFromReplication, remove(&["us-west-2"])).await.unwrap();
    assert!(output.replication_status.is_none());
    assert_eq!(describe(&kit, "s").await.primary_region, None);
    kit.run(DeleteSecret, DeleteSecretInput { secret_id: "s".into(), ..Default::default() }).await.unwrap();
}

#[tokio::test]
async fn a_replica_is_made_a_secret_of_its_own() {
    let kit = kit();
    create(&kit, "s", "1").await;
    kit.run(ReplicateSecretToRegions, replicate("s", vec![region(THERE, None)], None)).await.unwrap();
    let stop = || StopReplicationToReplicaInput { secret_id: "s".into() };
    let text = "Operation not permitted on a primary secret. Call must be made in replica secret's region.";
    refused(kit.run(StopReplicationToReplica, stop()).await, INVALID_PARAMETER, text);
    let output = kit.run_as(there(&kit), StopReplicationToReplica, stop()).await.unwrap();
    assert!(output.arn.unwrap().contains(THERE));
    let here = describe(&kit, "s").await;
    assert!(here.replication_status.is_none() && here.primary_region.is_none());
    put(&kit, "s", "2").await;
    assert_eq!(value_in(&kit, THERE, "s").await, "1");
    let put = PutSecretValueInput {
        secret_id: "s".into(),
        client_request_token: token(),
        secret_string: Some("there".into()),
        ..Default::default()
    };
    kit.run_as(there(&kit), PutSecretValue, put).await.unwrap();
    assert_eq!((value_in(&kit, THERE, "s").await, value(&kit, "s").await), ("there".into(), "2".into()));
}

#[tokio::test]
async fn a_name_that_is_taken_is_overwritten_on_request_only() {
    let kit = kit();
    kit.run_as(there(&kit), CreateSecret, new_secret("s", "theirs")).await.unwrap();
    create(&kit, "s", "ours").await;
    let output =
        kit.run(ReplicateSecretToRegions, replicate("s", vec![region(THERE, None)], None)).await.unwrap();
    let text = format!("Replication failed: Secret name s already exists in region {THERE}.");
    assert_eq!(statuses(output.replication_status), [(THERE.to_owned(), "Failed".to_owned(), text)]);
    assert_eq!(value_in(&kit, THERE, "s").await, "theirs");
    put(&kit, "s", "ours 2").await;
    assert_eq!(value_in(&kit, THERE, "s").await, "theirs", "a failed replica is left alone");
    let output = kit
        .run(ReplicateSecretToRegions, replicate("s", vec![region(THERE, None)], Some(true)))
        .await
        .unwrap();
    assert_eq!(statuses(output.replication_status), [in_sync(THERE)]);
    assert_eq!(value_in(&kit, THERE, "s").await, "ours 2");
}

#[tokio::test]
async fn a_replica_whose_key_fails_falls_behind_and_says_so() {
    let kit = kit();
    create(&kit, "s", "1").await;
    let regions = vec![region(THERE, Some("own-key")), region("us-west-2", Some("missing"))];
    let output = kit.run(ReplicateSecretToRegions, replicate("s", regions, None)).await.unwrap();
    let shown = statuses(output.replication_status);
    assert_eq!((&*shown[0].1, &*shown[1].1), ("InSync", "Failed"));
    kit.deny("arn:aws:kms:eu-west-1:123456789012:key/own-key");
    put(&kit, "s", "2").await;
    let shown = statuses(describe(&kit, "s").await.replication_status);
    let text = "Replication failed: Access to KMS is not allowed".to_owned();
    assert_eq!(shown[0], (THERE.to_owned(), "Failed".to_owned(), text));
    assert_eq!(value(&kit, "s").await, "2");
    // Under another key it is brought into step again.
    let output =
        kit.run(ReplicateSecretToRegions, replicate("s", vec![region(THERE, None)], None)).await.unwrap();
    assert!(statuses(output.replication_status).contains(&in_sync(THERE)));
    assert_eq!(value_in(&kit, THERE, "s").await, "2");
}
