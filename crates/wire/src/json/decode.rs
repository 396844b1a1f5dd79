//! JSON to values: one pass over the bytes, straight into the typed input.

use std::fmt;

use serde::Deserialize as _;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use serde_json::value::RawValue;

use crate::document::Document;
use crate::error::DecodeError;
use crate::scalar;
use crate::schema::{Kind, Member, Schema, TimestampFormat};
use crate::timestamp;
use crate::value::{Slot, Structure, Value, View};

/// Fills `into` from a JSON object. Unknown members are skipped. Nesting deeper than 128 is refused by the parser.
/// Members bound elsewhere than to the body are left alone.
pub(crate) fn decode(body: &[u8], into: &mut dyn Structure) -> Result<(), DecodeError> {
    let mut parser = serde_json::Deserializer::from_slice(body);
    Object(into).deserialize(&mut parser).and_then(|()| parser.end()).map_err(message)
}

/// Fills one value from a JSON document.
pub(crate) fn decode_value(
    body: &[u8],
    member: &'static Member,
    value: &mut dyn Value,
) -> Result<(), DecodeError> {
    let mut parser = serde_json::Deserializer::from_slice(body);
    Place { member, value }.deserialize(&mut parser).and_then(|()| parser.end()).map_err(message)
}

/// The parser's errors without their positions, which would tell the client nothing it can use.
fn message(error: serde_json::Error) -> DecodeError {
    match error.classify() {
        serde_json::error::Category::Data => {
            let text = error.to_string();
            let end = text.rfind(" at line ").unwrap_or(text.len());
            DecodeError::new(text[..end].to_owned())
        }
        _ => DecodeError::new("The request body is not valid JSON."),
    }
}

/// A whole structure.
struct Object<'a>(&'a mut dyn Structure);

impl<'de> DeserializeSeed<'de> for Object<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let schema = self.0.schema();
        let mut guess = 0;
        while let Some(at) = map.next_key_seed(MemberName { schema, guess })? {
            match at {
                Some(at) => {
                    guess = at + 1;
                    let member = &schema.members[at];
                    let value = self.0.get_mut(at);
                    if !matches!(value.view(), View::Absent) {
                        return Err(A::Error::custom(format_args!("Duplicate field '{}'", member.wire)));
                    }
                    map.next_value_seed(Place { member, value })?;
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// Finds a member by the name in the document, without keeping the name.
struct MemberName {
    schema: &'static Schema,
    guess: usize,
}

impl<'de> DeserializeSeed<'de> for MemberName {
    type Value = Option<usize>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for MemberName {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.schema.member_by_wire(name, self.guess))
    }
}

/// A place for any value.
struct Place<'a> {
    member: &'static Member,
    value: &'a mut dyn Value,
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.member.target.kind == Kind::Document {
            let document: serde_json::Value = serde::Deserialize::deserialize(deserializer)?;
            if let Slot::Document(slot) = self.value.slot() {
                *slot = Document::from_json(document);
            }
            return Ok(());
        }
        if self.member.target.kind == Kind::Own {
            let json = <&RawValue>::deserialize(deserializer)?.get();
            if json == "null" {
                return Ok(());
            }
            return match self.value.slot() {
                Slot::Own(value) => value.read_json(json).map_err(D::Error::custom),
                _ => Err(self.mismatch("VALUE")),
            };
        }
        deserializer.deserialize_any(self)
    }
}

