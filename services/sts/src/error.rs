//! Errors and their texts.

use kernel::{Arn, Call, Principal, PrincipalKind};
use model_sts::Error;
use wire::CommonError;

/// `AccessDenied`.
pub fn denied(message: impl Into<String>) -> Error {
    CommonError::AccessDenied(message.into()).into()
}

/// `ValidationError`.
pub fn invalid(message: impl Into<String>) -> Error {
    CommonError::Validation(message.into()).into()
}

/// A broken constraint in the common words.
pub fn too_long(value: &str, member: &str, max: usize) -> Error {
    invalid(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must have \
         length less than or equal to {max}"
    ))
}

/// The caller may not assume a role, or there is none: the answer is the same.
pub fn may_not_assume(call: &Call, role: &Arn) -> Error {
    let who = &call.principal.arn;
    denied(format!(
        "User: {who} is not authorized to perform: sts:AssumeRole on resource: {role} because no role trust policy \
         allows the sts:AssumeRole action"
    ))
}

/// An operation that temporary credentials of the caller's kind do not work for.
pub fn not_with_session(caller: &Principal, operation: &str) -> Error {
    let kind = match caller.kind {
        PrincipalKind::FederatedUser => "federated user",
        _ => "session",
    };
    denied(format!("Cannot call {operation} with {kind} credentials"))
}

/// Policies and tags do not fit.
pub fn packed_too_large(percent: u32) -> Error {
    Error::packed_policy_too_large_exception(format!(
        "Packed policy consumes {percent}% of allotted space, please use smaller policy."
    ))
}
