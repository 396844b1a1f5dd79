//! Tables as they were: restored to any time, and from backups, while they are written to and after whatever ends the
//! program.

mod common;

use std::collections::BTreeMap;
use std::time::Duration;

use common::*;
use kernel::Timestamp;
use model_dynamodb::Error;
use model_dynamodb::ops::*;
use model_dynamodb::types::*;
use service::{Cloud, Deps};
use testkit::Kit;
use wire::Open;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A table's items: the value of each key.
type Items = BTreeMap<String, String>;

async fn recovery(kit: &Kit, on: bool, days: Option<i32>) -> Result<PointInTimeRecoveryDescription, Error> {
    let input = recovery_of("things", on, days);
    let said = kit.run(UpdateContinuousBackups, input).await?.continuous_backups_description.expect("said");
    Ok(said.point_in_time_recovery_description.expect("said"))
}

/// A kit with the table `things`, which has an index and can be restored to any time.
async fn recoverable() -> Kit {
    let kit = kit();
    let input = CreateTableInput {
        global_secondary_indexes: Some(vec![global("by-v", "v", ProjectionType::KeysOnly)]),
        ..table("things", "p+c", "p:S c:S v:S")
    };
    kit.run(CreateTable, input).await.expect("a table");
    recovery(&kit, true, None).await.expect("on");
    kit
}

