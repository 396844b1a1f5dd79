//! The due messages of a standard queue.

use std::collections::{BTreeMap, HashSet};

use store::{Error, RangeOptions, Record as _, Stamp, Store};

use super::timed::Timed;
use crate::keys::{Contents, Place};
use crate::limits::{READY_MAX, REFILL};
use crate::records::Visible;

/// What is known of the rows of the index by time. Rows before `position` are in `ready` or in `claimed`, so a receive
/// never reads again what was received, and never reads what many others have deleted. Whatever is wrong here is found
/// out by the transaction, which reads the rows themselves.
pub struct Standard {
    position: Place,
    /// Due messages and when they entered the queue.
    ready: BTreeMap<Place, Visible>,
    /// Taken by receives that have not committed yet.
    claimed: HashSet<Place>,
    /// Whether there may be due rows behind `position`.
    more: bool,
    pub in_flight: Timed,
    pub delayed: Timed,
}

/// A message chosen for a receive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Its row in the index.
    pub place: Place,
    pub enqueued_ms: i64,
}

impl Standard {
    /// Reads what is not due yet, to count it.
    pub fn build(store: &Store, contents: &Contents, now_ms: i64) -> Result<(Self, u64), Error> {
        let snapshot = store.snapshot();
        let mut index = Self {
            position: (i64::MIN, Stamp::ZERO),
            ready: BTreeMap::new(),
            claimed: HashSet::new(),
            more: true,
            in_flight: Timed::new(now_ms),
            delayed: Timed::new(now_ms),
        };
        let mut range = contents.due((now_ms.saturating_add(1), Stamp::ZERO), None);
        loop {
            let page = snapshot.range(range.clone(), RangeOptions::default())?;
            for (key, value) in &page.entries {
                let place = contents.visible_place(key)?;
                index.timed(Visible::decode(value)?.received).add(place.0, 1);
            }
            match page.entries.last() {
                Some((last, _)) if page.more => range = range.after(last),
                _ => return Ok((index, snapshot.version())),
            }
        }
    }

    fn timed(&mut self, received: bool) -> &mut Timed {
        if received { &mut self.in_flight } else { &mut self.delayed }
    }

    /// Claims up to `max` due messages that entered the queue after `expired_ms`.
    pub fn choose(
        &mut self,
        store: &Store,
        contents: &Contents,
        now_ms: i64,
        expired_ms: i64,
        max: usize,
    ) -> Result<Vec<Due>, Error> {
        let mut chosen = Vec::with_capacity(max);
        loop {
            while chosen.len() < max {
                let Some((place, visible)) = self.ready.pop_first() else { break };
                // What has expired is the sweeper's.
                if visible.enqueued_ms > expired_ms {
                    self.claimed.insert(place);
                    chosen.push(Due { place, enqueued_ms: visible.enqueued_ms });
                }
            }
            if chosen.len() == max || !self.refill(store, contents, now_ms)? {
                return Ok(chosen);
            }
        }
    }

    /// Reads on; says whether there was anything.
    fn refill(&mut self, store: &Store, contents: &Contents, now_ms: i64) -> Result<bool, Error> {
        let page =
            store.snapshot().range(contents.due(self.position, Some(now_ms)), RangeOptions::limit(REFILL))?;
        self.more = page.more;
        for (key, value) in &page.entries {
            let place = contents.visible_place(key)?;
            if !self.claimed.contains(&place) {
                self.ready.insert(place, Visible::decode(value)?);
            }
            self.position = behind(place);
        }
        if !page.more {
            self.position = self.position.max((now_ms.saturating_add(1), Stamp::ZERO));
        }
        Ok(!page.entries.is_empty())
    }

    /// Whether another receive would find something at once.
    pub fn has_ready(&self) -> bool {
        self.more || !self.ready.is_empty()
    }

    /// A row was put there.
    pub fn added(&mut self, place: Place, visible: Visible) {
        self.timed(visible.received).add(place.0, 1);
        if place < self.position {
            self.ready.insert(place, visible);
            self.shrink();
        }
    }

    /// A row that is due was put there, perhaps behind `position`.
    pub fn note_more(&mut self) {
        self.more = true;
    }

    /// A row was removed.
    pub fn removed(&mut self, place: Place, received: bool) {
        self.timed(received).add(place.0, -1);
        self.forget(place);
    }

    /// A row is not there.
    pub fn forget(&mut self, place: Place) {
        self.claimed.remove(&place);
        self.ready.remove(&place);
    }

    /// A receive came to nothing; says whether the row is due again.
    pub fn release(&mut self, due: &Due) -> bool {
        if !self.claimed.remove(&due.place) {
            return false;
        }
        if due.place < self.position {
            self.ready.insert(due.place, Visible { enqueued_ms: due.enqueued_ms, received: false });
            self.shrink();
        }
        true
    }

    /// Keeps memory bounded: what is dropped is read again from the store.
    fn shrink(&mut self) {
        while self.ready.len() > READY_MAX {
            if let Some((place, _)) = self.ready.pop_last() {
                self.position = place;
                self.more = true;
            }
        }
    }

    pub fn settle(&mut self, now_ms: i64) {
        self.in_flight.settle(now_ms);
        self.delayed.settle(now_ms);
    }

    /// When the next message becomes visible.
    pub fn next_due(&self) -> Option<i64> {
        match (self.in_flight.next(), self.delayed.next()) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }
}

/// The first place after this one.
fn behind((ms, stamp): Place) -> Place {
    match stamp.counter.checked_add(1) {
        Some(counter) => (ms, Stamp::new(stamp.version, counter)),
        None => (ms, Stamp::new(stamp.version + 1, 0)),
    }
}
