//! Tags of objects, in a header or in a document.

use std::collections::BTreeMap;

use model_s3::Error;
use model_s3::types::Tag;
use percent_encoding::percent_decode_str;
use wire::Detailed;

use crate::checks;
use crate::error::invalid_argument;
use crate::limits::OBJECT_TAGS_MAX;

/// Tags by their keys.
pub type Tags = BTreeMap<String, String>;

/// The header `x-amz-tagging`: encoded as the query of a URL.
pub fn of_header(text: &str) -> Result<Tags, Error> {
    let mut tags = Tags::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (Some(key), Some(value)) = (decode(key), decode(value)) else { return Err(bad_header(text)) };
        if tags.insert(key, value).is_some() {
            return Err(bad_header(text));
        }
    }
    check(&tags)?;
    Ok(tags)
}

/// The document of PutObjectTagging.
pub fn of_list(list: Vec<Tag>) -> Result<Tags, Error> {
    let mut tags = Tags::new();
    for tag in list {
        let key = tag.key.into_inner();
        if tags.insert(key.clone(), tag.value.into_inner()).is_some() {
            return Err(checks::twice(&key).into());
        }
    }
    check(&tags)?;
    Ok(tags)
}

/// As answers list them.
pub fn shown(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag { key: key.clone().into(), value: value.clone().into() }).collect()
}

fn bad_header(text: &str) -> Error {
    let message = "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.";
    invalid_argument(message, "x-amz-tagging", text).into()
}

fn decode(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8().ok().map(|text| text.into_owned())
}

fn check(tags: &Tags) -> Result<(), Error> {
    if tags.len() > OBJECT_TAGS_MAX {
        let text = format!("Object tags cannot be greater than {OBJECT_TAGS_MAX}");
        return Err(Detailed::new("BadRequest", 400, text).into());
    }
    for (key, value) in tags {
        if key.starts_with("aws:") {
            return Err(checks::invalid_tag("Your TagKey cannot be prefixed with aws:", key).into());
        }
        checks::tag(key, value)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers() {
        let tags = of_header("a=1&b=x%20y+z&c").unwrap();
        let expected = [("a", "1"), ("b", "x y z"), ("c", "")];
        assert_eq!(tags, expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
        assert!(of_header("").unwrap().is_empty());
        let many: Vec<String> = (0..11).map(|n| format!("k{n}=v")).collect();
        for bad in ["a=1&a=2", "a=%ff", "aws:x=1", "=1", "a=b%2Cc", "a%2Cb=c", &many.join("&")] {
            assert!(of_header(bad).is_err(), "{bad}");
        }
        assert!(of_header(&format!("{}={}", "é".repeat(128), "x".repeat(256))).is_ok());
        assert!(of_header(&format!("{}=", "k".repeat(129))).is_err());
        assert!(of_header(&format!("k={}", "v".repeat(257))).is_err());
    }
}
