//! Doing what is due. Everything is looked at again in the transaction that does it: between a walk and its end, an object
//! may have been written anew, tagged otherwise or locked.

use std::collections::BTreeMap;

use kernel::{Call, Timestamp};
use model_s3::types::{LifecycleRule, TransitionDefaultMinimumObjectSize};
use store::{KeyRange, RangeOptions, Record as _, Tx};

use super::rules::{
    Subject, abort_of, expiration_of, marker_expires, noncurrent_expires, noncurrent_transition_of,
    transition_of,
};
use crate::bucket::Bucket;
use crate::error::Failure;
use crate::keys::Inside;
use crate::limits::NEWER_VERSIONS_MAX;
use crate::notify::{self, Event};
use crate::object_lock::is_locked;
use crate::records::Version;
use crate::s3::S3;
use crate::{keys, uploads, versions};

/// Versions that are counted before one: no rule keeps more, and the newest of the history may be the current one.
const COUNTED_MAX: usize = NEWER_VERSIONS_MAX as usize + 1;

/// The rules of a bucket, and when they are followed.
pub struct Rules<'a> {
    pub rules: &'a [LifecycleRule],
    pub least: TransitionDefaultMinimumObjectSize,
    pub now: Timestamp,
}

/// Something that is due.
#[derive(Clone, Debug, PartialEq)]
pub enum Due {
    /// The current version expires.
    Expire { key: String },
    /// A version that is not the current one goes.
    Remove { key: String, version: String, sequence: u64 },
    /// A delete marker that nothing is left behind goes.
    RemoveMarker { key: String, version: String, sequence: u64 },
    /// A version moves to another storage class.
    Move { key: String, version: String, sequence: u64 },
    /// An upload ends.
    Abort { key: String, upload: String },
}

/// Does it, if it still is to be done. The transaction has found the bucket as it was when the rules were read.
pub fn do_it(tx: &mut Tx, s3: &S3, bucket: &Bucket, rules: &Rules<'_>, due: &Due) -> Result<(), Failure> {
    let inside = bucket.inside();
    match due {
        Due::Expire { key } => expire(tx, s3, bucket, rules, key),
        Due::Remove { key, version, sequence } => {
            let Some(found) = same(tx, inside, key, version, *sequence)? else { return Ok(()) };
            let Some(older) = older(tx, inside, key, *sequence)? else { return Ok(()) };
            let held = matches!(&found, Version::Object(object) if is_locked(object, rules.now, false));
            if held || !removes(rules, key, &found, older) {
                return Ok(());
            }
            remove(tx, s3, bucket, key, &found)
        }
        Due::RemoveMarker { key, version, sequence } => {
            let Some(Version::Marker(marker)) = same(tx, inside, key, version, *sequence)? else {
                return Ok(());
            };
            let history = KeyRange::prefix(inside.versions_of(key));
            let alone = tx.range(history, RangeOptions::limit(2))?.entries.len() == 1
                && versions::current(tx, inside, key)?.is_none();
            if !alone || !marker_expires(rules.rules, key, marker.modified_ms, rules.now) {
                return Ok(());
            }
            remove(tx, s3, bucket, key, &Version::Marker(marker))
        }
        Due::Move { key, version, sequence } => {
            let found = same(tx, inside, key, version, *sequence)?;
            let Some(Version::Object(mut object)) = found else { return Ok(()) };
            let subject = Subject::of(key, &object);
            let class = match older(tx, inside, key, *sequence)? {
                None => transition_of(rules.rules, rules.least, &subject, rules.now),
                Some(older) => noncurrent_transition_of(rules.rules, rules.least, &subject, older, rules.now),
            };
            let Some(class) = class else { return Ok(()) };
            object.storage_class = class.to_owned();
            notify::event(tx, s3, bucket, &call(s3, bucket), &Event::moved(key, &object))?;
            versions::replace(tx, inside, key, object)
        }
        Due::Abort { key, upload } => {
            let Some(found) = uploads::find(tx, inside, key, upload)? else { return Ok(()) };
            let still = abort_of(rules.rules, key, found.initiated_ms).is_some_and(|(at, _)| at <= rules.now);
            if still { uploads::abort(tx, inside, key, upload).map(drop) } else { Ok(()) }
        }
    }
}

/// Whether rules remove a version that is not the current one; `older` as [`older`] gives it.
pub fn removes(rules: &Rules<'_>, key: &str, version: &Version, older: (i64, u64)) -> bool {
    let none = BTreeMap::new();
    noncurrent_expires(rules.rules, &subject_of(key, version, &none), older, rules.now)
}

/// Whether rules move it.
pub fn moves(rules: &Rules<'_>, key: &str, version: &Version, older: (i64, u64)) -> bool {
    let none = BTreeMap::new();
    let subject = subject_of(key, version, &none);
    noncurrent_transition_of(rules.rules, rules.least, &subject, older, rules.now).is_some()
}

fn subject_of<'a>(key: &'a str, version: &'a Version, none: &'a BTreeMap<String, String>) -> Subject<'a> {
    match version {
        Version::Object(object) => Subject::of(key, object),
        Version::Marker(marker) => {
            Subject { key, size: 0, tags: none, modified_ms: marker.modified_ms, storage_class: "" }
        }
    }
}

