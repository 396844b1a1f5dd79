//! Measures blobs against the disk they are on: `cargo run --release -p blob --example blob_bench [directory]`.
//!
//! Rows are measured in turns, a few rounds of each, because a busy disk changes by the minute. Compare the ratios: each
//! is that of one round's neighbours.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use blob::{BlobId, Blobs, Key, Options};
use bytes::Bytes;

const ROUND: Duration = Duration::from_secs(2);
const ROUNDS: usize = 5;
const SIZE: usize = 1 << 20;
/// Blobs that are read in turn.
const READ: usize = 32;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let parent = std::env::args().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(measure(&parent))
}

async fn measure(parent: &Path) -> Result<(), Failure> {
    let dir = tempfile::tempdir_in(parent)?;
    println!("directory {}, {SIZE} bytes, {ROUNDS} rounds of {ROUND:?} in turns; MiB/s", parent.display());
    let durable = Blobs::open(dir.path().join("durable"), Options::default())?;
    let ephemeral = Blobs::open(dir.path().join("ephemeral"), Options::ephemeral())?;
    let plain = Arc::new(Plain::new(dir.path().join("plain"))?);
    let bytes = Bytes::from((0..SIZE).map(|n| (n * 7 + (n >> 9)) as u8).collect::<Vec<_>>());

    let mut ids = Vec::new();
    for _ in 0..READ {
        ids.push(put(&ephemeral, &bytes).await?);
    }
    let files: Arc<Vec<PathBuf>> = Arc::new(
        ids.iter()
            .map(|id| dir.path().join("ephemeral").join(&id.to_string()[..2]).join(id.to_string()))
            .collect(),
    );
    let ids = Arc::new(ids);

    for tasks in [1, 32] {
        let mut rows = [
            ("plain write, fsync, rename, fsync of the directory", Vec::new()),
            ("plain write, fsync", Vec::new()),
            ("blob, durable", Vec::new()),
            ("blob, ephemeral", Vec::new()),
        ];
        for _ in 0..ROUNDS {
            let (one, text) = (plain.clone(), bytes.clone());
            rows[0].1.push(threads(tasks, move |_| one.put(&text, true)).await?);
            let (one, text) = (plain.clone(), bytes.clone());
            rows[1].1.push(threads(tasks, move |_| one.put(&text, false)).await?);
            for (row, blobs) in [(2, &durable), (3, &ephemeral)] {
                let (blobs, text) = (blobs.clone(), bytes.clone());
                rows[row].1.push(
                    tokio_tasks(tasks, move |_| {
                        let (blobs, text) = (blobs.clone(), text.clone());
                        async move { Ok(blobs.delete(put(&blobs, &text).await?).await?) }
                    })
                    .await?,
                );
            }
        }
        show(&format!("write 1 MiB and remove it, {tasks} at once"), &rows);

        let mut rows = [("plain pread of the file, 256 KiB at a time", Vec::new()), ("blob", Vec::new())];
        for _ in 0..ROUNDS {
            let files = files.clone();
            rows[0].1.push(threads(tasks, move |n| read_plain(&files[n as usize % READ])).await?);
            let (blobs, ids) = (ephemeral.clone(), ids.clone());
            rows[1].1.push(
                tokio_tasks(tasks, move |n| {
                    let (blobs, id) = (blobs.clone(), ids[n as usize % READ]);
                    async move { read(&blobs, id).await }
                })
                .await?,
            );
        }
        show(&format!("read 1 MiB from the page cache, {tasks} at once"), &rows);
    }
    Ok(())
}

/// What a round did.
#[derive(Clone, Copy)]
struct Round {
    /// MiB/s.
    rate: f64,
    /// Milliseconds of processor time, the program's and the system's for it, a MiB.
    cpu_ms: f64,
}

impl Round {
    /// Of this many objects since then, when `cpu` seconds of processor time had been used.
    fn since(begin: Instant, cpu: f64, done: u64) -> Self {
        let mebibytes = done as f64 * (SIZE >> 20) as f64;
        let rate = mebibytes / begin.elapsed().as_secs_f64();
        Self { rate, cpu_ms: (cpu_seconds() - cpu) * 1e3 / mebibytes }
    }
}

