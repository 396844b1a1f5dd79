//! Names of parameters, and references to them.

use kernel::{Arn, Call};
use model_ssm::Error;
use wire::CommonError;

use crate::error::invalid;
use crate::keys::{Place, SERVICE};
use crate::limits::{ARN_CHARS_MAX, LEVELS_MAX};

const BAD_NAME: &str = "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can \
                        consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, \
                        numbers and the following 3 symbols .-_";
const RESERVED_NAME: &str = "Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive).";
const BAD_PATH: &str = "The parameter doesn't meet the parameter name requirements. The parameter name must begin with \
                        a forward slash \"/\". It can't be prefixed with \\\"aws\\\" or \\\"ssm\\\" (case-insensitive). \
                        It must use only letters, numbers, or the following symbols: . (period), - (hyphen), _ \
                        (underscore). Special characters are not allowed. All sub-paths, if specified, must use the \
                        forward slash symbol \"/\". Valid example: /get/parameters2-/by1./path0_.";

/// Which version of a parameter is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    Version(i64),
    Label(String),
}

/// A parameter that a request names, by its name or its ARN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    pub account: String,
    pub region: String,
    /// Without a leading slash.
    pub name: String,
    /// The text after the name that says which version, with its colon.
    pub selector: Option<String>,
}

impl Reference {
    /// Reads a name or an ARN, with a selector or without.
    pub fn parse(call: &Call, text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let (account, region, name) = if text.starts_with("arn:") {
            let arn: Arn = text.parse().map_err(|_| invalid(BAD_NAME))?;
            let name = arn.resource().strip_prefix("parameter/");
            let name = name.filter(|_| arn.service() == SERVICE && arn.region() == call.region);
            (
                arn.account().to_owned(),
                arn.region().to_owned(),
                name.ok_or_else(|| invalid(BAD_NAME))?.to_owned(),
            )
        } else {
            let bare = text.split(':').next().unwrap_or_default();
            if bare.contains('/') && !bare.starts_with('/') {
                return Err(invalid(BAD_NAME));
            }
            (call.account.clone(), call.region.clone(), normal(text).to_owned())
        };
        let mut reference = Self { account, region, name, selector: None };
        if let Some(at) = reference.name.find(':') {
            reference.selector = Some(reference.name.split_off(at));
        }
        if !is_well_formed(&reference.name) || has_prefix(&reference.name, "ssm") {
            return Err(invalid(BAD_NAME));
        }
        Ok(reference)
    }

    /// Reads what can only be the name of one of the caller's own parameters.
    pub fn own(call: &Call, text: &str) -> Result<Self, Error> {
        let reference = Self::parse(call, text)?;
        if text.contains(':') { Err(invalid(BAD_NAME)) } else { Ok(reference) }
    }

    /// Which version is meant; `None` for the newest.
    pub fn version(&self) -> Option<Selector> {
        let text = self.selector.as_deref()?.trim_start_matches(':');
        Some(text.parse().map_or_else(|_| Selector::Label(text.to_owned()), Selector::Version))
    }

    /// Whether it is one that everybody has, and nobody owns.
    pub fn is_public(&self) -> bool {
        self.name.starts_with("aws/service/")
    }

    /// The secret of Secrets Manager that it stands for, if it does.
    pub fn secret(&self) -> Option<&str> {
        self.name.strip_prefix("aws/reference/secretsmanager/")
    }

    /// Its ARN, without the selector.
    pub fn arn(&self) -> Arn {
        let account = if self.is_public() { "" } else { &self.account };
        arn(account, &self.region, &self.name)
    }

    pub fn place(&self) -> Place<'_> {
        Place { account: &self.account, region: &self.region }
    }
}

/// The ARN of a parameter.
pub fn arn(account: &str, region: &str, name: &str) -> Arn {
    Arn::aws(SERVICE, region, account, &format!("parameter/{name}"))
}

/// A name without its leading slash: with and without it, it names the same parameter.
pub fn normal(name: &str) -> &str {
    name.strip_prefix('/').unwrap_or(name)
}

/// A name that a new parameter may have.
pub fn new(call: &Call, text: &str) -> Result<Reference, Error> {
    let shown = text.trim();
    let name = normal(shown);
    let is_path = name.contains('/');
    if has_prefix(name, "aws") && (is_path || shown.starts_with("/aws/")) {
        let why = format!("No access to reserved parameter name: {shown}.");
        return Err(CommonError::AccessDenied(why).into());
    }
    if !is_path && (has_prefix(name, "aws") || has_prefix(name, "ssm")) {
        return Err(invalid(RESERVED_NAME));
    }
    if is_path && !shown.starts_with('/') {
        return Err(invalid("Parameter name must be a fully qualified name."));
    }
    if has_prefix(name, "ssm") || !is_well_formed(name) {
        return Err(invalid(BAD_NAME));
    }
    if name.split('/').count() > LEVELS_MAX {
        return Err(Error::hierarchy_level_limit_exceeded_exception(format!(
            "Parameter name {shown} has too many levels: a hierarchy can have a maximum of {LEVELS_MAX} levels."
        )));
    }
    let reference = Reference {
        account: call.account.clone(),
        region: call.region.clone(),
        name: name.to_owned(),
        selector: None,
    };
    if reference.arn().as_str().chars().count() > ARN_CHARS_MAX {
        return Err(invalid(format!(
            "Parameter name: the length of the name, including the parameter's ARN, can't exceed {ARN_CHARS_MAX} \
             characters."
        )));
    }
    Ok(reference)
}

