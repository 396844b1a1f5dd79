//! Values to XML.

use crate::scalar;
use crate::schema::{Kind, Member, Schema, TimestampFormat, XmlNamespace};
use crate::value::{MapValue, Structure, UnionValue, View};

use super::writer::XmlWriter;

/// Writes `<name>…</name>` around a structure's members, attributes and all.
pub(crate) fn encode_root(
    name: &str,
    namespace: Option<&XmlNamespace>,
    value: &dyn Structure,
    out: &mut XmlWriter,
) {
    out.start(name, namespace);
    attributes(value, out);
    out.content();
    encode_members(value, out);
    out.end(name);
}

/// Writes the elements of a structure's members that belong to the body.
pub(crate) fn encode_members(value: &dyn Structure, out: &mut XmlWriter) {
    for (i, member) in value.schema().members.iter().enumerate() {
        if member.location.in_response_body() && !member.xml_attribute {
            field(member, value.get(i).view(), out);
        }
    }
}

/// Writes a payload member as the document's root.
pub(crate) fn encode_payload(
    member: &'static Member,
    namespace: Option<&XmlNamespace>,
    view: View<'_>,
    out: &mut XmlWriter,
) {
    let schema = member.target;
    let namespace = member.xml_namespace.as_ref().or(schema.xml_namespace.as_ref()).or(namespace);
    // The models repeat the member's name for payloads, which does not make it the element's.
    let name = if member.wire != member.name { member.wire } else { schema.xml_name.unwrap_or(schema.name) };
    match view {
        View::Struct(structure) => encode_root(name, namespace, structure, out),
        view => element(name, member, view, out),
    }
}

/// Writes the only member of a structure as the document's root; an empty element where it is absent.
pub(crate) fn encode_unwrapped(namespace: Option<&XmlNamespace>, value: &dyn Structure, out: &mut XmlWriter) {
    let member = &value.schema().members[0];
    out.start(member.wire, namespace);
    out.content();
    if let Some(text) = scalar::to_text(member, value.get(0).view(), TimestampFormat::Iso8601) {
        out.text(&text);
    }
    out.end(member.wire);
}

fn attributes(value: &dyn Structure, out: &mut XmlWriter) {
    for (i, member) in value.schema().members.iter().enumerate().filter(|(_, m)| m.xml_attribute) {
        if let Some(text) = scalar::to_text(member, value.get(i).view(), TimestampFormat::Iso8601) {
            out.attribute(member.wire, &text);
        }
    }
}

fn field(member: &'static Member, view: View<'_>, out: &mut XmlWriter) {
    match view {
        View::Absent => {}
        View::List(_) | View::Map(_) if member.is_flattened() => {
            let name = out.names.member(member.entry_in_place().unwrap_or(member));
            entries(member, name, view, out);
        }
        view => element(out.names.member(member), member, view, out),
    }
}

/// One element holding `view`.
fn element(name: &str, member: &'static Member, view: View<'_>, out: &mut XmlWriter) {
    let schema = member.target;
    // A shape's default namespace is that of documents with this root; within others only prefixes are declared.
    let prefixed = schema.xml_namespace.as_ref().filter(|ns| !ns.prefix.is_empty());
    let namespace = member.xml_namespace.as_ref().or(prefixed);
    if let View::Struct(structure) = view {
        return encode_root(name, namespace, structure, out);
    }
    out.start(name, namespace);
    out.content();
    match view {
        View::List(_) => entries(member, out.names.element(schema.element(), "member"), view, out),
        View::Map(_) => entries(member, "entry", view, out),
        View::Union(union) => choice(union, out),
        view => {
            if let Some(text) = scalar::to_text(member, view, TimestampFormat::Iso8601) {
                out.text(&text);
            }
        }
    }
    out.end(name);
}

fn choice(union: &dyn UnionValue, out: &mut XmlWriter) {
    if let Some((i, value)) = union.active() {
        field(&union.schema().members[i], value.view(), out);
    }
}

/// The entries of a list or map, each in an element of this name.
fn entries(member: &'static Member, name: &str, view: View<'_>, out: &mut XmlWriter) {
    let schema = member.target;
    match view {
        View::List(list) => {
            for i in 0..list.len() {
                match list.get(i).view() {
                    View::Absent => element(name, schema.element(), View::Text(""), out),
                    view => element(name, schema.element(), view, out),
                }
            }
        }
        View::Map(map) => pairs(member, schema, name, map, out),
        _ => {}
    }
}

fn pairs(
    member: &'static Member,
    schema: &'static Schema,
    name: &str,
    map: &dyn MapValue,
    out: &mut XmlWriter,
) {
    let key_name = out.names.element(schema.key(), "key");
    let value_name = out.names.element(schema.element(), "value");
    // A flattened map's own namespace has no other element to stand on than each entry.
    let namespace = if member.is_flattened() { member.xml_namespace.as_ref() } else { None };
    debug_assert_eq!(schema.kind, Kind::Map);
    map.visit(&mut |key, value| {
        out.start(name, namespace);
        out.content();
        element(key_name, schema.key(), View::Text(key), out);
        match value.view() {
            View::Absent => element(value_name, schema.element(), View::Text(""), out),
            // The entries of a nested map or list stand inside the value's element, flattened or not.
            view => element(value_name, schema.element(), view, out),
        }
        out.end(name);
        true
    });
}
