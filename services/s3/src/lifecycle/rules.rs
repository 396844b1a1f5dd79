//! What the rules of a lifecycle say of one object, version or upload: pure functions. Times are days from what began
//! them, and then the next midnight (UTC), as the user guide has it ("Lifecycle configuration elements").

use std::collections::BTreeMap;

use kernel::Timestamp;
use model_s3::types::{
    ExpirationStatus, LifecycleRule, Tag, TransitionDefaultMinimumObjectSize, TransitionStorageClass,
};
use wire::Enum as _;

use crate::limits::DAY_MS;
use crate::records::Object;

/// Objects shorter than this do not move, where the configuration does not say otherwise.
const TRANSITION_BYTES_MIN: u64 = 128 * 1024;

/// Storage classes in the order in which objects move down them.
const WATERFALL: [&str; 8] = [
    "REDUCED_REDUNDANCY",
    "STANDARD",
    "STANDARD_IA",
    "INTELLIGENT_TIERING",
    "ONEZONE_IA",
    "GLACIER_IR",
    "GLACIER",
    "DEEP_ARCHIVE",
];

/// What rules are asked about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub key: &'a str,
    pub size: u64,
    pub tags: &'a BTreeMap<String, String>,
    pub modified_ms: i64,
    pub storage_class: &'a str,
}

impl<'a> Subject<'a> {
    /// An object.
    pub fn of(key: &'a str, object: &'a Object) -> Self {
        Self {
            key,
            size: object.size,
            tags: &object.tags,
            modified_ms: object.modified_ms,
            storage_class: &object.storage_class,
        }
    }
}

/// When the current version of an object expires, and the id of the rule: of several, the first to come.
pub fn expiration_of<'r>(rules: &'r [LifecycleRule], object: &Subject<'_>) -> Option<(Timestamp, &'r str)> {
    let due = |rule: &'r LifecycleRule| {
        let expiration = rule.expiration.as_ref().filter(|_| covers(rule, object))?;
        let at = match (expiration.date, expiration.days) {
            (Some(date), _) => date,
            (None, Some(days)) => midnight_after(object.modified_ms, days),
            (None, None) => return None,
        };
        Some((at, id(rule)))
    };
    rules.iter().filter_map(due).min_by_key(|(at, _)| *at)
}

/// The storage class that an object should be in by now, if it is not there.
pub fn transition_of(
    rules: &[LifecycleRule],
    least: TransitionDefaultMinimumObjectSize,
    object: &Subject<'_>,
    now: Timestamp,
) -> Option<&'static str> {
    let transitions = rules.iter().filter(|rule| covers(rule, object)).flat_map(|rule| {
        let all = rule.transitions.iter().flatten();
        all.map(move |transition| {
            let at = transition
                .date
                .or_else(|| transition.days.map(|days| midnight_after(object.modified_ms, days)));
            (rule, at, transition.storage_class.as_ref().and_then(wire::Open::known))
        })
    });
    lowest(transitions, least, object, now)
}

/// The same of a version that is not the current one any more since `since_ms`, with `newer` such versions before it.
pub fn noncurrent_transition_of(
    rules: &[LifecycleRule],
    least: TransitionDefaultMinimumObjectSize,
    object: &Subject<'_>,
    (since_ms, newer): (i64, u64),
    now: Timestamp,
) -> Option<&'static str> {
    let transitions = rules.iter().filter(|rule| covers(rule, object)).flat_map(|rule| {
        let all = rule.noncurrent_version_transitions.iter().flatten();
        all.filter(move |transition| newer >= kept(transition.newer_noncurrent_versions)).map(
            move |transition| {
                let at = transition.noncurrent_days.map(|days| midnight_after(since_ms, days));
                (rule, at, transition.storage_class.as_ref().and_then(wire::Open::known))
            },
        )
    });
    lowest(transitions, least, object, now)
}

