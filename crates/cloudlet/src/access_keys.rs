//! Access keys of root users, made with `cloudlet key` and kept in the data directory: the credentials that
//! work on any listener.

use std::net::SocketAddr;

use gateway::{Credential, Credentials, LocalKeys};
use kernel::{Ids, Principal};
use serde::{Deserialize, Serialize};
use store::{KeyRange, KeyWriter, Never, RangeOptions, Record, Store};

/// `("cloudlet", "access-key", id)` → [`AccessKey`]
fn key(id: &str) -> Vec<u8> {
    KeyWriter::new().str("cloudlet").str("access-key").str(id).finish().into()
}

fn prefix() -> Vec<u8> {
    KeyWriter::new().str("cloudlet").str("access-key").finish().into()
}

/// A root user's access key.
#[derive(Serialize, Deserialize)]
pub struct AccessKey {
    /// The secret. The data directory is readable by its owner only.
    pub secret: String,
    /// The account.
    pub account: String,
}

impl Record for AccessKey {
    const KIND: u16 = 1;
    const VERSION: u16 = 1;
    type Previous = Never;
    fn migrate(never: Never) -> Self {
        match never {}
    }
}

/// Makes a key of the root user of `account` and gives its id and secret.
pub async fn create(store: &Store, account: &str) -> Result<(String, String), store::Error> {
    let id = format!("AKIA{}", Ids.base32(16));
    let secret = Ids.base32(40);
    let record = AccessKey { secret: secret.clone(), account: account.to_owned() };
    let mut tx = store.begin();
    tx.put(key(&id), record.encode());
    tx.commit().await?;
    Ok((id, secret))
}

/// Whether there is any key.
pub fn exist(store: &Store) -> Result<bool, store::Error> {
    let options = RangeOptions { limit: 1, ..RangeOptions::default() };
    let page = store.snapshot().range(KeyRange::prefix(prefix()), options)?;
    Ok(!page.entries.is_empty())
}

/// The developer's keys where those are accepted, and the keys of the store everywhere.
pub struct StoredKeys(pub Store);

/// Longer than any access key id (AWS's are 16 to 128 characters).
const MAX_ID: usize = 128;

impl Credentials for StoredKeys {
    fn find(&self, access_key: &str, listener: SocketAddr) -> Option<Credential> {
        if let Some(local) = LocalKeys.find(access_key, listener) {
            return Some(local);
        }
        if access_key.len() > MAX_ID {
            return None;
        }
        // A failure to read is a refusal.
        let found =
            self.0.snapshot().get(&key(access_key)).inspect_err(|error| tracing::error!(%error)).ok()??;
        let found =
            AccessKey::decode(&found).inspect_err(|error| tracing::error!(%error, "an access key")).ok()?;
        let principal = Principal::root(&found.account, access_key);
        Some(Credential { secret: found.secret, session_token: None, principal })
    }
}
