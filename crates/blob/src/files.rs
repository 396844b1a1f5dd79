//! Blobs in files.
//!
//! `ab/abcdef…` holds the blob of that name, `draft/` what is being written, `LOCK` keeps others out. A draft's name
//! begins with the epoch it was begun in.

use std::fs::{DirBuilder, File, OpenOptions, ReadDir, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::disk::{Disk, Draft, Source, Walk};
use crate::format::Epoch;
use crate::shards::{SHARDS, Shard};
use crate::{BlobId, OpenError};

const LOCK: &str = "LOCK";
const DRAFTS: &str = "draft";

/// A directory of blobs, locked for as long as this lives.
pub(crate) struct Files {
    dir: Arc<Dir>,
    /// Keeps the lock.
    _lock: File,
}

struct Dir {
    path: PathBuf,
    epoch: Epoch,
    /// Whether what is published must be on disk.
    sync: bool,
    shards: Vec<Shard>,
}

impl Files {
    /// Opens a directory, creating what is missing of it.
    pub fn open(path: &Path, epoch: Epoch, sync: bool) -> Result<Self, OpenError> {
        create_dir(path, true).map_err(OpenError::io("create", path))?;
        let lock = lock(path)?;
        let shards = (0..SHARDS).map(|shard| path.join(format!("{shard:02x}")));
        for dir in shards.chain([path.join(DRAFTS)]) {
            create_dir(&dir, false).map_err(OpenError::io("create", &dir))?;
        }
        if sync {
            sync_dir(path).map_err(OpenError::io("sync", path))?;
        }
        let shards = (0..SHARDS).map(|_| Shard::default()).collect();
        let dir = Dir { path: path.to_owned(), epoch, sync, shards };
        Ok(Self { dir: Arc::new(dir), _lock: lock })
    }
}

fn create_dir(path: &Path, with_parents: bool) -> io::Result<()> {
    match DirBuilder::new().recursive(with_parents).mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        other => other,
    }
}

fn lock(dir: &Path) -> Result<File, OpenError> {
    let path = dir.join(LOCK);
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(OpenError::io("create", &path)(error));
        }
        _ => {}
    }
    // Not for writing: the file system can become read-only while it is held, and be so from the start.
    let file = File::open(&path).map_err(OpenError::io("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked { dir: dir.to_owned() }),
        Err(TryLockError::Error(error)) => Err(OpenError::io("lock", &path)(error)),
    }
}

fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

impl Dir {
    fn shard(&self, id: BlobId) -> PathBuf {
        self.path.join(format!("{:02x}", id.bytes()[0]))
    }

    fn blob(&self, id: BlobId) -> PathBuf {
        let mut path = self.shard(id);
        path.push(id.to_string());
        path
    }

    fn draft(&self, id: BlobId) -> PathBuf {
        self.path.join(DRAFTS).join(format!("{}{id}", drafts_of(self.epoch)))
    }
}

impl Dir {
    /// What was begun in other epochs.
    fn drafts_of_others(&self, ours: Epoch) -> io::Result<impl Iterator<Item = io::Result<PathBuf>>> {
        let ours = drafts_of(ours);
        let others = self.path.join(DRAFTS).read_dir()?.filter_map(move |entry| match entry {
            Ok(entry) if entry.file_name().to_string_lossy().starts_with(&ours) => None,
            Ok(entry) => Some(Ok(entry.path())),
            Err(error) => Some(Err(error)),
        });
        Ok(others)
    }
}

/// How the names of this epoch's drafts begin.
fn drafts_of(epoch: Epoch) -> String {
    format!("{:016x}-", u64::from_be_bytes(epoch))
}

