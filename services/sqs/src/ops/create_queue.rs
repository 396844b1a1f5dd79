//! CreateQueue.

use std::sync::Arc;

use kernel::Call;
use model_sqs::Error;
use model_sqs::types::{CreateQueueInput, CreateQueueOutput};
use service::Allowed;
use store::Record as _;

use crate::limits::REST_MS;
use crate::message::outgoing::is_given;
use crate::ops::set_queue_attributes::write_redrive;
use crate::ops::tags;
use crate::queue::attributes::{self, Setting};
use crate::records::{Deleted, Queue};
use crate::sqs::Sqs;
use crate::{keys, name, resource};

impl Sqs {
    pub async fn create_queue(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: CreateQueueInput,
    ) -> Result<CreateQueueOutput, Error> {
        if !is_given(&input.queue_name) {
            return Err(name::unsaid());
        }
        let name = input.queue_name.into_inner();
        let given = input.attributes.unwrap_or_default();
        let own = call.arn(&name);
        let fifo = attributes::wants_fifo(&given)?;
        let wanted = attributes::apply(attributes::defaults(fifo), &given, Setting::Create, &own)?;
        name::check(&name, fifo)?;
        let tags = input.tags.unwrap_or_default();
        tags::check(&tags, &name)?;
        let (account, region) = (&call.account, &call.region);
        let id = u64::from_be_bytes(self.ids.bytes());
        let now_ms = call.now.millis();
        self.transact(|tx, _| {
            let rests = keys::deleted(account, region, &name);
            if let Some(bytes) = tx.get(&rests)? {
                if Deleted::decode(&bytes)?.deleted_ms + REST_MS > now_ms {
                    return Err(Error::queue_deleted_recently(
                        "You must wait 60 seconds after deleting a queue before you can create another with the same \
                         name.",
                    )
                    .into());
                }
                tx.delete(rests);
            }
            if let Some(queue) = self.find_in(tx, account, region, &name)? {
                return match attributes::first_difference(&queue.record, &given, &wanted) {
                    None => Ok(()),
                    Some(attribute) => Err(Error::queue_name_exists(format!(
                        "A queue already exists with the same name and a different value for attribute {attribute}"
                    ))
                    .into()),
                };
            }
            write_redrive(&self, tx, &own, fifo, None, wanted.redrive.as_ref(), given.get("RedrivePolicy"))?;
            let queue = Queue {
                id,
                epoch: 0,
                created_ms: now_ms,
                modified_ms: now_ms,
                purged_ms: None,
                attributes: wanted.clone(),
                tags: tags.clone(),
            };
            tx.put(keys::queue(account, region, &name), queue.encode());
            Ok(())
        })
        .await?;
        Ok(CreateQueueOutput { queue_url: Some(resource::url(&call, &call.account, &name)) })
    }
}
