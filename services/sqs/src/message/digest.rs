//! The digests that clients check and deduplication compares.

use md5::Md5;
use sha2::{Digest as _, Sha256};

use crate::records::{Attribute, AttributeValue};

/// MD5 of a body.
pub fn body(text: &str) -> [u8; 16] {
    Md5::digest(text.as_bytes()).into()
}

/// MD5 of attributes, which must be in the order of their names: each is its name, its type, one byte that tells text
/// from bytes, and its value, all but the byte with their lengths before them.
pub fn attributes<'a>(sorted: impl IntoIterator<Item = (&'a str, &'a Attribute)>) -> [u8; 16] {
    let mut digest = Md5::new();
    let mut put = |bytes: &[u8], kind: Option<u8>| {
        if let Some(kind) = kind {
            digest.update([kind]);
        }
        // No part of a message reaches 4 GiB.
        digest.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        digest.update(bytes);
    };
    for (name, attribute) in sorted {
        put(name.as_bytes(), None);
        put(attribute.data_type.as_bytes(), None);
        match &attribute.value {
            AttributeValue::Text(text) => put(text.as_bytes(), Some(1)),
            AttributeValue::Binary(bytes) => put(bytes, Some(2)),
        }
    }
    digest.finalize().into()
}

/// The deduplication id of a body.
pub fn content_id(body: &str) -> String {
    hex(&Sha256::digest(body.as_bytes()))
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |n: u8| char::from(DIGITS[usize::from(n)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(data_type: &str, value: &str) -> Attribute {
        Attribute { data_type: data_type.into(), value: AttributeValue::Text(value.into()) }
    }

    fn binary(value: &[u8]) -> Attribute {
        Attribute { data_type: "Binary".into(), value: AttributeValue::Binary(value.into()) }
    }

    fn md5_of(attributes_: &[(&str, Attribute)]) -> String {
        hex(&attributes(attributes_.iter().map(|(name, attribute)| (*name, attribute))))
    }

    #[test]
    fn recorded_digests() {
        assert_eq!(md5_of(&[("color", text("String", "blue"))]), "da1b33cc3cbfe8b1630921e78e6b9880");
        let three =
            [("blob", binary(&[1, 2, 3])), ("color", text("String", "blue")), ("count", text("Number", "3"))];
        assert_eq!(md5_of(&three), "d838729972a4b70e2d2acd9d59ac847c");
        let trace = b"traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01";
        assert_eq!(md5_of(&[("attr1", binary(trace))]), "8cbe4db156db8a94db8b801b7addb984");
        assert_eq!(hex(&body("")), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(content_id("same"), "0967115f2813a3541eaef77de9d9d5773f1c0c04314b0bbfe4ff3b3b1c55b5d5");
    }
}
