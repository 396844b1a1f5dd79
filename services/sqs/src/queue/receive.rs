//! Receiving: what is chosen becomes invisible, or a dead letter.

use std::collections::HashSet;
use std::sync::Arc;

use kernel::Timestamp;
use store::{Record as _, Stamp, Tx};

use crate::error::Failure;
use crate::handle::Handle;
use crate::index::{Chosen, Claim, Effects};
use crate::keys::Place;
use crate::limits::MOVE_BYTES;
use crate::queue::{contents, redrive};
use crate::records::{Message, Received, State, Taken};
use crate::sqs::{Queue, Sqs};

/// A message as a receiver gets it.
pub struct Delivery {
    pub message: Message,
    pub place: Place,
    pub received: Received,
    pub handle: String,
}

impl Delivery {
    fn new(queue: &Queue, message: Message, place: Place, received: Received) -> Self {
        let (queue_id, epoch) = (queue.record.id, queue.record.epoch);
        let handle = Handle { queue_id, epoch, place, nonce: received.nonce }.encode();
        Self { message, place, received, handle }
    }

    pub fn taken(&self) -> Taken {
        let Stamp { version, counter } = self.place.1;
        Taken { stamp: (version, counter), nonce: self.received.nonce, visible_ms: self.received.visible_ms }
    }
}

/// Takes what was chosen, as far as it still can be taken.
pub fn take(
    sqs: &Sqs,
    tx: &mut Tx,
    effects: &mut Effects,
    queue: &Queue,
    claim: &Claim,
    now: Timestamp,
    timeout_secs: u32,
) -> Result<Vec<Delivery>, Failure> {
    let target = dead_letter_queue(sqs, tx, queue)?;
    let mut deliveries = Vec::with_capacity(claim.chosen.len());
    let mut blocked: HashSet<Arc<str>> = HashSet::new();
    let mut moved = Moved::default();
    for chosen in &claim.chosen {
        if chosen.group().is_some_and(|group| blocked.contains(group)) {
            continue;
        }
        let Some(found) = find(tx, queue, chosen, now)? else {
            claim.discard(chosen);
            continue;
        };
        let Found { message, state, visible_ms } = match found {
            Some(found) => found,
            // Someone else has it in flight: what is behind it in its group must wait.
            None => {
                blocked.extend(chosen.group().cloned());
                continue;
            }
        };
        let place = (chosen.enqueued_ms(), chosen.stamp());
        let before = state.as_ref().and_then(|state| state.received.as_ref());
        let count = before.map_or(0, |received| received.count);
        if let Some((target, redrive)) = &target
            && count >= redrive.max_receives
        {
            moved.bytes += message.body.len() + crate::message::attributes::bytes_of(&message.attributes);
            if moved.bytes > MOVE_BYTES && moved.count > 0 {
                break;
            }
            contents::remove(tx, effects, queue, place, state.as_ref(), visible_ms);
            let dead = redrive::dead_letter(message, before, queue, target, place.0, now);
            contents::put(tx, effects, target, &dead.message, dead.enqueued_ms, moved.count);
            moved.count += 1;
            continue;
        }
        let received = Received {
            count: count.saturating_add(1),
            first_ms: before.map_or(now.millis(), |received| received.first_ms),
            last_ms: now.millis(),
            visible_ms: now.millis() + i64::from(timeout_secs) * 1000,
            nonce: u64::from_be_bytes(sqs.ids.bytes()),
        };
        let was_received = before.is_some();
        let state =
            State { enqueued_ms: place.0, group: message.group.clone(), received: Some(received.clone()) };
        contents::hide(tx, effects, queue, place, visible_ms, was_received, &state);
        deliveries.push(Delivery::new(queue, message, place, received));
    }
    Ok(deliveries)
}

/// Dead letters of one transaction.
#[derive(Default)]
struct Moved {
    count: u16,
    bytes: usize,
}

type Target = (Arc<Queue>, crate::records::Redrive);

/// The queue for dead letters, if there is one. While it is missing, messages stay where they are.
fn dead_letter_queue(sqs: &Sqs, tx: &mut Tx, queue: &Queue) -> Result<Option<Target>, Failure> {
    let Some(redrive) = &queue.record.attributes.redrive else { return Ok(None) };
    let Some(name) = redrive::target_name(&redrive.target_arn) else { return Ok(None) };
    let target = sqs.find_in(tx, queue.account(), queue.region(), name)?;
    let fits = target.filter(|target| target.record.is_fifo() == queue.record.is_fifo());
    Ok(fits.map(|target| (target, redrive.clone())))
}

struct Found {
    message: Message,
    state: Option<State>,
    /// The time until which it was invisible.
    visible_ms: i64,
}

/// Reads a chosen message. `None`: it is gone; `Some(None)`: it is in flight.
fn find(
    tx: &mut Tx,
    queue: &Queue,
    chosen: &Chosen,
    now: Timestamp,
) -> Result<Option<Option<Found>>, Failure> {
    let keys = &queue.hot.contents;
    if let Chosen::Due(due) = chosen
        && tx.get(&keys.visible(due.place))?.is_none()
    {
        return Ok(None);
    }
    let state = tx.get(&keys.state(chosen.stamp()))?;
    let state = state.map(|bytes| State::decode(&bytes)).transpose()?;
    if state.is_none() && queue.record.is_fifo() {
        return Ok(None);
    }
    let received = state.as_ref().and_then(|state| state.received.as_ref());
    if received.is_some_and(|received| received.visible_ms > now.millis()) {
        return Ok(Some(None));
    }
    // Never changed, and removed only together with what was read above.
    let place = (chosen.enqueued_ms(), chosen.stamp());
    let Some(bytes) = tx.get_unchecked(&keys.message(place))? else { return Ok(None) };
    let message = Message::decode(&bytes)?;
    let visible_ms = received.map_or(message.visible_ms, |received| received.visible_ms);
    Ok(Some(Some(Found { message, state, visible_ms })))
}

/// Gives again what an earlier receive with the same attempt id took, and hides it anew; `None` unless all of it is
/// still as that receive left it.
pub fn repeat(
    tx: &mut Tx,
    effects: &mut Effects,
    queue: &Queue,
    taken: &[Taken],
    now: Timestamp,
    timeout_secs: u32,
) -> Result<Option<Vec<Delivery>>, Failure> {
    let keys = &queue.hot.contents;
    let mut found = Vec::with_capacity(taken.len());
    for one in taken {
        let Some(bytes) = tx.get(&keys.state(one.stamp()))? else { return Ok(None) };
        let state = State::decode(&bytes)?;
        let untouched = state.received.as_ref().filter(|received| {
            received.nonce == one.nonce
                && received.visible_ms == one.visible_ms
                && one.visible_ms > now.millis()
        });
        let Some(received) = untouched.cloned() else { return Ok(None) };
        let place = (state.enqueued_ms, one.stamp());
        let Some(bytes) = tx.get_unchecked(&keys.message(place))? else { return Ok(None) };
        found.push((Message::decode(&bytes)?, place, state, received));
    }
    let visible_ms = now.millis() + i64::from(timeout_secs) * 1000;
    let mut deliveries = Vec::with_capacity(found.len());
    for (message, place, state, received) in found {
        let before_ms = received.visible_ms;
        let received = Received { visible_ms, ..received };
        let state = State { received: Some(received.clone()), ..state };
        contents::hide(tx, effects, queue, place, before_ms, true, &state);
        deliveries.push(Delivery::new(queue, message, place, received));
    }
    Ok(Some(deliveries))
}
