//! The vault keys as they lie in the store: `("cloudlet", "vault", version)` → [`WrappedKey`].

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use store::{KeyRange, KeyReader, KeyWriter, RangeOptions, Record as _, RecordError, Store};

use crate::key::{KEY, Key};
use crate::root::{RootKey, RootKeyId};
use crate::vault::Vault;

/// A vault key under the root key.
#[derive(Serialize, Deserialize)]
struct WrappedKey {
    /// Which root key that is.
    root: RootKeyId,
    /// The vault key, sealed for [`PURPOSE`] and its version.
    sealed: Vec<u8>,
}
store::record!(WrappedKey, kind = 0x0002);

/// What root keys seal.
const PURPOSE: &str = "cloudlet.vault-key";

/// Most vault keys of a store. Each change of the root key adds one; a change a day lasts eleven years, and all of them
/// are rewrapped in one transaction of less than 1 MB, a tenth of what the store takes.
const KEYS_MAX: usize = 4_096;

/// Why the vault's keys cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The root key is not the one that the vault keys are sealed under.
    #[error("the vault is sealed under root key {wanted}, not under {given}")]
    WrongRootKey {
        /// Under which they are.
        wanted: RootKeyId,
        /// The one given.
        given: RootKeyId,
    },
    /// The store holds a vault key that does not open, or not all that should be there.
    #[error("the vault is damaged: {0}")]
    Damaged(String),
    /// The store has vault keys already.
    #[error("the vault has keys already")]
    Exists,
    /// The root key was changed too often.
    #[error("the vault has {KEYS_MAX} keys, and takes no more")]
    Full,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl From<RecordError> for Error {
    fn from(error: RecordError) -> Self {
        Error::Damaged(error.to_string())
    }
}

fn prefix() -> Bytes {
    KeyWriter::new().str("cloudlet").str("vault").finish()
}

fn key_of(version: u32) -> Bytes {
    KeyWriter::new().str("cloudlet").str("vault").u64(version.into()).finish()
}

/// The vault keys of a store, under their root key: at least one, and no version is left out.
#[derive(Debug)]
pub struct Wrapped {
    root: RootKeyId,
    /// Version 1 first.
    keys: Vec<Vec<u8>>,
}

impl Wrapped {
    /// Reads them; `None` when the store has none, for nothing has been sealed in it.
    pub fn load(store: &Store) -> Result<Option<Self>, Error> {
        let page = store.snapshot().range(KeyRange::prefix(prefix()), RangeOptions::limit(KEYS_MAX))?;
        if page.more {
            return Err(Error::Damaged(format!("it has more than {KEYS_MAX} keys")));
        }
        let mut found: Option<Self> = None;
        for (expected, (key, value)) in (1..).zip(&page.entries) {
            if *key != key_of(expected) {
                let version = KeyReader::after_prefix(key, &prefix()).and_then(|mut rest| rest.u64().ok());
                return Err(Error::Damaged(format!("where key {expected} should be is {version:?}")));
            }
            let WrappedKey { root, sealed } = WrappedKey::decode(value)?;
            let wrapped = found.get_or_insert(Self { root, keys: Vec::with_capacity(page.entries.len()) });
            if wrapped.root != root {
                return Err(Error::Damaged("its keys are sealed under more than one root key".to_owned()));
            }
            wrapped.keys.push(sealed);
        }
        Ok(found)
    }

    /// The root key that they are sealed under.
    pub fn root(&self) -> RootKeyId {
        self.root
    }

    /// Opens all of them.
    pub fn unlock(&self, root: &RootKey) -> Result<Vault, Error> {
        if root.id() != self.root {
            return Err(Error::WrongRootKey { wanted: self.root, given: root.id() });
        }
        let mut keys = BTreeMap::new();
        for (version, sealed) in (1..).zip(&self.keys) {
            let damaged = || Error::Damaged(format!("its key {version} does not open"));
            let opened = root.0.open(PURPOSE, &version.to_string(), sealed).ok_or_else(damaged)?;
            let bytes: &[u8; KEY] = opened.as_slice().try_into().map_err(|_| damaged())?;
            keys.insert(version, Key::from_fn(|key| key.copy_from_slice(bytes)));
        }
        let (newest, key) = keys.pop_last().ok_or_else(|| Error::Damaged("it has no key".to_owned()))?;
        Ok(Vault::of(keys, newest, key))
    }
}

fn wrap(root: &RootKey, version: u32, key: &Key) -> Bytes {
    let mut sealed = Vec::new();
    root.0.seal(PURPOSE, &version.to_string(), key.bytes(), &mut sealed);
    WrappedKey { root: root.id(), sealed }.encode()
}

/// Makes the first vault key of a store that has none, under `root`. Durable when it returns.
pub async fn create(store: &Store, root: &RootKey) -> Result<Vault, Error> {
    let mut tx = store.begin();
    if !tx.range(KeyRange::prefix(prefix()), RangeOptions::limit(1))?.entries.is_empty() {
        return Err(Error::Exists);
    }
    let key = Key::random();
    tx.put(key_of(1), wrap(root, 1, &key));
    tx.commit().await?;
    Ok(Vault::of(BTreeMap::new(), 1, key))
}

