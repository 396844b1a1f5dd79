//! The root key: where it comes from, and what it opens.
//!
//! It lies in a file outside the data directory, or in `CLOUDLET_ROOT_KEY`. While it is being changed a second file
//! lies beside, with `.new` at the end of its name: the key that is about to replace it. Which of the two is right is
//! what the store says, whose keys are put under the new one in one transaction; so every way of ending in the middle is
//! resolved by the next start.

pub mod file;
mod rotate;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use store::Store;
use vault::{RootKey, Vault, Wrapped};
use zeroize::Zeroizing;

use crate::config::Config;
pub use rotate::{New, rotate};

/// Where the root key comes from.
#[derive(Clone)]
pub enum Source {
    /// A file, which is made with the vault.
    File(PathBuf),
    /// The value of `CLOUDLET_ROOT_KEY`, not looked at yet.
    Environment(Zeroizing<String>),
}

/// The environment variable with the root key.
pub const VARIABLE: &str = "CLOUDLET_ROOT_KEY";

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// As in "… holds root key 0123456789abcdef".
impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Source::File(path) => path.display().fmt(f),
            Source::Environment(_) => f.write_str(VARIABLE),
        }
    }
}

/// The file of a data directory whose root key nothing else names: beside it, with `.root-key` at the end of its name.
/// Each data directory has its own, because changing the root key of one must not lock another.
pub fn beside(data: &Path) -> Result<PathBuf> {
    let absolute = std::path::absolute(data).with_context(|| format!("cannot find {}", data.display()))?;
    let name = absolute.file_name().with_context(|| {
        format!(
            "{} has no name of its own: name a file for the root key with --root-key-file",
            data.display()
        )
    })?;
    let mut name = name.to_owned();
    name.push(".root-key");
    Ok(absolute.with_file_name(name))
}

/// The root keys at hand, before anything of the store has been looked at.
pub struct AtHand {
    data: PathBuf,
    source: Source,
    /// `None`: the file does not exist.
    key: Option<RootKey>,
    /// What is about to replace it, when a change was cut off; it may have been cut off while it was written.
    next: Option<Result<RootKey, file::Error>>,
}

/// A vault, and the root key that opens it.
pub struct Unlocked {
    /// The vault.
    pub vault: Vault,
    /// Its root key.
    pub root: RootKey,
    /// The file that was made for it just now.
    pub made: Option<PathBuf>,
}

impl AtHand {
    /// Reads what there is and changes nothing. Fails when the key is malformed, or others may read its file.
    pub fn load(config: &Config) -> Result<Self> {
        let (key, next) = match &config.root_key {
            Source::Environment(text) => {
                let key = RootKey::from_base64(text.as_bytes());
                (Some(key.with_context(|| format!("{VARIABLE} does not hold a root key"))?), None)
            }
            Source::File(path) => {
                file::refuse_inside(path, &config.data)?;
                let key = file::read(path)
                    .with_context(|| format!("the root key cannot be taken from {}", path.display()))?;
                (key, file::read(&file::next(path)).transpose())
            }
        };
        Ok(Self { data: config.data.clone(), source: config.root_key.clone(), key, next })
    }

    /// Whether there is a root key at all.
    pub fn any(&self) -> bool {
        self.key.is_some() || self.next.is_some()
    }

    /// The one of the keys at hand that the vault is under, and whether it is the one that is about to replace the
    /// other.
    fn choose(self, wrapped: &Wrapped) -> Result<(RootKey, bool)> {
        let wanted = wrapped.root();
        let held = self.key.as_ref().map(RootKey::id);
        if let Some(key) = self.key.filter(|key| key.id() == wanted) {
            return Ok((key, false));
        }
        let next = match self.next {
            Some(Ok(next)) if next.id() == wanted => return Ok((next, true)),
            Some(Err(error)) => {
                format!(" (and the file of a change that was cut off beside it is of no use: {error})")
            }
            _ => String::new(),
        };
        let (data, source) = (self.data.display(), &self.source);
        match held {
            None => bail!(
                "the root key is missing: {data} is sealed under root key {wanted}, and {source} does not exist{next}.\n\
                 Bring that file back from its copy, or name where it is with --root-key-file or {VARIABLE}"
            ),
            Some(held) => bail!(
                "the wrong root key: {data} is sealed under root key {wanted}, and {source} holds {held}{next}"
            ),
        }
    }

    /// Opens the vault's keys and changes nothing. `None`: there are none yet.
    pub fn verify(self, store: &Store) -> Result<Option<Vault>> {
        let Some(wrapped) = Wrapped::load(store)? else { return Ok(None) };
        let (key, _) = self.choose(&wrapped)?;
        Ok(Some(wrapped.unlock(&key)?))
    }

    /// Opens the vault. A store that has sealed nothing yet gets its first key, and where there is no root key either,
    /// that is made and put into its file first. A change of the root key that was cut off is brought to its end.
    pub async fn unlock(self, store: &Store) -> Result<Unlocked> {
        let source = self.source.clone();
        let Some(wrapped) = Wrapped::load(store)? else { return self.create(store).await };
        let (root, replaces) = self.choose(&wrapped)?;
        let vault = wrapped.unlock(&root)?;
        if let Source::File(path) = &source {
            let settle = if replaces { file::replace(path) } else { file::forget_next(path) };
            settle.with_context(|| format!("cannot end the change of the root key in {}", path.display()))?;
        }
        Ok(Unlocked { vault, root, made: None })
    }

    async fn create(self, store: &Store) -> Result<Unlocked> {
        let (root, made) = match (self.key, self.source) {
            (Some(key), _) => (key, None),
            (None, Source::File(path)) => {
                let root = file::make(&path)
                    .with_context(|| format!("cannot make the root key {}", path.display()))?;
                (root, Some(path))
            }
            (None, Source::Environment(_)) => bail!("{VARIABLE} is empty"),
        };
        let vault = vault::create(store, &root).await?;
        Ok(Unlocked { vault, root, made })
    }
}

/// What to say when a root key was made.
pub fn made(path: &Path) -> String {
    format!(
        "made the root key {}: keep a copy of it apart from the data, for without it nothing that is sealed can be \
         opened again",
        path.display()
    )
}
