//! What all batches have in common.

use std::collections::HashSet;

use model_sqs::Error;
use model_sqs::types::BatchResultErrorEntry;
use wire::Req;

use crate::error::{for_entry, missing};
use crate::limits::{BATCH_ENTRIES_MAX, BATCH_ID_CHARS_MAX};
use crate::message::outgoing::is_given;

/// Checks the number and the ids of a batch's entries. `kind` is the name of an entry in the texts.
pub fn check<'a, T: wire::Value + Default>(
    entries: &'a Req<Vec<T>>,
    kind: &str,
    id: impl Fn(&'a T) -> &'a Req<String>,
) -> Result<(), Error> {
    if !is_given(entries) {
        return Err(missing("Entries"));
    }
    if entries.is_empty() {
        return Err(Error::empty_batch_request(format!(
            "There should be at least one {kind} in the request."
        )));
    }
    if entries.len() > BATCH_ENTRIES_MAX {
        return Err(Error::too_many_entries_in_batch_request(format!(
            "Maximum number of entries per request are {BATCH_ENTRIES_MAX}. You have sent {}.",
            entries.len()
        )));
    }
    for (i, entry) in entries.iter().enumerate() {
        if !is_given(id(entry)) {
            return Err(missing(format_args!("{kind}.{}.Id", i + 1)));
        }
        if !is_valid_id(id(entry)) {
            return Err(Error::invalid_batch_entry_id(
                "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at \
                 most 80 letters long.",
            ));
        }
    }
    let mut seen = HashSet::new();
    match entries.iter().map(|entry| id(entry).as_str()).find(|id| !seen.insert(*id)) {
        Some(id) => Err(Error::batch_entry_ids_not_distinct(format!("Id {id} repeated."))),
        None => Ok(()),
    }
}

fn is_valid_id(id: &str) -> bool {
    (1..=BATCH_ID_CHARS_MAX).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// An entry's failure.
pub fn failed(id: &str, error: &Error) -> BatchResultErrorEntry {
    let (code, message) = for_entry(error);
    BatchResultErrorEntry {
        id: Some(id.to_owned()),
        sender_fault: Some(true),
        code: Some(code),
        message: Some(message),
    }
}

/// Lists are left out while they are empty.
pub fn unless_empty<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}