/// Puts all vault keys under `to` instead of `from`, and adds one for what will be sealed from now on, which was never
/// under `from`: all in one transaction. Gives the vault with the new key. Vaults unlocked before do not know that key:
/// nothing else may have the store open.
pub async fn rotate(store: &Store, from: &RootKey, to: &RootKey) -> Result<Vault, Error> {
    let mut tx = store.begin();
    tx.add_read_conflict(KeyRange::prefix(prefix()));
    let wrapped = Wrapped::load(store)?.ok_or_else(|| Error::Damaged("it has no key".to_owned()))?;
    if wrapped.keys.len() >= KEYS_MAX {
        return Err(Error::Full);
    }
    let vault = wrapped.unlock(from)?;
    for (version, key) in vault.keys() {
        tx.put(key_of(*version), wrap(to, *version, key));
    }
    tx.put(key_of(vault.version() + 1), wrap(to, vault.version() + 1, &Key::random()));
    tx.commit().await?;
    Wrapped::load(store)?.ok_or_else(|| Error::Damaged("it has no key".to_owned()))?.unlock(to)
}

#[cfg(test)]
mod tests {
    use store::Options;

    use super::*;

    fn store() -> Store {
        Store::in_memory(Options::default())
    }

    fn load(store: &Store) -> Wrapped {
        Wrapped::load(store).unwrap().unwrap()
    }

    #[test]
    fn keys_are_as_documented() {
        assert_eq!(&key_of(300)[..], b"\x02cloudlet\0\x02vault\0\x16\x01\x2c");
        assert!(key_of(1).starts_with(&prefix()));
    }

    #[tokio::test]
    async fn unlocked_with_its_root_key_only() {
        let (store, root) = (store(), RootKey::generate());
        assert!(Wrapped::load(&store).unwrap().is_none());
        let made = create(&store, &root).await.unwrap();
        let sealed = made.seal("p", "i", b"secret");
        assert_eq!(load(&store).root(), root.id());
        let vault = load(&store).unlock(&root).unwrap();
        assert_eq!(vault.open("p", "i", &sealed).unwrap().as_slice(), b"secret");
        let other = RootKey::generate();
        let error = load(&store).unlock(&other).unwrap_err();
        assert!(
            matches!(error, Error::WrongRootKey { wanted, given } if wanted == root.id() && given == other.id())
        );
        assert!(matches!(create(&store, &other).await, Err(Error::Exists)));
    }

    #[tokio::test]
    async fn rotated_again_and_again() {
        let (store, first) = (store(), RootKey::generate());
        let mut sealed = vec![create(&store, &first).await.unwrap().seal("p", "i", b"1")];
        let mut root = first;
        for round in 2..6u32 {
            let next = RootKey::generate();
            let vault = rotate(&store, &root, &next).await.unwrap();
            assert_eq!(vault.version(), round);
            sealed.push(vault.seal("p", "i", round.to_string().as_bytes()));
            let refused = load(&store).unlock(&root).unwrap_err();
            assert!(matches!(refused, Error::WrongRootKey { .. }));
            assert!(matches!(rotate(&store, &root, &next).await, Err(Error::WrongRootKey { .. })));
            root = next;
            let vault = load(&store).unlock(&root).unwrap();
            for (number, sealed) in (1..).zip(&sealed) {
                assert_eq!(*vault.open("p", "i", sealed).unwrap(), number.to_string().into_bytes());
            }
        }
    }

    #[tokio::test]
    async fn a_key_in_another_ones_place_does_not_open() {
        let (store, root) = (store(), RootKey::generate());
        create(&store, &root).await.unwrap();
        rotate(&store, &root, &root).await.unwrap();
        let (one, two) = (
            store.snapshot().get(&key_of(1)).unwrap().unwrap(),
            store.snapshot().get(&key_of(2)).unwrap().unwrap(),
        );
        let mut tx = store.begin();
        tx.put(key_of(1), two);
        tx.put(key_of(2), one);
        tx.commit().await.unwrap();
        assert!(matches!(load(&store).unlock(&root), Err(Error::Damaged(why)) if why.contains("key 1")));
    }

    #[tokio::test]
    async fn what_is_missing_is_noticed() {
        let (store, root) = (store(), RootKey::generate());
        create(&store, &root).await.unwrap();
        rotate(&store, &root, &root).await.unwrap();
        let mut tx = store.begin();
        tx.delete(key_of(1));
        tx.commit().await.unwrap();
        assert!(matches!(Wrapped::load(&store), Err(Error::Damaged(_))));
        let mut tx = store.begin();
        tx.put(key_of(1), Bytes::from_static(b"\x01\x00\x01\x00"));
        tx.commit().await.unwrap();
        assert!(matches!(Wrapped::load(&store), Err(Error::Damaged(_))));
        let mut tx = store.begin();
        tx.put(key_of(1), wrap(&RootKey::generate(), 1, &Key::random()));
        tx.commit().await.unwrap();
        assert!(matches!(Wrapped::load(&store), Err(Error::Damaged(why)) if why.contains("more than one")));
    }

    #[tokio::test]
    async fn the_number_of_keys_is_limited() {
        let (store, root) = (store(), RootKey::generate());
        create(&store, &root).await.unwrap();
        let mut tx = store.begin();
        for version in 2..=KEYS_MAX as u32 {
            tx.put(key_of(version), wrap(&root, version, &Key::random()));
        }
        tx.commit().await.unwrap();
        assert!(matches!(rotate(&store, &root, &root).await, Err(Error::Full)));
        let mut tx = store.begin();
        tx.delete(key_of(KEYS_MAX as u32));
        tx.commit().await.unwrap();
        let vault = rotate(&store, &root, &root).await.unwrap();
        assert_eq!(vault.version() as usize, KEYS_MAX);
    }
}
