//! Whether rules of a lifecycle are such as the service takes.

use std::collections::HashSet;

use kernel::Timestamp;
use model_s3::types::*;
use wire::{Detailed, Enum as _, Open};

use crate::checks;
use crate::error::{invalid_argument, invalid_request, malformed_xml};
use crate::limits::{DAY_MS, LIFECYCLE_RULES_MAX, NEWER_VERSIONS_MAX};

/// Days that objects stay before they may move to a class for infrequent access.
const INFREQUENT_DAYS_MIN: i32 = 30;

/// Classes in the order in which objects may move down them.
const WATERFALL: &[TransitionStorageClass] = &[
    TransitionStorageClass::StandardIa,
    TransitionStorageClass::IntelligentTiering,
    TransitionStorageClass::OnezoneIa,
    TransitionStorageClass::GlacierIr,
    TransitionStorageClass::Glacier,
    TransitionStorageClass::DeepArchive,
];

/// Refuses what the service refuses.
///
/// # Errors
/// `MalformedXML`, `InvalidArgument` and `InvalidRequest`.
pub fn check(rules: &[LifecycleRule]) -> Result<(), Detailed> {
    if rules.is_empty() || rules.len() > LIFECYCLE_RULES_MAX {
        return Err(malformed_xml());
    }
    let mut ids = HashSet::new();
    for rule in rules {
        if let Some(id) = rule.id.as_deref().filter(|id| !id.is_empty()) {
            checks::id("ID", id)?;
            if !ids.insert(id) {
                let text = "Rule ID must be unique. Found same ID for more than one rule";
                return Err(invalid_argument(text, "ID", id));
            }
        }
        check_rule(rule)?;
    }
    check_overlaps(rules)
}

fn check_rule(rule: &LifecycleRule) -> Result<(), Detailed> {
    if rule.status.known().is_none() {
        return Err(malformed_xml());
    }
    let has_tags = match (&rule.prefix, &rule.filter) {
        // Either way to say which objects are meant, and not both.
        (Some(_), None) => false,
        (None, Some(filter)) => check_filter(filter)?,
        _ => return Err(malformed_xml()),
    };
    let actions = rule.expiration.is_some()
        || rule.noncurrent_version_expiration.is_some()
        || rule.abort_incomplete_multipart_upload.is_some()
        || !rule.transitions.as_deref().unwrap_or_default().is_empty()
        || !rule.noncurrent_version_transitions.as_deref().unwrap_or_default().is_empty();
    if !actions {
        return Err(invalid_request("At least one action needs to be specified in a rule"));
    }
    if let Some(expiration) = &rule.expiration {
        check_expiration(expiration, has_tags)?;
    }
    check_transitions(rule)?;
    check_noncurrent(rule)?;
    if let Some(abort) = &rule.abort_incomplete_multipart_upload {
        let name = "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action";
        positive(abort.days_after_initiation.ok_or_else(malformed_xml)?, name)?;
        if has_tags {
            return Err(invalid_request("AbortIncompleteMultipartUpload cannot be specified with Tags."));
        }
    }
    Ok(())
}

/// Says whether the filter asks for tags.
fn check_filter(filter: &LifecycleRuleFilter) -> Result<bool, Detailed> {
    let parts = [
        filter.prefix.is_some(),
        filter.tag.is_some(),
        filter.object_size_greater_than.is_some(),
        filter.object_size_less_than.is_some(),
        filter.and.is_some(),
    ];
    if parts.iter().filter(|there| **there).count() > 1 {
        return Err(malformed_xml());
    }
    check_size(filter.object_size_greater_than, filter.object_size_less_than)?;
    let Some(and) = &filter.and else { return Ok(filter.tag.is_some()) };
    check_size(and.object_size_greater_than, and.object_size_less_than)?;
    let tags = and.tags.as_deref().unwrap_or_default();
    let mut keys = HashSet::new();
    if !tags.iter().all(|tag| keys.insert(tag.key.as_str())) {
        return Err(invalid_request("Duplicate Tag Keys are not allowed."));
    }
    Ok(!tags.is_empty())
}

fn check_size(greater: Option<i64>, less: Option<i64>) -> Result<(), Detailed> {
    if greater.is_some_and(|size| size < 0) {
        return Err(invalid_request("'ObjectSizeGreaterThan' should be a non-negative integer."));
    }
    if less.is_some_and(|size| size < 1) {
        return Err(invalid_request("'ObjectSizeLessThan' should be a positive integer."));
    }
    match (greater, less) {
        (Some(greater), Some(less)) if greater >= less => Err(invalid_request(
            "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.",
        )),
        _ => Ok(()),
    }
}

