//! Reasons to stop early.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// Ctrl-C (or another signal to leave), or the end of the time allowed.
pub struct Stop {
    asked: Arc<AtomicBool>,
    limit: Duration,
    started: Instant,
}

impl Stop {
    /// Catches signals from now on; the time allowed begins.
    pub fn after(limit: Duration) -> Result<Self> {
        let asked = Arc::new(AtomicBool::new(false));
        for signal in [SIGHUP, SIGINT, SIGTERM] {
            signal_hook::flag::register(signal, asked.clone()).context("signals cannot be caught")?;
        }
        Ok(Self { asked, limit, started: Instant::now() })
    }

    /// Fails when it is time to stop. Whoever waits calls this again and again.
    pub fn check(&self) -> Result<()> {
        ensure!(!self.asked.load(Ordering::Relaxed), "interrupted");
        ensure!(self.started.elapsed() < self.limit, "not done within {} s", self.limit.as_secs());
        Ok(())
    }
}
