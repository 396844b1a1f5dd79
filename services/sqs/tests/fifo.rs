//! FIFO queues: order, groups, deduplication, receive attempts.

#![allow(clippy::disallowed_methods)]

mod common;

use common::*;
use model_sqs::ops::*;
use model_sqs::types::*;

async fn queue(attributes: &[(&str, &str)]) -> (World, String) {
    let w = World::new();
    let q = w.create("q.fifo", &[&[("FifoQueue", "true")], attributes].concat()).await;
    (w, q)
}

fn texts_of(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(body).collect()
}

#[tokio::test]
async fn sequence_numbers_rise_and_are_shown() {
    let (w, q) = queue(&[]).await;
    let mut numbers = Vec::new();
    for i in 0..5 {
        numbers.push(w.send_to(&q, "g", &i.to_string(), "x").await.sequence_number.unwrap());
    }
    assert!(numbers.is_sorted() && numbers.iter().all(|number| number.len() == 20));
    let taken = w.receive(&q, 10).await;
    let shown: Vec<_> = taken.iter().map(|message| system(message, "SequenceNumber")).collect();
    assert_eq!(shown, numbers);
    assert_eq!(system(&taken[0], "MessageGroupId"), "g");
    assert_eq!(system(&taken[4], "MessageDeduplicationId"), "4");
}

#[tokio::test]
async fn a_batch_keeps_its_order_and_deduplicates_within_itself() {
    let (w, q) = queue(&[("ContentBasedDeduplication", "true")]).await;
    let entry = |id: &str, text: &str| SendMessageBatchRequestEntry {
        id: id.into(),
        message_body: text.into(),
        message_group_id: Some("g".into()),
        ..Default::default()
    };
    let entries = vec![entry("1", "a"), entry("2", "b"), entry("3", "a"), entry("4", "c")];
    let input = SendMessageBatchInput { queue_url: q.as_str().into(), entries: entries.into() };
    let sent = w.run::<SendMessageBatch>(input).await.unwrap().successful.unwrap();
    assert_eq!(sent[0].message_id, sent[2].message_id);
    assert_eq!(sent[0].sequence_number, sent[2].sequence_number);
    let taken = w.receive(&q, 10).await;
    assert_eq!(texts_of(&taken), ["a", "b", "c"]);
    assert_eq!(
        system(&taken[0], "MessageDeduplicationId"),
        "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
    );
}

#[tokio::test]
async fn an_explicit_id_wins_over_the_content() {
    let (w, q) = queue(&[("ContentBasedDeduplication", "true")]).await;
    w.send_to(&q, "g", "", "same").await;
    w.send_to(&q, "g", "", "same").await;
    w.send_to(&q, "g", "other", "same").await;
    assert_eq!(w.receive(&q, 10).await.len(), 2);
}

#[tokio::test]
async fn extending_a_later_message_frees_the_earlier_ones() {
    for (extended, expected) in [(0, vec![]), (1, vec!["0"]), (2, vec!["0", "1"])] {
        let (w, q) = queue(&[]).await;
        for i in 0..4 {
            w.send_to(&q, "g", &i.to_string(), &i.to_string()).await;
        }
        let taken = w.receive_for(&q, 3, 5).await;
        w.hide(&q, handle(&taken[extended]), 60).await.unwrap();
        w.advance(6);
        assert_eq!(w.bodies(&q, 10).await, expected, "{extended}");
    }
}

#[tokio::test]
async fn a_timeout_of_zero_gives_the_message_back_in_its_place() {
    let (w, q) = queue(&[]).await;
    for (i, group) in ["a", "a", "b"].into_iter().enumerate() {
        w.send_to(&q, group, &i.to_string(), &format!("{group}{i}")).await;
    }
    let taken = w.receive(&q, 1).await;
    w.hide(&q, handle(&taken[0]), 0).await.unwrap();
    let mut all = w.bodies(&q, 10).await;
    all.sort();
    assert_eq!(all, ["a0", "a1", "b2"]);
    let (w, q) = queue(&[]).await;
    for i in 0..3 {
        w.send_to(&q, "g", &i.to_string(), &i.to_string()).await;
    }
    for _ in 0..3 {
        assert_eq!(texts_of(&w.receive_for(&q, 10, 0).await), ["0", "1", "2"]);
    }
}

