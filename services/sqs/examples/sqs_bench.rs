//! What the service itself costs: in process, without a network. Run with `--release`; an argument names a directory
//! for a durable store, which must not exist yet.

// A benchmark measures the host's time.
#![allow(clippy::disallowed_methods)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kernel::{Call, Clock};
use model_sqs::ops::*;
use model_sqs::types::*;
use service::{Authorizer, Decision, Question, Service};
use store::{Options, Store};
use wire::OperationType;

struct Everyone;

impl Authorizer for Everyone {
    fn decide(&self, _: &Call, _: &Question<'_>) -> Decision {
        Decision::Allow
    }
}

#[derive(Clone)]
struct Bench {
    service: Arc<Service>,
    clock: Clock,
}

impl Bench {
    async fn run<O: OperationType>(&self, input: O::Input) -> O::Output {
        let call = Arc::new(Call {
            service: "sqs",
            operation: O::descriptor().name,
            ..testkit::call(self.clock.now())
        });
        match self.service.call::<O>(&Everyone, call, input).await {
            Ok(output) => output,
            Err(error) => panic!("{}: {error:?}", O::descriptor().name),
        }
    }

    async fn send(&self, queue: &str) {
        let message_body = "x".repeat(200).into();
        self.run::<SendMessage>(SendMessageInput {
            queue_url: queue.into(),
            message_body,
            ..Default::default()
        })
        .await;
    }

    async fn receive(&self, queue: &str, max: i32) -> Vec<Message> {
        let max_number_of_messages = Some(max);
        let input =
            ReceiveMessageInput { queue_url: queue.into(), max_number_of_messages, ..Default::default() };
        self.run::<ReceiveMessage>(input).await.messages.unwrap_or_default()
    }

    async fn delete(&self, queue: &str, message: &Message) {
        let receipt_handle = message.receipt_handle.clone().unwrap_or_default().into();
        self.run::<DeleteMessage>(DeleteMessageInput { queue_url: queue.into(), receipt_handle }).await;
    }

    async fn cycle(&self, queue: &str) {
        self.send(queue).await;
        for message in self.receive(queue, 1).await {
            self.delete(queue, &message).await;
        }
    }

    async fn fill(&self, queue: &str, messages: usize) {
        for _ in 0..messages / 10 {
            let entry = |i: usize| SendMessageBatchRequestEntry {
                id: i.to_string().into(),
                message_body: "x".repeat(200).into(),
                ..Default::default()
            };
            let entries = (0..10).map(entry).collect::<Vec<_>>().into();
            self.run::<SendMessageBatch>(SendMessageBatchInput { queue_url: queue.into(), entries }).await;
        }
    }
}

/// Runs `work` in `clients` tasks for a while, and prints how often a second.
async fn measure<F: Future<Output = ()> + Send>(
    what: &str,
    clients: usize,
    work: impl Fn() -> F + Clone + Send + 'static,
) {
    let begin = Instant::now();
    let tasks: Vec<_> = (0..clients)
        .map(|_| {
            let work = work.clone();
            tokio::spawn(async move {
                let mut times = Vec::new();
                while begin.elapsed() < Duration::from_secs(3) {
                    let from = Instant::now();
                    work().await;
                    times.push(from.elapsed());
                }
                times
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.unwrap_or_default());
    }
    let rate = times.len() as f64 / begin.elapsed().as_secs_f64();
    times.sort();
    let at = |part: f64| times.get((times.len() as f64 * part) as usize).copied().unwrap_or_default();
    println!("{what:44} {clients:3} clients {rate:9.0}/s  p50 {:8.1?}  p99 {:8.1?}", at(0.5), at(0.99));
}

#[tokio::main]
async fn main() {
    let store = match std::env::args().nth(1) {
        Some(dir) => {
            Store::open(Path::new(&dir), Options::default()).unwrap_or_else(|error| panic!("{error}"))
        }
        None => Store::in_memory(Options::default()),
    };
    let clock = Clock::system(Duration::ZERO);
    let service = Arc::new(sqs::service(testkit::deps_on(store, clock.clone())));
    for work in service.take_background() {
        tokio::spawn(work);
    }
    let bench = Bench { service, clock };
    let create = |name: &str| CreateQueueInput {
        queue_name: name.into(),
        attributes: Some([("VisibilityTimeout".to_owned(), "43200".to_owned())].into()),
        ..Default::default()
    };
    for name in ["empty", "backlog", "deleted"] {
        bench.run::<CreateQueue>(create(name)).await;
    }
    for clients in [1, 32] {
        let b = bench.clone();
        measure("send", clients, move || {
            let b = b.clone();
            async move { b.send("backlog").await }
        })
        .await;
        let b = bench.clone();
        measure("send, receive and delete, empty queue", clients, move || {
            let b = b.clone();
            async move { b.cycle("empty").await }
        })
        .await;
    }
    bench.fill("backlog", 100_000).await;
    bench.fill("deleted", 100_000).await;
    let begin = Instant::now();
    let mut deleted = 0;
    while deleted < 100_000 {
        for message in bench.receive("deleted", 10).await {
            bench.delete("deleted", &message).await;
            deleted += 1;
        }
    }
    println!("100,000 received by tens and deleted one by one in {:.1?}", begin.elapsed());
    for clients in [1, 32] {
        for (queue, what) in [
            ("backlog", "cycle, 100,000 and more messages behind"),
            ("deleted", "cycle, 100,000 deleted messages ahead"),
        ] {
            let b = bench.clone();
            measure(what, clients, move || {
                let b = b.clone();
                async move { b.cycle(queue).await }
            })
            .await;
        }
    }
}