/// Rates of each row, each row's share of the first, round by round, and the processor time.
fn show(title: &str, rows: &[(&str, Vec<Round>)]) {
    println!("{title}");
    for (name, rounds) in rows {
        let shares = rounds.iter().zip(&rows[0].1).map(|(round, first)| round.rate / first.rate).collect();
        let (rate, share) = (spread(rounds.iter().map(|round| round.rate).collect()), spread(shares));
        let cpu = spread(rounds.iter().map(|round| round.cpu_ms).collect());
        println!(
            "  {name:52} {:6.0} [{:.0} to {:.0}], {:.2} [{:.2} to {:.2}] of the first, {:.2} ms of processor time a MiB",
            rate[1], rate[0], rate[2], share[1], share[0], share[2], cpu[1]
        );
    }
}

/// Seconds of processor time so far: user and system time of `/proc/self/stat`, in the ticks of which Linux gives out
/// 100 a second.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, after)| after);
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

/// Least, median, most.
fn spread(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    [values[0], values[values.len() / 2], values[values.len() - 1]]
}

fn key() -> Key {
    Key::new(&[42; 32])
}

async fn put(blobs: &Blobs, bytes: &Bytes) -> Result<BlobId, blob::Error> {
    let mut writer = blobs.create(&key()).await?;
    let mut rest = bytes.clone();
    // As the network gives them.
    while !rest.is_empty() {
        writer.write(rest.split_to((64 << 10).min(rest.len()))).await?;
    }
    Ok(writer.finish().await?.id)
}

async fn read(blobs: &Blobs, id: BlobId) -> Result<(), Failure> {
    let mut reading = blobs.read(id, &key(), 0..SIZE as u64, SIZE as u64).await?;
    while let Some(piece) = reading.next().await {
        std::hint::black_box(piece?);
    }
    Ok(())
}

fn read_plain(path: &Path) -> Result<(), Failure> {
    let file = File::open(path)?;
    let mut left = file.metadata()?.len();
    let mut at = 0;
    let mut buffer = vec![0; 256 << 10];
    while left > 0 {
        let now = left.min(256 << 10) as usize;
        file.read_exact_at(&mut buffer[..now], at)?;
        std::hint::black_box(&buffer);
        (at, left) = (at + now as u64, left - now as u64);
    }
    Ok(())
}

/// What a program without this crate would do, one file a put.
struct Plain {
    dir: PathBuf,
    next: AtomicU64,
}

impl Plain {
    fn new(dir: PathBuf) -> Result<Self, Failure> {
        for shard in 0..256 {
            std::fs::create_dir_all(dir.join(format!("{shard:02x}")))?;
        }
        Ok(Self { dir, next: AtomicU64::new(0) })
    }

    fn put(&self, bytes: &[u8], rename: bool) -> Result<(), Failure> {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let shard = self.dir.join(format!("{:02x}", n % 256));
        let (draft, path) = (self.dir.join(format!("draft-{n}")), shard.join(n.to_string()));
        let mut file = OpenOptions::new().write(true).create_new(true).open(&draft)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        if !rename {
            return Ok(std::fs::remove_file(&draft)?);
        }
        std::fs::rename(&draft, &path)?;
        File::open(&shard)?.sync_all()?;
        Ok(std::fs::remove_file(&path)?)
    }
}

/// A round of this many threads doing `work` again and again.
async fn threads(
    count: u64,
    work: impl Fn(u64) -> Result<(), Failure> + Send + Sync + 'static,
) -> Result<Round, Failure> {
    let (work, begin, cpu) = (Arc::new(work), Instant::now(), cpu_seconds());
    let threads: Vec<_> = (0..count)
        .map(|n| {
            let work = work.clone();
            tokio::task::spawn_blocking(move || {
                let mut done = 0;
                while begin.elapsed() < ROUND {
                    work(n + done * count)?;
                    done += 1;
                }
                Ok::<_, Failure>(done)
            })
        })
        .collect();
    let mut done = 0;
    for thread in threads {
        done += thread.await??;
    }
    Ok(Round::since(begin, cpu, done))
}

/// A round of this many tasks doing `work` again and again.
async fn tokio_tasks<F>(count: u64, work: impl Fn(u64) -> F + Send + Sync + 'static) -> Result<Round, Failure>
where
    F: Future<Output = Result<(), Failure>> + Send,
{
    let (work, begin, cpu) = (Arc::new(work), Instant::now(), cpu_seconds());
    let tasks: Vec<_> = (0..count)
        .map(|n| {
            let work = work.clone();
            tokio::spawn(async move {
                let mut done = 0;
                while begin.elapsed() < ROUND {
                    work(n + done * count).await?;
                    done += 1;
                }
                Ok::<_, Failure>(done)
            })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        done += task.await??;
    }
    Ok(Round::since(begin, cpu, done))
}
