//! Damaged files: an error that names the place, or the state of an earlier commit where that is all that can be known,
//! but never a panic and never wrong data.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use proptest::prelude::*;
use store::{KeyRange, OpenError, Options, RangeOptions, Store, check};
use tempfile::TempDir;

type State = BTreeMap<Vec<u8>, Vec<u8>>;

/// Many small segments, and no flush unless asked for.
fn options() -> Options {
    Options { segment_bytes_first: 1_024, segment_bytes: 1_024, ..Options::default() }
}

fn state_of(store: &Store) -> State {
    let page = store.snapshot().range(KeyRange::all(), RangeOptions::default()).expect("range");
    page.entries.into_iter().map(|(key, value)| (key.to_vec(), value.to_vec())).collect()
}

/// A directory as a crash leaves it, and the state after each version.
struct Crashed {
    dir: TempDir,
    states: Vec<State>,
}

fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("list") {
        let entry = entry.expect("entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("type").is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            match fs::copy(entry.path(), target) {
                // A segment that the flusher has just freed.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                other => drop(other.expect("copy")),
            }
        }
    }
}

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

/// A copy of a directory of 20 commits; making the original takes many syncs.
fn crashed_copy(flush_at: usize) -> Crashed {
    static ORIGINALS: Mutex<BTreeMap<usize, Crashed>> = Mutex::new(BTreeMap::new());
    let mut originals = ORIGINALS.lock().expect("no test has failed while it made one");
    let original = originals.entry(flush_at).or_insert_with(|| crashed(20, flush_at));
    let dir = tempfile::tempdir().expect("a temporary directory");
    copy_dir(original.dir.path(), dir.path());
    Crashed { dir, states: original.states.clone() }
}

/// `flush_at`: after this many commits, what is there goes to the base.
fn crashed(commits: usize, flush_at: usize) -> Crashed {
    let live = tempfile::tempdir().expect("a temporary directory");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let store = Store::open(live.path(), options()).expect("open");
    let mut states = vec![State::new()];
    for n in 0..commits {
        let mut tx = store.begin();
        tx.put(format!("key {}", n % 7), vec![n as u8; 40 + n * 37 % 400]);
        tx.put("count", n.to_string());
        if n % 5 == 4 {
            tx.delete(format!("key {}", n % 3));
        }
        runtime.block_on(tx.commit()).expect("commit");
        states.push(state_of(&store));
        if n + 1 == flush_at {
            store.flush().expect("flush");
        }
    }
    let dir = tempfile::tempdir().expect("a temporary directory");
    copy_dir(live.path(), dir.path());
    Crashed { dir, states }
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = contents(&dir.join("log")).into_keys().collect();
    paths.retain(|path| path.extension().is_some_and(|suffix| suffix == "seg"));
    paths.sort();
    paths
}

/// Opens a damaged copy: an error that changed nothing, or the state of some version, which is returned.
fn outcome(damaged: &Path, states: &[State]) -> Result<u64, OpenError> {
    let before = contents(&damaged.join("log"));
    match Store::open(damaged, options()) {
        Err(error) => {
            assert_eq!(contents(&damaged.join("log")), before, "a refused log was changed");
            Err(error)
        }
        Ok(store) => {
            let version = store.version();
            assert_eq!(state_of(&store), states[version as usize], "the state of version {version}");
            Ok(version)
        }
    }
}

#[test]
fn an_undamaged_copy_opens_whole() {
    let crashed = crashed(40, 15);
    assert!(segments(crashed.dir.path()).len() > 5);
    let report = check(crashed.dir.path()).expect("check");
    assert_eq!((report.version, report.flushed_version), (40, 15));
    assert_eq!(outcome(crashed.dir.path(), &crashed.states).expect("open"), 40);
}

#[test]
fn a_missing_file_is_named() {
    let crashed = crashed(40, 15);
    let files = segments(crashed.dir.path());
    for victim in [&files[0], &files[files.len() / 2], &crashed.dir.path().join("base.redb")] {
        let copy = tempfile::tempdir().expect("a temporary directory");
        copy_dir(crashed.dir.path(), copy.path());
        let victim = copy.path().join(victim.strip_prefix(crashed.dir.path()).expect("inside"));
        fs::remove_file(&victim).expect("remove");
        match outcome(copy.path(), &crashed.states) {
            Err(OpenError::Corrupt { file, .. }) => assert_eq!(file, victim),
            other => panic!("{}: {other:?}", victim.display()),
        }
        assert!(check(copy.path()).is_err());
        assert!(!victim.exists(), "nothing is put in its place");
    }
    let copy = tempfile::tempdir().expect("a temporary directory");
    copy_dir(crashed.dir.path(), copy.path());
    fs::remove_file(copy.path().join("FORMAT")).expect("remove");
    assert!(matches!(outcome(copy.path(), &crashed.states), Err(OpenError::NotAStore { .. })));
}

