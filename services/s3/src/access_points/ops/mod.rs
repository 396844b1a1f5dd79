//! The operations of S3 Control.

mod create;
mod delete;
mod get;
mod list;
mod policy;
mod public_access;
mod tags;
