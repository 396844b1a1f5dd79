//! Get-, Put- and DeleteBucketLifecycleConfiguration.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;
use wire::{Enum as _, Open};

use crate::bucket::{self, Bucket, kind};
use crate::error::{malformed_xml, not_configured};
use crate::lifecycle_rules;
use crate::ops::bucket::change::document;
use crate::s3::S3;

/// Random digits of an id that is given to a rule without one.
const ID_DIGITS: usize = 48;

impl S3 {
    pub async fn get_bucket_lifecycle_configuration(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        _: GetBucketLifecycleConfigurationInput,
    ) -> Result<GetBucketLifecycleConfigurationOutput, Error> {
        let missing = || {
            let text = "The lifecycle configuration does not exist";
            not_configured("NoSuchLifecycleConfiguration", text, &bucket.name)
        };
        let found = bucket.configuration::<BucketLifecycleConfiguration>(&self, kind::LIFECYCLE)?;
        let rules = found.ok_or_else(missing)?.rules.to_vec();
        let least = bucket.document(&self, kind::TRANSITION_SIZE, "")?;
        let least = least.as_deref().and_then(TransitionDefaultMinimumObjectSize::parse);
        Ok(GetBucketLifecycleConfigurationOutput {
            rules: Some(rules),
            transition_default_minimum_object_size: least.map(Open::Known),
        })
    }

    pub async fn put_bucket_lifecycle_configuration(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        input: PutBucketLifecycleConfigurationInput,
    ) -> Result<PutBucketLifecycleConfigurationOutput, Error> {
        let mut rules = input.lifecycle_configuration.ok_or_else(malformed_xml)?.rules.into_inner();
        lifecycle_rules::check(&rules)?;
        for rule in rules.iter_mut().filter(|rule| rule.id.as_deref().unwrap_or_default().is_empty()) {
            rule.id = Some(self.ids.hex(ID_DIGITS));
        }
        let document = document(&BucketLifecycleConfiguration { rules: rules.into() })?;
        let least = input.transition_default_minimum_object_size.as_ref().and_then(Open::known);
        let least = least.unwrap_or(TransitionDefaultMinimumObjectSize::AllStorageClasses128k);
        self.change(&bucket, |record, tx| {
            let size = (kind::TRANSITION_SIZE, "");
            bucket::put_document(tx, &bucket, record, size, least.as_str().to_owned())?;
            bucket::put_document(tx, &bucket, record, (kind::LIFECYCLE, ""), document.clone())
        })
        .await?;
        Ok(PutBucketLifecycleConfigurationOutput {
            transition_default_minimum_object_size: Some(Open::Known(least)),
        })
    }

    pub async fn delete_bucket_lifecycle(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        _: DeleteBucketLifecycleInput,
    ) -> Result<DeleteBucketLifecycleOutput, Error> {
        self.change(&bucket, |record, tx| {
            for kind in [kind::LIFECYCLE, kind::TRANSITION_SIZE] {
                bucket::delete_document(tx, &bucket, record, kind);
            }
            Ok(())
        })
        .await?;
        Ok(DeleteBucketLifecycleOutput {})
    }
}
