//! Small properties of buckets: who pays for requests, and whether transfers are accelerated.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;
use wire::{Enum as _, Open};

use crate::bucket::Bucket;
use crate::error::{invalid_request, malformed_xml};
use crate::s3::S3;

impl S3 {
    pub async fn get_bucket_request_payment(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        _: GetBucketRequestPaymentInput,
    ) -> Result<GetBucketRequestPaymentOutput, Error> {
        let payer = if bucket.record.requester_pays { Payer::Requester } else { Payer::BucketOwner };
        Ok(GetBucketRequestPaymentOutput { payer: Some(Open::Known(payer)) })
    }

    pub async fn put_bucket_request_payment(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        input: PutBucketRequestPaymentInput,
    ) -> Result<PutBucketRequestPaymentOutput, Error> {
        let payer = input.request_payment_configuration.payer.known().ok_or_else(malformed_xml)?;
        self.change(&bucket, |record, _| {
            record.requester_pays = payer == Payer::Requester;
            Ok(())
        })
        .await?;
        Ok(PutBucketRequestPaymentOutput {})
    }

    pub async fn get_bucket_accelerate_configuration(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        _: GetBucketAccelerateConfigurationInput,
    ) -> Result<GetBucketAccelerateConfigurationOutput, Error> {
        let status = bucket.record.acceleration.as_deref().and_then(BucketAccelerateStatus::parse);
        Ok(GetBucketAccelerateConfigurationOutput { status: status.map(Open::Known), ..Default::default() })
    }

    /// Names with dots cannot be reached through an accelerated endpoint.
    pub async fn put_bucket_accelerate_configuration(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        input: PutBucketAccelerateConfigurationInput,
    ) -> Result<PutBucketAccelerateConfigurationOutput, Error> {
        let status = input.accelerate_configuration.status.as_ref().and_then(Open::known);
        let status = status.ok_or_else(malformed_xml)?;
        if bucket.name.contains('.') {
            let text =
                "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names";
            return Err(invalid_request(text).into());
        }
        self.change(&bucket, |record, _| {
            record.acceleration = Some(status.as_str().to_owned());
            Ok(())
        })
        .await?;
        Ok(PutBucketAccelerateConfigurationOutput {})
    }
}
