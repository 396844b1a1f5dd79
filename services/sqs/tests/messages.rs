//! Standard queues: visibility, delays, waiting, retention, purging.

#![allow(clippy::disallowed_methods)]

mod common;

use std::collections::BTreeSet;

use common::*;
use model_sqs::Error;
use model_sqs::ops::*;
use model_sqs::types::*;
use sqs::Limits;

async fn queue(attributes: &[(&str, &str)]) -> (World, String) {
    let w = World::new();
    let q = w.create("q", attributes).await;
    (w, q)
}

#[tokio::test]
async fn a_received_message_comes_back_after_its_timeout() {
    let (w, q) = queue(&[("VisibilityTimeout", "10")]).await;
    w.send(&q, "a").await;
    let first = w.receive(&q, 1).await;
    w.advance_ms(9_999);
    assert!(w.receive(&q, 1).await.is_empty());
    w.advance_ms(1);
    let second = w.receive(&q, 1).await;
    assert_eq!(system(&second[0], "ApproximateReceiveCount"), "2");
    assert_eq!(
        system(&first[0], "ApproximateFirstReceiveTimestamp"),
        system(&second[0], "ApproximateFirstReceiveTimestamp")
    );
    // The handle of an earlier receive deletes nothing.
    w.delete(&q, handle(&first[0])).await.unwrap();
    assert_eq!(w.counts(&q).await, (0, 1, 0));
    assert_eq!(refusal(w.hide(&q, handle(&first[0]), 0).await).0, INVALID);
    w.delete(&q, handle(&second[0])).await.unwrap();
    assert_eq!(w.counts(&q).await, (0, 0, 0));
}

#[tokio::test]
async fn changing_visibility_holds_for_this_receive_only() {
    let (w, q) = queue(&[]).await;
    w.send(&q, "a").await;
    let taken = w.receive(&q, 1).await;
    let h = handle(&taken[0]);
    w.hide(&q, h, 100).await.unwrap();
    w.advance(99);
    assert!(w.receive(&q, 1).await.is_empty());
    w.advance(1);
    assert_eq!(w.receive(&q, 1).await.len(), 1);
    w.advance(30);
    assert_eq!(w.receive(&q, 1).await.len(), 1);
}

#[tokio::test]
async fn a_visible_message_can_be_hidden_again_by_its_latest_handle() {
    let (w, q) = queue(&[]).await;
    w.send(&q, "a").await;
    let taken = w.receive(&q, 1).await;
    w.hide(&q, handle(&taken[0]), 0).await.unwrap();
    assert_eq!(w.counts(&q).await, (1, 0, 0));
    w.hide(&q, handle(&taken[0]), 10).await.unwrap();
    assert!(w.receive(&q, 1).await.is_empty());
    assert_eq!(w.counts(&q).await, (0, 1, 0));
    w.advance(10);
    assert_eq!(w.bodies(&q, 1).await, ["a"]);
}

#[tokio::test]
async fn delays_of_the_message_and_of_the_queue() {
    let (w, q) = queue(&[("DelaySeconds", "10")]).await;
    w.send(&q, "queue").await;
    let now = SendMessageInput { delay_seconds: Some(0), ..message(&q, "now") };
    w.run::<SendMessage>(now).await.unwrap();
    let later = SendMessageInput { delay_seconds: Some(900), ..message(&q, "later") };
    w.run::<SendMessage>(later).await.unwrap();
    assert_eq!(w.counts(&q).await, (1, 0, 2));
    assert_eq!(w.bodies(&q, 10).await, ["now"]);
    // A standard queue's new delay is for new messages only.
    w.set(&q, &[("DelaySeconds", "0")]).await.unwrap();
    assert!(w.receive(&q, 10).await.is_empty());
    w.advance(10);
    assert_eq!(w.bodies(&q, 10).await, ["queue"]);
    assert_eq!(w.counts(&q).await, (0, 2, 1));
    w.advance(890);
    assert_eq!(w.counts(&q).await, (3, 0, 0));
}

