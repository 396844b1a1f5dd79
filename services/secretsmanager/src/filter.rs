//! The filters of listings.

use model_secretsmanager::Error;
use model_secretsmanager::types::{Filter, FilterNameStringType as Key};
use wire::Enum as _;

use crate::error::invalid;
use crate::secrets::Found;

/// One checked filter: what it looks at, what must match one of, and what must not match.
struct One {
    key: Key,
    wanted: Vec<String>,
    unwanted: Vec<String>,
}

/// Checked filters: all must hold.
pub struct Filters(Vec<One>);

impl Filters {
    pub fn read(filters: &[Filter]) -> Result<Self, Error> {
        let one = |filter: &Filter| {
            let key = filter
                .key
                .as_ref()
                .and_then(|key| key.known())
                .ok_or_else(|| invalid("Invalid filter key"))?;
            let values = filter.values.as_deref().filter(|values| !values.is_empty());
            let values =
                values.ok_or_else(|| invalid(format!("Invalid filter values for key: {}", key.as_str())))?;
            let unwanted =
                values.iter().filter_map(|value| value.strip_prefix('!')).map(str::to_owned).collect();
            let wanted = values.iter().filter(|value| !value.starts_with('!')).cloned().collect();
            Ok(One { key, wanted, unwanted })
        };
        filters.iter().map(one).collect::<Result<_, Error>>().map(Self)
    }

    pub fn hold(&self, found: &Found) -> bool {
        self.0.iter().all(|one| {
            let matches = |value: &String| one.matches(found, value);
            (one.wanted.is_empty() || one.wanted.iter().any(matches)) && !one.unwanted.iter().any(matches)
        })
    }
}

impl One {
    fn matches(&self, found: &Found, value: &str) -> bool {
        let secret = &found.secret;
        let tags = || secret.tags.iter().flatten();
        match self.key {
            Key::Name => secret.name.starts_with(value),
            Key::Description => secret.description.as_deref().is_some_and(|text| has_words(value, [text])),
            Key::TagKey => tags().any(|(key, _)| key.starts_with(value)),
            Key::TagValue => tags().any(|(_, text)| text.starts_with(value)),
            Key::PrimaryRegion => primary_region(found).is_some_and(|region| region.starts_with(value)),
            // No service makes secrets of its own here.
            Key::OwningService => false,
            Key::All => {
                let own = [Some(secret.name.as_str()), secret.description.as_deref(), primary_region(found)];
                let tags = tags().flat_map(|(key, text)| [key.as_str(), text.as_str()]);
                has_words(value, own.into_iter().flatten().chain(tags))
            }
        }
    }
}

/// The region of the primary, where the secret is replicated.
pub fn primary_region(found: &Found) -> Option<&str> {
    let own = (!found.secret.replicas().is_empty()).then_some(found.region.as_str());
    own.or(found.secret.primary_region())
}

/// Whether each word of `wanted` begins a word of the texts, whatever the case.
fn has_words<'a>(wanted: &str, texts: impl IntoIterator<Item = &'a str>) -> bool {
    let words: Vec<String> = texts.into_iter().flat_map(words).collect();
    let mut wanted = words_of(wanted).peekable();
    wanted.peek().is_some() && wanted.all(|wanted| words.iter().any(|word| word.starts_with(&wanted)))
}

fn words(text: &str) -> Vec<String> {
    words_of(text).collect()
}

fn words_of(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::{Replica, Replication, Secret};

    fn found() -> Found {
        let secret = Secret {
            name: "app/Db-main".into(),
            suffix: "s".into(),
            created_ms: 0,
            changed_ms: 0,
            description: Some("The Main database".into()),
            kms_key: None,
            partner: None,
            tags: Some(vec![("Stage".into(), "prod-1".into())]),
            policy: None,
            labels: Default::default(),
            versions: 0,
            purge_ms: None,
            rotation: None,
            replication: Some(Replication::Primary {
                replicas: vec![Replica { region: "eu-west-1".into(), kms_key: None, failure: None }],
            }),
        };
        Found { account: "1".into(), region: "us-east-1".into(), secret }
    }

    fn holds(key: &str, values: &[&str]) -> bool {
        let key: Key = wire::Enum::parse(key).expect("a key");
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        let filter = Filter { key: Some(wire::Open::Known(key)), values: Some(values) };
        Filters::read(&[filter]).unwrap().hold(&found())
    }

    #[test]
    fn each_key_looks_at_its_own() {
        assert!(holds("name", &["app/"]) && !holds("name", &["APP"]) && !holds("name", &["Db"]));
        assert!(
            holds("description", &["the main"])
                && holds("description", &["DATA"])
                && !holds("description", &["app"])
        );
        assert!(holds("tag-key", &["Sta"]) && !holds("tag-key", &["sta"]));
        assert!(holds("tag-value", &["prod"]) && !holds("tag-value", &["Stage"]));
        assert!(holds("primary-region", &["us-"]) && !holds("primary-region", &["eu"]));
        assert!(!holds("owning-service", &["rds"]));
        assert!(holds("all", &["db stage"]) && holds("all", &["prod"]) && !holds("all", &["db other"]));
        assert!(!holds("all", &["-"]), "no word");
    }

    #[test]
    fn one_of_the_values_and_none_of_the_negated() {
        assert!(holds("name", &["x", "app"]));
        assert!(!holds("name", &["!app"]) && holds("name", &["!x"]));
        assert!(!holds("name", &["app", "!app/Db"]) && holds("name", &["app", "!app/x"]));
        assert!(Filters::read(&[Filter { key: None, values: Some(vec!["x".into()]) }]).is_err());
        let no_values = Filter { key: Some(wire::Open::Known(Key::Name)), values: Some(vec![]) };
        assert!(Filters::read(&[no_values]).is_err());
    }
}
