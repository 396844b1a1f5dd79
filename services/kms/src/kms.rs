//! The state of the service: the store, and the keys that memory holds.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use kernel::{Arn, Clock, Ids};
use model_kms::Error;
use parking_lot::{Mutex, RwLock};
use policy::{Policy, PolicyKind};
use service::Deps;
use store::{KeyRange, RangeOptions, Record as _, Snapshot, Store, Tx};
use tokio::sync::Notify;
use vault::Vault;

use crate::crypto::{Opened, Secret};
use crate::error::{bad_state, corrupt, internal, no_key};
use crate::grants::Grants;
use crate::key_id::key_arn;
use crate::limits::{KEYS_HOT_MAX, VERSIONS_HOT_MAX};
use crate::usage::Uses;
use crate::{keys, records};

/// What sealed material is for.
const PURPOSE: &str = "kms.material";

/// The service's state.
pub struct Kms {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) vault: Vault,
    /// Key rows as last read, by their keys; each is checked against the row's bytes at every use, so opened material
    /// ends with the first change of its key.
    hot: RwLock<HashMap<Bytes, Arc<Key>>>,
    /// The store's version when a key was changed last: what was read before is not held any more.
    changed: AtomicU64,
    pub(crate) uses: Uses,
    /// Something is due earlier than before.
    pub(crate) rescheduled: Notify,
}

/// A key as it was when it was looked up.
pub struct Key {
    pub account: String,
    pub region: String,
    pub id: String,
    pub arn: Arn,
    raw: Bytes,
    pub record: records::Key,
    /// Its policy; one that does not parse allows nothing.
    pub policy: Option<Arc<Policy>>,
    grants: OnceLock<Arc<Grants>>,
    opened: Mutex<Vec<(u32, Arc<Opened>)>>,
}

impl Kms {
    pub fn new(deps: Deps) -> Self {
        Self {
            store: deps.store,
            clock: deps.clock,
            ids: deps.ids,
            vault: deps.vault,
            hot: RwLock::default(),
            changed: AtomicU64::new(0),
            uses: Uses::default(),
            rescheduled: Notify::new(),
        }
    }

    /// The key with this id; `None` if there is none.
    pub fn find(&self, account: &str, region: &str, id: &str) -> Result<Option<Arc<Key>>, Error> {
        self.find_at(&self.store.snapshot(), account, region, id)
    }

    /// The same as it was at a snapshot.
    pub fn find_at(
        &self,
        snapshot: &Snapshot,
        account: &str,
        region: &str,
        id: &str,
    ) -> Result<Option<Arc<Key>>, Error> {
        let row = keys::key(account, region, id);
        let Some(raw) = snapshot.get(&row)? else {
            self.hot.write().remove(&row);
            return Ok(None);
        };
        if let Some(known) = self.hot.read().get(&row).filter(|known| known.raw == raw) {
            return Ok(Some(known.clone()));
        }
        let record = records::Key::decode(&raw)?;
        let parsed = Policy::parse(record.policy.as_bytes(), PolicyKind::Resource);
        let key = Arc::new(Key {
            account: account.to_owned(),
            region: region.to_owned(),
            id: id.to_owned(),
            arn: key_arn(account, region, id),
            raw,
            record,
            policy: parsed.ok().map(Arc::new),
            grants: OnceLock::new(),
            opened: Mutex::default(),
        });
        let mut hot = self.hot.write();
        if hot.len() >= KEYS_HOT_MAX {
            hot.retain(|_, known| Arc::strong_count(known) > 1);
        }
        if snapshot.version() >= self.changed.load(Ordering::Acquire) {
            hot.insert(row, key.clone());
        }
        Ok(Some(key))
    }

    /// The grants of a key.
    pub fn grants(&self, snapshot: &Snapshot, key: &Key) -> Result<Arc<Grants>, Error> {
        if let Some(known) = key.grants.get() {
            return Ok(known.clone());
        }
        let mut grants = Vec::new();
        if key.record.grants > 0 {
            let prefix = keys::grants(&key.account, &key.region, &key.id);
            let mut range = KeyRange::prefix(&prefix);
            loop {
                let page = snapshot.range(range.clone(), RangeOptions::default())?;
                for (row, bytes) in &page.entries {
                    let grant = records::Grant::decode(bytes)?;
                    grants.push((keys::last(row, &prefix)?, grant));
                }
                match page.entries.last() {
                    Some((last, _)) if page.more => range = range.after(last),
                    _ => break,
                }
            }
        }
        Ok(key.grants.get_or_init(|| Arc::new(Grants::new(grants))).clone())
    }

    /// A version of a key's material, opened. Whoever calls has checked the key's state.
    pub fn open(&self, key: &Key, version: u32) -> Result<Arc<Opened>, Error> {
        let known = |opened: &[(u32, Arc<Opened>)]| {
            opened.iter().find(|(other, _)| *other == version).map(|(_, material)| material.clone())
        };
        if let Some(material) = known(&key.opened.lock()) {
            return Ok(material);
        }
        let row = keys::material(&key.account, &key.region, &key.id, version);
        let Some(bytes) = self.store.snapshot().get(&row)? else {
            // The key has been deleted since it was looked up, or its material has.
            return Err(bad_state(&key.arn, "is pending import"));
        };
        let sealed = records::Sealed::decode(&bytes)?;
        let secret = self
            .vault
            .open(PURPOSE, &belongs_to(&key.account, &key.id, version), &sealed.sealed)
            .map_err(corrupt)?;
        let (spec, usage) = (key.record.spec, key.record.usage);
        let material = Arc::new(Opened::new(spec, usage, &secret).map_err(internal)?);
        let mut opened = key.opened.lock();
        if known(&opened).is_none() {
            if opened.len() >= VERSIONS_HOT_MAX {
                opened.remove(0);
            }
            opened.push((version, material.clone()));
        }
        Ok(material)
    }

