//! What memory knows of a queue: which messages are due, how many are in flight, who waits for one.
//!
//! All of it follows from the store and is built from it at the first use. Every commit that touches the queue's
//! messages tells it afterwards, in whatever order; a commit that the index was built after is not told twice.
//! Receives choose here, so that they do not choose the same; their transactions find out whether the choice holds.

mod fifo;
mod standard;
mod timed;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kernel::{Clock, Timestamp};
use parking_lot::Mutex;
use store::{Error, Stamp, Store};
use tokio::sync::Notify;

pub use fifo::{Next, Rules};
pub use standard::Due;

use crate::keys::{Contents, Place};
use crate::records::Visible;
use fifo::Fifo;
use standard::Standard;

/// One epoch of one queue.
pub struct Hot {
    pub account: String,
    pub region: String,
    pub name: String,
    pub id: u64,
    pub epoch: u32,
    pub contents: Contents,
    fifo: bool,
    store: Store,
    clock: Clock,
    window: usize,
    built: Mutex<Option<Built>>,
    /// For receives that wait: something may be due, or is due earlier than before.
    pub wake: Notify,
    /// The queue is deleted or purged: there will never be anything here again.
    closed: AtomicBool,
    /// Whether the sweeper will look at this queue.
    pub scheduled: AtomicBool,
}

struct Built {
    /// Commits up to this version were seen when it was built.
    version: u64,
    index: Index,
}

enum Index {
    Standard(Standard),
    Fifo(Fifo),
}

/// What a commit did to a queue's messages.
#[derive(Clone, Debug)]
pub enum Change {
    /// A standard queue has a new row in its index by time; the stamp of a new message is that of the commit.
    Shown { visible_ms: i64, stamp: NewStamp, enqueued_ms: i64, received: bool },
    /// A standard queue has lost such a row.
    Unshown { place: Place, received: bool },
    /// Messages were sent to a FIFO queue.
    Arrived,
    /// A message of a FIFO queue is in flight until a time.
    Hidden { group: Arc<str>, stamp: Stamp, before_ms: Option<i64>, until_ms: i64 },
    /// A message of a FIFO queue is gone.
    Left { group: Arc<str>, stamp: Stamp },
}

/// A stamp that may not be known before the commit.
#[derive(Clone, Copy, Debug)]
pub enum NewStamp {
    Known(Stamp),
    OfCommit(u16),
}

/// What was chosen for a receive.
#[derive(Clone, Debug)]
pub enum Chosen {
    Due(Due),
    Next(Next),
}

impl Chosen {
    pub fn stamp(&self) -> Stamp {
        match self {
            Self::Due(due) => due.place.1,
            Self::Next(next) => next.stamp,
        }
    }

    pub fn enqueued_ms(&self) -> i64 {
        match self {
            Self::Due(due) => due.enqueued_ms,
            Self::Next(next) => next.enqueued_ms,
        }
    }

    pub fn group(&self) -> Option<&Arc<str>> {
        match self {
            Self::Due(_) => None,
            Self::Next(next) => Some(&next.group),
        }
    }
}

/// Messages chosen for one receive. Nobody else chooses them until this is dropped.
pub struct Claim {
    hot: Arc<Hot>,
    pub chosen: Vec<Chosen>,
}

impl Hot {
    #[allow(clippy::too_many_arguments)]
    pub fn new(
        account: &str,
        region: &str,
        name: &str,
        (id, epoch): (u64, u32),
        fifo: bool,
        store: Store,
        clock: Clock,
        window: usize,
    ) -> Self {
        Self {
            account: account.to_owned(),
            region: region.to_owned(),
            name: name.to_owned(),
            id,
            epoch,
            contents: Contents::new(account, region, id, epoch),
            fifo,
            store,
            clock,
            window,
            built: Mutex::new(None),
            wake: Notify::new(),
            closed: AtomicBool::new(false),
            scheduled: AtomicBool::new(false),
        }
    }

    /// Runs `f` on the index, building it first where there is none.
    fn with<T>(&self, now_ms: i64, f: impl FnOnce(&mut Index) -> Result<T, Error>) -> Result<T, Error> {
        let mut built = self.built.lock();
        let built = match &mut *built {
            Some(built) => built,
            none => none.insert(self.build(now_ms)?),
        };
        match &mut built.index {
            Index::Standard(index) => index.settle(now_ms),
            Index::Fifo(index) => index.in_flight.settle(now_ms),
        }
        f(&mut built.index)
    }

