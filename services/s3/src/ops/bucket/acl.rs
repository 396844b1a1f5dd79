//! GetBucketAcl and PutBucketAcl.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;
use wire::Detailed;

use crate::account_access;
use crate::acl_input::{self, AclInput, Owners, acl_headers};
use crate::bucket::Bucket;
use crate::error::acl_not_supported;
use crate::public;
use crate::records::Ownership;
use crate::s3::S3;

impl S3 {
    pub async fn get_bucket_acl(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        _: GetBucketAclInput,
    ) -> Result<GetBucketAclOutput, Error> {
        let (owner, grants) = acl_input::shown(&self, &bucket.record.acl);
        Ok(GetBucketAclOutput { owner: Some(owner), grants: Some(grants) })
    }

    pub async fn put_bucket_acl(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        input: PutBucketAclInput,
    ) -> Result<PutBucketAclOutput, Error> {
        let said = AclInput {
            write: input.grant_write.as_deref(),
            document: input.access_control_policy.as_ref(),
            ..acl_headers!(input)
        };
        let owners = Owners { resource: bucket.owner(), bucket: bucket.owner() };
        let Some(acl) = said.list(&self, owners)? else {
            let text = "Your request was missing a required header";
            let error = Detailed::new("MissingSecurityHeader", 400, text);
            return Err(error.with("MissingHeaderName", "x-amz-acl").into());
        };
        self.change(&bucket, |record, tx| {
            if record.ownership == Ownership::BucketOwnerEnforced {
                return Err(acl_not_supported().into());
            }
            public::check_acl(account_access::of_bucket(tx, bucket.owner(), record)?, &acl)?;
            record.acl = acl.clone();
            Ok(())
        })
        .await?;
        Ok(PutBucketAclOutput {})
    }
}

/// A list and that ownership exclude each other.
pub fn not_with_enforced_owner() -> Detailed {
    let text = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting";
    Detailed::new("InvalidBucketAclWithObjectOwnership", 400, text)
}
