//! Following the rules, once a day: at midnight (UTC), which is when everything that rules speak of is due. What a run
//! leaves undone, because the program ended, is done by the one that follows its next start: it finds the same due.

use std::sync::Arc;
use std::time::Duration;

use kernel::Timestamp;
use model_s3::Error;
use model_s3::types::{BucketLifecycleConfiguration, LifecycleRule, TransitionDefaultMinimumObjectSize};
use service::places;
use store::{KeyRange, RangeOptions, Record as _};
use wire::Enum as _;

use super::due::{Due, Rules, do_it};
use super::walk::{HistoryWalk, Walk};
use crate::bucket::{Bucket, kind};
use crate::keys::{Place, SERVICE, text_after};
use crate::limits::DAY_MS;
use crate::records;
use crate::s3::S3;

/// What one transaction does at most. Removing an object frees one row or two; one in thousands of parts may fill a
/// transaction by itself, and then each is tried alone.
const BATCH: usize = 50;
/// Buckets that are looked at from one snapshot.
const BUCKETS: usize = 100;
/// Times that a walk is begun, where the bucket changes under it: it changes when somebody configures it.
const ATTEMPTS: usize = 10;
/// After an error of the store: it says in its log what is wrong.
const REST: Duration = Duration::from_secs(60);

/// Follows rules for ever.
pub async fn run(s3: Arc<S3>) {
    loop {
        let now = s3.clock.now();
        let next = match run_once(&s3, now).await {
            Ok(()) => next_midnight(now),
            Err(error) => {
                tracing::error!(%error, "the rules of lifecycles cannot be followed");
                now.plus(REST)
            }
        };
        s3.clock.sleep_until(next).await;
    }
}

fn next_midnight(now: Timestamp) -> Timestamp {
    Timestamp::from_millis((now.millis().div_euclid(DAY_MS) + 1) * DAY_MS)
}

async fn run_once(s3: &S3, now: Timestamp) -> Result<(), store::Error> {
    for (account, region) in places(&s3.store, SERVICE)? {
        let place = Place { account, region };
        let mut range = KeyRange::prefix(place.buckets());
        loop {
            let page = s3.store.snapshot().range(range.clone(), RangeOptions::limit(BUCKETS))?;
            for (row, value) in &page.entries {
                // What is wrong with one bucket does not keep the rules of the others from being followed.
                if let Err(error) = of_row(s3, &place, row, value, now).await {
                    tracing::error!(?place, ?row, ?error, "the rules of a bucket cannot be followed");
                }
            }
            match page.entries.last() {
                Some((last, _)) if page.more => range = range.after(last),
                _ => break,
            }
        }
    }
    Ok(())
}

async fn of_row(s3: &S3, place: &Place, row: &[u8], value: &[u8], now: Timestamp) -> Result<(), Error> {
    if !records::Bucket::decode(value).map_err(store::Error::from)?.has(kind::LIFECYCLE) {
        return Ok(());
    }
    let name = text_after(row, &place.buckets()).map_err(store::Error::from)?;
    for _ in 0..ATTEMPTS {
        if in_bucket(s3, &name, now).await? == Walked::ToTheEnd {
            return Ok(());
        }
    }
    tracing::warn!(bucket = name, "a bucket changes all the time: its rules are followed by the next run");
    Ok(())
}

/// How a walk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Walked {
    /// Nothing is left to do.
    ToTheEnd,
    /// The bucket has changed, and with it perhaps its rules or whether it keeps versions.
    IntoAChange,
}

