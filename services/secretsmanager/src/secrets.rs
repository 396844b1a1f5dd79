//! The state of the service, and how secrets are found and changed.

use std::sync::Arc;

use kernel::{Arn, Clock, Ids, Timestamp};
use model_secretsmanager::Error;
use service::{Cloud, Deps};
use store::{KeyRange, RangeOptions, Record as _, Store, Tx};

use crate::access::Accesses;
use crate::error::{Failure, marked, not_found, of_store, replica};
use crate::keys::{self, Due, Rows};
use crate::limits::{PRUNED_AT_ONCE, VERSION_REST_MS, VERSIONS_KEPT, VERSIONS_MAX};
use crate::name::SecretId;
use crate::records::{Secret, Version};
use crate::rotation::Functions;

/// The service's state.
pub struct Secrets {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) cloud: Cloud,
    pub(crate) accesses: Accesses,
    pub(crate) functions: Arc<dyn Functions>,
}

/// A secret as it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub account: String,
    pub region: String,
    pub secret: Secret,
}

impl Found {
    pub fn arn(&self) -> Arn {
        crate::name::arn(&self.account, &self.region, &self.secret.name, &self.secret.suffix)
    }

    pub fn rows(&self) -> Rows<'_> {
        rows(&self.account, &self.region, &self.secret)
    }

    /// Refuses if it waits for its removal.
    pub fn live(&self) -> Result<&Self, Error> {
        if self.secret.purge_ms.is_some() { Err(marked()) } else { Ok(self) }
    }

    /// Refuses if it waits for its removal or follows another.
    pub fn writable(&self) -> Result<&Self, Error> {
        self.live()?;
        if self.secret.primary_region().is_some() { Err(replica()) } else { Ok(self) }
    }
}

/// The rows of a secret in a place.
pub fn rows<'a>(account: &'a str, region: &'a str, secret: &'a Secret) -> Rows<'a> {
    Rows { account, region, name: &secret.name, suffix: &secret.suffix }
}

impl Secrets {
    pub fn new(deps: Deps, functions: Arc<dyn Functions>) -> Self {
        let Deps { store, clock, ids, cloud, .. } = deps;
        Self { store, clock, ids, cloud, accesses: Accesses::default(), functions }
    }

    /// The secret that a request names.
    pub fn find(&self, id: &SecretId) -> Result<Option<Found>, Error> {
        let row = keys::secret(&id.account, &id.region, &id.name);
        let Some(bytes) = self.store.snapshot().get(&row).map_err(of_store)? else { return Ok(None) };
        let secret = Secret::decode(&bytes).map_err(|error| of_store(crate::error::corrupt(error)))?;
        if id.suffix.as_ref().is_some_and(|suffix| *suffix != secret.suffix) {
            return Ok(None);
        }
        Ok(Some(Found { account: id.account.clone(), region: id.region.clone(), secret }))
    }

    /// The same secret as it is now; one made again under its name is another.
    pub fn again(&self, found: &Found) -> Result<Found, Error> {
        let id = SecretId {
            account: found.account.clone(),
            region: found.region.clone(),
            name: found.secret.name.clone(),
            suffix: Some(found.secret.suffix.clone()),
        };
        self.find(&id)?.ok_or_else(not_found)
    }

    /// One of its values.
    pub fn version(&self, found: &Found, id: &str) -> Result<Option<Version>, Error> {
        let bytes = self.store.snapshot().get(&found.rows().version(id)).map_err(of_store)?;
        let version = bytes.map(|bytes| Version::decode(&bytes)).transpose();
        version.map_err(|error| of_store(crate::error::corrupt(error)))
    }

