//! Amazon SQS.
//!
//! Truth is in the store ([`keys`], [`records`]); memory ([`index`]) knows which messages are due and is built from the
//! store. A request becomes a checked input in [`ops`], runs one transaction made of the steps in [`queue`] and
//! [`message`], and is answered.

mod background;
mod error;
mod handle;
mod index;
mod keys;
mod limits;
mod message;
mod name;
mod ops;
mod queue;
mod records;
mod resource;
mod sqs;

use std::sync::Arc;

use model_sqs::ops::*;
use service::{Deps, Service};

pub use limits::Limits;

use crate::sqs::Sqs;

/// The service with the documented quotas.
pub fn service(deps: Deps) -> Service {
    service_with(deps, Limits::default())
}

/// The service with other quotas.
pub fn service_with(deps: Deps, limits: Limits) -> Service {
    let sqs = Arc::new(Sqs::new(deps, limits));
    Service::builder(&model_sqs::SERVICE, sqs.clone())
        // The texts of this service are its own: operations check by themselves.
        .validation(wire::Dialect { render: |_| None, ..wire::Dialect::STANDARD })
        .op(AddPermission, resource::queue, Sqs::add_permission)
        .op(CancelMessageMoveTask, resource::cancelled_source, Sqs::cancel_message_move_task)
        .op(ChangeMessageVisibility, resource::queue, Sqs::change_message_visibility)
        .op(ChangeMessageVisibilityBatch, resource::queue, Sqs::change_message_visibility_batch)
        .op(CreateQueue, resource::new_queue, Sqs::create_queue)
        .op(DeleteMessage, resource::queue, Sqs::delete_message)
        .op(DeleteMessageBatch, resource::queue, Sqs::delete_message_batch)
        .op(DeleteQueue, resource::queue, Sqs::delete_queue)
        .op(GetQueueAttributes, resource::queue, Sqs::get_queue_attributes)
        .op(GetQueueUrl, resource::named_queue, Sqs::get_queue_url)
        .op(ListDeadLetterSourceQueues, resource::queue, Sqs::list_dead_letter_source_queues)
        .op(ListMessageMoveTasks, resource::listed_source, Sqs::list_message_move_tasks)
        .op(ListQueueTags, resource::queue, Sqs::list_queue_tags)
        .op(ListQueues, resource::any_queue, Sqs::list_queues)
        .op(PurgeQueue, resource::queue, Sqs::purge_queue)
        .op(ReceiveMessage, resource::queue, Sqs::receive_message)
        .op(RemovePermission, resource::queue, Sqs::remove_permission)
        .op(SendMessage, resource::queue, Sqs::send_message)
        .op(SendMessageBatch, resource::queue, Sqs::send_message_batch)
        .op(SetQueueAttributes, resource::queue, Sqs::set_queue_attributes)
        .op(StartMessageMoveTask, resource::move_source, Sqs::start_message_move_task)
        .op(TagQueue, resource::queue, Sqs::tag_queue)
        .op(UntagQueue, resource::queue, Sqs::untag_queue)
        .background(background::sweep::run(sqs.clone()))
        .background(background::mover::run(sqs))
        .build()
}