fn poll(w: &World, q: &str, secs: i32) -> tokio::task::JoinHandle<Result<ReceiveMessageOutput, Error>> {
    let (w, input) = (w.clone(), ReceiveMessageInput { wait_time_seconds: Some(secs), ..all_of(q) });
    tokio::spawn(async move { w.run::<ReceiveMessage>(input).await })
}

/// Lets every task run until it waits.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

async fn found(poll: tokio::task::JoinHandle<Result<ReceiveMessageOutput, Error>>) -> Vec<String> {
    let messages = poll.await.unwrap().unwrap().messages.unwrap_or_default();
    messages.into_iter().map(|message| message.body.unwrap()).collect()
}

#[tokio::test]
async fn a_poll_ends_with_the_first_message_or_its_time() {
    let (w, q) = queue(&[]).await;
    let waiting = poll(&w, &q, 20);
    settle().await;
    assert!(!waiting.is_finished());
    w.send(&q, "a").await;
    assert_eq!(found(waiting).await, ["a"]);
    let waiting = poll(&w, &q, 20);
    settle().await;
    w.advance(19);
    settle().await;
    assert!(!waiting.is_finished());
    w.advance(1);
    assert!(found(waiting).await.is_empty());
    w.set(&q, &[("ReceiveMessageWaitTimeSeconds", "5")]).await.unwrap();
    let by_queue = tokio::spawn({
        let (w, input) = (w.clone(), all_of(&q));
        async move { w.run::<ReceiveMessage>(input).await }
    });
    settle().await;
    assert!(!by_queue.is_finished());
    w.advance(5);
    assert!(found(by_queue).await.is_empty());
}

#[tokio::test]
async fn a_poll_sees_delays_and_timeouts_end() {
    let (w, q) = queue(&[]).await;
    w.run::<SendMessage>(SendMessageInput { delay_seconds: Some(5), ..message(&q, "a") }).await.unwrap();
    let waiting = poll(&w, &q, 20);
    settle().await;
    w.advance(5);
    assert_eq!(found(waiting).await, ["a"]);
    let waiting = poll(&w, &q, 20);
    settle().await;
    w.advance(20);
    assert!(found(waiting).await.is_empty());
    let waiting = poll(&w, &q, 20);
    settle().await;
    w.advance(10);
    assert_eq!(found(waiting).await, ["a"], "its timeout of 30 seconds is over");
}

#[tokio::test]
async fn a_poll_sees_a_message_given_back() {
    let (w, q) = queue(&[]).await;
    w.send(&q, "a").await;
    let taken = w.receive(&q, 1).await;
    let waiting = poll(&w, &q, 20);
    settle().await;
    w.hide(&q, handle(&taken[0]), 0).await.unwrap();
    assert_eq!(found(waiting).await, ["a"]);
    let fifo = w.create("q.fifo", &[("FifoQueue", "true")]).await;
    for i in 0..2 {
        w.send_to(&fifo, "g", &i.to_string(), &i.to_string()).await;
    }
    let taken = w.receive(&fifo, 1).await;
    let waiting = poll(&w, &fifo, 20);
    settle().await;
    assert!(!waiting.is_finished());
    w.delete(&fifo, handle(&taken[0])).await.unwrap();
    assert_eq!(found(waiting).await, ["1"]);
}

#[tokio::test]
async fn a_poll_outlives_a_purge() {
    let (w, q) = queue(&[]).await;
    let waiting = poll(&w, &q, 20);
    settle().await;
    w.purge(&q).await.unwrap();
    settle().await;
    assert!(!waiting.is_finished());
    w.send(&q, "a").await;
    assert_eq!(found(waiting).await, ["a"]);
}

#[tokio::test]
async fn every_waiting_poll_gets_its_message() {
    let (w, q) = queue(&[]).await;
    let polls: Vec<_> = (0..20).map(|_| poll(&w, &q, 20)).collect();
    settle().await;
    for i in 0..20 {
        w.send(&q, &i.to_string()).await;
    }
    let mut all = BTreeSet::new();
    for waiting in polls {
        let bodies = found(waiting).await;
        assert_eq!(bodies.len(), 1);
        assert!(all.insert(bodies[0].clone()));
    }
    assert_eq!(w.counts(&q).await, (0, 20, 0));
}

