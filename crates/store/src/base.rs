//! The base of a durable store: a redb file that holds everything up to one version.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::Duration;

use bytes::Bytes;
use redb::{
    Database, ReadOnlyTable, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition,
};

use crate::error::{Error, OpenError};
use crate::generation::{Generation, Newest};
use crate::layer::{Base, BaseIter, Span};
use crate::range::KeyRange;

const DATA: TableDefinition<&[u8], &[u8]> = TableDefinition::new("data");
const META: TableDefinition<&str, u64> = TableDefinition::new("meta");
/// The version up to which the data table holds everything.
const FLUSHED: &str = "flushed_version";
/// The first log segment that may hold anything newer.
const LIVE_SEGMENT: &str = "live_segment";

/// What the base says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BaseMark {
    pub flushed: u64,
    pub live_segment: u64,
}

/// The base file, open for writing.
pub(crate) struct BaseFile {
    db: Database,
    path: PathBuf,
    stall: Arc<Stall>,
}

impl BaseFile {
    /// Creates the file, holding nothing.
    pub fn create(path: &Path, cache_bytes: usize, mark: BaseMark) -> Result<BaseFile, OpenError> {
        let base = BaseFile::open_as(path, cache_bytes, true)?;
        base.write(mark, |_| Ok(())).map_err(|error| base.open_error(error))?;
        Ok(base)
    }

    /// Opens an existing file.
    pub fn open(path: &Path, cache_bytes: usize) -> Result<BaseFile, OpenError> {
        BaseFile::open_as(path, cache_bytes, false)
    }

    fn open_as(path: &Path, cache_bytes: usize, create: bool) -> Result<BaseFile, OpenError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(create).mode(0o600);
        let file = match options.open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(OpenError::corrupt(path, 0, "file is missing"));
            }
            other => other.map_err(OpenError::io("open", path))?,
        };
        // An empty file would be taken for a new database.
        if !create && file.metadata().map_err(OpenError::io("examine", path))?.len() == 0 {
            return Err(OpenError::corrupt(path, 0, "file is empty"));
        }
        let stall = Arc::<Stall>::default();
        let backend = Backend { file, stall: stall.clone() };
        let opened = trusting_nothing(path, || {
            Database::builder().set_cache_size(cache_bytes).create_with_backend(backend)
        })?;
        let db = opened.map_err(|error| match error {
            redb::DatabaseError::Storage(redb::StorageError::Io(source))
                if source.kind() != io::ErrorKind::UnexpectedEof =>
            {
                OpenError::io("open", path)(source)
            }
            other => OpenError::corrupt(path, 0, other.to_string()),
        })?;
        Ok(BaseFile { db, path: path.to_owned(), stall })
    }

    /// Why writing waits, and how to end the waiting.
    pub fn stall(&self) -> Arc<Stall> {
        self.stall.clone()
    }

    /// The newest state, to be read from for as long as it is kept.
    pub fn snapshot(&self) -> Result<BaseSnapshot, OpenError> {
        self.read_snapshot().map_err(|error| self.open_error(error))
    }

    pub(crate) fn read_snapshot(&self) -> Result<BaseSnapshot, Error> {
        let tx = self.db.begin_read().map_err(fail)?;
        let meta = tx.open_table(META).map_err(fail)?;
        let number = |name: &str| -> Result<u64, Error> {
            let value = meta.get(name).map_err(fail)?;
            value.map(|value| value.value()).ok_or_else(|| Error::Corrupt(format!("base has no {name}")))
        };
        let mark = BaseMark { flushed: number(FLUSHED)?, live_segment: number(LIVE_SEGMENT)? };
        Ok(BaseSnapshot { data: tx.open_table(DATA).map_err(fail)?, mark })
    }

    /// Writes a generation and the mark that says so, durably, as one.
    pub fn apply(&self, generation: &Generation, mark: BaseMark) -> Result<(), Error> {
        self.write(mark, |table| {
            generation.visit_newest(|newest| match newest {
                Newest::Erased(range) => erase(table, range),
                Newest::Value(key, value) => table.insert(key, value).map_err(fail).map(drop),
                Newest::Deleted(key) => table.remove(key).map_err(fail).map(drop),
            })
        })
    }

    /// Writes these entries and the mark; for restoring.
    pub fn load(&self, entries: &[(Bytes, Bytes)], mark: BaseMark) -> Result<(), Error> {
        self.write(mark, |table| {
            for (key, value) in entries {
                table.insert(&key[..], &value[..]).map_err(fail)?;
            }
            Ok(())
        })
    }

    fn write(
        &self,
        mark: BaseMark,
        fill: impl FnOnce(&mut redb::Table<'_, &'static [u8], &'static [u8]>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut tx = self.db.begin_write().map_err(fail)?;
        // Without it, opening after a crash reads the whole file.
        tx.set_quick_repair(true);
        tx.set_durability(redb::Durability::Immediate).map_err(fail)?;
        {
            fill(&mut tx.open_table(DATA).map_err(fail)?)?;
            let mut meta = tx.open_table(META).map_err(fail)?;
            meta.insert(FLUSHED, mark.flushed).map_err(fail)?;
            meta.insert(LIVE_SEGMENT, mark.live_segment).map_err(fail)?;
        }
        tx.commit().map_err(fail)
    }

    /// Itself, if every page agrees with its checksum.
    pub fn verified(mut self) -> Result<BaseFile, OpenError> {
        let path = self.path.clone();
        let why = match trusting_nothing(&path, || self.db.check_integrity()) {
            Ok(Ok(true)) => return Ok(self),
            Ok(Ok(false)) => "its pages do not agree with their checksums".to_owned(),
            Ok(Err(error)) => error.to_string(),
            Err(damage) => {
                // The panic left locks poisoned, on which closing the file panics too.
                let _ = trusting_nothing(&path, || drop(self));
                return Err(damage);
            }
        };
        Err(OpenError::corrupt(&path, 0, why))
    }

    fn open_error(&self, error: Error) -> OpenError {
        match error {
            Error::Io(source) => OpenError::Io {
                action: "use",
                path: self.path.clone(),
                source: io::Error::new(source.kind(), source.to_string()),
            },
            other => OpenError::corrupt(&self.path, 0, other.to_string()),
        }
    }
}

