//! Values as keys of tables and indexes.

use crate::invalid::Invalid;
use crate::limits::{PARTITION_KEY_BYTES_MAX, SORT_KEY_BYTES_MAX};
use crate::number::Number;
use crate::value::{Kind, Text, Value};

/// The types a key attribute can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// A string.
    S,
    /// A number.
    N,
    /// A binary.
    B,
}

impl KeyType {
    /// As a type of values.
    pub fn kind(self) -> Kind {
        match self {
            KeyType::S => Kind::S,
            KeyType::N => Kind::N,
            KeyType::B => Kind::B,
        }
    }

    /// The name on the wire.
    pub fn code(self) -> &'static str {
        self.kind().code()
    }
}

/// Which part of a key an attribute is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyPart {
    /// The partition key: `HASH`.
    Partition,
    /// The sort key: `RANGE`.
    Sort,
}

impl KeyPart {
    /// Refuses a value that cannot be this part of a key, whatever the table: empty or too long. The type is the
    /// caller's to check, since its error differs from place to place.
    pub fn check(self, name: &str, value: &Value) -> Result<(), Invalid> {
        let (len, what) = match value {
            Value::S(text) => (text.len(), "string"),
            Value::B(blob) => (blob.len(), "binary"),
            // No number is longer than the limits.
            _ => return Ok(()),
        };
        if len == 0 {
            return Err(Invalid::EmptyKey { name: name.to_owned(), what });
        }
        match self {
            KeyPart::Partition if len > PARTITION_KEY_BYTES_MAX => Err(Invalid::LongPartitionKey),
            KeyPart::Sort if len > SORT_KEY_BYTES_MAX => Err(Invalid::LongSortKey),
            _ => Ok(()),
        }
    }
}

/// Appends a string, number or binary as bytes in whose order values of one type stand: strings and binaries as they
/// are, numbers as [`Number::encode`] writes them. False, and nothing appended, for any other value.
pub fn encode_key(value: &Value, out: &mut Vec<u8>) -> bool {
    match value {
        Value::S(text) => out.extend_from_slice(text.as_bytes()),
        Value::N(number) => number.encode(out),
        Value::B(blob) => out.extend_from_slice(blob),
        _ => return false,
    }
    true
}

/// Reads what [`encode_key`] wrote for a value of this type; nothing if it could not have.
pub fn decode_key(kind: KeyType, bytes: &[u8]) -> Option<Value> {
    Some(match kind {
        KeyType::S => Value::S(Text::new(std::str::from_utf8(bytes).ok()?)),
        KeyType::N => Value::N(Number::decode(bytes)?),
        KeyType::B => Value::B(bytes.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_neither_empty_nor_long() {
        let text = |len: usize| Value::S("x".repeat(len).into());
        let blob = |len: usize| Value::B(vec![1; len].into());
        assert_eq!(KeyPart::Partition.check("p", &text(2048)), Ok(()));
        assert_eq!(KeyPart::Partition.check("p", &blob(2049)), Err(Invalid::LongPartitionKey));
        assert_eq!(KeyPart::Sort.check("c", &blob(1024)), Ok(()));
        let long = KeyPart::Sort.check("c", &text(1025)).expect_err("too long");
        assert_eq!(
            long.to_string(),
            "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes"
        );
        let empty = KeyPart::Sort.check("c", &blob(0)).expect_err("empty");
        assert_eq!(
            empty.to_string(),
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty binary value. Key: c"
        );
        assert_eq!(
            Invalid::LongPartitionKey.to_string(),
            "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes"
        );
    }

    #[test]
    fn keys_come_back() {
        let blob: &[u8] = &[0, 255];
        for (kind, value) in
            [(KeyType::S, "é".into()), (KeyType::N, Value::from(-12)), (KeyType::B, blob.into())]
        {
            let mut bytes = Vec::new();
            assert!(encode_key(&value, &mut bytes));
            assert_eq!(decode_key(kind, &bytes), Some(value));
        }
        assert!(!encode_key(&Value::Null, &mut Vec::new()));
        assert_eq!(decode_key(KeyType::S, &[255]), None);
    }
}
