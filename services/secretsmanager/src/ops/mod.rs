//! The operations, one file for each or for a small family.

mod batch_get;
mod create;
mod delete;
mod describe;
mod get_value;
mod list;
mod password;
mod policies;
mod put_value;
mod replication;
mod rotate;
mod stages;
mod tags;
mod update;
mod versions;
