//! Kills a process that commits, at random instants, again and again, and checks after each restart that everything it
//! acknowledged is there and whole, and that what it did not acknowledge is there whole or not at all.
//!
//! `STORE_CRASH_KILLS` sets the number of kills (200), `STORE_CRASH_SEED` the instants.

mod common;

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use common::Engine;
use store::{Error, KeyRange, RangeOptions, Stamp, Store};

const DIR: &str = "STORE_CRASH_DIR";
const FLUSHING: &str = "STORE_CRASH_FLUSHING";
const TASKS: u64 = 8;
/// How many of its values each task keeps.
const KEPT: u64 = 10;
const TOPIC: u16 = 3;
/// Change records kept when a child starts.
const CHANGES_KEPT: usize = 100;

fn value_key(task: u64, n: u64) -> String {
    format!("value/{task}/{n:012}")
}

/// Another size for each, from nothing to a few blocks of the disk.
fn value_of(task: u64, n: u64) -> Vec<u8> {
    let mix = (task * 31 + n).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    vec![(mix >> 56) as u8; (mix % 37 * (mix % 97)) as usize]
}

fn number(store: &Store, key: &str) -> u64 {
    let value = store.snapshot().get(key.as_bytes()).expect("get");
    value.map_or(0, |value| u64::from_le_bytes(value[..].try_into().expect("eight bytes")))
}

async fn commit_one(store: &Store, task: u64, n: u64) -> Result<(), Error> {
    let mut tx = store.begin();
    tx.put(value_key(task, n), value_of(task, n));
    tx.put(format!("last/{task}"), n.to_le_bytes().to_vec());
    tx.add_i64("sum", 1);
    tx.emit(TOPIC, format!("{task}:{n}"));
    if n > KEPT {
        if n.is_multiple_of(2) {
            tx.delete(value_key(task, n - KEPT));
        } else {
            tx.delete_range(KeyRange::new(value_key(task, 0), value_key(task, n - KEPT + 1)));
        }
    }
    tx.commit().await.map(drop)
}

/// Checks that the data agrees with itself; returns the last commit of each task.
fn audit(store: &Store) -> BTreeMap<u64, u64> {
    let mut last_of = BTreeMap::new();
    let mut expected = BTreeMap::new();
    for task in 0..TASKS {
        let last = number(store, &format!("last/{task}"));
        last_of.insert(task, last);
        for n in (last + 1).saturating_sub(KEPT).max(1)..=last {
            expected.insert(value_key(task, n), value_of(task, n));
        }
    }
    let page = store.snapshot().range(KeyRange::prefix("value/"), RangeOptions::default()).expect("range");
    let found: BTreeMap<String, Vec<u8>> = page
        .entries
        .into_iter()
        .map(|(key, value)| (String::from_utf8(key.to_vec()).expect("text"), value.to_vec()))
        .collect();
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "values kept");
    assert!(found == expected, "a value differs");
    assert_eq!(number(store, "sum"), last_of.values().sum::<u64>(), "the counter agrees with the tasks");

    // The change log ends with the last commit of each task, and has no gap.
    let mut next: BTreeMap<u64, u64> = BTreeMap::new();
    for change in store.changes(TOPIC, Stamp::ZERO, usize::MAX).expect("changes") {
        let text = String::from_utf8(change.record.to_vec()).expect("text");
        let (task, n) = text.split_once(':').expect("two numbers");
        let (task, n): (u64, u64) = (task.parse().expect("a task"), n.parse().expect("a number"));
        let expected = next.insert(task, n + 1).unwrap_or(n);
        assert_eq!(n, expected, "change records of task {task}");
    }
    for (task, next) in next {
        assert_eq!(next - 1, last_of[&task], "the change log ends with the last commit of task {task}");
    }
    last_of
}

fn say(line: String) {
    // One write a line: a kill never leaves half of one in the pipe.
    let _ = std::io::stdout().write_all(line.as_bytes());
}

