//! Proof of authorisation.

use std::ops::Deref;

use kernel::{Arn, Call};
use wire::{Access, CommonError, Operation};

use crate::target::{ConditionKey, Target};

/// What an operation touches, found by its resolver: named for the policies, loaded for the handler.
#[derive(Clone, Debug)]
pub struct Resource<T> {
    /// What the policies are asked about. All of them must be allowed; never empty.
    targets: Vec<Target>,
    /// What the handler needs of it.
    value: T,
}

impl<T> Resource<T> {
    /// A resource, by its ARN or as a [`Target`].
    pub fn new(target: impl Into<Target>, value: T) -> Self {
        Self { targets: vec![target.into()], value }
    }

    /// The same, where another resource must be allowed too.
    #[must_use]
    pub fn and(mut self, target: impl Into<Target>) -> Self {
        self.targets.push(target.into());
        self
    }

    /// The same with another value for the handler.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Resource<U> {
        Resource { targets: self.targets, value: f(self.value) }
    }

    /// What the policies are asked about.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// The ARN of the first of them.
    pub fn arn(&self) -> &Arn {
        &self.targets[0].arn
    }

    /// What the handler needs of it.
    pub fn value(&self) -> &T {
        &self.value
    }
}

/// A resource that the caller may use in the way the operation does.
#[derive(Debug)]
pub struct Allowed<T>(pub(crate) T);

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

/// Works out condition keys.
pub type Tell<'a> = &'a dyn Fn() -> Vec<ConditionKey>;

/// What a caller wants to do.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// As policies name it: `sqs:SendMessage`.
    pub action: &'a str,
    /// Whether the action can be limited to resources at all; otherwise policies must say `*`.
    pub on_resources: bool,
    /// To what.
    pub target: &'a Target,
    /// Tells more condition keys of the action's service, for when a policy asks for one.
    pub later: Option<Tell<'a>>,
}

impl<'a> Question<'a> {
    /// Whether an action is allowed on a resource.
    pub fn new(action: &'a str, target: &'a Target) -> Self {
        Self { action, on_resources: true, target, later: None }
    }
}

/// Decides whether a caller may do something. Whatever goes wrong inside is a denial.
pub trait Authorizer: Send + Sync {
    /// Whether `call`'s principal may.
    fn decide(&self, call: &Call, question: &Question<'_>) -> Decision;
}

/// Lets a resource through if every action of the operation is allowed on it. An operation without any action
/// cannot be allowed. `describe` gives a target the condition keys that are worked out only when a policy asks for one.
pub(crate) fn authorize<T>(
    authorizer: &dyn Authorizer,
    call: &Call,
    operation: &Operation,
    resource: Resource<T>,
    describe: &dyn Fn(&T, Target) -> Target,
) -> Result<Allowed<T>, CommonError> {
    if operation.access != Access::Policy {
        return Ok(Allowed(resource.value));
    }
    for target in &resource.targets {
        let later = &|| describe(&resource.value, Target::new(target.arn.clone())).keys;
        check(authorizer, call, operation, target, later)?;
    }
    Ok(Allowed(resource.value))
}

/// Whether every action of the operation is allowed on a target, and on the door that it is reached through.
pub(crate) fn check(
    authorizer: &dyn Authorizer,
    call: &Call,
    operation: &Operation,
    target: &Target,
    later: Tell<'_>,
) -> Result<(), CommonError> {
    if let Some(door) = target.door() {
        check_one(authorizer, call, operation, &door, later)?;
    }
    check_one(authorizer, call, operation, target, later)
}

fn check_one(
    authorizer: &dyn Authorizer,
    call: &Call,
    operation: &Operation,
    target: &Target,
    later: Tell<'_>,
) -> Result<(), CommonError> {
    let ask = |action: &str, on_resources: bool| match authorizer
        .decide(call, &Question { action, on_resources, target, later: Some(later) })
    {
        Decision::Allow => Ok(()),
        Decision::Deny(why) => Err(denied(call, action, &target.arn, &why)),
    };
    match &target.actions {
        Some(actions) if !actions.is_empty() => {
            for action in actions {
                ask(action, true)?;
            }
        }
        None if !operation.actions.is_empty() => {
            for action in operation.actions {
                ask(action.name, !action.resources.is_empty())?;
            }
        }
        _ => return Err(denied(call, operation.name, &target.arn, "because it has no action")),
    }
    Ok(())
}

fn denied(call: &Call, action: &str, resource: &Arn, why: &str) -> CommonError {
    let principal = &call.principal.arn;
    CommonError::AccessDenied(format!(
        "User: {principal} is not authorized to perform: {action} on resource: {resource} {why}"
    ))
}
