//! Names of blobs.

use std::fmt;

use kernel::Ids;

/// A blob's name: 16 random bytes. As text it has 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobId([u8; 16]);

impl BlobId {
    /// A name that no other blob has.
    pub(crate) fn random() -> Self {
        Self(Ids.bytes())
    }

    /// The name with these bytes, as a record keeps it.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The name with this text; none if the text is of any other form than [`fmt::Display`] gives.
    pub fn parse(text: &str) -> Option<Self> {
        let text: &[u8; 32] = text.as_bytes().try_into().ok()?;
        let mut bytes = [0; 16];
        for (byte, digits) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            *byte = digit(digits[0])? << 4 | digit(digits[1])?;
        }
        Some(Self(bytes))
    }
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlobId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_leads_back_and_nothing_else_does() {
        let id = BlobId::random();
        assert_eq!(BlobId::parse(&id.to_string()), Some(id));
        assert_eq!(BlobId::from_bytes(*id.bytes()), id);
        assert_ne!(BlobId::random(), id);
        let text = BlobId::from_bytes([0xab; 16]).to_string();
        assert_eq!(text, "ab".repeat(16));
        let wrong =
            ["", &text[1..], &text.to_uppercase(), &format!("{text}a"), &text.replace('a', "é")[..32]];
        for text in wrong {
            assert_eq!(BlobId::parse(text), None, "{text:?}");
        }
    }
}
