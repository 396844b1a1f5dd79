//! The store: opening, closing, and the ways in.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::mpsc;

use crate::base::{BaseFile, BaseMark};
use crate::changes::{Change, change_range, read_changes, topic_prefix};
use crate::commit::{Committer, Message};
use crate::core::{Core, View};
use crate::dir::{DataDir, State};
use crate::error::{Error, OpenError};
use crate::flush::Flusher;
use crate::generation::Generation;
use crate::journal::{Durable, Journal};
use crate::layer::{Base, EmptyBase};
use crate::limits::Limits;
use crate::log::files::{list, path_of, remove_if_there, remove_spares};
use crate::log::{Log, recover};
use crate::options::Options;
use crate::range::KeyRange;
use crate::snapshot::Snapshot;
use crate::stamp::Stamp;
use crate::stats::Stats;
use crate::submit::Submit;
use crate::tx::Tx;
use crate::watch::Watch;
use crate::writes::WriteSet;

/// The number of the first log segment.
const FIRST_SEGMENT: u64 = 1;

/// An ordered transactional key-value store. Cloning gives another handle to the same store; it closes when the last
/// handle is dropped or any is [closed](Store::close).
#[derive(Clone)]
pub struct Store(Arc<Handle>);

struct Handle {
    core: Arc<Core>,
    submit: Submit,
    running: Mutex<Option<Running>>,
    /// The base file of a durable store.
    base: Option<PathBuf>,
}

/// What ends when the store closes.
enum Running {
    Thread { queue: mpsc::Sender<Message>, committer: JoinHandle<()> },
    Inline { committer: Arc<Mutex<Committer>> },
}

impl Store {
    /// Opens the durable store in `dir`, creating it if the directory is missing or empty, and locks it against other
    /// processes. After a crash everything acknowledged is there. On an error nothing has been changed.
    pub fn open(dir: &Path, options: Options) -> Result<Store, OpenError> {
        let (data, state) = DataDir::open_or_create(dir)?;
        match state {
            State::New => Store::create(data, options),
            State::Ready => Store::reopen(data, options),
            State::Restoring => {
                let why = "a restore into it was begun and not finished; empty it and restore again".into();
                Err(OpenError::NotAStore { dir: dir.to_owned(), why })
            }
        }
    }

    /// A store that keeps nothing: its data ends with it.
    pub fn in_memory(options: Options) -> Store {
        let view =
            View { active: Arc::new(Generation::new(true)), frozen: Vec::new(), base: Arc::new(EmptyBase) };
        let core = Arc::new(Core::new(options.limits, 0, view));
        let journal = Journal::Memory { bytes_max: options.memory_bytes_max };
        let committer = Arc::new(Mutex::new(Committer::new(core.clone(), journal)));
        let submit = Submit::Inline(Arc::downgrade(&committer));
        let running = Mutex::new(Some(Running::Inline { committer }));
        Store(Arc::new(Handle { core, submit, running, base: None }))
    }

    fn create(data: DataDir, options: Options) -> Result<Store, OpenError> {
        data.set_state(State::New)?;
        data.clear()?;
        let mark = BaseMark { flushed: 0, live_segment: FIRST_SEGMENT };
        let base = BaseFile::create(&data.base(), options.cache_bytes, mark)?;
        let log = Log::create(&data.log(), mark.live_segment, 0, options.segment_bytes_first)
            .map_err(OpenError::io("create", &data.log()))?;
        data.set_state(State::Ready)?;
        let view = View {
            active: Arc::new(Generation::new(false)),
            frozen: Vec::new(),
            base: Arc::new(base.snapshot()?),
        };
        Store::start_durable(data, options, base, log, view, 0, 0)
    }

    fn reopen(data: DataDir, options: Options) -> Result<Store, OpenError> {
        let base = BaseFile::open(&data.base(), options.cache_bytes)?;
        let snapshot = base.snapshot()?;
        let mark = snapshot.mark();
        let active = Generation::new(false);
        let mut garbage = Vec::new();
        let end = recover::replay(&data.log(), mark.live_segment, mark.flushed, |writes| {
            let version = writes.last().map_or(0, |(version, _)| *version);
            active.apply(&writes, version, &mut garbage);
            // Nobody reads yet: what this record superseded can go at once.
            let keys: Vec<Bytes> =
                garbage.drain(..).map(|item: crate::generation::Garbage| item.key).collect();
            active.collect(&keys, version, |_| true);
        })?;
        remove_leftovers(&data.log(), mark.live_segment).map_err(OpenError::io("clean", &data.log()))?;
        let log = Log::reopen(&data.log(), mark.live_segment, &end, options.segment_bytes_first)?;
        let view = View { active: Arc::new(active), frozen: Vec::new(), base: Arc::new(snapshot) };
        Store::start_durable(data, options, base, log, view, end.version, end.bytes)
    }

    fn start_durable(
        data: DataDir,
        options: Options,
        base: BaseFile,
        log: Log,
        view: View,
        version: u64,
        log_bytes: u64,
    ) -> Result<Store, OpenError> {
        let core = Arc::new(Core::new(options.limits.clone(), version, view));
        let path = data.base();
        let flusher = Flusher::start(core.clone(), base, data.log(), options.segment_bytes)
            .map_err(OpenError::io("start a thread for", &path))?;
        let journal = Journal::Durable(Box::new(Durable { log, flusher, options, log_bytes, _dir: data }));
        let (queue, receiver) = mpsc::channel(core.limits.queue_depth.max(1));
        let committer = Committer::new(core.clone(), journal);
        let committer = std::thread::Builder::new()
            .name("store-commit".into())
            .spawn(move || committer.run(receiver))
            .map_err(OpenError::io("start a thread for", &path))?;
        let submit = Submit::Queue(queue.downgrade());
        let running = Mutex::new(Some(Running::Thread { queue, committer }));
        Ok(Store(Arc::new(Handle { core, submit, running, base: Some(path) })))
    }