/// Whether a version that is not the current one any more since `since_ms` expires, with `newer` such versions before it.
pub fn noncurrent_expires(
    rules: &[LifecycleRule],
    object: &Subject<'_>,
    (since_ms, newer): (i64, u64),
    now: Timestamp,
) -> bool {
    rules.iter().filter(|rule| covers(rule, object)).any(|rule| {
        let Some(expiration) = &rule.noncurrent_version_expiration else { return false };
        let due = expiration.noncurrent_days.is_none_or(|days| midnight_after(since_ms, days) <= now);
        due && newer >= kept(expiration.newer_noncurrent_versions)
    })
}

/// Whether a delete marker goes that is the only version of its key left.
pub fn marker_expires(rules: &[LifecycleRule], key: &str, modified_ms: i64, now: Timestamp) -> bool {
    rules.iter().filter(|rule| covers_key(rule, key)).any(|rule| {
        let Some(expiration) = &rule.expiration else { return false };
        expiration.expired_object_delete_marker == Some(true)
            // A rule that expires objects by their age cleans up behind itself.
            || expiration.days.is_some_and(|days| midnight_after(modified_ms, days) <= now)
    })
}

/// When an upload is aborted, and the id of the rule.
pub fn abort_of<'r>(
    rules: &'r [LifecycleRule],
    key: &str,
    initiated_ms: i64,
) -> Option<(Timestamp, &'r str)> {
    let due = |rule: &'r LifecycleRule| {
        let abort = rule.abort_incomplete_multipart_upload.as_ref().filter(|_| covers_key(rule, key))?;
        Some((midnight_after(initiated_ms, abort.days_after_initiation?), id(rule)))
    };
    rules.iter().filter_map(due).min_by_key(|(at, _)| *at)
}

/// Of the transitions that are due, the one furthest down, if it is below where the object is.
fn lowest<'r>(
    transitions: impl Iterator<Item = (&'r LifecycleRule, Option<Timestamp>, Option<TransitionStorageClass>)>,
    least: TransitionDefaultMinimumObjectSize,
    object: &Subject<'_>,
    now: Timestamp,
) -> Option<&'static str> {
    let place = |class: &str| WATERFALL.iter().position(|known| *known == class);
    let is_now = place(object.storage_class)?;
    transitions
        .filter(|(_, at, _)| at.is_some_and(|at| at <= now))
        .filter_map(|(rule, _, class)| Some((rule, class?)))
        .filter(|(rule, class)| says_size(rule) || is_long_enough(least, *class, object.size))
        .filter_map(|(_, class)| place(class.as_str()))
        .max()
        .filter(|to| *to > is_now)
        .map(|to| WATERFALL[to])
}

fn is_long_enough(
    least: TransitionDefaultMinimumObjectSize,
    class: TransitionStorageClass,
    size: u64,
) -> bool {
    let archive = matches!(class, TransitionStorageClass::Glacier | TransitionStorageClass::DeepArchive);
    let varies = least == TransitionDefaultMinimumObjectSize::VariesByStorageClass;
    size >= TRANSITION_BYTES_MIN || (varies && archive)
}

/// Whether a rule says itself which sizes it is for.
fn says_size(rule: &LifecycleRule) -> bool {
    rule.filter.as_ref().is_some_and(|filter| {
        let and = filter.and.as_ref();
        filter.object_size_greater_than.is_some()
            || filter.object_size_less_than.is_some()
            || and.is_some_and(|and| {
                and.object_size_greater_than.is_some() || and.object_size_less_than.is_some()
            })
    })
}

fn id(rule: &LifecycleRule) -> &str {
    rule.id.as_deref().unwrap_or_default()
}

fn kept(versions: Option<i32>) -> u64 {
    u64::try_from(versions.unwrap_or_default()).unwrap_or_default()
}

/// `days` after `from_ms`, at the midnight that is then or comes next.
fn midnight_after(from_ms: i64, days: i32) -> Timestamp {
    let exactly = from_ms.saturating_add(i64::from(days).saturating_mul(DAY_MS));
    let days = exactly.div_euclid(DAY_MS) + i64::from(exactly.rem_euclid(DAY_MS) != 0);
    Timestamp::from_millis(days.saturating_mul(DAY_MS))
}

