//! What a transaction is about to write.

use std::collections::BTreeMap;
use std::ops::Bound;

use bytes::Bytes;

use crate::error::Error;
use crate::layer::{Entry, Layer, Span};
use crate::range::KeyRange;

/// A write as it is logged and applied: nothing left to be worked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Write {
    Put(Bytes, Bytes),
    Delete(Bytes),
    DeleteRange(KeyRange),
}

/// The writes of a transaction: range deletions first, then one entry a key.
#[derive(Clone, Debug, Default)]
pub(crate) struct WriteSet {
    pub erased: Vec<KeyRange>,
    pub entries: BTreeMap<Bytes, Entry>,
}

impl WriteSet {
    pub fn put(&mut self, key: Bytes, value: Bytes) {
        self.entries.insert(key, Entry::Value(value));
    }

    pub fn delete(&mut self, key: Bytes) {
        self.entries.insert(key, Entry::Deleted);
    }

    pub fn delete_range(&mut self, range: KeyRange) {
        if range.is_empty() {
            return;
        }
        let doomed: Vec<Bytes> = self.in_range(&range).map(|(key, _)| key.clone()).collect();
        for key in doomed {
            self.entries.remove(&key);
        }
        self.erased.push(range);
    }

    /// Adds `delta` to the counter at `key`, folding it into this transaction's own write of it.
    pub fn add(&mut self, key: Bytes, delta: i64) -> Result<(), Error> {
        let sum = match self.entries.get(&key) {
            Some(Entry::Add(sum)) => Entry::Add(sum.checked_add(delta).ok_or(Error::Counter)?),
            Some(Entry::Value(value)) => Entry::Value(counter(add(Some(value), delta)?)),
            Some(Entry::Deleted) => Entry::Value(counter(delta)),
            None if self.is_erased(&key) => Entry::Value(counter(delta)),
            None => Entry::Add(delta),
        };
        self.entries.insert(key, sum);
        Ok(())
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.erased.is_empty()
    }

    fn is_erased(&self, key: &[u8]) -> bool {
        self.erased.iter().any(|range| range.contains(key))
    }

    fn in_range(&self, range: &KeyRange) -> std::collections::btree_map::Range<'_, Bytes, Entry> {
        self.entries.range::<[u8], _>((Bound::Included(&range.start[..]), Bound::Excluded(&range.end[..])))
    }
}

/// The counter a value holds plus `delta`; a missing value counts as zero.
pub(crate) fn add(value: Option<&Bytes>, delta: i64) -> Result<i64, Error> {
    let current = match value {
        None => 0,
        Some(value) => i64::from_le_bytes(value[..].try_into().map_err(|_| Error::Counter)?),
    };
    current.checked_add(delta).ok_or(Error::Counter)
}

/// A counter as a value.
pub(crate) fn counter(value: i64) -> Bytes {
    Bytes::copy_from_slice(&value.to_le_bytes())
}

impl Layer for WriteSet {
    fn lookup(&self, key: &[u8], _: u64) -> Option<Entry> {
        self.entries.get(key).cloned().or_else(|| self.is_erased(key).then_some(Entry::Deleted))
    }

    fn chunk(&self, span: &Span, _: u64, max: usize, out: &mut Vec<(Bytes, Entry)>) {
        if span.lo >= span.hi {
            return;
        }
        let range = self.in_range(&KeyRange { start: span.lo.clone(), end: span.hi.clone() });
        let copy = |(key, entry): (&Bytes, &Entry)| (key.clone(), entry.clone());
        if span.reverse {
            out.extend(range.rev().map(copy).take(max));
        } else {
            out.extend(range.map(copy).take(max));
        }
    }

    fn erased(&self, range: &KeyRange, _: u64, out: &mut Vec<KeyRange>) {
        out.extend(self.erased.iter().filter(|erased| erased.overlaps(range)).cloned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_write_of_a_key_counts() {
        let mut writes = WriteSet::default();
        writes.put("a".into(), "1".into());
        writes.delete_range(KeyRange::new("a", "c"));
        assert_eq!(writes.lookup(b"a", 0), Some(Entry::Deleted));
        writes.put("b".into(), "2".into());
        assert_eq!(writes.lookup(b"b", 0), Some(Entry::Value("2".into())));
        assert_eq!(writes.lookup(b"c", 0), None);
    }

    #[test]
    fn additions_fold_into_own_writes() -> Result<(), Error> {
        let mut writes = WriteSet::default();
        writes.add("n".into(), 2)?;
        writes.add("n".into(), -5)?;
        assert_eq!(writes.lookup(b"n", 0), Some(Entry::Add(-3)));
        writes.delete("n".into());
        writes.add("n".into(), 4)?;
        assert_eq!(writes.lookup(b"n", 0), Some(Entry::Value(counter(4))));
        writes.add("n".into(), 1)?;
        assert_eq!(writes.lookup(b"n", 0), Some(Entry::Value(counter(5))));
        writes.put("s".into(), "text".into());
        assert!(matches!(writes.add("s".into(), 1), Err(Error::Counter)));
        writes.put("m".into(), counter(i64::MAX));
        assert!(matches!(writes.add("m".into(), 1), Err(Error::Counter)));
        Ok(())
    }
}