    /// Everything as it is now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { reader: self.0.core.reader(false) }
    }

    /// A snapshot that may be kept for as long as it takes. What it sees stays in memory meanwhile.
    pub(crate) fn pinned_snapshot(&self) -> Snapshot {
        Snapshot { reader: self.0.core.reader(true) }
    }

    /// A transaction at the current version.
    pub fn begin(&self) -> Tx {
        Tx::new(self.0.core.reader(false), self.0.submit.clone())
    }

    /// Watches the keys beginning with `prefix`, from now on.
    pub fn watch(&self, prefix: impl Into<Vec<u8>>) -> Watch {
        self.0.core.watches.register(Bytes::from(prefix.into()))
    }

    /// Watches the change log of `topic`, from now on.
    pub fn watch_changes(&self, topic: u16) -> Watch {
        self.watch(topic_prefix(topic))
    }

    /// Up to `limit` change records of `topic` after `after`, in order. Continue with the last one's stamp; begin with
    /// [`Stamp::ZERO`].
    pub fn changes(&self, topic: u16, after: Stamp, limit: usize) -> Result<Vec<Change>, Error> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        read_changes(&self.snapshot(), topic, after, limit)
    }

    /// Deletes the change records of `topic` below `below`.
    pub async fn trim_changes(&self, topic: u16, below: Stamp) -> Result<(), Error> {
        let mut writes = WriteSet::default();
        writes.delete_range(change_range(topic, None, Some(below)));
        let mut tx = self.begin();
        tx.replace_writes(writes);
        tx.commit().await.map(drop)
    }

    /// The limits in force.
    pub fn limits(&self) -> &Limits {
        &self.0.core.limits
    }

    /// The newest version.
    pub fn version(&self) -> u64 {
        self.0.core.version()
    }

    /// What the store has done and holds.
    pub fn stats(&self) -> Stats {
        let core = &self.0.core;
        Stats {
            overlay_bytes: core.view().overlay_bytes() as u64,
            base_bytes: self
                .0
                .base
                .as_ref()
                .and_then(|path| path.metadata().ok())
                .map_or(0, |meta| meta.len()),
            open_versions: core.open_versions() as u64,
            watches: core.watches.len() as u64,
            ..core.counters.read()
        }
    }

    /// Writes everything committed so far to the base, and returns the version up to which it holds everything. Blocks;
    /// a memory store has nothing to write.
    pub fn flush(&self) -> Result<u64, Error> {
        // Short against the time a flush takes.
        const PAUSE: std::time::Duration = std::time::Duration::from_millis(1);
        let Submit::Queue(weak) = &self.0.submit else { return Ok(self.version()) };
        let (reply, answer) = std::sync::mpsc::channel();
        let queue = weak.upgrade().ok_or(Error::Closed)?;
        let mut message = Message::Freeze(reply);
        // Waiting in the queue's own way is refused on a thread that runs asynchronous tasks.
        while let Err(error) = queue.try_send(message) {
            match error {
                mpsc::error::TrySendError::Full(unsent) => message = unsent,
                mpsc::error::TrySendError::Closed(_) => return Err(Error::Closed),
            }
            std::thread::sleep(PAUSE);
        }
        drop(queue);
        let version = answer.recv().map_err(|_| Error::Unknown)??;
        while self.0.core.view().base.version() < version {
            if weak.upgrade().is_none() {
                return Err(Error::Closed);
            }
            std::thread::sleep(PAUSE);
        }
        Ok(version)
    }

    /// The base alone, after a [`Store::flush`]; `None` for a memory store.
    pub(crate) fn base(&self) -> Option<Arc<dyn Base>> {
        self.0.base.as_ref().map(|_| self.0.core.view().base.clone())
    }

    /// Commits what is under way, writes everything to the base and ends the store; other handles find it closed.
    /// Blocks until that is done.
    pub fn close(self) {
        self.0.stop();
    }
}

impl Handle {
    fn stop(&self) {
        match self.running.lock().take() {
            None => {}
            Some(Running::Inline { committer }) => {
                drop(committer);
                self.core.watches.close();
            }
            Some(Running::Thread { queue, committer }) => {
                drop(queue);
                if committer.join().is_err() {
                    tracing::error!("the committer ended by a panic");
                }
            }
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.stop();
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("version", &self.version()).field("base", &self.0.base).finish()
    }
}

/// Removes log segments the base has made needless, and spares.
fn remove_leftovers(log: &Path, live: u64) -> std::io::Result<()> {
    for number in list(log)?.into_iter().filter(|number| *number < live) {
        remove_if_there(&path_of(log, number))?;
    }
    remove_spares(log)
}

/// Every key, the store's own included.
pub(crate) fn everything() -> KeyRange {
    KeyRange::new(Bytes::new(), Bytes::from_static(&[crate::range::RESERVED, crate::range::RESERVED]))
}
