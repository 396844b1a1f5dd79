//! What a page of ten neighbours costs in a long store, by the size of the page cache:
//! `cargo run --release -p store --example page_bench directory [entries]`.
//!
//! Entries of 1 KiB; everything is read once before it is measured, so the file is in the system's cache as far as that
//! has room.

use std::path::Path;
use std::time::{Duration, Instant};

use store::{KeyRange, Options, RangeOptions, Store};

const VALUE_BYTES: usize = 1024;
const ENTRIES: u64 = 1_000_000;
const NEIGHBOURS: usize = 10;
const PER_COMMIT: u64 = 500;
const ROUND: Duration = Duration::from_secs(3);
const CACHES_MIB: [usize; 3] = [64, 512, 2048];

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let parent = arguments.next().ok_or("a directory is wanted")?;
    let entries = arguments.next().map_or(Ok(ENTRIES), |text| text.parse())?;
    let dir = tempfile::tempdir_in(&parent)?;
    let path = dir.path().join("store");
    load(&path, entries)?;
    for cache in CACHES_MIB {
        let store = Store::open(&path, Options { cache_bytes: cache << 20, ..Options::default() })?;
        for _ in 0..2 {
            walk(&store)?;
        }
        let (started, mut latencies, mut at) = (Instant::now(), Vec::new(), 1_u64);
        while started.elapsed() < ROUND {
            at = at.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
            let begun = Instant::now();
            let range = KeyRange::new(key((at >> 20) % entries), "record0");
            let page = store.snapshot().range(range, RangeOptions::limit(NEIGHBOURS))?;
            latencies.push(begun.elapsed());
            assert!(!page.entries.is_empty());
        }
        latencies.sort_unstable();
        let of = |part: usize| latencies[latencies.len() * part / 100];
        println!("{entries} entries, cache of {cache} MiB: p50 {:.1?}, p99 {:.1?}", of(50), of(99));
        store.close();
    }
    Ok(())
}

fn key(n: u64) -> String {
    format!("record/{n:016}")
}

fn load(path: &Path, entries: u64) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let store = Store::open(path, Options::default())?;
    for first in (0..entries).step_by(PER_COMMIT as usize) {
        let mut tx = store.begin();
        for n in first..entries.min(first + PER_COMMIT) {
            tx.put(key(n), vec![n as u8; VALUE_BYTES]);
        }
        runtime.block_on(tx.commit())?;
    }
    store.close();
    Ok(())
}

/// Reads everything once.
fn walk(store: &Store) -> Result<(), Failure> {
    let mut range = KeyRange::all();
    loop {
        let page = store.snapshot().range(range.clone(), RangeOptions::limit(1_000))?;
        let Some((last, _)) = page.entries.last() else { return Ok(()) };
        range = KeyRange::new([&last[..], b"\0"].concat(), range.end.clone());
    }
}
