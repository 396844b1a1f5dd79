//! The command line.

use crate::target::TargetSpec;
use crate::workload::Workload;
use clap::{Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Measures Cloudlet and any AWS-compatible endpoint side by side.
#[derive(Debug, Parser)]
#[command(name = "cloudlet-bench", version)]
pub struct Options {
    #[command(subcommand)]
    pub command: Command,

    /// What to measure, repeatable: `name=http://host:port` for a running endpoint, or one the tool starts and ends itself:
    /// `cloudlet`, `cloudlet-ephemeral` (both need --cloudlet), `moto`, `ministack`.
    #[arg(long = "target", value_name = "TARGET", global = true)]
    pub targets: Vec<TargetSpec>,

    /// The Cloudlet program.
    #[arg(long, value_name = "PATH", global = true)]
    pub cloudlet: Option<PathBuf>,

    /// A Python virtual environment for moto and ministack; made and filled by pip if they are not there in the pinned versions.
    #[arg(long, value_name = "DIR", global = true, default_value = "target/bench-venv")]
    pub venv: PathBuf,

    /// Parent of the temporary data directories; the disk figures are taken there too. By default the system's temporary
    /// directory.
    #[arg(long, value_name = "DIR", global = true)]
    pub dir: Option<PathBuf>,

    /// Workloads to run, repeatable; all by default.
    #[arg(long = "workload", value_enum, global = true)]
    pub workloads: Vec<Workload>,

    /// Numbers of concurrent clients, each with one connection.
    #[arg(long, global = true, value_delimiter = ',', default_values_t = [1, 32], value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub clients: Vec<u16>,

    /// How long each workload runs per target, number of clients and round.
    #[arg(long, global = true, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub seconds: u64,

    /// Rounds; in each, every workload visits every target, so that the machine's noise hits all alike.
    #[arg(long, global = true, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub rounds: u32,

    /// Messages in the queue (or deleted from it) before the two receive workloads; what was reached in time is reported.
    #[arg(long, global = true, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub backlog: u64,

    /// Items in the table of the workloads of DynamoDB; what was reached in time is reported.
    #[arg(long, global = true, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(100..=10_000_000))]
    pub items: u64,

    /// How long the preparation of one queue or table may take before it goes on with what is there.
    #[arg(long, global = true, default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub prepare_seconds: u64,

    /// Messages loaded by `startup`.
    #[arg(long, global = true, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub messages: u64,

    /// Length of the object of `long`; the default is the longest that S3 takes in one request.
    #[arg(long, global = true, default_value_t = 5_120, value_parser = clap::value_parser!(u64).range(1..=5_120))]
    pub mib: u64,

    /// The target the others are compared with; the first by default.
    #[arg(long, value_name = "NAME", global = true)]
    pub base: Option<String>,

    /// Access key to sign with.
    #[arg(long, global = true, default_value = "test")]
    pub access_key: String,

    /// Secret key to sign with.
    #[arg(long, global = true, default_value = "test")]
    pub secret_key: String,

    /// Region to sign for.
    #[arg(long, global = true, default_value = "us-east-1")]
    pub region: String,

    /// How to print the result.
    #[arg(long, value_enum, global = true, default_value_t = Output::Table)]
    pub output: Output,
}

/// What to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Cloudlet durable and ephemeral next to moto and ministack, unless --target says otherwise.
    Peers,
    /// The given targets only.
    Run,
    /// Cloudlet's time to ready, memory and directory size: empty, loaded, and after SIGKILL.
    Startup,
    /// One object in one request, put and got: rates, and what memory Cloudlet takes for it.
    Long,
    /// The disk alone: appends of 4 KiB, each followed by fdatasync.
    Disk,
    /// The store alone: commits of one small put by each number of --clients.
    Engine,
}

/// Output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// Aligned columns for people.
    Table,
    /// The same as a Markdown table.
    Markdown,
    /// Everything, for programs.
    Json,
}

impl Options {
    /// Where temporary data goes.
    pub fn data_parent(&self) -> PathBuf {
        self.dir.clone().unwrap_or_else(std::env::temp_dir)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_consistent() {
        Options::command().debug_assert();
    }

    #[test]
    fn flags_are_understood_after_the_command() {
        let options = Options::try_parse_from([
            "cloudlet-bench",
            "run",
            "--target",
            "a=http://127.0.0.1:1",
            "--target",
            "moto",
            "--clients",
            "1,8",
            "--workload",
            "sqs_send",
            "--output",
            "json",
        ])
        .expect("valid");
        assert_eq!(options.command, Command::Run);
        assert_eq!(options.targets.len(), 2);
        assert_eq!(options.clients, [1, 8]);
        assert_eq!(options.workloads, [Workload::SqsSend]);
        for bad in
            [["--clients", "0"], ["--target", "nonsense"], ["--target", "=http://x"], ["--seconds", "0"]]
        {
            assert!(
                Options::try_parse_from(["cloudlet-bench", "run"].into_iter().chain(bad)).is_err(),
                "{bad:?}"
            );
        }
    }
}
