//! The behaviours that are easily missed, one test each; the numbers are those of the project's list.

#![allow(clippy::disallowed_methods)]

mod common;

use std::collections::BTreeMap;

use common::*;
use model_sqs::ops::*;
use model_sqs::types::*;

#[tokio::test]
async fn fidelity_32_a_standard_handle_outlives_its_timeout_and_a_fifo_handle_does_not() {
    let w = World::new();
    let q = w.create("q", &[]).await;
    w.send(&q, "a").await;
    let taken = w.receive_for(&q, 1, 5).await;
    w.advance(6);
    w.delete(&q, handle(&taken[0])).await.unwrap();
    assert_eq!(w.counts(&q).await, (0, 0, 0));

    let f = w.create("q.fifo", &[("FifoQueue", "true")]).await;
    w.send_to(&f, "g", "1", "a").await;
    let taken = w.receive_for(&f, 1, 5).await;
    w.advance(6);
    let h = handle(&taken[0]);
    let text =
        format!("Value {h} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.");
    refused(w.delete(&f, h).await, INVALID, &text);
    assert_eq!(w.bodies(&f, 1).await, ["a"]);
}

#[tokio::test]
async fn fidelity_33_extending_visibility_extends_the_fifo_handle() {
    let w = World::new();
    let q = w.create("q.fifo", &[("FifoQueue", "true")]).await;
    w.send_to(&q, "g", "1", "a").await;
    let taken = w.receive_for(&q, 1, 5).await;
    w.advance(4);
    w.hide(&q, handle(&taken[0]), 10).await.unwrap();
    w.advance(9);
    w.delete(&q, handle(&taken[0])).await.unwrap();
    assert_eq!(w.counts(&q).await, (0, 0, 0));
}

#[tokio::test]
async fn fidelity_34_one_message_in_flight_blocks_its_group() {
    let w = World::new();
    let q = w.create("q.fifo", &[("FifoQueue", "true")]).await;
    for (i, group) in ["a", "a", "b", "a"].into_iter().enumerate() {
        w.send_to(&q, group, &i.to_string(), &format!("{group}{i}")).await;
    }
    let first = w.receive(&q, 2).await;
    assert_eq!(first.iter().map(body).collect::<Vec<_>>(), ["a0", "a1"]);
    assert_eq!(w.bodies(&q, 10).await, ["b2"]);
    w.delete(&q, handle(&first[0])).await.unwrap();
    assert!(w.bodies(&q, 10).await.is_empty());
    w.delete(&q, handle(&first[1])).await.unwrap();
    assert_eq!(w.bodies(&q, 10).await, ["a3"]);
}

#[tokio::test]
async fn fidelity_35_a_fifo_message_has_no_delay_of_its_own() {
    let w = World::new();
    let q = w.create("q.fifo", &[("FifoQueue", "true"), ("DelaySeconds", "5")]).await;
    let delayed = |delay| SendMessageInput { delay_seconds: Some(delay), ..fifo_message(&q, "g", "1", "a") };
    refused(
        w.run::<SendMessage>(delayed(2)).await,
        INVALID,
        "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for \
         this queue type.",
    );
    w.run::<SendMessage>(delayed(0)).await.unwrap();
    assert!(w.bodies(&q, 1).await.is_empty());
    assert_eq!(w.counts(&q).await, (0, 0, 1));
    w.advance(5);
    assert_eq!(w.bodies(&q, 1).await, ["a"]);
}

#[tokio::test]
async fn fidelity_36_a_delayed_message_does_not_block_its_group() {
    let w = World::new();
    let q = w.create("q.fifo", &[("FifoQueue", "true"), ("DelaySeconds", "10")]).await;
    w.send_to(&q, "g", "1", "first").await;
    w.advance(6);
    w.send_to(&q, "g", "2", "second").await;
    w.advance(4);
    let taken = w.receive_for(&q, 10, 1).await;
    assert_eq!(taken.iter().map(body).collect::<Vec<_>>(), ["first"]);
    w.advance(2);
    assert_eq!(w.bodies(&q, 10).await, ["first"], "it comes back though another of its group is delayed");
}

