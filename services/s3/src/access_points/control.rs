//! S3 Control.

use std::sync::Arc;

use model_s3control::ops::*;
use service::Service;

use crate::access_points::{dialect, resource};
use crate::s3::S3;

/// The service, over the state of S3.
pub fn service(s3: Arc<S3>) -> Service {
    Service::builder(&model_s3control::SERVICE, s3)
        .validation(dialect::DIALECT)
        .op(CreateAccessPoint, resource::new_point, S3::create_access_point)
        .op(DeleteAccessPoint, resource::point, S3::delete_access_point)
        .op(DeleteAccessPointPolicy, resource::point, S3::delete_access_point_policy)
        .op(DeletePublicAccessBlock, resource::account, S3::delete_account_public_access_block)
        .op(GetAccessPoint, resource::point, S3::get_access_point)
        .op(GetAccessPointPolicy, resource::point, S3::get_access_point_policy)
        .op(GetAccessPointPolicyStatus, resource::point, S3::get_access_point_policy_status)
        .op(GetPublicAccessBlock, resource::account, S3::get_account_public_access_block)
        .op(ListAccessPoints, resource::account, S3::list_access_points)
        .op(ListTagsForResource, resource::tagged, S3::list_tags_for_resource)
        .op(PutAccessPointPolicy, resource::point, S3::put_access_point_policy)
        .op(PutPublicAccessBlock, resource::account, S3::put_account_public_access_block)
        .op(TagResource, resource::to_tag, S3::tag_resource)
        .op(UntagResource, resource::to_untag, S3::untag_resource)
        .build()
}
