//! ReceiveMessage.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use kernel::{Call, Timestamp};
use model_sqs::Error;
use model_sqs::types::{Message, ReceiveMessageInput, ReceiveMessageOutput};
use service::Allowed;
use store::Record as _;

use crate::error::{invalid, invalid_value, no_queue, of_store};
use crate::limits::{DEDUP_MS, RECEIVE_COUNT, RECEIVE_ROUNDS, Span, VISIBILITY_SECS, WAIT_SECS};
use crate::message::{attributes, digest, fifo_id};
use crate::ops::batch::unless_empty;
use crate::queue::receive::{Delivery, repeat, take};
use crate::queue::sequence;
use crate::records::{Attempt, Expiring};
use crate::sqs::{Queue, Sqs};

/// A checked request.
struct Request {
    max: usize,
    wait_secs: u32,
    /// `None`: the queue's.
    timeout_secs: Option<u32>,
    attempt: Option<String>,
    shown: Shown,
}

/// What the receiver wants to see of a message.
struct Shown {
    system: HashSet<String>,
    user: Vec<String>,
}

impl Sqs {
    pub async fn receive_message(
        self: Arc<Self>,
        call: Arc<Call>,
        queue: Allowed<Arc<Queue>>,
        input: ReceiveMessageInput,
    ) -> Result<ReceiveMessageOutput, Error> {
        let mut queue = queue.into_inner();
        let request = check(input, &queue)?;
        let deadline = call.now.plus(Duration::from_secs(request.wait_secs.into()));
        loop {
            let hot = queue.hot.clone();
            // Listening begins before looking, so nothing is missed in between.
            let mut woken = std::pin::pin!(hot.wake.notified());
            woken.as_mut().enable();
            let now = self.clock.now();
            let deliveries = self.receive_now(&queue, &request, now).await?;
            if !deliveries.is_empty() || now >= deadline {
                let fifo = queue.record.is_fifo();
                let messages = deliveries.into_iter().map(|delivery| show(delivery, fifo, &request.shown));
                return Ok(ReceiveMessageOutput { messages: unless_empty(messages.collect()) });
            }
            if !hot.is_closed() {
                let next_due = hot.next_due(now.millis()).map_err(of_store)?;
                let until = next_due.map_or(deadline, |due| due.min(deadline));
                tokio::select! {
                    () = woken => {}
                    () = self.clock.sleep_until(until) => {}
                }
            }
            // The queue may have been changed, purged or deleted meanwhile.
            queue = self
                .find(queue.account(), queue.region(), &queue.name)
                .map_err(of_store)?
                .filter(|found| found.record.id == queue.record.id)
                .ok_or_else(no_queue)?;
        }
    }

    /// Takes what is there now.
    async fn receive_now(
        &self,
        queue: &Arc<Queue>,
        request: &Request,
        now: Timestamp,
    ) -> Result<Vec<Delivery>, Error> {
        if let Some(attempt) = &request.attempt
            && let Some(deliveries) = self.repeat_attempt(queue, attempt, request, now).await?
        {
            return Ok(deliveries);
        }
        let max = self.allowed_in_flight(queue, request, now)?;
        if max == 0 {
            return Ok(Vec::new());
        }
        for _ in 0..RECEIVE_ROUNDS {
            let claim = Arc::new(queue.hot.choose(queue.rules(now), max).map_err(of_store)?);
            if claim.chosen.is_empty() {
                return Ok(Vec::new());
            }
            let (deliveries, _) = self
                .transact(|tx, effects| {
                    effects.hold(&claim);
                    let current = self.current(tx, queue)?;
                    if current.hot.id != queue.hot.id || current.hot.epoch != queue.hot.epoch {
                        return Ok(Vec::new());
                    }
                    let timeout = request.timeout_secs.unwrap_or(current.record.attributes.visibility_secs);
                    let deliveries = take(self, tx, effects, &current, &claim, now, timeout)?;
                    if let Some(attempt) = request.attempt.as_ref().filter(|_| !deliveries.is_empty()) {
                        let expires_ms = now.millis() + DEDUP_MS;
                        let keys = &current.hot.contents;
                        let taken = deliveries.iter().map(Delivery::taken).collect();
                        tx.put(keys.attempt(attempt), Attempt { expires_ms, taken }.encode());
                        let expiring = Expiring::Attempt { id: attempt.clone() };
                        tx.put_stamped(keys.new_expiry(expires_ms, 0), expiring.encode());
                    }
                    Ok(deliveries)
                })
                .await?;
            if !deliveries.is_empty() {
                return Ok(deliveries);
            }
        }
        Ok(Vec::new())
    }

    /// How many messages may be received: fewer than asked for when too many are in flight already.
    fn allowed_in_flight(&self, queue: &Queue, request: &Request, now: Timestamp) -> Result<usize, Error> {
        let (in_flight, _) = queue.hot.counts(queue.rules(now)).map_err(of_store)?;
        let left = self.limits.in_flight_max.saturating_sub(usize::try_from(in_flight).unwrap_or(0));
        if left == 0 && !queue.record.is_fifo() && request.wait_secs == 0 {
            return Err(Error::over_limit(
                "Too many messages have been received without being deleted.\nPlease delete your received messages or \
                 let them timeout before receiving more.",
            ));
        }
        Ok(left.min(request.max))
    }

