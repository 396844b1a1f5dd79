//! The change log: records committed together with the changes they tell of, kept in commit order.

use bytes::{BufMut, Bytes, BytesMut};

use crate::error::Error;
use crate::range::{KeyRange, RESERVED, RangeOptions};
use crate::snapshot::Snapshot;
use crate::stamp::Stamp;

/// Follows the reserved byte in the keys of the change log.
const CHANGES: u8 = b'c';

/// A change record of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its place in the topic: later than every record before it.
    pub stamp: Stamp,
    /// What was emitted.
    pub record: Bytes,
}

/// Keys of the records of one topic begin with this.
pub(crate) fn topic_prefix(topic: u16) -> [u8; 4] {
    let [high, low] = topic.to_be_bytes();
    [RESERVED, CHANGES, high, low]
}

pub(crate) fn change_key(topic: u16, stamp: Stamp) -> Bytes {
    let mut key = BytesMut::with_capacity(4 + Stamp::LEN);
    key.put_slice(&topic_prefix(topic));
    key.put_slice(&stamp.to_bytes());
    key.freeze()
}

/// The records of `topic` after `after` and before `below`.
pub(crate) fn change_range(topic: u16, after: Option<Stamp>, below: Option<Stamp>) -> KeyRange {
    let all = KeyRange::prefix(topic_prefix(topic));
    let start = after.map_or(all.start.clone(), |stamp| all.after(&change_key(topic, stamp)).start);
    let end = below.map_or(all.end, |stamp| change_key(topic, stamp));
    KeyRange { start, end }
}

pub(crate) fn read_changes(
    snapshot: &Snapshot,
    topic: u16,
    after: Stamp,
    limit: usize,
) -> Result<Vec<Change>, Error> {
    let range = change_range(topic, Some(after), None);
    let page = snapshot.reader.page(None, &range, RangeOptions::limit(limit))?;
    page.entries
        .into_iter()
        .map(|(key, record)| {
            let stamp = key.get(4..).and_then(|stamp| stamp.try_into().ok());
            let stamp = stamp.ok_or_else(|| Error::Corrupt("a change record has a malformed key".into()))?;
            Ok(Change { stamp: Stamp::from_bytes(stamp), record })
        })
        .collect()
}
