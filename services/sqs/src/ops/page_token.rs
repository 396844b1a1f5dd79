//! Tokens that say where the next page of a list begins.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model_sqs::Error;
use serde::{Deserialize, Serialize};

use crate::error::invalid;
use crate::limits::LIST_MAX;

/// The last name listed, and what was asked for, which must not change between pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageToken {
    pub last: String,
    pub of: String,
}

/// No name and no prefix is longer, so no token is.
const TOKEN_CHARS_MAX: usize = 2048;

/// A checked request for a page: how many, and behind which name.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    pub max: usize,
    /// Whether the caller counts: only then a list is continued.
    pub counted: bool,
    pub after: Option<String>,
}

impl PageToken {
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    fn decode(text: &str) -> Option<Self> {
        let bytes = (text.len() <= TOKEN_CHARS_MAX).then(|| URL_SAFE_NO_PAD.decode(text).ok())??;
        serde_json::from_slice(&bytes).ok()
    }
}

/// Checks what a request says of pages. `of` is what is listed, `garbage` the text that refuses a strange token.
pub fn check(max: Option<i32>, token: Option<&str>, of: &str, garbage: &str) -> Result<Page, Error> {
    let range = 1..=LIST_MAX;
    let counted = match max {
        None => None,
        Some(max) => {
            let max = usize::try_from(max).ok().filter(|max| range.contains(max));
            Some(max.ok_or_else(|| {
                invalid(
                    "Value for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 and \
                     1000.",
                )
            })?)
        }
    };
    let Some(token) = token else {
        return Ok(Page { max: counted.unwrap_or(LIST_MAX), counted: counted.is_some(), after: None });
    };
    let Some(max) = counted else {
        return Err(invalid("MaxResults is a mandatory parameter when you provide a value for NextToken."));
    };
    let token = PageToken::decode(token).ok_or_else(|| invalid(garbage))?;
    if token.of != of {
        return Err(invalid(
            "Invalid NextToken value. If you are passing in NextToken, you must not change the other request \
             parameters.",
        ));
    }
    Ok(Page { max, counted: true, after: Some(token.last) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_belong_to_their_list() {
        let token = PageToken { last: "b".into(), of: "x".into() }.encode();
        let page = check(Some(2), Some(&token), "x", "garbage").unwrap();
        assert_eq!(page, Page { max: 2, counted: true, after: Some("b".into()) });
        assert!(check(Some(2), Some(&token), "y", "garbage").is_err());
        assert!(check(None, Some(&token), "x", "garbage").is_err());
        assert!(check(Some(2), Some("nonsense"), "x", "garbage").is_err());
        assert!(check(Some(0), None, "x", "").is_err() && check(Some(1001), None, "x", "").is_err());
        assert_eq!(check(None, None, "x", "").unwrap(), Page { max: 1000, counted: false, after: None });
    }
}
