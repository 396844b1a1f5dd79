//! Tags of buckets: Get-, Put- and DeleteBucketTagging.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;
use wire::Detailed;

use crate::bucket::Bucket;
use crate::checks;
use crate::error::not_configured;
use crate::limits::BUCKET_TAGS_MAX;
use crate::ops::bucket::create_bucket::Tags;
use crate::s3::S3;

impl S3 {
    pub async fn get_bucket_tagging(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        _: GetBucketTaggingInput,
    ) -> Result<GetBucketTaggingOutput, Error> {
        if bucket.record.tags.is_empty() {
            return Err(not_configured("NoSuchTagSet", "The TagSet does not exist", &bucket.name).into());
        }
        let tags = bucket.record.tags.iter();
        let tags = tags.map(|(key, value)| Tag { key: key.clone().into(), value: value.clone().into() });
        Ok(GetBucketTaggingOutput { tag_set: Some(tags.collect()) })
    }

    pub async fn put_bucket_tagging(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        input: PutBucketTaggingInput,
    ) -> Result<PutBucketTaggingOutput, Error> {
        let tags = of_request(input.tagging.into_inner().tag_set.into_inner())?;
        self.change(&bucket, |record, _| {
            record.tags = tags.clone();
            Ok(())
        })
        .await?;
        Ok(PutBucketTaggingOutput {})
    }

    pub async fn delete_bucket_tagging(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        _: DeleteBucketTaggingInput,
    ) -> Result<DeleteBucketTaggingOutput, Error> {
        self.change(&bucket, |record, _| {
            record.tags.clear();
            Ok(())
        })
        .await?;
        Ok(DeleteBucketTaggingOutput {})
    }
}

/// The tags that a bucket gets when it is made: refused in words of their own.
pub fn of_creation(tags: Vec<Tag>) -> Result<Tags, Error> {
    if tags.iter().any(|tag| is_reserved(&tag.key)) {
        let text = "User-defined tag keys can't start with \"aws:\". This prefix is reserved for system tags. Remove \
                    \"aws:\" from your tag keys and try again.";
        return Err(Detailed::new("InvalidTag", 400, text).into());
    }
    of_request(tags)
}

/// The tags of a request.
fn of_request(list: Vec<Tag>) -> Result<Tags, Error> {
    of_pairs(list.into_iter().map(|tag| (tag.key.into_inner(), tag.value.into_inner())))
}

/// The tags of a bucket, or of an access point, as a request says them.
pub fn of_pairs(list: impl ExactSizeIterator<Item = (String, String)>) -> Result<Tags, Error> {
    check_count(list.len())?;
    let mut tags = Tags::new();
    for (key, value) in list {
        if is_reserved(&key) {
            return Err(checks::invalid_tag("System tags cannot be added/updated by requester", &key).into());
        }
        checks::tag(&key, &value)?;
        if tags.contains_key(&key) {
            return Err(checks::twice(&key).into());
        }
        tags.insert(key, value);
    }
    Ok(tags)
}

/// Refuses more tags than there may be.
pub fn check_count(count: usize) -> Result<(), Error> {
    if count <= BUCKET_TAGS_MAX {
        return Ok(());
    }
    let text = format!("Bucket tag count cannot be greater than {BUCKET_TAGS_MAX}");
    Err(Detailed::new("BadRequest", 400, text).into())
}

fn is_reserved(key: &str) -> bool {
    key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"))
}
