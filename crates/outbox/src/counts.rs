//! How much there is to deliver, and how late it is.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use store::{Error, KeyError, KeyRange, KeyReader, RangeOptions, Store};

use crate::keys::{Count, Index};
use crate::outbox::Outbox;

/// Deliveries of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Still to be made, those under way and those not due yet included.
    pub pending: u64,
    /// Given up and kept.
    pub parked: u64,
}

impl Counts {
    /// Deliveries of every kind that has had any, of all accounts together.
    pub fn of_all_kinds(store: &Store) -> Result<BTreeMap<String, Counts>, Error> {
        let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
        for which in [Count::Pending, Count::Parked] {
            let prefix = which.of_all_kinds();
            each(store, KeyRange::prefix(&prefix), |key, number| {
                let mut reader =
                    KeyReader::after_prefix(key, &prefix).ok_or(KeyError::End { wanted: "a kind" })?;
                let of_kind = counts.entry(reader.str()?.into_owned()).or_default();
                let sum = match which {
                    Count::Pending => &mut of_kind.pending,
                    Count::Parked => &mut of_kind.parked,
                };
                *sum = sum.saturating_add(number);
                Ok(())
            })?;
        }
        Ok(counts)
    }
}

impl Outbox {
    /// Deliveries of a kind, of all accounts together: one read of a page for some thousands of them.
    pub fn counts(&self, kind: &str) -> Result<Counts, Error> {
        Ok(Counts {
            pending: self.sum(Count::Pending.all(kind))?,
            parked: self.sum(Count::Parked.all(kind))?,
        })
    }

    /// Deliveries of a kind in one account and region.
    pub fn counts_of(&self, account: &str, region: &str, kind: &str) -> Result<Counts, Error> {
        let snapshot = self.store.snapshot();
        let read = |count: Count| {
            let value = snapshot.get(&count.of(kind, account, region))?;
            value.map_or(Ok(0), |value| number(&value))
        };
        Ok(Counts { pending: read(Count::Pending)?, parked: read(Count::Parked)? })
    }

    /// How long the most overdue attempt of a kind has been due; zero when nothing is. It grows when deliveries come
    /// faster than they are made, or no worker makes them.
    pub fn lateness(&self, kind: &str) -> Result<Duration, Error> {
        let index = Index::new(kind);
        let rows = KeyRange::prefix(index.prefix());
        let page = self.store.snapshot().range(rows, RangeOptions::limit(1))?;
        let Some((key, _)) = page.entries.first() else { return Ok(Duration::ZERO) };
        let due = kernel::Timestamp::from_millis(index.read(key)?.due_ms);
        Ok(self.clock.now().since(due))
    }

    fn sum(&self, rows: KeyRange) -> Result<u64, Error> {
        let mut sum = 0u64;
        each(&self.store, rows, |_, number| {
            sum = sum.saturating_add(number);
            Ok(())
        })?;
        Ok(sum)
    }
}

/// Goes through counters.
fn each(
    store: &Store,
    rows: KeyRange,
    mut visit: impl FnMut(&Bytes, u64) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut range = rows;
    loop {
        let page = store.snapshot().range(range.clone(), RangeOptions::default())?;
        for (key, value) in &page.entries {
            visit(key, number(value)?)?;
        }
        match page.entries.last() {
            Some((last, _)) if page.more => range = range.after(last),
            _ => return Ok(()),
        }
    }
}

pub(crate) fn number(value: &Bytes) -> Result<u64, Error> {
    let count: Option<[u8; 8]> = value[..].try_into().ok();
    let count = count.map(i64::from_le_bytes).and_then(|count| u64::try_from(count).ok());
    count.ok_or_else(|| Error::Corrupt("a counter of the outbox is not a count".to_owned()))
}
