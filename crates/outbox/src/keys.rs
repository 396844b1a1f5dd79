//! The whole keyspace of the outbox.
//!
//! The truth is in the account: account, region and `"outbox"`, then
//!
//! | rest of the key | value |
//! |---|---|
//! | `"r"` kind, stamp, number | [`Pending`](crate::records::Pending) without order or name |
//! | `"o"` kind, order, stamp, number | the same, in order |
//! | `"t"` kind, name | the same: a timer |
//! | `"p"` kind, version, number | [`Parked`](crate::records::Parked), by its id |
//!
//! Derived from it, for all accounts together, so that one read tells what is due next: an empty account, an empty region
//! and `"outbox"`, then
//!
//! | rest of the key | value |
//! |---|---|
//! | `"i"` kind, due ms, slot | nothing: look there then |
//! | `"n"` kind, account, region | how many are pending, a counter |
//! | `"k"` kind, account, region | how many are parked, a counter |
//!
//! A slot is where one delivery after another can be: stamp, number, account, region for one by itself; account, region
//! and a byte string for an order; account, region and a string for a timer. The number tells deliveries of one
//! commit apart.

use bytes::{BufMut, Bytes, BytesMut};
use kernel::Timestamp;
use store::{
    Error, KeyError, KeyRange, KeyReader, KeyWriter, RangeOptions, Record as _, Snapshot, Stamp, StampedKey,
    Tx,
};

use crate::records::Pending;

const OUTBOX: &str = "outbox";

fn of_account(account: &str, region: &str) -> KeyWriter {
    KeyWriter::new().str(account).str(region).str(OUTBOX)
}

fn derived(what: &str, kind: &str) -> KeyWriter {
    of_account("", "").str(what).str(kind)
}

/// Which of the two counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    Pending,
    Parked,
}

impl Count {
    fn tag(self) -> &'static str {
        match self {
            Count::Pending => "n",
            Count::Parked => "k",
        }
    }

    /// The counter of one account and region.
    pub fn of(self, kind: &str, account: &str, region: &str) -> Bytes {
        derived(self.tag(), kind).str(account).str(region).finish()
    }

    /// The counters of all kinds.
    pub fn of_all_kinds(self) -> Bytes {
        of_account("", "").str(self.tag()).finish()
    }

    /// The counters of all of them.
    pub fn all(self, kind: &str) -> KeyRange {
        KeyRange::prefix(derived(self.tag(), kind).as_slice())
    }
}

/// The row of a delivery by itself.
pub(crate) fn single(account: &str, region: &str, kind: &str, number: u64) -> StampedKey {
    of_account(account, region).str("r").str(kind).stamped_then(0, KeyWriter::new().u64(number))
}

/// The row of a delivery in order.
pub(crate) fn ordered(account: &str, region: &str, kind: &str, order: &[u8], number: u64) -> StampedKey {
    let order = of_account(account, region).str("o").str(kind).bytes(order);
    order.stamped_then(0, KeyWriter::new().u64(number))
}

/// The row of a timer.
pub(crate) fn timer(account: &str, region: &str, kind: &str, name: &str) -> Bytes {
    of_account(account, region).str("t").str(kind).str(name).finish()
}

/// The parked deliveries of a kind.
pub(crate) fn all_parked(account: &str, region: &str, kind: &str) -> Bytes {
    of_account(account, region).str("p").str(kind).finish()
}

/// The row of a parked delivery.
pub(crate) fn parked(account: &str, region: &str, kind: &str, (version, number): (u64, u64)) -> Bytes {
    KeyWriter::from_prefix(&all_parked(account, region, kind)).u64(version).u64(number).finish()
}

/// The index of a kind.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    prefix: Bytes,
}

/// A row of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IndexRow {
    pub due_ms: i64,
    /// The slot, as it stands in the key.
    pub slot: Bytes,
}

impl Index {
    pub fn new(kind: &str) -> Index {
        Index { prefix: derived("i", kind).finish() }
    }

