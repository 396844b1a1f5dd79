//! Responses: what is answered has to be what the client of a case reads.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value as Json;
use wire::{Dyn, Fault, Protocol, Response, codec};

use crate::service::subject;
use crate::suite::{Answer, Case, Suite};
use crate::values::fill_structure;
use crate::xml;

const REQUEST_ID: &str = "foo-id";

pub fn check(suite: &Suite, case: &Case) -> Result<(), String> {
    let expected = case.response.as_ref().ok_or("no response")?;
    let namespace = expected.body.as_deref().and_then(xml::namespace_of_root);
    let namespace = namespace.filter(|_| matches!(suite.metadata.protocol.as_str(), "query" | "ec2"));
    let subject = subject(suite, case, namespace.as_deref())?;
    let codec = codec(subject.protocol);
    match (&case.error, subject.error) {
        (Some(error), Some(schema)) => {
            let mut structure = Dyn::structure(schema);
            fill_structure(&mut *structure, error)?;
            let fault = Fault::Modelled(&*structure);
            let response = codec.encode_fault(subject.operation.service, fault, REQUEST_ID);
            same_head(&response, expected)?;
            let code = code(subject.protocol, &response)?;
            let expected_code = case.error_code.as_deref().unwrap_or_default();
            if code != expected_code {
                return Err(format!("the client reads the code {code}, not {expected_code}"));
            }
            same_body(subject.protocol, &response, expected)
        }
        _ => {
            let mut output = Dyn::structure(subject.operation.output);
            fill_structure(&mut *output, case.result.as_ref().ok_or("no result")?)?;
            let response = codec.encode(subject.operation, &*output, REQUEST_ID);
            same_head(&response, expected)?;
            same_body(subject.protocol, &response, expected)
        }
    }
}

/// Status and headers. Where an error's code stands is compared by [`code`].
fn same_head(found: &Response, expected: &Answer) -> Result<(), String> {
    if found.status != expected.status_code {
        return Err(format!("status {}, not {}", found.status, expected.status_code));
    }
    for (name, value) in &expected.headers {
        let length = found.body.len().to_string();
        let found = match name.to_ascii_lowercase().as_str() {
            "x-amzn-errortype" => continue,
            // The length is written where the body is.
            "content-length" => Some(length.as_str()),
            _ => found.headers.get(name.as_str()).and_then(|v| v.to_str().ok()),
        };
        // Cases of one protocol do not agree on the parameters of the body's type.
        let significant = |text: &str| match name.to_ascii_lowercase().as_str() {
            "content-type" => text.split(';').next().unwrap_or_default().to_owned(),
            _ => text.to_owned(),
        };
        if found.map(significant) != Some(significant(value)) {
            return Err(format!("header {name}: {found:?}, not {value:?}"));
        }
    }
    Ok(())
}

/// The code of an error, from where a client looks for it, in the client's order.
fn code(protocol: Protocol, response: &Response) -> Result<String, String> {
    let header = |name| response.headers.get(name).and_then(|v| v.to_str().ok());
    if let Some(code) = header("x-amzn-query-error").and_then(|v| v.split(';').next()) {
        return Ok(code.to_owned());
    }
    let name = match protocol {
        Protocol::Query | Protocol::Ec2 | Protocol::RestXml => {
            return xml::text_of(text(response)?, "Code").ok_or_else(|| "no code".to_owned());
        }
        Protocol::RestJson => header("x-amzn-errortype").ok_or("no code")?.to_owned(),
        Protocol::Json10 | Protocol::Json11 => {
            let body: Json = serde_json::from_str(text(response)?).map_err(|e| e.to_string())?;
            body["__type"].as_str().ok_or("no code")?.to_owned()
        }
        Protocol::RpcCbor => {
            let body = cbor(&response.body)?;
            let pairs = body.as_map().ok_or("no map")?;
            let found = pairs.iter().find(|(key, _)| key.as_text() == Some("__type"));
            found.and_then(|(_, code)| code.as_text()).ok_or("no code")?.to_owned()
        }
    };
    let name = name.rsplit('#').next().unwrap_or(&name);
    Ok(name.split(':').next().unwrap_or(name).to_owned())
}

