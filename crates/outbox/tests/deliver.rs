//! Deliveries and timers are made when they are due, once, and within the limits.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::*;
use outbox::{Delivery, LABEL_BYTES_MAX, Outcome, PAYLOAD_BYTES_MAX, Policy, PutError};
use tokio::sync::Semaphore;

#[tokio::test]
async fn at_once_after_the_commit_and_only_then() {
    let world = world();
    let answers = Answers::default();
    world.put(delivery("before the worker")).await;
    world.work(policy(), &answers);
    quiet().await;
    assert_eq!(answers.seen(), [(0, "before the worker".into(), 1)]);

    let mut tx = world.store.begin();
    world.outbox.put(&mut tx, delivery("undone")).unwrap();
    quiet().await;
    drop(tx);
    world.put_all([delivery("a"), delivery("b"), in_order("o", "c"), in_order("o", "d")]).await;
    quiet().await;
    let mut payloads = answers.payloads();
    payloads.sort();
    assert_eq!(payloads, ["a", "b", "c", "d"]);
    assert_eq!((world.counts(), world.rows()), ((0, 0), 0));
}

#[tokio::test]
async fn when_due_to_the_millisecond_in_order_of_time() {
    let world = world();
    let answers = Answers::default();
    world.work(policy(), &answers);
    let at =
        |ms: u64, payload| Delivery { due: Some(START.plus(Duration::from_millis(ms))), ..delivery(payload) };
    world.put_all([at(5_000, "second"), at(2_000, "first"), at(40 * 86_400_000, "last")]).await;
    quiet().await;
    world.advance(1_999).await;
    assert_eq!(answers.seen(), []);
    world.advance(1).await;
    assert_eq!(answers.seen(), [(2_000, "first".into(), 1)]);
    world.advance(3_000).await;
    assert_eq!(answers.seen(), [(5_000, "second".into(), 1)]);
    assert_eq!(world.outbox.lateness(KIND).unwrap(), Duration::ZERO);
    world.advance(50 * 86_400_000).await;
    assert_eq!(answers.payloads(), ["last"]);
    assert_eq!((world.counts(), world.rows()), ((0, 0), 0));
}

#[tokio::test]
async fn a_timer_is_replaced_by_its_name_and_cancelled() {
    let world = world();
    let answers = Answers::default();
    world.work(policy(), &answers);
    world.put(timer("a", 10, "early")).await;
    world.put(timer("a", 20, "late")).await;
    world.put(timer("b", 15, "other")).await;
    let other_account = Delivery { account: "2".into(), ..timer("a", 12, "another account") };
    world.put(other_account).await;
    assert_eq!(world.counts(), (3, 0));
    assert_eq!(world.outbox.counts_of(ACCOUNT, REGION, KIND).unwrap().pending, 2);
    let cancel = async |name: &str| {
        let mut tx = world.store.begin();
        let was = world.outbox.cancel(&mut tx, ACCOUNT, REGION, KIND, name).unwrap();
        tx.commit().await.unwrap();
        was
    };
    assert!(cancel("b").await && !cancel("b").await);
    for _ in 0..30 {
        world.advance(1_000).await;
    }
    assert_eq!(answers.seen(), [(12_000, "another account".into(), 1), (20_000, "late".into(), 1)]);
    assert_eq!((world.counts(), world.rows()), ((0, 0), 0));
}

#[tokio::test]
async fn a_timer_set_anew_while_it_is_handled_fires_again() {
    let world = world();
    let (gate, began) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
    let handler = {
        let (gate, began) = (gate.clone(), began.clone());
        move |_| {
            let (gate, began) = (gate.clone(), began.clone());
            async move {
                began.fetch_add(1, Ordering::Relaxed);
                gate.acquire().await.unwrap().forget();
                Outcome::Done
            }
        }
    };
    tokio::spawn(world.outbox.run(KIND, policy(), handler));
    for (put_anew_due, expected) in [(0, 2), (5, 4)] {
        let due = world.secs();
        world.put(timer("t", due, "one")).await;
        quiet().await;
        world.put(timer("t", due + put_anew_due, "two")).await;
        quiet().await;
        assert_eq!(began.load(Ordering::Relaxed), expected - 1, "one handler of a name at a time");
        gate.add_permits(2);
        world.advance(put_anew_due * 1_000).await;
        assert_eq!(began.load(Ordering::Relaxed), expected);
        assert_eq!((world.counts(), world.rows()), ((0, 0), 0));
    }
}

