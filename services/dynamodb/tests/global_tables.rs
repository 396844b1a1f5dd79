//! Global tables: replicas in several regions, which are the same contents seen from each.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::run_in as run;
use common::*;
use common::{replica_made as create, replica_removed as delete};
use model_dynamodb::Error;
use model_dynamodb::ops::*;
use model_dynamodb::types::*;
use model_dynamodbstreams::ops::{DescribeStream, GetRecords, GetShardIterator};
use model_dynamodbstreams::types as streams;
use testkit::Kit;
use wire::Open;

const HOME: &str = testkit::REGION;
const AWAY: &str = "eu-west-1";
const FAR: &str = "ap-northeast-1";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn update(region: &str) -> UpdateReplicationGroupMemberAction {
    UpdateReplicationGroupMemberAction { region_name: region.into(), ..Default::default() }
}

fn changing(update: UpdateReplicationGroupMemberAction) -> ReplicationGroupUpdate {
    ReplicationGroupUpdate { update: Some(update), ..Default::default() }
}

fn updates<const N: usize>(updates: [ReplicationGroupUpdate; N]) -> UpdateTableInput {
    UpdateTableInput {
        table_name: "things".into(),
        replica_updates: Some(updates.into()),
        ..Default::default()
    }
}

fn strong<const N: usize>(wanted: [ReplicationGroupUpdate; N]) -> UpdateTableInput {
    let consistency = Some(MultiRegionConsistency::Strong.into());
    UpdateTableInput { multi_region_consistency: consistency, ..updates(wanted) }
}

async fn change(kit: &Kit, region: &str, input: UpdateTableInput) -> Result<TableDescription, Error> {
    Ok(run(kit, region, UpdateTable, input).await?.table_description.expect("a table"))
}

async fn describe(kit: &Kit, region: &str) -> Result<TableDescription, Error> {
    let input = DescribeTableInput { table_name: "things".into() };
    Ok(run(kit, region, DescribeTable, input).await?.table.expect("a table"))
}

async fn described(kit: &Kit, region: &str) -> TableDescription {
    describe(kit, region).await.expect("described")
}

fn others(table: &TableDescription) -> Option<Vec<&str>> {
    let replicas = table.replicas.as_ref()?;
    Some(replicas.iter().map(|replica| replica.region_name.as_deref().expect("a region")).collect())
}

/// A kit with the table `things`, which has an index, here and there.
async fn global_table(regions: &[&str]) -> Kit {
    let kit = kit();
    let input = CreateTableInput {
        global_secondary_indexes: Some(vec![global("by-v", "v", ProjectionType::All)]),
        ..table("things", "p", "p:S v:S")
    };
    kit.run(CreateTable, input).await.expect("a table");
    for region in regions {
        change(&kit, HOME, updates([create(region)])).await.expect("a replica");
    }
    kit
}

