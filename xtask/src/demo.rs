//! Counter Promo's jobs, with Cloudlet killed in the middle: a ledger shows what became of each of them.

mod cast;
mod ledger;
mod process;
mod progress;
mod report;
mod server;
mod stop;
mod tail;

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use clap::{Args, ValueEnum};

use self::cast::Cast;
use self::ledger::{Ledger, Poisoned};
use self::progress::Progress;
use self::report::{Kill, Report};
use self::server::Server;
use self::stop::Stop;
use crate::{paths, setup};

/// `cargo xtask demo`
#[derive(Args)]
pub struct Options {
    /// Jobs to send; more than the file has rows repeats rows under new ids
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    jobs: u32,
    /// Worker processes
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=32))]
    workers: u32,
    /// How often Cloudlet and a worker are killed while jobs are under way. A job that several kills hit is received
    /// as often without being done, so with many kills a sound job can become a dead letter, as with SQS
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(0..=10))]
    kills: u32,
    /// Build and run Cloudlet optimised
    #[arg(long)]
    release: bool,
    /// Run this program, which has been built already
    #[arg(long, value_name = "FILE", conflicts_with = "release")]
    program: Option<PathBuf>,
    /// Seconds after which the demo gives up, building not counted
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    timeout: u32,
    /// Keep the data directory, the journals and the logs
    #[arg(long)]
    keep: bool,
    /// How to print the ledger
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// A table
    Text,
    /// One JSON document on standard output
    Json,
}

/// How often the journals are looked at.
const TICK: Duration = Duration::from_millis(20);
/// How often the queues are counted once every job is accounted for: each time is a new Python process.
const COUNT_EVERY: Duration = Duration::from_secs(2);
/// Without any news for so long, what is missing is not coming: six times the jobs' visibility timeout.
const QUIET_MAX: Duration = Duration::from_secs(30);

/// Runs the demo; fails if any promise is broken.
pub fn run(options: &Options) -> Result<()> {
    let example = paths::root().join("examples/counterpromo");
    let poisoned = Poisoned::read(&example.join("poisoned.txt"))?;
    let python = setup::python(&example.join("requirements.txt"))?;
    let program = match &options.program {
        Some(program) => program.clone(),
        None => setup::cloudlet(options.release)?,
    };

    let stop = Stop::after(Duration::from_secs(options.timeout.into()))?;
    fs::create_dir_all(paths::work())?;
    let scratch = tempfile::Builder::new().prefix("demo-").tempdir_in(paths::work())?;
    let place = scratch.path().to_owned();
    let outcome = play(options, &stop, &program, &python, &example, &place, poisoned);
    let sound = outcome.as_ref().is_ok_and(|report| report.broken.is_empty());
    if options.keep || !sound {
        eprintln!("Data, journals and logs are in {}", scratch.keep().display());
    }
    let report = outcome?;
    match options.output {
        Output::Text => report.print(),
        Output::Json => println!("{}", serde_json::to_string_pretty(&report)?),
    }
    ensure!(report.broken.is_empty(), "{}", report.broken.join("\n"));
    Ok(())
}

/// From an empty directory to the ledger.
fn play(
    options: &Options,
    stop: &Stop,
    program: &Path,
    python: &Path,
    example: &Path,
    place: &Path,
    poisoned: Poisoned,
) -> Result<Report> {
    let progress = Progress::new(options.jobs);
    let mut server = Server::new(program, place)?;
    let ready = server.start(stop)?;
    progress.say(&format!("Cloudlet is ready at {} after {} ms", server.url(), ready.as_millis()));

    let mut cast = Cast::new(python, example, place, &server.url(), stop)?;
    for _ in 0..options.workers {
        cast.hire_worker()?;
    }
    cast.start(options.jobs)?;

    let mut ledger = Ledger::new(options.jobs, poisoned);
    let mut kills: Vec<Kill> = Vec::new();
    let mut news = Instant::now();
    let mut counted: Option<Instant> = None;
    let left_in_queues = loop {
        stop.check()?;
        cast.check()?;
        server.check()?;
        if cast.read_journals(&mut ledger)? {
            news = Instant::now();
            progress.show(&ledger, kills.len());
        }
        if due(options, kills.len(), ledger.attempted()) {
            kills.push(kill(&mut server, &mut cast, &ledger, stop)?);
            progress.say(&format!("{}. {}", kills.len(), kills[kills.len() - 1]));
            news = Instant::now();
        }
        let quiet = news.elapsed() > QUIET_MAX;
        let count_again = counted.is_none_or(|at| at.elapsed() > COUNT_EVERY);
        if quiet || (cast.all_is_sent() && ledger.is_settled() && count_again) {
            let left = cast.count_queues(stop)?;
            counted = Some(Instant::now());
            if quiet || left == 0 {
                break left;
            }
        }
        sleep(TICK);
    };

    cast.dismiss(stop)?;
    cast.read_journals(&mut ledger)?;
    ledger.read_results(&cast.results())?;
    server.shut_down()?;
    server.verify_data()?;
    drop(progress);
    Ok(Report::new(&ledger, options.workers, kills, left_in_queues))
}

/// Whether it is time for the next kill: they part the jobs into equal stretches.
fn due(options: &Options, kills: usize, attempted: usize) -> bool {
    let next = kills as u64 + 1;
    let threshold = u64::from(options.jobs) * next / (u64::from(options.kills) + 1);
    next <= u64::from(options.kills) && attempted as u64 >= threshold
}

/// Kills Cloudlet and a worker, neither of which gets to say good-bye, and starts both again.
fn kill(server: &mut Server, cast: &mut Cast, ledger: &Ledger, stop: &Stop) -> Result<Kill> {
    server.kill()?;
    cast.kill_worker()?;
    let restart = server.start(stop)?;
    cast.hire_worker()?;
    Ok(Kill::new(ledger, restart))
}

/// A port that nothing listens on. It is below the ports that systems give to outgoing connections, lest a client
/// that knocks while Cloudlet is down be connected to itself.
fn free_port() -> Result<u16> {
    let first = 20_000 + (std::process::id() % 10_000) as u16;
    for port in first..first + 100 {
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no free port from {first} on")
}
