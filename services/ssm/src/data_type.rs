//! What a parameter's value must look like.

use std::net::{Ipv4Addr, Ipv6Addr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model_ssm::Error;
use serde::de::IgnoredAny;

use crate::error::invalid;
use crate::records::Kind;

/// The data types of the API reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataType {
    Text,
    Image,
    Integration,
    Region,
    AccountId,
    Boolean,
    Integer,
    Float,
    Binary,
    Hostname,
    Email,
    Ipv4,
    Ipv6,
    Url,
    Json,
    JsonWithComments,
}

use DataType::*;

const NAMES: [(&str, DataType); 16] = [
    ("text", Text),
    ("aws:ec2:image", Image),
    ("aws:ssm:integration", Integration),
    ("aws:region", Region),
    ("aws:account:id", AccountId),
    ("boolean", Boolean),
    ("integer", Integer),
    ("float", Float),
    ("binary", Binary),
    ("hostname", Hostname),
    ("email", Email),
    ("ipv4-address", Ipv4),
    ("ipv6-address", Ipv6),
    ("url", Url),
    ("json", Json),
    ("jsonc", JsonWithComments),
];

/// Where integrations must be (user guide, "Creating integrations for Automation").
const INTEGRATIONS: &str = "d9d01087-4a3f-49e0-b0b4-d568d7826553/ssm/integrations/webhook/";

impl DataType {
    /// The type with this name.
    pub fn parse(name: &str) -> Result<Self, Error> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, data_type)| *data_type).ok_or_else(|| {
            invalid(format!(
                "The following data type is not supported: {name} (Data type names are all lowercase.)"
            ))
        })
    }

    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, data_type)| *data_type == self).map_or("text", |(name, _)| name)
    }

    /// Whether only advanced parameters may have it.
    pub fn is_advanced(self) -> bool {
        matches!(self, Url | Json | JsonWithComments)
    }

    /// Whether a parameter may change between this and another type.
    pub fn may_become(self, other: Self) -> bool {
        let fixed = |data_type| matches!(data_type, Image | Integration);
        self == other || !fixed(self) && !fixed(other)
    }

    /// Refuses a value that is not of this type. Of a list, every item must be.
    pub fn check(self, name: &str, kind: Kind, value: &str) -> Result<(), Error> {
        let kinds: &[Kind] = match self {
            Image => &[Kind::String],
            Integration => &[Kind::SecureString],
            Binary | Url | Json | JsonWithComments => &[Kind::String, Kind::SecureString],
            _ => &[Kind::String, Kind::StringList, Kind::SecureString],
        };
        let type_name = self.name();
        if !kinds.contains(&kind) {
            return Err(invalid(format!(
                "The data type {type_name} is not supported for parameters of type {kind:?}."
            )));
        }
        if self == Integration && !name.starts_with(INTEGRATIONS) {
            return Err(invalid(format!(
                "The name of a parameter of data type {type_name} must begin with /{INTEGRATIONS}."
            )));
        }
        let fits = match kind {
            Kind::StringList => value.split(',').all(|item| self.fits(item)),
            _ => self.fits(value),
        };
        if fits {
            return Ok(());
        }
        Err(invalid(format!("The parameter value is not valid for the data type {type_name}.")))
    }

    fn fits(self, value: &str) -> bool {
        match self {
            Text => true,
            Image => is_image(value),
            Integration => {
                serde_json::from_str::<std::collections::BTreeMap<String, IgnoredAny>>(value).is_ok()
            }
            Region => is_region(value),
            AccountId => value.len() == 12 && value.bytes().all(|byte| byte.is_ascii_digit()),
            Boolean => matches!(value, "true" | "false"),
            Integer => value.parse::<i64>().is_ok(),
            Float => value.parse::<f64>().is_ok_and(f64::is_finite),
            Binary => STANDARD.decode(value).is_ok(),
            Hostname => is_hostname(value),
            Email => value
                .rsplit_once('@')
                .is_some_and(|(user, host)| is_mailbox(user) && is_hostname(host) && host.contains('.')),
            Ipv4 => value.parse::<Ipv4Addr>().is_ok(),
            Ipv6 => value.parse::<Ipv6Addr>().is_ok(),
            Url => is_url(value),
            Json => serde_json::from_str::<IgnoredAny>(value).is_ok(),
            JsonWithComments => serde_json::from_str::<IgnoredAny>(&without_comments(value)).is_ok(),
        }
    }
}

