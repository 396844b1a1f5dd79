//! DeleteObject.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;
use store::Tx;
use wire::Detailed;

use crate::bucket::Bucket;
use crate::conditions::{failed, matches};
use crate::error::{Failure, no_such_key, not_implemented};
use crate::notify::{self, Event};
use crate::object_lock::check_deletion;
use crate::payer;
use crate::records::{Marker, Object, Version, Versioning};
use crate::replication;
use crate::resource::Deletion;
use crate::s3::S3;
use crate::versions::{self, NULL};

/// What a deletion is told besides key and version.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terms<'a> {
    pub if_match: Option<&'a str>,
    /// Whether governance is to be passed by; that the caller may was asked for before.
    pub bypass: bool,
}

/// What a deletion did.
pub enum Deleted {
    /// The object, or nothing at all.
    Object,
    /// A delete marker was put before it.
    Marked(Marker),
    /// One version; it is a delete marker or is not.
    Version { marker: bool },
}

impl S3 {
    pub async fn delete_object(
        self: Arc<Self>,
        call: Arc<Call>,
        deletion: Allowed<Deletion>,
        input: DeleteObjectInput,
    ) -> Result<DeleteObjectOutput, Error> {
        let Deletion { bucket, key, version } = deletion.into_inner();
        let request_charged = payer::charged(&call, &bucket, input.request_payer.as_ref())?;
        check_terms(&bucket, input.bypass_governance_retention)?;
        // These are for directory buckets; S3 refuses them elsewhere.
        if input.if_match_last_modified_time.is_some() {
            return Err(not_implemented("x-amz-if-match-last-modified-time").into());
        }
        if input.if_match_size.is_some() {
            return Err(not_implemented("x-amz-if-match-size").into());
        }
        let terms = Terms {
            if_match: input.if_match.as_deref(),
            bypass: input.bypass_governance_retention == Some(true),
        };
        let deleted = self
            .transact(|tx| {
                let versioning = Self::hold_bucket(tx, &bucket)?;
                self.delete_one(tx, &call, (&bucket, versioning), (&key, version.as_deref()), terms)
            })
            .await?;
        Ok(match deleted {
            Deleted::Object => DeleteObjectOutput { request_charged, ..Default::default() },
            Deleted::Marked(marker) => DeleteObjectOutput {
                delete_marker: Some(true),
                version_id: Some(marker.version.unwrap_or_else(|| NULL.to_owned())),
                request_charged,
            },
            Deleted::Version { marker } => DeleteObjectOutput {
                delete_marker: marker.then_some(true),
                version_id: version,
                request_charged,
            },
        })
    }

    /// Deletes one object or version, in a transaction that holds the bucket: see [`S3::hold_bucket`].
    pub(crate) fn delete_one(
        &self,
        tx: &mut Tx,
        call: &Call,
        (bucket, versioning): (&Bucket, Versioning),
        (key, version): (&str, Option<&str>),
        terms: Terms<'_>,
    ) -> Result<Deleted, Failure> {
        let inside = bucket.inside();
        if let Some(id) = version {
            let found = versions::find(tx, inside, key, id)?;
            let sequence = found.as_ref().map(Version::sequence);
            if let Some(Version::Object(object)) = &found {
                terms.check(object)?;
                check_deletion(object, call, terms.bypass)?;
            }
            let removed = versions::delete_version(tx, inside, key, id)?;
            if let Some(sequence) = sequence {
                let event = Event::removed("ObjectRemoved:Delete", key, Some(id), sequence);
                notify::event(tx, self, bucket, call, &event)?;
            }
            return Ok(Deleted::Version { marker: matches!(removed, Some(Version::Marker(_))) });
        }
        let current = versions::current(tx, inside, key)?;
        match &current {
            Some(object) => terms.check(object)?,
            // Nothing is there that could be the one that was meant, be it gone or never written.
            None if terms.if_match.is_some() => return Err(Error::from(no_such_key(key)).into()),
            None => {}
        }
        // Nobody has no account.
        let owner = Some(call.principal.account.as_str()).filter(|account| !account.is_empty());
        let owner = owner.unwrap_or(bucket.owner());
        let marker = versions::delete(tx, inside, key, versioning, (&self.ids, call.now), owner)?;
        match (marker, current) {
            (Some(marker), _) => {
                replication::of_marker(tx, self, bucket, key, &marker)?;
                let event = Event::marked("ObjectRemoved:DeleteMarkerCreated", key, &marker);
                notify::event(tx, self, bucket, call, &event)?;
                Ok(Deleted::Marked(marker))
            }
            (None, Some(object)) => {
                let event = Event::removed("ObjectRemoved:Delete", key, None, object.sequence);
                notify::event(tx, self, bucket, call, &event)?;
                Ok(Deleted::Object)
            }
            (None, None) => Ok(Deleted::Object),
        }
    }
}

impl Terms<'_> {
    fn check(&self, object: &Object) -> Result<(), Error> {
        if self.if_match.is_some_and(|tags| !matches(tags, &object.etag)) {
            return Err(failed("If-Match").into());
        }
        Ok(())
    }
}

/// Passing by governance is for buckets with object lock.
pub fn check_terms(bucket: &Bucket, bypass: Option<bool>) -> Result<(), Error> {
    if bypass == Some(true) && !bucket.record.lock {
        let text = "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.";
        let error = Detailed::new("InvalidArgument", 400, text);
        return Err(error.with("ArgumentName", "x-amz-bypass-governance-retention").into());
    }
    Ok(())
}
