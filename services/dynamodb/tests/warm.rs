//! Warm throughput of tables and global indexes: what it begins with, that it is raised, and that it never falls.

mod common;

use common::*;
use model_dynamodb::Error;
use model_dynamodb::ops::*;
use model_dynamodb::types::*;
use testkit::Kit;
use wire::Open;

fn warm(read: Option<i64>, write: Option<i64>) -> Option<WarmThroughput> {
    Some(WarmThroughput { read_units_per_second: read, write_units_per_second: write })
}

fn units(read: i64, write: i64) -> Option<ProvisionedThroughput> {
    Some(ProvisionedThroughput { read_capacity_units: read.into(), write_capacity_units: write.into() })
}

fn with_index() -> CreateTableInput {
    CreateTableInput {
        global_secondary_indexes: Some(vec![global("by-v", "v", ProjectionType::All)]),
        ..table("things", "p+c", "p:S c:S v:S")
    }
}

fn provisioned() -> CreateTableInput {
    let by_v = GlobalSecondaryIndex {
        provisioned_throughput: units(2, 3),
        ..global("by-v", "v", ProjectionType::All)
    };
    CreateTableInput {
        billing_mode: Some(BillingMode::Provisioned.into()),
        provisioned_throughput: units(5, 6),
        global_secondary_indexes: Some(vec![by_v]),
        ..with_index()
    }
}

/// Read and write units, and whether that is so already.
type Shown = Option<(i64, i64, bool)>;

fn of_table(shown: &TableDescription) -> Shown {
    let warm = shown.warm_throughput.as_ref()?;
    let active = warm.status.as_ref().and_then(Open::known) == Some(TableStatus::Active);
    Some((warm.read_units_per_second?, warm.write_units_per_second?, active))
}

fn of_index(shown: &TableDescription) -> Shown {
    let index = shown
        .global_secondary_indexes
        .as_ref()?
        .iter()
        .find(|index| index.index_name.as_deref() == Some("by-v"))?;
    let warm = index.warm_throughput.as_ref()?;
    let active = warm.status.as_ref().and_then(Open::known) == Some(IndexStatus::Active);
    Some((warm.read_units_per_second?, warm.write_units_per_second?, active))
}

async fn described(kit: &Kit, name: &str) -> TableDescription {
    let input = DescribeTableInput { table_name: name.into() };
    kit.run(DescribeTable, input).await.expect("a table").table.expect("described")
}

/// What DescribeTable says of the table and of its index.
async fn now(kit: &Kit) -> (Shown, Shown) {
    let shown = described(kit, "things").await;
    (of_table(&shown), of_index(&shown))
}

async fn update(kit: &Kit, input: UpdateTableInput) -> Result<TableDescription, Error> {
    let input = UpdateTableInput { table_name: "things".into(), ..input };
    Ok(kit.run(UpdateTable, input).await?.table_description.expect("described"))
}

fn of_index_update(wanted: Option<WarmThroughput>) -> Option<Vec<GlobalSecondaryIndexUpdate>> {
    let update = UpdateGlobalSecondaryIndexAction {
        index_name: "by-v".into(),
        warm_throughput: wanted,
        ..Default::default()
    };
    Some(vec![GlobalSecondaryIndexUpdate { update: Some(update), ..Default::default() }])
}

