//! CopyObject.
//!
//! Where nothing about the bytes changes, the copy uses the file of the source, whose key is sealed once more for the copy.
//! Otherwise the bytes are read, and written under a new key.

use std::sync::Arc;

use checksum::Algorithm;
use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;
use wire::Detailed;

use crate::attributes::{Attributes, Said, is_archived, said, wanted};
use crate::bucket::Bucket;
use crate::conditions::{Reading, Verdict, Writing, failed};
use crate::data;
use crate::error::{invalid_argument, invalid_request, no_such_key};
use crate::expected::Expected;
use crate::lifecycle;
use crate::limits::PUT_BYTES_MAX;
use crate::logging::{self, Done};
use crate::ops::object::put::{Content, object_of, object_with};
use crate::payer;
use crate::records::{Blob, BlobRef, Data, Encryption, Object, Sealing, Version};
use crate::resource::{Asked, Copy, Place};
use crate::s3::{Read as _, S3};
use crate::sealing::{Customer, Wanted};
use crate::shown::{context_of, quoted, show_sealing, to_the_second, version_id};
use crate::versions;

/// What is to come of a copy.
struct Plan<'a> {
    attributes: Attributes,
    wanted: Wanted<'a>,
    /// The key that the source is encrypted under, where the caller brings it.
    source_key: Customer<'a>,
    conditions: Writing<'a>,
    checksum: Algorithm,
}

impl S3 {
    pub async fn copy_object(
        self: Arc<Self>,
        call: Arc<Call>,
        copy: Allowed<Copy>,
        input: CopyObjectInput,
    ) -> Result<CopyObjectOutput, Error> {
        let Copy { to, from } = copy.into_inner();
        let request_charged = payer::charged(&call, &to.bucket, input.request_payer.as_ref())?;
        payer::charged(&call, &from.bucket, input.request_payer.as_ref())?;
        let source = self.source(&call, &from)?;
        check_source(source, &input)?;
        let said = said!(input);
        let replaced =
            input.metadata_directive.as_ref().and_then(wire::Open::known) == Some(MetadataDirective::Replace);
        if is_itself(&from, &to) && !replaced {
            check_change(&to.bucket, &said, &wanted!(input), input.checksum_algorithm.is_some())?;
        }
        let retag =
            input.tagging_directive.as_ref().and_then(wire::Open::known) == Some(TaggingDirective::Replace);
        let plan = Plan {
            attributes: self.copied(&call, &to.bucket, source, said, (replaced, retag))?,
            wanted: wanted!(input),
            source_key: Customer {
                algorithm: input.copy_source_sse_customer_algorithm.as_deref(),
                key: input.copy_source_sse_customer_key.as_deref(),
                md5: input.copy_source_sse_customer_key_md5.as_deref(),
            },
            conditions: Writing::new(input.if_match.as_deref(), input.if_none_match.as_deref())?,
            checksum: checksum_of(source, input.checksum_algorithm.as_ref())?,
        };
        let object = match shareable(&from.bucket, source, &to.bucket, &plan) {
            Some(blob) => self.share(&call, (&from, source, blob), &to, plan).await?,
            None => self.rewrite(&call, (&from, source), &to, plan).await?,
        };
        logging::note_done(&self, &call, &from.bucket, &read_by_copy(&from, "REST.COPY.OBJECT_GET"));
        let mut result = CopyObjectResult {
            e_tag: Some(quoted(&object.etag)),
            last_modified: Some(to_the_second(object.modified_ms)),
            ..Default::default()
        };
        if let Some(checksum) = &object.checksum {
            result.checksum_type = Some(ChecksumType::FullObject.into());
            crate::show_checksum!(result, checksum);
        }
        let mut output = CopyObjectOutput {
            copy_object_result: Some(result),
            copy_source_version_id: version_id(&from.bucket, source),
            version_id: version_id(&to.bucket, &object).filter(|id| id != versions::NULL),
            ssekms_encryption_context: context_of(&object.sealing),
            expiration: lifecycle::expiration_header(&self, &to.bucket, &to.key, &object)?,
            request_charged,
            ..Default::default()
        };
        show_sealing!(output, &object.sealing);
        Ok(output)
    }

