//! How many messages become visible when.

use std::collections::BTreeMap;

/// Counts by time, for the times to come. Additions and removals may arrive in any order: a count that is briefly
/// below zero is made good by the change that belongs before it.
#[derive(Debug)]
pub struct Timed {
    /// Everything at this time or before has passed and is no longer counted.
    settled_ms: i64,
    counts: BTreeMap<i64, i64>,
    total: i64,
}

impl Timed {
    /// Nothing is counted; times up to `now_ms` have passed.
    pub fn new(now_ms: i64) -> Self {
        Self { settled_ms: now_ms, counts: BTreeMap::new(), total: 0 }
    }

    /// Counts `n` more (or fewer) at `at_ms`, unless that has passed.
    pub fn add(&mut self, at_ms: i64, n: i64) {
        if at_ms <= self.settled_ms {
            return;
        }
        let count = self.counts.entry(at_ms).or_default();
        *count += n;
        if *count == 0 {
            self.counts.remove(&at_ms);
        }
        self.total += n;
    }

    /// Forgets what has passed.
    pub fn settle(&mut self, now_ms: i64) {
        while let Some(entry) = self.counts.first_entry().filter(|entry| *entry.key() <= now_ms) {
            self.total -= entry.remove();
        }
        self.settled_ms = self.settled_ms.max(now_ms);
    }

    /// How many are still to come.
    pub fn total(&self) -> i64 {
        self.total.max(0)
    }

    /// When the next is due.
    pub fn next(&self) -> Option<i64> {
        self.counts.iter().find(|(_, count)| **count > 0).map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_matter_and_the_past_is_forgotten() {
        let mut timed = Timed::new(10);
        timed.add(10, 1);
        assert_eq!((timed.total(), timed.next()), (0, None));
        timed.add(20, -1);
        timed.add(30, 2);
        assert_eq!(timed.next(), Some(30));
        timed.add(20, 1);
        timed.add(20, 1);
        assert_eq!((timed.total(), timed.next()), (3, Some(20)));
        timed.settle(20);
        assert_eq!((timed.total(), timed.next()), (2, Some(30)));
        timed.add(20, -1);
        timed.settle(30);
        assert_eq!((timed.total(), timed.next()), (0, None));
    }
}