#[tokio::test]
async fn what_is_on_demand_begins_with_what_is_documented() {
    let kit = kit();
    let made =
        kit.run(CreateTable, with_index()).await.expect("a table").table_description.expect("described");
    assert_eq!((of_table(&made), of_index(&made)), (None, None), "said is only what was asked for");
    assert_eq!(now(&kit).await, (Some((12_000, 4_000, true)), Some((12_000, 4_000, true))));
    let by_v = GlobalSecondaryIndex {
        warm_throughput: warm(None, Some(9_000)),
        ..global("by-v", "v", ProjectionType::All)
    };
    let asked = CreateTableInput {
        warm_throughput: warm(Some(20_000), None),
        global_secondary_indexes: Some(vec![by_v]),
        table_name: "warm".into(),
        ..with_index()
    };
    let made = kit.run(CreateTable, asked).await.expect("a table").table_description.expect("described");
    assert_eq!(of_table(&made), Some((20_000, 4_000, false)));
    assert_eq!(of_index(&made), Some((12_000, 9_000, false)));
    let shown = described(&kit, "warm").await;
    assert_eq!(of_table(&shown), Some((20_000, 4_000, true)));
    assert_eq!(of_index(&shown), Some((12_000, 9_000, true)));
    let cold = CreateTableInput {
        warm_throughput: warm(Some(1), Some(1)),
        table_name: "cold".into(),
        ..with_index()
    };
    let why = invalid(kit.run(CreateTable, cold).await);
    assert!(
        why.contains(
            "ReadUnitsPerSecond for WarmThroughput for table is lower than initial throughput for OnDemand"
        ),
        "{why}"
    );
    let by_v = GlobalSecondaryIndex {
        warm_throughput: warm(None, Some(3_999)),
        ..global("by-v", "v", ProjectionType::All)
    };
    let cold = CreateTableInput {
        global_secondary_indexes: Some(vec![by_v]),
        table_name: "cold".into(),
        ..with_index()
    };
    let why = invalid(kit.run(CreateTable, cold).await);
    assert!(why.contains("WriteUnitsPerSecond for WarmThroughput for index by-v is lower"), "{why}");
}

#[tokio::test]
async fn it_follows_what_is_provisioned_upwards() {
    let kit = kit();
    kit.run(CreateTable, provisioned()).await.expect("a table");
    assert_eq!(now(&kit).await, (Some((5, 6, true)), Some((2, 3, true))));
    let to =
        |read, write| UpdateTableInput { provisioned_throughput: units(read, write), ..Default::default() };
    update(&kit, to(50, 6)).await.expect("more");
    update(&kit, to(1, 1)).await.expect("less");
    assert_eq!(now(&kit).await.0, Some((50, 6, true)));
    update(&kit, UpdateTableInput { warm_throughput: warm(Some(20_000), Some(10)), ..Default::default() })
        .await
        .expect("more than is provisioned");
    let on_demand =
        UpdateTableInput { billing_mode: Some(BillingMode::PayPerRequest.into()), ..Default::default() };
    update(&kit, on_demand).await.expect("on demand");
    assert_eq!(now(&kit).await, (Some((20_000, 4_000, true)), Some((12_000, 4_000, true))));
    let back = UpdateTableInput { billing_mode: Some(BillingMode::Provisioned.into()), ..to(1, 1) };
    update(&kit, back).await.expect("provisioned");
    assert_eq!(now(&kit).await, (Some((20_000, 4_000, true)), Some((12_000, 4_000, true))));
    let cold =
        CreateTableInput { warm_throughput: warm(Some(4), None), table_name: "cold".into(), ..provisioned() };
    let why = invalid(kit.run(CreateTable, cold).await);
    assert!(why.contains("is lower than ReadCapacityUnits of ProvisionedThroughput"), "{why}");
}

