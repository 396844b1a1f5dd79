//! The state readers and the committer share: what is published, and who reads at which version.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;

use crate::error::Error;
use crate::generation::Generation;
use crate::layer::{Base, Layer};
use crate::limits::Limits;
use crate::range::{KeyRange, Page, RangeOptions};
use crate::scan::{Budget, Stack};
use crate::stats::Counters;
use crate::watch::Watches;
use crate::writes::WriteSet;

/// The layers beneath a transaction's own writes.
pub(crate) struct View {
    /// Where the committer writes.
    pub active: Arc<Generation>,
    /// Full generations on their way to the base, newest first.
    pub frozen: Vec<Arc<Generation>>,
    pub base: Arc<dyn Base>,
}

impl View {
    /// Runs `read` on these layers as of `at`, `own` lying on top.
    pub fn read<T>(&self, own: Option<&WriteSet>, at: u64, read: impl FnOnce(Stack<'_>) -> T) -> T {
        let mut layers: Vec<&dyn Layer> = Vec::with_capacity(2 + self.frozen.len());
        if let Some(own) = own {
            layers.push(own);
        }
        layers.push(&*self.active);
        for frozen in &self.frozen {
            layers.push(&**frozen);
        }
        read(Stack { layers: &layers, base: &*self.base, at })
    }

    /// Whether anything may lie beneath the active generation at `key`.
    pub fn has_beneath_active(&self, key: &[u8]) -> bool {
        let mut layers: Vec<&dyn Layer> = Vec::with_capacity(self.frozen.len());
        for frozen in &self.frozen {
            layers.push(&**frozen);
        }
        // A failing base must not lose a deletion: assume there is something.
        !matches!(Stack { layers: &layers, base: &*self.base, at: u64::MAX }.get(key), Ok(None))
    }

    /// Memory held by all generations.
    pub fn overlay_bytes(&self) -> usize {
        self.active.bytes() + self.frozen.iter().map(|frozen| frozen.bytes()).sum::<usize>()
    }
}

struct Published {
    version: u64,
    view: Arc<View>,
    /// Who reads at which version.
    open: BTreeMap<u64, Readers>,
}

struct Readers {
    count: usize,
    /// How many of them may live longer than the limit.
    pinned: usize,
    /// When the last of them came.
    last: Instant,
}

pub(crate) struct Core {
    pub limits: Limits,
    pub counters: Counters,
    pub watches: Arc<Watches>,
    published: Mutex<Published>,
    /// Versions before this one may lack data that has been forgotten.
    floor: AtomicU64,
}

impl Core {
    pub fn new(limits: Limits, version: u64, view: View) -> Core {
        Core {
            limits,
            counters: Counters::default(),
            watches: Arc::default(),
            published: Mutex::new(Published { version, view: Arc::new(view), open: BTreeMap::new() }),
            floor: AtomicU64::new(0),
        }
    }

    pub fn version(&self) -> u64 {
        self.published.lock().version
    }

    /// The newest layers; what the committer and the flusher work from.
    pub fn view(&self) -> Arc<View> {
        self.published.lock().view.clone()
    }

    pub fn open_versions(&self) -> usize {
        self.published.lock().open.len()
    }

    /// Begins to read at the newest version.
    pub fn reader(self: &Arc<Self>, pinned: bool) -> Reader {
        let began = Instant::now();
        let mut published = self.published.lock();
        let version = published.version;
        let readers = published.open.entry(version).or_insert(Readers { count: 0, pinned: 0, last: began });
        readers.count += 1;
        readers.pinned += usize::from(pinned);
        readers.last = began;
        let view = published.view.clone();
        drop(published);
        Reader { core: self.clone(), view, version, began, pinned }
    }

    /// Makes everything up to `version` visible.
    pub fn publish(&self, version: u64) {
        self.published.lock().version = version;
    }

    /// Replaces the layers by others that say the same.
    pub fn replace_view(&self, change: impl FnOnce(&View) -> View) {
        let mut published = self.published.lock();
        let next = change(&published.view);
        let before = std::mem::replace(&mut published.view, Arc::new(next));
        drop(published);
        // The last reference to a generation may be dropped here: not under the lock.
        drop(before);
    }

    /// The oldest version anyone still reads at; readers beyond their time do not count, and are refused from now on.
    pub fn oldest_reader(&self) -> u64 {
        let now = Instant::now();
        let published = self.published.lock();
        let alive = |readers: &Readers| {
            readers.pinned > 0 || now.saturating_duration_since(readers.last) <= self.limits.tx_age_max
        };
        let oldest = published.open.iter().find(|(_, readers)| alive(readers)).map(|(version, _)| *version);
        let keep = oldest.unwrap_or(published.version).min(published.version);
        // Set before anything is forgotten and read after reading, so that no reader misses it.
        self.floor.fetch_max(keep, Ordering::SeqCst);
        keep
    }

    fn close_reader(&self, version: u64, pinned: bool) {
        let mut published = self.published.lock();
        if let Some(readers) = published.open.get_mut(&version) {
            readers.count -= 1;
            readers.pinned -= usize::from(pinned);
            if readers.count == 0 {
                published.open.remove(&version);
            }
        }
    }
}

/// A place in time to read at. While it lives and is young, what it sees is kept.
pub(crate) struct Reader {
    pub core: Arc<Core>,
    view: Arc<View>,
    version: u64,
    began: Instant,
    pinned: bool,
}

impl Reader {
    pub fn version(&self) -> u64 {
        self.version
    }

    pub fn age(&self) -> Duration {
        self.began.elapsed()
    }

    pub fn get(&self, own: Option<&WriteSet>, key: &[u8]) -> Result<Option<Bytes>, Error> {
        let found = self.view.read(own, self.version, |stack| stack.get(key))?;
        self.still_valid()?;
        Ok(found)
    }

    pub fn page(
        &self,
        own: Option<&WriteSet>,
        range: &KeyRange,
        options: RangeOptions,
    ) -> Result<Page, Error> {
        let limits = &self.core.limits;
        let budget = Budget {
            entries: options.limit.clamp(1, limits.page_entries_max),
            bytes: options.max_bytes.clamp(1, limits.page_bytes_max),
        };
        let page = self.view.read(own, self.version, |stack| stack.page(range, options.reverse, budget))?;
        self.still_valid()?;
        Ok(page)
    }

    /// To be asked after reading: whether something this reader should have seen may have been forgotten.
    fn still_valid(&self) -> Result<(), Error> {
        let forgotten = self.core.floor.load(Ordering::SeqCst) > self.version;
        if forgotten && !self.pinned { Err(Error::TooOld) } else { Ok(()) }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.core.close_reader(self.version, self.pinned);
    }
}
