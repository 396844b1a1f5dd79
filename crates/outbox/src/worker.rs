//! A worker: finds what is due, runs its handlers, and settles what they have done.

use std::collections::{BTreeSet, VecDeque};
use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::{BoxFuture, Fuse, FusedFuture as _};
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use kernel::Timestamp;
use store::{Error, KeyRange, RangeOptions, Watch};
use tokio::sync::watch;

use crate::attempt::{Attempted, Left, Shared};
use crate::delivery::{Delivered, Outcome};
use crate::keys::Index;
use crate::leases::{Lease, Leases};
use crate::limits::{READY_MAX, READY_MIN, REST, SCAN_PAGE, SETTLE_BYTES_MAX, SETTLE_MAX, UNSETTLED_MAX};
use crate::outbox::Outbox;
use crate::parked;
use crate::policy::Policy;
use crate::settle::Kind;

pub(crate) struct Worker<H> {
    shared: Arc<Shared<H>>,
    leases: Arc<Leases>,
    /// Wakes when the index changes.
    index: Watch,
    /// Wakes when a lease ends, this worker's own included.
    ended: watch::Receiver<u64>,
    /// Leased and not begun.
    ready: VecDeque<Lease>,
    /// Attempted and not settled.
    unsettled: VecDeque<Attempted>,
    /// The index is to be looked at.
    look: bool,
    /// The last row that a look without room for more has met: the next goes on behind it, and not through all that has
    /// been delivered since.
    resume: Option<Bytes>,
    /// When it must be looked at next, unless something else wakes.
    next: Option<Timestamp>,
}

/// The store is closed.
struct Closed;

impl<H, F> Worker<H>
where
    H: Fn(Delivered) -> F + Send + Sync + 'static,
    F: Future<Output = Outcome> + Send + 'static,
{
    pub fn new(
        outbox: &Outbox,
        kind: &'static str,
        policy: Policy,
        handler: H,
        leases: Arc<Leases>,
    ) -> Worker<H> {
        let index = Index::new(kind);
        Worker {
            // Before anything is read, so that nothing is missed.
            index: outbox.store.watch(index.prefix().to_vec()),
            ended: leases.ended(),
            leases,
            shared: Arc::new(Shared {
                store: outbox.store.clone(),
                clock: outbox.clock.clone(),
                kind: Kind { name: kind, index, policy },
                handler,
            }),
            ready: VecDeque::new(),
            unsettled: VecDeque::new(),
            look: true,
            resume: None,
            next: None,
        }
    }

    pub async fn run(mut self) {
        let concurrency = self.shared.kind.policy.concurrency();
        let ready_max = (2 * concurrency).clamp(READY_MIN, READY_MAX);
        let mut running = FuturesUnordered::new();
        let mut settling: Fuse<BoxFuture<'static, Result<(), Closed>>> = Fuse::terminated();
        loop {
            if self.look && self.ready.len() <= ready_max / 2 {
                self.find(ready_max);
            }
            while running.len() < concurrency && self.unsettled.len() < UNSETTLED_MAX {
                let Some(lease) = self.ready.pop_front() else { break };
                running.push(self.shared.clone().attempt(lease));
            }
            if settling.is_terminated() && !self.unsettled.is_empty() {
                let batch = self.next_batch();
                settling = settle(self.shared.clone(), batch).boxed().fuse();
            }
            let next = self.next.filter(|_| !self.look);
            tokio::select! {
                Some(attempted) = running.next() => self.unsettled.push_back(attempted),
                settled = &mut settling, if !settling.is_terminated() => if settled.is_err() { return },
                () = self.index.changed(), if !self.look => self.look = true,
                // The sender is in `leases`, so this cannot fail.
                _ = self.ended.changed(), if !self.look => self.look = true,
                () = self.shared.clock.sleep_until(next.unwrap_or_default()), if next.is_some() => self.look = true,
            }
        }
    }

    /// Leases what is due, as far as there is room, and notes when to look again.
    fn find(&mut self, ready_max: usize) {
        self.ended.mark_unchanged();
        let now = self.shared.clock.now();
        let found = match self.resume.take() {
            None => self.lease_due(None, now, ready_max),
            // Meanwhile something may have come before the place where the last look stopped.
            Some(last) => match self.lease_due(Some(last), now, ready_max) {
                Ok(Found::Until(_)) => self.lease_due(None, now, ready_max),
                found => found,
            },
        };
        match found {
            Ok(Found::Full(last)) => (self.look, self.resume) = (true, Some(last)),
            Ok(Found::Until(next)) => (self.look, self.next) = (false, next),
            Err(error) => {
                tracing::error!(kind = self.shared.kind.name, %error, "what is due cannot be read");
                (self.look, self.next) = (false, Some(now.plus(REST)));
            }
        }
    }

    fn lease_due(&mut self, after: Option<Bytes>, now: Timestamp, ready_max: usize) -> Result<Found, Error> {
        let index = &self.shared.kind.index;
        let mut range = KeyRange::prefix(index.prefix());
        if let Some(after) = after {
            range = range.after(&after);
        }
        loop {
            let page = self.shared.store.snapshot().range(range.clone(), RangeOptions::limit(SCAN_PAGE))?;
            for (key, _) in &page.entries {
                let row = index.read(key)?;
                if row.due_ms > now.millis() {
                    return Ok(Found::Until(Some(Timestamp::from_millis(row.due_ms))));
                }
                self.ready.extend(self.leases.take(row));
                if self.ready.len() >= ready_max {
                    return Ok(Found::Full(key.clone()));
                }
            }
            match page.entries.last() {
                Some((last, _)) if page.more => range = range.after(last),
                _ => return Ok(Found::Until(None)),
            }
        }
    }

    /// The attempts that one transaction can settle.
    fn next_batch(&mut self) -> Vec<Attempted> {
        let mut bytes = 0;
        let mut batch = Vec::new();
        while let Some(attempted) = self.unsettled.front() {
            if let Left::Verdict { bytes: more, .. } = &attempted.left {
                bytes += more;
            }
            if batch.len() == SETTLE_MAX || bytes > SETTLE_BYTES_MAX && !batch.is_empty() {
                break;
            }
            batch.extend(self.unsettled.pop_front());
        }
        batch
    }
}

