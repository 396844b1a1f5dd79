//! Strings, binaries and booleans of JSON, with the service's words for what they are not.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::value::{Blob, Text};

const OBJECT: &str = "Start of structure or map found where not expected";

/// Makes something of a string.
pub(super) trait FromText: Sized {
    /// The type in errors about numbers and booleans.
    const CLASS: &'static str;
    /// The type in errors about arrays.
    const JAVA_CLASS: &'static str;
    /// What is said of a number or a boolean.
    fn mismatch(found: &str) -> String {
        format!("{found} cannot be converted to {}", Self::CLASS)
    }
    /// The value, or what is wrong with the text.
    fn from_text(text: &str) -> Result<Self, String>;
    /// The value of a boolean, for those that are one.
    fn from_bool(_value: bool) -> Option<Self> {
        None
    }
}

impl FromText for Text {
    const CLASS: &'static str = "String";
    const JAVA_CLASS: &'static str = "java.lang.String";
    fn from_text(text: &str) -> Result<Text, String> {
        Ok(Text::new(text))
    }
}

impl FromText for Blob {
    const CLASS: &'static str = "Blob";
    const JAVA_CLASS: &'static str = "java.nio.ByteBuffer";
    fn mismatch(_found: &str) -> String {
        "only base-64-encoded strings are convertible to bytes".to_owned()
    }
    fn from_text(text: &str) -> Result<Blob, String> {
        if !text.len().is_multiple_of(4) {
            return Err(format!(
                "Base64 encoded length is expected a multiple of 4 bytes but found: {}",
                text.len()
            ));
        }
        STANDARD.decode(text).map(Vec::into_boxed_slice).map_err(|error| match error {
            base64::DecodeError::InvalidByte(_, byte) => {
                format!("Invalid Base64 character: '{}'", char::from(byte).escape_default())
            }
            _ => "Invalid last non-pad Base64 character dectected".to_owned(),
        })
    }
}

impl FromText for bool {
    const CLASS: &'static str = "Boolean";
    const JAVA_CLASS: &'static str = "java.lang.Boolean";
    fn from_text(text: &str) -> Result<bool, String> {
        let is = |words: [&str; 3]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
        if is(["true", "1", "yes"]) {
            Ok(true)
        } else if is(["false", "0", "no"]) {
            Ok(false)
        } else {
            Err("Unexpected token received from parser".to_owned())
        }
    }
    fn from_bool(value: bool) -> Option<bool> {
        Some(value)
    }
}

/// Reads a scalar; nothing for null.
pub(super) struct ScalarSeed<T>(pub(super) std::marker::PhantomData<T>);

impl<T> ScalarSeed<T> {
    pub(super) fn new() -> ScalarSeed<T> {
        ScalarSeed(std::marker::PhantomData)
    }
}

impl<'de, T: FromText> DeserializeSeed<'de> for ScalarSeed<T> {
    type Value = Option<T>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: FromText> Visitor<'de> for ScalarSeed<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a scalar")
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Option<T>, E> {
        T::from_text(text).map(Some).map_err(E::custom)
    }
    fn visit_unit<E>(self) -> Result<Option<T>, E> {
        Ok(None)
    }
    fn visit_bool<E: Error>(self, value: bool) -> Result<Option<T>, E> {
        let found = if value { "TRUE_VALUE" } else { "FALSE_VALUE" };
        T::from_bool(value).map(Some).ok_or_else(|| E::custom(T::mismatch(found)))
    }
    fn visit_i64<E: Error>(self, _: i64) -> Result<Option<T>, E> {
        Err(E::custom(T::mismatch("NUMBER_VALUE")))
    }
    fn visit_u64<E: Error>(self, _: u64) -> Result<Option<T>, E> {
        Err(E::custom(T::mismatch("NUMBER_VALUE")))
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<Option<T>, E> {
        Err(E::custom(T::mismatch(if value.fract() == 0.0 { "NUMBER_VALUE" } else { "DECIMAL_VALUE" })))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Option<T>, A::Error> {
        Err(A::Error::custom(format_args!("Unrecognized collection type class {}", T::JAVA_CLASS)))
    }
    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<Option<T>, A::Error> {
        Err(A::Error::custom(OBJECT))
    }
}

/// The members of a visitor that takes only arrays, or only objects.
macro_rules! refuse_scalars {
    ($text:expr) => {
        fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<Self::Value, E> {
            Err(E::custom($text))
        }
        fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<Self::Value, E> {
            Err(E::custom($text))
        }
        fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Self::Value, E> {
            Err(E::custom($text))
        }
        fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Self::Value, E> {
            Err(E::custom($text))
        }
        fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<Self::Value, E> {
            Err(E::custom($text))
        }
    };
}
pub(super) use refuse_scalars;

pub(super) const NOT_A_MEMBER: &str = "Unexpected field type";
pub(super) const NOT_A_VALUE: &str = "Unexpected value type in payload";
pub(super) const NOT_AN_ARRAY: &str = OBJECT;
