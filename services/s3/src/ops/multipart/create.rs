//! CreateMultipartUpload.

use std::sync::Arc;

use checksum::{Algorithm, ChecksumType as Kind};
use kernel::{Call, PrincipalKind};
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;
use store::Record as _;

use super::list_parts::chosen;
use crate::attributes::{said, wanted};
use crate::error::invalid_request;
use crate::records::Upload;
use crate::resource::Place;
use crate::s3::S3;
use crate::shown::{context_of, show_sealing};
use crate::{lifecycle, payer, uploads, versions};

impl S3 {
    pub async fn create_multipart_upload(
        self: Arc<Self>,
        call: Arc<Call>,
        place: Allowed<Place>,
        input: CreateMultipartUploadInput,
    ) -> Result<CreateMultipartUploadOutput, Error> {
        let (bucket, key) = (&place.bucket, place.key.as_str());
        let request_charged = payer::charged(&call, bucket, input.request_payer.as_ref())?;
        let checksum = checksum_of(&input)?;
        let attributes = self.attributes(&call, bucket, said!(input))?;
        let (sealing, _) = self.new_key(&call, bucket, key, wanted!(input)).await?;
        let (initiator, initiator_name) = self.initiator(&call);
        let id = uploads::new_id(&self.ids, call.now);
        let mut upload = Upload {
            initiated_ms: call.now.millis(),
            replaces: None,
            disturbed: false,
            owner: attributes.owner,
            initiator,
            initiator_name,
            sealing,
            checksum_algorithm: checksum.map(|(algorithm, _)| algorithm.name().to_owned()),
            checksum_composite: checksum.is_some_and(|(_, kind)| kind == Kind::Composite),
            storage_class: attributes.storage_class,
            headers: attributes.headers,
            metadata: attributes.metadata,
            tags: attributes.tags,
            acl: attributes.acl,
            retention: attributes.retention,
            legal_hold: attributes.legal_hold,
        };
        let inside = bucket.inside();
        self.transact(|tx| {
            S3::hold_bucket(tx, bucket)?;
            upload.replaces = versions::current(tx, inside, key)?.map(|object| object.sequence);
            tx.put(inside.upload(key, &id), upload.encode());
            Ok(())
        })
        .await?;
        let abort = lifecycle::abort_of(&self, bucket, key, upload.initiated_ms)?;
        let (checksum_algorithm, checksum_type) = chosen(&upload);
        let mut output = CreateMultipartUploadOutput {
            abort_date: abort.as_ref().map(|(date, _)| *date),
            abort_rule_id: abort.map(|(_, rule)| rule),
            bucket: Some(bucket.name.clone()),
            key: Some(key.to_owned()),
            upload_id: Some(id),
            ssekms_encryption_context: context_of(&upload.sealing),
            checksum_algorithm,
            checksum_type,
            request_charged,
            ..Default::default()
        };
        show_sealing!(output, &upload.sealing);
        Ok(output)
    }

    /// Who begins an upload, as lists show it: a user by its ARN, an account by its canonical id.
    pub(crate) fn initiator(&self, call: &Call) -> (String, String) {
        match call.principal.kind {
            PrincipalKind::Root => {
                let owner = self.accounts.owner(&call.principal.account);
                (owner.canonical_id, owner.display_name)
            }
            _ => {
                let arn = &call.principal.arn;
                let name = arn.resource().rsplit('/').next().unwrap_or_default();
                (arn.as_str().to_owned(), name.to_owned())
            }
        }
    }
}

/// The checksum that the object is to have; `None` leaves it to the service.
fn checksum_of(input: &CreateMultipartUploadInput) -> Result<Option<(Algorithm, Kind)>, Error> {
    let kind = input.checksum_type.as_ref().and_then(|kind| Kind::parse(kind.as_str()));
    let algorithm = input.checksum_algorithm.as_ref().and_then(|name| Algorithm::parse(name.as_str()));
    match (algorithm, kind) {
        (None, None) => Ok(None),
        (None, Some(_)) => {
            let text =
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.";
            Err(invalid_request(text).into())
        }
        (Some(algorithm), kind) => {
            let kind = kind.unwrap_or(algorithm.default_type());
            if !algorithm.supports(kind) {
                let text = format!(
                    "The {kind} checksum type cannot be used with the {} checksum algorithm.",
                    algorithm.name().to_lowercase()
                );
                return Err(invalid_request(text).into());
            }
            Ok(Some((algorithm, kind)))
        }
    }
}
