//! The policy of a form: what may be uploaded with it, and until when.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kernel::Timestamp;
use serde::Deserialize;
use wire::Detailed;

use crate::limits::PUT_BYTES_MAX;

/// A policy, read.
#[derive(Debug)]
pub struct PostPolicy {
    expires: Timestamp,
    conditions: Vec<Condition>,
}

/// Bytes that a file may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub min: u64,
    pub max: u64,
}

#[derive(Debug)]
enum Condition {
    Equal {
        name: String,
        value: String,
    },
    StartsWith {
        name: String,
        value: String,
    },
    Length(Size),
    /// One that nothing fulfils.
    Never(String),
}

#[derive(Deserialize)]
struct Document {
    expiration: Option<String>,
    conditions: Option<Vec<Raw>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Raw {
    List(Vec<Scalar>),
    Map(BTreeMap<String, Scalar>),
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Number(i64),
    Other(serde::de::IgnoredAny),
}

impl Scalar {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Other(_) => String::new(),
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Text(text) => format!("{text:?}"),
            other => other.text(),
        }
    }
}

/// Fields that no condition has to speak of.
const FREE: &[&str] = &["awsaccesskeyid", "file", "policy", "signature", "x-amz-signature"];
/// What other such fields begin with: those that the service does not look at, and those that promise what the file is,
/// which give nothing.
const FREE_STARTS: &[&str] = &["x-amz-checksum-", "x-ignore-"];

impl PostPolicy {
    /// Reads the base64 of a policy.
    ///
    /// # Errors
    /// `InvalidPolicyDocument`.
    pub fn parse(base64: &str) -> Result<Self, Detailed> {
        let clean: String = base64.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        let json = STANDARD.decode(clean).map_err(|_| invalid("Invalid Policy: Invalid Base64 encoding."))?;
        let document: Document =
            serde_json::from_slice(&json).map_err(|_| invalid("Invalid Policy: Invalid JSON."))?;
        let expiration =
            document.expiration.ok_or_else(|| invalid("Invalid Policy: Policy missing expiration."))?;
        let expires = iso_time(&expiration)
            .ok_or_else(|| invalid(format!("Invalid Policy: Invalid 'expiration' value: '{expiration}'")))?;
        let raw = document.conditions.ok_or_else(|| invalid("Invalid Policy: Policy missing conditions."))?;
        let conditions = raw.iter().map(condition).collect::<Result<_, _>>()?;
        Ok(Self { expires, conditions })
    }

    /// Checks the fields of a form, by their names in lower case, at this time.
    ///
    /// # Errors
    /// `AccessDenied`.
    pub fn check(&self, fields: &[(String, String)], now: Timestamp) -> Result<Size, Detailed> {
        if self.expires <= now {
            return Err(denied("Policy expired."));
        }
        let mut size = Size { min: 0, max: PUT_BYTES_MAX };
        for condition in &self.conditions {
            let value =
                |name: &str| fields.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
            let holds = match condition {
                Condition::Equal { name, value: wanted } => value(name) == Some(wanted),
                Condition::StartsWith { name, value: start } => {
                    value(name).map_or(start.is_empty(), |found| found.starts_with(start.as_str()))
                }
                Condition::Length(range) => {
                    size = Size { min: size.min.max(range.min), max: size.max.min(range.max) };
                    true
                }
                Condition::Never(_) => false,
            };
            if !holds {
                return Err(denied(&format!("Policy Condition failed: {}", condition.shown())));
            }
        }
        let spoken_of = |wanted: &str| {
            self.conditions.iter().any(|condition| match condition {
                Condition::Equal { name, .. } | Condition::StartsWith { name, .. } => name == wanted,
                Condition::Length(_) | Condition::Never(_) => false,
            })
        };
        let extra = fields.iter().map(|(name, _)| name.as_str()).find(|name| {
            let free = FREE.contains(name) || FREE_STARTS.iter().any(|start| name.starts_with(start));
            !free && *name != "bucket" && !spoken_of(name)
        });
        match extra {
            Some(name) => Err(denied(&format!("Extra input fields: {name}"))),
            // The bucket is a field of every form, whether it is written or not.
            None if !spoken_of("bucket") => Err(denied("Extra input fields: bucket")),
            None => Ok(size),
        }
    }
}

