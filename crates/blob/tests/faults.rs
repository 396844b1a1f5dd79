//! Writers given up, sweeps, directories in use, full or read-only.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use blob::{Blobs, Error, OpenError, Options, Swept};
use common::{files_in, get, key, path_of, put, runtime, text};

const DIR: &str = "BLOB_FAULTS_DIR";
/// Waited for what happens on another thread; a wait ends as soon as it has happened.
const PATIENCE: u32 = 600;

async fn becomes_empty(dir: &Path) {
    for _ in 0..PATIENCE {
        if files_in(dir).is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("left: {:?}", files_in(dir));
}

/// Opens what was closed. A test beside this one may be starting a program, which has the lock as well until it runs.
async fn open_again(dir: &Path) -> Blobs {
    for _ in 0..PATIENCE {
        match Blobs::open(dir, Options::default()) {
            Err(OpenError::Locked { .. }) => tokio::time::sleep(Duration::from_millis(50)).await,
            opened => return opened.expect("open"),
        }
    }
    panic!("locked for ever");
}

#[tokio::test]
async fn a_writer_given_up_leaves_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let blobs = Blobs::open(dir.path(), Options::default()).expect("open");
    for size in [0, 1000, 300_000, 900_000] {
        let mut writer = blobs.create(&key()).await.expect("create");
        writer.write(text(size, 1)).await.expect("write");
        assert_eq!(writer.size(), size as u64);
        drop(writer);
        becomes_empty(dir.path()).await;
    }
    // Nor does a finish that nobody waits for, whenever it is given up.
    for turns in 0..6 {
        let mut writer = blobs.create(&key()).await.expect("create");
        writer.write(text(900_000, 1)).await.expect("write");
        let finish = tokio::spawn(writer.finish());
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
        finish.abort();
        match finish.await {
            Ok(written) => blobs.delete(written.expect("finished").id).await.expect("delete"),
            Err(error) => assert!(error.is_cancelled()),
        }
        becomes_empty(dir.path()).await;
    }
}

#[tokio::test]
async fn a_write_given_up_breaks_the_blob() {
    let dir = tempfile::tempdir().expect("a directory");
    let blobs = Blobs::open(dir.path(), Options::default()).expect("open");
    let mut writer = blobs.create(&key()).await.expect("create");
    {
        let mut write = std::pin::pin!(writer.write(text(4 << 20, 1)));
        // Polled once, it waits for the disk.
        assert!(futures::future::poll_immediate(&mut write).await.is_none());
    }
    assert!(matches!(writer.write(text(1, 1)).await, Err(Error::Broken)));
    assert!(matches!(writer.finish().await, Err(Error::Broken)));
    becomes_empty(dir.path()).await;
}

#[tokio::test]
async fn a_finish_that_fails_leaves_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let blobs = Blobs::open(dir.path(), Options::default()).expect("open");
    for shard in 0..256 {
        std::fs::remove_dir(dir.path().join(format!("{shard:02x}"))).expect("an empty directory");
    }
    assert!(matches!(put(&blobs, &text(700_000, 1), 1 << 20).await, Err(Error::Io(_))));
    becomes_empty(dir.path()).await;
    drop(blobs);
    // What is missing is made again.
    let blobs = open_again(dir.path()).await;
    put(&blobs, &text(700_000, 1), 1 << 20).await.expect("put");
}

