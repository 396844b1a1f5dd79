//! Object lock of a bucket: GetObjectLockConfiguration and PutObjectLockConfiguration.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;
use wire::{Detailed, Open};

use crate::bucket::Bucket;
use crate::error::{malformed_xml, missing_body, not_configured, not_implemented};
use crate::limits::{RETENTION_DAYS_MAX, RETENTION_YEARS_MAX};
use crate::records::{LockDefault, LockMode, Versioning};
use crate::s3::S3;

impl S3 {
    pub async fn get_object_lock_configuration(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        _: GetObjectLockConfigurationInput,
    ) -> Result<GetObjectLockConfigurationOutput, Error> {
        if !bucket.record.lock {
            let text = "Object Lock configuration does not exist for this bucket";
            return Err(not_configured("ObjectLockConfigurationNotFoundError", text, &bucket.name).into());
        }
        let rule = bucket.record.lock_default.map(|default| ObjectLockRule {
            default_retention: Some(DefaultRetention {
                mode: Some(Open::Known(match default.mode {
                    LockMode::Governance => ObjectLockRetentionMode::Governance,
                    LockMode::Compliance => ObjectLockRetentionMode::Compliance,
                })),
                days: default.days.and_then(|days| days.try_into().ok()),
                years: default.years.and_then(|years| years.try_into().ok()),
                ..Default::default()
            }),
        });
        let enabled = Some(Open::Known(ObjectLockEnabled::Enabled));
        let configuration = ObjectLockConfiguration { object_lock_enabled: enabled, rule };
        Ok(GetObjectLockConfigurationOutput { object_lock_configuration: Some(configuration) })
    }

    /// Lock can be enabled later, and never disabled.
    pub async fn put_object_lock_configuration(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        input: PutObjectLockConfigurationInput,
    ) -> Result<PutObjectLockConfigurationOutput, Error> {
        let said = input.object_lock_configuration.ok_or_else(missing_body)?;
        if said.object_lock_enabled.as_ref().and_then(Open::known) != Some(ObjectLockEnabled::Enabled) {
            return Err(malformed_xml().into());
        }
        let default = said.rule.as_ref().map(default_of).transpose()?;
        self.change(&bucket, |record, _| {
            if record.versioning != Versioning::Enabled {
                let text = "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration";
                return Err(Detailed::new("InvalidBucketState", 409, text).into());
            }
            (record.lock, record.lock_default) = (true, default);
            Ok(())
        })
        .await?;
        Ok(PutObjectLockConfigurationOutput::default())
    }
}

/// Days or years, and not both.
fn default_of(rule: &ObjectLockRule) -> Result<LockDefault, Error> {
    let said = rule.default_retention.as_ref().ok_or_else(malformed_xml)?;
    if said.default_event_hold.is_some() {
        return Err(not_implemented("DefaultEventHold").into());
    }
    let mode = match said.mode.as_ref().and_then(Open::known) {
        Some(ObjectLockRetentionMode::Governance) => LockMode::Governance,
        Some(ObjectLockRetentionMode::Compliance) => LockMode::Compliance,
        _ => return Err(malformed_xml().into()),
    };
    let default = match (said.days, said.years) {
        (Some(days), None) => {
            LockDefault { mode, days: Some(period(days, RETENTION_DAYS_MAX)?), years: None }
        }
        (None, Some(years)) => {
            LockDefault { mode, days: None, years: Some(period(years, RETENTION_YEARS_MAX)?) }
        }
        _ => return Err(malformed_xml().into()),
    };
    Ok(default)
}

fn period(number: i32, max: u32) -> Result<u32, Error> {
    let refused = |text| Detailed::new("InvalidRetentionPeriod", 400, text);
    match u32::try_from(number) {
        Ok(0) | Err(_) => Err(refused("Default retention period must be a positive integer value").into()),
        Ok(number) if number > max => Err(refused("Default retention period is too large").into()),
        Ok(number) => Ok(number),
    }
}