    fn build(&self, now_ms: i64) -> Result<Built, Error> {
        if self.fifo {
            // It reads what it needs later, with versions of its own.
            return Ok(Built { version: 0, index: Index::Fifo(Fifo::new(now_ms, self.window)) });
        }
        let (index, version) = Standard::build(&self.store, &self.contents, now_ms)?;
        Ok(Built { version, index: Index::Standard(index) })
    }

    /// Chooses up to `max` messages for a receive.
    pub fn choose(self: &Arc<Self>, rules: Rules, max: usize) -> Result<Claim, Error> {
        let (chosen, wakes) = self.with(rules.now_ms, |index| {
            let before = index.next_due();
            let chosen: Vec<Chosen> = match index {
                Index::Standard(index) => index
                    .choose(&self.store, &self.contents, rules.now_ms, rules.expired_ms, max)?
                    .into_iter()
                    .map(Chosen::Due)
                    .collect(),
                Index::Fifo(index) => {
                    index.load(&self.store, &self.contents, rules)?;
                    index.choose(max).into_iter().map(Chosen::Next).collect()
                }
            };
            Ok((chosen, Wakes::after(index, before)))
        })?;
        let claim = Claim { hot: self.clone(), chosen };
        // When this receive found something and there is more, the next in line may have it.
        wakes.send(&self.wake, if claim.chosen.is_empty() { 0 } else { 1 });
        Ok(claim)
    }

    /// How many messages are in flight, and for a standard queue how many are delayed.
    pub fn counts(&self, rules: Rules) -> Result<(i64, i64), Error> {
        self.with(rules.now_ms, |index| match index {
            Index::Standard(index) => Ok((index.in_flight.total(), index.delayed.total())),
            Index::Fifo(index) => {
                index.load(&self.store, &self.contents, rules)?;
                Ok((index.in_flight.total(), 0))
            }
        })
    }

    /// When a message becomes visible that is not visible now.
    pub fn next_due(&self, now_ms: i64) -> Result<Option<Timestamp>, Error> {
        self.with(now_ms, |index| Ok(index.next_due().map(Timestamp::from_millis)))
    }

    /// Takes note of what the commit of this version did.
    fn apply(&self, version: u64, changes: &[Change]) {
        let now_ms = self.clock.now().millis();
        let mut guard = self.built.lock();
        let Some(built) = guard.as_mut() else {
            drop(guard);
            self.wake.notify_one();
            return;
        };
        if !self.fifo && version <= built.version {
            return;
        }
        let before = built.index.next_due();
        let mut due_now = 0;
        for change in changes {
            due_now += built.index.apply(change, version, now_ms);
        }
        let wakes = Wakes::after(&built.index, before);
        drop(guard);
        wakes.send(&self.wake, due_now);
    }

    /// Forgets everything; the next use builds the index again.
    pub fn reset(&self) {
        *self.built.lock() = None;
        self.wake.notify_waiters();
    }

    /// Ends every wait here.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.reset();
    }

    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}

/// Whom to wake after a change.
struct Wakes {
    /// Something is due earlier than before: everyone must look when to wake.
    sooner: bool,
    ready: bool,
}

impl Wakes {
    fn after(index: &Index, before: Option<i64>) -> Self {
        let sooner = index.next_due().is_some_and(|at| before.is_none_or(|before| at < before));
        let ready = match index {
            Index::Standard(index) => index.has_ready(),
            Index::Fifo(index) => index.has_ready(),
        };
        Self { sooner, ready }
    }

    /// `due`: how many messages have just become due.
    fn send(&self, wake: &Notify, due: usize) {
        if self.sooner {
            wake.notify_waiters();
        }
        if due > 0 && self.ready {
            wake.notify_one();
        }
    }
}

impl Index {
    fn next_due(&self) -> Option<i64> {
        match self {
            Self::Standard(index) => index.next_due(),
            Self::Fifo(index) => index.next_due(),
        }
    }

    /// Says how many messages have become due by this, at most.
    fn apply(&mut self, change: &Change, version: u64, now_ms: i64) -> usize {
        match (self, change) {
            (Self::Standard(index), Change::Shown { visible_ms, stamp, enqueued_ms, received }) => {
                let place = (*visible_ms, stamp.resolve(version));
                index.added(place, Visible { enqueued_ms: *enqueued_ms, received: *received });
                if *visible_ms <= now_ms {
                    index.note_more();
                    return 1;
                }
                0
            }
            (Self::Standard(index), Change::Unshown { place, received }) => {
                index.removed(*place, *received);
                0
            }
            (Self::Fifo(index), Change::Arrived) => {
                index.arrived();
                1
            }
            (Self::Fifo(index), Change::Hidden { group, stamp, before_ms, until_ms }) => {
                index.hidden(group, *stamp, *before_ms, *until_ms, version);
                1
            }
            (Self::Fifo(index), Change::Left { group, stamp }) => {
                index.removed(group, *stamp);
                1
            }
            // A queue keeps its type for life.
            _ => 0,
        }
    }
}

