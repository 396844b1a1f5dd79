//! Conditions of requests on what is there: `If-Match` and its like.

use kernel::Timestamp;
use model_s3::Error;
use wire::Detailed;

use crate::error::{no_such_key, not_implemented};
use crate::records::Object;

/// Conditions of reading, or of the source of a copy.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reading<'a> {
    pub if_match: Option<&'a str>,
    pub if_none_match: Option<&'a str>,
    pub if_modified_since: Option<Timestamp>,
    pub if_unmodified_since: Option<Timestamp>,
}

/// What came of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Read,
    NotModified,
    /// The header that does not hold.
    Failed(&'static str),
}

impl Reading<'_> {
    /// A tag outranks a time, as HTTP has it (RFC 9110, 13.2.2).
    pub fn of(&self, object: &Object) -> Verdict {
        let modified = object.modified_ms.div_euclid(1000);
        match (self.if_match, self.if_unmodified_since) {
            (Some(tags), _) if !matches(tags, &object.etag) => return Verdict::Failed("If-Match"),
            (None, Some(since)) if modified > since.secs() => return Verdict::Failed("If-Unmodified-Since"),
            _ => {}
        }
        match (self.if_none_match, self.if_modified_since) {
            (Some(tags), _) if matches(tags, &object.etag) => Verdict::NotModified,
            (None, Some(since)) if modified <= since.secs() => Verdict::NotModified,
            _ => Verdict::Read,
        }
    }
}

/// Conditions of writing an object, or of completing an upload.
#[derive(Clone, Copy, Debug, Default)]
pub struct Writing<'a> {
    /// The tag that the current version must have.
    pub if_match: Option<&'a str>,
    /// Whether there must be no current version.
    pub if_absent: bool,
}

impl<'a> Writing<'a> {
    /// By the headers' values.
    ///
    /// # Errors
    /// `NotImplemented` for what S3 does not take: both of them, a tag for `If-None-Match`, `*` for `If-Match`.
    pub fn new(if_match: Option<&'a str>, if_none_match: Option<&'a str>) -> Result<Self, Error> {
        match (if_match, if_none_match) {
            (Some(_), Some(_)) => {
                let text = "Multiple conditional request headers present in the request";
                Err(not_implemented("If-Match,If-None-Match").with("additionalMessage", text).into())
            }
            (Some("*"), _) => {
                let text = "We don't accept the provided value of If-Match header for this API";
                Err(not_implemented("If-Match").with("additionalMessage", text).into())
            }
            (_, Some(tag)) if tag != "*" => {
                let text = "We don't accept the provided value of If-None-Match header for this API";
                Err(not_implemented("If-None-Match").with("additionalMessage", text).into())
            }
            (if_match, if_none_match) => Ok(Self { if_match, if_absent: if_none_match.is_some() }),
        }
    }

    /// Whether they hold for what is there now.
    pub fn check(&self, key: &str, current: Option<&Object>) -> Result<(), Error> {
        match (self.if_match, current) {
            (Some(_), None) => return Err(no_such_key(key).into()),
            (Some(tags), Some(object)) if !matches(tags, &object.etag) => {
                return Err(failed("If-Match").into());
            }
            _ => {}
        }
        if self.if_absent && current.is_some() {
            return Err(failed("If-None-Match").into());
        }
        Ok(())
    }

    /// Whether there are any.
    pub fn is_empty(&self) -> bool {
        self.if_match.is_none() && !self.if_absent
    }
}

/// A condition does not hold.
pub fn failed(condition: &str) -> Detailed {
    Detailed::new("PreconditionFailed", 412, "At least one of the pre-conditions you specified did not hold")
        .with("Condition", condition)
}

/// Whether a list of tags names this one, which has no quotes.
pub fn matches(tags: &str, etag: &str) -> bool {
    tags.split(',').any(|tag| {
        let tag = tag.trim();
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        tag == "*" || tag.trim_matches('"') == etag
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags() {
        for tags in ["abc", "\"abc\"", "*", "\"x\", \"abc\"", "W/\"abc\""] {
            assert!(matches(tags, "abc"), "{tags}");
        }
        for tags in ["", "\"\"", "ab", "\"abcd\"", "x,y"] {
            assert!(!matches(tags, "abc"), "{tags}");
        }
    }

    #[test]
    fn what_s3_does_not_take() {
        assert!(Writing::new(Some("a"), Some("*")).is_err());
        assert!(Writing::new(Some("*"), None).is_err());
        assert!(Writing::new(None, Some("a")).is_err());
        assert!(Writing::new(None, Some("*")).is_ok_and(|writing| writing.if_absent));
        assert!(Writing::new(None, None).is_ok_and(|writing| writing.is_empty()));
        assert!(Writing::new(Some("a"), None).unwrap().check("k", None).is_err());
        assert!(Writing::new(None, Some("*")).unwrap().check("k", None).is_ok());
    }
}
