//! Queues: their attributes, and what happens to the messages in them.

pub mod attributes;
pub mod change_visibility;
pub mod contents;
pub mod delete;
pub mod policy;
pub mod receive;
pub mod redrive;
pub mod sequence;