    /// The answer that an earlier receive with this attempt id was given, if it still holds.
    async fn repeat_attempt(
        &self,
        queue: &Queue,
        attempt: &str,
        request: &Request,
        now: Timestamp,
    ) -> Result<Option<Vec<Delivery>>, Error> {
        let (deliveries, _) = self
            .transact(|tx, effects| {
                let queue = self.current(tx, queue)?;
                let key = queue.hot.contents.attempt(attempt);
                let Some(bytes) = tx.get(&key)? else { return Ok(None) };
                let known = Attempt::decode(&bytes)?;
                if known.expires_ms <= now.millis() {
                    return Ok(None);
                }
                let timeout = request.timeout_secs.unwrap_or(queue.record.attributes.visibility_secs);
                let deliveries = repeat(tx, effects, &queue, &known.taken, now, timeout)?;
                if let Some(deliveries) = &deliveries {
                    let taken = deliveries.iter().map(Delivery::taken).collect();
                    tx.put(key, Attempt { taken, ..known }.encode());
                }
                Ok(deliveries)
            })
            .await?;
        Ok(deliveries)
    }
}

fn check(input: ReceiveMessageInput, queue: &Queue) -> Result<Request, Error> {
    let in_span = |value: Option<i32>, span: Span, name: &str, rule: &str| match value {
        None => Ok(None),
        Some(value) => match u32::try_from(value).ok().filter(|n| (span.min..=span.max).contains(n)) {
            Some(n) => Ok(Some(n)),
            None => Err(invalid_value(value, name, &format!("Must be {rule}, if provided."))),
        },
    };
    let wait = in_span(input.wait_time_seconds, WAIT_SECS, "WaitTimeSeconds", ">= 0 and <= 20")?;
    let max =
        in_span(input.max_number_of_messages, RECEIVE_COUNT, "MaxNumberOfMessages", "between 1 and 10")?;
    let timeout_secs =
        in_span(input.visibility_timeout, VISIBILITY_SECS, "VisibilityTimeout", ">= 0 and <= 43200")?;
    if let Some(attempt) = &input.receive_request_attempt_id {
        fifo_id::check(attempt, "ReceiveRequestAttemptId", false)?;
        if !queue.record.is_fifo() {
            return Err(invalid("The request include parameter that is not valid for this queue type"));
        }
    }
    let old = input.attribute_names.unwrap_or_default();
    let new = input.message_system_attribute_names.unwrap_or_default();
    let system = old
        .iter()
        .map(|name| name.as_str().to_owned())
        .chain(new.iter().map(|name| name.as_str().to_owned()));
    Ok(Request {
        max: max.unwrap_or(RECEIVE_COUNT.default) as usize,
        wait_secs: wait.unwrap_or(queue.record.attributes.wait_secs),
        timeout_secs,
        attempt: input.receive_request_attempt_id,
        shown: Shown { system: system.collect(), user: input.message_attribute_names.unwrap_or_default() },
    })
}

fn show(delivery: Delivery, fifo: bool, shown: &Shown) -> Message {
    let wanted: Vec<_> = delivery
        .message
        .attributes
        .iter()
        .filter(|(name, _)| attributes::is_wanted(name, &shown.user))
        .map(|(name, attribute)| (name.as_str(), attribute))
        .collect();
    let md5 = (!wanted.is_empty()).then(|| digest::hex(&digest::attributes(wanted.iter().copied())));
    let user: BTreeMap<_, _> =
        wanted.iter().map(|(name, attribute)| ((*name).to_owned(), attributes::shown(attribute))).collect();
    let mut system = system_attributes(&delivery, fifo);
    if !shown.system.contains("All") {
        system.retain(|name, _| shown.system.contains(name));
    }
    Message {
        message_id: Some(delivery.message.id),
        receipt_handle: Some(delivery.handle),
        md5_of_body: Some(digest::hex(&delivery.message.body_md5)),
        body: Some(delivery.message.body),
        attributes: (!system.is_empty()).then_some(system),
        md5_of_message_attributes: md5,
        message_attributes: (!user.is_empty()).then_some(user),
    }
}

/// All system attributes of a message; times are in milliseconds.
fn system_attributes(delivery: &Delivery, fifo: bool) -> BTreeMap<String, String> {
    let (message, received) = (&delivery.message, &delivery.received);
    let count = message.receives_before.saturating_add(received.count);
    let first_ms = message.first_receive_ms.unwrap_or(received.first_ms);
    let sequence_number = fifo.then(|| sequence::number(delivery.place.1));
    let all = [
        ("SenderId", Some(message.sender.clone())),
        ("SentTimestamp", Some(message.sent_ms.to_string())),
        ("ApproximateReceiveCount", Some(count.to_string())),
        ("ApproximateFirstReceiveTimestamp", Some(first_ms.to_string())),
        ("SequenceNumber", sequence_number),
        ("MessageDeduplicationId", message.dedup_id.clone()),
        ("MessageGroupId", message.group.clone()),
        ("AWSTraceHeader", message.trace_header.clone()),
        ("DeadLetterQueueSourceArn", message.dead_letter_source.clone()),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