fn check_expiration(expiration: &LifecycleExpiration, has_tags: bool) -> Result<(), Detailed> {
    let marker = expiration.expired_object_delete_marker;
    let parts = [expiration.days.is_some(), expiration.date.is_some(), marker.is_some()];
    if parts.iter().filter(|there| **there).count() != 1 {
        return Err(malformed_xml());
    }
    if marker.is_some() && has_tags {
        return Err(invalid_request("ExpiredObjectDeleteMarker cannot be specified with Tags."));
    }
    if let Some(days) = expiration.days {
        positive(days, "'Days' for Expiration action")?;
    }
    expiration.date.map_or(Ok(()), at_midnight)
}

fn check_transitions(rule: &LifecycleRule) -> Result<(), Detailed> {
    let transitions = rule.transitions.as_deref().unwrap_or_default();
    let which = described(rule);
    let mut classes = HashSet::new();
    let mut steps = Vec::with_capacity(transitions.len().min(WATERFALL.len()));
    for transition in transitions {
        let class = transition.storage_class.as_ref().and_then(Open::known).ok_or_else(malformed_xml)?;
        if !classes.insert(class.as_str()) {
            return Err(invalid_request(format!(
                "'StorageClass' must be different for 'Transition' actions in same 'Rule' with {which}"
            )));
        }
        match (transition.days, transition.date) {
            (Some(days), None) => {
                check_days(days, class, "Transition")?;
                steps.push((rank(class), i64::from(days)));
            }
            (None, Some(date)) => {
                at_midnight(date)?;
                steps.push((rank(class), date.millis()));
            }
            _ => return Err(malformed_xml()),
        }
    }
    let by_date = transitions.iter().any(|step| step.date.is_some());
    let by_days = transitions.iter().any(|step| step.days.is_some());
    let expires = rule.expiration.as_ref();
    let expires_by_date = expires.is_some_and(|end| end.date.is_some());
    let expires_by_days = expires.is_some_and(|end| end.days.is_some());
    if by_date && (by_days || expires_by_days) || by_days && expires_by_date {
        return Err(invalid_request(format!(
            "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for {which}"
        )));
    }
    let unit = if by_date { "Date" } else { "Days" };
    steps.sort_unstable();
    if steps.windows(2).any(|pair| pair[1].1 <= pair[0].1) {
        return Err(invalid_argument(
            format!(
                "'{unit}' in the Transition actions for {which} must increase from class to colder class"
            ),
            unit,
            "",
        ));
    }
    let end = expires.and_then(|end| end.days.map(i64::from).or_else(|| end.date.map(Timestamp::millis)));
    match (end, steps.iter().map(|(_, when)| *when).max()) {
        (Some(end), Some(last)) if end <= last => Err(invalid_argument(
            format!(
                "'{unit}' in the Expiration action for {which} must be greater than '{unit}' in the Transition action"
            ),
            unit,
            "",
        )),
        _ => Ok(()),
    }
}

fn check_noncurrent(rule: &LifecycleRule) -> Result<(), Detailed> {
    let mut classes = HashSet::new();
    let mut last = None;
    for transition in rule.noncurrent_version_transitions.as_deref().unwrap_or_default() {
        let class = transition.storage_class.as_ref().and_then(Open::known).ok_or_else(malformed_xml)?;
        if !classes.insert(class.as_str()) {
            return Err(invalid_request(format!(
                "'StorageClass' must be different for 'NoncurrentVersionTransition' actions in same 'Rule' with {}",
                described(rule)
            )));
        }
        let days = transition.noncurrent_days.ok_or_else(malformed_xml)?;
        check_days(days, class, "NoncurrentVersionTransition")?;
        newer_versions(transition.newer_noncurrent_versions, rule)?;
        last = last.max(Some(days));
    }
    let Some(expiration) = &rule.noncurrent_version_expiration else { return Ok(()) };
    newer_versions(expiration.newer_noncurrent_versions, rule)?;
    let days = expiration.noncurrent_days.ok_or_else(malformed_xml)?;
    positive(days, "'NoncurrentDays' for NoncurrentVersionExpiration action")?;
    if last.is_some_and(|last| days <= last) {
        let text = format!(
            "'NoncurrentDays' in the NoncurrentVersionExpiration action for {} must be greater than 'NoncurrentDays' in \
             the NoncurrentVersionTransition action",
            described(rule)
        );
        return Err(invalid_argument(text, "NoncurrentDays", &days.to_string()));
    }
    Ok(())
}

