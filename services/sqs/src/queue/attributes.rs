//! The attributes of a queue: their names, what they may be, and how they are shown.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Arn;
use model_sqs::Error;

use crate::error::{bad_attribute, bad_attribute_because, unknown_attribute};
use crate::limits::*;
use crate::queue::{policy, redrive};
use crate::records::{Attributes, FifoAttributes, Queue};

/// Texts by name, as requests and answers have them.
pub type Texts = BTreeMap<String, String>;

/// Attributes that can be asked for and not set.
const READ_ONLY: [&str; 6] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
];

/// Attributes that can be set.
const SETTABLE: [&str; 15] = [
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "DelaySeconds",
    "FifoQueue",
    "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "Policy",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
];

/// Whether attributes are given to a queue that is being made, or to one that is there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    Create,
    Set,
}

/// A queue's attributes where nothing is said.
pub fn defaults(fifo: bool) -> Attributes {
    Attributes {
        delay_secs: DELAY_SECS.default,
        message_bytes_max: MESSAGE_BYTES.default,
        retention_secs: RETENTION_SECS.default,
        wait_secs: WAIT_SECS.default,
        visibility_secs: VISIBILITY_SECS.default,
        policy: None,
        redrive: None,
        redrive_allow: None,
        kms_key: None,
        kms_reuse_secs: None,
        managed_sse: true,
        fifo: fifo.then_some(FifoAttributes {
            content_dedup: false,
            dedup_by_group: false,
            limit_by_group: false,
        }),
    }
}

/// Whether a queue is to be FIFO.
pub fn wants_fifo(given: &Texts) -> Result<bool, Error> {
    match given.get("FifoQueue").map(|text| (boolean(text), text)) {
        None => Ok(false),
        Some((Some(true), _)) => Ok(true),
        Some((Some(false), _)) => Err(unknown_attribute("FifoQueue")),
        Some((None, _)) => Err(bad_attribute("FifoQueue")),
    }
}

/// Checks what is given and puts it over what is there. What needs a look at other queues is left to the caller.
pub fn apply(current: Attributes, given: &Texts, setting: Setting, own: &Arn) -> Result<Attributes, Error> {
    let mut next = current;
    for (name, value) in given {
        set(&mut next, name, value, setting, own)?;
    }
    set_encryption(&mut next, given)?;
    if let Some(fifo) = &next.fifo
        && fifo.limit_by_group
        && !fifo.dedup_by_group
    {
        return Err(bad_attribute_because(
            "FifoThroughputLimit",
            "To set FifoThroughputLimit to perMessageGroupId, the DeduplicationScope must be messageGroup.",
        ));
    }
    Ok(next)
}

fn set(next: &mut Attributes, name: &str, value: &str, setting: Setting, own: &Arn) -> Result<(), Error> {
    let given = (!value.is_empty()).then_some(value);
    match name {
        "DelaySeconds" => next.delay_secs = integer(name, value, DELAY_SECS)?,
        "MaximumMessageSize" => next.message_bytes_max = integer(name, value, MESSAGE_BYTES)?,
        "MessageRetentionPeriod" => next.retention_secs = integer(name, value, RETENTION_SECS)?,
        "ReceiveMessageWaitTimeSeconds" => next.wait_secs = integer(name, value, WAIT_SECS)?,
        "VisibilityTimeout" => next.visibility_secs = integer(name, value, VISIBILITY_SECS)?,
        "Policy" => {
            let setter = match setting {
                Setting::Create => policy::Setter::Create,
                Setting::Set => policy::Setter::Set,
            };
            given.map_or(Ok(()), |text| policy::check(text, setter))?;
            next.policy = given.map(str::to_owned);
        }
        "RedrivePolicy" => next.redrive = given.map(|json| redrive::parse(json, own)).transpose()?,
        "RedriveAllowPolicy" => next.redrive_allow = given.map(redrive::parse_allow).transpose()?,
        "KmsMasterKeyId" | "KmsDataKeyReusePeriodSeconds" | "SqsManagedSseEnabled" => {}
        "FifoQueue" => match (&next.fifo, boolean(value)) {
            (None, _) => return Err(unknown_attribute(name)),
            (Some(_), Some(true)) => {}
            (Some(_), Some(false)) => {
                return Err(bad_attribute_because(name, "Modifying queue type is not supported."));
            }
            (Some(_), None) => return Err(bad_attribute(name)),
        },
        "ContentBasedDeduplication" => {
            let fifo = next.fifo.as_mut().ok_or_else(|| unknown_attribute(name))?;
            fifo.content_dedup = boolean(value).ok_or_else(|| bad_attribute(name))?;
        }
        "DeduplicationScope" => {
            let fifo = fifo_only(next, name)?;
            fifo.dedup_by_group = one_of(name, value, "queue", "messageGroup")?;
        }
        "FifoThroughputLimit" => {
            let fifo = fifo_only(next, name)?;
            fifo.limit_by_group = one_of(name, value, "perQueue", "perMessageGroupId")?;
        }
        _ => return Err(unknown_attribute(name)),
    }
    Ok(())
}

