//! Removing what has expired and what was given up, in bounded transactions.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use kernel::Timestamp;
use model_sqs::Error;
use store::{KeyRange, RangeOptions, Record as _, Tx};

use crate::background::schedule::Job;
use crate::error::{Failure, of_store};
use crate::index::Effects;
use crate::keys::{self, Contents};
use crate::limits::SWEEP_ROWS;
use crate::queue::contents;
use crate::records::{Attempt, Expiring, Message, State};
use crate::sqs::{Queue, Sqs};
use service::places;

/// After an error the sweeper rests so long: the store says in its log what is wrong.
const REST: Duration = Duration::from_secs(5);

/// Sweeps for ever. Between sweeps it sleeps until something is due.
pub async fn run(sqs: Arc<Sqs>) {
    while let Err(error) = schedule_all(&sqs) {
        tracing::error!(%error, "the queues to sweep cannot be listed");
        sqs.clock.sleep(REST).await;
    }
    loop {
        let now = sqs.clock.now();
        let Some(job) = sqs.background.sweeps.take(now) else {
            match sqs.background.sweeps.next() {
                Some(due) => tokio::select! {
                    () = sqs.clock.sleep_until(due) => {}
                    () = sqs.background.sweeps.changed() => {}
                },
                None => sqs.background.sweeps.changed().await,
            }
            continue;
        };
        if sweep(&sqs, &job, now).await.is_err() {
            sqs.background.sweeps.put(now.plus(REST).millis(), job);
        }
    }
}

/// After a start everything is looked at once.
fn schedule_all(sqs: &Sqs) -> Result<(), store::Error> {
    for (account, region) in places(&sqs.store, keys::SERVICE)? {
        let rows = keys::queues(&account, &region);
        let mut range = KeyRange::prefix(&rows);
        loop {
            let page = sqs.store.snapshot().range(range.clone(), RangeOptions::default())?;
            for (key, _) in &page.entries {
                let name = keys::queue_name(key, &rows)?;
                sqs.background
                    .sweeps
                    .put(0, Job::Expired { account: account.clone(), region: region.clone(), name });
            }
            match page.entries.last() {
                Some((last, _)) if page.more => range = range.after(last),
                _ => break,
            }
        }
        sqs.background.sweeps.put(0, Job::Garbage { account, region });
    }
    Ok(())
}

async fn sweep(sqs: &Sqs, job: &Job, now: Timestamp) -> Result<(), Error> {
    match job {
        Job::Expired { account, region, name } => {
            let Some(queue) = sqs.find(account, region, name).map_err(of_store)? else { return Ok(()) };
            // Messages that come from now on schedule the next look themselves.
            queue.hot.scheduled.store(false, Ordering::Release);
            let next = match expired(sqs, &queue, now).await {
                Err(_) if sqs.find(account, region, name).map_err(of_store)?.is_none() => return Ok(()),
                next => next?,
            };
            if let Some(due_ms) = next {
                queue.hot.scheduled.store(true, Ordering::Release);
                sqs.background.sweeps.put(due_ms, job.clone());
            }
            Ok(())
        }
        Job::Garbage { account, region } => garbage(sqs, account, region).await,
    }
}

/// Removes everything of a queue that has expired, and says when the next does.
pub async fn expired(sqs: &Sqs, queue: &Queue, now: Timestamp) -> Result<Option<i64>, Error> {
    // Most looks find nothing to do, which a snapshot tells without a transaction.
    let next = next_expiry(sqs, queue).map_err(Error::from)?;
    if next.is_none_or(|next| next > now.millis()) {
        return Ok(next);
    }
    loop {
        let (rows, _) = sqs
            .transact(|tx, effects| {
                let queue = sqs.current(tx, queue)?;
                Ok(messages(tx, effects, &queue, now)? + remembered(tx, &queue, now)?)
            })
            .await?;
        // A page may end early, at large messages; it is empty only when others were faster.
        let next = next_expiry(sqs, queue).map_err(Error::from)?;
        if rows == 0 || next.is_none_or(|next| next > now.millis()) {
            return Ok(next);
        }
    }
}

