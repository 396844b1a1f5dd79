//! The parameters that are older than expressions.

mod common;

use attribute::KeyType::{N, S};
use attribute::{Invalid, Item, Value};
use common::{item, short, value};
use expression::{
    AttributeUpdate, Comparison, Connector, Error, Expectation, KeySchema, LegacyAction, LegacyCondition,
    LegacyKeys, Range, attribute_updates, attributes_to_get, expected, filter,
};

fn of(name: &str, operator: &str, values: &[&str]) -> LegacyCondition {
    LegacyCondition {
        name: name.into(),
        comparison: Comparison::from_name(operator).expect(operator),
        values: values.iter().map(|json| Ok(value(json))).collect(),
    }
}

fn matches(conditions: Vec<LegacyCondition>, connector: Option<Connector>, item: &Item) -> bool {
    filter(conditions, connector).expect("right").expect("some").bound().matches(item)
}

fn holds(operator: &str, name: &str, values: &[&str]) -> bool {
    let item = item(
        r#"{"n": {"N": "2"}, "s": {"S": "hello"}, "b": {"B": "gA=="}, "ns": {"NS": ["2", "4"]}, "l": {"L": [{"N": "2"}]},
            "m": {"M": {"a": {"N": "1"}}}, "none": {"NULL": true}, "a.b": {"S": "dotted"}}"#,
    );
    matches(vec![of(name, operator, values)], None, &item)
}

