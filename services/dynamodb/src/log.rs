//! The changes of a table's items, in the order in which they were committed. Each is written in its write's transaction, and
//! only while something needs it: a stream, point-in-time recovery, or a copy that is being made.

use attribute::{Item, load_item, store_item};
use bytes::Bytes;
use store::{KeyError, KeyRange, KeyReader, KeyWriter, RangeOptions, Snapshot, Stamp, Tx};

use crate::error::corrupt;

/// Kind and version of [`Change`], as records have them. Images stay as they are stored, and are shown without being read.
const HEADER: [u8; 4] = [0x21, 0, 1, 0];

/// What became of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Insert,
    Modify,
    Remove,
}

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    User,
    /// The item ended ("Working with TTL deletes in DynamoDB Streams").
    Expiry,
    /// The table is imported, which takes nothing of its capacity ("Import from Amazon S3").
    Import,
}

/// One change of an item.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub at_ms: i64,
    pub event: Event,
    pub by: By,
    /// The item's key, as `attribute` stores it.
    pub key: Bytes,
    /// The item's row before, where it is needed and there was one.
    pub old: Option<Bytes>,
    /// The item's row after, where it is needed and there is one.
    pub new: Option<Bytes>,
}

impl Change {
    /// A key as it is kept.
    pub fn stored(key: &Item) -> Bytes {
        let mut out = Vec::with_capacity(64);
        store_item(key, &mut out);
        out.into()
    }

    /// The item's key.
    pub fn key(&self) -> Result<Item, store::Error> {
        load_item(&self.key).map_err(corrupt)
    }

    pub fn encode(&self) -> Bytes {
        let (old, new) = (self.old.as_deref(), self.new.as_deref());
        let images = old.map_or(0, <[u8]>::len) + new.map_or(0, <[u8]>::len);
        let mut out = Vec::with_capacity(HEADER.len() + 24 + self.key.len() + images);
        out.extend_from_slice(&HEADER);
        out.push(match self.event {
            Event::Insert => 0,
            Event::Modify => 1,
            Event::Remove => 2,
        });
        out.push(match self.by {
            By::User => 0,
            By::Expiry => 1,
            By::Import => 2,
        });
        out.extend_from_slice(&self.at_ms.to_le_bytes());
        for part in [Some(&self.key[..]), old, new] {
            // Items are 400 KiB at most. What is not there is told by a length that nothing has.
            let len = part.map_or(u32::MAX, |part| part.len() as u32);
            out.extend_from_slice(&len.to_le_bytes());
            out.extend_from_slice(part.unwrap_or_default());
        }
        out.into()
    }

    pub fn decode(bytes: &Bytes) -> Result<Self, store::Error> {
        let damaged = || corrupt("a change in a log is damaged");
        let rest = bytes.strip_prefix(&HEADER).ok_or_else(damaged)?;
        let ([event, by], rest) = rest.split_first_chunk().ok_or_else(damaged)?;
        let event = match event {
            0 => Event::Insert,
            1 => Event::Modify,
            2 => Event::Remove,
            _ => return Err(damaged()),
        };
        let by = match by {
            0 => By::User,
            1 => By::Expiry,
            2 => By::Import,
            _ => return Err(damaged()),
        };
        let (at_ms, mut rest) = rest.split_first_chunk().ok_or_else(damaged)?;
        let mut part = || -> Result<Option<Bytes>, store::Error> {
            let (len, after) = rest.split_first_chunk().ok_or_else(damaged)?;
            let len = u32::from_le_bytes(*len);
            if len == u32::MAX {
                rest = after;
                return Ok(None);
            }
            let (part, after) = after.split_at_checked(len as usize).ok_or_else(damaged)?;
            rest = after;
            Ok(Some(bytes.slice_ref(part)))
        };
        let (key, old, new) = (part()?.ok_or_else(damaged)?, part()?, part()?);
        if !rest.is_empty() {
            return Err(damaged());
        }
        Ok(Self { at_ms: i64::from_le_bytes(*at_ms), event, by, key, old, new })
    }
}

/// A table's log.
#[derive(Clone, Debug)]
pub struct Log(Bytes);

/// A part of a log.
pub struct Part {
    /// Changes with their places.
    pub changes: Vec<(Stamp, Change)>,
    /// Whether there are more in the range.
    pub more: bool,
}

impl Log {
    /// The log under this prefix.
    pub fn new(prefix: Bytes) -> Self {
        Self(prefix)
    }

    /// Everything in it.
    pub fn all(&self) -> KeyRange {
        KeyRange::prefix(&self.0)
    }

    /// What was committed from this place on (included) and before that one (excluded).
    pub fn between(&self, from: Stamp, to: Stamp) -> KeyRange {
        let key = |stamp: Stamp| KeyWriter::from_prefix(&self.0).stamp(stamp).finish();
        KeyRange::new(key(from), key(to))
    }

