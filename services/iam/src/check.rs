//! Checks of inputs that the model does not make.

use std::collections::{BTreeMap, BTreeSet};

use model_iam::types::Tag;
use policy::{Policy, PolicyKind};

use crate::error::{Error, malformed, over_quota, validation};
use crate::limits::{PATH_DEFAULT, TAGS};

/// A path, or the one of whatever is given none.
pub fn path(given: Option<String>) -> Result<String, Error> {
    let path = given.unwrap_or_else(|| PATH_DEFAULT.to_owned());
    if path.contains("//") {
        return Err(validation(
            "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric \
             characters and/or / characters.",
        ));
    }
    Ok(path)
}

/// Tags that are given at once: no two keys may be the same but for case.
pub fn tags(given: &[Tag]) -> Result<BTreeMap<String, String>, Error> {
    let mut seen = BTreeSet::new();
    for tag in given {
        if !seen.insert(tag.key.to_lowercase()) {
            return Err(Error::invalid_input_exception(
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ));
        }
        own_key(&tag.key)?;
    }
    Ok(given.iter().map(|tag| (tag.key.to_string(), tag.value.to_string())).collect())
}

/// Keys that begin with `aws:` are not the caller's.
fn own_key(key: &str) -> Result<(), Error> {
    if key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:")) {
        let text = "Tag keys that start with aws: are reserved for AWS use and cannot be set or changed.";
        return Err(Error::invalid_input_exception(text));
    }
    Ok(())
}

/// Sets tags; a key that is there but for case is replaced.
pub fn set_tags(tags: &mut BTreeMap<String, String>, given: BTreeMap<String, String>) -> Result<(), Error> {
    for (key, value) in given {
        tags.retain(|have, _| !have.eq_ignore_ascii_case(&key));
        tags.insert(key, value);
    }
    if tags.len() > TAGS {
        return Err(over_quota("TagsPerResource", TAGS));
    }
    Ok(())
}

/// Removes tags; keys that are not there are passed over.
pub fn remove_tags(tags: &mut BTreeMap<String, String>, keys: &[String]) -> Result<(), Error> {
    for key in keys {
        own_key(key)?;
        tags.retain(|have, _| !have.eq_ignore_ascii_case(key));
    }
    Ok(())
}

/// Tags as answers show them.
pub fn shown_tags(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag { key: key.clone().into(), value: value.clone().into() }).collect()
}

/// A policy document of a kind.
pub fn document(text: &str, kind: PolicyKind) -> Result<Policy, Error> {
    Policy::parse(text.as_bytes(), kind).map_err(|error| malformed(&error))
}
