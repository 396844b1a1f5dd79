//! Policies of access points: Get-, Put- and DeleteAccessPointPolicy, and GetAccessPointPolicyStatus.

use std::sync::Arc;

use kernel::Call;
use model_s3control::Error;
use model_s3control::types::*;
use service::Allowed;

use crate::access_points::error::{no_such_policy, of_s3};
use crate::access_points::point::Point;
use crate::error::access_denied;
use crate::s3::S3;
use crate::{account_access, glob, policy_check, public};

impl S3 {
    pub async fn get_access_point_policy(
        self: Arc<Self>,
        _: Arc<Call>,
        point: Allowed<Arc<Point>>,
        _: GetAccessPointPolicyInput,
    ) -> Result<GetAccessPointPolicyOutput, Error> {
        let policy = point.record.policy.clone().ok_or_else(|| no_such_policy(&point.name))?;
        Ok(GetAccessPointPolicyOutput { policy: Some(policy) })
    }

    pub async fn get_access_point_policy_status(
        self: Arc<Self>,
        _: Arc<Call>,
        point: Allowed<Arc<Point>>,
        _: GetAccessPointPolicyStatusInput,
    ) -> Result<GetAccessPointPolicyStatusOutput, Error> {
        if point.record.policy.is_none() {
            return Err(no_such_policy(&point.name).into());
        }
        let status = PolicyStatus { is_public: Some(point.is_public) };
        Ok(GetAccessPointPolicyStatusOutput { policy_status: Some(status) })
    }

    pub async fn put_access_point_policy(
        self: Arc<Self>,
        _: Arc<Call>,
        point: Allowed<Arc<Point>>,
        input: PutAccessPointPolicyInput,
    ) -> Result<PutAccessPointPolicyOutput, Error> {
        let document = input.policy.as_str();
        let own = [point.arn.as_str(), &format!("{}/object/", point.arn)];
        policy_check::parse_for(document, |pattern| may_be_of(pattern, own)).map_err(of_s3)?;
        let open = public::policy_is_public(document) && point.record.vpc.is_none();
        self.change_point(&point, |mut record, tx| {
            let account = account_access::of_account(tx, &point.place.account)?.unwrap_or_default();
            if open && (account | record.public_access).block_policy {
                return Err(access_denied().into());
            }
            record.policy = Some(document.to_owned());
            Ok(Some(record))
        })
        .await?;
        Ok(PutAccessPointPolicyOutput {})
    }

    /// There need not be one.
    pub async fn delete_access_point_policy(
        self: Arc<Self>,
        _: Arc<Call>,
        point: Allowed<Arc<Point>>,
        _: DeleteAccessPointPolicyInput,
    ) -> Result<DeleteAccessPointPolicyOutput, Error> {
        self.change_point(&point, |mut record, _| {
            record.policy = None;
            Ok(Some(record))
        })
        .await?;
        Ok(DeleteAccessPointPolicyOutput {})
    }
}

/// Whether a pattern of resources can mean the access point or an object behind it.
fn may_be_of(pattern: &str, [point, object]: [&str; 2]) -> bool {
    pattern == "*"
        || glob::matches(pattern, point)
        || pattern.starts_with(object)
        // The pattern may have its first wildcard before the key begins.
        || glob::matches(pattern, &format!("{object}key"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_have_to_be_able_to_mean_the_access_point() {
        let point = "arn:aws:s3:us-east-1:123456789012:accesspoint/docs";
        let own = [point, &format!("{point}/object/")];
        for good in [
            "*",
            point,
            "arn:aws:s3:us-east-1:123456789012:accesspoint/docs/object/*",
            "arn:aws:s3:us-east-1:123456789012:accesspoint/docs/object/a/b",
            "arn:aws:s3:*:123456789012:accesspoint/d*/object/*",
        ] {
            assert!(may_be_of(good, own), "{good}");
        }
        for bad in [
            "arn:aws:s3:::docs",
            "arn:aws:s3:us-east-1:123456789012:accesspoint/other",
            "arn:aws:s3:us-east-1:123456789012:accesspoint/docs2/object/*",
            "arn:aws:s3:us-east-1:123456789012:accesspoint/docs/key",
            "docs",
        ] {
            assert!(!may_be_of(bad, own), "{bad}");
        }
    }
}
