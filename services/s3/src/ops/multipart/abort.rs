//! AbortMultipartUpload.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;

use super::no_conditions;
use crate::resource::Place;
use crate::s3::S3;
use crate::{payer, uploads};

impl S3 {
    pub async fn abort_multipart_upload(
        self: Arc<Self>,
        call: Arc<Call>,
        place: Allowed<Place>,
        input: AbortMultipartUploadInput,
    ) -> Result<AbortMultipartUploadOutput, Error> {
        if input.if_match_initiated_time.is_some() {
            return Err(no_conditions("x-amz-if-match-initiated-time").into());
        }
        let (bucket, key) = (&place.bucket, place.key.as_str());
        let request_charged = payer::charged(&call, bucket, input.request_payer.as_ref())?;
        self.transact(|tx| {
            S3::hold_bucket(tx, bucket)?;
            uploads::named(tx, bucket.inside(), key, &input.upload_id)?;
            uploads::abort(tx, bucket.inside(), key, &input.upload_id)
        })
        .await?;
        Ok(AbortMultipartUploadOutput { request_charged, version_id: None })
    }
}
