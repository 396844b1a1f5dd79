//! Bindings of members to the parts of an HTTP message.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName};

use crate::error::DecodeError;
use crate::model::Operation;
use crate::percent::{Pair, parse_form};
use crate::protocols::Request;
use crate::scalar;
use crate::schema::{Kind, Location, Member, Schema, TimestampFormat};
use crate::value::{Slot, Structure, Value, View};

use super::headers;
use super::uri::decode_label;

/// More parameters than any documented request has.
const MAX_PARAMETERS: usize = 2_000;

/// What the body of a message is.
pub(crate) enum Body {
    /// A document of the members that are bound nowhere else.
    Members,
    /// This member as it is: bytes or text.
    Raw(usize),
    /// This member as a document.
    Document(usize),
    /// Nothing.
    Empty,
}

/// What the body of a request with this input is.
pub(crate) fn request_payload(schema: &Schema) -> Body {
    payload(schema, |location| location == Location::Body)
}

/// What the body of a response with this output or error is.
pub(crate) fn response_payload(schema: &Schema) -> Body {
    payload(schema, Location::in_response_body)
}

fn payload(schema: &Schema, in_body: impl Fn(Location) -> bool) -> Body {
    match schema.payload {
        Some(i) => match schema.members[i].target.kind {
            Kind::Blob | Kind::String => Body::Raw(i),
            _ => Body::Document(i),
        },
        None if schema.members.iter().any(|m| in_body(m.location)) => Body::Members,
        None => Body::Empty,
    }
}

/// Fills the members that are bound to path, query string and headers.
pub(crate) fn decode_bindings(
    operation: &Operation,
    request: &Request<'_>,
    into: &mut dyn Structure,
) -> Result<(), DecodeError> {
    let members = into.schema().members;
    if members.iter().all(|member| member.location == Location::Body) {
        return Ok(());
    }
    let labels = operation
        .http
        .pattern()
        .labels(request.path)
        .ok_or_else(|| DecodeError::new("The path does not fit the operation.").in_path())?;
    for (i, member) in members.iter().enumerate().filter(|(_, member)| member.location == Location::Uri) {
        if let Some((_, text)) = labels.iter().find(|(name, _)| *name == member.wire) {
            let text = decode_label(text).map_err(DecodeError::in_path)?;
            scalar::set_text(member, into.get_mut(i), text, TimestampFormat::Iso8601)
                .map_err(DecodeError::in_path)?;
        }
    }
    decode_parameters(operation, request, into).map_err(DecodeError::in_parameter)
}

/// Fills the members that are bound to query string and headers.
fn decode_parameters(
    operation: &Operation,
    request: &Request<'_>,
    into: &mut dyn Structure,
) -> Result<(), DecodeError> {
    let pattern = operation.http.pattern();
    let query = parse_form(request.query, MAX_PARAMETERS)?;
    for (i, member) in into.schema().members.iter().enumerate() {
        match member.location {
            Location::Body | Location::StatusCode | Location::Uri => {}
            Location::Query if member.target.kind == Kind::Map => {
                // Those too that have members of their own, but not what belongs to the path.
                let constant = |name: &str| pattern.query_names().any(|n| n == name);
                query_map(member, query.iter().filter(|(name, _)| !constant(name)), into.get_mut(i))?;
            }
            Location::Query => {
                query_member(member, query.iter().filter(|(name, _)| name == member.wire), into.get_mut(i))?;
            }
            Location::Header => {
                if let Some(text) = header(request.headers, member.wire)? {
                    headers::get(member, &text, into.get_mut(i))?;
                }
            }
            Location::Headers => header_map(member, request.headers, into.get_mut(i))?,
        }
    }
    Ok(())
}

