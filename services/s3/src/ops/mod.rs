//! The operations.

pub mod bucket;
mod listing;
mod multipart;
mod object;
