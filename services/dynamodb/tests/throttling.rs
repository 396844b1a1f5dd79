//! Throttling, where it is switched on: buckets by the clock, and what each operation says when there is nothing left.

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use common::*;
use model_dynamodb::Error;
use model_dynamodb::ops::*;
use model_dynamodb::types::*;
use testkit::Kit;

const SECOND: Duration = Duration::from_secs(1);

fn units(read: i64, write: i64) -> ProvisionedThroughput {
    ProvisionedThroughput { read_capacity_units: read.into(), write_capacity_units: write.into() }
}

/// A kit that throttles, with the table `things` of one unit a second for reading and writing, and of the index `by-g` of one,
/// too.
async fn throttling() -> Kit {
    let settings = dynamodb::Settings { throttle: true };
    let kit = Kit::new(|deps| dynamodb::services(deps.clone(), settings).into());
    let by = GlobalSecondaryIndex {
        provisioned_throughput: Some(units(1, 1)),
        ..global("by-g", "g", ProjectionType::All)
    };
    let input = CreateTableInput {
        billing_mode: Some(BillingMode::Provisioned.into()),
        provisioned_throughput: Some(units(1, 1)),
        global_secondary_indexes: Some(vec![by]),
        ..table("things", "p+c", "p:S c:S g:S")
    };
    kit.run(CreateTable, input).await.expect("a table");
    kit
}

async fn try_put(kit: &Kit, json: &str) -> Result<PutItemOutput, Error> {
    let input = PutItemInput { table_name: "things".into(), item: given(json).into(), ..Default::default() };
    kit.run(PutItem, input).await
}

async fn try_get(kit: &Kit) -> Result<GetItemOutput, Error> {
    let input = GetItemInput {
        table_name: "things".into(),
        key: given(KEY).into(),
        consistent_read: Some(true),
        ..Default::default()
    };
    kit.run(GetItem, input).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(clippy::disallowed_methods)] // Clients are tasks.
async fn a_commit_that_is_repeated_pays_once() {
    let kit = Arc::new(throttling().await);
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let kit = kit.clone();
            tokio::spawn(async move {
                for n in 0..25 {
                    try_put(&kit, &of_units(&format!("{writer}-{n}"), 1)).await.expect("put");
                }
            })
        })
        .collect();
    // What is known of the table changes under the writers, who have to begin again.
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        let input = UpdateTableInput {
            table_name: "things".into(),
            deletion_protection_enabled: Some(false),
            table_class: Some(TableClass::Standard.into()),
            ..Default::default()
        };
        kit.run(UpdateTable, input).await.expect("changed");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    for writer in writers {
        writer.await.expect("written");
    }
    // The clock stands still: of the 300 units that were there these are left.
    for n in 0..200 {
        try_put(&kit, &of_units(&format!("m{n}"), 1)).await.expect("it is paid for");
    }
    assert!(try_put(&kit, &of_units("last", 1)).await.is_err());
}

const KEY: &str = r#"{"p":{"S":"a"},"c":{"S":"b"}}"#;

