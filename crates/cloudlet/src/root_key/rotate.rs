//! Changing the root key.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use store::Store;
use vault::{RootKey, RootKeyId, Vault};

use super::{Unlocked, file};

/// The key that replaces the one in use. Wherever it is to be kept, it is there before the store is changed: there is
/// no instant at which the store is under a key that only this process knows.
pub enum New {
    /// It lies beside the file that it will replace.
    Beside(PathBuf, RootKey),
    /// Whoever runs this has it.
    Known(RootKey),
}

impl New {
    /// Makes a key and puts it beside the file that it will replace.
    pub fn beside(path: &Path) -> Result<Self> {
        let key = RootKey::generate();
        file::write_next(path, &key)
            .with_context(|| format!("cannot put a new root key beside {}", path.display()))?;
        Ok(Self::Beside(path.to_owned(), key))
    }

    fn key(&self) -> &RootKey {
        match self {
            Self::Beside(_, key) | Self::Known(key) => key,
        }
    }

    /// What tells it apart.
    pub fn id(&self) -> RootKeyId {
        self.key().id()
    }
}

/// Puts the vault under the new key, with a new vault key for what will be sealed from now on.
pub async fn rotate(store: &Store, old: &Unlocked, new: New) -> Result<Vault> {
    ensure!(new.id() != old.root.id(), "the new root key is the one in use");
    let vault = vault::rotate(store, &old.root, new.key()).await?;
    if let New::Beside(path, _) = &new {
        file::replace(path).with_context(|| {
            format!(
                "the root key is changed, and {} will replace {}",
                file::next(path).display(),
                path.display()
            )
        })?;
    }
    Ok(vault)
}
