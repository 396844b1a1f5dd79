//! From a connection to a handler and back: accept, route, authenticate, decode, authorise, handle, encode.
//!
//! Each station is one module. [`Gateway::answer`] is the line they stand in; [`serve`] puts connections on it.

mod access_log;
mod admin;
mod answer;
mod authenticate;
mod credentials;
mod endpoint;
mod limits;
mod read;
mod root_only;
mod server;
mod shards;

pub use admin::{Admin, AdminRequest, AdminResponse};
pub use answer::Gateway;
pub use credentials::{Credential, Credentials, LocalKeys};
pub use limits::Limits;
pub use root_only::RootOnly;
pub use server::{ServeError, serve};
