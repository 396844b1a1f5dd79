//! DeleteAccessPoint.

use std::sync::Arc;

use kernel::Call;
use model_s3control::Error;
use model_s3control::types::*;
use service::Allowed;

use crate::access_points::name;
use crate::access_points::point::Point;
use crate::keys;
use crate::s3::S3;

impl S3 {
    /// Its bucket may be gone, or another account's.
    pub async fn delete_access_point(
        self: Arc<Self>,
        _: Arc<Call>,
        point: Allowed<Arc<Point>>,
        _: DeleteAccessPointInput,
    ) -> Result<DeleteAccessPointOutput, Error> {
        let (place, name) = (&point.place, &point.name);
        self.change_point(&point, |record, tx| {
            let behind = keys::Place { account: record.bucket_owner.clone(), region: place.region.clone() };
            tx.delete(keys::alias(&record.alias));
            tx.delete(keys::host(&name::in_host(name, &place.account), &place.region));
            tx.delete(behind.inside(&record.bucket_id).point(&place.account, name));
            tx.delete(place.point(name));
            Ok(None)
        })
        .await?;
        Ok(DeleteAccessPointOutput {})
    }
}
