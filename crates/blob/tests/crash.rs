//! Kills a process that writes blobs, at random instants, again and again. After each restart every blob whose finish
//! was acknowledged is whole, every other is whole or not there, and a sweep leaves nothing but the acknowledged ones.
//!
//! `BLOB_CRASH_KILLS` sets the number of kills (60), `BLOB_CRASH_SEED` the instants.

mod common;

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use blob::{BlobId, Blobs, Error, Options};
use common::{files_in, get, key, put, runtime, text};

const DIR: &str = "BLOB_CRASH_DIR";
const TASKS: u64 = 8;

/// Nothing, a few segments, or several chunks.
fn size_of(n: u64) -> usize {
    [0, 1, 40_000, 65_536, 200_000, 262_144, 262_145, 1_000_000][(n % 8) as usize]
}

/// The process that gets killed. Run by the test below.
#[test]
#[ignore = "run by the crash test in a process of its own"]
fn child() {
    let Ok(dir) = std::env::var(DIR) else { return };
    runtime().block_on(async {
        let blobs = Blobs::open(&dir, Options::default()).expect("open");
        let tasks: Vec<_> = (0..TASKS)
            .map(|task| {
                let blobs = blobs.clone();
                tokio::spawn(async move {
                    for n in task.. {
                        let written = put(&blobs, &text(size_of(n), n), 30_000).await.expect("put");
                        // One write a line: a kill never leaves half of one in the pipe.
                        let line = format!("\ndone {n} {}\n", written.id);
                        std::io::stdout().write_all(line.as_bytes()).expect("the test reads");
                        if n % 5 == 4 {
                            blobs.delete(written.id).await.expect("delete");
                            let line = format!("\ngone {n} {}\n", written.id);
                            std::io::stdout().write_all(line.as_bytes()).expect("the test reads");
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("task");
        }
    });
}

/// What a child acknowledged: which blob has which text.
fn run_and_kill(dir: &Path, delay: Duration) -> BTreeMap<BlobId, u64> {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "child", "--ignored", "--nocapture"])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a child");
    let stdout = child.stdout.take().expect("a pipe");
    let reader =
        std::thread::spawn(move || BufReader::new(stdout).lines().map_while(Result::ok).collect::<Vec<_>>());
    std::thread::sleep(delay);
    child.kill().expect("kill");
    let lines = reader.join().expect("lines");
    let output = child.wait_with_output().expect("the end of the child");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code().is_none(), "the child ended by itself: {:?} {errors}", output.status);
    let mut acknowledged = BTreeMap::new();
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        let [word @ ("done" | "gone"), n, id] = words[..] else { continue };
        let (n, id) = (n.parse().expect("a number"), BlobId::parse(id).expect("a name"));
        if word == "done" {
            // Of those that are then removed, the removal may be under way.
            acknowledged.insert(id, n);
        } else {
            acknowledged.remove(&id);
        }
    }
    acknowledged
}

#[test]
fn what_was_acknowledged_is_whole_and_the_rest_is_swept() {
    let kills: u64 = std::env::var("BLOB_CRASH_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(60);
    let given = std::env::var("BLOB_CRASH_SEED").ok().and_then(|n| n.parse().ok());
    let mut seed: u64 = given.unwrap_or_else(|| RandomState::new().hash_one(kills) | 1);
    println!("BLOB_CRASH_SEED={seed}");
    let mut random = move |below: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    let dir = tempfile::tempdir().expect("a directory");
    let runtime = runtime();
    let (mut acknowledged_all, mut left_all) = (0, 0);
    for _ in 0..kills {
        let acknowledged = run_and_kill(dir.path(), Duration::from_micros(20_000 + random(120_000)));
        acknowledged_all += acknowledged.len();
        runtime.block_on(async {
            let blobs = Blobs::open(dir.path(), Options::default()).expect("open");
            for (id, n) in &acknowledged {
                let (size, may_be_gone) = (size_of(*n) as u64, n % 5 == 4);
                match get(&blobs, *id, &key(), 0..size, size).await {
                    Ok(found) => assert!(found == text(size_of(*n), *n), "blob {id} differs"),
                    Err(Error::Missing(_)) if may_be_gone => {}
                    Err(error) => panic!("acknowledged: {error}"),
                }
            }
            // Others have their names only if they are whole.
            let mut listing = blobs.list();
            while let Some(id) = listing.next().await {
                let id = id.expect("a name");
                if !acknowledged.contains_key(&id) {
                    let on_disk = blobs.size_on_disk(id).await.expect("size").expect("it is there");
                    let size = (0..8)
                        .map(|n| size_of(n) as u64)
                        .find(|size| *size + 24 + 16 * size.div_ceil(common::SEGMENT).max(1) + 8 == on_disk);
                    blobs.verify(id, &key(), size.expect("one of the sizes")).await.expect("whole");
                    left_all += 1;
                }
            }
            left_all += files_in(&dir.path().join("draft")).len();
            let known = acknowledged.clone();
            blobs.sweep(move |id| Ok::<_, Error>(known.contains_key(id))).await.expect("sweep");
            let mut left = files_in(dir.path());
            left.retain(|path| {
                let name = path.file_name().and_then(|name| name.to_str()).and_then(BlobId::parse);
                !name.is_some_and(|id| acknowledged.contains_key(&id))
            });
            assert!(left.is_empty(), "the sweep left {left:?}");
            for id in acknowledged.keys() {
                blobs.delete(*id).await.expect("delete");
            }
        });
    }
    println!("{kills} kills, {acknowledged_all} blobs acknowledged and whole, {left_all} others swept");
    assert!(acknowledged_all as u64 > kills, "the children did write");
}
