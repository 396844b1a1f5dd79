//! Watches: being told that a later commit touched a prefix.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::range::KeyRange;
use crate::writes::Write;

/// Everyone who waits, by prefix.
#[derive(Default)]
pub(crate) struct Watches {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// One channel a prefix, however many wait on it; the number counts the commits that touched it.
    by_prefix: HashMap<Bytes, watch::Sender<u64>>,
    /// How many prefixes there are of each length: a written key is looked up once for each length.
    lengths: BTreeMap<usize, usize>,
    closed: bool,
}

impl Watches {
    /// Registers now: any commit published after this call wakes the watch.
    pub fn register(self: &Arc<Self>, prefix: Bytes) -> Watch {
        let mut inner = self.inner.lock();
        let receiver = if inner.closed {
            watch::channel(0).1
        } else if let Some(sender) = inner.by_prefix.get(&prefix) {
            sender.subscribe()
        } else {
            let (sender, receiver) = watch::channel(0);
            *inner.lengths.entry(prefix.len()).or_default() += 1;
            inner.by_prefix.insert(prefix.clone(), sender);
            receiver
        };
        Watch { watches: self.clone(), prefix, receiver: Some(receiver) }
    }

    /// Wakes those whose prefix one of the writes touches.
    pub fn notify<'a>(&self, writes: impl Iterator<Item = &'a Write>) {
        let inner = self.inner.lock();
        if inner.by_prefix.is_empty() {
            return;
        }
        for write in writes {
            match write {
                Write::Put(key, _) | Write::Delete(key) => inner.touch(key),
                Write::DeleteRange(range) => inner.touch_range(range),
            }
        }
    }

    /// Wakes everyone once more, for the last time.
    pub fn close(&self) {
        let mut inner = self.inner.lock();
        inner.closed = true;
        inner.by_prefix.clear();
        inner.lengths.clear();
    }

    /// How many prefixes are watched.
    pub fn len(&self) -> usize {
        self.inner.lock().by_prefix.len()
    }

    fn deregister(&self, prefix: &Bytes) {
        let mut inner = self.inner.lock();
        if inner.by_prefix.get(prefix).is_none_or(|sender| sender.receiver_count() > 0) {
            return;
        }
        inner.by_prefix.remove(prefix);
        if let Some(count) = inner.lengths.get_mut(&prefix.len()) {
            *count -= 1;
            if *count == 0 {
                inner.lengths.remove(&prefix.len());
            }
        }
    }
}

impl Inner {
    fn touch(&self, key: &[u8]) {
        for length in self.lengths.range(..=key.len()).map(|(length, _)| *length) {
            if let Some(sender) = self.by_prefix.get(&key[..length]) {
                sender.send_modify(|count| *count += 1);
            }
        }
    }

    fn touch_range(&self, range: &KeyRange) {
        for (prefix, sender) in &self.by_prefix {
            if KeyRange::prefix(prefix).overlaps(range) {
                sender.send_modify(|count| *count += 1);
            }
        }
    }
}

/// Waits for commits that touch a prefix. Dropping it ends the registration.
pub struct Watch {
    watches: Arc<Watches>,
    prefix: Bytes,
    /// `None` once the store has closed and this watch has said so.
    receiver: Option<watch::Receiver<u64>>,
}

impl Watch {
    /// Whether a commit published after the registration, or after the last time [`Watch::changed`] resolved, touched a
    /// key with the prefix. True before that commit is acknowledged, and once the store has closed.
    pub fn has_changed(&self) -> bool {
        self.receiver.as_ref().is_none_or(|receiver| receiver.has_changed().unwrap_or(true))
    }

    /// Resolves once a commit published after the registration, or after the last time this resolved, touched a key
    /// with the prefix. It may also resolve without one: read and see. When the store closes it resolves once, and
    /// never again. Safe to drop and call anew.
    pub async fn changed(&mut self) {
        match &mut self.receiver {
            None => std::future::pending().await,
            Some(receiver) => {
                if receiver.changed().await.is_err() {
                    self.receiver = None;
                }
            }
        }
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.receiver = None;
        self.watches.deregister(&self.prefix);
    }
}
