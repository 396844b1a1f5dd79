//! Tokens of OpenID Connect providers.
//!
//! A token is believed when it is signed with a key that its issuer publishes: [`Issuers`] fetches those keys and keeps
//! them for a while. What may be fetched, and how, is the business of a [`Fetch`]; [`HttpFetch`] is the one that asks the
//! network.

mod address;
mod claims;
mod fetch;
mod http_fetch;
mod issuers;
mod verify;

pub use address::is_allowed;
pub use claims::{Claims, issuer_of};
pub use fetch::{Fetch, FetchError};
pub use http_fetch::HttpFetch;
pub use issuers::Issuers;
pub use verify::TokenError;
