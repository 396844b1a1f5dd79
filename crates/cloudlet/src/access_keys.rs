//! Access keys: the developer's own, and those that the store holds.

use gateway::{Credential, Credentials, LocalKeys, NoCredential, Presentation};
use identity::{KeyError, Keyring, Usage, keys};
use kernel::Call;
use store::{KeyRange, RangeOptions, Store};
use wire::{Protocol, ServiceError};

/// Whether there is any access key in the store.
pub fn exist(store: &Store) -> Result<bool, store::Error> {
    let options = RangeOptions { limit: 1, ..RangeOptions::default() };
    let page = store.snapshot().range(KeyRange::prefix(keys::access_keys()), options)?;
    Ok(!page.entries.is_empty())
}

/// The developer's keys where those are accepted, and the keys of the store everywhere.
pub struct AccessKeys {
    /// The keys of the store, and temporary ones.
    pub keyring: Keyring,
    /// When they were last used.
    pub usage: Usage,
}

impl Credentials for AccessKeys {
    fn find(&self, presented: &Presentation<'_>) -> Result<Credential, NoCredential> {
        if let Some(local) = LocalKeys.find(presented) {
            return Ok(local);
        }
        let found = self.keyring.find(presented.access_key, presented.token, presented.now);
        let found = found.map_err(|error| match error {
            KeyError::Unknown => NoCredential::Unknown,
            KeyError::Expired => NoCredential::Expired,
        })?;
        Ok(Credential { secret: found.secret, principal: found.principal, well_known: false })
    }

    fn used(&self, call: &Call) {
        self.usage.note(call);
    }
}

/// What a service said went wrong, for a command's output.
pub fn failure(error: &impl ServiceError) -> anyhow::Error {
    anyhow::anyhow!("no access key was made: {}", error.fault().code(Protocol::Query))
}
