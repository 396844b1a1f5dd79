//! The operations: each checks, runs its transaction, and answers.

pub mod batch;
pub mod change_visibility;
pub mod create_queue;
pub mod delete_message;
pub mod delete_queue;
pub mod get_queue_attributes;
pub mod get_queue_url;
pub mod list_dead_letter_sources;
pub mod list_queues;
pub mod move_tasks;
pub mod page_token;
pub mod permissions;
pub mod purge_queue;
pub mod receive_message;
pub mod send_message;
pub mod send_message_batch;
pub mod set_queue_attributes;
pub mod tags;
