//! Cloudlet: the infrastructure of a small SaaS in one program.

mod access_keys;
mod admin;
mod api;
mod clock;
mod commands;
mod config;
mod configured_keys;
mod output;
mod page_cache;
#[cfg(test)]
mod refusals;
mod root_key;
mod scrub;
mod services;
mod temporary;

use clap::{Parser, Subcommand};
use mimalloc::MiMalloc;

use crate::config::Settings;
use crate::output::Format;

/// A request allocates and frees some hundred short values on whichever thread runs it, which the C library's allocator pays for
/// with locks and with merging what was freed.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[derive(Parser)]
#[command(name = "cloudlet", version, about = "The infrastructure of a small SaaS in one program")]
struct Cli {
    /// How to print results
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    output: Format,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run Cloudlet until it is told to stop (SIGTERM or Ctrl-C)
    Up(Settings),
    /// Print the environment variables that point clients at Cloudlet, for a shell to read
    Env(Settings),
    /// Ask a running Cloudlet how it is
    Status(Settings),
    /// Verify a data directory that is not in use
    Check(commands::check::Options),
    /// Make an access key of an account's root user, in a data directory that is not in use
    Key(commands::key::Options),
    /// Say whose credentials the environment holds
    Whoami(Settings),
    /// Say whether a principal may do something, and which statement decides
    Explain(commands::explain::Options),
    /// Replace the root key of a data directory that is not in use
    RotateRootKey(Settings),
}

fn main() -> anyhow::Result<()> {
    let Cli { output, command } = Cli::parse();
    match command {
        Command::Up(settings) => commands::up::run(&settings.resolve()?, output),
        Command::Env(settings) => commands::env::run(&settings.resolve()?, output),
        Command::Status(settings) => commands::status::run(&settings.resolve()?, output),
        Command::Check(options) => commands::check::run(&options, output),
        Command::Key(options) => commands::key::run(&options, output),
        Command::Whoami(settings) => commands::whoami::run(&settings.resolve()?, output),
        Command::Explain(options) => commands::explain::run(&options, output),
        Command::RotateRootKey(settings) => commands::rotate_root_key::run(&settings.resolve()?, output),
    }
}
