//! Values and items as members of the service's inputs and outputs.
//!
//! What is not of the shape of a value fails while a request is read. What is, and is no good value, is kept with what is wrong
//! with it: the service says so in its turn, after other checks.

use bytes::Bytes;
use serde::de::DeserializeSeed;
use wire::{DecodeError, OwnForm, Slot, View};

use crate::invalid::Invalid;
use crate::item::Item;
use crate::json::{ItemSeed, NamedSeed, ValueSeed, write_item, write_value};
use crate::stored::{Damaged, write_stored};
use crate::value::{Text, Value};

/// A value or item of an input, good or not.
#[derive(Clone, Debug, PartialEq)]
pub struct Given<T>(Result<T, Invalid>);

impl<T> Given<T> {
    /// It, or what is wrong with it.
    pub fn valid(self) -> Result<T, Invalid> {
        self.0
    }

    /// The same, where it is.
    pub fn as_valid(&self) -> Result<&T, Invalid> {
        self.0.as_ref().map_err(Clone::clone)
    }
}

impl<T> From<T> for Given<T> {
    fn from(value: T) -> Self {
        Self(Ok(value))
    }
}

impl Default for Given<Item> {
    fn default() -> Self {
        Item::new().into()
    }
}

/// What stands for a value that was not given has no type.
impl Default for Given<Value> {
    fn default() -> Self {
        Self(Err(Invalid::Empty))
    }
}

/// Values by name, each good or not, in the order of the request: parameters of expressions, whose errors name them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Named(pub Vec<(Text, Result<Value, Invalid>)>);

/// An item of an output: as values, or as JSON that was made of what is stored without reading it.
#[derive(Clone, Debug, PartialEq)]
pub enum Shown {
    /// As values.
    Item(Item),
    /// As JSON.
    Json(Bytes),
}

impl Shown {
    /// What [`store_item`](crate::store_item) wrote.
    pub fn of_stored(stored: &[u8]) -> Result<Self, Damaged> {
        // Types and quotes take more than lengths and tags do.
        let mut json = Vec::with_capacity(stored.len() + stored.len() / 2);
        write_stored(stored, &mut json)?;
        Ok(Self::Json(json.into()))
    }
}

impl Default for Shown {
    fn default() -> Self {
        Self::Item(Item::new())
    }
}

impl From<Item> for Shown {
    fn from(item: Item) -> Self {
        Self::Item(item)
    }
}

fn read<'de, S: DeserializeSeed<'de>>(seed: S, json: &'de str) -> Result<S::Value, DecodeError> {
    let mut parser = serde_json::Deserializer::from_str(json);
    let error = |error: serde_json::Error| {
        let text = error.to_string();
        // Where in the value it is tells nothing: the document has it elsewhere.
        let end = text.rfind(" at line ").unwrap_or(text.len());
        DecodeError::new(text[..end].to_owned())
    };
    let value = seed.deserialize(&mut parser).map_err(error)?;
    parser.end().map_err(error)?;
    Ok(value)
}

impl OwnForm for Given<Item> {
    fn read_json(&mut self, json: &str) -> Result<(), DecodeError> {
        self.0 = read(ItemSeed, json)?;
        Ok(())
    }

    fn write_json(&self, out: &mut Vec<u8>) {
        match &self.0 {
            Ok(item) => write_item(item, out),
            Err(_) => out.extend_from_slice(b"{}"),
        }
    }
}

impl OwnForm for Given<Value> {
    fn read_json(&mut self, json: &str) -> Result<(), DecodeError> {
        self.0 = read(ValueSeed, json)?;
        Ok(())
    }

    fn write_json(&self, out: &mut Vec<u8>) {
        match &self.0 {
            Ok(value) => write_value(value, out),
            Err(_) => out.extend_from_slice(b"{}"),
        }
    }
}

impl OwnForm for Named {
    fn read_json(&mut self, json: &str) -> Result<(), DecodeError> {
        self.0 = read(NamedSeed, json)?;
        Ok(())
    }

    /// No output has such values; those that are good are written.
    fn write_json(&self, out: &mut Vec<u8>) {
        let good = self.0.iter().filter_map(|(name, value)| Some((name.clone(), value.clone().ok()?)));
        write_item(&good.collect(), out);
    }
}

impl OwnForm for Shown {
    fn read_json(&mut self, json: &str) -> Result<(), DecodeError> {
        let item = read(ItemSeed, json)?;
        *self = Self::Item(item.map_err(|invalid| DecodeError::new(invalid.to_string()))?);
        Ok(())
    }

    fn write_json(&self, out: &mut Vec<u8>) {
        match self {
            Self::Item(item) => write_item(item, out),
            Self::Json(json) => out.extend_from_slice(json),
        }
    }
}

macro_rules! own {
    ($($type:ty),*) => {
        $(impl wire::Value for $type {
            fn view(&self) -> View<'_> {
                View::Own(self)
            }
            fn slot(&mut self) -> Slot<'_> {
                Slot::Own(self)
            }
        })*
    };
}

own!(Given<Item>, Given<Value>, Named, Shown);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_good_value_is_kept_and_what_is_no_value_fails() {
        let mut value = Given::<Value>::default();
        value.read_json(r#"{"N":"x"}"#).expect("the shape of a value");
        assert!(matches!(value.as_valid(), Err(Invalid::Number(_))));
        let error = value.read_json(r#"{"S":5}"#).expect_err("not the shape");
        assert!(!format!("{error:?}").contains("line"), "{error:?}");
        value.read_json(r#"{"S":"5"}"#).expect("a value");
        assert_eq!(value.valid(), Ok(Value::from("5")));
    }

    #[test]
    fn stored_items_are_shown_as_items_are() {
        let item = Item::from([("a", Value::from(1)), ("b", Value::from("x"))]);
        let mut stored = Vec::new();
        crate::store_item(&item, &mut stored);
        let (mut one, mut two) = (Vec::new(), Vec::new());
        Shown::from(item).write_json(&mut one);
        Shown::of_stored(&stored).expect("stored").write_json(&mut two);
        assert_eq!(one, two);
        assert_eq!(Shown::of_stored(b"\x05"), Err(Damaged));
    }
}
