//! Any text as every kind of expression, with names, values and items of any kind: never a panic, what is printed is
//! read as the same, a negation is the opposite, and what an update makes can be written and read again.
//!
//! The text before the first zero byte is the expression, the rest an item in JSON, which is tried as a value of the
//! expression too.

#![no_main]

use std::fmt::Debug;
use std::sync::Arc;

use attribute::{Item, Text, Value};
use expression::{
    Cache, Condition, KeyCondition, KeySchema, Parameter, Parameters, Projection, Reason, Update,
    limits::EXPRESSION_BYTES_MAX,
};
use libfuzzer_sys::fuzz_target;

const NAMES: [(&str, &str); 3] = [("#a", "a"), ("#b", "b"), ("#n", "a.b")];
const SCHEMA: KeySchema<'static> =
    KeySchema { partition: &[("a", attribute::KeyType::S)], sort: &[("b", attribute::KeyType::N)] };

fuzz_target!(|data: &[u8]| {
    let (text, json) = match data.iter().position(|byte| *byte == 0) {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (data, &b"{}"[..]),
    };
    let item = match attribute::item_from_slice(json) {
        Ok(Ok(item)) => {
            round_trip(&item);
            item
        }
        _ => Item::new(),
    };
    let Ok(text) = std::str::from_utf8(text) else { return };
    if let Ok(number) = text.parse::<attribute::Number>() {
        let mut bytes = Vec::new();
        number.encode(&mut bytes);
        assert_eq!(attribute::Number::decode(&bytes), Some(number));
        assert_eq!(number.to_string().parse(), Ok(number));
    }
    let values = vec![
        (Text::new(":i"), Ok(Value::M(item.clone()))),
        (Text::new(":l"), Ok(Value::L(vec![1.into()]))),
        (Text::new(":n"), Ok(Value::from(1))),
        (Text::new(":s"), Ok(Value::from("s"))),
        (Text::new(":v"), Ok(item.iter().next().map_or(Value::Null, |(_, value)| value.clone()))),
    ];
    let parameters = || Parameters::new(Some(NAMES), Some(&values)).expect("right");
    condition(text, &item, parameters);
    update(text, &item, parameters);
    if let Ok(tree) = Projection::parse(text) {
        printed(&tree, Projection::parse);
        if let Ok(bound) = parameters().projection(Arc::new(tree)) {
            let part = bound.wanted().project(&item);
            assert!(attribute::item_size(&part) <= attribute::item_size(&item));
        }
    }
});

fn condition<'v>(text: &str, item: &Item, parameters: impl Fn() -> Parameters<'v>) {
    let Ok(tree) = Cache::new(4, 4096).condition(text) else { return };
    printed(&*tree, Condition::parse);
    let Ok(bound) = parameters().condition(Parameter::ConditionExpression, tree) else { return };
    let holds = bound.matches(item);
    if let Ok(not) = Condition::parse(&format!("NOT ({})", bound.tree())) {
        let not = parameters().condition(Parameter::FilterExpression, Arc::new(not)).expect("as the other");
        assert_ne!(not.matches(item), holds);
    }
    if let Ok(keys) = KeyCondition::new(&bound)
        && let Ok(query) = keys.query(SCHEMA)
    {
        assert_eq!(query.partition.len(), 1);
    }
}

fn update<'v>(text: &str, item: &Item, parameters: impl Fn() -> Parameters<'v>) {
    let Ok(tree) = Update::parse(text) else { return };
    printed(&tree, Update::parse);
    let Ok(bound) = parameters().update(Arc::new(tree)) else { return };
    if let Ok(new) = bound.apply(Some(item), &Item::new()) {
        bound.touched().project(&new);
        if attribute::check_depth(&new).is_ok() {
            round_trip(&new);
        }
    }
    let _ = bound.apply(None, item);
}

/// What is printed is read as the same, unless the spaces that are printed make it too long.
fn printed<T: ToString + PartialEq + Debug>(tree: &T, parse: fn(&str) -> Result<T, Reason>) {
    let text = tree.to_string();
    match parse(&text) {
        Err(Reason::Size(_)) => assert!(text.len() > EXPRESSION_BYTES_MAX),
        again => assert_eq!(again.as_ref(), Ok(tree)),
    }
}

fn round_trip(item: &Item) {
    let mut text = Vec::new();
    attribute::write_item(item, &mut text);
    assert_eq!(attribute::item_from_slice(&text).expect("JSON").as_ref(), Ok(item));
}