#[tokio::test]
async fn messages_of_a_locked_group_count_as_visible() {
    let (w, q) = queue(&[]).await;
    for i in 0..4 {
        w.send_to(&q, "g", &i.to_string(), "x").await;
    }
    w.receive(&q, 1).await;
    assert_eq!(w.counts(&q).await, (3, 1, 0));
    w.advance(30);
    assert_eq!(w.counts(&q).await, (4, 0, 0));
}

#[tokio::test]
async fn a_dead_letter_leaves_its_group_usable() {
    let w = World::new();
    let fifo = ("FifoQueue", "true");
    w.create("dlq.fifo", &[fifo]).await;
    let q = w.create("q.fifo", &[fifo, ("RedrivePolicy", &w.redrive("dlq.fifo", 1))]).await;
    for i in 0..3 {
        w.send_to(&q, "g", &i.to_string(), &i.to_string()).await;
    }
    let taken = w.receive_for(&q, 1, 5).await;
    assert_eq!(texts_of(&taken), ["0"]);
    w.advance(6);
    assert_eq!(w.bodies(&q, 10).await, ["1", "2"]);
    assert_eq!(w.bodies("dlq.fifo", 10).await, ["0"]);
}

#[tokio::test]
async fn a_changed_delay_counts_for_messages_already_sent() {
    let (w, q) = queue(&[]).await;
    w.send_to(&q, "g", "1", "a").await;
    w.set(&q, &[("DelaySeconds", "100")]).await.unwrap();
    assert!(w.bodies(&q, 10).await.is_empty());
    assert_eq!(w.counts(&q).await, (0, 0, 1));
    w.set(&q, &[("DelaySeconds", "0")]).await.unwrap();
    assert_eq!(w.bodies(&q, 10).await, ["a"]);
}

fn attempt(q: &str, id: &str) -> ReceiveMessageInput {
    ReceiveMessageInput {
        receive_request_attempt_id: Some(id.into()),
        max_number_of_messages: Some(10),
        ..all_of(q)
    }
}

#[tokio::test]
async fn an_attempt_repeated_gives_the_same_messages_and_hides_them_anew() {
    let (w, q) = queue(&[]).await;
    for i in 0..2 {
        w.send_to(&q, "g", &i.to_string(), &i.to_string()).await;
    }
    let first = w.receive_with(attempt(&q, "a")).await;
    assert_eq!(texts_of(&first), ["0", "1"]);
    w.advance(20);
    let again = w.receive_with(attempt(&q, "a")).await;
    let handles = |messages: &[Message]| messages.iter().map(|m| handle(m).to_owned()).collect::<Vec<_>>();
    assert_eq!(handles(&again), handles(&first));
    assert_eq!(system(&again[0], "ApproximateReceiveCount"), "1");
    w.advance(20);
    assert!(w.receive_with(attempt(&q, "b")).await.is_empty(), "the timeout began again");
    w.delete(&q, handle(&first[0])).await.unwrap();
    assert!(w.receive_with(attempt(&q, "a")).await.is_empty(), "what was deleted is not repeated");
}

#[tokio::test]
async fn an_attempt_is_not_repeated_after_its_messages_changed_or_five_minutes() {
    let (w, q) = queue(&[]).await;
    w.send_to(&q, "g", "1", "a").await;
    let first = w.receive_with(attempt(&q, "a")).await;
    w.hide(&q, handle(&first[0]), 0).await.unwrap();
    let second = w.receive_with(attempt(&q, "a")).await;
    assert_ne!(handle(&first[0]), handle(&second[0]));
    w.hide(&q, handle(&second[0]), 1000).await.unwrap();
    assert!(w.receive_with(attempt(&q, "a")).await.is_empty());
    w.advance(1000);
    let third = w.receive_with(attempt(&q, "a")).await;
    assert_eq!(system(&third[0], "ApproximateReceiveCount"), "3");
}

