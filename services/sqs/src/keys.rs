//! The whole keyspace of the service. Every key begins with account, region and `"sqs"`.
//!
//! | rest of the key | value |
//! |---|---|
//! | `"q"` name | [`Queue`](crate::records::Queue) |
//! | `"d"` name | [`Deleted`](crate::records::Deleted): the name rests |
//! | `"r"` target name, source name | [`DeadLetterSource`](crate::records::DeadLetterSource) |
//! | `"t"` source name, started ms, task id | [`MoveTask`](crate::records::MoveTask) |
//! | `"g"` queue id, epoch | [`Garbage`](crate::records::Garbage): the contents below are to be removed |
//! | `"c"` queue id, epoch, … | contents of one epoch of a queue: |
//! | … `"m"` enqueued ms, stamp | [`Message`](crate::records::Message), in order of expiry |
//! | … `"s"` stamp | [`State`](crate::records::State), in order of arrival |
//! | … `"v"` visible ms, stamp | [`Visible`](crate::records::Visible); standard queues only |
//! | … `"p"` group or `""`, deduplication id, stamp | [`Dedup`](crate::records::Dedup) |
//! | … `"a"` attempt id | [`Attempt`](crate::records::Attempt) |
//! | … `"x"` expires ms, stamp | [`Expiring`](crate::records::Expiring): when `p` and `a` rows end |
//! | … `"n"` | number of messages, a counter |
//!
//! A stamp is that of the commit that sent the message, so senders never wait for one another, and its order is the
//! order of sending.

use bytes::Bytes;
use store::{KeyError, KeyRange, KeyReader, KeyWriter, Stamp, StampedKey};

/// Where a message is: when it entered the queue, and its stamp.
pub type Place = (i64, Stamp);

/// What stands after account and region in the keys of this service.
pub const SERVICE: &str = "sqs";

fn service(account: &str, region: &str) -> KeyWriter {
    KeyWriter::new().str(account).str(region).str(SERVICE)
}

/// A queue's row.
pub fn queue(account: &str, region: &str, name: &str) -> Bytes {
    service(account, region).str("q").str(name).finish()
}

/// The rows of all queues.
pub fn queues(account: &str, region: &str) -> Bytes {
    service(account, region).str("q").finish()
}

/// The name in a queue's row.
pub fn queue_name(key: &[u8], queues: &[u8]) -> Result<String, KeyError> {
    let mut rest = KeyReader::after_prefix(key, queues).ok_or(KeyError::End { wanted: "queue" })?;
    Ok(rest.str()?.into_owned())
}

/// The row of a name that rests.
pub fn deleted(account: &str, region: &str, name: &str) -> Bytes {
    service(account, region).str("d").str(name).finish()
}

/// That `source` has `target` as its dead-letter queue.
pub fn dead_letter_source(account: &str, region: &str, target: &str, source: &str) -> Bytes {
    service(account, region).str("r").str(target).str(source).finish()
}

/// All that have `target` as their dead-letter queue.
pub fn dead_letter_sources(account: &str, region: &str, target: &str) -> Bytes {
    service(account, region).str("r").str(target).finish()
}

/// A move task.
pub fn move_task(account: &str, region: &str, source: &str, started_ms: i64, id: &str) -> Bytes {
    service(account, region).str("t").str(source).i64(started_ms).str(id).finish()
}

/// The move tasks of one source.
pub fn move_tasks(account: &str, region: &str, source: &str) -> Bytes {
    service(account, region).str("t").str(source).finish()
}

/// All move tasks.
pub fn all_move_tasks(account: &str, region: &str) -> Bytes {
    service(account, region).str("t").finish()
}

/// Contents to be removed.
pub fn garbage(account: &str, region: &str, id: u64, epoch: u32) -> Bytes {
    service(account, region).str("g").u64(id).u64(epoch.into()).finish()
}

/// All contents to be removed.
pub fn all_garbage(account: &str, region: &str) -> Bytes {
    service(account, region).str("g").finish()
}

/// Queue id and epoch of a garbage row.
pub fn garbage_of(key: &[u8], prefix: &[u8]) -> Result<(u64, u32), KeyError> {
    let mut rest = KeyReader::after_prefix(key, prefix).ok_or(KeyError::End { wanted: "queue" })?;
    Ok((rest.u64()?, u32::try_from(rest.u64()?).map_err(|_| KeyError::Integer)?))
}

/// Keys of the contents of one epoch of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    prefix: Bytes,
}

impl Contents {
    pub fn new(account: &str, region: &str, id: u64, epoch: u32) -> Self {
        Self { prefix: service(account, region).str("c").u64(id).u64(epoch.into()).finish() }
    }

    /// Everything.
    pub fn all(&self) -> KeyRange {
        KeyRange::prefix(&self.prefix)
    }

