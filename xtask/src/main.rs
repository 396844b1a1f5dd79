//! Project tasks: `cargo xtask <task>`.

mod bench;
mod codegen;
mod demo;
mod fuzz;
mod models;
mod paths;
mod setup;
mod test;
mod tidy;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Project tasks")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what the tests need, then run every check and every test
    Test,
    /// Check formatting and the rules of the tree
    Tidy,
    /// Generate the model crates from models/inputs and models/overlay
    Codegen {
        /// Write nothing; fail if anything would change
        #[arg(long)]
        check: bool,
    },
    /// Fetch the models again and reduce them to models/inputs (the only task that reads them from packages)
    Models,
    /// Counter Promo's jobs with Cloudlet killed in the middle, and a ledger of what became of each of them
    Demo(demo::Options),
    /// Try a fuzz target of fuzz/targets for some time, keeping what it finds below .work/fuzz
    Fuzz(fuzz::Options),
    /// Measure Cloudlet beside its peers
    Bench(bench::Options),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().task {
        Task::Test => test::run(),
        Task::Tidy => tidy::run(),
        Task::Codegen { check } => codegen::run(check),
        Task::Models => models::run(),
        Task::Demo(options) => demo::run(&options),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::Bench(options) => bench::run(&options),
    }
}
