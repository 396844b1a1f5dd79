//! Failed attempts are repeated after pauses known to the millisecond, and given up at last.

mod common;

use std::future::pending;
use std::time::Duration;

use bytes::Bytes;
use common::*;
use outbox::{Counts, Delivery, Outcome, PARKED_AGE_MAX, PARKED_MAX, ParkedDelivery, Policy, Unparked};

fn attempts(payload: &str, times: &[(u64, u32)]) -> Vec<(u64, String, u32)> {
    times.iter().map(|(ms, attempt)| (*ms, payload.to_owned(), *attempt)).collect()
}

#[tokio::test]
async fn pauses_double_up_to_the_longest_and_the_last_failure_parks() {
    let world = world();
    let answers = Answers::default();
    answers.fail("x", u32::MAX);
    world.work(policy(), &answers);
    world.put(delivery("x")).await;
    quiet().await;
    for _ in 0..40_000 / 500 {
        world.advance(499).await;
        world.advance(1).await;
    }
    let expected = [(0, 1), (1_000, 2), (3_000, 3), (7_000, 4), (15_000, 5), (23_000, 6)];
    assert_eq!(answers.seen(), attempts("x", &expected));
    assert_eq!((world.counts(), world.rows()), ((0, 1), 1));
    let parked = world.outbox.parked(ACCOUNT, REGION, KIND, None, 10).unwrap();
    let expected = ParkedDelivery {
        id: parked[0].id,
        order: None,
        name: None,
        payload: Bytes::from_static(b"x"),
        attempts: 6,
        put: START,
        due: START,
        parked: START.plus(Duration::from_secs(23)),
        why: "x fails".into(),
    };
    assert_eq!(parked, [expected]);
}

#[tokio::test]
async fn age_parks_too_counted_from_the_first_time_due() {
    let world = world();
    let answers = Answers::default();
    answers.fail("old", u32::MAX);
    world.work(Policy { age_max: Duration::from_secs(3), ..policy() }, &answers);
    let due = START.plus(Duration::from_secs(100));
    world.put(Delivery { due: Some(due), ..delivery("old") }).await;
    for _ in 0..120 {
        world.advance(1_000).await;
    }
    assert_eq!(answers.seen(), attempts("old", &[(100_000, 1), (101_000, 2), (103_000, 3)]));
    assert_eq!(world.counts(), (0, 1));
}

#[tokio::test]
async fn attempts_are_counted_across_workers() {
    let world = world();
    let answers = Answers::default();
    answers.fail("x", 3);
    world.put(delivery("x")).await;
    for _ in 0..4 {
        let worker = world.work(policy(), &answers);
        quiet().await;
        worker.abort();
        world.advance(8_000).await;
    }
    assert_eq!(answers.seen(), attempts("x", &[(0, 1), (8_000, 2), (16_000, 3), (24_000, 4)]));
    assert_eq!((world.counts(), world.rows()), ((0, 0), 0));
}

#[tokio::test]
async fn overrunning_and_panicking_are_failed_attempts() {
    let world = world();
    let handler = |delivered: outbox::Delivered| async move {
        if delivered.payload == "slow" {
            pending::<()>().await;
        }
        panic!("the handler of the test panics")
    };
    let policy = Policy { attempts_max: 2, time_limit: Duration::from_secs(10), ..policy() };
    tokio::spawn(world.outbox.run(KIND, policy, handler));
    world.put_all([delivery("slow"), delivery("panics")]).await;
    quiet().await;
    for _ in 0..21 {
        world.advance(1_000).await;
    }
    let parked = world.outbox.parked(ACCOUNT, REGION, KIND, None, 10).unwrap();
    let found: Vec<_> = parked
        .iter()
        .map(|parked| {
            (&parked.payload[..], parked.attempts, &parked.why[..], parked.parked.since(START).as_secs())
        })
        .collect();
    let slow = (&b"slow"[..], 2, "no outcome after 10s", 21);
    assert_eq!(found, [slow, (&b"panics"[..], 2, "the handler panicked", 1)]);
}

#[tokio::test]
async fn what_was_given_up_is_kept_for_some_time_only() {
    let world = world();
    let handler = |_| async { Outcome::Park("never".into()) };
    tokio::spawn(world.outbox.run(KIND, policy(), handler));
    world.put_all([delivery("0"), delivery("1")]).await;
    quiet().await;
    world.advance(PARKED_AGE_MAX.as_millis() as u64 / 2).await;
    world.put(delivery("2")).await;
    quiet().await;
    assert_eq!(world.counts(), (0, 3));
    world.advance(PARKED_AGE_MAX.as_millis() as u64 / 2 + 1).await;
    assert_eq!(world.counts(), (0, 3), "nothing is given up now");
    world.put(delivery("3")).await;
    quiet().await;
    let parked = world.outbox.parked(ACCOUNT, REGION, KIND, None, 10).unwrap();
    assert_eq!(parked.iter().map(|parked| &parked.payload[..]).collect::<Vec<_>>(), [b"2", b"3"]);
    assert_eq!((world.counts(), world.rows()), ((0, 2), 2));
}

