//! The operations.

mod aliases;
mod create_key;
mod data_keys;
mod decrypt;
mod describe_key;
mod encrypt;
pub mod grants;
pub mod import;
mod lifecycle;
mod list_keys;
mod mac;
mod page;
mod policies;
mod random;
mod re_encrypt;
mod replicas;
mod rotation;
mod shared_secret;
mod sign;
pub mod subject;
mod tags;
