//! What the service does unasked: removing what has expired or was given up, and moving dead letters.

pub mod mover;
pub mod schedule;
pub mod sweep;

use kernel::Timestamp;
use tokio::sync::Notify;

use crate::index::Effects;
use schedule::Schedule;

/// What wakes the background work.
#[derive(Default)]
pub struct Background {
    pub sweeps: Schedule,
    /// A move task was begun or is to end.
    pub move_started: Notify,
}

impl Background {
    /// Takes note of what a commit has left to do.
    pub fn tell(&self, effects: &Effects, now: Timestamp) {
        effects.receivers().for_each(|hot| self.sweeps.note(hot, now));
        effects.changed().iter().for_each(|hot| self.sweeps.note_now(hot, now));
        effects.closed().iter().for_each(|hot| self.sweeps.note_garbage(hot, now));
        if effects.starts_move() {
            self.move_started.notify_one();
        }
    }
}
