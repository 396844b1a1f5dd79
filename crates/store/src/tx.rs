//! A transaction: reads at one version, collects writes, and commits if what it read still stands.

use std::cell::Cell;

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::commit::Request;
use crate::conflict::ReadSet;
use crate::core::Reader;
use crate::error::Error;
use crate::layer::{Entry, Layer};
use crate::range::{KeyRange, Page, RESERVED, RangeOptions, successor};
use crate::stamp::{Stamp, StampedKey};
use crate::submit::Submit;
use crate::writes::WriteSet;

/// An optimistic transaction. Nothing it writes is seen by others before [`Tx::commit`]; dropping it undoes everything.
///
/// Writes that break a limit are remembered and make the commit fail, so that writing needs no error handling.
pub struct Tx {
    reader: Reader,
    submit: Submit,
    reads: ReadSet,
    writes: WriteSet,
    stamped: Vec<(StampedKey, Bytes)>,
    changes: Vec<(u16, Bytes)>,
    /// Keys and values written and keys read, in bytes.
    bytes: usize,
    /// The first write that broke a rule.
    refused: Option<Error>,
    /// Whether a read failed in a way that running the transaction again may mend.
    retry: Cell<bool>,
}

impl Tx {
    pub(crate) fn new(reader: Reader, submit: Submit) -> Tx {
        Tx {
            reader,
            submit,
            reads: ReadSet::default(),
            writes: WriteSet::default(),
            stamped: Vec::new(),
            changes: Vec::new(),
            bytes: 0,
            refused: None,
            retry: Cell::new(false),
        }
    }

    /// The value of `key`, own writes included. The commit fails if another changes it meanwhile.
    pub fn get(&mut self, key: &[u8]) -> Result<Option<Bytes>, Error> {
        let value = self.get_unchecked(key)?;
        // What this transaction has set itself does not depend on anyone.
        let own = matches!(self.writes.lookup(key, 0), Some(Entry::Value(_) | Entry::Deleted));
        if !own {
            self.bytes += key.len();
            self.reads.keys.push(Bytes::copy_from_slice(key));
        }
        Ok(value)
    }

    /// The value of `key`, own writes included; changes by others do not matter.
    pub fn get_unchecked(&self, key: &[u8]) -> Result<Option<Bytes>, Error> {
        if key.first() == Some(&RESERVED) {
            return Ok(None);
        }
        self.noting_age(self.reader.get(Some(&self.writes), key))
    }

    /// A page of `range`, own writes included. The commit fails if another changes anything in the part of the range
    /// that the page covers: up to its last entry, or all of it when there was no more.
    pub fn range(&mut self, range: KeyRange, options: RangeOptions) -> Result<Page, Error> {
        let range = range.for_callers();
        let page = self.noting_age(self.reader.page(Some(&self.writes), &range, options))?;
        let covered = match page.entries.last() {
            Some((last, _)) if page.more && options.reverse => {
                KeyRange { start: last.clone(), end: range.end }
            }
            Some((last, _)) if page.more => KeyRange { start: range.start, end: successor(last) },
            _ => range,
        };
        self.add_read_conflict(covered);
        Ok(page)
    }

    /// A page of `range`, own writes included; changes by others do not matter.
    pub fn range_unchecked(&self, range: KeyRange, options: RangeOptions) -> Result<Page, Error> {
        self.noting_age(self.reader.page(Some(&self.writes), &range.for_callers(), options))
    }

    /// Makes the commit fail if another changes anything in `range` meanwhile.
    pub fn add_read_conflict(&mut self, range: KeyRange) {
        self.bytes += range.start.len() + range.end.len();
        self.reads.ranges.push(range);
    }

    /// Sets `key` to `value`.
    pub fn put(&mut self, key: impl Into<Bytes>, value: impl Into<Bytes>) {
        let (key, value) = (key.into(), value.into());
        if self.accepts(key.len(), is_reserved(&key), value.len()) {
            self.writes.put(key, value);
        }
    }

    /// Deletes `key`; nothing happens if there is none.
    pub fn delete(&mut self, key: impl Into<Bytes>) {
        let key = key.into();
        if self.accepts(key.len(), is_reserved(&key), 0) {
            self.writes.delete(key);
        }
    }

