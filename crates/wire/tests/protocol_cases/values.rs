//! The cases' values, as botocore has them in its memory, and ours: blobs are plain texts, timestamps are seconds
//! since the epoch, and the floats that JSON cannot hold are named.

use serde_json::Value as Json;
use wire::{Bytes, Document, Kind, Member, Schema, Slot, Structure, Timestamp, UnionValue, Value, View};

/// Fills a structure.
pub fn fill_structure(into: &mut dyn Structure, json: &Json) -> Result<(), String> {
    let object = json.as_object().ok_or("the value of a structure is no object")?;
    for (name, json) in object {
        let at = member(into.schema(), name)?;
        let member = &into.schema().members[at];
        fill(into.get_mut(at), member, json)?;
    }
    Ok(())
}

fn member(schema: &Schema, name: &str) -> Result<usize, String> {
    schema.members.iter().position(|m| m.name == name).ok_or_else(|| format!("no member {name}"))
}

fn fill(value: &mut dyn Value, member: &'static Member, json: &Json) -> Result<(), String> {
    if json.is_null() && member.target.kind != Kind::Document {
        return Ok(());
    }
    let wrong = || format!("{json} cannot be the value of {}", member.name);
    let entry = || member.target.element.ok_or_else(wrong);
    match value.slot() {
        Slot::Bool(v) => *v = json.as_bool().ok_or_else(wrong)?,
        Slot::Int(v) => *v = json.as_i64().and_then(|n| n.try_into().ok()).ok_or_else(wrong)?,
        Slot::Long(v) => *v = json.as_i64().ok_or_else(wrong)?,
        Slot::Float(v) => *v = number(json).ok_or_else(wrong)? as f32,
        Slot::Double(v) => *v = number(json).ok_or_else(wrong)?,
        Slot::Text(v) => v.set(json.as_str().ok_or_else(wrong)?.to_owned()),
        Slot::Stream(_) | Slot::Own(_) => return Err(wrong()),
        Slot::Blob(v) => *v = Bytes::from(json.as_str().ok_or_else(wrong)?.to_owned()),
        Slot::Time(v) => *v = time(json).ok_or_else(wrong)?,
        Slot::Document(v) => *v = document(json),
        Slot::List(list) => {
            for json in json.as_array().ok_or_else(wrong)? {
                fill(list.push(), entry()?, json)?;
            }
        }
        Slot::Map(map) => {
            for (key, json) in json.as_object().ok_or_else(wrong)? {
                fill(map.insert(key.clone()), entry()?, json)?;
            }
        }
        Slot::Struct(structure) => fill_structure(structure, json)?,
        Slot::Union(union) => {
            for (name, json) in json.as_object().ok_or_else(wrong)? {
                let at = self::member(union.schema(), name)?;
                let member = &union.schema().members[at];
                fill(union.select(at), member, json)?;
            }
        }
    }
    Ok(())
}

/// Whether a decoded structure is what the case says it is.
pub fn same_structure(found: &dyn Structure, expected: &Json) -> Result<(), String> {
    let schema = found.schema();
    let object = expected.as_object().ok_or("the value of a structure is no object")?;
    for name in object.keys() {
        self::member(schema, name)?;
    }
    for (i, member) in schema.members.iter().enumerate() {
        let view = found.get(i).view();
        match object.get(member.name) {
            // The client made one up where the case gives none.
            None if member.idempotency_token => {}
            expected => {
                same(view, member, expected.unwrap_or(&Json::Null))
                    .map_err(|e| format!("{}: {e}", member.name))?;
            }
        }
    }
    Ok(())
}

fn same(found: View<'_>, member: &'static Member, expected: &Json) -> Result<(), String> {
    let entry = || member.target.element.ok_or("no entry");
    let equal = match found {
        View::Stream(_) | View::Own(_) => false,
        View::Absent => expected.is_null(),
        View::Bool(v) => expected.as_bool() == Some(v),
        View::Int(v) => expected.as_i64() == Some(v),
        View::Float(v) => number(expected).is_some_and(|n| same_number(f64::from(n as f32), f64::from(v))),
        View::Double(v) => number(expected).is_some_and(|n| same_number(n, v)),
        View::Text(v) => expected.as_str() == Some(v),
        View::Blob(v) => expected.as_str().map(str::as_bytes) == Some(&v[..]),
        View::Time(v) => time(expected) == Some(v),
        View::Document(v) => document(expected) == *v,
        View::List(list) => {
            let expected = expected.as_array().ok_or_else(|| format!("a list, not {expected}"))?;
            for (i, expected) in expected.iter().enumerate().take(list.len()) {
                same(list.get(i).view(), entry()?, expected).map_err(|e| format!("{i}: {e}"))?;
            }
            list.len() == expected.len()
        }
        View::Map(map) => {
            let expected = expected.as_object().ok_or_else(|| format!("a map, not {expected}"))?;
            let mut outcome = Ok(());
            map.visit(&mut |key, value| {
                let expected = expected.get(key).ok_or_else(|| format!("the key {key} is too much"));
                outcome = expected.and_then(|expected| {
                    same(value.view(), entry()?, expected).map_err(|e| format!("{key}: {e}"))
                });
                outcome.is_ok()
            });
            outcome?;
            map.len() == expected.len()
        }
        View::Struct(structure) => return same_structure(structure, expected),
        View::Union(union) => return same_union(union, expected),
    };
    if equal { Ok(()) } else { Err(format!("not {expected}")) }
}

fn same_union(found: &dyn UnionValue, expected: &Json) -> Result<(), String> {
    let object = expected.as_object().ok_or_else(|| format!("a union, not {expected}"))?;
    match (found.active(), object.iter().next()) {
        (None, None) => Ok(()),
        (Some((i, value)), Some((name, expected))) if found.schema().members[i].name == name => {
            same(value.view(), &found.schema().members[i], expected)
        }
        _ => Err(format!("not the choice {expected}")),
    }
}

fn number(json: &Json) -> Option<f64> {
    match json.as_str() {
        None => json.as_f64(),
        Some("NaN") => Some(f64::NAN),
        Some("Infinity") => Some(f64::INFINITY),
        Some("-Infinity") => Some(f64::NEG_INFINITY),
        Some(_) => None,
    }
}

fn same_number(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

fn time(json: &Json) -> Option<Timestamp> {
    json.as_f64().map(|secs| Timestamp::from_millis((secs * 1000.0).round() as i64))
}

fn document(json: &Json) -> Document {
    match json {
        Json::Null => Document::Null,
        Json::Bool(v) => Document::Bool(*v),
        Json::Number(v) => Document::Number(v.clone()),
        Json::String(v) => Document::Text(v.clone()),
        Json::Array(list) => Document::List(list.iter().map(document).collect()),
        Json::Object(map) => Document::Map(map.iter().map(|(k, v)| (k.clone(), document(v))).collect()),
    }
}