/// Runs what reads pages no checksum has vouched for. redb loads its allocator's state that way when it opens a file,
/// and asserts on what it finds there: such a panic is the news that the file is damaged.
fn trusting_nothing<T>(path: &Path, read: impl FnOnce() -> T) -> Result<T, OpenError> {
    panic::catch_unwind(AssertUnwindSafe(read)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a page makes no sense");
        OpenError::corrupt(path, 0, text)
    })
}

fn erase(table: &mut redb::Table<'_, &'static [u8], &'static [u8]>, range: &KeyRange) -> Result<(), Error> {
    if range.is_empty() {
        return Ok(());
    }
    table.retain_in(&range.start[..]..&range.end[..], |_, _| false).map_err(fail)
}

/// Any error of redb in the store's terms.
fn fail(error: impl Into<redb::Error>) -> Error {
    match error.into() {
        redb::Error::Io(error) => error.into(),
        redb::Error::Corrupted(why) => Error::Corrupt(why),
        redb::Error::DatabaseClosed => Error::Closed,
        other => Error::Io(Arc::new(io::Error::other(other.to_string()))),
    }
}

/// An entry as redb hands it out.
type Found<'a> = Result<(Guard<'a>, Guard<'a>), redb::StorageError>;
type Guard<'a> = redb::AccessGuard<'a, &'static [u8]>;

/// The base as of one flush.
pub(crate) struct BaseSnapshot {
    data: ReadOnlyTable<&'static [u8], &'static [u8]>,
    mark: BaseMark,
}

impl BaseSnapshot {
    pub fn mark(&self) -> BaseMark {
        self.mark
    }

    /// How many entries there are.
    pub fn entries(&self) -> Result<u64, Error> {
        self.data.len().map_err(fail)
    }
}

impl Base for BaseSnapshot {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, Error> {
        let found = self.data.get(key).map_err(fail)?;
        Ok(found.map(|value| Bytes::copy_from_slice(value.value())))
    }

    fn iter(&self, span: &Span) -> Result<BaseIter<'_>, Error> {
        let range = ReadableTable::range(&self.data, &span.lo[..]..&span.hi[..]).map_err(fail)?;
        let copy = |entry: Found<'_>| {
            let (key, value) = entry.map_err(fail)?;
            Ok((Bytes::copy_from_slice(key.value()), Bytes::copy_from_slice(value.value())))
        };
        Ok(if span.reverse { Box::new(range.rev().map(copy)) } else { Box::new(range.map(copy)) })
    }

    fn version(&self) -> u64 {
        self.mark.flushed
    }
}

/// Why the base cannot be written to at the moment.
#[derive(Default)]
pub(crate) struct Stall {
    reason: AtomicU8,
    give_up: AtomicBool,
}

impl Stall {
    const FULL: u8 = 1;
    const READ_ONLY: u8 = 2;
    /// Writing failed in a way that waiting does not mend.
    const BROKEN: u8 = 3;
    /// Between attempts: short against the patience of a caller whose commits fail meanwhile.
    const PAUSE: Duration = Duration::from_millis(50);

    /// The error commits fail with when they depend on the base; `None` when it is being written to normally.
    pub fn error(&self) -> Option<Error> {
        match self.reason.load(Ordering::Acquire) {
            Self::FULL => Some(Error::Full),
            Self::READ_ONLY => Some(Error::ReadOnly),
            Self::BROKEN => Some(Error::Io(Arc::new(io::Error::other("the base file cannot be written to")))),
            _ => None,
        }
    }

    pub fn mark_broken(&self) {
        self.reason.store(Self::BROKEN, Ordering::Release);
    }

    /// Ends all waiting: the store is closing, and the log has what the base lacks.
    pub fn give_up(&self) {
        self.give_up.store(true, Ordering::Release);
    }

    /// Does `write`, and while there is no space for it, again. The engine takes any failed write for a broken file
    /// and refuses to read from then on; a full disk must not do that.
    fn patiently(&self, mut write: impl FnMut() -> io::Result<()>) -> io::Result<()> {
        loop {
            let error = match write() {
                Ok(()) => {
                    self.reason.store(0, Ordering::Release);
                    return Ok(());
                }
                Err(error) => error,
            };
            let reason = match Error::from(io::Error::from(error.kind())) {
                Error::Full => Self::FULL,
                Error::ReadOnly => Self::READ_ONLY,
                _ => return Err(error),
            };
            if self.reason.swap(reason, Ordering::AcqRel) != reason {
                tracing::warn!(%error, "the base cannot be written to; waiting");
            }
            if self.give_up.load(Ordering::Acquire) {
                return Err(error);
            }
            std::thread::sleep(Self::PAUSE);
        }
    }
}

/// The file as redb sees it. The data directory has its own lock, so the file needs none.
struct Backend {
    file: File,
    stall: Arc<Stall>,
}

impl std::fmt::Debug for Backend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Backend").field("file", &self.file).finish_non_exhaustive()
    }
}

impl redb::StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(out, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.stall.patiently(|| self.file.set_len(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        if let Err(error) = self.file.sync_data() {
            tracing::error!(%error, "the base cannot be synced: stopping");
            std::process::abort();
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.stall.patiently(|| self.file.write_all_at(data, offset))
    }
}
