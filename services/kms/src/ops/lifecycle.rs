//! EnableKey, DisableKey, ScheduleKeyDeletion, CancelKeyDeletion, UpdateKeyDescription.

use std::sync::Arc;

use kernel::{Call, Timestamp};
use model_kms::Error;
use model_kms::types::*;
use service::Allowed;

use crate::error::{bad_state, invalid};
use crate::kms::{Key, Kms};
use crate::limits::{DAY_MS, DELETION_DAYS, DELETION_DAYS_DEFAULT};
use crate::ops::subject::check_stays;
use crate::records::{self, Deletion};
use crate::resource::Subject;

impl Kms {
    pub async fn enable_key(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        _: EnableKeyInput,
    ) -> Result<EnableKeyOutput, Error> {
        let key = self.own_key(&call, subject.into_inner()).await?;
        self.set_enabled(&key, true).await?;
        Ok(EnableKeyOutput {})
    }

    pub async fn disable_key(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        _: DisableKeyInput,
    ) -> Result<DisableKeyOutput, Error> {
        let key = self.own_key(&call, subject.into_inner()).await?;
        self.set_enabled(&key, false).await?;
        Ok(DisableKeyOutput {})
    }

    async fn set_enabled(&self, key: &Key, enabled: bool) -> Result<(), Error> {
        self.change(key, |_, record| {
            check_stays(&key.arn, record)?;
            if record.lacks_material() {
                return Err(bad_state(&key.arn, "is pending import"));
            }
            record.enabled = enabled;
            Ok(())
        })
        .await
    }

    pub async fn schedule_key_deletion(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: ScheduleKeyDeletionInput,
    ) -> Result<ScheduleKeyDeletionOutput, Error> {
        let key = self.own_key(&call, subject.into_inner()).await?;
        let days = input.pending_window_in_days.unwrap_or(DELETION_DAYS_DEFAULT);
        if !DELETION_DAYS.contains(&days) {
            return Err(invalid(format!(
                "PendingWindowInDays should be between {} and {}, but it is {days}",
                DELETION_DAYS.start(),
                DELETION_DAYS.end()
            )));
        }
        let after = self
            .change(&key, |_, record| {
                check_stays(&key.arn, record)?;
                let waits = has_replicas(&key.region, record);
                let at_ms = (!waits).then(|| call.now.millis() + i64::from(days) * DAY_MS);
                record.deletion = Some(Deletion { window_days: days.unsigned_abs(), at_ms });
                Ok((at_ms, record.state()))
            })
            .await?;
        Ok(ScheduleKeyDeletionOutput {
            key_id: Some(key.arn.to_string()),
            deletion_date: after.0.map(Timestamp::from_millis),
            key_state: Some(after.1.into()),
            pending_window_in_days: Some(days),
        })
    }

    pub async fn cancel_key_deletion(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        _: CancelKeyDeletionInput,
    ) -> Result<CancelKeyDeletionOutput, Error> {
        let key = self.own_key(&call, subject.into_inner()).await?;
        self.change(&key, |_, record| {
            if record.deletion.take().is_none() {
                return Err(bad_state(&key.arn, "is not pending deletion"));
            }
            // It comes back disabled, for whoever wants it to say so.
            record.enabled = false;
            Ok(())
        })
        .await?;
        Ok(CancelKeyDeletionOutput { key_id: Some(key.arn.to_string()) })
    }

    pub async fn update_key_description(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: UpdateKeyDescriptionInput,
    ) -> Result<UpdateKeyDescriptionOutput, Error> {
        let key = self.own_key(&call, subject.into_inner()).await?;
        self.change(&key, |_, record| {
            check_stays(&key.arn, record)?;
            record.description = input.description.to_string();
            Ok(())
        })
        .await?;
        Ok(UpdateKeyDescriptionOutput {})
    }
}

/// Whether a key is a primary one that has replicas.
pub fn has_replicas(region: &str, record: &records::Key) -> bool {
    record.multi_region.as_ref().is_some_and(|multi| multi.primary == region && !multi.replicas.is_empty())
}
