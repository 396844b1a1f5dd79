//! Restarts on a durable store: what was acknowledged is there, and handles given before are good.

#![allow(clippy::disallowed_methods)]

mod common;

use common::*;
use kernel::Clock;
use model_sqs::types::ReceiveMessageInput;
use sqs::Limits;
use store::{Options, Store};

struct Home {
    dir: tempfile::TempDir,
    clock: Clock,
}

impl Home {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), clock: World::new().clock }
    }

    fn open(&self) -> World {
        let store = Store::open(self.dir.path(), Options::default()).unwrap();
        World::over(store, self.clock.clone(), Limits::default())
    }

    async fn restart(&self, w: World) -> World {
        let store = w.store.clone();
        w.stop().await;
        store.close();
        self.open()
    }
}

#[tokio::test]
async fn a_standard_queue_goes_on() {
    let home = Home::new();
    let w = home.open();
    let q = w.create("q", &[("VisibilityTimeout", "60")]).await;
    for i in 0..10 {
        w.send(&q, &i.to_string()).await;
    }
    let taken = w.receive(&q, 3).await;
    let before = w.counts(&q).await;
    let w = home.restart(w).await;
    assert_eq!(w.counts(&q).await, before);
    assert_eq!(w.receive(&q, 10).await.len(), 7);
    w.delete(&q, handle(&taken[0])).await.unwrap();
    w.hide(&q, handle(&taken[1]), 0).await.unwrap();
    assert_eq!(w.bodies(&q, 10).await, [body(&taken[1])]);
    let w = home.restart(w).await;
    assert_eq!(w.counts(&q).await, (0, 9, 0));
    w.advance(60);
    assert_eq!(w.receive(&q, 10).await.len(), 9);
    assert_eq!(w.counts(&q).await, (0, 9, 0));
}

#[tokio::test]
async fn a_fifo_queue_goes_on() {
    let home = Home::new();
    let w = home.open();
    let q = w.create("q.fifo", &[("FifoQueue", "true")]).await;
    for i in 0..6 {
        w.send_to(&q, if i < 4 { "a" } else { "b" }, &i.to_string(), &i.to_string()).await;
    }
    let taken = w.receive(&q, 2).await;
    let attempt = ReceiveMessageInput { receive_request_attempt_id: Some("x".into()), ..all_of(&q) };
    let attempted = w.receive_with(attempt.clone()).await;
    let w = home.restart(w).await;
    assert_eq!(w.counts(&q).await, (3, 3, 0));
    assert!(w.receive(&q, 10).await.is_empty(), "both groups are locked");
    assert_eq!(handle(&w.receive_with(attempt).await[0]), handle(&attempted[0]));
    let again = w.send_to(&q, "a", "0", "again").await;
    assert_eq!(again.message_id, taken[0].message_id, "ids are remembered");
    for message in &taken {
        w.delete(&q, handle(message)).await.unwrap();
    }
    assert_eq!(w.bodies(&q, 10).await, ["2", "3"]);
    let next = w.send_to(&q, "c", "new", "new").await;
    assert!(next.sequence_number > again.sequence_number);
}

#[tokio::test]
async fn what_was_given_up_is_removed_after_a_restart() {
    let home = Home::new();
    let w = home.open();
    let q = w.create("q", &[]).await;
    let other = w.create("other", &[("MessageRetentionPeriod", "60")]).await;
    w.send(&q, "a").await;
    w.send(&other, "b").await;
    let store = w.store.clone();
    w.remove(&q).await.unwrap();
    w.stop().await;
    store.close();
    home.clock.advance(std::time::Duration::from_secs(60));
    let w = home.open();
    // The resting name, the other queue and its counter are left.
    w.until("the sweeper has been there", async || w.rows() == 3).await;
}