fn newer_versions(number: Option<i32>, rule: &LifecycleRule) -> Result<(), Detailed> {
    let Some(number) = number else { return Ok(()) };
    if !(1..=NEWER_VERSIONS_MAX).contains(&number) {
        let text = format!("'NewerNoncurrentVersions' must be between 1 and {NEWER_VERSIONS_MAX}");
        return Err(invalid_argument(text, "NewerNoncurrentVersions", &number.to_string()));
    }
    // The older form of rules does not know it.
    if rule.filter.is_none() { Err(malformed_xml()) } else { Ok(()) }
}

fn check_days(days: i32, class: TransitionStorageClass, action: &str) -> Result<(), Detailed> {
    let name = if action == "Transition" { "Days" } else { "NoncurrentDays" };
    if days < 0 {
        let text = format!("'{name}' in {action} action must be nonnegative");
        return Err(invalid_argument(text, name, &days.to_string()));
    }
    let infrequent = matches!(class, TransitionStorageClass::StandardIa | TransitionStorageClass::OnezoneIa);
    if infrequent && days < INFREQUENT_DAYS_MIN {
        let text = format!(
            "'{name}' in {action} action must be greater than or equal to {INFREQUENT_DAYS_MIN} for storageClass '{}'",
            class.as_str()
        );
        return Err(invalid_argument(text, name, &days.to_string()));
    }
    Ok(())
}

/// Two rules for the same objects may not do the same.
fn check_overlaps(rules: &[LifecycleRule]) -> Result<(), Detailed> {
    let mut seen = HashSet::new();
    for rule in rules {
        let Some(prefix) = only_prefix(rule) else { continue };
        let mut actions = Vec::new();
        if rule.expiration.as_ref().is_some_and(|end| end.expired_object_delete_marker.is_none()) {
            actions.push("Expiration".to_owned());
        }
        for step in rule.transitions.iter().flatten() {
            let class = step.storage_class.as_ref().map(Open::as_str).unwrap_or_default();
            actions.push(format!("Transition to {class}"));
        }
        for action in actions {
            if !seen.insert((prefix, action.clone())) {
                let text =
                    format!("Found two rules with same prefix '{prefix}' for same action type '{action}'");
                return Err(invalid_request(text));
            }
        }
    }
    Ok(())
}

/// The prefix of a rule that asks for nothing else.
fn only_prefix(rule: &LifecycleRule) -> Option<&str> {
    match (&rule.prefix, &rule.filter) {
        (Some(prefix), _) => Some(prefix),
        (None, Some(LifecycleRuleFilter { prefix: Some(prefix), .. })) => Some(prefix),
        _ => None,
    }
}

fn described(rule: &LifecycleRule) -> String {
    match only_prefix(rule) {
        Some(prefix) if rule.filter.is_none() => format!("prefix '{prefix}'"),
        Some(prefix) => format!("filter '(prefix={prefix})'"),
        None => "filter '()'".to_owned(),
    }
}

fn positive(number: i32, what: &str) -> Result<(), Detailed> {
    if number > 0 {
        return Ok(());
    }
    let name = what.split('\'').nth(1).unwrap_or_default();
    Err(invalid_argument(format!("{what} must be a positive integer"), name, &number.to_string()))
}

fn at_midnight(date: Timestamp) -> Result<(), Detailed> {
    if date.millis().rem_euclid(DAY_MS) == 0 {
        return Ok(());
    }
    Err(invalid_argument("'Date' must be at midnight GMT", "Date", &date.to_string()))
}