async fn in_bucket(s3: &S3, name: &str, now: Timestamp) -> Result<Walked, Error> {
    let Some(bucket) = s3.find_bucket(name)? else { return Ok(Walked::ToTheEnd) };
    let found = bucket.configuration::<BucketLifecycleConfiguration>(s3, kind::LIFECYCLE)?;
    let Some(found) = found else { return Ok(Walked::ToTheEnd) };
    let least = bucket.document(s3, kind::TRANSITION_SIZE, "")?;
    let least = least.as_deref().and_then(TransitionDefaultMinimumObjectSize::parse);
    let least = least.unwrap_or(TransitionDefaultMinimumObjectSize::AllStorageClasses128k);
    let rules = Rules { rules: &found.rules, least, now };
    let inside = bucket.inside();

    // Older versions first, so that what becomes one by this run is not counted at once.
    if any(&rules, of_history) {
        let mut walk = HistoryWalk::new(inside);
        loop {
            let due = walk.next(&s3.store.snapshot(), inside, &rules)?;
            let Some(due) = due else { break };
            if do_all(s3, &bucket, &rules, &due).await == Walked::IntoAChange {
                return Ok(Walked::IntoAChange);
            }
        }
    }
    if any(&rules, of_objects) {
        let mut walk = Walk::new(&inside.objects());
        loop {
            let due = walk.objects(&s3.store.snapshot(), inside, &rules)?;
            let Some(due) = due else { break };
            if do_all(s3, &bucket, &rules, &due).await == Walked::IntoAChange {
                return Ok(Walked::IntoAChange);
            }
        }
    }
    if any(&rules, |rule| rule.abort_incomplete_multipart_upload.is_some()) {
        let mut walk = Walk::new(&inside.uploads());
        loop {
            let due = walk.uploads(&s3.store.snapshot(), inside, &rules)?;
            let Some(due) = due else { break };
            if do_all(s3, &bucket, &rules, &due).await == Walked::IntoAChange {
                return Ok(Walked::IntoAChange);
            }
        }
    }
    Ok(Walked::ToTheEnd)
}

fn any(rules: &Rules<'_>, says: impl Fn(&LifecycleRule) -> bool) -> bool {
    rules.rules.iter().any(says)
}

fn of_history(rule: &LifecycleRule) -> bool {
    rule.noncurrent_version_expiration.is_some()
        || rule.noncurrent_version_transitions.is_some()
        || rule.expiration.is_some()
}

fn of_objects(rule: &LifecycleRule) -> bool {
    rule.expiration.is_some() || rule.transitions.is_some()
}

/// Does what a page has found, in a few transactions. What cannot be done is logged, and found again by the next run.
async fn do_all(s3: &S3, bucket: &Bucket, rules: &Rules<'_>, due: &[Due]) -> Walked {
    // From the end: of a key's versions the oldest goes first, while the one that followed it still says since when it
    // is not the current one.
    for batch in due.rchunks(BATCH) {
        match do_batch(s3, bucket, rules, batch).await {
            Ok(Walked::ToTheEnd) => continue,
            Ok(Walked::IntoAChange) => return Walked::IntoAChange,
            Err(_) => {}
        }
        for one in batch.rchunks(1) {
            match do_batch(s3, bucket, rules, one).await {
                Ok(Walked::ToTheEnd) => {}
                Ok(Walked::IntoAChange) => return Walked::IntoAChange,
                Err(error) => tracing::error!(
                    bucket = bucket.name,
                    ?one,
                    ?error,
                    "a rule of a lifecycle cannot be followed"
                ),
            }
        }
    }
    // A long walk lets others run.
    tokio::task::yield_now().await;
    Walked::ToTheEnd
}

/// Nothing is done by rules that the bucket does not have any more, nor by what it once said of versions.
async fn do_batch(s3: &S3, bucket: &Bucket, rules: &Rules<'_>, batch: &[Due]) -> Result<Walked, Error> {
    s3.transact(|tx| {
        if !S3::hold_unchanged(tx, bucket)? {
            return Ok(Walked::IntoAChange);
        }
        batch.iter().rev().try_for_each(|due| do_it(tx, s3, bucket, rules, due))?;
        Ok(Walked::ToTheEnd)
    })
    .await
}
