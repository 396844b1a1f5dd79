//! The rows of messages, written and removed together with what memory must know of it.

use std::sync::Arc;

use store::{Record as _, Tx};

use crate::index::{Change, Effects, NewStamp};
use crate::keys::Place;
use crate::records::{Message, State, Visible};
use crate::sqs::Queue;

/// Puts a new message into a queue. `counter` tells the messages of one transaction apart.
pub fn put(
    tx: &mut Tx,
    effects: &mut Effects,
    queue: &Queue,
    message: &Message,
    enqueued_ms: i64,
    counter: u16,
) {
    let contents = &queue.hot.contents;
    tx.put_stamped(contents.new_message(enqueued_ms, counter), message.encode());
    tx.add_i64(contents.count(), 1);
    if queue.record.is_fifo() {
        let state = State { enqueued_ms, group: message.group.clone(), received: None };
        tx.put_stamped(contents.new_state(counter), state.encode());
        effects.change(&queue.hot, Change::Arrived);
    } else {
        let visible = Visible { enqueued_ms, received: false };
        tx.put_stamped(contents.new_visible(message.visible_ms, counter), visible.encode());
        let (visible_ms, stamp) = (message.visible_ms, NewStamp::OfCommit(counter));
        effects.change(&queue.hot, Change::Shown { visible_ms, stamp, enqueued_ms, received: false });
    }
}

/// Removes a message. `first_visible_ms` is where a standard queue's index has it while it has no state.
pub fn remove(
    tx: &mut Tx,
    effects: &mut Effects,
    queue: &Queue,
    place: Place,
    state: Option<&State>,
    first_visible_ms: i64,
) {
    let contents = &queue.hot.contents;
    let stamp = place.1;
    tx.delete(contents.message(place));
    tx.delete(contents.state(stamp));
    tx.add_i64(contents.count(), -1);
    if queue.record.is_fifo() {
        let group = group_of(state);
        effects.change(&queue.hot, Change::Left { group, stamp });
    } else {
        let received = state.and_then(|state| state.received.as_ref());
        let visible = (received.map_or(first_visible_ms, |received| received.visible_ms), stamp);
        tx.delete(contents.visible(visible));
        effects.change(&queue.hot, Change::Unshown { place: visible, received: received.is_some() });
    }
}

/// Hides a message until a time: writes its new state, whose `received` must be there. `before_ms` is the time until
/// which it was hidden, and for a message never received `was_received` is false.
pub fn hide(
    tx: &mut Tx,
    effects: &mut Effects,
    queue: &Queue,
    place: Place,
    before_ms: i64,
    was_received: bool,
    state: &State,
) {
    let contents = &queue.hot.contents;
    let stamp = place.1;
    let Some(received) = &state.received else { return };
    let until_ms = received.visible_ms;
    tx.put(contents.state(stamp), state.encode());
    if queue.record.is_fifo() {
        let before_ms = was_received.then_some(before_ms);
        effects
            .change(&queue.hot, Change::Hidden { group: group_of(Some(state)), stamp, before_ms, until_ms });
    } else {
        tx.delete(contents.visible((before_ms, stamp)));
        let visible = Visible { enqueued_ms: place.0, received: true };
        tx.put(contents.visible((until_ms, stamp)), visible.encode());
        effects.change(&queue.hot, Change::Unshown { place: (before_ms, stamp), received: was_received });
        effects.change(
            &queue.hot,
            Change::Shown {
                visible_ms: until_ms,
                stamp: NewStamp::Known(stamp),
                enqueued_ms: place.0,
                received: true,
            },
        );
    }
}

/// The group under which memory has a message of a FIFO queue.
fn group_of(state: Option<&State>) -> Arc<str> {
    state.and_then(|state| state.group.as_deref()).unwrap_or_default().into()
}
