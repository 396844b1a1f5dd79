//! Notifications: what happens to objects, told to the queues that a bucket's configuration names.
//!
//! An event is put into the outbox by the transaction that makes it true, so that it is told if and only if it happened,
//! and told later by [`deliver`], at least once. Events of one key are told in order.

mod deliver;
mod message;

use aws_lc_rs::digest;
use bytes::Bytes;
use kernel::{Call, Timestamp};
use model_s3::types::{FilterRuleName, NotificationConfiguration, NotificationConfigurationFilter};
use outbox::{Delivery, PutError};
use serde::{Deserialize, Serialize};
use store::{Record as _, Tx};
use wire::Open;

use crate::bucket::{Bucket, kind};
use crate::error::{Failure, corrupt};
use crate::records::{Marker, Object, Version};
use crate::s3::S3;

pub use deliver::{run, send_test};

/// The kind of deliveries in the outbox.
const KIND: &str = "s3-event";

/// A message on its way to a queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Notice {
    /// The ARN of the queue.
    queue: String,
    bucket: String,
    bucket_owner: String,
    body: String,
}
store::record!(Notice, kind = 0x0a10);

/// What happened to an object.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// As configurations name it, without `s3:`, as in `ObjectCreated:Put`.
    name: &'static str,
    key: &'a str,
    size: Option<u64>,
    etag: Option<&'a str>,
    version: Option<&'a str>,
    /// Its place among the events of the key, where the event tells one.
    sequence: Option<u64>,
    /// The storage class that the object has moved to.
    class: Option<&'a str>,
    not_replicated: Option<&'a NotReplicated<'a>>,
}

/// A copy that was not made.
#[derive(Clone, Copy, Debug)]
pub struct NotReplicated<'a> {
    /// The id of the rule that asks for it.
    pub rule: &'a str,
    /// The bucket that was to have it.
    pub bucket: &'a str,
    /// `OBJECT_PUT` or `OBJECT_DELETE`.
    pub operation: &'static str,
    /// When it was asked for.
    pub ordered: Timestamp,
    pub reason: &'static str,
}

/// The ETag that events of delete markers show: that of nothing.
const ETAG_OF_NOTHING: &str = "d41d8cd98f00b204e9800998ecf8427e";

impl<'a> Event<'a> {
    /// An object was made, or brought back.
    pub fn of(name: &'static str, key: &'a str, object: &'a Object) -> Self {
        Self { size: Some(object.size), sequence: Some(object.sequence), ..Self::about(name, key, object) }
    }

    /// Something about an object was changed: its tags, its list, its storage class.
    pub fn about(name: &'static str, key: &'a str, object: &'a Object) -> Self {
        Self {
            name,
            key,
            size: None,
            etag: Some(&object.etag),
            version: object.version.as_deref(),
            sequence: None,
            class: None,
            not_replicated: None,
        }
    }

    /// An object has moved to another storage class, in which it is now.
    pub fn moved(key: &'a str, object: &'a Object) -> Self {
        Self { class: Some(&object.storage_class), ..Self::of("LifecycleTransition", key, object) }
    }

    /// A version, or an object without versions, was removed for good; `sequence` is its own.
    pub fn removed(name: &'static str, key: &'a str, version: Option<&'a str>, sequence: u64) -> Self {
        Self {
            name,
            key,
            size: None,
            etag: None,
            version,
            sequence: Some(sequence + 1),
            class: None,
            not_replicated: None,
        }
    }

    /// A delete marker was made.
    pub fn marked(name: &'static str, key: &'a str, marker: &'a Marker) -> Self {
        Self {
            name,
            key,
            size: None,
            etag: Some(ETAG_OF_NOTHING),
            version: marker.version.as_deref(),
            sequence: Some(marker.sequence),
            class: None,
            not_replicated: None,
        }
    }

    /// A version was not copied to another bucket.
    pub fn not_replicated(key: &'a str, version: &'a Version, why: &'a NotReplicated<'a>) -> Self {
        const NAME: &str = "Replication:OperationFailedReplication";
        let event = match version {
            Version::Object(object) => Self::of(NAME, key, object),
            Version::Marker(marker) => Self::marked(NAME, key, marker),
        };
        Self { not_replicated: Some(why), ..event }
    }
}