#[tokio::test]
async fn it_is_raised_and_never_lowered() {
    let kit = kit();
    kit.run(CreateTable, with_index()).await.expect("a table");
    let both = UpdateTableInput {
        warm_throughput: warm(Some(13_000), None),
        global_secondary_index_updates: of_index_update(warm(Some(14_000), Some(5_000))),
        ..Default::default()
    };
    let answer = update(&kit, both.clone()).await.expect("more");
    assert_eq!(answer.table_status.as_ref().and_then(Open::known), Some(TableStatus::Active));
    assert_eq!(of_table(&answer), Some((12_000, 4_000, false)));
    assert_eq!(of_index(&answer), Some((12_000, 4_000, false)));
    let raised = (Some((13_000, 4_000, true)), Some((14_000, 5_000, true)));
    assert_eq!(now(&kit).await, raised);
    update(&kit, both).await.expect("the same");
    let lower = UpdateTableInput { warm_throughput: warm(Some(12_999), None), ..Default::default() };
    let why = invalid(update(&kit, lower).await);
    assert_eq!(
        why,
        "One or more parameter values were invalid: Requested ReadUnitsPerSecond for WarmThroughput for table is lower than \
         current WarmThroughput, decreasing WarmThroughput is not supported"
    );
    let lower = UpdateTableInput {
        global_secondary_index_updates: of_index_update(warm(None, Some(4_000))),
        ..Default::default()
    };
    let why = invalid(update(&kit, lower).await);
    assert!(
        why.contains("WriteUnitsPerSecond for WarmThroughput for index by-v is lower than current"),
        "{why}"
    );
    let endless = UpdateTableInput { warm_throughput: warm(Some(i64::MAX), None), ..Default::default() };
    assert!(matches!(update(&kit, endless).await, Err(Error::LimitExceededException(_))));
    assert_eq!(now(&kit).await, raised);
}

#[tokio::test]
async fn it_is_asked_for_alone() {
    let kit = kit();
    kit.run(CreateTable, with_index()).await.expect("a table");
    let wanted = warm(Some(13_000), Some(5_000));
    let more = CreateGlobalSecondaryIndexAction {
        index_name: "by-w".into(),
        key_schema: keys("w").into(),
        projection: projection(ProjectionType::All).into(),
        warm_throughput: warm(Some(15_000), None),
        ..Default::default()
    };
    let create = UpdateTableInput {
        attribute_definitions: types("w:S"),
        global_secondary_index_updates: Some(vec![GlobalSecondaryIndexUpdate {
            create: Some(more),
            ..Default::default()
        }]),
        ..Default::default()
    };
    let only = "must be the only operation in the request";
    for (other, part) in [
        (
            UpdateTableInput { deletion_protection_enabled: Some(true), ..Default::default() },
            "DeletionProtection modification must be",
        ),
        (
            UpdateTableInput { table_class: Some(TableClass::Standard.into()), ..Default::default() },
            "TableClass modification must be",
        ),
        (
            UpdateTableInput { billing_mode: Some(BillingMode::PayPerRequest.into()), ..Default::default() },
            only,
        ),
        (create.clone(), "Create global secondary index cannot be specified when updating WarmThroughput"),
    ] {
        let why = invalid(
            update(&kit, UpdateTableInput { warm_throughput: wanted.clone(), ..other.clone() }).await,
        );
        assert!(why.contains(part), "{why}");
    }
    assert_eq!(now(&kit).await.0, Some((12_000, 4_000, true)));
    // One that says nothing is as none, but has to say something where it is alone.
    let nothing = UpdateTableInput { warm_throughput: warm(None, None), ..Default::default() };
    assert!(
        invalid(update(&kit, nothing.clone()).await).contains("WarmThroughput must have at least one of")
    );
    let beside = UpdateTableInput { deletion_protection_enabled: Some(false), ..nothing };
    assert_eq!(of_table(&update(&kit, beside).await.expect("done")), Some((12_000, 4_000, true)));
    let of_index = UpdateTableInput {
        global_secondary_index_updates: of_index_update(warm(None, None)),
        ..Default::default()
    };
    assert_eq!(
        invalid(update(&kit, of_index).await),
        "One or more parameter values were invalid: WarmThroughput must have at least one of ReadUnitsPerSecond or \
         WriteUnitsPerSecond specified for index: by-v"
    );
    // A new index may be warm from the beginning.
    update(&kit, create).await.expect("an index");
    let shown = described(&kit, "things").await.global_secondary_indexes.expect("indexes");
    let by_w = shown.iter().find(|index| index.index_name.as_deref() == Some("by-w")).expect("the new one");
    let given = by_w.warm_throughput.as_ref().expect("warm");
    assert_eq!((given.read_units_per_second, given.write_units_per_second), (Some(15_000), Some(4_000)));
}

