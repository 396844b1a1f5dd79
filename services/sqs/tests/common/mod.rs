//! A service in process, with a clock that stands still until it is moved.

#![allow(dead_code)]
// Tests stand for callers outside: they run side by side and lose patience by the host's time.
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kernel::{Arn, Call, Clock, Timestamp};
use model_sqs::ops::*;
use model_sqs::types::*;
use model_sqs::{Error, SERVICE};
use service::{Authorizer, Decision, Question, Service};
use sqs::Limits;
use store::{Options, Store};
use wire::{Open, OperationType, Protocol};

pub const ACCOUNT: &str = "123456789012";
pub const REGION: &str = "us-east-1";
/// Long enough for the slowest machine; nothing waits for it to pass.
pub const PATIENCE: Duration = Duration::from_secs(60);

struct Everyone;

impl Authorizer for Everyone {
    fn decide(&self, _: &Call, _: &Question<'_>) -> Decision {
        Decision::Allow
    }
}

/// A running service.
#[derive(Clone)]
pub struct World {
    pub service: Arc<Service>,
    pub store: Store,
    pub clock: Clock,
    background: Arc<Tasks>,
}

struct Tasks(Vec<tokio::task::JoinHandle<()>>);

impl Drop for Tasks {
    fn drop(&mut self) {
        self.0.iter().for_each(|task| task.abort());
    }
}

impl World {
    pub fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    pub fn with_limits(limits: Limits) -> Self {
        let clock = Clock::frozen(Timestamp::from_secs(1_750_000_000));
        Self::over(Store::in_memory(Options::default()), clock, limits)
    }

    /// A service over a store that may hold something already.
    pub fn over(store: Store, clock: Clock, limits: Limits) -> Self {
        let deps = testkit::deps_on(store.clone(), clock.clone());
        let service = Arc::new(sqs::service_with(deps, limits));
        let background = service.take_background().into_iter().map(tokio::spawn).collect();
        Self { service, store, clock, background: Arc::new(Tasks(background)) }
    }

    /// Ends the service and everything it does, so that its store can be opened again.
    pub async fn stop(self) {
        let mut tasks = Arc::into_inner(self.background).expect("nobody else uses this world");
        for task in std::mem::take(&mut tasks.0) {
            task.abort();
            let _ = task.await;
        }
    }

    pub fn call_context(&self, operation: &'static str) -> Arc<Call> {
        Arc::new(Call { service: "sqs", operation, ..testkit::call(self.clock.now()) })
    }

    pub async fn run<O: OperationType>(&self, input: O::Input) -> Result<O::Output, O::Error> {
        let call = self.call_context(O::descriptor().name);
        tokio::time::timeout(PATIENCE, self.service.call::<O>(&Everyone, call, input))
            .await
            .expect("an answer")
    }

    pub fn advance(&self, secs: u64) {
        self.clock.advance(Duration::from_secs(secs));
    }

    pub fn advance_ms(&self, ms: u64) {
        self.clock.advance(Duration::from_millis(ms));
    }

    pub async fn create(&self, name: &str, attributes: &[(&str, &str)]) -> String {
        self.try_create(name, attributes).await.expect("a queue")
    }

    pub async fn try_create(&self, name: &str, attributes: &[(&str, &str)]) -> Result<String, Error> {
        let attributes = (!attributes.is_empty()).then(|| texts(attributes));
        let input = CreateQueueInput { queue_name: name.into(), attributes, tags: None };
        self.run::<CreateQueue>(input).await.map(|output| output.queue_url.expect("a URL"))
    }

    pub async fn set(&self, queue: &str, attributes: &[(&str, &str)]) -> Result<(), Error> {
        let input = SetQueueAttributesInput { queue_url: queue.into(), attributes: texts(attributes).into() };
        self.run::<SetQueueAttributes>(input).await.map(|_| ())
    }

    pub async fn attributes(&self, queue: &str, names: &[&str]) -> BTreeMap<String, String> {
        self.try_attributes(queue, names).await.expect("attributes").unwrap_or_default()
    }

    pub async fn try_attributes(
        &self,
        queue: &str,
        names: &[&str],
    ) -> Result<Option<BTreeMap<String, String>>, Error> {
        let names = names.iter().map(|name| attribute_name(name)).collect();
        let input = GetQueueAttributesInput { queue_url: queue.into(), attribute_names: Some(names) };
        self.run::<GetQueueAttributes>(input).await.map(|output| output.attributes)
    }

    /// Visible, in flight and delayed.
    pub async fn counts(&self, queue: &str) -> (i64, i64, i64) {
        let shown = self.attributes(queue, &["All"]).await;
        let count = |name: &str| shown[name].parse().expect("a number");
        (
            count("ApproximateNumberOfMessages"),
            count("ApproximateNumberOfMessagesNotVisible"),
            count("ApproximateNumberOfMessagesDelayed"),
        )
    }

    pub async fn send(&self, queue: &str, body: &str) -> SendMessageOutput {
        self.run::<SendMessage>(message(queue, body)).await.expect("sent")
    }

