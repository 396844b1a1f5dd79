//! `cloudlet rotate-root-key`: a new root key for a data directory that is not in use.

use std::io::Write as _;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use store::Store;
use vault::RootKey;
use zeroize::Zeroizing;

use crate::config::Config;
use crate::output::{self, Format};
use crate::root_key::{self, AtHand, New, Source};

/// Holds the key that replaces the one in `CLOUDLET_ROOT_KEY`.
const NEW_VARIABLE: &str = "CLOUDLET_NEW_ROOT_KEY";

/// Replaces the root key in its file; or, if it comes from the environment, by the one in `CLOUDLET_NEW_ROOT_KEY`; or by
/// one that it prints before anything is changed.
pub fn run(config: &Config, format: Format) -> Result<()> {
    ensure!(!config.ephemeral, "what is ephemeral has no root key");
    ensure!(config.data.is_dir(), "there is no data directory {}", config.data.display());
    let at_hand = AtHand::load(config)?;
    let store = Store::open(&config.data, store::Options::default())
        .with_context(|| format!("cannot open {}", config.data.display()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let old = runtime.block_on(at_hand.unlock(&store))?;
    let (new, printed) = match &config.root_key {
        Source::File(path) => (New::beside(path)?, None),
        Source::Environment(_) => match given()? {
            Some(key) => (New::Known(key), None),
            None => {
                let key = RootKey::generate();
                let text = key.to_base64();
                (New::Known(key), Some(text))
            }
        },
    };
    let mut facts: Vec<(&str, Value)> = vec![
        ("root_key", new.id().to_string().into()),
        ("was", old.root.id().to_string().into()),
        ("source", config.root_key.to_string().into()),
        ("vault_key_version", (old.vault.version() + 1).into()),
    ];
    if let Some(text) = &printed {
        facts.push(("new_root_key", text.as_str().into()));
        output::facts(format, &facts);
        std::io::stdout().flush().context("cannot print the new root key; nothing is changed")?;
    }
    runtime.block_on(root_key::rotate(&store, &old, new))?;
    store.close();
    if printed.is_none() {
        output::facts(format, &facts);
    }
    Ok(())
}

/// The new key in the environment, if there is one.
fn given() -> Result<Option<RootKey>> {
    let Some(text) = std::env::var_os(NEW_VARIABLE) else { return Ok(None) };
    let text = Zeroizing::new(text.into_encoded_bytes());
    let key = RootKey::from_base64(&text);
    key.map(Some).with_context(|| format!("{NEW_VARIABLE} does not hold a root key"))
}
