//! Ranges of keys and pages of what they hold.

use bytes::{BufMut, Bytes, BytesMut};

use crate::key::prefix_end;

/// The first byte of keys the store keeps for itself (the change log); callers' keys sort before it.
pub(crate) const RESERVED: u8 = 0xFF;

/// Keys from `start` (included) to `end` (excluded), in byte order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRange {
    /// First key that belongs to the range.
    pub start: Bytes,
    /// First key after the range.
    pub end: Bytes,
}

impl KeyRange {
    /// From `start` (included) to `end` (excluded); empty when `end` is not after `start`.
    pub fn new(start: impl Into<Bytes>, end: impl Into<Bytes>) -> KeyRange {
        KeyRange { start: start.into(), end: end.into() }
    }

    /// Every key that begins with `prefix`, the key `prefix` itself included.
    pub fn prefix(prefix: impl AsRef<[u8]>) -> KeyRange {
        let prefix = prefix.as_ref();
        KeyRange { start: Bytes::copy_from_slice(prefix), end: prefix_end(prefix) }
    }

    /// Only `key`.
    pub fn single(key: impl Into<Bytes>) -> KeyRange {
        let start = key.into();
        KeyRange { end: successor(&start), start }
    }

    /// Every key a caller can write.
    pub fn all() -> KeyRange {
        KeyRange::new(Bytes::new(), Bytes::from_static(&[RESERVED]))
    }

    /// The rest of this range behind `key`: for the next page of a forward read.
    pub fn after(&self, key: &[u8]) -> KeyRange {
        KeyRange { start: successor(key).max(self.start.clone()), end: self.end.clone() }
    }

    /// The rest of this range before `key`: for the next page of a reverse read.
    pub fn before(&self, key: &[u8]) -> KeyRange {
        KeyRange { start: self.start.clone(), end: Bytes::copy_from_slice(key).min(self.end.clone()) }
    }

    /// Whether `key` lies in the range.
    pub fn contains(&self, key: &[u8]) -> bool {
        &self.start[..] <= key && key < &self.end[..]
    }

    /// Whether no key can lie in the range.
    pub fn is_empty(&self) -> bool {
        self.start >= self.end
    }

    /// Whether some key could lie in both.
    pub fn overlaps(&self, other: &KeyRange) -> bool {
        (&self.start).max(&other.start) < (&self.end).min(&other.end)
    }

    /// This range without the store's own keys.
    pub(crate) fn for_callers(mut self) -> KeyRange {
        if self.end.first() == Some(&RESERVED) {
            self.end = Bytes::from_static(&[RESERVED]);
        }
        self
    }
}

/// The first key after `key`.
pub(crate) fn successor(key: &[u8]) -> Bytes {
    let mut next = BytesMut::with_capacity(key.len() + 1);
    next.put_slice(key);
    next.put_u8(0);
    next.freeze()
}

/// How to read a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RangeOptions {
    /// Most entries wanted; at least one is always read, and [`crate::Limits::page_entries_max`] caps it.
    pub limit: usize,
    /// Most bytes of keys and values wanted; the first entry comes whatever its size, and
    /// [`crate::Limits::page_bytes_max`] caps it.
    pub max_bytes: usize,
    /// From the end towards the start.
    pub reverse: bool,
}

impl Default for RangeOptions {
    /// As much as the limits allow, forwards.
    fn default() -> Self {
        RangeOptions { limit: usize::MAX, max_bytes: usize::MAX, reverse: false }
    }
}

impl RangeOptions {
    /// At most `limit` entries, forwards.
    pub fn limit(limit: usize) -> RangeOptions {
        RangeOptions { limit, ..RangeOptions::default() }
    }

    /// The same, backwards.
    pub fn reversed(self) -> RangeOptions {
        RangeOptions { reverse: true, ..self }
    }
}

/// What one read of a range found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Keys and values, in the order asked for.
    pub entries: Vec<(Bytes, Bytes)>,
    /// Whether the range held at least one more entry at the snapshot read. In a transaction only the entries
    /// returned are protected against concurrent change, not the one this flag tells of.
    pub more: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_covers_what_begins_with_it() {
        let range = KeyRange::prefix(b"ab");
        assert!(range.contains(b"ab") && range.contains(b"ab\xff\xff") && !range.contains(b"ac"));
        assert_eq!(KeyRange::single("k").end, &b"k\0"[..]);
    }

    #[test]
    fn callers_never_reach_the_reserved_keys() {
        assert_eq!(KeyRange::new("a", vec![0xFF, 1]).for_callers().end, &[0xFF][..]);
        assert_eq!(KeyRange::prefix(b"").for_callers().end, &[0xFF][..]);
        assert_eq!(KeyRange::new("a", "b").for_callers().end, &b"b"[..]);
    }

    #[test]
    fn overlap_needs_a_common_key() {
        let ab = KeyRange::new("a", "b");
        assert!(ab.overlaps(&KeyRange::new("a5", "z")));
        assert!(!ab.overlaps(&KeyRange::new("b", "c")));
        assert!(!ab.overlaps(&KeyRange::new("c", "a")));
    }

    #[test]
    fn pages_continue_without_gap_or_repeat() {
        let range = KeyRange::new("a", "z");
        assert!(!range.after(b"c").contains(b"c") && range.after(b"c").contains(b"c\0"));
        assert!(!range.before(b"c").contains(b"c") && range.before(b"c").contains(b"bzzz"));
    }
}
