//! Filters of lists.

use model_ssm::Error;
use model_ssm::types::{ParameterStringFilter, ParametersFilter, ParametersFilterKey};

use crate::error::{invalid, invalid_filter_key};
use crate::name::normal;
use crate::records::{Kind, Parameter, Version};

/// Which list is filtered: each takes other keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    Describe,
    Path,
}

/// One filter. All filters of a list must hold, and of each filter's values one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    Name(How, Vec<String>),
    Kind(How, Vec<String>),
    KeyId(How, Vec<String>),
    Tier(How, Vec<String>),
    DataType(How, Vec<String>),
    Path { recursive: bool, values: Vec<String> },
    Tag(String, How, Vec<String>),
    Label(Vec<String>),
}

/// How a text is compared with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Equals,
    BeginsWith,
    Contains,
}

impl How {
    fn holds(self, text: &str, values: &[String]) -> bool {
        values.iter().any(|value| match self {
            Self::Equals => text == value,
            Self::BeginsWith => text.starts_with(value.as_str()),
            Self::Contains => text.contains(value.as_str()),
        })
    }
}

const KINDS: [&str; 3] = ["String", "StringList", "SecureString"];
const TIERS: [&str; 3] = ["Standard", "Advanced", "Intelligent-Tiering"];

/// Reads filters, or says what is wrong with them.
pub fn parse(given: &[ParameterStringFilter], of: Of) -> Result<Vec<Filter>, Error> {
    let mut filters = Vec::with_capacity(given.len());
    for (i, filter) in given.iter().enumerate() {
        let key = filter.key.as_str();
        check_key(key, of)?;
        if given[..i].iter().any(|other| *other.key == key) {
            return Err(invalid_filter_key(format!(
                "The following filter is duplicated in the request: {key}. A request can contain only one occurrence of \
                 a specific filter."
            )));
        }
        filters.push(one(filter, key, of)?);
    }
    Ok(filters)
}

fn check_key(key: &str, of: Of) -> Result<(), Error> {
    let (known, listed): (&[&str], _) = match of {
        Of::Describe => {
            (&["Path", "Name", "Type", "KeyId", "Tier", "DataType"], "[Path, Name, Type, KeyId, Tier]")
        }
        Of::Path => (&["Type", "KeyId", "Label"], "[Type, KeyId]"),
    };
    if known.contains(&key) || of == Of::Describe && key.starts_with("tag:") {
        return Ok(());
    }
    Err(invalid_filter_key(format!(
        "The following filter key is not valid: {key}. Valid filter keys include: {listed}."
    )))
}

fn one(filter: &ParameterStringFilter, key: &str, of: Of) -> Result<Filter, Error> {
    let values = filter.values.clone().unwrap_or_default();
    let option = filter.option.as_deref();
    if let Some(tag) = key.strip_prefix("tag:") {
        // Without values, having the tag is enough.
        return Ok(Filter::Tag(tag.to_owned(), how(option, of, key)?, values));
    }
    if values.is_empty() {
        return Err(Error::invalid_filter_value(format!(
            "The following filter values are missing : null for filter key {key}."
        )));
    }
    match key {
        "Name" => Ok(Filter::Name(how(option, of, key)?, values)),
        "Type" => {
            one_of(&values, &KINDS)?;
            Ok(Filter::Kind(how(option, of, key)?, values))
        }
        "Tier" => {
            one_of(&values, &TIERS)?;
            Ok(Filter::Tier(how(option, of, key)?, values))
        }
        "KeyId" => Ok(Filter::KeyId(how(option, of, key)?, values)),
        "DataType" => Ok(Filter::DataType(how(option, of, key)?, values)),
        "Label" => match option {
            None | Some("Equals") => Ok(Filter::Label(values)),
            Some(option) => Err(bad_option(option, "[Equals]")),
        },
        _ => path(option, values),
    }
}

fn path(option: Option<&str>, values: Vec<String>) -> Result<Filter, Error> {
    let recursive = match option {
        None | Some("OneLevel") => false,
        Some("Recursive") => true,
        Some(option) => return Err(bad_option(option, "[Recursive, OneLevel]")),
    };
    let mut paths = Vec::with_capacity(values.len());
    for value in &values {
        let inner = crate::name::path(value)?;
        let reserved =
            |prefix: &str| inner.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        if reserved("aws") || reserved("ssm") {
            return Err(invalid(
                "Filters for common parameters can't be prefixed with \"aws\" or \"ssm\" (case-insensitive). When using \
                 global parameters, please specify within a global namespace.",
            ));
        }
        paths.push(inner.to_owned());
    }
    Ok(Filter::Path { recursive, values: paths })
}

