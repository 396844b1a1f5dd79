//! Errors and their texts.

use std::fmt::Display;

pub use model_iam::Error;
use policy::PolicyError;
use wire::CommonError;

/// Stored bytes that are not what was written.
pub fn corrupt(error: impl ToString) -> Error {
    store::Error::Corrupt(error.to_string()).into()
}

/// `ValidationError`, which the model does not have.
pub fn validation(message: impl Into<String>) -> Error {
    CommonError::Validation(message.into()).into()
}

/// The user is not there.
pub fn no_user(name: &str) -> Error {
    Error::no_such_entity_exception(format!("The user with name {name} cannot be found."))
}

/// The group is not there.
pub fn no_group(name: &str) -> Error {
    Error::no_such_entity_exception(format!("The group with name {name} cannot be found."))
}

/// The role is not there.
pub fn no_role(name: &str) -> Error {
    Error::no_such_entity_exception(format!("The role with name {name} cannot be found."))
}

/// The instance profile is not there.
pub fn no_instance_profile(name: &str) -> Error {
    Error::no_such_entity_exception(format!("Instance Profile {name} cannot be found."))
}

/// The managed policy is not there.
pub fn no_policy(arn: &str) -> Error {
    Error::no_such_entity_exception(format!("Policy {arn} was not found."))
}

/// The managed policy that is to be attached is not there, or is not one.
pub fn not_attachable(arn: &str) -> Error {
    Error::no_such_entity_exception(format!("Policy {arn} does not exist or is not attachable."))
}

/// The version of a managed policy is not there.
pub fn no_version(arn: &str, version: &str) -> Error {
    let text = format!("Policy {arn} version {version} does not exist or is not attachable.");
    Error::no_such_entity_exception(text)
}

/// The access key is not there.
pub fn no_access_key(id: &str) -> Error {
    Error::no_such_entity_exception(format!("The Access Key with id {id} cannot be found."))
}

/// Something of this kind (`User`, …) has the name already.
pub fn exists(kind: &str, name: &str) -> Error {
    Error::entity_already_exists_exception(format!("{kind} with name {name} already exists."))
}

/// What stands in the way of a deletion, as in `must detach all policies first.`
pub fn delete_conflict(what: &str) -> Error {
    Error::delete_conflict_exception(format!("Cannot delete entity, {what}"))
}

/// A quota is used up.
pub fn over_quota(quota: &str, max: impl Display) -> Error {
    Error::limit_exceeded_exception(format!("Cannot exceed quota for {quota}: {max}"))
}

/// A document that is not a policy.
pub fn malformed(error: &PolicyError) -> Error {
    Error::malformed_policy_document_exception(error.message())
}
