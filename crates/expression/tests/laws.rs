//! Laws of expressions, tried on many.

mod common;

use std::sync::Arc;

use attribute::{Item, Text, Value};
use common::{Values, condition, projection, update};
use expression::{Condition, Projection, Update};
use proptest::collection::vec;
use proptest::prelude::*;

/// A path of a few names and indexes, some behind placeholders.
fn path() -> impl Strategy<Value = String> {
    let step = prop_oneof![
        3 => "[abc]".prop_map(|name| format!(".{name}")),
        1 => "#[ab]".prop_map(|name| format!(".{name}")),
        2 => (0..3u32).prop_map(|index| format!("[{index}]")),
    ];
    (prop_oneof!["[abc]", "#[ab]"], vec(step, 0..3)).prop_map(|(head, steps)| head + &steps.concat())
}

fn operand() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => path(),
        3 => ":[nst]",
        1 => path().prop_map(|path| format!("size({path})")),
        1 => path().prop_map(|path| format!("({path})")),
    ]
}

fn test() -> impl Strategy<Value = String> {
    let sign = prop_oneof![Just("="), Just("<>"), Just("<"), Just("<="), Just(">"), Just(">=")];
    let leaf = prop_oneof![
        (operand(), sign, operand()).prop_map(|(left, sign, right)| format!("{left} {sign} {right}")),
        (operand(), operand(), operand())
            .prop_map(|(value, low, high)| format!("{value} between {low} and {high}")),
        (operand(), vec(operand(), 1..4))
            .prop_map(|(value, list)| format!("{value} IN ({})", list.join(","))),
        path().prop_map(|path| format!("attribute_exists({path})")),
        path().prop_map(|path| format!("attribute_not_exists ( {path} )")),
        (path(), operand()).prop_map(|(path, part)| format!("contains({path}, {part})")),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(|tests| tests
                .iter()
                .map(|test| wrapped(test))
                .collect::<Vec<_>>()
                .join(" AND ")),
            vec(inner.clone(), 2..4).prop_map(|tests| tests
                .iter()
                .map(|test| wrapped(test))
                .collect::<Vec<_>>()
                .join(" or ")),
            inner.prop_map(|test| format!("NOT {}", wrapped(&test))),
        ]
    })
}

/// In parentheses where it has operators of its own.
fn wrapped(test: &str) -> String {
    if test.contains(" AND ") || test.contains(" or ") { format!("({test})") } else { test.to_owned() }
}

fn action_set() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        2 => operand().prop_filter("no functions of conditions", |text| !text.starts_with("size")),
        1 => path().prop_map(|path| format!("{path} + :n")),
        1 => path().prop_map(|path| format!("(:n - {path})")),
        1 => path().prop_map(|path| format!("if_not_exists({path}, :s)")),
        1 => path().prop_map(|path| format!("list_append(if_not_exists({path}, :l), :l)")),
    ];
    (path(), value).prop_map(|(path, value)| format!("{path} = {value}"))
}

fn update_text() -> impl Strategy<Value = String> {
    let sets = vec(action_set(), 0..4).prop_map(|actions| section("SET", &actions));
    let removes = vec(path(), 0..3).prop_map(|paths| section("remove", &paths));
    let adds =
        vec(path().prop_map(|path| format!("{path} :n")), 0..2).prop_map(|actions| section("ADD", &actions));
    (sets, removes, adds).prop_map(|(sets, removes, adds)| format!("{sets} {removes} {adds}"))
}

fn section(word: &str, actions: &[String]) -> String {
    if actions.is_empty() { String::new() } else { format!("{word} {}", actions.join(", ")) }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        (-3..4i32).prop_map(Value::from),
        "[st]{0,2}".prop_map(|text| Value::from(text.as_str())),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::L),
            vec(("[abc]", inner), 0..4).prop_map(|entries| Value::M(to_item(entries))),
        ]
    })
}

fn to_item(entries: Vec<(String, Value)>) -> Item {
    entries.into_iter().map(|(name, value)| (Text::from(name), value)).collect()
}

fn item() -> impl Strategy<Value = Item> {
    vec(("[abc]", value()), 0..4).prop_map(to_item)
}

const NAMES: [(&str, &str); 2] = [("#a", "a"), ("#b", "b")];

