//! Keys as tuples: an encoding whose byte order is the order of the tuples.
//!
//! Each element begins with a tag, so tuples of different shapes are ordered too: bytes, then strings, then integers,
//! then booleans, then stamps. Strings and bytes are escaped (0x00 becomes 0x00 0xFF) and end with 0x00, so no element
//! is a prefix of another and appending an element never changes the order of what stands before it. Integers take as
//! many bytes as they need, and signed and unsigned ones of equal value are the same key.

use std::borrow::Cow;

use bytes::{BufMut, Bytes, BytesMut};

use crate::stamp::{Stamp, StampedKey};

const BYTES: u8 = 0x01;
const STR: u8 = 0x02;
/// Zero; a positive integer of n bytes has tag INT + n, a negative one INT - n.
const INT: u8 = 0x14;
const INT_WIDTH_MAX: u8 = 8;
const FALSE: u8 = 0x26;
const TRUE: u8 = 0x27;
const STAMP: u8 = 0x33;

/// Most keys of services fit, so that writing one allocates once.
const TYPICAL_KEY: usize = 96;

/// Why bytes could not be read as a key of the expected shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The next element is of another type.
    #[error("key element has tag {found:#04x} where a {wanted} was expected")]
    Type {
        /// What was asked for.
        wanted: &'static str,
        /// The tag found.
        found: u8,
    },
    /// The key ended.
    #[error("key ends where a {wanted} was expected")]
    End {
        /// What was asked for.
        wanted: &'static str,
    },
    /// A string element is not UTF-8.
    #[error("key string is not UTF-8")]
    Utf8,
    /// An integer does not fit the type asked for, or is not in its shortest form.
    #[error("key integer is out of range")]
    Integer,
    /// There are bytes after the last expected element.
    #[error("key has {0} bytes after its last element")]
    Trailing(usize),
}

/// Builds a key, element by element.
///
/// ```
/// let key = store::KeyWriter::new().str("queue").u64(7).finish();
/// assert_eq!(&key[..], b"\x02queue\0\x15\x07");
/// ```
#[derive(Clone, Debug)]
pub struct KeyWriter {
    out: BytesMut,
}

impl Default for KeyWriter {
    fn default() -> Self {
        KeyWriter::new()
    }
}

impl KeyWriter {
    /// An empty key.
    pub fn new() -> KeyWriter {
        KeyWriter { out: BytesMut::with_capacity(TYPICAL_KEY) }
    }

    /// A key that continues an encoded one.
    pub fn from_prefix(prefix: &[u8]) -> KeyWriter {
        let mut out = BytesMut::with_capacity(prefix.len() + TYPICAL_KEY);
        out.put_slice(prefix);
        KeyWriter { out }
    }

    /// Appends a string.
    pub fn str(self, value: &str) -> KeyWriter {
        self.escaped(STR, value.as_bytes())
    }

    /// Appends bytes.
    pub fn bytes(self, value: &[u8]) -> KeyWriter {
        self.escaped(BYTES, value)
    }

    /// Appends an unsigned integer.
    pub fn u64(mut self, value: u64) -> KeyWriter {
        let width = width_of(value);
        self.out.put_u8(INT + width);
        self.out.put_slice(&value.to_be_bytes()[usize::from(INT_WIDTH_MAX - width)..]);
        self
    }

    /// Appends a signed integer.
    pub fn i64(mut self, value: i64) -> KeyWriter {
        if value >= 0 {
            return self.u64(value.unsigned_abs());
        }
        let size = value.unsigned_abs();
        let width = width_of(size);
        self.out.put_u8(INT - width);
        // The complement reverses the order, so that -1 sorts after -2.
        self.out.put_slice(&(!size).to_be_bytes()[usize::from(INT_WIDTH_MAX - width)..]);
        self
    }

    /// Appends a boolean.
    pub fn bool(mut self, value: bool) -> KeyWriter {
        self.out.put_u8(if value { TRUE } else { FALSE });
        self
    }

    /// Appends a known stamp.
    pub fn stamp(mut self, value: Stamp) -> KeyWriter {
        self.out.put_u8(STAMP);
        self.out.put_slice(&value.to_bytes());
        self
    }

    /// Appends the stamp of the commit that will write this key, and ends the key.
    pub fn stamped(self, counter: u16) -> StampedKey {
        self.stamped_then(counter, KeyWriter { out: BytesMut::new() })
    }

