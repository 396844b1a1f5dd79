//! AddTagsToResource, RemoveTagsFromResource and ListTagsForResource.

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::Call;
use model_ssm::Error;
use model_ssm::types::*;
use service::Allowed;
use store::Record as _;

use crate::error::{invalid, invalid_resource_id};
use crate::limits::TAGS_MAX;
use crate::resource::Tagged;
use crate::ssm::Ssm;

impl Ssm {
    pub async fn add_tags(
        self: Arc<Self>,
        call: Arc<Call>,
        tagged: Allowed<Tagged>,
        input: AddTagsToResourceInput,
    ) -> Result<AddTagsToResourceOutput, Error> {
        let added = of_request(input.tags.into_inner())?;
        self.change_tags(&call, &tagged, |tags| {
            tags.extend(added.clone());
            check_count(tags)
        })
        .await?;
        Ok(AddTagsToResourceOutput {})
    }

    pub async fn remove_tags(
        self: Arc<Self>,
        call: Arc<Call>,
        tagged: Allowed<Tagged>,
        input: RemoveTagsFromResourceInput,
    ) -> Result<RemoveTagsFromResourceOutput, Error> {
        self.change_tags(&call, &tagged, |tags| {
            tags.retain(|key, _| !input.tag_keys.contains(key));
            Ok(())
        })
        .await?;
        Ok(RemoveTagsFromResourceOutput {})
    }

    pub async fn list_tags(
        self: Arc<Self>,
        _: Arc<Call>,
        tagged: Allowed<Tagged>,
        _: ListTagsForResourceInput,
    ) -> Result<ListTagsForResourceOutput, Error> {
        let parameter = tagged.into_inner().parameter.ok_or_else(invalid_resource_id)?;
        let tags =
            parameter.tags.into_iter().map(|(key, value)| Tag { key: key.into(), value: value.into() });
        Ok(ListTagsForResourceOutput { tag_list: Some(tags.collect()) })
    }

    async fn change_tags(
        &self,
        call: &Call,
        tagged: &Tagged,
        change: impl Fn(&mut BTreeMap<String, String>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if tagged.parameter.is_none() {
            return Err(invalid_resource_id());
        }
        let (place, name) = (tagged.reference.place(), tagged.reference.name.as_str());
        self.transact(|tx| {
            let parameter = Self::current(tx, place, name, call.now)?;
            let mut parameter = parameter.ok_or_else(invalid_resource_id)?;
            change(&mut parameter.tags)?;
            tx.put(place.parameter(name), parameter.encode());
            Ok(())
        })
        .await
    }
}

/// The tags of a request; of one key said twice, the last value counts.
pub fn of_request(tags: Vec<Tag>) -> Result<BTreeMap<String, String>, Error> {
    let tags: BTreeMap<String, String> =
        tags.into_iter().map(|tag| (tag.key.into_inner(), tag.value.into_inner())).collect();
    if tags.keys().any(|key| key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"))) {
        return Err(invalid("aws: prefixed tag key names are not allowed for external use."));
    }
    check_count(&tags)?;
    Ok(tags)
}

fn check_count(tags: &BTreeMap<String, String>) -> Result<(), Error> {
    if tags.len() > TAGS_MAX { Err(TooManyTagsError {}.into()) } else { Ok(()) }
}
