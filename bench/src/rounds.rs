//! A whole comparison: prepare everything, then visit the targets in turn, round after round.

use crate::disk;
use crate::engine::{EngineError, EngineSeries};
use crate::files::FilesSeries;
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

/// Why there is no comparison. What fails on a target is part of its rows instead.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    #[error("disk: {0}")]
    Disk(#[from] io::Error),
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Measures all workloads of `options` on all targets. The base is the first target unless `options` names another.
pub async fn compare(
    options: &Options,
    targets: &[Target],
    workloads: &[Workload],
) -> Result<Comparison, CompareError> {
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
    let mut engines: Vec<_> = options.clients.iter().copied().map(EngineSeries::new).collect();
    let files = workloads.iter().any(|workload| workload.writes_files());
    let mut files: Vec<_> = options.clients.iter().filter(|_| files).copied().map(FilesSeries::new).collect();
    let progress = bar("measuring", series.len() as u64 * u64::from(options.rounds));
    for _ in 0..options.rounds {
        syncs.add(&disk::sample(&directory, DISK_SAMPLE)?);
        for engine in &mut engines {
            engine.run(&directory, Duration::from_secs(options.seconds)).await?;
        }
        for one in &mut files {
            one.run(&directory, DISK_SAMPLE)?;
        }
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
        files: files.iter().filter_map(FilesSeries::figures).collect(),
        engine: engines.iter().filter_map(EngineSeries::figures).collect(),
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
        let mut prepared = prepared.clone();
        if self.workload == Workload::SqsSend {
            // Each run fills a queue of its own, so that no round finds it longer than another did.
            match Loader::new(&self.target.endpoint, "bench-send").await {
                Ok(loader) => prepared.queue = Some(loader.queue),
                Err(error) => {
                    self.prepared = Err(format!("preparation: {error}"));
                    return;
                }
            }
        }
        let operation = Operation::new(self.workload, &self.target.endpoint, &prepared);
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
        let (before, failure) = match self.prepared {
            Ok(prepared) => (prepared.before, None),
            Err(error) => (0, Some(error)),
        };
        Row {
            workload: self.workload,
            clients: self.clients,
            target: self.target.name.clone(),
            before,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Endpoint;
    use crate::fake::{FakeServer, Reply, credentials};
    use clap::Parser;

    /// Enough for every operation: a queue, one accepted and one received message.
    const ANSWER: &str = r#"{"QueueUrl":"http://h/q","MessageId":"a","Messages":[{"ReceiptHandle":"r"}]}"#;

    async fn target(name: &str, reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Target {
        let server = FakeServer::start(reply).await;
        let endpoint = Endpoint { address: server.address, host: "h".into(), credentials: credentials() };
        Target::running(name, endpoint)
    }

    #[tokio::test]
    async fn good_and_broken_targets_side_by_side() {
        let options =
            ["cloudlet-bench", "run", "--clients", "2", "--seconds", "1", "--rounds", "1", "--backlog", "7"];
        let options = Options::parse_from(options);
        let targets = [
            target("good", |_| Reply::kept(ANSWER)).await,
            target("broken", |_| Reply::status(503, "")).await,
        ];
        let workloads = [Workload::StsIdentity, Workload::SqsCycle, Workload::SqsReceiveAfterDeletes];
        let comparison = compare(&options, &targets, &workloads).await.expect("figures");
        assert_eq!(comparison.base.as_deref(), Some("good"));
        assert!(comparison.disk.is_some_and(|disk| disk.appends > 0));
        assert!(
            matches!(comparison.engine.as_slice(), [engine] if engine.committers == 2 && engine.commits > 0)
        );
        let of = |name: &str| comparison.rows.iter().filter(|row| row.target == name).collect::<Vec<_>>();
        for (row, workload) in of("good").into_iter().zip(workloads) {
            assert_eq!((row.workload, row.clients, row.errors, row.empty), (workload, 2, 0, 0));
            assert!(row.done > 0 && row.p50_us <= row.p99_us && row.ratio_to_base == Some(1.0), "{row:?}");
        }
        let before: Vec<u64> = of("good").iter().map(|row| row.before).collect();
        assert_eq!(before[..2], [0, 100], "one of each of a hundred batches was accepted");
        assert!(before[2] >= 7, "{before:?}");

        let broken = of("broken");
        assert!(broken[0].done == 0 && broken[0].errors > 0 && broken[0].ratio_to_base == Some(0.0));
        for row in &broken[1..] {
            assert!(row.per_second.is_none() && row.ratio_to_base.is_none(), "{row:?}");
            assert_eq!(row.first_error.as_deref(), Some("preparation: status 503: "));
        }
    }
}
