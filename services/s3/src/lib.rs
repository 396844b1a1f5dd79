//! Amazon S3.
//!
//! Truth is in the store ([`keys`], [`records`]); bytes above 32 KiB are in files that a committed row names. A bucket's row
//! says whether anything of the bucket has changed, so what was read of it is good for as long as the row is the same.

mod access_points;
mod account_access;
mod acl_input;
mod attributes;
mod bucket;
mod bucket_name;
mod checks;
mod conditions;
mod copy_source;
mod cors;
mod data;
mod dialect;
mod digest_jobs;
mod digests;
mod edge;
mod error;
mod expected;
mod files;
mod form;
mod found;
mod glob;
mod keys;
mod lifecycle;
mod lifecycle_rules;
mod limits;
mod logging;
mod notify;
mod object_key;
mod object_lock;
mod object_tags;
mod ops;
mod orphans;
mod payer;
mod policy_check;
mod post;
mod post_policy;
mod public;
mod ranges;
mod read;
mod readers;
mod records;
mod region;
mod replication;
mod resource;
mod rfc2047;
mod s3;
mod scan;
mod sealing;
mod shown;
mod sweep;
mod uploads;
mod versions;
mod website;
mod write;

use std::sync::Arc;

use model_s3::ops::*;
use service::{Deps, Service};

use crate::expected::show_checksum;
pub use crate::files::{Files, Found, InUse, Known, User};
use crate::s3::S3;

/// S3, and S3 Control, which has the same state.
pub fn services(deps: Deps) -> [Service; 2] {
    let s3 = Arc::new(S3::new(deps));
    [service(s3.clone()), access_points::service(s3)]
}

