//! Exports to buckets and imports from them: what they share. Each is a row that says how far it is, so that it goes on after
//! whatever ends the program; what it does in buckets it does in the name of who asked for it.

pub mod bucket;
pub mod job;
pub mod records;
pub mod token;
mod turns;
mod work;

pub use work::{Transfers, finish, nothing_left, run};
