//! What every engine must do.

mod common;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use common::{Engine, fresh, fresh_with};
use store::{Error, KeyRange, KeyWriter, Options, Page, RangeOptions, Stamp, StampedKey, Store, Tx};

/// Runs each named test against each engine.
macro_rules! suite {
    ($($name:ident),* $(,)?) => {
        mod memory { $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)] async fn $name() { super::$name(super::Engine::Memory).await }) * }
        mod durable { $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)] async fn $name() { super::$name(super::Engine::Durable).await }) * }
        mod flushing { $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)] async fn $name() { super::$name(super::Engine::Flushing).await }) * }
    };
}

suite!(
    reads_see_own_writes,
    a_commit_is_visible_and_ordered,
    dropped_transactions_leave_nothing,
    point_reads_conflict,
    range_reads_conflict_only_where_read,
    phantoms_conflict,
    unchecked_reads_do_not_conflict,
    explicit_conflicts_count,
    no_update_is_lost,
    whoever_is_refused_finds_the_rival,
    write_skew_is_refused,
    adders_do_not_conflict,
    counters_refuse_what_is_none,
    stamped_keys_are_unique_and_ordered,
    watches_fire_and_miss_nothing,
    dropped_watches_are_forgotten,
    changes_come_in_order_resume_and_trim,
    pages_run_both_ways,
    deleted_ranges_are_gone,
    delete_range_then_put_keeps_the_put,
    limits_are_enforced,
    old_transactions_are_refused,
    snapshots_do_not_move,
    backups_restore,
    contention_is_bounded,
    run_passes_errors_on,
    futures_of_run_can_be_spawned,
    closing_is_final,
    memory_is_given_back,
);

async fn set(store: &Store, key: &str, value: &str) -> Stamp {
    let mut tx = store.begin();
    tx.put(key.to_owned(), value.to_owned());
    tx.commit().await.expect("commit")
}

fn get(store: &Store, key: &str) -> Option<String> {
    let value = store.snapshot().get(key.as_bytes()).expect("get");
    value.map(|value| String::from_utf8(value.to_vec()).expect("text"))
}

fn keys(page: &Page) -> Vec<String> {
    page.entries.iter().map(|(key, _)| String::from_utf8_lossy(key).into_owned()).collect()
}

async fn fill(store: &Store, prefix: &str, count: usize) {
    for part in (0..count).collect::<Vec<_>>().chunks(50) {
        let mut tx = store.begin();
        for n in part {
            tx.put(format!("{prefix}{n:05}"), format!("value {n}"));
        }
        tx.commit().await.expect("commit");
    }
}

async fn reads_see_own_writes(engine: Engine) {
    let (_dir, store) = fresh(engine);
    set(&store, "a", "old").await;
    set(&store, "n", "x").await;
    let mut tx = store.begin();
    tx.put("a", "new");
    tx.put("b", "1");
    tx.delete("n");
    tx.add_i64("count", 5);
    assert_eq!(tx.get(b"a").expect("get"), Some(Bytes::from("new")));
    assert_eq!(tx.get(b"n").expect("get"), None);
    assert_eq!(tx.get(b"count").expect("get"), Some(Bytes::copy_from_slice(&5i64.to_le_bytes())));
    let page = tx.range(KeyRange::all(), RangeOptions::default()).expect("range");
    assert_eq!(keys(&page), ["a", "b", "count"]);
    tx.delete_range(KeyRange::new("a", "c"));
    assert_eq!(tx.get(b"a").expect("get"), None);
    let page = tx.range(KeyRange::all(), RangeOptions::default().reversed()).expect("range");
    assert_eq!(keys(&page), ["count"]);
    assert_eq!(get(&store, "a").as_deref(), Some("old"), "others see nothing of it");
}

async fn a_commit_is_visible_and_ordered(engine: Engine) {
    let (_dir, store) = fresh(engine);
    let first = set(&store, "k", "1").await;
    let second = set(&store, "k", "2").await;
    assert!(second > first);
    assert_eq!(store.version(), second.version);
    assert_eq!(get(&store, "k").as_deref(), Some("2"));
    let empty = store.begin().commit().await.expect("an empty commit");
    assert_eq!(empty.version, second.version);
}

