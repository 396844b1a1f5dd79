//! Tokens of grants: they name a grant, for as long as other regions of a larger cloud would not know it yet. Here a
//! grant counts from the commit that makes it on, so a token is needed only to retire one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kernel::Arn;
use model_kms::Error;
use serde::{Deserialize, Serialize};

use crate::key_id::key_arn;

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantToken {
    pub account: String,
    pub region: String,
    pub key_id: String,
    pub grant_id: String,
    /// Each token is another, also for the same grant.
    pub nonce: String,
}

impl GrantToken {
    pub fn encode(&self) -> String {
        STANDARD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads a token; the model bounds its length.
    pub fn decode(text: &str) -> Option<Self> {
        serde_json::from_slice(&STANDARD.decode(text).ok()?).ok()
    }

    pub fn key_arn(&self) -> Arn {
        key_arn(&self.account, &self.region, &self.key_id)
    }
}

/// Checks tokens that a request brings along. What they name counts already.
pub fn check(tokens: Option<&[String]>) -> Result<(), Error> {
    if tokens.into_iter().flatten().all(|token| GrantToken::decode(token).is_some()) {
        return Ok(());
    }
    Err(bad_token())
}

/// A token that is none.
pub fn bad_token() -> Error {
    Error::invalid_grant_token_exception("The grant token is not valid.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_name_grants() {
        let token = GrantToken {
            account: "123456789012".into(),
            region: "us-east-1".into(),
            key_id: "k".into(),
            grant_id: "g".into(),
            nonce: "n".into(),
        };
        let text = token.encode();
        assert_eq!(GrantToken::decode(&text), Some(token));
        assert!(check(Some(&[text])).is_ok() && check(None).is_ok());
        assert!(check(Some(&["nonsense".into()])).is_err());
    }
}
