//! Measures the store against the disk it is on: `cargo run --release -p store --example store_bench [directory]`.
//!
//! Rows that depend on the disk are measured in turns, a few rounds of each, because a busy disk changes by the minute.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redb::{Database, Durability, TableDefinition};
use store::{Options, RangeOptions, Store};
use tokio::sync::{mpsc, oneshot};

const ROUND: Duration = Duration::from_secs(2);
const ROUNDS: usize = 3;
const VALUE_BYTES: usize = 200;
const RECORDS: u64 = 1_000_000;
const TABLE: TableDefinition<&[u8], &[u8]> = TableDefinition::new("data");

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (Some("--load"), Some(dir)) => load_and_abort(Path::new(&dir)),
        (Some("--abort"), Some(dir)) => commit_and_abort(Path::new(&dir)),
        (Some(dir), None) => measure(Path::new(dir)),
        _ => measure(&std::env::temp_dir()),
    }
}

fn measure(parent: &Path) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let dir = tempfile::tempdir_in(parent)?;
    println!(
        "directory {}, values of {VALUE_BYTES} bytes, {ROUNDS} rounds of {ROUND:?} in turns",
        parent.display()
    );

    let started = Instant::now();
    let store = Store::open(&dir.path().join("store"), Options::default())?;
    println!("open an empty directory: {:?}", started.elapsed());
    let memory = Store::in_memory(Options::default());
    let raw = Raw::start(&dir.path().join("raw.redb"))?;
    let file = OpenOptions::new().write(true).create(true).truncate(true).open(dir.path().join("sync"))?;
    file.write_all_at(&vec![0; 64 << 20], 0)?;
    file.sync_all()?;

    let mut rows: Vec<(&str, Vec<Sample>)> = [
        "fdatasync of a 4 KiB append, 1 writer",
        "store durable, 1 client",
        "redb group commit, quick_repair, 1 client",
        "store durable, 32 clients",
        "redb group commit, quick_repair, 32 clients",
        "store memory, 1 client",
        "store memory, 32 clients",
    ]
    .map(|name| (name, Vec::new()))
    .into();
    for round in 0..ROUNDS as u64 {
        let samples = [
            raw_sync(&file)?,
            runtime.block_on(commits(&store, 1, round))?,
            runtime.block_on(raw.commits(1, round))?,
            runtime.block_on(commits(&store, 32, round))?,
            runtime.block_on(raw.commits(32, round))?,
            runtime.block_on(commits(&memory, 1, round))?,
            runtime.block_on(commits(&memory, 32, round))?,
        ];
        for (row, sample) in rows.iter_mut().zip(samples) {
            row.1.push(sample);
        }
    }
    println!(
        "{:46} {:>10} {:>22} {:>10} {:>10}",
        "median of rounds", "per s", "[least - most]", "p50", "p99"
    );
    for (name, mut samples) in rows {
        samples.sort_by(|a, b| a.rate.total_cmp(&b.rate));
        let (least, middle, most) = (&samples[0], &samples[samples.len() / 2], &samples[samples.len() - 1]);
        let range = format!("[{:.0} - {:.0}]", least.rate, most.rate);
        println!("{name:46} {:>10.0} {range:>22} {:>10.1?} {:>10.1?}", middle.rate, middle.p50, middle.p99);
    }
    let stats = store.stats();
    println!("commits per sync: {:.1}", stats.commits as f64 / stats.syncs.max(1) as f64);
    println!("{stats:?}");
    runtime.block_on(reads(&store))?;
    store.close();

    let loaded = dir.path().join("million");
    let status = std::process::Command::new(std::env::current_exe()?).arg("--load").arg(&loaded).status()?;
    println!("load {RECORDS} records and abort: {status}");
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let store = Store::open(&loaded, Options::default())?;
        let opened = started.elapsed();
        let found = store.snapshot().get(record_key(RECORDS - 1).as_bytes())?.is_some();
        println!("reopen after abort: {opened:?}, last record there: {found}, {:?}", store.stats());
        store.close();
        let started = Instant::now();
        Store::open(&loaded, Options::default())?.close();
        println!("reopen and close after a clean end: {:?}", started.elapsed());
        std::process::Command::new(std::env::current_exe()?).arg("--abort").arg(&loaded).status()?;
    }
    Ok(())
}

/// Commits for a round and dies without closing. Run in a process of its own.
fn commit_and_abort(dir: &Path) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let store = Store::open(dir, Options::default())?;
    let round = u64::from(std::process::id()) + 100;
    let sample = runtime.block_on(commits(&store, 32, round))?;
    println!("{:.0} commits per s on top, then abort", sample.rate);
    std::process::abort();
}

struct Sample {
    rate: f64,
    p50: Duration,
    p99: Duration,
}

fn sample(mut latencies: Vec<Duration>, elapsed: Duration) -> Sample {
    latencies.sort_unstable();
    let at = |part: f64| latencies.get((latencies.len() as f64 * part) as usize).copied().unwrap_or_default();
    Sample { rate: latencies.len() as f64 / elapsed.as_secs_f64(), p50: at(0.5), p99: at(0.99) }
}

