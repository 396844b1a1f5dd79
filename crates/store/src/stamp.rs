//! Version stamps: ten bytes that order everything committed.

use bytes::{BufMut, Bytes, BytesMut};

/// The place of a commit in the order of all commits: version (8 bytes) and a counter (2 bytes), big-endian, so that
/// byte order is commit order. A commit returns its stamp with counter 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// The commit's version; versions have no gaps.
    pub version: u64,
    /// Tells several stamps of one commit apart.
    pub counter: u16,
}

impl Stamp {
    /// Length of an encoded stamp in bytes.
    pub const LEN: usize = 10;
    /// Before everything.
    pub const ZERO: Stamp = Stamp { version: 0, counter: 0 };
    /// After everything.
    pub const MAX: Stamp = Stamp { version: u64::MAX, counter: u16::MAX };

    /// A stamp of these parts.
    pub const fn new(version: u64, counter: u16) -> Stamp {
        Stamp { version, counter }
    }

    /// The ten bytes, in an order-preserving form.
    pub fn to_bytes(self) -> [u8; Stamp::LEN] {
        let mut out = [0; Stamp::LEN];
        out[..8].copy_from_slice(&self.version.to_be_bytes());
        out[8..].copy_from_slice(&self.counter.to_be_bytes());
        out
    }

    /// Reads what [`Stamp::to_bytes`] wrote.
    pub fn from_bytes(bytes: [u8; Stamp::LEN]) -> Stamp {
        let [v0, v1, v2, v3, v4, v5, v6, v7, c0, c1] = bytes;
        Stamp {
            version: u64::from_be_bytes([v0, v1, v2, v3, v4, v5, v6, v7]),
            counter: u16::from_be_bytes([c0, c1]),
        }
    }
}

/// A key whose stamp is not known before the commit: prefix, ten bytes of stamp, suffix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StampedKey {
    prefix: Bytes,
    counter: u16,
    suffix: Bytes,
}

impl StampedKey {
    /// A key of `prefix`, the commit's stamp with `counter`, and `suffix`. Within one transaction, keys of equal
    /// prefix and suffix are told apart by `counter`.
    pub fn new(prefix: impl Into<Bytes>, counter: u16, suffix: impl Into<Bytes>) -> StampedKey {
        StampedKey { prefix: prefix.into(), counter, suffix: suffix.into() }
    }

    /// Length of the finished key in bytes.
    pub fn byte_len(&self) -> usize {
        self.prefix.len() + Stamp::LEN + self.suffix.len()
    }

    /// The finished key of the commit with this version; also how a caller learns its key after the commit.
    pub fn resolve(&self, version: u64) -> Bytes {
        let mut key = BytesMut::with_capacity(self.byte_len());
        key.put_slice(&self.prefix);
        key.put_slice(&Stamp::new(version, self.counter).to_bytes());
        key.put_slice(&self.suffix);
        key.freeze()
    }

    pub(crate) fn is_reserved(&self) -> bool {
        self.prefix.first() == Some(&0xFF)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_order_as_stamps_do() {
        let stamps = [
            Stamp::ZERO,
            Stamp::new(0, 1),
            Stamp::new(1, 0),
            Stamp::new(1, 256),
            Stamp::new(256, 0),
            Stamp::MAX,
        ];
        for pair in stamps.windows(2) {
            assert!(pair[0] < pair[1]);
            assert!(pair[0].to_bytes() < pair[1].to_bytes());
            assert_eq!(Stamp::from_bytes(pair[0].to_bytes()), pair[0]);
        }
    }

    #[test]
    fn a_stamped_key_is_prefix_stamp_suffix() {
        let key = StampedKey::new("a", 0x0102, "z");
        assert_eq!(key.resolve(3), &[b'a', 0, 0, 0, 0, 0, 0, 0, 3, 1, 2, b'z'][..]);
        assert_eq!(key.byte_len(), 12);
    }
}