    /// Changes a secret that can be written, in one transaction. `change` may run several times.
    pub async fn change<T>(
        &self,
        found: &Found,
        now: Timestamp,
        mut change: impl FnMut(&mut Tx, &mut Found) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        let outcome: Result<T, Failure> = self
            .store
            .transact(|tx| {
                let mut current = current(tx, found)?;
                current.writable()?;
                let value = change(tx, &mut current)?;
                current.secret.changed_ms = now.millis();
                save(tx, &current);
                Ok(value)
            })
            .await;
        outcome.map_err(Error::from)
    }
}

/// The secret as it is in this transaction.
pub fn current(tx: &mut Tx, found: &Found) -> Result<Found, Failure> {
    let bytes = tx.get(&keys::secret(&found.account, &found.region, &found.secret.name))?;
    let secret = bytes.map(|bytes| Secret::decode(&bytes)).transpose()?;
    let secret = secret.filter(|secret| secret.suffix == found.secret.suffix).ok_or_else(not_found)?;
    Ok(Found { account: found.account.clone(), region: found.region.clone(), secret })
}

/// Writes a secret and whatever follows it.
pub fn save(tx: &mut Tx, found: &Found) {
    let Found { account, region, secret } = found;
    tx.put(keys::secret(account, region, &secret.name), secret.encode());
    for replica in secret.replicas().iter().filter(|replica| replica.failure.is_none()) {
        let copy = secret.as_replica(replica, region);
        tx.put(keys::secret(account, &replica.region, &secret.name), copy.encode());
    }
}

/// Writes a value.
pub fn put_version(tx: &mut Tx, rows: &Rows<'_>, id: &str, version: &Version) {
    tx.put(rows.version(id), version.encode());
    tx.put(rows.aged(version.created_ms, id), "");
}

/// Removes a secret with all its rows, but not its replicas.
pub fn remove(tx: &mut Tx, found: &Found) {
    let rows = found.rows();
    for prefix in [rows.versions(), rows.by_age(), rows.accesses()] {
        tx.delete_range(KeyRange::prefix(&prefix));
    }
    let Found { account, region, secret } = found;
    tx.delete(keys::secret(account, region, &secret.name));
    if let Some(purge_ms) = secret.purge_ms {
        tx.delete(Due::Removal.row(purge_ms, account, region, &secret.name));
    }
    if let Some(due_ms) = secret.rotation.as_ref().and_then(|rotation| rotation.due_ms) {
        tx.delete(Due::Rotation.row(due_ms, account, region, &secret.name));
    }
}

/// Counts a new version, and removes deprecated ones beyond the number that is kept.
pub fn make_room(tx: &mut Tx, found: &mut Found, now: Timestamp) -> Result<(), Failure> {
    if found.secret.versions >= VERSIONS_KEPT {
        let by_age = found.rows().by_age();
        // Only this secret's writers touch these rows, and they conflict over the secret itself.
        let page = tx.range_unchecked(KeyRange::prefix(&by_age), RangeOptions::limit(PRUNED_AT_ONCE))?;
        for (key, _) in &page.entries {
            let (created_ms, id) = found.rows().age_of(key)?;
            let young = created_ms > now.millis() - VERSION_REST_MS;
            if young || found.secret.versions < VERSIONS_KEPT {
                break;
            }
            if found.secret.labels_of(&id).next().is_none() {
                remove_version(tx, found, created_ms, &id);
                found.secret.versions -= 1;
            }
        }
    }
    if found.secret.versions >= VERSIONS_MAX {
        return Err(Error::limit_exceeded_exception(format!(
            "The secret has {VERSIONS_MAX} versions, which is the most that can be created in 24 hours."
        ))
        .into());
    }
    found.secret.versions += 1;
    Ok(())
}

fn remove_version(tx: &mut Tx, found: &Found, created_ms: i64, id: &str) {
    let regions = found.secret.replicas().iter().map(|replica| replica.region.as_str());
    for region in regions.chain([found.region.as_str()]) {
        let rows = rows(&found.account, region, &found.secret);
        tx.delete(rows.version(id));
        tx.delete(rows.aged(created_ms, id));
        tx.delete(rows.accessed(id));
    }
}
