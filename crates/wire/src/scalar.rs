//! Scalars as texts: in headers, paths, query strings, XML and form parameters.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;

use crate::error::DecodeError;
use crate::schema::{Member, TimestampFormat};
use crate::timestamp;
use crate::value::{Slot, Value, View};

/// The text of a scalar; `None` for an absent value and for anything that is not a scalar.
pub(crate) fn to_text<'a>(
    member: &Member,
    view: View<'a>,
    default_format: TimestampFormat,
) -> Option<Cow<'a, str>> {
    Some(match view {
        View::Bool(v) => (if v { "true" } else { "false" }).into(),
        View::Int(v) => v.to_string().into(),
        View::Float(v) => float(f64::from(v), || v.to_string()).into(),
        View::Double(v) => float(v, || v.to_string()).into(),
        View::Text(v) if member.json_header => BASE64.encode(v).into(),
        View::Text(v) => v.into(),
        View::Blob(v) => BASE64.encode(v).into(),
        View::Time(v) => timestamp::format(v, member.timestamp_format(default_format)).into(),
        _ => return None,
    })
}

/// The texts that all protocols use for the values that are not numbers.
pub(crate) fn float_name(v: f64) -> Option<&'static str> {
    if v.is_nan() {
        Some("NaN")
    } else if v.is_infinite() {
        Some(if v > 0.0 { "Infinity" } else { "-Infinity" })
    } else {
        None
    }
}

fn float(v: f64, plain: impl Fn() -> String) -> String {
    float_name(v).map_or_else(plain, str::to_owned)
}

/// Fills a scalar from its text.
pub(crate) fn set_text(
    member: &Member,
    value: &mut dyn Value,
    text: Cow<'_, str>,
    default_format: TimestampFormat,
) -> Result<(), DecodeError> {
    let bad = |what: &str| DecodeError::new(format!("The value of {} is not {what}.", member.name));
    match value.slot() {
        Slot::Bool(v) => {
            *v = match &*text {
                "true" => true,
                "false" => false,
                _ => return Err(bad("a boolean")),
            }
        }
        Slot::Int(v) => *v = text.parse().map_err(|_| bad("an integer"))?,
        Slot::Long(v) => *v = text.parse().map_err(|_| bad("an integer"))?,
        Slot::Float(v) => *v = parse_float(&text).ok_or_else(|| bad("a number"))? as f32,
        Slot::Double(v) => *v = parse_float(&text).ok_or_else(|| bad("a number"))?,
        Slot::Text(v) if member.json_header => {
            let bytes = BASE64.decode(text.as_bytes()).map_err(|_| bad("base64"))?;
            v.set(String::from_utf8(bytes).map_err(|_| bad("base64 of a text"))?);
        }
        Slot::Text(v) => v.set(text.into_owned()),
        Slot::Blob(v) => *v = blob(&text).ok_or_else(|| bad("base64"))?,
        Slot::Time(v) => {
            let format = member.timestamp_format(default_format);
            *v = timestamp::parse(&text, format).ok_or_else(|| bad("a timestamp"))?;
        }
        _ => return Err(bad("of the expected structure")),
    }
    Ok(())
}

/// Decodes base64.
pub(crate) fn blob(text: &str) -> Option<Bytes> {
    BASE64.decode(text.as_bytes()).ok().map(Bytes::from)
}

/// A number, or one of the three names. The standard parser's other names (`inf`, `nan`) are refused.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => text.parse().ok().filter(|v: &f64| v.is_finite()),
    }
}
