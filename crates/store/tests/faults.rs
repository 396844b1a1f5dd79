//! Directories in use, of a newer format, read-only or full.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::Engine;
use store::{Error, KeyRange, OpenError, Options, RangeOptions, Store};

const DIR: &str = "STORE_FAULTS_DIR";
const PATIENCE: Duration = Duration::from_secs(60);

fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut out = BTreeMap::new();
    for entry in fs::read_dir(dir).expect("list") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            out.extend(contents(&path));
        } else {
            out.insert(path.clone(), fs::read(&path).expect("read"));
        }
    }
    out
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn put(runtime: &tokio::runtime::Runtime, store: &Store, key: &str, value: Vec<u8>) -> Result<(), Error> {
    let mut tx = store.begin();
    tx.put(key.to_owned(), value);
    runtime.block_on(tx.commit()).map(drop)
}

/// Runs one of the ignored tests below in a process of its own; in name spaces of its own if `apart`.
fn child(name: &str, dir: &Path, apart: bool) -> Command {
    let program = std::env::current_exe().expect("this program");
    let mut command = if apart {
        let mut command = Command::new("unshare");
        command.arg("-m").arg(program);
        command
    } else {
        Command::new(program)
    };
    command.args(["--exact", name, "--ignored", "--nocapture"]).env(DIR, dir);
    command
}

fn dir_of_child() -> Option<PathBuf> {
    std::env::var_os(DIR).map(PathBuf::from)
}

/// Whether file systems can be mounted here for a test; says why not.
fn can_mount() -> bool {
    let script = "mount -t tmpfs none /mnt && umount /mnt";
    let answer = Command::new("unshare").args(["-m", "sh", "-c", script]).output();
    match answer {
        Ok(output) if output.status.success() => true,
        Ok(output) => {
            println!("skipped: cannot mount: {}", String::from_utf8_lossy(&output.stderr).trim());
            false
        }
        Err(error) => {
            println!("skipped: cannot run unshare: {error}");
            false
        }
    }
}

fn mount(arguments: &[&str], dir: &Path) {
    let status = Command::new("mount").args(arguments).arg(dir).status().expect("mount");
    assert!(status.success(), "mount {arguments:?}");
}

fn assert_child_passes(name: &str) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let output = child(name, dir.path(), true).output().expect("a child");
    assert!(
        output.status.success() && String::from_utf8_lossy(&output.stdout).contains("1 passed"),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
#[ignore = "run by another test in a process of its own"]
fn child_holds_the_lock() {
    let Some(dir) = dir_of_child() else { return };
    let _store = Store::open(&dir, Options::default()).expect("open");
    println!("\nopen");
    std::thread::sleep(PATIENCE);
}

#[test]
fn a_second_process_is_told_who_has_it() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut holder =
        child("child_holds_the_lock", dir.path(), false).stdout(Stdio::piped()).spawn().expect("a child");
    let lines = BufReader::new(holder.stdout.take().expect("a pipe")).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == "open"), "the child opens the store");
    match Store::open(dir.path(), Options::default()) {
        Err(error @ OpenError::Locked { .. }) => {
            assert!(error.to_string().contains(&holder.id().to_string()), "{error}");
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(store::check(dir.path()), Err(OpenError::Locked { .. })));
    holder.kill().expect("kill");
    holder.wait().expect("wait");
    let store = Store::open(dir.path(), Options::default()).expect("a lock ends with its holder");
    match Store::open(dir.path(), Options::default()) {
        Err(OpenError::Locked { pid, .. }) => assert_eq!(pid, std::process::id().to_string()),
        other => panic!("{other:?}"),
    }
    let (clone, snapshot) = (store.clone(), store.snapshot());
    store.close();
    Store::open(dir.path(), Options::default()).expect("closing unlocks, whatever handles are left").close();
    drop((clone, snapshot));
}

#[test]
fn a_newer_format_is_left_alone() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    put(&runtime(), &Store::open(dir.path(), Options::default()).expect("open"), "k", vec![1])
        .expect("commit");
    fs::write(dir.path().join("FORMAT"), "cloudlet store\nformat 2\nsomething new\n").expect("write");
    let before = contents(dir.path());
    for result in [Store::open(dir.path(), Options::default()).map(drop), store::check(dir.path()).map(drop)]
    {
        assert!(matches!(result, Err(OpenError::NewerFormat { found: 2, known: 1, .. })), "{result:?}");
    }
    assert_eq!(contents(dir.path()), before);
}

#[test]
fn what_is_no_store_is_left_alone() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("thesis.txt");
    fs::write(&file, "important").expect("write");
    for path in [dir.path(), &file] {
        let result = Store::open(path, Options::default());
        assert!(matches!(result, Err(OpenError::NotAStore { .. })), "{result:?}");
    }
    assert_eq!(contents(dir.path()).len(), 1);
    let missing = dir.path().join("missing");
    assert!(store::check(&missing).is_err());
    assert!(!missing.exists(), "a check creates nothing");
}

#[test]
fn files_are_for_their_owner_only() {
    let parent = tempfile::tempdir().expect("a temporary directory");
    let dir = parent.path().join("data");
    let store = Store::open(&dir, Engine::Flushing.options()).expect("open");
    let runtime = runtime();
    for n in 0..40 {
        put(&runtime, &store, &format!("{n}"), vec![0; 500]).expect("commit");
    }
    let mode = |path: &Path| path.metadata().expect("metadata").permissions().mode() & 0o777;
    assert_eq!((mode(&dir), mode(&dir.join("log"))), (0o700, 0o700));
    store.close();
    for path in contents(&dir).keys() {
        assert_eq!(mode(path), 0o600, "{}", path.display());
    }
}

