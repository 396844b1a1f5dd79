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

#[cfg(test)]
mod tests {
    use std::fs;

    use store::Options;

    use super::*;
    use crate::config::Settings;

    /// A data directory and the file of its root key.
    struct Place {
        _folder: tempfile::TempDir,
        config: Config,
        file: PathBuf,
    }

    impl Place {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let data = folder.path().join("data");
            let file = beside(&data).unwrap();
            let config = Settings { data: Some(data), ..Settings::default() }.resolve().unwrap();
            Self { _folder: folder, config, file }
        }

        fn store(&self) -> Store {
            Store::open(&self.config.data, Options::default()).unwrap()
        }

        async fn unlock(&self) -> Result<Unlocked> {
            let at_hand = AtHand::load(&self.config)?;
            let store = self.store();
            let unlocked = at_hand.unlock(&store).await;
            store.close();
            unlocked
        }

        async fn refusal(&self) -> String {
            let before = version(self);
            let files = self.files();
            let Err(error) = self.unlock().await else { panic!("it opens") };
            assert_eq!((version(self), self.files()), (before, files), "a refusal changes nothing");
            format!("{error:#}")
        }

        /// The files of the root key, and what is in them.
        fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
            let there = [self.file.clone(), file::next(&self.file)].into_iter();
            there.filter_map(|path| Some((path.clone(), fs::read(path).ok()?))).collect()
        }
    }

    /// The newest commit.
    fn version(place: &Place) -> u64 {
        let store = place.store();
        let version = store.version();
        store.close();
        version
    }

    fn opens(unlocked: &Unlocked, sealed: &[u8]) {
        assert_eq!(unlocked.vault.open("p", "i", sealed).unwrap().as_slice(), b"secret");
    }

    #[tokio::test]
    async fn made_at_the_first_start_and_used_from_then_on() {
        let place = Place::new();
        let first = place.unlock().await.unwrap();
        assert_eq!(first.made.as_deref(), Some(place.file.as_path()));
        let sealed = first.vault.seal("p", "i", b"secret");
        let second = place.unlock().await.unwrap();
        assert_eq!((second.made.as_deref(), second.root.id()), (None, first.root.id()));
        opens(&second, &sealed);
    }

    #[tokio::test]
    async fn a_start_that_was_cut_off_is_taken_up() {
        let place = Place::new();
        // The key was made, the vault was not.
        let key = file::make(&place.file).unwrap();
        assert_eq!(place.unlock().await.unwrap().root.id(), key.id());
        // The key was not finished.
        let place = Place::new();
        fs::write(file::next(&place.file), "half").unwrap();
        let made = place.unlock().await.unwrap();
        assert_eq!(place.files().len(), 1);
        assert_eq!(place.unlock().await.unwrap().root.id(), made.root.id());
    }

    #[tokio::test]
    async fn refusals_say_what_is_wrong() {
        let place = Place::new();
        let right = place.unlock().await.unwrap();
        let text = fs::read(&place.file).unwrap();
        fs::remove_file(&place.file).unwrap();
        let why = place.refusal().await;
        assert!(why.contains("missing") && why.contains(&right.root.id().to_string()), "{why}");

        let wrong = file::make(&place.file).unwrap();
        let why = place.refusal().await;
        assert!(why.contains("wrong root key") && why.contains(&wrong.id().to_string()), "{why}");

        fs::write(&place.file, "not a key").unwrap();
        let why = place.refusal().await;
        assert!(why.contains("does not hold a root key"), "{why}");

        fs::write(&place.file, text).unwrap();
        let mut permissions = fs::metadata(&place.file).unwrap().permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o644);
        fs::set_permissions(&place.file, permissions.clone()).unwrap();
        let why = place.refusal().await;
        assert!(why.contains("0644"), "{why}");

        std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o600);
        fs::set_permissions(&place.file, permissions).unwrap();
        assert_eq!(place.unlock().await.unwrap().root.id(), right.root.id());
    }

    #[tokio::test]
    async fn the_environment_gives_a_key_without_a_file() {
        let mut place = Place::new();
        let key = RootKey::generate();
        place.config.root_key = Source::Environment(key.to_base64());
        let first = place.unlock().await.unwrap();
        assert_eq!((first.root.id(), first.made.as_deref()), (key.id(), None));
        assert!(place.files().is_empty());
        place.config.root_key = Source::Environment(RootKey::generate().to_base64());
        assert!(place.refusal().await.contains(VARIABLE));
        place.config.root_key = Source::Environment(Zeroizing::new("c2hvcnQ=".to_owned()));
        let why = place.refusal().await;
        assert!(why.contains(VARIABLE) && !why.contains("c2hvcnQ="), "{why}");
        assert!(!format!("{:?}", place.config).contains("c2hvcnQ="));
    }

    #[tokio::test]
    async fn a_change_can_be_cut_off_at_any_step() {
        for step in 0..5 {
            let place = Place::new();
            let old = place.unlock().await.unwrap();
            let sealed = old.vault.seal("p", "i", b"secret");
            let store = place.store();
            let changed = step >= 3;
            match step {
                // Before anything was written.
                0 => {}
                // While the new key was written.
                1 => fs::write(file::next(&place.file), "half").unwrap(),
                // Before the store was changed.
                2 => drop(New::beside(&place.file).unwrap()),
                // Before the new file got the old one's name.
                3 => {
                    let New::Beside(_, key) = New::beside(&place.file).unwrap() else { unreachable!() };
                    vault::rotate(&store, &old.root, &key).await.unwrap();
                    assert_eq!(place.files().len(), 2);
                }
                // At its end.
                _ => {
                    let vault = rotate(&store, &old, New::beside(&place.file).unwrap()).await.unwrap();
                    assert_eq!(vault.version(), 2);
                }
            }
            store.close();
            let after = place.unlock().await.unwrap();
            assert_eq!(after.root.id() != old.root.id(), changed, "step {step}");
            opens(&after, &sealed);
            assert_eq!(after.vault.version(), if changed { 2 } else { 1 });
            assert_eq!(place.files().len(), 1, "step {step}");
            let kept = file::read(&place.file).unwrap().unwrap();
            assert_eq!(kept.id(), after.root.id(), "step {step}");
            if changed {
                fs::write(&place.file, old.root.to_base64().as_bytes()).unwrap();
                assert!(place.refusal().await.contains("wrong root key"));
            }
        }
    }

    #[tokio::test]
    async fn a_change_that_was_cut_off_is_not_resolved_for_a_wrong_key() {
        let place = Place::new();
        place.unlock().await.unwrap();
        let wrong = RootKey::generate();
        fs::write(&place.file, wrong.to_base64().as_bytes()).unwrap();
        file::write_next(&place.file, &RootKey::generate()).unwrap();
        assert!(place.refusal().await.contains("wrong root key"));
        fs::write(file::next(&place.file), "half").unwrap();
        assert!(place.refusal().await.contains("of no use"));
    }

    #[tokio::test]
    async fn verifying_changes_nothing() {
        let place = Place::new();
        let key = file::make(&place.file).unwrap();
        let store = place.store();
        assert!(AtHand::load(&place.config).unwrap().verify(&store).unwrap().is_none());
        vault::create(&store, &key).await.unwrap();
        file::write_next(&place.file, &RootKey::generate()).unwrap();
        let vault = AtHand::load(&place.config).unwrap().verify(&store).unwrap().unwrap();
        assert_eq!((vault.version(), place.files().len()), (1, 2));
        store.close();
    }

    #[test]
    fn each_data_directory_has_its_own_file() {
        assert_eq!(beside(Path::new("/srv/cloudlet/")).unwrap(), Path::new("/srv/cloudlet.root-key"));
        assert!(beside(Path::new("/")).is_err());
        assert!(beside(Path::new("/srv/..")).is_err());
    }
}
