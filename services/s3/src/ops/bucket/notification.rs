//! GetBucketNotificationConfiguration and PutBucketNotificationConfiguration.

use std::collections::HashSet;
use std::sync::Arc;

use kernel::{Arn, Call};
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;
use wire::{Detailed, Open};

use crate::bucket::{Bucket, kind};
use crate::checks;
use crate::error::{invalid_argument, malformed_xml, not_implemented};
use crate::limits::NOTIFICATIONS_MAX;
use crate::notify;
use crate::s3::S3;

/// What a configuration asks for, whatever its destination.
struct Asked<'a> {
    id: &'a str,
    events: Vec<&'a str>,
    prefix: &'a str,
    suffix: &'a str,
}

impl S3 {
    pub async fn get_bucket_notification_configuration(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        _: GetBucketNotificationConfigurationInput,
    ) -> Result<NotificationConfiguration, Error> {
        let found = bucket.configuration::<NotificationConfiguration>(&self, kind::NOTIFICATION)?;
        Ok(found.map(|found| (*found).clone()).unwrap_or_default())
    }

    /// Every destination gets a test event before its configuration counts.
    pub async fn put_bucket_notification_configuration(
        self: Arc<Self>,
        call: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        input: PutBucketNotificationConfigurationInput,
    ) -> Result<PutBucketNotificationConfigurationOutput, Error> {
        let mut configuration = input.notification_configuration.into_inner();
        check_arns(&configuration)?;
        for queue in configuration.queue_configurations.iter_mut().flatten() {
            queue.id.get_or_insert_with(|| self.ids.uuid());
        }
        check(&configuration)?;
        let queues = configuration.queue_configurations.as_deref().unwrap_or_default();
        if queues.is_empty() {
            self.delete_configuration(&bucket, kind::NOTIFICATION).await?;
            return Ok(PutBucketNotificationConfigurationOutput {});
        }
        if input.skip_destination_validation != Some(true) {
            self.check_destinations(&call, &bucket, queues).await?;
        }
        self.put_configuration(&bucket, kind::NOTIFICATION, &configuration).await?;
        Ok(PutBucketNotificationConfigurationOutput {})
    }

    async fn check_destinations(
        &self,
        call: &Call,
        bucket: &Bucket,
        queues: &[QueueConfiguration],
    ) -> Result<(), Error> {
        let mut refused = Vec::new();
        let mut asked = HashSet::new();
        for queue in queues.iter().filter(|queue| asked.insert(queue.queue_arn.as_str())) {
            if let Err(why) = notify::send_test(self, call, bucket, &queue.queue_arn).await? {
                refused.push((queue.queue_arn.clone(), why));
            }
        }
        let text = "Unable to validate the following destination configurations";
        let mut error = Detailed::new("InvalidArgument", 400, text);
        for ((arn, why), (name, value)) in refused.iter().zip(NUMBERED) {
            error = error.with(name, arn.as_str()).with(value, *why);
        }
        if refused.is_empty() { Ok(()) } else { Err(error.into()) }
    }
}

/// Names of the elements that say which destinations were refused; of more than these, the first are said.
const NUMBERED: [(&str, &str); 5] = [
    ("ArgumentName1", "ArgumentValue1"),
    ("ArgumentName2", "ArgumentValue2"),
    ("ArgumentName3", "ArgumentValue3"),
    ("ArgumentName4", "ArgumentValue4"),
    ("ArgumentName5", "ArgumentValue5"),
];

fn check_arns(configuration: &NotificationConfiguration) -> Result<(), Error> {
    let queues = configuration.queue_configurations.iter().flatten();
    let topics = configuration.topic_configurations.iter().flatten();
    let functions = configuration.lambda_function_configurations.iter().flatten();
    let arns = queues
        .map(|found| ("Queue", "sqs", found.queue_arn.as_str()))
        .chain(topics.map(|found| ("Topic", "sns", found.topic_arn.as_str())))
        .chain(functions.map(|found| ("CloudFunction", "lambda", found.lambda_function_arn.as_str())));
    for (name, service, text) in arns {
        let arn: Option<Arn> = text.parse().ok();
        if arn.is_none_or(|arn| arn.service() != service) {
            return Err(invalid_argument("The ARN could not be parsed", name, text).into());
        }
    }
    // Nothing is promised that nobody would deliver.
    if configuration.topic_configurations.iter().flatten().next().is_some() {
        return Err(not_implemented("TopicConfiguration").into());
    }
    if configuration.lambda_function_configurations.iter().flatten().next().is_some() {
        return Err(not_implemented("CloudFunctionConfiguration").into());
    }
    if configuration.event_bridge_configuration.is_some() {
        return Err(not_implemented("EventBridgeConfiguration").into());
    }
    Ok(())
}

