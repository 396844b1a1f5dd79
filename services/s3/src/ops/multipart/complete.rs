//! CompleteMultipartUpload.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use service::Allowed;
use store::Tx;
use wire::Detailed;

use super::plan;
use super::upload_part::check_customer;
use crate::attributes::{Attributes, customer};
use crate::bucket::Bucket;
use crate::conditions::Writing;
use crate::error::{Failure, no_such_upload};
use crate::expected::show_checksum;
use crate::ops::object::put::{Content, object_with};
use crate::records::{Data, Object, Sealing, Upload, Versioning};
use crate::resource::Place;
use crate::s3::S3;
use crate::shown::{quoted, version_id};
use crate::{data, lifecycle, payer, sealing, uploads, versions};

/// What stands for itself in the address of an object.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

impl S3 {
    /// The parts are not copied: the object names them. An upload that has become the object that is there can be
    /// completed again, with the same answer: clients do when they did not get it.
    pub async fn complete_multipart_upload(
        self: Arc<Self>,
        call: Arc<Call>,
        place: Allowed<Place>,
        input: CompleteMultipartUploadInput,
    ) -> Result<CompleteMultipartUploadOutput, Error> {
        sealing::not_here(input.server_side_encryption.as_ref())?;
        let conditions = Writing::new(input.if_match.as_deref(), input.if_none_match.as_deref())?;
        let (bucket, key) = (&place.bucket, place.key.as_str());
        let request_charged = payer::charged(&call, bucket, input.request_payer.as_ref())?;
        let object = self
            .transact(|tx| {
                let versioning = S3::hold_bucket(tx, bucket)?;
                self.complete(tx, &call, (bucket, versioning, key), &conditions, &input)
            })
            .await?;
        let mut output = CompleteMultipartUploadOutput {
            location: Some(location(&call, bucket, key)),
            bucket: Some(bucket.name.clone()),
            key: Some(key.to_owned()),
            expiration: lifecycle::expiration_header(&self, bucket, key, &object)?,
            e_tag: Some(quoted(&object.etag)),
            version_id: version_id(bucket, &object).filter(|id| id != versions::NULL),
            request_charged,
            ..Default::default()
        };
        match &object.sealing {
            Sealing::S3 { .. } => output.server_side_encryption = Some(ServerSideEncryption::Aes256.into()),
            Sealing::Kms { arn, bucket_key, .. } => {
                output.server_side_encryption = Some(ServerSideEncryption::AwsKms.into());
                output.ssekms_key_id = Some(arn.clone());
                output.bucket_key_enabled = bucket_key.then_some(true);
            }
            // The answer has no members that would say so.
            Sealing::Customer { .. } => {}
        }
        if let Some(checksum) = &object.checksum {
            show_checksum!(output, checksum);
            output.checksum_type = Some(if checksum.composite {
                ChecksumType::Composite.into()
            } else {
                ChecksumType::FullObject.into()
            });
        }
        Ok(output)
    }

    fn complete(
        &self,
        tx: &mut Tx,
        call: &Call,
        (bucket, versioning, key): (&Bucket, Versioning, &str),
        conditions: &Writing<'_>,
        input: &CompleteMultipartUploadInput,
    ) -> Result<Object, Failure> {
        let (inside, id) = (bucket.inside(), input.upload_id.as_str());
        let current = versions::current(tx, inside, key)?;
        let Some(upload) = uploads::find(tx, inside, key, id)? else {
            let made = Data::Parts { id: uploads::data_id(id) };
            let again = current.filter(|object| object.data == made);
            return Ok(again.ok_or_else(|| no_such_upload(id))?);
        };
        check_key(&upload, input)?;
        check_conditions(conditions, &upload, current.as_ref(), key)?;
        let asked =
            input.multipart_upload.as_ref().and_then(|asked| asked.parts.as_deref()).unwrap_or_default();
        plan::check_order(asked, id)?;
        let stored = uploads::parts(tx, inside, id)?;
        let planned = plan::plan(&upload, stored, asked, input)?;
        for part in &planned.left {
            data::release_data(tx, inside.place(), &part.data)?;
        }
        uploads::forget(tx, inside, key, id);
        let data_id = uploads::data_id(id);
        data::put_parts(tx, inside.place(), &data_id, &planned.parts);
        let attributes = Attributes {
            owner: upload.owner,
            acl: upload.acl,
            storage_class: upload.storage_class,
            headers: upload.headers,
            metadata: upload.metadata,
            tags: upload.tags,
            retention: upload.retention,
            legal_hold: upload.legal_hold,
        };
        let content = Content {
            data: Data::Parts { id: data_id },
            size: planned.size,
            etag: planned.etag,
            sealing: upload.sealing,
            checksum: Some(planned.checksum),
            parts: Some(planned.parts.len() as u32),
        };
        let object = object_with(attributes, content, call.now.millis());
        let event = "ObjectCreated:CompleteMultipartUpload";
        self.put_version(tx, call, (bucket, versioning, key), event, object)
    }
}

/// The key that a client brought has to come once more where the client chose a checksum for the upload; elsewhere it
/// only has to be the right one.
fn check_key(upload: &Upload, input: &CompleteMultipartUploadInput) -> Result<(), Error> {
    let customer = customer!(input);
    if upload.checksum_algorithm.is_none() && !customer.is_brought() {
        return Ok(());
    }
    check_customer(&upload.sealing, customer)?;
    sealing::check_customer(&upload.sealing, customer)
}

/// Whether what is there is what the request wants to be there, and has been since the upload began.
fn check_conditions(
    conditions: &Writing<'_>,
    upload: &Upload,
    current: Option<&Object>,
    key: &str,
) -> Result<(), Error> {
    conditions.check(key, current)?;
    if conditions.if_absent && upload.disturbed {
        return Err(conflict("If-None-Match", key).into());
    }
    if conditions.if_match.is_some() && upload.replaces != current.map(|object| object.sequence) {
        return Err(conflict("If-Match", key).into());
    }
    Ok(())
}

/// The upload has to be begun anew.
fn conflict(condition: &str, key: &str) -> Detailed {
    let text = "The conditional request cannot succeed due to a conflicting operation against this resource.";
    Detailed::new("ConditionalRequestConflict", 409, text).with("Condition", condition).with("Key", key)
}

fn location(call: &Call, bucket: &Bucket, key: &str) -> String {
    let (scheme, authority) = (call.endpoint.scheme, &call.endpoint.authority);
    format!("{scheme}://{authority}/{}/{}", bucket.name, utf8_percent_encode(key, PLAIN))
}