fn values() -> Values {
    common::values(&[
        (":n", r#"{"N": "2"}"#),
        (":s", r#"{"S": "s"}"#),
        (":t", r#"{"S": "t"}"#),
        (":l", r#"{"L": [{"N": "1"}]}"#),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn conditions_printed_are_read_as_the_same(text in test()) {
        if let Ok(tree) = Condition::parse(&text) {
            prop_assert_eq!(Condition::parse(&tree.to_string()), Ok(tree.clone()), "{}", tree);
        }
    }

    #[test]
    fn updates_printed_are_read_as_the_same(text in update_text()) {
        if let Ok(tree) = Update::parse(&text) {
            prop_assert_eq!(Update::parse(&tree.to_string()), Ok(tree.clone()), "{}", tree);
        }
    }

    #[test]
    fn projections_printed_are_read_as_the_same(paths in vec(path(), 1..4)) {
        let tree = Projection::parse(&paths.join(" , ")).expect("paths");
        prop_assert_eq!(Projection::parse(&tree.to_string()), Ok(tree.clone()));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[a-c#:_0-9 ()\\[\\].,=<>+ANDORTINBEWSadlisz!ü-]{0,40}") {
        let _ = Condition::parse(&text);
        let _ = Update::parse(&text);
        let _ = Projection::parse(&text);
    }

    #[test]
    fn what_is_not_is_the_opposite(text in test(), item in item()) {
        let values = values();
        let not = format!("NOT ({text})");
        if let (Ok(one), Ok(other)) = (condition(&text, &NAMES, &values), condition(&not, &NAMES, &values)) {
            prop_assert_ne!(one.matches(&item), other.matches(&item));
        }
    }

    #[test]
    fn and_and_or_do_as_they_should(left in test(), right in test(), item in item()) {
        let values = values();
        let holds = |text: &str| condition(text, &NAMES, &values).ok().map(|bound| bound.matches(&item));
        if let (Some(one), Some(two)) = (holds(&left), holds(&right)) {
            let (left, right) = (wrapped(&left), wrapped(&right));
            prop_assert_eq!(holds(&format!("{left} AND {right}")), Some(one && two));
            prop_assert_eq!(holds(&format!("{left} OR {right}")), Some(one || two));
        }
    }

    /// Projecting twice is projecting once, and what is projected is part of the item.
    #[test]
    fn projections_are_idempotent(paths in vec(path(), 1..4), item in item()) {
        if let Ok(bound) = projection(&paths.join(","), &NAMES) {
            let wanted = bound.wanted();
            let part = wanted.project(&item);
            prop_assert!(part.iter().all(|(name, value)| is_part(value, item.get(name).expect("there"))));
            // Indexes move when lists are compacted, so only paths of names lead to the same place again.
            if !paths.iter().any(|path| path.contains('[')) {
                prop_assert_eq!(wanted.project(&part), part);
            }
        }
    }

    /// What an update does not touch stays, and what it sets at the top is there.
    #[test]
    fn updates_change_what_they_name(text in update_text(), old in item()) {
        let values = values();
        let Ok(bound) = update(&text, &NAMES, &values) else { return Ok(()) };
        let Ok(new) = bound.apply(Some(&old), &Item::new()) else { return Ok(()) };
        let named = bound.attributes();
        for (name, value) in old.iter().filter(|(name, _)| !named.contains(&name.as_str())) {
            prop_assert_eq!(new.get(name), Some(value));
        }
        for (name, _) in new.iter() {
            prop_assert!(old.get(name).is_some() || named.contains(&name.as_str()));
        }
        let touched = bound.touched();
        prop_assert!(touched.project(&old).iter().all(|(name, value)| is_part(value, old.get(name).expect("there"))));
        prop_assert!(touched.project(&new).iter().all(|(name, value)| is_part(value, new.get(name).expect("there"))));
    }

    /// Setting a path and projecting it gives the value that was set, wherever it could be set without appending.
    #[test]
    fn what_is_set_is_found(path in path(), old in item()) {
        let values = values();
        let (Ok(bound), Ok(wanted)) =
            (update(&format!("SET {path} = :t"), &NAMES, &values), projection(&path, &NAMES))
        else {
            return Ok(());
        };
        let Ok(new) = bound.apply(Some(&old), &Item::new()) else { return Ok(()) };
        let found = wanted.wanted().project(&new);
        if wanted.wanted().project(&old).is_empty() && path.ends_with(']') {
            return Ok(());
        }
        let text = format!("{path} = :t");
        prop_assert!(condition(&text, &NAMES, &values).expect("a condition").matches(&new));
        prop_assert!(!found.is_empty());
    }
}

fn is_part(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::M(part), Value::M(whole)) => {
            part.iter().all(|(name, value)| whole.get(name).is_some_and(|whole| is_part(value, whole)))
        }
        (Value::L(part), Value::L(whole)) => {
            let mut rest = whole.iter();
            part.iter().all(|value| rest.any(|whole| is_part(value, whole)))
        }
        (part, whole) => part == whole,
    }
}

#[test]
fn a_tree_can_be_bound_again_and_again() {
    let tree = Arc::new(Condition::parse("a = :n").expect("a condition"));
    for number in 0..3 {
        let values = vec![(Text::new(":n"), Ok(Value::from(number)))];
        let mut parameters =
            expression::Parameters::new(None::<[(&str, &str); 0]>, Some(&values)).expect("right");
        let bound =
            parameters.condition(expression::Parameter::ConditionExpression, tree.clone()).expect("right");
        assert_eq!(bound.matches(&Item::from([("a", Value::from(1))])), number == 1);
    }
}