    /// The object to be copied.
    pub(crate) fn source<'a>(&self, call: &Call, from: &'a Asked) -> Result<&'a Object, Error> {
        if let (Some(Version::Marker(_)), Some(_)) = (&from.found, &from.version) {
            let text =
                "The source of a copy request may not specifically refer to a delete marker by version id.";
            return Err(invalid_request(text).into());
        }
        self.found(call, "PUT", from)
    }

    /// What the copy keeps: of the source, or of the request, as the directives say.
    fn copied(
        &self,
        call: &Call,
        bucket: &Bucket,
        source: &Object,
        mut said: Said<'_>,
        (replaced, retag): (bool, bool),
    ) -> Result<Attributes, Error> {
        if !retag {
            said.tagging = None;
        }
        let mut attributes = self.attributes(call, bucket, said)?;
        if !retag {
            attributes.tags = source.tags.clone();
        }
        if !replaced {
            attributes.metadata = source.metadata.clone();
            // Where the website redirects to is never copied.
            let redirect = attributes.headers.website_redirect.take();
            attributes.headers = source.headers.clone();
            attributes.headers.website_redirect = redirect;
        }
        Ok(attributes)
    }

    /// Makes the copy use the file of the source.
    async fn share(
        &self,
        call: &Call,
        (from, source, blob): (&Asked, &Object, BlobRef),
        to: &Place,
        plan: Plan<'_>,
    ) -> Result<Object, Error> {
        let key = self.open_key(call, &from.bucket, &from.key, &source.sealing, plan.source_key).await?;
        let sealing = self.seal_key(call, &to.bucket, &to.key, plan.wanted, &key).await?;
        let content = Content {
            data: Data::Blob(blob),
            size: source.size,
            etag: source.etag.clone(),
            sealing,
            checksum: source.checksum.clone(),
            parts: None,
        };
        let new = object_with(plan.attributes, content, call.now.millis());
        let (bucket, key) = (&*to.bucket, to.key.as_str());
        self.transact(|tx| {
            let versioning = Self::hold_bucket(tx, bucket)?;
            if !plan.conditions.is_empty() {
                let current = versions::current(tx, bucket.inside(), key)?;
                plan.conditions.check(key, current.as_ref())?;
            }
            // The source may have gone since it was looked up, and its file with it.
            if tx.record::<Blob>(&bucket.place.blob(&blob.id))?.is_none() {
                return Err(no_such_key(&from.key).into());
            }
            data::share(tx, &bucket.place, &blob)?;
            self.put_version(tx, call, (bucket, versioning, key), "ObjectCreated:Copy", new.clone())
        })
        .await
    }

    /// Reads the source and writes it anew.
    async fn rewrite(
        &self,
        call: &Call,
        (from, source): (&Asked, &Object),
        to: &Place,
        plan: Plan<'_>,
    ) -> Result<Object, Error> {
        let key = self.open_key(call, &from.bucket, &from.key, &source.sealing, plan.source_key).await?;
        let (sealing, new_key) = self.new_key(call, &to.bucket, &to.key, plan.wanted).await?;
        let body = self.read(from, source, key, 0..source.size).await?;
        let expected = Expected::copied(plan.checksum, PUT_BYTES_MAX);
        let written = self.write(&to.bucket.place, (&sealing, &new_key), &body, &expected).await?;
        let new = object_of(plan.attributes, sealing, &written, call.now.millis());
        let written = ("ObjectCreated:Copy", written, new);
        self.put_written(call, &to.bucket, &to.key, &plan.conditions, written).await
    }
}

