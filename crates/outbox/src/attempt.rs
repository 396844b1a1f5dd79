//! One attempt: from a lease to what its handler answered.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt as _;
use kernel::{Clock, Timestamp};
use store::{Error, Store};

use crate::delivery::{Delivered, Effect, EffectError, Outcome};
use crate::keys::{Head, Slot};
use crate::leases::Lease;
use crate::limits::REST;
use crate::settle::{Kind, Verdict};

/// What attempts of a worker share.
pub(crate) struct Shared<H> {
    pub store: Store,
    pub clock: Clock,
    pub kind: Kind,
    pub handler: H,
}

/// An attempt that is over. Its slot stays leased until this is dropped.
pub(crate) struct Attempted {
    pub lease: Lease,
    pub left: Left,
}

/// What an attempt has left to be written.
pub(crate) enum Left {
    /// Nothing.
    Nothing,
    /// There was nothing to deliver yet: the index told wrongly.
    Index(Slot),
    /// What has become of a delivery.
    Verdict { slot: Slot, instance: (u64, u64), bytes: usize, verdict: Verdict },
}

/// How an effect's transaction ended otherwise than by its commit.
enum Undone {
    Store(Error),
    Effect(Verdict),
}

impl From<Error> for Undone {
    fn from(error: Error) -> Undone {
        Undone::Store(error)
    }
}

impl<H, F> Shared<H>
where
    H: Fn(Delivered) -> F,
    F: Future<Output = Outcome>,
{
    /// Delivers what is first in a slot.
    pub async fn attempt(self: Arc<Self>, lease: Lease) -> Attempted {
        let (slot, head) = match self.load(&lease) {
            Ok(loaded) => loaded,
            Err(error) => {
                tracing::error!(kind = self.kind.name, %error, "a delivery cannot be read");
                // Leased meanwhile, so that it is not tried again at once.
                self.clock.sleep(REST).await;
                return Attempted { lease, left: Left::Nothing };
            }
        };
        let Some(head) = head.filter(|head| head.pending.due() <= self.clock.now()) else {
            return Attempted { lease, left: Left::Index(slot) };
        };
        let instance = head.pending.instance;
        let bytes = head.pending.payload.len();
        let verdict = match self.handle(delivered(&slot, head)).await {
            Outcome::Done => Verdict::Done,
            Outcome::Retry(why) => Verdict::Retry(why),
            Outcome::Park(why) => Verdict::Park(why),
            Outcome::DoneIn(effect) => match self.commit(&lease, &slot, instance, effect).await {
                Ok(()) => return Attempted { lease, left: Left::Nothing },
                Err(Undone::Effect(verdict)) => verdict,
                Err(Undone::Store(error)) => Verdict::Retry(error.to_string()),
            },
        };
        Attempted { lease, left: Left::Verdict { slot, instance, bytes, verdict } }
    }

    /// Read anew: since the index was read, another worker may have been here.
    fn load(&self, lease: &Lease) -> Result<(Slot, Option<Head>), Error> {
        let slot = Slot::read(&lease.slot)?;
        let head = slot.peek(self.kind.name, &self.store.snapshot())?;
        Ok((slot, head))
    }

    /// Runs the handler within its time; whatever goes wrong with it is a failed attempt.
    async fn handle(&self, delivered: Delivered) -> Outcome {
        let limit = self.kind.policy.time_limit;
        let handled = AssertUnwindSafe(async { (self.handler)(delivered).await }).catch_unwind();
        tokio::select! {
            biased;
            outcome = handled => outcome.unwrap_or_else(|_| {
                tracing::error!(kind = self.kind.name, "the handler of a delivery panicked");
                Outcome::Retry("the handler panicked".to_owned())
            }),
            () = self.clock.sleep(limit) => Outcome::Retry(format!("no outcome after {limit:?}")),
        }
    }

    /// Commits an effect together with the removal of its delivery; nothing if that is not there any more.
    async fn commit(
        &self,
        lease: &Lease,
        slot: &Slot,
        instance: (u64, u64),
        mut effect: Effect,
    ) -> Result<(), Undone> {
        self.store
            .transact(|tx| {
                let now = self.clock.now();
                if let Some(head) = self.kind.still_there(tx, slot, instance)? {
                    effect(tx).map_err(|error| match error {
                        EffectError::Store(error) => Undone::Store(error),
                        EffectError::Retry(why) => Undone::Effect(Verdict::Retry(why)),
                        EffectError::Park(why) => Undone::Effect(Verdict::Park(why)),
                    })?;
                    self.kind.conclude(tx, slot, head, &Verdict::Done, now);
                }
                Ok(self.kind.tell_index(tx, slot, &lease.slot, &lease.dues(), now)?)
            })
            .await
    }
}

fn delivered(slot: &Slot, head: Head) -> Delivered {
    let Head { pending, .. } = head;
    Delivered {
        id: pending.id(),
        account: slot.account.clone(),
        region: slot.region.clone(),
        order: slot.order(),
        name: slot.name(),
        attempt: pending.attempts.saturating_add(1),
        put: Timestamp::from_millis(pending.put_ms),
        due: Timestamp::from_millis(pending.first_due_ms),
        payload: pending.payload,
    }
}
