//! What becomes of a delivery after an attempt.

use kernel::Timestamp;
use store::{Error, Record as _, Tx};

use crate::keys::{Count, Head, Index, Slot, parked};
use crate::limits::WHY_BYTES_MAX;
use crate::policy::Policy;
use crate::records::Parked;

/// What an attempt came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Done,
    Retry(String),
    Park(String),
}

/// A kind, for those who settle.
pub(crate) struct Kind {
    pub name: &'static str,
    pub index: Index,
    pub policy: Policy,
}

impl Kind {
    /// The delivery that was attempted, if it is still where it was and still the same.
    pub fn still_there(&self, tx: &mut Tx, slot: &Slot, instance: (u64, u64)) -> Result<Option<Head>, Error> {
        Ok(slot.head(self.name, tx)?.filter(|head| head.pending.instance == instance))
    }

    /// Writes down what has become of the first delivery of a slot; says whether it was given up.
    pub fn conclude(
        &self,
        tx: &mut Tx,
        slot: &Slot,
        mut head: Head,
        verdict: &Verdict,
        now: Timestamp,
    ) -> bool {
        let (why, again) = match verdict {
            Verdict::Done => {
                tx.delete(head.key);
                tx.add_i64(Count::Pending.of(self.name, &slot.account, &slot.region), -1);
                return false;
            }
            Verdict::Retry(why) => (why, true),
            Verdict::Park(why) => (why, false),
        };
        head.pending.attempts = head.pending.attempts.saturating_add(1);
        let next = if again { self.policy.next_attempt(&head.pending, now) } else { None };
        match next {
            Some(due) => {
                head.pending.due_ms = due.millis();
                tx.put(head.key, head.pending.encode());
                false
            }
            None => {
                self.park(tx, slot, head, why, now);
                true
            }
        }
    }

    fn park(&self, tx: &mut Tx, slot: &Slot, head: Head, why: &str, now: Timestamp) {
        let Head { key, pending } = head;
        tx.delete(key);
        tx.add_i64(Count::Pending.of(self.name, &slot.account, &slot.region), -1);
        tx.add_i64(Count::Parked.of(self.name, &slot.account, &slot.region), 1);
        let row = parked(&slot.account, &slot.region, self.name, pending.instance);
        let parked = Parked {
            pending,
            parked_ms: now.millis(),
            why: shortened(why).to_owned(),
            order: slot.order(),
            name: slot.name(),
        };
        tx.put(row, parked.encode());
    }

    /// Makes the index tell of the slot as it is now: nothing, or the one time when its first delivery is due. `dues` are
    /// the times it told of before.
    pub fn tell_index(
        &self,
        tx: &mut Tx,
        slot: &Slot,
        bytes: &[u8],
        dues: &[i64],
        now: Timestamp,
    ) -> Result<(), Error> {
        for due_ms in dues {
            tx.delete(self.index.row(*due_ms, bytes));
        }
        if let Some(head) = slot.head(self.name, tx)? {
            tx.put(self.index.row(slot.index_ms(head.pending.due(), now), bytes), "");
        }
        Ok(())
    }
}

/// The beginning of a reason, within its limit.
fn shortened(why: &str) -> &str {
    &why[..why.floor_char_boundary(WHY_BYTES_MAX)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_reasons_are_cut_between_characters() {
        assert_eq!(shortened("no"), "no");
        let long = format!("{}é", "x".repeat(WHY_BYTES_MAX - 1));
        assert_eq!(shortened(&long), "x".repeat(WHY_BYTES_MAX - 1));
    }
}
