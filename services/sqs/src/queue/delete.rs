//! Deleting a received message.

use kernel::Timestamp;
use store::{Record as _, Tx};

use crate::error::{Failure, invalid_value};
use crate::handle::Handle;
use crate::index::Effects;
use crate::queue::contents;
use crate::records::State;
use crate::sqs::Queue;

/// Deletes the message of a handle. What is deleted already is left so. On a standard queue the handle of an earlier
/// receive deletes nothing; on a FIFO queue it has expired.
pub fn delete(
    tx: &mut Tx,
    effects: &mut Effects,
    queue: &Queue,
    text: &str,
    now: Timestamp,
) -> Result<(), Failure> {
    let handle = Handle::of_queue(text, queue.record.id)?;
    if handle.epoch != queue.record.epoch {
        return Ok(());
    }
    let Some(bytes) = tx.get(&queue.hot.contents.state(handle.place.1))? else { return Ok(()) };
    let state = State::decode(&bytes)?;
    let Some(received) = &state.received else { return Ok(()) };
    let latest = received.nonce == handle.nonce;
    if queue.record.is_fifo() && !(latest && received.visible_ms > now.millis()) {
        return Err(invalid_value(text, "ReceiptHandle", "The receipt handle has expired.").into());
    }
    if latest {
        contents::remove(tx, effects, queue, handle.place, Some(&state), received.visible_ms);
    }
    Ok(())
}