/// How a look at the index ended.
enum Found {
    /// There may be more that is due, behind this row.
    Full(Bytes),
    /// Everything that is due is leased; the next is due then.
    Until(Option<Timestamp>),
}

/// Keeps what was given up within its limits, where there is more of it now.
async fn trim<H>(shared: &Shared<H>, parked: BTreeSet<(String, String)>) -> Result<(), Error> {
    for (account, region) in &parked {
        let now = shared.clock.now();
        parked::trim(&shared.store, (account, region), shared.kind.name, now).await?;
    }
    Ok(())
}

/// Writes down what attempts have left, and ends their leases.
async fn settle<H>(shared: Arc<Shared<H>>, batch: Vec<Attempted>) -> Result<(), Closed> {
    let settled = shared
        .store
        .transact(|tx| {
            let now = shared.clock.now();
            let mut parked = BTreeSet::new();
            for Attempted { lease, left } in &batch {
                let slot = match left {
                    Left::Nothing => continue,
                    Left::Index(slot) => slot,
                    Left::Verdict { slot, instance, verdict, .. } => {
                        if let Some(head) = shared.kind.still_there(tx, slot, *instance)? {
                            let given_up = shared.kind.conclude(tx, slot, head, verdict, now);
                            parked.extend(given_up.then(|| (slot.account.clone(), slot.region.clone())));
                        }
                        slot
                    }
                };
                shared.kind.tell_index(tx, slot, &lease.slot, &lease.dues(), now)?;
            }
            Ok(parked)
        })
        .await;
    let trimmed = match settled {
        Ok(parked) => trim(&shared, parked).await,
        Err(error) => Err(error),
    };
    match trimmed {
        Ok(()) => Ok(()),
        Err(Error::Closed) => Err(Closed),
        Err(error) => {
            tracing::error!(kind = shared.kind.name, %error, "what was delivered cannot be noted; it will be again");
            // Leased meanwhile, so that it is not delivered again at once.
            shared.clock.sleep(REST).await;
            Ok(())
        }
    }
}