#[tokio::test]
async fn what_is_remembered_is_forgotten_in_the_end() {
    let (w, q) = queue(&[("MessageRetentionPeriod", "60")]).await;
    w.send_to(&q, "g", "1", "a").await;
    let before = w.rows();
    w.receive_with(attempt(&q, "a")).await;
    assert!(w.rows() > before);
    w.advance(301);
    // The queue's row is left, and the counter of its messages.
    w.until("the sweeper has been there", async || w.rows() == 2).await;
}

#[tokio::test]
async fn a_window_smaller_than_the_queue_moves_on() {
    let limits = sqs::Limits { fifo_window: 5, ..Default::default() };
    let w = World::with_limits(limits);
    let q = w.create("q.fifo", &[("FifoQueue", "true")]).await;
    for i in 0..20 {
        w.send_to(&q, &format!("g{}", i % 3), &i.to_string(), &i.to_string()).await;
    }
    let mut seen = Vec::new();
    loop {
        let taken = w.receive(&q, 10).await;
        if taken.is_empty() {
            break;
        }
        for message in &taken {
            seen.push(body(message).parse::<usize>().unwrap());
            w.delete(&q, handle(message)).await.unwrap();
        }
    }
    for group in 0..3 {
        let of_group: Vec<_> = seen.iter().copied().filter(|i| i % 3 == group).collect();
        assert!(of_group.is_sorted(), "{of_group:?}");
    }
    seen.sort();
    assert_eq!(seen, (0..20).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_senders_and_receivers_see_every_group_in_order() {
    let (w, q) = queue(&[]).await;
    let (groups, each) = (8, 40);
    let senders = (0..groups).map(|group| {
        let (w, q) = (w.clone(), q.clone());
        tokio::spawn(async move {
            for i in 0..each {
                w.send_to(&q, &format!("g{group}"), &format!("{group}-{i}"), &format!("{group}-{i}")).await;
            }
        })
    });
    let senders: Vec<_> = senders.collect();
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let receivers: Vec<_> = (0..8)
        .map(|_| {
            let (w, q, seen) = (w.clone(), q.clone(), seen.clone());
            tokio::spawn(async move {
                while seen.lock().unwrap().len() < groups * each {
                    for message in w.receive(&q, 3).await {
                        // Its group is locked until the deletion, so this is the order of delivery.
                        seen.lock().unwrap().push(body(&message).to_owned());
                        w.delete(&q, handle(&message)).await.unwrap();
                    }
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for task in senders.into_iter().chain(receivers) {
        tokio::time::timeout(PATIENCE, task).await.unwrap().unwrap();
    }
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), groups * each);
    for group in 0..groups {
        let numbers = seen.iter().filter_map(|text| text.strip_prefix(&format!("{group}-")));
        let numbers: Vec<usize> = numbers.map(|number| number.parse().unwrap()).collect();
        assert_eq!(numbers, (0..each).collect::<Vec<_>>(), "group {group}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_id_sent_by_many_at_once_is_one_message() {
    let (w, q) = queue(&[]).await;
    let senders: Vec<_> = (0..32)
        .map(|_| {
            let (w, q) = (w.clone(), q.clone());
            tokio::spawn(async move { w.send_to(&q, "g", "id", "x").await.message_id.unwrap() })
        })
        .collect();
    let mut ids = std::collections::BTreeSet::new();
    for sender in senders {
        ids.insert(sender.await.unwrap());
    }
    assert_eq!(ids.len(), 1);
    assert_eq!(w.counts(&q).await, (1, 0, 0));
}
