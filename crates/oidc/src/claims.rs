//! What a token claims.

use std::collections::BTreeMap;

use kernel::Timestamp;
use serde_json::{Map, Value};

use crate::verify::TokenError;

/// Claims of a token that condition keys can show: their number and the characters of one, so that no token fills a
/// request's context. Tokens in use have some thirty.
const SHOWN_MAX: usize = 100;
const VALUE_MAX: usize = 2048;
/// How far the issuer's clock may be ahead, in seconds.
const SKEW_SECS: i64 = 60;

/// Where AWS looks for what a session is to have.
const TAGS: &str = "https://aws.amazon.com/tags";
const SOURCE_IDENTITY: &str = "https://aws.amazon.com/source_identity";

/// The claims of a token whose signature is right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// `sub`
    pub subject: String,
    /// `aud`
    pub audiences: Vec<String>,
    /// `azp`: whom the token was issued to, where that is not whom it is for.
    pub authorized_party: Option<String>,
    /// Every claim that is a text, number or boolean, or a list of such, written out.
    pub values: BTreeMap<String, Vec<String>>,
    /// Tags for the session (`https://aws.amazon.com/tags`, `principal_tags`).
    pub tags: BTreeMap<String, String>,
    /// Keys of those that pass on (`transitive_tag_keys`).
    pub transitive_tags: Vec<String>,
    /// Who is behind the session (`https://aws.amazon.com/source_identity`).
    pub source_identity: Option<String>,
}

/// The issuer that a token names, which nothing vouches for yet. Nothing where it is no token.
pub fn issuer_of(token: &str) -> Option<String> {
    let claims: Map<String, Value> = jsonwebtoken::dangerous::insecure_decode_claims(token).ok()?;
    Some(text(&claims, "iss")?.to_owned())
}

impl Claims {
    /// Reads the claims of a token of this issuer, good at the time `now`.
    pub(crate) fn read(
        claims: &Map<String, Value>,
        issuer: &str,
        now: Timestamp,
    ) -> Result<Self, TokenError> {
        if text(claims, "iss") != Some(issuer) {
            return Err(TokenError::Issuer);
        }
        check_times(claims, now.secs())?;
        let subject = text(claims, "sub").filter(|sub| !sub.is_empty()).ok_or(TokenError::Missing("sub"))?;
        let audiences = written(claims.get("aud").ok_or(TokenError::Missing("aud"))?);
        let audiences = audiences.filter(|list| !list.is_empty()).ok_or(TokenError::Missing("aud"))?;
        let values = claims
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), written(value)?)))
            .take(SHOWN_MAX)
            .collect();
        let (tags, transitive_tags) = tags(claims)?;
        Ok(Self {
            subject: subject.to_owned(),
            audiences,
            authorized_party: text(claims, "azp").map(str::to_owned),
            values,
            tags,
            transitive_tags,
            source_identity: text(claims, SOURCE_IDENTITY).map(str::to_owned),
        })
    }
}

fn check_times(claims: &Map<String, Value>, now: i64) -> Result<(), TokenError> {
    let expires = seconds(claims, "exp")?.ok_or(TokenError::Missing("exp"))?;
    if now >= expires {
        return Err(TokenError::Expired { now, expires });
    }
    for name in ["nbf", "iat"] {
        if seconds(claims, name)?.is_some_and(|from| from > now + SKEW_SECS) {
            return Err(TokenError::NotYet);
        }
    }
    Ok(())
}

/// A time in seconds since 1970; some issuers write fractions.
fn seconds(claims: &Map<String, Value>, name: &'static str) -> Result<Option<i64>, TokenError> {
    match claims.get(name) {
        None => Ok(None),
        Some(value) => {
            let number = value.as_i64().or_else(|| value.as_f64().map(|number| number as i64));
            number.map(Some).ok_or(TokenError::Unreadable(name))
        }
    }
}

fn text<'c>(claims: &'c Map<String, Value>, name: &str) -> Option<&'c str> {
    claims.get(name)?.as_str().filter(|text| text.len() <= VALUE_MAX)
}

/// A claim written out, if it is one value or a list of such.
fn written(value: &Value) -> Option<Vec<String>> {
    let one = |value: &Value| match value {
        Value::String(text) if text.len() <= VALUE_MAX => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    };
    match value {
        Value::Array(list) if list.len() <= SHOWN_MAX => list.iter().map(one).collect(),
        value => Some(vec![one(value)?]),
    }
}

type Tags = (BTreeMap<String, String>, Vec<String>);

