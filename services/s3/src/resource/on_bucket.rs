//! Operations on a bucket as a whole, or on one of its sub-resources: they name the bucket and, some, whose it has to be.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::Resource;

use crate::bucket::Bucket;
use crate::resource::bucket;
use crate::s3::S3;

/// An input that names a bucket.
pub trait OnBucket {
    /// The bucket's name.
    fn bucket(&self) -> &str;
    /// The account that has to own it, if the request says so.
    fn expected_owner(&self) -> Option<&str>;
}

/// The bucket that an input names, for operations that its access control list does not speak of.
pub fn of_bucket<I: OnBucket>(s3: &S3, call: &Call, input: &I) -> Result<Resource<Arc<Bucket>>, Error> {
    bucket(s3, call, input.bucket(), input.expected_owner())
}

macro_rules! on_bucket {
    ($($input:ident),* $(,)?) => {
        $(impl OnBucket for $input {
            fn bucket(&self) -> &str {
                &self.bucket
            }
            fn expected_owner(&self) -> Option<&str> {
                self.expected_bucket_owner.as_deref()
            }
        })*
    };
}

on_bucket!(
    DeleteBucketAnalyticsConfigurationInput,
    DeleteBucketCorsInput,
    DeleteBucketEncryptionInput,
    DeleteBucketInput,
    DeleteBucketIntelligentTieringConfigurationInput,
    DeleteBucketInventoryConfigurationInput,
    DeleteBucketLifecycleInput,
    DeleteBucketMetricsConfigurationInput,
    DeleteBucketOwnershipControlsInput,
    DeleteBucketPolicyInput,
    DeleteBucketReplicationInput,
    DeleteBucketTaggingInput,
    DeleteBucketWebsiteInput,
    DeletePublicAccessBlockInput,
    GetBucketAccelerateConfigurationInput,
    GetBucketAnalyticsConfigurationInput,
    GetBucketCorsInput,
    GetBucketEncryptionInput,
    GetBucketIntelligentTieringConfigurationInput,
    GetBucketInventoryConfigurationInput,
    GetBucketLifecycleConfigurationInput,
    GetBucketLocationInput,
    GetBucketLoggingInput,
    GetBucketMetricsConfigurationInput,
    GetBucketNotificationConfigurationInput,
    GetBucketOwnershipControlsInput,
    GetBucketPolicyInput,
    GetBucketPolicyStatusInput,
    GetBucketReplicationInput,
    GetBucketRequestPaymentInput,
    GetBucketTaggingInput,
    GetBucketVersioningInput,
    GetBucketWebsiteInput,
    GetObjectLockConfigurationInput,
    GetPublicAccessBlockInput,
    ListBucketAnalyticsConfigurationsInput,
    ListBucketIntelligentTieringConfigurationsInput,
    ListBucketInventoryConfigurationsInput,
    ListBucketMetricsConfigurationsInput,
    PutBucketAccelerateConfigurationInput,
    PutBucketAnalyticsConfigurationInput,
    PutBucketCorsInput,
    PutBucketEncryptionInput,
    PutBucketIntelligentTieringConfigurationInput,
    PutBucketInventoryConfigurationInput,
    PutBucketLifecycleConfigurationInput,
    PutBucketLoggingInput,
    PutBucketMetricsConfigurationInput,
    PutBucketNotificationConfigurationInput,
    PutBucketOwnershipControlsInput,
    PutBucketPolicyInput,
    PutBucketReplicationInput,
    PutBucketRequestPaymentInput,
    PutBucketTaggingInput,
    PutBucketVersioningInput,
    PutBucketWebsiteInput,
    PutObjectLockConfigurationInput,
    PutPublicAccessBlockInput,
);
