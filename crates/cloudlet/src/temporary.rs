//! The directory for files of what is ephemeral: it goes with the program, or where the program was killed, with the next
//! start of another.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, Result};
use kernel::Clock;
use tempfile::TempDir;

const PREFIX: &str = "cloudlet-";
/// Letters and digits behind it.
const RANDOM: usize = 6;
/// The file that a program which uses the directory holds a lock of.
const LOCK: &str = "LOCK";
/// A directory that is younger may not be locked yet.
const AGE_MIN: Duration = Duration::from_secs(60);
/// Entries of the system's directory for temporary files that are looked at: others may have left any number there.
const ENTRIES_MAX: usize = 100_000;

/// Makes a directory that is removed when it is dropped.
pub fn make() -> Result<TempDir> {
    let made = tempfile::Builder::new().prefix(PREFIX).rand_bytes(RANDOM).tempdir();
    made.with_context(|| format!("cannot make a directory in {}", std::env::temp_dir().display()))
}

/// Removes what killed programs of this user have left; says how many directories that were. Blocks.
pub fn sweep() -> u64 {
    sweep_in(&std::env::temp_dir())
}

fn sweep_in(dir: &Path) -> u64 {
    // What cannot be looked at is not ours to clean.
    let Ok(entries) = dir.read_dir() else { return 0 };
    let mut removed = 0;
    for entry in entries.take(ENTRIES_MAX).flatten() {
        if !entry.file_name().to_str().is_some_and(is_ours) {
            continue;
        }
        let path = entry.path();
        let Some(_lock) = abandoned(&path) else { continue };
        match fs::remove_dir_all(&path) {
            Ok(()) => removed += 1,
            Err(error) => tracing::warn!(%error, path = %path.display(), "what was left cannot be removed"),
        }
    }
    if removed > 0 {
        tracing::info!(removed, "temporary directories that killed programs left were removed");
    }
    removed
}

fn is_ours(name: &str) -> bool {
    name.strip_prefix(PREFIX)
        .is_some_and(|rest| rest.len() == RANDOM && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// The lock of a directory of this user that nobody uses, and has not just been made.
fn abandoned(dir: &Path) -> Option<File> {
    let me = rustix::process::geteuid().as_raw();
    dir.symlink_metadata().ok().filter(|meta| meta.is_dir() && meta.uid() == me)?;
    let path = dir.join(LOCK);
    let lock_meta = path.symlink_metadata().ok().filter(|meta| meta.is_file() && meta.uid() == me)?;
    // It is made when the directory is taken, and never written to.
    let locked = lock_meta.modified().ok()?;
    let now_ms = Clock::system(Duration::ZERO).host_now().millis();
    let age_ms = now_ms - i64::try_from(locked.duration_since(UNIX_EPOCH).ok()?.as_millis()).ok()?;
    if age_ms < i64::try_from(AGE_MIN.as_millis()).ok()? {
        return None;
    }
    let lock = File::open(path).ok()?;
    lock.try_lock().ok()?;
    Some(lock)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory as a killed program leaves it, whose lock is so old.
    fn left(dir: &Path, name: &str, age_s: u64) -> File {
        fs::create_dir_all(dir.join(name).join("ab")).unwrap();
        fs::write(dir.join(name).join("ab/file"), "x").unwrap();
        let lock = File::create(dir.join(name).join(LOCK)).unwrap();
        lock.set_modified(UNIX_EPOCH + Duration::from_secs(now_s() - age_s)).unwrap();
        lock
    }

    fn now_s() -> u64 {
        Clock::system(Duration::ZERO).host_now().secs().try_into().unwrap()
    }

    #[test]
    fn only_what_nobody_uses_goes() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        for (name, age_s) in [("cloudlet-aaaaaa", 61), ("cloudlet-young1", 5)] {
            left(dir, name, age_s);
        }
        let used = left(dir, "cloudlet-in0use", 3_600);
        used.lock().unwrap();
        for name in ["cloudlet-bench-1", "cloudlet-longer1", "other-aaaaaa", "cloudlet-a.aaaa"] {
            left(dir, name, 3_600);
        }
        fs::create_dir(dir.join("cloudlet-nolock")).unwrap();
        fs::create_dir(dir.join("elsewhere")).unwrap();
        left(&dir.join("elsewhere"), "x", 3_600);
        std::os::unix::fs::symlink(dir.join("elsewhere/x"), dir.join("cloudlet-alink1")).unwrap();

        assert_eq!(sweep_in(dir), 1);
        let mut there: Vec<String> =
            dir.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        there.sort();
        let expected = [
            "cloudlet-a.aaaa",
            "cloudlet-alink1",
            "cloudlet-bench-1",
            "cloudlet-in0use",
            "cloudlet-longer1",
            "cloudlet-nolock",
            "cloudlet-young1",
            "elsewhere",
            "other-aaaaaa",
        ];
        assert_eq!(there, expected);
        assert!(dir.join("elsewhere/x/ab/file").exists());
        drop(used);
        assert_eq!(sweep_in(dir), 1, "what was in use has been let go");
        assert_eq!(sweep_in(&dir.join("missing")), 0);
    }
}