fn raw_sync(file: &File) -> Result<Sample, Failure> {
    static POSITION: AtomicU64 = AtomicU64::new(0);
    let (started, mut latencies) = (Instant::now(), Vec::new());
    while started.elapsed() < ROUND {
        let at = POSITION.fetch_add(4096, Ordering::Relaxed) % (64 << 20);
        let begun = Instant::now();
        file.write_all_at(&[latencies.len() as u8; 4096], at)?;
        file.sync_data()?;
        latencies.push(begun.elapsed());
    }
    Ok(sample(latencies, started.elapsed()))
}

fn record_key(n: u64) -> String {
    // Scattered, as keys of many users are.
    format!("record/{:016x}", n.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

fn value(n: u64) -> Vec<u8> {
    n.to_le_bytes().repeat(VALUE_BYTES / 8)
}

/// Keys of one round, client and commit; never the same twice.
fn key_of(round: u64, clients: u64, client: u64, n: u64) -> String {
    record_key(((round * 64 + clients) * 64 + client) * 1_000_000 + n)
}

async fn commits(store: &Store, clients: u64, round: u64) -> Result<Sample, Failure> {
    let started = Instant::now();
    let tasks: Vec<_> = (0..clients)
        .map(|client| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                while started.elapsed() < ROUND {
                    let n = latencies.len() as u64;
                    let begun = Instant::now();
                    let mut tx = store.begin();
                    tx.put(key_of(round, clients, client, n), value(n));
                    tx.commit().await?;
                    latencies.push(begun.elapsed());
                }
                Ok::<_, store::Error>(latencies)
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await??);
    }
    Ok(sample(latencies, started.elapsed()))
}

async fn reads(store: &Store) -> Result<(), Failure> {
    let page = store.snapshot().range(store::KeyRange::all(), RangeOptions::limit(10_000))?;
    let (started, mut latencies) = (Instant::now(), Vec::new());
    'all: loop {
        for (key, _) in &page.entries {
            let begun = Instant::now();
            store.snapshot().get(key)?;
            latencies.push(begun.elapsed());
            if started.elapsed() > ROUND {
                break 'all;
            }
        }
    }
    let sample = sample(latencies, started.elapsed());
    println!(
        "get with a snapshot each, 1 client: {:.0} per s, p50 {:.1?}, p99 {:.1?}",
        sample.rate, sample.p50, sample.p99
    );
    Ok(())
}

type RawCommit = (String, Vec<u8>, oneshot::Sender<()>);

/// The same group commit done directly on redb: one thread, one transaction for all that waits, one commit.
struct Raw {
    queue: mpsc::Sender<RawCommit>,
    failed: Arc<AtomicBool>,
}

impl Raw {
    fn start(path: &Path) -> Result<Raw, Failure> {
        let db = Database::builder().set_cache_size(64 << 20).create(path)?;
        let (queue, mut waiting) = mpsc::channel::<RawCommit>(1024);
        let failed = Arc::new(AtomicBool::new(false));
        let flag = failed.clone();
        std::thread::spawn(move || {
            while let Some(first) = waiting.blocking_recv() {
                let mut group = vec![first];
                while let Ok(next) = waiting.try_recv() {
                    group.push(next);
                }
                if let Err(error) = Raw::commit(&db, &group) {
                    eprintln!("redb: {error}");
                    flag.store(true, Ordering::Relaxed);
                    return;
                }
                for (_, _, reply) in group {
                    // A client that went away needs no answer.
                    let _ = reply.send(());
                }
            }
        });
        Ok(Raw { queue, failed })
    }

    fn commit(db: &Database, group: &[RawCommit]) -> Result<(), Failure> {
        let mut tx = db.begin_write()?;
        tx.set_durability(Durability::Immediate)?;
        tx.set_quick_repair(true);
        {
            let mut table = tx.open_table(TABLE)?;
            for (key, value, _) in group {
                table.insert(key.as_bytes(), &value[..])?;
            }
        }
        tx.commit()?;
        Ok(())
    }

    async fn commits(&self, clients: u64, round: u64) -> Result<Sample, Failure> {
        let started = Instant::now();
        let tasks: Vec<_> = (0..clients)
            .map(|client| {
                let queue = self.queue.clone();
                tokio::spawn(async move {
                    let mut latencies = Vec::new();
                    while started.elapsed() < ROUND {
                        let n = latencies.len() as u64;
                        let begun = Instant::now();
                        let (reply, done) = oneshot::channel();
                        queue.send((key_of(round, clients, client, n), value(n), reply)).await?;
                        done.await?;
                        latencies.push(begun.elapsed());
                    }
                    Ok::<_, Failure>(latencies)
                })
            })
            .collect();
        let mut latencies = Vec::new();
        for task in tasks {
            latencies.extend(task.await??);
        }
        if self.failed.load(Ordering::Relaxed) {
            return Err("redb failed".into());
        }
        Ok(sample(latencies, started.elapsed()))
    }
}

/// Fills a store as fast as it goes and dies without closing it. Run in a process of its own.
fn load_and_abort(dir: &Path) -> Result<(), Failure> {
    const PER_COMMIT: u64 = 500;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let store = Store::open(dir, Options::default())?;
    let started = Instant::now();
    for first in (0..RECORDS).step_by(PER_COMMIT as usize) {
        let mut tx = store.begin();
        for n in first..first + PER_COMMIT {
            tx.put(record_key(n), value(n));
        }
        runtime.block_on(tx.commit())?;
    }
    println!("loaded {RECORDS} records in {:?}, {:?}", started.elapsed(), store.stats());
    std::process::abort();
}
