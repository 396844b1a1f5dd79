//! The message groups of a FIFO queue.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use store::{Error, RangeOptions, Record as _, Stamp, Store};

use super::timed::Timed;
use crate::keys::Contents;
use crate::records::State;

/// The first messages of the queue, by group. Messages behind the window are read when those in it are gone.
pub struct Fifo {
    /// The last message read.
    tail: Option<Stamp>,
    /// Whether the store may have messages behind `tail`.
    more: bool,
    loaded: usize,
    window: usize,
    groups: HashMap<Arc<str>, Group>,
    /// Groups whose first message can be received.
    ready: VecDeque<Arc<str>>,
    /// Groups that must wait, by the time they wait for.
    waiting: BTreeSet<(i64, Arc<str>)>,
    /// The queue's delay and the begin of its retention at the last look.
    rules: Rules,
    pub in_flight: Timed,
}

/// What a look at a group depends on besides its messages.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules {
    pub now_ms: i64,
    pub delay_ms: i64,
    pub expired_ms: i64,
}

#[derive(Default)]
struct Group {
    messages: BTreeMap<Stamp, Slot>,
    /// A receive has chosen of it and not committed yet.
    claimed: bool,
    turn: Turn,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Turn {
    #[default]
    None,
    Ready,
    Waiting(i64),
}

struct Slot {
    enqueued_ms: i64,
    /// In flight until then; `None` before the first receive.
    until_ms: Option<i64>,
    /// Of the commit that this is known from.
    version: u64,
}

/// A message chosen for a receive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    pub group: Arc<str>,
    pub stamp: Stamp,
    pub enqueued_ms: i64,
}

enum Look {
    Empty,
    Ready,
    Waits(i64),
}

/// States read at once; the whole window is read in some of these steps.
const PAGE: usize = 2000;

impl Fifo {
    pub fn new(now_ms: i64, window: usize) -> Self {
        Self {
            tail: None,
            more: true,
            loaded: 0,
            window,
            groups: HashMap::new(),
            ready: VecDeque::new(),
            waiting: BTreeSet::new(),
            rules: Rules::default(),
            in_flight: Timed::new(now_ms),
        }
    }

    /// Messages were sent.
    pub fn arrived(&mut self) {
        self.more = true;
    }

    /// Reads messages behind the last one read, as far as the window goes.
    pub fn load(&mut self, store: &Store, contents: &Contents, rules: Rules) -> Result<(), Error> {
        self.rules = rules;
        while self.more && self.loaded < self.window {
            let snapshot = store.snapshot();
            let options = RangeOptions::limit(PAGE.min(self.window - self.loaded));
            let page = snapshot.range(contents.states(self.tail), options)?;
            for (key, value) in &page.entries {
                let stamp = contents.state_stamp(key)?;
                let state = State::decode(value)?;
                self.insert(stamp, &state, snapshot.version());
            }
            self.more = page.more;
        }
        Ok(())
    }

    fn insert(&mut self, stamp: Stamp, state: &State, version: u64) {
        self.tail = Some(stamp);
        let name: Arc<str> = state.group.as_deref().unwrap_or_default().into();
        let until_ms = state.received.as_ref().map(|received| received.visible_ms);
        if let Some(until_ms) = until_ms {
            self.in_flight.add(until_ms, 1);
        }
        let slot = Slot { enqueued_ms: state.enqueued_ms, until_ms, version };
        self.groups.entry(name.clone()).or_default().messages.insert(stamp, slot);
        self.loaded += 1;
        self.look(&name);
    }

    /// Claims up to `max` messages: as many of one group as possible, then of the next.
    pub fn choose(&mut self, max: usize) -> Vec<Next> {
        self.wake_due();
        let mut chosen = Vec::with_capacity(max);
        while chosen.len() < max {
            let Some(name) = self.ready.pop_front() else { break };
            let Some(group) = self.groups.get_mut(&name) else { continue };
            group.turn = Turn::None;
            let rules = self.rules;
            let before = chosen.len();
            for (stamp, slot) in &group.messages {
                if chosen.len() == max || slot.waits_until(rules).is_some() {
                    break;
                }
                if slot.enqueued_ms > rules.expired_ms {
                    chosen.push(Next { group: name.clone(), stamp: *stamp, enqueued_ms: slot.enqueued_ms });
                }
            }
            if chosen.len() > before {
                group.claimed = true;
            } else {
                self.look(&name);
            }
        }
        chosen
    }

