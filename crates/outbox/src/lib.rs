//! Durable deliveries and timers: what must happen after a commit is a record written by that very transaction.
//!
//! [`Outbox::put`] writes the record; [`Outbox::run`] is a worker that hands the records of a kind to a handler when they
//! are due. A delivery is made at least once: its record goes after the handler has answered, so a crash in between
//! makes the handler run again. A handler whose whole effect is in this store answers [`Outcome::DoneIn`], and the effect
//! commits together with the removal, exactly once.
//!
//! # Leases, and why they cost nothing
//!
//! What a worker has taken must be hidden from the others, and must come back when the worker is gone. The store has one
//! process, which holds the lock of its directory, so a table in memory says exactly that: it ends with the process, a
//! dropped worker's leases end with the worker, and a handler cannot outlive its time limit. No lease waits for a
//! time-out after a crash, and taking a delivery writes nothing. What has been delivered is noted
//! while the next are under way, in one transaction for all that gathered during the one before: the slower the disk,
//! the more they are, up to 128.
//!
//! Nothing's correctness rests on the table. Whatever concludes a delivery first reads, in the same transaction, that it
//! is there and is the one that was attempted; a worker that wrongly believes in its lease conflicts or finds nothing. With
//! several processes over one store a lease must be durable: a worker moves the index rows of a batch to the end of the
//! lease in one commit, and whoever looks then takes what is still there. That is one more commit a batch, and a wait for
//! the lease after a crash; it changes how the index is read and no stored form.
//!
//! An attempt that the end of the whole process cuts off is not counted.
//!
//! # What is due next
//!
//! Records lie in their account, so that an account is one range. What is due next over all accounts is one short read of
//! an index by time, kept beside them by the same transactions. The index is a hint: a worker that finds a row looks at
//! the record, and corrects the row when it tells wrongly. After a start nothing has to be walked. An idle worker waits
//! for a commit that touches its index, or for the next time in it, and does nothing else.
//!
//! # Order
//!
//! Deliveries of one order have one place in the index, whatever their number: only the first of them can be leased. Putting
//! never waits for them, since it writes without reading. An order goes behind all others after each delivery.

mod attempt;
mod counts;
mod delivery;
mod keys;
mod leases;
mod limits;
mod outbox;
mod parked;
mod policy;
mod records;
mod settle;
mod worker;

pub use counts::Counts;
pub use delivery::{Delivered, Delivery, DeliveryId, Effect, EffectError, NotAnId, Outcome, PutError};
pub use limits::{
    CONCURRENCY_MAX, LABEL_BYTES_MAX, PARKED_AGE_MAX, PARKED_MAX, PARKED_PAGE_MAX, PAYLOAD_BYTES_MAX,
    WHY_BYTES_MAX,
};
pub use outbox::Outbox;
pub use parked::{ParkedDelivery, Unparked};
pub use policy::Policy;