/// There is one kind of encryption at a time, so these attributes change each other.
fn set_encryption(next: &mut Attributes, given: &Texts) -> Result<(), Error> {
    let managed = given
        .get("SqsManagedSseEnabled")
        .map(|text| boolean(text).ok_or_else(|| bad_attribute("SqsManagedSseEnabled")))
        .transpose()?;
    let key = given.get("KmsMasterKeyId");
    if managed == Some(true) && key.is_some_and(|key| !key.is_empty()) {
        return Err(Error::invalid_attribute_name(
            "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS \
             SSE.",
        ));
    }
    if let Some(text) = given.get("KmsDataKeyReusePeriodSeconds") {
        next.kms_reuse_secs = Some(integer("KmsDataKeyReusePeriodSeconds", text, KMS_REUSE_SECS)?);
    }
    if let Some(managed) = managed {
        next.managed_sse = managed;
        if managed {
            (next.kms_key, next.kms_reuse_secs) = (None, None);
        }
    }
    match key.map(String::as_str) {
        Some("") => (next.kms_key, next.kms_reuse_secs) = (None, None),
        Some(key) => (next.kms_key, next.managed_sse) = (Some(key.to_owned()), false),
        None => {}
    }
    Ok(())
}

fn fifo_only<'a>(next: &'a mut Attributes, name: &str) -> Result<&'a mut FifoAttributes, Error> {
    next.fifo.as_mut().ok_or_else(|| {
        Error::invalid_attribute_name(format!(
            "You can specify the {name} only when FifoQueue is set to true."
        ))
    })
}

/// Decimal digits and nothing else, in its range.
fn integer(name: &str, text: &str, span: Span) -> Result<u32, Error> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let value = if digits { text.parse().ok() } else { None };
    value.filter(|value| (span.min..=span.max).contains(value)).ok_or_else(|| bad_attribute(name))
}

/// Capitals are taken as well.
fn boolean(text: &str) -> Option<bool> {
    match () {
        () if text.eq_ignore_ascii_case("true") => Some(true),
        () if text.eq_ignore_ascii_case("false") => Some(false),
        () => None,
    }
}

fn one_of(name: &str, text: &str, no: &str, yes: &str) -> Result<bool, Error> {
    match text {
        text if text == no => Ok(false),
        text if text == yes => Ok(true),
        _ => Err(bad_attribute(name)),
    }
}

/// The names asked for; `None`: one of them is not a name.
pub fn wanted<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<BTreeSet<&'a str>, Error> {
    let mut wanted = BTreeSet::new();
    for name in names {
        match name {
            "All" => wanted.extend(READ_ONLY.into_iter().chain(SETTABLE)),
            name if READ_ONLY.contains(&name) || SETTABLE.contains(&name) => {
                wanted.insert(name);
            }
            name => return Err(unknown_attribute(name)),
        }
    }
    Ok(wanted)
}

