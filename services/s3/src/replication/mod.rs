//! Replication: what is written into a bucket, copied to others as the bucket's rules say.
//!
//! The transaction that writes a version or a delete marker, or changes what is kept with a version, puts a [`Task`] into
//! the outbox for each bucket that is to have it. [`deliver`] makes the copy as a session of the configuration's role,
//! in one commit with what the source says of it. Tasks of one key for one bucket are done in order. Copies are not
//! copied again; deletions of versions, and what rules of a lifecycle do, stay where they are.

mod carried;
mod deliver;
mod failure;
mod replica;
mod role;
mod rules;
mod task;

use aws_lc_rs::digest;
use bytes::Bytes;
use model_s3::types::ReplicationStatus;
use outbox::{Delivery, PutError};
use store::{Record as _, Tx};

use crate::bucket::Bucket;
use crate::error::{Failure, corrupt};
use crate::records::{Marker, Object, Replication, Versioning};
use crate::s3::S3;

pub use deliver::run;
pub use rules::takes_kms;
pub use task::{Route, What};

use task::Task;

/// The kind of deliveries in the outbox.
const KIND: &str = "s3-replica";

/// Where a new object is to be copied to; it is noted in the object, which is not yet a version.
pub fn of_new(
    s3: &S3,
    bucket: &Bucket,
    versioning: Versioning,
    key: &str,
    object: &mut Object,
) -> Result<Vec<Route>, store::Error> {
    if versioning != Versioning::Enabled {
        return Ok(Vec::new());
    }
    let routes = rules::of_object(s3, bucket, key, object)?;
    if !routes.is_empty() {
        object.replication = Some(Replication::Source { pending: count(&routes), failed: false });
    }
    Ok(routes)
}

/// Follows a change of what is kept with a version: its tags, its list, its lock. Only versions that are copied are
/// followed, and copies where a rule says so.
pub fn of_change(
    tx: &mut Tx,
    s3: &S3,
    bucket: &Bucket,
    key: &str,
    object: &mut Object,
) -> Result<(), Failure> {
    let routes = match &mut object.replication {
        None => return Ok(()),
        Some(Replication::Replica) => rules::of_replica(s3, bucket, key, object)?,
        Some(Replication::Source { .. }) => rules::of_object(s3, bucket, key, object)?,
    };
    if let Some(Replication::Source { pending, .. }) = &mut object.replication {
        *pending = pending.saturating_add(count(&routes));
    }
    put(tx, s3, bucket, key, object.id(), (What::Attributes, routes))
}

/// Follows a delete marker that somebody has made.
pub fn of_marker(tx: &mut Tx, s3: &S3, bucket: &Bucket, key: &str, marker: &Marker) -> Result<(), Failure> {
    let Some(version) = &marker.version else { return Ok(()) };
    let routes = rules::of_marker(s3, bucket, key)?;
    put(tx, s3, bucket, key, version, (What::Marker, routes))
}

/// Puts a task for each bucket that a version is to be copied to.
pub fn put(
    tx: &mut Tx,
    s3: &S3,
    bucket: &Bucket,
    key: &str,
    version: &str,
    (what, routes): (What, Vec<Route>),
) -> Result<(), Failure> {
    for route in routes {
        // A key can be longer than an order may be; and a bucket that cannot be written to holds up only its own.
        let mut order = digest::Context::new(&digest::SHA256);
        for part in [&bucket.record.id[..], route.bucket.as_bytes(), &[0], key.as_bytes()] {
            order.update(part);
        }
        let task = Task {
            bucket: bucket.name.clone(),
            bucket_id: bucket.record.id,
            key: key.to_owned(),
            version: version.to_owned(),
            what,
            route,
        };
        let delivery = Delivery {
            account: bucket.place.account.clone(),
            region: bucket.place.region.clone(),
            kind: KIND,
            order: Some(Bytes::copy_from_slice(order.finish().as_ref())),
            due: None,
            payload: task.encode(),
            name: None,
        };
        s3.outbox.put(tx, delivery).map_err(|error| match error {
            PutError::Store(error) => Failure::from(error),
            other => corrupt(other).into(),
        })?;
    }
    Ok(())
}

/// What answers say of a version.
pub fn status(object: &Object) -> Option<ReplicationStatus> {
    Some(match object.replication? {
        Replication::Replica => ReplicationStatus::Replica,
        Replication::Source { pending, .. } if pending > 0 => ReplicationStatus::Pending,
        Replication::Source { failed: true, .. } => ReplicationStatus::Failed,
        Replication::Source { failed: false, .. } => ReplicationStatus::Completed,
    })
}

/// No more than there are rules.
fn count(routes: &[Route]) -> u32 {
    u32::try_from(routes.len()).unwrap_or(u32::MAX)
}