#[tokio::test]
async fn a_sweep_removes_what_earlier_runs_left_and_no_record_names() {
    let dir = tempfile::tempdir().expect("a directory");
    let blobs = Blobs::open(dir.path(), Options::default()).expect("open");
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(put(&blobs, &text(70_000, n), 1 << 20).await.expect("put").id);
    }
    let nobody = |_: &_| Ok::<_, Error>(false);
    assert_eq!(blobs.sweep(nobody).await.expect("sweep"), Swept { young: 5, ..Swept::default() });
    drop(blobs);
    // What a killed program leaves, and what a power failure can leave of a blob.
    std::fs::write(dir.path().join("draft/00-left"), b"half").expect("a draft");
    std::fs::write(path_of(dir.path(), blob::BlobId::from_bytes([7; 16])), b"cloud").expect("a blob");
    std::fs::write(dir.path().join("07/foreign"), b"someone's").expect("a file");

    let blobs = open_again(dir.path()).await;
    let mut writer = blobs.create(&key()).await.expect("create");
    writer.write(text(700_000, 9)).await.expect("write");
    let young = put(&blobs, &text(70_000, 6), 1 << 20).await.expect("put").id;
    let kept = [ids[1], ids[3]];
    let swept = blobs.sweep(move |id| Ok::<_, Error>(kept.contains(id))).await.expect("sweep");
    assert_eq!(swept, Swept { kept: 2, young: 1, removed: 4, abandoned: 1 });
    for (id, there) in ids.iter().zip([false, true, false, true, false]) {
        assert_eq!(blobs.exists(*id).await.expect("exists"), there);
    }
    assert!(blobs.exists(young).await.expect("exists"));
    assert!(dir.path().join("07/foreign").exists());
    let written = writer.finish().await.expect("a blob being written is left alone");
    blobs.verify(written.id, &key(), written.size).await.expect("whole");

    let failed = blobs.sweep(|_| Err::<bool, _>(Error::Busy)).await;
    assert!(matches!(failed, Err(Error::Busy)));
    assert!(blobs.exists(ids[1]).await.expect("exists"));
}

#[tokio::test]
async fn a_listing_goes_through_many() {
    let dir = tempfile::tempdir().expect("a directory");
    let blobs = Blobs::open(dir.path(), Options::ephemeral()).expect("open");
    let mut expected = Vec::new();
    for n in 0..2500u32 {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&n.wrapping_mul(0x9E37_79B9).to_be_bytes());
        let id = blob::BlobId::from_bytes(id);
        std::fs::write(path_of(dir.path(), id), b"").expect("a file");
        expected.push(id);
    }
    let mut listing = blobs.list();
    let mut found = Vec::new();
    while let Some(id) = listing.next().await {
        found.push(id.expect("a name"));
    }
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, expected);
    let swept = blobs.sweep(|_| Ok::<_, Error>(false)).await.expect("sweep");
    assert_eq!(swept.removed, 2500);
}

#[tokio::test]
async fn a_directory_has_one_holder() {
    let dir = tempfile::tempdir().expect("a directory");
    let blobs = Blobs::open(dir.path(), Options::default()).expect("open");
    assert!(matches!(Blobs::open(dir.path(), Options::default()), Err(OpenError::Locked { .. })));
    drop(blobs);
    open_again(dir.path()).await;
    let file = dir.path().join("LOCK");
    assert!(matches!(Blobs::open(file, Options::default()), Err(OpenError::Io { .. })));
}

#[tokio::test]
async fn more_than_may_be_written_at_once_take_turns() {
    let (blobs, key) = (Blobs::in_memory(), key());
    let mut writers = Vec::new();
    for _ in 0..128 {
        writers.push(blobs.create(&key).await.expect("create"));
    }
    let mut next = std::pin::pin!(blobs.create(&key));
    assert!(futures::future::poll_immediate(&mut next).await.is_none(), "a 129th does not wait");
    drop(writers.pop());
    let mut writer = next.await.expect("its turn has come");
    writer.write(text(10, 1)).await.expect("write");
    writer.finish().await.expect("finish");
}

#[tokio::test(start_paused = true)]
async fn a_turn_is_not_waited_for_without_end() {
    let blobs = Blobs::in_memory();
    let mut writers = Vec::new();
    for _ in 0..128 {
        writers.push(blobs.create(&key()).await.expect("create"));
    }
    assert!(matches!(blobs.create(&key()).await, Err(Error::Busy)));
    drop(writers);
    blobs.create(&key()).await.expect("create");
}

