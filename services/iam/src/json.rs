//! Documents as they were written: parts of their text and where those stand.

use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Where a part stands in the document that it was read from.
pub fn place(document: &str, part: &RawValue) -> Range<usize> {
    let start = part.get().as_ptr().addr() - document.as_ptr().addr();
    start..start + part.get().len()
}

/// Where the statements of a policy stand in its document, in their order.
pub fn statements(document: &str) -> serde_json::Result<Vec<Range<usize>>> {
    let mut places = Vec::new();
    for (name, value) in serde_json::from_str::<Pairs<'_>>(document)?.0 {
        if name == "Statement" {
            places = list(value)?.into_iter().map(|part| place(document, part)).collect();
        }
    }
    Ok(places)
}

/// The elements of a list, or the one thing that stands for a list of it.
pub fn list(raw: &RawValue) -> serde_json::Result<Vec<&RawValue>> {
    if raw.get().starts_with('[') { serde_json::from_str(raw.get()) } else { Ok(vec![raw]) }
}

/// The members of an object with their texts where they stand; names may come twice.
pub struct Pairs<'a>(pub Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<'de>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_found_where_they_stand() {
        let document = r#"{"Version": "x", "Statement": [ {"a": 1}, {"b": 2} ]}"#;
        let found: Vec<&str> = statements(document).unwrap().into_iter().map(|at| &document[at]).collect();
        assert_eq!(found, [r#"{"a": 1}"#, r#"{"b": 2}"#]);
        let document = r#"{"Statement": {"a": 1}}"#;
        let found = statements(document).unwrap();
        assert_eq!((found.len(), &document[found[0].clone()]), (1, r#"{"a": 1}"#));
    }
}