impl Place<'_> {
    fn mismatch<E: serde::de::Error>(&self, found: &str) -> E {
        let expected = match self.member.target.kind {
            Kind::Boolean => "a Boolean",
            Kind::Integer => "an Integer",
            Kind::Long => "a Long",
            Kind::Float => "a Float",
            Kind::Double => "a Double",
            Kind::String => "a String",
            Kind::Blob => "a Blob",
            Kind::Timestamp => "a Timestamp",
            Kind::Document => "a Document",
            Kind::List => "a List",
            Kind::Map => "a Map",
            Kind::Structure | Kind::Union | Kind::Own => "a Structure",
        };
        E::custom(format_args!("{found} can not be converted to {expected}"))
    }

    fn number<E: serde::de::Error>(self, integer: Option<i64>, float: f64) -> Result<(), E> {
        let integer = integer.or_else(|| whole(float));
        match (self.value.slot(), integer) {
            (Slot::Int(v), Some(n)) if i32::try_from(n).is_ok() => *v = n as i32,
            (Slot::Long(v), Some(n)) => *v = n,
            (Slot::Float(v), _) => *v = float as f32,
            (Slot::Double(v), _) => *v = float,
            (Slot::Time(v), _) => match timestamp::from_epoch(float) {
                Some(time) => *v = time,
                None => return Err(self.mismatch("NUMBER_VALUE")),
            },
            _ => return Err(self.mismatch("NUMBER_VALUE")),
        }
        Ok(())
    }
}

/// A float that is a whole number a 64-bit integer can hold exactly.
fn whole(float: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (float.fract() == 0.0 && float.abs() <= EXACT).then_some(float as i64)
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    /// `null` is the same as absent.
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(self, found: bool) -> Result<(), E> {
        match self.value.slot() {
            Slot::Bool(v) => *v = found,
            _ => return Err(self.mismatch(if found { "TRUE_VALUE" } else { "FALSE_VALUE" })),
        }
        Ok(())
    }

    fn visit_i64<E: serde::de::Error>(self, found: i64) -> Result<(), E> {
        self.number(Some(found), found as f64)
    }

    fn visit_u64<E: serde::de::Error>(self, found: u64) -> Result<(), E> {
        self.number(i64::try_from(found).ok(), found as f64)
    }

    fn visit_f64<E: serde::de::Error>(self, found: f64) -> Result<(), E> {
        self.number(None, found)
    }

    fn visit_str<E: serde::de::Error>(self, found: &str) -> Result<(), E> {
        match self.value.slot() {
            Slot::Text(v) => {
                v.set(found.to_owned());
                return Ok(());
            }
            Slot::Blob(v) => match scalar::blob(found) {
                Some(bytes) => *v = bytes,
                None => return Err(E::custom(format_args!("{} is not valid base64", self.member.name))),
            },
            Slot::Float(v) => match found {
                "NaN" | "Infinity" | "-Infinity" => {
                    *v = scalar::parse_float(found).unwrap_or(f64::NAN) as f32
                }
                _ => return Err(self.mismatch("STRING_VALUE")),
            },
            Slot::Double(v) => match found {
                "NaN" | "Infinity" | "-Infinity" => *v = scalar::parse_float(found).unwrap_or(f64::NAN),
                _ => return Err(self.mismatch("STRING_VALUE")),
            },
            Slot::Time(v) => {
                let format = self.member.timestamp_format(TimestampFormat::EpochSeconds);
                match timestamp::parse(found, format) {
                    // An epoch is a number, never a text.
                    Some(time) if format != TimestampFormat::EpochSeconds => *v = time,
                    _ => return Err(self.mismatch("STRING_VALUE")),
                }
            }
            _ => return Err(self.mismatch("STRING_VALUE")),
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Slot::List(list) = self.value.slot() else {
            return Err(A::Error::custom("Start of list found where not expected"));
        };
        let element = self.member.target.element();
        let sparse = self.member.target.sparse;
        while let Some(()) = seq.next_element_seed(Entry { member: element, list, sparse })? {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let schema = self.member.target;
        match self.value.slot() {
            Slot::Struct(structure) => Object(structure).visit_map(map),
            Slot::Map(entries) => {
                while let Some(key) = map.next_key::<String>()? {
                    let entry = NotNull {
                        place: Place { member: schema.element(), value: entries.insert(key) },
                        allowed: schema.sparse,
                    };
                    map.next_value_seed(entry)?;
                }
                Ok(())
            }
            Slot::Union(union) => {
                let mut chosen = None;
                while let Some(at) = map.next_key_seed(MemberName { schema, guess: 0 })? {
                    let Some(at) = at else {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    };
                    // A null member does not choose.
                    let member = &schema.members[at];
                    let present =
                        map.next_value_seed(Choice { member, union, at, taken: chosen.is_some() })?;
                    if present {
                        chosen = Some(at);
                    }
                }
                match chosen {
                    Some(_) => Ok(()),
                    None => Err(A::Error::custom(format_args!("{} has no member set", schema.name))),
                }
            }
            _ => Err(A::Error::custom("Start of structure or map found where not expected.")),
        }
    }
}

/// Appends one entry. Lists that are not sparse refuse nulls.
struct Entry<'a> {
    member: &'static Member,
    list: &'a mut dyn crate::value::ListValue,
    sparse: bool,
}

impl<'de> DeserializeSeed<'de> for Entry<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let place = Place { member: self.member, value: self.list.push() };
        NotNull { place, allowed: self.sparse }.deserialize(deserializer)
    }
}

