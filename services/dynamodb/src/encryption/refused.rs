//! What KMS refuses, as this service passes it on.

use wire::{CommonError, Fault, Protocol, ServiceError as _};

/// Why a table's key cannot be had.
#[derive(Clone, Debug)]
pub enum Refused {
    /// The KMS key is of no use now.
    Key(String),
    /// The caller may not use it.
    Denied(String),
    /// It is of no use ever: what the real service calls an error of its own.
    Unfit(String),
    /// It has nothing to do with the key.
    Other(CommonError),
}

impl Refused {
    /// Of an error of KMS. Texts are as recorded from the real service.
    pub fn of(error: &model_kms::Error, request_id: &str) -> Self {
        let fault = error.fault();
        let (code, text) = (fault.code(Protocol::Json11), fault.message(Protocol::Json11));
        let status = fault.status(Protocol::Json11);
        let said = |what: &str, class: &str| {
            format!(
                "{what}: com.amazonaws.services.kms.model.{class}: {text} (Service: AWSKMS; Status Code: {status}; Error Code: \
                 {code}; Request ID: {request_id}; Proxy: null)"
            )
        };
        match fault {
            Fault::Modelled(_) if code == "DisabledException" => {
                Self::Key(said("KMS key disabled error", code))
            }
            Fault::Modelled(_) if status >= 500 => Self::Other(CommonError::InternalFailure),
            Fault::Modelled(_) => Self::Key(said("KMS validation error", code)),
            Fault::Common(CommonError::AccessDenied(_)) => {
                Self::Denied(said("KMS key access denied error", "AWSKMSException"))
            }
            Fault::Common(CommonError::Validation(_)) => {
                Self::Unfit(said("KMS internal error", "AWSKMSException"))
            }
            Fault::Common(other) => Self::Other(other.clone()),
        }
    }

    /// A key that is not for encryption with an encryption context.
    pub fn unfit(request_id: &str) -> Self {
        let text =
            "EncryptionContext is supported only when creating a grant for a symmetric encryption KMS key.";
        Self::of(&CommonError::Validation(text.to_owned()).into(), request_id)
    }

    /// Whether it is the key that is of no use, rather than something here.
    pub fn is_of_key(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

impl From<store::Error> for Refused {
    fn from(error: store::Error) -> Self {
        tracing::error!(%error, "the key of a table cannot be read");
        Self::Other(CommonError::InternalFailure)
    }
}

impl Refused {
    /// As a service says it; `internal` is its error of its own.
    fn said<E: From<CommonError>>(self, internal: impl FnOnce(String) -> E) -> E {
        match self {
            Self::Key(text) => CommonError::Validation(text).into(),
            Self::Denied(text) => CommonError::AccessDenied(text).into(),
            Self::Unfit(text) => internal(text),
            Self::Other(error) => error.into(),
        }
    }
}

impl From<Refused> for model_dynamodb::Error {
    fn from(refused: Refused) -> Self {
        refused.said(Self::internal_server_error)
    }
}

impl From<Refused> for model_dynamodbstreams::Error {
    fn from(refused: Refused) -> Self {
        refused.said(Self::internal_server_error)
    }
}
