//! Errors and their texts.

use model_secretsmanager::Error;
use wire::{CommonError, Protocol, ServiceError};

service::failure!(
    Error,
    of_store,
    /// What was prepared for the transaction is out of date: prepare it again.
    Stale => busy(),
);

/// Stored bytes that are not what was written.
pub fn corrupt(error: impl ToString) -> store::Error {
    store::Error::Corrupt(error.to_string())
}

/// What a caller is told of a store that does not do its work; the log is told everything.
pub fn of_store(error: store::Error) -> Error {
    tracing::error!(%error, "the store failed");
    match error {
        store::Error::Contention | store::Error::Conflict | store::Error::TooOld => busy(),
        store::Error::Full | store::Error::ReadOnly | store::Error::Closed => {
            CommonError::ServiceUnavailable("The service cannot keep data at the moment.".into()).into()
        }
        _ => Error::internal_service_error("An internal service error occurred."),
    }
}

fn busy() -> Error {
    CommonError::ServiceUnavailable("The secret is changed by too many at once. Please try again.".into())
        .into()
}

/// The input is not what its parameter takes.
pub fn invalid(message: impl Into<String>) -> Error {
    Error::invalid_parameter_exception(message)
}

/// The secret is not in a state for it.
pub fn refused(message: impl Into<String>) -> Error {
    Error::invalid_request_exception(message)
}

/// There is no such secret.
pub fn not_found() -> Error {
    Error::resource_not_found_exception("Secrets Manager can't find the specified secret.")
}

/// The secret has no such version, or it has no value.
pub fn no_version(id: &str) -> Error {
    Error::resource_not_found_exception(format!(
        "Secrets Manager can't find the specified secret value for VersionId: {id}"
    ))
}

/// No version with a value has the label.
pub fn no_label(label: &str) -> Error {
    Error::resource_not_found_exception(format!(
        "Secrets Manager can't find the specified secret value for staging label: {label}"
    ))
}

/// A name with other characters.
pub fn bad_name() -> Error {
    CommonError::Validation(
        "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"
            .into(),
    )
    .into()
}

/// The secret waits for its removal.
pub fn marked() -> Error {
    refused("You can't perform this operation on the secret because it was marked for deletion.")
}

/// The secret follows one in another region.
pub fn replica() -> Error {
    invalid("Operation not permitted on a replica secret. Call must be made in primary secret's region.")
}

/// The token is that of another value.
pub fn token_taken(token: &str, arn: &str) -> Error {
    Error::resource_exists_exception(format!(
        "You can't use ClientRequestToken {token} because that value is already in use for a version of secret {arn}."
    ))
}

/// Code and text of an error, for the answer of a batch.
pub fn code_and_text(error: &Error) -> (String, String) {
    let fault = error.fault();
    (fault.code(Protocol::Json11).to_owned(), fault.message(Protocol::Json11).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_text_of_every_kind() {
        let (code, text) = code_and_text(&no_label("AWSCURRENT"));
        assert_eq!(code, "ResourceNotFoundException");
        assert_eq!(
            text,
            "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT"
        );
        let denied = CommonError::AccessDenied("no".into()).into();
        assert_eq!(code_and_text(&denied), ("AccessDeniedException".into(), "no".into()));
        assert_eq!(code_and_text(&bad_name()).0, "ValidationException");
    }
}
