//! The files of a log directory.

use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::format::SegmentHeader;

const SUFFIX: &str = "seg";
/// Names of files being prepared begin with this; they hold nothing.
const SPARE: &str = "spare";
/// Tells the spares of this process apart.
static SPARES: AtomicU64 = AtomicU64::new(0);

fn spare_path(dir: &Path) -> PathBuf {
    dir.join(format!("{SPARE}-{}", SPARES.fetch_add(1, Ordering::Relaxed)))
}

/// A segment's path.
pub(crate) fn path_of(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:016x}.{SUFFIX}"))
}

/// The numbers of all segments, in order.
pub(crate) fn list(dir: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in dir.read_dir()? {
        let path = entry?.path();
        if path.extension().is_some_and(|suffix| suffix == SUFFIX)
            && let Some(stem) = path.file_stem().and_then(|stem| stem.to_str())
            && let Ok(number) = u64::from_str_radix(stem, 16)
        {
            numbers.push(number);
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// A file of zeros that can become a segment.
pub(crate) struct Blank {
    path: PathBuf,
    file: File,
    pub len: u64,
}

impl Blank {
    /// Writes `len` zeros and puts them on the disk.
    pub fn create(dir: &Path, len: u64) -> io::Result<Blank> {
        // Large enough to be quick, small enough to be no burden.
        const PIECE: usize = 256 * 1024;
        let path = spare_path(dir);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        let zeros = vec![0; PIECE.min(len as usize)];
        let mut at = 0;
        while at < len {
            let piece = zeros.len().min((len - at) as usize);
            if let Err(error) = file.write_all_at(&zeros[..piece], at) {
                // What was written takes space that may be what is missing.
                remove_if_there(&path)?;
                return Err(error);
            }
            at += piece as u64;
        }
        file.sync_all()?;
        Ok(Blank { path, file, len })
    }

    /// Takes over the file of a segment that is no longer needed. What it holds can never be read as records again.
    pub fn recycle(dir: &Path, number: u64) -> io::Result<Blank> {
        let path = spare_path(dir);
        std::fs::rename(path_of(dir, number), &path)?;
        // Its old name must be gone from the disk before its header changes.
        sync_dir(dir)?;
        let file = OpenOptions::new().write(true).open(&path)?;
        let len = file.metadata()?.len();
        Ok(Blank { path, file, len })
    }

    /// Makes it segment `number`, on disk when this returns.
    pub fn become_segment(self, dir: &Path, number: u64, after_version: u64) -> io::Result<Segment> {
        let header = SegmentHeader { number, salt: random_salt(), after_version, len: self.len };
        self.file.write_all_at(&header.encode(), 0)?;
        self.file.sync_data()?;
        let path = path_of(dir, number);
        std::fs::rename(&self.path, &path)?;
        sync_dir(dir)?;
        Ok(Segment { seed: header.seed(), file: self.file, path, number, len: self.len })
    }
}

/// A segment that can be appended to.
pub(crate) struct Segment {
    pub file: File,
    pub path: PathBuf,
    pub number: u64,
    pub len: u64,
    pub seed: u32,
}

/// Removes the spares left behind by an earlier run.
pub(crate) fn remove_spares(dir: &Path) -> io::Result<()> {
    for entry in dir.read_dir()? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(SPARE) {
            remove_if_there(&entry.path())?;
        }
    }
    Ok(())
}

pub(crate) fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Puts a directory's names on the disk.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Bytes nobody can guess: the keys of `RandomState` come from the operating system.
pub(crate) fn random_salt() -> [u8; 16] {
    let draw = || std::hash::RandomState::new().build_hasher().finish().to_le_bytes();
    let mut salt = [0; 16];
    salt[..8].copy_from_slice(&draw());
    salt[8..].copy_from_slice(&draw());
    salt
}
