//! Bucket policies: Get-, Put- and DeleteBucketPolicy, and GetBucketPolicyStatus.

use std::sync::Arc;

use kernel::{Call, PrincipalKind};
use model_s3::Error;
use model_s3::types::*;
use policy::Policy;
use service::{Allowed, Decision, Question, Resource};

use crate::account_access;
use crate::bucket::{self, Bucket, kind};
use crate::error::{access_denied, not_configured};
use crate::policy_check;
use crate::public;
use crate::records::Ownership;
use crate::resource::{OnBucket, of_bucket, target_with};
use crate::s3::S3;

/// A bucket whose policy is dealt with. The root user of its owner is never locked out by the policy itself.
pub fn of_policy<I: OnBucket>(s3: &S3, call: &Call, input: &I) -> Result<Resource<Arc<Bucket>>, Error> {
    let resource = of_bucket(s3, call, input)?;
    let bucket = resource.value().clone();
    if call.principal.kind != PrincipalKind::Root || call.principal.account != bucket.owner() {
        return Ok(resource);
    }
    let target = service::Target::new(bucket.arn.clone()).owned_by(bucket.owner());
    Ok(Resource::new(target, bucket))
}

impl S3 {
    pub async fn get_bucket_policy(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        _: GetBucketPolicyInput,
    ) -> Result<GetBucketPolicyOutput, Error> {
        let policy = self.policy_of(&bucket)?;
        Ok(GetBucketPolicyOutput { policy: Some(policy) })
    }

    /// Whether the bucket is public: by its policy or, where lists count, by its list.
    pub async fn get_bucket_policy_status(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        _: GetBucketPolicyStatusInput,
    ) -> Result<GetBucketPolicyStatusOutput, Error> {
        self.policy_of(&bucket)?;
        let record = &bucket.record;
        let lists =
            record.ownership != Ownership::BucketOwnerEnforced && !self.public_access(&bucket).ignore_acls;
        let public = bucket.policy_is_public || (lists && public::acl_is_public(&record.acl));
        let status = PolicyStatus { is_public: Some(public) };
        Ok(GetBucketPolicyStatusOutput { policy_status: Some(status) })
    }

    pub async fn put_bucket_policy(
        self: Arc<Self>,
        call: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        input: PutBucketPolicyInput,
    ) -> Result<PutBucketPolicyOutput, Error> {
        let document = input.policy.as_str();
        let policy = Arc::new(policy_check::parse(document, &bucket.name)?);
        if input.confirm_remove_self_bucket_access != Some(true) {
            self.check_not_locked_out(&call, &bucket, policy)?;
        }
        let public = public::policy_is_public(document);
        self.change(&bucket, |record, tx| {
            if public && account_access::of_bucket(tx, bucket.owner(), record)?.block_policy {
                return Err(access_denied().into());
            }
            bucket::put_document(tx, &bucket, record, (kind::POLICY, ""), document.to_owned())
        })
        .await?;
        Ok(PutBucketPolicyOutput {})
    }

    pub async fn delete_bucket_policy(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        _: DeleteBucketPolicyInput,
    ) -> Result<DeleteBucketPolicyOutput, Error> {
        self.delete_configuration(&bucket, kind::POLICY).await?;
        Ok(DeleteBucketPolicyOutput {})
    }

    fn policy_of(&self, bucket: &Bucket) -> Result<String, Error> {
        let found = if bucket.has(kind::POLICY) { bucket.document(self, kind::POLICY, "")? } else { None };
        let missing =
            || not_configured("NoSuchBucketPolicy", "The bucket policy does not exist", &bucket.name);
        Ok(found.ok_or_else(missing)?)
    }

    /// Whoever puts a policy has to be able to put the next one, or has to say that it shall be so.
    fn check_not_locked_out(&self, call: &Call, bucket: &Bucket, policy: Arc<Policy>) -> Result<(), Error> {
        if call.principal.kind == PrincipalKind::Root && call.principal.account == bucket.owner() {
            return Ok(());
        }
        let target = target_with(self, call, bucket, policy);
        let question = Question::new("s3:PutBucketPolicy", &target);
        match self.cloud.authorizer().map(|authorizer| authorizer.decide(call, &question)) {
            Some(Decision::Allow) => Ok(()),
            _ => Err(access_denied().into()),
        }
    }
}
