//! DescribeLimits and DescribeEndpoints.

use std::sync::Arc;

use kernel::Call;
use model_dynamodb::Error;
use model_dynamodb::types::*;
use service::Allowed;

use crate::dynamodb::DynamoDb;

/// The default quotas of an account and of a table. Nothing here is throttled by them.
const ACCOUNT_UNITS: i64 = 80_000;
const TABLE_UNITS: i64 = 40_000;
/// How long a client may keep an endpoint ("DescribeEndpoints").
const CACHE_MINUTES: i64 = 1_440;

impl DynamoDb {
    pub async fn describe_limits(
        self: Arc<Self>,
        _: Arc<Call>,
        _: Allowed<()>,
        _: DescribeLimitsInput,
    ) -> Result<DescribeLimitsOutput, Error> {
        Ok(DescribeLimitsOutput {
            account_max_read_capacity_units: Some(ACCOUNT_UNITS),
            account_max_write_capacity_units: Some(ACCOUNT_UNITS),
            table_max_read_capacity_units: Some(TABLE_UNITS),
            table_max_write_capacity_units: Some(TABLE_UNITS),
        })
    }

    /// The endpoint that the client speaks to already.
    pub async fn describe_endpoints(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        _: DescribeEndpointsInput,
    ) -> Result<DescribeEndpointsOutput, Error> {
        let endpoint = Endpoint {
            address: call.endpoint.authority.clone().into(),
            cache_period_in_minutes: CACHE_MINUTES.into(),
        };
        Ok(DescribeEndpointsOutput { endpoints: Some(vec![endpoint]) })
    }
}