fn is_on(rule: &LifecycleRule) -> bool {
    rule.status.known() == Some(ExpirationStatus::Enabled)
}

/// Whether a rule is for an object.
fn covers(rule: &LifecycleRule, object: &Subject<'_>) -> bool {
    if !covers_key(rule, object.key) {
        return false;
    }
    let Some(filter) = &rule.filter else { return true };
    let and = filter.and.as_ref();
    let has = |tag: &Tag| object.tags.get(tag.key.as_str()).is_some_and(|value| *value == *tag.value);
    let longer =
        |than: Option<i64>| than.is_none_or(|than| i64::try_from(object.size).unwrap_or(i64::MAX) > than);
    let shorter =
        |than: Option<i64>| than.is_none_or(|than| i64::try_from(object.size).unwrap_or(i64::MAX) < than);
    filter.tag.iter().all(has)
        && longer(filter.object_size_greater_than)
        && shorter(filter.object_size_less_than)
        && and.is_none_or(|and| {
            and.tags.iter().flatten().all(has)
                && longer(and.object_size_greater_than)
                && shorter(and.object_size_less_than)
        })
}

/// Whether a rule is in force, and for keys like this one; of tags and sizes, nothing is asked.
fn covers_key(rule: &LifecycleRule, key: &str) -> bool {
    is_on(rule) && prefix_of(rule).is_none_or(|prefix| key.starts_with(prefix))
}

/// What keys begin with that a rule is for.
fn prefix_of(rule: &LifecycleRule) -> Option<&str> {
    if let Some(prefix) = &rule.prefix {
        return Some(prefix);
    }
    let filter = rule.filter.as_ref()?;
    filter.prefix.as_deref().or_else(|| filter.and.as_ref()?.prefix.as_deref())
}

#[cfg(test)]
mod tests {
    use model_s3::types::{
        AbortIncompleteMultipartUpload, LifecycleExpiration, LifecycleRuleAndOperator, LifecycleRuleFilter,
        NoncurrentVersionExpiration, Transition,
    };

    use super::*;

    const LEAST: TransitionDefaultMinimumObjectSize =
        TransitionDefaultMinimumObjectSize::AllStorageClasses128k;

    fn rule(id: &str) -> LifecycleRule {
        LifecycleRule {
            id: Some(id.to_owned()),
            status: wire::Open::Known(ExpirationStatus::Enabled).into(),
            ..Default::default()
        }
    }

    fn expires(id: &str, days: i32, filter: LifecycleRuleFilter) -> LifecycleRule {
        LifecycleRule {
            expiration: Some(LifecycleExpiration { days: Some(days), ..Default::default() }),
            filter: Some(filter),
            ..rule(id)
        }
    }

    fn subject<'a>(key: &'a str, size: u64, tags: &'a BTreeMap<String, String>) -> Subject<'a> {
        // 2014-01-15T10:30:00Z
        Subject { key, size, tags, modified_ms: 1_389_781_800_000, storage_class: "STANDARD" }
    }

    fn text(expiration: Option<(Timestamp, &str)>) -> Option<(String, String)> {
        expiration.map(|(at, id)| (at.to_string(), id.to_owned()))
    }

    #[test]
    fn days_end_at_the_next_midnight() {
        let tags = BTreeMap::new();
        let rules = [expires("three", 3, Default::default()), expires("four", 4, Default::default())];
        let expected = Some(("2014-01-19T00:00:00Z".to_owned(), "three".to_owned()));
        assert_eq!(text(expiration_of(&rules, &subject("k", 1, &tags))), expected);
        assert_eq!(midnight_after(DAY_MS, 1).millis(), 2 * DAY_MS, "midnight itself is not moved");
        assert_eq!(midnight_after(1, 1).millis(), 2 * DAY_MS);
    }