    /// Appends the stamp of the commit that will write this key, then the elements of `suffix`.
    pub fn stamped_then(mut self, counter: u16, suffix: KeyWriter) -> StampedKey {
        self.out.put_u8(STAMP);
        StampedKey::new(self.out.freeze(), counter, suffix.out.freeze())
    }

    /// The bytes so far.
    pub fn as_slice(&self) -> &[u8] {
        &self.out
    }

    /// The key.
    pub fn finish(self) -> Bytes {
        self.out.freeze()
    }

    fn escaped(mut self, tag: u8, value: &[u8]) -> KeyWriter {
        self.out.put_u8(tag);
        let mut parts = value.split(|&byte| byte == 0);
        // `split` yields at least one part, also for an empty value.
        self.out.put_slice(parts.next().unwrap_or_default());
        for part in parts {
            self.out.put_slice(&[0x00, 0xFF]);
            self.out.put_slice(part);
        }
        self.out.put_u8(0x00);
        self
    }
}

/// Bytes needed for `value`: 0 to 8.
fn width_of(value: u64) -> u8 {
    (INT_WIDTH_MAX as u32 - value.leading_zeros() / 8) as u8
}

/// Reads a key, element by element.
#[derive(Clone, Debug)]
pub struct KeyReader<'a> {
    rest: &'a [u8],
}

impl<'a> KeyReader<'a> {
    /// Reads `key` from its start.
    pub fn new(key: &'a [u8]) -> KeyReader<'a> {
        KeyReader { rest: key }
    }

    /// Reads what follows `prefix` in `key`; `None` when the key does not begin with it.
    pub fn after_prefix(key: &'a [u8], prefix: &[u8]) -> Option<KeyReader<'a>> {
        key.strip_prefix(prefix).map(KeyReader::new)
    }

    /// What is not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next element as a string; borrowed unless it holds a zero byte.
    pub fn str(&mut self) -> Result<Cow<'a, str>, KeyError> {
        match self.escaped(STR, "string")? {
            Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| KeyError::Utf8),
            Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).map_err(|_| KeyError::Utf8),
        }
    }

    /// The next element as bytes; borrowed unless they hold a zero byte.
    pub fn bytes(&mut self) -> Result<Cow<'a, [u8]>, KeyError> {
        self.escaped(BYTES, "byte string")
    }

    /// The next element as an unsigned integer.
    pub fn u64(&mut self) -> Result<u64, KeyError> {
        u64::try_from(self.integer()?).map_err(|_| KeyError::Integer)
    }

    /// The next element as a signed integer.
    pub fn i64(&mut self) -> Result<i64, KeyError> {
        i64::try_from(self.integer()?).map_err(|_| KeyError::Integer)
    }

    /// The next element as a boolean.
    pub fn bool(&mut self) -> Result<bool, KeyError> {
        let (tag, rest) = self.tag("boolean")?;
        let value = match tag {
            TRUE => true,
            FALSE => false,
            found => return Err(KeyError::Type { wanted: "boolean", found }),
        };
        self.rest = rest;
        Ok(value)
    }

    /// The next element as a stamp.
    pub fn stamp(&mut self) -> Result<Stamp, KeyError> {
        let (tag, rest) = self.tag("stamp")?;
        if tag != STAMP {
            return Err(KeyError::Type { wanted: "stamp", found: tag });
        }
        let (stamp, rest) = rest.split_first_chunk().ok_or(KeyError::End { wanted: "stamp" })?;
        self.rest = rest;
        Ok(Stamp::from_bytes(*stamp))
    }

    /// Says that the key must end here.
    pub fn end(self) -> Result<(), KeyError> {
        if self.rest.is_empty() { Ok(()) } else { Err(KeyError::Trailing(self.rest.len())) }
    }

    fn tag(&self, wanted: &'static str) -> Result<(u8, &'a [u8]), KeyError> {
        self.rest.split_first().map(|(&tag, rest)| (tag, rest)).ok_or(KeyError::End { wanted })
    }

    fn integer(&mut self) -> Result<i128, KeyError> {
        const WANTED: &str = "integer";
        let (tag, rest) = self.tag(WANTED)?;
        if !(INT - INT_WIDTH_MAX..=INT + INT_WIDTH_MAX).contains(&tag) {
            return Err(KeyError::Type { wanted: WANTED, found: tag });
        }
        let width = tag.abs_diff(INT);
        let (digits, rest) =
            rest.split_at_checked(usize::from(width)).ok_or(KeyError::End { wanted: WANTED })?;
        let negative = tag < INT;
        let size = digits
            .iter()
            .fold(0u64, |sum, &digit| (sum << 8) | u64::from(if negative { !digit } else { digit }));
        if width_of(size) != width {
            return Err(KeyError::Integer);
        }
        self.rest = rest;
        Ok(if negative { -i128::from(size) } else { i128::from(size) })
    }

    fn escaped(&mut self, tag: u8, wanted: &'static str) -> Result<Cow<'a, [u8]>, KeyError> {
        let (found, rest) = self.tag(wanted)?;
        if found != tag {
            return Err(KeyError::Type { wanted, found });
        }
        let mut owned: Option<Vec<u8>> = None;
        let mut rest = rest;
        loop {
            let zero = rest.iter().position(|&byte| byte == 0).ok_or(KeyError::End { wanted })?;
            let (part, behind) = (&rest[..zero], &rest[zero + 1..]);
            if behind.first() != Some(&0xFF) {
                self.rest = behind;
                return Ok(match owned {
                    None => Cow::Borrowed(part),
                    Some(mut bytes) => {
                        bytes.extend_from_slice(part);
                        Cow::Owned(bytes)
                    }
                });
            }
            let bytes = owned.get_or_insert_default();
            bytes.extend_from_slice(part);
            bytes.push(0);
            rest = &behind[1..];
        }
    }
}

