//! Streams: what they show of changes, to whom, and for how long.

mod common;

use std::time::Duration;

use common::*;
use model_dynamodb::ops::*;
use model_dynamodb::types::*;
use model_dynamodbstreams::ops::{DescribeStream, GetRecords, GetShardIterator, ListStreams};
use model_dynamodbstreams::types as streams;
use model_dynamodbstreams::types::ShardIteratorType as At;
use testkit::Kit;
use wire::{CommonError, Open};

type Failed = model_dynamodbstreams::Error;

/// Until what goes on behind requests is done.
const PATIENCE: Duration = Duration::from_secs(30);
const HOUR: Duration = Duration::from_secs(60 * 60);

fn on(view: StreamViewType) -> Option<StreamSpecification> {
    Some(StreamSpecification { stream_enabled: true.into(), stream_view_type: Some(view.into()) })
}

fn off() -> Option<StreamSpecification> {
    Some(StreamSpecification { stream_enabled: false.into(), stream_view_type: None })
}

/// A kit with the table `things`, which has a stream.
async fn streaming(view: StreamViewType) -> Kit {
    let kit = kit();
    let input = CreateTableInput { stream_specification: on(view), ..table("things", "p+c", "p:S c:S") };
    kit.run(CreateTable, input).await.expect("a table");
    kit
}

async fn specify(kit: &Kit, specification: Option<StreamSpecification>) -> Result<TableDescription, Error> {
    let input = UpdateTableInput {
        table_name: "things".into(),
        stream_specification: specification,
        ..Default::default()
    };
    Ok(kit.run(UpdateTable, input).await?.table_description.expect("a table"))
}

use model_dynamodb::Error;

async fn arn(kit: &Kit) -> String {
    let input = DescribeTableInput { table_name: "things".into() };
    let table = kit.run(DescribeTable, input).await.expect("described").table.expect("a table");
    table.latest_stream_arn.expect("a stream")
}

async fn describe(kit: &Kit, arn: &str) -> Result<streams::StreamDescription, Failed> {
    let input = streams::DescribeStreamInput { stream_arn: arn.into(), ..Default::default() };
    Ok(kit.run(DescribeStream, input).await?.stream_description.expect("a stream"))
}

async fn shard(kit: &Kit, arn: &str) -> streams::Shard {
    let shards = describe(kit, arn).await.expect("a stream").shards.expect("shards");
    let [shard] = <[_; 1]>::try_from(shards).unwrap_or_else(|shards| panic!("{} shards", shards.len()));
    shard
}

async fn iterator(kit: &Kit, arn: &str, at: At, number: Option<&str>) -> Result<String, Failed> {
    let input = streams::GetShardIteratorInput {
        stream_arn: arn.into(),
        shard_id: shard(kit, arn).await.shard_id.expect("an id").into(),
        shard_iterator_type: Open::from(at).into(),
        sequence_number: number.map(str::to_owned),
        timestamp: None,
    };
    Ok(kit.run(GetShardIterator, input).await?.shard_iterator.expect("an iterator"))
}

async fn read(kit: &Kit, iterator: &str, limit: Option<i32>) -> Result<streams::GetRecordsOutput, Failed> {
    kit.run(GetRecords, streams::GetRecordsInput { shard_iterator: iterator.into(), limit }).await
}

/// All records of a stream that can be read.
async fn all(kit: &Kit, arn: &str) -> Vec<streams::Record> {
    let mut next = Some(iterator(kit, arn, At::TrimHorizon, None).await.expect("an iterator"));
    let mut found = Vec::new();
    while let Some(iterator) = next {
        let page = read(kit, &iterator, Some(2)).await.expect("records");
        let records = page.records.expect("records");
        if records.is_empty() {
            break;
        }
        found.extend(records);
        next = page.next_shard_iterator;
    }
    found
}

