//! Random operations on a queue, and on a model of one that is as simple as can be.

#![allow(clippy::disallowed_methods)]

mod common;

use common::*;
use model_sqs::ops::*;
use model_sqs::types::*;
use proptest::prelude::*;
use sqs::Limits;

#[derive(Clone, Debug)]
enum Step {
    Send {
        group: u8,
        delay: u8,
    },
    Receive {
        max: u8,
        timeout: u8,
    },
    /// Of the handle with this number, counted from the latest.
    Delete(u8),
    Hide {
        handle: u8,
        timeout: u8,
    },
    Advance(u8),
    Purge,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..3u8, prop_oneof![3 => Just(0u8), 1 => 1..20u8]).prop_map(|(group, delay)| Step::Send { group, delay }),
        6 => (1..=10u8, 0..20u8).prop_map(|(max, timeout)| Step::Receive { max, timeout }),
        4 => (0..8u8).prop_map(Step::Delete),
        3 => (0..8u8, 0..20u8).prop_map(|(handle, timeout)| Step::Hide { handle, timeout }),
        4 => (1..15u8).prop_map(Step::Advance),
        1 => Just(Step::Purge),
        1 => Just(Step::Restart),
    ]
}

const MAX_RECEIVES: u32 = 4;
const RETENTION_S: i64 = 60;

#[derive(Clone, Debug)]
struct Held {
    number: usize,
    group: u8,
    enqueued: i64,
    visible: i64,
    receives: u32,
    /// The number of the receive whose handle is good.
    receive: Option<usize>,
}

/// A queue as the documentation tells it; times in seconds.
#[derive(Default)]
struct Model {
    fifo: bool,
    now: i64,
    held: Vec<Held>,
    dead: Vec<usize>,
    sent: usize,
    receives: usize,
    purged: Option<i64>,
    /// Handles: text, number of the message and of the receive.
    handles: Vec<(String, usize, usize)>,
}

impl Model {
    fn expire(&mut self) {
        let now = self.now;
        self.held.retain(|held| held.enqueued + RETENTION_S > now);
    }

    /// Which messages a receive may give: all that are visible and, in a FIFO queue, have none in flight before them.
    fn receivable(&self) -> Vec<usize> {
        let free = |i: usize| {
            let held = &self.held[i];
            held.visible <= self.now
                && !(self.fifo
                    && self.held[..i].iter().any(|other| {
                        other.group == held.group && other.receive.is_some() && other.visible > self.now
                    }))
        };
        (0..self.held.len()).filter(|i| free(*i)).map(|i| self.held[i].number).collect()
    }

    fn get(&mut self, number: usize) -> Option<&mut Held> {
        self.held.iter_mut().find(|held| held.number == number)
    }

    fn counts(&self) -> (i64, i64, i64) {
        let count = |test: &dyn Fn(&Held) -> bool| self.held.iter().filter(|held| test(held)).count() as i64;
        let now = self.now;
        (
            count(&|held| held.visible <= now),
            count(&|held| held.visible > now && held.receive.is_some()),
            count(&|held| held.visible > now && held.receive.is_none()),
        )
    }
}

async fn run(fifo: bool, steps: Vec<Step>) {
    let mut w = World::new();
    let (name, dlq) = if fifo { ("q.fifo", "dlq.fifo") } else { ("q", "dlq") };
    let mut attributes = vec![("MessageRetentionPeriod", "60")];
    if fifo {
        attributes.push(("FifoQueue", "true"));
    }
    w.create(dlq, if fifo { &[("FifoQueue", "true")] } else { &[] }).await;
    let redrive = w.redrive(dlq, MAX_RECEIVES);
    attributes.push(("RedrivePolicy", &redrive));
    let q = w.create(name, &attributes).await;
    let mut model = Model { fifo, ..Default::default() };
    for step in steps {
        model.expire();
        apply(&mut w, &q, dlq, &mut model, &step).await;
        model.expire();
        assert_eq!(w.counts(&q).await, model.counts(), "after {step:?}");
    }
    // Whatever is left comes out in the end, once.
    w.advance(30);
    model.now += 30;
    model.expire();
    let mut left: Vec<usize> = model.held.iter().map(|held| held.number).collect();
    let dead_before = model.dead.len();
    for _ in 0..left.len() + 1 {
        receive(&w, &q, &mut model, 10, 1000).await;
    }
    left.retain(|number| !model.dead[dead_before..].contains(number));
    if fifo {
        // A group is locked by its first message; the others count as visible.
        let flying = model.held.iter().filter(|held| held.visible > model.now).count();
        assert!(left.is_empty() || flying > 0);
    } else {
        assert!(model.held.iter().all(|held| held.visible > model.now), "{:?}", model.held);
    }
    assert_eq!(w.counts(dlq).await.0 as usize, model.dead.len());
}

