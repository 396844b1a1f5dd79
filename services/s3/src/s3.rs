//! The state of the service.

use std::collections::HashMap;
use std::sync::Arc;

use blob::Blobs;
use bytes::Bytes;
use kernel::{Clock, Ids};
use model_s3::Error;
use outbox::Outbox;
use parking_lot::RwLock;
use service::{Accounts, Cloud, Deps};
use store::{Record, Snapshot, Store, Tx};
use vault::Vault;

use crate::access_points::Point;
use crate::bucket::Bucket;
use crate::digest_jobs::DigestJobs;
use crate::error::{Failure, no_such_bucket};
use crate::keys::{self, Place};
use crate::limits::HOT_BUCKETS_MAX;
use crate::logging::Logs;
use crate::orphans::Orphans;
use crate::readers::Readers;
use crate::records::{self, Versioning};

/// The service's state.
pub struct S3 {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) vault: Vault,
    pub(crate) cloud: Cloud,
    pub(crate) accounts: Accounts,
    pub(crate) blobs: Blobs,
    pub(crate) orphans: Arc<Orphans>,
    pub(crate) readers: Arc<Readers>,
    pub(crate) digest_jobs: Arc<DigestJobs>,
    pub(crate) outbox: Outbox,
    pub(crate) logs: Logs,
    /// Access points as last read, by their rows; each is checked against its row at every use.
    pub(crate) points: RwLock<HashMap<Bytes, Arc<Point>>>,
    /// Buckets as last read, by name; each is checked against its row at every use.
    hot: RwLock<HashMap<String, Arc<Bucket>>>,
}

impl S3 {
    pub fn new(deps: Deps) -> Self {
        Self {
            outbox: Outbox::new(deps.store.clone(), deps.clock.clone()),
            store: deps.store,
            clock: deps.clock,
            ids: deps.ids,
            vault: deps.vault,
            cloud: deps.cloud,
            accounts: deps.accounts,
            blobs: deps.blobs,
            orphans: Arc::default(),
            readers: Arc::default(),
            digest_jobs: Arc::default(),
            logs: Logs::default(),
            points: RwLock::default(),
            hot: RwLock::default(),
        }
    }

    /// The bucket of this name, whosever it is.
    pub fn bucket(&self, name: &str) -> Result<Arc<Bucket>, Error> {
        Ok(self.find_bucket(name)?.ok_or_else(|| no_such_bucket(name))?)
    }

    /// The same; `None` if there is none.
    pub fn find_bucket(&self, name: &str) -> Result<Option<Arc<Bucket>>, Error> {
        let snapshot = self.store.snapshot();
        let known = self.hot.read().get(name).cloned();
        if let Some(known) = known
            && snapshot.get(&known.name_key)?.as_ref() == Some(&known.name_row)
            && snapshot.get(&known.key)?.as_ref() == Some(&known.raw)
        {
            return Ok(Some(known));
        }
        let Some(found) = snapshot.get(&keys::name(name))? else {
            self.hot.write().remove(name);
            return Ok(None);
        };
        let records::Name { account, region } = Record::decode(&found)?;
        let place = Place { account, region };
        let Some(raw) = snapshot.get(&place.bucket(name))? else { return Ok(None) };
        let bucket = Arc::new(Bucket::read(&snapshot, name, place, found, raw)?);
        let mut hot = self.hot.write();
        if hot.len() >= HOT_BUCKETS_MAX {
            hot.retain(|_, known| Arc::strong_count(known) > 1);
        }
        hot.insert(name.to_owned(), bucket.clone());
        Ok(Some(bucket))
    }

    /// Changes a bucket's row in a transaction, and counts its revision up.
    ///
    /// # Errors
    /// `NoSuchBucket` when it is not the one that was looked up any more.
    pub fn change_bucket<T>(
        tx: &mut Tx,
        bucket: &Bucket,
        change: impl FnOnce(&mut records::Bucket, &mut Tx) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut record = match tx.get(&bucket.key)? {
            Some(bytes) => records::Bucket::decode(&bytes)?,
            None => return Err(no_such_bucket(&bucket.name).into()),
        };
        if record.id != bucket.record.id {
            return Err(no_such_bucket(&bucket.name).into());
        }
        let changed = change(&mut record, tx)?;
        record.revision += 1;
        tx.put(bucket.key.clone(), record.encode());
        Ok(changed)
    }

    /// Makes a transaction conflict with every change and the deletion of the bucket: whatever is put into one or taken out
    /// has to begin with this. Gives what the bucket says of versions now: a request may have come long ago.
    pub fn hold_bucket(tx: &mut Tx, bucket: &Bucket) -> Result<Versioning, Failure> {
        let now = tx.get(&bucket.key)?.ok_or_else(|| no_such_bucket(&bucket.name))?;
        if now == bucket.raw {
            return Ok(bucket.record.versioning);
        }
        let now = records::Bucket::decode(&now)?;
        if now.id != bucket.record.id {
            return Err(no_such_bucket(&bucket.name).into());
        }
        Ok(now.versioning)
    }

    /// The same, for what is done by all that a bucket says: whether it is as it was when it was looked up.
    pub fn hold_unchanged(tx: &mut Tx, bucket: &Bucket) -> Result<bool, Failure> {
        Ok(tx.get(&bucket.key)?.is_some_and(|now| now == bucket.raw))
    }

    /// Runs a transaction until it commits. `body` may run several times.
    pub async fn transact<T>(&self, body: impl FnMut(&mut Tx) -> Result<T, Failure>) -> Result<T, Error> {
        self.store.transact(body).await.map_err(Error::from)
    }
}

/// What both snapshots and transactions can do.
pub trait Read {
    /// The value of a row.
    fn row(&mut self, key: &[u8]) -> Result<Option<Bytes>, store::Error>;

    /// The record in a row.
    fn record<R: Record>(&mut self, key: &[u8]) -> Result<Option<R>, store::Error> {
        self.row(key)?.map(|bytes| R::decode(&bytes)).transpose().map_err(store::Error::from)
    }
}

impl Read for Snapshot {
    fn row(&mut self, key: &[u8]) -> Result<Option<Bytes>, store::Error> {
        self.get(key)
    }
}

impl Read for &Snapshot {
    fn row(&mut self, key: &[u8]) -> Result<Option<Bytes>, store::Error> {
        self.get(key)
    }
}

impl Read for Tx {
    fn row(&mut self, key: &[u8]) -> Result<Option<Bytes>, store::Error> {
        self.get(key)
    }
}