fn next_expiry(sqs: &Sqs, queue: &Queue) -> Result<Option<i64>, Failure> {
    let keys = &queue.hot.contents;
    let snapshot = sqs.store.snapshot();
    let message = snapshot.range(keys.messages(None), RangeOptions::limit(1))?;
    let message = message.entries.first().map(|(key, _)| keys.message_place(key)).transpose()?;
    let row = snapshot.range(keys.expiries(), RangeOptions::limit(1))?;
    let row = row.entries.first().map(|(key, _)| keys.expiry_place(key)).transpose()?;
    let message = message.map(|(enqueued_ms, _)| enqueued_ms + queue.record.retention_ms());
    Ok(match (message, row) {
        (Some(a), Some((b, _))) => Some(a.min(b)),
        (a, b) => a.or(b.map(|(b, _)| b)),
    })
}

/// Removes messages whose retention is over; says how many.
fn messages(tx: &mut Tx, effects: &mut Effects, queue: &Queue, now: Timestamp) -> Result<usize, Failure> {
    let keys = &queue.hot.contents;
    let expired_ms = queue.record.expired_at(now.millis());
    let page = tx.range_unchecked(keys.messages(None), RangeOptions::limit(SWEEP_ROWS))?;
    let mut removed = 0;
    for (key, value) in &page.entries {
        let place = keys.message_place(key)?;
        if place.0 > expired_ms {
            break;
        }
        // Someone else may have removed it since; receiving it changes the state.
        if tx.get(key)?.is_none() {
            continue;
        }
        let state = tx.get(&keys.state(place.1))?.map(|bytes| State::decode(&bytes)).transpose()?;
        let message = Message::decode(value)?;
        contents::remove(tx, effects, queue, place, state.as_ref(), message.visible_ms);
        removed += 1;
    }
    Ok(removed)
}

/// Forgets deduplication ids and receive attempts whose time is over; says how many.
fn remembered(tx: &mut Tx, queue: &Queue, now: Timestamp) -> Result<usize, Failure> {
    let keys = &queue.hot.contents;
    let page = tx.range_unchecked(keys.expiries(), RangeOptions::limit(SWEEP_ROWS))?;
    let mut removed = 0;
    for (key, value) in &page.entries {
        let (expires_ms, stamp) = keys.expiry_place(key)?;
        if expires_ms > now.millis() {
            break;
        }
        match Expiring::decode(value)? {
            Expiring::Dedup { group, id } => tx.delete(keys.dedup_at(&group, &id, stamp)),
            Expiring::Attempt { id } => {
                let row = keys.attempt(&id);
                let over = tx.get(&row)?.map(|bytes| Attempt::decode(&bytes)).transpose()?;
                if over.is_some_and(|attempt| attempt.expires_ms <= now.millis()) {
                    tx.delete(row);
                }
            }
        }
        tx.delete(key.clone());
        removed += 1;
    }
    Ok(removed)
}

/// Removes contents that were given up.
async fn garbage(sqs: &Sqs, account: &str, region: &str) -> Result<(), Error> {
    let prefix = keys::all_garbage(account, region);
    loop {
        let rows = sqs
            .store
            .snapshot()
            .range(KeyRange::prefix(&prefix), RangeOptions::limit(1))
            .map_err(of_store)?;
        let Some((key, _)) = rows.entries.first() else { return Ok(()) };
        let (id, epoch) =
            keys::garbage_of(key, &prefix).map_err(|error| of_store(crate::error::corrupt(error)))?;
        let contents = Contents::new(account, region, id, epoch);
        loop {
            let (more, _) = sqs
                .transact(|tx, _| {
                    let page = tx.range_unchecked(contents.all(), RangeOptions::limit(SWEEP_ROWS))?;
                    for (row, _) in &page.entries {
                        tx.delete(row.clone());
                    }
                    if !page.more {
                        tx.delete(key.clone());
                    }
                    Ok(page.more)
                })
                .await?;
            if !more {
                break;
            }
        }
    }
}
