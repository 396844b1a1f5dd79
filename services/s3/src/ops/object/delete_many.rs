//! DeleteObjects.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::{Allowed, Decided};
use wire::{Protocol, ServiceError as _};

use crate::bucket::Bucket;
use crate::error::{Failure, not_implemented, status};
use crate::logging::{self, Done};
use crate::ops::object::delete::{Deleted, Terms, check_terms};
use crate::payer;
use crate::records::Version;
use crate::resource::{Deletion, check_key, check_version};
use crate::s3::S3;
use crate::versions::{self, NULL};

/// Objects deleted in one transaction, which is to be short against the five seconds that one may take.
const BATCH: usize = 100;
/// Parts of all of them together, or a little more: the file of each is given up by itself, about 300 bytes, so that the
/// transaction stays below half of the store's 10 MB.
const BATCH_PARTS: u32 = 10_000;

type Outcome = Result<Deleted, Error>;

/// An object that the caller may delete, as the request names it.
type Doomed = (ObjectIdentifier, Allowed<Deletion>);

impl S3 {
    pub async fn delete_objects(
        self: Arc<Self>,
        call: Arc<Call>,
        decided: Decided<Arc<Bucket>, Deletion>,
        input: DeleteObjectsInput,
    ) -> Result<DeleteObjectsOutput, Error> {
        let Decided { whole: bucket, parts } = decided;
        let Delete { objects, quiet } = input.delete.into_inner();
        let (mut deleted, mut errors, mut doomed) = (Vec::new(), Vec::new(), Vec::new());
        for (object, decision) in objects.into_inner().into_iter().zip(parts) {
            match decision {
                Ok(deletion) => doomed.push((object, deletion)),
                Err(denied) => {
                    let error = Error::from(denied);
                    logging::note_done(&self, &call, &bucket, &done(&object, Some(&error)));
                    errors.push(shown_error(&object, &error));
                }
            }
        }
        if doomed.is_empty() {
            return Ok(DeleteObjectsOutput {
                deleted: Some(deleted),
                errors: Some(errors),
                ..Default::default()
            });
        }
        let request_charged = payer::charged(&call, &bucket, input.request_payer.as_ref())?;
        check_terms(&bucket, input.bypass_governance_retention)?;
        let bypass = input.bypass_governance_retention == Some(true);
        let mut rest = &doomed[..];
        while !rest.is_empty() {
            let (batch, later) = rest.split_at(self.batch_len(&bucket, rest)?);
            rest = later;
            let outcomes = self.delete_batch(&call, &bucket, batch, bypass).await?;
            for ((object, _), outcome) in batch.iter().zip(outcomes) {
                logging::note_done(&self, &call, &bucket, &done(object, outcome.as_ref().err()));
                match outcome {
                    Ok(outcome) => deleted.push(shown(object, outcome)),
                    Err(error) => errors.push(shown_error(object, &error)),
                }
            }
        }
        if quiet == Some(true) {
            deleted.clear();
        }
        Ok(DeleteObjectsOutput { deleted: Some(deleted), errors: Some(errors), request_charged })
    }

    /// How many of these can be deleted in one transaction: at least one.
    fn batch_len(&self, bucket: &Bucket, objects: &[Doomed]) -> Result<usize, Error> {
        let mut snapshot = self.store.snapshot();
        let mut parts = 0;
        for (at, (_, deletion)) in objects.iter().take(BATCH).enumerate() {
            let key = &deletion.key;
            let found = match &deletion.version {
                None => versions::current(&mut snapshot, bucket.inside(), key)?.map(Version::Object),
                Some(id) => versions::find(&mut snapshot, bucket.inside(), key, id)?,
            };
            if let Some(Version::Object(object)) = found {
                parts += object.parts.unwrap_or(0);
            }
            if parts > BATCH_PARTS {
                return Ok(at.max(1));
            }
        }
        Ok(objects.len().min(BATCH))
    }

    /// Deletes a few in one transaction; what each comes to is its own.
    async fn delete_batch(
        &self,
        call: &Call,
        bucket: &Bucket,
        batch: &[Doomed],
        bypass: bool,
    ) -> Result<Vec<Outcome>, Error> {
        self.transact(|tx| {
            let versioning = Self::hold_bucket(tx, bucket)?;
            let mut outcomes = Vec::with_capacity(batch.len());
            for (object, deletion) in batch {
                let checked = check(object).map_err(Failure::from);
                let outcome = checked.and_then(|()| {
                    let terms = Terms { if_match: object.e_tag.as_deref(), bypass };
                    self.delete_one(
                        tx,
                        call,
                        (bucket, versioning),
                        (&deletion.key, deletion.version.as_deref()),
                        terms,
                    )
                });
                outcomes.push(match outcome {
                    Ok(deleted) => Ok(deleted),
                    Err(Failure::Api(error)) => Err(*error),
                    // The store's troubles are those of the whole request.
                    Err(failure) => return Err(failure),
                });
            }
            Ok(outcomes)
        })
        .await
    }
}

fn check(object: &ObjectIdentifier) -> Result<(), Error> {
    check_key(&object.key)?;
    object.version_id.as_deref().map_or(Ok(()), check_version)?;
    // These are for directory buckets; S3 refuses them elsewhere.
    if object.last_modified_time.is_some() || object.size.is_some() {
        return Err(not_implemented("LastModifiedTime, Size").into());
    }
    Ok(())
}

/// What has become of one object, for the bucket's log.
fn done<'a>(object: &'a ObjectIdentifier, error: Option<&'a Error>) -> Done<'a> {
    let fault = error.map_or("", |error| error.fault().code(Protocol::RestXml));
    let status = error.map_or(204, |error| status(error.fault()));
    let version = object.version_id.as_deref();
    Done { operation: "BATCH.DELETE.OBJECT", key: &object.key, version, status, fault }
}

fn shown(object: &ObjectIdentifier, deleted: Deleted) -> DeletedObject {
    let key = Some(object.key.to_string());
    let version_id = object.version_id.clone();
    match deleted {
        Deleted::Object => DeletedObject { key, ..Default::default() },
        Deleted::Marked(marker) => DeletedObject {
            key,
            delete_marker: Some(true),
            delete_marker_version_id: Some(marker.version.unwrap_or_else(|| NULL.to_owned())),
            ..Default::default()
        },
        Deleted::Version { marker: false } => DeletedObject { key, version_id, ..Default::default() },
        Deleted::Version { marker: true } => DeletedObject {
            key,
            delete_marker: Some(true),
            delete_marker_version_id: version_id.clone(),
            version_id,
        },
    }
}

fn shown_error(object: &ObjectIdentifier, error: &Error) -> ErrorShape {
    let fault = error.fault();
    ErrorShape {
        key: Some(object.key.to_string()),
        version_id: object.version_id.clone(),
        code: Some(fault.code(Protocol::RestXml).to_owned()),
        message: Some(fault.message(Protocol::RestXml).into_owned()),
    }
}
