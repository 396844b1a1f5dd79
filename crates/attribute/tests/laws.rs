//! Laws of values, tried on many.

use attribute::{Blob, Item, Number, Set, Text, Value, decode_key, encode_key};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

/// Any number the service takes.
fn number() -> impl Strategy<Value = Number> {
    let digits = prop_oneof![0..1000u128, 0..10u128.pow(19), 0..10u128.pow(38)];
    (digits, -130..=125i32, any::<bool>()).prop_map(|(digits, magnitude, negative)| {
        let text = digits.to_string();
        let power = magnitude - (text.len() as i32 - 1);
        let sign = if negative { "-" } else { "" };
        // Trailing zeros can make the magnitude's digits fewer, never more.
        format!("{sign}{text}e{power}").parse().expect("in range")
    })
}

fn value() -> impl Strategy<Value = Value> {
    let text = || any::<String>().prop_map(Text::from);
    let blob = || vec(any::<u8>(), 0..40).prop_map(Vec::into_boxed_slice);
    let leaf = prop_oneof![
        text().prop_map(Value::S),
        number().prop_map(Value::N),
        blob().prop_map(Value::B),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Null),
        btree_set(text(), 1..5).prop_map(|set| Value::Ss(Set::new(Vec::from_iter(set)).expect("a set"))),
        btree_set(number(), 1..5).prop_map(|set| Value::Ns(Set::new(Vec::from_iter(set)).expect("a set"))),
        btree_set(blob(), 1..5).prop_map(|set: std::collections::BTreeSet<Blob>| {
            Value::Bs(Set::new(Vec::from_iter(set)).expect("a set"))
        }),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::L),
            vec((".{1,12}", inner), 0..5).prop_map(|entries| {
                Value::M(entries.into_iter().map(|(name, value)| (Text::from(name), value)).collect())
            }),
        ]
    })
}

fn bytes(number: Number) -> Vec<u8> {
    let mut out = Vec::new();
    number.encode(&mut out);
    out
}

proptest! {
    #[test]
    fn bytes_of_numbers_sort_as_numbers(left in number(), right in number()) {
        prop_assert_eq!(bytes(left).cmp(&bytes(right)), left.cmp(&right));
        prop_assert_eq!(Number::decode(&bytes(left)), Some(left));
        prop_assert!(bytes(left).len() <= 22);
    }

    #[test]
    fn any_bytes_that_are_read_as_a_number_are_its_bytes(text in vec(any::<u8>(), 0..24)) {
        if let Some(number) = Number::decode(&text) {
            prop_assert_eq!(bytes(number), text);
        }
    }

    #[test]
    fn text_of_numbers_is_read_as_the_same(number in number()) {
        let text = number.to_string();
        prop_assert_eq!(text.parse::<Number>(), Ok(number));
        prop_assert!(!text.contains(['e', 'E', '+']));
    }

    #[test]
    fn sums_are_commutative_and_undone(left in number(), right in number()) {
        let sum = left.checked_add(right);
        prop_assert_eq!(sum, right.checked_add(left));
        if let Ok(sum) = sum {
            prop_assert_eq!(sum.checked_sub(right), Ok(left));
            prop_assert_eq!(sum.cmp(&left), right.cmp(&Number::ZERO));
        }
    }

    #[test]
    fn sums_of_integers_are_those_of_integers(left in any::<i32>(), right in any::<i32>()) {
        let sum = Number::from(left).checked_add(Number::from(right)).expect("small");
        prop_assert_eq!(sum.to_i64(), Some(i64::from(left) + i64::from(right)));
    }

    #[test]
    fn json_comes_back(value in value()) {
        let mut text = Vec::new();
        attribute::write_value(&value, &mut text);
        prop_assert_eq!(attribute::value_from_slice(&text).expect("JSON"), Ok(value));
    }

    #[test]
    fn items_come_back(entries in vec((".{1,12}", value()), 0..8)) {
        let item: Item = entries.into_iter().map(|(name, value)| (Text::from(name), value)).collect();
        let mut text = Vec::new();
        attribute::write_item(&item, &mut text);
        prop_assert_eq!(attribute::item_from_slice(&text).expect("JSON"), Ok(item));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in vec(any::<u8>(), 0..64)) {
        let _ = attribute::item_from_slice(&text);
        let _ = attribute::value_from_slice(&text);
    }

    #[test]
    fn keys_sort_as_values(left in value(), right in value()) {
        let (mut a, mut b) = (Vec::new(), Vec::new());
        if encode_key(&left, &mut a) && encode_key(&right, &mut b) && left.kind() == right.kind() {
            prop_assert_eq!(Some(a.cmp(&b)), left.order(&right));
            let kind = match left { Value::S(_) => attribute::KeyType::S, Value::N(_) => attribute::KeyType::N, _ => attribute::KeyType::B };
            prop_assert_eq!(decode_key(kind, &a), Some(left));
        }
    }

    #[test]
    fn sets_do_as_sets_do(left in btree_set(0..20i64, 1..10), right in btree_set(0..20i64, 1..10)) {
        let set = |members: &std::collections::BTreeSet<i64>| Set::new(Vec::from_iter(members.iter().rev().copied())).expect("a set");
        let union = set(&left).union(&set(&right));
        prop_assert_eq!(union.iter().copied().collect::<Vec<_>>(), left.union(&right).copied().collect::<Vec<_>>());
        let difference = set(&left).difference(&set(&right)).map_or(Vec::new(), |set| set.iter().copied().collect());
        prop_assert_eq!(difference, left.difference(&right).copied().collect::<Vec<_>>());
    }
}
