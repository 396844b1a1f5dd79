//! Dead-letter queues and the tasks that move messages back.

#![allow(clippy::disallowed_methods)]

mod common;

use common::*;
use model_sqs::Error;
use model_sqs::ops::*;
use model_sqs::types::*;
use sqs::Limits;
use store::{Options, Store};

/// Queues `q` and `dlq`, and `n` dead letters.
async fn with_dead_letters(w: &World, n: usize) -> (String, String) {
    let dlq = w.create("dlq", &[]).await;
    let q = w.create("q", &[("RedrivePolicy", &w.redrive("dlq", 1))]).await;
    for i in 0..n {
        w.send(&q, &i.to_string()).await;
    }
    while !w.receive_for(&q, 10, 5).await.is_empty() {}
    w.advance(5);
    while w.counts(&q).await.0 > 0 {
        assert!(w.receive(&q, 10).await.is_empty());
    }
    assert_eq!(w.counts(&dlq).await, (n as i64, 0, 0));
    (q, dlq)
}

async fn start(w: &World, to: Option<&str>, rate: Option<i32>) -> Result<String, Error> {
    let input = StartMessageMoveTaskInput {
        source_arn: w.arn("dlq").into(),
        destination_arn: to.map(|name| w.arn(name)),
        max_number_of_messages_per_second: rate,
    };
    w.run::<StartMessageMoveTask>(input).await.map(|output| output.task_handle.unwrap())
}

async fn tasks(w: &World) -> Vec<ListMessageMoveTasksResultEntry> {
    let input = ListMessageMoveTasksInput { source_arn: w.arn("dlq").into(), max_results: Some(10) };
    w.run::<ListMessageMoveTasks>(input).await.unwrap().results.unwrap_or_default()
}

async fn status(w: &World) -> String {
    tasks(w).await[0].status.clone().unwrap()
}

async fn until_status(w: &World, wanted: &str) {
    w.until(wanted, async || status(w).await == wanted).await;
}

#[tokio::test]
async fn a_message_received_too_often_moves() {
    let w = World::new();
    w.create("dlq", &[]).await;
    let q = w.create("q", &[("RedrivePolicy", &w.redrive("dlq", 2))]).await;
    let sent = w.send(&q, "a").await;
    for count in ["1", "2"] {
        assert_eq!(system(&w.receive_for(&q, 1, 0).await[0], "ApproximateReceiveCount"), count);
    }
    assert!(w.receive(&q, 1).await.is_empty());
    assert_eq!((w.counts(&q).await, w.counts("dlq").await), ((0, 0, 0), (1, 0, 0)));
    let dead = w.receive("dlq", 1).await;
    assert_eq!(dead[0].message_id, sent.message_id);
    assert_eq!(system(&dead[0], "ApproximateReceiveCount"), "3");
    assert_eq!(system(&dead[0], "DeadLetterQueueSourceArn"), w.arn("q"));
}

#[tokio::test]
async fn a_poll_on_the_dead_letter_queue_wakes() {
    let w = World::new();
    w.create("dlq", &[]).await;
    let q = w.create("q", &[("RedrivePolicy", &w.redrive("dlq", 1))]).await;
    w.send(&q, "a").await;
    w.receive_for(&q, 1, 0).await;
    let poll = tokio::spawn({
        let (w, input) = (w.clone(), ReceiveMessageInput { wait_time_seconds: Some(20), ..all_of("dlq") });
        async move { w.receive_with(input).await }
    });
    tokio::task::yield_now().await;
    assert!(w.receive(&q, 1).await.is_empty());
    assert_eq!(body(&poll.await.unwrap()[0]), "a");
}

#[tokio::test]
async fn without_its_target_a_message_stays() {
    let w = World::new();
    w.create("dlq", &[]).await;
    let q = w.create("q", &[("RedrivePolicy", &w.redrive("dlq", 1))]).await;
    w.send(&q, "a").await;
    w.remove("dlq").await.unwrap();
    for _ in 0..3 {
        assert_eq!(w.receive_for(&q, 1, 0).await.len(), 1);
    }
    w.advance(60);
    w.create("dlq", &[]).await;
    assert!(w.receive(&q, 1).await.is_empty());
    assert_eq!(w.counts("dlq").await, (1, 0, 0));
}

#[tokio::test]
async fn a_queue_that_is_its_own_dead_letter_queue_goes_round() {
    let w = World::new();
    let q = w.create("q", &[]).await;
    w.set(&q, &[("RedrivePolicy", &w.redrive("q", 1))]).await.unwrap();
    w.send(&q, "a").await;
    for count in 1..=3 {
        let taken = w.receive_for(&q, 1, 0).await;
        assert_eq!(system(&taken[0], "ApproximateReceiveCount"), count.to_string());
    }
    assert_eq!(w.counts(&q).await, (1, 0, 0));
}