/// An item of so many units.
fn of_units(key: &str, count: usize) -> String {
    format!(r#"{{"p":{{"S":"{key}"}},"c":{{"S":"b"}},"v":{{"S":"{}"}}}}"#, "x".repeat(count * 1024 - 10))
}

/// What an error says was exceeded, and of what.
fn exceeded<T>(result: Result<T, Error>) -> (String, String) {
    let Err(Error::ProvisionedThroughputExceededException(exceeded)) = result else {
        panic!("it is not throttled: {:?}", result.err())
    };
    let text = exceeded.message.expect("a text");
    assert!(text.starts_with("The level of configured provisioned throughput for "), "{text}");
    let [reason] = <[_; 1]>::try_from(exceeded.throttling_reasons.expect("reasons")).expect("one reason");
    (reason.reason.expect("a reason"), reason.resource.expect("a resource"))
}

/// Uses up what has been kept of writes.
async fn exhaust_writes(kit: &Kit) {
    try_put(kit, &of_units("big", 300)).await.expect("five minutes are kept");
}

#[tokio::test]
async fn five_minutes_of_writes_are_kept_and_then_one_comes_a_second() {
    let kit = throttling().await;
    exhaust_writes(&kit).await;
    let arn = "arn:aws:dynamodb:us-east-1:123456789012:table/things";
    let expected = ("TableWriteProvisionedThroughputExceeded".to_owned(), arn.to_owned());
    assert_eq!(exceeded(try_put(&kit, KEY).await), expected);
    assert_eq!(get(&kit, KEY).await, None, "nothing was written");
    kit.advance(SECOND);
    // Whoever comes while there is something may take more than there is.
    try_put(&kit, &of_units("a", 3)).await.expect("put");
    kit.advance(2 * SECOND);
    assert_eq!(exceeded(try_put(&kit, KEY).await), expected);
    kit.advance(SECOND);
    // What it replaces had three units: two are owed.
    try_put(&kit, KEY).await.expect("put");

    // More units come when more are provisioned.
    let input = UpdateTableInput {
        table_name: "things".into(),
        provisioned_throughput: Some(units(1, 10)),
        ..Default::default()
    };
    kit.run(UpdateTable, input).await.expect("updated");
    exceeded(try_put(&kit, KEY).await);
    kit.advance(SECOND);
    for _ in 0..8 {
        try_put(&kit, KEY).await.expect("put");
    }
    exceeded(try_put(&kit, KEY).await);
}

#[tokio::test]
async fn conditions_that_fail_cost_what_was_looked_at() {
    let kit = throttling().await;
    try_put(&kit, &of_units("a", 299)).await.expect("put");
    let input = PutItemInput {
        table_name: "things".into(),
        item: given(KEY).into(),
        condition_expression: Some("attribute_not_exists(p)".to_owned()),
        ..Default::default()
    };
    let failed = kit.run(PutItem, input.clone()).await;
    assert!(matches!(failed, Err(Error::ConditionalCheckFailedException(_))), "{failed:?}");
    assert_eq!(exceeded(kit.run(PutItem, input).await).0, "TableWriteProvisionedThroughputExceeded");
    // It cost what the item has that was looked at.
    kit.advance(298 * SECOND);
    exceeded(try_put(&kit, KEY).await);
    kit.advance(SECOND);
    try_put(&kit, KEY).await.expect("put");
}

#[tokio::test]
async fn an_index_that_has_none_left_throttles_its_table() {
    let kit = throttling().await;
    kit.run(
        UpdateTable,
        UpdateTableInput {
            table_name: "things".into(),
            provisioned_throughput: Some(units(1, 1_000)),
            ..Default::default()
        },
    )
    .await
    .expect("updated");
    kit.advance(300 * SECOND);
    let big = of_units("big", 300).replace(r#""v""#, r#""g":{"S":"x"},"v""#);
    try_put(&kit, &big).await.expect("put");
    let shown = r#"{"p":{"S":"a"},"c":{"S":"b"},"g":{"S":"x"}}"#;
    let (reason, resource) = exceeded(try_put(&kit, shown).await);
    assert_eq!(reason, "IndexWriteProvisionedThroughputExceeded");
    assert!(resource.ends_with(":table/things/index/by-g"), "{resource}");
    assert_eq!(get(&kit, KEY).await, None, "nothing was written");
    try_put(&kit, KEY).await.expect("what the index does not show is no matter of its");
    kit.advance(2 * SECOND);
    try_put(&kit, shown).await.expect("put");
}

#[tokio::test]
async fn whoever_reads_too_much_is_throttled() {
    let kit = throttling().await;
    try_put(&kit, KEY).await.expect("put");
    for _ in 0..300 {
        try_get(&kit).await.expect("got");
    }
    let (reason, _) = exceeded(try_get(&kit).await);
    assert_eq!(reason, "TableReadProvisionedThroughputExceeded");
    let query = |index: Option<&str>, key: &str| QueryInput {
        table_name: "things".into(),
        index_name: index.map(str::to_owned),
        key_condition_expression: Some(format!("{key} = :v")),
        expression_attribute_values: values(r#"{":v":{"S":"a"}}"#),
        ..Default::default()
    };
    exceeded(kit.run(Query, query(None, "p")).await);
    exceeded(kit.run(Scan, ScanInput { table_name: "things".into(), ..Default::default() }).await);
    let select = ExecuteStatementInput { statement: "SELECT * FROM things".into(), ..Default::default() };
    exceeded(kit.run(ExecuteStatement, select).await);
    // An index has units of its own.
    for _ in 0..600 {
        kit.run(Query, query(Some("by-g"), "g")).await.expect("half a unit");
    }
    let (reason, _) = exceeded(kit.run(Query, query(Some("by-g"), "g")).await);
    assert_eq!(reason, "IndexReadProvisionedThroughputExceeded");
    try_put(&kit, KEY).await.expect("writes are counted for themselves");
    kit.advance(SECOND);
    try_get(&kit).await.expect("got");
}

#[tokio::test]
async fn batches_leave_what_there_is_no_capacity_for() {
    let kit = throttling().await;
    let put = |json: &str| WriteRequest {
        put_request: Some(PutRequest { item: given(json).into() }),
        ..Default::default()
    };
    let write = |items: &[String]| BatchWriteItemInput {
        request_items: BTreeMap::from([(
            "things".to_owned(),
            items.iter().map(|item| put(item)).collect::<Vec<_>>(),
        )])
        .into(),
        ..Default::default()
    };
    let items = [of_units("one", 200), of_units("two", 200), of_units("three", 1)];
    let done = kit.run(BatchWriteItem, write(&items)).await.expect("some");
    let left = done.unprocessed_items.expect("a map");
    let [left] = <[_; 1]>::try_from(left["things"].clone()).unwrap_or_else(|left| panic!("{}", left.len()));
    let left = left.put_request.expect("a put").item;
    assert!(key_json(&left).contains("three"));
    exceeded(kit.run(BatchWriteItem, write(&items)).await);

    // 200 KB of each take 50 units of those that read consistently.
    let keys: Vec<_> =
        ["one", "two"].map(|key| given(&format!(r#"{{"p":{{"S":"{key}"}},"c":{{"S":"b"}}}}"#))).into();
    let read = || BatchGetItemInput {
        request_items: BTreeMap::from([(
            "things".to_owned(),
            KeysAndAttributes {
                keys: keys.clone().into(),
                consistent_read: Some(true),
                ..Default::default()
            },
        )])
        .into(),
        ..Default::default()
    };
    for _ in 0..2 {
        let done = kit.run(BatchGetItem, read()).await.expect("both");
        assert!(done.unprocessed_keys.expect("a map").is_empty());
    }
    kit.run(BatchGetItem, read()).await.expect("both");
    exceeded(kit.run(BatchGetItem, read()).await);
    kit.advance(SECOND);
    let done = kit.run(BatchGetItem, read()).await.expect("one");
    assert_eq!(done.responses.expect("responses")["things"].len(), 1);
    assert_eq!(done.unprocessed_keys.expect("a map")["things"].keys.len(), 1);
}

#[tokio::test]
async fn transactions_are_cancelled() {
    let kit = throttling().await;
    exhaust_writes(&kit).await;
    let put = Put { table_name: "things".into(), item: given(KEY).into(), ..Default::default() };
    let input = TransactWriteItemsInput {
        transact_items: vec![TransactWriteItem { put: Some(put), ..Default::default() }].into(),
        ..Default::default()
    };
    let codes = |result: Result<(), Error>| -> Vec<String> {
        let Err(Error::TransactionCanceledException(cancelled)) = result else { panic!("it is done") };
        let reasons = cancelled.cancellation_reasons.expect("reasons");
        reasons.into_iter().filter_map(|reason| reason.code).collect()
    };
    let written = kit.run(TransactWriteItems, input.clone()).await.map(|_| ());
    assert_eq!(codes(written), ["ProvisionedThroughputExceeded"]);
    kit.advance(SECOND);
    kit.run(TransactWriteItems, input).await.expect("done");

    let get = Get { table_name: "things".into(), key: given(KEY).into(), ..Default::default() };
    let input = TransactGetItemsInput {
        transact_items: vec![TransactGetItem { get: get.into() }].into(),
        ..Default::default()
    };
    for _ in 0..150 {
        kit.run(TransactGetItems, input.clone()).await.expect("two units");
    }
    let read = kit.run(TransactGetItems, input).await.map(|_| ());
    assert_eq!(codes(read), ["ProvisionedThroughputExceeded"]);
    let parameters = BatchExecuteStatementInput {
        statements: vec![BatchStatementRequest {
            statement: "SELECT * FROM things WHERE p = 'a' AND c = 'b'".into(),
            ..Default::default()
        }]
        .into(),
        ..Default::default()
    };
    let done = kit.run(BatchExecuteStatement, parameters).await.expect("an answer");
    let error = done.responses.expect("responses").remove(0).error.expect("an error");
    assert_eq!(error.code, Some(BatchStatementErrorCodeEnum::ProvisionedThroughputExceeded.into()));
}

#[tokio::test]
async fn nobody_is_throttled_who_did_not_ask_for_it() {
    let kit = kit();
    let input = CreateTableInput {
        billing_mode: Some(BillingMode::Provisioned.into()),
        provisioned_throughput: Some(units(1, 1)),
        ..table("things", "p+c", "p:S c:S")
    };
    kit.run(CreateTable, input).await.expect("a table");
    for _ in 0..3 {
        exhaust_writes(&kit).await;
    }
}

/// Of reading and of writing.
fn pair(shown: Option<OnDemandThroughput>) -> Option<(Option<i64>, Option<i64>)> {
    shown.map(|shown| (shown.max_read_request_units, shown.max_write_request_units))
}

fn ceilings(read: Option<i64>, write: Option<i64>) -> Option<OnDemandThroughput> {
    Some(OnDemandThroughput { max_read_request_units: read, max_write_request_units: write })
}

#[tokio::test]
async fn what_is_on_demand_has_the_ceilings_that_it_is_given() {
    let kit = throttling().await;
    let by = GlobalSecondaryIndex {
        on_demand_throughput: ceilings(None, Some(1)),
        ..global("by-g", "g", ProjectionType::All)
    };
    let input = CreateTableInput {
        on_demand_throughput: ceilings(Some(1), Some(1)),
        global_secondary_indexes: Some(vec![by]),
        ..table("others", "p+c", "p:S c:S g:S")
    };
    let made = kit.run(CreateTable, input).await.expect("a table").table_description.expect("a table");
    assert_eq!(pair(made.on_demand_throughput), Some((Some(1), Some(1))));
    let index = made.global_secondary_indexes.expect("indexes").remove(0);
    assert_eq!(pair(index.on_demand_throughput), Some((None, Some(1))));
    let put = async |json: &str| {
        let input =
            PutItemInput { table_name: "others".into(), item: given(json).into(), ..Default::default() };
        kit.run(PutItem, input).await
    };
    put(&of_units("big", 300)).await.expect("put");
    let Err(Error::ThrottlingException(throttled)) = put(KEY).await else { panic!("it is not throttled") };
    let text = throttled.message.expect("a text");
    assert_eq!(text, "Throughput exceeds the maximum OnDemandThroughput configured on table or index");
    let [reason] = <[_; 1]>::try_from(throttled.throttling_reasons.expect("reasons")).expect("one");
    assert_eq!(reason.reason.as_deref(), Some("TableWriteMaxOnDemandThroughputExceeded"));
    let transaction = TransactWriteItemsInput {
        transact_items: vec![TransactWriteItem {
            put: Some(Put { table_name: "others".into(), item: given(KEY).into(), ..Default::default() }),
            ..Default::default()
        }]
        .into(),
        ..Default::default()
    };
    let Err(Error::TransactionCanceledException(cancelled)) = kit.run(TransactWriteItems, transaction).await
    else {
        panic!("it is done")
    };
    let code = cancelled.cancellation_reasons.expect("reasons").remove(0).code;
    assert_eq!(code.as_deref(), Some("ThrottlingError"));

    // One is taken away, and the other stays; the index has its own.
    let update = async |throughput: Option<OnDemandThroughput>| {
        let input = UpdateTableInput {
            table_name: "others".into(),
            on_demand_throughput: throughput,
            ..Default::default()
        };
        kit.run(UpdateTable, input).await
    };
    let updated = update(ceilings(None, Some(-1))).await.expect("updated");
    let updated = updated.table_description.expect("a table").on_demand_throughput;
    assert_eq!(pair(updated), Some((Some(1), None)));
    put(&of_units("big", 300)).await.expect("put");
    let shown = of_units("big", 300).replace(r#""v""#, r#""g":{"S":"x"},"v""#);
    put(&shown).await.expect("put");
    put(KEY).await.expect("put");
    assert!(matches!(put(&shown.replace("big", "more")).await, Err(Error::ThrottlingException(_))));
    let text = invalid(update(ceilings(Some(0), None)).await);
    assert!(text.contains("MaxReadRequestUnits for OnDemandThroughput for table is outside"), "{text}");

    // A restored table has them unless the request says otherwise.
    let recovery = recovery_of("others", true, None);
    kit.run(UpdateContinuousBackups, recovery).await.expect("recoverable");
    for (target, wanted, expected) in
        [("same", None, (Some(1), None)), ("other", ceilings(Some(7), Some(8)), (Some(7), Some(8)))]
    {
        let input = RestoreTableToPointInTimeInput {
            source_table_name: Some("others".to_owned()),
            target_table_name: target.into(),
            use_latest_restorable_time: Some(true),
            on_demand_throughput_override: wanted,
            ..Default::default()
        };
        let restored = kit.run(RestoreTableToPointInTime, input).await.expect("restored").table_description;
        assert_eq!(pair(restored.expect("a table").on_demand_throughput), Some(expected));
    }

    // Provisioned capacity has none.
    let provisioned = UpdateTableInput {
        table_name: "others".into(),
        billing_mode: Some(BillingMode::Provisioned.into()),
        provisioned_throughput: Some(units(1, 1)),
        ..Default::default()
    };
    let updated = kit.run(UpdateTable, provisioned).await.expect("updated").table_description;
    let updated = updated.expect("a table");
    assert!(updated.on_demand_throughput.is_none());
    assert!(updated.global_secondary_indexes.expect("indexes")[0].on_demand_throughput.is_none());
    let text = invalid(update(ceilings(Some(1), None)).await);
    assert!(text.contains("cannot be specified when the table BillingMode is PROVISIONED"), "{text}");
}