fn check(configuration: &NotificationConfiguration) -> Result<(), Error> {
    let queues = configuration.queue_configurations.as_deref().unwrap_or_default();
    if queues.len() > NOTIFICATIONS_MAX {
        let text = "The number of event notification configurations exceeds the limit of 100";
        return Err(invalid_argument(text, "NotificationConfiguration", "").into());
    }
    let mut ids = HashSet::new();
    let mut all: Vec<Asked<'_>> = Vec::with_capacity(queues.len());
    for queue in queues {
        let asked = asked(queue)?;
        checks::id("Id", asked.id)?;
        if !ids.insert(asked.id) {
            let text = "Same ID used for multiple configurations. IDs must be unique";
            return Err(invalid_argument(text, "Id", asked.id).into());
        }
        if let Some(event) = all.iter().find_map(|other| overlap(&asked, other)) {
            let text = "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the \
                        prefixes are overlapping for the same event type.";
            return Err(invalid_argument(text, "Event", event).into());
        }
        all.push(asked);
    }
    Ok(())
}

fn asked(queue: &QueueConfiguration) -> Result<Asked<'_>, Error> {
    if queue.events.is_empty() {
        return Err(malformed_xml().into());
    }
    for event in queue.events.iter() {
        if event.known().is_none() {
            let text = "The event is not supported for notifications";
            return Err(invalid_argument(text, "Event", event.as_str()).into());
        }
    }
    let (mut prefix, mut suffix) = (None, None);
    if let Some(filter) = &queue.filter {
        let rules = filter.key.as_ref().and_then(|key| key.filter_rules.as_deref());
        for rule in rules.unwrap_or_default() {
            let (Some(name), Some(value)) = (&rule.name, &rule.value) else {
                return Err(malformed_xml().into());
            };
            let place = match name {
                Open::Known(FilterRuleName::Prefix) => &mut prefix,
                Open::Known(FilterRuleName::Suffix) => &mut suffix,
                // The service takes these names in any case.
                Open::Unknown(text) if text.eq_ignore_ascii_case("prefix") => &mut prefix,
                Open::Unknown(text) if text.eq_ignore_ascii_case("suffix") => &mut suffix,
                Open::Unknown(text) => {
                    let why = "filter rule name must be either prefix or suffix";
                    return Err(invalid_argument(why, "FilterRule.Name", text).into());
                }
            };
            if place.replace(value.as_str()).is_some() {
                let text = format!(
                    "Cannot specify more than one {} rule in a filter.",
                    name.as_str().to_ascii_lowercase()
                );
                return Err(invalid_argument(text, "FilterRule.Name", name.as_str()).into());
            }
        }
    }
    Ok(Asked {
        id: queue.id.as_deref().unwrap_or_default(),
        events: queue.events.iter().map(Open::as_str).collect(),
        prefix: prefix.unwrap_or_default(),
        suffix: suffix.unwrap_or_default(),
    })
}

/// An event that both configurations would tell of for some key.
fn overlap<'a>(one: &Asked<'a>, other: &Asked<'_>) -> Option<&'a str> {
    let begins = one.prefix.starts_with(other.prefix) || other.prefix.starts_with(one.prefix);
    let ends = one.suffix.ends_with(other.suffix) || other.suffix.ends_with(one.suffix);
    if !(begins && ends) {
        return None;
    }
    let covers = |wide: &str, narrow: &str| {
        wide == narrow || wide.strip_suffix('*').is_some_and(|start| narrow.starts_with(start))
    };
    one.events.iter().copied().find(|a| other.events.iter().any(|b| covers(a, b) || covers(b, a)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked_for<'a>(event: &'a str, prefix: &'a str, suffix: &'a str) -> Asked<'a> {
        Asked { id: "", events: vec![event], prefix, suffix }
    }

    #[test]
    fn overlaps() {
        let any = "s3:ObjectCreated:*";
        let put = "s3:ObjectCreated:Put";
        for (one, other, expected) in [
            (asked_for(any, "", ""), asked_for(put, "", ""), true),
            (asked_for(any, "a", ""), asked_for(put, "b", ""), false),
            (asked_for(any, "a", ".jpg"), asked_for(put, "a/b", ".png"), false),
            (asked_for(any, "a", ".jpg"), asked_for(put, "a/b", "jpg"), true),
            (asked_for(put, "", ""), asked_for("s3:ObjectRemoved:*", "", ""), false),
        ] {
            assert_eq!(overlap(&one, &other).is_some(), expected);
            assert_eq!(overlap(&other, &one).is_some(), expected);
        }
    }
}
