//! The operations: each checks, runs its transaction, and answers.

pub mod users;
