//! TagResource, UntagResource, ListResourceTags.

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::Call;
use model_kms::Error;
use model_kms::types::*;
use service::Allowed;

use crate::kms::Kms;
use crate::limits::TAGS_MAX;
use crate::ops::page;
use crate::ops::subject::check_stays;
use crate::resource::Subject;

/// Checks the tags of a request.
pub fn checked(tags: &[Tag]) -> Result<BTreeMap<String, String>, Error> {
    let mut checked = BTreeMap::new();
    for tag in tags {
        let (key, value) = (tag.tag_key.to_string(), tag.tag_value.to_string());
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(Error::tag_exception("Tags beginning with aws: are reserved"));
        }
        if checked.insert(key, value).is_some() {
            return Err(Error::tag_exception("Duplicate tag keys"));
        }
    }
    check_count(checked.len())?;
    Ok(checked)
}

fn check_count(n: usize) -> Result<(), Error> {
    if n > TAGS_MAX { Err(Error::tag_exception("Too many tags")) } else { Ok(()) }
}

impl Kms {
    pub async fn tag_resource(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: TagResourceInput,
    ) -> Result<TagResourceOutput, Error> {
        let key = self.own_key(&call, subject.into_inner()).await?;
        let tags = checked(&input.tags)?;
        self.change(&key, |_, record| {
            check_stays(&key.arn, record)?;
            record.tags.extend(tags.clone());
            check_count(record.tags.len())
        })
        .await?;
        Ok(TagResourceOutput {})
    }

    pub async fn untag_resource(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: UntagResourceInput,
    ) -> Result<UntagResourceOutput, Error> {
        let key = self.own_key(&call, subject.into_inner()).await?;
        if input.tag_keys.iter().any(|tag| tag.to_ascii_lowercase().starts_with("aws:")) {
            return Err(Error::tag_exception("Tags beginning with aws: are reserved"));
        }
        self.change(&key, |_, record| {
            check_stays(&key.arn, record)?;
            record.tags.retain(|tag, _| !input.tag_keys.contains(tag));
            Ok(())
        })
        .await?;
        Ok(UntagResourceOutput {})
    }

    pub async fn list_resource_tags(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: ListResourceTagsInput,
    ) -> Result<ListResourceTagsOutput, Error> {
        let key = self.key(&call, subject.into_inner()).await?;
        let page = page::Request::new(input.limit, input.marker.as_deref(), TAGS_MAX, TAGS_MAX)?;
        let (tags, next_marker) = page.cut(key.record.tags.iter(), |(key, _)| key.to_string());
        let tag = |(key, value): (&String, &String)| Tag {
            tag_key: key.clone().into(),
            tag_value: value.clone().into(),
        };
        Ok(ListResourceTagsOutput {
            tags: Some(tags.into_iter().map(tag).collect()),
            truncated: Some(next_marker.is_some()),
            next_marker,
        })
    }
}
