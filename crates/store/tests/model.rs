//! Random transactions against a plain ordered map.

mod common;

use std::collections::BTreeMap;
use std::ops::Bound;

use common::Engine;
use proptest::prelude::*;
use store::{KeyRange, RangeOptions, Snapshot, Store, Tx};

type Model = BTreeMap<Vec<u8>, Vec<u8>>;
type Entries = Vec<(Vec<u8>, Vec<u8>)>;

#[derive(Clone, Debug)]
enum Op {
    Put(u8, u8),
    Delete(u8),
    DeleteRange(u8, u8),
    Add(u8, i8),
    Get(u8),
    Range { start: u8, end: u8, limit: usize, reverse: bool },
}

#[derive(Clone, Debug)]
enum Step {
    Commit(Vec<Op>),
    Abandon(Vec<Op>),
    Flush,
    Reopen,
    /// Keep a snapshot until the next one is taken.
    Keep,
}

fn op() -> impl Strategy<Value = Op> {
    let key = || 0u8..60;
    prop_oneof![
        4 => (key(), any::<u8>()).prop_map(|(k, v)| Op::Put(k, v)),
        2 => key().prop_map(Op::Delete),
        1 => (key(), key()).prop_map(|(a, b)| Op::DeleteRange(a, b)),
        2 => (0u8..4, any::<i8>()).prop_map(|(k, d)| Op::Add(k, d)),
        2 => key().prop_map(Op::Get),
        2 => (key(), key(), 1usize..8, any::<bool>())
            .prop_map(|(start, end, limit, reverse)| Op::Range { start, end, limit, reverse }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => proptest::collection::vec(op(), 1..12).prop_map(Step::Commit),
        1 => proptest::collection::vec(op(), 1..6).prop_map(Step::Abandon),
        1 => Just(Step::Flush),
        1 => Just(Step::Reopen),
        1 => Just(Step::Keep),
    ]
}

fn key(n: u8) -> Vec<u8> {
    // Some keys are prefixes of others.
    if n.is_multiple_of(7) { vec![b'k', n / 7] } else { vec![b'k', n / 7, n % 7] }
}

fn counter_key(n: u8) -> Vec<u8> {
    vec![b'n', n]
}

fn value(n: u8) -> Vec<u8> {
    vec![n; usize::from(n)]
}

fn model_page(model: &Model, start: &[u8], end: &[u8], limit: usize, reverse: bool) -> (Entries, bool) {
    if start >= end {
        return (Vec::new(), false);
    }
    let range = model.range::<[u8], _>((Bound::Included(start), Bound::Excluded(end)));
    let mut all: Vec<_> = range.map(|(k, v)| (k.clone(), v.clone())).collect();
    if reverse {
        all.reverse();
    }
    let more = all.len() > limit;
    all.truncate(limit);
    (all, more)
}

/// Applies `op` to both and compares what they answer.
fn apply(tx: &mut Tx, model: &mut Model, op: &Op) {
    match op {
        Op::Put(k, v) => {
            tx.put(key(*k), value(*v));
            model.insert(key(*k), value(*v));
        }
        Op::Delete(k) => {
            tx.delete(key(*k));
            model.remove(&key(*k));
        }
        Op::DeleteRange(a, b) => {
            tx.delete_range(KeyRange::new(key(*a), key(*b)));
            model.retain(|k, _| !(key(*a) <= *k && *k < key(*b)));
        }
        Op::Add(k, delta) => {
            tx.add_i64(counter_key(*k), i64::from(*delta));
            let before =
                model.get(&counter_key(*k)).map_or(0, |v| i64::from_le_bytes(v[..].try_into().expect("8")));
            model.insert(counter_key(*k), (before + i64::from(*delta)).to_le_bytes().to_vec());
        }
        Op::Get(k) => {
            let found = tx.get(&key(*k)).expect("get").map(|v| v.to_vec());
            assert_eq!(found.as_ref(), model.get(&key(*k)));
        }
        Op::Range { start, end, limit, reverse } => {
            // The upper end may lie beyond the counters.
            let end = if *end > 50 { vec![0xFE] } else { key(*end) };
            let options = RangeOptions { limit: *limit, reverse: *reverse, ..RangeOptions::default() };
            let page = tx.range(KeyRange::new(key(*start), end.clone()), options).expect("range");
            let entries: Vec<_> = page.entries.iter().map(|(k, v)| (k.to_vec(), v.to_vec())).collect();
            assert_eq!((entries, page.more), model_page(model, &key(*start), &end, *limit, *reverse));
        }
    }
}

fn everything(snapshot: &Snapshot, reverse: bool) -> Model {
    let options = RangeOptions { reverse, ..RangeOptions::default() };
    let page = snapshot.range(KeyRange::all(), options).expect("range");
    page.entries.into_iter().map(|(k, v)| (k.to_vec(), v.to_vec())).collect()
}

fn check(engine: Engine, steps: &[Step]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut options = engine.options();
    // A slow machine must not make snapshots too old.
    options.limits.tx_age_max = std::time::Duration::from_secs(3600);
    let mut store: Store = engine.open(dir.path(), options.clone());
    let mut model = Model::new();
    let mut kept: Option<(Snapshot, Model)> = None;
    for step in steps {
        match step {
            Step::Commit(ops) => {
                let mut tx = store.begin();
                ops.iter().for_each(|op| apply(&mut tx, &mut model, op));
                runtime.block_on(tx.commit()).expect("nobody else commits");
            }
            Step::Abandon(ops) => {
                let mut tx = store.begin();
                let mut copy = model.clone();
                ops.iter().for_each(|op| apply(&mut tx, &mut copy, op));
            }
            Step::Flush => {
                store.flush().expect("flush");
            }
            Step::Reopen if engine != Engine::Memory => {
                kept = None;
                let version = store.version();
                store.close();
                store = engine.open(dir.path(), options.clone());
                assert_eq!(store.version(), version);
            }
            Step::Reopen => {}
            Step::Keep => kept = Some((store.snapshot(), model.clone())),
        }
        let snapshot = store.snapshot();
        assert_eq!(everything(&snapshot, false), model);
        assert_eq!(everything(&snapshot, true), model);
        if let Some((snapshot, model)) = &kept {
            assert_eq!(everything(snapshot, false), *model, "a kept snapshot moved");
        }
    }
    store.close();
    if engine != Engine::Memory {
        drop(kept);
        store::check(dir.path()).expect("an undamaged directory");
    }
}

proptest! {
    #![proptest_config(common::cases(48))]

    #[test]
    fn memory_is_an_ordered_map(steps in proptest::collection::vec(step(), 1..40)) {
        check(Engine::Memory, &steps);
    }

    #[test]
    fn durable_is_an_ordered_map(steps in proptest::collection::vec(step(), 1..25)) {
        check(Engine::Durable, &steps);
    }

    #[test]
    fn flushing_is_an_ordered_map(steps in proptest::collection::vec(step(), 1..40)) {
        check(Engine::Flushing, &steps);
    }
}