#[tokio::test]
async fn large_dead_letters_move_in_several_steps() {
    let w = World::new();
    w.create("dlq", &[]).await;
    let q = w.create("q", &[("RedrivePolicy", &w.redrive("dlq", 1))]).await;
    for _ in 0..10 {
        w.send(&q, &"x".repeat(1_000_000)).await;
    }
    assert_eq!(w.receive_for(&q, 10, 0).await.len(), 10);
    assert!(w.receive(&q, 10).await.is_empty());
    assert_eq!((w.counts(&q).await, w.counts("dlq").await), ((0, 0, 0), (10, 0, 0)));
}

#[tokio::test]
async fn a_task_moves_everything_back_as_new_messages() {
    let w = World::new();
    let (q, dlq) = with_dead_letters(&w, 250).await;
    start(&w, None, None).await.unwrap();
    until_status(&w, "COMPLETED").await;
    assert_eq!((w.counts(&q).await, w.counts(&dlq).await), ((250, 0, 0), (0, 0, 0)));
    let taken = w.receive(&q, 1).await;
    assert_eq!(body(&taken[0]), "0", "the oldest comes first");
    assert_eq!(system(&taken[0], "ApproximateReceiveCount"), "1");
    let task = &tasks(&w).await[0];
    assert_eq!(task.approximate_number_of_messages_moved, Some(250));
    assert_eq!(task.approximate_number_of_messages_to_move, Some(250));
    assert!(task.task_handle.is_none() && task.destination_arn.is_none() && task.failure_reason.is_none());
    assert_eq!(task.started_timestamp, Some(w.clock.now().millis()));
}

#[tokio::test]
async fn a_rate_is_kept_by_the_clock() {
    let w = World::new();
    let (_, dlq) = with_dead_letters(&w, 25).await;
    w.create("other", &[]).await;
    start(&w, Some("other"), Some(10)).await.unwrap();
    w.until("the first ten", async || w.counts("other").await.0 == 10).await;
    w.advance_ms(999);
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    assert_eq!((w.counts("other").await.0, status(&w).await.as_str()), (10, "RUNNING"));
    assert!(tasks(&w).await[0].task_handle.is_some());
    w.advance_ms(1);
    w.until("the next ten", async || w.counts("other").await.0 == 20).await;
    w.advance(1);
    until_status(&w, "COMPLETED").await;
    assert_eq!((w.counts("other").await, w.counts(&dlq).await), ((25, 0, 0), (0, 0, 0)));
}

#[tokio::test]
async fn a_task_can_be_cancelled_and_another_begun() {
    let w = World::new();
    let (_, dlq) = with_dead_letters(&w, 25).await;
    w.create("other", &[]).await;
    let handle = start(&w, Some("other"), Some(10)).await.unwrap();
    let cancel = |handle: &str| {
        w.run::<CancelMessageMoveTask>(CancelMessageMoveTaskInput { task_handle: handle.into() })
    };
    refused(
        start(&w, None, None).await,
        INVALID,
        "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
    );
    w.until("the first ten", async || w.counts("other").await.0 == 10).await;
    assert_eq!(cancel(&handle).await.unwrap().approximate_number_of_messages_moved, Some(10));
    until_status(&w, "CANCELLED").await;
    refused(cancel(&handle).await, INVALID, "Only active tasks can be cancelled.");
    assert_eq!(w.counts(&dlq).await, (15, 0, 0));
    w.advance(1);
    start(&w, Some("other"), None).await.unwrap();
    until_status(&w, "COMPLETED").await;
    assert_eq!(tasks(&w).await.len(), 2);
    assert_eq!(w.counts("other").await, (25, 0, 0));
}

#[tokio::test]
async fn a_task_fails_without_its_destination_or_a_source() {
    let w = World::new();
    let (_, dlq) = with_dead_letters(&w, 15).await;
    w.create("other", &[]).await;
    start(&w, Some("other"), Some(10)).await.unwrap();
    w.until("the first ten", async || w.counts("other").await.0 == 10).await;
    w.remove("other").await.unwrap();
    w.advance(1);
    until_status(&w, "FAILED").await;
    assert_eq!(tasks(&w).await[0].failure_reason.as_deref(), Some(NO_QUEUE));
    assert_eq!(w.counts(&dlq).await, (5, 0, 0));
    w.purge(&dlq).await.unwrap();
    w.send(&dlq, "never in another queue").await;
    w.advance(1);
    start(&w, None, None).await.unwrap();
    until_status(&w, "FAILED").await;
    assert_eq!(tasks(&w).await[0].failure_reason.as_deref(), Some("CouldNotDetermineMessageSource"));
    assert_eq!(w.counts(&dlq).await, (1, 0, 0));
}

#[tokio::test]
async fn fifo_dead_letters_go_back_in_order() {
    let w = World::new();
    let fifo = ("FifoQueue", "true");
    let dlq = w.create("dlq.fifo", &[fifo]).await;
    let q = w.create("q.fifo", &[fifo, ("RedrivePolicy", &w.redrive("dlq.fifo", 1))]).await;
    for i in 0..3 {
        w.send_to(&q, "g", &i.to_string(), &i.to_string()).await;
    }
    assert_eq!(w.receive_for(&q, 10, 0).await.len(), 3);
    assert!(w.receive(&q, 10).await.is_empty());
    assert_eq!(w.counts(&dlq).await, (3, 0, 0));
    let input = StartMessageMoveTaskInput { source_arn: w.arn("dlq.fifo").into(), ..Default::default() };
    w.run::<StartMessageMoveTask>(input).await.unwrap();
    w.until("they are back", async || w.counts(&q).await.0 == 3).await;
    assert_eq!(w.bodies(&q, 10).await, ["0", "1", "2"]);
}

