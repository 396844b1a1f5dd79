//! Tags of access points: TagResource, UntagResource and ListTagsForResource.

use std::sync::Arc;

use kernel::Call;
use model_s3control::Error;
use model_s3control::types::*;
use service::Allowed;

use crate::access_points::error::of_s3;
use crate::access_points::point::Point;
use crate::ops::bucket::tagging;
use crate::s3::S3;

impl S3 {
    pub async fn list_tags_for_resource(
        self: Arc<Self>,
        _: Arc<Call>,
        point: Allowed<Arc<Point>>,
        _: ListTagsForResourceInput,
    ) -> Result<ListTagsForResourceOutput, Error> {
        let tags = point.record.tags.iter();
        let tags = tags.map(|(key, value)| Tag { key: key.clone().into(), value: value.clone().into() });
        Ok(ListTagsForResourceOutput { tags: Some(tags.collect()) })
    }

    /// A tag that is there gets the new value.
    pub async fn tag_resource(
        self: Arc<Self>,
        _: Arc<Call>,
        point: Allowed<Arc<Point>>,
        input: TagResourceInput,
    ) -> Result<TagResourceOutput, Error> {
        let said = input.tags.into_inner().into_iter();
        let said = tagging::of_pairs(said.map(|tag| (tag.key.into_inner(), tag.value.into_inner())));
        let said = said.map_err(of_s3)?;
        self.change_point(&point, |mut record, _| {
            record.tags.extend(said.clone());
            tagging::check_count(record.tags.len()).map_err(of_s3)?;
            Ok(Some(record))
        })
        .await?;
        Ok(TagResourceOutput {})
    }

    pub async fn untag_resource(
        self: Arc<Self>,
        _: Arc<Call>,
        point: Allowed<Arc<Point>>,
        input: UntagResourceInput,
    ) -> Result<UntagResourceOutput, Error> {
        self.change_point(&point, |mut record, _| {
            record.tags.retain(|key, _| !input.tag_keys.contains(key));
            Ok(Some(record))
        })
        .await?;
        Ok(UntagResourceOutput {})
    }
}