fn query_member<'a>(
    member: &'static Member,
    mut pairs: impl Iterator<Item = &'a Pair<'a>>,
    value: &mut dyn Value,
) -> Result<(), DecodeError> {
    if member.target.kind != Kind::List {
        let is_integer = matches!(member.target.kind, Kind::Integer | Kind::Long);
        return match pairs.next() {
            // An integer that is empty is not there: recorded of S3's lists.
            Some((_, text)) if is_integer && text.is_empty() => Ok(()),
            Some((_, text)) => {
                let set = scalar::set_text(member, value, Cow::Borrowed(text), TimestampFormat::Iso8601);
                if is_integer { set.map_err(|error| error.no_integer(member.wire, text)) } else { set }
            }
            None => Ok(()),
        };
    }
    for (_, text) in pairs {
        if let Slot::List(list) = value.slot() {
            let element = member.target.element();
            scalar::set_text(element, list.push(), Cow::Borrowed(text), TimestampFormat::Iso8601)?;
        }
    }
    Ok(())
}

/// All parameters; of repeated ones all values where the map's are lists, else the first.
fn query_map<'a>(
    member: &'static Member,
    pairs: impl Iterator<Item = &'a Pair<'a>>,
    value: &mut dyn Value,
) -> Result<(), DecodeError> {
    let element = member.target.element();
    let mut grouped: std::collections::BTreeMap<&str, Vec<&str>> = std::collections::BTreeMap::new();
    for (name, text) in pairs {
        grouped.entry(name).or_default().push(text);
    }
    for (name, texts) in grouped {
        let Slot::Map(map) = value.slot() else { break };
        let place = map.insert(name.to_owned());
        if element.target.kind == Kind::List {
            for text in texts {
                if let Slot::List(list) = place.slot() {
                    let entry = element.target.element();
                    scalar::set_text(entry, list.push(), text.into(), TimestampFormat::Iso8601)?;
                }
            }
        } else {
            scalar::set_text(element, place, texts[0].into(), TimestampFormat::Iso8601)?;
        }
    }
    Ok(())
}

/// A header's value; that of repeated ones joined by commas.
fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<Cow<'a, str>>, DecodeError> {
    // An operation has many headers that it could have, and a request few: to compare costs less than to look each up.
    if !headers.keys().any(|sent| sent.as_str().eq_ignore_ascii_case(name)) {
        return Ok(None);
    }
    let mut joined: Option<Cow<'a, str>> = None;
    for value in headers.get_all(name) {
        let text = std::str::from_utf8(value.as_bytes())
            .map_err(|_| DecodeError::new(format!("The header {name} is not valid UTF-8.")))?;
        joined = Some(match joined {
            None => text.into(),
            Some(before) => format!("{before},{text}").into(),
        });
    }
    Ok(joined)
}

fn header_map(
    member: &'static Member,
    headers: &HeaderMap,
    value: &mut dyn Value,
) -> Result<(), DecodeError> {
    let prefix = if member.named { member.wire.to_ascii_lowercase() } else { String::new() };
    for name in headers.keys() {
        let Some(key) = name.as_str().strip_prefix(prefix.as_str()) else { continue };
        if let Some(text) = header(headers, name.as_str())? {
            let Slot::Map(map) = value.slot() else { break };
            let place = map.insert(key.to_owned());
            scalar::set_text(member.target.element(), place, text, TimestampFormat::HttpDate)?;
        }
    }
    Ok(())
}

/// Writes the members that are bound to headers and status; gives the status, if a member holds one.
pub(crate) fn encode_bindings(value: &dyn Structure, out: &mut HeaderMap) -> Option<u16> {
    let mut status = None;
    for (i, member) in value.schema().members.iter().enumerate() {
        let view = value.get(i).view();
        match member.location {
            Location::Header => headers::set(member, view, out),
            Location::Headers => {
                if let View::Map(map) = view {
                    let prefix = if member.named { member.wire } else { "" };
                    map.visit(&mut |key, value| {
                        let element = member.target.element();
                        let text = scalar::to_text(element, value.view(), TimestampFormat::HttpDate);
                        let name = HeaderName::try_from(format!("{prefix}{key}"));
                        if let (Some(text), Ok(name)) = (text, name) {
                            headers::insert(name, text, out);
                        }
                        true
                    });
                }
            }
            Location::StatusCode => {
                if let View::Int(code) = view {
                    status = u16::try_from(code).ok().filter(|code| (100..1000).contains(code));
                }
            }
            _ => {}
        }
    }
    status
}
