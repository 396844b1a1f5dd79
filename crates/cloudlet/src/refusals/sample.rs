//! A small valid input for any operation, made from its schema.

use serde_json::{Map, Value, json};
use wire::{Kind, Member, Operation, Protocol, Schema};

use super::fixture::Fixture;
use super::rest;

/// A request without its signature.
pub struct Sample {
    pub method: &'static str,
    /// As it is sent.
    pub path: String,
    pub query: String,
    pub headers: Vec<(&'static str, String)>,
    pub is_json: bool,
    pub body: String,
}

/// A request for an operation: its required members, and what the fixture says of it.
pub fn sample(operation: &Operation, protocol: Protocol, fixture: &Fixture) -> Sample {
    let mut input = structure(operation.input);
    fixture.adapt(operation, &mut input);
    match protocol {
        Protocol::RestXml => rest::sample(operation, &input),
        Protocol::Query => {
            let mut pairs = vec![
                ("Action".to_owned(), operation.name.to_owned()),
                ("Version".to_owned(), operation.service.api_version.to_owned()),
            ];
            for (name, value) in &input {
                flatten(operation.input, name, value, &mut pairs);
            }
            let encoded = pairs.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value)));
            posted("application/x-www-form-urlencoded", false, encoded.collect::<Vec<_>>().join("&"))
        }
        Protocol::Json10 => posted("application/x-amz-json-1.0", true, Value::Object(input).to_string()),
        _ => posted("application/x-amz-json-1.1", true, Value::Object(input).to_string()),
    }
}

fn posted(content_type: &str, is_json: bool, body: String) -> Sample {
    Sample {
        method: "POST",
        path: "/".to_owned(),
        query: String::new(),
        headers: vec![("content-type", content_type.to_owned())],
        is_json,
        body,
    }
}

fn structure(schema: &Schema) -> Map<String, Value> {
    let required = schema.members.iter().filter(|member| member.required);
    required.map(|member| (member.name.to_owned(), value(member.name, member.target))).collect()
}

fn value(name: &str, schema: &Schema) -> Value {
    match schema.kind {
        Kind::Boolean => json!(false),
        Kind::Integer | Kind::Long => json!(schema.bounds.min.unwrap_or(1).max(1)),
        Kind::Float | Kind::Double => json!(1.0),
        Kind::Timestamp => json!(1_700_000_000),
        Kind::Blob => json!("AAAA"),
        Kind::Document => json!({}),
        Kind::String => json!(text(name, schema)),
        Kind::List => {
            let element = schema.element.expect("a list has entries");
            json!([value(name, element.target)])
        }
        Kind::Map => json!({ "key": "value" }),
        Kind::Structure => Value::Object(structure(schema)),
        Kind::Union | Kind::Own => json!({}),
    }
}

/// A text that fits: a value of the enumeration, a policy where one is asked for, or a plain word of the right length.
fn text(name: &str, schema: &Schema) -> String {
    if let Some(first) = schema.values.first() {
        return (*first).to_owned();
    }
    if name.ends_with("PolicyDocument") || name == "ResourcePolicy" {
        return r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#
            .to_owned();
    }
    let min = usize::try_from(schema.bounds.min.unwrap_or(1)).unwrap_or(1).max(1);
    let word = "sample".repeat(min.div_ceil(6));
    let max = schema.bounds.max.and_then(|max| usize::try_from(max).ok()).unwrap_or(usize::MAX);
    let word = &word[..word.len().min(max)];
    let digits = "123456789012".repeat(min.div_ceil(12));
    let fits = |text: &str| schema.pattern.is_none_or(|pattern| pattern.matches(text));
    if fits(word) { word.to_owned() } else { digits[..digits.len().min(max)].to_owned() }
}

/// The parameters of the query protocol for one member.
fn flatten(schema: &Schema, name: &str, value: &Value, out: &mut Vec<(String, String)>) {
    let member = schema.members.iter().find(|member| member.name == name).expect("a member of the input");
    let wire = member.query.unwrap_or(member.wire);
    expand(member.target, wire.to_owned(), member.flattened || member.target.flattened, value, out);
}

fn expand(schema: &Schema, name: String, flat: bool, value: &Value, out: &mut Vec<(String, String)>) {
    match value {
        Value::Array(entries) => {
            let element = schema.element.expect("a list");
            let name = match flat {
                true => {
                    let last = if element.named { element.wire } else { "" };
                    match name.rsplit_once('.') {
                        Some((before, _)) if !last.is_empty() => format!("{before}.{last}"),
                        _ if !last.is_empty() => last.to_owned(),
                        _ => name,
                    }
                }
                false => format!("{name}.{}", if element.named { element.wire } else { "member" }),
            };
            for (number, entry) in entries.iter().enumerate() {
                expand(element.target, format!("{name}.{}", number + 1), false, entry, out);
            }
        }
        Value::Object(members) if schema.kind == Kind::Map => {
            let (key, element) = (schema.key.expect("a map"), schema.element.expect("a map"));
            let name = if flat { name } else { format!("{name}.entry") };
            for (number, (k, v)) in members.iter().enumerate() {
                let part = |member: &Member| {
                    format!("{name}.{}.{}", number + 1, member.query.unwrap_or(member.wire))
                };
                out.push((part(key), k.clone()));
                expand(element.target, part(element), false, v, out);
            }
        }
        Value::Object(members) => {
            for (member, value) in members {
                let member = schema.members.iter().find(|m| m.name == *member).expect("a member");
                let wire = member.query.unwrap_or(member.wire);
                let flat = member.flattened || member.target.flattened;
                expand(member.target, format!("{name}.{wire}"), flat, value, out);
            }
        }
        Value::String(text) => out.push((name, text.clone())),
        other => out.push((name, other.to_string())),
    }
}

pub fn escape(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
