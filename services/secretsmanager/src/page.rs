//! Tokens that say where the next page of a list begins.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model_secretsmanager::Error;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The model's longest token; a name and what it is sorted by are far shorter.
const TOKEN_CHARS_MAX: usize = 4096;

/// Where a page ended, and a digest of what was asked for, which must not change between pages.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Token<T> {
    last: T,
    of: String,
}

/// A token for the page behind `last`.
pub fn encode<T: Serialize>(last: T, asked: &str) -> String {
    let token = Token { last, of: digest(asked) };
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&token).unwrap_or_default())
}

/// What a token says, if it belongs to the same request.
pub fn decode<T: DeserializeOwned>(token: Option<&str>, asked: &str) -> Result<Option<T>, Error> {
    let Some(text) = token else { return Ok(None) };
    let read = || {
        let bytes = (text.len() <= TOKEN_CHARS_MAX).then(|| URL_SAFE_NO_PAD.decode(text).ok())??;
        serde_json::from_slice::<Token<T>>(&bytes).ok()
    };
    match read() {
        Some(token) if token.of == digest(asked) => Ok(Some(token.last)),
        _ => Err(Error::invalid_next_token_exception("The NextToken value is invalid.")),
    }
}

/// How many entries a page has.
pub fn size(max: Option<i32>, usual: usize) -> usize {
    max.and_then(|max| usize::try_from(max).ok()).filter(|max| *max > 0).unwrap_or(usual)
}

fn digest(asked: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, asked.as_bytes());
    URL_SAFE_NO_PAD.encode(&digest.as_ref()[..9])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_belong_to_their_request() {
        let token = encode((5, "name"), "a");
        assert_eq!(decode::<(i64, String)>(Some(&token), "a").unwrap(), Some((5, "name".into())));
        assert!(decode::<(i64, String)>(Some(&token), "b").is_err());
        assert!(decode::<(i64, String)>(Some("nonsense"), "a").is_err());
        assert_eq!(decode::<(i64, String)>(None, "a").unwrap(), None);
        assert_eq!((size(None, 100), size(Some(7), 100)), (100, 7));
    }
}