    /// Adds a change behind those of this transaction and of all before it; how many bytes it has.
    pub fn add(&self, tx: &mut Tx, change: &Change) -> Result<usize, store::Error> {
        let counter = counter(tx)?;
        let bytes = change.encode();
        let len = bytes.len();
        tx.put_stamped(KeyWriter::from_prefix(&self.0).stamped(counter), bytes);
        Ok(len)
    }

    /// A page of changes.
    pub fn read(
        &self,
        snapshot: &Snapshot,
        range: KeyRange,
        options: RangeOptions,
    ) -> Result<Part, store::Error> {
        let page = snapshot.range(range, options)?;
        let changes: Result<Vec<_>, store::Error> =
            page.entries.iter().map(|(key, bytes)| Ok((self.place(key)?, Change::decode(bytes)?))).collect();
        Ok(Part { changes: changes?, more: page.more })
    }

    fn place(&self, key: &[u8]) -> Result<Stamp, store::Error> {
        let mut rest = KeyReader::after_prefix(key, &self.0).ok_or(KeyError::End { wanted: "stamp" })?;
        Ok(rest.stamp()?)
    }

    /// The first change of a range.
    pub fn first(
        &self,
        snapshot: &Snapshot,
        range: KeyRange,
    ) -> Result<Option<(Stamp, Change)>, store::Error> {
        let part = self.read(snapshot, range, RangeOptions::limit(1))?;
        Ok(part.changes.into_iter().next())
    }

    /// The first version whose changes were made after this time: those of all versions before it were made at it or before.
    /// The clock never goes backwards, so halving finds it.
    pub fn after(&self, snapshot: &Snapshot, at_ms: i64) -> Result<u64, store::Error> {
        let end = snapshot.version() + 1;
        let later = |from: u64| -> Result<Option<u64>, store::Error> {
            let range = self.between(Stamp::new(from, 0), Stamp::new(end, 0));
            let found = self.first(snapshot, range)?;
            Ok(found.filter(|(_, change)| change.at_ms <= at_ms).map(|(stamp, _)| stamp.version))
        };
        // Everything before `low` is not later, and everything from `high` on is.
        let (mut low, mut high) = (0, end);
        while low < high {
            let middle = low + (high - low) / 2;
            match later(middle)? {
                Some(version) => low = version + 1,
                None => high = middle,
            }
        }
        Ok(low)
    }
}

/// The counter of the next stamped key of a transaction, behind those of all that it has set.
pub fn counter(tx: &Tx) -> Result<u16, store::Error> {
    // A transaction is done long before it has set so many.
    u16::try_from(tx.stamped()).map_err(corrupt)
}

#[cfg(test)]
mod tests {
    use attribute::Value;
    use store::{Options, Store};

    use super::*;

    fn change(at_ms: i64) -> Change {
        Change {
            at_ms,
            event: Event::Modify,
            by: By::Expiry,
            key: Change::stored(&Item::from([("p", Value::from("a"))])),
            old: Some(Bytes::from_static(b"before")),
            new: None,
        }
    }

    #[test]
    fn changes_are_kept_byte_by_byte() {
        let change = change(1);
        let bytes = change.encode();
        assert_eq!(
            bytes,
            &b"\x21\0\x01\0\x01\x01\x01\0\0\0\0\0\0\0\x06\0\0\0\x01\x01p\0\x01a\x06\0\0\0before\xff\xff\xff\xff"[..]
        );
        assert_eq!(Change::decode(&bytes).expect("a change"), change);
        for end in 0..bytes.len() {
            assert!(Change::decode(&bytes.slice(..end)).is_err(), "{end}");
        }
    }

    #[tokio::test]
    async fn a_time_is_found_wherever_it_is() {
        let store = Store::in_memory(Options::default());
        let log = Log::new(Bytes::from_static(b"log"));
        let mut versions = Vec::new();
        for at in [10, 10, 20, 40] {
            let mut tx = store.begin();
            log.add(&mut tx, &change(at)).expect("added");
            log.add(&mut tx, &change(at)).expect("added");
            versions.push(tx.commit().await.expect("committed").version);
            // Others write between.
            for _ in 0..3 {
                let mut tx = store.begin();
                tx.put("other", "");
                tx.commit().await.expect("committed");
            }
        }
        let snapshot = store.snapshot();
        let kept = |at: i64| -> usize {
            let before = Stamp::new(log.after(&snapshot, at).expect("found"), 0);
            let range = log.between(Stamp::ZERO, before);
            log.read(&snapshot, range, RangeOptions::default()).expect("read").changes.len()
        };
        assert_eq!([9, 10, 19, 20, 39, 40, 41].map(kept), [0, 4, 4, 6, 6, 8, 8]);
        let all = log.read(&snapshot, log.all(), RangeOptions::default()).expect("read");
        let expected: Vec<Stamp> =
            versions.iter().flat_map(|v| [Stamp::new(*v, 0), Stamp::new(*v, 1)]).collect();
        assert_eq!(all.changes.iter().map(|(stamp, _)| *stamp).collect::<Vec<_>>(), expected);
    }
}
