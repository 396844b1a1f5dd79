//! Operations on buckets and their sub-resources.

pub mod acl;
pub mod change;
mod cors;
pub mod create_bucket;
mod delete_bucket;
mod encryption;
mod head_bucket;
mod lifecycle;
mod list_buckets;
mod listed;
mod logging;
mod notification;
mod object_lock;
mod ownership;
pub mod policy;
mod properties;
mod public_access;
pub mod replication;
pub mod tagging;
mod versioning;
mod website;
