//! Queries and scans, of tables and indexes.

mod common;

use common::*;
use model_dynamodb::ops::*;
use model_dynamodb::types::*;
use testkit::Kit;

fn query(condition: &str, of: &str) -> QueryInput {
    QueryInput {
        table_name: "things".into(),
        key_condition_expression: Some(condition.to_owned()),
        expression_attribute_values: values(of),
        ..Default::default()
    }
}

async fn sorts(kit: &Kit, input: QueryInput) -> Vec<String> {
    let found = kit.run(Query, input).await.expect("found").items.expect("items");
    found.iter().map(json).map(|item| sort_of(&item)).collect()
}

fn sort_of(item: &str) -> String {
    match common::item(item).get("c") {
        Some(attribute::Value::S(text)) => text.to_string(),
        Some(attribute::Value::N(number)) => number.to_string(),
        other => panic!("{other:?}"),
    }
}

async fn numbered() -> Kit {
    let kit = kit();
    kit.run(CreateTable, table("things", "p+c", "p:S c:N")).await.expect("a table");
    for c in ["-100", "-1.5", "0", "0.001", "2", "10", "1e20"] {
        put(&kit, &format!(r#"{{"p":{{"S":"a"}},"c":{{"N":"{c}"}},"x":{{"N":"{c}"}}}}"#)).await;
    }
    put(&kit, r#"{"p":{"S":"b"},"c":{"N":"1"}}"#).await;
    kit
}

#[tokio::test]
async fn numbers_are_in_their_order() {
    let kit = numbered().await;
    let all = ["-100", "-1.5", "0", "0.001", "2", "10", "100000000000000000000"];
    assert_eq!(sorts(&kit, query("p = :p", r#"{":p":{"S":"a"}}"#)).await, all);
    let mut reverse = query("p = :p", r#"{":p":{"S":"a"}}"#);
    reverse.scan_index_forward = Some(false);
    assert_eq!(sorts(&kit, reverse).await, all.iter().rev().copied().collect::<Vec<_>>());
    for (condition, expected) in [
        ("p = :p AND c < :v", &all[..2]),
        ("p = :p AND c <= :v", &all[..3]),
        ("p = :p AND c = :v", &all[2..3]),
        ("p = :p AND c >= :v", &all[2..]),
        ("c > :v AND p = :p", &all[3..]),
    ] {
        let input = query(condition, r#"{":p":{"S":"a"},":v":{"N":"0"}}"#);
        assert_eq!(sorts(&kit, input).await, expected, "{condition}");
    }
    let between =
        query("p = :p AND c BETWEEN :v AND :w", r#"{":p":{"S":"a"},":v":{"N":"-2"},":w":{"N":"2"}}"#);
    assert_eq!(sorts(&kit, between).await, all[1..5]);
}

#[tokio::test]
async fn strings_are_in_the_order_of_their_bytes() {
    let kit = with_table().await;
    let mut all = ["A", "a", "a\u{0}", "a\u{0}b", "aa", "ab", "b", "é", "\u{ffff}", "\u{10000}"];
    all.sort_by(|one, other| one.as_bytes().cmp(other.as_bytes()));
    for c in all {
        let mut item = item(r#"{"p":{"S":"a"}}"#);
        item.insert("c", attribute::Value::from(c));
        let input = PutItemInput {
            table_name: "things".into(),
            item: attribute::Given::from(item).into(),
            ..Default::default()
        };
        kit.run(PutItem, input).await.expect("put");
    }
    assert_eq!(sorts(&kit, query("p = :p", r#"{":p":{"S":"a"}}"#)).await, all);
    let begins = query("p = :p AND begins_with(c, :v)", r#"{":p":{"S":"a"},":v":{"S":"a"}}"#);
    assert_eq!(sorts(&kit, begins).await, ["a", "a\u{0}", "a\u{0}b", "aa", "ab"]);
    let begins = query("p = :p AND begins_with(c, :v)", r#"{":p":{"S":"a"},":v":{"S":"a\u0000"}}"#);
    assert_eq!(sorts(&kit, begins).await, ["a\u{0}", "a\u{0}b"]);
}

#[tokio::test]
async fn pages_go_on_where_they_ended() {
    let kit = numbered().await;
    for reverse in [false, true] {
        let mut input = query("p = :p", r#"{":p":{"S":"a"}}"#);
        input.scan_index_forward = Some(!reverse);
        input.limit = Some(3);
        let (mut found, mut pages) = (Vec::new(), 0);
        loop {
            let page = kit.run(Query, input.clone()).await.expect("a page");
            assert_eq!(page.count, page.scanned_count);
            found.extend(page.items.expect("items").iter().map(|shown| sort_of(&json(shown))));
            pages += 1;
            match page.last_evaluated_key {
                Some(last) => input.exclusive_start_key = Some(last),
                None => break,
            }
        }
        assert_eq!((found.len(), pages), (7, 3), "reverse: {reverse}");
        assert!(found.windows(2).all(|pair| pair[0] != pair[1]));
    }
    let mut elsewhere = query("p = :p AND c > :v", r#"{":p":{"S":"a"},":v":{"N":"0"}}"#);
    elsewhere.exclusive_start_key = Some(given(r#"{"p":{"S":"a"},"c":{"N":"-1"}}"#));
    assert_eq!(
        invalid(kit.run(Query, elsewhere.clone()).await),
        "The provided starting key is outside query boundaries based on provided conditions"
    );
    elsewhere.exclusive_start_key = Some(given(r#"{"p":{"S":"a"}}"#));
    assert_eq!(invalid(kit.run(Query, elsewhere).await), "The provided starting key is invalid");
}

/// A page is full when what was looked at is a megabyte, whether or not it is shown.
#[tokio::test]
async fn pages_are_counted_by_what_is_looked_at() {
    let kit = with_table().await;
    for c in 0..8 {
        let text = "x".repeat(200 * 1024);
        put(
            &kit,
            &format!(r#"{{"p":{{"S":"a"}},"c":{{"S":"{c}"}},"x":{{"S":"{text}"}},"n":{{"N":"{c}"}}}}"#),
        )
        .await;
    }
    let mut input = query("p = :p", r#"{":p":{"S":"a"},":n":{"N":"7"}}"#);
    input.filter_expression = Some("n = :n".to_owned());
    input.return_consumed_capacity = Some(ReturnConsumedCapacity::Total.into());
    let page = kit.run(Query, input.clone()).await.expect("a page");
    assert_eq!((page.count, page.scanned_count), (Some(0), Some(6)));
    // Six times 204,8xx bytes, eventually consistent.
    assert_eq!(page.consumed_capacity.expect("units").capacity_units, Some(150.5));
    input.exclusive_start_key = page.last_evaluated_key;
    let page = kit.run(Query, input).await.expect("a page");
    assert_eq!((page.count, page.scanned_count), (Some(1), Some(2)));
    assert!(page.last_evaluated_key.is_none());
}

#[tokio::test]
async fn segments_have_every_item_once() {
    let kit = kit();
    kit.run(CreateTable, table("things", "p", "p:N")).await.expect("a table");
    for p in 0..100 {
        put(&kit, &format!(r#"{{"p":{{"N":"{p}"}}}}"#)).await;
    }
    let mut all = Vec::new();
    for segment in 0..7 {
        let mut input = ScanInput {
            table_name: "things".into(),
            segment: Some(segment),
            total_segments: Some(7),
            limit: Some(5),
            ..Default::default()
        };
        let mut of_segment = 0;
        loop {
            let page = kit.run(Scan, input.clone()).await.expect("a page");
            let items = page.items.expect("items");
            of_segment += items.len();
            all.extend(items.iter().map(json));
            match page.last_evaluated_key {
                Some(last) => input.exclusive_start_key = Some(last),
                None => break,
            }
        }
        assert!(of_segment < 40, "segment {segment} has {of_segment} of 100");
    }
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 100);
    let input = ScanInput { table_name: "things".into(), segment: Some(0), ..Default::default() };
    assert!(invalid(kit.run(Scan, input).await).contains("TotalSegments parameter is required"));
}

async fn indexed() -> Kit {
    let kit = kit();
    let input = CreateTableInput {
        global_secondary_indexes: Some(vec![
            global("all", "g+n", ProjectionType::All),
            global("keys", "g", ProjectionType::KeysOnly),
        ]),
        local_secondary_indexes: Some(vec![LocalSecondaryIndex {
            index_name: "local".into(),
            key_schema: keys("p+n").into(),
            projection: projection(ProjectionType::KeysOnly).into(),
        }]),
        ..table("things", "p+c", "p:S c:S g:S n:N")
    };
    kit.run(CreateTable, input).await.expect("a table");
    for (c, g, n) in [("1", "x", 3), ("2", "x", 1), ("3", "y", 2)] {
        put(&kit, &format!(r#"{{"p":{{"S":"a"}},"c":{{"S":"{c}"}},"g":{{"S":"{g}"}},"n":{{"N":"{n}"}},"d":{{"S":"{c}"}}}}"#))
            .await;
    }
    put(&kit, r#"{"p":{"S":"a"},"c":{"S":"4"}}"#).await;
    kit
}

fn of_index(index: &str, condition: &str, of: &str) -> QueryInput {
    QueryInput { index_name: Some(index.to_owned()), ..query(condition, of) }
}

#[tokio::test]
async fn indexes_show_what_is_in_them() {
    let kit = indexed().await;
    assert_eq!(sorts(&kit, of_index("all", "g = :g", r#"{":g":{"S":"x"}}"#)).await, ["2", "1"]);
    let found = kit.run(Query, of_index("keys", "g = :g", r#"{":g":{"S":"y"}}"#)).await.expect("found");
    assert_eq!(json(&found.items.expect("items")[0]), r#"{"c":{"S":"3"},"g":{"S":"y"},"p":{"S":"a"}}"#);
    assert_eq!(sorts(&kit, of_index("local", "p = :p", r#"{":p":{"S":"a"}}"#)).await, ["2", "3", "1"]);
    // What a local index does not show comes from the table.
    let mut whole = of_index("local", "p = :p AND n = :n", r#"{":p":{"S":"a"},":n":{"N":"2"}}"#);
    whole.select = Some(Select::AllAttributes.into());
    whole.consistent_read = Some(true);
    let found = kit.run(Query, whole).await.expect("found").items.expect("items");
    assert!(json(&found[0]).contains(r#""d":{"S":"3"}"#));
    let scan =
        ScanInput { table_name: "things".into(), index_name: Some("all".to_owned()), ..Default::default() };
    assert_eq!(kit.run(Scan, scan).await.expect("found").count, Some(3));
}

#[tokio::test]
async fn indexes_follow_their_items() {
    let kit = indexed().await;
    let key = |c: &str| given(&format!(r#"{{"p":{{"S":"a"}},"c":{{"S":"{c}"}}}}"#));
    let move_it = UpdateItemInput {
        table_name: "things".into(),
        key: key("1").into(),
        update_expression: Some("SET g = :g".to_owned()),
        expression_attribute_values: values(r#"{":g":{"S":"y"}}"#),
        return_consumed_capacity: Some(ReturnConsumedCapacity::Indexes.into()),
        ..Default::default()
    };
    let units = kit.run(UpdateItem, move_it).await.expect("moved").consumed_capacity.expect("units");
    // Taken out and put in at each global index; the local one does not show it.
    assert_eq!(units.global_secondary_indexes.expect("both")["all"].capacity_units, Some(2.0));
    assert!(units.local_secondary_indexes.is_none());
    assert_eq!(units.capacity_units, Some(5.0));
    assert_eq!(sorts(&kit, of_index("all", "g = :g", r#"{":g":{"S":"x"}}"#)).await, ["2"]);
    assert_eq!(sorts(&kit, of_index("all", "g = :g", r#"{":g":{"S":"y"}}"#)).await, ["3", "1"]);
    let gone = DeleteItemInput { table_name: "things".into(), key: key("3").into(), ..Default::default() };
    kit.run(DeleteItem, gone).await.expect("gone");
    assert_eq!(sorts(&kit, of_index("keys", "g = :g", r#"{":g":{"S":"y"}}"#)).await, ["1"]);
    let described = DescribeTableInput { table_name: "things".into() };
    let table = kit.run(DescribeTable, described).await.expect("described").table.expect("a table");
    assert_eq!(table.item_count, Some(3));
    let counts: Vec<_> =
        table.global_secondary_indexes.expect("two").into_iter().map(|index| index.item_count).collect();
    assert_eq!(counts, [Some(2), Some(2)]);
    let wrong = PutItemInput {
        table_name: "things".into(),
        item: given(r#"{"p":{"S":"a"},"c":{"S":"9"},"g":{"N":"1"}}"#).into(),
        ..Default::default()
    };
    assert_eq!(
        invalid(kit.run(PutItem, wrong).await),
        "One or more parameter values were invalid: Type mismatch for Index Key g Expected: S Actual: N IndexName: all"
    );
}

#[tokio::test]
async fn what_an_index_cannot_do_is_refused() {
    let kit = indexed().await;
    let of_g = r#"{":g":{"S":"x"}}"#;
    let mut input = of_index("keys", "g = :g", of_g);
    input.consistent_read = Some(true);
    assert_eq!(
        invalid(kit.run(Query, input).await),
        "Consistent reads are not supported on global secondary indexes"
    );
    let mut input = of_index("keys", "g = :g", of_g);
    input.projection_expression = Some("d".to_owned());
    assert!(invalid(kit.run(Query, input).await).contains("does not project [d]"));
    assert_eq!(
        invalid(kit.run(Query, of_index("none", "g = :g", of_g)).await),
        "The table does not have the specified index: none"
    );
    let mut input = query("p = :g", of_g);
    input.filter_expression = Some("c = :g".to_owned());
    assert_eq!(
        invalid(kit.run(Query, input).await),
        "Filter Expression can only contain non-primary key attributes: Primary key attribute: c"
    );
    assert_eq!(
        invalid(kit.run(Query, query("c = :g", of_g)).await),
        "Query condition missed key schema element: p"
    );
}

#[tokio::test]
async fn counting_shows_no_items() {
    let kit = numbered().await;
    let mut input = query("p = :p", r#"{":p":{"S":"a"}}"#);
    input.select = Some(Select::Count.into());
    let found = kit.run(Query, input.clone()).await.expect("counted");
    assert!(found.items.is_none());
    assert_eq!(found.count, Some(7));
    input.projection_expression = Some("c".to_owned());
    assert_eq!(
        invalid(kit.run(Query, input).await),
        "1 validation error detected: Cannot specify the ProjectionExpression when choosing to get only the Count"
    );
    let scan = ScanInput {
        table_name: "things".into(),
        select: Some(Select::Count.into()),
        projection_expression: Some("c".to_owned()),
        ..Default::default()
    };
    assert_eq!(
        invalid(kit.run(Scan, scan).await),
        "Cannot specify the ProjectionExpression when choosing to get only the Count"
    );
}
