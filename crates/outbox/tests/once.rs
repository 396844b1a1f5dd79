//! At least once, whatever is cut off; exactly once where the effect is in the store.

mod common;

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::*;
use futures::FutureExt as _;
use outbox::{Delivered, EffectError, Outcome, Policy};
use parking_lot::Mutex;

fn number(world: &World, key: &str) -> i64 {
    let value = world.store.snapshot().get(key.as_bytes()).unwrap();
    value.map_or(0, |value| i64::from_le_bytes(value[..].try_into().unwrap()))
}

#[tokio::test]
async fn a_lease_hides_from_other_workers_and_ends_with_its_worker() {
    let world = world();
    let begun = Arc::new(Mutex::new(Vec::new()));
    let stuck = |name: &'static str| {
        let begun = begun.clone();
        move |delivered: Delivered| {
            begun.lock().push((name, delivered.payload, delivered.attempt));
            pending::<Outcome>()
        }
    };
    world.put_all([delivery("x"), in_order("o", "y"), in_order("o", "z"), timer("t", 0, "t")]).await;
    let first = tokio::spawn(world.outbox.run(KIND, policy(), stuck("first")));
    quiet().await;
    let second = tokio::spawn(world.outbox.run(KIND, policy(), stuck("second")));
    world.put(in_order("o", "also hidden")).await;
    quiet().await;
    let names = |begun: &Mutex<Vec<_>>| {
        let mut begun = std::mem::take(&mut *begun.lock());
        begun.sort();
        begun
    };
    let by = |name| [(name, "t".into(), 1), (name, "x".into(), 1), (name, "y".into(), 1)];
    assert_eq!(names(&begun), by("first"));
    // The effect of a handler may have happened when its worker ends: the delivery is made again, at once.
    first.abort();
    quiet().await;
    assert_eq!(names(&begun), by("second"));
    second.abort();
    quiet().await;
    let answers = Answers::default();
    world.work(policy(), &answers);
    quiet().await;
    let mut payloads = answers.payloads();
    payloads.sort();
    assert_eq!(payloads, ["also hidden", "t", "x", "y", "z"]);
    assert_eq!((world.counts(), world.rows()), ((0, 0), 0));
}

#[tokio::test]
async fn leases_outlive_any_length_of_time_within_the_limit() {
    let world = world();
    let begun = Arc::new(AtomicU64::new(0));
    let handler = || {
        let begun = begun.clone();
        move |_| {
            begun.fetch_add(1, Ordering::Relaxed);
            pending::<Outcome>()
        }
    };
    let policy = Policy { time_limit: Duration::from_secs(900), ..policy() };
    for _ in 0..2 {
        tokio::spawn(world.outbox.run(KIND, policy.clone(), handler()));
    }
    world.put(in_order("o", "x")).await;
    quiet().await;
    for _ in 0..899 {
        world.advance(1_000).await;
        world.put(in_order("o", "behind")).await;
    }
    assert_eq!(begun.load(Ordering::Relaxed), 1);
    // One second more is the limit, another one the pause.
    world.advance(1_000).await;
    world.advance(1_000).await;
    assert_eq!(begun.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn an_effect_and_the_removal_are_one_commit() {
    let world = world();
    let runs = Arc::new(AtomicU64::new(0));
    let handler = {
        let (runs, store) = (runs.clone(), world.store.clone());
        move |delivered: Delivered| {
            let (runs, store) = (runs.clone(), store.clone());
            async move {
                // Something else changes what the first run of the effect has read.
                let mut rival = Some(store);
                Outcome::done_in(move |tx| {
                    runs.fetch_add(1, Ordering::Relaxed);
                    tx.get(b"read")?;
                    tx.add_i64("sum", 1);
                    tx.put(delivered.payload.clone(), "");
                    if let Some(store) = rival.take() {
                        let mut rival = store.begin();
                        rival.put("read", "changed");
                        rival.commit().now_or_never().expect("the memory engine commits at once")?;
                    }
                    Ok(())
                })
            }
        }
    };
    tokio::spawn(world.outbox.run(KIND, Policy { concurrency: 1, ..policy() }, handler));
    world.put_all([delivery("a"), in_order("o", "b"), in_order("o", "c"), timer("t", 0, "d")]).await;
    quiet().await;
    assert_eq!((number(&world, "sum"), runs.load(Ordering::Relaxed)), (4, 8));
    // "sum", "read" and the four.
    assert_eq!((world.counts(), world.rows()), ((0, 0), 6));
}

#[tokio::test]
async fn a_refused_effect_leaves_nothing_and_counts_as_failed() {
    let world = world();
    let handler = |delivered: Delivered| async move {
        Outcome::done_in(move |tx| {
            tx.add_i64("sum", 1);
            match (&delivered.payload[..], delivered.attempt) {
                (b"retry", 1) => Err(EffectError::Retry("not yet".into())),
                (b"park", _) => Err(EffectError::Park("never".into())),
                (b"large", _) => {
                    tx.put("k", vec![0; 10_000_000]);
                    Ok(())
                }
                _ => Ok(()),
            }
        })
    };
    tokio::spawn(world.outbox.run(KIND, Policy { attempts_max: 2, ..policy() }, handler));
    world.put_all([delivery("retry"), delivery("park"), delivery("large")]).await;
    quiet().await;
    assert_eq!((number(&world, "sum"), world.counts()), (0, (2, 1)));
    world.advance(1_000).await;
    assert_eq!((number(&world, "sum"), world.counts()), (1, (0, 2)));
    let parked = world.outbox.parked(ACCOUNT, REGION, KIND, None, 9).unwrap();
    assert_eq!(parked[0].why, "never");
    assert!(parked[1].why.contains("exceeds the limit"), "{}", parked[1].why);
}

#[tokio::test]
async fn a_cancelled_timer_has_no_effect_even_under_way() {
    let world = world();
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let handler = {
        let gate = gate.clone();
        move |_| {
            let gate = gate.clone();
            async move {
                gate.acquire().await.unwrap().forget();
                Outcome::done_in(|tx| {
                    tx.add_i64("sum", 1);
                    Ok(())
                })
            }
        }
    };
    tokio::spawn(world.outbox.run(KIND, policy(), handler));
    world.put_all([timer("t", 0, "x"), timer("u", 0, "y")]).await;
    quiet().await;
    let mut tx = world.store.begin();
    assert!(world.outbox.cancel(&mut tx, ACCOUNT, REGION, KIND, "t").unwrap());
    tx.commit().await.unwrap();
    gate.add_permits(2);
    quiet().await;
    assert_eq!((number(&world, "sum"), world.counts()), (1, (0, 0)));
}
