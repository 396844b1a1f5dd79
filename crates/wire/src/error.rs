//! Errors that are not in any service's model: those of the protocols themselves, and those every service shares.

use std::borrow::Cow;
use std::fmt;

use kernel::PlatformError;

use crate::model::Protocol;
use crate::schema::ErrorTrait;

/// Why a request could not be read. Each protocol has its own code for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    message: Cow<'static, str>,
    place: Place,
    /// Of a parameter that is to be an integer: its name and its value.
    no_integer: Option<(&'static str, String)>,
}

/// Where a request cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Body,
    /// A parameter of the query string, or a header.
    Parameter,
    Path,
}

impl DecodeError {
    /// Something of the body cannot be read.
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: message.into(), place: Place::Body, no_integer: None }
    }

    /// The same of a parameter that is to be an integer.
    pub(crate) fn no_integer(self, name: &'static str, value: &str) -> Self {
        Self { no_integer: Some((name, value.to_owned())), ..self }
    }

    /// The name and the value of the parameter of the query string that is to be an integer, if that is what is wrong.
    pub fn as_no_integer(&self) -> Option<(&'static str, &str)> {
        self.no_integer.as_ref().map(|(name, value)| (*name, value.as_str()))
    }

    /// The same of a parameter or header.
    pub(crate) fn in_parameter(self) -> Self {
        Self { place: Place::Parameter, ..self }
    }

    /// The same of the path.
    pub(crate) fn in_path(self) -> Self {
        Self { place: Place::Path, ..self }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DecodeError {}

/// An error that any service can answer with. Its code and status depend on the protocol; [`CommonError::resolve`]
/// knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommonError {
    /// Policy does not allow it.
    AccessDenied(String),
    /// The operation is the service's, but not available here.
    NotImplemented {
        /// Endpoint prefix of the service.
        service: &'static str,
        /// Name of the operation.
        operation: String,
    },
    /// The service has no such operation.
    UnknownOperation(String),
    /// The request names no operation at all.
    NoOperation,
    /// The request could not be read.
    Malformed(DecodeError),
    /// The input breaks the model's constraints.
    Validation(String),
    /// Too many requests.
    Throttling(String),
    /// Something here is broken; the details are in the log, not in the answer.
    InternalFailure,
    /// It cannot be done now, but later perhaps.
    ServiceUnavailable(String),
    /// The request is larger than the gateway takes.
    RequestTooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// A code of its own: authentication, and errors that a service documents outside its model.
    Coded {
        /// The code in the JSON protocols and REST.
        code: Cow<'static, str>,
        /// The code in the query protocol and for its older clients, where it differs.
        query_code: Option<&'static str>,
        /// HTTP status.
        status: u16,
        /// The text.
        message: String,
    },
    /// The same, with facts of its own.
    Detailed(Box<Detailed>),
}

/// An error that says more than code and text, as those of S3 do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detailed {
    /// The code.
    pub code: Cow<'static, str>,
    /// HTTP status.
    pub status: u16,
    /// The text.
    pub message: Cow<'static, str>,
    /// Elements beside code and text, in order. XML protocols write them.
    pub members: Vec<(&'static str, String)>,
    /// Headers. Those whose value cannot stand in one are left out.
    pub headers: Vec<(&'static str, String)>,
}

impl Detailed {
    /// An error without details as yet.
    pub fn new(
        code: impl Into<Cow<'static, str>>,
        status: u16,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { code: code.into(), status, message: message.into(), members: Vec::new(), headers: Vec::new() }
    }

    /// The same with one element more.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.members.push((name, value.into()));
        self
    }

    /// The same with one header more.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl CommonSource for Detailed {
    fn into_common(self) -> CommonError {
        CommonError::Detailed(Box::new(self))
    }
}

/// What a protocol writes for a [`CommonError`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved<'a> {
    /// The code.
    pub code: &'a str,
    /// The older code, where it differs.
    pub query_code: Option<&'a str>,
    /// HTTP status.
    pub status: u16,
    /// The text.
    pub message: Cow<'a, str>,
}

impl CommonError {
    /// An error with a code of its own.
    pub fn coded(code: impl Into<Cow<'static, str>>, status: u16, message: impl Into<String>) -> Self {
        Self::Coded { code: code.into(), query_code: None, status, message: message.into() }
    }

