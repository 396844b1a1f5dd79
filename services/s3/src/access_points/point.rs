//! An access point as it was when it was looked up.

use std::sync::Arc;

use bytes::Bytes;
use kernel::Arn;
use model_s3::Error;
use model_s3control::types::NetworkOrigin;
use policy::{Policy, PolicyKind};
use service::{Door, ResourcePolicy, Target};
use store::Record as _;
use wire::Enum as _;

use crate::access_points::name;
use crate::bucket::Bucket;
use crate::keys::Place;
use crate::limits::HOT_POINTS_MAX;
use crate::public;
use crate::records::AccessPoint;
use crate::s3::S3;

/// An access point.
pub struct Point {
    pub name: String,
    pub place: Place,
    pub arn: Arn,
    pub record: AccessPoint,
    /// Its row as it was read.
    pub raw: Bytes,
    /// Its policy. One that does not parse denies everything.
    policy: Option<ResourcePolicy>,
    /// Whether its policy lets everybody in. One that a network's requests alone come to is never public.
    pub is_public: bool,
}

/// The way by which a bucket was reached.
#[derive(Clone)]
pub struct Way {
    pub point: Arc<Point>,
    pub by_alias: bool,
}

impl Point {
    fn read(place: Place, name: &str, raw: Bytes) -> Result<Self, store::Error> {
        let record = AccessPoint::decode(&raw)?;
        let arn = name::arn(&place, name);
        let policy = record.policy.as_ref().map(|document| {
            match Policy::parse(document.as_bytes(), PolicyKind::Resource) {
                Ok(policy) => ResourcePolicy::Parsed(Arc::new(policy)),
                Err(error) => {
                    tracing::error!(%arn, %error, "the policy of an access point cannot be read");
                    ResourcePolicy::Document("".into())
                }
            }
        });
        let open = record.policy.as_deref().is_some_and(public::policy_is_public);
        let is_public = open && record.vpc.is_none();
        Ok(Self { name: name.to_owned(), place, arn, record, raw, policy, is_public })
    }

    /// The door to a bucket, or to an object in it, that it is. `closed` says that nobody gets in.
    pub fn door(&self, bucket: &Bucket, behind: &Arn, closed: bool) -> Door {
        // The ARN of an object goes on after the bucket's name.
        let arn = match behind.resource().strip_prefix(&bucket.name).and_then(|rest| rest.strip_prefix('/')) {
            Some(key) => name::object_arn(&self.place, &self.name, key),
            None => self.arn.clone(),
        };
        let policy = if closed { Some(ResourcePolicy::Document("".into())) } else { self.policy.clone() };
        Door { arn, owner: self.place.account.clone(), policy }
    }

    /// A target with what policies may know of the access point.
    pub fn known_to(&self, target: Target) -> Target {
        target
            .with_key("s3:DataAccessPointArn", self.arn.to_string())
            .with_key("s3:DataAccessPointAccount", self.place.account.clone())
            .with_key("s3:AccessPointNetworkOrigin", origin(self.record.vpc.is_some()).as_str())
    }
}

/// Where the requests of an access point may come from, as the API and policies say it.
pub fn origin(is_of_network: bool) -> NetworkOrigin {
    if is_of_network { NetworkOrigin::Vpc } else { NetworkOrigin::Internet }
}

impl S3 {
    /// The access point of this name.
    pub fn find_point(&self, place: &Place, name: &str) -> Result<Option<Arc<Point>>, Error> {
        let row = place.point(name);
        let Some(raw) = self.store.snapshot().get(&row)? else {
            self.points.write().remove(&row);
            return Ok(None);
        };
        if let Some(known) = self.points.read().get(&row).filter(|known| known.raw == raw) {
            return Ok(Some(known.clone()));
        }
        let point = Arc::new(Point::read(place.clone(), name, raw)?);
        let mut points = self.points.write();
        if points.len() >= HOT_POINTS_MAX {
            points.retain(|_, known| Arc::strong_count(known) > 1);
        }
        points.insert(row, point.clone());
        Ok(Some(point))
    }
}
