//! A generation of the overlay: recent commits in memory, several versions of a key side by side.

use std::collections::BTreeMap;
use std::ops::Bound;

use bytes::Bytes;
use parking_lot::RwLock;

use crate::layer::{Entry, Layer, Span};
use crate::range::KeyRange;
use crate::writes::Write;

/// Memory an entry takes besides its key and value: two `Bytes`, a version, its share of a tree node.
const ENTRY_OVERHEAD: usize = 144;

/// The versions of one key, the newest apart because there is usually no other.
struct Chain {
    version: u64,
    value: Option<Bytes>,
    /// Older ones, oldest first.
    older: Vec<(u64, Option<Bytes>)>,
}

impl Chain {
    fn visible(&self, at: u64) -> Option<Entry> {
        let value = if self.version <= at {
            &self.value
        } else {
            &self.older.iter().rev().find(|(version, _)| *version <= at)?.1
        };
        Some(value.clone().map_or(Entry::Deleted, Entry::Value))
    }

    /// Forgets the versions no reader at `keep` or later can see; says how many bytes that freed.
    fn prune(&mut self, keep: u64) -> usize {
        let dead = if self.version <= keep {
            self.older.len()
        } else {
            self.older.iter().rposition(|(version, _)| *version <= keep).unwrap_or(0)
        };
        let freed = self.older.drain(..dead).map(|(_, value)| size_of_version(&value)).sum();
        if self.older.is_empty() {
            self.older = Vec::new();
        }
        freed
    }
}

fn size_of_version(value: &Option<Bytes>) -> usize {
    value.as_ref().map_or(0, Bytes::len) + 48
}

fn size_of_entry(key: &[u8], value: &Option<Bytes>) -> usize {
    key.len() + value.as_ref().map_or(0, Bytes::len) + ENTRY_OVERHEAD
}

struct Inner {
    /// Nothing lies beneath, so deletions need not be remembered once nobody can see what they deleted.
    bottom: bool,
    entries: BTreeMap<Bytes, Chain>,
    /// Ranges deleted as a whole: they say what is gone beneath this generation. What they deleted within it also
    /// has a deletion of its own, so a lookup that finds an entry needs no look at these.
    erased: Vec<(u64, KeyRange)>,
    bytes: usize,
}

/// An ordered map of versions. Readers see it as of their version; only the committer writes.
pub(crate) struct Generation {
    inner: RwLock<Inner>,
}

/// A key whose superseded versions can be forgotten once every reader is at `version` or later.
pub(crate) struct Garbage {
    pub version: u64,
    pub key: Bytes,
}

impl Generation {
    pub fn new(bottom: bool) -> Generation {
        let inner = Inner { bottom, entries: BTreeMap::new(), erased: Vec::new(), bytes: 0 };
        Generation { inner: RwLock::new(inner) }
    }

    /// Memory held, in bytes, approximately.
    pub fn bytes(&self) -> usize {
        self.inner.read().bytes
    }

    /// How many ranges were deleted as a whole.
    pub fn erased_count(&self) -> usize {
        self.inner.read().erased.len()
    }

    /// Whether nothing was ever written here, or all of it is forgotten.
    pub fn is_empty(&self) -> bool {
        let inner = self.inner.read();
        inner.entries.is_empty() && inner.erased.is_empty()
    }

    /// Adds writes of `version`s newer than any here. Nobody sees them before that version is published. `keep`: the
    /// oldest version a reader may still hold. Keys with superseded versions are added to `garbage`.
    pub fn apply(&self, writes: &[(u64, Write)], keep: u64, garbage: &mut impl Extend<Garbage>) {
        // Readers wait while the lock is held: take it anew every so many writes.
        const WRITES_PER_LOCK: usize = 256;
        for part in writes.chunks(WRITES_PER_LOCK) {
            let mut inner = self.inner.write();
            for (version, write) in part {
                match write {
                    Write::Put(key, value) => inner.push(key, *version, Some(value.clone()), keep, garbage),
                    Write::Delete(key) => inner.push(key, *version, None, keep, garbage),
                    Write::DeleteRange(range) => {
                        inner.erase(range, *version, keep, garbage);
                        if !inner.bottom {
                            inner.bytes += range.start.len() + range.end.len() + ENTRY_OVERHEAD;
                            inner.erased.push((*version, range.clone()));
                        }
                    }
                }
            }
        }
    }

    /// Forgets what no reader at `keep` or later can see of these keys. A deletion with nothing beneath it is
    /// forgotten altogether: `beneath` says whether something may be.
    pub fn collect(&self, keys: &[Bytes], keep: u64, mut beneath: impl FnMut(&[u8]) -> bool) {
        let mut settled = Vec::new();
        let bottom = {
            let mut inner = self.inner.write();
            for key in keys {
                let Some(chain) = inner.entries.get_mut(key) else { continue };
                let freed = chain.prune(keep);
                if chain.value.is_none() && chain.older.is_empty() && chain.version <= keep {
                    settled.push(key);
                }
                inner.bytes -= freed;
            }
            inner.bottom
        };
        // Looking beneath may read the disk: not under the lock.
        settled.retain(|key| bottom || !beneath(key));
        let mut inner = self.inner.write();
        for key in settled {
            if let Some(chain) = inner.entries.remove(key) {
                inner.bytes -= size_of_entry(key, &chain.value);
            }
        }
    }