    fn kind(&self, kind: &str) -> KeyWriter {
        KeyWriter::from_prefix(&self.prefix).str(kind)
    }

    fn read<'a>(&self, key: &'a [u8], kind: &str) -> Result<KeyReader<'a>, KeyError> {
        KeyReader::after_prefix(key, self.kind(kind).as_slice())
            .ok_or(KeyError::End { wanted: "row of its kind" })
    }

    pub fn message(&self, (enqueued_ms, stamp): Place) -> Bytes {
        self.kind("m").i64(enqueued_ms).stamp(stamp).finish()
    }

    pub fn new_message(&self, enqueued_ms: i64, counter: u16) -> StampedKey {
        self.kind("m").i64(enqueued_ms).stamped(counter)
    }

    /// All messages, or those behind `after`.
    pub fn messages(&self, after: Option<Place>) -> KeyRange {
        let all = KeyRange::prefix(self.kind("m").as_slice());
        after.map_or(all.clone(), |place| all.after(&self.message(place)))
    }

    /// The messages that entered the queue after `ms`.
    pub fn messages_since(&self, ms: i64) -> KeyRange {
        let end = KeyRange::prefix(self.kind("m").as_slice()).end;
        KeyRange::new(self.kind("m").i64(ms.saturating_add(1)).finish(), end)
    }

    pub fn message_place(&self, key: &[u8]) -> Result<Place, KeyError> {
        let mut rest = self.read(key, "m")?;
        Ok((rest.i64()?, rest.stamp()?))
    }

    pub fn state(&self, stamp: Stamp) -> Bytes {
        self.kind("s").stamp(stamp).finish()
    }

    pub fn new_state(&self, counter: u16) -> StampedKey {
        self.kind("s").stamped(counter)
    }

    /// The states of the messages sent after `after`.
    pub fn states(&self, after: Option<Stamp>) -> KeyRange {
        let all = KeyRange::prefix(self.kind("s").as_slice());
        after.map_or(all.clone(), |stamp| all.after(&self.state(stamp)))
    }

    pub fn state_stamp(&self, key: &[u8]) -> Result<Stamp, KeyError> {
        self.read(key, "s")?.stamp()
    }

    pub fn visible(&self, (visible_ms, stamp): Place) -> Bytes {
        self.kind("v").i64(visible_ms).stamp(stamp).finish()
    }

    pub fn new_visible(&self, visible_ms: i64, counter: u16) -> StampedKey {
        self.kind("v").i64(visible_ms).stamped(counter)
    }

    /// The rows from `from` on that are due at `until_ms`; `None`: all.
    pub fn due(&self, from: Place, until_ms: Option<i64>) -> KeyRange {
        let end = match until_ms {
            Some(ms) => self.kind("v").i64(ms.saturating_add(1)).finish(),
            None => KeyRange::prefix(self.kind("v").as_slice()).end,
        };
        KeyRange::new(self.visible(from), end)
    }

    pub fn visible_place(&self, key: &[u8]) -> Result<Place, KeyError> {
        let mut rest = self.read(key, "v")?;
        Ok((rest.i64()?, rest.stamp()?))
    }

    pub fn dedup(&self, group: &str, id: &str) -> KeyRange {
        KeyRange::prefix(self.kind("p").str(group).str(id).as_slice())
    }

    pub fn new_dedup(&self, group: &str, id: &str, counter: u16) -> StampedKey {
        self.kind("p").str(group).str(id).stamped(counter)
    }

    pub fn dedup_at(&self, group: &str, id: &str, stamp: Stamp) -> Bytes {
        self.kind("p").str(group).str(id).stamp(stamp).finish()
    }

    pub fn dedup_stamp(&self, key: &[u8]) -> Result<Stamp, KeyError> {
        let mut rest = self.read(key, "p")?;
        rest.str()?;
        rest.str()?;
        rest.stamp()
    }

    pub fn attempt(&self, id: &str) -> Bytes {
        self.kind("a").str(id).finish()
    }

    pub fn new_expiry(&self, expires_ms: i64, counter: u16) -> StampedKey {
        self.kind("x").i64(expires_ms).stamped(counter)
    }

    pub fn expiries(&self) -> KeyRange {
        KeyRange::prefix(self.kind("x").as_slice())
    }

    pub fn expiry_place(&self, key: &[u8]) -> Result<Place, KeyError> {
        let mut rest = self.read(key, "x")?;
        Ok((rest.i64()?, rest.stamp()?))
    }

    pub fn count(&self) -> Bytes {
        self.kind("n").finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] = b"\x021\0\x02r\0\x02sqs\0";

    fn with_head(rest: &[u8]) -> Vec<u8> {
        [HEAD, rest].concat()
    }

    #[test]
    fn rows_of_queues_to_the_byte() {
        assert_eq!(&queue("1", "r", "a")[..], with_head(b"\x02q\0\x02a\0"));
        assert_eq!(&deleted("1", "r", "a")[..], with_head(b"\x02d\0\x02a\0"));
        assert_eq!(&dead_letter_source("1", "r", "t", "s")[..], with_head(b"\x02r\0\x02t\0\x02s\0"));
        assert_eq!(
            &move_task("1", "r", "s", 258, "id")[..],
            with_head(b"\x02t\0\x02s\0\x16\x01\x02\x02id\0")
        );
        assert_eq!(&garbage("1", "r", 255, 0)[..], with_head(b"\x02g\0\x15\xff\x14"));
        assert_eq!(garbage_of(&garbage("1", "r", 9, 7), &all_garbage("1", "r")), Ok((9, 7)));
        assert_eq!(queue_name(&queue("1", "r", "a"), &queues("1", "r")), Ok("a".into()));
        assert!(queue("1", "r", "a").starts_with(&queues("1", "r")));
        assert!(dead_letter_source("1", "r", "t", "s").starts_with(&dead_letter_sources("1", "r", "t")));
        assert!(move_task("1", "r", "s", 1, "i").starts_with(&move_tasks("1", "r", "s")));
        assert!(move_tasks("1", "r", "s").starts_with(&all_move_tasks("1", "r")));
    }

    #[test]
    fn rows_of_contents_to_the_byte() {
        let c = Contents::new("1", "r", 5, 1);
        let row = |rest: &[u8]| [HEAD, b"\x02c\0\x15\x05\x15\x01", rest].concat();
        let stamp = Stamp::new(3, 2);
        let bytes = b"\x33\0\0\0\0\0\0\0\x03\0\x02";
        assert_eq!(&c.message((9, stamp))[..], row(&[b"\x02m\0\x15\x09", &bytes[..]].concat()));
        assert_eq!(c.new_message(9, 2).resolve(3), c.message((9, stamp)));
        assert_eq!(&c.state(stamp)[..], row(&[b"\x02s\0", &bytes[..]].concat()));
        assert_eq!(c.new_state(2).resolve(3), c.state(stamp));
        assert_eq!(&c.visible((9, stamp))[..], row(&[b"\x02v\0\x15\x09", &bytes[..]].concat()));
        assert_eq!(c.new_visible(9, 2).resolve(3), c.visible((9, stamp)));
        assert_eq!(&c.dedup_at("g", "i", stamp)[..], row(&[b"\x02p\0\x02g\0\x02i\0", &bytes[..]].concat()));
        assert_eq!(c.new_dedup("g", "i", 2).resolve(3), c.dedup_at("g", "i", stamp));
        assert_eq!(&c.attempt("i")[..], row(b"\x02a\0\x02i\0"));
        assert_eq!(&c.new_expiry(9, 2).resolve(3)[..], row(&[b"\x02x\0\x15\x09", &bytes[..]].concat()));
        assert_eq!(&c.count()[..], row(b"\x02n\0"));
    }

    #[test]
    fn rows_are_read_back() {
        let c = Contents::new("1", "r", 5, 1);
        let place = (9, Stamp::new(3, 2));
        assert_eq!(c.message_place(&c.message(place)), Ok(place));
        assert_eq!(c.visible_place(&c.visible(place)), Ok(place));
        assert_eq!(c.state_stamp(&c.state(place.1)), Ok(place.1));
        assert_eq!(c.dedup_stamp(&c.dedup_at("", "i", place.1)), Ok(place.1));
        assert_eq!(c.expiry_place(&c.new_expiry(9, 2).resolve(3)), Ok(place));
        assert!(c.message_place(&c.state(place.1)).is_err());
    }

    #[test]
    fn ranges_hold_what_they_say() {
        let c = Contents::new("1", "r", 5, 1);
        let at = |ms| c.visible((ms, Stamp::MAX));
        assert!(
            c.due((0, Stamp::ZERO), Some(9)).contains(&at(9))
                && !c.due((0, Stamp::ZERO), Some(9)).contains(&at(10))
        );
        assert!(
            c.due((9, Stamp::ZERO), None).contains(&at(i64::MAX))
                && !c.due((9, Stamp::ZERO), None).contains(&at(8))
        );
        let since = c.messages_since(9);
        assert!(
            !since.contains(&c.message((9, Stamp::MAX))) && since.contains(&c.message((10, Stamp::ZERO)))
        );
        assert!(c.all().contains(&c.count()) && !c.all().contains(&Contents::new("1", "r", 5, 2).count()));
        assert!(!c.states(Some(Stamp::new(1, 0))).contains(&c.state(Stamp::new(1, 0))));
    }
}
