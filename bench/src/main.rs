//! Load generator and comparisons: measures Cloudlet and any AWS-compatible endpoint side by side in one run.
//!
//! Every client has one connection and waits for an answer before its next request (a closed loop), and every request is signed.
//! The load generator runs on one thread; its processor time stands beside each figure, so that it is seen where it was the limit.

// A client has the host's time, as every client does.
#![allow(clippy::disallowed_methods)]

mod client;
mod disk;
mod engine;
#[cfg(test)]
mod fake;
mod files;
mod http;
mod items;
mod json;
mod load;
mod long;
mod objects;
mod options;
mod prepare;
mod process;
mod reads;
mod report;
mod rounds;
mod sign;
mod sqs;
mod startup;
mod stats;
mod table;
mod target;
mod venv;
mod workload;

use clap::{Parser, ValueEnum};
use engine::EngineSeries;
use options::{Command, Options, Output};
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;
use target::{Managed, TargetSpec, open_all};
use tokio::signal::unix::{SignalKind, signal};
use workload::Workload;

/// Enough syncs for a 99th percentile on a slow disk.
const DISK_SAMPLE: Duration = Duration::from_secs(3);

fn main() -> ExitCode {
    let options = Options::parse();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    match runtime.block_on(until_interrupted(&options)) {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => fail(&*error),
    }
}

fn fail(error: &dyn Error) -> ExitCode {
    eprintln!("cloudlet-bench: {error}");
    ExitCode::FAILURE
}

/// Drops the work, and with it every server it started, when the user or the system asks to end.
async fn until_interrupted(options: &Options) -> Result<String, Box<dyn Error>> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        result = work(options) => result,
        _ = tokio::signal::ctrl_c() => Err("interrupted".into()),
        _ = terminate.recv() => Err("terminated".into()),
    }
}

async fn work(options: &Options) -> Result<String, Box<dyn Error>> {
    match options.command {
        Command::Peers if options.targets.is_empty() => {
            let all = Managed::ALL.map(TargetSpec::Managed);
            compare(options, &all).await
        }
        Command::Peers | Command::Run => compare(options, &options.targets).await,
        Command::Startup => Ok(startup::measure(options).await?.render(options.output)),
        Command::Long => Ok(long::measure(options).await?.render(options.output)),
        Command::Disk => measure_disk(options),
        Command::Engine => measure_engine(options).await,
    }
}

async fn compare(options: &Options, specs: &[TargetSpec]) -> Result<String, Box<dyn Error>> {
    if specs.is_empty() {
        return Err("give at least one --target".into());
    }
    let targets = open_all(specs, options).await?;
    if let Some(base) = &options.base
        && !targets.iter().any(|target| target.name == *base)
    {
        return Err(format!("--base {base} is none of the targets").into());
    }
    let workloads =
        if options.workloads.is_empty() { Workload::value_variants() } else { &options.workloads };
    Ok(rounds::compare(options, &targets, workloads).await?.render(options.output))
}

fn measure_disk(options: &Options) -> Result<String, Box<dyn Error>> {
    let directory = options.data_parent();
    let figures =
        disk::figures(&disk::sample(&directory, DISK_SAMPLE)?, &directory).ok_or("no append was made")?;
    Ok(match options.output {
        Output::Json => report::to_json(&figures),
        Output::Table | Output::Markdown => report::disk_line(&figures),
    })
}

async fn measure_engine(options: &Options) -> Result<String, Box<dyn Error>> {
    let mut series: Vec<_> = options.clients.iter().copied().map(EngineSeries::new).collect();
    for _ in 0..options.rounds {
        for one in &mut series {
            one.run(&options.data_parent(), Duration::from_secs(options.seconds)).await?;
        }
    }
    let figures: Vec<_> = series.iter().filter_map(EngineSeries::figures).collect();
    Ok(match options.output {
        Output::Json => report::to_json(&figures),
        output => report::engine_table(&figures).render(output),
    })
}