#[tokio::test]
async fn no_more_than_so_many_are_kept() {
    let world = world();
    let handler = |_| async { Outcome::Park("never".into()) };
    tokio::spawn(world.outbox.run(KIND, policy(), handler));
    let surplus = 300;
    for first in (0..PARKED_MAX + surplus).step_by(1_000) {
        let until = (first + 1_000).min(PARKED_MAX + surplus);
        world.put_all((first..until).map(|n| delivery(&n.to_string()))).await;
    }
    while world.counts().0 > 0 {
        quiet().await;
    }
    quiet().await;
    assert_eq!(world.counts(), (0, PARKED_MAX));
    let oldest = world.outbox.parked(ACCOUNT, REGION, KIND, None, 1).unwrap();
    assert_eq!(oldest[0].payload, surplus.to_string());
    let all = Counts::of_all_kinds(&world.store).unwrap();
    assert_eq!(
        all.into_iter().collect::<Vec<_>>(),
        [(KIND.to_owned(), Counts { pending: 0, parked: PARKED_MAX })]
    );
}

#[tokio::test]
async fn parked_ones_are_listed_put_back_and_discarded() {
    let world = world();
    let handler = |_| async { Outcome::Park("never".into()) };
    let worker = tokio::spawn(world.outbox.run(KIND, policy(), handler));
    world.put_all((0..7).map(|n| delivery(&n.to_string()))).await;
    world.put(timer("t", 0, "timer")).await;
    quiet().await;
    worker.abort();
    quiet().await;
    assert_eq!((world.counts(), world.rows()), ((0, 8), 8));

    let mut pages = Vec::new();
    while let page =
        world.outbox.parked(ACCOUNT, REGION, KIND, pages.last().map(|p: &ParkedDelivery| p.id), 3).unwrap()
        && !page.is_empty()
    {
        pages.extend(page);
    }
    let payloads: Vec<&[u8]> = pages.iter().map(|parked| &parked.payload[..]).collect();
    assert_eq!(payloads, [&b"0"[..], b"1", b"2", b"3", b"4", b"5", b"6", b"timer"]);
    assert!(world.outbox.parked("2", REGION, KIND, None, 3).unwrap().is_empty());

    let mut tx = world.store.begin();
    assert!(world.outbox.discard(&mut tx, ACCOUNT, REGION, KIND, pages[0].id).unwrap());
    assert!(!world.outbox.discard(&mut tx, ACCOUNT, REGION, KIND, pages[0].id).unwrap());
    let mut unpark = |id| world.outbox.unpark(&mut tx, ACCOUNT, REGION, KIND, id).unwrap();
    assert_eq!(unpark(pages[0].id), Unparked::Absent);
    assert_eq!(unpark(pages[1].id), Unparked::Pending);
    assert_eq!(unpark(pages[1].id), Unparked::Absent);
    assert_eq!(unpark(pages[7].id), Unparked::Pending);
    tx.commit().await.unwrap();
    assert_eq!(world.counts(), (2, 5));

    let answers = Answers::default();
    world.clock.advance(Duration::from_secs(5));
    world.work(policy(), &answers);
    quiet().await;
    let mut seen = answers.seen();
    seen.sort();
    assert_eq!(seen, [(5_000, "1".into(), 1), (5_000, "timer".into(), 1)]);
    assert_eq!((world.counts(), world.rows()), ((0, 5), 5));
}

#[tokio::test]
async fn a_parked_timer_gives_way_to_a_newer_one() {
    let world = world();
    let handler = |_| async { Outcome::Park("never".into()) };
    let worker = tokio::spawn(world.outbox.run(KIND, policy(), handler));
    world.put(timer("t", 0, "old")).await;
    quiet().await;
    worker.abort();
    quiet().await;
    world.put(timer("t", 60, "new")).await;
    let parked = world.outbox.parked(ACCOUNT, REGION, KIND, None, 3).unwrap();
    let mut tx = world.store.begin();
    let unparked = world.outbox.unpark(&mut tx, ACCOUNT, REGION, KIND, parked[0].id).unwrap();
    tx.commit().await.unwrap();
    assert_eq!((unparked, world.counts()), (Unparked::Superseded, (1, 1)));
}
