//! TagQueue, UntagQueue and ListQueueTags.

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::Call;
use model_sqs::Error;
use model_sqs::types::*;
use service::Allowed;
use store::Record as _;

use crate::error::{invalid, missing};
use crate::limits::{TAG_KEY_CHARS_MAX, TAG_VALUE_CHARS_MAX, TAGS_MAX};
use crate::message::outgoing::is_given;
use crate::records;
use crate::sqs::{Queue, Sqs};

impl Sqs {
    pub async fn tag_queue(
        self: Arc<Self>,
        _: Arc<Call>,
        queue: Allowed<Arc<Queue>>,
        input: TagQueueInput,
    ) -> Result<TagQueueOutput, Error> {
        if !is_given(&input.tags) || input.tags.is_empty() {
            return Err(missing("Tags"));
        }
        check(&input.tags, &queue.name)?;
        self.change_tags(&queue, |tags| {
            tags.extend(input.tags.iter().map(|(key, value)| (key.clone(), value.clone())));
            check(tags, &queue.name)
        })
        .await?;
        Ok(TagQueueOutput {})
    }

    pub async fn untag_queue(
        self: Arc<Self>,
        _: Arc<Call>,
        queue: Allowed<Arc<Queue>>,
        input: UntagQueueInput,
    ) -> Result<UntagQueueOutput, Error> {
        if !is_given(&input.tag_keys) {
            return Err(missing("TagKeys"));
        }
        if input.tag_keys.is_empty() {
            return Err(invalid(KEY_LENGTH));
        }
        self.change_tags(&queue, |tags| {
            tags.retain(|key, _| !input.tag_keys.contains(key));
            Ok(())
        })
        .await?;
        Ok(UntagQueueOutput {})
    }

    pub async fn list_queue_tags(
        self: Arc<Self>,
        _: Arc<Call>,
        queue: Allowed<Arc<Queue>>,
        _: ListQueueTagsInput,
    ) -> Result<ListQueueTagsOutput, Error> {
        let tags = queue.record.tags.clone();
        Ok(ListQueueTagsOutput { tags: (!tags.is_empty()).then_some(tags) })
    }

    async fn change_tags(
        &self,
        queue: &Queue,
        change: impl Fn(&mut BTreeMap<String, String>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.transact(|tx, _| {
            let queue = self.current(tx, queue)?;
            let mut tags = queue.record.tags.clone();
            change(&mut tags)?;
            let record = records::Queue { tags, ..queue.record.clone() };
            tx.put(queue.row.clone(), record.encode());
            Ok(())
        })
        .await
        .map(|_| ())
    }
}

const KEY_LENGTH: &str = "Tag keys must be between 1 and 128 characters in length.";

/// Refuses tags that a queue may not have.
pub fn check(tags: &BTreeMap<String, String>, queue: &str) -> Result<(), Error> {
    if tags.len() > TAGS_MAX {
        return Err(invalid(format!("Too many tags added for queue {queue}.")));
    }
    for (key, value) in tags {
        if !(1..=TAG_KEY_CHARS_MAX).contains(&key.chars().count()) {
            return Err(invalid(KEY_LENGTH));
        }
        if key.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:")) {
            return Err(invalid("Tag keys cannot start with the reserved prefix \"aws:\"."));
        }
        if value.chars().count() > TAG_VALUE_CHARS_MAX {
            return Err(invalid("Tag values must be between 0 and 256 characters in length."));
        }
        for (what, text) in [("keys", key), ("values", value)] {
            if !text.chars().all(is_allowed) {
                return Err(invalid(format!(
                    "Tag {what} may only contain unicode letters, digits, whitespace, or one of these symbols: \
                     _ . : / = + - @"
                )));
            }
        }
    }
    Ok(())
}

fn is_allowed(c: char) -> bool {
    c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c)
}
