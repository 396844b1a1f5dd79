//! DeleteMessage and DeleteMessageBatch.

use std::sync::Arc;

use kernel::Call;
use model_sqs::Error;
use model_sqs::types::*;
use service::Allowed;

use crate::error::{Failure, missing};
use crate::ops::batch;
use crate::queue::delete::delete;
use crate::sqs::{Queue, Sqs};

impl Sqs {
    pub async fn delete_message(
        self: Arc<Self>,
        _: Arc<Call>,
        queue: Allowed<Arc<Queue>>,
        input: DeleteMessageInput,
    ) -> Result<DeleteMessageOutput, Error> {
        if input.receipt_handle.is_empty() {
            return Err(missing("ReceiptHandle"));
        }
        let now = self.clock.now();
        self.transact(|tx, effects| {
            let queue = self.current(tx, &queue)?;
            delete(tx, effects, &queue, &input.receipt_handle, now)
        })
        .await?;
        Ok(DeleteMessageOutput {})
    }

    pub async fn delete_message_batch(
        self: Arc<Self>,
        _: Arc<Call>,
        queue: Allowed<Arc<Queue>>,
        input: DeleteMessageBatchInput,
    ) -> Result<DeleteMessageBatchOutput, Error> {
        batch::check(&input.entries, "DeleteMessageBatchRequestEntry", |entry| &entry.id)?;
        let now = self.clock.now();
        let (outcomes, _) = self
            .transact(|tx, effects| {
                let queue = self.current(tx, &queue)?;
                let one = |entry: &DeleteMessageBatchRequestEntry| {
                    if entry.receipt_handle.is_empty() {
                        return Ok(Err(missing("ReceiptHandle")));
                    }
                    match delete(tx, effects, &queue, &entry.receipt_handle, now) {
                        Ok(()) => Ok(Ok(())),
                        Err(Failure::Api(error)) => Ok(Err(*error)),
                        Err(failure) => Err(failure),
                    }
                };
                input.entries.iter().map(one).collect::<Result<Vec<_>, Failure>>()
            })
            .await?;
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for (entry, outcome) in input.entries.iter().zip(outcomes) {
            match outcome {
                Ok(()) => successful.push(DeleteMessageBatchResultEntry { id: Some(entry.id.to_string()) }),
                Err(error) => failed.push(batch::failed(&entry.id, &error)),
            }
        }
        Ok(DeleteMessageBatchOutput {
            successful: batch::unless_empty(successful),
            failed: batch::unless_empty(failed),
        })
    }
}
