//! The outbox: putting and cancelling.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kernel::Clock;
use parking_lot::Mutex;
use store::{Error, Record as _, Store, Tx};

use crate::delivery::{Delivered, Delivery, Outcome, PutError};
use crate::keys::{self, Count, Index, Slot, Which};
use crate::leases::Leases;
use crate::limits::ARRIVAL_STEP_MS;
use crate::policy::Policy;
use crate::records::Pending;
use crate::worker::Worker;

/// Tells deliveries of one transaction apart, in the order of their putting. One for the process: whatever outboxes
/// there are over a store, no two numbers meet in one transaction.
static NUMBER: AtomicU64 = AtomicU64::new(0);

/// Deliveries and timers over a store. Clones are the same outbox. Workers of one store must come from clones of one
/// outbox: leases are there.
#[derive(Clone)]
pub struct Outbox {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    /// By kind; kinds are words of the program, so there are few.
    leases: Arc<Mutex<HashMap<&'static str, Arc<Leases>>>>,
}

impl Outbox {
    /// An outbox over a store, by a clock.
    pub fn new(store: Store, clock: Clock) -> Outbox {
        Outbox { store, clock, leases: Arc::default() }
    }

    /// Puts a delivery: it is made after this transaction commits, and only then. Costs three small writes; nothing
    /// is read and nobody waited for, except that a timer reads the one it replaces.
    ///
    /// # Errors
    /// When the delivery breaks a limit; the transaction is as it was before.
    pub fn put(&self, tx: &mut Tx, delivery: Delivery) -> Result<(), PutError> {
        delivery.check()?;
        let now_ms = self.clock.now().millis();
        let first_due_ms = delivery.due.map_or(now_ms, |due| due.millis());
        // Overdue from the start gives no place before those that wait.
        let due_ms = first_due_ms.max(now_ms);
        let pending = Pending {
            instance: (tx.version(), next_number()),
            put_ms: now_ms,
            first_due_ms,
            due_ms,
            attempts: 0,
            payload: delivery.payload,
        };
        let Delivery { account, region, kind, order, due, name, .. } = delivery;
        match (name, order) {
            (Some(name), _) => {
                let replaced = remove_timer(tx, &account, &region, kind, &name)?;
                put_timer(tx, kind, &account, &region, &name, &pending);
                if replaced {
                    return Ok(());
                }
            }
            (None, Some(order)) => {
                // Arrivals of one second share a row of the index. It may stand a little before its time: what the
                // worker finds there says when it is due.
                let shared_ms = now_ms - now_ms.rem_euclid(ARRIVAL_STEP_MS);
                let index_ms = if due.is_some() { due_ms } else { shared_ms };
                put_in_order(tx, kind, &account, &region, &order, &pending, index_ms);
            }
            (None, None) => put_single(tx, kind, &account, &region, &pending),
        }
        tx.add_i64(Count::Pending.of(kind, &account, &region), 1);
        Ok(())
    }

    /// Removes a pending timer; says whether there was one. A handler that has it already goes on, but what it answers
    /// changes nothing: [`Outcome::DoneIn`] has no effect then.
    pub fn cancel(
        &self,
        tx: &mut Tx,
        account: &str,
        region: &str,
        kind: &'static str,
        name: &str,
    ) -> Result<bool, Error> {
        let was = remove_timer(tx, account, region, kind, name)?;
        if was {
            tx.add_i64(Count::Pending.of(kind, account, region), -1);
        }
        Ok(was)
    }

    /// Delivers a kind until the future is dropped, or the store is found closed. It may be dropped at any await, and what
    /// it had taken is delivered by the next. Several workers of one kind share the work, each with its own concurrency.
    ///
    /// All handlers of a worker run within this future, so they should wait rather than compute.
    pub fn run<H, F>(
        &self,
        kind: &'static str,
        policy: Policy,
        handler: H,
    ) -> impl Future<Output = ()> + Send + 'static
    where
        H: Fn(Delivered) -> F + Send + Sync + 'static,
        F: Future<Output = Outcome> + Send + 'static,
    {
        let leases = self.leases.lock().entry(kind).or_insert_with(Leases::new).clone();
        Worker::new(self, kind, policy, handler, leases).run()
    }
}

fn next_number() -> u64 {
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

/// The slot of a timer.
pub(crate) fn timer(account: &str, region: &str, name: &str) -> Slot {
    Slot { account: account.to_owned(), region: region.to_owned(), which: Which::Timer(name.to_owned()) }
}

// The rows of a delivery, without the counters.

fn remove_timer(tx: &mut Tx, account: &str, region: &str, kind: &str, name: &str) -> Result<bool, Error> {
    let Some(head) = timer(account, region, name).head(kind, tx)? else { return Ok(false) };
    tx.delete(Index::new(kind).row(head.pending.due_ms, &Slot::of_timer(account, region, name)));
    tx.delete(head.key);
    Ok(true)
}

pub(crate) fn put_timer(tx: &mut Tx, kind: &str, account: &str, region: &str, name: &str, pending: &Pending) {
    tx.put(keys::timer(account, region, kind, name), pending.encode());
    tx.put(Index::new(kind).row(pending.due_ms, &Slot::of_timer(account, region, name)), "");
}

pub(crate) fn put_in_order(
    tx: &mut Tx,
    kind: &str,
    account: &str,
    region: &str,
    order: &[u8],
    pending: &Pending,
    index_ms: i64,
) {
    tx.put_stamped(keys::ordered(account, region, kind, order, next_number()), pending.encode());
    tx.put(Index::new(kind).row(index_ms, &Slot::of_order(account, region, order)), "");
}

pub(crate) fn put_single(tx: &mut Tx, kind: &str, account: &str, region: &str, pending: &Pending) {
    let number = next_number();
    tx.put_stamped(keys::single(account, region, kind, number), pending.encode());
    tx.put_stamped(Index::new(kind).row_of_single(pending.due_ms, account, region, number), "");
}

impl std::fmt::Debug for Outbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbox").field("store", &self.store).finish_non_exhaustive()
    }
}
