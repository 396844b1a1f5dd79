//! What is stored of deliveries, as versioned records. Times are milliseconds since 1970.

use bytes::Bytes;
use kernel::Timestamp;
use serde::{Deserialize, Serialize};

use crate::delivery::DeliveryId;

/// A delivery that is still to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pending {
    /// Version its transaction read at, and its number within the process: no two deliveries share both.
    pub instance: (u64, u64),
    /// When it was put.
    pub put_ms: i64,
    /// When its first attempt was due; its age counts from then.
    pub first_due_ms: i64,
    /// When its next attempt is due.
    pub due_ms: i64,
    /// Attempts that have failed.
    pub attempts: u32,
    /// What is to be delivered.
    pub payload: Bytes,
}
store::record!(Pending, kind = 0x0011);

impl Pending {
    pub fn due(&self) -> Timestamp {
        Timestamp::from_millis(self.due_ms)
    }

    pub fn id(&self) -> DeliveryId {
        DeliveryId::new(self.instance)
    }
}

/// A delivery that was given up and is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parked {
    /// What it was, `attempts` counting the last one too.
    pub pending: Pending,
    /// When it was given up.
    pub parked_ms: i64,
    /// Why.
    pub why: String,
    /// Its order, if it had one.
    pub order: Option<Bytes>,
    /// Its name, if it was a timer.
    pub name: Option<String>,
}
store::record!(Parked, kind = 0x0012);

#[cfg(test)]
mod tests {
    use super::*;
    use store::Record as _;

    fn pending() -> Pending {
        Pending {
            instance: (7, 1),
            put_ms: 10,
            first_due_ms: 20,
            due_ms: 30,
            attempts: 2,
            payload: Bytes::from_static(b"hi"),
        }
    }

    /// Bytes as version 1 writes them: kept so that they stay readable.
    const PENDING_V1: &[u8] = b"\x11\0\x01\0\x07\x01\x14\x28\x3c\x02\x02hi";
    const PARKED_V1: &[u8] = b"\x12\0\x01\0\x07\x01\x14\x28\x3c\x02\x02hi\x50\x02no\x01\x01o\0";

    #[test]
    fn stored_forms_stay_readable() {
        let parked = Parked {
            pending: pending(),
            parked_ms: 40,
            why: "no".into(),
            order: Some(Bytes::from_static(b"o")),
            name: None,
        };
        assert_eq!(&pending().encode()[..], PENDING_V1);
        assert_eq!(Pending::decode(PENDING_V1), Ok(pending()));
        assert_eq!(&parked.encode()[..], PARKED_V1);
        assert_eq!(Parked::decode(PARKED_V1), Ok(parked));
    }
}
