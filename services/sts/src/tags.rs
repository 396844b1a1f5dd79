//! Tags of sessions.

use std::collections::BTreeMap;

use kernel::Session;
use model_sts::Error;
use model_sts::types::Tag;

use crate::{error, limits};

/// The tags of a new session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionTags {
    /// Those that the request gives.
    pub given: BTreeMap<String, String>,
    /// Keys of those that the request lets pass on.
    pub given_transitive: Vec<String>,
    /// Those that pass on from the caller's session.
    pub inherited: BTreeMap<String, String>,
}

impl SessionTags {
    /// Checks what a request gives against itself and against what `caller`'s session passes on.
    pub fn new(
        tags: impl IntoIterator<Item = (String, String)>,
        transitive: Vec<String>,
        caller: Option<&Session>,
    ) -> Result<Self, Error> {
        let mut given = BTreeMap::new();
        for (key, value) in tags {
            if starts_with_aws(&key) {
                return Err(error::invalid(format!(
                    "Tag keys must not begin with aws:, which is reserved. Tag key: {key}"
                )));
            }
            if holds(given.keys(), &key) {
                return Err(error::invalid(
                    "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
                ));
            }
            given.insert(key, value);
        }
        if let Some(key) = transitive.iter().find(|key| !holds(given.keys(), key)) {
            return Err(error::invalid(format!(
                "The specified transitive tag key must be included in the requested tags. Tag key: {key}"
            )));
        }
        let inherited: BTreeMap<_, _> = caller.map(passed_on).unwrap_or_default();
        if let Some(key) = given.keys().find(|key| holds(inherited.keys(), key)) {
            return Err(error::invalid(format!(
                "A tag that is inherited from the calling session cannot be set again. Tag key: {key}"
            )));
        }
        if given.len() + inherited.len() > limits::TAGS_MAX {
            return Err(error::too_long("[...]", "tags", limits::TAGS_MAX));
        }
        Ok(Self { given, given_transitive: transitive, inherited })
    }

    /// Those of an operation's input.
    pub fn of_input(
        tags: Option<&[Tag]>,
        transitive: Option<&[String]>,
        caller: Option<&Session>,
    ) -> Result<Self, Error> {
        let pair = |tag: &Tag| (tag.key.to_string(), tag.value.to_string());
        let transitive = transitive.unwrap_or_default().to_vec();
        Self::new(tags.unwrap_or_default().iter().map(pair), transitive, caller)
    }

    /// Whether the session gets tags, so that `sts:TagSession` must be allowed.
    pub fn any(&self) -> bool {
        !self.given.is_empty() || !self.inherited.is_empty()
    }

    /// Those given, as pairs.
    pub fn given(&self) -> impl Iterator<Item = (&str, &str)> {
        self.given.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// All of them.
    pub fn all(&self) -> BTreeMap<String, String> {
        self.inherited.iter().chain(&self.given).map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// Keys of all that pass on.
    pub fn transitive(&self) -> Vec<String> {
        self.inherited.keys().chain(&self.given_transitive).cloned().collect()
    }
}

fn passed_on(session: &Session) -> BTreeMap<String, String> {
    let passes = |key: &str| holds(session.transitive.iter(), key);
    let tags = session.tags.iter().filter(|(key, _)| passes(key));
    tags.map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn starts_with_aws(key: &str) -> bool {
    key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"))
}

/// Keys of tags are the same in either case of letters.
fn holds<'k>(mut keys: impl Iterator<Item = &'k String>, key: &str) -> bool {
    keys.any(|other| other.to_lowercase() == key.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(tags: &[(&str, &str)]) -> Vec<(String, String)> {
        tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn session(tags: &[(&str, &str)], transitive: &[&str]) -> Session {
        Session {
            tags: pairs(tags).into_iter().collect(),
            transitive: transitive.iter().map(|key| (*key).to_owned()).collect(),
            ..Session::default()
        }
    }

    #[test]
    fn transitive_tags_pass_on_and_stay_transitive() {
        let caller = session(&[("Team", "red"), ("Cost", "1")], &["team"]);
        let tags = SessionTags::new(pairs(&[("Env", "dev")]), vec!["env".into()], Some(&caller)).unwrap();
        assert_eq!(tags.all(), pairs(&[("Env", "dev"), ("Team", "red")]).into_iter().collect());
        assert_eq!(tags.transitive(), ["Team", "env"]);
        assert!(tags.any());
        assert!(!SessionTags::new([], Vec::new(), Some(&session(&[("a", "b")], &[]))).unwrap().any());
    }

    #[test]
    fn refused() {
        let caller = session(&[("Team", "red")], &["Team"]);
        let refuse = |tags: &[(&str, &str)], transitive: &[&str]| {
            let transitive = transitive.iter().map(|key| (*key).to_owned()).collect();
            SessionTags::new(pairs(tags), transitive, Some(&caller)).is_err()
        };
        assert!(!refuse(&[("a", "1")], &["A"]));
        assert!(refuse(&[("aws:a", "1")], &[]));
        assert!(refuse(&[("AWS:a", "1")], &[]));
        assert!(refuse(&[("a", "1"), ("A", "2")], &[]));
        assert!(refuse(&[("a", "1")], &["b"]));
        assert!(refuse(&[("team", "blue")], &[]));
        let many: Vec<_> = (0..50).map(|n| (n.to_string(), String::new())).collect();
        assert!(SessionTags::new(many.clone(), Vec::new(), None).is_ok());
        assert!(SessionTags::new(many, Vec::new(), Some(&caller)).is_err());
    }
}