/// Tells everybody who wants to know, once this transaction has committed. Costs nothing where nobody does.
pub fn event(tx: &mut Tx, s3: &S3, bucket: &Bucket, call: &Call, event: &Event<'_>) -> Result<(), Failure> {
    let Some(configuration) = bucket.configuration::<NotificationConfiguration>(s3, kind::NOTIFICATION)?
    else {
        return Ok(());
    };
    for queue in configuration.queue_configurations.iter().flatten() {
        let named = queue.events.iter().any(|name| covers(name.as_str(), event.name));
        if !named || !passes(queue.filter.as_ref(), event.key) {
            continue;
        }
        let id = queue.id.as_deref().unwrap_or_default();
        let body = message::records(s3, bucket, call, id, event)?;
        put(tx, s3, bucket, event.key, &queue.queue_arn, body)?;
    }
    Ok(())
}

fn put(tx: &mut Tx, s3: &S3, bucket: &Bucket, key: &str, queue: &str, body: String) -> Result<(), Failure> {
    let notice = Notice {
        queue: queue.to_owned(),
        bucket: bucket.name.clone(),
        bucket_owner: bucket.owner().to_owned(),
        body,
    };
    // A key can be longer than an order may be; and queues that cannot be reached hold up only their own.
    let mut order = digest::Context::new(&digest::SHA256);
    for part in [&bucket.record.id[..], queue.as_bytes(), &[0], key.as_bytes()] {
        order.update(part);
    }
    let delivery = Delivery {
        account: bucket.place.account.clone(),
        region: bucket.place.region.clone(),
        kind: KIND,
        order: Some(Bytes::copy_from_slice(order.finish().as_ref())),
        due: None,
        payload: notice.encode(),
        name: None,
    };
    s3.outbox.put(tx, delivery).map_err(|error| match error {
        PutError::Store(error) => error.into(),
        other => corrupt(other).into(),
    })
}

/// Whether a configured name is this event's, or that of its group: `s3:ObjectCreated:*`.
fn covers(configured: &str, event: &str) -> bool {
    let Some(configured) = configured.strip_prefix("s3:") else { return false };
    match configured.strip_suffix('*') {
        Some(group) => event.starts_with(group),
        None => configured == event,
    }
}

fn passes(filter: Option<&NotificationConfigurationFilter>, key: &str) -> bool {
    let rules = filter.and_then(|filter| filter.key.as_ref()).and_then(|key| key.filter_rules.as_ref());
    rules.into_iter().flatten().all(|rule| {
        let value = rule.value.as_deref().unwrap_or_default();
        match &rule.name {
            Some(Open::Known(FilterRuleName::Prefix)) => key.starts_with(value),
            Some(Open::Known(FilterRuleName::Suffix)) => key.ends_with(value),
            // As it was written: names of rules are in any case.
            Some(Open::Unknown(name)) if name.eq_ignore_ascii_case("prefix") => key.starts_with(value),
            Some(Open::Unknown(name)) if name.eq_ignore_ascii_case("suffix") => key.ends_with(value),
            _ => false,
        }
    })
}

/// With milliseconds, whatever they are.
fn time(at: Timestamp) -> String {
    format!("{}Z", at.with_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_and_names() {
        assert!(covers("s3:ObjectCreated:*", "ObjectCreated:Put"));
        assert!(covers("s3:ObjectCreated:Put", "ObjectCreated:Put"));
        assert!(!covers("s3:ObjectCreated:Put", "ObjectCreated:Post"));
        assert!(!covers("s3:ObjectRemoved:*", "ObjectCreated:Put"));
        assert!(!covers("ObjectCreated:*", "ObjectCreated:Put"));
    }

    #[test]
    fn times_have_milliseconds() {
        assert_eq!(time(Timestamp::from_secs(0)), "1970-01-01T00:00:00.000Z");
    }
}
