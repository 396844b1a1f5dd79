//! The operations.

mod aliases;
mod create_key;
mod data_keys;
mod decrypt;
mod describe_key;
mod encrypt;
mod page;
mod random;
mod re_encrypt;
pub mod subject;
mod tags;
