//! The ledger as it is shown.

use std::fmt;
use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use super::ledger::Ledger;

/// What became of the jobs.
#[derive(Serialize)]
pub struct Report {
    sent: usize,
    done: usize,
    done_more_than_once: usize,
    dead_lettered: usize,
    lost: usize,
    unexpected: usize,
    left_in_queues: u64,
    workers: u32,
    kills: Vec<Kill>,
    seconds: f64,
    jobs_per_second: f64,
    /// Promises that were not kept, in words; none if all is well.
    pub broken: Vec<String>,
}

/// Cloudlet and a worker were killed.
#[derive(Serialize)]
pub struct Kill {
    sent: usize,
    attempted: usize,
    restart_ms: u64,
}

impl Kill {
    /// How far it was then, and how long Cloudlet took to be ready again.
    pub fn new(ledger: &Ledger, restart: Duration) -> Self {
        let restart_ms = u64::try_from(restart.as_millis()).unwrap_or(u64::MAX);
        Self { sent: ledger.sent_count(), attempted: ledger.attempted(), restart_ms }
    }
}

impl fmt::Display for Kill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sent, attempted, restart_ms } = self;
        write!(
            f,
            "SIGKILL with {sent} jobs sent and {attempted} of them seen by a worker; ready {restart_ms} ms after its restart"
        )
    }
}

impl Report {
    /// Adds the ledger up and judges it.
    pub fn new(ledger: &Ledger, workers: u32, kills: Vec<Kill>, left_in_queues: u64) -> Self {
        let totals = ledger.totals();
        let mut broken = ledger.broken(kills.len());
        if left_in_queues > 0 {
            broken.push(format!("{left_in_queues} messages are left in the queues"));
        }
        Self {
            sent: totals.sent,
            done: totals.done,
            done_more_than_once: totals.done_more_than_once,
            dead_lettered: totals.dead_lettered,
            lost: totals.lost,
            unexpected: totals.unexpected,
            left_in_queues,
            workers,
            kills,
            seconds: totals.seconds,
            jobs_per_second: totals.jobs_per_second,
            broken,
        }
    }

    /// Prints a table.
    pub fn print(&self) {
        let restarts: Vec<String> = self.kills.iter().map(|kill| format!("{} ms", kill.restart_ms)).collect();
        let rows = [
            ("sent", self.sent.to_string(), "acknowledged to the producer"),
            ("done", self.done.to_string(), "with a result"),
            ("done more than once", self.done_more_than_once.to_string(), "at least once is the promise"),
            ("dead-lettered", self.dead_lettered.to_string(), "the poisoned ones, after 3 receives"),
            ("lost", self.lost.to_string(), "sent - done - dead-lettered, by message id"),
            ("unexpected", self.unexpected.to_string(), "sent, but the answer was cut off by a kill"),
            ("left in the queues", self.left_in_queues.to_string(), ""),
            ("kills", self.kills.len().to_string(), "of Cloudlet and a worker each, by SIGKILL"),
            ("restart to ready", restarts.join(", "), "on the data directory as the kill left it"),
            (
                "jobs per second",
                format!("{:.0}", self.jobs_per_second),
                "first sent to last done, kills included",
            ),
        ];
        let mut table = Table::new();
        table.load_preset(presets::UTF8_FULL_CONDENSED).set_header(["Jobs", "", ""]);
        for (name, figure, meaning) in rows {
            table.add_row([name, &figure, meaning]);
        }
        if let Some(figures) = table.column_mut(1) {
            figures.set_cell_alignment(CellAlignment::Right);
        }
        println!("{table}");
    }
}
