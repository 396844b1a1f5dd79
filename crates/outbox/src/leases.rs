//! Who delivers what: a slot is leased to one worker at a time.
//!
//! Leases are in memory, because one process has the store: see the crate's documentation.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::keys::IndexRow;
use crate::limits::NOTED_MAX;

/// The leases of one kind. No larger than what its workers have begun and are about to.
pub(crate) struct Leases {
    /// For each leased slot, the due times by which the index tells of it.
    slots: Mutex<HashMap<Bytes, BTreeSet<i64>>>,
    /// Counts the leases that have ended: what was passed over because of them must be looked at again.
    ended: watch::Sender<u64>,
}

/// The right to deliver what is in a slot. It ends when it is dropped, however that comes about.
pub(crate) struct Lease {
    leases: Arc<Leases>,
    pub slot: Bytes,
}

impl Leases {
    pub fn new() -> Arc<Leases> {
        Arc::new(Leases { slots: Mutex::default(), ended: watch::channel(0).0 })
    }

    /// Leases the slot of an index row; `None` when it is leased, and then the lease knows of the row.
    pub fn take(self: &Arc<Self>, row: IndexRow) -> Option<Lease> {
        let mut slots = self.slots.lock();
        if let Some(dues) = slots.get_mut(&row.slot) {
            if dues.len() < NOTED_MAX {
                dues.insert(row.due_ms);
            }
            return None;
        }
        // The key that the row was read from need not be kept for the sake of its end.
        let slot = Bytes::copy_from_slice(&row.slot);
        slots.insert(slot.clone(), BTreeSet::from([row.due_ms]));
        Some(Lease { leases: self.clone(), slot })
    }

    /// Tells of leases that end.
    pub fn ended(&self) -> watch::Receiver<u64> {
        self.ended.subscribe()
    }
}

impl Lease {
    /// The due times by which the index tells of the slot, as far as known.
    pub fn dues(&self) -> Vec<i64> {
        self.leases.slots.lock().get(&self.slot).into_iter().flatten().copied().collect()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.leases.slots.lock().remove(&self.slot);
        self.leases.ended.send_modify(|count| *count += 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_leased_once_until_its_lease_ends() {
        let leases = Leases::new();
        let mut ended = leases.ended();
        let row = |due_ms| IndexRow { due_ms, slot: Bytes::from_static(b"s") };
        let lease = leases.take(row(5)).unwrap();
        assert!(leases.take(row(3)).is_none());
        assert_eq!(lease.dues(), [3, 5]);
        assert!(!ended.has_changed().unwrap());
        drop(lease);
        assert!(ended.has_changed().unwrap());
        ended.mark_unchanged();
        assert_eq!(leases.take(row(7)).unwrap().dues(), [7]);
    }

    #[test]
    fn what_a_lease_notes_is_bounded() {
        let leases = Leases::new();
        let row = |due_ms| IndexRow { due_ms, slot: Bytes::from_static(b"s") };
        let lease = leases.take(row(-1)).unwrap();
        for due_ms in 0..2 * NOTED_MAX as i64 {
            assert!(leases.take(row(due_ms)).is_none());
        }
        assert_eq!(lease.dues().len(), NOTED_MAX);
    }
}
