//! Why a document is not a policy.

use std::fmt;

/// A refused document: the sentence the service answers with (`MalformedPolicyDocument`) and the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    message: String,
    place: String,
}

impl PolicyError {
    pub(crate) fn new(message: impl Into<String>, place: impl Into<String>) -> Self {
        Self { message: message.into(), place: place.into() }
    }

    /// A breach of the grammar.
    pub(crate) fn syntax(place: impl Into<String>) -> Self {
        Self::new("Syntax errors in policy.", place)
    }

    /// A value that the grammar allows and its reader refuses.
    pub(crate) fn legacy(place: impl Into<String>) -> Self {
        Self::new("The policy failed legacy parsing", place)
    }

    /// The sentence the service answers with.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where in the document, as in `Statement[2].Condition.Bool.aws:SecureTransport`.
    pub fn place(&self) -> &str {
        &self.place
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for PolicyError {}
