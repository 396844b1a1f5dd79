//! What keeps a bucket from being public: what it says itself, and what its owner's account says of all buckets. Where one of
//! them blocks, it is blocked.

use std::ops::BitOr;

use crate::bucket::Bucket;
use crate::keys;
use crate::records::{self, AccountAccess, PublicAccess};
use crate::s3::{Read, S3};

/// Everything is blocked.
pub const CLOSED: PublicAccess =
    PublicAccess { block_acls: true, ignore_acls: true, block_policy: true, restrict: true };

impl BitOr for PublicAccess {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self {
            block_acls: self.block_acls | other.block_acls,
            ignore_acls: self.ignore_acls | other.ignore_acls,
            block_policy: self.block_policy | other.block_policy,
            restrict: self.restrict | other.restrict,
        }
    }
}

/// What an account says; `None` if it says nothing.
pub fn of_account(from: &mut impl Read, account: &str) -> Result<Option<PublicAccess>, store::Error> {
    Ok(from.record::<AccountAccess>(&keys::account(account))?.map(|found| found.public_access))
}

/// What holds for a bucket of an account, in a transaction that may change it.
pub fn of_bucket(
    from: &mut impl Read,
    account: &str,
    bucket: &records::Bucket,
) -> Result<PublicAccess, store::Error> {
    let all = of_account(from, account)?.unwrap_or_default();
    Ok(all | bucket.public_access.unwrap_or_default())
}

impl S3 {
    /// What holds for a bucket as it was reached: an access point blocks, too, and so does its owner's account. What cannot be
    /// read blocks everything.
    pub fn public_access(&self, bucket: &Bucket) -> PublicAccess {
        let mut snapshot = self.store.snapshot();
        let mut held = || {
            let access = of_bucket(&mut snapshot, bucket.owner(), &bucket.record)?;
            let Some(way) = &bucket.way else { return Ok(access) };
            let point = of_account(&mut snapshot, &way.point.place.account)?.unwrap_or_default();
            Ok(access | point | way.point.record.public_access)
        };
        held().unwrap_or_else(|error: store::Error| {
            tracing::error!(bucket = bucket.name, %error, "what is blocked cannot be read");
            CLOSED
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_blocks() {
        let acls = PublicAccess { block_acls: true, ignore_acls: true, ..Default::default() };
        let policies = PublicAccess { block_policy: true, restrict: true, ..Default::default() };
        assert_eq!(acls | policies, CLOSED);
        assert_eq!(acls | PublicAccess::default(), acls);
    }
}