/// The process that gets killed. Run by the test below.
#[test]
#[ignore = "run by the crash test in a process of its own"]
fn child() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let engine = if std::env::var(FLUSHING).is_ok() { Engine::Flushing } else { Engine::Durable };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("runtime");
    runtime.block_on(async {
        let store = engine.open(Path::new(&dir), engine.options());
        let last_of = audit(&store);
        let state: String = last_of.iter().map(|(task, last)| format!("\nstart {task} {last}")).collect();
        say(format!("{state}\nready\n"));
        let changes = store.changes(TOPIC, Stamp::ZERO, usize::MAX).expect("changes");
        if let Some(oldest) = changes.len().checked_sub(CHANGES_KEPT).and_then(|index| changes.get(index)) {
            store.trim_changes(TOPIC, oldest.stamp).await.expect("trim");
        }
        let tasks: Vec<_> = last_of
            .into_iter()
            .map(|(task, last)| {
                let store = store.clone();
                tokio::spawn(async move {
                    for n in last + 1.. {
                        commit_one(&store, task, n).await.expect("commit");
                        say(format!("done {task} {n}\n"));
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("task");
        }
    });
}

#[derive(Default)]
struct Tally {
    kills: u64,
    before_ready: u64,
    acknowledged: u64,
}

/// Starts a child, kills it after `delay`, and reads what it said.
fn run_and_kill(
    dir: &Path,
    flushing: bool,
    delay: Duration,
    acked: &mut BTreeMap<u64, u64>,
    tally: &mut Tally,
) {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "child", "--ignored", "--nocapture"]).env(DIR, dir);
    if flushing {
        command.env(FLUSHING, "1");
    }
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a child");
    let stdout = child.stdout.take().expect("a pipe");
    let reader =
        std::thread::spawn(move || BufReader::new(stdout).lines().map_while(Result::ok).collect::<Vec<_>>());
    std::thread::sleep(delay);
    child.kill().expect("kill");
    let lines = reader.join().expect("lines");
    let output = child.wait_with_output().expect("the end of the child");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!errors.contains("panicked"), "the child found something wrong: {errors}");
    assert!(output.status.code().is_none(), "the child ended by itself: {:?} {errors}", output.status);
    tally.kills += 1;
    tally.before_ready += u64::from(!lines.iter().any(|line| line == "ready"));
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        let [word @ ("start" | "done"), task, n] = words[..] else { continue };
        let (task, n): (u64, u64) = (task.parse().expect("a task"), n.parse().expect("a number"));
        let known = acked.entry(task).or_insert(0);
        if word == "start" {
            assert!(n >= *known, "task {task}: {known} was acknowledged, {n} is left");
            assert!(n <= *known + 1, "task {task}: only {} can be under way, {n} is there", *known + 1);
        } else {
            assert_eq!(n, *known + 1);
            tally.acknowledged += 1;
        }
        *known = n;
    }
}

#[test]
fn nothing_acknowledged_is_lost() {
    let kills: u64 = std::env::var("STORE_CRASH_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(200);
    let given = std::env::var("STORE_CRASH_SEED").ok().and_then(|n| n.parse().ok());
    let mut seed: u64 = given.unwrap_or_else(|| RandomState::new().hash_one(kills) | 1);
    println!("STORE_CRASH_SEED={seed}");
    let mut random = move |below: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut acked = BTreeMap::new();
    let mut tally = Tally::default();
    for kill in 0..kills {
        // A third of the children die while they start or recover, the others under load; half of them flush all the
        // time, so that they die in flushes and in the recycling of segments too.
        let delay = if kill % 3 == 0 { random(25_000) } else { 15_000 + random(90_000) };
        run_and_kill(dir.path(), kill % 2 == 0, Duration::from_micros(delay), &mut acked, &mut tally);
        if kill % 50 == 49 {
            store::check(dir.path()).expect("an undamaged directory");
        }
    }
    store::check(dir.path()).expect("an undamaged directory");
    let store = Store::open(dir.path(), Engine::Durable.options()).expect("open");
    for (task, last) in audit(&store) {
        let known = acked.get(&task).copied().unwrap_or(0);
        assert!(last == known || last == known + 1, "task {task}: {known} acknowledged, {last} left");
    }
    println!(
        "{} kills ({} before the store was open), {} commits acknowledged, none lost",
        tally.kills, tally.before_ready, tally.acknowledged
    );
    assert!(tally.acknowledged > tally.kills, "the children did commit");
}
