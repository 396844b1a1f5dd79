//! A strict reader of JSON: no key twice, no deep nesting.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::limits::{MAX_DEPTH, MAX_DOCUMENT_BYTES};

/// A JSON value with its keys in the order given.
#[derive(Debug)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    /// The number in the shortest form that reads back as the same.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// Reads one document. The error says what is wrong, for the place of a `PolicyError`.
pub(crate) fn read(json: &[u8]) -> Result<Node, String> {
    if json.len() > MAX_DOCUMENT_BYTES {
        return Err(format!("the document is longer than {MAX_DOCUMENT_BYTES} bytes"));
    }
    let mut reader = serde_json::Deserializer::from_slice(json);
    let node = Depth(MAX_DEPTH).deserialize(&mut reader).map_err(|error| error.to_string())?;
    reader.end().map_err(|error| error.to_string())?;
    Ok(node)
}

/// How many more levels may open.
struct Depth(usize);

impl<'de> DeserializeSeed<'de> for Depth {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Depth {
    fn deeper<E: de::Error>(&self) -> Result<usize, E> {
        self.0.checked_sub(1).ok_or_else(|| E::custom(format!("nested deeper than {MAX_DEPTH} levels")))
    }
}

impl<'de> Visitor<'de> for Depth {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        Ok(Node::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let depth = self.deeper()?;
        let mut list = Vec::new();
        while let Some(node) = access.next_element_seed(Depth(depth))? {
            list.push(node);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let depth = self.deeper()?;
        let mut map = Vec::new();
        let mut seen = std::collections::HashSet::new();
        while let Some(key) = access.next_key::<String>()? {
            if !seen.insert(key.clone()) {
                return Err(de::Error::custom(format!("the key {key:?} is given twice")));
            }
            map.push((key, access.next_value_seed(Depth(depth))?));
        }
        Ok(Node::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_one_plain_document_is_refused() {
        let deep = "[".repeat(MAX_DEPTH + 1) + &"]".repeat(MAX_DEPTH + 1);
        for bad in ["", "{", "{} {}", r#"{"a":1,"a":2}"#, r#"[{"b":[{"c":1,"c":1}]}]"#, &deep, "\u{feff}{}"] {
            assert!(read(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(read(&vec![b' '; MAX_DOCUMENT_BYTES + 1]).unwrap_err().contains("longer"));
        assert!(read(b"\"\xff\"").is_err(), "not UTF-8");
    }

    #[test]
    fn numbers_keep_their_value() {
        let Ok(Node::List(list)) = read(b"[10, -3, 1.5, 1e3, true, null, \"x\"]") else { panic!("not read") };
        let numbers: Vec<_> = list
            .iter()
            .filter_map(|node| match node {
                Node::Number(text) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(numbers, ["10", "-3", "1.5", "1000"]);
    }
}
