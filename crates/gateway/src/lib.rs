//! From a connection to a handler and back: accept, route, authenticate, decode, authorise, handle, encode.
//!
//! Each station is one module. [`Gateway::answer`] is the line they stand in; [`serve`] puts connections on it.

mod access_log;
mod admin;
mod answer;
mod arriving;
mod authenticate;
mod body_checksum;
mod browser;
mod by_body;
mod by_head;
mod coding;
mod credentials;
mod date;
mod edges;
mod endpoint;
mod limits;
mod outgoing;
mod pack;
mod payload;
mod read;
mod server;
mod shards;
mod unpack;
mod upload;
mod virtual_host;
mod writes;

pub use admin::{Admin, AdminRequest, AdminResponse};
pub use answer::Gateway;
pub use credentials::{Credential, Credentials, LocalKeys, NoCredential, Presentation};
pub use limits::Limits;
pub use server::{ServeError, serve, serve_stream};
