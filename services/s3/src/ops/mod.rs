//! The operations.

pub mod bucket;
mod listing;
mod multipart;
pub mod object;
