//! Layers: what reads are merged from, newest first.

use bytes::Bytes;

use crate::error::Error;
use crate::range::KeyRange;

/// What one layer says of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Value(Bytes),
    Deleted,
    /// Only in a transaction's own writes: this much is to be added to what lies beneath.
    Add(i64),
}

/// A stretch of a layer still to be read: from `lo` (included) to `hi` (excluded).
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub lo: Bytes,
    pub hi: Bytes,
    pub reverse: bool,
}

/// Ordered writes lying over something older. `at` is the version to read at.
pub(crate) trait Layer: Send + Sync {
    /// What this layer says of `key`; `None`: ask what lies beneath.
    fn lookup(&self, key: &[u8], at: u64) -> Option<Entry>;
    /// Appends up to `max` entries of `span`, in its direction. Fewer than `max` means there are no more.
    fn chunk(&self, span: &Span, at: u64, max: usize, out: &mut Vec<(Bytes, Entry)>);
    /// Appends the ranges overlapping `range` within which everything beneath this layer is deleted.
    fn erased(&self, range: &KeyRange, at: u64, out: &mut Vec<KeyRange>);
}

/// Entries of a base, in order.
pub(crate) type BaseIter<'a> = Box<dyn Iterator<Item = Result<(Bytes, Bytes), Error>> + 'a>;

/// The lowest layer: one version of everything, as of one moment, never changing.
pub(crate) trait Base: Send + Sync {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, Error>;
    fn iter(&self, span: &Span) -> Result<BaseIter<'_>, Error>;
    /// The version up to which this base holds everything.
    fn version(&self) -> u64;
}

/// Nothing: what lies beneath a memory store.
pub(crate) struct EmptyBase;

impl Base for EmptyBase {
    fn get(&self, _: &[u8]) -> Result<Option<Bytes>, Error> {
        Ok(None)
    }

    fn iter(&self, _: &Span) -> Result<BaseIter<'_>, Error> {
        Ok(Box::new(std::iter::empty()))
    }

    fn version(&self) -> u64 {
        0
    }
}
