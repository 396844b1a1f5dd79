//! PurgeQueue.

use std::sync::Arc;

use kernel::Call;
use model_sqs::Error;
use model_sqs::types::{PurgeQueueInput, PurgeQueueOutput};
use service::Allowed;
use store::Record as _;

use crate::limits::REST_MS;
use crate::ops::delete_queue::abandon;
use crate::records;
use crate::sqs::{Queue, Sqs};

impl Sqs {
    /// Begins a new epoch of the queue. What belongs to the old one, messages and deduplication alike, is gone at once.
    pub async fn purge_queue(
        self: Arc<Self>,
        call: Arc<Call>,
        queue: Allowed<Arc<Queue>>,
        _: PurgeQueueInput,
    ) -> Result<PurgeQueueOutput, Error> {
        let now_ms = call.now.millis();
        self.transact(|tx, effects| {
            let queue = self.current(tx, &queue)?;
            if queue.record.purged_ms.is_some_and(|purged_ms| purged_ms + REST_MS > now_ms) {
                return Err(Error::purge_queue_in_progress(format!(
                    "Only one PurgeQueue operation on {} is allowed every 60 seconds.",
                    queue.name
                ))
                .into());
            }
            abandon(tx, effects, &queue, now_ms);
            let epoch = queue.record.epoch.wrapping_add(1);
            let record = records::Queue { epoch, purged_ms: Some(now_ms), ..queue.record.clone() };
            tx.put(queue.row.clone(), record.encode());
            Ok(())
        })
        .await?;
        Ok(PurgeQueueOutput {})
    }
}