fn service(s3: Arc<S3>) -> Service {
    Service::builder(&model_s3::SERVICE, s3.clone())
        .validation(dialect::DIALECT)
        .edge(Arc::new(edge::S3Edge::new(s3.clone())))
        .op(AbortMultipartUpload, resource::abort_multipart_upload, S3::abort_multipart_upload)
        .op(CompleteMultipartUpload, resource::complete_multipart_upload, S3::complete_multipart_upload)
        .op(CopyObject, resource::copy_object, S3::copy_object)
        .op(CreateBucket, resource::create_bucket, S3::create_bucket)
        .op(CreateMultipartUpload, resource::create_multipart_upload, S3::create_multipart_upload)
        .op(DeleteBucket, resource::of_bucket, S3::delete_bucket)
        .op(
            DeleteBucketAnalyticsConfiguration,
            resource::of_bucket,
            S3::delete_bucket_analytics_configuration,
        )
        .op(DeleteBucketCors, resource::of_bucket, S3::delete_bucket_cors)
        .op(DeleteBucketEncryption, resource::of_bucket, S3::delete_bucket_encryption)
        .op(
            DeleteBucketIntelligentTieringConfiguration,
            resource::of_bucket,
            S3::delete_bucket_intelligent_tiering_configuration,
        )
        .op(
            DeleteBucketInventoryConfiguration,
            resource::of_bucket,
            S3::delete_bucket_inventory_configuration,
        )
        .op(DeleteBucketLifecycle, resource::of_bucket, S3::delete_bucket_lifecycle)
        .op(DeleteBucketMetricsConfiguration, resource::of_bucket, S3::delete_bucket_metrics_configuration)
        .op(DeleteBucketOwnershipControls, resource::of_bucket, S3::delete_bucket_ownership_controls)
        .op(DeleteBucketPolicy, resource::of_policy, S3::delete_bucket_policy)
        .op(DeleteBucketReplication, resource::of_bucket, S3::delete_bucket_replication)
        .op(DeleteBucketTagging, resource::of_bucket, S3::delete_bucket_tagging)
        .op(DeleteBucketWebsite, resource::of_bucket, S3::delete_bucket_website)
        .op(DeleteObject, resource::delete_object, S3::delete_object)
        .op(DeleteObjectTagging, resource::delete_object_tagging, S3::delete_object_tagging)
        .op_each(DeleteObjects, resource::delete_objects, S3::delete_objects)
        .op(DeletePublicAccessBlock, resource::of_bucket, S3::delete_public_access_block)
        .op(GetBucketAccelerateConfiguration, resource::of_bucket, S3::get_bucket_accelerate_configuration)
        .op(GetBucketAcl, resource::get_bucket_acl, S3::get_bucket_acl)
        .op(GetBucketAnalyticsConfiguration, resource::of_bucket, S3::get_bucket_analytics_configuration)
        .op(GetBucketCors, resource::of_bucket, S3::get_bucket_cors)
        .op(GetBucketEncryption, resource::of_bucket, S3::get_bucket_encryption)
        .op(
            GetBucketIntelligentTieringConfiguration,
            resource::of_bucket,
            S3::get_bucket_intelligent_tiering_configuration,
        )
        .op(GetBucketInventoryConfiguration, resource::of_bucket, S3::get_bucket_inventory_configuration)
        .op(GetBucketLifecycleConfiguration, resource::of_bucket, S3::get_bucket_lifecycle_configuration)
        .op(GetBucketLocation, resource::of_bucket, S3::get_bucket_location)
        .op(GetBucketLogging, resource::of_bucket, S3::get_bucket_logging)
        .op(GetBucketMetricsConfiguration, resource::of_bucket, S3::get_bucket_metrics_configuration)
        .op(
            GetBucketNotificationConfiguration,
            resource::of_bucket,
            S3::get_bucket_notification_configuration,
        )
        .op(GetBucketOwnershipControls, resource::of_bucket, S3::get_bucket_ownership_controls)
        .op(GetBucketPolicy, resource::of_policy, S3::get_bucket_policy)
        .op(GetBucketPolicyStatus, resource::of_bucket, S3::get_bucket_policy_status)
        .op(GetBucketReplication, resource::of_bucket, S3::get_bucket_replication)
        .op(GetBucketRequestPayment, resource::of_bucket, S3::get_bucket_request_payment)
        .op(GetBucketTagging, resource::of_bucket, S3::get_bucket_tagging)
        .op(GetBucketVersioning, resource::of_bucket, S3::get_bucket_versioning)
        .op(GetBucketWebsite, resource::of_bucket, S3::get_bucket_website)
        .op(GetObject, resource::get_object, S3::get_object)
        .op(GetObjectAcl, resource::get_object_acl, S3::get_object_acl)
        .op(GetObjectAttributes, resource::get_object_attributes, S3::get_object_attributes)
        .op(GetObjectLegalHold, resource::get_object_legal_hold, S3::get_object_legal_hold)
        .op(GetObjectLockConfiguration, resource::of_bucket, S3::get_object_lock_configuration)
        .op(GetObjectRetention, resource::get_object_retention, S3::get_object_retention)
        .op(GetObjectTagging, resource::get_object_tagging, S3::get_object_tagging)
        .op(GetPublicAccessBlock, resource::of_bucket, S3::get_public_access_block)
        .op(HeadBucket, resource::head_bucket, S3::head_bucket)
        .op(HeadObject, resource::head_object, S3::head_object)
        .op(ListBucketAnalyticsConfigurations, resource::of_bucket, S3::list_bucket_analytics_configurations)
        .op(
            ListBucketIntelligentTieringConfigurations,
            resource::of_bucket,
            S3::list_bucket_intelligent_tiering_configurations,
        )
        .op(ListBucketInventoryConfigurations, resource::of_bucket, S3::list_bucket_inventory_configurations)
        .op(ListBucketMetricsConfigurations, resource::of_bucket, S3::list_bucket_metrics_configurations)
        .op(ListBuckets, resource::list_buckets, S3::list_buckets)
        .op(ListMultipartUploads, resource::list_multipart_uploads, S3::list_multipart_uploads)
        .op(ListObjectVersions, resource::list_object_versions, S3::list_object_versions)
        .op(ListObjects, resource::list_objects, S3::list_objects)
        .op(ListObjectsV2, resource::list_objects_v2, S3::list_objects_v2)
        .op(ListParts, resource::list_parts, S3::list_parts)
        .op(PutBucketAccelerateConfiguration, resource::of_bucket, S3::put_bucket_accelerate_configuration)
        .op(PutBucketAcl, resource::put_bucket_acl, S3::put_bucket_acl)
        .op(PutBucketAnalyticsConfiguration, resource::of_bucket, S3::put_bucket_analytics_configuration)
        .op(PutBucketCors, resource::of_bucket, S3::put_bucket_cors)
        .op(PutBucketEncryption, resource::of_bucket, S3::put_bucket_encryption)
        .op(
            PutBucketIntelligentTieringConfiguration,
            resource::of_bucket,
            S3::put_bucket_intelligent_tiering_configuration,
        )
        .op(PutBucketInventoryConfiguration, resource::of_bucket, S3::put_bucket_inventory_configuration)
        .op(PutBucketLifecycleConfiguration, resource::of_bucket, S3::put_bucket_lifecycle_configuration)
        .op(PutBucketLogging, resource::of_bucket, S3::put_bucket_logging)
        .op(PutBucketMetricsConfiguration, resource::of_bucket, S3::put_bucket_metrics_configuration)
        .op(
            PutBucketNotificationConfiguration,
            resource::of_bucket,
            S3::put_bucket_notification_configuration,
        )
        .op(PutBucketOwnershipControls, resource::of_bucket, S3::put_bucket_ownership_controls)
        .op(PutBucketPolicy, resource::of_policy, S3::put_bucket_policy)
        .op(PutBucketReplication, resource::put_bucket_replication, S3::put_bucket_replication)
        .op(PutBucketRequestPayment, resource::of_bucket, S3::put_bucket_request_payment)
        .op(PutBucketTagging, resource::of_bucket, S3::put_bucket_tagging)
        .op(PutBucketVersioning, resource::of_bucket, S3::put_bucket_versioning)
        .op(PutBucketWebsite, resource::of_bucket, S3::put_bucket_website)
        .op(PutObject, resource::put_object, S3::put_object)
        .op(PutObjectAcl, resource::put_object_acl, S3::put_object_acl)
        .op(PutObjectLegalHold, resource::put_object_legal_hold, S3::put_object_legal_hold)
        .op(PutObjectLockConfiguration, resource::of_bucket, S3::put_object_lock_configuration)
        .op(PutObjectRetention, resource::put_object_retention, S3::put_object_retention)
        .op(PutObjectTagging, resource::put_object_tagging, S3::put_object_tagging)
        .op(PutPublicAccessBlock, resource::of_bucket, S3::put_public_access_block)
        .op(UploadPart, resource::upload_part, S3::upload_part)
        .op(UploadPartCopy, resource::upload_part_copy, S3::upload_part_copy)
        .background(lifecycle::run(s3.clone()))
        .background(logging::run(s3.clone()))
        .background(notify::run(s3.clone()))
        .background(replication::run(s3.clone()))
        .background(sweep::run(s3.clone()))
        .at_end(logging::flush(s3))
        .build()
}
