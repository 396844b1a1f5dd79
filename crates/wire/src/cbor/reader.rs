//! CBOR data items from bytes.

use std::borrow::Cow;

use crate::error::DecodeError;

/// Reads one data item after the other.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// The head of a data item, with the content of those that have no parts.
#[derive(Debug, PartialEq)]
pub(crate) enum Item<'a> {
    /// A number from -2^64 to 2^64-1.
    Int(i128),
    Bytes(Cow<'a, [u8]>),
    Text(Cow<'a, str>),
    /// Number of entries to come; `None`: until a break.
    List(Option<u64>),
    /// Number of pairs to come; `None`: until a break.
    Map(Option<u64>),
    Tag(u64),
    Bool(bool),
    Null,
    Float(f64),
    Break,
}

/// Deeper than any model nests.
const MAX_DEPTH: usize = 128;

const MAJOR_BYTES: u8 = 2;
const MAJOR_TEXT: u8 = 3;

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub fn at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    pub fn next(&mut self) -> Result<Item<'a>, DecodeError> {
        let first = self.take(1)?[0];
        let (major, info) = (first >> 5, first & 31);
        Ok(match major {
            0 => Item::Int(i128::from(self.argument(info)?)),
            1 => Item::Int(-1 - i128::from(self.argument(info)?)),
            MAJOR_BYTES => Item::Bytes(self.string(info, MAJOR_BYTES)?),
            MAJOR_TEXT => Item::Text(match self.string(info, MAJOR_TEXT)? {
                Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map_err(|_| malformed())?.into(),
                Cow::Owned(bytes) => String::from_utf8(bytes).map_err(|_| malformed())?.into(),
            }),
            4 => Item::List(self.length(info)?),
            5 => Item::Map(self.length(info)?),
            6 => Item::Tag(self.argument(info)?),
            _ => self.simple(info)?,
        })
    }

    /// Passes over the next whole data item.
    pub fn skip(&mut self) -> Result<(), DecodeError> {
        let item = self.next()?;
        self.skip_rest(item, 0)
    }

    /// Passes over what belongs to `item` and is still to come.
    fn skip_rest(&mut self, item: Item<'a>, depth: usize) -> Result<(), DecodeError> {
        if depth == MAX_DEPTH {
            return Err(malformed());
        }
        let (count, per_entry) = match item {
            Item::List(count) => (count, 1),
            Item::Map(count) => (count, 2),
            Item::Tag(_) => (Some(1), 1),
            Item::Break => return Err(malformed()),
            _ => return Ok(()),
        };
        let mut left = count;
        while left != Some(0) {
            for part in 0..per_entry {
                let next = self.next()?;
                if next == Item::Break && part == 0 && left.is_none() {
                    return Ok(());
                }
                self.skip_rest(next, depth + 1)?;
            }
            left = left.map(|n| n - 1);
        }
        Ok(())
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let end = self.at.checked_add(len).filter(|end| *end <= self.bytes.len()).ok_or_else(malformed)?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn argument(&mut self, info: u8) -> Result<u64, DecodeError> {
        let len = match info {
            0..=23 => return Ok(u64::from(info)),
            24..=27 => 1usize << (info - 24),
            _ => return Err(malformed()),
        };
        Ok(self.take(len)?.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)))
    }

    fn length(&mut self, info: u8) -> Result<Option<u64>, DecodeError> {
        if info == 31 { Ok(None) } else { self.argument(info).map(Some) }
    }

    /// A byte or text string: in one piece, or in pieces of the same kind until a break.
    fn string(&mut self, info: u8, major: u8) -> Result<Cow<'a, [u8]>, DecodeError> {
        if info != 31 {
            let len = usize::try_from(self.argument(info)?).map_err(|_| malformed())?;
            return self.take(len).map(Cow::Borrowed);
        }
        let mut whole = Vec::new();
        loop {
            let first = self.take(1)?[0];
            if first == 0xff {
                return Ok(Cow::Owned(whole));
            }
            if first >> 5 != major || first & 31 == 31 {
                return Err(malformed());
            }
            let len = usize::try_from(self.argument(first & 31)?).map_err(|_| malformed())?;
            whole.extend_from_slice(self.take(len)?);
        }
    }

    fn simple(&mut self, info: u8) -> Result<Item<'a>, DecodeError> {
        Ok(match info {
            20 => Item::Bool(false),
            21 => Item::Bool(true),
            // `undefined` is read as null.
            22 | 23 => Item::Null,
            25 => Item::Float(half(self.argument(25)? as u16)),
            26 => Item::Float(f64::from(f32::from_bits(self.argument(26)? as u32))),
            27 => Item::Float(f64::from_bits(self.argument(27)?)),
            31 => Item::Break,
            _ => return Err(malformed()),
        })
    }
}

/// IEEE 754 binary16, as in appendix D of RFC 8949.
fn half(bits: u16) -> f64 {
    let (exponent, mantissa) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    let magnitude = match exponent {
        0 => mantissa * 2f64.powi(-24),
        31 if mantissa == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (mantissa + 1024.0) * 2f64.powi(exponent - 25),
    };
    if bits & 0x8000 == 0 { magnitude } else { -magnitude }
}

pub(super) fn malformed() -> DecodeError {
    DecodeError::new("The request body is not valid CBOR.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(bytes: &[u8]) -> Item<'_> {
        Reader::new(bytes).next().unwrap()
    }

    #[test]
    fn examples_of_the_standard() {
        assert_eq!(one(&[0x18, 0x64]), Item::Int(100));
        assert_eq!(
            one(&[0x3b, 255, 255, 255, 255, 255, 255, 255, 255]),
            Item::Int(-18_446_744_073_709_551_616)
        );
        assert_eq!(one(&[0xf9, 0x3c, 0x00]), Item::Float(1.0));
        assert_eq!(one(&[0xf9, 0x00, 0x01]), Item::Float(5.960_464_477_539_063e-8));
        assert_eq!(one(&[0xf9, 0xfc, 0x00]), Item::Float(f64::NEG_INFINITY));
        assert_eq!(one(&[0x7f, 0x62, b'a', b'b', 0x61, b'c', 0xff]), Item::Text("abc".into()));
        assert_eq!(one(&[0x42, 1, 2]), Item::Bytes(vec![1, 2].into()));
        assert_eq!(one(&[0xc1]), Item::Tag(1));
    }

    #[test]
    fn lengths_beyond_the_input_are_refused() {
        assert!(Reader::new(&[0x5b, 255, 255, 255, 255, 255, 255, 255, 255]).next().is_err());
        assert!(Reader::new(&[0x9b, 255, 255, 255, 255, 255, 255, 255, 255]).skip().is_err());
        assert!(Reader::new(&[0x81; 5000]).skip().is_err());
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Reader::new(&bytes).skip();
        }
    }
}
