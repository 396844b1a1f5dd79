//! Get- and PutObjectRetention, Get- and PutObjectLegalHold.

use std::sync::Arc;

use kernel::{Call, Timestamp};
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;
use wire::{Detailed, Open};

use crate::bucket::Bucket;
use crate::error::{malformed_xml, not_implemented};
use crate::object_lock::{check_change, check_until, no_lock, parse_mode};
use crate::payer;
use crate::records::Retention;
use crate::resource::Asked;
use crate::s3::S3;

impl S3 {
    pub async fn get_object_retention(
        self: Arc<Self>,
        call: Arc<Call>,
        asked: Allowed<Asked>,
        input: GetObjectRetentionInput,
    ) -> Result<GetObjectRetentionOutput, Error> {
        payer::charged(&call, &asked.bucket, input.request_payer.as_ref())?;
        check_lock(&asked.bucket)?;
        let retention = self.found(&call, "GET", &asked)?.retention.ok_or_else(not_set)?;
        let retention = ObjectLockRetention {
            mode: Some(Open::Unknown(retention.mode.name().to_owned())),
            retain_until_date: Some(Timestamp::from_millis(retention.until_ms)),
            ..Default::default()
        };
        Ok(GetObjectRetentionOutput { retention: Some(retention) })
    }

    pub async fn put_object_retention(
        self: Arc<Self>,
        call: Arc<Call>,
        asked: Allowed<Asked>,
        input: PutObjectRetentionInput,
    ) -> Result<PutObjectRetentionOutput, Error> {
        let request_charged = payer::charged(&call, &asked.bucket, input.request_payer.as_ref())?;
        check_lock(&asked.bucket)?;
        self.found(&call, "PUT", &asked)?;
        let ObjectLockRetention { mode, retain_until_date, event_hold, event_hold_duration } =
            input.retention.ok_or_else(malformed_xml)?;
        if event_hold.is_some() || event_hold_duration.is_some() {
            return Err(not_implemented("EventHold").into());
        }
        let retention = match (mode, retain_until_date) {
            (Some(mode), Some(until)) => {
                let mode = parse_mode(mode.as_str()).ok_or_else(malformed_xml)?;
                check_until(until, call.now, "RetainUntilDate")?;
                Some(Retention { mode, until_ms: until.millis() })
            }
            // An empty document ends a retention, where that is allowed.
            (None, None) => None,
            _ => return Err(malformed_xml().into()),
        };
        let bypass = input.bypass_governance_retention == Some(true);
        self.change_object(
            &asked,
            |object| {
                check_change(object.retention, retention, call.now, bypass)?;
                object.retention = retention;
                Ok(())
            },
            |_, _| Ok(()),
        )
        .await?;
        Ok(PutObjectRetentionOutput { request_charged })
    }

    pub async fn get_object_legal_hold(
        self: Arc<Self>,
        call: Arc<Call>,
        asked: Allowed<Asked>,
        input: GetObjectLegalHoldInput,
    ) -> Result<GetObjectLegalHoldOutput, Error> {
        payer::charged(&call, &asked.bucket, input.request_payer.as_ref())?;
        check_lock(&asked.bucket)?;
        let held = self.found(&call, "GET", &asked)?.legal_hold;
        let status = if held { ObjectLockLegalHoldStatus::On } else { ObjectLockLegalHoldStatus::Off };
        Ok(GetObjectLegalHoldOutput { legal_hold: Some(ObjectLockLegalHold { status: Some(status.into()) }) })
    }

    pub async fn put_object_legal_hold(
        self: Arc<Self>,
        call: Arc<Call>,
        asked: Allowed<Asked>,
        input: PutObjectLegalHoldInput,
    ) -> Result<PutObjectLegalHoldOutput, Error> {
        let request_charged = payer::charged(&call, &asked.bucket, input.request_payer.as_ref())?;
        check_lock(&asked.bucket)?;
        self.found(&call, "PUT", &asked)?;
        let status = input.legal_hold.and_then(|hold| hold.status).ok_or_else(malformed_xml)?;
        let held = match status.known() {
            Some(ObjectLockLegalHoldStatus::On) => true,
            Some(ObjectLockLegalHoldStatus::Off) => false,
            None => return Err(malformed_xml().into()),
        };
        self.change_object(
            &asked,
            |object| {
                object.legal_hold = held;
                Ok(())
            },
            |_, _| Ok(()),
        )
        .await?;
        Ok(PutObjectLegalHoldOutput { request_charged })
    }
}

fn check_lock(bucket: &Bucket) -> Result<(), Error> {
    if bucket.record.lock { Ok(()) } else { Err(no_lock().into()) }
}

fn not_set() -> Detailed {
    let text = "The specified object does not have a ObjectLock configuration";
    Detailed::new("NoSuchObjectLockConfiguration", 404, text)
}