#[tokio::test]
async fn fidelity_37_deduplication_lasts_five_minutes_and_longer_than_the_message() {
    let w = World::new();
    let q = w.create("q.fifo", &[("FifoQueue", "true")]).await;
    let first = w.send_to(&q, "g", "id", "a").await;
    let taken = w.receive(&q, 10).await;
    w.delete(&q, handle(&taken[0])).await.unwrap();
    let again = w.send_to(&q, "other", "id", "b").await;
    assert_eq!((&again.message_id, &again.sequence_number), (&first.message_id, &first.sequence_number));
    w.advance(299);
    w.send_to(&q, "g", "id", "c").await;
    assert!(w.bodies(&q, 10).await.is_empty());
    w.advance(1);
    assert_ne!(w.send_to(&q, "g", "id", "d").await.message_id, first.message_id);
    assert_eq!(w.bodies(&q, 10).await, ["d"]);
    w.purge(&q).await.unwrap();
    w.send_to(&q, "g", "id", "e").await;
    assert_eq!(w.bodies(&q, 10).await, ["e"], "a purge forgets the ids");

    let by_group = [("FifoQueue", "true"), ("DeduplicationScope", "messageGroup")];
    let g = w.create("g.fifo", &by_group).await;
    for (group, text) in [("a", "1"), ("b", "2"), ("a", "3")] {
        w.send_to(&g, group, "id", text).await;
    }
    let mut bodies = w.bodies(&g, 10).await;
    bodies.sort();
    assert_eq!(bodies, ["1", "2"]);
}

#[tokio::test]
async fn fidelity_38_a_duplicate_gets_the_digest_of_its_own_body() {
    let w = World::new();
    let q = w.create("q.fifo", &[("FifoQueue", "true")]).await;
    let first = w.send_to(&q, "g", "id", "one").await;
    let second = w.send_to(&q, "g", "id", "two").await;
    assert_eq!(first.md5_of_message_body.as_deref(), Some("f97c5d29941bfb1b2fdab0874906ab82"));
    assert_eq!(second.md5_of_message_body.as_deref(), Some("b8a9f715dbb64fd5c56e7783c6820a61"));
    assert_eq!(first.message_id, second.message_id);
}

#[tokio::test]
async fn fidelity_39_a_message_and_a_batch_hold_a_mebibyte() {
    let w = World::new();
    let q = w.create("q", &[]).await;
    let max = 1_048_576;
    w.send(&q, &"x".repeat(max)).await;
    refused(
        w.run::<SendMessage>(message(&q, &"x".repeat(max + 1))).await,
        INVALID,
        "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.",
    );
    let batch = |sizes: [usize; 2]| SendMessageBatchInput {
        queue_url: q.as_str().into(),
        entries: sizes
            .iter()
            .enumerate()
            .map(|(i, size)| SendMessageBatchRequestEntry {
                id: i.to_string().into(),
                message_body: "x".repeat(*size).into(),
                ..Default::default()
            })
            .collect::<Vec<_>>()
            .into(),
    };
    let sent = w.run::<SendMessageBatch>(batch([max / 2, max / 2])).await.unwrap();
    assert_eq!(sent.successful.unwrap().len(), 2);
    refused(
        w.run::<SendMessageBatch>(batch([max / 2, max / 2 + 1])).await,
        "AWS.SimpleQueueService.BatchRequestTooLong",
        "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.",
    );
}

#[tokio::test]
async fn fidelity_40_an_empty_receive_has_no_messages_member() {
    let w = World::new();
    let q = w.create("q", &[]).await;
    assert!(w.run::<ReceiveMessage>(all_of(&q)).await.unwrap().messages.is_none());
}

#[tokio::test]
async fn fidelity_41_errors_carry_both_codes() {
    use wire::{Fault, ServiceError};
    let w = World::new();
    let error = w.run::<SendMessage>(message("nowhere", "a")).await.unwrap_err();
    let Fault::Modelled(structure) = error.fault() else { panic!("{error:?}") };
    let codes = structure.schema().error.unwrap();
    assert_eq!((codes.code, codes.query_code(), codes.status), ("QueueDoesNotExist", NO_QUEUE, 400));
    refused::<()>(Err(error), NO_QUEUE, "The specified queue does not exist.");
}

#[tokio::test]
async fn fidelity_42_a_purge_and_a_name_rest_for_a_minute() {
    let w = World::new();
    let q = w.create("q", &[]).await;
    w.purge(&q).await.unwrap();
    w.advance(59);
    refused(
        w.purge(&q).await,
        "AWS.SimpleQueueService.PurgeQueueInProgress",
        "Only one PurgeQueue operation on q is allowed every 60 seconds.",
    );
    w.advance(1);
    w.purge(&q).await.unwrap();
    w.remove(&q).await.unwrap();
    w.advance(59);
    refused(
        w.try_create("q", &[]).await,
        "AWS.SimpleQueueService.QueueDeletedRecently",
        "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
    );
    w.advance(1);
    w.create("q", &[]).await;
}