    /// Hands the newest state to `visit`: first the ranges erased beneath, then each key.
    pub fn visit_newest<E>(&self, mut visit: impl FnMut(Newest<'_>) -> Result<(), E>) -> Result<(), E> {
        let inner = self.inner.read();
        for (_, range) in &inner.erased {
            visit(Newest::Erased(range))?;
        }
        for (key, chain) in &inner.entries {
            visit(match &chain.value {
                Some(value) => Newest::Value(key, value),
                None => Newest::Deleted(key),
            })?;
        }
        Ok(())
    }
}

/// A piece of a generation's newest state.
pub(crate) enum Newest<'a> {
    Erased(&'a KeyRange),
    Value(&'a [u8], &'a [u8]),
    Deleted(&'a [u8]),
}

impl Inner {
    fn push(
        &mut self,
        key: &Bytes,
        version: u64,
        value: Option<Bytes>,
        keep: u64,
        garbage: &mut impl Extend<Garbage>,
    ) {
        if let Some(chain) = self.entries.get_mut(key) {
            self.bytes += size_of_version(&value);
            let superseded = std::mem::replace(&mut chain.value, value);
            chain.older.push((chain.version, superseded));
            chain.version = version;
            self.bytes -= chain.prune(keep);
            if !chain.older.is_empty() {
                garbage.extend([Garbage { version, key: key.clone() }]);
            }
        } else if value.is_some() || !self.bottom {
            self.bytes += size_of_entry(key, &value);
            self.entries.insert(key.clone(), Chain { version, value, older: Vec::new() });
        }
    }

    fn erase(&mut self, range: &KeyRange, version: u64, keep: u64, garbage: &mut impl Extend<Garbage>) {
        if range.is_empty() {
            return;
        }
        let doomed: Vec<Bytes> = self
            .entries
            .range::<[u8], _>((Bound::Included(&range.start[..]), Bound::Excluded(&range.end[..])))
            .filter(|(_, chain)| chain.value.is_some())
            .map(|(key, _)| key.clone())
            .collect();
        for key in doomed {
            self.push(&key, version, None, keep, garbage);
        }
    }
}

impl Layer for Generation {
    fn lookup(&self, key: &[u8], at: u64) -> Option<Entry> {
        let inner = self.inner.read();
        if let Some(entry) = inner.entries.get(key).and_then(|chain| chain.visible(at)) {
            return Some(entry);
        }
        let gone = inner.erased.iter().any(|(version, range)| *version <= at && range.contains(key));
        gone.then_some(Entry::Deleted)
    }

    fn chunk(&self, span: &Span, at: u64, max: usize, out: &mut Vec<(Bytes, Entry)>) {
        if span.lo >= span.hi {
            return;
        }
        let inner = self.inner.read();
        let range =
            inner.entries.range::<[u8], _>((Bound::Included(&span.lo[..]), Bound::Excluded(&span.hi[..])));
        let see = |(key, chain): (&Bytes, &Chain)| chain.visible(at).map(|entry| (key.clone(), entry));
        if span.reverse {
            out.extend(range.rev().filter_map(see).take(max));
        } else {
            out.extend(range.filter_map(see).take(max));
        }
    }

    fn erased(&self, range: &KeyRange, at: u64, out: &mut Vec<KeyRange>) {
        let inner = self.inner.read();
        out.extend(
            inner
                .erased
                .iter()
                .filter(|(version, erased)| *version <= at && erased.overlaps(range))
                .map(|(_, erased)| erased.clone()),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(key: &'static str, value: &'static str) -> Write {
        Write::Put(key.into(), value.into())
    }

    fn value(value: &'static str) -> Option<Entry> {
        Some(Entry::Value(value.into()))
    }

    #[test]
    fn readers_see_their_version() {
        let generation = Generation::new(false);
        let mut garbage = Vec::new();
        generation.apply(&[(1, put("k", "a")), (3, put("k", "b"))], 0, &mut garbage);
        generation.apply(&[(5, Write::DeleteRange(KeyRange::new("a", "z")))], 0, &mut garbage);
        assert_eq!(generation.lookup(b"k", 0), None);
        assert_eq!(generation.lookup(b"k", 2), value("a"));
        assert_eq!(generation.lookup(b"k", 4), value("b"));
        assert_eq!(generation.lookup(b"k", 5), Some(Entry::Deleted));
        assert_eq!(generation.lookup(b"other", 4), None);
        assert_eq!(generation.lookup(b"other", 5), Some(Entry::Deleted));
    }

    #[test]
    fn collection_forgets_what_nobody_sees_and_returns_the_memory() {
        let generation = Generation::new(false);
        let mut garbage = Vec::new();
        generation.apply(
            &[(1, put("k", "a")), (2, put("k", "b")), (3, Write::Delete("k".into()))],
            0,
            &mut garbage,
        );
        let keys: Vec<Bytes> = garbage.into_iter().map(|item: Garbage| item.key).collect();
        generation.collect(&keys, 2, |_| false);
        assert_eq!(generation.lookup(b"k", 2), value("b"));
        generation.collect(&keys, 3, |_| true);
        assert_eq!(generation.lookup(b"k", 3), Some(Entry::Deleted), "something lies beneath");
        generation.collect(&keys, 3, |_| false);
        assert!(generation.is_empty());
        assert_eq!(generation.bytes(), 0);
    }
}
