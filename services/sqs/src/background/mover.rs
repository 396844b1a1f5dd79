//! The worker behind message move tasks.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kernel::{Arn, Timestamp};
use model_sqs::Error;
use store::{KeyRange, RangeOptions, Record as _, Tx};

use crate::error::Failure;
use crate::index::Effects;
use crate::keys;
use crate::limits::{MOVE_BATCH, MOVE_BYTES, MOVE_SCAN};
use crate::queue::contents;
use crate::records::{Message, MoveStatus, MoveTask, State};
use crate::sqs::{Queue, Sqs};
use service::places;

/// After an error the worker rests so long: the store says in its log what is wrong.
const REST: Duration = Duration::from_secs(5);
/// Finished tasks stay listed so long (API reference: seven days).
const LISTED_MS: i64 = 7 * 86_400_000;
/// A task may run so long (developer guide: 36 hours).
const RUNNING_MS: i64 = 36 * 3_600_000;

/// Works on all tasks by turns. Whatever a task has done is in its record, written by the commit that did it, so a task
/// goes on after a restart where it stood.
pub async fn run(sqs: Arc<Sqs>) {
    // When each task may move more.
    let mut due: HashMap<Bytes, Timestamp> = HashMap::new();
    loop {
        let tasks = match active(&sqs) {
            Ok(tasks) => tasks,
            Err(failure) => {
                tracing::error!(error = ?failure, "the move tasks cannot be read");
                sqs.clock.sleep(REST).await;
                continue;
            }
        };
        due.retain(|key, _| tasks.contains(key));
        for key in &tasks {
            let now = sqs.clock.now();
            if due.get(key).is_none_or(|at| *at <= now) {
                let pause = step(&sqs, key, now).await.unwrap_or(REST);
                due.insert(key.clone(), now.plus(pause));
            }
        }
        match tasks.iter().filter_map(|key| due.get(key)).min() {
            Some(at) => tokio::select! {
                () = sqs.clock.sleep_until(*at) => {}
                () = sqs.background.move_started.notified() => due.clear(),
            },
            None => sqs.background.move_started.notified().await,
        }
    }
}

/// The rows of all tasks that are not finished.
fn active(sqs: &Sqs) -> Result<Vec<Bytes>, Failure> {
    let mut active = Vec::new();
    for (account, region) in places(&sqs.store, keys::SERVICE)? {
        let mut range = KeyRange::prefix(keys::all_move_tasks(&account, &region));
        loop {
            let page = sqs.store.snapshot().range(range.clone(), RangeOptions::default())?;
            for (key, bytes) in &page.entries {
                if MoveTask::decode(bytes)?.status.is_active() {
                    active.push(key.clone());
                }
            }
            match page.entries.last() {
                Some((last, _)) if page.more => range = range.after(last),
                _ => break,
            }
        }
    }
    Ok(active)
}

/// Moves what one transaction may, and says how long the task must rest then.
async fn step(sqs: &Sqs, key: &Bytes, now: Timestamp) -> Result<Duration, Error> {
    let (pause, _) = sqs
        .transact(|tx, effects| {
            let Some(bytes) = tx.get(key)? else { return Ok(Duration::ZERO) };
            let task = MoveTask::decode(&bytes)?;
            if !task.status.is_active() {
                return Ok(Duration::ZERO);
            }
            let before = task.moved;
            let task = advance(sqs, tx, effects, task, now)?;
            if !task.status.is_active() {
                forget_old(tx, &task, now)?;
            }
            tx.put(key.clone(), task.encode());
            let moved = u32::try_from(task.moved - before).unwrap_or(0);
            Ok(task.rate.map_or(Duration::ZERO, |rate| Duration::from_secs(1) * moved / rate.max(1)))
        })
        .await?;
    Ok(pause)
}

/// Finished tasks leave the list after a time.
fn forget_old(tx: &mut Tx, task: &MoveTask, now: Timestamp) -> Result<(), Failure> {
    let Ok(arn) = task.source_arn.parse::<Arn>() else { return Ok(()) };
    let rows = KeyRange::prefix(keys::move_tasks(arn.account(), arn.region(), arn.resource()));
    for (key, bytes) in tx.range_unchecked(rows, RangeOptions::default())?.entries {
        let old = MoveTask::decode(&bytes)?;
        if !old.status.is_active() && old.started_ms + LISTED_MS < now.millis() {
            tx.delete(key);
        }
    }
    Ok(())
}

