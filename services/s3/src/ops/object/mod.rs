//! Operations on objects.

mod acl;
mod attributes;
pub mod copy;
pub mod delete;
mod delete_many;
mod get;
mod lock;
pub mod put;
mod tagging;