    fn wake_due(&mut self) {
        while let Some((_, name)) = self.waiting.first().filter(|(at, _)| *at <= self.rules.now_ms).cloned() {
            self.look(&name);
        }
    }

    /// Finds out whose turn a group's is: among the ready, the waiting, or nobody's.
    fn look(&mut self, name: &Arc<str>) {
        let Some(group) = self.groups.get_mut(name) else { return };
        if group.claimed {
            return;
        }
        let turn = match group.look(self.rules) {
            Look::Empty => Turn::None,
            Look::Ready => Turn::Ready,
            Look::Waits(until_ms) => Turn::Waiting(until_ms),
        };
        if group.messages.is_empty() && group.turn != Turn::Ready {
            if let Turn::Waiting(at) = group.turn {
                self.waiting.remove(&(at, name.clone()));
            }
            self.groups.remove(name);
            return;
        }
        // A ready group stays in its place; the receive that comes to it looks again.
        if turn == group.turn || group.turn == Turn::Ready {
            return;
        }
        if let Turn::Waiting(at) = group.turn {
            self.waiting.remove(&(at, name.clone()));
        }
        match turn {
            Turn::None => {}
            Turn::Ready => self.ready.push_back(name.clone()),
            Turn::Waiting(at) => {
                self.waiting.insert((at, name.clone()));
            }
        }
        group.turn = turn;
    }

    /// A message's time in flight is now until `until_ms`; it was until `before_ms`.
    pub fn hidden(
        &mut self,
        name: &Arc<str>,
        stamp: Stamp,
        before_ms: Option<i64>,
        until_ms: i64,
        version: u64,
    ) {
        let slot = self.groups.get_mut(name).and_then(|group| group.messages.get_mut(&stamp));
        let Some(slot) = slot.filter(|slot| slot.version < version) else { return };
        if let Some(before_ms) = slot.until_ms.or(before_ms) {
            self.in_flight.add(before_ms, -1);
        }
        self.in_flight.add(until_ms, 1);
        slot.until_ms = Some(until_ms);
        slot.version = version;
        self.look(name);
    }

    /// A message is not there any more.
    pub fn removed(&mut self, name: &Arc<str>, stamp: Stamp) {
        let Some(group) = self.groups.get_mut(name) else { return };
        if let Some(slot) = group.messages.remove(&stamp) {
            self.loaded -= 1;
            if let Some(until_ms) = slot.until_ms {
                self.in_flight.add(until_ms, -1);
            }
        }
        self.look(name);
    }

    /// A receive is over.
    pub fn release(&mut self, name: &Arc<str>, now_ms: i64) {
        self.rules.expired_ms += now_ms - self.rules.now_ms;
        self.rules.now_ms = now_ms;
        if let Some(group) = self.groups.get_mut(name) {
            group.claimed = false;
        }
        self.look(name);
    }

    /// Whether another receive would find something at once.
    pub fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// When the next group is ready.
    pub fn next_due(&self) -> Option<i64> {
        self.waiting.first().map(|(at, _)| *at)
    }
}

impl Group {
    fn look(&self, rules: Rules) -> Look {
        for slot in self.messages.values() {
            if let Some(until_ms) = slot.waits_until(rules) {
                return Look::Waits(until_ms);
            }
            if slot.enqueued_ms > rules.expired_ms {
                return Look::Ready;
            }
        }
        Look::Empty
    }
}

impl Slot {
    /// A message in flight holds up all behind it. A delayed one has only younger ones behind it, which are delayed
    /// as well, because a FIFO queue has one delay for all.
    fn waits_until(&self, rules: Rules) -> Option<i64> {
        let visible_ms = self.until_ms.unwrap_or(self.enqueued_ms + rules.delay_ms);
        (visible_ms > rules.now_ms).then_some(visible_ms)
    }
}