impl Disk for Files {
    fn create(&self, id: BlobId) -> io::Result<Box<dyn Draft>> {
        let path = self.dir.draft(id);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Box::new(FileDraft { dir: self.dir.clone(), id, file, path: Some(path) }))
    }

    fn open(&self, id: BlobId) -> io::Result<Box<dyn Source>> {
        FileSource::of(open_unnoted(&self.dir.blob(id))?)
    }

    // Whoever reads the same objects again and again finds them in memory, where handing the work to another thread costs more
    // than the work. Every error is found again by `open`, which says what it is.
    #[cfg(target_os = "linux")]
    fn open_at_once(&self, id: BlobId) -> Option<Box<dyn Source>> {
        use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};

        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOATIME;
        let file = openat2(CWD, self.dir.blob(id), flags, Mode::empty(), ResolveFlags::CACHED).ok()?;
        FileSource::of(file.into()).ok()
    }

    fn len(&self, id: BlobId) -> io::Result<u64> {
        Ok(self.dir.blob(id).symlink_metadata()?.len())
    }

    // Not synced: a blob that comes back after a power failure is in no record, and the next sweep removes it.
    fn remove(&self, id: BlobId) -> io::Result<()> {
        std::fs::remove_file(self.dir.blob(id))
    }

    fn walk(&self) -> Walk {
        let path = self.dir.path.clone();
        let shards = (0..SHARDS).map(move |shard| path.join(format!("{shard:02x}")));
        Box::new(shards.flat_map(|shard| names_in(&shard)))
    }

    fn abandoned(&self, ours: Epoch) -> io::Result<u64> {
        self.dir.drafts_of_others(ours)?.try_fold(0, |count, path| path.map(|_| count + 1))
    }

    fn remove_abandoned(&self, ours: Epoch) -> io::Result<u64> {
        let mut removed = 0;
        for path in self.dir.drafts_of_others(ours)? {
            std::fs::remove_file(path?)?;
            removed += 1;
        }
        Ok(removed)
    }
}

/// Opens a file to be read without noting when: the first reading after a write would be written to the file system's
/// journal, and wait there behind the syncs of others.
#[cfg(target_os = "linux")]
fn open_unnoted(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, open};
    use rustix::io::Errno;

    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    match open(path, flags | OFlags::NOATIME, Mode::empty()) {
        // Only the file's owner may ask for it.
        Err(Errno::PERM) => Ok(open(path, flags, Mode::empty())?.into()),
        opened => Ok(opened?.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn open_unnoted(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// The blobs in a directory. What has another name is no blob, and nothing of ours.
fn names_in(shard: &Path) -> Box<dyn Iterator<Item = io::Result<BlobId>> + Send> {
    let names = |entries: ReadDir| {
        entries.filter_map(|entry| match entry {
            Ok(entry) => entry.file_name().to_str().and_then(BlobId::parse).map(Ok),
            Err(error) => Some(Err(error)),
        })
    };
    match shard.read_dir() {
        Ok(entries) => Box::new(names(entries)),
        Err(error) => Box::new(std::iter::once(Err(error))),
    }
}

struct FileDraft {
    dir: Arc<Dir>,
    id: BlobId,
    file: File,
    /// Where it lies; none once it has been published.
    path: Option<PathBuf>,
}

impl Draft for FileDraft {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    // The name first: then one commit of the file system's journal has both, and the sync of the directory finds it done. What
    // a power failure leaves under its name before it is whole is in no record, and the next sweep removes it.
    fn publish(mut self: Box<Self>) -> io::Result<()> {
        let (Some(draft), blob) = (self.path.as_deref(), self.dir.blob(self.id)) else { return Ok(()) };
        std::fs::rename(draft, &blob)?;
        // Were it not synced, the file would be removed under its new name.
        self.path = Some(blob);
        if self.dir.sync {
            self.file.sync_data()?;
            let shard = &self.dir.shards[usize::from(self.id.bytes()[0])];
            shard.sync(|| sync_dir(&self.dir.shard(self.id)))?;
        }
        self.path = None;
        Ok(())
    }
}

impl Drop for FileDraft {
    fn drop(&mut self) {
        let Some(path) = &self.path else { return };
        if let Err(error) = std::fs::remove_file(path) {
            // It is swept after the next start.
            tracing::warn!(%error, path = %path.display(), "an unfinished blob could not be removed");
        }
    }
}

struct FileSource {
    file: File,
    len: u64,
}

impl FileSource {
    fn of(file: File) -> io::Result<Box<dyn Source>> {
        let len = file.metadata()?.len();
        Ok(Box::new(Self { file, len }))
    }
}

impl Source for FileSource {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
        self.file.read_exact_at(bytes, at)
    }

    #[cfg(target_os = "linux")]
    fn read_at_once(&self, bytes: &mut [u8], at: u64) -> bool {
        use rustix::io::{IoSliceMut, ReadWriteFlags, preadv2};

        let wanted = bytes.len();
        let read = preadv2(&self.file, &mut [IoSliceMut::new(bytes)], at, ReadWriteFlags::NOWAIT);
        read.is_ok_and(|read| read == wanted)
    }

    // A disk that has lost bytes is not noticed as long as they are in memory. Where the system refuses, what is in memory
    // is read: no worse than for any other reader.
    fn forget(&self) {
        #[cfg(target_os = "linux")]
        let _ = rustix::fs::fadvise(&self.file, 0, None, rustix::fs::Advice::DontNeed);
    }
}