impl Condition {
    fn shown(&self) -> String {
        match self {
            Self::Equal { name, value } => format!("[\"eq\", \"${name}\", {value:?}]"),
            Self::StartsWith { name, value } => format!("[\"starts-with\", \"${name}\", {value:?}]"),
            Self::Length(Size { min, max }) => format!("[\"content-length-range\", {min}, {max}]"),
            Self::Never(text) => text.clone(),
        }
    }
}

fn condition(raw: &Raw) -> Result<Condition, Detailed> {
    match raw {
        Raw::Map(map) => match map.iter().next() {
            Some((name, value)) if map.len() == 1 => {
                Ok(Condition::Equal { name: name.to_ascii_lowercase(), value: value.text() })
            }
            _ => Err(invalid(
                "Invalid Policy: Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.",
            )),
        },
        Raw::List(list) => listed(list),
    }
}

fn listed(list: &[Scalar]) -> Result<Condition, Detailed> {
    let [operator, first, second] = list else {
        let operator = list.first().map(Scalar::text).unwrap_or_default();
        return Err(invalid(format!("Invalid Policy: Invalid {operator}: Invalid number of arguments.")));
    };
    let shown = || format!("[{}, {}, {}]", operator.shown(), first.shown(), second.shown());
    let operator = operator.text().to_ascii_lowercase();
    if operator == "content-length-range" {
        return match (first, second) {
            (Scalar::Number(min), Scalar::Number(max)) => match (u64::try_from(*min), u64::try_from(*max)) {
                (Ok(min), Ok(max)) => Ok(Condition::Length(Size { min, max })),
                _ => {
                    Err(invalid("Invalid Policy: Invalid content-length-range: values must not be negative."))
                }
            },
            // Numbers written as texts are read; other texts fulfil nothing.
            _ => match (first.text().parse(), second.text().parse()) {
                (Ok(min), Ok(max)) => Ok(Condition::Length(Size { min, max })),
                _ => Ok(Condition::Never(shown())),
            },
        };
    }
    let name = first.text();
    let Some(name) = name.strip_prefix('$').map(str::to_ascii_lowercase) else {
        return Ok(Condition::Never(shown()));
    };
    match operator.as_str() {
        "eq" => Ok(Condition::Equal { name, value: second.text() }),
        "starts-with" => Ok(Condition::StartsWith { name, value: second.text() }),
        _ => Err(invalid(format!("Invalid Policy: Invalid condition: {operator}"))),
    }
}

fn invalid(text: impl Into<std::borrow::Cow<'static, str>>) -> Detailed {
    Detailed::new("InvalidPolicyDocument", 400, text)
}

fn denied(why: &str) -> Detailed {
    Detailed::new("AccessDenied", 403, format!("Invalid according to Policy: {why}"))
}

/// `2007-12-01T12:00:00.000Z`, with or without the fraction.
fn iso_time(text: &str) -> Option<Timestamp> {
    let text = text.strip_suffix('Z')?;
    let (day, time) = text.split_once('T')?;
    let mut day = day.splitn(3, '-').map(digits);
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let mut time = time.splitn(3, ':').map(digits);
    let millisecond: u16 = format!("{:0<3}", fraction.get(..3.min(fraction.len()))?).parse().ok()?;
    Timestamp::from_civil(kernel::CivilTime {
        year: i64::from(day.next()??),
        month: day.next()??.try_into().ok()?,
        day: day.next()??.try_into().ok()?,
        hour: time.next()??.try_into().ok()?,
        minute: time.next()??.try_into().ok()?,
        second: time.next()??.try_into().ok()?,
        millisecond,
    })
}

