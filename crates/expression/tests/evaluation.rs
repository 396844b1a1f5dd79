//! Conditions and projections against items.

mod common;

use attribute::Item;
use common::{Values, condition, item, projection, short, values};

fn holds(text: &str, item: &Item, values: &Values) -> bool {
    condition(text, &[("#n", "a.b"), ("#name1", "m"), ("#name2", "x")], values).expect(text).matches(item)
}

fn sample() -> Item {
    item(
        r#"{
        "n": {"N": "1"}, "two": {"N": "2"}, "s": {"S": "dog"}, "b": {"B": "gA=="}, "yes": {"BOOL": true},
        "nothing": {"NULL": true}, "ss": {"SS": ["b", "a"]}, "ns": {"NS": ["1", "20"]}, "bs": {"BS": ["YQ=="]},
        "l": {"L": [{"N": "1"}, {"SS": ["y", "x"]}, {"M": {"k": {"S": "v"}}}]},
        "m": {"M": {"x": {"N": "5"}, "y": {"L": [{"N": "3"}, {"N": "7"}]}}},
        "a.b": {"S": "dotted"}
    }"#,
    )
}

fn all_values() -> Values {
    values(&[
        (":1", r#"{"N": "1.0"}"#),
        (":2", r#"{"N": "2"}"#),
        (":s", r#"{"S": "dog"}"#),
        (":t", r#"{"S": "do"}"#),
        (":z", r#"{"S": "z"}"#),
        (":b", r#"{"B": "fw=="}"#),
        (":ss", r#"{"SS": ["a", "b"]}"#),
        (":ns", r#"{"NS": ["20.0", "1e0"]}"#),
        (":xy", r#"{"SS": ["x", "y"]}"#),
        (":l", r#"{"L": [{"N": "1"}, {"SS": ["x", "y"]}, {"M": {"k": {"S": "v"}}}]}"#),
        (":m", r#"{"M": {"y": {"L": [{"N": "3"}, {"N": "7"}]}, "x": {"N": "5.00"}}}"#),
        (":yes", r#"{"BOOL": true}"#),
        (":null", r#"{"NULL": true}"#),
        (":type", r#"{"S": "N"}"#),
    ])
}

#[test]
fn what_is_true() {
    let (item, values) = (sample(), all_values());
    for text in [
        "n = :1",
        "n <> :2",
        "n <> :s",
        "absent <> :1",
        "absent <> gone",
        "ss = :ss",
        "ns = :ns",
        "l = :l",
        "m = :m",
        "yes = :yes",
        "nothing = :null",
        "nothing <> :yes",
        "n < two",
        "n <= :1",
        ":2 > n",
        "s >= :s",
        "s < :z",
        "b > :b",
        "n BETWEEN :1 AND two",
        "s between :t and :z",
        "n IN (:s, :2, :1)",
        "s IN (:s, :z)",
        "attribute_exists(m.y[1])",
        "attribute_not_exists(m.y[2])",
        "attribute_not_exists(m[0])",
        "attribute_not_exists(l.k)",
        "attribute_not_exists(s.x)",
        "attribute_exists(#n)",
        "attribute_type(n, :type)",
        "attribute_type(:1, :type)",
        "begins_with(s, :t)",
        "begins_with(:s, s)",
        "contains(s, :t)",
        "contains(ss, :z) OR contains(ns, :1)",
        "contains(l, :xy)",
        "contains(l, n)",
        "size(s) > :2",
        "size(ss) = :2",
        "size(m) = two",
        "size(b) = n",
        "size(:l) > :2",
        "m.x > m.y[0]",
        "#name1.#name2 < m.y[1]",
        "NOT n = :2",
        "NOT NOT n = :1",
        "nOt n = :2 aNd s = :s",
        "n = :2 OR s = :z OR n = :1",
        "n = :1 OR s = :z AND s = :z",
        "(n = :1 OR s = :z) AND s = :s",
        "n BETWEEN :1 AND :2 AND s = :s",
        "size(absent) <> :1",
    ] {
        assert!(holds(text, &item, &values), "{text}");
    }
}

#[test]
fn what_is_false() {
    let (item, values) = (sample(), all_values());
    for text in [
        "n = :2",
        "n = :s",
        "absent = :1",
        "absent = gone",
        "n <> :1",
        "ss <> :ss",
        "n < :s",
        "absent < :1",
        ":1 < absent",
        "absent <= gone",
        "ss < two",
        "yes >= yes2",
        "n BETWEEN :s AND :z",
        "n BETWEEN two AND :1",
        "absent BETWEEN :1 AND :2",
        "absent IN (:1, gone)",
        "attribute_exists(absent)",
        "attribute_type(s, :type)",
        "attribute_type(absent, :type)",
        "begins_with(n, :t)",
        "begins_with(absent, :t)",
        "begins_with(s, b)",
        "contains(s, :1)",
        "contains(absent, :1)",
        "contains(m, :1)",
        "contains(b, :s)",
        "size(n) = :1",
        "size(yes) = :1",
        "size(nothing) = :1",
        "size(absent) = :1",
        "m.z < m.y[100]",
        "NOT n = :1 AND s = :s",
        "n = :1 AND s = :z",
    ] {
        assert!(!holds(text, &item, &values), "{text}");
    }
}

#[test]
fn an_item_that_is_not_there_has_no_attributes() {
    let (nothing, values) = (Item::new(), all_values());
    assert!(holds("attribute_not_exists(n)", &nothing, &values));
    assert!(holds("n <> :1", &nothing, &values));
    assert!(!holds("n = :1", &nothing, &values));
}

#[test]
fn strings_are_as_long_as_they_are_in_utf_16() {
    let item = item(r#"{"s": {"S": "é𝄞"}, "e": {"S": ""}}"#);
    let values = values(&[(":3", r#"{"N": "3"}"#), (":0", r#"{"N": "0"}"#)]);
    assert!(holds("size(s) = :3 AND size(e) = :0", &item, &values));
}

#[test]
fn attributes_of_a_condition_are_named() {
    let values = all_values();
    let bound = condition(
        "n = :1 AND (size(m.x) > :1 OR begins_with(#n, :t)) AND l[0] IN (s, :s)",
        &[("#n", "x.y")],
        &values,
    )
    .expect("a condition");
    assert_eq!(bound.attributes(), ["n", "m", "x.y", "l", "s"]);
    assert_eq!(bound.nested_attributes(), ["m", "l"]);
}

fn projected(text: &str, item: &Item) -> Item {
    projection(text, &[("#dot", "a.b"), ("#n1", "a"), ("#n2", "b")]).expect(text).wanted().project(item)
}

#[test]
fn projections_keep_the_shape() {
    let whole = short(
        r#"{"p": "x", "a": {"b": [2, 4, {"x": "hi", "y": "yo"}], "c": 5}, "b": "hello", "a.b": "dot"}"#,
    );
    for (text, expected) in [
        ("p, b", r#"{"p": "x", "b": "hello"}"#),
        ("a", r#"{"a": {"b": [2, 4, {"x": "hi", "y": "yo"}], "c": 5}}"#),
        ("a.b", r#"{"a": {"b": [2, 4, {"x": "hi", "y": "yo"}]}}"#),
        ("#n1.#n2[0]", r#"{"a": {"b": [2]}}"#),
        ("a.b[2].y", r#"{"a": {"b": [{"y": "yo"}]}}"#),
        ("x", "{}"),
        ("a.b[3]", "{}"),
        ("a.x.y", "{}"),
        ("a.b.x", "{}"),
        ("a[0]", "{}"),
        ("a.b[0].x", "{}"),
        ("b.c", "{}"),
        ("a.b[1], a.b[0]", r#"{"a": {"b": [2, 4]}}"#),
        ("a.b[2].x, a.b[0]", r#"{"a": {"b": [2, {"x": "hi"}]}}"#),
        ("a.b[0], a.c", r#"{"a": {"b": [2], "c": 5}}"#),
        ("a.c, b", r#"{"a": {"c": 5}, "b": "hello"}"#),
        ("a.x, a.b[0], x, a.b[3].x", r#"{"a": {"b": [2]}}"#),
        ("#dot", r#"{"a.b": "dot"}"#),
    ] {
        assert_eq!(projected(text, &whole), short(expected), "{text}");
    }
}