fn how(option: Option<&str>, of: Of, key: &str) -> Result<How, Error> {
    match option {
        None | Some("Equals") => Ok(How::Equals),
        Some("BeginsWith") => Ok(How::BeginsWith),
        Some("Contains") if key == "Name" && of == Of::Describe => Ok(How::Contains),
        Some(option) => Err(bad_option(option, "[BeginsWith, Equals]")),
    }
}

fn bad_option(option: &str, listed: &str) -> Error {
    Error::invalid_filter_option(format!(
        "The following filter option is not valid: {option}. Valid options include: {listed}."
    ))
}

fn one_of(values: &[String], known: &[&str]) -> Result<(), Error> {
    match values.iter().find(|value| !known.contains(&value.as_str())) {
        None => Ok(()),
        Some(value) => Err(Error::invalid_filter_option(format!(
            "The following filter value is not valid: {value}. Valid values include: [{}].",
            known.join(", ")
        ))),
    }
}

/// Reads the older form of filters.
pub fn parse_older(given: &[ParametersFilter]) -> Vec<Filter> {
    let filters = given.iter().filter_map(|filter| {
        let values = filter.values.to_vec();
        match filter.key.known()? {
            ParametersFilterKey::Name => Some(Filter::Name(How::BeginsWith, values)),
            ParametersFilterKey::Type => Some(Filter::Kind(How::Equals, values)),
            ParametersFilterKey::KeyId => Some(Filter::KeyId(How::Equals, values)),
        }
    });
    filters.collect()
}

impl Filter {
    /// Whether a parameter passes. Labels are not looked at: they choose a version.
    pub fn holds(&self, parameter: &Parameter) -> bool {
        match self {
            Self::Name(How::Contains, values) => How::Contains.holds(&parameter.name, values),
            Self::Name(how, values) => {
                let values: Vec<String> = values.iter().map(|value| normal(value).to_owned()).collect();
                how.holds(normal(&parameter.name), &values)
            }
            Self::Path { recursive, values } => {
                values.iter().any(|path| is_below(normal(&parameter.name), path, *recursive))
            }
            Self::Tag(key, how, values) => {
                parameter.tags.get(key).is_some_and(|value| values.is_empty() || how.holds(value, values))
            }
            _ => self.holds_of(&parameter.current),
        }
    }

    /// The same, of what the versions of a parameter have.
    pub fn holds_of(&self, version: &Version) -> bool {
        match self {
            Self::Kind(how, values) => how.holds(kind_name(version.kind), values),
            Self::KeyId(how, values) => version.key_id.as_ref().is_some_and(|key| how.holds(key, values)),
            Self::Tier(how, values) => how.holds(version.tier.as_str(), values),
            Self::DataType(how, values) => how.holds(&version.data_type, values),
            Self::Name(..) | Self::Path { .. } | Self::Tag(..) | Self::Label(_) => true,
        }
    }

    /// What the names of all parameters that pass begin with.
    pub fn beginning(&self) -> Option<String> {
        match self {
            Self::Name(How::Equals | How::BeginsWith, values) => match &values[..] {
                [value] => Some(normal(value).to_owned()),
                _ => None,
            },
            Self::Path { values, .. } => match &values[..] {
                [path] if !path.is_empty() => Some(format!("{path}/")),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The names of the API.
pub fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::String => KINDS[0],
        Kind::StringList => KINDS[1],
        Kind::SecureString => KINDS[2],
    }
}

/// Whether a name is below a path: in it, or deeper if `recursive`.
pub fn is_below(name: &str, path: &str, recursive: bool) -> bool {
    let rest =
        if path.is_empty() { Some(name) } else { name.strip_prefix(path).and_then(|r| r.strip_prefix('/')) };
    rest.is_some_and(|rest| recursive || !rest.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below() {
        assert!(is_below("a/b", "a", false) && is_below("a/b/c", "a", true) && is_below("a", "", false));
        assert!(!is_below("a/b/c", "a", false) && !is_below("ab/c", "a", true) && !is_below("a", "a", true));
        assert!(!is_below("a/b", "", false) && is_below("a/b", "", true));
    }

    #[test]
    fn beginnings() {
        let name = |how, values: &[&str]| Filter::Name(how, values.iter().map(|v| v.to_string()).collect());
        assert_eq!(name(How::BeginsWith, &["/a/b"]).beginning().as_deref(), Some("a/b"));
        assert_eq!(name(How::Contains, &["a"]).beginning(), None);
        assert_eq!(name(How::Equals, &["a", "b"]).beginning(), None);
        let path = Filter::Path { recursive: true, values: vec!["a".into()] };
        assert_eq!(path.beginning().as_deref(), Some("a/"));
    }
}
