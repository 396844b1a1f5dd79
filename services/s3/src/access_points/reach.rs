//! Which bucket a name leads to. A name is that of a bucket, or what an access point is known by in its place: its ARN, its
//! alias, or name and account as hosts say them.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use store::{KeyRange, RangeOptions, Record as _, Tx};
use wire::Detailed;

use crate::access_points::operations;
use crate::access_points::point::{Point, Way};
use crate::access_points::{error, name};
use crate::bucket::Bucket;
use crate::error::{access_denied, corrupt, no_such_bucket};
use crate::keys::{self, Place, text_after};
use crate::records::Alias;
use crate::s3::S3;

impl S3 {
    /// The bucket that a request's name leads to.
    ///
    /// # Errors
    /// `NoSuchBucket` and `NoSuchAccessPoint`; `MethodNotAllowed` for an operation that access points do not take;
    /// `AccessDenied` if the access point takes requests from a network only: no request comes from one.
    pub fn reach(&self, call: &Call, name: &str) -> Result<Arc<Bucket>, Error> {
        let Some(bucket) = self.find(name, Some(&call.region))? else {
            return Err(missing(name).into());
        };
        if let Some(way) = &bucket.way {
            if !operations::are_taken(call.operation) {
                return Err(error::not_for_access_points().into());
            }
            if way.point.record.vpc.is_some() {
                return Err(access_denied().into());
            }
        }
        Ok(bucket)
    }

    /// The same, whatever the request; `None` if there is no such bucket. Without a region, a host that says none is that of
    /// any access point of its name.
    pub fn find(&self, name: &str, region: Option<&str>) -> Result<Option<Arc<Bucket>>, Error> {
        let way = if name.ends_with(name::ALIAS_END) {
            self.with_alias(name)?.map(|point| Way { point, by_alias: true })
        } else if name.starts_with("arn:") {
            let point = match name::of_arn(name) {
                Some((place, name)) => self.find_point(&place, name)?,
                None => None,
            };
            point.map(|point| Way { point, by_alias: false })
        } else {
            let found = self.find_bucket(name)?;
            if found.is_some() {
                return Ok(found);
            }
            self.of_host(name, region)?.map(|point| Way { point, by_alias: false })
        };
        let Some(way) = way else { return Ok(None) };
        let record = &way.point.record;
        // A bucket that was deleted and made anew is another one.
        let behind = self.find_bucket(&record.bucket)?.filter(|bucket| bucket.record.id == record.bucket_id);
        Ok(behind.map(|bucket| Arc::new(bucket.reached_by(way))))
    }

    fn with_alias(&self, alias: &str) -> Result<Option<Arc<Point>>, Error> {
        let Some(row) = self.store.snapshot().get(&keys::alias(alias))? else { return Ok(None) };
        let Alias { account, region, name } = Alias::decode(&row)?;
        self.find_point(&Place { account, region }, &name)
    }

    fn of_host(&self, label: &str, region: Option<&str>) -> Result<Option<Arc<Point>>, Error> {
        let Some((name, account)) = name::of_host(label) else { return Ok(None) };
        let region = match region {
            Some(region) => region.to_owned(),
            None => {
                let base = keys::hosts(label);
                let first = self.store.snapshot().range(KeyRange::prefix(&base), RangeOptions::limit(1))?;
                let Some((row, _)) = first.entries.first() else { return Ok(None) };
                text_after(row, &base).map_err(corrupt)?
            }
        };
        self.find_point(&Place { account: account.to_owned(), region }, name)
    }
}

/// Whether a name that is wanted for a bucket of `account` is that of somebody else's access point, as hosts say it: their
/// requests must not come to that bucket.
pub fn is_in_use(tx: &mut Tx, name: &str, account: &str) -> Result<bool, store::Error> {
    if name::of_host(name).is_none_or(|(_, owner)| owner == account) {
        return Ok(false);
    }
    Ok(!tx.range(KeyRange::prefix(keys::hosts(name)), RangeOptions::limit(1))?.entries.is_empty())
}

fn missing(name: &str) -> Detailed {
    match name::of_arn(name) {
        Some((_, point)) => error::no_such_access_point(point),
        None => no_such_bucket(name),
    }
}
