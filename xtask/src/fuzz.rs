//! Fuzzing: libFuzzer with coverage, on the stable compiler.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::paths;

/// Instrumentation that libFuzzer steers by: edge counters, compared values, and the table of edges.
const COVERAGE: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
                        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
                        -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1";

/// Options of `cargo xtask fuzz`.
#[derive(Args)]
pub struct Options {
    /// A file of fuzz/targets, without its ending
    #[arg(default_value = "policy")]
    target: String,
    /// How long to try
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

/// Builds the target and lets it run; fails when it finds something.
pub fn run(options: &Options) -> Result<()> {
    let work = paths::root().join(".work/fuzz");
    let corpus = work.join(&options.target);
    fs::create_dir_all(&corpus)?;
    let host = host()?;
    let status = Command::new("cargo")
        .args(["run", "--release", "--manifest-path", "fuzz/Cargo.toml"])
        // With a target named, the flags are for it alone and not for build scripts.
        .args(["--target", &host, "--bin", &options.target, "--"])
        .arg(format!("-max_total_time={}", options.seconds))
        .arg(format!("-artifact_prefix={}/", work.display()))
        .args(["-max_len=8192", "-print_final_stats=1"])
        .arg(&corpus)
        .arg(paths::root().join("fuzz/seeds").join(&options.target))
        .env("RUSTFLAGS", COVERAGE)
        .env("CARGO_TARGET_DIR", work.join("build"))
        .current_dir(paths::root())
        .status()
        .context("cargo cannot be run")?;
    ensure!(status.success(), "{} found something, or could not be built: {status}", options.target);
    Ok(())
}

/// The triple of this machine.
fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("rustc cannot be run")?;
    let text = String::from_utf8(output.stdout)?;
    let line = text.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    Ok(line.to_owned())
}