    /// The current version of a key's material, opened.
    pub fn open_current(&self, key: &Key) -> Result<Arc<Opened>, Error> {
        self.open(key, key.record.current)
    }

    /// Puts material into a transaction, sealed.
    pub fn put_material(
        &self,
        tx: &mut Tx,
        account: &str,
        regions: &[&str],
        id: &str,
        version: u32,
        secret: &Secret,
    ) {
        let sealed = self.vault.seal(PURPOSE, &belongs_to(account, id, version), secret);
        let record = records::Sealed { sealed }.encode();
        for region in regions {
            tx.put(keys::material(account, region, id, version), record.clone());
        }
    }

    /// Changes a key's record in a transaction, which fails if the key is gone.
    pub async fn change<T>(
        &self,
        key: &Key,
        mut body: impl FnMut(&mut Tx, &mut records::Key) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let value = self
            .store
            .transact(|tx| change_in(tx, &key.account, &key.region, &key.id, |tx, record| body(tx, record)))
            .await?;
        self.forget(&key.account, &key.region, &key.id);
        Ok(value)
    }

    /// Drops what memory holds of a key, opened material included, and lets the background work look at it.
    pub fn forget(&self, account: &str, region: &str, id: &str) {
        self.changed.fetch_max(self.store.version(), Ordering::AcqRel);
        self.hot.write().remove(&keys::key(account, region, id));
        self.rescheduled.notify_one();
    }

    /// Runs slow work where it keeps no other call waiting.
    pub async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        tokio::task::spawn_blocking(work).await.map_err(|error| {
            tracing::error!(%error, "slow work broke off");
            Error::kms_internal_exception("The work was broken off.")
        })
    }
}

/// Changes a key's record, and keeps the row of what is due next in step with it.
pub fn change_in<T>(
    tx: &mut Tx,
    account: &str,
    region: &str,
    id: &str,
    body: impl FnOnce(&mut Tx, &mut records::Key) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut record = read(tx, account, region, id)?.ok_or_else(|| no_key(&key_arn(account, region, id)))?;
    let before = record.next_due();
    let value = body(tx, &mut record)?;
    write(tx, account, region, id, before, &record);
    Ok(value)
}

/// A key's record in a transaction.
pub fn read(tx: &mut Tx, account: &str, region: &str, id: &str) -> Result<Option<records::Key>, Error> {
    let Some(raw) = tx.get(&keys::key(account, region, id))? else { return Ok(None) };
    records::Key::decode(&raw).map(Some).map_err(corrupt)
}

/// Writes a key's record; `before` is when it was due until now.
pub fn write(tx: &mut Tx, account: &str, region: &str, id: &str, before: Option<i64>, record: &records::Key) {
    let after = record.next_due();
    if before != after {
        if let Some(ms) = before {
            tx.delete(keys::due(account, region, ms, id));
        }
        if let Some(ms) = after {
            tx.put(keys::due(account, region, ms, id), records::Due {}.encode());
        }
    }
    tx.put(keys::key(account, region, id), record.encode());
}

/// What sealed material belongs to. The material of a multi-Region key is the same in every region.
fn belongs_to(account: &str, id: &str, version: u32) -> String {
    format!("{account}/{id}/{version}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::key_record;

    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

    #[tokio::test]
    async fn memory_lets_go_of_a_key_that_changes() {
        let kms = Kms::new(testkit::deps());
        let (account, region) = (testkit::ACCOUNT, testkit::REGION);
        kms.store
            .transact(|tx| {
                let secret = Secret::new(vec![7; 32]);
                kms.put_material(tx, account, &[region], ID, 0, &secret);
                write(tx, account, region, ID, None, &key_record());
                Ok::<_, Error>(())
            })
            .await
            .unwrap();
        let before = kms.store.snapshot();
        let key = kms.find(account, region, ID).unwrap().unwrap();
        let opened = Arc::downgrade(&kms.open_current(&key).unwrap());
        assert!(Arc::ptr_eq(&key, &kms.find(account, region, ID).unwrap().unwrap()));
        assert!(opened.upgrade().is_some());
        let disable = |_: &mut Tx, record: &mut records::Key| {
            record.enabled = false;
            Ok(())
        };
        kms.change(&key, disable).await.unwrap();
        drop(key);
        assert!(opened.upgrade().is_none());
        // Whoever looked before the change does not bring the key back.
        let old = kms.find_at(&before, account, region, ID).unwrap().unwrap();
        let opened = Arc::downgrade(&kms.open_current(&old).unwrap());
        drop(old);
        assert!(opened.upgrade().is_none() && kms.hot.read().is_empty());
        assert!(!kms.find(account, region, ID).unwrap().unwrap().record.enabled);
    }
}
