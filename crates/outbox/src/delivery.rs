//! A delivery, as it is put and as its handler gets it, and what the handler answers.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use kernel::Timestamp;
use store::Tx;

use crate::limits::{LABEL_BYTES_MAX, PAYLOAD_BYTES_MAX};

/// Something that must happen after the commit that puts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The account it belongs to.
    pub account: String,
    /// The region it belongs to; empty for what is global.
    pub region: String,
    /// Which worker delivers it: "s3-event", "topic-http", …
    pub kind: &'static str,
    /// Deliveries of one account, region, kind and order are made one after the other, as they were committed; one that
    /// fails or is not due holds those behind it. Up to [`LABEL_BYTES_MAX`] bytes.
    pub order: Option<Bytes>,
    /// Not before this time; at once without one.
    pub due: Option<Timestamp>,
    /// What to deliver, up to [`PAYLOAD_BYTES_MAX`] bytes.
    pub payload: Bytes,
    /// Makes it a timer: it replaces the pending one of the same account, region, kind and name, and can be cancelled.
    /// A timer has no order. Up to [`LABEL_BYTES_MAX`] bytes.
    pub name: Option<String>,
}

/// Why a delivery was not put. The transaction is as it was before.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PutError {
    /// The payload, order or name is too long.
    #[error("{what} of {size} bytes exceeds the limit of {max}")]
    TooLarge {
        /// "payload", "order" or "name".
        what: &'static str,
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        max: usize,
    },
    /// It has both an order and a name.
    #[error("a delivery cannot have both an order and a name")]
    OrderedTimer,
    /// The timer of that name cannot be read.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Delivery {
    pub(crate) fn check(&self) -> Result<(), PutError> {
        let within = |what, size, max| {
            if size > max { Err(PutError::TooLarge { what, size, max }) } else { Ok(()) }
        };
        within("payload", self.payload.len(), PAYLOAD_BYTES_MAX)?;
        within("order", self.order.as_ref().map_or(0, Bytes::len), LABEL_BYTES_MAX)?;
        within("name", self.name.as_ref().map_or(0, String::len), LABEL_BYTES_MAX)?;
        if self.order.is_some() && self.name.is_some() {
            return Err(PutError::OrderedTimer);
        }
        Ok(())
    }
}

/// Names a delivery through all its attempts, its parking and its return included: what a receiver that must not act
/// twice remembers. As text, two numbers with a dash between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId {
    version: u64,
    number: u64,
}

impl DeliveryId {
    pub(crate) fn new((version, number): (u64, u64)) -> DeliveryId {
        DeliveryId { version, number }
    }

    pub(crate) fn parts(self) -> (u64, u64) {
        (self.version, self.number)
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.version, self.number)
    }
}

/// A text is not the id of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a delivery")]
pub struct NotAnId;

impl FromStr for DeliveryId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<DeliveryId, NotAnId> {
        let (version, number) = text.split_once('-').ok_or(NotAnId)?;
        let id = DeliveryId {
            version: version.parse().map_err(|_| NotAnId)?,
            number: number.parse().map_err(|_| NotAnId)?,
        };
        // One id has one text.
        if id.to_string() == text { Ok(id) } else { Err(NotAnId) }
    }
}

/// A delivery as its handler gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// The same through all attempts.
    pub id: DeliveryId,
    /// The account it belongs to.
    pub account: String,
    /// The region it belongs to.
    pub region: String,
    /// Its order, if it has one.
    pub order: Option<Bytes>,
    /// Its name, if it is a timer.
    pub name: Option<String>,
    /// What to deliver.
    pub payload: Bytes,
    /// Which attempt this is; the first is 1.
    pub attempt: u32,
    /// When it was put.
    pub put: Timestamp,
    /// When its first attempt was due.
    pub due: Timestamp,
}

/// What came of an attempt.
pub enum Outcome {
    /// Delivered. The record goes a moment later; a crash in between makes the handler run again.
    Done,
    /// Delivered by what this does to the store: it commits together with the removal of the record, so it happens
    /// exactly once.
    DoneIn(Effect),
    /// Not delivered, for this reason; again later, by the policy.
    Retry(String),
    /// Not delivered and never will be, for this reason: it is parked.
    Park(String),
}

impl Outcome {
    /// [`Outcome::DoneIn`] for a closure. It may run several times, when its transaction conflicts with others.
    pub fn done_in<F>(effect: F) -> Outcome
    where
        F: FnMut(&mut Tx) -> Result<(), EffectError> + Send + 'static,
    {
        Outcome::DoneIn(Box::new(effect))
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Done => f.write_str("Done"),
            Outcome::DoneIn(_) => f.write_str("DoneIn"),
            Outcome::Retry(why) => f.debug_tuple("Retry").field(why).finish(),
            Outcome::Park(why) => f.debug_tuple("Park").field(why).finish(),
        }
    }
}

/// A handler's effect on the store.
pub type Effect = Box<dyn FnMut(&mut Tx) -> Result<(), EffectError> + Send>;

/// Why an effect did not take place. Nothing of it is kept.
#[derive(Clone, Debug, thiserror::Error)]
pub enum EffectError {
    /// The store failed; the attempt counts as failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// As [`Outcome::Retry`].
    #[error("{0}")]
    Retry(String),
    /// As [`Outcome::Park`].
    #[error("{0}")]
    Park(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_as_they_are_written() {
        let id = DeliveryId::new((u64::MAX, 0));
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in ["", "-", "1", "1-", "-1", "+1-2", "01-2", "1-2-3", "1- 2"] {
            assert_eq!(bad.parse::<DeliveryId>(), Err(NotAnId), "{bad}");
        }
    }
}