#[tokio::test]
async fn fidelity_43_creating_again_compares_what_is_given() {
    let w = World::new();
    let q = w.create("q", &[("DelaySeconds", "5")]).await;
    assert_eq!(w.create("q", &[]).await, q);
    assert_eq!(w.create("q", &[("DelaySeconds", "5"), ("VisibilityTimeout", "30")]).await, q);
    refused(
        w.try_create("q", &[("DelaySeconds", "6")]).await,
        "QueueAlreadyExists",
        "A queue already exists with the same name and a different value for attribute DelaySeconds",
    );
    w.set(&q, &[("DelaySeconds", "6")]).await.unwrap();
    assert_eq!(w.create("q", &[("DelaySeconds", "6")]).await, q);
}

#[tokio::test]
async fn fidelity_44_dead_letters_keep_their_identity_and_take_every_hop() {
    let w = World::new();
    w.create("last", &[]).await;
    let next = w.create("next", &[("RedrivePolicy", &w.redrive("last", 1))]).await;
    let q =
        w.create("q", &[("RedrivePolicy", &w.redrive("next", 1)), ("MessageRetentionPeriod", "600")]).await;
    w.set(&next, &[("MessageRetentionPeriod", "600")]).await.unwrap();
    let sent = w.send(&q, "a").await;
    assert_eq!(w.receive_for(&q, 1, 0).await.len(), 1);
    w.advance(100);
    assert!(w.receive(&q, 1).await.is_empty());
    assert_eq!(w.counts("next").await, (1, 0, 0), "the next hop, not the last");
    let dead = w.receive_for(&next, 1, 0).await;
    assert_eq!(dead[0].message_id, sent.message_id);
    assert_eq!(system(&dead[0], "ApproximateReceiveCount"), "2");
    assert_eq!(system(&dead[0], "DeadLetterQueueSourceArn"), w.arn("q"));
    // The retention counts from the first queue.
    w.advance(500);
    assert_eq!(w.counts("next").await, (0, 0, 0));

    let fifo = ("FifoQueue", "true");
    let dlq = w.create("dlq.fifo", &[fifo, ("MessageRetentionPeriod", "600")]).await;
    let redrive = w.redrive("dlq.fifo", 1);
    let q = w.create("q.fifo", &[fifo, ("RedrivePolicy", &redrive), ("MessageRetentionPeriod", "600")]).await;
    let sent = w.send_to(&q, "g", "1", "a").await;
    w.receive_for(&q, 1, 0).await;
    w.advance(500);
    assert!(w.receive(&q, 1).await.is_empty());
    w.advance(500);
    let dead = w.receive(&dlq, 1).await;
    assert_eq!(dead[0].message_id, sent.message_id);
    assert_eq!(system(&dead[0], "MessageDeduplicationId"), sent.message_id.unwrap());
    assert_eq!(system(&dead[0], "MessageGroupId"), "g");
}

#[tokio::test]
async fn fidelity_45_deleting_twice_is_fine_and_changing_what_is_deleted_is_not() {
    let w = World::new();
    let q = w.create("q", &[]).await;
    w.send(&q, "a").await;
    let taken = w.receive(&q, 1).await;
    let h = handle(&taken[0]);
    w.delete(&q, h).await.unwrap();
    w.delete(&q, h).await.unwrap();
    let text = format!(
        "Value {h} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for \
         visibility timeout change."
    );
    refused(w.hide(&q, h, 5).await, INVALID, &text);
}

#[tokio::test]
async fn fidelity_46_user_and_system_attributes_have_digests_of_their_own() {
    let w = World::new();
    let q = w.create("q", &[]).await;
    let user: BTreeMap<_, _> = [
        ("color".to_owned(), string("String", "blue")),
        ("count".to_owned(), string("Number", "3")),
        ("blob".to_owned(), binary(&[1, 2, 3])),
    ]
    .into();
    let trace = MessageSystemAttributeValue {
        data_type: "String".into(),
        string_value: Some("Root=1-5759e988-bd862e3fe1be46a994272793".into()),
        ..Default::default()
    };
    let input = SendMessageInput {
        message_attributes: Some(user),
        message_system_attributes: Some([("AWSTraceHeader".to_owned(), trace)].into()),
        ..message(&q, "a")
    };
    let sent = w.run::<SendMessage>(input).await.unwrap();
    let both = "d838729972a4b70e2d2acd9d59ac847c";
    assert_eq!(sent.md5_of_message_attributes.as_deref(), Some(both));
    let system_md5 = sent.md5_of_message_system_attributes.unwrap();
    assert_eq!(system_md5.len(), 32);
    assert_ne!(system_md5, both);
    let some = ReceiveMessageInput {
        message_attribute_names: Some(vec!["col.*".into()]),
        visibility_timeout: Some(0),
        ..all_of(&q)
    };
    let taken = w.receive_with(some).await;
    assert_eq!(taken[0].md5_of_message_attributes.as_deref(), Some("da1b33cc3cbfe8b1630921e78e6b9880"));
    assert_eq!(taken[0].message_attributes.as_ref().unwrap().len(), 1);
    assert_eq!(system(&taken[0], "AWSTraceHeader"), "Root=1-5759e988-bd862e3fe1be46a994272793");
    let none = ReceiveMessageInput { message_attribute_names: None, ..all_of(&q) };
    let taken = w.receive_with(none).await;
    assert!(taken[0].md5_of_message_attributes.is_none() && taken[0].message_attributes.is_none());
}

