//! Statements of PartiQL: alone, in batches, in transactions.

mod common;

use attribute::{Given, Value};
use common::*;
use model_dynamodb::Error;
use model_dynamodb::ops::*;
use model_dynamodb::types::*;
use testkit::Kit;

fn statement(text: &str) -> ExecuteStatementInput {
    ExecuteStatementInput { statement: text.into(), ..Default::default() }
}

/// What a statement answers with, as JSON.
async fn run(kit: &Kit, text: &str) -> Vec<String> {
    let output = kit.run(ExecuteStatement, statement(text)).await.expect(text);
    output.items.expect("items").iter().map(json).collect()
}

async fn refused(kit: &Kit, text: &str) -> String {
    invalid(kit.run(ExecuteStatement, statement(text)).await)
}

/// `things` with the items 1 to 9 of the partitions a and b.
async fn filled() -> Kit {
    let kit = with_table().await;
    for p in ["a", "b"] {
        for c in 1..10 {
            put(&kit, &format!(r#"{{"p":{{"S":"{p}"}},"c":{{"S":"{c}"}},"n":{{"N":"{c}"}}}}"#)).await;
        }
    }
    kit
}

fn sort_keys(items: &[String]) -> String {
    items.iter().map(|item| item.split(r#""c":{"S":""#).nth(1).expect("a key")[..1].to_owned()).collect()
}

#[tokio::test]
async fn items_are_written_and_read() {
    let kit = with_table().await;
    assert!(run(&kit, "INSERT INTO things VALUE {'p': 'a', 'c': '1', 'n': 5}").await.is_empty());
    let a1 = r#"{"c":{"S":"1"},"n":{"N":"5"},"p":{"S":"a"}}"#;
    assert_eq!(run(&kit, "SELECT * FROM things WHERE p = 'a' AND c = '1'").await, [a1]);
    assert_eq!(run(&kit, "SELECT n FROM \"things\" WHERE p = 'a'").await, [r#"{"n":{"N":"5"}}"#]);
    let again = kit.run(ExecuteStatement, statement("INSERT INTO things VALUE {'p': 'a', 'c': '1'}")).await;
    let Err(Error::DuplicateItemException(duplicate)) = again else { panic!("it is there already") };
    assert_eq!(duplicate.message.as_deref(), Some("Duplicate primary key exists in table"));

    let update = "UPDATE things SET n = n + 1 SET x = 'y' WHERE p = 'a' AND c = '1' AND n = 5 RETURNING MODIFIED NEW *";
    assert_eq!(run(&kit, update).await, [r#"{"n":{"N":"6"},"x":{"S":"y"}}"#]);
    let failed = ExecuteStatementInput {
        return_values_on_condition_check_failure: Some(ReturnValuesOnConditionCheckFailure::AllOld.into()),
        ..statement(update)
    };
    let Err(Error::ConditionalCheckFailedException(failed)) = kit.run(ExecuteStatement, failed).await else {
        panic!("n is 6")
    };
    assert!(json(&failed.item.expect("the item")).contains(r#""n":{"N":"6"}"#));
    let nobody =
        kit.run(ExecuteStatement, statement("UPDATE things SET n = 1 WHERE p = 'a' AND c = '9'")).await;
    assert!(matches!(nobody, Err(Error::ConditionalCheckFailedException(_))), "an update makes no item");

    let delete = "DELETE FROM things WHERE p = 'a' AND c = '1' AND n = 6 RETURNING ALL OLD *";
    assert!(run(&kit, delete).await[0].contains(r#""x":{"S":"y"}"#));
    assert!(run(&kit, delete).await.is_empty(), "what is gone is gone");
    assert!(run(&kit, "SELECT * FROM things").await.is_empty());
}

#[tokio::test]
async fn conditions_on_keys_say_where_to_read() {
    let kit = filled().await;
    let units = async |text: &str| {
        let input = ExecuteStatementInput {
            return_consumed_capacity: Some(ReturnConsumedCapacity::Total.into()),
            ..statement(text)
        };
        let output = kit.run(ExecuteStatement, input).await.expect(text);
        let capacity = output.consumed_capacity.and_then(|consumed| consumed.capacity_units);
        (output.items.expect("items").len(), capacity.expect("units"))
    };
    assert_eq!(units("SELECT * FROM things WHERE p = 'a'").await, (9, 0.5));
    assert_eq!(units("SELECT * FROM things WHERE p IN ['a', 'b'] AND c = '3'").await, (2, 1.0));
    for (text, expected) in [
        ("p = 'a' AND c > '3' AND c < '7'", "456"),
        ("p = 'a' AND '8' <= c", "89"),
        ("p = 'a' AND c BETWEEN '2' AND '4' AND n <> 3", "24"),
        ("p = 'a' AND begins_with(c, '5')", "5"),
        ("p = 'a' AND (c = '1' OR c = '9')", "19"),
        ("p = 'a' AND c IN ['2', '4'] ORDER BY c DESC", "42"),
        ("p IN ['b', 'a'] AND c > '8' ORDER BY p DESC, c", "99"),
    ] {
        let items = run(&kit, &format!("SELECT * FROM things WHERE {text}")).await;
        assert_eq!(sort_keys(&items), expected, "{text}");
    }
    assert_eq!(run(&kit, "SELECT * FROM things WHERE n >= 8").await.len(), 4);
    assert!(refused(&kit, "SELECT * FROM things ORDER BY c").await.contains("ORDER BY"));
    assert!(refused(&kit, "SELECT * FROM things WHERE p = 'a' ORDER BY n").await.contains("primary key"));
    assert!(refused(&kit, "SELECT * FROM things WHERE p = 5").await.contains("does not match schema type"));
}

#[tokio::test]
async fn pages_go_on_where_they_ended() {
    let kit = filled().await;
    for text in [
        "SELECT * FROM things WHERE p IN ['a', 'b']",
        "SELECT * FROM things",
        "SELECT * FROM things WHERE p = 'a'",
    ] {
        let (mut found, mut token, mut pages) = (Vec::new(), None, 0);
        loop {
            let input = ExecuteStatementInput { limit: Some(4), next_token: token.take(), ..statement(text) };
            let output = kit.run(ExecuteStatement, input).await.expect(text);
            let items = output.items.expect("items");
            assert!(items.len() <= 4);
            assert_eq!(output.next_token.is_some(), output.last_evaluated_key.is_some());
            found.extend(items.iter().map(json));
            pages += 1;
            token = output.next_token;
            if token.is_none() {
                break;
            }
        }
        let all = run(&kit, text).await;
        assert_eq!((found, pages), (all.clone(), all.len() / 4 + 1), "{text}");
    }
    let first = ExecuteStatementInput { limit: Some(4), ..statement("SELECT * FROM things") };
    let next_token = kit.run(ExecuteStatement, first).await.expect("a page").next_token;
    for (token, text) in [
        (next_token, "SELECT * FROM things WHERE p = 'a'"),
        (Some("AAAA".to_owned()), "SELECT * FROM things"),
        (Some("???".to_owned()), "SELECT * FROM things"),
    ] {
        let input = ExecuteStatementInput { next_token: token, ..statement(text) };
        assert!(invalid(kit.run(ExecuteStatement, input).await).contains("NextToken"), "{text}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let kit = filled().await;
    for (text, part) in [
        ("SELEC * FROM things", "Statement wasn't well formed"),
        ("SELECT * FROM things WHERE p = ?", "Number of parameters"),
        ("UPDATE things SET n = 1 WHERE p = 'a'", "mandatory equality on all key attributes"),
        ("UPDATE things SET c = '1' WHERE p = 'a' AND c = '1'", "part of the key"),
        ("DELETE FROM things WHERE p = 'a' AND c > '1'", "mandatory equality on all key attributes"),
        ("DELETE FROM things WHERE p = 'a' AND c = '1' RETURNING ALL NEW *", "RETURNING"),
        ("INSERT INTO things VALUE {'p': 'a'}", "Missing the key c"),
        ("SELECT * FROM things.nope", "does not have the specified index"),
        ("EXISTS(SELECT * FROM things WHERE p = 'a' AND c = '1')", "transaction"),
    ] {
        let said = refused(&kit, text).await;
        assert!(said.contains(part), "{text}: {said}");
    }
    let missing = kit.run(ExecuteStatement, statement("SELECT * FROM nothing")).await;
    assert!(matches!(missing, Err(Error::ResourceNotFoundException(_))));
}

fn of_batch(text: &str, parameters: Option<Vec<Given<Value>>>) -> BatchStatementRequest {
    BatchStatementRequest { statement: text.into(), parameters, ..Default::default() }
}

fn batch(statements: Vec<BatchStatementRequest>) -> BatchExecuteStatementInput {
    BatchExecuteStatementInput { statements: statements.into(), ..Default::default() }
}

#[tokio::test]
async fn each_statement_of_a_batch_is_for_itself() {
    let kit = filled().await;
    let insert = "INSERT INTO things VALUE {'p': 'c', 'c': ?}";
    let key = |c: &str| Some(vec![Given::from(Value::from(c))]);
    let written = batch(vec![
        of_batch(insert, key("1")),
        of_batch("INSERT INTO things VALUE {'p': 'a', 'c': '1'}", None),
        of_batch("UPDATE things SET n = 0 WHERE p = 'a'", None),
        of_batch("UPDATE things SET n = 0 WHERE p = 'a' AND c = '2' AND n = 9", None),
        of_batch("DELETE FROM nothing WHERE p = 'a'", None),
        of_batch("garbage", None),
    ]);
    let responses = kit.run(BatchExecuteStatement, written).await.expect("a batch").responses.expect("all");
    let codes: Vec<&str> = responses
        .iter()
        .map(|response| {
            let error = response.error.as_ref().and_then(|error| error.code.as_ref());
            error.map_or("", |code| code.as_str())
        })
        .collect();
    assert_eq!(
        codes,
        [
            "",
            "DuplicateItem",
            "ValidationError",
            "ConditionalCheckFailed",
            "ResourceNotFound",
            "ValidationError"
        ]
    );
    let one = |p: &str| of_batch("SELECT c FROM things WHERE p = ? AND c = '1'", key(p));
    let input = BatchExecuteStatementInput {
        return_consumed_capacity: Some(ReturnConsumedCapacity::Total.into()),
        ..batch(vec![one("c"), one("x")])
    };
    let read = kit.run(BatchExecuteStatement, input).await.expect("a batch");
    let responses = read.responses.expect("all");
    assert_eq!(responses[0].item.as_ref().map(json).as_deref(), Some(r#"{"c":{"S":"1"}}"#));
    assert!(responses[1].item.is_none() && responses[1].error.is_none());
    assert_eq!(read.consumed_capacity.expect("units")[0].capacity_units, Some(1.0));
    let mixed = batch(vec![one("c"), of_batch(insert, key("2"))]);
    assert!(invalid(kit.run(BatchExecuteStatement, mixed).await).contains("all read or all write"));
}

fn transaction(texts: &[&str], token: Option<&str>) -> ExecuteTransactionInput {
    let one = |text: &&str| ParameterizedStatement { statement: (*text).into(), ..Default::default() };
    ExecuteTransactionInput {
        transact_statements: texts.iter().map(one).collect::<Vec<_>>().into(),
        client_request_token: token.map(str::to_owned),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_transaction_is_all_or_nothing() {
    let kit = filled().await;
    let good = [
        "INSERT INTO things VALUE {'p': 'c', 'c': '1'}",
        "UPDATE things SET n = n + 10 WHERE p = 'a' AND c = '1'",
        "EXISTS(SELECT * FROM things WHERE p = 'a' AND c = '2' AND n = 2)",
        "DELETE FROM things WHERE p = 'a' AND c = '3'",
    ];
    // The token makes the second the same as the first.
    for _ in 0..2 {
        kit.run(ExecuteTransaction, transaction(&good, Some("token"))).await.expect("done");
    }
    let reads =
        ["SELECT n FROM things WHERE p = 'a' AND c = '1'", "SELECT n FROM things WHERE p = 'a' AND c = '3'"];
    let read = kit.run(ExecuteTransaction, transaction(&reads, None)).await.expect("read");
    let items: Vec<Option<String>> =
        read.responses.expect("all").iter().map(|response| response.item.as_ref().map(json)).collect();
    assert_eq!(items, [Some(r#"{"n":{"N":"11"}}"#.to_owned()), None]);

    let codes = async |texts: &[&str]| match kit.run(ExecuteTransaction, transaction(texts, None)).await {
        Err(Error::TransactionCanceledException(cancelled)) => {
            let reasons = cancelled.cancellation_reasons.expect("reasons");
            reasons.iter().map(|reason| reason.code.clone().expect("a code")).collect::<Vec<_>>().join(" ")
        }
        other => panic!("{other:?}"),
    };
    let insert = "INSERT INTO things VALUE {'p': 'd', 'c': '1'}";
    assert_eq!(codes(&[insert, good[0]]).await, "None DuplicateItem");
    assert_eq!(
        codes(&[insert, "EXISTS(SELECT * FROM things WHERE p = 'a' AND c = '2' AND n = 3)"]).await,
        "None ConditionalCheckFailed"
    );
    assert_eq!(codes(&[insert, "DELETE FROM things WHERE p = 'a'"]).await, "None ValidationError");
    assert_eq!(get(&kit, r#"{"p":{"S":"d"},"c":{"S":"1"}}"#).await, None);
    let mixed = transaction(&[insert, reads[0]], None);
    assert!(invalid(kit.run(ExecuteTransaction, mixed).await).contains("all read or all write"));
    let twice = transaction(&[good[1], good[1]], None);
    assert!(invalid(kit.run(ExecuteTransaction, twice).await).contains("multiple operations on one item"));
}
