//! Errors and their texts. None of them holds a parameter's value.

use model_ssm::{Error, types};
use wire::CommonError;

service::failure!(Error, of_store);

fn of_store(error: store::Error) -> Error {
    match error {
        store::Error::Contention => Error::too_many_updates(
            "The parameter is being changed by too many requests at once. Please try again.",
        ),
        error => error.into(),
    }
}

/// Stored bytes that are not what was written.
pub fn corrupt(error: impl ToString) -> store::Error {
    store::Error::Corrupt(error.to_string())
}

/// `ValidationException`, which the model does not have.
pub fn invalid(message: impl Into<String>) -> Error {
    CommonError::Validation(message.into()).into()
}

/// The parameter is not there. The service says no more than that.
pub fn not_found() -> Error {
    types::ParameterNotFound::default().into()
}

/// A version is not there.
pub fn no_version(name: &str, version: i64) -> Error {
    Error::parameter_version_not_found(format!(
        "Systems Manager could not find version {version} of {name}. Verify the version and try again."
    ))
}

/// A label is not there.
pub fn no_label(name: &str, label: &str) -> Error {
    Error::parameter_version_not_found(format!(
        "Systems Manager could not find label {label} of {name}. Verify the label and try again."
    ))
}

/// `InvalidFilterKey` with a text, for which the model has no member.
pub fn invalid_filter_key(message: impl Into<String>) -> Error {
    CommonError::coded("InvalidFilterKey", 400, message).into()
}

/// `InvalidResourceId` with a text, for which the model has no member.
pub fn invalid_resource_id() -> Error {
    let message = "The resource ID is not valid. Verify that you entered the correct ID and try again.";
    CommonError::coded("InvalidResourceId", 400, message).into()
}
