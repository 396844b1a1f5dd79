//! Values to CBOR.

use crate::value::{Structure, View};

const MAJOR_UNSIGNED: u8 = 0;
const MAJOR_NEGATIVE: u8 = 1;
const MAJOR_BYTES: u8 = 2;
const MAJOR_TEXT: u8 = 3;
const MAJOR_LIST: u8 = 4;
const MAJOR_MAP: u8 = 5;
const MAJOR_TAG: u8 = 6;
const FLOAT32: u8 = 0xfa;
const FLOAT64: u8 = 0xfb;
const NULL: u8 = 0xf6;

/// Appends a map of the members that are present.
pub(crate) fn encode_structure(value: &dyn Structure, out: &mut Vec<u8>) {
    encode_with(value, None, out);
}

/// The same with a leading text pair, for the type of an error.
pub(crate) fn encode_with(value: &dyn Structure, extra: Option<(&str, &str)>, out: &mut Vec<u8>) {
    let members = value.schema().members;
    let present = |i: &usize| !matches!(value.get(*i).view(), View::Absent);
    let count = (0..members.len()).filter(present).count() + usize::from(extra.is_some());
    head(MAJOR_MAP, count as u64, out);
    if let Some((key, text)) = extra {
        write_text(key, out);
        write_text(text, out);
    }
    for i in (0..members.len()).filter(present) {
        write_text(members[i].wire, out);
        encode(value.get(i).view(), out);
    }
}

/// Appends a map of texts.
pub(crate) fn encode_texts(pairs: &[(&str, &str)], out: &mut Vec<u8>) {
    head(MAJOR_MAP, pairs.len() as u64, out);
    for (key, value) in pairs {
        write_text(key, out);
        write_text(value, out);
    }
}

/// Appends a text string.
pub(crate) fn write_text(text: &str, out: &mut Vec<u8>) {
    head(MAJOR_TEXT, text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

fn encode(view: View<'_>, out: &mut Vec<u8>) {
    match view {
        // RPC v2 has no documents, nor own forms; a model that gave it one would be refused by the generator.
        View::Absent | View::Document(_) | View::Own(_) | View::Stream(_) => out.push(NULL),
        View::Bool(v) => out.push(if v { 0xf5 } else { 0xf4 }),
        View::Int(v) => integer(v, out),
        View::Float(v) => {
            out.push(FLOAT32);
            out.extend_from_slice(&v.to_be_bytes());
        }
        View::Double(v) => double(v, out),
        View::Text(v) => write_text(v, out),
        View::Blob(v) => {
            head(MAJOR_BYTES, v.len() as u64, out);
            out.extend_from_slice(v);
        }
        View::Time(v) => {
            head(MAJOR_TAG, 1, out);
            if v.millis() % 1000 == 0 {
                integer(v.secs(), out)
            } else {
                double(v.millis() as f64 / 1000.0, out)
            }
        }
        View::List(list) => {
            head(MAJOR_LIST, list.len() as u64, out);
            for i in 0..list.len() {
                encode(list.get(i).view(), out);
            }
        }
        View::Map(map) => {
            head(MAJOR_MAP, map.len() as u64, out);
            map.visit(&mut |key, value| {
                write_text(key, out);
                encode(value.view(), out);
                true
            });
        }
        View::Struct(structure) => encode_structure(structure, out),
        View::Union(union) => match union.active() {
            Some((i, value)) => {
                head(MAJOR_MAP, 1, out);
                write_text(union.schema().members[i].wire, out);
                encode(value.view(), out);
            }
            None => head(MAJOR_MAP, 0, out),
        },
    }
}

fn integer(v: i64, out: &mut Vec<u8>) {
    if v < 0 {
        // -1 - v, which cannot overflow.
        head(MAJOR_NEGATIVE, !v as u64, out);
    } else {
        head(MAJOR_UNSIGNED, v as u64, out);
    }
}

fn double(v: f64, out: &mut Vec<u8>) {
    out.push(FLOAT64);
    out.extend_from_slice(&v.to_be_bytes());
}

/// The head of a data item, in the shortest form.
fn head(major: u8, argument: u64, out: &mut Vec<u8>) {
    let major = major << 5;
    let bytes = argument.to_be_bytes();
    match argument {
        0..=23 => out.push(major | argument as u8),
        24..=0xff => out.extend_from_slice(&[major | 24, bytes[7]]),
        0x100..=0xffff => {
            out.push(major | 25);
            out.extend_from_slice(&bytes[6..]);
        }
        0x1_0000..=0xffff_ffff => {
            out.push(major | 26);
            out.extend_from_slice(&bytes[4..]);
        }
        _ => {
            out.push(major | 27);
            out.extend_from_slice(&bytes);
        }
    }
}