/// `ami-` and eight or seventeen hexadecimal digits (EC2 user guide, "Resource IDs").
fn is_image(value: &str) -> bool {
    let digits = value.strip_prefix("ami-").unwrap_or_default();
    matches!(digits.len(), 8 | 17) && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn is_region(value: &str) -> bool {
    let mut parts: Vec<&str> = value.split('-').collect();
    let number = parts.pop().unwrap_or_default();
    let word = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    (2..=4).contains(&parts.len())
        && parts.iter().all(word)
        && (1..=2).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Labels of letters, digits and hyphens (RFC 1123).
fn is_hostname(value: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    value.len() <= 253 && value.split('.').all(label)
}

/// The part before the `@`, unquoted (RFC 5321).
fn is_mailbox(value: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    value.len() <= 64 && value.split('.').all(|part| !part.is_empty() && part.bytes().all(allowed))
}

/// A scheme, an authority, and no white space.
fn is_url(value: &str) -> bool {
    let Some((scheme, rest)) = value.split_once("://") else { return false };
    let scheme_ok = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    scheme_ok && !authority.is_empty() && !value.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// The text with its `//` and `/* */` comments turned into blanks, so that what is left is JSON.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let skipped = if c == '"' {
            let end = string_end(rest);
            out.push_str(&rest[..end]);
            end
        } else if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(comment) = rest.strip_prefix("/*") {
            match comment.find("*/") {
                Some(at) => {
                    out.push(' ');
                    at + 4
                }
                // A comment that does not end: the slash is left, and is not JSON.
                None => {
                    out.push(c);
                    1
                }
            }
        } else {
            out.push(c);
            c.len_utf8()
        };
        rest = &rest[skipped..];
    }
    out
}

/// The length of the JSON string that a text begins with.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, value: &str) -> bool {
        DataType::parse(name).unwrap().check("a", Kind::String, value).is_ok()
    }

    #[test]
    fn every_type() {
        let cases: &[(&str, &[&str], &[&str])] = &[
            ("text", &["", "anything"], &[]),
            (
                "aws:ec2:image",
                &["ami-12345678", "ami-0123456789abcdef0"],
                &["ami-1234", "ami-1234567G", "i-12345678", ""],
            ),
            (
                "aws:region",
                &["us-east-1", "us-gov-west-1", "ap-southeast-4"],
                &["us", "us-east", "US-EAST-1"],
            ),
            ("aws:account:id", &["123456789012"], &["12345678901", "1234567890123", "12345678901a"]),
            ("boolean", &["true", "false"], &["True", "1", ""]),
            ("integer", &["443", "-1", "0"], &["4.3", "x", "", " 1"]),
            ("float", &["1.5", "-2e3", "7"], &["inf", "NaN", "x", ""]),
            ("binary", &["aGk=", ""], &["aGk", "é"]),
            ("hostname", &["a", "db-1.example.com"], &["", "-a", "a..b", "a_b", "a b"]),
            ("email", &["a@example.com", "a.b+c@x.org"], &["a", "@x.org", "a@x", "a b@x.org", ".a@x.org"]),
            ("ipv4-address", &["10.0.0.1"], &["10.0.0", "10.0.0.256", "::1"]),
            ("ipv6-address", &["::1", "2001:db8::7"], &["10.0.0.1", "g::"]),
            (
                "url",
                &["https://example.com/a?b", "s3://bucket/key"],
                &["example.com", "://x", "http:// x", "http://"],
            ),
            ("json", &["{}", "[1]", "\"a\""], &["{", "a", "{} // c"]),
            (
                "jsonc",
                &["{} // c", "/* x */ {\"a\": \"//b\" /* y */}", "{\"a\":\"\\\"/*\"}"],
                &["{ /* x", "a // b"],
            ),
        ];
        for (name, good, bad) in cases {
            assert_eq!(DataType::parse(name).unwrap().name(), *name);
            good.iter().for_each(|value| assert!(check(name, value), "{name} {value}"));
            bad.iter().for_each(|value| assert!(!check(name, value), "{name} {value}"));
        }
    }

    #[test]
    fn kinds_and_names() {
        let integration = DataType::parse("aws:ssm:integration").unwrap();
        let name = format!("{INTEGRATIONS}x");
        assert!(integration.check(&name, Kind::SecureString, "{\"url\":\"x\"}").is_ok());
        assert!(integration.check(&name, Kind::SecureString, "x").is_err());
        assert!(integration.check(&name, Kind::String, "{}").is_err());
        assert!(integration.check("x", Kind::SecureString, "{}").is_err());
        assert!(Integer.check("a", Kind::StringList, "1,2,3").is_ok());
        assert!(Integer.check("a", Kind::StringList, "1,x,3").is_err());
        assert!(Json.check("a", Kind::StringList, "1").is_err());
        assert!(DataType::parse("Text").is_err());
    }

    #[test]
    fn changes() {
        assert!(Text.may_become(Integer) && Image.may_become(Image));
        assert!(!Text.may_become(Image) && !Integration.may_become(Text));
    }

    #[test]
    fn errors_do_not_quote_values() {
        let error = Integer.check("a", Kind::SecureString, "canary").unwrap_err();
        assert!(!format!("{error:?}").contains("canary"));
    }
}
