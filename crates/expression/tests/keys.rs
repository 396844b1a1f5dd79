//! Conditions on keys.

mod common;

use attribute::KeyType::{B, N, S};
use attribute::Value;
use common::{Values, condition_of, values};
use expression::{KeyCondition, KeySchema, Parameter, Range};

const TABLE: KeySchema<'static> = KeySchema { partition: &[("p", S)], sort: &[("c", N)] };

fn all_values() -> Values {
    values(&[
        (":p", r#"{"S": "k"}"#),
        (":s", r#"{"S": "x"}"#),
        (":1", r#"{"N": "1"}"#),
        (":2", r#"{"N": "2"}"#),
        (":b", r#"{"B": "YQ=="}"#),
        (":empty", r#"{"S": ""}"#),
    ])
}

fn refused(text: &str, schema: KeySchema<'_>) -> String {
    let values = all_values();
    let bound = match condition_of(Parameter::KeyConditionExpression, text, &[("#c", "c")], &values) {
        Ok(bound) => bound,
        Err(error) => return error.to_string(),
    };
    match KeyCondition::new(&bound) {
        Ok(keys) => keys.query(schema).expect_err(text).to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn ranges_of_sort_keys() {
    let values = all_values();
    let (one, two) = (Value::from(1), Value::from(2));
    for (text, sort, range) in [
        ("p=:p", 0, None),
        (" :p = p AND :1=c", 1, None),
        ("c = :1 and (p = :p)", 1, None),
        ("((c=:1) AND (p=:p))", 1, None),
        ("p=:p AND c<:1", 0, Some(Range::Less(&one))),
        ("p=:p AND c<=:1", 0, Some(Range::LessOrEqual(&one))),
        ("p=:p AND #c>:1", 0, Some(Range::Greater(&one))),
        ("p=:p AND c>=:1", 0, Some(Range::GreaterOrEqual(&one))),
        ("p=:p AND :1<c", 0, Some(Range::Greater(&one))),
        ("p=:p AND :1>=c", 0, Some(Range::LessOrEqual(&one))),
        ("p=:p AnD c BeTwEeN :1 aNd :2", 0, Some(Range::Between(&one, &two))),
    ] {
        let bound =
            condition_of(Parameter::KeyConditionExpression, text, &[("#c", "c")], &values).expect(text);
        let query = KeyCondition::new(&bound).expect(text).query(TABLE).expect(text);
        assert_eq!(query.partition, [&Value::from("k")], "{text}");
        assert_eq!(query.sort, vec![&one; sort], "{text}");
        assert_eq!(query.range, range, "{text}");
    }
    let schema = KeySchema { partition: &[("p", S)], sort: &[("c", S)] };
    let bound =
        condition_of(Parameter::KeyConditionExpression, "begins_with(c, :s) AND p = :p", &[], &values)
            .expect("right");
    let query = KeyCondition::new(&bound).expect("right").query(schema).expect("right");
    assert_eq!(query.range, Some(Range::BeginsWith(&"x".into())));
}

#[test]
fn what_no_key_can_have_is_refused() {
    let multiple =
        "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition";
    let nested = "KeyConditionExpressions cannot have conditions on nested attributes";
    let operations = "KeyConditionExpressions cannot contain nested operations";
    let none = "Invalid condition in KeyConditionExpression: No key attribute specified";
    let twice = "KeyConditionExpressions must only contain one condition per key";
    let first = |name: &str| {
        format!(
            "Invalid condition in KeyConditionExpression: {name} operator must have the key attribute as its first operand"
        )
    };
    let operator = |name: &str| format!("Invalid operator used in KeyConditionExpression: {name}");
    for (text, expected) in [
        ("a > b and size(b) > c or a > c", operator("OR")),
        ("a in (b, size(c), d)", operator("IN")),
        ("p=:p AND c IN (:1)", operator("IN")),
        ("attribute_exists(a)", operator("attribute_exists")),
        ("attribute_not_exists(a)", operator("attribute_not_exists")),
        ("attribute_type(a, :t)", "Invalid KeyConditionExpression: An expression attribute value used in expression is not defined; attribute value: :t".to_owned()),
        ("contains(a.d, b)", operator("contains")),
        ("not a > b", operator("NOT")),
        ("p=:p AND a <> b", operator("<>")),
        (":1 between size(b) and size(a) and b > :1", first("BETWEEN")),
        ("begins_with(:s, b) and a > :1", first("begins_with")),
        ("size(b) > a AND a.b > b AND b > c", operations.to_owned()),
        ("a > size(b.d)", operations.to_owned()),
        ("a between size(b) and size(a)", operations.to_owned()),
        ("b > a.b", multiple.to_owned()),
        ("b between c[1] and d", multiple.to_owned()),
        ("a between b and size(a)", multiple.to_owned()),
        ("begins_with(a, b)", multiple.to_owned()),
        ("p = c", multiple.to_owned()),
        ("b.d > a AND c.d > e.f", nested.to_owned()),
        ("b[0] > a", nested.to_owned()),
        (":2 > :1 AND a < :2", none.to_owned()),
        (":1 > b AND :1 < :2", none.to_owned()),
        ("b > :1 AND b < :1 and c = :1 and d = :1", twice.to_owned()),
        ("(a > :1 and b > :1) and (b > :1 and c > :1)", twice.to_owned()),
        ("p=:p AND p=:p", twice.to_owned()),
        ("p=:p AND c<:1 AND a<:1", "Conditions can be of length 1 or 2 only".to_owned()),
        ("(a > :1 and b > :1) and (c > :1 and d > :1) and (e > :1 and f > :1)", "Conditions can be of length 1 or 2 only".to_owned()),
        ("p=:p AND begins_with(c, :1)", "Invalid KeyConditionExpression: Incorrect operand type for operator or function; operator or function: begins_with, operand type: N".to_owned()),
        ("p=:p AND dog(c, :1)", "Invalid KeyConditionExpression: Invalid function name; function: dog".to_owned()),
    ] {
        assert_eq!(refused(text, TABLE), expected, "{text}");
    }
}

#[test]
fn what_this_key_does_not_have_is_refused() {
    let missed = |name: &str| format!("Query condition missed key schema element: {name}");
    let unsupported = "Query key condition not supported".to_owned();
    let wrong =
        "One or more parameter values were invalid: Condition parameter type does not match schema type"
            .to_owned();
    let empty = "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: p".to_owned();
    for (text, expected) in [
        ("c=:1", missed("p")),
        ("a=:1", missed("p")),
        ("p=:p AND a<:1", missed("c")),
        ("p<:p", unsupported.clone()),
        ("begins_with(p, :s)", unsupported.clone()),
        ("p=:1", wrong.clone()),
        ("p=:p AND c=:s", wrong.clone()),
        ("p=:p AND begins_with(c, :s)", wrong.clone()),
        ("p=:empty", empty),
    ] {
        assert_eq!(refused(text, TABLE), expected, "{text}");
    }
    let hash = KeySchema { partition: &[("p", S)], sort: &[] };
    assert_eq!(refused("p=:p AND c=:1", hash), unsupported);
    assert_eq!(refused("c=:1", hash), missed("p"));
}

#[test]
fn keys_of_several_attributes() {
    let schema = KeySchema { partition: &[("h", S), ("i", N)], sort: &[("r", S), ("s", B), ("t", N)] };
    let values = all_values();
    let query = |text: &str| {
        let bound = condition_of(Parameter::KeyConditionExpression, text, &[], &values).expect(text);
        let query = KeyCondition::new(&bound).expect(text).query(schema).expect(text);
        (query.partition.len(), query.sort.len(), query.range.is_some())
    };
    assert_eq!(query("i = :1 AND h = :p"), (2, 0, false));
    assert_eq!(query("h = :p AND i = :1 AND r = :s AND s = :b AND t > :1"), (2, 2, true));
    assert_eq!(query("s > :b AND h = :p AND i = :1 AND r = :s"), (2, 1, true));
    let unequal = "Query key condition not supported: every HASH key attribute of the index must have an equality condition";
    let not_in_order = "Query key condition not supported: conditions on RANGE key attributes must follow the order of the index, and all but the last must be equality conditions";
    let (skipped_r, skipped_s) = ["r", "s"].map(|name| format!("{not_in_order}: {name} has none")).into();
    for (text, expected) in [
        ("h = :p", unequal),
        ("h = :p AND i > :1", unequal),
        ("h = :p AND i = :1 AND s = :b", &skipped_r[..]),
        ("h = :p AND i = :1 AND r > :s AND s = :b", not_in_order),
        ("h = :p AND i = :1 AND r = :s AND x = :b", &skipped_s[..]),
    ] {
        assert_eq!(refused(text, schema), expected, "{text}");
    }
}
