//! Tags of tables.

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::Call;
use model_dynamodb::Error;
use model_dynamodb::types::*;
use service::Allowed;

use crate::dynamodb::DynamoDb;
use crate::error::{Failure, validation, wrong};
use crate::limits::TAGS_MAX;
use crate::records;
use crate::replicas;
use crate::resource::Named;

impl DynamoDb {
    pub async fn tag_resource(
        self: Arc<Self>,
        _: Arc<Call>,
        named: Allowed<Named>,
        input: TagResourceInput,
    ) -> Result<TagResourceOutput, Error> {
        if input.tags.is_empty() {
            return Err(validation("Atleast one Tag needs to be provided as Input."));
        }
        let new = checked(&input.tags)?;
        self.change(&named, |record| {
            record.tags.extend(new.clone());
            check_count(&record.tags)
        })
        .await?;
        Ok(TagResourceOutput {})
    }

    pub async fn untag_resource(
        self: Arc<Self>,
        _: Arc<Call>,
        named: Allowed<Named>,
        input: UntagResourceInput,
    ) -> Result<UntagResourceOutput, Error> {
        if input.tag_keys.is_empty() {
            return Err(validation("Atleast one Tag Key needs to be provided as Input."));
        }
        self.change(&named, |record| {
            record.tags.retain(|key, _| !input.tag_keys.contains(key));
            Ok(())
        })
        .await?;
        Ok(UntagResourceOutput {})
    }

    /// All tags in one page: there are fifty at most.
    pub async fn list_tags_of_resource(
        self: Arc<Self>,
        _: Arc<Call>,
        named: Allowed<Named>,
        _: ListTagsOfResourceInput,
    ) -> Result<ListTagsOfResourceOutput, Error> {
        let tags = &named.described()?.record.tags;
        let tags =
            tags.iter().map(|(key, value)| Tag { key: key.clone().into(), value: value.clone().into() });
        Ok(ListTagsOfResourceOutput { tags: Some(tags.collect()), next_token: None })
    }

    /// Changes a table's row.
    pub(crate) async fn change(
        &self,
        named: &Named,
        change: impl Fn(&mut records::Table) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let table = named.changeable()?;
        self.transact(|tx| {
            let table = self.current(tx, table)?;
            let mut record = table.record.clone();
            change(&mut record)?;
            replicas::save(tx, (&table.place, &table.name), record)?;
            Ok::<_, Failure>(())
        })
        .await
    }
}

/// Tags as they are stored.
///
/// # Errors
/// `ValidationException` for what no tag may have in it, or in front of its key.
pub fn checked(given: &[Tag]) -> Result<BTreeMap<String, String>, Error> {
    let mut tags = BTreeMap::new();
    for tag in given {
        let (key, value) = (&*tag.key, &*tag.value);
        if key.starts_with("aws:") {
            return Err(wrong(format_args!("Tag keys beginning with aws: are reserved: {key}")));
        }
        if let Some(bad) = [key, value].into_iter().find(|text| !text.chars().all(is_allowed)) {
            return Err(wrong(format_args!(
                "Tags can have letters, white space, digits and the characters + - = . _ : / only: {bad}"
            )));
        }
        tags.insert(key.clone(), value.clone());
    }
    check_count(&tags)?;
    Ok(tags)
}

fn is_allowed(character: char) -> bool {
    character.is_alphanumeric() || character.is_whitespace() || "+-=._:/".contains(character)
}

fn check_count(tags: &BTreeMap<String, String>) -> Result<(), Error> {
    if tags.len() > TAGS_MAX {
        return Err(validation(format!("Too many tags: the limit is {TAGS_MAX}")));
    }
    Ok(())
}
