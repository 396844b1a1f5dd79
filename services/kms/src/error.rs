//! Errors and their texts.

use kernel::Arn;
use model_kms::Error;
use wire::CommonError;

use crate::crypto::Broken;

/// Stored bytes that are not what was written.
pub fn corrupt(error: impl ToString) -> Error {
    store::Error::Corrupt(error.to_string()).into()
}

/// A cryptographic operation failed that ought to work; the log is told, the caller only that it failed.
pub fn internal(error: Broken) -> Error {
    tracing::error!(%error, "the service failed");
    Error::kms_internal_exception("An internal error occurred. The request can be tried again.")
}

/// An input that is not allowed, in other ways than the model's constraints say.
pub fn invalid(message: impl Into<String>) -> Error {
    CommonError::Validation(message.into()).into()
}

/// There is no such key.
pub fn no_key(arn: &Arn) -> Error {
    Error::not_found_exception(format!("Key '{arn}' does not exist"))
}

/// There is no such alias.
pub fn no_alias(arn: &Arn) -> Error {
    Error::not_found_exception(format!("Alias {arn} is not found."))
}

/// What is given is no key's id.
pub fn bad_key_id(id: &str) -> Error {
    Error::not_found_exception(format!("Invalid keyId '{id}'"))
}

/// An ARN of another region: keys are looked up in the region that is called.
pub fn other_region(region: &str) -> Error {
    Error::not_found_exception(format!("Invalid arn {region}"))
}

/// A ciphertext that no key made, or not for this context. The service says no more than that.
pub fn bad_ciphertext() -> Error {
    model_kms::types::InvalidCiphertextException::default().into()
}

/// The ciphertext was made by another key than the one that is named.
pub fn wrong_key() -> Error {
    Error::incorrect_key_exception(
        "The key ID in the request does not identify a CMK that can perform this operation.",
    )
}

/// A ciphertext of a key that is not here.
pub fn no_key_of_ciphertext() -> Error {
    CommonError::AccessDenied(
        "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are \
         not allowed to access."
            .to_owned(),
    )
    .into()
}

/// The key is in a state that forbids it: `is pending deletion`.
pub fn bad_state(arn: &Arn, state: &str) -> Error {
    Error::kms_invalid_state_exception(format!("{arn} {state}."))
}

/// A key of a service is not the customer's to change.
pub fn managed_key(arn: &Arn) -> Error {
    CommonError::AccessDenied(format!("{arn} is an AWS managed key, which only its service may change."))
        .into()
}

/// A dry run that went well.
pub fn dry_run() -> Error {
    Error::dry_run_operation_exception("The request would have succeeded, but the DryRun option is set.")
}

/// Whoever asks for an answer for an enclave needs one with hardware behind it.
pub fn no_enclaves() -> Error {
    Error::unsupported_operation_exception("Attestation documents of enclaves are not supported.")
}
