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
    let scrub = |scrub: &Value| match format {
        Format::Json => scrub.clone(),
        Format::Text => scrubbed(scrub).into(),
    };
    let deliveries = |kinds: &Value| match format {
        Format::Json => kinds.clone(),
        Format::Text => counted(kinds).into(),
    };
    output::facts(
        format,
        &[
            ("status", health["status"].clone()),
            ("url", url.into()),
            ("version", health["version"].clone()),
            ("process_id", health["process_id"].clone()),
            ("ephemeral", health["ephemeral"].clone()),
            ("uptime_seconds", health["uptime_seconds"].clone()),
            ("deliveries", deliveries(&health["deliveries"])),
            ("scrub", scrub(&health["scrub"])),
            ("services", names.unwrap_or_default().join(" ").into()),
        ],
    );
    Ok(())
}

/// What is still to be delivered and what was given up, in a line.
fn counted(kinds: &Value) -> String {
    let count = |(kind, counts): (&String, &Value)| {
        let number = |name: &str| counts[name].as_u64().unwrap_or(0);
        format!("{kind} {} pending, {} given up", number("pending"), number("parked"))
    };
    let counts: Vec<String> = kinds.as_object().into_iter().flatten().map(count).collect();
    if counts.is_empty() { "none".to_owned() } else { counts.join("; ") }
}

/// What the scrub has found, in a line.
fn scrubbed(scrub: &Value) -> String {
    let seen = |seen: &Value| {
        let number = |name: &str| seen[name].as_u64().unwrap_or(0);
        let mib = number("bytes") >> 20;
        format!("{} files, {mib} MiB, {} missing or damaged", number("files"), number("faults"))
    };
    let under_way = |now: &Value| format!("under way: {}", seen(now));
    let last = |last: &Value| format!("until {}: {}", last["ended"].as_str().unwrap_or_default(), seen(last));
    let parts = [(&scrub["under_way"], &under_way as &dyn Fn(&Value) -> String), (&scrub["last"], &last)];
    let parts: Vec<String> =
        parts.iter().filter(|(value, _)| !value.is_null()).map(|(value, say)| say(value)).collect();
    match parts.is_empty() {
        true if scrub.is_null() => "off".to_owned(),
        true => "nothing yet".to_owned(),
        false => parts.join("; "),
    }
}
