//! GetQueueAttributes.

use std::sync::Arc;

use kernel::{Call, Timestamp};
use model_sqs::Error;
use model_sqs::types::{GetQueueAttributesInput, GetQueueAttributesOutput};
use service::Allowed;
use store::{RangeOptions, Record as _};

use crate::background::sweep;
use crate::error::of_store;
use crate::limits::COUNT_MAX;
use crate::queue::attributes::{self, Texts};
use crate::records::State;
use crate::sqs::{Queue, Sqs};

impl Sqs {
    pub async fn get_queue_attributes(
        self: Arc<Self>,
        _: Arc<Call>,
        queue: Allowed<Arc<Queue>>,
        input: GetQueueAttributesInput,
    ) -> Result<GetQueueAttributesOutput, Error> {
        let names = input.attribute_names.unwrap_or_default();
        let wanted = attributes::wanted(names.iter().map(|name| name.as_str()))?;
        let mut texts = attributes::shown(&queue.record.attributes);
        texts.insert("CreatedTimestamp".into(), seconds(queue.record.created_ms));
        texts.insert("LastModifiedTimestamp".into(), seconds(queue.record.modified_ms));
        texts.insert("QueueArn".into(), queue.arn.to_string());
        if wanted.iter().any(|name| name.starts_with("ApproximateNumberOfMessages")) {
            let now = self.clock.now();
            // What has expired is not there, though the sweeper may not have come to it yet.
            sweep::expired(&self, &queue, now).await?;
            self.counts(&queue, now)?.show(&mut texts);
        }
        texts.retain(|name, _| wanted.contains(name.as_str()));
        Ok(GetQueueAttributesOutput { attributes: (!texts.is_empty()).then_some(texts) })
    }

    /// Exact while nothing changes: the total is counted by every commit, the messages in flight and delayed in memory.
    fn counts(&self, queue: &Queue, now: Timestamp) -> Result<Counts, Error> {
        let rules = queue.rules(now);
        let (in_flight, delayed) = queue.hot.counts(rules).map_err(of_store)?;
        let delayed =
            if queue.record.is_fifo() { self.fifo_delayed(queue, now).map_err(of_store)? } else { delayed };
        let total = self.store.snapshot().get(&queue.hot.contents.count()).map_err(of_store)?;
        let total = total.and_then(|bytes| bytes.as_ref().try_into().ok()).map_or(0, i64::from_le_bytes);
        Ok(Counts { visible: (total - in_flight - delayed).max(0), in_flight, delayed })
    }

    /// The messages of a FIFO queue that its delay holds back: the youngest, as far as they were never received.
    fn fifo_delayed(&self, queue: &Queue, now: Timestamp) -> Result<i64, store::Error> {
        let delay_ms = i64::from(queue.record.attributes.delay_secs) * 1000;
        if delay_ms == 0 {
            return Ok(0);
        }
        let keys = &queue.hot.contents;
        let snapshot = self.store.snapshot();
        let mut range = keys.messages_since(now.millis() - delay_ms);
        let (mut delayed, mut seen) = (0, 0);
        loop {
            let page = snapshot.range(range.clone(), RangeOptions::default())?;
            for (key, _) in &page.entries {
                let (_, stamp) = keys.message_place(key)?;
                let state = snapshot.get(&keys.state(stamp))?.map(|bytes| State::decode(&bytes));
                let received = state.transpose()?.is_some_and(|state| state.received.is_some());
                delayed += i64::from(!received);
            }
            seen += page.entries.len();
            match page.entries.last() {
                Some((last, _)) if page.more && seen < COUNT_MAX => range = range.after(last),
                _ => return Ok(delayed),
            }
        }
    }
}

struct Counts {
    visible: i64,
    in_flight: i64,
    delayed: i64,
}

impl Counts {
    fn show(&self, texts: &mut Texts) {
        texts.insert("ApproximateNumberOfMessages".into(), self.visible.to_string());
        texts.insert("ApproximateNumberOfMessagesNotVisible".into(), self.in_flight.to_string());
        texts.insert("ApproximateNumberOfMessagesDelayed".into(), self.delayed.to_string());
    }
}

fn seconds(ms: i64) -> String {
    ms.div_euclid(1000).to_string()
}