#[tokio::test]
async fn fidelity_47_system_attributes_come_when_asked_for() {
    let w = World::new();
    let q = w.create("q", &[]).await;
    w.send(&q, "a").await;
    let plain = ReceiveMessageInput { attribute_names: None, visibility_timeout: Some(0), ..all_of(&q) };
    assert!(w.receive_with(plain).await[0].attributes.is_none());
    let named = ReceiveMessageInput {
        attribute_names: None,
        message_system_attribute_names: Some(vec![MessageSystemAttributeName::SentTimestamp.into()]),
        visibility_timeout: Some(0),
        ..all_of(&q)
    };
    let taken = w.receive_with(named).await;
    let shown: Vec<_> = taken[0].attributes.as_ref().unwrap().keys().collect();
    assert_eq!(shown, ["SentTimestamp"]);
    let all = w.receive(&q, 1).await;
    let shown: Vec<_> = all[0].attributes.as_ref().unwrap().keys().collect();
    assert_eq!(
        shown,
        ["ApproximateFirstReceiveTimestamp", "ApproximateReceiveCount", "SenderId", "SentTimestamp"]
    );
    assert_eq!(system(&all[0], "SentTimestamp"), w.clock.now().millis().to_string());
    assert_eq!(system(&all[0], "ApproximateReceiveCount"), "3");
}

#[tokio::test]
async fn fidelity_48_an_empty_redrive_policy_removes_it() {
    let w = World::new();
    w.create("dlq", &[]).await;
    let q = w.create("q", &[("RedrivePolicy", &w.redrive("dlq", 3))]).await;
    assert_eq!(w.attributes(&q, &["RedrivePolicy"]).await["RedrivePolicy"], w.redrive("dlq", 3));
    w.set(&q, &[("RedrivePolicy", "")]).await.unwrap();
    assert!(!w.attributes(&q, &["All"]).await.contains_key("RedrivePolicy"));
}

#[tokio::test]
async fn fidelity_49_urls_follow_the_caller_and_every_form_resolves() {
    let w = World::new();
    let q = w.create("q", &[]).await;
    assert_eq!(q, format!("http://localhost:4566/{ACCOUNT}/q"));
    let foreign = format!("https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/q");
    let legacy = format!("http://us-east-1.queue.localhost:4566/{ACCOUNT}/q");
    for url in [q.as_str(), "q", &foreign, &legacy, &format!("/{ACCOUNT}/q")] {
        w.send(url, "a").await;
    }
    assert_eq!(w.counts(&q).await, (5, 0, 0));
    for url in ["", "http://localhost:4566/q", "http://localhost:4566/000000000000/q", "Q"] {
        refused(
            w.run::<SendMessage>(message(url, "a")).await,
            NO_QUEUE,
            "The specified queue does not exist.",
        );
    }
}

#[tokio::test]
async fn fidelity_49_a_long_poll_ends_when_the_queue_is_deleted() {
    let w = World::new();
    let q = w.create("q", &[]).await;
    let poll = tokio::spawn({
        let (w, input) = (w.clone(), ReceiveMessageInput { wait_time_seconds: Some(20), ..all_of(&q) });
        async move { w.run::<ReceiveMessage>(input).await }
    });
    tokio::task::yield_now().await;
    w.remove(&q).await.unwrap();
    refused(poll.await.unwrap(), NO_QUEUE, "The specified queue does not exist.");
}

#[tokio::test]
async fn fidelity_49_retention_removes_messages_in_flight() {
    let w = World::new();
    let q = w.create("q", &[("MessageRetentionPeriod", "60"), ("VisibilityTimeout", "600")]).await;
    w.send(&q, "a").await;
    w.send(&q, "b").await;
    let taken = w.receive(&q, 1).await;
    assert_eq!(w.counts(&q).await, (1, 1, 0));
    w.advance(60);
    assert_eq!(w.counts(&q).await, (0, 0, 0));
    assert!(w.receive(&q, 10).await.is_empty());
    w.delete(&q, handle(&taken[0])).await.unwrap();
}