async fn dropped_transactions_leave_nothing(engine: Engine) {
    let (_dir, store) = fresh(engine);
    let mut tx = store.begin();
    tx.put("k", "v");
    drop(tx);
    set(&store, "other", "v").await;
    assert_eq!(get(&store, "k"), None);
}

async fn point_reads_conflict(engine: Engine) {
    let (_dir, store) = fresh(engine);
    set(&store, "k", "1").await;
    for (read, conflicts) in [("k", true), ("missing", true), ("elsewhere", false)] {
        let mut tx = store.begin();
        tx.get(read.as_bytes()).expect("get");
        tx.put("result", "x");
        set(&store, "k", "2").await;
        set(&store, "missing", "2").await;
        let outcome = tx.commit().await;
        assert_eq!(matches!(outcome, Err(Error::Conflict)), conflicts, "{read}: {outcome:?}");
        let mut tx = store.begin();
        tx.delete("missing");
        tx.commit().await.expect("commit");
    }
}

async fn range_reads_conflict_only_where_read(engine: Engine) {
    let (_dir, store) = fresh(engine);
    fill(&store, "k", 10).await;
    for (reverse, touched, conflicts) in [
        (false, "k00001", true),
        (false, "k00002", true),
        (false, "k00003", false),
        (true, "k00009", true),
        (true, "k00007", true),
        (true, "k00006", false),
    ] {
        let mut tx = store.begin();
        let options = RangeOptions { limit: 3, reverse, ..RangeOptions::default() };
        let page = tx.range(KeyRange::prefix("k"), options).expect("range");
        assert_eq!((page.entries.len(), page.more), (3, true));
        tx.put("result", "x");
        set(&store, touched, "other").await;
        let outcome = tx.commit().await;
        assert_eq!(matches!(outcome, Err(Error::Conflict)), conflicts, "{reverse} {touched}: {outcome:?}");
    }
}

async fn phantoms_conflict(engine: Engine) {
    let (_dir, store) = fresh(engine);
    fill(&store, "k", 3).await;
    let mut tx = store.begin();
    let page = tx.range(KeyRange::prefix("k"), RangeOptions::default()).expect("range");
    assert!(!page.more);
    tx.put("sum", page.entries.len().to_string());
    set(&store, "k9", "phantom").await;
    assert!(matches!(tx.commit().await, Err(Error::Conflict)));

    let mut tx = store.begin();
    tx.range(KeyRange::prefix("k"), RangeOptions::default()).expect("range");
    tx.put("sum", "0");
    let mut other = store.begin();
    other.delete_range(KeyRange::new("a", "z"));
    other.commit().await.expect("commit");
    assert!(matches!(tx.commit().await, Err(Error::Conflict)), "deleting a range is a write of it");
}

async fn unchecked_reads_do_not_conflict(engine: Engine) {
    let (_dir, store) = fresh(engine);
    set(&store, "k", "1").await;
    let mut tx = store.begin();
    assert!(tx.get_unchecked(b"k").expect("get").is_some());
    tx.range_unchecked(KeyRange::all(), RangeOptions::default()).expect("range");
    tx.put("result", "x");
    // A transaction's own write may be read without depending on anyone.
    tx.put("k", "mine");
    tx.get(b"k").expect("get");
    set(&store, "k", "2").await;
    tx.commit().await.expect("no conflict");
    assert_eq!(get(&store, "k").as_deref(), Some("mine"));
}

async fn explicit_conflicts_count(engine: Engine) {
    let (_dir, store) = fresh(engine);
    let mut tx = store.begin();
    tx.add_read_conflict(KeyRange::single("lock"));
    tx.put("result", "x");
    set(&store, "lock", "taken").await;
    assert!(matches!(tx.commit().await, Err(Error::Conflict)));
}

/// Tasks that read and write the same again and again; how often in all. Who is refused tries again at once.
async fn rivals(store: &Store, body: fn(&mut Tx)) -> usize {
    const TASKS: usize = 8;
    const EACH: usize = 25;
    let mut tasks = Vec::new();
    for _ in 0..TASKS {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            for _ in 0..EACH {
                let mut refused_at = None;
                loop {
                    let mut tx = store.begin();
                    assert_ne!(refused_at, Some(tx.version()), "would read the same and be refused again");
                    refused_at = Some(tx.version());
                    body(&mut tx);
                    match tx.commit().await {
                        Ok(_) => break,
                        Err(Error::Conflict | Error::TooOld) => continue,
                        Err(error) => panic!("{error}"),
                    }
                }
            }
        }));
    }
    for task in tasks {
        task.await.expect("task");
    }
    TASKS * EACH
}

