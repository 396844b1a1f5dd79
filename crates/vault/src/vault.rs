//! The vault keys in memory, and what is sealed under them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::key::{Key, OVERHEAD};

/// The form of a sealed value: this byte, the version of its vault key in four bytes, then what [`Key::seal`] writes.
const FORM: u8 = 1;
/// Bytes before what the key writes.
const HEADER: usize = 5;

/// The keys in memory.
#[derive(Clone)]
pub struct Vault {
    keys: Arc<BTreeMap<u32, Key>>,
    newest: u32,
}

/// A sealed value that does not open: it is damaged, belongs elsewhere, or was sealed under another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value does not open: it is damaged, or sealed for another place or under another key")]
pub struct SealBroken;

impl Vault {
    /// A vault whose key is known to nobody and ends with it: for stores that are not kept.
    pub fn ephemeral() -> Self {
        Self::of(BTreeMap::new(), 1, Key::random())
    }

    /// A vault of these keys and a newest one.
    pub(crate) fn of(mut older: BTreeMap<u32, Key>, newest: u32, key: Key) -> Self {
        older.insert(newest, key);
        Self { keys: Arc::new(older), newest }
    }

    /// Seals `plain` for a purpose (`iam.access-key`) and the thing it belongs to (an id), under the newest key. The
    /// result is longer by a fixed amount. Any number of values can be sealed.
    pub fn seal(&self, purpose: &str, belongs_to: &str, plain: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(HEADER + OVERHEAD + plain.len());
        sealed.push(FORM);
        sealed.extend_from_slice(&self.newest.to_be_bytes());
        self.keys[&self.newest].seal(purpose, belongs_to, plain, &mut sealed);
        sealed
    }

    /// Opens what [`Vault::seal`] made for the same purpose and thing, now or under an older key.
    pub fn open(
        &self,
        purpose: &str,
        belongs_to: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealBroken> {
        let ([form, version @ ..], sealed) = sealed.split_first_chunk::<HEADER>().ok_or(SealBroken)?;
        if *form != FORM {
            return Err(SealBroken);
        }
        let key = self.keys.get(&u32::from_be_bytes(*version)).ok_or(SealBroken)?;
        key.open(purpose, belongs_to, sealed).ok_or(SealBroken)
    }

    /// The version of the key that values are sealed under now.
    pub fn version(&self) -> u32 {
        self.newest
    }

    /// The keys by their versions.
    pub(crate) fn keys(&self) -> &BTreeMap<u32, Key> {
        &self.keys
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn opens_in_its_place_only() {
        let vault = Vault::ephemeral();
        let mut sealed = vault.seal("iam.access-key", "AKIA1", b"secret");
        assert_eq!(vault.open("iam.access-key", "AKIA1", &sealed).unwrap().as_slice(), b"secret");
        assert_ne!(sealed, vault.seal("iam.access-key", "AKIA1", b"secret"));
        assert_eq!(vault.open("iam.access-key", "AKIA2", &sealed), Err(SealBroken));
        assert_eq!(vault.open("iam.access-keyA", "KIA1", &sealed), Err(SealBroken));
        assert_eq!(vault.open("kms.material", "AKIA1", &sealed), Err(SealBroken));
        assert_eq!(Vault::ephemeral().open("iam.access-key", "AKIA1", &sealed), Err(SealBroken));
        *sealed.last_mut().unwrap() ^= 1;
        assert_eq!(vault.open("iam.access-key", "AKIA1", &sealed), Err(SealBroken));
    }

    #[test]
    fn every_byte_counts() {
        let vault = Vault::ephemeral();
        let sealed = vault.seal("p", "i", b"secret");
        assert_eq!(sealed.len(), HEADER + OVERHEAD + 6);
        for at in 0..sealed.len() {
            let mut broken = sealed.clone();
            broken[at] ^= 0x80;
            assert_eq!(vault.open("p", "i", &broken), Err(SealBroken), "{at}");
            assert_eq!(vault.open("p", "i", &sealed[..at]), Err(SealBroken), "{at}");
        }
    }

    #[test]
    fn older_keys_open_and_the_newest_seals() {
        let old = Vault::ephemeral();
        let sealed = old.seal("p", "i", b"before");
        let copy = |key: &Key| Key::from_fn(|bytes| bytes.copy_from_slice(key.bytes()));
        let new = Vault::of(BTreeMap::from([(1, copy(&old.keys[&1]))]), 2, Key::random());
        assert_eq!(new.open("p", "i", &sealed).unwrap().as_slice(), b"before");
        let after = new.seal("p", "i", b"after");
        assert_eq!(new.open("p", "i", &after).unwrap().as_slice(), b"after");
        assert_eq!(old.open("p", "i", &after), Err(SealBroken));
    }

    #[test]
    fn nothing_is_printed() {
        assert_eq!(format!("{:?}", Vault::ephemeral()), "Vault");
    }

    proptest! {
        #[test]
        fn whatever_is_sealed_opens(purpose in ".{0,20}", thing in ".{0,40}", plain: Vec<u8>) {
            let vault = Vault::ephemeral();
            let sealed = vault.seal(&purpose, &thing, &plain);
            prop_assert_eq!(vault.open(&purpose, &thing, &sealed).unwrap().to_vec(), plain);
        }

        #[test]
        fn no_bytes_open_or_panic(bytes: Vec<u8>) {
            prop_assert!(Vault::ephemeral().open("p", "i", &bytes).is_err());
        }
    }
}
