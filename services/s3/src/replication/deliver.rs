//! Making copies, one task after the other.

use std::sync::Arc;
use std::time::Duration;

use kernel::Call;
use outbox::{Delivered, EffectError, Outcome, Policy};
use store::{Record as _, Tx};

use super::KIND;
use super::failure::{Reason, Trouble};
use super::replica::{Replica, prepare};
use super::role::Copier;
use super::task::{Task, What};
use crate::bucket::Bucket;
use crate::error::Failure;
use crate::notify::{self, Event, NotReplicated};
use crate::records::{Object, Replication, Version};
use crate::s3::S3;
use crate::versions;

/// Copies made at once: each may write a file.
const CONCURRENCY: usize = 8;
/// For the files of one version: at 20 MiB a second, an hour is 70 GiB.
const TIME_LIMIT: Duration = Duration::from_secs(3_600);
/// Then a copy is given up, which its source has to be told before the outbox loses its own patience, after a day.
const AGE_MAX: Duration = Duration::from_secs(16 * 3_600);

/// Copies for ever.
pub async fn run(s3: Arc<S3>) {
    let outbox = s3.outbox.clone();
    let handler = move |delivered: Delivered| {
        let s3 = s3.clone();
        async move { deliver(s3, delivered).await }
    };
    // Attempts end by themselves before the outbox would drop them.
    let policy = Policy { concurrency: CONCURRENCY, time_limit: 2 * TIME_LIMIT, ..Policy::default() };
    outbox.run(KIND, policy, handler).await;
}

async fn deliver(s3: Arc<S3>, delivered: Delivered) -> Outcome {
    let task = match Task::decode(&delivered.payload) {
        Ok(task) => Arc::new(task),
        Err(error) => return Outcome::Park(error.to_string()),
    };
    let from = match s3.find_bucket(&task.bucket) {
        Ok(found) => found.filter(|bucket| bucket.record.id == task.bucket_id),
        Err(error) => return Outcome::Retry(format!("{error:?}")),
    };
    let Some(from) = from else { return Outcome::Done };
    let id = delivered.id.to_string();
    let made = tokio::select! {
        made = attempt(&s3, &from, &task, &id) => made,
        () = s3.clock.sleep(TIME_LIMIT) => Err(Trouble::Passing("it takes too long".to_owned())),
    };
    let age = s3.clock.now().since(delivered.due);
    let made = match made {
        Ok(copy) => Ok(copy),
        Err(Trouble::Gone) => return Outcome::Done,
        Err(Trouble::Passing(why)) if age < AGE_MAX => return Outcome::Retry(why),
        Err(Trouble::Passing(why)) => {
            tracing::warn!(bucket = task.bucket, key = task.key, why, "a copy is given up");
            Err(Reason::Other)
        }
        Err(Trouble::Refused(reason)) => Err(reason),
    };
    let put = delivered.put;
    Outcome::done_in(move |tx| {
        let made = match &made {
            Ok(copy) => copy.replica.write(tx, &s3, &copy.call, &copy.to, &task).map_err(effect_error)?,
            Err(reason) => Err(*reason),
        };
        conclude(tx, &s3, &from, &task, (made, put)).map_err(effect_error)
    })
}

fn effect_error(failure: Failure) -> EffectError {
    match failure {
        Failure::Store(error) => EffectError::Store(error),
        Failure::Api(error) => EffectError::Retry(format!("{error:?}")),
    }
}

/// A copy that is ready.
struct Copy {
    replica: Replica,
    to: Arc<Bucket>,
    /// By whom it is made.
    call: Call,
}

async fn attempt(s3: &S3, from: &Bucket, task: &Task, request_id: &str) -> Result<Copy, Trouble> {
    // Before the record is read: what it names is there from then on.
    let _pin = s3.readers.pin();
    let mut snapshot = s3.store.snapshot();
    let found = versions::find(&mut snapshot, from.inside(), &task.key, &task.version)?;
    let found = found.ok_or(Trouble::Gone)?;
    let to = s3.find_bucket(&task.route.bucket).map_err(|error| Trouble::Passing(format!("{error:?}")))?;
    let to = to.ok_or(Reason::DstBucketNotFound)?;
    let copier = Copier::new(s3, from, &task.route.role, request_id).await?;
    let replica = prepare(s3, &copier, &snapshot, (from, &to), (task, found)).await?;
    Ok(Copy { replica, to, call: copier.call })
}

/// Notes in the source what has come of a copy, and tells who wants to know of failures.
fn conclude(
    tx: &mut Tx,
    s3: &S3,
    from: &Bucket,
    task: &Task,
    (made, ordered): (Result<(), Reason>, kernel::Timestamp),
) -> Result<(), Failure> {
    match S3::hold_bucket(tx, from) {
        Ok(_) => {}
        // It has gone meanwhile.
        Err(Failure::Api(_)) => return Ok(()),
        Err(failure) => return Err(failure),
    }
    let (inside, key) = (from.inside(), task.key.as_str());
    let Some(version) = versions::find(tx, inside, key, &task.version)? else { return Ok(()) };
    if let Err(reason) = made {
        tracing::info!(
            bucket = task.bucket,
            key,
            version = task.version,
            to = task.route.bucket,
            reason = reason.name(),
            "a version is not replicated"
        );
        tell(tx, s3, from, task, &version, (reason, ordered))?;
    }
    let Version::Object(mut object) = version else { return Ok(()) };
    if note(&mut object, made.is_err()) {
        versions::replace(tx, inside, key, object)?;
    }
    Ok(())
}

/// Whether there is anything to note.
fn note(object: &mut Object, not_made: bool) -> bool {
    let Some(Replication::Source { pending, failed }) = &mut object.replication else { return false };
    *pending = pending.saturating_sub(1);
    *failed |= not_made;
    true
}

/// Failures are told for rules that have metrics.
fn tell(
    tx: &mut Tx,
    s3: &S3,
    from: &Bucket,
    task: &Task,
    version: &Version,
    (reason, ordered): (Reason, kernel::Timestamp),
) -> Result<(), Failure> {
    if !task.route.metrics {
        return Ok(());
    }
    let not_replicated = NotReplicated {
        rule: &task.route.rule,
        bucket: &task.route.bucket,
        operation: match task.what {
            What::Object | What::Attributes => "OBJECT_PUT",
            What::Marker => "OBJECT_DELETE",
        },
        ordered,
        reason: reason.name(),
    };
    let place = (from.owner(), from.place.region.as_str());
    let call = Call::of_service("s3", place, s3.ids.uuid(), s3.clock.now());
    notify::event(tx, s3, from, &call, &Event::not_replicated(&task.key, version, &not_replicated))
}
