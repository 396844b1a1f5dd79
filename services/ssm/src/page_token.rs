//! Tokens that say where the next page of a list begins.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model_ssm::Error;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::limits::TOKEN_CHARS_MAX;

/// The last thing looked at, and what was asked for, which must not change between pages.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PageToken {
    last: String,
    of: String,
}

/// What is listed, in few characters.
pub fn question(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    URL_SAFE_NO_PAD.encode(&hash.finalize()[..12])
}

/// A token for the page behind `last`.
pub fn write(last: &str, question: &str) -> String {
    let token = PageToken { last: last.to_owned(), of: question.to_owned() };
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&token).unwrap_or_default())
}

/// What the page begins behind; `None` for the first.
pub fn read(token: Option<&str>, question: &str) -> Result<Option<String>, Error> {
    // An empty token asks for the first page, as answers write it where no more is to come.
    let Some(text) = token.filter(|text| !text.is_empty()) else { return Ok(None) };
    let bytes = (text.len() <= TOKEN_CHARS_MAX).then(|| URL_SAFE_NO_PAD.decode(text).ok()).flatten();
    let token: Option<PageToken> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    match token {
        Some(token) if token.of == question => Ok(Some(token.last)),
        _ => Err(Error::invalid_next_token("The specified token is not valid.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        let asked = question(&["GetParametersByPath", "/a"]);
        let token = write("a/b", &asked);
        assert_eq!(read(Some(&token), &asked).unwrap().as_deref(), Some("a/b"));
        assert!(read(None, &asked).unwrap().is_none() && read(Some(""), &asked).unwrap().is_none());
        let other = question(&["GetParametersByPath/", "a"]);
        let longest = "x".repeat(TOKEN_CHARS_MAX + 1);
        for (token, of) in [(token.as_str(), &other), ("x", &asked), (&longest, &asked), ("e30", &asked)] {
            assert!(matches!(read(Some(token), of), Err(Error::InvalidNextToken(_))));
        }
        assert!(write(&"x".repeat(1011), &asked).len() <= TOKEN_CHARS_MAX);
    }
}
