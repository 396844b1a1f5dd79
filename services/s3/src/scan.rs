//! Walking through rows by key, with everything below a delimiter rolled up to its common prefix.
//!
//! What is rolled up is not read: the scan leaps to the first row behind the common prefix. So its cost depends on how
//! much it gives, not on how much there is.

use bytes::Bytes;
use store::{KeyRange, RangeOptions, Snapshot, prefix_end};

use crate::keys::text_after;
use crate::limits::PAGE_MAX;

/// Rows that are read at once after a leap: what is behind it may again be a common prefix, and then most of the page is
/// read for nothing. Each page that ends without a leap is followed by one twice as long.
const STEP_MIN: usize = 2;

/// What a scan finds.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// A row.
    Row { key: String, row: Bytes, value: Bytes },
    /// Keys that have this in common up to the delimiter.
    Prefix(String),
}

impl Found {
    /// Its place in the list.
    pub fn name(&self) -> &str {
        match self {
            Self::Row { key, .. } | Self::Prefix(key) => key,
        }
    }
}

/// A scan over rows whose first element behind `base` is the key.
pub struct Scan<'a> {
    snapshot: &'a Snapshot,
    base: Bytes,
    prefix: &'a str,
    delimiter: Option<&'a str>,
    range: KeyRange,
    page: std::vec::IntoIter<(Bytes, Bytes)>,
    /// Whether the range may have more than the page.
    more: bool,
    step: usize,
    /// The beginning of all rows below the common prefix that was given last.
    below: Option<Bytes>,
}

impl<'a> Scan<'a> {
    /// Everything whose key begins with `prefix`. `base` is how all rows begin.
    pub fn new(snapshot: &'a Snapshot, base: Bytes, prefix: &'a str, delimiter: Option<&'a str>) -> Self {
        let range = KeyRange::prefix(beginning(&base, prefix));
        let step = if delimiter.is_some() { STEP_MIN } else { PAGE_MAX + 1 };
        Self {
            snapshot,
            base,
            prefix,
            delimiter,
            range,
            page: Vec::new().into_iter(),
            more: true,
            step,
            below: None,
        }
    }

    /// Reads no more at once than may be wanted.
    #[must_use]
    pub fn at_most(mut self, rows: usize) -> Self {
        self.step = self.step.min(rows.max(1));
        self
    }

    /// Only what stands behind `marker`, and not below the common prefix that `marker` is below.
    #[must_use]
    pub fn after(mut self, marker: &str) -> Self {
        let below = self.common(marker).map(|common| beginning(&self.base, common));
        let start = match below {
            Some(below) => prefix_end(&below),
            // All rows of the key.
            None => prefix_end(&whole(&self.base, marker)),
        };
        self.range.start = self.range.start.max(start);
        self
    }

    /// Only rows behind this one.
    #[must_use]
    pub fn after_row(mut self, row: &[u8]) -> Self {
        self.range = self.range.after(row);
        self
    }

    /// Only this row and those behind it.
    #[must_use]
    pub fn starting_at(mut self, row: &Bytes) -> Self {
        self.range.start = self.range.start.max(row.clone());
        self
    }

    /// What comes next.
    pub fn next(&mut self) -> Result<Option<Found>, store::Error> {
        loop {
            let Some((row, value)) = self.page.next() else {
                if !self.more {
                    return Ok(None);
                }
                self.turn()?;
                continue;
            };
            if self.below.as_ref().is_some_and(|below| row.starts_with(below)) {
                continue;
            }
            let key = text_after(&row, &self.base)?;
            let Some(common) = self.common(&key) else {
                return Ok(Some(Found::Row { key, row, value }));
            };
            self.below = Some(beginning(&self.base, common));
            let end = common.len();
            let mut common = key;
            common.truncate(end);
            return Ok(Some(Found::Prefix(common)));
        }
    }

    /// Reads the next page.
    fn turn(&mut self) -> Result<(), store::Error> {
        let page = self.snapshot.range(self.range.clone(), RangeOptions::limit(self.step))?;
        self.more = page.more;
        if let Some((last, _)) = page.entries.last() {
            let next = self.range.after(last);
            self.range = next;
            self.step = (self.step * 2).min(PAGE_MAX + 1);
        }
        self.leap(&page.entries);
        self.page = page.entries.into_iter();
        Ok(())
    }

