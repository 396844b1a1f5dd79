//! Reading values.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::scalar::{NOT_A_MEMBER, NOT_A_VALUE, NOT_AN_ARRAY, ScalarSeed, refuse_scalars};
use crate::invalid::Invalid;
use crate::item::Item;
use crate::limits::{DEPTH_MAX, NAME_BYTES_MAX};
use crate::number::Number;
use crate::set::Set;
use crate::value::{Blob, Kind, Text, Value};

const CLASS: &str = "com.amazonaws.dynamodb.v20120810.AttributeValue";

/// Reads one value from a document.
pub fn value_from_slice(text: &[u8]) -> Result<Result<Value, Invalid>, serde_json::Error> {
    let mut parser = serde_json::Deserializer::from_slice(text);
    let value = ValueSeed.deserialize(&mut parser)?;
    parser.end().map(|()| value)
}

/// Reads one item from a document.
pub fn item_from_slice(text: &[u8]) -> Result<Result<Item, Invalid>, serde_json::Error> {
    let mut parser = serde_json::Deserializer::from_slice(text);
    let item = ItemSeed.deserialize(&mut parser)?;
    parser.end().map(|()| item)
}

/// Reads a value: an object with the type as its one key.
#[derive(Clone, Copy, Debug)]
pub struct ValueSeed;

impl<'de> DeserializeSeed<'de> for ValueSeed {
    type Value = Result<Value, Invalid>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        Nested { depth: 0 }.deserialize(deserializer)
    }
}

/// Reads an item: values by name. What is wrong with the first wrong value is what is wrong with the item.
#[derive(Clone, Copy, Debug)]
pub struct ItemSeed;

impl<'de> DeserializeSeed<'de> for ItemSeed {
    type Value = Result<Item, Invalid>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(Entries { depth: 0 })
    }
}

/// Reads values by name, each with what is wrong with it: for parameters of expressions, whose errors name them. In
/// the order of the document; of several entries of one name all are returned.
#[derive(Clone, Copy, Debug)]
pub struct NamedSeed;

impl<'de> DeserializeSeed<'de> for NamedSeed {
    type Value = Vec<(Text, Result<Value, Invalid>)>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(Named)
    }
}

/// A value inside so many lists and maps.
#[derive(Clone, Copy)]
struct Nested {
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Nested {
    type Value = Result<Value, Invalid>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Nested {
    type Value = Result<Value, Invalid>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an attribute value")
    }

    refuse_scalars!(NOT_A_VALUE);

    /// Null is the same as no type.
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Err(Invalid::Empty))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
        Err(A::Error::custom(format_args!("Unrecognized collection type class {CLASS}")))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found: Option<Result<Value, Invalid>> = None;
        let mut several = false;
        while let Some(kind) = map.next_key_seed(TypeName)? {
            let Some(kind) = kind else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let Some(value) = self.typed(kind, &mut map)? else { continue };
            match &found {
                // What is wrong with a value comes before there being several.
                Some(Err(_)) => {}
                Some(Ok(_)) => {
                    several = true;
                    if value.is_err() {
                        found = Some(value);
                    }
                }
                None => found = Some(value),
            }
        }
        Ok(match found {
            Some(Ok(_)) if several => Err(Invalid::Several),
            Some(value) => value,
            None => Err(Invalid::Empty),
        })
    }
}

impl Nested {
    /// The value of one type's key; nothing for null.
    fn typed<'de, A: MapAccess<'de>>(
        self,
        kind: Kind,
        map: &mut A,
    ) -> Result<Option<Result<Value, Invalid>>, A::Error> {
        Ok(match kind {
            Kind::S => map.next_value_seed(ScalarSeed::<Text>::new())?.map(|text| Ok(Value::S(text))),
            Kind::N => {
                map.next_value_seed(ScalarSeed::<Text>::new())?.map(|text| number(&text).map(Value::N))
            }
            Kind::B => map.next_value_seed(ScalarSeed::<Blob>::new())?.map(|blob| Ok(Value::B(blob))),
            Kind::Bool => map.next_value_seed(ScalarSeed::<bool>::new())?.map(|value| Ok(Value::Bool(value))),
            Kind::Null => map
                .next_value_seed(ScalarSeed::<bool>::new())?
                .map(|value| if value { Ok(Value::Null) } else { Err(Invalid::NullFalse) }),
            Kind::Ss => map.next_value_seed(Members::<Text>::new())?.map(strings),
            Kind::Ns => map.next_value_seed(Members::<Text>::new())?.map(numbers),
            Kind::Bs => map.next_value_seed(Members::<Blob>::new())?.map(binaries),
            Kind::L | Kind::M if self.depth == DEPTH_MAX => {
                map.next_value::<IgnoredAny>()?;
                Some(Err(Invalid::Depth))
            }
            Kind::L => map.next_value_seed(Elements { depth: self.depth + 1 })?,
            Kind::M => {
                map.next_value_seed(OrNull(Entries { depth: self.depth + 1 }))?.map(|item| item.map(Value::M))
            }
        })
    }
}

fn number(text: &str) -> Result<Number, Invalid> {
    text.parse().map_err(Invalid::Number)
}

fn strings(members: Vec<Option<Text>>) -> Result<Value, Invalid> {
    let members = all(members, Invalid::EmptyStrings)?;
    Set::new(members).map(Value::Ss).map_err(|twice| {
        let texts: Vec<&str> = twice.0.iter().map(Text::as_str).collect();
        Invalid::DuplicateStrings(texts.join(", "))
    })
}