/// A record in short: what became of what, from what, to what.
fn short(record: &streams::Record) -> String {
    let change = record.dynamodb.as_ref().expect("a change");
    let shown = |image: &Option<attribute::Shown>| image.as_ref().map_or("-".to_owned(), json);
    let event = match record.event_name.as_ref().and_then(Open::known) {
        Some(streams::OperationType::Insert) => "+",
        Some(streams::OperationType::Modify) => "~",
        Some(streams::OperationType::Remove) => "x",
        None => "?",
    };
    format!("{event} {} {} {}", shown(&change.keys), shown(&change.old_image), shown(&change.new_image))
}

fn number(record: &streams::Record) -> &str {
    record.dynamodb.as_ref().and_then(|change| change.sequence_number.as_deref()).expect("a number")
}

async fn remove(kit: &Kit, key: &str) {
    let input = DeleteItemInput { table_name: "things".into(), key: given(key).into(), ..Default::default() };
    kit.run(DeleteItem, input).await.expect("deleted");
}

const KEY: &str = r#"{"c":{"S":"1"},"p":{"S":"a"}}"#;
const ONE: &str = r#"{"c":{"S":"1"},"p":{"S":"a"},"v":{"SS":["x","y"]}}"#;
/// The same, said otherwise.
const ONE_AGAIN: &str = r#"{"c":{"S":"1"},"p":{"S":"a"},"v":{"SS":["y","x"]}}"#;
const TWO: &str = r#"{"c":{"S":"1"},"p":{"S":"a"},"v":{"N":"2"}}"#;

#[tokio::test]
async fn each_view_shows_what_it_says_and_nothing_is_shown_of_what_changed_nothing() {
    for (view, old, new) in [
        (StreamViewType::KeysOnly, false, false),
        (StreamViewType::NewImage, false, true),
        (StreamViewType::OldImage, true, false),
        (StreamViewType::NewAndOldImages, true, true),
    ] {
        let kit = streaming(view).await;
        put(&kit, ONE).await;
        put(&kit, ONE_AGAIN).await;
        put(&kit, TWO).await;
        let update = UpdateItemInput {
            table_name: "things".into(),
            key: given(KEY).into(),
            update_expression: Some("REMOVE nothing".to_owned()),
            ..Default::default()
        };
        kit.run(UpdateItem, update).await.expect("updated");
        remove(&kit, KEY).await;
        remove(&kit, KEY).await;
        let records = all(&kit, &arn(&kit).await).await;
        let image = |shows: bool, image: &str| if shows { image.to_owned() } else { "-".to_owned() };
        assert_eq!(
            records.iter().map(short).collect::<Vec<_>>(),
            [
                format!("+ {KEY} - {}", image(new, ONE)),
                format!("~ {KEY} {} {}", image(old, ONE), image(new, TWO)),
                format!("x {KEY} {} -", image(old, TWO)),
            ]
        );
        let first = &records[0];
        assert_eq!(first.event_source.as_deref(), Some("aws:dynamodb"));
        assert_eq!(
            (first.event_version.as_deref(), first.aws_region.as_deref()),
            (Some("1.1"), Some("us-east-1"))
        );
        assert!(first.user_identity.is_none());
        let change = first.dynamodb.as_ref().expect("a change");
        assert_eq!(change.approximate_creation_date_time, Some(kit.deps().clock.now()));
        // p, a, c, 1 are the keys'; the image has v, x and y besides.
        assert_eq!(change.size_bytes, Some(if new { 4 + 4 + 3 } else { 4 }));
        assert!(records.iter().map(number).is_sorted());
        assert!(records.iter().all(|record| (21..=40).contains(&number(record).len())));
        let mut ids: Vec<_> = records.iter().map(|record| record.event_id.clone()).collect();
        ids.dedup();
        assert_eq!(ids.len(), 3);
    }
}