async fn put_in(kit: &Kit, region: &str, p: &str, v: &str) {
    let json = format!(r#"{{"p":{{"S":"{p}"}},"v":{{"S":"{v}"}}}}"#);
    let input = PutItemInput { table_name: "things".into(), item: given(&json).into(), ..Default::default() };
    run(kit, region, PutItem, input).await.expect("put");
}

/// The values of a table's items, in the order of their keys.
async fn values_in(kit: &Kit, region: &str, table: &str) -> Vec<String> {
    let input = ScanInput { table_name: table.into(), ..Default::default() };
    let page = run(kit, region, Scan, input).await.expect("scanned");
    let mut found: Vec<String> = page.items.expect("items").iter().map(json).collect();
    found.sort();
    found
}

#[tokio::test]
async fn what_is_written_in_one_region_is_in_all() {
    let kit = global_table(&[]).await;
    put_in(&kit, HOME, "before", "1").await;
    let made = change(&kit, HOME, updates([create(AWAY)])).await.expect("a replica");
    assert_eq!(made.table_status, Some(TableStatus::Updating.into()));
    assert_eq!((made.global_table_version.as_deref(), others(&made)), (Some("2019.11.21"), Some(vec![])));
    change(&kit, AWAY, updates([create(FAR)])).await.expect("a replica of a replica");
    put_in(&kit, AWAY, "away", "2").await;
    put_in(&kit, FAR, "far", "3").await;
    for (region, replicas) in [(HOME, [AWAY, FAR]), (AWAY, [HOME, FAR]), (FAR, [HOME, AWAY])] {
        let table = described(&kit, region).await;
        assert_eq!(others(&table), Some(replicas.to_vec()), "{region}");
        assert_eq!(table.table_status, Some(TableStatus::Active.into()));
        assert_eq!(table.global_table_version.as_deref(), Some("2019.11.21"));
        assert_eq!(table.multi_region_consistency, None);
        assert_eq!(table.item_count, Some(3));
        assert!(table.table_arn.expect("an ARN").contains(region));
        assert!(table.latest_stream_arn.expect("a stream").contains(region));
        let view = table.stream_specification.expect("a stream").stream_view_type;
        assert_eq!(view, Some(StreamViewType::NewAndOldImages.into()));
        for replica in table.replicas.expect("replicas") {
            assert_eq!(replica.replica_status, Some(ReplicaStatus::Active.into()));
            let index = &replica.global_secondary_indexes.expect("indexes")[0];
            assert_eq!(index.index_name.as_deref(), Some("by-v"));
        }
        assert_eq!(values_in(&kit, region, "things").await.len(), 3);
        let input = QueryInput {
            table_name: "things".into(),
            index_name: Some("by-v".to_owned()),
            key_condition_expression: Some("v = :v".to_owned()),
            expression_attribute_values: values(r#"{":v":{"S":"3"}}"#),
            ..Default::default()
        };
        assert_eq!(run(&kit, region, Query, input).await.expect("queried").count, Some(1));
        let listed = run(&kit, region, ListTables, ListTablesInput::default()).await.expect("listed");
        assert_eq!(listed.table_names, Some(vec!["things".to_owned()]));
    }
    let [home, away] = [described(&kit, HOME).await, described(&kit, AWAY).await];
    assert_ne!(home.table_id, away.table_id);
}

#[tokio::test]
async fn some_settings_are_of_all_and_some_of_each() {
    let kit = global_table(&[]).await;
    let arn = |region: &str| format!("arn:aws:dynamodb:{region}:{}:table/things", testkit::ACCOUNT);
    let tag = Tag { key: "k".into(), value: "v".into() };
    let input = TagResourceInput { resource_arn: arn(HOME).into(), tags: vec![tag].into() };
    kit.run(TagResource, input).await.expect("tagged");
    change(&kit, HOME, updates([create(AWAY)])).await.expect("a replica");
    let tags = async |region: &str| {
        let input = ListTagsOfResourceInput { resource_arn: arn(region).into(), next_token: None };
        run(&kit, region, ListTagsOfResource, input).await.expect("listed").tags.expect("tags").len()
    };
    assert_eq!((tags(HOME).await, tags(AWAY).await), (1, 0));

    let protect = |on| UpdateTableInput {
        table_name: "things".into(),
        deletion_protection_enabled: Some(on),
        ..Default::default()
    };
    change(&kit, AWAY, protect(true)).await.expect("protected");
    assert_eq!(described(&kit, HOME).await.deletion_protection_enabled, Some(false));
    assert_eq!(described(&kit, AWAY).await.deletion_protection_enabled, Some(true));
    let text = invalid(change(&kit, HOME, updates([delete(AWAY)])).await);
    assert!(text.contains("in region eu-west-1 because it has deletion protection enabled"), "{text}");

    let ceilings = OnDemandThroughput { max_read_request_units: None, max_write_request_units: Some(9) };
    let input = UpdateTableInput {
        table_name: "things".into(),
        on_demand_throughput: Some(ceilings),
        ..Default::default()
    };
    change(&kit, AWAY, input).await.expect("changed");
    let ceilings = described(&kit, HOME).await.on_demand_throughput.expect("ceilings");
    assert_eq!(ceilings.max_write_request_units, Some(9));
    let ends = TimeToLiveSpecification { enabled: true.into(), attribute_name: "ends".into() };
    let input =
        UpdateTimeToLiveInput { table_name: "things".into(), time_to_live_specification: ends.into() };
    run(&kit, AWAY, UpdateTimeToLive, input).await.expect("set");
    let input = DescribeTimeToLiveInput { table_name: "things".into() };
    let said = kit.run(DescribeTimeToLive, input).await.expect("described").time_to_live_description;
    assert_eq!(said.expect("said").attribute_name.as_deref(), Some("ends"));

    let index = CreateGlobalSecondaryIndexAction {
        index_name: "by-w".into(),
        key_schema: keys("w").into(),
        projection: projection(ProjectionType::All).into(),
        ..Default::default()
    };
    let input = UpdateTableInput {
        table_name: "things".into(),
        attribute_definitions: types("w:S"),
        global_secondary_index_updates: Some(vec![GlobalSecondaryIndexUpdate {
            create: Some(index),
            ..Default::default()
        }]),
        ..Default::default()
    };
    change(&kit, AWAY, input).await.expect("an index");
    for region in [HOME, AWAY] {
        until(async || {
            let table = described(&kit, region).await;
            let indexes = table.global_secondary_indexes.expect("indexes");
            let active = |index: &GlobalSecondaryIndexDescription| {
                index.index_status.as_ref().and_then(Open::known) == Some(IndexStatus::Active)
            };
            (indexes.len() == 2 && indexes.iter().all(active)).then_some(())
        })
        .await;
    }

    let class = |class: TableClass| Some(class.into());
    let infrequent = UpdateReplicationGroupMemberAction {
        table_class_override: class(TableClass::StandardInfrequentAccess),
        ..update(AWAY)
    };
    change(&kit, HOME, updates([changing(infrequent)])).await.expect("changed");
    let replica = described(&kit, HOME).await.replicas.expect("replicas").remove(0);
    let summary = replica.replica_table_class_summary.expect("a class");
    assert_eq!(summary.table_class, Some(TableClass::StandardInfrequentAccess.into()));
    assert!(described(&kit, HOME).await.table_class_summary.is_none());
    let input = UpdateTableInput {
        table_name: "things".into(),
        table_class: class(TableClass::Standard),
        ..Default::default()
    };
    change(&kit, HOME, input).await.expect("changed");
    assert!(described(&kit, AWAY).await.table_class_summary.is_none());
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    let kit = global_table(&[AWAY]).await;
    kit.run(CreateTable, table("other", "p", "p:S")).await.expect("a table");
    run(&kit, FAR, CreateTable, table("things", "p", "p:S")).await.expect("a table of its own");
    let protecting = UpdateTableInput { deletion_protection_enabled: Some(true), ..updates([create(FAR)]) };
    let both = ReplicationGroupUpdate { delete: delete(FAR).delete, ..create(FAR) };
    let scaled = UpdateReplicationGroupMemberAction {
        provisioned_throughput_override: Some(ProvisionedThroughputOverride { read_capacity_units: Some(5) }),
        ..update(AWAY)
    };
    let no_stream = UpdateTableInput {
        table_name: "things".into(),
        stream_specification: Some(StreamSpecification {
            stream_enabled: false.into(),
            stream_view_type: None,
        }),
        ..Default::default()
    };
    let units = UpdateTableInput {
        table_name: "things".into(),
        billing_mode: Some(BillingMode::Provisioned.into()),
        provisioned_throughput: Some(ProvisionedThroughput {
            read_capacity_units: 1.into(),
            write_capacity_units: 1.into(),
        }),
        ..Default::default()
    };
    for (input, text) in [
        (updates([create(AWAY)]), "one or more replicas already existed as tables"),
        (updates([create(FAR)]), "one or more replicas already existed as tables"),
        (updates([create(HOME)]), "Cannot add or delete the local region"),
        (updates([delete(HOME)]), "Cannot add or delete the local region"),
        (updates([create("us-fake-1")]), "Region us-fake-1 is not supported"),
        (updates([create("EU-WEST-2")]), "Region EU-WEST-2 is not supported"),
        (updates([delete("ca-central-1")]), "without these replicas: [ca-central-1]"),
        (updates([changing(update("ca-central-1"))]), "without these replicas: [ca-central-1]"),
        (updates([changing(update(AWAY))]), "no actions specified"),
        (updates([ReplicationGroupUpdate::default()]), "no actions specified"),
        (updates([changing(scaled)]), "BillingMode is PAY_PER_REQUEST"),
        (updates([both]), "more than one type of replica actions"),
        (updates([create("us-west-2"), delete(AWAY)]), "more than one type of replica actions"),
        (updates([create("us-west-2"), create("us-east-2")]), "more than one create or delete"),
        (protecting, "Replica modification must be the only operation"),
        (strong([create("us-west-2"), create("us-east-2")]), "unsupported on existing global table"),
        (
            strong([create("us-west-1"), create("us-east-2")]),
            "with MultiRegionConsistency set to STRONG: [us-west-1]",
        ),
        (strong([delete(AWAY)]), "Only Replica Create actions"),
        (no_stream, "Disabling Stream is not allowed for a Global Table replica"),
        (units, "Table write capacity should either be Pay-Per-Request or AutoScaled"),
    ] {
        let said = invalid(change(&kit, HOME, input).await);
        assert!(said.contains(text), "{said:?} and not {text:?}");
    }
    let key = CreateReplicationGroupMemberAction {
        kms_master_key_id: Some("alias/x".to_owned()),
        region_name: "us-west-2".into(),
        ..Default::default()
    };
    let input = updates([ReplicationGroupUpdate { create: Some(key), ..Default::default() }]);
    let said = invalid(change(&kit, HOME, input).await);
    assert!(said.contains("KMSMasterKeyId must be specified for each replica"), "{said}");
    let many = UpdateTableInput {
        replica_updates: Some((0..100).map(|_| create("us-west-2")).collect()),
        ..updates([])
    };
    let said = invalid(change(&kit, HOME, many).await);
    assert!(said.contains("at most 68 actions"), "{said}");
    // The same twice is the same.
    change(&kit, HOME, updates([create("us-west-2"), create("us-west-2")])).await.expect("a replica");
    assert_eq!(others(&described(&kit, HOME).await), Some(vec![AWAY, "us-west-2"]));
    assert_eq!(values_in(&kit, FAR, "things").await, [""; 0]);
}

/// Keys of the service that are left in an account, but for backups.
fn left(kit: &Kit) -> usize {
    let snapshot = kit.deps().store.snapshot();
    let mut count = 0;
    let mut range = store::KeyRange::all();
    loop {
        let page = snapshot.range(range.clone(), store::RangeOptions::default()).expect("read");
        let ours = |key: &[u8]| key.windows(8).any(|part| part == b"dynamodb");
        count += page.entries.iter().filter(|(key, _)| ours(key)).count();
        match page.entries.last() {
            Some((last, _)) if page.more => range = range.after(last),
            _ => return count,
        }
    }
}

#[tokio::test]
async fn a_replica_goes_without_the_others_and_the_last_takes_all_with_it() {
    let kit = global_table(&[AWAY]).await;
    put_in(&kit, HOME, "a", "1").await;
    let gone = || DeleteTableInput { table_name: "things".into() };
    for said in [
        invalid(kit.run(DeleteTable, gone()).await),
        invalid(change(&kit, AWAY, updates([delete(HOME)])).await),
    ] {
        assert!(said.contains("acted as a source region"), "{said}");
    }
    // A replica that was the source of none goes at once, and comes again.
    let answer = change(&kit, HOME, updates([delete(AWAY)])).await.expect("deleted");
    assert_eq!(answer.table_status, Some(TableStatus::Updating.into()));
    assert_eq!(others(&answer), Some(vec![AWAY]));
    assert!(matches!(describe(&kit, AWAY).await, Err(Error::ResourceNotFoundException(_))));
    let alone = described(&kit, HOME).await;
    assert_eq!((alone.global_table_version.clone(), others(&alone)), (None, None));
    assert!(alone.stream_specification.is_some(), "the stream stays");
    change(&kit, HOME, updates([create(AWAY)])).await.expect("a replica");
    run(&kit, AWAY, DeleteTable, gone()).await.expect("deleted where it is");
    change(&kit, HOME, updates([create(AWAY)])).await.expect("a replica");
    // Where the contents are is no matter.
    kit.advance(DAY);
    change(&kit, AWAY, updates([delete(HOME)])).await.expect("deleted");
    assert_eq!(others(&described(&kit, AWAY).await), None);
    assert!(matches!(describe(&kit, HOME).await, Err(Error::ResourceNotFoundException(_))));
    put_in(&kit, AWAY, "b", "2").await;
    assert_eq!(values_in(&kit, AWAY, "things").await.len(), 2);
    // The name is free, and another table has other contents.
    kit.run(CreateTable, table("things", "p", "p:S")).await.expect("another");
    assert_eq!(values_in(&kit, HOME, "things").await, [""; 0]);
    put_in(&kit, HOME, "c", "3").await;
    kit.run(DeleteTable, gone()).await.expect("deleted");
    assert_eq!(values_in(&kit, AWAY, "things").await.len(), 2);
    run(&kit, AWAY, DeleteTable, gone()).await.expect("deleted");
    // Streams end a day later, and then nothing is left.
    kit.advance(2 * DAY);
    until(async || (left(&kit) == 0).then_some(())).await;
}

/// The keys of a stream's records that can be read.
async fn records(kit: &Kit, region: &str, arn: &str) -> Vec<(String, String, String)> {
    let input = streams::DescribeStreamInput { stream_arn: arn.into(), ..Default::default() };
    let stream = run(kit, region, DescribeStream, input).await.expect("a stream").stream_description;
    let shard = stream.expect("a stream").shards.expect("shards").remove(0);
    let input = streams::GetShardIteratorInput {
        stream_arn: arn.into(),
        shard_id: shard.shard_id.expect("an id").into(),
        shard_iterator_type: Open::from(streams::ShardIteratorType::TrimHorizon).into(),
        ..Default::default()
    };
    let iterator = run(kit, region, GetShardIterator, input).await.expect("an iterator").shard_iterator;
    let input =
        streams::GetRecordsInput { shard_iterator: iterator.expect("an iterator").into(), limit: None };
    let page = run(kit, region, GetRecords, input).await.expect("records");
    let one = |record: streams::Record| {
        let keys = json(&record.dynamodb.expect("said").keys.expect("keys"));
        (record.event_id.expect("an id"), record.aws_region.expect("a region"), keys)
    };
    page.records.expect("records").into_iter().map(one).collect()
}

#[tokio::test]
async fn each_replica_has_a_stream_of_all_writes() {
    let kit = global_table(&[]).await;
    put_in(&kit, HOME, "before", "1").await;
    change(&kit, HOME, updates([create(AWAY)])).await.expect("a replica");
    put_in(&kit, HOME, "a", "1").await;
    put_in(&kit, AWAY, "b", "2").await;
    let mut arns = Vec::new();
    for region in [HOME, AWAY] {
        let arn = described(&kit, region).await.latest_stream_arn.expect("a stream");
        let found = records(&kit, region, &arn).await;
        let keys: Vec<&str> = found.iter().map(|(_, _, keys)| keys.as_str()).collect();
        assert_eq!(keys, [r#"{"p":{"S":"a"}}"#, r#"{"p":{"S":"b"}}"#], "{region}");
        assert!(found.iter().all(|(_, of, _)| of == region));
        arns.push((arn, found));
    }
    assert!(arns[0].1.iter().zip(&arns[1].1).all(|(here, there)| here.0 != there.0));
    // That of a replica that is gone is readable for a day, with nothing in it that came later.
    change(&kit, HOME, updates([delete(AWAY)])).await.expect("deleted");
    put_in(&kit, HOME, "c", "3").await;
    assert_eq!(records(&kit, AWAY, &arns[1].0).await.len(), 2);
    assert_eq!(records(&kit, HOME, &arns[0].0).await.len(), 3);
}

async fn restorable(kit: &Kit, region: &str) {
    let input = recovery_of("things", true, None);
    run(kit, region, UpdateContinuousBackups, input).await.expect("on");
}

async fn active(kit: &Kit, region: &str, name: &str) {
    until(async || {
        let input = DescribeTableInput { table_name: name.into() };
        let table = run(kit, region, DescribeTable, input).await.expect("described").table.expect("a table");
        (table.table_status.as_ref().and_then(Open::known) == Some(TableStatus::Active)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn each_replica_is_restored_and_backed_up_for_itself() {
    let kit = global_table(&[AWAY]).await;
    restorable(&kit, AWAY).await;
    let input = DescribeContinuousBackupsInput { table_name: "things".into() };
    let said = kit.run(DescribeContinuousBackups, input).await.expect("described");
    let said = said.continuous_backups_description.expect("said").point_in_time_recovery_description;
    let status = said.expect("said").point_in_time_recovery_status;
    assert_eq!(status, Some(PointInTimeRecoveryStatus::Disabled.into()));
    kit.advance(Duration::from_secs(10));
    put_in(&kit, HOME, "a", "1").await;
    let then = kit.deps().clock.now();
    kit.advance(Duration::from_secs(10));
    put_in(&kit, HOME, "a", "2").await;
    put_in(&kit, AWAY, "b", "3").await;

    let input = RestoreTableToPointInTimeInput {
        source_table_name: Some("things".to_owned()),
        target_table_name: "restored".into(),
        restore_date_time: Some(then),
        ..Default::default()
    };
    run(&kit, AWAY, RestoreTableToPointInTime, input).await.expect("begun");
    active(&kit, AWAY, "restored").await;
    assert_eq!(values_in(&kit, AWAY, "restored").await, [r#"{"p":{"S":"a"},"v":{"S":"1"}}"#]);

    let input = CreateBackupInput { table_name: "things".into(), backup_name: "mine".into() };
    let made = run(&kit, AWAY, CreateBackup, input).await.expect("begun").backup_details.expect("said");
    let arn = made.backup_arn.expect("an ARN");
    assert!(arn.contains(AWAY), "{arn}");
    restored_from(&kit, AWAY, &arn, "from-backup", 2).await;

    // One that goes leaves what it had, while the other goes on.
    let gone = until(async || change(&kit, HOME, updates([delete(AWAY)])).await.ok()).await;
    assert_eq!(others(&gone), Some(vec![AWAY]));
    put_in(&kit, HOME, "c", "4").await;
    restored_from(&kit, AWAY, &system_backup(&kit, AWAY).await, "from-system", 2).await;
    // So does the last, whose contents are in the region where they were made.
    change(&kit, HOME, updates([create(FAR)])).await.expect("a replica");
    kit.advance(DAY);
    restorable(&kit, FAR).await;
    let delete = || DeleteTableInput { table_name: "things".into() };
    kit.run(DeleteTable, delete()).await.expect("deleted");
    run(&kit, FAR, DeleteTable, delete()).await.expect("deleted");
    restored_from(&kit, FAR, &system_backup(&kit, FAR).await, "from-last", 3).await;
}

async fn system_backup(kit: &Kit, region: &str) -> String {
    let input = ListBackupsInput { backup_type: Some(BackupTypeFilter::System.into()), ..Default::default() };
    let found =
        run(kit, region, ListBackups, input).await.expect("listed").backup_summaries.expect("backups");
    assert_eq!(found.len(), 1);
    found[0].backup_arn.clone().expect("an ARN")
}

async fn restored_from(kit: &Kit, region: &str, backup: &str, to: &str, items: usize) {
    let input = || RestoreTableFromBackupInput {
        backup_arn: backup.into(),
        target_table_name: to.into(),
        ..Default::default()
    };
    until(async || match run(kit, region, RestoreTableFromBackup, input()).await {
        Err(Error::BackupInUseException(_)) => None,
        begun => Some(begun.expect("begun")),
    })
    .await;
    active(kit, region, to).await;
    assert_eq!(values_in(kit, region, to).await.len(), items, "{to}");
}

#[tokio::test]
async fn a_strong_table_is_made_and_ended_whole() {
    let kit = global_table(&[]).await;
    let two = || [create("us-east-2"), create("us-west-2")];
    put_in(&kit, HOME, "a", "1").await;
    let said = invalid(change(&kit, HOME, strong(two())).await);
    assert!(said.contains("tables that have items"), "{said}");
    let input = DeleteItemInput {
        table_name: "things".into(),
        key: given(r#"{"p":{"S":"a"}}"#).into(),
        ..Default::default()
    };
    kit.run(DeleteItem, input).await.expect("deleted");
    let said = invalid(change(&kit, HOME, strong([create("us-east-2")])).await);
    assert!(said.contains("Unsupported replica count"), "{said}");
    let made = change(&kit, HOME, strong(two())).await.expect("made");
    assert_eq!(made.multi_region_consistency, Some(MultiRegionConsistency::Strong.into()));
    assert_eq!(others(&described(&kit, "us-west-2").await), Some(vec![HOME, "us-east-2"]));
    put_in(&kit, "us-west-2", "a", "1").await;
    assert_eq!(values_in(&kit, "us-east-2", "things").await.len(), 1);
    let gone = DeleteTableInput { table_name: "things".into() };
    let ends = TimeToLiveSpecification { enabled: true.into(), attribute_name: "ends".into() };
    let ends = UpdateTimeToLiveInput { table_name: "things".into(), time_to_live_specification: ends.into() };
    let get =
        Get { table_name: "things".into(), key: given(r#"{"p":{"S":"a"}}"#).into(), ..Default::default() };
    let get = TransactGetItem { get: get.into() };
    let get = TransactGetItemsInput { transact_items: vec![get].into(), ..Default::default() };
    for (said, text) in [
        (invalid(run(&kit, "us-east-2", DeleteTable, gone).await), "only one table replica"),
        (invalid(change(&kit, HOME, updates([delete("us-east-2")])).await), "only one table replica"),
        (invalid(change(&kit, HOME, updates([create(AWAY)])).await), "Cannot add replicas"),
        (invalid(kit.run(UpdateTimeToLive, ends).await), "do not support Time to Live"),
        (invalid(kit.run(TransactGetItems, get).await), "do not support transactions"),
    ] {
        assert!(said.contains(text), "{said:?} and not {text:?}");
    }
    // Each of them leaves a backup.
    for region in ["us-east-2", "us-west-2"] {
        restorable(&kit, region).await;
    }
    change(&kit, HOME, updates([delete("us-east-2"), delete("us-west-2")])).await.expect("ended");
    let alone = described(&kit, HOME).await;
    assert_eq!(others(&alone), None);
    assert_eq!(alone.multi_region_consistency, None);
    for region in ["us-east-2", "us-west-2"] {
        assert!(matches!(describe(&kit, region).await, Err(Error::ResourceNotFoundException(_))));
        restored_from(&kit, region, &system_backup(&kit, region).await, "restored", 1).await;
    }
    until(async || change(&kit, HOME, updates([create(AWAY)])).await.ok()).await;
}

#[tokio::test]
async fn who_makes_a_replica_has_to_be_allowed_to_where_it_is() {
    let kit = global_table(&[]).await;
    let asked = |kit: &Kit| -> Vec<String> {
        let all = kit.asked().into_iter();
        all.map(|ask| format!("{} {}", ask.action, ask.target.arn)).collect()
    };
    asked(&kit);
    change(&kit, HOME, updates([create(AWAY)])).await.expect("a replica");
    let arn = |region: &str| format!("arn:aws:dynamodb:{region}:{}:table/things", testkit::ACCOUNT);
    let found = asked(&kit);
    assert_eq!(found[0], format!("dynamodb:UpdateTable {}", arn(HOME)));
    for action in ["CreateTable", "CreateTableReplica", "Scan", "BatchWriteItem"] {
        assert!(found.contains(&format!("dynamodb:{action} {}", arn(AWAY))), "{action} in {found:?}");
    }
    kit.deny("dynamodb:DeleteTableReplica");
    let refused = change(&kit, HOME, updates([delete(AWAY)])).await;
    assert!(format!("{refused:?}").contains("AccessDenied"), "{:?}", refused.err());
    kit.deny("dynamodb:CreateTableReplica");
    assert!(change(&kit, HOME, updates([create(FAR)])).await.is_err());
    assert!(matches!(describe(&kit, FAR).await, Err(Error::ResourceNotFoundException(_))));
}

#[tokio::test]
#[allow(clippy::disallowed_methods)] // Clients are tasks.
async fn writers_in_two_regions_lose_nothing() {
    const EACH: usize = 100;
    let kit = Arc::new(global_table(&[AWAY]).await);
    let add = async |kit: &Kit, region: &str, key: &str| {
        let input = UpdateItemInput {
            table_name: "things".into(),
            key: given(&format!(r#"{{"p":{{"S":"{key}"}}}}"#)).into(),
            update_expression: Some("ADD n :one".to_owned()),
            expression_attribute_values: values(r#"{":one":{"N":"1"}}"#),
            ..Default::default()
        };
        run(kit, region, UpdateItem, input).await.expect("added");
    };
    let writers: Vec<_> = [HOME, AWAY, HOME, AWAY]
        .into_iter()
        .map(|region| {
            let kit = kit.clone();
            tokio::spawn(async move {
                for n in 0..EACH {
                    add(&kit, region, "hot").await;
                    put_in(&kit, region, &format!("{region}-{n}"), "x").await;
                }
            })
        })
        .collect();
    for n in 0..5 {
        change(&kit, if n % 2 == 0 { HOME } else { AWAY }, updates([create(FAR)])).await.expect("a replica");
        change(&kit, AWAY, updates([delete(FAR)])).await.expect("deleted");
    }
    for writer in writers {
        writer.await.expect("written");
    }
    for region in [HOME, AWAY] {
        let found = values_in(&kit, region, "things").await;
        assert_eq!(found.len(), 1 + 2 * EACH);
        let hot = format!(r#"{{"n":{{"N":"{}"}},"p":{{"S":"hot"}}}}"#, 4 * EACH);
        assert!(found.contains(&hot), "{region}");
        assert_eq!(described(&kit, region).await.item_count, Some(found.len() as i64));
    }
}