    #[test]
    fn filters() {
        let tags = BTreeMap::from([("a".to_owned(), "1".to_owned())]);
        let matched = |filter: LifecycleRuleFilter, key: &str, size| {
            expiration_of(&[expires("r", 1, filter)], &subject(key, size, &tags)).is_some()
        };
        let tag = |value: &str| Tag { key: "a".into(), value: value.into() };
        let prefix = || LifecycleRuleFilter { prefix: Some("log/".into()), ..Default::default() };
        assert!(matched(prefix(), "log/x", 1) && !matched(prefix(), "x/log/", 1));
        let tagged = |value| LifecycleRuleFilter { tag: Some(tag(value)), ..Default::default() };
        assert!(matched(tagged("1"), "k", 1) && !matched(tagged("2"), "k", 1));
        let sized = || LifecycleRuleFilter {
            object_size_greater_than: Some(10),
            object_size_less_than: Some(20),
            ..Default::default()
        };
        assert!(matched(sized(), "k", 11) && !matched(sized(), "k", 10) && !matched(sized(), "k", 20));
        let and = |value| LifecycleRuleFilter {
            and: Some(LifecycleRuleAndOperator {
                prefix: Some("k".into()),
                tags: Some(vec![tag(value)]),
                object_size_greater_than: Some(10),
                ..Default::default()
            }),
            ..Default::default()
        };
        assert!(matched(and("1"), "k", 11) && !matched(and("2"), "k", 11) && !matched(and("1"), "k", 1));
        assert!(!matched(and("1"), "l", 11));
        let off = LifecycleRule {
            status: wire::Open::Known(ExpirationStatus::Disabled).into(),
            ..expires("r", 1, Default::default())
        };
        assert!(expiration_of(&[off], &subject("k", 1, &tags)).is_none());
    }

    #[test]
    fn objects_move_down_only() {
        let tags = BTreeMap::new();
        let to = |days, class: TransitionStorageClass| Transition {
            days: Some(days),
            storage_class: Some(class.into()),
            ..Default::default()
        };
        let rules = [LifecycleRule {
            transitions: Some(vec![
                to(30, TransitionStorageClass::StandardIa),
                to(60, TransitionStorageClass::Glacier),
            ]),
            ..rule("r")
        }];
        let long = subject("k", TRANSITION_BYTES_MIN, &tags);
        let after = |days: i64| Timestamp::from_millis(long.modified_ms + days * DAY_MS);
        assert_eq!(transition_of(&rules, LEAST, &long, after(29)), None);
        assert_eq!(transition_of(&rules, LEAST, &long, after(31)), Some("STANDARD_IA"));
        assert_eq!(transition_of(&rules, LEAST, &long, after(61)), Some("GLACIER"));
        let there = Subject { storage_class: "GLACIER", ..long };
        assert_eq!(transition_of(&rules, LEAST, &there, after(61)), None);
        let short = Subject { size: TRANSITION_BYTES_MIN - 1, ..long };
        assert_eq!(transition_of(&rules, LEAST, &short, after(61)), None);
        let varies = TransitionDefaultMinimumObjectSize::VariesByStorageClass;
        assert_eq!(transition_of(&rules, varies, &short, after(31)), None);
        assert_eq!(transition_of(&rules, varies, &short, after(61)), Some("GLACIER"));
    }

    #[test]
    fn older_versions_and_uploads() {
        let tags = BTreeMap::new();
        let rules = [LifecycleRule {
            noncurrent_version_expiration: Some(NoncurrentVersionExpiration {
                noncurrent_days: Some(5),
                newer_noncurrent_versions: Some(2),
            }),
            abort_incomplete_multipart_upload: Some(AbortIncompleteMultipartUpload {
                days_after_initiation: Some(7),
            }),
            ..rule("r")
        }];
        let object = subject("k", 1, &tags);
        let later = Timestamp::from_millis(object.modified_ms + 7 * DAY_MS);
        let expires = |newer, now| noncurrent_expires(&rules, &object, (object.modified_ms, newer), now);
        assert!(expires(2, later) && !expires(1, later));
        assert!(!expires(2, Timestamp::from_millis(object.modified_ms + 5 * DAY_MS)));
        let aborted = abort_of(&rules, "k", object.modified_ms);
        assert_eq!(text(aborted), Some(("2014-01-23T00:00:00Z".to_owned(), "r".to_owned())));
        assert!(!marker_expires(&rules, "k", 0, later));
    }
}