    pub fn prefix(&self) -> &Bytes {
        &self.prefix
    }

    pub fn row(&self, due_ms: i64, slot: &[u8]) -> Bytes {
        let due = KeyWriter::from_prefix(&self.prefix).i64(due_ms);
        let mut key = BytesMut::with_capacity(due.as_slice().len() + slot.len());
        key.put_slice(due.as_slice());
        key.put_slice(slot);
        key.freeze()
    }

    pub fn row_of_single(&self, due_ms: i64, account: &str, region: &str, number: u64) -> StampedKey {
        let rest = KeyWriter::new().u64(number).str(account).str(region);
        KeyWriter::from_prefix(&self.prefix).i64(due_ms).stamped_then(0, rest)
    }

    pub fn read(&self, key: &Bytes) -> Result<IndexRow, KeyError> {
        let mut reader =
            KeyReader::after_prefix(key, &self.prefix).ok_or(KeyError::End { wanted: "outbox index" })?;
        let due_ms = reader.i64()?;
        Ok(IndexRow { due_ms, slot: key.slice(key.len() - reader.rest().len()..) })
    }
}

/// Where one delivery after another can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    pub account: String,
    pub region: String,
    pub which: Which,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    Single(Stamp, u64),
    Order(Bytes),
    Timer(String),
}

/// The first delivery of a slot.
pub(crate) struct Head {
    pub key: Bytes,
    pub pending: Pending,
}

impl Slot {
    pub fn of_order(account: &str, region: &str, order: &[u8]) -> Bytes {
        KeyWriter::new().str(account).str(region).bytes(order).finish()
    }

    pub fn of_timer(account: &str, region: &str, name: &str) -> Bytes {
        KeyWriter::new().str(account).str(region).str(name).finish()
    }

    pub fn read(bytes: &[u8]) -> Result<Slot, KeyError> {
        let mut reader = KeyReader::new(bytes);
        let single = match reader.clone().stamp() {
            Ok(stamp) => {
                reader.stamp()?;
                Some(Which::Single(stamp, reader.u64()?))
            }
            Err(_) => None,
        };
        let (account, region) = (reader.str()?.into_owned(), reader.str()?.into_owned());
        let which = match single {
            Some(single) => single,
            None => match reader.clone().bytes() {
                Ok(order) => {
                    reader.bytes()?;
                    Which::Order(Bytes::from(order.into_owned()))
                }
                Err(_) => Which::Timer(reader.str()?.into_owned()),
            },
        };
        reader.end()?;
        Ok(Slot { account, region, which })
    }

    /// The only row of the slot, or what all its rows begin with.
    fn rows(&self, kind: &str) -> Rows {
        let account = of_account(&self.account, &self.region);
        match &self.which {
            Which::Single(stamp, number) => {
                Rows::One(account.str("r").str(kind).stamp(*stamp).u64(*number).finish())
            }
            Which::Timer(name) => Rows::One(timer(&self.account, &self.region, kind, name)),
            Which::Order(order) => {
                Rows::Many(KeyRange::prefix(account.str("o").str(kind).bytes(order).as_slice()))
            }
        }
    }

    /// The first delivery now.
    pub fn peek(&self, kind: &str, snapshot: &Snapshot) -> Result<Option<Head>, Error> {
        match self.rows(kind) {
            Rows::One(key) => {
                let value = snapshot.get(&key)?;
                value.map(|value| Head::decode(key, &value)).transpose()
            }
            Rows::Many(range) => Head::first(snapshot.range(range, RangeOptions::limit(1))?),
        }
    }

    /// The first delivery; the commit fails if another changes which that is, or changes it.
    pub fn head(&self, kind: &str, tx: &mut Tx) -> Result<Option<Head>, Error> {
        match self.rows(kind) {
            Rows::One(key) => {
                let value = tx.get(&key)?;
                value.map(|value| Head::decode(key, &value)).transpose()
            }
            Rows::Many(range) => Head::first(tx.range(range, RangeOptions::limit(1))?),
        }
    }