#[tokio::test]
async fn too_many_in_flight() {
    let w = World::with_limits(Limits { in_flight_max: 3, ..Default::default() });
    let q = w.create("q", &[]).await;
    for i in 0..5 {
        w.send(&q, &i.to_string()).await;
    }
    let taken = w.receive(&q, 10).await;
    assert_eq!(taken.len(), 3);
    let input = || all_of(&q);
    assert_eq!(refusal(w.run::<ReceiveMessage>(input()).await).0, "OverLimit");
    let waiting = poll(&w, &q, 5);
    settle().await;
    w.advance(5);
    assert!(found(waiting).await.is_empty(), "a poll finds nothing instead");
    w.delete(&q, handle(&taken[0])).await.unwrap();
    assert_eq!(w.receive(&q, 10).await.len(), 1);
}

#[tokio::test]
async fn retention_removes_messages_without_being_asked() {
    let (w, q) = queue(&[("MessageRetentionPeriod", "60")]).await;
    w.send(&q, "a").await;
    w.advance(30);
    w.send(&q, "b").await;
    w.advance(30);
    assert_eq!(w.bodies(&q, 10).await, ["b"]);
    w.advance(30);
    w.until("the sweeper has been there", async || w.rows() == 2).await;
    // A shorter retention counts for what is there.
    let q = w.create("other", &[]).await;
    w.send(&q, "c").await;
    w.advance(100);
    w.set(&q, &[("MessageRetentionPeriod", "100")]).await.unwrap();
    assert!(w.receive(&q, 10).await.is_empty());
    w.until("the sweeper has come early", async || w.rows() == 4).await;
}

#[tokio::test]
async fn large_messages_expire_all_at_once() {
    let (w, q) = queue(&[("MessageRetentionPeriod", "60")]).await;
    for _ in 0..12 {
        w.send(&q, &"x".repeat(1_000_000)).await;
    }
    w.advance(60);
    assert_eq!(w.counts(&q).await, (0, 0, 0));
}

#[tokio::test]
async fn a_purge_removes_everything_and_handles_of_it_are_harmless() {
    let (w, q) = queue(&[]).await;
    for i in 0..3 {
        let input = SendMessageInput { delay_seconds: Some(i * 10), ..message(&q, "a") };
        w.run::<SendMessage>(input).await.unwrap();
    }
    let taken = w.receive(&q, 1).await;
    w.purge(&q).await.unwrap();
    assert_eq!(w.counts(&q).await, (0, 0, 0));
    w.delete(&q, handle(&taken[0])).await.unwrap();
    assert_eq!(refusal(w.hide(&q, handle(&taken[0]), 0).await).0, INVALID);
    w.until("the sweeper has been there", async || w.rows() == 1).await;
    w.send(&q, "b").await;
    assert_eq!(w.bodies(&q, 10).await, ["b"]);
}

#[tokio::test]
async fn a_queue_made_again_is_empty() {
    let (w, q) = queue(&[]).await;
    w.send(&q, "a").await;
    let taken = w.receive(&q, 1).await;
    w.remove(&q).await.unwrap();
    refused(w.remove(&q).await, NO_QUEUE, "The specified queue does not exist.");
    w.advance(60);
    w.create("q", &[]).await;
    assert_eq!(w.counts(&q).await, (0, 0, 0));
    assert_eq!(refusal(w.delete(&q, handle(&taken[0])).await).0, "ReceiptHandleIsInvalid");
    w.until("the sweeper has been there", async || w.rows() == 1).await;
}

