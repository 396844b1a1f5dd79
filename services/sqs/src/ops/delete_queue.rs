//! DeleteQueue.

use std::sync::Arc;

use kernel::Call;
use model_sqs::Error;
use model_sqs::types::{DeleteQueueInput, DeleteQueueOutput};
use service::Allowed;
use store::{Record as _, Tx};

use crate::index::Effects;
use crate::keys;
use crate::queue::redrive;
use crate::records::{Deleted, Garbage};
use crate::sqs::{Queue, Sqs};

impl Sqs {
    pub async fn delete_queue(
        self: Arc<Self>,
        call: Arc<Call>,
        queue: Allowed<Arc<Queue>>,
        _: DeleteQueueInput,
    ) -> Result<DeleteQueueOutput, Error> {
        let now_ms = call.now.millis();
        self.transact(|tx, effects| {
            let queue = self.current(tx, &queue)?;
            let (account, region) = (queue.account(), queue.region());
            tx.delete(queue.row.clone());
            tx.put(keys::deleted(account, region, &queue.name), Deleted { deleted_ms: now_ms }.encode());
            if let Some(redrive) = &queue.record.attributes.redrive
                && let Some(target) = redrive::target_name(&redrive.target_arn)
            {
                tx.delete(keys::dead_letter_source(account, region, target, &queue.name));
            }
            abandon(tx, effects, &queue, now_ms);
            Ok(())
        })
        .await?;
        Ok(DeleteQueueOutput {})
    }
}

/// Gives up the contents of a queue as they are: the sweeper removes them.
pub fn abandon(tx: &mut Tx, effects: &mut Effects, queue: &Queue, now_ms: i64) {
    let hot = &queue.hot;
    tx.put(
        keys::garbage(&hot.account, &hot.region, hot.id, hot.epoch),
        Garbage { since_ms: now_ms }.encode(),
    );
    effects.close(hot);
}