#[tokio::test]
async fn replicas_have_the_same() {
    let kit = kit();
    kit.run(CreateTable, with_index()).await.expect("a table");
    let replicate =
        UpdateTableInput { replica_updates: Some(vec![replica_made("eu-west-1")]), ..Default::default() };
    update(&kit, replicate.clone()).await.expect("a replica");
    update(&kit, UpdateTableInput { warm_throughput: warm(Some(30_000), None), ..Default::default() })
        .await
        .expect("raised");
    let input = DescribeTableInput { table_name: "things".into() };
    let shown =
        run_in(&kit, "eu-west-1", DescribeTable, input).await.expect("a table").table.expect("described");
    assert_eq!(of_table(&shown), Some((30_000, 4_000, true)));
    for table in [&shown, &described(&kit, "things").await] {
        let [replica] = &table.replicas.as_ref().expect("replicas")[..] else { panic!("not one replica") };
        let given = replica.warm_throughput.as_ref().expect("warm");
        assert_eq!((given.read_units_per_second, given.write_units_per_second), (Some(30_000), Some(4_000)));
        let [index] = &replica.global_secondary_indexes.as_ref().expect("indexes")[..] else {
            panic!("not one index")
        };
        assert_eq!(index.warm_throughput.as_ref().and_then(|warm| warm.read_units_per_second), Some(12_000));
    }
    let mixed = UpdateTableInput { warm_throughput: warm(Some(31_000), None), ..replicate };
    assert!(invalid(update(&kit, mixed).await).contains("Replica modification must be the only operation"));
}

#[tokio::test]
async fn a_restored_table_begins_anew_but_for_what_is_asked() {
    let kit = kit();
    kit.run(CreateTable, with_index()).await.expect("a table");
    update(&kit, UpdateTableInput { warm_throughput: warm(Some(30_000), None), ..Default::default() })
        .await
        .expect("raised");
    let backup = CreateBackupInput { table_name: "things".into(), backup_name: "one".into() };
    let backup = kit.run(CreateBackup, backup).await.expect("a backup").backup_details.expect("details");
    let by_v = GlobalSecondaryIndex {
        warm_throughput: warm(Some(16_000), None),
        ..global("by-v", "v", ProjectionType::All)
    };
    let arn = backup.backup_arn.expect("an ARN");
    until(async || {
        let input = DescribeBackupInput { backup_arn: arn.as_str().into() };
        let found =
            kit.run(DescribeBackup, input).await.expect("a backup").backup_description?.backup_details?;
        (found.backup_status.as_ref().and_then(Open::known) == Some(BackupStatus::Available)).then_some(())
    })
    .await;
    let restore = RestoreTableFromBackupInput {
        target_table_name: "again".into(),
        backup_arn: arn.as_str().into(),
        global_secondary_index_override: Some(vec![by_v]),
        ..Default::default()
    };
    kit.run(RestoreTableFromBackup, restore.clone()).await.expect("begun");
    let shown = described(&kit, "again").await;
    assert_eq!(
        (of_table(&shown), of_index(&shown)),
        (Some((12_000, 4_000, true)), Some((16_000, 4_000, true)))
    );
    let by_v = GlobalSecondaryIndex {
        warm_throughput: warm(Some(1), None),
        ..global("by-v", "v", ProjectionType::All)
    };
    let cold = RestoreTableFromBackupInput {
        target_table_name: "cold".into(),
        global_secondary_index_override: Some(vec![by_v]),
        ..restore
    };
    let why = invalid(kit.run(RestoreTableFromBackup, cold).await);
    assert!(why.contains("for WarmThroughput for index by-v is lower than initial throughput"), "{why}");
}