    /// Moves the next page behind the common prefix that this one ends in.
    fn leap(&mut self, entries: &[(Bytes, Bytes)]) {
        let Some((last, _)) = entries.last() else { return };
        let Ok(key) = text_after(last, &self.base) else { return };
        let Some(common) = self.common(&key) else { return };
        self.range.start = prefix_end(&beginning(&self.base, common));
        self.step = STEP_MIN.min(self.step);
    }

    /// The common prefix of a key.
    fn common<'k>(&self, key: &'k str) -> Option<&'k str> {
        let delimiter = self.delimiter?;
        let rest = key.strip_prefix(self.prefix)?;
        let at = rest.find(delimiter)?;
        Some(&key[..self.prefix.len() + at + delimiter.len()])
    }
}

/// How the rows begin whose keys begin with `prefix`.
pub fn beginning(base: &[u8], prefix: &str) -> Bytes {
    let mut row = whole(base, prefix);
    // The end of the string; what is escaped in it stands before.
    row.truncate(row.len() - 1);
    row
}

/// How the rows of a key begin.
fn whole(base: &[u8], key: &str) -> Bytes {
    store::KeyWriter::from_prefix(base).str(key).finish()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use store::{KeyWriter, Options, Store};

    use super::*;

    fn base() -> Bytes {
        KeyWriter::new().str("base").finish()
    }

    fn store_of(keys: &BTreeSet<String>) -> Store {
        let store = Store::in_memory(Options::default());
        let mut tx = store.begin();
        for key in keys {
            tx.put(whole(&base(), key), "value");
        }
        for beside in ["", "bas", "base0", "basf"] {
            tx.put(KeyWriter::new().str(beside).str("x").finish(), "beside");
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(tx.commit()).unwrap();
        store
    }

    fn found(store: &Store, prefix: &str, delimiter: Option<&str>, after: Option<&str>) -> Vec<String> {
        let snapshot = store.snapshot();
        let mut scan = Scan::new(&snapshot, base(), prefix, delimiter);
        if let Some(after) = after {
            scan = scan.after(after);
        }
        let mut all = Vec::new();
        while let Some(found) = scan.next().unwrap() {
            all.push(found.name().to_owned());
        }
        all
    }

    /// The same by going through all keys.
    fn naive(
        keys: &BTreeSet<String>,
        prefix: &str,
        delimiter: Option<&str>,
        after: Option<&str>,
    ) -> Vec<String> {
        let common = |key: &str| {
            let rest = key.strip_prefix(prefix)?;
            let delimiter = delimiter?;
            Some(key[..prefix.len() + rest.find(delimiter)? + delimiter.len()].to_owned())
        };
        let mut all: Vec<String> = keys
            .iter()
            .filter(|key| key.starts_with(prefix))
            .map(|key| common(key).unwrap_or_else(|| key.clone()))
            .filter(|name| {
                after.is_none_or(|after| name.as_str() > after && !after.starts_with(name.as_str()))
            })
            .collect();
        all.dedup();
        all
    }

    fn small_text() -> impl Strategy<Value = String> {
        prop::collection::vec(prop::sample::select(vec!["a", "b", "/", "//", "+", "é", "\u{1}"]), 0..6)
            .prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn finds_what_going_through_all_keys_finds(
            keys in prop::collection::btree_set(small_text().prop_filter("keys are not empty", |key| !key.is_empty()), 0..60),
            prefix in small_text().prop_map(|mut text| { let end = text.char_indices().nth(1).map_or(text.len(), |(at, _)| at); text.truncate(end); text }),
            delimiter in prop::option::of(prop::sample::select(vec!["/", "a", "//", "é", "b/"])),
            after in prop::option::of(small_text()),
        ) {
            let store = store_of(&keys);
            prop_assert_eq!(
                found(&store, &prefix, delimiter, after.as_deref()),
                naive(&keys, &prefix, delimiter, after.as_deref())
            );
        }
    }

    #[test]
    fn many_rows_below_one_prefix() {
        let keys: BTreeSet<String> =
            (0..5_000).map(|i| format!("a/{i:05}")).chain(["b".to_owned(), "c/x".to_owned()]).collect();
        let store = store_of(&keys);
        assert_eq!(found(&store, "", Some("/"), None), ["a/", "b", "c/"]);
        assert_eq!(found(&store, "a/", Some("/"), None).len(), 5_000);
        assert_eq!(found(&store, "", Some("/"), Some("a/00100")), ["b", "c/"]);
        assert_eq!(found(&store, "", None, Some("a/04999")), ["b", "c/x"]);
    }
}
