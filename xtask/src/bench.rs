//! `cargo xtask bench`: builds the load generator and the program, and passes the arguments on.

use std::process::Command;

use anyhow::Result;
use clap::Args;

use crate::{paths, setup};

/// Arguments of the load generator.
#[derive(Args)]
pub struct Options {
    /// What to measure; see `cargo xtask bench -- --help`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

/// Builds both in release form and runs.
pub fn run(options: &Options) -> Result<()> {
    let cloudlet = setup::cloudlet(true)?;
    let bench = setup::build("bench", "cloudlet-bench", true)?;
    let mut command = Command::new(bench);
    command.arg("--cloudlet").arg(cloudlet);
    command.arg("--venv").arg(paths::work().join("peers"));
    setup::run(command.args(&options.args))
}