/// The first key after all keys that begin with `prefix`. For a prefix of only 0xFF bytes (and the empty one) that is
/// 0xFF: the end of what callers can write.
pub fn prefix_end(prefix: &[u8]) -> Bytes {
    let kept = prefix.iter().rposition(|&byte| byte != 0xFF).map_or(0, |last| last + 1);
    if kept == 0 {
        return Bytes::from_static(&[0xFF]);
    }
    let mut end = BytesMut::from(&prefix[..kept]);
    end[kept - 1] += 1;
    end.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn encodings_to_the_byte() {
        let w = KeyWriter::new;
        let cases: Vec<(KeyWriter, &[u8])> = vec![
            (w(), b""),
            (w().str(""), b"\x02\0"),
            (w().str("a\0b"), b"\x02a\0\xffb\0"),
            (w().bytes(b"\0"), b"\x01\0\xff\0"),
            (w().bytes(b"\xff"), b"\x01\xff\0"),
            (w().u64(0), b"\x14"),
            (w().u64(1), b"\x15\x01"),
            (w().u64(255), b"\x15\xff"),
            (w().u64(256), b"\x16\x01\0"),
            (w().u64(u64::MAX), b"\x1c\xff\xff\xff\xff\xff\xff\xff\xff"),
            (w().i64(1), b"\x15\x01"),
            (w().i64(-1), b"\x13\xfe"),
            (w().i64(-255), b"\x13\x00"),
            (w().i64(-256), b"\x12\xfe\xff"),
            (w().i64(i64::MIN), b"\x0c\x7f\xff\xff\xff\xff\xff\xff\xff"),
            (w().bool(false).bool(true), b"\x26\x27"),
            (w().stamp(Stamp::new(1, 2)), b"\x33\0\0\0\0\0\0\0\x01\0\x02"),
            (w().str("q").u64(3), b"\x02q\0\x15\x03"),
        ];
        for (writer, expected) in cases {
            assert_eq!(&writer.finish()[..], expected);
        }
    }

    #[test]
    fn a_stamped_key_is_the_key_with_its_stamp() {
        let key = KeyWriter::new().str("m").stamped_then(7, KeyWriter::new().u64(1));
        assert_eq!(key.resolve(9), KeyWriter::new().str("m").stamp(Stamp::new(9, 7)).u64(1).finish());
        assert_eq!(KeyWriter::new().stamped(0).resolve(9), KeyWriter::new().stamp(Stamp::new(9, 0)).finish());
    }

    #[test]
    fn wrong_shapes_are_refused() {
        assert_eq!(KeyReader::new(b"").u64(), Err(KeyError::End { wanted: "integer" }));
        assert_eq!(KeyReader::new(b"\x02abc").str(), Err(KeyError::End { wanted: "string" }));
        assert_eq!(KeyReader::new(b"\x02\xc3\0").str(), Err(KeyError::Utf8));
        assert_eq!(KeyReader::new(b"\x01a\0").str(), Err(KeyError::Type { wanted: "string", found: 1 }));
        assert_eq!(KeyReader::new(b"\x16\0\x01").u64(), Err(KeyError::Integer));
        assert_eq!(KeyReader::new(b"\x13\xfe").u64(), Err(KeyError::Integer));
        assert_eq!(KeyReader::new(b"\x33\0").stamp(), Err(KeyError::End { wanted: "stamp" }));
        assert_eq!(KeyReader::new(b"\x14").end(), Err(KeyError::Trailing(1)));
        assert!(KeyReader::after_prefix(b"ab", b"b").is_none());
    }

    #[test]
    fn prefix_end_is_the_next_prefix() {
        assert_eq!(&prefix_end(b"ab")[..], b"ac");
        assert_eq!(&prefix_end(b"a\xff\xff")[..], b"b");
        assert_eq!(&prefix_end(b"")[..], b"\xff");
        assert_eq!(&prefix_end(b"\xff\xff")[..], b"\xff");
    }

    /// Declared in the order of the tags, so that the derived order is the order of keys.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    enum Element {
        Bytes(Vec<u8>),
        Str(String),
        Int(i128),
        Bool(bool),
        Stamp(Stamp),
    }

    fn element() -> impl Strategy<Value = Element> {
        let short = proptest::collection::vec(prop_oneof![Just(0u8), Just(1), Just(0xFF), any::<u8>()], 0..5);
        prop_oneof![
            short.prop_map(Element::Bytes),
            "[\0\u{1}a\u{7ff}\u{ffff}]{0,4}".prop_map(Element::Str),
            any::<i64>().prop_map(|n| Element::Int(n.into())),
            any::<u64>().prop_map(|n| Element::Int(n.into())),
            (-300i64..300).prop_map(|n| Element::Int(n.into())),
            any::<bool>().prop_map(Element::Bool),
            (0u64..3, 0u16..3).prop_map(|(v, c)| Element::Stamp(Stamp::new(v, c))),
        ]
    }

    fn write(elements: &[Element]) -> Bytes {
        elements
            .iter()
            .fold(KeyWriter::new(), |key, element| match element {
                Element::Bytes(value) => key.bytes(value),
                Element::Str(value) => key.str(value),
                Element::Int(value) if *value < 0 => key.i64(*value as i64),
                Element::Int(value) => key.u64(*value as u64),
                Element::Bool(value) => key.bool(*value),
                Element::Stamp(value) => key.stamp(*value),
            })
            .finish()
    }

    fn read(key: &[u8], shape: &[Element]) -> Result<Vec<Element>, KeyError> {
        let mut reader = KeyReader::new(key);
        let elements = shape
            .iter()
            .map(|element| {
                Ok(match element {
                    Element::Bytes(_) => Element::Bytes(reader.bytes()?.into_owned()),
                    Element::Str(_) => Element::Str(reader.str()?.into_owned()),
                    Element::Int(value) if *value < 0 => Element::Int(reader.i64()?.into()),
                    Element::Int(_) => Element::Int(reader.u64()?.into()),
                    Element::Bool(_) => Element::Bool(reader.bool()?),
                    Element::Stamp(_) => Element::Stamp(reader.stamp()?),
                })
            })
            .collect::<Result<Vec<_>, KeyError>>()?;
        reader.end()?;
        Ok(elements)
    }

    proptest! {
        #[test]
        fn byte_order_is_tuple_order(
            a in proptest::collection::vec(element(), 0..4),
            b in proptest::collection::vec(element(), 0..4),
        ) {
            prop_assert_eq!(write(&a).cmp(&write(&b)), a.cmp(&b));
        }

        #[test]
        fn what_is_written_is_read(a in proptest::collection::vec(element(), 0..5)) {
            prop_assert_eq!(read(&write(&a), &a), Ok(a));
        }

        #[test]
        fn any_bytes_are_read_without_panic(key in proptest::collection::vec(any::<u8>(), 0..24)) {
            let _ = KeyReader::new(&key).str();
            let _ = KeyReader::new(&key).bytes();
            let _ = KeyReader::new(&key).stamp();
            if let Ok(n) = KeyReader::new(&key).i64() {
                prop_assert!(key.starts_with(&KeyWriter::new().i64(n).finish()));
            }
        }

        #[test]
        fn a_prefix_range_holds_exactly_the_extensions(
            prefix in proptest::collection::vec(any::<u8>(), 1..4),
            other in proptest::collection::vec(any::<u8>(), 0..6),
        ) {
            prop_assume!(prefix[0] != 0xFF && other.first() != Some(&0xFF));
            let range = crate::KeyRange::prefix(&prefix);
            prop_assert_eq!(range.contains(&other), other.starts_with(&prefix));
        }
    }
}
