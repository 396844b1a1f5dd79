//! SetQueueAttributes.

use std::sync::Arc;

use kernel::{Arn, Call};
use model_sqs::Error;
use model_sqs::types::{SetQueueAttributesInput, SetQueueAttributesOutput};
use service::Allowed;
use store::{Record as _, Tx};

use crate::error::{Failure, missing};
use crate::keys;
use crate::queue::attributes::{self, Setting};
use crate::queue::redrive;
use crate::records::{self, DeadLetterSource, Redrive};
use crate::sqs::{Queue, Sqs};

impl Sqs {
    pub async fn set_queue_attributes(
        self: Arc<Self>,
        call: Arc<Call>,
        queue: Allowed<Arc<Queue>>,
        input: SetQueueAttributesInput,
    ) -> Result<SetQueueAttributesOutput, Error> {
        let given = input.attributes.into_inner();
        if given.is_empty() {
            return Err(missing("Attribute.Name"));
        }
        self.transact(|tx, effects| {
            let queue = self.current(tx, &queue)?;
            let before = &queue.record.attributes;
            let next = attributes::apply(before.clone(), &given, Setting::Set, &queue.arn)?;
            if let Some(json) = given.get("RedrivePolicy") {
                let fifo = queue.record.is_fifo();
                let (old, new) = (before.redrive.as_ref(), next.redrive.as_ref());
                write_redrive(&self, tx, &queue.arn, fifo, old, new, Some(json))?;
            }
            if (before.delay_secs, before.retention_secs) != (next.delay_secs, next.retention_secs) {
                // Messages become visible or expire at other times than memory knows.
                effects.reset(&queue.hot);
            }
            let record =
                records::Queue { attributes: next, modified_ms: call.now.millis(), ..queue.record.clone() };
            tx.put(queue.row.clone(), record.encode());
            Ok(())
        })
        .await?;
        Ok(SetQueueAttributesOutput {})
    }
}

/// Checks a new dead-letter queue, and keeps the rows by which a target finds its sources.
pub fn write_redrive(
    sqs: &Sqs,
    tx: &mut Tx,
    own: &Arn,
    fifo: bool,
    before: Option<&Redrive>,
    next: Option<&Redrive>,
    json: Option<&String>,
) -> Result<(), Failure> {
    let (account, region) = (own.account(), own.region());
    let row = |target_arn: &str| {
        redrive::target_name(target_arn)
            .map(|name| keys::dead_letter_source(account, region, name, own.resource()))
    };
    if let Some(row) = before.and_then(|before| row(&before.target_arn)) {
        tx.delete(row);
    }
    let Some(next) = next else { return Ok(()) };
    let name = redrive::target_name(&next.target_arn).unwrap_or_default();
    let target = sqs.find_in(tx, account, region, name)?;
    let json = json.map_or("", String::as_str);
    redrive::check_target(json, own, fifo, target.as_deref(), &next.target_arn)?;
    if let Some(row) = row(&next.target_arn) {
        tx.put(row, DeadLetterSource {}.encode());
    }
    Ok(())
}
