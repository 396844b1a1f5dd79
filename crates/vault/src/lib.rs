//! Seals what must not lie open in the store: secrets of access keys, key material, tokens.
//!
//! A *root key* lies outside the store. It wraps the *vault keys*, which lie in the store and have versions. Values are
//! sealed under the newest vault key and name its version, so that those sealed before still open. Changing the root key
//! rewraps the vault keys, in one transaction, and leaves every sealed value as it is.
//!
//! A sealed value is bound to a purpose and to what it belongs to, so that one put in another's place does not open.

mod key;
mod root;
mod vault;
mod wrapped;

pub use root::{MalformedRootKey, RootKey, RootKeyId};
pub use vault::{SealBroken, Vault};
pub use wrapped::{Error, Wrapped, create, rotate};
