//! Messages: what may be sent, and the digests that clients check.

pub mod attributes;
pub mod body;
pub mod digest;
pub mod fifo_id;
pub mod outgoing;
