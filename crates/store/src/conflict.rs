//! Which keys were written when, for as long as a transaction may ask.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;

use bytes::Bytes;

use crate::error::Error;
use crate::range::KeyRange;
use crate::writes::Write;

/// What a transaction read: single keys and ranges.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReadSet {
    pub keys: Vec<Bytes>,
    pub ranges: Vec<KeyRange>,
}

/// The recent writes, for checking what transactions have read. Only the committer has one.
pub(crate) struct RecentWrites {
    /// Version of the last write of each key.
    keys: BTreeMap<Bytes, u64>,
    /// Ranges deleted as a whole, oldest first.
    ranges: VecDeque<(u64, KeyRange)>,
    /// The key writes in order, so that the oldest can be forgotten.
    order: VecDeque<(u64, Bytes)>,
    /// Everything written after this version is known.
    floor: u64,
    max: usize,
}

impl RecentWrites {
    /// Knows of no write; `version` is the current one, `max` how many writes to remember.
    pub fn new(version: u64, max: usize) -> RecentWrites {
        RecentWrites {
            keys: BTreeMap::new(),
            ranges: VecDeque::new(),
            order: VecDeque::new(),
            floor: version,
            max,
        }
    }

    /// Whether what was read at version `at` still stands.
    pub fn check(&self, reads: &ReadSet, at: u64) -> Result<(), Error> {
        if at < self.floor {
            return Err(Error::TooOld);
        }
        let later_ranges = || self.ranges.iter().rev().take_while(|(version, _)| *version > at);
        for key in &reads.keys {
            if self.keys.get(key).is_some_and(|version| *version > at)
                || later_ranges().any(|(_, range)| range.contains(key))
            {
                return Err(Error::Conflict);
            }
        }
        for range in reads.ranges.iter().filter(|range| !range.is_empty()) {
            let bounds = (Bound::Included(&range.start[..]), Bound::Excluded(&range.end[..]));
            if self.keys.range::<[u8], _>(bounds).any(|(_, version)| *version > at)
                || later_ranges().any(|(_, written)| written.overlaps(range))
            {
                return Err(Error::Conflict);
            }
        }
        Ok(())
    }

    /// Remembers a write of a version not older than any before.
    pub fn note(&mut self, write: &Write, version: u64) {
        match write {
            Write::Put(key, _) | Write::Delete(key) => {
                self.keys.insert(key.clone(), version);
                self.order.push_back((version, key.clone()));
            }
            Write::DeleteRange(range) => self.ranges.push_back((version, range.clone())),
        }
    }

    /// The writes after `version` did not take place. Their keys count as written at `version`: what was known of
    /// them before is overwritten, and this errs towards a conflict with older readers only.
    pub fn undo_after(&mut self, version: u64) {
        while self.ranges.back().is_some_and(|(at, _)| *at > version) {
            self.ranges.pop_back();
        }
        for (at, key) in self.order.iter_mut().rev().take_while(|(at, _)| *at > version) {
            *at = version;
            self.keys.insert(key.clone(), version);
        }
    }

    /// Forgets what no transaction begun at `keep` or later can conflict with, and the oldest beyond the maximum.
    pub fn forget(&mut self, keep: u64) {
        self.floor = self.floor.max(keep);
        while let Some((version, _)) = self.order.front() {
            if *version > self.floor {
                if self.order.len() <= self.max {
                    break;
                }
                self.floor = *version;
            }
            let Some((version, key)) = self.order.pop_front() else { break };
            if self.keys.get(&key) == Some(&version) {
                self.keys.remove(&key);
            }
        }
        while let Some((version, _)) = self.ranges.front() {
            if *version > self.floor {
                if self.ranges.len() <= self.max {
                    break;
                }
                self.floor = *version;
            }
            self.ranges.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(key: &'static str) -> ReadSet {
        ReadSet { keys: vec![key.into()], ranges: vec![] }
    }

    fn range(start: &'static str, end: &'static str) -> ReadSet {
        ReadSet { keys: vec![], ranges: vec![KeyRange::new(start, end)] }
    }

    #[test]
    fn later_writes_conflict_earlier_ones_do_not() {
        let mut recent = RecentWrites::new(0, 100);
        recent.note(&Write::Put("b".into(), "".into()), 5);
        recent.note(&Write::DeleteRange(KeyRange::new("m", "p")), 7);
        assert!(matches!(recent.check(&key("b"), 4), Err(Error::Conflict)));
        assert!(recent.check(&key("b"), 5).is_ok());
        assert!(matches!(recent.check(&range("a", "c"), 4), Err(Error::Conflict)));
        assert!(recent.check(&range("b\0", "c"), 4).is_ok());
        assert!(matches!(recent.check(&key("n"), 6), Err(Error::Conflict)));
        assert!(matches!(recent.check(&range("o", "z"), 6), Err(Error::Conflict)));
        assert!(recent.check(&range("p", "z"), 6).is_ok());
        assert!(recent.check(&range("z", "a"), 0).is_ok(), "an empty range conflicts with nothing");
    }

    #[test]
    fn forgetting_refuses_older_readers() {
        let mut recent = RecentWrites::new(0, 2);
        for version in 1..=3 {
            recent.note(&Write::Delete("k".into()), version);
        }
        recent.forget(0);
        assert!(matches!(recent.check(&key("x"), 0), Err(Error::TooOld)));
        assert!(matches!(recent.check(&key("k"), 1), Err(Error::Conflict)));
        recent.forget(3);
        assert!(recent.keys.is_empty() && recent.order.is_empty());
        assert!(recent.check(&key("k"), 3).is_ok());
    }

    #[test]
    fn undone_writes_conflict_with_nobody_new() {
        let mut recent = RecentWrites::new(0, 100);
        recent.note(&Write::Delete("k".into()), 1);
        recent.note(&Write::Delete("k".into()), 2);
        recent.note(&Write::DeleteRange(KeyRange::new("a", "z")), 2);
        recent.undo_after(1);
        assert!(recent.check(&key("k"), 1).is_ok());
        assert!(recent.check(&key("b"), 0).is_ok());
        assert!(matches!(recent.check(&key("k"), 0), Err(Error::Conflict)));
    }
}
