//! Encryption contexts: what a ciphertext is bound to.

use std::collections::BTreeMap;

use model_kms::Error;

use crate::error::invalid;
use crate::limits::CONTEXT_BYTES_MAX;

/// An encryption context.
pub type Context = BTreeMap<String, String>;

/// The one form of a context, whatever order it was given in: each key and value behind its length. Fails if it is too
/// long.
pub fn canonical(context: Option<&Context>) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    for text in context.into_iter().flatten().flat_map(|(key, value)| [key, value]) {
        // Longer ones are refused below.
        out.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
        out.extend_from_slice(text.as_bytes());
    }
    if size(context) > CONTEXT_BYTES_MAX {
        return Err(invalid(format!("The encryption context is larger than {CONTEXT_BYTES_MAX} bytes.")));
    }
    Ok(out)
}

/// Bytes of all keys and values.
pub fn size(context: Option<&Context>) -> usize {
    context.into_iter().flatten().map(|(key, value)| key.len() + value.len()).sum()
}

/// Whether `context` has all of `part`.
pub fn holds(context: Option<&Context>, part: &Context) -> bool {
    let Some(context) = context else { return part.is_empty() };
    part.iter().all(|(key, value)| context.get(key) == Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn context(pairs: &[(&str, &str)]) -> Context {
        pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
    }

    #[test]
    fn to_the_byte() {
        let bytes = canonical(Some(&context(&[("b", ""), ("a", "xy")]))).unwrap();
        assert_eq!(bytes, b"\0\0\0\x01a\0\0\0\x02xy\0\0\0\x01b\0\0\0\0");
        assert_eq!(canonical(None).unwrap(), b"");
        let long = context(&[("k", &"x".repeat(CONTEXT_BYTES_MAX))]);
        assert!(canonical(Some(&long)).is_err());
        let full = context(&[("k", &"x".repeat(CONTEXT_BYTES_MAX - 1))]);
        assert!(canonical(Some(&full)).is_ok());
    }

    #[test]
    fn parts() {
        let whole = context(&[("a", "1"), ("b", "2")]);
        assert!(holds(Some(&whole), &context(&[("a", "1")])) && holds(None, &Context::new()));
        assert!(!holds(Some(&whole), &context(&[("a", "2")])) && !holds(None, &whole));
    }

    proptest! {
        #[test]
        fn different_contexts_have_different_forms(
            a in proptest::collection::btree_map("[ab]{0,2}", "[ab]{0,2}", 0..4),
            b in proptest::collection::btree_map("[ab]{0,2}", "[ab]{0,2}", 0..4),
        ) {
            prop_assert_eq!(canonical(Some(&a)).unwrap() == canonical(Some(&b)).unwrap(), a == b);
        }
    }
}
