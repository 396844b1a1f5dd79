//! One `[[credential]]` of the configuration file: its shape, and what it may hold.

use std::fmt;

use anyhow::{Result, ensure};
use serde::Deserialize;
use zeroize::Zeroizing;

/// An access key of an account's root user, and how S3 names the account.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The key's id: 1 to 128 letters, digits and `-._`.
    pub access_key: String,
    /// What signs.
    pub secret_key: Secret,
    /// 12 digits.
    pub account: String,
    /// The account's canonical user id.
    pub canonical_id: Option<String>,
    /// The account's name, for people.
    pub display_name: Option<String>,
    /// The account's address.
    pub email: Option<String>,
}

/// A secret that is wiped when it is dropped, and never printed.
#[derive(Clone, Deserialize)]
#[serde(try_from = "toml::Value")]
pub struct Secret(pub Zeroizing<String>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// By way of a value, since the deserializer's own error would show what stands there instead of a text.
impl TryFrom<toml::Value> for Secret {
    type Error = &'static str;

    fn try_from(value: toml::Value) -> Result<Self, Self::Error> {
        match value {
            toml::Value::String(text) => Ok(Self(Zeroizing::new(text))),
            _ => Err("a secret is a text"),
        }
    }
}

/// The keyring's limit for ids (IAM API reference: at most 128 characters).
const ACCESS_KEY_MAX: usize = 128;
/// Six times an AWS secret, and four times an object store's.
const SECRET_MAX: usize = 256;
/// Twice the 64 characters of a canonical user id of S3.
const CANONICAL_ID_MAX: usize = 128;
/// What fits a line.
const DISPLAY_NAME_MAX: usize = 128;
/// A path of SMTP, without its brackets (RFC 5321, 4.5.3.1.3).
const EMAIL_MAX: usize = 254;
/// Of keys that IAM and STS make, which are theirs to know.
const ISSUED_PREFIXES: [&str; 2] = ["AKIA", "ASIA"];

impl Entry {
    /// The key's id, if it can be one. It cannot be shown otherwise: it may be a secret at the wrong place.
    pub fn access_key(&self) -> Result<&str> {
        let key = self.access_key.as_str();
        // The id stands before a `/` in a list that `,` parts, unquoted.
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
        ensure!(
            (1..=ACCESS_KEY_MAX).contains(&key.len()) && key.bytes().all(plain),
            "access_key is not 1 to {ACCESS_KEY_MAX} letters, digits, `-`, `.` and `_`"
        );
        Ok(key)
    }

    /// Checks everything that can be said of one entry alone.
    pub fn check(&self) -> Result<()> {
        let key = self.access_key()?;
        ensure!(key != "test" && !is_account(key), "access_key is one of those that everybody has anyway");
        ensure!(
            !ISSUED_PREFIXES.iter().any(|prefix| key.starts_with(prefix)),
            "access_key begins as those that IAM and STS make, with AKIA or ASIA"
        );
        let secret = self.secret_key.0.as_str();
        ensure!(!secret.is_empty(), "secret_key is empty");
        ensure!(is_visible(secret, SECRET_MAX), "secret_key is not 1 to {SECRET_MAX} visible characters");
        ensure!(is_account(&self.account), "account {:?} is not 12 digits", self.account);
        if let Some(id) = &self.canonical_id {
            ensure!(
                is_visible(id, CANONICAL_ID_MAX),
                "canonical_id {id:?} is not 1 to {CANONICAL_ID_MAX} visible characters"
            );
        }
        if let Some(name) = &self.display_name {
            let fits = (1..=DISPLAY_NAME_MAX).contains(&name.chars().count());
            ensure!(
                fits && name.trim() == name && !name.chars().any(char::is_control),
                "display_name {name:?} is not a line of 1 to {DISPLAY_NAME_MAX} characters"
            );
        }
        if let Some(email) = &self.email {
            let parts = email.rsplit_once('@').filter(|(who, at)| !who.is_empty() && !at.is_empty());
            ensure!(is_visible(email, EMAIL_MAX) && parts.is_some(), "email {email:?} is not an address");
        }
        Ok(())
    }
}

/// Visible means ASCII without blanks: what headers carry unchanged.
fn is_visible(text: &str, max: usize) -> bool {
    (1..=max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "access_key = 'key'\nsecret_key = 'hush-hush'\naccount = '111122223333'\n";

    fn parse(text: &str) -> Result<Entry, toml::de::Error> {
        toml::from_str(text)
    }

    /// What is said of an entry of which one line is replaced, or to which one is added.
    fn refusal(name: &str, value: &str) -> String {
        let kept = GOOD.lines().filter(|line| !line.starts_with(name));
        let text: Vec<&str> = kept.collect();
        let text = format!("{}\n{name} = {value}\n", text.join("\n"));
        let why = parse(&text).unwrap().check().unwrap_err().to_string();
        assert!(!why.contains("hush"), "{why}");
        why
    }

    #[test]
    fn whatever_is_wrong_is_named() {
        parse(GOOD).unwrap().check().unwrap();
        for key in ["''", "'a/b'", "'a b'", "'a,b'", "'é'", &format!("'{}'", "a".repeat(129))] {
            assert!(refusal("access_key", key).contains("is not 1 to 128 letters"), "{key}");
        }
        for key in ["'test'", "'111122223333'"] {
            assert!(refusal("access_key", key).contains("everybody has"), "{key}");
        }
        for key in ["'AKIAIOSFODNN7EXAMPLE'", "'ASIA1'"] {
            assert!(refusal("access_key", key).contains("IAM and STS"), "{key}");
        }
        assert_eq!(refusal("secret_key", "''"), "secret_key is empty");
        for secret in ["'hush hush'", "'hush\u{e9}'", &format!("'{}'", "hush".repeat(65))] {
            assert!(refusal("secret_key", secret).contains("visible"), "{secret}");
        }
        for account in ["''", "'11112222333'", "'11112222333x'", "'1111222233334'"] {
            assert!(refusal("account", account).contains("12 digits"), "{account}");
        }
        for id in ["''", "'a b'", &format!("'{}'", "a".repeat(129))] {
            assert!(refusal("canonical_id", id).contains("canonical_id"), "{id}");
        }
        for name in ["''", "' M.'", "\"M.\\n\"", &format!("'{}'", "é".repeat(129))] {
            assert!(refusal("display_name", name).contains("display_name"), "{name}");
        }
        for email in ["''", "'m'", "'@m'", "'m@'", "'m m@example.com'"] {
            assert!(refusal("email", email).contains("is not an address"), "{email}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let entry = parse(GOOD).unwrap();
        assert_eq!(entry.secret_key.0.as_str(), "hush-hush");
        assert!(!format!("{entry:?}").contains("hush"));
        let why = parse("access_key = 'key'\nsecret_key = ['hush']\naccount = '1'").unwrap_err();
        assert_eq!(why.message(), "a secret is a text");
        let why = parse("access_key = 'key'\nsecret_key = 4711\naccount = '1'").unwrap_err();
        assert_eq!(why.message(), "a secret is a text");
    }
}
