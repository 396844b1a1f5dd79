//! Values in headers.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::InvalidHeaderName;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::error::DecodeError;
use crate::scalar;
use crate::schema::{Kind, Member, TimestampFormat};
use crate::value::{ListValue, Slot, Value, View};

/// Sets the header `member.wire`. An empty list gives an empty header, as does an empty text.
pub(crate) fn set(member: &'static Member, view: View<'_>, headers: &mut HeaderMap) {
    let text = match view {
        View::Absent => return,
        View::List(list) => Some(join(member, list).into()),
        view => scalar::to_text(member, view, TimestampFormat::HttpDate),
    };
    if let (Some(text), Ok(name)) = (text, name_of(member.wire)) {
        insert(name, text, headers);
    }
}

/// Sets a header, if the value can be one at all: a stored value that cannot is left out rather than cut.
pub(crate) fn insert(name: HeaderName, text: Cow<'_, str>, headers: &mut HeaderMap) {
    let value = match text {
        Cow::Borrowed(text) => HeaderValue::from_bytes(text.as_bytes()),
        Cow::Owned(text) => HeaderValue::from_maybe_shared(Bytes::from(text)),
    };
    if let Ok(value) = value {
        headers.insert(name, value);
    }
}

/// The name of a header of a model. Names in lower case, as are all of AWS's own, are used where they lie.
fn name_of(name: &'static str) -> Result<HeaderName, InvalidHeaderName> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    match name.bytes().all(plain) && !name.is_empty() {
        true => Ok(HeaderName::from_static(name)),
        false => HeaderName::from_bytes(name.as_bytes()),
    }
}

fn join(member: &'static Member, list: &dyn ListValue) -> String {
    let element = member.target.element();
    let quote = element.target.kind == Kind::String;
    let mut out = String::new();
    for i in 0..list.len() {
        if let Some(text) = scalar::to_text(element, list.get(i).view(), TimestampFormat::HttpDate) {
            if !out.is_empty() {
                out.push_str(", ");
            }
            if quote && text.contains([',', '"']) {
                out.push('"');
                out.push_str(&text.replace('\\', "\\\\").replace('"', "\\\""));
                out.push('"');
            } else {
                out.push_str(&text);
            }
        }
    }
    out
}

/// Fills a member from the header's value.
pub(crate) fn get(member: &'static Member, text: &str, value: &mut dyn Value) -> Result<(), DecodeError> {
    if member.target.kind != Kind::List {
        return scalar::set_text(member, value, text.into(), TimestampFormat::HttpDate);
    }
    let element = member.target.element();
    let dates = element.target.kind == Kind::Timestamp
        && element.timestamp_format(TimestampFormat::HttpDate) == TimestampFormat::HttpDate;
    let texts = if dates { split_dates(text) } else { split(text)? };
    let Slot::List(list) = value.slot() else {
        return Err(DecodeError::new(format!("The header {} is not a list.", member.wire)));
    };
    for text in texts {
        scalar::set_text(element, list.push(), text.into(), TimestampFormat::HttpDate)?;
    }
    Ok(())
}

/// Splits at commas, but not inside quotes.
fn split(text: &str) -> Result<Vec<String>, DecodeError> {
    let mut out = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix('"') {
            let (value, tail) = unquote(quoted)?;
            out.push(value);
            rest = match tail.trim_start().strip_prefix(',') {
                Some(tail) => tail.trim_start(),
                None if tail.trim().is_empty() => "",
                None => return Err(DecodeError::new("A quoted header value is followed by more text.")),
            };
        } else {
            let (value, tail) = rest.split_once(',').unwrap_or((rest, ""));
            out.push(value.trim().to_owned());
            rest = tail.trim_start();
        }
    }
    Ok(out)
}

/// Reads up to the closing quote; gives the value and what follows.
fn unquote(text: &str) -> Result<(String, &str), DecodeError> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((value, &text[at + 1..])),
            '\\' => value.extend(chars.next().map(|(_, c)| c)),
            c => value.push(c),
        }
    }
    Err(DecodeError::new("A quoted header value does not end."))
}

/// HTTP dates hold one comma each.
fn split_dates(text: &str) -> Vec<String> {
    let parts: Vec<&str> = text.split(',').collect();
    parts.chunks(2).map(|pair| pair.join(",").trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        assert_eq!(split("a, b ,\"c, \\\"d\\\"\" , e").unwrap(), ["a", "b", "c, \"d\"", "e"]);
        assert!(split("\"a").is_err());
        assert!(split("\"a\"b").is_err());
        assert_eq!(split("").unwrap(), Vec::<String>::new());
        assert_eq!(
            split_dates("Mon, 16 Dec 2019 23:48:18 GMT, Tue, 17 Dec 2019 23:48:18 GMT"),
            ["Mon, 16 Dec 2019 23:48:18 GMT", "Tue, 17 Dec 2019 23:48:18 GMT"]
        );
    }
}
