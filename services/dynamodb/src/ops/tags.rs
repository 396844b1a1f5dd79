//! Tags of tables.

use std::sync::Arc;

use kernel::Call;
use model_dynamodb::Error;
use model_dynamodb::types::*;
use service::Allowed;
use store::Record as _;

use crate::dynamodb::DynamoDb;
use crate::error::{Failure, validation};
use crate::limits::TAGS_MAX;
use crate::records;
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
        self.change(&named, |record| {
            let new = input.tags.iter().map(|tag| ((*tag.key).clone(), (*tag.value).clone()));
            record.tags.extend(new);
            if record.tags.len() > TAGS_MAX {
                return Err(validation(format!("Too many tags: the limit is {TAGS_MAX}")));
            }
            Ok(())
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
        let table = named.described()?;
        self.transact(|tx| {
            let table = self.current(tx, table)?;
            let mut record = table.record.clone();
            change(&mut record)?;
            tx.put(table.row.clone(), record.encode());
            Ok::<_, Failure>(())
        })
        .await
    }
}