    /// Code, status and text in `protocol`, as the "Common Errors" pages of the API references list them.
    pub fn resolve(&self, protocol: Protocol) -> Resolved<'_> {
        let (code, status, message) = self.in_protocol(protocol);
        let query_code = Some(self.in_protocol(Protocol::Query).0).filter(|query_code| *query_code != code);
        Resolved { code, query_code, status, message }
    }

    fn in_protocol(&self, protocol: Protocol) -> (&str, u16, Cow<'_, str>) {
        use Protocol::{Ec2, Json10, Json11, Query, RestJson, RestXml, RpcCbor};
        let json = matches!(protocol, Json10 | Json11 | RestJson | RpcCbor);
        let unknown_operation = match protocol {
            Query | Ec2 => ("InvalidAction", 400),
            RestXml => ("MethodNotAllowed", 405),
            RestJson | RpcCbor => ("UnknownOperationException", 404),
            Json10 | Json11 => ("UnknownOperationException", 400),
        };
        let (code, status, message): (&str, u16, Cow<'_, str>) = match self {
            Self::AccessDenied(message) => match protocol {
                Json10 | Json11 | RpcCbor => ("AccessDeniedException", 400, message.into()),
                RestJson => ("AccessDeniedException", 403, message.into()),
                Query | RestXml => ("AccessDenied", 403, message.into()),
                Ec2 => ("UnauthorizedOperation", 403, message.into()),
            },
            Self::NotImplemented { service, operation } => {
                ("NotImplemented", 501, format!("{service}:{operation} is not implemented.").into())
            }
            Self::UnknownOperation(message) => (unknown_operation.0, unknown_operation.1, message.into()),
            Self::NoOperation => {
                (unknown_operation.0, unknown_operation.1, "The request names no operation.".into())
            }
            Self::Malformed(error) => match protocol {
                Query | Ec2 => ("MalformedInput", 400, error.message.as_ref().into()),
                RestXml => {
                    let code = match error.place {
                        Place::Body => "MalformedXML",
                        Place::Parameter => "InvalidArgument",
                        Place::Path => "InvalidURI",
                    };
                    (code, 400, error.message.as_ref().into())
                }
                _ => ("SerializationException", 400, error.message.as_ref().into()),
            },
            Self::Validation(message) => {
                let code = if json { "ValidationException" } else { "ValidationError" };
                (code, 400, message.into())
            }
            Self::Throttling(message) => {
                let code = if json { "ThrottlingException" } else { "Throttling" };
                (code, 400, message.into())
            }
            Self::InternalFailure => {
                let code = match protocol {
                    RestXml | Ec2 => "InternalError",
                    _ => "InternalFailure",
                };
                (code, 500, "We encountered an internal error. Please try again.".into())
            }
            Self::ServiceUnavailable(message) => {
                let code = if json { "ServiceUnavailableException" } else { "ServiceUnavailable" };
                (code, 503, message.into())
            }
            Self::RequestTooLarge { limit } => {
                ("RequestEntityTooLarge", 413, format!("The request is larger than {limit} bytes.").into())
            }
            Self::Coded { code, query_code, status, message } => match (protocol, query_code) {
                (Query, Some(query_code)) => (query_code, *status, message.into()),
                _ => (code, *status, message.into()),
            },
            Self::Detailed(error) => (&*error.code, error.status, error.message.as_ref().into()),
        };
        (code, status, message)
    }
}

/// What becomes a [`CommonError`], and with it any service's error: common errors themselves, and failures of
/// the platform.
pub trait CommonSource {
    /// The common error.
    fn into_common(self) -> CommonError;
}

impl CommonSource for CommonError {
    fn into_common(self) -> CommonError {
        self
    }
}

impl<T: PlatformError> CommonSource for T {
    fn into_common(self) -> CommonError {
        match self.try_later() {
            Some(text) => {
                tracing::warn!(error = %self, "refused for now");
                CommonError::ServiceUnavailable(text.to_owned())
            }
            None => {
                tracing::error!(error = %self, "internal failure");
                CommonError::InternalFailure
            }
        }
    }
}

impl Resolved<'_> {
    /// Whether the caller is at fault.
    pub fn sender(&self) -> bool {
        self.status < 500
    }
}

impl ErrorTrait {
    /// The code that the query protocol and its older clients know.
    pub fn query_code(&self) -> &'static str {
        self.query_code.unwrap_or(self.code)
    }
}
