//! Updates of items.

mod common;

use attribute::Item;
use common::{Values, item, short, update, values};

fn all_values() -> Values {
    values(&[
        (":1", r#"{"N": "1"}"#),
        (":2", r#"{"N": "2"}"#),
        (":s", r#"{"S": "new"}"#),
        (":l", r#"{"L": [{"N": "8"}, {"N": "9"}]}"#),
        (":e", r#"{"L": []}"#),
        (":m", r#"{"M": {}}"#),
        (":ss", r#"{"SS": ["a", "b"]}"#),
        (":ns", r#"{"NS": ["1.0", "2.00"]}"#),
        (":big", r#"{"N": "9e125"}"#),
        (":1e50", r#"{"N": "1e50"}"#),
    ])
}

const NAMES: [(&str, &str); 2] = [("#n", "a.b"), ("#1", "1")];

fn done(text: &str, old: &str) -> Item {
    let values = all_values();
    let old = short(old);
    update(text, &NAMES, &values).expect(text).apply(Some(&old), &Item::new()).expect(text)
}

fn failed(text: &str, old: &str) -> String {
    let values = all_values();
    let old = short(old);
    update(text, &NAMES, &values).expect(text).apply(Some(&old), &Item::new()).expect_err(text).to_string()
}

#[test]
fn values_are_set_removed_and_computed() {
    for (text, old, new) in [
        ("SET b = :s", r#"{"p": "x"}"#, r#"{"p": "x", "b": "new"}"#),
        (" set   b=:s,\n#n = :1 ", r#"{}"#, r#"{"b": "new", "a.b": 1}"#),
        ("REMOVE a, gone", r#"{"a": 1, "b": 2}"#, r#"{"b": 2}"#),
        ("SET c = a REMOVE a", r#"{"a": "x"}"#, r#"{"c": "x"}"#),
        ("SET a = b, b = a", r#"{"a": 1, "b": 2}"#, r#"{"a": 2, "b": 1}"#),
        ("SET a = a + :2", r#"{"a": 1}"#, r#"{"a": 3}"#),
        ("SET a = :2 - a", r#"{"a": 1}"#, r#"{"a": 1}"#),
        ("SET a = (b + a)", r#"{"a": 1, "b": 2}"#, r#"{"a": 3, "b": 2}"#),
        (
            "set a = ((b.c.d)+(e))",
            r#"{"b": {"c": {"d": 1}}, "e": 2}"#,
            r#"{"a": 3, "b": {"c": {"d": 1}}, "e": 2}"#,
        ),
        ("SET a = if_not_exists(a, :1) + :2", r#"{}"#, r#"{"a": 3}"#),
        ("SET a = if_not_exists(a, :1)", r#"{"a": 7}"#, r#"{"a": 7}"#),
        ("SET x = if_not_exists(b, if_not_exists(a, :1))", r#"{"a": 7}"#, r#"{"a": 7, "x": 7}"#),
        ("SET a = list_append(a, :l)", r#"{"a": [1]}"#, r#"{"a": [1, 8, 9]}"#),
        ("SET a = list_append(if_not_exists(a, :e), :l)", r#"{}"#, r#"{"a": [8, 9]}"#),
        ("SET b = list_append(:l, a)", r#"{"a": [1]}"#, r#"{"a": [1], "b": [8, 9, 1]}"#),
        (
            "SET a.b = :1, a.c.d = :s, b.x = :2 REMOVE a.x, b.y",
            r#"{"a": {"x": 3, "y": 4, "c": {"y": 3}}, "b": {"x": 1, "y": 2}}"#,
            r#"{"a": {"y": 4, "b": 1, "c": {"y": 3, "d": "new"}}, "b": {"x": 2}}"#,
        ),
        (
            "SET a.c[1].x.y[1] = :1",
            r#"{"a": {"c": ["hi", {"x": {"y": [3, 5, 7]}}]}}"#,
            r#"{"a": {"c": ["hi", {"x": {"y": [3, 1, 7]}}]}}"#,
        ),
        ("SET a[0] = :1", r#"{"a": []}"#, r#"{"a": [1]}"#),
        ("SET a[7] = :s", r#"{"a": ["one"]}"#, r#"{"a": ["one", "new"]}"#),
        ("SET a[84] = :1, a[37] = :2, a[0] = :s", r#"{"a": ["one"]}"#, r#"{"a": ["new", 2, 1]}"#),
        ("REMOVE a[1] SET a[3] = :1", r#"{"a": [2, 3, 4, 5, 6]}"#, r#"{"a": [2, 4, 1, 6]}"#),
        ("SET a[9] = :1 REMOVE a[0], a[2], a[7]", r#"{"a": [2, 3, 4]}"#, r#"{"a": [3, 1]}"#),
        (
            "REMOVE a[0], a[2].b[1], a[2].b[0] SET a[1].c[5] = :1",
            r#"{"a": [1, {"c": []}, {"b": [1, 2, 3]}]}"#,
            r#"{"a": [{"c": [1]}, {"b": [3]}]}"#,
        ),
        ("REMOVE a.b, c[0]", r#"{"a": {"b": 1}, "c": [1]}"#, r#"{"a": {}, "c": []}"#),
        ("REMOVE a.y, b[7], c", r#"{"a": {"x": 3}, "b": ["hi"]}"#, r#"{"a": {"x": 3}, "b": ["hi"]}"#),
        ("ADD a :2, b :1, m.c :1", r#"{"a": 1, "m": {}}"#, r#"{"a": 3, "b": 1, "m": {"c": 1}}"#),
        ("DELETE gone :ss", r#"{"a": 1}"#, r#"{"a": 1}"#),
    ] {
        assert_eq!(done(text, old), short(new), "{text}");
    }
}

#[test]
fn sets_are_joined_and_reduced() {
    let values = all_values();
    let apply = |text: &str, old: &str| {
        let old = item(old);
        update(text, &NAMES, &values).expect(text).apply(Some(&old), &Item::new()).expect(text)
    };
    let three = r#"{"ns": {"NS": ["1", "2", "3"]}, "ss": {"SS": ["b", "c"]}}"#;
    assert_eq!(
        apply("ADD ns :ns, ss :ss, more :ss", three),
        item(r#"{"ns": {"NS": ["1", "2", "3"]}, "ss": {"SS": ["a", "b", "c"]}, "more": {"SS": ["a", "b"]}}"#)
    );
    assert_eq!(apply("DELETE ns :ns, ss :ss", three), item(r#"{"ns": {"NS": ["3"]}, "ss": {"SS": ["c"]}}"#));
    // A set is never empty: the attribute goes, or the element of the list.
    let nested =
        r#"{"m": {"M": {"ns": {"NS": ["1"]}}}, "l": {"L": [{"SS": ["a"]}, {"SS": ["b"]}, {"N": "5"}]}}"#;
    assert_eq!(
        apply("DELETE m.ns :ns, l[0] :ss, l[1] :ss", nested),
        item(r#"{"m": {"M": {}}, "l": {"L": [{"N": "5"}]}}"#)
    );
}

#[test]
fn what_the_item_does_not_allow_is_refused() {
    let missing = "The provided expression refers to an attribute that does not exist in the item";
    let operand = "An operand in the update expression has an incorrect data type";
    let path = "The document path provided in the update expression is invalid for update";
    let overflow = "Number overflow. Attempting to store a number with magnitude larger than supported range";
    for (text, old, expected) in [
        ("SET c = z", r#"{"a": 1}"#, missing),
        ("SET z = z", r#"{"a": 1}"#, missing),
        ("SET x = :1, y = x", r#"{"a": 1}"#, missing),
        ("SET b = b + :1", r#"{"a": 1}"#, missing),
        ("SET e = list_append(b, c)", r#"{"b": []}"#, missing),
        ("SET e = if_not_exists(b, c)", r#"{}"#, missing),
        ("SET e = a + :1", r#"{"a": "x"}"#, operand),
        ("SET e = :1 - a", r#"{"a": []}"#, operand),
        ("SET e = list_append(a, :l)", r#"{"a": 1}"#, operand),
        ("ADD a :1", r#"{"a": "x"}"#, operand),
        ("ADD a :ss", r#"{"a": [1]}"#, operand),
        ("ADD a :1", r#"{"a": {}}"#, operand),
        ("DELETE a :ss", r#"{"a": 1}"#, operand),
        ("SET a = a + :big", r#"{"a": 9e125}"#, overflow),
        ("SET a = :1e50 - :1", r#"{}"#, overflow),
        ("SET a = :1e50 + :1", r#"{}"#, overflow),
        ("ADD a :1", r#"{"a": 1e50}"#, overflow),
        ("SET a.c = :1", r#"{"a": "x"}"#, path),
        ("SET a.c = :1", r#"{"a": ["x"]}"#, path),
        ("SET c.c = :1", r#"{"a": "x"}"#, path),
        ("SET a[0] = :1", r#"{"a": {}}"#, path),
        ("SET a[0] = :1", r#"{}"#, path),
        ("SET a.b.c = :1", r#"{"a": {}}"#, path),
        ("REMOVE a.c", r#"{"a": "x"}"#, path),
        ("REMOVE c.c", r#"{"a": "x"}"#, path),
        ("REMOVE b[1] SET #1 = :1", r#"{"b": {}}"#, path),
        ("DELETE y.a :ss", r#"{"a": "x"}"#, path),
        ("DELETE a.#1 :ss", r#"{"a": []}"#, path),
        ("ADD y[1] :ss", r#"{"a": "x"}"#, path),
        ("ADD a.#1 :1", r#"{"a": []}"#, path),
    ] {
        assert_eq!(failed(text, old), expected, "{text} of {old}");
    }
}

#[test]
fn a_new_item_begins_with_its_key() {
    let values = all_values();
    let key = short(r#"{"p": "k"}"#);
    let apply = |text: &str| update(text, &NAMES, &values).expect(text).apply(None, &key);
    assert_eq!(apply("SET a = :1").expect("done"), short(r#"{"p": "k", "a": 1}"#));
    assert_eq!(apply("ADD a :2").expect("done"), short(r#"{"p": "k", "a": 2}"#));
    assert_eq!(apply("SET a = p").expect("done"), short(r#"{"p": "k", "a": "k"}"#));
    // What never was has nothing to remove, whatever the path.
    assert_eq!(apply("REMOVE x.y").expect("done"), key);
    assert_eq!(apply("REMOVE x[0]").expect("done"), key);
    assert!(apply("SET b.a = p").is_err() && apply("SET b = c").is_err());
    for (text, creates) in
        [("REMOVE a DELETE b :ss", false), ("REMOVE a SET b = :1", true), ("ADD b :1", true)]
    {
        assert_eq!(update(text, &NAMES, &values).expect(text).tree().creates(), creates);
    }
}

#[test]
fn what_is_touched_is_returned() {
    let values = all_values();
    let check = |text: &str, old: &str, updated_old: &str, updated_new: &str| {
        let old = short(old);
        let bound = update(text, &NAMES, &values).expect(text);
        let new = bound.apply(Some(&old), &Item::new()).expect(text);
        assert_eq!(bound.touched().project(&old), short(updated_old), "{text}: old");
        assert_eq!(bound.touched().project(&new), short(updated_new), "{text}: new");
    };
    check("SET b = :s, c = :1", r#"{"a": "hi", "b": "dog"}"#, r#"{"b": "dog"}"#, r#"{"b": "new", "c": 1}"#);
    check("REMOVE b SET a = a + :1", r#"{"a": 1, "b": "dog"}"#, r#"{"a": 1, "b": "dog"}"#, r#"{"a": 2}"#);
    let nested = r#"{"a": {"b": "dog", "c": [1, 2, 3]}, "d": "cat"}"#;
    check(
        "SET a.c[1] = :1, a.b = :s",
        nested,
        r#"{"a": {"b": "dog", "c": [2]}}"#,
        r#"{"a": {"b": "new", "c": [1]}}"#,
    );
    check("SET a.x = :1", nested, "{}", r#"{"a": {"x": 1}}"#);
    // An element appended is not where its path leads, and one that moved up is.
    check("SET a.c[100] = :1", nested, "{}", "{}");
    check("REMOVE a.c[1], a.c[3]", nested, r#"{"a": {"c": [2]}}"#, r#"{"a": {"c": [3]}}"#);
}

#[test]
fn attributes_of_an_update_are_named() {
    let values = all_values();
    let bound = update("SET a = b.c + d[1] REMOVE e.f, #n ADD g :1", &NAMES, &values).expect("an update");
    assert_eq!(bound.attributes(), ["a", "e", "a.b", "g"]);
    assert_eq!(bound.nested_attributes(), ["b", "d", "e"]);
}