async fn no_update_is_lost(engine: Engine) {
    let (_dir, store) = fresh(engine);
    let updates = rivals(&store, |tx| {
        let count: u64 = tx
            .get(b"n")
            .expect("get")
            .map_or(0, |value| String::from_utf8_lossy(&value).parse().expect("a number"));
        tx.put("n", (count + 1).to_string());
    })
    .await;
    assert_eq!(get(&store, "n"), Some(updates.to_string()));
}

async fn whoever_is_refused_finds_the_rival(engine: Engine) {
    let (_dir, store) = fresh(engine);
    let commits = rivals(&store, |tx| {
        tx.get(b"k").expect("get");
        tx.put("k", "v");
    })
    .await;
    assert_eq!(store.stats().commits, commits as u64);
}

async fn write_skew_is_refused(engine: Engine) {
    let (_dir, store) = fresh(engine);
    set(&store, "alice", "on call").await;
    set(&store, "bob", "on call").await;
    let leave = |name: &'static str| {
        let mut tx = store.begin();
        let on_call = tx.range(KeyRange::all(), RangeOptions::default()).expect("range").entries.len();
        assert_eq!(on_call, 2);
        tx.delete(name);
        tx
    };
    let (first, second) = (leave("alice"), leave("bob"));
    let (first, second) = tokio::join!(first.commit(), second.commit());
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
}

async fn adders_do_not_conflict(engine: Engine) {
    const TASKS: i64 = 8;
    const EACH: i64 = 50;
    let (_dir, store) = fresh(engine);
    let mut tasks = Vec::new();
    for task in 0..TASKS {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            for n in 0..EACH {
                let mut tx = store.begin();
                tx.add_i64("sum", n);
                tx.add_i64("sum", task);
                tx.add_i64(format!("own {task}"), 1);
                tx.commit().await.expect("adders never conflict");
            }
        }));
    }
    for task in tasks {
        task.await.expect("task");
    }
    let sum = store.snapshot().get(b"sum").expect("get").expect("a sum");
    let expected = TASKS * (EACH * (EACH - 1) / 2) + EACH * (TASKS * (TASKS - 1) / 2);
    assert_eq!(sum, expected.to_le_bytes()[..]);

    let mut reader = store.begin();
    reader.get(b"sum").expect("get");
    reader.put("seen", "x");
    let mut adder = store.begin();
    adder.add_i64("sum", 1);
    adder.commit().await.expect("commit");
    assert!(matches!(reader.commit().await, Err(Error::Conflict)), "a reader of the counter conflicts");
}

async fn counters_refuse_what_is_none(engine: Engine) {
    let (_dir, store) = fresh(engine);
    set(&store, "text", "hello").await;
    let mut tx = store.begin();
    tx.add_i64("text", 1);
    tx.put("side", "effect");
    assert!(matches!(tx.commit().await, Err(Error::Counter)));
    assert_eq!(get(&store, "side"), None);
    let mut tx = store.begin();
    tx.put("big", Bytes::copy_from_slice(&i64::MAX.to_le_bytes()));
    tx.commit().await.expect("commit");
    let mut tx = store.begin();
    tx.add_i64("big", 1);
    assert!(matches!(tx.commit().await, Err(Error::Counter)));
}

async fn stamped_keys_are_unique_and_ordered(engine: Engine) {
    const TASKS: usize = 6;
    const EACH: usize = 20;
    let (_dir, store) = fresh(engine);
    let mut tasks = Vec::new();
    for _ in 0..TASKS {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            let mut stamps = Vec::new();
            for _ in 0..EACH {
                let mut tx = store.begin();
                for counter in 0..2 {
                    tx.put_stamped(KeyWriter::new().str("log").stamped(counter), format!("{counter}"));
                }
                stamps.push(tx.commit().await.expect("commit"));
            }
            assert!(stamps.is_sorted(), "one after the other");
            stamps
        }));
    }
    let mut stamps = Vec::new();
    for task in tasks {
        stamps.extend(task.await.expect("task"));
    }
    stamps.sort();
    let prefix = KeyWriter::new().str("log").finish();
    let page = store.snapshot().range(KeyRange::prefix(prefix), RangeOptions::default()).expect("range");
    let expected: Vec<Bytes> = stamps
        .iter()
        .flat_map(|stamp| {
            (0..2).map(|n| KeyWriter::new().str("log").stamp(Stamp::new(stamp.version, n)).finish())
        })
        .collect();
    assert_eq!(page.entries.into_iter().map(|(key, _)| key).collect::<Vec<_>>(), expected);
    assert_eq!(expected.len(), TASKS * EACH * 2);
}