fn digits(text: &str) -> Option<u16> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_750_000_000);

    fn policy(conditions: &str) -> Result<PostPolicy, Detailed> {
        let json = format!(r#"{{"expiration": "2030-01-01T00:00:00Z", "conditions": [{conditions}]}}"#);
        PostPolicy::parse(&STANDARD.encode(json))
    }

    fn check(conditions: &str, fields: &[(&str, &str)]) -> Result<Size, Detailed> {
        let mut all = vec![("bucket".to_owned(), "b".to_owned())];
        all.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let bucket = if conditions.is_empty() { "" } else { r#"{"bucket": "b"}, "# };
        policy(&format!("{bucket}{conditions}"))?.check(&all, NOW)
    }

    fn text(result: Result<Size, Detailed>) -> (u16, String) {
        let error = result.unwrap_err();
        (error.status, error.message.into_owned())
    }

    #[test]
    fn conditions_hold_or_are_named() {
        let fields = [("key", "foo.txt"), ("x-amz-meta-a", "1"), ("x-ignore-b", "2"), ("policy", "p")];
        let good = r#"["starts-with", "$key", "foo"], {"X-Amz-Meta-A": "1"}"#;
        assert_eq!(check(good, &fields), Ok(Size { min: 0, max: PUT_BYTES_MAX }));
        let sized = format!("{good}, [\"content-length-range\", 5, 10]");
        assert_eq!(check(&sized, &fields), Ok(Size { min: 5, max: 10 }));
        for (conditions, why) in [
            (
                r#"["starts-with", "$key", "bar"]"#,
                r#"Policy Condition failed: ["starts-with", "$key", "bar"]"#,
            ),
            (r#"["eq", "key", "foo.txt"]"#, r#"Policy Condition failed: ["eq", "key", "foo.txt"]"#),
            (
                r#"["content-length-range", "test", "10"]"#,
                r#"Policy Condition failed: ["content-length-range", "test", "10"]"#,
            ),
            (r#"["starts-with", "$key", "foo"]"#, "Extra input fields: x-amz-meta-a"),
        ] {
            assert_eq!(
                text(check(conditions, &fields)),
                (403, format!("Invalid according to Policy: {why}"))
            );
        }
        assert_eq!(
            text(policy("").unwrap().check(&[], NOW)).1,
            "Invalid according to Policy: Extra input fields: bucket"
        );
    }

    #[test]
    fn documents_are_whole() {
        for (json, why) in [
            ("{", "Invalid JSON."),
            (r#"{"EXPIRATION": "x", "conditions": []}"#, "Policy missing expiration."),
            (r#"{"expiration": "2030-01-01T00:00:00Z"}"#, "Policy missing conditions."),
            (
                r#"{"expiration": "Mon Jan 1 2030", "conditions": []}"#,
                "Invalid 'expiration' value: 'Mon Jan 1 2030'",
            ),
        ] {
            let error = PostPolicy::parse(&STANDARD.encode(json)).unwrap_err();
            assert_eq!(
                (error.status, error.message.as_ref()),
                (400, format!("Invalid Policy: {why}").as_str())
            );
        }
        for conditions in [
            "{}",
            r#"{"a": "1", "b": "2"}"#,
            r#"["content-length-range", 0]"#,
            r#"["content-length-range", -1, 0]"#,
        ] {
            assert_eq!(policy(conditions).unwrap_err().status, 400, "{conditions}");
        }
        assert!(PostPolicy::parse("?").is_err());
    }

    #[test]
    fn policies_end() {
        let fields = [("bucket".to_owned(), "b".to_owned())];
        let policy = policy(r#"{"bucket": "b"}"#).unwrap();
        assert!(policy.check(&fields, NOW).is_ok());
        let late = Timestamp::from_secs(1_893_456_000);
        assert_eq!(
            text(policy.check(&fields, late)),
            (403, "Invalid according to Policy: Policy expired.".to_owned())
        );
    }
}