#[tokio::test]
async fn a_transaction_and_a_hot_item_are_shown_change_by_change() {
    let kit = streaming(StreamViewType::NewImage).await;
    let add = |n: usize| UpdateItemInput {
        table_name: "things".into(),
        key: given(KEY).into(),
        update_expression: Some("ADD v :n".to_owned()),
        expression_attribute_values: values(&format!(r#"{{":n":{{"N":"{n}"}}}}"#)),
        ..Default::default()
    };
    let adds = futures::future::join_all((0..50).map(|_| kit.run(UpdateItem, add(1)))).await;
    assert!(adds.iter().all(Result::is_ok));
    let put = |n: usize| TransactWriteItem {
        put: Some(Put {
            table_name: "things".into(),
            item: given(&format!(r#"{{"p":{{"S":"t"}},"c":{{"S":"{n}"}}}}"#)).into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let input =
        TransactWriteItemsInput { transact_items: vec![put(3), put(1), put(2)].into(), ..Default::default() };
    kit.run(TransactWriteItems, input).await.expect("written");
    let records = all(&kit, &arn(&kit).await).await;
    let shown: Vec<String> = records.iter().map(short).collect();
    let mut expected: Vec<String> = (1..=50)
        .map(|n| {
            let event = if n == 1 { "+" } else { "~" };
            format!(r#"{event} {KEY} - {{"c":{{"S":"1"}},"p":{{"S":"a"}},"v":{{"N":"{n}"}}}}"#)
        })
        .collect();
    expected.extend([3, 1, 2].map(|n| {
        let item = format!(r#"{{"c":{{"S":"{n}"}},"p":{{"S":"t"}}}}"#);
        format!("+ {item} - {item}")
    }));
    assert_eq!(shown, expected);
}

#[tokio::test]
#[allow(clippy::disallowed_methods)] // What goes on behind requests does not wait for the kit's clock.
async fn who_removed_what_has_ended_is_said() {
    let kit = streaming(StreamViewType::OldImage).await;
    let live = UpdateTimeToLiveInput {
        table_name: "things".into(),
        time_to_live_specification: TimeToLiveSpecification {
            enabled: true.into(),
            attribute_name: "ends".into(),
        }
        .into(),
    };
    kit.run(UpdateTimeToLive, live).await.expect("on");
    let ends = kit.deps().clock.now().secs() + 100;
    put(&kit, &format!(r#"{{"p":{{"S":"a"}},"c":{{"S":"1"}},"ends":{{"N":"{ends}"}}}}"#)).await;
    kit.advance(Duration::from_secs(200));
    let arn = arn(&kit).await;
    let wait = async {
        loop {
            let records = all(&kit, &arn).await;
            if let Some(record) = records.get(1) {
                let identity = record.user_identity.clone().expect("somebody");
                assert_eq!(identity.r#type.as_deref(), Some("Service"));
                assert_eq!(identity.principal_id.as_deref(), Some("dynamodb.amazonaws.com"));
                assert!(short(record).starts_with("x "));
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("it is removed in time");
}

#[tokio::test]
async fn readers_begin_where_they_say() {
    let kit = streaming(StreamViewType::KeysOnly).await;
    let arn = arn(&kit).await;
    let latest = iterator(&kit, &arn, At::Latest, None).await.expect("an iterator");
    assert!(
        read(&kit, &latest, None).await.expect("nothing").records.is_some_and(|records| records.is_empty())
    );
    for n in 0..5 {
        put(&kit, &format!(r#"{{"p":{{"S":"a"}},"c":{{"S":"{n}"}}}}"#)).await;
    }
    let records = all(&kit, &arn).await;
    assert_eq!(records.len(), 5);
    let count = async |iterator: Result<String, Failed>| {
        let page = read(&kit, &iterator.expect("an iterator"), None).await.expect("records");
        assert!(page.next_shard_iterator.is_some(), "the shard is open");
        page.records.expect("records").len()
    };
    assert_eq!(count(Ok(latest)).await, 5);
    assert_eq!(count(iterator(&kit, &arn, At::Latest, None).await).await, 0);
    assert_eq!(count(iterator(&kit, &arn, At::TrimHorizon, None).await).await, 5);
    assert_eq!(count(iterator(&kit, &arn, At::AtSequenceNumber, Some(number(&records[2]))).await).await, 3);
    assert_eq!(
        count(iterator(&kit, &arn, At::AfterSequenceNumber, Some(number(&records[2]))).await).await,
        2
    );
    let shard = shard(&kit, &arn).await;
    let range = shard.sequence_number_range.expect("a range");
    assert_eq!(
        count(iterator(&kit, &arn, At::AtSequenceNumber, range.starting_sequence_number.as_deref()).await)
            .await,
        5
    );
    assert_eq!(range.ending_sequence_number, None);
    // What is none.
    for (at, number) in [
        (At::Latest, Some(number(&records[0]))),
        (At::AtSequenceNumber, None),
        (At::AtSequenceNumber, Some("123456789012345678901")),
        (At::AtSequenceNumber, Some("199999999999999999999")),
        (At::AtTimestamp, None),
    ] {
        let refused = iterator(&kit, &arn, at, number).await;
        assert!(matches!(refused, Err(Failed::Common(CommonError::Validation(_)))), "{refused:?}");
    }
    let refused = read(&kit, "nothing that was given out", None).await;
    assert!(matches!(refused, Err(Failed::Common(CommonError::Validation(_)))));
}

#[tokio::test]
async fn an_iterator_is_good_for_a_quarter_of_an_hour_and_a_record_for_a_day() {
    let kit = streaming(StreamViewType::KeysOnly).await;
    let arn = arn(&kit).await;
    put(&kit, ONE).await;
    let first = all(&kit, &arn).await;
    let old = iterator(&kit, &arn, At::TrimHorizon, None).await.expect("an iterator");
    kit.advance(Duration::from_secs(15 * 60));
    read(&kit, &old, None).await.expect("still good");
    kit.advance(Duration::from_secs(1));
    assert!(matches!(read(&kit, &old, None).await, Err(Failed::ExpiredIteratorException(_))));
    kit.advance(HOUR * 23 + HOUR / 2);
    put(&kit, TWO).await;
    assert_eq!(all(&kit, &arn).await.len(), 2);
    let at_first =
        iterator(&kit, &arn, At::AtSequenceNumber, Some(number(&first[0]))).await.expect("an iterator");
    kit.advance(Duration::from_secs(14 * 60 + 59));
    assert_eq!(all(&kit, &arn).await.len(), 2, "a day is not over");
    kit.advance(Duration::from_millis(1));
    assert_eq!(all(&kit, &arn).await.iter().map(short).collect::<Vec<_>>(), [format!("~ {KEY} - -")]);
    assert!(matches!(read(&kit, &at_first, None).await, Err(Failed::TrimmedDataAccessException(_))));
    let again = iterator(&kit, &arn, At::AtSequenceNumber, Some(number(&first[0]))).await;
    assert!(matches!(again, Err(Failed::TrimmedDataAccessException(_))));
}

#[tokio::test]
async fn a_stream_is_ended_and_another_begun() {
    let kit = with_table().await;
    assert!(invalid(specify(&kit, off()).await).contains("no stream to disable"));
    let without = Some(StreamSpecification { stream_enabled: true.into(), stream_view_type: None });
    invalid(specify(&kit, without).await);
    put(&kit, ONE).await;
    let table = specify(&kit, on(StreamViewType::NewImage)).await.expect("a stream");
    let first = table.latest_stream_arn.expect("a stream");
    assert!(table.stream_specification.is_some_and(|given| *given.stream_enabled));
    assert!(
        invalid(specify(&kit, on(StreamViewType::OldImage)).await).contains("already has an enabled stream")
    );
    put(&kit, TWO).await;
    let table = specify(&kit, off()).await.expect("no stream");
    assert_eq!(
        (table.latest_stream_arn.as_ref(), table.stream_specification.is_none()),
        (Some(&first), true)
    );
    put(&kit, ONE).await;
    // In the same millisecond, and not the same.
    let second = specify(&kit, on(StreamViewType::KeysOnly))
        .await
        .expect("a stream")
        .latest_stream_arn
        .expect("a stream");
    assert_ne!(first, second);
    remove(&kit, KEY).await;
    assert_eq!(all(&kit, &first).await.iter().map(short).collect::<Vec<_>>(), [format!("~ {KEY} - {TWO}")]);
    assert_eq!(all(&kit, &second).await.iter().map(short).collect::<Vec<_>>(), [format!("x {KEY} - -")]);
    let ended = shard(&kit, &first).await.sequence_number_range.expect("a range");
    assert!(ended.ending_sequence_number > ended.starting_sequence_number);
    let last = iterator(&kit, &first, At::Latest, None).await.expect("an iterator");
    assert_eq!(
        read(&kit, &last, None).await.expect("nothing").next_shard_iterator,
        None,
        "the shard is closed"
    );
    let status = describe(&kit, &first).await.expect("a stream").stream_status;
    assert_eq!(status.as_ref().and_then(Open::known), Some(streams::StreamStatus::Disabled));
}

#[tokio::test]
#[allow(clippy::disallowed_methods)] // What goes on behind requests does not wait for the kit's clock.
async fn a_stream_outlives_its_table_by_a_day_and_leaves_nothing_behind() {
    let kit = streaming(StreamViewType::OldImage).await;
    put(&kit, ONE).await;
    let arn = arn(&kit).await;
    kit.run(DeleteTable, DeleteTableInput { table_name: "things".into() }).await.expect("deleted");
    kit.run(CreateTable, table("things", "p+c", "p:S c:S")).await.expect("made again");
    assert_eq!(all(&kit, &arn).await.len(), 1);
    let list = async || {
        let input = streams::ListStreamsInput { table_name: Some("things".to_owned()), ..Default::default() };
        kit.run(ListStreams, input).await.expect("listed").streams.expect("streams").len()
    };
    assert_eq!(list().await, 1);
    kit.advance(HOUR * 24);
    assert_eq!(list().await, 0);
    assert!(matches!(describe(&kit, &arn).await, Err(Failed::ResourceNotFoundException(_))));
    kit.run(DeleteTable, DeleteTableInput { table_name: "things".into() }).await.expect("deleted");
    kit.advance(HOUR * 2);
    let wait = async {
        loop {
            let all = store::RangeOptions::default();
            if kit
                .deps()
                .store
                .snapshot()
                .range(store::KeyRange::all(), all)
                .expect("read")
                .entries
                .is_empty()
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("all is removed in time");
}

#[tokio::test]
async fn streams_are_listed_in_pages() {
    let kit = kit();
    for name in ["one", "three", "two"] {
        let input = CreateTableInput {
            stream_specification: on(StreamViewType::KeysOnly),
            ..table(name, "p", "p:S")
        };
        kit.run(CreateTable, input).await.expect("a table");
    }
    let (mut names, mut start) = (Vec::new(), None);
    loop {
        let input = streams::ListStreamsInput {
            limit: Some(2),
            exclusive_start_stream_arn: start.take(),
            ..Default::default()
        };
        let page = kit.run(ListStreams, input).await.expect("listed");
        let found = page.streams.expect("streams");
        assert_eq!(page.last_evaluated_stream_arn.is_some(), found.len() == 2);
        assert!(
            page.last_evaluated_stream_arn.is_none() || page.last_evaluated_stream_arn == found[1].stream_arn
        );
        names.extend(found.into_iter().filter_map(|stream| stream.table_name));
        start = page.last_evaluated_stream_arn;
        if start.is_none() {
            break;
        }
    }
    assert_eq!(names, ["one", "three", "two"]);
    let wrong = streams::ListStreamsInput { limit: Some(101), ..Default::default() };
    assert!(matches!(kit.run(ListStreams, wrong).await, Err(Failed::Common(CommonError::Validation(_)))));
    let wrong = streams::ListStreamsInput {
        exclusive_start_stream_arn: Some("arn:aws:dynamodb:us-east-1:123456789012:table/things".to_owned()),
        ..Default::default()
    };
    assert!(matches!(kit.run(ListStreams, wrong).await, Err(Failed::Common(CommonError::Validation(_)))));
}

#[tokio::test]
async fn policies_are_asked_about_the_stream() {
    let kit = streaming(StreamViewType::KeysOnly).await;
    let arn = arn(&kit).await;
    let iterator = iterator(&kit, &arn, At::Latest, None).await.expect("an iterator");
    kit.asked();
    read(&kit, &iterator, None).await.expect("nothing");
    let [asked] = <[_; 1]>::try_from(kit.asked()).expect("one question");
    assert_eq!((asked.action.as_str(), asked.target.arn.as_str()), ("dynamodb:GetRecords", arn.as_str()));
    kit.deny("dynamodb:GetRecords");
    assert!(matches!(read(&kit, &iterator, None).await, Err(Failed::Common(CommonError::AccessDenied(_)))));
}

fn for_reader(arn: &str, effect: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"{effect}","Principal":{{"AWS":"333322221111"}},
            "Action":"dynamodb:GetRecords","Resource":"{arn}"}}]}}"#
    )
}

#[tokio::test]
async fn a_stream_has_a_policy_of_its_own() {
    let kit = streaming(StreamViewType::KeysOnly).await;
    let arn = arn(&kit).await;
    let get = || kit.run(GetResourcePolicy, GetResourcePolicyInput { resource_arn: arn.as_str().into() });
    assert!(matches!(get().await, Err(Error::PolicyNotFoundException(_))));
    let put = async |document: String, expected: Option<&str>| {
        let input = PutResourcePolicyInput {
            resource_arn: arn.as_str().into(),
            policy: document.into(),
            expected_revision_id: expected.map(str::to_owned),
            ..Default::default()
        };
        Ok::<_, Error>(kit.run(PutResourcePolicy, input).await?.revision_id.expect("a revision"))
    };
    let (lets, forbids) = (for_reader(&arn, "Allow"), for_reader(&arn, "Deny"));
    let first = put(lets.clone(), Some("NO_POLICY")).await.expect("put");
    assert_eq!(put(lets.clone(), None).await.expect("put"), first, "the same again is the same revision");
    let told = |refused: Result<String, Error>| match refused {
        Err(Error::PolicyNotFoundException(refused)) => refused.message.expect("a text"),
        other => panic!("{other:?}"),
    };
    assert!(told(put(forbids.clone(), Some("1")).await).ends_with(&format!("has revision id {first}.")));
    let text = format!("but a policy exists with revision id {first}.");
    assert!(told(put(forbids.clone(), Some("NO_POLICY")).await).ends_with(&text));
    assert_eq!(get().await.expect("a policy").policy, Some(lets));
    let second = put(forbids.clone(), Some(&first)).await.expect("put");
    assert_ne!(first, second);
    assert!(invalid(put(" ".repeat(20 * 1024 + 1), None).await).contains("exceeds the maximum"));

    // Policies are asked about the stream with its own, and the table's stays as it is.
    let iterator = iterator(&kit, &arn, At::Latest, None).await.expect("an iterator");
    kit.asked();
    read(&kit, &iterator, None).await.expect("nothing");
    let [asked] = <[_; 1]>::try_from(kit.asked()).expect("one question");
    let Some(service::ResourcePolicy::Document(document)) = asked.target.policy else { panic!("no policy") };
    assert_eq!(*document, *forbids);
    let table = arn.split("/stream/").next().expect("an ARN").to_owned();
    let of_table = GetResourcePolicyInput { resource_arn: table.into() };
    assert!(matches!(kit.run(GetResourcePolicy, of_table).await, Err(Error::PolicyNotFoundException(_))));

    // It stays when the stream ends, for as long as that can be read.
    specify(&kit, off()).await.expect("ended");
    assert_eq!(get().await.expect("a policy").revision_id, Some(second.clone()));
    let delete = DeleteResourcePolicyInput { resource_arn: arn.as_str().into(), ..Default::default() };
    let deleted = kit.run(DeleteResourcePolicy, delete.clone()).await.expect("deleted");
    assert_eq!(deleted.revision_id, Some(second));
    assert_eq!(kit.run(DeleteResourcePolicy, delete.clone()).await.expect("nothing").revision_id, None);
    put(forbids, None).await.expect("put");
    kit.advance(25 * HOUR);
    assert!(matches!(get().await, Err(Error::ResourceNotFoundException(_))));
    assert!(matches!(kit.run(DeleteResourcePolicy, delete).await, Err(Error::ResourceNotFoundException(_))));
}