async fn watches_fire_and_miss_nothing(engine: Engine) {
    const PATIENCE: Duration = Duration::from_secs(30);
    let (_dir, store) = fresh(engine);
    let mut watch = store.watch("queue/1/");
    let mut other = store.watch("queue/2/");
    // Between the registration and the wait.
    assert!(!watch.has_changed());
    set(&store, "queue/1/a", "x").await;
    assert!(watch.has_changed(), "an acknowledged commit shows at once");
    assert!(!other.has_changed());
    tokio::time::timeout(PATIENCE, watch.changed()).await.expect("fires for a commit before the wait");
    let mut waiting = Box::pin(watch.changed());
    assert!(
        tokio::time::timeout(Duration::from_millis(20), &mut waiting).await.is_err(),
        "fires once a change"
    );
    set(&store, "queue/1", "not below the prefix").await;
    let mut tx = store.begin();
    tx.delete_range(KeyRange::new("queue/", "queue0"));
    tx.commit().await.expect("commit");
    tokio::time::timeout(PATIENCE, waiting).await.expect("fires for a deleted range");
    let mut tx = store.begin();
    tx.put_stamped(StampedKey::new("queue/2/", 0, ""), "x");
    tx.commit().await.expect("commit");
    tokio::time::timeout(PATIENCE, other.changed()).await.expect("fires for a stamped key");

    let mut feed = store.watch_changes(7);
    let mut tx = store.begin();
    tx.emit(7, "event");
    tx.commit().await.expect("commit");
    tokio::time::timeout(PATIENCE, feed.changed()).await.expect("fires for a change record");
}

async fn dropped_watches_are_forgotten(engine: Engine) {
    let (_dir, store) = fresh(engine);
    let watches: Vec<_> = (0..10).map(|n| store.watch(format!("{}", n % 5))).collect();
    assert_eq!(store.stats().watches, 5);
    drop(watches);
    assert_eq!(store.stats().watches, 0);
}

async fn changes_come_in_order_resume_and_trim(engine: Engine) {
    let (_dir, store) = fresh(engine);
    for n in 0..20 {
        let mut tx = store.begin();
        tx.emit(1, format!("{n}a"));
        tx.emit(2, "other");
        tx.emit(1, format!("{n}b"));
        tx.commit().await.expect("commit");
    }
    let mut seen = Vec::new();
    let mut after = Stamp::ZERO;
    loop {
        let changes = store.changes(1, after, 7).expect("changes");
        let Some(last) = changes.last() else { break };
        assert!(changes.len() <= 7 && changes[0].stamp > after);
        after = last.stamp;
        seen.extend(changes.into_iter().map(|change| String::from_utf8_lossy(&change.record).into_owned()));
    }
    let expected: Vec<String> = (0..20).flat_map(|n| [format!("{n}a"), format!("{n}b")]).collect();
    assert_eq!(seen, expected);
    assert_eq!(store.changes(1, Stamp::ZERO, 0).expect("changes"), []);

    let middle = store.changes(1, Stamp::ZERO, 21).expect("changes")[20].stamp;
    store.trim_changes(1, middle).await.expect("trim");
    let left = store.changes(1, Stamp::ZERO, 1000).expect("changes");
    assert_eq!((left.len(), left[0].stamp), (20, middle));
    assert_eq!(store.changes(2, Stamp::ZERO, 1000).expect("changes").len(), 20, "other topics stay");
    assert_eq!(store.snapshot().range(KeyRange::all(), RangeOptions::default()).expect("range").entries, []);
}

