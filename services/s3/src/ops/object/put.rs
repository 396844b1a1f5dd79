//! PutObject.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;
use store::Tx;

use crate::attributes::{Attributes, said, wanted};
use crate::bucket::Bucket;
use crate::conditions::Writing;
use crate::error::Failure;
use crate::expected::{Expected, claims};
use crate::lifecycle;
use crate::limits::PUT_BYTES_MAX;
use crate::notify::{self, Event};
use crate::payer;
use crate::records::{Checksum, Data, Object, Sealing, Versioning};
use crate::replication::{self, What};
use crate::resource::Place;
use crate::s3::S3;
use crate::shown::{context_of, quoted, show_sealing, version_id};
use crate::versions;
use crate::write::Written;

impl S3 {
    pub async fn put_object(
        self: Arc<Self>,
        call: Arc<Call>,
        place: Allowed<Place>,
        input: PutObjectInput,
    ) -> Result<PutObjectOutput, Error> {
        let Place { bucket, key } = place.into_inner();
        if input.write_offset_bytes.is_some() {
            return Err(crate::error::not_implemented("x-amz-write-offset-bytes").into());
        }
        let request_charged = payer::charged(&call, &bucket, input.request_payer.as_ref())?;
        let attributes = self.attributes(&call, &bucket, said!(input))?;
        let conditions = Writing::new(input.if_match.as_deref(), input.if_none_match.as_deref())?;
        let hint = input.checksum_algorithm.as_ref().map(wire::Open::as_str);
        let expected = Expected::new(input.content_md5.as_deref(), &claims!(input), hint, PUT_BYTES_MAX)?;
        if !conditions.is_empty() {
            // It is checked again when the object is written; but nobody has to send 5 GiB to be told.
            let current = versions::current(&mut self.store.snapshot(), bucket.inside(), &key)?;
            conditions.check(&key, current.as_ref())?;
        }
        let (sealing, object_key) = self.new_key(&call, &bucket, &key, wanted!(input)).await?;
        let body = input.body.unwrap_or_default();
        let written = self.write(&bucket.place, (&sealing, &object_key), &body, &expected).await?;
        let new = object_of(attributes, sealing, &written, call.now.millis());
        let object =
            self.put_written(&call, &bucket, &key, &conditions, ("ObjectCreated:Put", written, new)).await?;
        let mut output = PutObjectOutput {
            e_tag: Some(quoted(&object.etag)),
            version_id: version_id(&bucket, &object).filter(|id| id != versions::NULL),
            checksum_type: Some(ChecksumType::FullObject.into()),
            ssekms_encryption_context: context_of(&object.sealing),
            expiration: lifecycle::expiration_header(&self, &bucket, &key, &object)?,
            request_charged,
            ..Default::default()
        };
        show_sealing!(output, &object.sealing);
        if let Some(checksum) = &object.checksum {
            crate::show_checksum!(output, checksum);
        }
        Ok(output)
    }

    /// Makes an object of bytes that have been written the current version of its key, if the conditions hold, and tells
    /// whoever wants to know.
    pub(crate) async fn put_written(
        &self,
        call: &Call,
        bucket: &Bucket,
        key: &str,
        conditions: &Writing<'_>,
        (event, written, new): (&'static str, Written, Object),
    ) -> Result<Object, Error> {
        let object = self
            .transact(|tx| {
                let versioning = Self::hold_bucket(tx, bucket)?;
                if !conditions.is_empty() {
                    let current = versions::current(tx, bucket.inside(), key)?;
                    conditions.check(key, current.as_ref())?;
                }
                written.place_in(tx, &bucket.place)?;
                self.put_version(tx, call, (bucket, versioning, key), event, new.clone())
            })
            .await?;
        written.committed();
        Ok(object)
    }

    /// Makes an object the current version of its key, in a transaction that holds the bucket, and puts what follows from
    /// that into the outbox.
    pub(crate) fn put_version(
        &self,
        tx: &mut Tx,
        call: &Call,
        (bucket, versioning, key): (&Bucket, Versioning, &str),
        event: &'static str,
        mut object: Object,
    ) -> Result<Object, Failure> {
        let routes = replication::of_new(self, bucket, versioning, key, &mut object)?;
        let object = versions::put(tx, bucket.inside(), key, versioning, (&self.ids, call.now), object)?;
        replication::put(tx, self, bucket, key, object.id(), (What::Object, routes))?;
        notify::event(tx, self, bucket, call, &Event::of(event, key, &object))?;
        Ok(object)
    }
}

/// The bytes of an object, and what follows from them.
pub struct Content {
    pub data: Data,
    pub size: u64,
    pub etag: String,
    pub sealing: Sealing,
    pub checksum: Option<Checksum>,
    /// How many parts it was uploaded in.
    pub parts: Option<u32>,
}

/// An object of bytes that have been written.
pub fn object_of(attributes: Attributes, sealing: Sealing, written: &Written, modified_ms: i64) -> Object {
    let content = Content {
        data: written.data.clone(),
        size: written.size,
        etag: written.etag(),
        sealing,
        checksum: Some(written.checksum.clone()),
        parts: None,
    };
    object_with(attributes, content, modified_ms)
}

/// An object, not yet a version: its place among those of its key, and its id, are given by them.
pub fn object_with(attributes: Attributes, content: Content, modified_ms: i64) -> Object {
    let Attributes { owner, acl, storage_class, headers, metadata, tags, retention, legal_hold } = attributes;
    let Content { data, size, etag, sealing, checksum, parts } = content;
    Object {
        sequence: 0,
        version: None,
        modified_ms,
        owner,
        size,
        etag,
        data,
        sealing,
        checksum,
        parts,
        storage_class,
        headers,
        metadata,
        tags,
        acl,
        retention,
        legal_hold,
        replication: None,
    }
}