fn same_body(protocol: Protocol, found: &Response, expected: &Answer) -> Result<(), String> {
    let body = expected.body.as_deref().unwrap_or_default();
    match protocol {
        // The query protocol always answers with a document.
        Protocol::Query if body.is_empty() && xml::says_nothing(text(found)?) => Ok(()),
        Protocol::RpcCbor => {
            let expected = BASE64.decode(body).map_err(|e| e.to_string())?;
            same_cbor(&found.body, &expected)
        }
        // A member that is the body as it is, or nothing.
        _ if found.body == body.as_bytes() => Ok(()),
        Protocol::Query | Protocol::Ec2 | Protocol::RestXml => xml::same(text(found)?, body),
        _ => same_json(&found.body, body.as_bytes()),
    }
}

fn same_json(found: &[u8], expected: &[u8]) -> Result<(), String> {
    let read = |bytes: &[u8]| -> Result<Json, String> {
        // No document and an empty one are the same to clients.
        let bytes = if bytes.is_empty() { b"{}" } else { bytes };
        let text = String::from_utf8_lossy(bytes);
        let mut json = serde_json::from_slice(bytes).map_err(|e| format!("{e}: {text:?}"))?;
        if let Json::Object(object) = &mut json {
            // The code has been compared already.
            object.remove("__type");
            object.remove("code");
        }
        Ok(canonical(json))
    };
    let (found, expected) = (read(found)?, read(expected)?);
    if found == expected { Ok(()) } else { Err(format!("body {found}, not {expected}")) }
}

/// Numbers by their value: `1` and `1.0` are the same.
fn canonical(json: Json) -> Json {
    match json {
        Json::Number(n) => n.as_f64().map_or(Json::Number(n), Json::from),
        Json::Array(list) => list.into_iter().map(canonical).collect(),
        Json::Object(map) => map.into_iter().map(|(key, value)| (key, canonical(value))).collect(),
        other => other,
    }
}

fn cbor(bytes: &[u8]) -> Result<ciborium::Value, String> {
    ciborium::from_reader(bytes).map_err(|e| format!("the body is no CBOR: {e}"))
}

fn same_cbor(found: &[u8], expected: &[u8]) -> Result<(), String> {
    // No document and an empty one are the same to clients.
    let read = |bytes: &[u8]| cbor(if bytes.is_empty() { &[0xa0] } else { bytes }).map(sorted);
    let (found, expected) = (read(found)?, read(expected)?);
    if format!("{found:?}") == format!("{expected:?}") {
        Ok(())
    } else {
        Err(format!("body {found:?}, not {expected:?}"))
    }
}

/// Maps in order of their keys, numbers by their value, without the code, which has been compared already. Values
/// are compared by their debug form, in which NaN is equal to itself.
fn sorted(value: ciborium::Value) -> ciborium::Value {
    use ciborium::Value;
    match value {
        Value::Map(pairs) => {
            let mut pairs: Vec<_> = pairs
                .into_iter()
                .filter(|(key, _)| key.as_text() != Some("__type"))
                .map(|(key, value)| (key, sorted(value)))
                .collect();
            pairs.sort_by_key(|(key, _)| key.as_text().map(str::to_owned));
            Value::Map(pairs)
        }
        Value::Array(list) => Value::Array(list.into_iter().map(sorted).collect()),
        Value::Tag(tag, value) => Value::Tag(tag, Box::new(sorted(*value))),
        Value::Integer(n) => Value::Float(i128::from(n) as f64),
        other => other,
    }
}

fn text(response: &Response) -> Result<&str, String> {
    std::str::from_utf8(&response.body).map_err(|e| e.to_string())
}
