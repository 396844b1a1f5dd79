//! An outbox in memory under a clock that stands still, and handlers that write down what they get.

#![allow(dead_code, reason = "each test file uses a part of this")]

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kernel::{Clock, Timestamp};
use outbox::{Delivered, Delivery, Outbox, Outcome, Policy};
use parking_lot::Mutex;
use store::{KeyRange, RangeOptions, Store};
use tokio::task::JoinHandle;

pub const KIND: &str = "test";
pub const ACCOUNT: &str = "000000000001";
pub const REGION: &str = "eu-west-1";

/// When the tests begin.
pub const START: Timestamp = Timestamp::from_secs(1_800_000_000);

pub struct World {
    pub store: Store,
    pub clock: Clock,
    pub outbox: Outbox,
}

pub fn world() -> World {
    let store = Store::in_memory(store::Options::default());
    let clock = Clock::frozen(START);
    World { outbox: Outbox::new(store.clone(), clock.clone()), store, clock }
}

pub fn delivery(payload: &str) -> Delivery {
    Delivery {
        account: ACCOUNT.into(),
        region: REGION.into(),
        kind: KIND,
        order: None,
        due: None,
        payload: Bytes::copy_from_slice(payload.as_bytes()),
        name: None,
    }
}

pub fn in_order(order: &str, payload: &str) -> Delivery {
    Delivery { order: Some(Bytes::copy_from_slice(order.as_bytes())), ..delivery(payload) }
}

pub fn timer(name: &str, due_secs: u64, payload: &str) -> Delivery {
    Delivery {
        name: Some(name.into()),
        due: Some(START.plus(Duration::from_secs(due_secs))),
        ..delivery(payload)
    }
}

impl World {
    pub async fn put(&self, delivery: Delivery) {
        self.put_all([delivery]).await;
    }

    /// Puts all of them in one transaction.
    pub async fn put_all(&self, deliveries: impl IntoIterator<Item = Delivery>) {
        let mut tx = self.store.begin();
        for delivery in deliveries {
            self.outbox.put(&mut tx, delivery).unwrap();
        }
        tx.commit().await.unwrap();
    }

    pub async fn advance(&self, ms: u64) {
        self.clock.advance(Duration::from_millis(ms));
        quiet().await;
    }

    pub fn secs(&self) -> u64 {
        self.clock.now().since(START).as_secs()
    }

    /// Starts a worker whose handler answers as `answers` says.
    pub fn work(&self, policy: Policy, answers: &Answers) -> JoinHandle<()> {
        let (answers, clock) = (answers.clone(), self.clock.clone());
        tokio::spawn(self.outbox.run(KIND, policy, move |delivered| {
            let (answers, clock) = (answers.clone(), clock.clone());
            async move { answers.answer(delivered, clock.now()) }
        }))
    }

    /// Everything the outbox has stored but its counters.
    pub fn rows(&self) -> usize {
        let page = self.store.snapshot().range(KeyRange::all(), RangeOptions::default()).unwrap();
        let counter = |key: &[u8]| {
            [&b"\x02\0\x02\0\x02outbox\0\x02n"[..], &b"\x02\0\x02\0\x02outbox\0\x02k"[..]]
                .iter()
                .any(|prefix| key.starts_with(prefix))
        };
        page.entries.iter().filter(|(key, _)| !counter(key)).count()
    }

    pub fn counts(&self) -> (u64, u64) {
        let counts = self.outbox.counts(KIND).unwrap();
        (counts.pending, counts.parked)
    }
}

/// Lets everything run that can. On the memory engine and one thread, what does not happen in so many turns waits for
/// something.
pub async fn quiet() {
    for _ in 0..500 {
        tokio::task::yield_now().await;
    }
}

/// What a handler answers, and what it got.
#[derive(Clone, Default)]
pub struct Answers(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// How often each payload still fails; the others do not.
    failures: HashMap<String, u32>,
    seen: Vec<(u64, String, u32)>,
}

impl Answers {
    /// The handler will fail so often with this payload.
    pub fn fail(&self, payload: &str, times: u32) {
        self.0.lock().failures.insert(payload.into(), times);
    }

    fn answer(&self, delivered: Delivered, now: Timestamp) -> Outcome {
        let payload = String::from_utf8(delivered.payload.to_vec()).unwrap();
        let mut state = self.0.lock();
        let ms = now.since(START).as_millis() as u64;
        state.seen.push((ms, payload.clone(), delivered.attempt));
        match state.failures.get_mut(&payload) {
            Some(left) if *left > 0 => {
                *left -= 1;
                Outcome::Retry(format!("{payload} fails"))
            }
            _ => Outcome::Done,
        }
    }

    /// What the handler got since the last call: when (ms from the start), which payload, and the attempt.
    pub fn seen(&self) -> Vec<(u64, String, u32)> {
        std::mem::take(&mut self.0.lock().seen)
    }

    /// The same, only the payloads.
    pub fn payloads(&self) -> Vec<String> {
        self.seen().into_iter().map(|(_, payload, _)| payload).collect()
    }
}

pub fn policy() -> Policy {
    Policy {
        concurrency: 4,
        time_limit: Duration::from_secs(30),
        first_pause: Duration::from_secs(1),
        pause_max: Duration::from_secs(8),
        attempts_max: 6,
        age_max: Duration::from_secs(3_600),
    }
}