/// The version with this id, if it is the one that was found: of the version `null` there is another one at times.
fn same(
    tx: &mut Tx,
    inside: Inside<'_>,
    key: &str,
    version: &str,
    sequence: u64,
) -> Result<Option<Version>, Failure> {
    let found = versions::find(tx, inside, key, version)?;
    Ok(found.filter(|found| found.sequence() == sequence))
}

/// Since when a version of the history is not the current one, in milliseconds, and how many such versions stand before
/// it, as far as rules count; none if it is the current one.
fn older(tx: &mut Tx, inside: Inside<'_>, key: &str, sequence: u64) -> Result<Option<(i64, u64)>, Failure> {
    let current = versions::current(tx, inside, key)?;
    if current.as_ref().is_some_and(|current| current.sequence == sequence) {
        return Ok(None);
    }
    let newer = KeyRange::prefix(inside.versions_of(key)).before(&inside.version(key, sequence));
    let page = tx.range(newer, RangeOptions::limit(COUNTED_MAX).reversed())?;
    let before = page.entries.first().map(|(_, bytes)| Version::decode(bytes)).transpose()?;
    let count = page.entries.len() as u64;
    Ok(match (before, current) {
        (Some(before), Some(_)) => Some((before.modified_ms(), count)),
        // The newest of the history is the current one: a delete marker.
        (Some(before), None) => Some((before.modified_ms(), count - 1)),
        (None, Some(current)) => Some((current.modified_ms, 0)),
        (None, None) => None,
    })
}

fn expire(tx: &mut Tx, s3: &S3, bucket: &Bucket, rules: &Rules<'_>, key: &str) -> Result<(), Failure> {
    let Some(object) = versions::current(tx, bucket.inside(), key)? else { return Ok(()) };
    let expires = expiration_of(rules.rules, &Subject::of(key, &object));
    if expires.is_none_or(|(at, _)| at > rules.now) {
        return Ok(());
    }
    let when = (&s3.ids, rules.now);
    let marker = versions::delete(tx, bucket.inside(), key, bucket.record.versioning, when, bucket.owner())?;
    let event = match &marker {
        Some(marker) => Event::marked("LifecycleExpiration:DeleteMarkerCreated", key, marker),
        None => Event::removed("LifecycleExpiration:Delete", key, None, object.sequence),
    };
    notify::event(tx, s3, bucket, &call(s3, bucket), &event)
}

fn remove(tx: &mut Tx, s3: &S3, bucket: &Bucket, key: &str, version: &Version) -> Result<(), Failure> {
    versions::delete_version(tx, bucket.inside(), key, version.id())?;
    let event = Event::removed("LifecycleExpiration:Delete", key, Some(version.id()), version.sequence());
    notify::event(tx, s3, bucket, &call(s3, bucket), &event)
}

/// The service's own call, for what events say of who did it.
fn call(s3: &S3, bucket: &Bucket) -> Call {
    let place = (bucket.owner(), bucket.place.region.as_str());
    Call {
        operation: "Lifecycle",
        source: Some(bucket.arn.clone()),
        ..Call::of_service(keys::SERVICE, place, s3.ids.uuid(), s3.clock.now())
    }
}

#[cfg(test)]
mod tests {
    use store::{Options, Store};

    use super::*;
    use crate::keys::Place;
    use crate::records::Marker;

    fn marker(sequence: u64) -> Version {
        // Delete markers have what is asked here, and nothing else.
        Version::Marker(Marker {
            sequence,
            version: Some(sequence.to_string()),
            modified_ms: sequence as i64 * 10,
            owner: String::new(),
        })
    }

    #[test]
    fn what_stands_before_a_version_says_since_when_it_is_old() {
        let store = Store::in_memory(Options::default());
        let place = Place { account: "123456789012".into(), region: "us-east-1".into() };
        let inside = place.inside(b"01234567");
        let mut tx = store.begin();
        for sequence in 1..=3 {
            tx.put(inside.version("k", sequence), marker(sequence).encode());
            tx.put(inside.version("j", sequence), marker(sequence).encode());
        }
        let mut of = |sequence| older(&mut tx, inside, "k", sequence).unwrap();
        assert_eq!(of(3), None, "it is the current one");
        assert_eq!(of(2), Some((30, 0)));
        assert_eq!(of(1), Some((20, 1)));
    }

    #[test]
    fn no_more_are_counted_than_a_rule_can_keep() {
        let store = Store::in_memory(Options::default());
        let place = Place { account: "123456789012".into(), region: "us-east-1".into() };
        let inside = place.inside(b"01234567");
        let mut tx = store.begin();
        for sequence in 1..=200 {
            tx.put(inside.version("k", sequence), marker(sequence).encode());
        }
        let (since_ms, newer) = older(&mut tx, inside, "k", 1).unwrap().unwrap();
        assert_eq!((since_ms, newer), (20, NEWER_VERSIONS_MAX as u64));
    }
}
