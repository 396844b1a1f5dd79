//! `cloudlet key`: access keys for listeners beyond this machine.

use anyhow::{Context, Result, ensure};
use clap::Args;
use kernel::Ids;
use store::Store;

use crate::access_keys;
use crate::config::Settings;
use crate::output::{self, Format};
use crate::root_key::{self, AtHand};

/// Options of `cloudlet key`.
#[derive(Args)]
pub struct Options {
    /// The 12-digit account whose root user the key is for
    #[arg(long, default_value = "000000000000")]
    account: String,
    #[command(flatten)]
    settings: Settings,
}

/// Makes a key and prints it: the secret is not shown again.
pub fn run(options: &Options, format: Format) -> Result<()> {
    let account = &options.account;
    ensure!(
        account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()),
        "{account:?} is not an account: it has 12 digits"
    );
    let config = options.settings.resolve()?;
    let at_hand = AtHand::load(&config)?;
    let store = Store::open(&config.data, store::Options::default())
        .with_context(|| format!("cannot open {}", config.data.display()))?;
    let now = crate::clock::open(&store)?.now();
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let unlocked = runtime.block_on(at_hand.unlock(&store))?;
    if let Some(path) = &unlocked.made {
        eprintln!("{}", root_key::made(path));
    }
    let made = runtime.block_on(iam::bootstrap::root_key(&store, &unlocked.vault, Ids, account, now));
    let made = made.map_err(|error| access_keys::failure(&error))?;
    store.close();
    output::facts(
        format,
        &[
            ("account", account.clone().into()),
            ("access_key_id", made.access_key_id.into()),
            ("secret_access_key", made.secret.as_str().into()),
        ],
    );
    Ok(())
}
