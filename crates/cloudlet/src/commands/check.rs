//! `cloudlet check`: verifies a data directory offline.

use anyhow::{Context, Result};

use crate::config::Config;
use crate::output::{self, Format};

/// Reads everything there is and compares checksums; fails at the first damage.
pub fn run(config: &Config, format: Format) -> Result<()> {
    let report =
        store::check(&config.data).with_context(|| format!("{} is not sound", config.data.display()))?;
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
        ],
    );
    Ok(())
}