async fn pages_run_both_ways(engine: Engine) {
    const COUNT: usize = 300;
    let (_dir, store) = fresh(engine);
    fill(&store, "k", COUNT).await;
    if engine != Engine::Memory {
        store.flush().expect("flush");
    }
    // Some of it deleted and some changed above what has been flushed.
    let mut tx = store.begin();
    let mut expected = Vec::new();
    for n in 0..COUNT {
        match n % 3 {
            0 => tx.delete(format!("k{n:05}")),
            1 => tx.put(format!("k{n:05}"), "changed"),
            _ => {}
        }
        if n % 3 != 0 {
            expected.push(format!("k{n:05}"));
        }
    }
    tx.commit().await.expect("commit");
    for (limit, reverse) in [(1, false), (7, false), (200, false), (1, true), (7, true), (1000, true)] {
        let mut rest = KeyRange::prefix("k");
        let mut seen = Vec::new();
        loop {
            let options = RangeOptions { limit, reverse, ..RangeOptions::default() };
            let page = store.snapshot().range(rest.clone(), options).expect("range");
            seen.extend(keys(&page));
            let Some((last, _)) = page.entries.last() else { break };
            assert!(page.entries.len() == limit || !page.more);
            if !page.more {
                break;
            }
            rest = if reverse { rest.before(last) } else { rest.after(last) };
        }
        if reverse {
            seen.reverse();
        }
        assert_eq!(seen, expected, "limit {limit} reverse {reverse}");
    }
    let bytes = RangeOptions { max_bytes: 1, ..RangeOptions::default() };
    let page = store.snapshot().range(KeyRange::all(), bytes).expect("range");
    assert_eq!((page.entries.len(), page.more), (1, true), "a page holds at least one entry");
}

async fn deleted_ranges_are_gone(engine: Engine) {
    let (_dir, store) = fresh(engine);
    fill(&store, "k", 1000).await;
    // Small and large ranges take different ways.
    for (start, end) in [("k00000", "k00010"), ("k00100", "k00800")] {
        let before = store.snapshot();
        let mut tx = store.begin();
        tx.delete_range(KeyRange::new(start, end));
        tx.commit().await.expect("commit");
        assert!(before.get(start.as_bytes()).expect("get").is_some(), "older snapshots keep it");
        assert_eq!(get(&store, start), None);
        assert!(get(&store, end).is_some());
    }
    set(&store, "k00500", "again").await;
    let expected: Vec<String> = (10..100).chain([500]).chain(800..1000).map(|n| format!("k{n:05}")).collect();
    for reverse in [false, true] {
        let options = RangeOptions { reverse, ..RangeOptions::default() };
        let mut found = keys(&store.snapshot().range(KeyRange::prefix("k"), options).expect("range"));
        if reverse {
            found.reverse();
        }
        assert_eq!(found, expected);
    }
}

async fn delete_range_then_put_keeps_the_put(engine: Engine) {
    let (_dir, store) = fresh(engine);
    fill(&store, "k", 300).await;
    let mut tx = store.begin();
    tx.put("k00001x", "doomed");
    tx.add_i64("kn", 1);
    tx.delete_range(KeyRange::prefix("k"));
    tx.put("k00002", "kept");
    tx.add_i64("kn", 3);
    tx.commit().await.expect("commit");
    let page = store.snapshot().range(KeyRange::all(), RangeOptions::default()).expect("range");
    assert_eq!(keys(&page), ["k00002", "kn"]);
    assert_eq!(page.entries[1].1, 3i64.to_le_bytes()[..]);
}

async fn limits_are_enforced(engine: Engine) {
    let (_dir, store) = fresh(engine);
    let limits = store.limits().clone();
    let too_large = |outcome: Result<Stamp, Error>, wanted: &str| match outcome {
        Err(Error::TooLarge { what, .. }) => assert_eq!(what, wanted),
        other => panic!("{wanted}: {other:?}"),
    };
    let mut tx = store.begin();
    tx.put(vec![b'k'; limits.key_bytes_max + 1], "v");
    too_large(tx.commit().await, "key");
    let mut tx = store.begin();
    tx.put("k", vec![0; limits.value_bytes_max + 1]);
    too_large(tx.commit().await, "value");
    let mut tx = store.begin();
    for n in 0..8 {
        tx.put(format!("{n}"), vec![0; limits.value_bytes_max]);
    }
    too_large(tx.commit().await, "transaction");
    let mut tx = store.begin();
    tx.put(vec![0xFF, 1], "v");
    assert!(matches!(tx.commit().await, Err(Error::ReservedKey)));
    let mut tx = store.begin();
    tx.put(vec![b'k'; limits.key_bytes_max], vec![7; limits.value_bytes_max]);
    tx.commit().await.expect("exactly the limits");
    assert_eq!(
        store.snapshot().range(KeyRange::all(), RangeOptions::default()).expect("range").entries.len(),
        1
    );
}