#[tokio::test]
async fn kinds_do_not_meet() {
    let world = world();
    let answers = Answers::default();
    world.work(policy(), &answers);
    world.put(Delivery { kind: "other", ..delivery("x") }).await;
    quiet().await;
    assert_eq!(answers.seen(), []);
    assert_eq!((world.counts(), world.outbox.counts("other").unwrap().pending), ((0, 0), 1));
    world.advance(7_000).await;
    assert_eq!(world.outbox.lateness("other").unwrap(), Duration::from_secs(7));
}

#[tokio::test]
async fn no_more_at_once_than_allowed() {
    let world = world();
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let gate = Arc::new(Semaphore::new(0));
    let handler = {
        let (now, most, gate) = (now.clone(), most.clone(), gate.clone());
        move |_| {
            let (now, most, gate) = (now.clone(), most.clone(), gate.clone());
            async move {
                most.fetch_max(now.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                gate.acquire().await.unwrap().forget();
                now.fetch_sub(1, Ordering::Relaxed);
                Outcome::Done
            }
        }
    };
    tokio::spawn(world.outbox.run(KIND, Policy { concurrency: 7, ..policy() }, handler));
    world.put_all((0..200).map(|n| delivery(&n.to_string()))).await;
    quiet().await;
    assert_eq!(now.load(Ordering::Relaxed), 7);
    for _ in 0..50 {
        gate.add_permits(4);
        quiet().await;
    }
    assert_eq!((most.load(Ordering::Relaxed), now.load(Ordering::Relaxed)), (7, 0));
    assert_eq!((world.counts(), world.rows()), ((0, 0), 0));
}

#[tokio::test]
async fn ten_thousand_of_many_accounts_each_once() {
    let world = world();
    let answers = Answers::default();
    let expected: Vec<String> = (0..10_000).map(|n| format!("{n:05}")).collect();
    for part in expected.chunks(500) {
        let of = |payload: &String| Delivery { account: payload[2..].into(), ..delivery(payload) };
        world.put_all(part.iter().map(of)).await;
    }
    assert_eq!(world.counts(), (10_000, 0));
    for _ in 0..2 {
        world.work(Policy { concurrency: 32, ..policy() }, &answers);
    }
    let mut payloads = Vec::new();
    for _ in 0..1_000 {
        quiet().await;
        payloads.extend(answers.payloads());
        if world.counts().0 == 0 {
            break;
        }
    }
    payloads.sort();
    assert!(payloads == expected, "{} of {}", payloads.len(), expected.len());
    assert_eq!((world.counts(), world.rows()), ((0, 0), 0));
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let world = world();
    let mut tx = world.store.begin();
    let mut refused = |delivery: Delivery| world.outbox.put(&mut tx, delivery).unwrap_err();
    let long = "x".repeat(PAYLOAD_BYTES_MAX + 1);
    assert!(matches!(refused(delivery(&long)), PutError::TooLarge { what: "payload", .. }));
    let long = "x".repeat(LABEL_BYTES_MAX + 1);
    assert!(matches!(refused(in_order(&long, "")), PutError::TooLarge { what: "order", .. }));
    assert!(matches!(refused(timer(&long, 0, "")), PutError::TooLarge { what: "name", .. }));
    let both = Delivery { name: Some("n".into()), ..in_order("o", "") };
    assert!(matches!(refused(both), PutError::OrderedTimer));
    tx.commit().await.unwrap();
    assert_eq!((world.counts(), world.rows()), ((0, 0), 0));
    let largest = "\0".repeat(LABEL_BYTES_MAX);
    world.put(in_order(&largest, &"x".repeat(PAYLOAD_BYTES_MAX))).await;
    world.put(timer(&largest, 0, &"x".repeat(PAYLOAD_BYTES_MAX))).await;
    let answers = Answers::default();
    world.work(policy(), &answers);
    quiet().await;
    assert_eq!(answers.seen().len(), 2);
    assert_eq!((world.counts(), world.rows()), ((0, 0), 0));
}