/// The settable attributes as they are shown; unset ones are not there.
pub fn shown(attributes: &Attributes) -> Texts {
    let mut texts = Texts::new();
    let mut put = |name: &str, value: String| {
        texts.insert(name.to_owned(), value);
    };
    put("DelaySeconds", attributes.delay_secs.to_string());
    put("MaximumMessageSize", attributes.message_bytes_max.to_string());
    put("MessageRetentionPeriod", attributes.retention_secs.to_string());
    put("ReceiveMessageWaitTimeSeconds", attributes.wait_secs.to_string());
    put("VisibilityTimeout", attributes.visibility_secs.to_string());
    put("SqsManagedSseEnabled", attributes.managed_sse.to_string());
    if let Some(policy) = &attributes.policy {
        put("Policy", policy.clone());
    }
    if let Some(redrive) = &attributes.redrive {
        put("RedrivePolicy", redrive::shown(redrive));
    }
    if let Some(allow) = &attributes.redrive_allow {
        put("RedriveAllowPolicy", redrive::shown_allow(allow));
    }
    if let Some(key) = &attributes.kms_key {
        put("KmsMasterKeyId", key.clone());
    }
    if let Some(secs) = attributes.kms_reuse_secs {
        put("KmsDataKeyReusePeriodSeconds", secs.to_string());
    }
    if let Some(fifo) = &attributes.fifo {
        put("FifoQueue", true.to_string());
        put("ContentBasedDeduplication", fifo.content_dedup.to_string());
        put("DeduplicationScope", if fifo.dedup_by_group { "messageGroup" } else { "queue" }.to_owned());
        put(
            "FifoThroughputLimit",
            if fifo.limit_by_group { "perMessageGroupId" } else { "perQueue" }.to_owned(),
        );
    }
    texts
}

/// The first attribute that is given and differs from what a queue has.
pub fn first_difference(queue: &Queue, given: &Texts, wanted: &Attributes) -> Option<String> {
    let (is, wanted) = (shown(&queue.attributes), shown(wanted));
    let same = |name: &str| match (is.get(name), wanted.get(name)) {
        (Some(a), Some(b)) if name == "Policy" => policy::same(a, b),
        (a, b) => a == b,
    };
    given.keys().find(|name| !same(name)).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(fifo: bool, given: &[(&str, &str)], setting: Setting) -> Result<Attributes, Error> {
        let given = given.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        apply(defaults(fifo), &given, setting, &Arn::aws("sqs", "r", "1", "own"))
    }

    #[test]
    fn integers_are_plain_and_in_range() {
        for value in ["", " 6", "6 ", "544.43", "-45", "true", "43201", "+1", "99999999999999999999"] {
            assert!(applied(false, &[("VisibilityTimeout", value)], Setting::Set).is_err(), "{value}");
        }
        assert_eq!(
            applied(false, &[("VisibilityTimeout", "43200")], Setting::Set).unwrap().visibility_secs,
            43_200
        );
    }

    #[test]
    fn one_kind_of_encryption() {
        let kms =
            applied(false, &[("KmsMasterKeyId", "k"), ("KmsDataKeyReusePeriodSeconds", "60")], Setting::Set)
                .unwrap();
        assert_eq!((kms.managed_sse, kms.kms_reuse_secs), (false, Some(60)));
        let off = [("KmsMasterKeyId", ""), ("KmsDataKeyReusePeriodSeconds", "300")];
        let given = off.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let cleared = apply(kms, &given, Setting::Set, &Arn::aws("sqs", "r", "1", "own")).unwrap();
        assert_eq!((cleared.kms_key, cleared.kms_reuse_secs, cleared.managed_sse), (None, None, false));
        assert!(
            applied(false, &[("KmsMasterKeyId", "k"), ("SqsManagedSseEnabled", "true")], Setting::Set)
                .is_err()
        );
        assert!(
            applied(false, &[("KmsMasterKeyId", ""), ("SqsManagedSseEnabled", "True")], Setting::Set).is_ok()
        );
    }

    #[test]
    fn only_what_is_given_is_compared() {
        let queue = Queue {
            id: 1,
            epoch: 0,
            created_ms: 0,
            modified_ms: 0,
            purged_ms: None,
            attributes: defaults(false),
            tags: BTreeMap::new(),
        };
        let given: Texts = [("DelaySeconds".to_string(), "0".to_string())].into();
        assert_eq!(first_difference(&queue, &given, &defaults(false)), None);
        let other = Attributes { delay_secs: 5, ..defaults(false) };
        assert_eq!(first_difference(&queue, &given, &other).as_deref(), Some("DelaySeconds"));
    }
}