fn key(name: &str) -> String {
    format!(r#"{{"p":{{"S":"{}"}},"c":{{"S":"{name}"}}}}"#, &name[..1])
}

async fn write(kit: &Kit, items: &mut Items, name: &str, value: Option<&str>) {
    match value {
        Some(value) => {
            let item =
                format!(r#"{{"p":{{"S":"{}"}},"c":{{"S":"{name}"}},"v":{{"S":"{value}"}}}}"#, &name[..1]);
            put(kit, &item).await;
            items.insert(name.to_owned(), value.to_owned());
        }
        None => {
            let input = DeleteItemInput {
                table_name: "things".into(),
                key: given(&key(name)).into(),
                ..Default::default()
            };
            kit.run(DeleteItem, input).await.expect("deleted");
            items.remove(name);
        }
    }
}

fn text(item: &attribute::Item, name: &str) -> String {
    match item.get(name) {
        Some(attribute::Value::S(text)) => text.to_string(),
        other => panic!("{name} is {other:?}"),
    }
}

/// Everything in a table, or what an index has of it.
async fn items(kit: &Kit, table: &str, index: Option<&str>) -> Items {
    let all = everything(kit, table, index).await;
    all.iter().map(|shown| item(shown)).map(|item| (text(&item, "c"), text(&item, "v"))).collect()
}

async fn described(kit: &Kit, table: &str) -> TableDescription {
    let input = DescribeTableInput { table_name: table.into() };
    kit.run(DescribeTable, input).await.expect("described").table.expect("a table")
}

fn status(table: &TableDescription) -> TableStatus {
    table.table_status.as_ref().and_then(Open::known).expect("a status")
}

async fn active(kit: &Kit, table: &str) -> TableDescription {
    until(async || Some(described(kit, table).await).filter(|table| status(table) == TableStatus::Active))
        .await
}

fn at(target: &str, time: Option<Timestamp>) -> RestoreTableToPointInTimeInput {
    RestoreTableToPointInTimeInput {
        source_table_name: Some("things".to_owned()),
        target_table_name: target.into(),
        use_latest_restorable_time: time.is_none().then_some(true),
        restore_date_time: time,
        ..Default::default()
    }
}

/// Checks a restored table, with its index and counts.
async fn is(kit: &Kit, table: &str, expected: &Items) {
    let description = active(kit, table).await;
    assert_eq!(&items(kit, table, None).await, expected, "{table}");
    assert_eq!(&items(kit, table, Some("by-v")).await, expected, "the index of {table}");
    assert_eq!(description.item_count, Some(expected.len() as i64));
    let index = &description.global_secondary_indexes.expect("an index")[0];
    assert_eq!(index.item_count, Some(expected.len() as i64));
    let bytes: usize = expected.iter().map(|(name, value)| 4 + name.len() + value.len()).sum();
    assert_eq!(description.table_size_bytes, Some(bytes as i64));
    assert_eq!(description.restore_summary.expect("a summary").restore_in_progress, Some(false));
}

#[tokio::test]
async fn a_table_is_restored_to_each_second() {
    let kit = recoverable().await;
    let mut now = Items::new();
    let mut states = Vec::new();
    for second in 0..8 {
        kit.advance(Duration::from_secs(1));
        write(&kit, &mut now, "hot", Some(&second.to_string())).await;
        write(&kit, &mut now, "hot", Some(&format!("{second} again"))).await;
        write(&kit, &mut now, &format!("own-{second}"), Some("x")).await;
        if second % 3 == 2 {
            write(&kit, &mut now, &format!("own-{}", second - 1), None).await;
            write(&kit, &mut now, "hot", None).await;
        }
        states.push((kit.deps().clock.now(), now.clone()));
    }
    kit.advance(Duration::from_secs(100));
    for (n, (time, _)) in states.iter().enumerate() {
        let made =
            kit.run(RestoreTableToPointInTime, at(&format!("at-{n}"), Some(*time))).await.expect("begun");
        let table = made.table_description.expect("a table");
        assert_eq!(status(&table), TableStatus::Creating);
        assert_eq!(table.restore_summary.expect("a summary").restore_date_time, Some(*time));
    }
    kit.run(RestoreTableToPointInTime, at("latest", None)).await.expect("begun");
    // Between two writes it is as after the first of them.
    let between = states[3].0.plus(Duration::from_millis(999));
    kit.run(RestoreTableToPointInTime, at("between", Some(between))).await.expect("begun");
    for (n, (_, items)) in states.iter().enumerate() {
        is(&kit, &format!("at-{n}"), items).await;
    }
    is(&kit, "latest", &now).await;
    is(&kit, "between", &states[3].1).await;
    // Nothing of a restore stays with the table: it can be deleted.
    recovery(&kit, false, None).await.expect("off");
    kit.run(DeleteTable, DeleteTableInput { table_name: "things".into() }).await.expect("deleted");
}

/// A table of more items than a copy takes in some steps.
async fn large(kit: &Kit, now: &mut Items) {
    for n in 0..900 {
        write(kit, now, &format!("{}{n}", if n % 2 == 0 { "a" } else { "b" }), Some("old")).await;
    }
}

#[tokio::test]
async fn what_is_written_during_a_restore_is_not_in_it() {
    let kit = recoverable().await;
    let mut now = Items::new();
    large(&kit, &mut now).await;
    let (then, time) = (now.clone(), kit.deps().clock.now());
    kit.advance(Duration::from_secs(5));
    for n in 0..100 {
        write(&kit, &mut now, &format!("a{}", n * 2), Some("new")).await;
    }
    kit.run(RestoreTableToPointInTime, at("then", Some(time))).await.expect("begun");
    kit.run(RestoreTableToPointInTime, at("now", None)).await.expect("begun");
    let before = now.clone();
    for n in 0..300 {
        write(&kit, &mut now, &format!("b{}", n * 2 + 1), if n % 2 == 0 { Some("newer") } else { None })
            .await;
        write(&kit, &mut now, &format!("c{n}"), Some("newest")).await;
        // The copies go on between.
        tokio::task::yield_now().await;
    }
    is(&kit, "then", &then).await;
    is(&kit, "now", &before).await;
    assert_eq!(items(&kit, "things", None).await, now);
}

/// The same store under a program that has begun again.
fn again(kit: Kit) -> Kit {
    let deps = kit.deps().clone();
    drop(kit);
    Kit::on(Deps { cloud: Cloud::default(), ..deps }, |deps| {
        dynamodb::services(deps.clone(), dynamodb::Settings::default()).into()
    })
}

#[tokio::test]
async fn a_restore_and_a_backup_go_on_after_the_program_has_ended() {
    let mut kit = recoverable().await;
    let mut now = Items::new();
    large(&kit, &mut now).await;
    let (then, time) = (now.clone(), kit.deps().clock.now());
    kit.advance(Duration::from_secs(5));
    write(&kit, &mut now, "a0", None).await;
    kit.run(RestoreTableToPointInTime, at("then", Some(time))).await.expect("begun");
    let backup = create_backup(&kit, "now").await.expect("begun").backup_arn.expect("an ARN");
    let at_backup = now.clone();
    let mut interrupted = 0;
    for n in 0..40 {
        for _ in 0..n % 4 {
            tokio::task::yield_now().await;
        }
        if status(&described(&kit, "then").await) == TableStatus::Creating {
            interrupted += 1;
        }
        kit = again(kit);
        write(&kit, &mut now, &format!("a{n}"), Some("later")).await;
    }
    assert!(interrupted > 2, "it was done at once");
    is(&kit, "then", &then).await;
    available(&kit, &backup).await;
    restore(&kit, &backup, "from-backup").await.expect("begun");
    is(&kit, "from-backup", &at_backup).await;
}

async fn create_backup(kit: &Kit, name: &str) -> Result<BackupDetails, Error> {
    let input = CreateBackupInput { table_name: "things".into(), backup_name: name.into() };
    Ok(kit.run(CreateBackup, input).await?.backup_details.expect("details"))
}

async fn describe_backup(kit: &Kit, arn: &str) -> Result<BackupDescription, Error> {
    let input = DescribeBackupInput { backup_arn: arn.into() };
    Ok(kit.run(DescribeBackup, input).await?.backup_description.expect("a backup"))
}

async fn delete_backup(kit: &Kit, arn: &str) -> Result<BackupDescription, Error> {
    let input = DeleteBackupInput { backup_arn: arn.into() };
    Ok(kit.run(DeleteBackup, input).await?.backup_description.expect("a backup"))
}

async fn available(kit: &Kit, arn: &str) -> BackupDescription {
    until(async || {
        let found = describe_backup(kit, arn).await.expect("a backup");
        let status =
            found.backup_details.as_ref().and_then(|details| details.backup_status.as_ref()?.known());
        (status == Some(BackupStatus::Available)).then_some(found)
    })
    .await
}

async fn restore(kit: &Kit, arn: &str, target: &str) -> Result<TableDescription, Error> {
    let input = RestoreTableFromBackupInput {
        backup_arn: arn.into(),
        target_table_name: target.into(),
        ..Default::default()
    };
    Ok(kit.run(RestoreTableFromBackup, input).await?.table_description.expect("a table"))
}

async fn list(kit: &Kit, input: ListBackupsInput) -> Vec<String> {
    let page = kit.run(ListBackups, input).await.expect("listed");
    page.backup_summaries.expect("backups").into_iter().filter_map(|backup| backup.backup_name).collect()
}

#[tokio::test]
async fn a_backup_is_of_its_moment() {
    let kit = recoverable().await;
    recovery(&kit, false, None).await.expect("off");
    let mut now = Items::new();
    large(&kit, &mut now).await;
    let made = create_backup(&kit, "first").await.expect("begun");
    let arn = made.backup_arn.expect("an ARN");
    assert_eq!(made.backup_status.as_ref().and_then(Open::known), Some(BackupStatus::Creating));
    let busy = delete_backup(&kit, &arn).await;
    assert!(matches!(busy, Err(Error::BackupInUseException(_))));
    assert!(matches!(restore(&kit, &arn, "early").await, Err(Error::BackupInUseException(_))));
    let delete = || DeleteTableInput { table_name: "things".into() };
    assert!(matches!(kit.run(DeleteTable, delete()).await, Err(Error::ResourceInUseException(_))));
    let then = now.clone();
    for n in 0..300 {
        write(&kit, &mut now, &format!("a{n}"), Some("later")).await;
    }
    let backup = available(&kit, &arn).await;
    let source = backup.source_table_details.expect("a table");
    assert_eq!(source.item_count, Some(then.len() as i64));
    kit.run(DeleteTable, delete()).await.expect("deleted");
    let made = restore(&kit, &arn, "things").await.expect("begun");
    assert_eq!(made.restore_summary.expect("a summary").source_backup_arn.as_deref(), Some(arn.as_str()));
    // A table that is being made has no items to be seen, and cannot be changed.
    let get =
        GetItemInput { table_name: "things".into(), key: given(&key("a0")).into(), ..Default::default() };
    assert!(matches!(kit.run(GetItem, get).await, Err(Error::ResourceNotFoundException(_))));
    assert!(matches!(kit.run(DeleteTable, delete()).await, Err(Error::ResourceInUseException(_))));
    assert!(matches!(create_backup(&kit, "early").await, Err(Error::TableInUseException(_))));
    assert!(matches!(delete_backup(&kit, &arn).await, Err(Error::BackupInUseException(_))));
    assert!(matches!(restore(&kit, &arn, "things").await, Err(Error::TableAlreadyExistsException(_))));
    is(&kit, "things", &then).await;
    let gone = delete_backup(&kit, &arn).await.expect("deleted").backup_details.expect("details");
    assert_eq!(gone.backup_status.as_ref().and_then(Open::known), Some(BackupStatus::Deleted));
    assert!(matches!(describe_backup(&kit, &arn).await, Err(Error::BackupNotFoundException(_))));
    assert!(matches!(delete_backup(&kit, &arn).await, Err(Error::BackupNotFoundException(_))));
}

#[tokio::test]
async fn backups_are_listed_by_what_they_are() {
    let kit = recoverable().await;
    kit.run(CreateTable, table("others", "p", "p:S")).await.expect("a table");
    let start = kit.deps().clock.now();
    for name in ["one", "two", "three"] {
        kit.advance(Duration::from_secs(10));
        let arn = create_backup(&kit, name).await.expect("begun").backup_arn.expect("an ARN");
        available(&kit, &arn).await;
    }
    let all = ListBackupsInput::default;
    assert_eq!(list(&kit, all()).await, ["one", "two", "three"]);
    let of = |name: &str| ListBackupsInput { table_name: Some(name.to_owned()), ..all() };
    assert_eq!(list(&kit, of("things")).await.len(), 3);
    assert_eq!(list(&kit, of("others")).await.len(), 0);
    let between = ListBackupsInput {
        time_range_lower_bound: Some(start.plus(Duration::from_secs(20))),
        time_range_upper_bound: Some(start.plus(Duration::from_secs(30))),
        ..all()
    };
    assert_eq!(list(&kit, between).await, ["two"]);
    let page = kit.run(ListBackups, ListBackupsInput { limit: Some(2), ..all() }).await.expect("listed");
    let rest = ListBackupsInput { exclusive_start_backup_arn: page.last_evaluated_backup_arn, ..all() };
    assert_eq!(list(&kit, rest).await, ["three"]);
    let system = || ListBackupsInput { backup_type: Some(BackupTypeFilter::System.into()), ..all() };
    assert_eq!(list(&kit, system()).await.len(), 0);
    // A table that could be restored leaves what it had, for 35 days.
    let mut now = Items::new();
    write(&kit, &mut now, "kept", Some("x")).await;
    kit.run(DeleteTable, DeleteTableInput { table_name: "things".into() }).await.expect("deleted");
    let page = kit.run(ListBackups, system()).await.expect("listed").backup_summaries.expect("backups");
    let [left] = <[_; 1]>::try_from(page).unwrap_or_else(|found| panic!("{} backups", found.len()));
    assert_eq!(left.backup_name.as_deref(), Some("things$DeletedTableBackup"));
    assert_eq!(left.backup_expiry_date_time, Some(kit.deps().clock.now().plus(35 * DAY)));
    let arn = left.backup_arn.expect("an ARN");
    restore(&kit, &arn, "things").await.expect("begun");
    is(&kit, "things", &now).await;
    kit.advance(36 * DAY);
    until(async || {
        matches!(describe_backup(&kit, &arn).await, Err(Error::BackupNotFoundException(_))).then_some(())
    })
    .await;
    is(&kit, "things", &now).await;
}

#[tokio::test]
async fn a_table_can_be_restored_only_to_times_that_are_kept() {
    let kit = recoverable().await;
    let since = kit.deps().clock.now();
    let times = async || {
        let input = DescribeContinuousBackupsInput { table_name: "things".into() };
        let said = kit.run(DescribeContinuousBackups, input).await.expect("said");
        let said =
            said.continuous_backups_description.and_then(|said| said.point_in_time_recovery_description);
        let said = said.expect("said");
        (said.earliest_restorable_date_time, said.latest_restorable_date_time)
    };
    let refused = async |time: Timestamp| kit.run(RestoreTableToPointInTime, at("then", Some(time))).await;
    let mut now = Items::new();
    write(&kit, &mut now, "a", Some("1")).await;
    kit.advance(DAY * 2);
    assert_eq!(times().await, (Some(since), Some(kit.deps().clock.now())));
    let early = since.minus(Duration::from_millis(1));
    assert!(matches!(refused(early).await, Err(Error::InvalidRestoreTimeException(_))));
    let late = kit.deps().clock.now().plus(Duration::from_millis(1));
    assert!(matches!(refused(late).await, Err(Error::InvalidRestoreTimeException(_))));
    assert_eq!(recovery(&kit, true, Some(1)).await.expect("changed").recovery_period_in_days, Some(1));
    let earliest = kit.deps().clock.now().minus(DAY);
    assert_eq!(times().await.0, Some(earliest));
    assert!(matches!(refused(since).await, Err(Error::InvalidRestoreTimeException(_))));
    kit.run(RestoreTableToPointInTime, at("then", Some(earliest))).await.expect("begun");
    is(&kit, "then", &now).await;
    let both = RestoreTableToPointInTimeInput {
        use_latest_restorable_time: Some(true),
        ..at("another", Some(earliest))
    };
    invalid(kit.run(RestoreTableToPointInTime, both).await);
    invalid(
        kit.run(
            RestoreTableToPointInTime,
            RestoreTableToPointInTimeInput { source_table_name: None, ..at("another", None) },
        )
        .await,
    );
    let taken = kit.run(RestoreTableToPointInTime, at("things", None)).await;
    assert!(matches!(taken, Err(Error::TableAlreadyExistsException(_))));
    let nowhere = RestoreTableToPointInTimeInput {
        source_table_name: Some("nowhere".to_owned()),
        ..at("another", None)
    };
    assert!(matches!(
        kit.run(RestoreTableToPointInTime, nowhere).await,
        Err(Error::TableNotFoundException(_))
    ));
    // What is no longer needed of the log goes.
    recovery(&kit, false, None).await.expect("off");
    let off = kit.run(RestoreTableToPointInTime, at("another", None)).await;
    assert!(matches!(off, Err(Error::PointInTimeRecoveryUnavailableException(_))));
    kit.advance(Duration::from_secs(61));
    let account =
        store::KeyWriter::new().str(testkit::ACCOUNT).str(testkit::REGION).str("dynamodb").str("l").finish();
    until(async || {
        let range = store::KeyRange::prefix(&account);
        let page = kit.deps().store.snapshot().range(range, store::RangeOptions::default()).expect("read");
        page.entries.is_empty().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_restored_table_can_be_other_than_it_was() {
    let kit = recoverable().await;
    let mut now = Items::new();
    write(&kit, &mut now, "a", Some("1")).await;
    let units =
        |n: i64| ProvisionedThroughput { read_capacity_units: n.into(), write_capacity_units: n.into() };
    let input = RestoreTableToPointInTimeInput {
        billing_mode_override: Some(BillingMode::Provisioned.into()),
        provisioned_throughput_override: Some(units(7)),
        global_secondary_index_override: Some(Vec::new()),
        ..at("bare", None)
    };
    kit.run(RestoreTableToPointInTime, input).await.expect("begun");
    let bare = active(&kit, "bare").await;
    assert!(bare.global_secondary_indexes.is_none());
    assert_eq!(bare.provisioned_throughput.and_then(|units| units.read_capacity_units), Some(7));
    assert_eq!(bare.attribute_definitions.expect("attributes").len(), 2);
    assert_eq!(items(&kit, "bare", None).await, now);
    let strange = RestoreTableToPointInTimeInput {
        global_secondary_index_override: Some(vec![global("by-x", "v", ProjectionType::All)]),
        ..at("strange", None)
    };
    assert!(invalid(kit.run(RestoreTableToPointInTime, strange).await).contains("no index by-x"));
}

/// Numbers that look like any others, and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        // Knuth's linear congruences; their high bits are the good ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Whatever is written when: restored to any time, a table is as it was then.
#[tokio::test]
async fn a_restored_table_is_the_table_as_it_was() {
    for seed in 0..24 {
        let mut any = Numbers(seed);
        let kit = recoverable().await;
        let start = kit.deps().clock.now();
        let mut now = Items::new();
        // The items from each time on.
        let mut states = BTreeMap::from([(start, Items::new())]);
        for _ in 0..any.below(40) {
            kit.advance(Duration::from_millis(any.below(3)));
            let value = (any.below(10) < 7).then(|| any.below(4).to_string());
            write(&kit, &mut now, &any.below(6).to_string(), value.as_deref()).await;
            states.insert(kit.deps().clock.now(), now.clone());
        }
        let end = kit.deps().clock.now();
        for n in 0..3 {
            let time = start.plus(Duration::from_millis(any.below(60))).min(end);
            let name = format!("then-{n}");
            kit.run(RestoreTableToPointInTime, at(&name, Some(time))).await.expect("begun");
            kit.advance(Duration::from_millis(1));
            write(&kit, &mut now, "during", Some(&n.to_string())).await;
            let (_, expected) = states.range(..=time).next_back().expect("a state");
            is(&kit, &name, expected).await;
        }
    }
}
