//! Percent-encoding as the protocols use it.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::error::DecodeError;

/// Decodes a path segment or label; `+` stands for itself there.
pub(crate) fn decode_path(text: &str) -> Result<Cow<'_, str>, DecodeError> {
    percent_decode_str(text).decode_utf8().map_err(|_| DecodeError::new("The path is not valid UTF-8."))
}

/// A parameter's name and value.
pub(crate) type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

/// Decodes the parameters of a query string or form body, in order. `+` is a space.
/// At most `limit` parameters; percent sequences must give UTF-8.
pub(crate) fn parse_form(text: &str, limit: usize) -> Result<Vec<Pair<'_>>, DecodeError> {
    let mut out = Vec::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        if out.len() == limit {
            return Err(DecodeError::new(format!("The request has more than {limit} parameters.")));
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        out.push((decode_form(name)?, decode_form(value)?));
    }
    Ok(out)
}

fn decode_form(text: &str) -> Result<Cow<'_, str>, DecodeError> {
    let bad = |_| DecodeError::new("A parameter is not valid UTF-8.");
    if text.contains('+') {
        let spaced = text.replace('+', " ");
        let decoded = percent_decode_str(&spaced).decode_utf8().map_err(bad)?;
        Ok(Cow::Owned(decoded.into_owned()))
    } else {
        percent_decode_str(text).decode_utf8().map_err(bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let pairs = parse_form("a=1+2&b=%C3%A4&c&=d&&e=%2B", 10).unwrap();
        let pairs: Vec<_> = pairs.iter().map(|(k, v)| (k.as_ref(), v.as_ref())).collect();
        assert_eq!(pairs, [("a", "1 2"), ("b", "ä"), ("c", ""), ("", "d"), ("e", "+")]);
        assert!(parse_form("a=%ff", 10).is_err());
        assert!(parse_form("a&b&c", 2).is_err());
    }
}
