//! GetAccessPoint, and how what is kept of an access point changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::{Call, Timestamp};
use model_s3control::Error;
use model_s3control::types::*;
use service::Allowed;
use store::{Record as _, Tx};

use crate::access_points::error::{Failure, no_such_access_point};
use crate::access_points::point::{Point, origin};
use crate::records::AccessPoint as Record;
use crate::s3::S3;

impl S3 {
    pub async fn get_access_point(
        self: Arc<Self>,
        call: Arc<Call>,
        point: Allowed<Arc<Point>>,
        _: GetAccessPointInput,
    ) -> Result<GetAccessPointOutput, Error> {
        let record = &point.record;
        Ok(GetAccessPointOutput {
            name: Some(point.name.clone()),
            bucket: Some(record.bucket.clone()),
            network_origin: Some(origin(record.vpc.is_some()).into()),
            vpc_configuration: record.vpc.clone().map(|id| VpcConfiguration { vpc_id: id.into() }),
            public_access_block_configuration: Some(record.public_access.into()),
            creation_date: Some(Timestamp::from_secs(Timestamp::from_millis(record.created_ms).secs())),
            alias: Some(record.alias.clone()),
            access_point_arn: Some(point.arn.to_string()),
            endpoints: endpoints(&call, &point),
            bucket_account_id: Some(record.bucket_owner.clone()),
            ..Default::default()
        })
    }

    /// Changes what is kept of an access point in a transaction; `None` of `change` leaves it as it is. `change` may run
    /// several times.
    pub(crate) async fn change_point(
        &self,
        point: &Point,
        change: impl Fn(Record, &mut Tx) -> Result<Option<Record>, Failure>,
    ) -> Result<(), Error> {
        let row = point.place.point(&point.name);
        let change = |tx: &mut Tx| -> Result<(), Failure> {
            let found = match tx.get(&row)? {
                Some(bytes) => Record::decode(&bytes)?,
                None => return Err(no_such_access_point(&point.name).into()),
            };
            // One that was deleted and made anew is another one.
            if found.alias != point.record.alias {
                return Err(no_such_access_point(&point.name).into());
            }
            if let Some(changed) = change(found, tx)? {
                tx.put(row.clone(), changed.encode());
            }
            Ok(())
        };
        Ok(self.store.transact(change).await?)
    }
}

/// The host that the access point is reached by, behind its own label. An address has no hosts below it.
fn endpoints(call: &Call, point: &Point) -> Option<BTreeMap<String, String>> {
    let mut authority = call.endpoint.authority.as_str();
    for label in [format!("{}.", call.account), "s3-control.".to_owned(), format!("{}.", call.region)] {
        authority = authority.strip_prefix(&label).unwrap_or(authority);
    }
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    if host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok() {
        return None;
    }
    let endpoint = format!("s3-accesspoint.{}.{authority}", point.place.region);
    Some(BTreeMap::from([("ipv4".to_owned(), endpoint)]))
}
