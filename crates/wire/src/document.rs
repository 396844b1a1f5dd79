//! Values without a schema: the `document` type of the JSON protocols.

use std::collections::BTreeMap;

/// Any JSON value.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Document {
    /// `null`
    #[default]
    Null,
    /// A truth value.
    Bool(bool),
    /// A number, as it was written: a document is passed on, not computed with.
    Number(serde_json::Number),
    /// A text.
    Text(String),
    /// An array.
    List(Vec<Document>),
    /// An object.
    Map(BTreeMap<String, Document>),
}

impl Document {
    pub(crate) fn from_json(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(b) => Self::Bool(b),
            serde_json::Value::Number(n) => Self::Number(n),
            serde_json::Value::String(s) => Self::Text(s),
            serde_json::Value::Array(list) => Self::List(list.into_iter().map(Self::from_json).collect()),
            serde_json::Value::Object(map) => {
                Self::Map(map.into_iter().map(|(k, v)| (k, Self::from_json(v))).collect())
            }
        }
    }

    pub(crate) fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(b) => serde_json::Value::Bool(*b),
            Self::Number(n) => serde_json::Value::Number(n.clone()),
            Self::Text(s) => serde_json::Value::String(s.clone()),
            Self::List(list) => serde_json::Value::Array(list.iter().map(Self::to_json).collect()),
            Self::Map(map) => {
                serde_json::Value::Object(map.iter().map(|(k, v)| (k.clone(), v.to_json())).collect())
            }
        }
    }
}
