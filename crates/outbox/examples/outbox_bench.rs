//! Measures deliveries through a handler that does nothing:
//! `cargo run --release -p outbox --example outbox_bench [directory]`.
//!
//! The backlog is put first, in transactions of 100, and not counted; what is counted is from the start of the worker
//! until nothing is pending. Rows are measured in turns, a few rounds of each, because a busy machine changes by the
//! minute.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use kernel::Clock;
use outbox::{Delivery, Outbox, Outcome, Policy};
use store::{Options, Store};
use tokio::sync::Notify;

const ROUNDS: usize = 3;
const DELIVERIES: u64 = 20_000;
/// Putting one and waiting for its handler, so often.
const ROUND_TRIPS: u32 = 300;
const PAYLOAD_BYTES: usize = 500;
const ORDERS: u64 = 1_000;
const PUT_AT_ONCE: u64 = 100;
const TIMERS: u64 = 200_000;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[derive(Clone, Copy)]
enum Form {
    Done,
    DoneIn,
    Ordered,
}

fn main() -> Result<(), Failure> {
    let parent = std::env::args().nth(1).map_or_else(std::env::temp_dir, Into::into);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    println!(
        "directory {}, {DELIVERIES} deliveries of {PAYLOAD_BYTES} bytes, {ROUNDS} rounds in turns",
        parent.display()
    );
    let dir = tempfile::tempdir_in(&parent)?;
    runtime.block_on(measure(dir.path()))
}

async fn measure(dir: &Path) -> Result<(), Failure> {
    let memory = Store::in_memory(Options::default());
    let durable = Store::open(&dir.join("store"), Options::default())?;
    let mut rows: Vec<(String, Vec<f64>, Vec<f64>)> = Vec::new();
    for round in 0..ROUNDS {
        let mut row = 0;
        for (engine, store) in [("memory", &memory), ("durable", &durable)] {
            for (form, name) in
                [(Form::Done, "Done"), (Form::DoneIn, "DoneIn"), (Form::Ordered, "Done, 1,000 orders")]
            {
                for concurrency in [1, 32] {
                    let before = store.stats().commits;
                    let rate = deliver(store, form, concurrency).await?;
                    let commits = (store.stats().commits - before - DELIVERIES / PUT_AT_ONCE) as f64;
                    if round == 0 {
                        rows.push((
                            format!("{engine}, {name}, {concurrency} at once"),
                            Vec::new(),
                            Vec::new(),
                        ));
                    }
                    rows[row].1.push(rate);
                    rows[row].2.push(commits / DELIVERIES as f64);
                    row += 1;
                }
            }
        }
    }
    println!(
        "{:42} {:>10} {:>20} {:>20}",
        "median of rounds", "per s", "[least - most]", "commits a delivery"
    );
    for (name, mut rates, commits) in rows {
        rates.sort_by(f64::total_cmp);
        let range = format!("[{:.0} - {:.0}]", rates[0], rates[ROUNDS - 1]);
        println!("{name:42} {:>10.0} {range:>20} {:>20.3}", rates[ROUNDS / 2], commits[0]);
    }
    for (engine, store) in [("memory", &memory), ("durable", &durable)] {
        let mut times = round_trips(store).await?;
        times.sort();
        let (p50, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
        println!("{engine}: from put to handler, the commit included: p50 {p50:.1?}, p99 {p99:.1?}");
    }
    pending_timers(&memory).await
}

fn delivery(number: u64, form: Form) -> Delivery {
    Delivery {
        account: format!("{:012}", number % 100),
        region: "eu-west-1".into(),
        kind: "bench",
        order: matches!(form, Form::Ordered)
            .then(|| Bytes::copy_from_slice(&(number % ORDERS).to_be_bytes())),
        due: None,
        payload: Bytes::from(vec![number as u8; PAYLOAD_BYTES]),
        name: None,
    }
}

/// Deliveries a second.
async fn deliver(store: &Store, form: Form, concurrency: usize) -> Result<f64, Failure> {
    let outbox = Outbox::new(store.clone(), Clock::system(Duration::ZERO));
    for first in (0..DELIVERIES).step_by(PUT_AT_ONCE as usize) {
        let mut tx = store.begin();
        for number in first..first + PUT_AT_ONCE {
            outbox.put(&mut tx, delivery(number, form))?;
        }
        tx.commit().await?;
    }
    let handler = move |_| async move {
        match form {
            Form::DoneIn => Outcome::done_in(|tx| {
                tx.add_i64("delivered", 1);
                Ok(())
            }),
            Form::Done | Form::Ordered => Outcome::Done,
        }
    };
    let started = Instant::now();
    let worker = tokio::spawn(outbox.run("bench", Policy { concurrency, ..Policy::default() }, handler));
    while outbox.counts("bench")?.pending > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let elapsed = started.elapsed();
    worker.abort();
    Ok(DELIVERIES as f64 / elapsed.as_secs_f64())
}

async fn round_trips(store: &Store) -> Result<Vec<Duration>, Failure> {
    let outbox = Outbox::new(store.clone(), Clock::system(Duration::ZERO));
    let got = Arc::new(Notify::new());
    let handler = {
        let got = got.clone();
        move |_| {
            got.notify_one();
            async { Outcome::Done }
        }
    };
    let worker = tokio::spawn(outbox.run("bench", Policy::default(), handler));
    let mut times = Vec::new();
    for number in 0..ROUND_TRIPS {
        let started = Instant::now();
        let mut tx = store.begin();
        outbox.put(&mut tx, delivery(number.into(), Form::Done))?;
        tx.commit().await?;
        got.notified().await;
        times.push(started.elapsed());
    }
    worker.abort();
    Ok(times)
}

/// What waits costs nothing: deliveries go as fast beside many timers, and a start looks at none of them.
async fn pending_timers(store: &Store) -> Result<(), Failure> {
    let clock = Clock::system(Duration::ZERO);
    let outbox = Outbox::new(store.clone(), clock.clone());
    let due = Some(clock.now().plus(Duration::from_secs(86_400)));
    for first in (0..TIMERS).step_by(PUT_AT_ONCE as usize) {
        let mut tx = store.begin();
        for number in first..first + PUT_AT_ONCE {
            let account = format!("{:012}", number % 5_000);
            outbox.put(&mut tx, Delivery { account, due, kind: "later", ..delivery(number, Form::Done) })?;
        }
        tx.commit().await?;
    }
    let handled = Arc::new((AtomicU64::new(0), Notify::new()));
    let handler = {
        let handled = handled.clone();
        move |_| {
            handled.0.fetch_add(1, Ordering::Relaxed);
            handled.1.notify_one();
            async { Outcome::Done }
        }
    };
    let mut tx = store.begin();
    outbox.put(&mut tx, Delivery { kind: "later", ..delivery(0, Form::Done) })?;
    tx.commit().await?;
    let started = Instant::now();
    let worker = tokio::spawn(outbox.run("later", Policy::default(), handler));
    handled.1.notified().await;
    let first = started.elapsed();
    let started = Instant::now();
    let pending = outbox.counts("later")?.pending;
    println!(
        "beside {TIMERS} timers of 5,000 accounts: a new worker's first delivery after {first:.1?}, \
         {} handled; counting {pending} pending takes {:.1?}",
        handled.0.load(Ordering::Relaxed),
        started.elapsed()
    );
    worker.abort();
    Ok(())
}
