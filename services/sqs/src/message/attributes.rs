//! User and system attributes of a message.

use std::collections::BTreeMap;

use model_sqs::Error;
use model_sqs::types::{MessageAttributeValue, MessageSystemAttributeValue};
use wire::Bytes;

use crate::error::invalid;
use crate::limits::{ATTRIBUTE_NAME_BYTES_MAX, MESSAGE_ATTRIBUTES_MAX};
use crate::message::body::{INVALID_CHARACTERS, has_valid_characters};
use crate::records::{Attribute, AttributeValue};

/// The one attribute of the system that a sender can give.
pub const TRACE_HEADER: &str = "AWSTraceHeader";

/// A value as it came, of either kind.
struct Given {
    text: Option<String>,
    binary: Option<Bytes>,
    data_type: String,
    /// Lists are in the model and were never supported.
    has_list: bool,
}

impl From<MessageAttributeValue> for Given {
    fn from(value: MessageAttributeValue) -> Self {
        let has_list = value.string_list_values.is_some_and(|list| !list.is_empty())
            || value.binary_list_values.is_some_and(|list| !list.is_empty());
        let data_type = value.data_type.into_inner();
        Self { text: value.string_value, binary: value.binary_value, data_type, has_list }
    }
}

impl From<MessageSystemAttributeValue> for Given {
    fn from(value: MessageSystemAttributeValue) -> Self {
        let has_list = value.string_list_values.is_some_and(|list| !list.is_empty())
            || value.binary_list_values.is_some_and(|list| !list.is_empty());
        let data_type = value.data_type.into_inner();
        Self { text: value.string_value, binary: value.binary_value, data_type, has_list }
    }
}

/// Checks user attributes. They come out in the order of their names.
pub fn user(
    given: Option<BTreeMap<String, MessageAttributeValue>>,
) -> Result<Vec<(String, Attribute)>, Error> {
    let given = given.unwrap_or_default();
    if given.len() > MESSAGE_ATTRIBUTES_MAX {
        return Err(invalid(format!(
            "Number of message attributes [{}] exceeds the allowed maximum [{MESSAGE_ATTRIBUTES_MAX}].",
            given.len()
        )));
    }
    let mut attributes = Vec::with_capacity(given.len());
    for (name, value) in given {
        check_name(&name)?;
        let value = check_value(&name, value.into(), "(user)")?;
        attributes.push((name, value));
    }
    Ok(attributes)
}

/// Checks system attributes: there is one, and this is its value.
pub fn system(
    given: Option<BTreeMap<String, MessageSystemAttributeValue>>,
) -> Result<Option<Attribute>, Error> {
    let mut trace_header = None;
    for (name, value) in given.unwrap_or_default() {
        if name != TRACE_HEADER {
            return Err(invalid(format!("Message system attribute name '{name}' is invalid.")));
        }
        let value = check_value(&name, value.into(), "system")?;
        if !matches!(value.value, AttributeValue::Text(_)) || value.data_type != "String" {
            return Err(invalid(format!(
                "The type of message system attribute '{name}' is invalid. You must use only the following supported \
                 type prefixes: String."
            )));
        }
        trace_header = Some(value);
    }
    Ok(trace_header)
}

fn check_name(name: &str) -> Result<(), Error> {
    // Letters are those of the documentation and the accented ones that the service takes too.
    let allowed = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(c, '_' | '-' | '.')
            || (('\u{c0}'..='\u{24f}').contains(&c) && c.is_alphabetic())
    };
    let lower = name.to_ascii_lowercase();
    let text = if name.is_empty() {
        "The request must contain non-empty message (user) attribute names."
    } else if name.len() > ATTRIBUTE_NAME_BYTES_MAX {
        "Message (user) attribute name must be shorter than 256 bytes."
    } else if !name.chars().all(allowed) {
        "Message (user) attributes name can only contain upper and lower score characters, digits, periods, hyphens \
         and underscores. "
    } else if lower.starts_with("aws.") || lower.starts_with("amazon.") {
        "You can't use message attribute names beginning with 'AWS.' or 'Amazon'. These strings are reserved for \
         internal use."
    } else if name.starts_with('.') {
        "Message (user) attribute name must not begin with character '.'."
    } else if name.ends_with('.') {
        "Message (user) attribute name must not end with character '.'."
    } else if name.contains("..") {
        "Message (user) attribute name must not have successive '.' characters."
    } else {
        return Ok(());
    };
    Err(invalid(text))
}

