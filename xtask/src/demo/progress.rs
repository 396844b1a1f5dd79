//! How far it is: a bar on a terminal, a line now and then elsewhere.

use std::cell::Cell;
use std::io::{IsTerminal as _, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::ledger::Ledger;

/// Between two lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(2);

/// Speaks on standard error.
pub struct Progress {
    bar: Option<ProgressBar>,
    said: Cell<Instant>,
    jobs: u32,
}

impl Progress {
    /// Nothing is done yet.
    pub fn new(jobs: u32) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(jobs.into());
            let style =
                ProgressStyle::with_template("{elapsed:>4} {bar:40.green/dim} {pos}/{len} jobs  {msg:.dim}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Self { bar, said: Cell::new(Instant::now()), jobs }
    }

    /// Shows how far the jobs are.
    pub fn show(&self, ledger: &Ledger, kills: usize) {
        let (settled, dead) = (ledger.settled_count(), ledger.dead_count());
        let rest = format!("{} sent, {dead} dead letters, {kills} kills", ledger.sent_count());
        match &self.bar {
            Some(bar) => {
                bar.set_position(settled as u64);
                bar.set_message(rest);
            }
            None if self.said.get().elapsed() >= LINE_EVERY => {
                self.said.set(Instant::now());
                eprintln!("{settled}/{} jobs  {rest}", self.jobs);
            }
            None => {}
        }
    }

    /// Says something that has happened.
    pub fn say(&self, what: &str) {
        match &self.bar {
            Some(bar) => bar.println(what),
            None => eprintln!("{what}"),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