fn numbers(members: Vec<Option<Text>>) -> Result<Value, Invalid> {
    let members = all(members, Invalid::EmptyNumbers)?;
    let numbers: Result<Vec<Number>, Invalid> = members.iter().map(|text| number(text)).collect();
    Set::new(numbers?).map(Value::Ns).map_err(|_| Invalid::DuplicateNumbers)
}

fn binaries(members: Vec<Option<Blob>>) -> Result<Value, Invalid> {
    let members = all(members, Invalid::EmptyBinaries)?;
    Set::new(members).map(Value::Bs).map_err(|twice| {
        let texts: Vec<String> = twice.0.iter().map(|member| STANDARD.encode(member)).collect();
        Invalid::DuplicateBinaries(texts.join(", "))
    })
}

/// The members of a set, of which there must be one, and none null.
fn all<T>(members: Vec<Option<T>>, empty: Invalid) -> Result<Vec<T>, Invalid> {
    if members.is_empty() {
        return Err(empty);
    }
    members.into_iter().collect::<Option<Vec<T>>>().ok_or(Invalid::Empty)
}

/// Reads the key of a value; nothing for one that is no type.
struct TypeName;

impl<'de> DeserializeSeed<'de> for TypeName {
    type Value = Option<Kind>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Kind>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for TypeName {
    type Value = Option<Kind>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a type")
    }
    fn visit_str<E>(self, name: &str) -> Result<Option<Kind>, E> {
        Ok(Kind::from_code(name))
    }
}

/// Reads a name.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Text;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Text, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Text;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }
    fn visit_str<E>(self, name: &str) -> Result<Text, E> {
        Ok(Text::new(name))
    }
}

/// What the service says of an array where a map is expected.
fn not_a_map() -> Cow<'static, str> {
    format!("Unrecognized collection type java.util.Map<java.lang.String, {CLASS}>").into()
}

/// The members of a set; nothing for null.
struct Members<T>(std::marker::PhantomData<T>);

impl<T> Members<T> {
    fn new() -> Members<T> {
        Members(std::marker::PhantomData)
    }
}

impl<'de, T: super::scalar::FromText> DeserializeSeed<'de> for Members<T> {
    type Value = Option<Vec<Option<T>>>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: super::scalar::FromText> Visitor<'de> for Members<T> {
    type Value = Option<Vec<Option<T>>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a set")
    }
    refuse_scalars!(NOT_A_MEMBER);
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
        Err(A::Error::custom(NOT_AN_ARRAY))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = seq.next_element_seed(ScalarSeed::<T>::new())? {
            members.push(member);
        }
        Ok(Some(members))
    }
}

/// The values of a list; nothing for null.
struct Elements {
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Elements {
    type Value = Option<Result<Value, Invalid>>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Elements {
    type Value = Option<Result<Value, Invalid>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }
    refuse_scalars!(NOT_A_MEMBER);
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
        Err(A::Error::custom(NOT_AN_ARRAY))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut values = Ok(Vec::new());
        while let Some(value) = seq.next_element_seed(Nested { depth: self.depth })? {
            keep(&mut values, value, Vec::push);
        }
        Ok(Some(values.map(Value::L)))
    }
}

/// The attributes of an item or of a map.
struct Entries {
    depth: usize,
}

impl<'de> Visitor<'de> for Entries {
    type Value = Result<Item, Invalid>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an item")
    }
    refuse_scalars!(NOT_A_MEMBER);
    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
        Err(A::Error::custom(not_a_map()))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Ok(Vec::new());
        while let Some(name) = map.next_key_seed(Name)? {
            let value = map.next_value_seed(Nested { depth: self.depth })?;
            let value = check_name(&name).and(value);
            keep(&mut entries, value, |entries, value| entries.push((name, value)));
        }
        Ok(entries.map(Item::from_iter))
    }
}

fn check_name(name: &str) -> Result<(), Invalid> {
    match name.len() {
        0 => Err(Invalid::EmptyName),
        len if len > NAME_BYTES_MAX => Err(Invalid::LongName),
        _ => Ok(()),
    }
}

/// Adds to a collection, until something wrong stands in its place.
fn keep<C, T>(collection: &mut Result<C, Invalid>, value: Result<T, Invalid>, add: impl FnOnce(&mut C, T)) {
    match (&mut *collection, value) {
        (Ok(collection), Ok(value)) => add(collection, value),
        (Ok(_), Err(invalid)) => *collection = Err(invalid),
        (Err(_), _) => {}
    }
}

/// Adds null, for nothing, to what a visitor takes.
struct OrNull<V>(V);

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for OrNull<V> {
    type Value = Option<V::Value>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for OrNull<V> {
    type Value = Option<V::Value>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }
    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self.0).map(Some)
    }
}

/// Values by name, wrong ones among them.
struct Named;

impl<'de> Visitor<'de> for Named {
    type Value = Vec<(Text, Result<Value, Invalid>)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("values by name")
    }
    refuse_scalars!(NOT_A_MEMBER);
    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
        Err(A::Error::custom(not_a_map()))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(name) = map.next_key_seed(Name)? {
            entries.push((name, map.next_value_seed(ValueSeed)?));
        }
        Ok(entries)
    }
}

#[cfg(test)]
mod tests;
