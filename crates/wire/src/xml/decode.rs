//! XML to values.

use std::borrow::Cow;

use crate::error::DecodeError;
use crate::scalar;
use crate::schema::{Kind, Location, Member, Schema, TimestampFormat};
use crate::value::{Slot, Structure, Value};

use super::dom::Element;

/// Fills the body's members of `into` from a document. An empty body has none.
pub(crate) fn decode_members(body: &[u8], into: &mut dyn Structure) -> Result<(), DecodeError> {
    if body.is_empty() {
        return Ok(());
    }
    structure(&Element::parse(body)?, into)
}

/// Fills a payload member, which is the document's root.
pub(crate) fn decode_payload(
    body: &[u8],
    member: &'static Member,
    value: &mut dyn Value,
) -> Result<(), DecodeError> {
    decode(member, &Element::parse(body)?, value)
}

fn structure(element: &Element, into: &mut dyn Structure) -> Result<(), DecodeError> {
    for (i, member) in into.schema().members.iter().enumerate() {
        if member.location != Location::Body {
            continue;
        }
        if member.xml_attribute {
            if let Some(text) = element.attribute(member.wire) {
                set(member, into.get_mut(i), text)?;
            }
        } else if member.is_flattened() && matches!(member.target.kind, Kind::List | Kind::Map) {
            let name = flattened_name(member);
            let mut found = element.children.iter().filter(|child| child.name == name).peekable();
            if found.peek().is_some() {
                entries(member, found, into.get_mut(i))?;
            }
        } else if let Some(child) = element.child(member.wire) {
            decode(member, child, into.get_mut(i))?;
        }
    }
    Ok(())
}

/// Entries of a flattened list or map stand under the member's own name, or else under the entry's.
fn flattened_name(member: &'static Member) -> &'static str {
    member.entry_in_place().filter(|entry| entry.named).unwrap_or(member).wire
}

fn decode(member: &'static Member, element: &Element, value: &mut dyn Value) -> Result<(), DecodeError> {
    let schema = member.target;
    match schema.kind {
        Kind::Structure => match value.slot() {
            Slot::Struct(into) => structure(element, into),
            _ => Err(unexpected(member)),
        },
        Kind::Union => union(schema, element, value),
        Kind::List => {
            let name = entry_name(schema);
            entries(member, element.children.iter().filter(|child| child.name == name), value)
        }
        Kind::Map => entries(member, element.children.iter().filter(|child| child.name == "entry"), value),
        Kind::Document | Kind::Own => Err(unexpected(member)),
        _ => set(member, value, &element.text),
    }
}

/// The element around each entry of a list that is not flattened.
fn entry_name(schema: &Schema) -> &'static str {
    let element = schema.element();
    if element.named { element.wire } else { "member" }
}

/// The elements of a map's keys and values.
fn pair_names(schema: &Schema) -> (&'static str, &'static str) {
    let (key, value) = (schema.key(), schema.element());
    (if key.named { key.wire } else { "key" }, if value.named { value.wire } else { "value" })
}

fn entries<'a>(
    member: &'static Member,
    found: impl Iterator<Item = &'a Element>,
    value: &mut dyn Value,
) -> Result<(), DecodeError> {
    let schema = member.target;
    match value.slot() {
        Slot::List(into) => {
            for child in found {
                decode(schema.element(), child, into.push())?;
            }
        }
        Slot::Map(into) => {
            let (key_name, value_name) = pair_names(schema);
            for child in found {
                let key = child.child(key_name).ok_or_else(|| unexpected(member))?;
                let place = into.insert(key.text.clone());
                match child.child(value_name) {
                    Some(found) => decode(schema.element(), found, place)?,
                    None => return Err(unexpected(member)),
                }
            }
        }
        _ => return Err(unexpected(member)),
    }
    Ok(())
}

fn union(schema: &'static Schema, element: &Element, value: &mut dyn Value) -> Result<(), DecodeError> {
    let Slot::Union(into) = value.slot() else {
        return Err(DecodeError::new(format!("{} is not a union.", schema.name)));
    };
    for (i, member) in schema.members.iter().enumerate() {
        let flattened = member.is_flattened() && matches!(member.target.kind, Kind::List | Kind::Map);
        let name = if flattened { flattened_name(member) } else { member.wire };
        let Some(first) = element.child(name) else { continue };
        return if flattened {
            entries(member, element.children.iter().filter(|c| c.name == name), into.select(i))
        } else {
            decode(member, first, into.select(i))
        };
    }
    Ok(())
}

fn set(member: &Member, value: &mut dyn Value, text: &str) -> Result<(), DecodeError> {
    // Only in texts does white space count.
    let text = if member.target.kind == Kind::String { text } else { text.trim() };
    scalar::set_text(member, value, Cow::Borrowed(text), TimestampFormat::Iso8601)
}

fn unexpected(member: &Member) -> DecodeError {
    DecodeError::new(format!("The element {} has an unexpected structure.", member.wire))
}
