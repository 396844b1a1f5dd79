//! A message that is to be sent: checked, and not yet stored.

use std::collections::BTreeMap;

use kernel::{Call, PrincipalKind};
use model_sqs::Error;
use model_sqs::types::*;
use wire::{Req, Value as _, View};

use crate::error::{invalid, invalid_value, missing};
use crate::limits::DELAY_SECS;
use crate::message::body::{INVALID_CHARACTERS, has_valid_characters};
use crate::message::{attributes, digest, fifo_id};
use crate::records::{Attribute, Attributes, Message};

/// What a request says of a message.
pub struct Given {
    pub body: Req<String>,
    pub delay: Option<i32>,
    pub attributes: Option<BTreeMap<String, MessageAttributeValue>>,
    pub system_attributes: Option<BTreeMap<String, MessageSystemAttributeValue>>,
    pub dedup_id: Option<String>,
    pub group: Option<String>,
}

/// A message that may be sent.
pub struct Outgoing {
    pub body: String,
    pub body_md5: [u8; 16],
    pub attributes: Vec<(String, Attribute)>,
    pub trace_header: Option<Attribute>,
    /// Seconds; `None`: the queue's.
    pub delay_secs: Option<u32>,
    pub group: Option<String>,
    pub dedup_id: Option<String>,
}

/// Where the message stands in its request: alone, or in a batch at this number, counted from 1.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Alone,
    Entry(usize),
}

/// Whether a required member is there.
pub fn is_given<T: wire::Value>(member: &Req<T>) -> bool {
    !matches!(member.view(), View::Absent)
}

/// Refuses a message that the queue may not have.
pub fn check(given: Given, queue: &Attributes, standing: Standing) -> Result<Outgoing, Error> {
    let in_batch = standing != Standing::Alone;
    let body = given.body.into_inner();
    if body.is_empty() {
        return Err(match standing {
            Standing::Alone => missing("MessageBody"),
            Standing::Entry(n) => missing(format_args!("SendMessageBatchRequestEntry.{n}.MessageBody")),
        });
    }
    let max = queue.message_bytes_max;
    if body.len() + attributes::bytes_given(given.attributes.as_ref()) > max as usize {
        let what = if in_batch { "cannot be validated" } else { "are invalid" };
        let text =
            format!("One or more parameters {what}. Reason: Message must be shorter than {max} bytes.");
        return Err(invalid(text));
    }
    if !has_valid_characters(&body) {
        return Err(Error::invalid_message_contents(INVALID_CHARACTERS));
    }
    let attributes = attributes::user(given.attributes)?;
    let trace_header = attributes::system(given.system_attributes)?;
    if let Some(id) = &given.dedup_id {
        fifo_id::check(id, "MessageDeduplicationId", in_batch)?;
    }
    if let Some(id) = &given.group {
        fifo_id::check(id, "MessageGroupId", in_batch)?;
    }
    let delay_secs = check_delay(given.delay, queue.fifo.is_some())?;
    let dedup_id = match &queue.fifo {
        None if given.dedup_id.is_some() => {
            return Err(not_of_this_type(given.dedup_id.as_deref().unwrap_or_default(), in_batch));
        }
        None => None,
        Some(_) if given.group.is_none() => {
            return Err(if in_batch { group_missing_in_batch() } else { missing("MessageGroupId") });
        }
        Some(fifo) if fifo.content_dedup => given.dedup_id.or_else(|| Some(digest::content_id(&body))),
        Some(_) if given.dedup_id.is_none() => return Err(dedup_missing()),
        Some(_) => given.dedup_id,
    };
    let body_md5 = digest::body(&body);
    Ok(Outgoing { body, body_md5, attributes, trace_header, delay_secs, group: given.group, dedup_id })
}

/// The text of `MissingParameter` with another code, as recorded.
pub fn group_missing_in_batch() -> Error {
    invalid("The request must contain the parameter MessageGroupId.")
}

/// A FIFO queue without content-based deduplication needs an id.
pub fn dedup_missing() -> Error {
    invalid(
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    )
}

fn not_of_this_type(id: &str, in_batch: bool) -> Error {
    const REASON: &str = "The request include parameter that is not valid for this queue type";
    if in_batch {
        invalid(REASON)
    } else {
        invalid_value(id, "MessageDeduplicationId", &format!("{REASON}."))
    }
}

fn check_delay(delay: Option<i32>, fifo: bool) -> Result<Option<u32>, Error> {
    const NAME: &str = "DelaySeconds";
    let Some(delay) = delay else { return Ok(None) };
    let secs = u32::try_from(delay)
        .ok()
        .filter(|secs| *secs <= DELAY_SECS.max)
        .ok_or_else(|| invalid_value(delay, NAME, "DelaySeconds must be >= 0 and <= 900."))?;
    match (fifo, secs) {
        (false, secs) => Ok(Some(secs)),
        // It means the queue's own delay.
        (true, 0) => Ok(None),
        (true, _) => {
            let reason = "The request include parameter that is not valid for this queue type.";
            Err(invalid_value(delay, NAME, reason))
        }
    }
}

impl Outgoing {
    pub fn body_md5(&self) -> String {
        digest::hex(&self.body_md5)
    }

    /// Digest of the user attributes, where there are any.
    pub fn attributes_md5(&self) -> Option<String> {
        let sorted = self.attributes.iter().map(|(name, attribute)| (name.as_str(), attribute));
        (!self.attributes.is_empty()).then(|| digest::hex(&digest::attributes(sorted)))
    }

    /// Digest of the system attributes, where there are any.
    pub fn system_attributes_md5(&self) -> Option<String> {
        let header = self.trace_header.as_ref()?;
        Some(digest::hex(&digest::attributes([(attributes::TRACE_HEADER, header)])))
    }

    /// The message to be stored.
    pub fn message(&self, call: &Call, id: String, queue_delay_secs: u32) -> Message {
        let sent_ms = call.now.millis();
        let delay_secs = self.delay_secs.unwrap_or(queue_delay_secs);
        let trace_header = self.trace_header.as_ref().and_then(|header| match &header.value {
            crate::records::AttributeValue::Text(text) => Some(text.clone()),
            crate::records::AttributeValue::Binary(_) => None,
        });
        Message {
            id,
            body: self.body.clone(),
            body_md5: self.body_md5,
            attributes: self.attributes.clone(),
            trace_header,
            sender: sender(call),
            sent_ms,
            visible_ms: sent_ms + i64::from(delay_secs) * 1000,
            group: self.group.clone(),
            dedup_id: self.dedup_id.clone(),
            dead_letter_source: None,
            receives_before: 0,
            first_receive_ms: None,
        }
    }
}

/// `SenderId`: the unique id of a user or a session, the account of a root user.
fn sender(call: &Call) -> String {
    match call.principal.kind {
        PrincipalKind::Root => call.principal.account.clone(),
        _ => call.principal.user_id.clone(),
    }
}
