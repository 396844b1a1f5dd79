//! Which attribute says when items end.

use std::sync::Arc;

use kernel::Call;
use model_dynamodb::Error;
use model_dynamodb::types::*;
use service::Allowed;

use super::replica_updates::of_strong;
use crate::dynamodb::DynamoDb;
use crate::error::validation;
use crate::records::TimeToLive;
use crate::resource::Named;

impl DynamoDb {
    pub async fn update_time_to_live(
        self: Arc<Self>,
        _: Arc<Call>,
        named: Allowed<Named>,
        input: UpdateTimeToLiveInput,
    ) -> Result<UpdateTimeToLiveOutput, Error> {
        let wanted = &input.time_to_live_specification;
        let (enabled, attribute) = (*wanted.enabled, (*wanted.attribute_name).clone());
        // The ends of items have to be read.
        self.own_ring(named.changeable()?).await?;
        self.change(&named, |record| {
            if record.is_strong() {
                return Err(of_strong("Time to Live"));
            }
            let now = record.time_to_live.as_ref().filter(|now| now.enabled);
            match now {
                Some(_) if enabled => Err(validation("TimeToLive is already enabled")),
                Some(now) if now.attribute != attribute => Err(validation(format!(
                    "TimeToLive is active on a different AttributeName: current AttributeName is {}",
                    now.attribute
                ))),
                None if !enabled => Err(validation("TimeToLive is already disabled")),
                _ => {
                    record.time_to_live =
                        Some(TimeToLive { attribute: attribute.clone(), enabled, filled: false });
                    Ok(())
                }
            }
        })
        .await?;
        self.housekeeping.wake();
        Ok(UpdateTimeToLiveOutput {
            time_to_live_specification: Some((*input.time_to_live_specification).clone()),
        })
    }

    pub async fn describe_time_to_live(
        self: Arc<Self>,
        _: Arc<Call>,
        named: Allowed<Named>,
        _: DescribeTimeToLiveInput,
    ) -> Result<DescribeTimeToLiveOutput, Error> {
        let found = named.described()?.record.time_to_live.as_ref().filter(|found| found.enabled);
        let status = if found.is_some() { TimeToLiveStatus::Enabled } else { TimeToLiveStatus::Disabled };
        Ok(DescribeTimeToLiveOutput {
            time_to_live_description: Some(TimeToLiveDescription {
                time_to_live_status: Some(status.into()),
                attribute_name: found.map(|found| found.attribute.clone()),
            }),
        })
    }
}
