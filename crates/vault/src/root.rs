//! The root key: the one that does not lie in the store.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::key::{KEY, Key};

/// Characters of 32 bytes in base64.
const TEXT: usize = 44;

/// 256 random bits. Nothing prints them but [`RootKey::to_base64`].
pub struct RootKey(pub(crate) Key);

/// What is not a root key in writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a root key is 32 bytes in base64, 44 characters with the padding")]
pub struct MalformedRootKey;

/// Tells root keys apart and says nothing about them: 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RootKeyId([u8; 8]);

impl RootKey {
    /// A new one.
    pub fn generate() -> Self {
        Self(Key::random())
    }

    /// Reads what [`RootKey::to_base64`] wrote; white space around it does not matter.
    pub fn from_base64(text: &[u8]) -> Result<Self, MalformedRootKey> {
        let text = text.trim_ascii();
        if text.len() != TEXT {
            return Err(MalformedRootKey);
        }
        // The decoder wants room for what so many characters could hold: one byte more than a key.
        let mut bytes = Zeroizing::new([0; KEY + 1]);
        match STANDARD.decode_slice(text, &mut *bytes) {
            Ok(KEY) => Ok(Self(Key::from_fn(|key| key.copy_from_slice(&bytes[..KEY])))),
            _ => Err(MalformedRootKey),
        }
    }

    /// Its form in a file or in the environment.
    pub fn to_base64(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(TEXT));
        STANDARD.encode_string(self.0.bytes(), &mut text);
        text
    }

    /// What tells it apart from others.
    pub fn id(&self) -> RootKeyId {
        RootKeyId(self.0.id())
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RootKey({})", self.id())
    }
}

impl fmt::Display for RootKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_and_read() {
        let key = RootKey::generate();
        let text = key.to_base64();
        assert_eq!(text.len(), TEXT);
        let read = RootKey::from_base64(format!(" {}\n", *text).as_bytes()).unwrap();
        assert_eq!((read.id(), read.0.bytes()), (key.id(), key.0.bytes()));
        assert_ne!(RootKey::generate().id(), key.id());
        assert_eq!(key.id().to_string().len(), 16);
        assert!(!format!("{key:?}").contains(&text[..8]));
    }

    #[test]
    fn other_forms_are_refused() {
        let text = RootKey::generate().to_base64();
        let hex = "00".repeat(32);
        let other = "A".repeat(44);
        for wrong in
            ["", "A", &text[1..], &text[..43], &hex, &other, &text.replace('=', "A"), &text.replace('=', "-")]
        {
            assert!(RootKey::from_base64(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