#[test]
fn an_interrupted_creation_starts_over() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    Store::open(dir.path(), Options::default()).expect("open").close();
    let format = fs::read_to_string(dir.path().join("FORMAT")).expect("read");
    fs::write(dir.path().join("FORMAT"), format.replace("ready", "new")).expect("write");
    fs::write(dir.path().join("base.redb"), "half a file").expect("write");
    let store = Store::open(dir.path(), Options::default()).expect("open");
    put(&runtime(), &store, "k", vec![1]).expect("commit");
}

#[test]
#[ignore = "run by another test in a name space of its own"]
fn child_on_a_read_only_disk() {
    let Some(dir) = dir_of_child() else { return };
    mount(&["-t", "tmpfs", "none"], &dir);
    let data = dir.join("data");
    put(&runtime(), &Store::open(&data, Options::default()).expect("open"), "k", vec![1]).expect("commit");
    let before = contents(&data);
    mount(&["-o", "remount,ro"], &dir);
    for path in [&data, &dir.join("fresh")] {
        let result = Store::open(path, Options::default());
        assert!(matches!(result, Err(OpenError::ReadOnly { .. })), "{result:?}");
    }
    assert_eq!(contents(&data), before);
    mount(&["-o", "remount,rw"], &dir);
    let store = Store::open(&data, Options::default()).expect("open");
    assert_eq!(store.version(), 1);
}

#[test]
fn a_read_only_disk_is_said_so() {
    if can_mount() {
        assert_child_passes("child_on_a_read_only_disk");
    }
}

/// Fills a small disk by commits alone, makes space, and goes on.
fn fill_disk(dir: &Path, options: &Options, value_bytes: usize) {
    let runtime = runtime();
    let filler = dir.join("filler");
    fs::write(&filler, vec![1; 2 << 20]).expect("a filler");
    let data = dir.join("data");
    let mut store = Store::open(&data, options.clone()).expect("open");
    let mut acknowledged = Vec::new();
    let mut next = 0;
    let audit = |store: &Store, acknowledged: &[String]| {
        let snapshot = store.snapshot();
        for key in acknowledged {
            let value = snapshot.get(key.as_bytes()).expect("reads go on").expect("what was acknowledged");
            assert_eq!(value, key.repeat(value_bytes / key.len()).as_bytes());
        }
        let mut found = Vec::new();
        let mut rest = KeyRange::all();
        loop {
            let page = snapshot.range(rest.clone(), RangeOptions::default()).expect("range");
            found.extend(page.entries.iter().map(|(key, _)| String::from_utf8_lossy(key).into_owned()));
            match page.entries.last() {
                Some((last, _)) if page.more => rest = rest.after(last),
                _ => break,
            }
        }
        assert!(found == acknowledged, "{} keys found, {} acknowledged", found.len(), acknowledged.len());
    };
    for round in 0..2 {
        let failure = loop {
            let key = format!("key {next:06}");
            next += 1;
            match put(&runtime, &store, &key, key.repeat(value_bytes / key.len()).into_bytes()) {
                Ok(()) => acknowledged.push(key),
                Err(error) => break error,
            }
        };
        assert!(matches!(failure, Error::Full), "{failure:?}");
        println!("round {round}: full after {} commits: {failure}", acknowledged.len());
        audit(&store, &acknowledged);
        if round == 1 {
            break;
        }
        // A crash of a full disk's store: the log has it all.
        fs::remove_file(&filler).expect("space");
        let since = Instant::now();
        loop {
            let key = format!("key {next:06}");
            next += 1;
            match put(&runtime, &store, &key, key.repeat(value_bytes / key.len()).into_bytes()) {
                Ok(()) => {
                    acknowledged.push(key);
                    break;
                }
                Err(Error::Full) if since.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(5))
                }
                Err(error) => panic!("space is back, but: {error}"),
            }
        }
        audit(&store, &acknowledged);
        store.close();
        store = Store::open(&data, options.clone()).expect("open");
        audit(&store, &acknowledged);
    }
    store.close();
    let store = Store::open(&data, options.clone()).expect("a full disk's data opens");
    audit(&store, &acknowledged);
}

#[test]
#[ignore = "run by another test in a name space of its own"]
fn child_on_a_full_disk() {
    let Some(dir) = dir_of_child() else { return };
    for (name, options, value_bytes) in [
        // The log fills the disk.
        (
            "log",
            Options { segment_bytes: 256 << 10, segment_bytes_first: 256 << 10, ..Options::default() },
            20_000,
        ),
        // The base fills the disk.
        (
            "base",
            Options {
                overlay_freeze_bytes: 100_000,
                overlay_bytes_max: 400_000,
                segment_bytes: 64 << 10,
                segment_bytes_first: 64 << 10,
                ..Options::default()
            },
            5_000,
        ),
    ] {
        println!("{name}");
        let disk = dir.join(name);
        fs::create_dir(&disk).expect("a directory");
        mount(&["-t", "tmpfs", "-o", "size=8m", "none"], &disk);
        fill_disk(&disk, &options, value_bytes);
    }
}

#[test]
fn a_full_disk_loses_nothing_and_mends() {
    if can_mount() {
        assert_child_passes("child_on_a_full_disk");
    }
}