async fn apply(w: &mut World, q: &str, dlq: &str, model: &mut Model, step: &Step) {
    match step {
        Step::Send { group, delay } => {
            let number = model.sent;
            model.sent += 1;
            let delay = if model.fifo { 0 } else { *delay };
            let mut input = message(q, &number.to_string());
            if model.fifo {
                input = fifo_message(q, &group.to_string(), &number.to_string(), &number.to_string());
            } else {
                input.delay_seconds = Some(delay.into());
            }
            w.run::<SendMessage>(input).await.unwrap();
            let visible = model.now + i64::from(delay);
            let (group, enqueued) = (*group, model.now);
            model.held.push(Held { number, group, enqueued, visible, receives: 0, receive: None });
        }
        Step::Receive { max, timeout } => receive(w, q, model, *max, (*timeout).into()).await,
        Step::Delete(back) => {
            let Some((text, number, receive)) = pick(model, *back) else { return };
            let outcome = w.delete(q, &text).await;
            let (now, fifo) = (model.now, model.fifo);
            let held = model.get(number);
            let latest = held.as_ref().is_some_and(|held| held.receive == Some(receive));
            let flying = held.as_ref().is_some_and(|held| held.visible > now);
            if fifo && held.is_some() && !(latest && flying) {
                assert_eq!(refusal(outcome).0, INVALID);
            } else {
                // A message that has expired may be swept or not; its FIFO handle is then expired or harmless.
                if held.is_some() || !fifo {
                    outcome.unwrap();
                }
                if latest {
                    model.held.retain(|held| held.number != number);
                }
            }
        }
        Step::Hide { handle, timeout } => {
            let Some((text, number, receive)) = pick(model, *handle) else { return };
            let outcome = w.hide(q, &text, (*timeout).into()).await;
            let (now, fifo) = (model.now, model.fifo);
            match model.get(number) {
                Some(held) if held.receive == Some(receive) && (!fifo || held.visible > now) => {
                    outcome.unwrap();
                    held.visible = now + i64::from(*timeout);
                }
                _ => assert_eq!(refusal(outcome).0, INVALID),
            }
        }
        Step::Advance(secs) => {
            w.advance((*secs).into());
            model.now += i64::from(*secs);
        }
        Step::Purge => {
            let outcome = w.purge(q).await;
            if model.purged.is_some_and(|at| at + 60 > model.now) {
                assert!(outcome.is_err());
            } else {
                outcome.unwrap();
                model.purged = Some(model.now);
                model.held.clear();
            }
        }
        Step::Restart => {
            // Memory is gone, the store is not.
            *w = World::over(w.store.clone(), w.clock.clone(), Limits::default());
            assert_eq!(w.counts(dlq).await.0 as usize, model.dead.len());
        }
    }
}

fn pick(model: &Model, back: u8) -> Option<(String, usize, usize)> {
    model.handles.iter().rev().nth(back.into()).cloned()
}

async fn receive(w: &World, q: &str, model: &mut Model, max: u8, timeout: i32) {
    let may = model.receivable();
    let taken = w.receive_for(q, max.into(), timeout).await;
    assert!(taken.len() <= usize::from(max));
    // What has been received too often leaves the queue; the others may be given.
    let (worn, good): (Vec<_>, Vec<_>) = may
        .iter()
        .partition(|number| model.held.iter().any(|h| h.number == **number && h.receives >= MAX_RECEIVES));
    let given: Vec<usize> = taken.iter().map(|message| body(message).parse().unwrap()).collect();
    assert!(given.iter().all(|number| good.contains(&number)), "{given:?} of {good:?}");
    let now_dead = w.counts(&dlq_of(q)).await.0 as usize - model.dead.len();
    assert!(now_dead <= worn.len());
    // A dead letter takes a place in the answer; an answer is empty only when there is nothing.
    if taken.is_empty() || given.len() + now_dead < usize::from(max) {
        assert_eq!((given.len(), now_dead), (good.len(), worn.len()), "nothing receivable is left behind");
    }
    // Which of the worn went is seen in the model by order: FIFO groups move from their heads, standard by visibility.
    if now_dead == worn.len() {
        model.dead.extend(worn.iter().copied().copied());
        model.held.retain(|held| !worn.contains(&&held.number));
    } else {
        let gone = dead_numbers(w, q).await;
        let fresh: Vec<usize> = gone.into_iter().filter(|number| !model.dead.contains(number)).collect();
        assert_eq!(fresh.len(), now_dead);
        model.held.retain(|held| !fresh.contains(&held.number));
        model.dead.extend(fresh);
    }
    if model.fifo {
        for group in 0..3 {
            let of_group: Vec<_> = given
                .iter()
                .filter(|n| model.held.iter().any(|h| h.number == **n && h.group == group))
                .collect();
            assert!(of_group.is_sorted());
            let first = model.held.iter().filter(|h| h.group == group).map(|h| h.number);
            assert!(of_group.into_iter().copied().eq(first.take(given_in(&given, model, group))));
        }
    }
    for (message, number) in taken.iter().zip(given) {
        let receive = model.receives;
        model.receives += 1;
        let now = model.now;
        let held = model.get(number).unwrap();
        held.receives += 1;
        held.receive = Some(receive);
        held.visible = now + i64::from(timeout);
        let count = held.receives;
        assert_eq!(system(message, "ApproximateReceiveCount"), count.to_string());
        model.handles.push((handle(message).to_owned(), number, receive));
    }
}

fn given_in(given: &[usize], model: &Model, group: u8) -> usize {
    given.iter().filter(|n| model.held.iter().any(|h| h.number == **n && h.group == group)).count()
}

fn dlq_of(q: &str) -> String {
    if q.ends_with(".fifo") { "dlq.fifo".into() } else { "dlq".into() }
}

/// The numbers of all dead letters, looked at and given back.
async fn dead_numbers(w: &World, q: &str) -> Vec<usize> {
    let dlq = dlq_of(q);
    let mut taken: Vec<Message> = Vec::new();
    loop {
        let more = w.receive_for(&dlq, 10, 1000).await;
        if more.is_empty() {
            break;
        }
        taken.extend(more);
    }
    for message in &taken {
        w.hide(&dlq, handle(message), 0).await.unwrap();
    }
    taken.iter().map(|message| body(message).parse().unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_standard_queue_is_as_its_model(steps in proptest::collection::vec(step(), 1..80)) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run(false, steps));
    }

    #[test]
    fn a_fifo_queue_is_as_its_model(steps in proptest::collection::vec(step(), 1..80)) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run(true, steps));
    }
}
