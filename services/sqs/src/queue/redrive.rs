//! Dead-letter queues: the policies on both sides, and what becomes of a message that is moved.

use std::collections::BTreeMap;

use kernel::{Arn, Timestamp};
use model_sqs::Error;
use serde::Deserialize;

use crate::error::{bad_attribute_because, invalid_value};
use crate::limits::{MAX_RECEIVES, REDRIVE_SOURCES_MAX};
use crate::records::{Message, Received, Redrive, RedriveAllow};
use crate::sqs::Queue;

/// A value in a redrive policy; numbers come as texts too.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Int(i64),
    Text(String),
    Other(serde::de::IgnoredAny),
}

/// Refuses a redrive policy, quoting it.
fn refused(json: &str, reason: &str) -> Error {
    invalid_value(json, "RedrivePolicy", reason)
}

/// Reads a redrive policy as far as that is possible without looking at other queues.
pub fn parse(json: &str, own: &Arn) -> Result<Redrive, Error> {
    let map: BTreeMap<String, Scalar> = serde_json::from_str(json)
        .map_err(|_| bad_attribute_because("RedrivePolicy", "Redrive policy is not a valid JSON map."))?;
    let lacks =
        |name| refused(json, &format!("Redrive policy does not contain mandatory attribute: {name}."));
    let count = map.get("maxReceiveCount").ok_or_else(|| lacks("maxReceiveCount"))?;
    let target = map.get("deadLetterTargetArn").ok_or_else(|| lacks("deadLetterTargetArn"))?;
    let bad_count = |shown: &str| {
        let reason = format!(
            "Invalid value for maxReceiveCount: {shown}, valid values are from 1 to 1000 both inclusive."
        );
        refused(json, &reason)
    };
    let (count, shown) = match count {
        Scalar::Int(n) => (u32::try_from(*n).ok(), n.to_string()),
        Scalar::Text(text) => (text.parse().ok(), text.clone()),
        Scalar::Other(_) => (None, "null".to_owned()),
    };
    let range = MAX_RECEIVES.min..=MAX_RECEIVES.max;
    let max_receives = count.filter(|n| range.contains(n)).ok_or_else(|| bad_count(&shown))?;
    let not_arn = || refused(json, "Dead-letter target ARN should be fully qualified ARN.");
    let Scalar::Text(target) = target else { return Err(not_arn()) };
    let arn: Arn = target.parse().map_err(|_| not_arn())?;
    if map.len() > 2 {
        return Err(refused(
            json,
            "Only following attributes are supported: [maxReceiveCount, deadLetterTargetArn].",
        ));
    }
    if arn.service() != "sqs" {
        return Err(refused(json, "Only SQS queues are valid resources for deadLetterTargetArn."));
    }
    if arn.account() != own.account() {
        return Err(refused(json, "Dead-letter target owner should be same as the source."));
    }
    if arn.region() != own.region() {
        return Err(refused(json, "Dead-letter target should be in same region as the source."));
    }
    Ok(Redrive { target_arn: target.clone(), max_receives })
}

/// Whether `target` may be the dead-letter queue of the queue `own`.
pub fn check_target(
    json: &str,
    own: &Arn,
    own_fifo: bool,
    target: Option<&Queue>,
    target_arn: &str,
) -> Result<(), Error> {
    // A queue may name itself, even while it is being made.
    if target_arn == own.as_str() {
        return Ok(());
    }
    let other_type = target_arn.ends_with(".fifo") != own_fifo;
    if other_type {
        return Err(refused(json, "Dead-letter queue must be same type of queue as the source.."));
    }
    let target = target.ok_or_else(|| refused(json, "Dead letter target does not exist."))?;
    let allowed = match &target.record.attributes.redrive_allow {
        None | Some(RedriveAllow::All) => true,
        Some(RedriveAllow::None) => false,
        Some(RedriveAllow::Sources(sources)) => sources.iter().any(|source| source == own.as_str()),
    };
    if !allowed {
        return Err(refused(
            json,
            "Dead-letter queue's redrive allow policy doesn't permit this source queue.",
        ));
    }
    Ok(())
}

/// The name of the queue that a target's ARN names.
pub fn target_name(arn: &str) -> Option<&str> {
    arn.rsplit(':').next()
}

