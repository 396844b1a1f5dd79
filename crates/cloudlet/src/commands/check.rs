//! `cloudlet check`: verifies a data directory offline.

mod files;
mod uses;

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::{Value, json};
use store::Store;

use crate::config::Settings;
use crate::output::{self, Format};
use crate::root_key::AtHand;
use files::{Fault, Report};

/// Options of `cloudlet check`.
#[derive(Args)]
pub struct Options {
    /// Also read every file of objects and compare it with its checksum: this takes as long as the disk needs for all of
    /// them
    #[arg(long)]
    verify: bool,
    #[command(flatten)]
    settings: Settings,
}

/// Reads the whole store and compares checksums; fails at the first damage. Then compares the files of objects with what
/// the store says of them, and fails if anything of an object is lost. When a root key is at hand, the vault's keys are
/// opened with it as well.
pub fn run(options: &Options, format: Format) -> Result<()> {
    let config = options.settings.resolve()?;
    let root_key = AtHand::load(&config)?;
    let report =
        store::check(&config.data).with_context(|| format!("{} is not sound", config.data.display()))?;
    let store = Store::open(&config.data, store::Options::default())
        .with_context(|| format!("cannot open {}", config.data.display()))?;
    let vault = if root_key.any() { vault_keys(&store, root_key)? } else { "no root key at hand".into() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let files = runtime.block_on(files::check(&config.data, &store, options.verify));
    store.close();
    let files = files.context("the files of objects cannot be checked")?;
    output::facts(
        format,
        &[
            ("data", config.data.display().to_string().into()),
            ("sound", files.is_sound().into()),
            ("format", report.format.into()),
            ("base_entries", report.base_entries.into()),
            ("base_bytes", report.base_bytes.into()),
            ("log_records", report.log_records.into()),
            ("log_bytes", report.log_bytes.into()),
            ("version", report.version.into()),
            ("vault_keys", vault),
            ("files", files.files.into()),
            ("file_bytes", files.bytes.into()),
            ("files_verified", if options.verify { files.verified.into() } else { Value::Null }),
            ("files_to_be_removed", files.garbage.into()),
            ("files_left_over", files.left_over.into()),
            ("files_unfinished", files.unfinished.into()),
            ("faults", listed(&files, format)),
        ],
    );
    ensure!(files.is_sound(), "{} is not sound: {} faults", config.data.display(), files.faults_in_all);
    Ok(())
}

/// How many vault keys there are, all of which open.
fn vault_keys(store: &Store, root_key: AtHand) -> Result<Value> {
    Ok(root_key.verify(store)?.map_or(0, |vault| vault.version()).into())
}

/// What is wrong: a line each for people.
fn listed(report: &Report, format: Format) -> Value {
    match format {
        Format::Json => report.faults.iter().map(as_json).collect(),
        Format::Text if report.faults.is_empty() => "none".into(),
        Format::Text => {
            let mut lines: Vec<String> = report.faults.iter().map(ToString::to_string).collect();
            let more = report.faults_in_all - report.faults.len() as u64;
            if more > 0 {
                lines.push(format!("… and {more} more"));
            }
            lines.join("\n").into()
        }
    }
}

fn as_json(fault: &Fault) -> Value {
    json!({
        "file": fault.file.map(|id| id.to_string()),
        "why": fault.why,
        "objects": fault.objects.iter().map(|(bucket, key)| json!({ "bucket": bucket, "key": key })).collect::<Vec<_>>(),
    })
}
