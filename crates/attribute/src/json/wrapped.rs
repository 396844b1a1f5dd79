//! Items as exports write them, and imports want them: documents of one member, `{"Item": {…}}`.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::read::ItemSeed;
use crate::invalid::Invalid;
use crate::item::Item;

/// The items of documents that stand in a text, one behind the other.
pub struct Wrapped<'t> {
    parser: serde_json::Deserializer<serde_json::de::SliceRead<'t>>,
    done: bool,
}

/// Why a document is no item.
#[derive(Debug, thiserror::Error)]
pub enum NotAnItem {
    /// It is not JSON: where the next one begins cannot be told.
    #[error("not a document: {0}")]
    Text(serde_json::Error),
    /// It is JSON, and not of an item.
    #[error("{0}")]
    Other(String),
}

impl<'t> Wrapped<'t> {
    /// Of this text.
    pub fn of(text: &'t [u8]) -> Self {
        Self { parser: serde_json::Deserializer::from_slice(text), done: false }
    }
}

/// What is wrong with one document does not end it, unless it is of a form in which the next cannot be found.
impl Iterator for Wrapped<'_> {
    type Item = Result<Item, NotAnItem>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done || self.parser.end().is_ok() {
            return None;
        }
        match DocumentSeed.deserialize(&mut self.parser) {
            Ok(Some(Ok(item))) => Some(Ok(item)),
            Ok(Some(Err(invalid))) => Some(Err(NotAnItem::Other(invalid.to_string()))),
            Ok(None) => Some(Err(NotAnItem::Other("a document has no member Item".to_owned()))),
            Err(error) => {
                self.done = true;
                Some(Err(if error.is_data() {
                    NotAnItem::Other(error.to_string())
                } else {
                    NotAnItem::Text(error)
                }))
            }
        }
    }
}

struct DocumentSeed;

impl<'de> DeserializeSeed<'de> for DocumentSeed {
    type Value = Option<Result<Item, Invalid>>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for DocumentSeed {
    type Value = Option<Result<Item, Invalid>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the member Item")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(name) = map.next_key::<String>()? {
            if name != "Item" {
                map.next_value::<IgnoredAny>()?;
            } else if found.replace(map.next_value_seed(ItemSeed)?).is_some() {
                return Err(A::Error::custom("the member Item is there twice"));
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Result<usize, bool>> {
        let one = |found: Result<Item, NotAnItem>| match found {
            Ok(item) => Ok(item.len()),
            Err(error) => Err(matches!(error, NotAnItem::Text(_))),
        };
        Wrapped::of(text.as_bytes()).map(one).collect()
    }

    #[test]
    fn documents_may_follow_each_other() {
        let one = r#"{"Item":{"p":{"S":"a"}}}"#;
        assert_eq!(read(""), []);
        assert_eq!(read("  "), []);
        assert_eq!(read(one), [Ok(1)]);
        assert_eq!(read(&format!("{one}{one} {one}")), [Ok(1), Ok(1), Ok(1)]);
        assert_eq!(read(r#"{"Metadata":{"a":[1]},"Item":{"p":{"S":"a"},"n":{"N":"1"}}}"#), [Ok(2)]);
    }

    #[test]
    fn what_is_no_item_is_told_from_what_is_no_document() {
        let one = r#"{"Item":{"p":{"S":"a"}}}"#;
        assert_eq!(read(&format!(r#"{{"p":{{"S":"a"}}}}{one}"#)), [Err(false), Ok(1)]);
        assert_eq!(read(&format!(r#"{{"Item":{{"p":{{"N":"x"}}}}}}{one}"#)), [Err(false), Ok(1)]);
        assert_eq!(read(r#"{"Item":{"p":5}}"#), [Err(false)]);
        assert_eq!(read("[1]"), [Err(false)]);
        assert_eq!(read(r#"{"Item":{"p":{"S":"a"}}"#), [Err(true)]);
        assert_eq!(read(&format!("{one}garbage")), [Ok(1), Err(true)]);
        assert_eq!(read("\u{1f}\u{8b}"), [Err(true)]);
        let deep = format!(r#"{{"Item":{{"p":{}"#, r#"{"L":["#.repeat(5_000));
        assert!(matches!(read(&deep)[..], [Err(_)]));
    }
}