fn check_source(source: &Object, input: &CopyObjectInput) -> Result<(), Error> {
    let conditions = Reading {
        if_match: input.copy_source_if_match.as_deref(),
        if_none_match: input.copy_source_if_none_match.as_deref(),
        if_modified_since: input.copy_source_if_modified_since,
        if_unmodified_since: input.copy_source_if_unmodified_since,
    };
    check_copied(source, &conditions)?;
    if source.size > PUT_BYTES_MAX {
        let text = format!(
            "The specified copy source is larger than the maximum allowable size for a copy source: {PUT_BYTES_MAX}"
        );
        return Err(invalid_request(text).into());
    }
    Ok(())
}

/// Whether a source may be copied: by the request's conditions on it, and by where it is kept.
pub fn check_copied(source: &Object, conditions: &Reading<'_>) -> Result<(), Error> {
    match conditions.of(source) {
        Verdict::Read => {}
        Verdict::Failed(condition) => {
            return Err(failed(&format!("x-amz-copy-source-{condition}")).into());
        }
        Verdict::NotModified => {
            let condition = match conditions.if_none_match {
                Some(_) => "x-amz-copy-source-If-None-Match",
                None => "x-amz-copy-source-If-Modified-Since",
            };
            return Err(failed(condition).into());
        }
    }
    if is_archived(&source.storage_class) {
        let text = "The source object of the COPY action is not in the active tier";
        return Err(Detailed::new("ObjectNotInActiveTierError", 403, text).into());
    }
    Ok(())
}

/// The source of a copy, for the log of its bucket.
pub fn read_by_copy<'a>(from: &'a Asked, operation: &'static str) -> Done<'a> {
    Done { operation, key: &from.key, version: from.version.as_deref(), status: 200, fault: "" }
}

fn is_itself(from: &Asked, to: &Place) -> bool {
    from.bucket.record.id == to.bucket.record.id && from.key == to.key && from.version.is_none()
}

/// Copying an object to itself has to change something about it.
fn check_change(bucket: &Bucket, said: &Said<'_>, wanted: &Wanted<'_>, checksum: bool) -> Result<(), Error> {
    let changes = checksum
        || said.storage_class.is_some()
        || said.headers.website_redirect.is_some()
        || wanted.algorithm.is_some()
        || wanted.customer.algorithm.is_some()
        || bucket.record.encryption != Encryption::S3;
    if changes {
        return Ok(());
    }
    let text = "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.";
    Err(invalid_request(text).into())
}

/// The checksum that the copy keeps: the one that the request names, or the source's.
fn checksum_of(source: &Object, said: Option<&wire::Open<ChecksumAlgorithm>>) -> Result<Algorithm, Error> {
    if let Some(said) = said {
        return Algorithm::parse(said.as_str()).ok_or_else(|| {
            let text = "Checksum algorithm provided is unsupported.";
            invalid_argument(text, "x-amz-checksum-algorithm", said.as_str()).into()
        });
    }
    let kept = source.checksum.as_ref().and_then(|checksum| Algorithm::parse(&checksum.algorithm));
    Ok(kept.unwrap_or(Algorithm::Crc64Nvme))
}

/// The file that the copy can use as it is: it is one file, in the same account and region, its tag and checksum are those
/// of the copy, and no key of a caller's opened it or is to open it.
fn shareable(from: &Bucket, source: &Object, to: &Bucket, plan: &Plan<'_>) -> Option<BlobRef> {
    let Data::Blob(blob) = source.data else { return None };
    let same_checksum = source
        .checksum
        .as_ref()
        .is_some_and(|checksum| !checksum.composite && checksum.algorithm == plan.checksum.name());
    let kms = match plan.wanted.algorithm {
        Some(algorithm) => algorithm == "aws:kms",
        None => to.record.encryption != Encryption::S3,
    };
    let same_tag = match source.sealing {
        Sealing::S3 { .. } => !kms,
        Sealing::Kms { .. } => kms,
        Sealing::Customer { .. } => false,
    };
    let brings_key = plan.wanted.customer.algorithm.is_some();
    (from.place == to.place && source.parts.is_none() && same_checksum && same_tag && !brings_key)
        .then_some(blob)
}
