//! Which resource an operation touches.

use std::sync::Arc;

use kernel::{Arn, Call};
use model_sqs::Error;
use model_sqs::types::*;
use service::{Resource, Target};

use crate::error::{no_queue, of_store};
use crate::sqs::{Queue, Sqs};

/// Inputs that name a queue by its URL.
pub trait OnQueue {
    /// Whether a queue's policy can let other accounts do it (developer guide, "Limitations of Amazon SQS custom
    /// policies").
    const SHARED: bool;

    fn queue_url(&self) -> &str;

    /// The same with what this request says about tags.
    fn said(&self, target: Target) -> Target {
        target
    }
}

macro_rules! on_queue {
    ($shared:literal: $($input:ty),* $(,)?) => {
        $(impl OnQueue for $input {
            const SHARED: bool = $shared;
            fn queue_url(&self) -> &str {
                &self.queue_url
            }
        })*
    };
}

on_queue!(
    true:
    ChangeMessageVisibilityInput,
    ChangeMessageVisibilityBatchInput,
    DeleteMessageInput,
    DeleteMessageBatchInput,
    GetQueueAttributesInput,
    ListDeadLetterSourceQueuesInput,
    PurgeQueueInput,
    ReceiveMessageInput,
    SendMessageInput,
    SendMessageBatchInput,
);

on_queue!(
    false:
    AddPermissionInput,
    DeleteQueueInput,
    ListQueueTagsInput,
    RemovePermissionInput,
    SetQueueAttributesInput,
);

impl OnQueue for TagQueueInput {
    const SHARED: bool = false;

    fn queue_url(&self) -> &str {
        &self.queue_url
    }

    fn said(&self, target: Target) -> Target {
        target.with_request_tags(self.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())))
    }
}

impl OnQueue for UntagQueueInput {
    const SHARED: bool = false;

    fn queue_url(&self) -> &str {
        &self.queue_url
    }

    fn said(&self, target: Target) -> Target {
        target.with_tag_keys(self.tag_keys.iter().map(String::as_str))
    }
}

/// The queue that the input's URL names.
pub fn queue<I: OnQueue>(sqs: &Sqs, call: &Call, input: &I) -> Result<Resource<Arc<Queue>>, Error> {
    let named = parse_url(input.queue_url()).ok_or_else(no_queue)?;
    let owner = named.account.unwrap_or(&call.account);
    if owner != call.account && !I::SHARED {
        return Err(no_queue());
    }
    let queue = existing(sqs, call, owner, named.name)?;
    Ok(Resource::new(input.said(target(&queue)), queue))
}

/// The queue of this name in an account and the call's region.
fn existing(sqs: &Sqs, call: &Call, owner: &str, name: &str) -> Result<Arc<Queue>, Error> {
    sqs.find(owner, &call.region, name).map_err(of_store)?.ok_or_else(no_queue)
}

/// A queue as policies see it.
fn target(queue: &Queue) -> Target {
    let tags = queue.record.tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let target = Target::new(queue.arn.clone()).with_tags(tags);
    match &queue.policy {
        Some(policy) => target.with_policy(policy.clone()),
        None => target,
    }
}

/// A queue that need not exist yet.
pub fn new_queue(_: &Sqs, call: &Call, input: &CreateQueueInput) -> Result<Resource<()>, Error> {
    let tags = input.tags.iter().flatten().map(|(key, value)| (key.as_str(), value.as_str()));
    Ok(Resource::new(Target::new(call.arn(&input.queue_name)).with_request_tags(tags), ()))
}

/// A queue by its name.
pub fn named_queue(sqs: &Sqs, call: &Call, input: &GetQueueUrlInput) -> Result<Resource<Arc<Queue>>, Error> {
    if !crate::message::outgoing::is_given(&input.queue_name) {
        return Err(crate::name::unsaid());
    }
    let owner = input.queue_owner_aws_account_id.as_ref().unwrap_or(&call.account);
    let queue = existing(sqs, call, owner, &input.queue_name)?;
    Ok(Resource::new(target(&queue), queue))
}

/// All queues.
pub fn any_queue(_: &Sqs, call: &Call, _: &ListQueuesInput) -> Result<Resource<()>, Error> {
    Ok(Resource::new(call.arn("*"), ()))
}

/// The queue that a text names as an ARN of the caller's account and region, or else by what it says.
fn by_arn(call: &Call, text: &str) -> Resource<()> {
    Resource::new(text.parse::<Arn>().unwrap_or_else(|_| call.arn("*")), ())
}

/// The source of a new move task.
pub fn move_source(_: &Sqs, call: &Call, input: &StartMessageMoveTaskInput) -> Result<Resource<()>, Error> {
    Ok(by_arn(call, &input.source_arn))
}

/// The source of listed move tasks.
pub fn listed_source(_: &Sqs, call: &Call, input: &ListMessageMoveTasksInput) -> Result<Resource<()>, Error> {
    Ok(by_arn(call, &input.source_arn))
}

/// The source of a move task that is to end.
pub fn cancelled_source(
    _: &Sqs,
    call: &Call,
    input: &CancelMessageMoveTaskInput,
) -> Result<Resource<()>, Error> {
    let source =
        crate::ops::move_tasks::TaskHandle::decode(&input.task_handle).map(|handle| handle.source_arn);
    Ok(by_arn(call, &source.unwrap_or_default()))
}

struct Named<'a> {
    account: Option<&'a str>,
    name: &'a str,
}

/// Any URL whose path ends in account and name, such a path alone, or a name alone. Hosts are not looked at: they are
/// those by which the caller reaches us.
fn parse_url(url: &str) -> Option<Named<'_>> {
    if !url.contains('/') {
        return (!url.is_empty()).then_some(Named { account: None, name: url });
    }
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?.1,
        None => url,
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let (before, name) = path.trim_end_matches('/').rsplit_once('/')?;
    let account = before.rsplit('/').next().unwrap_or_default();
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    (is_account && !name.is_empty()).then_some(Named { account: Some(account), name })
}

/// The URL by which this caller reaches a queue of this account.
pub fn url(call: &Call, owner: &str, name: &str) -> String {
    format!("{}://{}/{owner}/{name}", call.endpoint.scheme, call.endpoint.authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> Option<(Option<&str>, &str)> {
        parse_url(url).map(|named| (named.account, named.name))
    }

    #[test]
    fn every_form_of_url() {
        let full = Some((Some("123456789012"), "q.fifo"));
        for url in [
            "http://localhost:4566/123456789012/q.fifo",
            "https://sqs.us-east-1.amazonaws.com/123456789012/q.fifo",
            "http://queue.localhost/123456789012/q.fifo/",
            "http://us-east-1.queue.localhost:4566/123456789012/q.fifo",
            "http://localhost/queue/us-east-1/123456789012/q.fifo?x=y",
            "/123456789012/q.fifo",
            "123456789012/q.fifo",
        ] {
            assert_eq!(parsed(url), full, "{url}");
        }
        assert_eq!(parsed("q"), Some((None, "q")));
        for url in ["", "/", "http://localhost", "http://localhost/q", "http://localhost/12/q", "//", "a/"] {
            assert_eq!(parsed(url), None, "{url}");
        }
    }
}
