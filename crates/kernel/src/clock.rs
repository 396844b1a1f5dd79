//! The one clock. Everything that asks for the time or waits for it does so here, so that time can be moved.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::Notify;

use crate::Timestamp;

/// The time of this Cloudlet: the host's time plus what it was advanced by, or (frozen, for tests) only
/// what it was advanced by. It never goes backwards, even when the host's does.
#[derive(Clone)]
pub struct Clock(Arc<Inner>);

struct Inner {
    /// `None`: follow the host. `Some`: stand still at this time.
    frozen_at: Option<Timestamp>,
    advanced_ms: AtomicI64,
    /// The latest time handed out, so that a step back of the host's clock is not seen.
    latest_ms: AtomicI64,
    moved: Notify,
}

/// A sleeper looks at the clock at least this often, so that a step of the host's clock is noticed.
const MAX_NAP: Duration = Duration::from_secs(60);

impl Clock {
    /// The host's clock, `advanced` ahead of it.
    pub fn system(advanced: Duration) -> Self {
        Self::new(None, i64::try_from(advanced.as_millis()).unwrap_or(i64::MAX / 4))
    }

    /// A clock that stands still until it is advanced.
    pub fn frozen(at: Timestamp) -> Self {
        Self::new(Some(at), 0)
    }

    fn new(frozen_at: Option<Timestamp>, advanced_ms: i64) -> Self {
        Self(Arc::new(Inner {
            frozen_at,
            advanced_ms: AtomicI64::new(advanced_ms),
            latest_ms: AtomicI64::new(i64::MIN),
            moved: Notify::new(),
        }))
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        let ms = self.base().millis().saturating_add(self.0.advanced_ms.load(Ordering::Acquire));
        let latest = self.0.latest_ms.fetch_max(ms, Ordering::AcqRel);
        Timestamp::from_millis(ms.max(latest))
    }

    /// The time that clients outside live in: the host's, not advanced. For judging the age of what they
    /// signed, and for nothing else.
    pub fn host_now(&self) -> Timestamp {
        self.base()
    }

    /// How far this clock is ahead of the host's.
    pub fn advanced(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.advanced_ms.load(Ordering::Acquire)).unwrap_or(0))
    }

    /// Moves the time forward and wakes every sleeper that is due.
    pub fn advance(&self, by: Duration) {
        let ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX / 4);
        let added = |now: i64| Some(now.saturating_add(ms).min(i64::MAX / 4));
        // The closure always gives Some, so this cannot fail.
        let _ = self.0.advanced_ms.fetch_update(Ordering::AcqRel, Ordering::Acquire, added);
        self.0.moved.notify_waiters();
    }

    /// Resolves once `now()` is at or after `due`.
    pub async fn sleep_until(&self, due: Timestamp) {
        loop {
            let moved = self.0.moved.notified();
            let left = due.since(self.now());
            if left.is_zero() {
                return;
            }
            // Frozen time passes only by `advance`.
            if self.0.frozen_at.is_some() {
                moved.await;
            } else {
                let _ = tokio::time::timeout(left.min(MAX_NAP), moved).await;
            }
        }
    }

    /// Resolves after `duration` of this clock's time.
    pub async fn sleep(&self, duration: Duration) {
        self.sleep_until(self.now().plus(duration)).await;
    }

    fn base(&self) -> Timestamp {
        self.0.frozen_at.unwrap_or_else(host_time)
    }
}

/// The only place that reads the host's calendar time.
#[allow(clippy::disallowed_methods)]
fn host_time() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn frozen_time_passes_only_by_advance() {
        let clock = Clock::frozen(Timestamp::from_secs(100));
        assert_eq!(clock.now(), Timestamp::from_secs(100));
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(30 * 86_400)).await }
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(86_400));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_secs(29 * 86_400));
        sleeper.await.unwrap();
        assert_eq!(clock.now(), Timestamp::from_secs(100 + 30 * 86_400));
    }

    #[test]
    fn system_clock_runs_ahead_by_what_it_was_advanced() {
        let clock = Clock::system(Duration::from_secs(3600));
        let ahead = clock.now().since(clock.host_now());
        assert!((3590..=3610).contains(&ahead.as_secs()), "{ahead:?}");
        clock.advance(Duration::MAX);
        assert!(clock.now().civil().year > 2100);
    }

    #[test]
    fn never_backwards() {
        let clock = Clock::system(Duration::ZERO);
        let first = clock.now();
        clock.0.latest_ms.store(first.millis() + 10_000, Ordering::Release);
        assert_eq!(clock.now().millis(), first.millis() + 10_000);
    }
}
