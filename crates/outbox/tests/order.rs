//! Deliveries of one order are made one after the other, as they were committed.

mod common;

use std::time::Duration;

use common::*;
use outbox::{Delivery, Policy};

#[tokio::test]
async fn as_committed_across_and_within_transactions() {
    let world = world();
    let answers = Answers::default();
    for n in 0..20 {
        world.put_all((0..5).map(|m| in_order("o", &format!("{n:02}{m}")))).await;
    }
    world.work(policy(), &answers);
    quiet().await;
    let expected: Vec<String> = (0..20).flat_map(|n| (0..5).map(move |m| format!("{n:02}{m}"))).collect();
    assert_eq!(answers.payloads(), expected);
    assert_eq!((world.counts(), world.rows()), ((0, 0), 0));
}

#[tokio::test]
async fn a_failing_one_holds_those_behind_it_and_nobody_else() {
    let world = world();
    let answers = Answers::default();
    answers.fail("a1", 2);
    world.work(policy(), &answers);
    world.put_all([in_order("a", "a1"), in_order("a", "a2"), in_order("b", "b1"), delivery("c")]).await;
    quiet().await;
    let mut first = answers.payloads();
    first.sort();
    assert_eq!(first, ["a1", "b1", "c"]);
    // Arrivals do not make it any earlier.
    world.put(in_order("a", "a3")).await;
    world.advance(999).await;
    assert_eq!(answers.seen(), []);
    world.advance(1).await;
    assert_eq!(answers.seen(), [(1_000, "a1".into(), 2)]);
    world.advance(2_000).await;
    assert_eq!(answers.payloads(), ["a1", "a2", "a3"]);
    assert_eq!((world.counts(), world.rows()), ((0, 0), 0));
}

#[tokio::test]
async fn parking_frees_those_behind_and_unparking_puts_last() {
    let world = world();
    let answers = Answers::default();
    answers.fail("1", 2);
    world.put_all(["1", "2"].map(|n| in_order("o", n))).await;
    let worker = world.work(Policy { attempts_max: 2, ..policy() }, &answers);
    quiet().await;
    world.advance(1_000).await;
    assert_eq!(answers.payloads(), ["1", "1", "2"]);
    worker.abort();
    quiet().await;
    world.put(in_order("o", "3")).await;
    let parked = world.outbox.parked(ACCOUNT, REGION, KIND, None, 10).unwrap();
    assert_eq!(parked[0].order.as_deref(), Some(&b"o"[..]));
    let mut tx = world.store.begin();
    world.outbox.unpark(&mut tx, ACCOUNT, REGION, KIND, parked[0].id).unwrap();
    tx.commit().await.unwrap();
    world.work(policy(), &answers);
    quiet().await;
    assert_eq!(answers.payloads(), ["3", "1"]);
    assert_eq!((world.counts(), world.rows()), ((0, 0), 0));
}

#[tokio::test]
async fn one_that_is_not_due_holds_those_behind_it() {
    let world = world();
    let answers = Answers::default();
    world.work(policy(), &answers);
    let later = Delivery { due: Some(START.plus(Duration::from_secs(60))), ..in_order("o", "later") };
    world.put(later).await;
    world.put(in_order("o", "now")).await;
    world.advance(59_999).await;
    assert_eq!(answers.seen(), []);
    world.advance(1).await;
    assert_eq!(answers.payloads(), ["later", "now"]);
    assert_eq!((world.counts(), world.rows()), ((0, 0), 0));
}

#[tokio::test]
async fn a_long_order_does_not_keep_others_waiting() {
    let world = world();
    let answers = Answers::default();
    world.put_all((0..500).map(|n| in_order("long", &format!("long {n}")))).await;
    world.clock.advance(Duration::from_millis(10));
    world.put_all([delivery("short"), in_order("z", "z")]).await;
    world.work(Policy { concurrency: 1, ..policy() }, &answers);
    for _ in 0..100 {
        quiet().await;
        world.clock.advance(Duration::from_millis(1));
    }
    let payloads = answers.payloads();
    assert_eq!(payloads.len(), 502);
    for other in ["short", "z"] {
        let place = payloads.iter().position(|payload| payload == other).unwrap();
        assert!(place < 100, "{other} came after {place} of a long order");
    }
}
