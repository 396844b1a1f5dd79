//! Items: put, read, changed and deleted.

// Clients that do something at once.
#![allow(clippy::disallowed_methods)]

mod common;

use std::sync::Arc;

use attribute::Value;
use common::*;
use model_dynamodb::Error;
use model_dynamodb::ops::*;
use model_dynamodb::types::*;

fn update(key: &str, expression: &str) -> UpdateItemInput {
    UpdateItemInput {
        table_name: "things".into(),
        key: given(key).into(),
        update_expression: Some(expression.to_owned()),
        ..Default::default()
    }
}

const A1: &str = r#"{"p":{"S":"a"},"c":{"S":"1"}}"#;

#[tokio::test]
async fn an_item_comes_back_normalised() {
    let kit = with_table().await;
    put(&kit, r#"{"p":{"S":"a"},"c":{"S":"1"},"n":{"N":"+010.50e1"},"s":{"SS":["b","a"]},"b":{"B":"AP8="}}"#)
        .await;
    assert_eq!(
        get(&kit, A1).await.expect("it"),
        r#"{"b":{"B":"AP8="},"c":{"S":"1"},"n":{"N":"105"},"p":{"S":"a"},"s":{"SS":["a","b"]}}"#
    );
    assert_eq!(get(&kit, r#"{"p":{"S":"a"},"c":{"S":"2"}}"#).await, None);
}

#[tokio::test]
async fn keys_are_checked() {
    let kit = with_table().await;
    let get = async |key: &str| {
        let input =
            GetItemInput { table_name: "things".into(), key: given(key).into(), ..Default::default() };
        invalid(kit.run(GetItem, input).await)
    };
    let mismatch = "The provided key element does not match the schema";
    assert_eq!(get(r#"{"p":{"S":"a"}}"#).await, mismatch);
    assert_eq!(get(r#"{"p":{"S":"a"},"c":{"N":"1"}}"#).await, mismatch);
    assert_eq!(get(r#"{"p":{"S":"a"},"c":{"S":"1"},"x":{"S":"1"}}"#).await, mismatch);
    assert!(
        get(r#"{"p":{"S":""},"c":{"S":"1"}}"#).await.contains("cannot contain an empty string value. Key: p")
    );
    let put = async |item: &str| {
        let input =
            PutItemInput { table_name: "things".into(), item: given(item).into(), ..Default::default() };
        invalid(kit.run(PutItem, input).await)
    };
    assert_eq!(
        put(r#"{"p":{"S":"a"}}"#).await,
        "One or more parameter values were invalid: Missing the key c in the item"
    );
    assert_eq!(
        put(r#"{"p":{"S":"a"},"c":{"N":"1"}}"#).await,
        "One or more parameter values were invalid: Type mismatch for key c expected: S actual: N"
    );
    let missing = GetItemInput { table_name: "other".into(), key: given(A1).into(), ..Default::default() };
    refused(kit.run(GetItem, missing).await, "ResourceNotFoundException", "Requested resource not found");
}

#[tokio::test]
async fn conditions_hold_or_nothing_is_done() {
    let kit = with_table().await;
    let put = |item: &str| PutItemInput {
        table_name: "things".into(),
        item: given(item).into(),
        condition_expression: Some("attribute_not_exists(p)".to_owned()),
        return_values_on_condition_check_failure: Some(ReturnValuesOnConditionCheckFailure::AllOld.into()),
        ..Default::default()
    };
    kit.run(PutItem, put(r#"{"p":{"S":"a"},"c":{"S":"1"},"v":{"N":"1"}}"#)).await.expect("it is new");
    let again = kit.run(PutItem, put(r#"{"p":{"S":"a"},"c":{"S":"1"},"v":{"N":"2"}}"#)).await;
    let Err(Error::ConditionalCheckFailedException(failed)) = again else { panic!("it is there") };
    assert_eq!(failed.message.as_deref(), Some("The conditional request failed"));
    assert_eq!(
        json(failed.item.as_ref().expect("the item")),
        r#"{"c":{"S":"1"},"p":{"S":"a"},"v":{"N":"1"}}"#
    );
    let delete = DeleteItemInput {
        table_name: "things".into(),
        key: given(A1).into(),
        condition_expression: Some("v = :v".to_owned()),
        expression_attribute_values: values(r#"{":v":{"N":"1.0"}}"#),
        return_values: Some(ReturnValue::AllOld.into()),
        ..Default::default()
    };
    let gone = kit.run(DeleteItem, delete.clone()).await.expect("numbers are compared by value");
    assert!(json(&gone.attributes.expect("the old item")).contains(r#""v":{"N":"1"}"#));
    assert!(matches!(kit.run(DeleteItem, delete).await, Err(Error::ConditionalCheckFailedException(_))));
    assert_eq!(get(&kit, A1).await, None);
}

#[tokio::test]
async fn updates_change_what_they_name_and_show_what_was_asked_for() {
    let kit = with_table().await;
    let mut input =
        update(A1, "SET #n = if_not_exists(#n, :zero) + :one, l = list_append(:l, :l) REMOVE gone");
    input.expression_attribute_names = names([("#n", "n")]);
    input.expression_attribute_values =
        values(r#"{":zero":{"N":"0"},":one":{"N":"1"},":l":{"L":[{"S":"x"}]}}"#);
    input.return_values = Some(ReturnValue::AllNew.into());
    let new = kit.run(UpdateItem, input.clone()).await.expect("made").attributes.expect("shown");
    assert_eq!(json(&new), r#"{"c":{"S":"1"},"l":{"L":[{"S":"x"},{"S":"x"}]},"n":{"N":"1"},"p":{"S":"a"}}"#);
    input.return_values = Some(ReturnValue::UpdatedNew.into());
    let new = kit.run(UpdateItem, input.clone()).await.expect("changed").attributes.expect("shown");
    assert_eq!(json(&new), r#"{"l":{"L":[{"S":"x"},{"S":"x"}]},"n":{"N":"2"}}"#);
    input.return_values = Some(ReturnValue::UpdatedOld.into());
    let old = kit.run(UpdateItem, input).await.expect("changed").attributes.expect("shown");
    assert_eq!(json(&old), r#"{"l":{"L":[{"S":"x"},{"S":"x"}]},"n":{"N":"2"}}"#);
    let mut of_key = update(A1, "SET p = :v");
    of_key.expression_attribute_values = values(r#"{":v":{"S":"b"}}"#);
    assert_eq!(
        invalid(kit.run(UpdateItem, of_key).await),
        "One or more parameter values were invalid: Cannot update attribute p. This attribute is part of the key"
    );
    assert!(get(&kit, A1).await.expect("it").contains(r#""n":{"N":"3"}"#));
}

#[tokio::test]
async fn an_update_of_nothing_makes_an_item() {
    let kit = with_table().await;
    let input = UpdateItemInput { table_name: "things".into(), key: given(A1).into(), ..Default::default() };
    kit.run(UpdateItem, input).await.expect("made");
    assert_eq!(get(&kit, A1).await.as_deref(), Some(r#"{"c":{"S":"1"},"p":{"S":"a"}}"#));
}

#[tokio::test]
async fn parts_of_items_are_shown() {
    let kit = with_table().await;
    put(&kit, r#"{"p":{"S":"a"},"c":{"S":"1"},"m":{"M":{"x":{"N":"1"},"y":{"N":"2"}}},"l":{"L":[{"N":"0"},{"N":"1"}]}}"#)
        .await;
    let mut input = GetItemInput { table_name: "things".into(), key: given(A1).into(), ..Default::default() };
    input.projection_expression = Some("m.x, l[1]".to_owned());
    input.return_consumed_capacity = Some(ReturnConsumedCapacity::Total.into());
    let got = kit.run(GetItem, input.clone()).await.expect("got");
    assert_eq!(json(&got.item.expect("it")), r#"{"l":{"L":[{"N":"1"}]},"m":{"M":{"x":{"N":"1"}}}}"#);
    assert_eq!(got.consumed_capacity.expect("units").capacity_units, Some(0.5));
    input.projection_expression = None;
    input.attributes_to_get = Some(vec!["p".to_owned()]);
    input.consistent_read = Some(true);
    let got = kit.run(GetItem, input).await.expect("got");
    assert_eq!(json(&got.item.expect("it")), r#"{"p":{"S":"a"}}"#);
    assert_eq!(got.consumed_capacity.expect("units").capacity_units, Some(1.0));
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let kit = with_table().await;
    let item = |len: usize| {
        let mut item = item(A1);
        item.insert("x", Value::from("x".repeat(len).as_str()));
        PutItemInput {
            table_name: "things".into(),
            item: attribute::Given::from(item).into(),
            ..Default::default()
        }
    };
    // Names and values of the key take 4 bytes, the attribute's name one.
    kit.run(PutItem, item(400 * 1024 - 5)).await.expect("it fits");
    assert_eq!(
        invalid(kit.run(PutItem, item(400 * 1024 - 4)).await),
        "Item size has exceeded the maximum allowed size"
    );
    let mut more = update(A1, "SET y = :v");
    more.expression_attribute_values = values(r#"{":v":{"S":"y"}}"#);
    assert_eq!(
        invalid(kit.run(UpdateItem, more).await),
        "Item size to update has exceeded the maximum allowed size"
    );
}

/// Writers of one item wait for one another, and each finds what the one before has left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hot_counter_loses_nothing() {
    let kit = Arc::new(with_table().await);
    let tasks: Vec<_> = (0..200)
        .map(|n| {
            let kit = kit.clone();
            tokio::spawn(async move {
                let mut input = update(A1, "ADD n :one");
                input.expression_attribute_values = values(r#"{":one":{"N":"1"}}"#);
                if n % 4 == 0 {
                    // One that fails is none of the others' business.
                    input.condition_expression = Some("attribute_exists(nothing)".to_owned());
                    return kit.run(UpdateItem, input).await.is_ok();
                }
                kit.run(UpdateItem, input).await.expect("added");
                true
            })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        done += usize::from(task.await.expect("no panic"));
    }
    assert_eq!(done, 150);
    assert!(get(&kit, A1).await.expect("it").contains(r#""n":{"N":"150"}"#));
}

#[tokio::test]
async fn batches_are_read_and_written() {
    let kit = with_table().await;
    let put = |c: usize| WriteRequest {
        put_request: Some(PutRequest {
            item: given(&format!(r#"{{"p":{{"S":"a"}},"c":{{"S":"{c}"}},"n":{{"N":"{c}"}}}}"#)).into(),
        }),
        delete_request: None,
    };
    let write = |requests: Vec<WriteRequest>| BatchWriteItemInput {
        request_items: std::collections::BTreeMap::from([("things".to_owned(), requests)]).into(),
        ..Default::default()
    };
    let done = kit.run(BatchWriteItem, write((0..25).map(put).collect())).await.expect("written");
    assert!(done.unprocessed_items.expect("none").is_empty());
    let text = invalid(kit.run(BatchWriteItem, write((0..26).map(put).collect())).await);
    assert!(text.contains("Member must have length less than or equal to 25"), "{text}");
    assert_eq!(
        invalid(kit.run(BatchWriteItem, write(vec![put(1), put(1)])).await),
        "Provided list of item keys contains duplicates"
    );
    let keys = |of: std::ops::Range<usize>| KeysAndAttributes {
        keys: of
            .map(|c| given(&format!(r#"{{"p":{{"S":"a"}},"c":{{"S":"{c}"}}}}"#)))
            .collect::<Vec<_>>()
            .into(),
        projection_expression: Some("n".to_owned()),
        ..Default::default()
    };
    let read = |of| BatchGetItemInput {
        request_items: std::collections::BTreeMap::from([("things".to_owned(), keys(of))]).into(),
        ..Default::default()
    };
    let found = kit.run(BatchGetItem, read(20..30)).await.expect("read").responses.expect("responses");
    assert_eq!(found["things"].len(), 5);
    assert_eq!(json(&found["things"][0]), r#"{"n":{"N":"20"}}"#);
    let text = invalid(kit.run(BatchGetItem, read(0..101)).await);
    assert!(text.contains("Member must have length less than or equal to 100"), "{text}");
}

fn action(c: &str, n: i64, condition: Option<&str>) -> TransactWriteItem {
    TransactWriteItem {
        update: Some(Update {
            key: given(&format!(r#"{{"p":{{"S":"a"}},"c":{{"S":"{c}"}}}}"#)).into(),
            table_name: "things".into(),
            update_expression: "ADD n :n".into(),
            condition_expression: condition.map(str::to_owned),
            expression_attribute_values: values(&format!(r#"{{":n":{{"N":"{n}"}}}}"#)),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// Whether an error says how many faults there are goes by the operation, and by whether the table has to be known for it.
#[tokio::test]
async fn faults_of_a_request_by_itself_are_counted() {
    let kit = with_table().await;
    let counted = |text: &str| format!("1 validation error detected: {text}");
    let of_update = async |expression: &str, given: Option<attribute::Named>| {
        let input = UpdateItemInput { expression_attribute_values: given, ..update(A1, expression) };
        invalid(kit.run(UpdateItem, input).await)
    };
    let one = || values(r#"{":v":{"N":"1"}}"#);
    for (expression, given, text) in [
        ("", one(), "Invalid UpdateExpression: The expression can not be empty;"),
        ("SET x = y", one(), "Value provided in ExpressionAttributeValues unused in expressions: keys: {:v}"),
        ("SET x = (", values("{}"), "ExpressionAttributeValues must not be empty"),
        (
            "SET x = :v",
            values(r#"{":v":{"NULL":false}}"#),
            "One or more parameter values were invalid: Null attribute value types must have the value of true",
        ),
        (
            "SET x = :v",
            values(r#"{":v":{"NS":[]}}"#),
            "One or more parameter values were invalid: An number set  may not be empty",
        ),
    ] {
        assert_eq!(of_update(expression, given).await, counted(text));
    }
    // What has no type is told with its name, and a key is of the table.
    assert!(
        of_update("SET x = :v", values(r#"{":v":{}}"#))
            .await
            .starts_with("ExpressionAttributeValues contains")
    );
    assert!(of_update("SET c = :v", one()).await.contains("Cannot update attribute c"));
    let delete = DeleteItemInput {
        table_name: "things".into(),
        key: given(A1).into(),
        condition_expression: Some("attribute_exists(p)".to_owned()),
        expression_attribute_names: names([("#n", "n")]),
        ..Default::default()
    };
    let text = "Value provided in ExpressionAttributeNames unused in expressions: keys: {#n}";
    assert_eq!(invalid(kit.run(DeleteItem, delete).await), counted(text));
    let put = PutItemInput {
        table_name: "things".into(),
        item: given(A1).into(),
        return_values: Some(ReturnValue::AllNew.into()),
        ..Default::default()
    };
    assert_eq!(invalid(kit.run(PutItem, put).await), counted("ReturnValues can only be ALL_OLD or NONE"));
}

/// What is known to be wrong without the table refuses a transaction, and is not a reason for which it was cancelled.
#[tokio::test]
async fn transactions_are_refused_before_they_are_cancelled() {
    let kit = with_table().await;
    let run = async |key: &str, expression: &str, given: Option<attribute::Named>| {
        let update = Update {
            table_name: "things".into(),
            key: self::given(key).into(),
            update_expression: expression.into(),
            expression_attribute_values: given,
            ..Default::default()
        };
        let item = TransactWriteItem { update: Some(update), ..Default::default() };
        invalid(kit.run(TransactWriteItems, transaction(vec![item])).await)
    };
    assert!(
        run(r#"{"p":{"S":"a"},"c":{"S":""}}"#, "SET x = :v", values(r#"{":v":{"N":"1"}}"#))
            .await
            .contains("cannot contain an empty string value. Key: c")
    );
    assert_eq!(run(A1, "SET x = {", values("{}")).await, "ExpressionAttributeValues must not be empty");
}

/// So does a key that is empty, the table's or an index's; one of another type is a reason for which it is cancelled.
#[tokio::test]
async fn transactions_are_refused_for_empty_keys() {
    let kit = kit();
    let indexed = CreateTableInput {
        global_secondary_indexes: Some(vec![global("by-v", "v", ProjectionType::All)]),
        ..table("things", "p+c", "p:S c:S v:S")
    };
    kit.run(CreateTable, indexed).await.expect("a table");
    let run = async |item| kit.run(TransactWriteItems, transaction(vec![item])).await;
    let put = async |item: &str| {
        let put = Put { table_name: "things".into(), item: given(item).into(), ..Default::default() };
        run(TransactWriteItem { put: Some(put), ..Default::default() }).await
    };
    let update = async |expression: &str, value: &str| {
        let update = Update {
            table_name: "things".into(),
            key: given(A1).into(),
            update_expression: expression.into(),
            expression_attribute_values: values(&format!(r#"{{":v":{value}}}"#)),
            ..Default::default()
        };
        run(TransactWriteItem { update: Some(update), ..Default::default() }).await
    };
    let is_cancelled = |result| matches!(result, Err(Error::TransactionCanceledException(_)));
    assert_eq!(
        invalid(put(r#"{"p":{"S":"a"},"c":{"S":""}}"#).await),
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty \
         string value. Key: c"
    );
    assert_eq!(
        invalid(put(r#"{"p":{"S":"a"},"c":{"S":"1"},"v":{"S":""}}"#).await),
        "One or more parameter values are not valid. A value specified for a secondary index key is not supported. The \
         AttributeValue for a key attribute cannot contain an empty string value. IndexName: by-v, IndexKey: v"
    );
    assert!(is_cancelled(put(r#"{"p":{"S":"a"},"c":{"S":"1"},"v":{"N":"1"}}"#).await));
    let empty = |what: &str| {
        format!(
            "One or more parameter values are not valid. The update expression attempted to update a secondary index key \
             to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty {what} value."
        )
    };
    assert_eq!(invalid(update("SET v = :v", r#"{"S":""}"#).await), empty("string"));
    assert_eq!(invalid(update("SET x = v, v = :v", r#"{"B":""}"#).await), empty("binary"));
    assert!(is_cancelled(update("SET v = :v", r#"{"N":"1"}"#).await));
    update("SET x = :v", r#"{"S":""}"#).await.expect("what is of no key may be empty");
}

fn transaction(items: Vec<TransactWriteItem>) -> TransactWriteItemsInput {
    TransactWriteItemsInput { transact_items: items.into(), ..Default::default() }
}

#[tokio::test]
async fn a_transaction_is_done_whole_or_not_at_all() {
    let kit = with_table().await;
    kit.run(TransactWriteItems, transaction(vec![action("1", 5, None), action("2", 5, None)]))
        .await
        .expect("done");
    let failing = vec![action("1", 1, None), action("2", 1, Some("n > :n AND n < :n"))];
    let Err(Error::TransactionCanceledException(cancelled)) =
        kit.run(TransactWriteItems, transaction(failing)).await
    else {
        panic!("the condition does not hold")
    };
    assert_eq!(
        cancelled.message.as_deref(),
        Some(
            "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]"
        )
    );
    assert!(get(&kit, A1).await.expect("it").contains(r#""n":{"N":"5"}"#));
    assert_eq!(
        invalid(
            kit.run(TransactWriteItems, transaction(vec![action("1", 1, None), action("1", 1, None)])).await
        ),
        "Transaction request cannot include multiple operations on one item"
    );
    let get = |c: &str| TransactGetItem {
        get: Get {
            key: given(&format!(r#"{{"p":{{"S":"a"}},"c":{{"S":"{c}"}}}}"#)).into(),
            table_name: "things".into(),
            ..Default::default()
        }
        .into(),
    };
    let input =
        TransactGetItemsInput { transact_items: vec![get("1"), get("9")].into(), ..Default::default() };
    let found = kit.run(TransactGetItems, input).await.expect("read").responses.expect("responses");
    assert!(found[0].item.is_some() && found[1].item.is_none());
}

#[tokio::test]
async fn a_token_stands_for_one_request_for_ten_minutes() {
    let kit = with_table().await;
    let once = |n: i64| TransactWriteItemsInput {
        client_request_token: Some("token".to_owned()),
        ..transaction(vec![action("1", n, None)])
    };
    kit.run(TransactWriteItems, once(1)).await.expect("done");
    kit.run(TransactWriteItems, once(1)).await.expect("done before");
    assert!(get(&kit, A1).await.expect("it").contains(r#""n":{"N":"1"}"#));
    let other = kit.run(TransactWriteItems, once(2)).await;
    assert!(matches!(other, Err(Error::IdempotentParameterMismatchException(_))));
    kit.advance(std::time::Duration::from_secs(601));
    kit.run(TransactWriteItems, once(2)).await.expect("the token has ended");
    assert!(get(&kit, A1).await.expect("it").contains(r#""n":{"N":"3"}"#));
}

/// A constant sum, whatever goes on at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transfers_keep_the_sum() {
    let kit = Arc::new(with_table().await);
    const ACCOUNTS: usize = 5;
    for c in 0..ACCOUNTS {
        put(&kit, &format!(r#"{{"p":{{"S":"a"}},"c":{{"S":"{c}"}},"n":{{"N":"100"}}}}"#)).await;
    }
    let tasks: Vec<_> = (0..60usize)
        .map(|n| {
            let kit = kit.clone();
            tokio::spawn(async move {
                let (from, to) = (n % ACCOUNTS, (n * 3 + 1) % ACCOUNTS);
                if from == to {
                    return;
                }
                let items = vec![action(&from.to_string(), -7, None), action(&to.to_string(), 7, None)];
                kit.run(TransactWriteItems, transaction(items)).await.expect("moved");
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic");
    }
    let input = ScanInput { table_name: "things".into(), ..Default::default() };
    let all = kit.run(Scan, input).await.expect("all").items.expect("items");
    let sum: i64 = all
        .iter()
        .map(|shown| match item(&json(shown)).get("n") {
            Some(Value::N(number)) => number.to_i64().expect("whole"),
            other => panic!("{other:?}"),
        })
        .sum();
    assert_eq!(sum, 500);
}

/// The parameters that expressions have taken the place of say the same.
#[tokio::test]
async fn older_parameters_work_as_expressions_do() {
    let kit = with_table().await;
    let value = |json: &str| {
        let mut value = attribute::Given::<Value>::default();
        wire::OwnForm::read_json(&mut value, json).expect("a value");
        Some(value)
    };
    let change = |action: AttributeAction, json: Option<&str>| AttributeValueUpdate {
        action: Some(action.into()),
        value: json.and_then(value),
    };
    let input = UpdateItemInput {
        table_name: "things".into(),
        key: given(A1).into(),
        attribute_updates: Some(std::collections::BTreeMap::from([
            ("n".to_owned(), change(AttributeAction::Add, Some(r#"{"N":"5"}"#))),
            ("a.b".to_owned(), change(AttributeAction::Put, Some(r#"{"S":"x"}"#))),
            ("gone".to_owned(), change(AttributeAction::Delete, None)),
        ])),
        return_values: Some(ReturnValue::UpdatedNew.into()),
        ..Default::default()
    };
    let new = kit.run(UpdateItem, input.clone()).await.expect("changed").attributes.expect("shown");
    assert_eq!(json(&new), r#"{"a.b":{"S":"x"},"n":{"N":"5"}}"#);
    let expected = |n: &str| {
        let comparison = ComparisonOperator::Ge.into();
        let expected = ExpectedAttributeValue {
            comparison_operator: Some(comparison),
            attribute_value_list: value(n).map(|value| vec![value]),
            ..Default::default()
        };
        Some(std::collections::BTreeMap::from([("n".to_owned(), expected)]))
    };
    let put = |expected| PutItemInput {
        table_name: "things".into(),
        item: given(A1).into(),
        expected,
        ..Default::default()
    };
    let failed = kit.run(PutItem, put(expected(r#"{"N":"6"}"#))).await;
    assert!(matches!(failed, Err(Error::ConditionalCheckFailedException(_))));
    kit.run(PutItem, put(expected(r#"{"N":"5"}"#))).await.expect("it is");
    let mixed =
        PutItemInput { condition_expression: Some("n = n".to_owned()), ..put(expected(r#"{"N":"5"}"#)) };
    assert_eq!(
        invalid(kit.run(PutItem, mixed).await),
        "1 validation error detected: Can not use both expression and non-expression parameters in the same request: \
         Non-expression parameters: {Expected} Expression parameters: {ConditionExpression}"
    );
    let condition = |operator: ComparisonOperator, json: &str| Condition {
        comparison_operator: wire::Open::from(operator).into(),
        attribute_value_list: value(json).map(|value| vec![value]),
    };
    let query = QueryInput {
        table_name: "things".into(),
        key_conditions: Some(std::collections::BTreeMap::from([
            ("p".to_owned(), condition(ComparisonOperator::Eq, r#"{"S":"a"}"#)),
            ("c".to_owned(), condition(ComparisonOperator::BeginsWith, r#"{"S":"1"}"#)),
        ])),
        query_filter: Some(std::collections::BTreeMap::from([(
            "n".to_owned(),
            Condition {
                comparison_operator: wire::Open::from(ComparisonOperator::Null).into(),
                ..Default::default()
            },
        )])),
        ..Default::default()
    };
    assert_eq!(kit.run(Query, query).await.expect("found").count, Some(1));
}

#[tokio::test]
async fn an_update_that_only_removes_makes_no_item() {
    let kit = with_table().await;
    for expression in ["REMOVE x", "REMOVE x.y, z[0]"] {
        let input =
            UpdateItemInput { return_values: Some(ReturnValue::AllNew.into()), ..update(A1, expression) };
        assert!(kit.run(UpdateItem, input).await.expect("done").attributes.is_none());
        assert_eq!(get(&kit, A1).await, None, "{expression}");
    }
    let nothing = UpdateItemInput { update_expression: None, ..update(A1, "") };
    kit.run(UpdateItem, nothing).await.expect("done");
    assert!(get(&kit, A1).await.is_some(), "one that says nothing makes one");
}

#[tokio::test]
async fn what_is_wrong_with_a_key_cancels_its_transaction() {
    let kit = with_table().await;
    let put = |item: &str| TransactWriteItem {
        put: Some(Put { table_name: "things".into(), item: given(item).into(), ..Default::default() }),
        ..Default::default()
    };
    let wrong = r#"{"p":{"N":"7"},"c":{"S":"1"}}"#;
    let items = vec![put(r#"{"p":{"S":"a"},"c":{"S":"1"}}"#), put(wrong), put(wrong)];
    let Err(Error::TransactionCanceledException(cancelled)) =
        kit.run(TransactWriteItems, transaction(items)).await
    else {
        panic!("a key is of another type")
    };
    let reasons = cancelled.cancellation_reasons.expect("reasons");
    let codes: Vec<_> = reasons.iter().map(|reason| reason.code.as_deref().expect("a code")).collect();
    assert_eq!(codes, ["None", "ValidationError", "None"]);
    assert!(reasons[1].message.as_deref().is_some_and(|text| text.contains("Type mismatch for key p")));
    // What no table could have is wrong with the request.
    let long = format!(r#"{{"p":{{"S":"a"}},"c":{{"S":"1"}},"x":{{"S":"{}"}}}}"#, "x".repeat(400 * 1024));
    let text = invalid(kit.run(TransactWriteItems, transaction(vec![put(&long)])).await);
    assert_eq!(text, "Item size has exceeded the maximum allowed size");
}

#[tokio::test]
async fn a_batch_of_large_items_is_written_in_parts() {
    let kit = kit();
    let input = CreateTableInput {
        global_secondary_indexes: Some(vec![global("by-c", "c", ProjectionType::All)]),
        ..table("things", "p", "p:S c:S")
    };
    kit.run(CreateTable, input).await.expect("a table");
    let long = "x".repeat(390 * 1024);
    let item = |p: usize| given(&format!(r#"{{"p":{{"S":"{p}"}},"c":{{"S":"c"}},"x":{{"S":"{long}"}}}}"#));
    let put = |p: usize| WriteRequest {
        put_request: Some(PutRequest { item: item(p).into() }),
        ..Default::default()
    };
    let requests: Vec<WriteRequest> = (0..25).map(put).collect();
    let input = BatchWriteItemInput {
        request_items: std::collections::BTreeMap::from([("things".to_owned(), requests)]).into(),
        ..Default::default()
    };
    kit.run(BatchWriteItem, input).await.expect("more than one commit holds");
    let input = DescribeTableInput { table_name: "things".into() };
    let described = kit.run(DescribeTable, input).await.expect("it").table.expect("it");
    assert_eq!(described.item_count, Some(25));
    assert_eq!(described.global_secondary_indexes.expect("one")[0].item_count, Some(25));

    let actions = (0..9).flat_map(|n| {
        let put = Put { table_name: "things".into(), item: item(n).into(), ..Default::default() };
        [TransactWriteItem { put: Some(put), ..Default::default() }]
    });
    kit.run(TransactWriteItems, transaction(actions.collect())).await.expect("what one commit holds");
}

#[tokio::test]
async fn keys_have_no_parts() {
    let kit = kit();
    let input = CreateTableInput {
        global_secondary_indexes: Some(vec![global("by-g", "g", ProjectionType::All)]),
        ..table("things", "p+c", "p:S c:S g:S")
    };
    kit.run(CreateTable, input).await.expect("a table");
    let scalars =
        "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: ";
    for (expression, condition, key) in [
        ("SET g.x = c", None, "IndexKey: g"),
        ("REMOVE x", Some("p.x = p"), "Key: p"),
        ("REMOVE x", Some("g[0] = p"), "IndexKey: g"),
    ] {
        let input =
            UpdateItemInput { condition_expression: condition.map(str::to_owned), ..update(A1, expression) };
        assert_eq!(invalid(kit.run(UpdateItem, input).await), format!("{scalars}{key}"), "{expression}");
    }
    let input = PutItemInput {
        table_name: "things".into(),
        item: given(A1).into(),
        condition_expression: Some("attribute_not_exists(g.x)".to_owned()),
        ..Default::default()
    };
    assert_eq!(invalid(kit.run(PutItem, input).await), format!("{scalars}IndexKey: g"));
}
