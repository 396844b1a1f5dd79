//! Random deliveries, failures, pauses and ends of workers against a simple model: nothing is lost, nothing comes back,
//! and every order is kept.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use common::*;
use outbox::{Delivered, Delivery, Outcome, Policy};
use parking_lot::Mutex;
use proptest::collection::vec;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    /// One transaction with these.
    Put(Vec<Plan>),
    /// Time passes, in milliseconds.
    Advance(u64),
    /// A worker ends where it is, after so many turns, and another begins.
    Crash(u8),
}

/// A delivery and what comes of it.
#[derive(Clone, Debug)]
struct Plan {
    place: Place,
    due_ms: Option<u64>,
    failures: u32,
    /// Turns its handler takes.
    turns: u8,
}

#[derive(Clone, Debug)]
enum Place {
    Alone,
    Order(u8),
    Timer,
}

const ATTEMPTS_MAX: u32 = 3;

fn plan() -> impl Strategy<Value = Plan> {
    let place = prop_oneof![
        2 => Just(Place::Alone),
        3 => (0..3u8).prop_map(Place::Order),
        1 => Just(Place::Timer),
    ];
    let due_ms = proptest::option::weighted(0.3, 0..20_000u64);
    (place, due_ms, 0..ATTEMPTS_MAX + 1, 0..20u8).prop_map(|(place, due_ms, failures, turns)| Plan {
        place,
        due_ms,
        failures,
        turns,
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => vec(plan(), 1..5).prop_map(Step::Put),
        2 => (0..5_000u64).prop_map(Step::Advance),
        1 => (0..60u8).prop_map(Step::Crash),
    ]
}

/// What handlers have met.
#[derive(Default)]
struct Log {
    plans: BTreeMap<u64, Plan>,
    /// Every attempt that began: when, which, its number, and the order of those that are now under way.
    attempts: Vec<(u64, u64, u32)>,
    under_way: Vec<String>,
    overlaps: u32,
}

/// Takes note of an attempt's end, however that comes about.
struct UnderWay(Arc<Mutex<Log>>, Option<String>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(order) = &self.1 {
            self.0.lock().under_way.retain(|other| other != order);
        }
    }
}

fn begin(world: &World, log: &Arc<Mutex<Log>>) -> Vec<tokio::task::JoinHandle<()>> {
    let policy = Policy { concurrency: 3, attempts_max: ATTEMPTS_MAX, ..policy() };
    let worker = |_| {
        let (log, clock) = (log.clone(), world.clock.clone());
        tokio::spawn(world.outbox.run(KIND, policy.clone(), move |delivered: Delivered| {
            let (log, clock) = (log.clone(), clock.clone());
            async move {
                let number: u64 = std::str::from_utf8(&delivered.payload).unwrap().parse().unwrap();
                let order = delivered.order.map(|order| String::from_utf8(order.to_vec()).unwrap());
                let (plan, _under_way) = {
                    let mut state = log.lock();
                    let ms = clock.now().since(START).as_millis() as u64;
                    state.attempts.push((ms, number, delivered.attempt));
                    if let Some(order) = &order {
                        state.overlaps += u32::from(state.under_way.contains(order));
                        state.under_way.push(order.clone());
                    }
                    (state.plans[&number].clone(), UnderWay(log.clone(), order))
                };
                for _ in 0..plan.turns {
                    tokio::task::yield_now().await;
                }
                if delivered.attempt <= plan.failures {
                    return Outcome::Retry("planned".into());
                }
                Outcome::done_in(move |tx| {
                    tx.add_i64(format!("done {number}"), 1);
                    Ok(())
                })
            }
        }))
    };
    // Two, for what they may do to one another.
    (0..2).map(worker).collect()
}

async fn story(steps: Vec<Step>) {
    let world = world();
    let log: Arc<Mutex<Log>> = Arc::default();
    let mut workers = begin(&world, &log);
    let mut number = 0;
    let mut orders: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let mut dues: BTreeMap<u64, u64> = BTreeMap::new();
    for step in steps {
        match step {
            Step::Put(plans) => {
                let mut deliveries = Vec::new();
                for plan in plans {
                    number += 1;
                    let now_ms = world.clock.now().since(START).as_millis() as u64;
                    let due_ms = plan.due_ms.map(|after_ms| now_ms + after_ms);
                    let mut delivery = Delivery {
                        due: due_ms.map(|ms| START.plus(Duration::from_millis(ms))),
                        ..delivery(&number.to_string())
                    };
                    match &plan.place {
                        Place::Alone => {}
                        // A timer's name is its own here: replacing has tests of its own.
                        Place::Timer => delivery.name = Some(number.to_string()),
                        Place::Order(order) => {
                            delivery.order = Some(vec![*order].into());
                            orders.entry(String::from(char::from(*order))).or_default().push(number);
                        }
                    }
                    dues.insert(number, due_ms.unwrap_or(now_ms));
                    log.lock().plans.insert(number, plan);
                    deliveries.push(delivery);
                }
                world.put_all(deliveries).await;
            }
            Step::Advance(ms) => world.clock.advance(Duration::from_millis(ms)),
            Step::Crash(turns) => {
                for _ in 0..turns {
                    tokio::task::yield_now().await;
                }
                workers.iter().for_each(|worker| worker.abort());
                workers = begin(&world, &log);
            }
        }
    }
    // Every order may have to wait for each of its deliveries in turn.
    for _ in 0..400 {
        if world.counts().0 == 0 {
            break;
        }
        quiet().await;
        world.clock.advance(Duration::from_millis(1_000));
    }
    quiet().await;

    let log = log.lock();
    let given_up: BTreeSet<u64> =
        log.plans.iter().filter(|(_, plan)| plan.failures >= ATTEMPTS_MAX).map(|(n, _)| *n).collect();
    let mut parked = BTreeSet::new();
    let mut after = None;
    loop {
        let page = world.outbox.parked(ACCOUNT, REGION, KIND, after, 7).unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        parked.extend(
            page.iter().map(|parked| std::str::from_utf8(&parked.payload).unwrap().parse::<u64>().unwrap()),
        );
    }
    assert_eq!(parked, given_up, "parked");
    let count = |number| {
        let value = world.store.snapshot().get(format!("done {number}").as_bytes()).unwrap();
        value.map_or(0, |value| i64::from_le_bytes(value[..].try_into().unwrap()))
    };
    for number in log.plans.keys() {
        assert_eq!(count(*number), i64::from(!given_up.contains(number)), "effects of {number}");
    }
    let done = log.plans.len() - given_up.len();
    assert_eq!(world.counts(), (0, given_up.len() as u64));
    assert_eq!(world.rows(), done + given_up.len(), "nothing else is left");
    assert_eq!(log.overlaps, 0, "two of one order at once");
    for (ms, number, attempt) in &log.attempts {
        assert!(*ms >= dues[number], "attempt {attempt} of {number} came before its time");
    }
    for (order, numbers) in orders {
        let of_order: Vec<u64> =
            log.attempts.iter().map(|(_, number, _)| *number).filter(|n| numbers.contains(n)).collect();
        assert!(of_order.is_sorted(), "order {order:?}: {of_order:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_and_orders_are_kept(steps in vec(step(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(story(steps));
    }
}
