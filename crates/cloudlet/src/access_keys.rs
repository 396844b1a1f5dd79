//! Access keys: the developer's own, and those that the store holds.

use gateway::{Credential, Credentials, LocalKeys, NoCredential, Presentation};
use identity::records::AccessKey;
use identity::{KeyError, Keyring, Usage, keys};
use kernel::{Call, Ids, Timestamp};
use store::{KeyRange, RangeOptions, Record, Store};
use vault::Vault;

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

/// Makes a key of the root user of `account` and gives its id and secret.
pub async fn create_root_key(
    store: &Store,
    vault: &Vault,
    account: &str,
    now: Timestamp,
) -> Result<(String, String), store::Error> {
    let id = format!("AKIA{}", Ids.base32(16));
    let secret = Ids.base32(40);
    let record = AccessKey {
        account: account.to_owned(),
        user: None,
        sealed_secret: vault.seal("iam.access-key", &id, secret.as_bytes()),
        active: true,
        created_ms: now.millis(),
    };
    let mut tx = store.begin();
    tx.put(keys::access_key(&id), record.encode());
    tx.commit().await?;
    Ok((id, secret))
}