async fn old_transactions_are_refused(engine: Engine) {
    let mut options = engine.options();
    options.limits.tx_age_max = Duration::from_millis(20);
    let (_dir, store) = fresh_with(engine, options);
    set(&store, "k", "1").await;
    let snapshot = store.snapshot();
    let mut tx = store.begin();
    tx.get(b"k").expect("get");
    tx.put("result", "x");
    // Readers of one version count as old together, the last of them being the writer of "2".
    tokio::time::sleep(Duration::from_millis(60)).await;
    set(&store, "k", "2").await;
    tokio::time::sleep(Duration::from_millis(60)).await;
    // Forgetting follows the acknowledgement.
    set(&store, "k", "3").await;
    set(&store, "k", "4").await;
    assert!(matches!(snapshot.get(b"k"), Err(Error::TooOld)));
    assert!(matches!(tx.get(b"k"), Err(Error::TooOld)));
    assert!(matches!(tx.commit().await, Err(Error::TooOld)));
}

async fn snapshots_do_not_move(engine: Engine) {
    let mut options = engine.options();
    options.limits.tx_age_max = Duration::from_secs(600);
    let (_dir, store) = fresh_with(engine, options);
    fill(&store, "k", 100).await;
    let snapshot = store.snapshot();
    let before = snapshot.range(KeyRange::all(), RangeOptions::default()).expect("range");
    for round in 0..10 {
        let mut tx = store.begin();
        for n in 0..100 {
            match (n + round) % 4 {
                0 => tx.delete(format!("k{n:05}")),
                _ => tx.put(format!("k{n:05}"), format!("round {round} {}", "x".repeat(50))),
            }
        }
        tx.delete_range(KeyRange::new("k00040", "k00060"));
        tx.put(format!("new {round}"), "x");
        tx.commit().await.expect("commit");
        assert_eq!(snapshot.range(KeyRange::all(), RangeOptions::default()).expect("range"), before);
        assert_eq!(snapshot.get(b"k00050").expect("get"), Some(Bytes::from("value 50")));
    }
    if engine == Engine::Flushing {
        assert!(store.stats().flushes > 0, "flushes went on meanwhile");
    }
}

async fn backups_restore(engine: Engine) {
    let (_dir, store) = fresh(engine);
    fill(&store, "k", 700).await;
    let mut tx = store.begin();
    tx.delete_range(KeyRange::new("k00100", "k00300"));
    tx.put("big", vec![3; 600_000]);
    tx.emit(5, "event");
    tx.commit().await.expect("commit");
    let mut stream = Vec::new();
    let stamp = store.backup(&mut stream).expect("backup");
    assert_eq!(stamp.version, store.version());

    let target = tempfile::tempdir().expect("a temporary directory");
    let options = Engine::Durable.options();
    assert_eq!(store::restore(target.path(), &mut &stream[..], &options).expect("restore"), stamp);
    let copy = Store::open(target.path(), options.clone()).expect("open");
    let all =
        |store: &Store| store.snapshot().range(KeyRange::all(), RangeOptions::default()).expect("range");
    assert_eq!(all(&copy), all(&store));
    assert_eq!(copy.changes(5, Stamp::ZERO, 10).expect("changes").len(), 1);
    assert!(set(&copy, "later", "x").await > stamp);
    assert!(store::restore(target.path(), &mut &stream[..], &options).is_err(), "not over existing data");

    for damage in [stream.len() / 2, 9, stream.len() - 3] {
        let target = tempfile::tempdir().expect("a temporary directory");
        let mut bad = stream.clone();
        bad[damage] ^= 1;
        assert!(store::restore(target.path(), &mut &bad[..], &options).is_err(), "a flipped bit at {damage}");
        assert!(store::restore(target.path(), &mut &stream[..damage], &options).is_err(), "cut at {damage}");
        if damage > 100 {
            assert!(
                Store::open(target.path(), options.clone()).is_err(),
                "an unfinished restore does not open"
            );
        }
    }
}