#[test]
fn a_damaged_record_before_others_is_corruption() {
    let crashed = crashed(40, 0);
    let victim = segments(crashed.dir.path())[1].clone();
    let mut bytes = fs::read(&victim).expect("read");
    // Behind the segment's header, in the first record.
    bytes[64 + 40] ^= 0x10;
    fs::write(&victim, bytes).expect("write");
    match outcome(crashed.dir.path(), &crashed.states) {
        Err(OpenError::Corrupt { file, offset, .. }) => assert_eq!((file, offset), (victim, 64)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_torn_last_record_is_cut_and_writing_goes_on() {
    let crashed = crashed(10, 0);
    let victim = segments(crashed.dir.path()).pop().expect("a segment");
    let mut bytes = fs::read(&victim).expect("read");
    let end = bytes.iter().rposition(|byte| *byte != 0).expect("records");
    bytes[end] ^= 1;
    fs::write(&victim, bytes).expect("write");
    assert_eq!(outcome(crashed.dir.path(), &crashed.states).expect("open"), 9);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let store = Store::open(crashed.dir.path(), options()).expect("open");
    let mut tx = store.begin();
    tx.put("after", "the crash");
    assert_eq!(runtime.block_on(tx.commit()).expect("commit").version, 10);
    let state = state_of(&store);
    store.close();
    assert_eq!(state_of(&Store::open(crashed.dir.path(), options()).expect("open")), state);
}

proptest! {
    #![proptest_config(common::cases(96))]

    /// One damaged byte loses at most the very last commit, and anything else is refused.
    #[test]
    fn one_damaged_byte_never_loses_more_than_the_end(
        at in any::<prop::sample::Index>(), bit in 0u8..8, flush_at in prop_oneof![Just(0usize), Just(11)],
    ) {
        let crashed = crashed_copy(flush_at);
        let files = segments(crashed.dir.path());
        let total: usize = files.iter().map(|file| fs::read(file).expect("read").len()).sum();
        let mut at = at.index(total);
        for file in files {
            let mut bytes = fs::read(&file).expect("read");
            if at < bytes.len() {
                bytes[at] ^= 1 << bit;
                fs::write(&file, bytes).expect("write");
                break;
            }
            at -= bytes.len();
        }
        if let Ok(version) = outcome(crashed.dir.path(), &crashed.states) {
            prop_assert!(version >= 19, "only version {version} is left");
        }
    }

    /// Whatever the log's files hold, opening ends in an error or in the state of some version.
    #[test]
    fn any_damage_ends_in_an_error_or_an_earlier_state(
        damage in proptest::collection::vec(
            (any::<prop::sample::Index>(), any::<prop::sample::Index>(), proptest::collection::vec(any::<u8>(), 0..200), any::<bool>()),
            1..5,
        ),
        flush_at in prop_oneof![Just(0usize), Just(11)],
    ) {
        let crashed = crashed_copy(flush_at);
        let files = segments(crashed.dir.path());
        for (file, at, junk, cut) in damage {
            let file = file.get(&files);
            let mut bytes = fs::read(file).expect("read");
            if bytes.is_empty() {
                continue;
            }
            let at = at.index(bytes.len());
            if cut {
                bytes.truncate(at);
            } else {
                for (byte, junk) in bytes[at..].iter_mut().zip(junk) {
                    *byte = junk;
                }
            }
            fs::write(file, bytes).expect("write");
        }
        if let Err(error) = outcome(crashed.dir.path(), &crashed.states) {
            prop_assert!(matches!(error, OpenError::Corrupt { .. }), "{error}");
        }
    }

    /// A damaged FORMAT file is refused, never overwritten.
    #[test]
    fn a_damaged_format_file_is_refused(at in any::<prop::sample::Index>(), junk in any::<u8>()) {
        let crashed = crashed_copy(0);
        let path = crashed.dir.path().join("FORMAT");
        let mut bytes = fs::read(&path).expect("read");
        let at = at.index(bytes.len());
        bytes[at] = junk;
        fs::write(&path, &bytes).expect("write");
        match outcome(crashed.dir.path(), &crashed.states) {
            Ok(version) => prop_assert_eq!(version, 20),
            Err(_) => prop_assert_eq!(fs::read(&path).expect("read"), bytes),
        }
    }

    /// `check` finds damage of the base or there is none that matters.
    #[test]
    fn a_damaged_base_is_found_by_the_check(at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let crashed = crashed_copy(20);
        let path = crashed.dir.path().join("base.redb");
        let mut bytes = fs::read(&path).expect("read");
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        fs::write(&path, bytes).expect("write");
        if check(crashed.dir.path()).is_ok() {
            prop_assert_eq!(outcome(crashed.dir.path(), &crashed.states).expect("open"), 20);
        }
    }
}
