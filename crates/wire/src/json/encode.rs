//! Values to JSON, appended to one buffer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::scalar;
use crate::schema::{Member, TimestampFormat};
use crate::timestamp;
use crate::value::{Structure, View};

/// Appends the object of those members that belong to the body.
pub(crate) fn encode_structure(value: &dyn Structure, out: &mut Vec<u8>) {
    out.push(b'{');
    let mut first = true;
    for (i, member) in value.schema().members.iter().enumerate() {
        if member.location.in_response_body() {
            let view = value.get(i).view();
            if !matches!(view, View::Absent) {
                field(member, view, &mut first, out);
            }
        }
    }
    out.push(b'}');
}

fn field(member: &Member, view: View<'_>, first: &mut bool, out: &mut Vec<u8>) {
    separator(first, out);
    write_text(member.wire, out);
    out.push(b':');
    encode_value(member, view, out);
}

fn separator(first: &mut bool, out: &mut Vec<u8>) {
    if !std::mem::take(first) {
        out.push(b',');
    }
}

/// Appends any value; an absent one as `null`.
pub(crate) fn encode_value(member: &Member, view: View<'_>, out: &mut Vec<u8>) {
    match view {
        // A stream is a body of its own, never part of a document.
        View::Absent | View::Stream(_) => out.extend_from_slice(b"null"),
        View::Bool(v) => out.extend_from_slice(if v { b"true" } else { b"false" }),
        View::Int(v) => append(&v, out),
        View::Float(v) => match scalar::float_name(f64::from(v)) {
            Some(name) => write_text(name, out),
            None => append(&v, out),
        },
        View::Double(v) => match scalar::float_name(v) {
            Some(name) => write_text(name, out),
            None => append(&v, out),
        },
        View::Text(v) => write_text(v, out),
        View::Blob(v) => {
            out.push(b'"');
            let start = out.len();
            out.resize(start + v.len().div_ceil(3) * 4, 0);
            // The space is exactly what base64 of that length takes.
            let written = BASE64.encode_slice(v, &mut out[start..]).unwrap_or(0);
            out.truncate(start + written);
            out.push(b'"');
        }
        View::Time(v) => match member.timestamp_format(TimestampFormat::EpochSeconds) {
            TimestampFormat::EpochSeconds => {
                out.extend_from_slice(timestamp::format(v, TimestampFormat::EpochSeconds).as_bytes());
            }
            format => write_text(&timestamp::format(v, format), out),
        },
        View::Document(v) => append(&v.to_json(), out),
        View::Own(v) => v.write_json(out),
        View::List(list) => {
            let element = member.target.element();
            out.push(b'[');
            for i in 0..list.len() {
                if i > 0 {
                    out.push(b',');
                }
                encode_value(element, list.get(i).view(), out);
            }
            out.push(b']');
        }
        View::Map(map) => {
            let element = member.target.element();
            let mut first = true;
            out.push(b'{');
            map.visit(&mut |key, value| {
                let view = value.view();
                if !matches!(view, View::Absent) || member.target.sparse {
                    separator(&mut first, out);
                    write_text(key, out);
                    out.push(b':');
                    encode_value(element, view, out);
                }
                true
            });
            out.push(b'}');
        }
        View::Struct(structure) => encode_structure(structure, out),
        View::Union(union) => {
            out.push(b'{');
            if let Some((i, value)) = union.active() {
                field(&union.schema().members[i], value.view(), &mut true, out);
            }
            out.push(b'}');
        }
    }
}

/// Appends a JSON string.
pub(crate) fn write_text(text: &str, out: &mut Vec<u8>) {
    append(text, out);
}

fn append<T: serde::Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    // Writing numbers, texts and documents to a vector has no way to fail.
    serde_json::to_writer(out, value).expect("a vector takes all bytes");
}
