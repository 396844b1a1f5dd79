//! Errors and their texts.

use model_sqs::Error;
use wire::{CommonError, Protocol, ServiceError};

service::failure!(Error, of_store);

/// Stored bytes that are not what was written.
pub fn corrupt(error: impl ToString) -> store::Error {
    store::Error::Corrupt(error.to_string())
}

/// What a caller is told of a store that does not do its work; the log is told everything.
pub fn of_store(error: store::Error) -> Error {
    tracing::error!(%error, "the store failed");
    match error {
        store::Error::Contention | store::Error::Conflict | store::Error::TooOld => {
            CommonError::ServiceUnavailable("The queue is too busy. Please try again.".into()).into()
        }
        store::Error::Full | store::Error::ReadOnly | store::Error::Closed => {
            CommonError::ServiceUnavailable("The service cannot keep data at the moment.".into()).into()
        }
        _ => CommonError::InternalFailure.into(),
    }
}

/// `InvalidParameterValue`, which the model does not have.
pub fn invalid(message: impl Into<String>) -> Error {
    let code = "InvalidParameterValueException".into();
    CommonError::Coded {
        code,
        query_code: Some("InvalidParameterValue"),
        status: 400,
        message: message.into(),
    }
    .into()
}

/// `InvalidParameterValue` in the usual words.
pub fn invalid_value(value: impl std::fmt::Display, parameter: &str, reason: &str) -> Error {
    invalid(format!("Value {value} for parameter {parameter} is invalid. Reason: {reason}"))
}

/// `MissingParameter`, which the model does not have.
pub fn missing(parameter: impl std::fmt::Display) -> Error {
    let message = format!("The request must contain the parameter {parameter}.");
    let code = "MissingRequiredParameterException".into();
    CommonError::Coded { code, query_code: Some("MissingParameter"), status: 400, message }.into()
}

/// The queue is not there.
pub fn no_queue() -> Error {
    Error::queue_does_not_exist("The specified queue does not exist.")
}

/// An attribute's name is not one.
pub fn unknown_attribute(name: &str) -> Error {
    Error::invalid_attribute_name(format!("Unknown Attribute {name}."))
}

/// An attribute's value is not one.
pub fn bad_attribute(name: &str) -> Error {
    Error::invalid_attribute_value(format!("Invalid value for the parameter {name}."))
}

/// The same, saying why.
pub fn bad_attribute_because(name: &str, reason: &str) -> Error {
    Error::invalid_attribute_value(format!("Invalid value for the parameter {name}. Reason: {reason}"))
}

/// Code and text of an error for a batch's answer; the code is that of the query protocol.
pub fn for_entry(error: &Error) -> (String, String) {
    let fault = error.fault();
    (fault.query_code().to_owned(), fault.message(Protocol::Json10).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_get_the_codes_of_the_query_protocol() {
        let error = Error::receipt_handle_is_invalid("x");
        assert_eq!(for_entry(&error), ("ReceiptHandleIsInvalid".into(), "x".into()));
        assert_eq!(for_entry(&no_queue()).0, "AWS.SimpleQueueService.NonExistentQueue");
        let (code, text) = for_entry(&missing("Id"));
        assert_eq!((&*code, &*text), ("MissingParameter", "The request must contain the parameter Id."));
        assert_eq!(for_entry(&invalid_value(7, "P", "R")).1, "Value 7 for parameter P is invalid. Reason: R");
    }
}