#[tokio::test]
async fn more_than_one_page_of_messages() {
    let (w, q) = queue(&[]).await;
    let text: Vec<String> = (0..10).map(|i| i.to_string()).collect();
    for _ in 0..100 {
        let entry = |id: &String| SendMessageBatchRequestEntry {
            id: id.as_str().into(),
            message_body: "x".into(),
            ..Default::default()
        };
        let entries: Vec<_> = text.iter().map(entry).collect();
        let input = SendMessageBatchInput { queue_url: q.as_str().into(), entries: entries.into() };
        w.run::<SendMessageBatch>(input).await.unwrap();
    }
    assert_eq!(w.counts(&q).await, (1000, 0, 0));
    let mut ids = BTreeSet::new();
    for _ in 0..100 {
        ids.extend(w.receive(&q, 10).await.into_iter().map(|message| message.message_id.unwrap()));
    }
    assert_eq!(ids.len(), 1000);
    assert!(w.receive(&q, 10).await.is_empty());
    w.advance(30);
    assert_eq!(w.counts(&q).await, (1000, 0, 0));
    w.advance(345_600);
    w.until("the sweeper has been there", async || w.rows() == 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn thirty_two_receivers_share_ten_thousand_messages() {
    let (w, q) = queue(&[("VisibilityTimeout", "600")]).await;
    let senders: Vec<_> = (0..8)
        .map(|sender| {
            let (w, q) = (w.clone(), q.clone());
            tokio::spawn(async move {
                for batch in 0..125 {
                    let entry = |i: usize| SendMessageBatchRequestEntry {
                        id: i.to_string().into(),
                        message_body: format!("{sender}-{batch}-{i}").into(),
                        ..Default::default()
                    };
                    let entries: Vec<_> = (0..10).map(entry).collect();
                    let input =
                        SendMessageBatchInput { queue_url: q.as_str().into(), entries: entries.into() };
                    let sent = w.run::<SendMessageBatch>(input).await.unwrap();
                    assert_eq!(sent.successful.map(|list| list.len()), Some(10));
                }
            })
        })
        .collect();
    let left = std::sync::Arc::new(std::sync::atomic::AtomicI64::new(10_000));
    let receivers: Vec<_> = (0..32)
        .map(|i| {
            let (w, q, left) = (w.clone(), q.clone(), left.clone());
            tokio::spawn(async move {
                let mut mine = Vec::new();
                while left.load(std::sync::atomic::Ordering::SeqCst) > 0 {
                    let taken = w.receive(&q, 10).await;
                    left.fetch_sub(taken.len() as i64, std::sync::atomic::Ordering::SeqCst);
                    for message in taken {
                        // Every other receiver deletes, so that both ways of being received once are tried.
                        if i % 2 == 0 {
                            w.delete(&q, handle(&message)).await.unwrap();
                        }
                        mine.push(message.body.unwrap());
                    }
                    tokio::task::yield_now().await;
                }
                mine
            })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap();
    }
    let mut all = Vec::new();
    for receiver in receivers {
        all.extend(tokio::time::timeout(PATIENCE, receiver).await.unwrap().unwrap());
    }
    let distinct: BTreeSet<_> = all.iter().collect();
    assert_eq!((all.len(), distinct.len()), (10_000, 10_000));
    let (visible, in_flight, delayed) = w.counts(&q).await;
    assert_eq!((visible, delayed), (0, 0));
    assert!(in_flight > 0 && in_flight < 10_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_caller_who_goes_away_loses_nothing() {
    let (w, q) = queue(&[]).await;
    let total = 200;
    for i in 0..total {
        w.send(&q, &i.to_string()).await;
    }
    // Receives that are cut off anywhere on their way.
    for i in 0..total {
        let (w2, input) = (w.clone(), ReceiveMessageInput { max_number_of_messages: Some(3), ..all_of(&q) });
        let receive = tokio::spawn(async move { w2.receive_with(input).await });
        for _ in 0..i % 7 {
            tokio::task::yield_now().await;
        }
        receive.abort();
    }
    w.advance(30);
    let mut ids = BTreeSet::new();
    loop {
        let taken = w.receive(&q, 10).await;
        if taken.is_empty() {
            break;
        }
        ids.extend(taken.into_iter().map(|message| message.message_id.unwrap()));
    }
    assert_eq!(ids.len(), total);
}
