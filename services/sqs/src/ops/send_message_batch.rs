//! SendMessageBatch.

use std::sync::Arc;

use kernel::Call;
use model_sqs::Error;
use model_sqs::types::*;
use service::Allowed;

use crate::limits::BATCH_BYTES_MAX;
use crate::message::attributes::bytes_given;
use crate::message::outgoing::{self, Given, Standing};
use crate::ops::batch;
use crate::sqs::{Queue, Sqs};

impl Sqs {
    pub async fn send_message_batch(
        self: Arc<Self>,
        call: Arc<Call>,
        queue: Allowed<Arc<Queue>>,
        input: SendMessageBatchInput,
    ) -> Result<SendMessageBatchOutput, Error> {
        batch::check(&input.entries, "SendMessageBatchRequestEntry", |entry| &entry.id)?;
        check_whole(&input.entries, &queue)?;
        let (mut ids, mut messages, mut failed) = (Vec::new(), Vec::new(), Vec::new());
        for (i, entry) in input.entries.into_inner().into_iter().enumerate() {
            let id = entry.id.into_inner();
            let given = Given {
                body: entry.message_body,
                delay: entry.delay_seconds,
                attributes: entry.message_attributes,
                system_attributes: entry.message_system_attributes,
                dedup_id: entry.message_deduplication_id,
                group: entry.message_group_id,
            };
            match outgoing::check(given, &queue.record.attributes, Standing::Entry(i + 1)) {
                Ok(message) => {
                    ids.push(id);
                    messages.push(message);
                }
                Err(error) => failed.push(batch::failed(&id, &error)),
            }
        }
        let sent =
            if messages.is_empty() { Vec::new() } else { self.enqueue(&call, &queue, &messages).await? };
        let entry =
            |((id, message), sent): ((String, &outgoing::Outgoing), crate::ops::send_message::Sent)| {
                SendMessageBatchResultEntry {
                    id: Some(id),
                    message_id: Some(sent.message_id),
                    md5_of_message_body: Some(message.body_md5()),
                    md5_of_message_attributes: message.attributes_md5(),
                    md5_of_message_system_attributes: message.system_attributes_md5(),
                    sequence_number: sent.sequence_number,
                }
            };
        let successful = ids.into_iter().zip(&messages).zip(sent).map(entry).collect();
        Ok(SendMessageBatchOutput {
            successful: batch::unless_empty(successful),
            failed: batch::unless_empty(failed),
        })
    }
}

/// What refuses the batch as a whole: its size, and on a FIFO queue an entry without the ids it needs.
fn check_whole(entries: &[SendMessageBatchRequestEntry], queue: &Queue) -> Result<(), Error> {
    let bytes_of = |entry: &SendMessageBatchRequestEntry| {
        entry.message_body.len() + bytes_given(entry.message_attributes.as_ref())
    };
    let bytes: usize = entries.iter().map(bytes_of).sum();
    if bytes > BATCH_BYTES_MAX {
        return Err(Error::batch_request_too_long(format!(
            "Batch requests cannot be longer than {BATCH_BYTES_MAX} bytes. You have sent {bytes} bytes."
        )));
    }
    let Some(fifo) = &queue.record.attributes.fifo else { return Ok(()) };
    if entries.iter().any(|entry| entry.message_group_id.is_none()) {
        return Err(outgoing::group_missing_in_batch());
    }
    if !fifo.content_dedup && entries.iter().any(|entry| entry.message_deduplication_id.is_none()) {
        return Err(outgoing::dedup_missing());
    }
    Ok(())
}