    /// Deletes every key in `range`, including those others add before the commit, but not what this transaction puts
    /// there afterwards.
    pub fn delete_range(&mut self, range: KeyRange) {
        let range = range.for_callers();
        if range.is_empty() {
            return;
        }
        // An end may be one byte longer than the longest key it follows.
        let len = range.start.len().max(range.end.len().saturating_sub(1));
        if self.accepts(len, is_reserved(&range.start), range.end.len()) {
            self.writes.delete_range(range);
        }
    }

    /// Sets a key that holds the commit's stamp. This transaction's own reads do not see it.
    pub fn put_stamped(&mut self, key: StampedKey, value: impl Into<Bytes>) {
        let value = value.into();
        if self.accepts(key.byte_len(), key.is_reserved(), value.len()) {
            self.stamped.push((key, value));
        }
    }

    /// How many keys with stamps this transaction has set so far: a counter for the next, which then comes behind them.
    pub fn stamped(&self) -> usize {
        self.stamped.len()
    }

    /// Adds `delta` to the counter at `key`: 8 bytes, little-endian, zero when missing. Additions of different
    /// transactions do not conflict with one another.
    pub fn add_i64(&mut self, key: impl Into<Bytes>, delta: i64) {
        let key = key.into();
        if self.accepts(key.len(), is_reserved(&key), size_of::<i64>())
            && let Err(error) = self.writes.add(key, delta)
        {
            self.refused.get_or_insert(error);
        }
    }

    /// Appends a record to the change log of `topic`, in the same commit.
    pub fn emit(&mut self, topic: u16, record: impl Into<Bytes>) {
        let record = record.into();
        if self.accepts(0, false, record.len()) {
            self.changes.push((topic, record));
        }
    }

    /// The version this transaction reads at.
    pub fn version(&self) -> u64 {
        self.reader.version()
    }

    /// Commits. Resolves once the writes are on the disk and visible; the stamp's version is later than that of every
    /// commit before. A transaction without writes needs no check and returns the version it read at. When the
    /// returned future is dropped, the transaction may or may not be committed.
    pub async fn commit(self) -> Result<Stamp, Error> {
        if let Some(refused) = self.refused {
            return Err(refused);
        }
        let max = self.reader.core.limits.tx_bytes_max;
        if self.bytes > max {
            return Err(Error::TooLarge { what: "transaction", size: self.bytes, max });
        }
        if self.writes.is_empty() && self.stamped.is_empty() && self.changes.is_empty() {
            return Ok(Stamp::new(self.reader.version(), 0));
        }
        let (reply, outcome) = oneshot::channel();
        let Tx { reader, submit, reads, writes, stamped, changes, bytes, .. } = self;
        let request = Box::new(Request { reader, reads, writes, stamped, changes, bytes, reply });
        submit.commit(request).await?;
        outcome.await.map_err(|_| Error::Unknown)?
    }

    /// Puts `writes` in the place of this transaction's own, unchecked.
    pub(crate) fn replace_writes(&mut self, writes: WriteSet) {
        self.writes = writes;
    }

    /// Whether running the transaction again may mend a failed read.
    pub(crate) fn wants_retry(&self) -> bool {
        self.retry.get()
    }

    fn noting_age<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        if matches!(result, Err(Error::TooOld)) {
            self.retry.set(true);
        }
        result
    }

    /// Counts a write, and says whether it may be kept.
    fn accepts(&mut self, key: usize, reserved: bool, value: usize) -> bool {
        let limits = &self.reader.core.limits;
        self.bytes += key + value;
        let refused = if reserved {
            Error::ReservedKey
        } else if key > limits.key_bytes_max {
            Error::TooLarge { what: "key", size: key, max: limits.key_bytes_max }
        } else if value > limits.value_bytes_max {
            Error::TooLarge { what: "value", size: value, max: limits.value_bytes_max }
        } else if self.bytes > limits.tx_bytes_max {
            Error::TooLarge { what: "transaction", size: self.bytes, max: limits.tx_bytes_max }
        } else {
            return true;
        };
        self.refused.get_or_insert(refused);
        false
    }
}

fn is_reserved(key: &[u8]) -> bool {
    key.first() == Some(&RESERVED)
}