#[test]
fn every_operator_compares() {
    const TWO: &str = r#"{"N": "2.0"}"#;
    const THREE: &str = r#"{"N": "3"}"#;
    const TEXT: &str = r#"{"S": "ell"}"#;
    for (operator, name, values) in [
        ("EQ", "n", &[TWO] as &[&str]),
        ("EQ", "ns", &[r#"{"NS": ["4", "2"]}"#]),
        ("EQ", "m", &[r#"{"M": {"a": {"N": "1"}}}"#]),
        ("EQ", "a.b", &[r#"{"S": "dotted"}"#]),
        ("NE", "n", &[THREE]),
        ("NE", "n", &[TEXT]),
        ("NE", "gone", &[TWO]),
        ("LE", "n", &[TWO]),
        ("LT", "n", &[THREE]),
        ("GE", "n", &[TWO]),
        ("GT", "b", &[r#"{"B": "fw=="}"#]),
        ("NOT_NULL", "none", &[]),
        ("NULL", "gone", &[]),
        ("CONTAINS", "s", &[TEXT]),
        ("CONTAINS", "ns", &[TWO]),
        ("CONTAINS", "l", &[TWO]),
        ("NOT_CONTAINS", "s", &[THREE]),
        ("NOT_CONTAINS", "ns", &[THREE]),
        ("BEGINS_WITH", "s", &[r#"{"S": "he"}"#]),
        ("IN", "n", &[THREE, TWO]),
        ("BETWEEN", "n", &[TWO, THREE]),
    ] {
        assert!(holds(operator, name, values), "{name} {operator}");
    }
    for (operator, name, values) in [
        ("EQ", "n", &[TEXT] as &[&str]),
        ("EQ", "gone", &[TWO]),
        ("NE", "n", &[TWO]),
        ("LT", "n", &[TWO]),
        ("LT", "n", &[TEXT]),
        ("GT", "gone", &[TWO]),
        ("NOT_NULL", "gone", &[]),
        ("NULL", "none", &[]),
        ("CONTAINS", "gone", &[TWO]),
        // An attribute that is not there neither contains nor does not contain.
        ("NOT_CONTAINS", "gone", &[TWO]),
        ("NOT_CONTAINS", "l", &[TWO]),
        ("BEGINS_WITH", "n", &[TEXT]),
        ("IN", "gone", &[TWO]),
        ("BETWEEN", "s", &[TWO, THREE]),
    ] {
        assert!(!holds(operator, name, values), "{name} {operator}");
    }
}

#[test]
fn conditions_are_connected() {
    let item = short(r#"{"a": 1, "b": 2}"#);
    let both = || vec![of("a", "EQ", &[r#"{"N": "1"}"#]), of("b", "EQ", &[r#"{"N": "9"}"#])];
    assert!(!matches(both(), None, &item));
    assert!(!matches(both(), Some(Connector::And), &item));
    assert!(matches(both(), Some(Connector::Or), &item));
    assert!(filter(Vec::new(), None).expect("right").is_none());
    let said = |conditions| filter(conditions, Some(Connector::Or)).expect_err("refused").to_string();
    assert_eq!(said(Vec::new()), "ConditionalOperator cannot be used without Filter or Expected");
    assert_eq!(
        said(vec![of("a", "NULL", &[])]),
        "ConditionalOperator can only be used when Filter or Expected has two or more elements"
    );
}

fn refused(operator: &str, values: &[&str]) -> String {
    filter(vec![of("a", operator, values)], None).expect_err(operator).to_string()
}

#[test]
fn values_must_fit_the_operator() {
    const PREFIX: &str = "One or more parameter values were invalid: ";
    let count = |operator: &str| {
        format!("{PREFIX}Invalid number of argument(s) for the {operator} ComparisonOperator")
    };
    let a = r#"{"S": "a"}"#;
    for operator in ["EQ", "NE", "LE", "LT", "GE", "GT", "CONTAINS", "NOT_CONTAINS", "BEGINS_WITH"] {
        assert_eq!(refused(operator, &[]), count(operator));
        assert_eq!(refused(operator, &[a, a]), count(operator));
    }
    for operator in ["NULL", "NOT_NULL"] {
        assert_eq!(refused(operator, &[a]), count(operator));
    }
    assert_eq!(refused("IN", &[]), count("IN"));
    assert_eq!(refused("BETWEEN", &[a]), count("BETWEEN"));
    assert_eq!(refused("BETWEEN", &[a, a, a]), count("BETWEEN"));
    assert_eq!(
        refused("IN", &[a, r#"{"N": "1"}"#]),
        format!("{PREFIX}AttributeValues inside AttributeValueList must be of same type")
    );
    assert_eq!(
        refused("BETWEEN", &[r#"{"S": "b"}"#, a]),
        "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
    );
    let lists =
        [r#"{"SS": ["a"]}"#, r#"{"NS": ["1"]}"#, r#"{"BS": ["YQ=="]}"#, r#"{"M": {}}"#, r#"{"L": []}"#];
    let scalars = [r#"{"BOOL": true}"#, r#"{"NULL": true}"#];
    let wrong = |operator: &str, json: &str| {
        let kind = value(json).kind();
        format!("{PREFIX}ComparisonOperator {operator} is not valid for {kind} AttributeValue type")
    };
    for json in lists.iter().chain(&scalars) {
        for operator in ["LE", "LT", "GE", "GT", "IN", "BEGINS_WITH"] {
            assert_eq!(refused(operator, &[json]), wrong(operator, json));
        }
        assert_eq!(refused("BETWEEN", &[json, json]), wrong("BETWEEN", json));
        assert!(filter(vec![of("a", "EQ", &[json]), of("a", "NE", &[json])], None).is_ok());
    }
    for json in lists {
        assert_eq!(refused("CONTAINS", &[json]), wrong("CONTAINS", json));
        assert_eq!(refused("NOT_CONTAINS", &[json]), wrong("NOT_CONTAINS", json));
    }
    assert_eq!(refused("BEGINS_WITH", &[r#"{"N": "1"}"#]), wrong("BEGINS_WITH", r#"{"N": "1"}"#));
    let invalid =
        LegacyCondition { name: "a".into(), comparison: Comparison::Eq, values: vec![Err(Invalid::Empty)] };
    assert_eq!(filter(vec![invalid], None).expect_err("wrong"), Error::Value(Invalid::Empty));
}

#[test]
fn expectations_become_conditions() {
    let one = || Some(Ok(Value::from(1)));
    let base = || Expectation { name: "a".into(), ..Expectation::default() };
    let met = |expectation: Expectation| {
        expected(vec![expectation], None)
            .expect("right")
            .expect("some")
            .bound()
            .matches(&short(r#"{"a": 1}"#))
    };
    assert!(met(Expectation { value: one(), ..base() }));
    assert!(met(Expectation { value: one(), exists: Some(true), ..base() }));
    assert!(!met(Expectation { exists: Some(false), ..base() }));
    assert!(met(Expectation { value: one(), comparison: Some(Comparison::Ge), ..base() }));
    assert!(met(Expectation {
        values: Some(vec![Ok(1.into())]),
        comparison: Some(Comparison::In),
        ..base()
    }));
    assert!(!met(Expectation { comparison: Some(Comparison::Null), ..base() }));
    assert!(expected(Vec::new(), None).expect("right").is_none());

    let prefix = "One or more parameter values were invalid: ";
    for (expectation, text) in [
        (base(), "Value must be provided when Exists is null for Attribute: a"),
        (
            Expectation { exists: Some(true), ..base() },
            "Value must be provided when Exists is true for Attribute: a",
        ),
        (
            Expectation { exists: Some(false), value: one(), ..base() },
            "Value cannot be used when Exists is false for Attribute: a",
        ),
        (
            Expectation { comparison: Some(Comparison::Lt), ..base() },
            "Value or AttributeValueList must be used with ComparisonOperator: LT for Attribute: a",
        ),
        (
            Expectation { comparison: Some(Comparison::Lt), exists: Some(true), ..base() },
            "Exists and ComparisonOperator cannot be used together for Attribute: a",
        ),
        (
            Expectation { comparison: Some(Comparison::Lt), value: one(), values: Some(vec![]), ..base() },
            "Value and AttributeValueList cannot be used together for Attribute: a",
        ),
        (
            Expectation { values: Some(vec![Ok(1.into())]), exists: Some(true), ..base() },
            "AttributeValueList can only be used with a ComparisonOperator for Attribute: a",
        ),
        (
            Expectation { comparison: Some(Comparison::Eq), values: Some(vec![]), ..base() },
            "Invalid number of argument(s) for the EQ ComparisonOperator",
        ),
        (
            Expectation { comparison: Some(Comparison::Null), value: one(), ..base() },
            "Invalid number of argument(s) for the NULL ComparisonOperator",
        ),
    ] {
        assert_eq!(expected(vec![expectation], None).expect_err(text).to_string(), format!("{prefix}{text}"));
    }
}

fn change(name: &str, action: LegacyAction, json: Option<&str>) -> AttributeUpdate {
    AttributeUpdate { name: name.into(), action: Some(action), value: json.map(|json| Ok(value(json))) }
}

#[test]
fn attribute_updates_become_updates() {
    use LegacyAction::{Add, Delete, Put};
    let old =
        item(r#"{"n": {"N": "7"}, "ss": {"SS": ["a", "b"]}, "l": {"L": [{"N": "1"}]}, "x": {"S": "y"}}"#);
    let updates = attribute_updates(vec![
        change("n", Add, Some(r#"{"N": "-3.5"}"#)),
        change("new", Add, Some(r#"{"NS": ["1"]}"#)),
        change("ss", Delete, Some(r#"{"SS": ["a", "z"]}"#)),
        change("l", Add, Some(r#"{"L": [{"N": "1"}]}"#)),
        change("x", Delete, None),
        change("gone", Delete, None),
        AttributeUpdate { name: "a.b".into(), action: None, value: Some(Ok(3.into())) },
        change("p", Put, Some(r#"{"M": {}}"#)),
    ])
    .expect("right");
    let bound = updates.bound();
    assert_eq!(
        bound.apply(Some(&old), &Item::new()).expect("done"),
        item(
            r#"{"n": {"N": "3.5"}, "new": {"NS": ["1"]}, "ss": {"SS": ["b"]}, "l": {"L": [{"N": "1"}, {"N": "1"}]},
                "a.b": {"N": "3"}, "p": {"M": {}}}"#
        )
    );
    assert!(bound.tree().creates());
    assert!(attribute_updates(Vec::new()).expect("right").bound().tree().creates());
    assert!(!attribute_updates(vec![change("a", Delete, None)]).expect("right").bound().tree().creates());
    for (action, json) in [(Add, r#"{"N": "1"}"#), (Add, r#"{"SS": ["x"]}"#), (Delete, r#"{"NS": ["1"]}"#)] {
        let name = if json.contains("\"SS\"") { "l" } else { "ss" };
        let updates = attribute_updates(vec![change(name, action, Some(json))]).expect("right");
        let error = updates.bound().apply(Some(&old), &Item::new()).expect_err("a mismatch");
        assert_eq!(error.to_string(), "Type mismatch for attribute to update");
    }
}

#[test]
fn attribute_updates_are_checked() {
    use LegacyAction::{Add, Delete, Put};
    let said = |update| attribute_updates(vec![update]).expect_err("wrong").to_string();
    let prefix = "One or more parameter values were invalid: ";
    for action in [Put, Add] {
        assert_eq!(
            said(change("a", action, None)),
            format!("{prefix}Only DELETE action is allowed when no attribute value is specified")
        );
    }
    for json in [
        r#"{"S": "1"}"#,
        r#"{"N": "1"}"#,
        r#"{"B": "Yg=="}"#,
        r#"{"NULL": true}"#,
        r#"{"M": {}}"#,
        r#"{"L": []}"#,
    ] {
        let kind = value(json).kind();
        assert_eq!(
            said(change("a", Delete, Some(json))),
            format!("{prefix}DELETE action with value is not supported for the type {kind}")
        );
        if !matches!(kind.code(), "N" | "L") {
            assert_eq!(
                said(change("a", Add, Some(json))),
                format!("{prefix}ADD action is not supported for the type {kind}")
            );
        }
    }
}

#[test]
fn key_conditions_become_queries() {
    let schema = KeySchema { partition: &[("p", S)], sort: &[("c", N)] };
    let key = || of("p", "EQ", &[r#"{"S": "k"}"#]);
    let one = r#"{"N": "1"}"#;
    let two = Value::from(2);
    let query = |conditions| {
        let keys = LegacyKeys::new(conditions)?;
        keys.condition().query(schema).map(|query| format!("{:?} {:?}", query.sort, query.range))
    };
    assert_eq!(query(vec![key(), of("c", "EQ", &[one])]).expect("right"), "[N(1)] None");
    assert_eq!(
        query(vec![of("c", "BETWEEN", &[one, r#"{"N": "2"}"#]), key()]).expect("right"),
        format!("[] Some({:?})", Range::Between(&1.into(), &two))
    );
    // An index's key may have more than two.
    let schema = KeySchema { partition: &[("p", S)], sort: &[("c", N), ("d", N)] };
    let keys = LegacyKeys::new(vec![key(), of("c", "EQ", &[one]), of("d", "GT", &[one])]).expect("right");
    assert_eq!(keys.condition().query(schema).expect("right").sort.len(), 1);
    for (conditions, text) in [
        (vec![], "Conditions can be of length 1 or 2 only"),
        (
            vec![of("a", "NULL", &[]), of("b", "NULL", &[]), of("c", "NULL", &[])],
            "Conditions can be of length 1 or 2 only",
        ),
        (vec![of("c", "EQ", &[one])], "Query condition missed key schema element: p"),
        (vec![key(), of("a", "EQ", &[one])], "Query condition missed key schema element: c"),
        (vec![of("p", "LE", &[r#"{"S": "k"}"#])], "Query key condition not supported"),
        (
            vec![of("p", "NE", &[r#"{"S": "k"}"#])],
            "Attempted conditional constraint is not an indexable operation",
        ),
        (vec![key(), of("c", "NULL", &[])], "Attempted conditional constraint is not an indexable operation"),
        (
            vec![of("p", "EQ", &[one])],
            "One or more parameter values were invalid: Condition parameter type does not match schema type",
        ),
        (
            vec![key(), of("c", "BEGINS_WITH", &[one])],
            "One or more parameter values were invalid: ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type",
        ),
    ] {
        assert_eq!(query(conditions).expect_err(text).to_string(), text);
    }
}

#[test]
fn attributes_are_projected_by_name() {
    let item = short(r#"{"a": {"b": 1}, "a.b": 2, "c": 3}"#);
    assert_eq!(
        attributes_to_get(&["a.b", "c", "x"]).expect("right").project(&item),
        short(r#"{"a.b": 2, "c": 3}"#)
    );
    assert_eq!(
        attributes_to_get(&["a", "b", "a"]).expect_err("twice").to_string(),
        "One or more parameter values were invalid: Duplicate value in attribute name: a"
    );
}
