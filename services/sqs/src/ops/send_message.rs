//! SendMessage, and what it shares with the batch.

use std::collections::HashMap;
use std::sync::Arc;

use kernel::Call;
use model_sqs::Error;
use model_sqs::types::{SendMessageInput, SendMessageOutput};
use service::Allowed;
use store::{RangeOptions, Record as _, Stamp, Tx};

use crate::error::Failure;
use crate::index::Effects;
use crate::limits::DEDUP_MS;
use crate::message::outgoing::{self, Given, Outgoing, Standing};
use crate::queue::{contents, sequence};
use crate::records::{Dedup, Expiring};
use crate::sqs::{Queue, Sqs};

impl Sqs {
    pub async fn send_message(
        self: Arc<Self>,
        call: Arc<Call>,
        queue: Allowed<Arc<Queue>>,
        input: SendMessageInput,
    ) -> Result<SendMessageOutput, Error> {
        let given = Given {
            body: input.message_body,
            delay: input.delay_seconds,
            attributes: input.message_attributes,
            system_attributes: input.message_system_attributes,
            dedup_id: input.message_deduplication_id,
            group: input.message_group_id,
        };
        let outgoing = outgoing::check(given, &queue.record.attributes, Standing::Alone)?;
        let (md5_of_body, md5_of_attributes, md5_of_system) =
            (outgoing.body_md5(), outgoing.attributes_md5(), outgoing.system_attributes_md5());
        let mut sent = self.enqueue(&call, &queue, &[outgoing]).await?;
        let sent = sent.swap_remove(0);
        Ok(SendMessageOutput {
            md5_of_message_body: Some(md5_of_body),
            md5_of_message_attributes: md5_of_attributes,
            md5_of_message_system_attributes: md5_of_system,
            message_id: Some(sent.message_id),
            sequence_number: sent.sequence_number,
        })
    }

    /// Puts checked messages into a queue, in their order, all or none.
    pub async fn enqueue(
        &self,
        call: &Call,
        queue: &Queue,
        messages: &[Outgoing],
    ) -> Result<Vec<Sent>, Error> {
        let ids: Vec<String> = messages.iter().map(|_| self.ids.uuid()).collect();
        let body = |tx: &mut Tx, effects: &mut Effects| {
            let queue = self.current(tx, queue)?;
            let mut batch = Batch::default();
            messages
                .iter()
                .zip(&ids)
                .map(|(message, id)| batch.put(tx, effects, call, &queue, message, id))
                .collect()
        };
        let (placed, stamp): (Vec<Placed>, Stamp) = self.transact(body).await?;
        let fifo = queue.record.is_fifo();
        let sent = |placed: Placed| {
            let stamp = placed.stamp.unwrap_or(Stamp::new(stamp.version, placed.counter));
            Sent { message_id: placed.message_id, sequence_number: fifo.then(|| sequence::number(stamp)) }
        };
        Ok(placed.into_iter().map(sent).collect())
    }
}

/// What a sender is told.
pub struct Sent {
    pub message_id: String,
    pub sequence_number: Option<String>,
}

/// Where a message went: with this counter into the commit, or, sent before, with this stamp.
struct Placed {
    message_id: String,
    counter: u16,
    stamp: Option<Stamp>,
}

/// The messages of one transaction, which it cannot read back itself.
#[derive(Default)]
struct Batch {
    counter: u16,
    /// Messages by group (where it counts) and deduplication id.
    sent: HashMap<(String, String), (String, u16)>,
}

impl Batch {
    fn put(
        &mut self,
        tx: &mut Tx,
        effects: &mut Effects,
        call: &Call,
        queue: &Queue,
        outgoing: &Outgoing,
        id: &str,
    ) -> Result<Placed, Failure> {
        let counter = self.counter;
        let now_ms = call.now.millis();
        if let (Some(fifo), Some(dedup_id)) = (&queue.record.attributes.fifo, &outgoing.dedup_id) {
            let group =
                if fifo.dedup_by_group { outgoing.group.clone().unwrap_or_default() } else { String::new() };
            if let Some((message_id, counter)) = self.sent.get(&(group.clone(), dedup_id.clone())) {
                return Ok(Placed { message_id: message_id.clone(), counter: *counter, stamp: None });
            }
            let keys = &queue.hot.contents;
            // The latest that was sent with this id; reading the range keeps rivals from sending it at once.
            let page = tx.range(keys.dedup(&group, dedup_id), RangeOptions::limit(1).reversed())?;
            if let Some((key, value)) = page.entries.first() {
                let known = Dedup::decode(value)?;
                if known.expires_ms > now_ms {
                    let stamp = Some(keys.dedup_stamp(key)?);
                    return Ok(Placed { message_id: known.message_id, counter, stamp });
                }
            }
            let expires_ms = now_ms + DEDUP_MS;
            let dedup = Dedup { expires_ms, message_id: id.to_owned() };
            tx.put_stamped(keys.new_dedup(&group, dedup_id, counter), dedup.encode());
            let expiring = Expiring::Dedup { group: group.clone(), id: dedup_id.clone() };
            tx.put_stamped(keys.new_expiry(expires_ms, counter), expiring.encode());
            self.sent.insert((group, dedup_id.clone()), (id.to_owned(), counter));
        }
        let message = outgoing.message(call, id.to_owned(), queue.record.attributes.delay_secs);
        contents::put(tx, effects, queue, &message, now_ms, counter);
        self.counter += 1;
        Ok(Placed { message_id: id.to_owned(), counter, stamp: None })
    }
}