    pub fn order(&self) -> Option<Bytes> {
        match &self.which {
            Which::Order(order) => Some(order.clone()),
            _ => None,
        }
    }

    pub fn name(&self) -> Option<String> {
        match &self.which {
            Which::Timer(name) => Some(name.clone()),
            _ => None,
        }
    }

    /// Where the index should tell of the slot whose first delivery is due then. An order goes behind what is due
    /// already, so that one that is never empty does not keep others waiting.
    pub fn index_ms(&self, due: Timestamp, now: Timestamp) -> i64 {
        match &self.which {
            Which::Order(_) => due.max(now).millis(),
            _ => due.millis(),
        }
    }
}

enum Rows {
    One(Bytes),
    Many(KeyRange),
}

impl Head {
    fn decode(key: Bytes, value: &[u8]) -> Result<Head, Error> {
        Ok(Head { key, pending: Pending::decode(value)? })
    }

    fn first(page: store::Page) -> Result<Option<Head>, Error> {
        let first = page.entries.into_iter().next();
        first.map(|(key, value)| Head::decode(key, &value)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_to_the_byte() {
        let stamped = |key: StampedKey| key.resolve(3);
        assert_eq!(
            stamped(single("1", "r", "k", 5)),
            &b"\x021\0\x02r\0\x02outbox\0\x02r\0\x02k\0\x33\0\0\0\0\0\0\0\x03\0\0\x15\x05"[..]
        );
        assert_eq!(
            stamped(ordered("1", "r", "k", b"o", 5)),
            &b"\x021\0\x02r\0\x02outbox\0\x02o\0\x02k\0\x01o\0\x33\0\0\0\0\0\0\0\x03\0\0\x15\x05"[..]
        );
        assert_eq!(
            parked("1", "r", "k", (3, 0)),
            &b"\x021\0\x02r\0\x02outbox\0\x02p\0\x02k\0\x15\x03\x14"[..]
        );
        let index = Index::new("k");
        assert_eq!(
            stamped(index.row_of_single(256, "1", "r", 5)),
            &b"\x02\0\x02\0\x02outbox\0\x02i\0\x02k\0\x16\x01\0\x33\0\0\0\0\0\0\0\x03\0\0\x15\x05\x021\0\x02r\0"[..]
        );
        assert_eq!(
            index.row(0, &Slot::of_timer("1", "r", "n")),
            &b"\x02\0\x02\0\x02outbox\0\x02i\0\x02k\0\x14\x021\0\x02r\0\x02n\0"[..]
        );
        assert_eq!(
            Count::Pending.of("k", "1", "r"),
            &b"\x02\0\x02\0\x02outbox\0\x02n\0\x02k\0\x021\0\x02r\0"[..]
        );
        assert_eq!(
            Count::Parked.of("k", "1", "r"),
            &b"\x02\0\x02\0\x02outbox\0\x02k\0\x02k\0\x021\0\x02r\0"[..]
        );
    }

    #[test]
    fn index_rows_read_as_they_are_written() {
        let index = Index::new("k");
        let slot = |which| Slot { account: "1".into(), region: "r".into(), which };
        let single = index.row_of_single(-4, "1", "r", 5).resolve(3);
        let row = index.read(&single).unwrap();
        assert_eq!(row.due_ms, -4);
        assert_eq!(index.row(row.due_ms, &row.slot), single);
        assert_eq!(Slot::read(&row.slot), Ok(slot(Which::Single(Stamp::new(3, 0), 5))));
        let order = Slot::of_order("1", "r", b"\0o");
        assert_eq!(Slot::read(&order), Ok(slot(Which::Order(Bytes::from_static(b"\0o")))));
        let timer = Slot::of_timer("1", "r", "n");
        assert_eq!(Slot::read(&timer), Ok(slot(Which::Timer("n".into()))));
        assert!(Slot::read(b"").is_err() && Slot::read(b"\x021\0\x02r\0\x02n\0!").is_err());
        assert!(index.read(&Bytes::from_static(b"\x02")).is_err());
    }
}
