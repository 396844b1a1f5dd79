//! Whether a table can be restored to any time.

use std::sync::Arc;

use kernel::{Call, Timestamp};
use model_dynamodb::Error;
use model_dynamodb::types::*;
use service::Allowed;

use crate::dynamodb::DynamoDb;
use crate::error::Failure;
use crate::limits::RECOVERY_DAYS_MAX;
use crate::records::Recovery;
use crate::replicas;
use crate::resource::Named;
use crate::table::Table;

impl DynamoDb {
    pub async fn update_continuous_backups(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Named>,
        input: UpdateContinuousBackupsInput,
    ) -> Result<UpdateContinuousBackupsOutput, Error> {
        let wanted = &input.point_in_time_recovery_specification;
        let enabled = *wanted.point_in_time_recovery_enabled;
        let table = named.backed_up()?;
        self.transact(|tx| {
            let table = self.current(tx, table)?;
            if table.is_being_made() {
                let text = format!("Table is being created: {}", table.name);
                return Err(Error::continuous_backups_unavailable_exception(text).into());
            }
            let mut record = table.record.clone();
            record.recovery = enabled.then(|| {
                let before = record.recovery;
                let days = wanted.recovery_period_in_days.map(i64::from);
                let days = days.or(before.map(|before| before.days)).unwrap_or(RECOVERY_DAYS_MAX);
                Recovery { since_ms: before.map_or(call.now.millis(), |before| before.since_ms), days }
            });
            replicas::save(tx, (&table.place, &table.name), record)?;
            Ok::<_, Failure>(())
        })
        .await?;
        let now = self.find(&self.store.snapshot(), &named.name.place, &named.name.name)?;
        let now = now.ok_or_else(|| crate::error::table_not_found(&named.name.name))?;
        let description = continuous_backups(&now, self.clock.now());
        Ok(UpdateContinuousBackupsOutput { continuous_backups_description: Some(description) })
    }

    pub async fn describe_continuous_backups(
        self: Arc<Self>,
        _: Arc<Call>,
        named: Allowed<Named>,
        _: DescribeContinuousBackupsInput,
    ) -> Result<DescribeContinuousBackupsOutput, Error> {
        let description = continuous_backups(named.backed_up()?, self.clock.now());
        Ok(DescribeContinuousBackupsOutput { continuous_backups_description: Some(description) })
    }
}

fn continuous_backups(table: &Table, now: Timestamp) -> ContinuousBackupsDescription {
    let description = match (&table.record.recovery, table.restorable(now.millis())) {
        (Some(recovery), Some(times)) => PointInTimeRecoveryDescription {
            point_in_time_recovery_status: Some(PointInTimeRecoveryStatus::Enabled.into()),
            recovery_period_in_days: i32::try_from(recovery.days).ok(),
            earliest_restorable_date_time: Some(Timestamp::from_millis(*times.start())),
            latest_restorable_date_time: Some(Timestamp::from_millis(*times.end())),
        },
        _ => PointInTimeRecoveryDescription {
            point_in_time_recovery_status: Some(PointInTimeRecoveryStatus::Disabled.into()),
            ..Default::default()
        },
    };
    ContinuousBackupsDescription {
        // On for every table, from its beginning ("DescribeContinuousBackups").
        continuous_backups_status: Some(ContinuousBackupsStatus::Enabled.into()),
        point_in_time_recovery_description: Some(description),
    }
}