fn check_value(name: &str, given: Given, who: &str) -> Result<Attribute, Error> {
    let Given { text, binary, data_type, has_list } = given;
    if has_list {
        return Err(Error::unsupported_operation(
            "Message attribute list values in SendMessage operation are not supported.",
        ));
    }
    if text.is_none() && binary.is_none() && data_type.is_empty() {
        return Err(invalid(format!(
            "The message {who} attribute '{name}' must contain a non-empty message attribute value."
        )));
    }
    if data_type.is_empty() {
        return Err(invalid(format!(
            "The message {who} attribute '{name}' must contain a non-empty message attribute type."
        )));
    }
    if data_type.len() > ATTRIBUTE_NAME_BYTES_MAX {
        return Err(invalid(format!("Message {who} attribute type must be shorter than 256 bytes.")));
    }
    let base = data_type.split_once('.').map_or(data_type.as_str(), |(base, _)| base);
    let is_binary = match base {
        "String" | "Number" => false,
        "Binary" => true,
        _ => {
            return Err(invalid(format!(
                "The type of message {who} attribute '{name}' is invalid. You must use only the following supported \
                 type prefixes: Binary, Number, String."
            )));
        }
    };
    let empty = || {
        invalid(format!(
            "Message {who} attribute '{name}' must contain a non-empty value of type '{data_type}'."
        ))
    };
    let wrong_field = |field: &str| {
        invalid(format!("Message {who} attribute '{name}' with type '{data_type}' must use field '{field}'."))
    };
    let value = match (text, binary, is_binary) {
        (Some(_), Some(_), _) => {
            return Err(invalid(format!("Message {who} attribute '{name}' must have a single value.")));
        }
        (None, None, _) => return Err(empty()),
        (Some(_), None, true) => return Err(wrong_field("Binary")),
        (None, Some(_), false) => return Err(wrong_field("String")),
        (None, Some(bytes), true) if bytes.is_empty() => return Err(empty()),
        (None, Some(bytes), true) => AttributeValue::Binary(bytes.to_vec()),
        (Some(text), None, false) if text.is_empty() => return Err(empty()),
        (Some(text), None, false) if !has_valid_characters(&text) => return Err(invalid(INVALID_CHARACTERS)),
        (Some(text), None, false) => AttributeValue::Text(text),
    };
    if let (AttributeValue::Text(text), "Number") = (&value, base)
        && !is_number(text)
    {
        return Err(invalid(format!(
            "Can't cast the value of message {who} attribute '{name}' to a number."
        )));
    }
    Ok(Attribute { data_type, value })
}

/// A decimal number of at most 38 digits between -10^128 and 10^126, with or without an exponent.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()),
        None => (unsigned, Some(0)),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || whole.len() + fraction.len() == 0 {
        return false;
    }
    let all = format!("{whole}{fraction}");
    let significant = all.trim_start_matches('0').trim_end_matches('0');
    let leading = all.trim_start_matches('0').len() as i64 - fraction.len() as i64;
    exponent.is_some_and(|exponent| significant.len() <= 38 && leading + i64::from(exponent) <= 127)
}

/// Bytes that attributes count for in the size of a message.
pub fn bytes_of(attributes: &[(String, Attribute)]) -> usize {
    let value = |attribute: &Attribute| match &attribute.value {
        AttributeValue::Text(text) => text.len(),
        AttributeValue::Binary(bytes) => bytes.len(),
    };
    attributes.iter().map(|(name, attribute)| name.len() + attribute.data_type.len() + value(attribute)).sum()
}

/// The same for attributes that are not checked yet, for the size of a batch.
pub fn bytes_given(given: Option<&BTreeMap<String, MessageAttributeValue>>) -> usize {
    let value = |value: &MessageAttributeValue| {
        value.data_type.len()
            + value.string_value.as_ref().map_or(0, String::len)
            + value.binary_value.as_ref().map_or(0, Bytes::len)
    };
    given.into_iter().flatten().map(|(name, attribute)| name.len() + value(attribute)).sum()
}

/// Whether a receive that asks for `wanted` gets the attribute `name`.
pub fn is_wanted(name: &str, wanted: &[String]) -> bool {
    wanted.iter().any(|wanted| match wanted.as_str() {
        "All" | "*" | ".*" => true,
        wanted => match wanted.strip_suffix(".*") {
            Some(prefix) => name.starts_with(prefix),
            None => name == wanted,
        },
    })
}

/// An attribute as a receive shows it.
pub fn shown(attribute: &Attribute) -> MessageAttributeValue {
    let (string_value, binary_value) = match &attribute.value {
        AttributeValue::Text(text) => (Some(text.clone()), None),
        AttributeValue::Binary(bytes) => (None, Some(Bytes::copy_from_slice(bytes))),
    };
    let data_type = attribute.data_type.clone().into();
    MessageAttributeValue { string_value, binary_value, data_type, ..Default::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for text in [
            "0",
            "-1",
            "+1.5",
            "1e10",
            ".5",
            "5.",
            "1E-100",
            &"9".repeat(38),
            &format!("1{}", "0".repeat(100)),
        ] {
            assert!(is_number(text), "{text}");
        }
        for text in ["", "a", "1a", "--1", "1e", "e1", ".", "1.2.3", &"9".repeat(39), "1e200", " 1"] {
            assert!(!is_number(text), "{text}");
        }
    }

    #[test]
    fn names() {
        for name in ["a", "a.b", "A-_9", "ßøä", "awsome", &"n".repeat(256)] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in
            ["", ".a", "a.", "a..b", "AWS.x", "aws.x", "Amazon.x", "a!", "a b", "a(", &"n".repeat(257)]
        {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn what_a_receive_asks_for() {
        let wanted = |name, asked: &str| is_wanted(name, &[asked.to_owned()]);
        assert!(wanted("a", "All") && wanted("a", "*") && wanted("a", ".*") && wanted("a", "a"));
        assert!(wanted("Hello", "Hel.*") && wanted("Help.Me", "Hel.*") && !wanted("Hi", "Hel.*"));
        assert!(!wanted("a", "") && !wanted("a", "AWS.") && !is_wanted("a", &[]));
    }
}
