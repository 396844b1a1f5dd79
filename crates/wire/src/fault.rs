//! An operation's error, as the codecs see it.

use std::borrow::Cow;

use crate::error::{CommonError, Detailed};
use crate::model::Protocol;
use crate::value::{Structure, View};

/// An error to be sent: one of the service's model, or one that every service shares.
#[derive(Clone, Copy)]
pub enum Fault<'a> {
    /// A structure of the model that has the error trait.
    Modelled(&'a dyn Structure),
    /// Any other.
    Common(&'a CommonError),
}

/// A service's generated error.
pub trait ServiceError: From<CommonError> + std::fmt::Debug + Send + 'static {
    /// As the codecs take it.
    fn fault(&self) -> Fault<'_>;
}

/// What every protocol has to say of an error.
pub(crate) struct FaultFacts<'a> {
    pub code: &'a str,
    /// The code for clients of the query protocol.
    pub query_code: &'a str,
    pub status: u16,
    pub sender: bool,
    pub message: Option<Cow<'a, str>>,
    pub structure: Option<&'a dyn Structure>,
    pub detailed: Option<&'a Detailed>,
}

impl<'a> Fault<'a> {
    /// The code.
    pub fn code(&self, protocol: Protocol) -> &'a str {
        self.facts(protocol).code
    }

    /// The code that clients of the query protocol know.
    pub fn query_code(&self) -> &'a str {
        self.facts(Protocol::Query).query_code
    }

    /// The HTTP status.
    pub fn status(&self, protocol: Protocol) -> u16 {
        self.facts(protocol).status
    }

    /// The text; empty where there is none.
    pub fn message(&self, protocol: Protocol) -> Cow<'a, str> {
        self.facts(protocol).message.unwrap_or_default()
    }

    pub(crate) fn facts(self, protocol: Protocol) -> FaultFacts<'a> {
        match self {
            Self::Common(error) => {
                let resolved = error.resolve(protocol);
                FaultFacts {
                    code: resolved.code,
                    query_code: resolved.query_code.unwrap_or(resolved.code),
                    status: resolved.status,
                    sender: resolved.sender(),
                    message: Some(resolved.message),
                    structure: None,
                    detailed: match error {
                        CommonError::Detailed(detailed) => Some(detailed),
                        _ => None,
                    },
                }
            }
            Self::Modelled(structure) => {
                let schema = structure.schema();
                let error = schema.error.expect("only structures with the error trait are faults");
                FaultFacts {
                    code: error.code,
                    query_code: error.query_code(),
                    status: error.status,
                    sender: error.sender,
                    message: match error.query_message {
                        Some(text) if protocol == Protocol::Query => Some(text.into()),
                        _ => message(structure),
                    },
                    structure: Some(structure),
                    detailed: None,
                }
            }
        }
    }
}

/// The member that holds the text: `message` in most models, `Message` in some.
fn message(structure: &dyn Structure) -> Option<Cow<'_, str>> {
    let at = structure.schema().members.iter().position(|m| m.name.eq_ignore_ascii_case("message"))?;
    match structure.get(at).view() {
        View::Text(text) => Some(text.into()),
        _ => None,
    }
}
