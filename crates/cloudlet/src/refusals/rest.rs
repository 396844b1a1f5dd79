//! Requests of the REST protocol with XML.

use std::fmt::Write as _;

use checksum::{Algorithm, Hasher};
use serde_json::{Map, Value};
use wire::{Checksum, Kind, Location, Member, Operation, Schema};

use super::sample::{Sample, escape};

/// A request with this input, member by member where the model puts it.
pub fn sample(operation: &Operation, input: &Map<String, Value>) -> Sample {
    let (path, constant) = operation.http.uri.split_once('?').unwrap_or((operation.http.uri, ""));
    let mut sample = Sample {
        method: operation.http.method,
        path: path.to_owned(),
        query: constant.to_owned(),
        headers: Vec::new(),
        is_json: false,
        body: String::new(),
    };
    for (at, member) in operation.input.members.iter().enumerate() {
        let Some(value) = input.get(member.name) else { continue };
        match member.location {
            Location::Uri => {
                let label = sample.path.replace(&format!("{{{}+}}", member.wire), &plain(value));
                sample.path = label.replace(&format!("{{{}}}", member.wire), &plain(value));
            }
            Location::Query => {
                let mark = if sample.query.is_empty() { "" } else { "&" };
                let _ = write!(sample.query, "{mark}{}={}", escape(member.wire), escape(&plain(value)));
            }
            Location::Header => sample.headers.push((member.wire, plain(value))),
            Location::Body if operation.input.payload == Some(at) => {
                sample.body = payload(member, value);
            }
            _ => {}
        }
    }
    if operation.input.payload.is_none() {
        sample.body = members(operation.input, input);
    }
    if operation.checksum == Checksum::Required {
        sample.headers.push(("content-md5", Hasher::of(Algorithm::Md5, sample.body.as_bytes()).base64()));
    }
    sample
}

/// The members that are the body together, if there are any.
fn members(schema: &Schema, input: &Map<String, Value>) -> String {
    let is_of_body = |name: &String| {
        schema.members.iter().any(|member| member.name == *name && member.location == Location::Body)
    };
    let of_body: Map<String, Value> = input
        .iter()
        .filter(|(name, _)| is_of_body(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let mut out = String::new();
    if !of_body.is_empty() {
        element(schema.name, schema, &Value::Object(of_body), &mut out);
    }
    out
}

fn payload(member: &Member, value: &Value) -> String {
    match member.target.kind {
        Kind::String | Kind::Blob => plain(value),
        _ => {
            let mut out = String::new();
            let root = if member.wire == member.name { member.target.name } else { member.wire };
            element(root, member.target, value, &mut out);
            out
        }
    }
}

fn element(name: &str, schema: &Schema, value: &Value, out: &mut String) {
    let _ = write!(out, "<{name}>");
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let member = schema.members.iter().find(|member| member.name == *name).expect("a member");
                match value {
                    Value::Array(entries) => list(member, entries, out),
                    value => element(member.wire, member.target, value, out),
                }
            }
        }
        value => out.push_str(&plain(value)),
    }
    let _ = write!(out, "</{name}>");
}

fn list(member: &Member, entries: &[Value], out: &mut String) {
    let entry = member.target.element.expect("a list has entries");
    let flat = member.flattened || member.target.flattened;
    let name = match (flat, entry.named) {
        (true, false) => member.wire,
        (_, true) if !flat => entry.wire,
        (true, true) => member.wire,
        _ => "member",
    };
    if !flat {
        let _ = write!(out, "<{}>", member.wire);
    }
    entries.iter().for_each(|value| element(name, entry.target, value, out));
    if !flat {
        let _ = write!(out, "</{}>", member.wire);
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(entries) => entries.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}
