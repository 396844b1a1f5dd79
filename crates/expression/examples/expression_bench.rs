//! What reading, binding and evaluating expressions costs, and reading and writing items.
//!
//! Run with `cargo run --release -p expression --example expression_bench`. Each line is the best of several rounds.

use std::hint::black_box;
use std::time::Instant;

use attribute::{Invalid, Item, Text, Value};
use expression::{Cache, Condition, Parameter, Parameters, Projection, Update};

const ROUNDS: usize = 7;
const CONDITION: &str =
    "attribute_exists(#id) AND (version = :version OR status_code IN (:a, :b)) AND size(tags) < :max";
const UPDATE: &str = "SET profile.city = :city, version = version + :one, #h = list_append(if_not_exists(#h, :none), :entry) REMOVE former ADD hits :one";
const PROJECTION: &str = "id, profile.city, tags, history[0].#at, version";

fn main() {
    let item = sample();
    let mut json = Vec::new();
    attribute::write_item(&item, &mut json);
    println!(
        "item of {} attributes, {} bytes of JSON, {} bytes as counted",
        item.len(),
        json.len(),
        attribute::item_size(&item)
    );
    measure("read item", || attribute::item_from_slice(&json).map(|item| item.map(|item| item.len())).ok());
    let mut out = Vec::with_capacity(json.len());
    measure("write item", || {
        out.clear();
        attribute::write_item(&item, &mut out);
        out.len()
    });
    measure("copy item", || item.clone().len());
    measure("size of item", || attribute::item_size(&item));

    measure("parse condition", || Condition::parse(CONDITION).is_ok());
    measure("parse update", || Update::parse(UPDATE).is_ok());
    measure("parse projection", || Projection::parse(PROJECTION).is_ok());

    let cache = Cache::default();
    let values = values();
    measure("cached condition, bound", || {
        let (mut parameters, tree) = (parameters(&values), cache.condition(CONDITION).expect("a condition"));
        parameters.condition(Parameter::ConditionExpression, tree).is_ok()
    });
    measure("cached update, bound", || {
        let (mut parameters, tree) = (parameters(&values), cache.update(UPDATE).expect("an update"));
        parameters.update(tree).is_ok()
    });
    let condition = parameters(&values)
        .condition(Parameter::ConditionExpression, cache.condition(CONDITION).expect("a condition"))
        .expect("right");
    measure("evaluate condition", || condition.matches(&item));
    let update = parameters(&values).update(cache.update(UPDATE).expect("an update")).expect("right");
    measure("apply update", || update.apply(Some(&item), &item).map(|item| item.len()).ok());
    let projection =
        parameters(&values).projection(cache.projection(PROJECTION).expect("a projection")).expect("right");
    let wanted = projection.wanted();
    measure("project item", || wanted.project(&item).len());

    let numbers: Vec<attribute::Number> =
        ["1", "-12.5", "1700000000000", "0.000125", "3.1415926535897932384626433832795028841"]
            .map(|text| text.parse().expect(text))
            .into();
    measure("5 numbers to text and back", || {
        numbers.iter().filter_map(|number| number.to_string().parse::<attribute::Number>().ok()).count()
    });
    let mut key = Vec::with_capacity(128);
    measure("5 numbers to key bytes", || {
        key.clear();
        numbers.iter().for_each(|number| number.encode(&mut key));
        key.len()
    });
    measure("5 sums of numbers", || {
        numbers.iter().filter_map(|number| number.checked_add(numbers[1]).ok()).count()
    });
}

/// The least time of a call, and its allocations.
fn measure<T>(name: &str, mut run: impl FnMut() -> T) {
    for _ in 0..100 {
        black_box(run());
    }
    let started = Instant::now();
    black_box(run());
    // Rounds of some 20 ms, however long one call takes.
    let calls = (20_000_000 / started.elapsed().as_nanos().max(50)).clamp(10, 400_000) as u32;
    let best = (0..ROUNDS)
        .map(|_| {
            let started = Instant::now();
            for _ in 0..calls {
                black_box(run());
            }
            started.elapsed().as_nanos() / u128::from(calls)
        })
        .min()
        .unwrap_or_default();
    let allocations = allocation_counter::measure(|| {
        black_box(run());
    });
    println!(
        "{name:<28} {best:>7} ns {:>4} allocations {:>7} bytes",
        allocations.count_total, allocations.bytes_total
    );
}

fn sample() -> Item {
    let json = r#"{
        "id": {"S": "user#0123456789"}, "sort": {"N": "1700000000000"}, "version": {"N": "41"}, "hits": {"N": "1000"},
        "status_code": {"S": "active"}, "email": {"S": "somebody.or.other@example.com"}, "former": {"NULL": true},
        "verified": {"BOOL": true}, "tags": {"SS": ["alpha", "beta", "gamma"]}, "avatar": {"B": "AAECAwQFBgcICQoLDA0ODw=="},
        "profile": {"M": {"city": {"S": "Berlin"}, "zip": {"S": "10115"}, "lat": {"N": "52.532"}, "lon": {"N": "13.385"}}},
        "history": {"L": [{"M": {"at": {"N": "1690000000"}, "what": {"S": "created"}}}, {"M": {"at": {"N": "1695000000"}, "what": {"S": "confirmed"}}}]},
        "note": {"S": "A text of some length, as people write into such fields when they have something to say about an account."}
    }"#;
    attribute::item_from_slice(json.as_bytes()).expect("JSON").expect("an item")
}

fn values() -> Vec<(Text, Result<Value, Invalid>)> {
    let entry = Value::L(vec![Value::M(Item::from([("at", 1.into()), ("what", "seen".into())]))]);
    [
        (":version", 41.into()),
        (":a", "new".into()),
        (":b", "active".into()),
        (":max", 10.into()),
        (":city", "Hamburg".into()),
        (":one", 1.into()),
        (":none", Value::L(Vec::new())),
        (":entry", entry),
    ]
    .map(|(key, value)| (Text::new(key), Ok(value)))
    .into()
}

fn parameters(values: &[(Text, Result<Value, Invalid>)]) -> Parameters<'_> {
    Parameters::new(Some([("#id", "id"), ("#h", "history"), ("#at", "at")]), Some(values)).expect("right")
}