/// The path of a hierarchy, without slashes at its ends.
pub fn path(text: &str) -> Result<&str, Error> {
    let text = text.trim();
    let inner = text.strip_prefix('/').ok_or_else(|| invalid(BAD_PATH))?;
    if inner.is_empty() {
        return Ok(inner);
    }
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    if is_well_formed(inner) { Ok(inner) } else { Err(invalid(BAD_PATH)) }
}

fn has_prefix(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Whether every level is there, and made of the allowed characters.
fn is_well_formed(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    name.split('/').all(|level| !level.is_empty() && level.bytes().all(allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call() -> Call {
        testkit::call(kernel::Timestamp::from_secs(0))
    }

    fn text(error: Error) -> String {
        match error {
            Error::Common(CommonError::Validation(text) | CommonError::AccessDenied(text)) => text,
            Error::HierarchyLevelLimitExceededException(error) => error.message.unwrap_or_default(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn new_names() {
        let call = call();
        for name in ["a", "/a", "/a/b.c-d_e", " /a/b ", "a.b", "/1/2", "A"] {
            assert!(new(&call, name).is_ok(), "{name}");
        }
        assert_eq!(new(&call, "/a/b").unwrap().name, "a/b");
        for name in ["/a//b", "/a/", "/", "//a", "a b", "/a/b@c", "é", "/a:b", "/ssm/x", "/SSM_x/y"] {
            assert_eq!(text(new(&call, name).unwrap_err()), BAD_NAME, "{name}");
        }
        for name in ["ssm", "SSM-x", "/ssm_x", "aws_x", "AWSx", "/awsx"] {
            assert_eq!(text(new(&call, name).unwrap_err()), RESERVED_NAME, "{name}");
        }
        for name in ["/aws/x", "/AWS_x/y"] {
            let expected = format!("No access to reserved parameter name: {name}.");
            assert_eq!(text(new(&call, name).unwrap_err()), expected);
        }
        assert_eq!(text(new(&call, "a/b").unwrap_err()), "Parameter name must be a fully qualified name.");
    }

    #[test]
    fn depth_and_length() {
        let call = call();
        let deep = |levels: usize| "/a".repeat(levels);
        assert!(new(&call, &deep(15)).is_ok());
        assert!(text(new(&call, &deep(16)).unwrap_err()).contains("15 levels"));
        let before = "arn:aws:ssm:us-east-1:123456789012:parameter/".len();
        assert!(new(&call, &"x".repeat(1011 - before)).is_ok());
        assert!(text(new(&call, &"x".repeat(1012 - before)).unwrap_err()).contains("1011"));
    }

    #[test]
    fn references() {
        let call = call();
        let parse = |text: &str| Reference::parse(&call, text).unwrap();
        assert_eq!(parse("/a"), parse("a"));
        assert_eq!(parse("/a/b:3").version(), Some(Selector::Version(3)));
        assert_eq!(parse("/a/b:live").version(), Some(Selector::Label("live".into())));
        assert_eq!(parse("/a/b:live").selector.as_deref(), Some(":live"));
        let other = parse("arn:aws:ssm:us-east-1:210987654321:parameter/a/b:2");
        assert_eq!((other.account.as_str(), other.name.as_str()), ("210987654321", "a/b"));
        assert_eq!(other.version(), Some(Selector::Version(2)));
        assert_eq!(other.arn().as_str(), "arn:aws:ssm:us-east-1:210987654321:parameter/a/b");
        assert_eq!(parse("/aws/service/x").arn().as_str(), "arn:aws:ssm:us-east-1::parameter/aws/service/x");
        for text in [
            "a/b",
            "a b",
            "/a/",
            "",
            "arn:aws:ssm:eu-west-1:123456789012:parameter/a",
            "arn:aws:sqs:us-east-1:123456789012:a",
            "arn:aws:ssm:us-east-1:123456789012:document/a",
            "ssm-x",
        ] {
            assert!(Reference::parse(&call, text).is_err(), "{text}");
        }
        assert!(Reference::own(&call, "/a:1").is_err() && Reference::own(&call, "/a").is_ok());
    }

    #[test]
    fn paths() {
        assert_eq!(path("/").unwrap(), "");
        assert_eq!(path("/a/b/").unwrap(), "a/b");
        for bad in ["a", "/a//b", "/a b", "", "//"] {
            assert_eq!(text(path(bad).unwrap_err()), BAD_PATH, "{bad}");
        }
    }
}