fn advance(
    sqs: &Sqs,
    tx: &mut Tx,
    effects: &mut Effects,
    task: MoveTask,
    now: Timestamp,
) -> Result<MoveTask, Failure> {
    let ended = |task: MoveTask, status| Ok(MoveTask { status, ..task });
    if task.status == MoveStatus::Cancelling {
        return ended(task, MoveStatus::Cancelled);
    }
    let failed = |reason: &str| MoveStatus::Failed(reason.to_owned());
    const NO_QUEUE: &str = "AWS.SimpleQueueService.NonExistentQueue";
    let Some(source) = by_arn(sqs, tx, &task.source_arn)? else { return ended(task, failed(NO_QUEUE)) };
    let fixed = match &task.destination_arn {
        None => None,
        Some(arn) => match by_arn(sqs, tx, arn)? {
            Some(queue) => Some(queue),
            None => return ended(task, failed(NO_QUEUE)),
        },
    };
    if task.started_ms + RUNNING_MS < now.millis() {
        return ended(task, failed("The task has reached its time limit."));
    }
    let keys = &source.hot.contents;
    let after = task.cursor.map(|(ms, (version, counter))| (ms, store::Stamp::new(version, counter)));
    let page = tx.range_unchecked(
        keys.messages(after),
        RangeOptions { limit: MOVE_SCAN, max_bytes: MOVE_BYTES, reverse: false },
    )?;
    let batch = task.rate.map_or(MOVE_BATCH, |rate| MOVE_BATCH.min(rate as usize));
    let mut task = task;
    let (mut moved, mut bytes) = (0u16, 0usize);
    for (key, value) in &page.entries {
        let place = keys.message_place(key)?;
        bytes += value.len();
        if usize::from(moved) >= batch || bytes > MOVE_BYTES && moved > 0 {
            return Ok(task);
        }
        let cursor = Some((place.0, (place.1.version, place.1.counter)));
        let Some(found) = movable(tx, &source, place, value, &task, now)? else {
            task.cursor = cursor;
            continue;
        };
        let destination = match (&fixed, &found.message.dead_letter_source) {
            (Some(queue), _) => queue.clone(),
            (None, None) => return ended(task, failed("CouldNotDetermineMessageSource")),
            (None, Some(arn)) => match by_arn(sqs, tx, arn)? {
                Some(queue) => queue,
                None => return ended(task, failed(NO_QUEUE)),
            },
        };
        if destination.record.is_fifo() != source.record.is_fifo() {
            return ended(task, failed("The source and the destination are of different types."));
        }
        contents::remove(tx, effects, &source, place, found.state.as_ref(), found.message.visible_ms);
        let message = moved_message(sqs, found.message, destination.record.is_fifo(), now);
        contents::put(tx, effects, &destination, &message, now.millis(), moved);
        task.cursor = cursor;
        moved += 1;
        task.moved += 1;
    }
    if page.more { Ok(task) } else { ended(task, MoveStatus::Completed) }
}

struct Found {
    message: Message,
    state: Option<State>,
}

/// Reads a message that is to be moved; `None` if it is to stay: it came after the task's begin, is in flight or gone.
fn movable(
    tx: &mut Tx,
    source: &Queue,
    place: keys::Place,
    value: &[u8],
    task: &MoveTask,
    now: Timestamp,
) -> Result<Option<Found>, Failure> {
    if place.1.version > task.started_version || place.0 <= source.record.expired_at(now.millis()) {
        return Ok(None);
    }
    let keys = &source.hot.contents;
    if tx.get(&keys.message(place))?.is_none() {
        return Ok(None);
    }
    let state = tx.get(&keys.state(place.1))?.map(|bytes| State::decode(&bytes)).transpose()?;
    let message = Message::decode(value)?;
    let received = state.as_ref().and_then(|state| state.received.as_ref());
    let visible_ms = received.map_or(message.visible_ms, |received| received.visible_ms);
    Ok((visible_ms <= now.millis()).then_some(Found { message, state }))
}

/// A message begins anew when it is moved back.
fn moved_message(sqs: &Sqs, message: Message, fifo: bool, now: Timestamp) -> Message {
    let id = sqs.ids.uuid();
    Message {
        dedup_id: if fifo { Some(id.clone()) } else { message.dedup_id },
        id,
        sent_ms: now.millis(),
        visible_ms: now.millis(),
        dead_letter_source: None,
        receives_before: 0,
        first_receive_ms: None,
        ..message
    }
}

fn by_arn(sqs: &Sqs, tx: &mut Tx, arn: &str) -> Result<Option<Arc<Queue>>, Failure> {
    let Ok(arn) = arn.parse::<Arn>() else { return Ok(None) };
    Ok(sqs.find_in(tx, arn.account(), arn.region(), arn.resource())?)
}
