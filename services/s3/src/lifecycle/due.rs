//! Doing what is due. Everything is looked at again in the transaction that does it: between a walk and its end, an object
//! may have been written anew, tagged otherwise or locked.

use kernel::{Call, Endpoint, Principal, Timestamp};
use model_s3::types::{LifecycleRule, TransitionDefaultMinimumObjectSize};
use store::{KeyRange, RangeOptions, Tx};

use super::rules::{Subject, abort_of, expiration_of};
use crate::bucket::Bucket;
use crate::error::Failure;
use crate::notify::{self, Event};
use crate::object_lock::is_locked;
use crate::records::Version;
use crate::s3::S3;
use crate::{uploads, versions};

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
    Move { key: String, version: String, sequence: u64, class: &'static str },
    /// An upload ends.
    Abort { key: String, upload: String },
}

/// Does it, if it still is to be done.
pub fn do_it(tx: &mut Tx, s3: &S3, bucket: &Bucket, rules: &Rules<'_>, due: &Due) -> Result<(), Failure> {
    match due {
        Due::Expire { key } => expire(tx, s3, bucket, rules, key),
        Due::Remove { key, version, sequence } => {
            remove(tx, s3, bucket, rules.now, (key, version, *sequence))
        }
        Due::RemoveMarker { key, version, sequence } => {
            let inside = bucket.inside();
            let history = KeyRange::prefix(inside.versions_of(key));
            let alone = tx.range(history, RangeOptions::limit(2))?.entries.len() == 1
                && versions::current(tx, inside, key)?.is_none();
            if alone { remove(tx, s3, bucket, rules.now, (key, version, *sequence)) } else { Ok(()) }
        }
        Due::Move { key, version, sequence, class } => {
            let found = versions::find(tx, bucket.inside(), key, version)?;
            let Some(Version::Object(mut object)) = found.filter(|found| found.sequence() == *sequence)
            else {
                return Ok(());
            };
            object.storage_class = (*class).to_owned();
            notify::event(tx, s3, bucket, &call(s3, bucket), &Event::moved(key, &object))?;
            versions::replace(tx, bucket.inside(), key, object)
        }
        Due::Abort { key, upload } => {
            let Some(found) = uploads::find(tx, bucket.inside(), key, upload)? else { return Ok(()) };
            let still = abort_of(rules.rules, key, found.initiated_ms).is_some_and(|(at, _)| at <= rules.now);
            if still { uploads::abort(tx, bucket.inside(), key, upload) } else { Ok(()) }
        }
    }
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

fn remove(
    tx: &mut Tx,
    s3: &S3,
    bucket: &Bucket,
    now: Timestamp,
    (key, version, sequence): (&str, &str, u64),
) -> Result<(), Failure> {
    let found = versions::find(tx, bucket.inside(), key, version)?;
    match found {
        Some(found) if found.sequence() == sequence => {
            if matches!(&found, Version::Object(object) if is_locked(object, now, false)) {
                return Ok(());
            }
        }
        _ => return Ok(()),
    }
    versions::delete_version(tx, bucket.inside(), key, version)?;
    let event = Event::removed("LifecycleExpiration:Delete", key, Some(version), sequence);
    notify::event(tx, s3, bucket, &call(s3, bucket), &event)
}

/// The service's own call, for what events say of who did it.
fn call(s3: &S3, bucket: &Bucket) -> Call {
    Call {
        request_id: s3.ids.uuid(),
        service: "s3",
        operation: "Lifecycle",
        account: bucket.owner().to_owned(),
        region: bucket.place.region.clone(),
        now: s3.clock.now(),
        principal: Principal::service("s3", bucket.owner()),
        endpoint: Endpoint { scheme: "http", authority: String::new() },
        source_ip: None,
        user_agent: None,
        referer: None,
        called_via: Vec::new(),
        source: Some(bucket.arn.clone()),
    }
}