    pub async fn send_to(&self, queue: &str, group: &str, dedup: &str, body: &str) -> SendMessageOutput {
        self.run::<SendMessage>(fifo_message(queue, group, dedup, body)).await.expect("sent")
    }

    pub async fn receive(&self, queue: &str, max: i32) -> Vec<Message> {
        self.receive_with(ReceiveMessageInput { max_number_of_messages: Some(max), ..all_of(queue) }).await
    }

    pub async fn receive_for(&self, queue: &str, max: i32, timeout: i32) -> Vec<Message> {
        let input = ReceiveMessageInput {
            max_number_of_messages: Some(max),
            visibility_timeout: Some(timeout),
            ..all_of(queue)
        };
        self.receive_with(input).await
    }

    pub async fn receive_with(&self, input: ReceiveMessageInput) -> Vec<Message> {
        self.run::<ReceiveMessage>(input).await.expect("a receive").messages.unwrap_or_default()
    }

    /// Bodies of what a receive gives.
    pub async fn bodies(&self, queue: &str, max: i32) -> Vec<String> {
        self.receive(queue, max).await.into_iter().map(|message| message.body.unwrap()).collect()
    }

    pub async fn delete(&self, queue: &str, handle: &str) -> Result<(), Error> {
        let input = DeleteMessageInput { queue_url: queue.into(), receipt_handle: handle.into() };
        self.run::<DeleteMessage>(input).await.map(|_| ())
    }

    pub async fn hide(&self, queue: &str, handle: &str, timeout: i32) -> Result<(), Error> {
        let input = ChangeMessageVisibilityInput {
            queue_url: queue.into(),
            receipt_handle: handle.into(),
            visibility_timeout: timeout.into(),
        };
        self.run::<ChangeMessageVisibility>(input).await.map(|_| ())
    }

    pub async fn purge(&self, queue: &str) -> Result<(), Error> {
        self.run::<PurgeQueue>(PurgeQueueInput { queue_url: queue.into() }).await.map(|_| ())
    }

    pub async fn remove(&self, queue: &str) -> Result<(), Error> {
        self.run::<DeleteQueue>(DeleteQueueInput { queue_url: queue.into() }).await.map(|_| ())
    }

    pub fn arn(&self, name: &str) -> String {
        Arn::aws(SERVICE.id, REGION, ACCOUNT, name).to_string()
    }

    /// A redrive policy.
    pub fn redrive(&self, target: &str, max: u32) -> String {
        format!(r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":{max}}}"#, self.arn(target))
    }

    /// Waits until something holds, which background work brings about.
    pub async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let wait = async {
            while !holds().await {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("waited in vain until {what}"));
    }

    /// How many rows the store has.
    pub fn rows(&self) -> usize {
        let snapshot = self.store.snapshot();
        let (mut range, mut rows) = (store::KeyRange::all(), 0);
        loop {
            let page = snapshot.range(range.clone(), store::RangeOptions::default()).unwrap();
            rows += page.entries.len();
            match page.entries.last() {
                Some((last, _)) if page.more => range = range.after(last),
                _ => return rows,
            }
        }
    }
}

pub fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

pub fn attribute_name(name: &str) -> Open<QueueAttributeName> {
    let mut open = Open::default();
    wire::TextSlot::set(&mut open, name.to_owned());
    open
}

pub fn message(queue: &str, body: &str) -> SendMessageInput {
    SendMessageInput { queue_url: queue.into(), message_body: body.into(), ..Default::default() }
}

pub fn fifo_message(queue: &str, group: &str, dedup: &str, body: &str) -> SendMessageInput {
    SendMessageInput {
        message_group_id: Some(group.into()),
        message_deduplication_id: (!dedup.is_empty()).then(|| dedup.into()),
        ..message(queue, body)
    }
}

/// A receive that shows everything.
pub fn all_of(queue: &str) -> ReceiveMessageInput {
    ReceiveMessageInput {
        queue_url: queue.into(),
        attribute_names: Some(vec![attribute_name("All")]),
        message_attribute_names: Some(vec!["All".into()]),
        ..Default::default()
    }
}

pub fn string(data_type: &str, value: &str) -> MessageAttributeValue {
    MessageAttributeValue {
        data_type: data_type.into(),
        string_value: Some(value.into()),
        ..Default::default()
    }
}

pub fn binary(value: &[u8]) -> MessageAttributeValue {
    MessageAttributeValue {
        data_type: "Binary".into(),
        binary_value: Some(wire::Bytes::copy_from_slice(value)),
        ..Default::default()
    }
}

pub fn handle(message: &Message) -> &str {
    message.receipt_handle.as_deref().expect("a handle")
}

pub fn body(message: &Message) -> &str {
    message.body.as_deref().expect("a body")
}

pub fn system(message: &Message, name: &str) -> String {
    message.attributes.as_ref().and_then(|all| all.get(name)).cloned().unwrap_or_default()
}

testkit::refusals!(Error, Protocol::Json10, query codes);

pub const INVALID: &str = "InvalidParameterValue";
pub const MISSING: &str = "MissingParameter";
pub const NO_QUEUE: &str = "AWS.SimpleQueueService.NonExistentQueue";
