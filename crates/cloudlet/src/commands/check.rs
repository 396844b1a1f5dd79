//! `cloudlet check`: verifies a data directory offline.

use anyhow::{Context, Result};
use store::Store;

use crate::config::Config;
use crate::output::{self, Format};
use crate::root_key::AtHand;

/// Reads everything there is and compares checksums; fails at the first damage. When a root key is at hand, the vault's
/// keys are opened with it as well.
pub fn run(config: &Config, format: Format) -> Result<()> {
    let root_key = AtHand::load(config)?;
    let report =
        store::check(&config.data).with_context(|| format!("{} is not sound", config.data.display()))?;
    let vault = if root_key.any() { open_vault(config, root_key)? } else { "no root key at hand".into() };
    output::facts(
        format,
        &[
            ("data", config.data.display().to_string().into()),
            ("sound", true.into()),
            ("format", report.format.into()),
            ("base_entries", report.base_entries.into()),
            ("base_bytes", report.base_bytes.into()),
            ("log_records", report.log_records.into()),
            ("log_bytes", report.log_bytes.into()),
            ("version", report.version.into()),
            ("vault_keys", vault),
        ],
    );
    Ok(())
}

/// How many vault keys there are, all of which open.
fn open_vault(config: &Config, root_key: AtHand) -> Result<serde_json::Value> {
    let store = Store::open(&config.data, store::Options::default())
        .with_context(|| format!("cannot open {}", config.data.display()))?;
    let vault = root_key.verify(&store)?;
    store.close();
    Ok(vault.map_or(0, |vault| vault.version()).into())
}