/// A redrive policy as it is shown.
pub fn shown(redrive: &Redrive) -> String {
    // Names of queues and accounts hold nothing that JSON escapes.
    let Redrive { target_arn, max_receives } = redrive;
    format!("{{\"deadLetterTargetArn\":\"{target_arn}\",\"maxReceiveCount\":{max_receives}}}")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AllowJson {
    #[serde(rename = "redrivePermission")]
    permission: Permission,
    #[serde(rename = "sourceQueueArns")]
    sources: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Permission {
    AllowAll,
    DenyAll,
    ByQueue,
}

/// Reads a redrive allow policy.
pub fn parse_allow(json: &str) -> Result<RedriveAllow, Error> {
    const NAME: &str = "RedriveAllowPolicy";
    let AllowJson { permission, sources } = serde_json::from_str(json).map_err(|_| {
        bad_attribute_because(
            NAME,
            "Amazon SQS can't create the redrive allow policy, as it\u{2019}s in an unsupported format.",
        )
    })?;
    let refused = |why: &str| {
        invalid_value(json, NAME, &format!("Amazon SQS can't create the redrive allow policy. {why}"))
    };
    match (permission, sources) {
        (Permission::ByQueue, Some(sources)) if sources.len() > REDRIVE_SOURCES_MAX => {
            Err(refused("The maximum number of source queue ARNs you can specify is 10."))
        }
        (Permission::ByQueue, Some(sources)) if !sources.is_empty() => Ok(RedriveAllow::Sources(sources)),
        (Permission::ByQueue, _) => Err(refused(
            "When you specify the byQueue permission type, you must also specify one or more sourceQueueArns values.",
        )),
        (_, Some(_)) => Err(refused(
            "To specify one or more source queue ARNs, you must set redrivePermission to byQueue.",
        )),
        (Permission::AllowAll, None) => Ok(RedriveAllow::All),
        (Permission::DenyAll, None) => Ok(RedriveAllow::None),
    }
}

/// A redrive allow policy as it is shown.
pub fn shown_allow(allow: &RedriveAllow) -> String {
    match allow {
        RedriveAllow::All => r#"{"redrivePermission":"allowAll"}"#.to_owned(),
        RedriveAllow::None => r#"{"redrivePermission":"denyAll"}"#.to_owned(),
        RedriveAllow::Sources(sources) => {
            let sources = serde_json::to_string(sources).unwrap_or_default();
            format!(r#"{{"redrivePermission":"byQueue","sourceQueueArns":{sources}}}"#)
        }
    }
}

/// A message on its way into a dead-letter queue.
pub struct DeadLetter {
    pub message: Message,
    pub enqueued_ms: i64,
}

/// What becomes of a message that was received too often. It keeps its identity, its counts and, on standard queues,
/// the time from which its retention counts.
pub fn dead_letter(
    message: Message,
    received: Option<&Received>,
    source: &Queue,
    target: &Queue,
    enqueued_ms: i64,
    now: Timestamp,
) -> DeadLetter {
    let fifo = target.record.is_fifo();
    let message = Message {
        visible_ms: now.millis(),
        dedup_id: if fifo { Some(message.id.clone()) } else { message.dedup_id },
        dead_letter_source: Some(source.arn.to_string()),
        receives_before: message
            .receives_before
            .saturating_add(received.map_or(0, |received| received.count)),
        first_receive_ms: message.first_receive_ms.or(received.map(|received| received.first_ms)),
        ..message
    };
    DeadLetter { message, enqueued_ms: if fifo { now.millis() } else { enqueued_ms } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_normalised() {
        let own = Arn::aws("sqs", "r", "1", "own");
        let redrive =
            parse(r#"{ "maxReceiveCount": "7", "deadLetterTargetArn": "arn:aws:sqs:r:1:dlq" }"#, &own)
                .unwrap();
        assert_eq!(shown(&redrive), r#"{"deadLetterTargetArn":"arn:aws:sqs:r:1:dlq","maxReceiveCount":7}"#);
        assert_eq!(target_name(&redrive.target_arn), Some("dlq"));
        let allow = parse_allow(r#"{"sourceQueueArns": ["a"], "redrivePermission": "byQueue"}"#).unwrap();
        assert_eq!(shown_allow(&allow), r#"{"redrivePermission":"byQueue","sourceQueueArns":["a"]}"#);
        for json in [r#"{"redrivePermission":"allowAll"}"#, r#"{"redrivePermission":"denyAll"}"#] {
            assert_eq!(shown_allow(&parse_allow(json).unwrap()), json);
        }
    }
}
