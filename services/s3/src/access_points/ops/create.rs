//! CreateAccessPoint.

use std::sync::Arc;

use kernel::Call;
use model_s3control::Error;
use model_s3control::types::*;
use service::Allowed;
use store::{KeyRange, RangeOptions, Record as _, Tx};

use crate::access_points::error::{Failure, already_owned, invalid_access_point, of_s3, too_many};
use crate::access_points::name;
use crate::account_access::CLOSED;
use crate::bucket::Bucket;
use crate::error::{access_denied, invalid_request, no_such_bucket};
use crate::keys::{self, Place};
use crate::limits::POINTS_MAX;
use crate::ops::bucket::tagging;
use crate::records::{AccessPoint, Alias, PublicAccess};
use crate::s3::S3;

impl S3 {
    pub async fn create_access_point(
        self: Arc<Self>,
        call: Arc<Call>,
        place: Allowed<Place>,
        input: CreateAccessPointInput,
    ) -> Result<CreateAccessPointOutput, Error> {
        let (place, name) = (place.into_inner(), input.name.into_inner());
        if input.scope.is_some() {
            return Err(invalid_request("Scope is only for access points of directory buckets.").into());
        }
        let vpc = match input.vpc_configuration {
            Some(found) => Some(check_vpc(found.vpc_id.into_inner())?),
            None => None,
        };
        let bucket = self.find_bucket(&input.bucket).map_err(of_s3)?;
        let bucket = bucket.ok_or_else(|| no_such_bucket(&input.bucket))?;
        check_bucket(&bucket, &place, input.bucket_account_id.as_deref())?;
        let tags = input.tags.unwrap_or_default().into_iter();
        let tags = tags.map(|tag| (tag.key.into_inner(), tag.value.into_inner()));
        let record = AccessPoint {
            created_ms: call.now.millis(),
            bucket: bucket.name.clone(),
            bucket_owner: bucket.owner().to_owned(),
            bucket_id: bucket.record.id,
            alias: name::new_alias(self.ids, &name),
            vpc,
            public_access: input.public_access_block_configuration.map_or(CLOSED, PublicAccess::from),
            policy: None,
            tags: tagging::of_pairs(tags).map_err(of_s3)?,
        };
        self.check_points(&place)?;
        self.store.transact(|tx| create(tx, &bucket, &place, &name, &record)).await?;
        Ok(CreateAccessPointOutput {
            access_point_arn: Some(name::arn(&place, &name).to_string()),
            alias: Some(record.alias),
        })
    }

    fn check_points(&self, place: &Place) -> Result<(), Error> {
        let all = KeyRange::prefix(place.points());
        let found = self.store.snapshot().range(all, RangeOptions::limit(POINTS_MAX))?;
        if found.entries.len() < POINTS_MAX { Ok(()) } else { Err(too_many().into()) }
    }
}

/// The form of a network's id.
fn check_vpc(id: String) -> Result<String, Error> {
    // Ids have 8 digits, or 17 since 2018.
    let digits = id.strip_prefix("vpc-").unwrap_or_default();
    if [8, 17].contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(id);
    }
    Err(invalid_request("The VPC ID is not valid.").into())
}

/// The bucket of somebody else has to be said to be theirs, and access points are where their bucket is.
fn check_bucket(bucket: &Bucket, place: &Place, said: Option<&str>) -> Result<(), Error> {
    let owner = bucket.owner();
    match said {
        Some(said) if said != owner => {
            let text = "BucketAccountId parameter should be same as the AWS Account Id of bucket owner";
            return Err(invalid_request(text).into());
        }
        None if owner != place.account => return Err(access_denied().into()),
        _ => {}
    }
    if bucket.place.region != place.region {
        let text = "The access point has to be in the Region of its bucket.";
        return Err(invalid_request(text).with("BucketRegion", &bucket.place.region).into());
    }
    Ok(())
}

fn create(
    tx: &mut Tx,
    bucket: &Bucket,
    place: &Place,
    name: &str,
    record: &AccessPoint,
) -> Result<(), Failure> {
    S3::hold_bucket(tx, bucket).map_err(|failure| of_s3(failure.into()))?;
    let row = place.point(name);
    if tx.get(&row)?.is_some() {
        return Err(already_owned().into());
    }
    // Where a host says both, the bucket is meant: requests to the access point must not come to a stranger's.
    let host = name::in_host(name, &place.account);
    if let Some(taken) = tx.get(&keys::name(&host))?
        && crate::records::Name::decode(&taken)?.account != place.account
    {
        return Err(invalid_access_point().into());
    }
    let alias = Alias { account: place.account.clone(), region: place.region.clone(), name: name.to_owned() };
    tx.put(keys::alias(&record.alias), alias.encode());
    tx.put(keys::host(&host, &place.region), "");
    tx.put(bucket.inside().point(&place.account, name), "");
    tx.put(row, record.encode());
    Ok(())
}

impl From<PublicAccessBlockConfiguration> for PublicAccess {
    fn from(said: PublicAccessBlockConfiguration) -> Self {
        Self {
            block_acls: said.block_public_acls.unwrap_or(false),
            ignore_acls: said.ignore_public_acls.unwrap_or(false),
            block_policy: said.block_public_policy.unwrap_or(false),
            restrict: said.restrict_public_buckets.unwrap_or(false),
        }
    }
}

impl From<PublicAccess> for PublicAccessBlockConfiguration {
    fn from(found: PublicAccess) -> Self {
        Self {
            block_public_acls: Some(found.block_acls),
            ignore_public_acls: Some(found.ignore_acls),
            block_public_policy: Some(found.block_policy),
            restrict_public_buckets: Some(found.restrict),
        }
    }
}
