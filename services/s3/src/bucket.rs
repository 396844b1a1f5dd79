//! A bucket as it was when it was looked up, with what requests ask of it most.

use std::sync::Arc;

use bytes::Bytes;
use kernel::Arn;
use parking_lot::Mutex;
use policy::{Policy, PolicyKind};
use store::{Record, Snapshot, Tx};
use wire::Structure;

use crate::access_points::Way;
use crate::error::{Failure, corrupt};
use crate::keys::{self, Inside, Place};
use crate::public;
use crate::records;
use crate::s3::S3;

/// The kinds of a bucket's sub-resources. Of those up to `WEBSITE` there is one, under the name `""`; of the others there are
/// many, each under its id.
pub mod kind {
    /// `CorsConfiguration`
    pub const CORS: &str = "cors";
    /// `BucketLifecycleConfiguration`
    pub const LIFECYCLE: &str = "lifecycle";
    /// `LoggingEnabled`
    pub const LOGGING: &str = "logging";
    /// `NotificationConfiguration`
    pub const NOTIFICATION: &str = "notification";
    /// The policy, as it came.
    pub const POLICY: &str = "policy";
    /// `ReplicationConfiguration`
    pub const REPLICATION: &str = "replication";
    /// The least size of objects that rules of the lifecycle move, as the API writes it.
    pub const TRANSITION_SIZE: &str = "transition-size";
    /// `WebsiteConfiguration`
    pub const WEBSITE: &str = "website";
    /// `AnalyticsConfiguration`
    pub const ANALYTICS: &str = "analytics";
    /// `IntelligentTieringConfiguration`
    pub const INTELLIGENT_TIERING: &str = "intelligent-tiering";
    /// `InventoryConfiguration`
    pub const INVENTORY: &str = "inventory";
    /// `MetricsConfiguration`
    pub const METRICS: &str = "metrics";
}

/// A bucket.
#[derive(Clone)]
pub struct Bucket {
    pub name: String,
    pub arn: Arn,
    pub place: Place,
    pub record: records::Bucket,
    /// Where its rows are: its name's and its own.
    pub name_key: Bytes,
    pub key: Bytes,
    /// What was read there.
    pub name_row: Bytes,
    pub raw: Bytes,
    /// Its policy. One that does not parse denies everything.
    pub policy: Option<Result<Arc<Policy>, ()>>,
    pub policy_is_public: bool,
    /// The access point that it was reached by, if it was.
    pub way: Option<Way>,
    parsed: Parsed,
}

/// Sub-resources that were read since, by kind: as the model's structures.
type Parsed = Arc<Mutex<Vec<(&'static str, Arc<dyn std::any::Any + Send + Sync>)>>>;

impl Bucket {
    pub(crate) fn read(
        snapshot: &Snapshot,
        name: &str,
        place: Place,
        name_row: Bytes,
        raw: Bytes,
    ) -> Result<Self, store::Error> {
        let record = records::Bucket::decode(&raw)?;
        let row = place.inside(&record.id).configuration(kind::POLICY, "");
        let mut policy_is_public = false;
        let policy = match snapshot.get(&row)? {
            Some(bytes) => {
                let document = records::Configuration::decode(&bytes)?.document;
                policy_is_public = public::policy_is_public(&document);
                let parsed = Policy::parse(document.as_bytes(), PolicyKind::Resource);
                Some(parsed.map(Arc::new).map_err(|error| {
                    tracing::error!(bucket = name, %error, "a bucket's policy cannot be read");
                }))
            }
            None => None,
        };
        let arn = bucket_arn(name);
        Ok(Self {
            name: name.to_owned(),
            arn,
            name_key: keys::name(name),
            key: place.bucket(name),
            place,
            record,
            name_row,
            raw,
            policy,
            policy_is_public,
            way: None,
            parsed: Arc::default(),
        })
    }

    /// The same as it is reached by an access point.
    pub fn reached_by(&self, way: Way) -> Self {
        Self { way: Some(way), ..self.clone() }
    }

    /// The rows of what lies in it.
    pub fn inside(&self) -> Inside<'_> {
        self.place.inside(&self.record.id)
    }

    /// The account it belongs to.
    pub fn owner(&self) -> &str {
        &self.place.account
    }

    /// The ARN of an object in it.
    pub fn object_arn(&self, key: &str) -> Arn {
        Arn::aws("s3", "", "", &format!("{}/{key}", self.name))
    }

    /// Whether it has any sub-resource of this kind.
    pub fn has(&self, kind: &str) -> bool {
        self.record.has(kind)
    }

    /// A sub-resource of which there is one, as the model's structure; read once for as long as the bucket does not
    /// change.
    pub fn configuration<T>(&self, s3: &S3, kind: &'static str) -> Result<Option<Arc<T>>, store::Error>
    where
        T: Structure + Default + Send + Sync + 'static,
    {
        if !self.has(kind) {
            return Ok(None);
        }
        let known =
            self.parsed.lock().iter().find(|(found, _)| *found == kind).map(|(_, value)| value.clone());
        if let Some(known) = known.and_then(|known| known.downcast::<T>().ok()) {
            return Ok(Some(known));
        }
        let Some(document) = self.document(s3, kind, "")? else { return Ok(None) };
        let mut value = T::default();
        wire::read_xml_document(document.as_bytes(), &mut value).map_err(corrupt)?;
        let value = Arc::new(value);
        self.parsed.lock().push((kind, value.clone()));
        Ok(Some(value))
    }

    /// A sub-resource as it is stored.
    pub fn document(&self, s3: &S3, kind: &str, name: &str) -> Result<Option<String>, store::Error> {
        let row = self.inside().configuration(kind, name);
        let found = s3.store.snapshot().get(&row)?;
        found.map(|bytes| Ok(records::Configuration::decode(&bytes)?.document)).transpose()
    }
}

/// Puts a sub-resource in place of what was there, in a transaction over [`S3::change_bucket`].
pub fn put_document(
    tx: &mut Tx,
    bucket: &Bucket,
    record: &mut records::Bucket,
    (kind, name): (&str, &str),
    document: String,
) -> Result<(), Failure> {
    tx.put(bucket.inside().configuration(kind, name), records::Configuration { document }.encode());
    if !record.has(kind) {
        record.configured.push(kind.to_owned());
    }
    Ok(())
}

/// Removes a sub-resource of which there is one.
pub fn delete_document(tx: &mut Tx, bucket: &Bucket, record: &mut records::Bucket, kind: &str) {
    tx.delete(bucket.inside().configuration(kind, ""));
    record.configured.retain(|found| found != kind);
}

/// The ARN of a bucket.
pub fn bucket_arn(name: &str) -> Arn {
    Arn::aws("s3", "", "", name)
}