/// A place that may refuse `null`.
struct NotNull<'a> {
    place: Place<'a>,
    allowed: bool,
}

impl<'de> DeserializeSeed<'de> for NotNull<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.allowed || matches!(self.place.member.target.kind, Kind::Document | Kind::Own) {
            return self.place.deserialize(deserializer);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for NotNull<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that is not null")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Err(self.place.mismatch("NULL_VALUE"))
    }
    fn visit_bool<E: serde::de::Error>(self, v: bool) -> Result<(), E> {
        self.place.visit_bool(v)
    }
    fn visit_i64<E: serde::de::Error>(self, v: i64) -> Result<(), E> {
        self.place.visit_i64(v)
    }
    fn visit_u64<E: serde::de::Error>(self, v: u64) -> Result<(), E> {
        self.place.visit_u64(v)
    }
    fn visit_f64<E: serde::de::Error>(self, v: f64) -> Result<(), E> {
        self.place.visit_f64(v)
    }
    fn visit_str<E: serde::de::Error>(self, v: &str) -> Result<(), E> {
        self.place.visit_str(v)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        self.place.visit_seq(seq)
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.place.visit_map(map)
    }
}

/// A member of a union: present values choose it, and only one may.
struct Choice<'a> {
    member: &'static Member,
    union: &'a mut dyn crate::value::UnionValue,
    at: usize,
    taken: bool,
}

impl Choice<'_> {
    fn place<E: serde::de::Error>(&mut self) -> Result<Place<'_>, E> {
        if self.taken {
            let name = self.union.schema().name;
            return Err(E::custom(format_args!("{name} has more than one member set")));
        }
        Ok(Place { member: self.member, value: self.union.select(self.at) })
    }
}

impl<'de> DeserializeSeed<'de> for Choice<'_> {
    type Value = bool;
    fn deserialize<D: Deserializer<'de>>(mut self, deserializer: D) -> Result<bool, D::Error> {
        if matches!(self.member.target.kind, Kind::Document | Kind::Own) {
            self.place()?.deserialize(deserializer)?;
            return Ok(true);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Choice<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }
    fn visit_bool<E: serde::de::Error>(mut self, v: bool) -> Result<bool, E> {
        self.place()?.visit_bool(v).map(|()| true)
    }
    fn visit_i64<E: serde::de::Error>(mut self, v: i64) -> Result<bool, E> {
        self.place()?.visit_i64(v).map(|()| true)
    }
    fn visit_u64<E: serde::de::Error>(mut self, v: u64) -> Result<bool, E> {
        self.place()?.visit_u64(v).map(|()| true)
    }
    fn visit_f64<E: serde::de::Error>(mut self, v: f64) -> Result<bool, E> {
        self.place()?.visit_f64(v).map(|()| true)
    }
    fn visit_str<E: serde::de::Error>(mut self, v: &str) -> Result<bool, E> {
        self.place()?.visit_str(v).map(|()| true)
    }
    fn visit_seq<A: SeqAccess<'de>>(mut self, seq: A) -> Result<bool, A::Error> {
        self.place()?.visit_seq(seq).map(|()| true)
    }
    fn visit_map<A: MapAccess<'de>>(mut self, map: A) -> Result<bool, A::Error> {
        self.place()?.visit_map(map).map(|()| true)
    }
}
