//! Changing how long a received message stays invisible.

use kernel::Timestamp;
use model_sqs::Error;
use store::{Record as _, Tx};

use crate::error::{Failure, invalid_value};
use crate::handle::Handle;
use crate::index::Effects;
use crate::limits::{VISIBILITY_SECS, VISIBILITY_TOTAL_MS};
use crate::queue::contents;
use crate::records::{Received, State};
use crate::sqs::Queue;

/// Refuses a timeout outside the range, and makes it seconds.
pub fn check_timeout(timeout: i32) -> Result<u32, Error> {
    u32::try_from(timeout).ok().filter(|secs| *secs <= VISIBILITY_SECS.max).ok_or_else(|| {
        invalid_value(
            timeout,
            "VisibilityTimeout",
            "VisibilityTimeout must be an integer between 0 and 43200.",
        )
    })
}

/// Makes the message of a handle invisible for `secs` from now. A standard queue hides it anew even when it has become
/// visible again, as long as nobody else has received it.
pub fn change(
    tx: &mut Tx,
    effects: &mut Effects,
    queue: &Queue,
    text: &str,
    secs: u32,
    now: Timestamp,
) -> Result<(), Failure> {
    let handle = Handle::of_queue(text, queue.record.id)?;
    let gone = || {
        invalid_value(
            text,
            "ReceiptHandle",
            "Message does not exist or is not available for visibility timeout change.",
        )
    };
    if handle.epoch != queue.record.epoch || handle.place.0 <= queue.record.expired_at(now.millis()) {
        return Err(gone().into());
    }
    let bytes = tx.get(&queue.hot.contents.state(handle.place.1))?.ok_or_else(gone)?;
    let state = State::decode(&bytes)?;
    let received =
        state.received.as_ref().filter(|received| received.nonce == handle.nonce).ok_or_else(gone)?;
    if queue.record.is_fifo() && received.visible_ms <= now.millis() {
        return Err(gone().into());
    }
    let timeout_ms = i64::from(secs) * 1000;
    // A receive takes some time itself, so twelve hours from its end are more than twelve hours from its begin.
    if secs > 0 && now.millis() - received.last_ms + timeout_ms >= VISIBILITY_TOTAL_MS {
        let reason = "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]";
        return Err(invalid_value(secs, "VisibilityTimeout", reason).into());
    }
    let before_ms = received.visible_ms;
    let changed = State {
        received: Some(Received { visible_ms: now.millis() + timeout_ms, ..received.clone() }),
        ..state.clone()
    };
    contents::hide(tx, effects, queue, handle.place, before_ms, true, &changed);
    Ok(())
}