fn rank(class: TransitionStorageClass) -> usize {
    WATERFALL.iter().position(|found| *found == class).unwrap_or(WATERFALL.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule() -> LifecycleRule {
        LifecycleRule {
            filter: Some(LifecycleRuleFilter { prefix: Some("a/".into()), ..Default::default() }),
            status: Open::Known(ExpirationStatus::Enabled).into(),
            expiration: Some(days(60)),
            ..Default::default()
        }
    }

    fn days(days: i32) -> LifecycleExpiration {
        LifecycleExpiration { days: Some(days), ..Default::default() }
    }

    fn to(class: TransitionStorageClass, days: i32) -> Transition {
        Transition { days: Some(days), date: None, storage_class: Some(Open::Known(class)) }
    }

    fn refused(rules: &[LifecycleRule], code: &str, text: &str) {
        let error = check(rules).expect_err(text);
        assert_eq!((&*error.code, error.message.contains(text)), (code, true), "{}", error.message);
    }

    #[test]
    fn ids_and_counts() {
        assert_eq!(check(&[rule()]), Ok(()));
        refused(&[], "MalformedXML", "");
        let named = |id: &str, prefix: &str| LifecycleRule {
            id: Some(id.into()),
            filter: Some(LifecycleRuleFilter { prefix: Some(prefix.into()), ..Default::default() }),
            ..rule()
        };
        refused(&[named("x", "a"), named("x", "b")], "InvalidArgument", "must be unique");
        refused(&[named(&"x".repeat(256), "a")], "InvalidArgument", "ID length");
        refused(&[named("x", "a"), named("y", "a")], "InvalidRequest", "same prefix 'a'");
        assert_eq!(check(&[named("x", "a"), named("y", "b")]), Ok(()));
        refused(&vec![rule(); LIFECYCLE_RULES_MAX + 1], "MalformedXML", "");
    }

    #[test]
    fn filters_and_actions() {
        refused(&[LifecycleRule { prefix: Some("b".into()), ..rule() }], "MalformedXML", "");
        refused(&[LifecycleRule { filter: None, ..rule() }], "MalformedXML", "");
        refused(&[LifecycleRule { expiration: None, ..rule() }], "InvalidRequest", "At least one action");
        let tag = || Tag { key: "k".into(), value: "v".into() };
        let both = LifecycleRuleFilter { prefix: Some("a".into()), tag: Some(tag()), ..Default::default() };
        refused(&[LifecycleRule { filter: Some(both), ..rule() }], "MalformedXML", "");
        let and = |and: LifecycleRuleAndOperator| LifecycleRule {
            filter: Some(LifecycleRuleFilter { and: Some(and), ..Default::default() }),
            ..rule()
        };
        let twice = LifecycleRuleAndOperator { tags: Some(vec![tag(), tag()]), ..Default::default() };
        refused(&[and(twice)], "InvalidRequest", "Duplicate Tag Keys");
        let sizes = LifecycleRuleAndOperator {
            object_size_greater_than: Some(10),
            object_size_less_than: Some(10),
            ..Default::default()
        };
        refused(&[and(sizes)], "InvalidRequest", "ObjectSizeLessThan");
        let tagged = LifecycleRuleFilter { tag: Some(tag()), ..Default::default() };
        let abort = AbortIncompleteMultipartUpload { days_after_initiation: Some(1) };
        let rule =
            LifecycleRule { filter: Some(tagged), abort_incomplete_multipart_upload: Some(abort), ..rule() };
        refused(&[rule], "InvalidRequest", "cannot be specified with Tags");
    }

    #[test]
    fn expirations() {
        let with = |expiration| [LifecycleRule { expiration: Some(expiration), ..rule() }];
        refused(&with(days(0)), "InvalidArgument", "'Days' for Expiration action must be a positive integer");
        refused(&with(LifecycleExpiration::default()), "MalformedXML", "");
        let both = LifecycleExpiration { expired_object_delete_marker: Some(true), ..days(1) };
        refused(&with(both), "MalformedXML", "");
        let date =
            |secs| LifecycleExpiration { date: Some(Timestamp::from_secs(secs)), ..Default::default() };
        refused(&with(date(3_600)), "InvalidArgument", "'Date' must be at midnight GMT");
        assert_eq!(check(&with(date(86_400))), Ok(()));
        let none = NoncurrentVersionExpiration::default();
        let rule = LifecycleRule { noncurrent_version_expiration: Some(none), ..rule() };
        refused(&[rule], "MalformedXML", "");
    }

    #[test]
    fn transitions_go_down_in_time() {
        use TransitionStorageClass::{Glacier, StandardIa};
        let with = |steps: &[Transition]| [LifecycleRule { transitions: Some(steps.to_vec()), ..rule() }];
        assert_eq!(check(&with(&[to(Glacier, 50), to(StandardIa, 30)])), Ok(()));
        assert_eq!(check(&with(&[to(Glacier, 0)])), Ok(()));
        refused(&with(&[to(StandardIa, 29)]), "InvalidArgument", "greater than or equal to 30");
        refused(&with(&[to(Glacier, -1)]), "InvalidArgument", "nonnegative");
        refused(&with(&[to(Glacier, 30), to(StandardIa, 50)]), "InvalidArgument", "must increase");
        refused(&with(&[to(Glacier, 30), to(Glacier, 50)]), "InvalidRequest", "must be different");
        refused(&with(&[to(Glacier, 60)]), "InvalidArgument", "must be greater than");
        let dated = Transition { days: None, date: Some(Timestamp::from_secs(0)), ..to(Glacier, 0) };
        refused(&with(&[dated]), "InvalidRequest", "Found mixed");
    }
}
