//! `cloudlet status`: asks a running Cloudlet.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::config::Config;
use crate::output::{self, Format};

const PATIENCE: Duration = Duration::from_secs(5);

/// Prints what `/_cloudlet/health` says; fails when nobody answers.
pub fn run(config: &Config, format: Format) -> Result<()> {
    let url = config.url();
    let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).build().into();
    let health: Value = agent
        .get(format!("{url}/_cloudlet/health"))
        .call()
        .with_context(|| format!("no Cloudlet answers at {url}"))?
        .body_mut()
        .read_json()
        .with_context(|| format!("what answers at {url} is not a Cloudlet"))?;
    let names = health["services"].as_object().map(|services| services.keys().cloned().collect::<Vec<_>>());
    output::facts(
        format,
        &[
            ("status", health["status"].clone()),
            ("url", url.into()),
            ("version", health["version"].clone()),
            ("process_id", health["process_id"].clone()),
            ("ephemeral", health["ephemeral"].clone()),
            ("uptime_seconds", health["uptime_seconds"].clone()),
            ("services", names.unwrap_or_default().join(" ").into()),
        ],
    );
    Ok(())
}
