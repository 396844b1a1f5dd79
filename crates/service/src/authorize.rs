//! Proof of authorisation.

use std::fmt;
use std::ops::Deref;

use kernel::{Arn, Call};
use wire::{Action, CommonError, Operation};

/// What an operation touches, found by its resolver: named for the policy, loaded for the handler.
#[derive(Clone, Debug)]
pub struct Resource<T> {
    /// The ARN that policies name.
    pub arn: Arn,
    /// What the handler needs of it.
    pub value: T,
}

impl<T> Resource<T> {
    /// A resource.
    pub fn new(arn: Arn, value: T) -> Self {
        Self { arn, value }
    }
}

/// A resource that the caller may use in the way the operation does.
#[derive(Debug)]
pub struct Allowed<T>(T);

impl<T> Allowed<T> {
    /// Takes the value out.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Allowed<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

/// What the policies say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Some policy allows it and none denies it.
    Allow,
    /// Everything else; the text ends the error message, as in `because no identity-based policy allows …`.
    Deny(String),
}

/// Decides whether a caller may do something. Whatever goes wrong inside is a denial.
pub trait Authorizer: Send + Sync {
    /// Whether `call`'s principal may do `action` to `resource`.
    fn decide(&self, call: &Call, action: &Action, resource: &Arn) -> Decision;
}

/// Lets a resource through if every action of the operation is allowed on it. An operation without any action
/// cannot be allowed.
pub(crate) fn authorize<T>(
    authorizer: &dyn Authorizer,
    call: &Call,
    operation: &Operation,
    resource: Resource<T>,
) -> Result<Allowed<T>, CommonError> {
    if operation.actions.is_empty() {
        return Err(denied(call, operation.name, &resource.arn, "because it has no action"));
    }
    for action in operation.actions {
        if let Decision::Deny(why) = authorizer.decide(call, action, &resource.arn) {
            return Err(denied(call, action.name, &resource.arn, &why));
        }
    }
    Ok(Allowed(resource.value))
}

fn denied(call: &Call, action: &str, resource: &dyn fmt::Display, why: &str) -> CommonError {
    let principal = &call.principal.arn;
    CommonError::AccessDenied(format!(
        "User: {principal} is not authorized to perform: {action} on resource: {resource} {why}"
    ))
}