#[tokio::test]
async fn full_memory_is_said_so_and_comes_back() {
    let blobs = Blobs::in_memory();
    let piece = text(1 << 20, 1);
    let mut kept = Vec::new();
    let full = loop {
        match put(&blobs, &piece, 1 << 20).await {
            Ok(written) => kept.push(written.id),
            Err(error) => break error,
        }
    };
    assert!(matches!(full, Error::Full), "{full}");
    assert_eq!(kept.len(), 255, "256 MiB, less headers and tags");
    blobs.delete(kept[0]).await.expect("delete");
    put(&blobs, &piece, 1 << 20).await.expect("there is room again");
}

/// Runs one of the ignored tests below in a process and a name space of its own, where it may mount.
fn assert_child_passes(name: &str) {
    let script = "mount -t tmpfs none /mnt && umount /mnt";
    let can_mount = Command::new("unshare").args(["-m", "sh", "-c", script]).output();
    if !can_mount.is_ok_and(|output| output.status.success()) {
        println!("skipped: file systems cannot be mounted here");
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let program = std::env::current_exe().expect("this program");
    let output = Command::new("unshare")
        .arg("-m")
        .arg(program)
        .args(["--exact", name, "--ignored", "--nocapture"])
        .env(DIR, dir.path())
        .output()
        .expect("a child");
    let out = String::from_utf8_lossy(&output.stdout);
    let passed = output.status.success() && out.contains("1 passed");
    assert!(passed, "{out}\n{}", String::from_utf8_lossy(&output.stderr));
}

fn mount(arguments: &[&str], dir: &Path) {
    let status = Command::new("mount").args(arguments).arg(dir).status().expect("mount");
    assert!(status.success(), "mount {arguments:?}");
}

#[test]
fn a_full_disk_leaves_nothing_half() {
    assert_child_passes("child_on_a_full_disk");
}

#[test]
#[ignore = "run by another test in a name space of its own"]
fn child_on_a_full_disk() {
    let Some(dir) = std::env::var_os(DIR).map(PathBuf::from) else { return };
    mount(&["-t", "tmpfs", "-o", "size=4m", "none"], &dir);
    runtime().block_on(async {
        let blobs = Blobs::open(&dir, Options::default()).expect("open");
        let first = text(1 << 20, 1);
        let kept = put(&blobs, &first, 1 << 20).await.expect("put");
        for size in [4 << 20, 9 << 20] {
            assert!(matches!(put(&blobs, &text(size, 2), 1 << 20).await, Err(Error::Full)));
            for _ in 0..PATIENCE {
                if files_in(&dir).len() == 1 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            assert_eq!(files_in(&dir), [path_of(&dir, kept.id)], "only the whole one is left");
        }
        // The space is free again.
        let second = put(&blobs, &text(2 << 20, 3), 1 << 20).await.expect("there is room for this one");
        blobs.verify(second.id, &key(), second.size).await.expect("whole");
        assert!(get(&blobs, kept.id, &key(), 0..kept.size, kept.size).await.expect("get") == first);
    });
}

#[test]
fn a_read_only_disk_is_said_so() {
    assert_child_passes("child_on_a_read_only_disk");
}

#[test]
#[ignore = "run by another test in a name space of its own"]
fn child_on_a_read_only_disk() {
    let Some(dir) = std::env::var_os(DIR).map(PathBuf::from) else { return };
    mount(&["-t", "tmpfs", "none"], &dir);
    runtime().block_on(async {
        let blobs = Blobs::open(&dir, Options::default()).expect("open");
        let kept = put(&blobs, &text(100_000, 1), 1 << 20).await.expect("put");
        mount(&["-o", "remount,ro"], &dir);
        assert!(matches!(put(&blobs, &text(100_000, 2), 1 << 20).await, Err(Error::ReadOnly)));
        assert!(matches!(blobs.delete(kept.id).await, Err(Error::ReadOnly)));
        drop(blobs);
        let blobs = Blobs::open(&dir, Options::default()).expect("it can be opened to be read");
        blobs.verify(kept.id, &key(), kept.size).await.expect("reading goes on");
    });
}
