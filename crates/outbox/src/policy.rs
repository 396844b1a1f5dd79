//! How a kind is delivered.

use std::time::Duration;

use kernel::Timestamp;

use crate::limits::CONCURRENCY_MAX;
use crate::records::Pending;

/// How a worker delivers. Durations are of the one clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Most handlers of this worker at once; from 1 to [`CONCURRENCY_MAX`], other values count as the nearest.
    pub concurrency: usize,
    /// A handler that takes longer is dropped, and the attempt has failed.
    pub time_limit: Duration,
    /// Pause after the first failed attempt; each further one is twice as long.
    pub first_pause: Duration,
    /// The longest pause.
    pub pause_max: Duration,
    /// Parked after so many failed attempts; 0 counts as 1.
    pub attempts_max: u32,
    /// Parked by the first attempt to fail when the delivery has been due for so long.
    pub age_max: Duration,
}

impl Default for Policy {
    /// 16 at once, half a minute each; pauses from one second to five minutes, for about a day.
    fn default() -> Policy {
        Policy {
            concurrency: 16,
            time_limit: Duration::from_secs(30),
            first_pause: Duration::from_secs(1),
            pause_max: Duration::from_secs(300),
            attempts_max: 300,
            age_max: Duration::from_secs(86_400),
        }
    }
}

impl Policy {
    /// How long to wait after the `failed`th failed attempt. Nothing random is in it, so that tests and operators can
    /// tell the next attempt to the millisecond; deliveries fail at different times as it is.
    pub fn pause_after(&self, failed: u32) -> Duration {
        let doublings = failed.saturating_sub(1).min(31);
        self.first_pause.saturating_mul(1 << doublings).min(self.pause_max)
    }

    /// When a delivery whose attempt failed `now` is due again, `attempts` counting that one; `None`: never.
    pub(crate) fn next_attempt(&self, delivery: &Pending, now: Timestamp) -> Option<Timestamp> {
        let age = now.since(Timestamp::from_millis(delivery.first_due_ms));
        if delivery.attempts >= self.attempts_max.max(1) || age >= self.age_max {
            return None;
        }
        Some(now.plus(self.pause_after(delivery.attempts)))
    }

    pub(crate) fn concurrency(&self) -> usize {
        self.concurrency.clamp(1, CONCURRENCY_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let policy = Policy { pause_max: Duration::from_secs(10), ..Policy::default() };
        let secs: Vec<u64> = (0..7).map(|failed| policy.pause_after(failed).as_secs()).collect();
        assert_eq!(secs, [1, 1, 2, 4, 8, 10, 10]);
        assert_eq!(policy.pause_after(u32::MAX), policy.pause_max);
        let endless = Policy { first_pause: Duration::MAX, pause_max: Duration::MAX, ..policy };
        assert_eq!(endless.pause_after(u32::MAX), Duration::MAX);
    }
}
