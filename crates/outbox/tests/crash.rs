//! Kills a process that puts and delivers, at random instants, again and again: what it acknowledged is delivered, what
//! is delivered into the store is there exactly once, and orders are kept.
//!
//! `OUTBOX_CRASH_KILLS` sets the number of kills (25).

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use kernel::Clock;
use outbox::{Delivered, Delivery, Outbox, Outcome, Policy};
use store::{KeyRange, Options, RangeOptions, Store};

const DIR: &str = "OUTBOX_CRASH_DIR";
/// The child delivers what there is and ends.
const DRAIN: &str = "OUTBOX_CRASH_DRAIN";
const KIND: &str = "crash";
const PUTTERS: u64 = 4;

fn say(line: String) {
    // One write a line: a kill never leaves half of one in the pipe.
    let _ = std::io::stdout().write_all(line.as_bytes());
}

fn number(store: &Store, key: &str) -> i64 {
    let value = store.snapshot().get(key.as_bytes()).expect("get");
    value.map_or(0, |value| i64::from_le_bytes(value[..].try_into().expect("eight bytes")))
}

/// Even numbers go through orders and into the store; odd ones by themselves, their handlers only say so.
fn delivery(putter: u64, n: u64) -> Delivery {
    Delivery {
        account: format!("{putter:012}"),
        region: String::new(),
        kind: KIND,
        order: n.is_multiple_of(2).then(|| Bytes::from_static(b"even")),
        due: None,
        payload: Bytes::from(format!("{putter} {n:012}")),
        name: None,
    }
}

async fn handle(delivered: Delivered) -> Outcome {
    let payload = String::from_utf8(delivered.payload.to_vec()).expect("text");
    if delivered.order.is_none() {
        say(format!("handled {payload}\n"));
        return Outcome::Done;
    }
    // One that fails now and then must hold the others.
    let n: u64 = payload.rsplit(' ').next().and_then(|n| n.parse().ok()).expect("a number");
    if n.is_multiple_of(10) && delivered.attempt == 1 {
        return Outcome::Retry("planned".into());
    }
    Outcome::done_in(move |tx| {
        tx.add_i64(format!("effect {payload}"), 1);
        tx.add_i64(format!("delivered {}", delivered.account), 1);
        // In order: each finds the one before it done.
        let before = tx.get(format!("last {}", delivered.account).as_bytes())?;
        if before.is_some_and(|before| before[..] >= *payload.as_bytes()) {
            tx.add_i64("out of order", 1);
        }
        tx.put(format!("last {}", delivered.account), payload.clone());
        Ok(())
    })
}

/// The process that gets killed. Run by the test below.
#[test]
#[ignore = "run by the crash test in a process of its own"]
fn child() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let drain = std::env::var(DRAIN).is_ok();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime");
    runtime.block_on(async {
        let store = Store::open(Path::new(&dir), Options::default()).expect("open");
        let outbox = Outbox::new(store.clone(), Clock::system(Duration::ZERO));
        let policy = Policy { first_pause: Duration::from_millis(2), ..Policy::default() };
        say("\nready\n".into());
        tokio::spawn(outbox.run(KIND, policy, handle));
        if drain {
            while outbox.counts(KIND).expect("counts").pending > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            return;
        }
        let putters: Vec<_> = (0..PUTTERS)
            .map(|putter| {
                let (store, outbox) = (store.clone(), outbox.clone());
                tokio::spawn(async move {
                    let first = number(&store, &format!("put {putter}")) as u64 + 1;
                    for n in first.. {
                        let mut tx = store.begin();
                        tx.put(format!("put {putter}"), (n as i64).to_le_bytes().to_vec());
                        outbox.put(&mut tx, delivery(putter, n)).expect("put");
                        tx.commit().await.expect("commit");
                        say(format!("put {putter} {n:012}\n"));
                    }
                })
            })
            .collect();
        for putter in putters {
            putter.await.expect("putter");
        }
    });
}

/// What the children said: for each putter the last acknowledged put, and how often each odd one was handled.
#[derive(Default)]
struct Said {
    put: BTreeMap<u64, u64>,
    handled: BTreeMap<String, u32>,
}

/// Starts a child, kills it after `delay` or lets it drain, and reads what it said.
fn run(dir: &Path, delay: Option<Duration>, said: &mut Said) {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "child", "--ignored", "--nocapture"]).env(DIR, dir).stdout(Stdio::piped());
    if delay.is_none() {
        command.env(DRAIN, "1");
    }
    let mut child = command.spawn().expect("spawn");
    let output = BufReader::new(child.stdout.take().expect("stdout"));
    let mut lines = output.lines().map_while(Result::ok);
    assert!(lines.by_ref().any(|line| line == "ready"), "the child starts");
    let reader = std::thread::spawn(move || lines.collect::<Vec<_>>());
    if let Some(delay) = delay {
        std::thread::sleep(delay);
        child.kill().expect("kill");
    }
    let status = child.wait().expect("wait");
    assert!(delay.is_some() || status.success(), "{status}");
    for line in reader.join().expect("reader") {
        if let Some(payload) = line.strip_prefix("handled ") {
            *said.handled.entry(payload.to_owned()).or_default() += 1;
        } else if let Some((putter, n)) = line.strip_prefix("put ").and_then(|put| put.split_once(' ')) {
            said.put.insert(putter.parse().expect("a putter"), n.parse().expect("a number"));
        }
    }
}

#[test]
fn what_is_acknowledged_is_delivered_and_into_the_store_once() {
    let kills: u32 = std::env::var("OUTBOX_CRASH_KILLS").map_or(25, |kills| kills.parse().expect("a number"));
    let dir = tempfile::tempdir().expect("directory");
    let path = dir.path().join("store");
    let mut said = Said::default();
    for kill in 0..kills {
        let ms = RandomState::new().hash_one(kill) % 120;
        run(&path, Some(Duration::from_millis(ms)), &mut said);
    }
    run(&path, None, &mut said);

    let store = Store::open(&path, Options::default()).expect("open");
    assert_eq!(number(&store, "out of order"), 0);
    let mut repeated = 0;
    for putter in 0..PUTTERS {
        let put = number(&store, &format!("put {putter}")) as u64;
        let acknowledged = said.put.get(&putter).copied().unwrap_or(0);
        assert!(put >= acknowledged, "putter {putter} has lost a put");
        for n in 1..=put {
            let payload = format!("{putter} {n:012}");
            let handled = said.handled.get(&payload).copied().unwrap_or(0);
            if n.is_multiple_of(2) {
                assert_eq!(number(&store, &format!("effect {payload}")), 1, "{payload}");
            } else {
                assert!(handled >= 1, "{payload} was never handled");
                repeated += u32::from(handled > 1);
            }
        }
        assert_eq!(number(&store, &format!("delivered {putter:012}")), (put / 2) as i64);
    }
    let outbox = Outbox::new(store.clone(), Clock::system(Duration::ZERO));
    assert_eq!(outbox.counts(KIND).expect("counts"), outbox::Counts::default());
    let left = KeyRange::prefix(b"\x02\0\x02\0\x02outbox\0\x02i");
    assert!(store.snapshot().range(left, RangeOptions::limit(1)).expect("range").entries.is_empty());
    let total: u64 = (0..PUTTERS).map(|putter| number(&store, &format!("put {putter}")) as u64).sum();
    println!("{kills} kills, {total} deliveries, {repeated} handled more than once");
    assert!(total > 0, "nothing was put between the kills");
}