/// Tags, nested in one claim or, for issuers that cannot do so, flat in claims of their own.
fn tags(claims: &Map<String, Value>) -> Result<Tags, TokenError> {
    let unreadable = TokenError::Unreadable(TAGS);
    let mut tags = BTreeMap::new();
    let mut transitive = Vec::new();
    if let Some(nested) = claims.get(TAGS) {
        let nested = nested.as_object().ok_or(unreadable.clone())?;
        if let Some(own) = nested.get("principal_tags") {
            for (key, value) in own.as_object().ok_or(unreadable.clone())? {
                tags.insert(key.clone(), single(value).ok_or(unreadable.clone())?);
            }
        }
        if let Some(keys) = nested.get("transitive_tag_keys") {
            transitive = written(keys).ok_or(unreadable.clone())?;
        }
    }
    for (name, value) in claims {
        let Some(rest) = name.strip_prefix(TAGS).and_then(|rest| rest.strip_prefix('/')) else { continue };
        if let Some(key) = rest.strip_prefix("principal_tags/") {
            tags.insert(key.to_owned(), single(value).ok_or(unreadable.clone())?);
        } else if rest == "transitive_tag_keys" {
            transitive = written(value).ok_or(unreadable.clone())?;
        }
    }
    Ok((tags, transitive))
}

/// The value of a tag, which stands in a list of one.
fn single(value: &Value) -> Option<String> {
    let mut values = written(value)?;
    if values.len() == 1 { values.pop() } else { None }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_000_000);

    fn read(change: impl FnOnce(&mut Map<String, Value>)) -> Result<Claims, TokenError> {
        let mut claims = json!({
            "iss": "https://i", "sub": "s", "aud": "a", "exp": 1_000_001, "nbf": 999_999, "iat": 999_999,
        });
        change(claims.as_object_mut().unwrap());
        Claims::read(claims.as_object().unwrap(), "https://i", NOW)
    }

    fn with(name: &str, value: Value) -> Result<Claims, TokenError> {
        read(|claims| {
            claims.insert(name.to_owned(), value);
        })
    }

    fn without(name: &str) -> Result<Claims, TokenError> {
        read(|claims| {
            claims.remove(name);
        })
    }

    #[test]
    fn what_must_be_there() {
        assert_eq!(read(|_| {}).unwrap().subject, "s");
        for name in ["sub", "aud", "exp"] {
            assert_eq!(without(name), Err(TokenError::Missing(name)));
        }
        assert_eq!(without("iss"), Err(TokenError::Issuer));
        assert_eq!(with("iss", json!("https://i/")), Err(TokenError::Issuer));
        assert_eq!(with("sub", json!("")), Err(TokenError::Missing("sub")));
        assert_eq!(with("aud", json!([])), Err(TokenError::Missing("aud")));
        assert_eq!(with("aud", json!([{}])), Err(TokenError::Missing("aud")));
    }

    #[test]
    fn times() {
        assert_eq!(
            with("exp", json!(1_000_000)),
            Err(TokenError::Expired { now: 1_000_000, expires: 1_000_000 })
        );
        assert!(with("exp", json!(1_000_001.5)).is_ok());
        assert_eq!(with("exp", json!("1000001")), Err(TokenError::Unreadable("exp")));
        assert!(with("nbf", json!(1_000_060)).is_ok());
        assert_eq!(with("nbf", json!(1_000_061)), Err(TokenError::NotYet));
        assert_eq!(with("iat", json!(1_000_061)), Err(TokenError::NotYet));
        assert!(without("iat").is_ok() && without("nbf").is_ok());
    }

    #[test]
    fn values_are_written_out() {
        let claims = with("n", json!([1, true, "x"])).unwrap();
        assert_eq!(claims.values["n"], ["1", "true", "x"]);
        assert_eq!(claims.values["exp"], ["1000001"]);
        assert!(!with("o", json!({"a": 1})).unwrap().values.contains_key("o"));
        assert_eq!(with("aud", json!(["a", "b"])).unwrap().audiences, ["a", "b"]);
        let many = read(|claims| claims.extend((0..1000).map(|n| (format!("c{n}"), json!(n))))).unwrap();
        assert_eq!(many.values.len(), SHOWN_MAX);
    }

    #[test]
    fn tags_nested_and_flat() {
        let nested =
            with(TAGS, json!({"principal_tags": {"Team": ["red"]}, "transitive_tag_keys": ["Team"]}))
                .unwrap();
        assert_eq!(
            (nested.tags["Team"].as_str(), nested.transitive_tags.as_slice()),
            ("red", &["Team".to_owned()][..])
        );
        let flat = with("https://aws.amazon.com/tags/principal_tags/Team", json!("blue")).unwrap();
        assert_eq!(flat.tags["Team"], "blue");
        for bad in
            [json!("x"), json!({"principal_tags": {"Team": ["red", "blue"]}}), json!({"principal_tags": []})]
        {
            assert_eq!(with(TAGS, bad), Err(TokenError::Unreadable(TAGS)));
        }
        assert_eq!(with(SOURCE_IDENTITY, json!("ann")).unwrap().source_identity.as_deref(), Some("ann"));
    }
}
