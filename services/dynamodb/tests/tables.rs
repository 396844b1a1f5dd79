//! Tables: made, described, changed and deleted.

mod common;

use std::time::Duration;

use common::*;
use model_dynamodb::Error;
use model_dynamodb::ops::*;
use model_dynamodb::types::*;
use testkit::Kit;

/// Until what goes on behind requests is done.
const PATIENCE: Duration = Duration::from_secs(30);

async fn described(kit: &Kit) -> TableDescription {
    let input = DescribeTableInput { table_name: "things".into() };
    kit.run(DescribeTable, input).await.expect("described").table.expect("a table")
}

#[allow(clippy::disallowed_methods)] // What goes on behind requests does not wait for the kit's clock.
async fn until(kit: &Kit, done: impl Fn(&TableDescription) -> bool) -> TableDescription {
    let wait = async {
        loop {
            let table = described(kit).await;
            if done(&table) {
                return table;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("it is done in time")
}

#[tokio::test]
async fn a_table_is_there_until_it_is_deleted() {
    let kit = with_table().await;
    let table = described(&kit).await;
    assert_eq!(table.table_status.as_ref().and_then(wire::Open::known), Some(TableStatus::Active));
    assert_eq!(table.table_arn.as_deref(), Some("arn:aws:dynamodb:us-east-1:123456789012:table/things"));
    assert_eq!(table.item_count, Some(0));
    let again = kit.run(CreateTable, common::table("things", "p", "p:S")).await;
    assert!(matches!(again, Err(Error::ResourceInUseException(_))));
    put(&kit, r#"{"p":{"S":"a"},"c":{"S":"1"}}"#).await;
    // By its ARN, as well as by its name.
    let delete = DeleteTableInput { table_name: table.table_arn.expect("an ARN").as_str().into() };
    let gone = kit.run(DeleteTable, delete).await.expect("deleted").table_description.expect("a table");
    assert_eq!(gone.table_status.as_ref().and_then(wire::Open::known), Some(TableStatus::Deleting));
    let missing = kit.run(DescribeTable, DescribeTableInput { table_name: "things".into() }).await;
    refused(missing, "ResourceNotFoundException", "Requested resource not found: Table: things not found");
    // A table of the same name has nothing of it.
    kit.run(CreateTable, common::table("things", "p+c", "p:S c:S")).await.expect("made again");
    assert_eq!(get(&kit, r#"{"p":{"S":"a"},"c":{"S":"1"}}"#).await, None);
    assert_eq!(described(&kit).await.item_count, Some(0));
}

#[tokio::test]
async fn definitions_are_checked() {
    let kit = kit();
    let problem = async |input: CreateTableInput| invalid(kit.run(CreateTable, input).await);
    assert!(
        problem(table("ab", "p", "p:S")).await.contains("Member must have length greater than or equal to 3")
    );
    assert!(
        problem(table("a b c", "p", "p:S")).await.contains("regular expression pattern: [a-zA-Z0-9_.-]+")
    );
    assert!(
        problem(table("abc", "p", "p:S x:S")).await.contains("does not exactly match number of attributes")
    );
    assert_eq!(
        problem(table("abc", "p+p", "p:S")).await,
        "Both the Hash Key and the Range Key element in the KeySchema have the same name"
    );
    assert!(
        problem(table("abc", "p", "p:S p:N"))
            .await
            .contains("Duplicate AttributeName in AttributeDefinitions: p")
    );
    let unpaid = CreateTableInput { billing_mode: None, ..table("abc", "p", "p:S") };
    assert!(problem(unpaid).await.contains("must both be specified when BillingMode is PROVISIONED"));
    let undefined = CreateTableInput {
        global_secondary_indexes: Some(vec![global("idx", "g", ProjectionType::All)]),
        ..table("abc", "p", "p:S")
    };
    assert!(problem(undefined).await.contains("Some index key attributes are not defined"));
    let local = CreateTableInput {
        local_secondary_indexes: Some(vec![LocalSecondaryIndex {
            index_name: "idx".into(),
            key_schema: keys("p+x").into(),
            projection: projection(ProjectionType::All).into(),
        }]),
        ..table("abc", "p", "p:S x:S")
    };
    assert!(problem(local).await.contains("Table KeySchema does not have a range key"));
    let sealed = CreateTableInput {
        sse_specification: Some(SseSpecification { enabled: Some(true), ..Default::default() }),
        ..table("abc", "p", "p:S")
    };
    assert!(matches!(
        kit.run(CreateTable, sealed).await,
        Err(Error::Common(wire::CommonError::NotImplemented { .. }))
    ));
    let blind = CreateTableInput {
        stream_specification: Some(StreamSpecification { stream_enabled: true.into(), ..Default::default() }),
        ..table("abc", "p", "p:S")
    };
    assert!(problem(blind).await.contains("StreamViewType is required"));
    assert!(
        kit.run(ListTables, ListTablesInput::default())
            .await
            .expect("listed")
            .table_names
            .expect("names")
            .is_empty()
    );
}

#[tokio::test]
async fn names_are_listed_in_pages() {
    let kit = kit();
    for n in 0..5 {
        kit.run(CreateTable, table(&format!("table-{n}"), "p", "p:S")).await.expect("a table");
    }
    let first = ListTablesInput { limit: Some(2), ..Default::default() };
    let page = kit.run(ListTables, first).await.expect("listed");
    assert_eq!(page.table_names.expect("names"), ["table-0", "table-1"]);
    assert_eq!(page.last_evaluated_table_name.as_deref(), Some("table-1"));
    let rest =
        ListTablesInput { exclusive_start_table_name: Some("table-1".to_owned()), ..Default::default() };
    let page = kit.run(ListTables, rest).await.expect("listed");
    assert_eq!(page.table_names.expect("names"), ["table-2", "table-3", "table-4"]);
    assert_eq!(page.last_evaluated_table_name, None);
}

#[tokio::test]
async fn protected_tables_stay() {
    let kit = with_table().await;
    let protect = |on: bool| UpdateTableInput {
        table_name: "things".into(),
        deletion_protection_enabled: Some(on),
        ..Default::default()
    };
    kit.run(UpdateTable, protect(true)).await.expect("protected");
    let delete = || DeleteTableInput { table_name: "things".into() };
    assert!(invalid(kit.run(DeleteTable, delete()).await).contains("protected against deletion"));
    kit.run(UpdateTable, protect(false)).await.expect("free");
    kit.run(DeleteTable, delete()).await.expect("deleted");
}

#[tokio::test]
async fn an_index_is_made_of_what_is_there_and_goes_again() {
    let kit = with_table().await;
    for c in 0..450 {
        let g = if c % 9 == 0 { r#""g":{"N":"1"}"# } else { r#""g":{"S":"x"}"# };
        put(&kit, &format!(r#"{{"p":{{"S":"a"}},"c":{{"S":"{c}"}},{g}}}"#)).await;
    }
    let create = UpdateTableInput {
        table_name: "things".into(),
        attribute_definitions: types("p:S c:S g:S"),
        global_secondary_index_updates: Some(vec![GlobalSecondaryIndexUpdate {
            create: Some(CreateGlobalSecondaryIndexAction {
                index_name: "late".into(),
                key_schema: keys("g").into(),
                projection: projection(ProjectionType::KeysOnly).into(),
                ..Default::default()
            }),
            ..Default::default()
        }]),
        ..Default::default()
    };
    let changed = kit.run(UpdateTable, create).await.expect("begun").table_description.expect("a table");
    assert_eq!(changed.table_status.as_ref().and_then(wire::Open::known), Some(TableStatus::Updating));
    // Written while it is being made.
    for c in 440..460 {
        put(&kit, &format!(r#"{{"p":{{"S":"a"}},"c":{{"S":"{c}"}},"g":{{"S":"y"}}}}"#)).await;
    }
    let active = |table: &TableDescription| {
        table.table_status.as_ref().and_then(wire::Open::known) == Some(TableStatus::Active)
    };
    let table = until(&kit, active).await;
    let index = table.global_secondary_indexes.expect("one").remove(0);
    // Of those with another type none is in it: 0, 9, … 432 of the first 440.
    assert_eq!(index.item_count, Some(440 - 49 + 20));
    let query = QueryInput {
        table_name: "things".into(),
        index_name: Some("late".to_owned()),
        key_condition_expression: Some("g = :g".to_owned()),
        expression_attribute_values: values(r#"{":g":{"S":"y"}}"#),
        ..Default::default()
    };
    assert_eq!(kit.run(Query, query).await.expect("found").count, Some(20));
    // Those that it does not hold are not counted when they go.
    let wrong = DeleteItemInput {
        table_name: "things".into(),
        key: given(r#"{"p":{"S":"a"},"c":{"S":"0"}}"#).into(),
        ..Default::default()
    };
    kit.run(DeleteItem, wrong).await.expect("gone");
    let index = described(&kit).await.global_secondary_indexes.expect("one").remove(0);
    assert_eq!(index.item_count, Some(440 - 49 + 20));
    let delete = UpdateTableInput {
        table_name: "things".into(),
        global_secondary_index_updates: Some(vec![GlobalSecondaryIndexUpdate {
            delete: Some(DeleteGlobalSecondaryIndexAction { index_name: "late".into() }),
            ..Default::default()
        }]),
        ..Default::default()
    };
    kit.run(UpdateTable, delete).await.expect("begun");
    let table = until(&kit, |table| table.global_secondary_indexes.is_none()).await;
    assert_eq!(table.attribute_definitions.expect("types").len(), 2);
}

#[tokio::test]
async fn tags_are_put_listed_and_removed() {
    let kit = with_table().await;
    let arn = described(&kit).await.table_arn.expect("an ARN");
    let tag = |key: &str, value: &str| Tag { key: key.into(), value: value.into() };
    let tags = vec![tag("a", "1"), tag("b", "2")];
    kit.run(TagResource, TagResourceInput { resource_arn: arn.as_str().into(), tags: tags.into() })
        .await
        .expect("tagged");
    let untag =
        UntagResourceInput { resource_arn: arn.as_str().into(), tag_keys: vec!["a".to_owned()].into() };
    kit.run(UntagResource, untag).await.expect("untagged");
    let list = ListTagsOfResourceInput { resource_arn: arn.as_str().into(), ..Default::default() };
    let found = kit.run(ListTagsOfResource, list).await.expect("listed").tags.expect("tags");
    let found: Vec<_> = found.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())).collect();
    assert_eq!(found, [("b", "2")]);
}

#[tokio::test]
async fn items_end_when_their_attribute_says_so() {
    let kit = with_table().await;
    let now = kit.call().now.millis() / 1000;
    let end = |c: &str, at: i64| format!(r#"{{"p":{{"S":"a"}},"c":{{"S":"{c}"}},"end":{{"N":"{at}"}}}}"#);
    // Before it is switched on, and after.
    put(&kit, &end("old", now - 10)).await;
    let on = |on: bool| UpdateTimeToLiveInput {
        table_name: "things".into(),
        time_to_live_specification: TimeToLiveSpecification {
            enabled: on.into(),
            attribute_name: "end".into(),
        }
        .into(),
    };
    kit.run(UpdateTimeToLive, on(true)).await.expect("on");
    assert_eq!(invalid(kit.run(UpdateTimeToLive, on(true)).await), "TimeToLive is already enabled");
    let described = DescribeTimeToLiveInput { table_name: "things".into() };
    let said = kit
        .run(DescribeTimeToLive, described)
        .await
        .expect("described")
        .time_to_live_description
        .expect("it");
    assert_eq!(said.attribute_name.as_deref(), Some("end"));
    put(&kit, &end("soon", now + 100)).await;
    put(&kit, &end("moved", now + 100)).await;
    put(&kit, &end("moved", now + 1_000)).await;
    put(&kit, &end("ancient", now - 6 * 365 * 24 * 60 * 60)).await;
    put(&kit, r#"{"p":{"S":"a"},"c":{"S":"text"},"end":{"S":"1"}}"#).await;
    until(&kit, |table| table.item_count == Some(4)).await;
    kit.advance(Duration::from_secs(200));
    until(&kit, |table| table.item_count == Some(3)).await;
    for (c, there) in [("old", false), ("soon", false), ("moved", true), ("ancient", true), ("text", true)] {
        let found = get(&kit, &format!(r#"{{"p":{{"S":"a"}},"c":{{"S":"{c}"}}}}"#)).await;
        assert_eq!(found.is_some(), there, "{c}");
    }
}
