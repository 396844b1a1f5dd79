//! The key of a blob.

use std::fmt;

use zeroize::Zeroizing;

/// A key of 32 bytes, wiped from memory at its end. It does not show itself.
///
/// What a blob is encrypted with is derived from it and the blob's name, so that a key may serve several blobs: the
/// parts of one object, or all objects of a client who brings the key.
pub struct Key(Box<Zeroizing<[u8; 32]>>);

impl Key {
    /// The key with these bytes. The caller wipes its own copy.
    pub fn new(bytes: &[u8; 32]) -> Self {
        let mut key = Box::new(Zeroizing::new([0; 32]));
        key.copy_from_slice(bytes);
        Self(key)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Clone for Key {
    fn clone(&self) -> Self {
        Self::new(self.bytes())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_not_shown() {
        let key = Key::new(&[7; 32]).clone();
        assert_eq!(key.bytes(), &[7; 32]);
        assert_eq!(format!("{key:?}"), "Key(..)");
    }
}
