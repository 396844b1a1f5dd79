//! Who exists and what they may do.
//!
//! The services IAM and STS write [`records`] under [`keys`]; the gateway asks the [`Keyring`] whose signature it sees and
//! the [`Authority`] what they may do. Both look at a [`Directory`] of parsed identities, which a change of an account's
//! records drops before the change is acknowledged.

mod authority;
mod context;
mod directory;
mod documents;
mod keyring;
pub mod keys;
pub mod mfa;
#[allow(missing_docs)]
pub mod records;
pub mod token;
mod usage;

pub use authority::Authority;
pub use directory::{Directory, Identity};
pub use documents::Documents;
pub use keyring::{Found, KeyError, Keyring};
pub use usage::Usage;
