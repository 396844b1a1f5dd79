//! Requests: routed to their operation, and read into what the client was given.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::{HeaderMap, HeaderName, HeaderValue};
use wire::{Bytes, Dyn, Params, Protocol, Request, Router, Target, codec};

use crate::service::{Subject, subject};
use crate::suite::{Case, Serialized, Suite};
use crate::values::same_structure;

pub fn check(suite: &Suite, case: &Case) -> Result<(), String> {
    let subject = subject(suite, case, None)?;
    let sent = case.serialized.as_ref().ok_or("no request")?;
    let (path, query) = sent.uri.split_once('?').unwrap_or((&sent.uri, ""));
    let headers = headers(suite, case, sent)?;
    let body = match subject.protocol {
        Protocol::RpcCbor => Bytes::from(BASE64.decode(&sent.body).map_err(|e| e.to_string())?),
        _ => Bytes::from(sent.body.clone()),
    };
    let target = Target {
        method: &sent.method,
        path,
        query,
        headers: &headers,
        hosted: None,
        signing_name: Some("cases"),
        unsigned: false,
    };
    routed(&subject, &target, &body)?;
    let request = Request { path, query, headers: &headers, body: &body, stream: None, params: None };
    let mut input = Dyn::structure(subject.operation.input);
    codec(subject.protocol)
        .decode(subject.operation, &request, &mut *input)
        .map_err(|e| format!("cannot be read: {e}"))?;
    same_structure(&*input, &case.params)
}

/// The headers, with those that some cases leave unsaid.
fn headers(suite: &Suite, case: &Case, sent: &Serialized) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    if let (Some(prefix), "json") = (&suite.metadata.target_prefix, suite.metadata.protocol.as_str()) {
        let target = format!("{prefix}.{}", case.given.name);
        headers.insert("x-amz-target", HeaderValue::from_str(&target).map_err(|e| e.to_string())?);
    }
    if sent.body.starts_with("Action=") {
        headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
    }
    for (name, value) in &sent.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|e| e.to_string())?;
        headers.insert(name, HeaderValue::from_str(value).map_err(|e| e.to_string())?);
    }
    Ok(headers)
}

fn routed(subject: &Subject, target: &Target<'_>, body: &Bytes) -> Result<(), String> {
    let router = Router::new(&[subject.operation.service]);
    let located = match router.locate(target).map_err(|e| format!("no route: {:?}", e.error))? {
        Some(located) => located,
        None => {
            let params = Params::parse(target.query, body).map_err(|e| e.to_string())?;
            router.locate_action(target, &params).map_err(|e| format!("no route: {:?}", e.error))?
        }
    };
    if located.protocol == subject.protocol && located.operation.name == subject.operation.name {
        Ok(())
    } else {
        Err(format!("routed to {} by {:?}", located.operation.name, located.protocol))
    }
}
