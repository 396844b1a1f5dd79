//! ChangeMessageVisibility and ChangeMessageVisibilityBatch.

use std::sync::Arc;

use kernel::Call;
use model_sqs::Error;
use model_sqs::types::*;
use service::Allowed;

use crate::error::{Failure, missing};
use crate::message::outgoing::is_given;
use crate::ops::batch;
use crate::queue::change_visibility::{change, check_timeout};
use crate::sqs::{Queue, Sqs};

impl Sqs {
    pub async fn change_message_visibility(
        self: Arc<Self>,
        _: Arc<Call>,
        queue: Allowed<Arc<Queue>>,
        input: ChangeMessageVisibilityInput,
    ) -> Result<ChangeMessageVisibilityOutput, Error> {
        if input.receipt_handle.is_empty() {
            return Err(missing("ReceiptHandle"));
        }
        if !is_given(&input.visibility_timeout) {
            return Err(missing("VisibilityTimeout"));
        }
        let secs = check_timeout(*input.visibility_timeout)?;
        let now = self.clock.now();
        self.transact(|tx, effects| {
            let queue = self.current(tx, &queue)?;
            change(tx, effects, &queue, &input.receipt_handle, secs, now)
        })
        .await?;
        Ok(ChangeMessageVisibilityOutput {})
    }

    pub async fn change_message_visibility_batch(
        self: Arc<Self>,
        _: Arc<Call>,
        queue: Allowed<Arc<Queue>>,
        input: ChangeMessageVisibilityBatchInput,
    ) -> Result<ChangeMessageVisibilityBatchOutput, Error> {
        batch::check(&input.entries, "ChangeMessageVisibilityBatch", |entry| &entry.id)?;
        let now = self.clock.now();
        let (outcomes, _) = self
            .transact(|tx, effects| {
                let queue = self.current(tx, &queue)?;
                let one = |(i, entry): (usize, &ChangeMessageVisibilityBatchRequestEntry)| {
                    let outcome = check_entry(entry, i + 1).map_err(Failure::from);
                    match outcome
                        .and_then(|secs| change(tx, effects, &queue, &entry.receipt_handle, secs, now))
                    {
                        Ok(()) => Ok(Ok(())),
                        Err(Failure::Api(error)) => Ok(Err(*error)),
                        Err(failure) => Err(failure),
                    }
                };
                input.entries.iter().enumerate().map(one).collect::<Result<Vec<_>, Failure>>()
            })
            .await?;
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for (entry, outcome) in input.entries.iter().zip(outcomes) {
            match outcome {
                Ok(()) => {
                    successful
                        .push(ChangeMessageVisibilityBatchResultEntry { id: Some(entry.id.to_string()) });
                }
                Err(error) => failed.push(batch::failed(&entry.id, &error)),
            }
        }
        Ok(ChangeMessageVisibilityBatchOutput {
            successful: batch::unless_empty(successful),
            failed: batch::unless_empty(failed),
        })
    }
}

fn check_entry(entry: &ChangeMessageVisibilityBatchRequestEntry, n: usize) -> Result<u32, Error> {
    if entry.receipt_handle.is_empty() {
        return Err(missing("ReceiptHandle"));
    }
    let timeout = entry.visibility_timeout.ok_or_else(|| {
        missing(format_args!("ChangeMessageVisibilityBatchRequestEntry.{n}.VisibilityTimeout"))
    })?;
    check_timeout(timeout)
}