impl NewStamp {
    fn resolve(self, version: u64) -> Stamp {
        match self {
            Self::Known(stamp) => stamp,
            Self::OfCommit(counter) => Stamp::new(version, counter),
        }
    }
}

impl Claim {
    /// The chosen message is not there, or not due.
    pub fn discard(&self, chosen: &Chosen) {
        if let Some(built) = self.hot.built.lock().as_mut() {
            match (&mut built.index, chosen) {
                (Index::Standard(index), Chosen::Due(due)) => index.forget(due.place),
                (Index::Fifo(index), Chosen::Next(next)) => index.removed(&next.group, next.stamp),
                _ => {}
            }
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if self.chosen.is_empty() {
            return;
        }
        let now_ms = self.hot.clock.now().millis();
        let mut guard = self.hot.built.lock();
        let Some(built) = guard.as_mut() else { return };
        let before = built.index.next_due();
        let mut due = 0;
        for chosen in &self.chosen {
            match (&mut built.index, chosen) {
                (Index::Standard(index), Chosen::Due(chosen)) => due += usize::from(index.release(chosen)),
                (Index::Fifo(index), Chosen::Next(next)) => {
                    index.release(&next.group, now_ms);
                    due += 1;
                }
                _ => {}
            }
        }
        let wakes = Wakes::after(&built.index, before);
        drop(guard);
        wakes.send(&self.hot.wake, due);
    }
}

/// What a transaction does besides its writes, once it is committed.
#[derive(Default)]
pub struct Effects {
    queues: Vec<(Arc<Hot>, Vec<Change>)>,
    claims: Vec<Arc<Claim>>,
    closes: Vec<Arc<Hot>>,
    resets: Vec<Arc<Hot>>,
    starts_move: bool,
}

impl Effects {
    /// Messages of a queue change.
    pub fn change(&mut self, hot: &Arc<Hot>, change: Change) {
        match self.queues.iter_mut().find(|(known, _)| Arc::ptr_eq(known, hot)) {
            Some((_, changes)) => changes.push(change),
            None => self.queues.push((hot.clone(), vec![change])),
        }
    }

    /// Holds on to a claim until the changes are told.
    pub fn hold(&mut self, claim: &Arc<Claim>) {
        self.claims.push(claim.clone());
    }

    /// A queue or an epoch of it ends.
    pub fn close(&mut self, hot: &Arc<Hot>) {
        self.closes.push(hot.clone());
    }

    /// A queue's rules change in a way that makes its index wrong.
    pub fn reset(&mut self, hot: &Arc<Hot>) {
        self.resets.push(hot.clone());
    }

    /// A move task begins or is to end.
    pub fn start_move(&mut self) {
        self.starts_move = true;
    }

    /// Whether the worker that moves messages has something to do.
    pub fn starts_move(&self) -> bool {
        self.starts_move
    }

    /// Queues whose contents are given up.
    pub fn closed(&self) -> &[Arc<Hot>] {
        &self.closes
    }

    /// Queues whose rules have changed.
    pub fn changed(&self) -> &[Arc<Hot>] {
        &self.resets
    }

    /// Queues that got new messages.
    pub fn receivers(&self) -> impl Iterator<Item = &Arc<Hot>> {
        let grows = |change: &Change| {
            matches!(change, Change::Arrived | Change::Shown { stamp: NewStamp::OfCommit(_), .. })
        };
        self.queues.iter().filter(move |(_, changes)| changes.iter().any(grows)).map(|(hot, _)| hot)
    }

    /// The transaction is committed.
    pub fn apply(&self, version: u64) {
        for (hot, changes) in &self.queues {
            hot.apply(version, changes);
        }
        self.closes.iter().for_each(|hot| hot.close());
        self.resets.iter().for_each(|hot| hot.reset());
    }

    /// Nobody knows whether the transaction is committed.
    pub fn distrust(self) {
        self.queues.iter().for_each(|(hot, _)| hot.reset());
    }
}
