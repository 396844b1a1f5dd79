//! Keys of tables and indexes: which attributes they are made of.

use attribute::{Item, KeyPart, KeyType, Value};
use expression::KeySchema;
use serde::{Deserialize, Serialize};

/// The attributes of a key. A table has one of a partition and at most one of a sort key; an index may have several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyNames {
    pub partition: Vec<String>,
    pub sort: Vec<String>,
}

impl KeyNames {
    /// All of them, in order.
    pub fn all(&self) -> impl Iterator<Item = &String> {
        self.partition.iter().chain(&self.sort)
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.partition.len() + self.sort.len()
    }

    /// The same with the types they have.
    pub fn typed<'a>(&'a self, types: &'a [(String, Scalar)]) -> Typed<'a> {
        let of = |names: &'a [String]| -> Vec<(&'a str, KeyType)> {
            names.iter().filter_map(|name| Some((name.as_str(), type_of(types, name)?))).collect()
        };
        Typed { partition: of(&self.partition), sort: of(&self.sort) }
    }
}

/// The defined type of an attribute.
fn type_of(types: &[(String, Scalar)], name: &str) -> Option<KeyType> {
    types.iter().find(|(defined, _)| defined == name).map(|(_, scalar)| scalar.key_type())
}

/// A type that key attributes can have, as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scalar {
    S,
    N,
    B,
}

impl Scalar {
    pub fn key_type(self) -> KeyType {
        match self {
            Self::S => KeyType::S,
            Self::N => KeyType::N,
            Self::B => KeyType::B,
        }
    }
}

/// A key with the types of its attributes.
#[derive(Clone, Debug)]
pub struct Typed<'a> {
    pub partition: Vec<(&'a str, KeyType)>,
    pub sort: Vec<(&'a str, KeyType)>,
}

impl<'a> Typed<'a> {
    /// As expressions want it.
    pub fn schema(&self) -> KeySchema<'_> {
        KeySchema { partition: &self.partition, sort: &self.sort }
    }

    /// Each attribute with its part and type.
    pub fn parts(&self) -> impl Iterator<Item = (KeyPart, &'a str, KeyType)> {
        let of = |part: KeyPart| move |&(name, kind): &(&'a str, KeyType)| (part, name, kind);
        self.partition.iter().map(of(KeyPart::Partition)).chain(self.sort.iter().map(of(KeyPart::Sort)))
    }
}

/// The attributes of a key alone.
pub fn only<'n>(names: impl IntoIterator<Item = &'n String>, item: &Item) -> Item {
    let entries = names.into_iter().filter_map(|name| Some((name.into(), item.get(name)?.clone())));
    entries.collect()
}

/// Whether a value is of a key's type.
pub fn is_of(value: &Value, kind: KeyType) -> bool {
    value.kind() == kind.kind()
}
