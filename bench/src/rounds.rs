//! A whole comparison: prepare everything, then visit the targets in turn, round after round.

use crate::disk;
use crate::load::{self, Run};
use crate::options::Options;
use crate::prepare::{Loader, Prepared, bar, prepare};
use crate::process::usage_alone;
use crate::report::{Comparison, Machine, Row, TargetFigures};
use crate::stats::{Latencies, Spread};
use crate::target::Target;
use crate::workload::{Operation, Workload};
use std::io;
use std::time::Duration;

/// Long enough for a few hundred syncs of a slow disk.
const DISK_SAMPLE: Duration = Duration::from_secs(1);

/// One workload with one number of clients on one target, over all rounds.
struct Series<'a> {
    target: &'a Target,
    workload: Workload,
    clients: u16,
    /// Why it could not be prepared, otherwise.
    prepared: Result<Prepared, String>,
    rates: Vec<f64>,
    total: Run,
    server_cpu_seconds: Option<f64>,
    client_cpu_seconds: f64,
}

/// Measures all workloads of `options` on all targets. The base is the first target unless `options` names another.
pub async fn compare(
    options: &Options,
    targets: &[Target],
    workloads: &[Workload],
) -> io::Result<Comparison> {
    let mut series = Vec::new();
    for workload in workloads {
        let mut prepared = Vec::new();
        for target in targets {
            eprintln!("preparing {} on {}", workload.name(), target.name);
            let result = prepare(&target.endpoint, *workload, options).await;
            prepared.push(result.map_err(|error| format!("preparation: {error}")));
        }
        for clients in &options.clients {
            for (target, prepared) in targets.iter().zip(&prepared) {
                series.push(Series::new(target, *workload, *clients, prepared.clone()));
            }
        }
    }

    let directory = options.data_parent();
    let mut syncs = Latencies::default();
    let progress = bar("measuring", series.len() as u64 * u64::from(options.rounds));
    for _ in 0..options.rounds {
        syncs.add(&disk::sample(&directory, DISK_SAMPLE)?);
        for one in &mut series {
            progress.set_message(format!("{} {} × {}", one.target.name, one.workload.name(), one.clients));
            one.run(Duration::from_secs(options.seconds)).await;
            progress.inc(1);
        }
    }
    progress.finish_and_clear();

    let base = options.base.as_deref().or(targets.first().map(|target| target.name.as_str()));
    let rows = series.into_iter().map(Series::into_row).collect();
    Ok(Comparison {
        machine: Machine::this(),
        seconds: options.seconds,
        rounds: options.rounds,
        disk: disk::figures(&syncs, &directory),
        targets: targets.iter().map(target_figures).collect(),
        rows: Row::with_ratios(rows, base),
        base: base.map(str::to_owned),
    })
}

fn target_figures(target: &Target) -> TargetFigures {
    TargetFigures { name: target.name.clone(), usage: target.usage() }
}

impl<'a> Series<'a> {
    fn new(target: &'a Target, workload: Workload, clients: u16, prepared: Result<Prepared, String>) -> Self {
        Self {
            target,
            workload,
            clients,
            prepared,
            rates: Vec::new(),
            total: Run::default(),
            server_cpu_seconds: target.usage().map(|_| 0.0),
            client_cpu_seconds: 0.0,
        }
    }

    async fn run(&mut self, duration: Duration) {
        let Ok(prepared) = &self.prepared else { return };
        let mut queue = prepared.queue.clone();
        if self.workload == Workload::SqsSend {
            // Each run fills a queue of its own, so that no round finds it longer than another did.
            match Loader::new(&self.target.endpoint, "bench-send").await {
                Ok(loader) => queue = Some(loader.queue),
                Err(error) => {
                    self.prepared = Err(format!("preparation: {error}"));
                    return;
                }
            }
        }
        let operation = Operation::new(self.workload, &self.target.endpoint, queue);
        let (server_before, client_before) = (self.target.usage(), own_cpu_seconds());
        let run = load::run(&self.target.endpoint, &operation, self.clients, duration).await;
        let (server_after, client_after) = (self.target.usage(), own_cpu_seconds());

        self.client_cpu_seconds += client_after - client_before;
        self.server_cpu_seconds = match (self.server_cpu_seconds, server_before, server_after) {
            (Some(sum), Some(before), Some(after)) => Some(sum + after.cpu_seconds - before.cpu_seconds),
            _ => None,
        };
        self.rates.push(run.per_second());
        self.total.add(run);
    }

    fn into_row(self) -> Row {
        let (messages, failure) = match self.prepared {
            Ok(prepared) => (prepared.messages, None),
            Err(error) => (0, Some(error)),
        };
        Row {
            workload: self.workload,
            clients: self.clients,
            target: self.target.name.clone(),
            messages_before: messages,
            per_second: Spread::of(&self.rates),
            p50_us: self.total.latencies.percentile_us(50.0),
            p99_us: self.total.latencies.percentile_us(99.0),
            done: self.total.done,
            empty: self.total.empty,
            errors: self.total.errors,
            first_error: failure.or(self.total.first_error),
            server_cpu_seconds: self.server_cpu_seconds,
            client_cpu_seconds: self.client_cpu_seconds,
            ratio_to_base: None,
        }
    }
}

fn own_cpu_seconds() -> f64 {
    usage_alone(std::process::id()).map_or(0.0, |usage| usage.cpu_seconds)
}
