//! Project tasks: `cargo xtask <task>`.

mod codegen;
mod models;
mod paths;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Project tasks")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Generate the model crates from models/inputs and models/overlay
    Codegen {
        /// Write nothing; fail if anything would change
        #[arg(long)]
        check: bool,
    },
    /// Fetch the models again and reduce them to models/inputs (the only task that reads them from packages)
    Models,
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().task {
        Task::Codegen { check } => codegen::run(check),
        Task::Models => models::run(),
    }
}