async fn contention_is_bounded(engine: Engine) {
    let mut options = engine.options();
    options.limits.run_tries_max = 4;
    let (_dir, store) = fresh_with(engine, options);
    let mut tries = 0;
    let outcome: Result<(), Error> = store
        .run(async |tx| {
            tries += 1;
            tx.get(b"k")?;
            tx.put("result", "x");
            set(&store, "k", "again").await;
            Ok(())
        })
        .await;
    assert!(matches!(outcome, Err(Error::Contention)), "{outcome:?}");
    assert_eq!(tries, 4);
    assert_eq!(store.stats().conflicts, 4);
}

async fn run_passes_errors_on(engine: Engine) {
    #[derive(Debug, PartialEq)]
    enum Failure {
        Mine,
        Store,
    }
    impl From<Error> for Failure {
        fn from(_: Error) -> Self {
            Failure::Store
        }
    }
    let (_dir, store) = fresh(engine);
    let outcome: Result<(), Failure> = store
        .run(async |tx| {
            tx.put("k", "v");
            Err(Failure::Mine)
        })
        .await;
    assert_eq!(outcome, Err(Failure::Mine));
    let outcome: Result<(), Failure> = store
        .run(async |tx| {
            tx.put(vec![0xFF], "v");
            Ok(())
        })
        .await;
    assert_eq!(outcome, Err(Failure::Store));
    assert_eq!(get(&store, "k"), None);
}

async fn futures_of_run_can_be_spawned(engine: Engine) {
    let (_dir, store) = fresh(engine);
    let name = Arc::new(String::from("k"));
    let task = tokio::spawn({
        let store = store.clone();
        async move {
            let key = name.clone();
            store
                .run(async move |tx: &mut Tx| -> Result<usize, Error> {
                    let before = tx.get(key.as_bytes())?;
                    tokio::task::yield_now().await;
                    tx.put(key.to_string(), "v");
                    Ok(before.map_or(0, |value| value.len()))
                })
                .await
        }
    });
    assert!(matches!(task.await.expect("task"), Ok(0)));
    assert_eq!(get(&store, "k").as_deref(), Some("v"));

    struct Handler {
        store: Store,
        prefix: String,
    }
    impl Handler {
        async fn handle(&self, name: &str) -> Result<bool, Error> {
            self.store
                .transact(|tx| {
                    let key = format!("{}{name}", self.prefix);
                    let known = tx.get(key.as_bytes())?.is_some();
                    tx.put(key, "seen");
                    Ok(known)
                })
                .await
        }
    }
    let handler = Handler { store: store.clone(), prefix: "p/".into() };
    let task = tokio::spawn(async move { [handler.handle("a").await, handler.handle("a").await] });
    assert!(matches!(task.await.expect("task"), [Ok(false), Ok(true)]));
}

async fn closing_is_final(engine: Engine) {
    let (_dir, store) = fresh(engine);
    let mut watch = store.watch("k");
    let mut tx = store.begin();
    tx.put("k", "v");
    store.clone().close();
    assert!(matches!(tx.commit().await, Err(Error::Closed)));
    tokio::time::timeout(Duration::from_secs(30), watch.changed()).await.expect("closing wakes");
    assert!(tokio::time::timeout(Duration::from_millis(10), watch.changed()).await.is_err(), "once");
}

async fn memory_is_given_back(engine: Engine) {
    let (_dir, store) = fresh_with(engine, Options { limits: engine.options().limits, ..Options::default() });
    let base = store.stats().overlay_bytes;
    for _ in 0..50 {
        fill(&store, "k", 50).await;
        let mut tx = store.begin();
        tx.delete_range(KeyRange::prefix("k"));
        tx.commit().await.expect("commit");
    }
    // The last group's garbage goes with the next.
    for _ in 0..3 {
        set(&store, "x", "y").await;
    }
    let held = store.stats().overlay_bytes;
    assert!(held < base + 1_000, "{held} bytes are still held for one entry");
}