#[tokio::test]
async fn refusals() {
    let w = World::new();
    w.create("plain", &[]).await;
    w.create("other.fifo", &[("FifoQueue", "true")]).await;
    let (_, _) = with_dead_letters(&w, 1).await;
    let begin = |source: String, to: Option<String>, rate: Option<i32>| {
        w.run::<StartMessageMoveTask>(StartMessageMoveTaskInput {
            source_arn: source.into(),
            destination_arn: to,
            max_number_of_messages_per_second: rate,
        })
    };
    let not_found = "ResourceNotFoundException";
    let no_source = "The resource that you specified for the SourceArn parameter doesn't exist.";
    let dlq = || w.arn("dlq");
    refused(begin("".into(), None, None).await, MISSING, "The request must contain the parameter SourceArn.");
    refused(
        begin("dlq".into(), None, None).await,
        INVALID,
        "You must use this format to specify the SourceArn: \
         arn:<partition>:<service>:<region>:<account-id>:<resource-id>",
    );
    refused(begin(w.arn("nowhere"), None, None).await, not_found, no_source);
    refused(
        begin(w.arn("plain"), None, None).await,
        INVALID,
        "Source queue must be configured as a Dead Letter Queue.",
    );
    refused(
        begin(dlq(), Some(w.arn("nowhere")), None).await,
        not_found,
        "The resource that you specified for the DestinationArn parameter doesn't exist.",
    );
    refused(
        begin(dlq(), Some(dlq()), None).await,
        INVALID,
        "Source queue arn and destination queue arn cannot be the same.",
    );
    refused(
        begin(dlq(), Some(w.arn("other.fifo")), None).await,
        INVALID,
        "The source queue and destination queue must be of the same queue type.",
    );
    for rate in [0, 501] {
        refused(
            begin(dlq(), None, Some(rate)).await,
            INVALID,
            "Value for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: You must enter a number that's \
             between 1 and 500.",
        );
    }
    let list = |source: String, max| {
        w.run::<ListMessageMoveTasks>(ListMessageMoveTasksInput {
            source_arn: source.into(),
            max_results: max,
        })
    };
    refused(list(w.arn("nowhere"), None).await, not_found, no_source);
    refused(
        list(dlq(), Some(11)).await,
        INVALID,
        "Value for parameter MaxResults is invalid. Reason: You must enter a number that's between 1 and 10.",
    );
    assert!(list(dlq(), None).await.unwrap().results.is_none());
    let cancel = |handle: &str| {
        w.run::<CancelMessageMoveTask>(CancelMessageMoveTaskInput { task_handle: handle.into() })
    };
    refused(cancel("").await, MISSING, "The request must contain the parameter TaskHandle.");
    refused(cancel("foobared").await, INVALID, "Value for parameter TaskHandle is invalid.");
    // {"taskId":"x","sourceArn":"arn:aws:sqs:us-east-1:123456789012:NAME"} in base64.
    let unknown_task =
        "eyJ0YXNrSWQiOiJ4Iiwic291cmNlQXJuIjoiYXJuOmF3czpzcXM6dXMtZWFzdC0xOjEyMzQ1Njc4OTAxMjpkbHEifQ==";
    refused(cancel(unknown_task).await, not_found, "Task does not exist.");
    let unknown_source =
        "eyJ0YXNrSWQiOiJ4Iiwic291cmNlQXJuIjoiYXJuOmF3czpzcXM6dXMtZWFzdC0xOjEyMzQ1Njc4OTAxMjpubyJ9";
    refused(cancel(unknown_source).await, not_found, no_source);
}

#[tokio::test]
async fn a_task_goes_on_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let open = || Store::open(dir.path(), Options::default()).unwrap();
    let clock = World::new().clock;
    let w = World::over(open(), clock.clone(), Limits::default());
    let (_, dlq) = with_dead_letters(&w, 25).await;
    w.create("other", &[]).await;
    start(&w, Some("other"), Some(10)).await.unwrap();
    w.until("the first ten", async || w.counts("other").await.0 == 10).await;
    let store = w.store.clone();
    w.stop().await;
    store.close();
    let w = World::over(open(), clock, Limits::default());
    w.advance(1);
    w.until("the next ten", async || {
        w.advance(1);
        status(&w).await == "COMPLETED"
    })
    .await;
    assert_eq!((w.counts("other").await, w.counts(&dlq).await), ((25, 0, 0), (0, 0, 0)));
    assert_eq!(tasks(&w).await[0].approximate_number_of_messages_moved, Some(25));
}
