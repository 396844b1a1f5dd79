//! The operations.

pub mod bucket;
mod listing;
